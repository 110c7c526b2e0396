"""What planning keeps beside the meetings: drafts and their steps, proposals being made, groups, what was found."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tumorboard.store.db import Base, Document, Instant, Key, Label, PublicId
from tumorboard.store.meetings import Board, Meeting


class Draft(Base):
    """A proposal for a board: a document until somebody publishes it or throws it away.

    `plan` maps meeting ids to case references in order, with the reasons and the meetings' `agenda_changes` it was
    made from.
    """

    __tablename__ = "draft"
    __table_args__ = (CheckConstraint("status IN ('open', 'published', 'discarded')", name="status"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"), index=True)
    status: Mapped[str] = mapped_column(String(10), default="open")
    made_by: Mapped[Label]
    made_at: Mapped[Instant]
    until: Mapped[Instant]
    plan: Mapped[Document]
    version: Mapped[int] = mapped_column()
    board: Mapped[Board] = relationship()

    __mapper_args__ = {"version_id_col": version}


class PlanRun(Base):
    """A proposal being made by a process of its own.

    The process writes `progress` (cost, bound, gap, seconds, stage) and `beat_at` while it plans, and looks at
    `is_cancel_requested`. A run without a beat for a while has died. `problem` is the code of what went wrong.
    """

    __tablename__ = "plan_run"
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="status"),
        Index(
            "uq_plan_run_active", "board_id", unique=True,
            sqlite_where=text("status IN ('waiting', 'running')"),
            postgresql_where=text("status IN ('waiting', 'running')"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("draft.id"))
    status: Mapped[str] = mapped_column(String(12), default="waiting")
    weeks: Mapped[int]
    seconds: Mapped[int]
    progress: Mapped[Document]
    is_cancel_requested: Mapped[bool] = mapped_column(default=False)
    requested_by: Mapped[Label]
    requested_at: Mapped[Instant]
    beat_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    problem: Mapped[Label | None]
    board: Mapped[Board] = relationship()
    draft: Mapped[Draft | None] = relationship()


class MeetingFinding(Base):
    """What the nightly check found wrong with a published meeting, until it is mended. `detail` holds the values."""

    __tablename__ = "meeting_finding"
    __table_args__ = (Index("ix_meeting_finding_meeting", "meeting_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    code: Mapped[Key]
    detail: Mapped[Document]
    found_at: Mapped[Instant]
    seen_at: Mapped[Instant]
    mended_at: Mapped[Instant | None]
    meeting: Mapped[Meeting] = relationship()


class PlanChange(Base):
    """One step that can be taken back: an edit of a draft, or a change of several meetings at once.

    `before` is what undoing restores (for a draft its plan, else a document of the use case that made it); `number`
    counts within the draft, or within the board. `detail` holds ids and codes for the timeline.
    """

    __tablename__ = "plan_change"
    __table_args__ = (Index("ix_plan_change_board", "board_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    board_id: Mapped[int | None] = mapped_column(ForeignKey("board.id", ondelete="CASCADE"))
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    kind: Mapped[Key]
    detail: Mapped[Document]
    before: Mapped[Document]
    made_by: Mapped[Label]
    at: Mapped[Instant]
    undone_by: Mapped[Label] = mapped_column(default="")
    undone_at: Mapped[Instant | None]
    board: Mapped[Board | None] = relationship()
    draft: Mapped[Draft | None] = relationship()


class SpecialtyGroup(Base):
    """Specialties that are looked for together, by a name of the board's own."""

    __tablename__ = "specialty_group"
    __table_args__ = (UniqueConstraint("board_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id", ondelete="CASCADE"))
    name: Mapped[Label]
    specialties: Mapped[Document]
    board: Mapped[Board] = relationship()

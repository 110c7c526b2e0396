"""What planning keeps beside the meetings: drafts, proposals being made, and what was found wrong since."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
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

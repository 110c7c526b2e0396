"""What happened in the room: who was there when, and what became of each case."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tumorboard.store.db import Base, Instant, Key, Label, PublicId
from tumorboard.store.meetings import AgendaItem, Meeting
from tumorboard.store.people import Member


class Discussion(Base):
    """What became of an agenda item. `outcome` is empty while the case is being discussed.

    `reason` is a code of why it was deferred or withdrawn. `recommendation` is what the board advises, in its own
    words: it may speak of a patient, so that it goes into no letter, calendar, feed, log or address. `version` guards
    against two writers.
    """

    __tablename__ = "discussion"
    __table_args__ = (
        CheckConstraint("outcome IN ('', 'discussed', 'deferred', 'withdrawn', 'not_quorate')", name="outcome"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    item_id: Mapped[int] = mapped_column(ForeignKey("agenda_item.id", ondelete="CASCADE"), unique=True)
    started_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]
    outcome: Mapped[str] = mapped_column(String(12), default="")
    reason: Mapped[Key] = mapped_column(default="")
    recommendation: Mapped[str] = mapped_column(Text, default="")
    recorded_by: Mapped[Label] = mapped_column(default="")
    recorded_at: Mapped[Instant]
    version: Mapped[int] = mapped_column()
    item: Mapped[AgendaItem] = relationship()

    __mapper_args__ = {"version_id_col": version}


class Presence(Base):
    """A member was in the meeting from `since` to `until` (None while she is there), noted by herself or by another."""

    __tablename__ = "presence"
    __table_args__ = (
        CheckConstraint("until IS NULL OR until >= since", name="until_after_since"),
        Index("ix_presence_meeting_member", "meeting_id", "member_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    since: Mapped[Instant]
    until: Mapped[Instant | None]
    noted_by: Mapped[Label]
    meeting: Mapped[Meeting] = relationship()
    member: Mapped[Member] = relationship()

"""Calendars in both directions: standing invitations, what came in by mail, and busy times read from elsewhere."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tumorboard.store.db import Base, Document, Instant, Key, Label, PublicId
from tumorboard.store.meetings import Meeting, MeetingInvitation, Series
from tumorboard.store.people import Member


class StandingInvitation(Base):
    """A member's one calendar entry for the meetings of a weekly series (RFC 5545, 3.8.5.3).

    `starts_at` and `ends_at` are the first instance; the series repeats weekly at the same wall clock of `time_zone`
    up to `until`, without the instants in `excluded` (`{"starts": ["2026-12-22T22:30:00+00:00"]}`). `uid`, `sequence`
    and `stamp` mean what they mean in `MeetingInvitation`. A series that goes on under other rules ends here and
    begins again in a row of its own.
    """

    __tablename__ = "standing_invitation"
    __table_args__ = (
        UniqueConstraint("series_id", "member_id", "starts_at"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("status IN ('invited', 'withdrawn', 'cancelled')", name="status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    uid: Mapped[str] = mapped_column(String(200), unique=True)
    sequence: Mapped[int] = mapped_column(default=0)
    stamp: Mapped[Instant]
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    until: Mapped[Instant]
    time_zone: Mapped[Key]
    excluded: Mapped[Document]
    status: Mapped[str] = mapped_column(String(10), default="invited")
    answer: Mapped[str] = mapped_column(String(12), default="needs-action")
    answered_at: Mapped[Instant | None]
    answer_stamp: Mapped[Instant | None]
    series: Mapped[Series] = relationship()
    member: Mapped[Member] = relationship()
    places: Mapped[list[StandingPlace]] = relationship(back_populates="standing", cascade="all, delete-orphan")


class StandingPlace(Base):
    """An invitation that is an instance of a standing one. `recurrence_at` is its original start (RECURRENCE-ID)."""

    __tablename__ = "standing_place"
    __table_args__ = (UniqueConstraint("standing_id", "recurrence_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    standing_id: Mapped[int] = mapped_column(ForeignKey("standing_invitation.id", ondelete="CASCADE"))
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"), unique=True)
    recurrence_at: Mapped[Instant]
    standing: Mapped[StandingInvitation] = relationship(back_populates="places")
    invitation: Mapped[MeetingInvitation] = relationship()


class InboundMessage(Base):
    """What one incoming mail meant. The mail itself is not kept: it may speak of patients.

    `digest` is the SHA-256 of what counts in it, so that the same mail twice has one effect. `effect` and `reason` are
    codes of `domain/answers.py`; an `open` row waits for a coordinator. `comment` is for coordinators only.
    """

    __tablename__ = "inbound_message"
    __table_args__ = (
        CheckConstraint("state IN ('done', 'open', 'accepted', 'declined', 'dismissed')", name="state"),
        Index("ix_inbound_message_state", "state", "received_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    received_at: Mapped[Instant]
    sender: Mapped[str] = mapped_column(String(320))
    method: Mapped[Key]
    uid: Mapped[str] = mapped_column(String(300))
    sequence: Mapped[int | None]
    stamp: Mapped[Instant | None]
    effect: Mapped[Key]
    reason: Mapped[Key]
    state: Mapped[str] = mapped_column(String(10), default="done")
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), index=True)
    partstat: Mapped[Key] = mapped_column(default="")
    recurrence_at: Mapped[Instant | None]
    proposed_start: Mapped[Instant | None]
    proposed_end: Mapped[Instant | None]
    address: Mapped[str] = mapped_column(String(320), default="")
    comment: Mapped[str] = mapped_column(String(2000), default="")
    decided_by: Mapped[Label] = mapped_column(default="")
    decided_at: Mapped[Instant | None]
    version: Mapped[int] = mapped_column()
    member: Mapped[Member | None] = relationship()
    meeting: Mapped[Meeting | None] = relationship()

    __mapper_args__ = {"version_id_col": version}


class BusySource(Base):
    """Where a member's busy times come from: a file she uploaded, an https address, or a file of a folder.

    `address` is the URL or the file's name, empty for an upload; a URL is a secret and is never shown whole.
    `read_at` is the last good reading, `tried_at` the last try, `problem` the code of what went wrong then. What was
    read stays until a reading succeeds. `warnings` are `[code, line]` pairs. Nothing of the calendar's texts is kept.
    """

    __tablename__ = "busy_source"
    __table_args__ = (
        UniqueConstraint("member_id", "kind", "address"),
        CheckConstraint("kind IN ('upload', 'url', 'folder')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    address: Mapped[str] = mapped_column(String(1000), default="")
    digest: Mapped[str] = mapped_column(String(64), default="")
    etag: Mapped[str] = mapped_column(String(300), default="")
    last_modified: Mapped[str] = mapped_column(String(100), default="")
    read_from: Mapped[Instant | None]
    read_until: Mapped[Instant | None]
    read_at: Mapped[Instant | None]
    tried_at: Mapped[Instant | None]
    problem: Mapped[Key] = mapped_column(default="")
    warnings: Mapped[Document]
    created_at: Mapped[Instant]
    member: Mapped[Member] = relationship()
    intervals: Mapped[list[BusyInterval]] = relationship(
        back_populates="source", cascade="all, delete-orphan", order_by="BusyInterval.starts_at"
    )


class BusyInterval(Base):
    """When a member is busy according to a source; `is_tentative` where her calendar is not sure."""

    __tablename__ = "busy_interval"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index("ix_busy_interval_source_time", "source_id", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("busy_source.id", ondelete="CASCADE"))
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    is_tentative: Mapped[bool] = mapped_column(default=False)
    source: Mapped[BusySource] = relationship(back_populates="intervals")

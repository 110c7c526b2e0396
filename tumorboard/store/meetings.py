"""Rooms, boards with their seats and series, meetings with agenda and attendances, bookings and drafts."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Connection, ForeignKey, Index, String, UniqueConstraint, event, false
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload
from sqlalchemy.sql.base import ExecutableOption

from tumorboard.store.cases import Case
from tumorboard.store.db import Base, Document, Instant, Key, Label, PublicId, new_calendar_id
from tumorboard.store.people import Member


class Room(Base):
    """Where a meeting is held, with its seats and its video link."""

    __tablename__ = "room"
    __table_args__ = (CheckConstraint("capacity > 0", name="capacity"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[Key] = mapped_column(unique=True)
    name: Mapped[Label]
    capacity: Mapped[int]
    video_url: Mapped[str] = mapped_column(String(500), default="")


class Board(Base):
    """The standing team of one programme. `settings` are the weights and habits of `domain/board_settings.py`."""

    __tablename__ = "board"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[Key] = mapped_column(unique=True)
    program: Mapped[Key]
    name_en: Mapped[Label]
    name_ko: Mapped[Label]
    time_zone: Mapped[Key]
    organizer_email: Mapped[Label]
    organizer_name: Mapped[Label]
    settings: Mapped[Document] = mapped_column(default=dict, server_default="{}")
    seats: Mapped[list[Seat]] = relationship(
        back_populates="board", cascade="all, delete-orphan", order_by="Seat.position"
    )
    series: Mapped[list[Series]] = relationship(back_populates="board", cascade="all, delete-orphan")
    meetings: Mapped[list[Meeting]] = relationship(back_populates="board", order_by="Meeting.starts_at")


class Seat(Base):
    """A place on a board for a specialty: core (the whole meeting) or on demand (a window)."""

    __tablename__ = "seat"
    __table_args__ = (
        UniqueConstraint("board_id", "specialty"),
        CheckConstraint("kind IN ('core', 'on_demand')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id", ondelete="CASCADE"))
    specialty: Mapped[Key] = mapped_column(ForeignKey("specialty.key"))
    kind: Mapped[str] = mapped_column(String(10))
    in_quorum: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    board: Mapped[Board] = relationship(back_populates="seats")
    holders: Mapped[list[SeatHolder]] = relationship(cascade="all, delete-orphan", order_by="SeatHolder.rank")


class SeatHolder(Base):
    """A member sits on a seat; the lowest rank is asked first."""

    __tablename__ = "seat_holder"
    __table_args__ = (UniqueConstraint("seat_id", "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    rank: Mapped[int] = mapped_column(default=0)
    member: Mapped[Member] = relationship()


class Series(Base):
    """A weekly meeting in wall-clock time: weekday (Monday = 0), local time, IANA zone. Holidays are skipped."""

    __tablename__ = "series"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("minutes BETWEEN 10 AND 480", name="minutes"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id", ondelete="CASCADE"))
    weekday: Mapped[int]
    local_time: Mapped[time]
    time_zone: Mapped[Key]
    minutes: Mapped[int]
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    first_on: Mapped[date]
    last_on: Mapped[date | None]
    board: Mapped[Board] = relationship(back_populates="series")
    room: Mapped[Room] = relationship()


class HospitalDay(Base):
    """A day on which no series meets, beside the public holidays."""

    __tablename__ = "hospital_day"

    id: Mapped[int] = mapped_column(primary_key=True)
    on: Mapped[date] = mapped_column(unique=True)
    name: Mapped[Label]


class Meeting(Base):
    """One dated sitting. `revision` guards the row; `agenda_changes` is bumped at each agenda change, so that two
    coordinators who take the last place meet in the guard instead of in the room. An extra meeting is held only if a
    proposal finds it worth opening. `calendar_id` is its UID in feeds that many read. `stood` are the references of
    cases that left its published agenda. `signed_at` closes its record."""

    __tablename__ = "meeting"
    __table_args__ = (
        UniqueConstraint("board_id", "starts_at"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("status IN ('planned', 'published', 'cancelled')", name="status"),
        Index("ix_meeting_time", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"))
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    closes_at: Mapped[Instant]
    time_zone: Mapped[Key]
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    is_extra: Mapped[bool] = mapped_column(default=False, server_default=false())
    status: Mapped[str] = mapped_column(String(12), default="planned")
    published_at: Mapped[Instant | None]
    agenda_changes: Mapped[int] = mapped_column(default=0)
    calendar_id: Mapped[str] = mapped_column(
        String(40), index=True, unique=True, default=new_calendar_id, server_default=""
    )
    stood: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    signed_at: Mapped[Instant | None]
    signed_by: Mapped[Label] = mapped_column(default="", server_default="")
    revision: Mapped[int] = mapped_column()
    board: Mapped[Board] = relationship(back_populates="meetings")
    room: Mapped[Room] = relationship()
    agenda: Mapped[list[AgendaItem]] = relationship(
        back_populates="meeting", cascade="all, delete-orphan", order_by="AgendaItem.position"
    )
    invitations: Mapped[list[MeetingInvitation]] = relationship(
        back_populates="meeting", cascade="all, delete-orphan", order_by="MeetingInvitation.id"
    )

    __mapper_args__ = {"version_id_col": revision}


class AgendaItem(Base):
    """A case on a published meeting. It stands on one meeting ahead at most, and on past ones as often as it came."""

    __tablename__ = "agenda_item"
    __table_args__ = (
        UniqueConstraint("meeting_id", "case_id", name="uq_agenda_item_case"),
        UniqueConstraint("meeting_id", "position", name="uq_agenda_item_position"),
        Index("ix_agenda_item_case", "case_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    case_id: Mapped[int] = mapped_column(ForeignKey("patient_case.id"))
    position: Mapped[int]
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    meeting: Mapped[Meeting] = relationship(back_populates="agenda")
    case: Mapped[Case] = relationship()


class MeetingInvitation(Base):
    """A member's calendar entry for one meeting.

    `uid` never changes; `sequence` is the iCalendar SEQUENCE and grows only when the time changes or the entry is
    cancelled; `stamp` is the instant of the last letter. `details` holds what the letter says beside the time (rule
    ids, case references, question count, room), so that an untouched member hears nothing. `answer` is her
    participation status (RFC 5545, 3.2.12); who declined is not asked again for this meeting. It came by `answer_by`
    (`mail`, `link`, `page`, `coordinator`), `answer_stamp` is the DTSTAMP of the last message taken, and `comment` is
    what she wrote with it, for coordinators only. `asked_at` is when the standing question was asked; a reminder and an
    escalation follow once each. `delegated_from` is the public id of the invitation
    whose holder delegated to this member.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        UniqueConstraint("meeting_id", "member_id"),
        CheckConstraint("kind IN ('core', 'on_demand')", name="kind"),
        CheckConstraint("status IN ('invited', 'withdrawn', 'cancelled')", name="status"),
        CheckConstraint("answer IN ('needs-action', 'accepted', 'tentative', 'declined', 'delegated')", name="answer"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(10), default="invited")
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    uid: Mapped[str] = mapped_column(String(200), unique=True)
    sequence: Mapped[int] = mapped_column(default=0)
    stamp: Mapped[Instant]
    details: Mapped[Document]
    answer: Mapped[str] = mapped_column(String(12), default="needs-action", server_default="needs-action")
    answered_at: Mapped[Instant | None]
    answer_stamp: Mapped[Instant | None]
    answer_by: Mapped[str] = mapped_column(String(12), default="", server_default="")
    comment: Mapped[str] = mapped_column(String(2000), default="", server_default="")
    asked_at: Mapped[Instant | None]
    reminded_at: Mapped[Instant | None]
    escalated_at: Mapped[Instant | None]
    delegated_from: Mapped[str] = mapped_column(String(20), default="", server_default="")
    meeting: Mapped[Meeting] = relationship(back_populates="invitations")
    member: Mapped[Member] = relationship()


def with_agenda() -> ExecutableOption:
    """Load meetings with their agenda and its cases, which are only named: to read the documents of many takes longer
    than all the rest."""
    load = selectinload(Meeting.agenda).joinedload(AgendaItem.case)
    return load.defer(Case.facts).defer(Case.sources).defer(Case.flags)


class Resource(Base):
    """What can be in one place only: a member or a room. Bookings refer to it by one number."""

    __tablename__ = "resource"
    __table_args__ = (CheckConstraint("(member_id IS NULL) <> (room_id IS NULL)", name="one_of_two"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), unique=True)
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"), unique=True)


class Booking(Base):
    """A resource is taken from `starts_at` to `ends_at`. The schema of both engines refuses confirmed overlaps."""

    __tablename__ = "booking"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("status IN ('confirmed', 'released')", name="status"),
        Index("ix_booking_resource_time", "resource_id", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    status: Mapped[str] = mapped_column(String(10), default="confirmed")


OVERLAP_MESSAGE = "booking-overlap"

EXCLUDE_OVERLAP = """
ALTER TABLE booking ADD CONSTRAINT ex_booking_overlap EXCLUDE USING gist (
    int8range(resource_id, resource_id, '[]') WITH &&, tsrange(starts_at, ends_at) WITH &&
) WHERE (status = 'confirmed')
"""


def overlap_trigger(moment: str) -> str:
    """The SQLite guard for `insert` or `update`: a confirmed booking that overlaps another aborts the statement."""
    return f"""
CREATE TRIGGER tr_booking_overlap_{moment} BEFORE {moment.upper()} ON booking
WHEN NEW.status = 'confirmed' AND EXISTS (
    SELECT 1 FROM booking
    WHERE resource_id = NEW.resource_id AND status = 'confirmed' AND id IS NOT NEW.id
      AND starts_at < NEW.ends_at AND ends_at > NEW.starts_at
)
BEGIN SELECT RAISE(ABORT, '{OVERLAP_MESSAGE}'); END
"""  # noqa: S608 - the only value comes from this module


@event.listens_for(Booking.__table__, "after_create")
def _guard_bookings(_table: Any, connection: Connection, **_: Any) -> None:
    """The overlap guard for tables made without migrations; the migration runs the same statements."""
    if connection.dialect.name == "sqlite":
        for moment in ("insert", "update"):
            connection.exec_driver_sql(overlap_trigger(moment))
    else:
        connection.exec_driver_sql(EXCLUDE_OVERLAP)

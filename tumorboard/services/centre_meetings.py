"""The meetings of a weekly series while it changes: those that are only planned go, move room, or stay."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.mail.letters import LetterKind
from tumorboard.services.feeds import render_feeds_of
from tumorboard.services.invitations import post_letters
from tumorboard.services.meetings import book_room, room_is_taken
from tumorboard.services.setup import Setup
from tumorboard.services.standing import leave_out_untold
from tumorboard.store.calendars import StandingInvitation
from tumorboard.store.meetings import Booking, Meeting, Series
from tumorboard.store.post import OutboxMessage


def withdraw_meetings(session: Session, setup: Setup, *, on: date, now: datetime) -> tuple[int, tuple[Meeting, ...]]:
    """Take away the meetings of series on a day that are not published, inside the running transaction.

    Gives how many, and those that are published and stay.
    """
    query = select(Meeting).where(Meeting.starts_at > now, Meeting.status != "cancelled", Meeting.is_extra.is_(False))
    ahead = [meeting for meeting in session.scalars(query.order_by(Meeting.starts_at)) if day_of(meeting) == on]
    planned = [meeting for meeting in ahead if meeting.status == "planned" and meeting.series_id is not None]
    removed = withdraw(session, setup, planned, now=now)
    return removed, tuple(meeting for meeting in ahead if meeting.status == "published")


def move_to_room(session: Session, meeting: Meeting, series: Series) -> list[str]:
    """Book the room of the series for a meeting; gives why not, where it is taken."""
    if room_is_taken(session, series.room_id, meeting.starts_at, meeting.ends_at):
        when = meeting.starts_at.astimezone(ZoneInfo(meeting.time_zone)).strftime("%Y-%m-%d %H:%M")
        return [f"{series.board.key} {when}: the room {series.room.name} is taken"]
    _release(session, meeting)
    meeting.room_id = series.room_id
    session.flush()
    book_room(session, meeting)
    return []


def is_known(session: Session, row: Series) -> bool:
    """True when anybody knows of the series: a meeting that is more than planned, or an entry in a calendar."""
    known = select(Meeting.id).where(Meeting.series_id == row.id, Meeting.status != "planned")
    return session.scalar(known.limit(1)) is not None or _stands(session, row)


def is_empty(session: Session, row: Series) -> bool:
    """True when no meeting and no calendar entry refers to the series."""
    meeting = session.scalar(select(Meeting.id).where(Meeting.series_id == row.id).limit(1))
    return meeting is None and not _stands(session, row)


def _stands(session: Session, row: Series) -> bool:
    query = select(StandingInvitation.id).where(StandingInvitation.series_id == row.id).limit(1)
    return session.scalar(query) is not None


def planned_ahead(session: Session, row: Series, now: datetime) -> list[Meeting]:
    """The meetings of a series ahead of which nothing is published, soonest first."""
    query = select(Meeting).where(Meeting.series_id == row.id, Meeting.status == "planned", Meeting.starts_at > now)
    return list(session.scalars(query.order_by(Meeting.starts_at)))


def published_ahead(session: Session, row: Series, now: datetime) -> tuple[Meeting, ...]:
    """The meetings of a series ahead, or running, that are published, soonest first."""
    query = select(Meeting).where(Meeting.series_id == row.id, Meeting.status == "published", Meeting.ends_at > now)
    return tuple(session.scalars(query.order_by(Meeting.starts_at)))


def day_of(meeting: Meeting) -> date:
    """The day of a meeting in its own zone."""
    return meeting.starts_at.astimezone(ZoneInfo(meeting.time_zone)).date()


def withdraw(session: Session, setup: Setup, meetings: Iterable[Meeting], *, now: datetime) -> int:
    """Meetings that are only planned go. Who has such a week by her series entry is told, and then a mark stays."""
    count = 0
    for meeting in meetings:
        changes = leave_out_untold(session, setup, meeting, LetterKind.CANCELLED, now=now)
        post_letters(session, setup, meeting, changes, now=now)
        _release(session, meeting)
        letters = select(OutboxMessage.id).where(OutboxMessage.meeting_id == meeting.id).limit(1)
        if changes or meeting.invitations or meeting.agenda or session.scalar(letters) is not None:
            meeting.status = "cancelled"
            session.flush()
            render_feeds_of(session, setup, [meeting], now=now)
        else:
            session.delete(meeting)
        session.flush()
        count += 1
    return count


def _release(session: Session, meeting: Meeting) -> None:
    for booking in session.scalars(select(Booking).where(Booking.meeting_id == meeting.id)):
        session.delete(booking)
    session.flush()

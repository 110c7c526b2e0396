"""A published meeting moves as a whole: agenda, windows, bookings, letters and feeds, if everybody and the room can."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, selectinload

from tumorboard.domain.errors import Conflict
from tumorboard.domain.model import AgendaEntry, MeetingPlan, Reason
from tumorboard.domain.timeline import Interval, at_wall_clock, is_free
from tumorboard.services.access import Actor
from tumorboard.services.audit import record
from tumorboard.services.invitations import is_urgent_call
from tumorboard.services.meetings import FARTHEST, book_room, closes_at
from tumorboard.services.parts import holds_place, part_of
from tumorboard.services.publishing import write_plans
from tumorboard.services.recheck import recheck_meetings
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.facts import busy_times, room_bookings
from tumorboard.store.meetings import Booking, Meeting, MeetingInvitation, Series


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did: when the meeting was and is, and how many letters leave."""

    meeting: Meeting
    before: Interval
    after: Interval
    letters: int


def move_meeting(
    session: Session, setup: Setup, meeting: Meeting, *, shift: timedelta, by: Actor, now: datetime
) -> Moved:
    """Move a published meeting, inside the running transaction; everybody invited is asked again for the new time.

    Raises Conflict `meeting-cancelled`, `meeting-past`, `not-published`, `urgent-moves-itself`, `moment-too-far`,
    `meeting-exists`, and `cannot-move` with a reason for everybody and everything in the way. What only the schema's
    guard sees ends the transaction with `double-booked`.
    """
    before = Interval(meeting.starts_at, meeting.ends_at)
    after = Interval(before.start + shift, before.end + shift)
    _refuse_impossible(meeting, after, now)
    reasons = tuple(list_obstacles(session, meeting, shift))
    if reasons:
        raise Conflict("the meeting cannot be moved to this time", code="cannot-move", reasons=reasons)
    _clear_place(session, meeting, after.start)
    plan, cases = _plan(session, meeting, shift)
    released = delete(Booking).where(Booking.meeting_id == meeting.id)
    session.execute(released.execution_options(synchronize_session=False))
    meeting.starts_at, meeting.ends_at = after.start, after.end
    meeting.closes_at = closes_at(setup, meeting.board, after.start)
    session.flush()
    _leave_mark(session, meeting, before.start)
    book_room(session, meeting)
    letters, _ = write_plans(
        session, setup, [plan], {meeting.public_id: meeting}, cases, now=now, batch=meeting.public_id
    )
    recheck_meetings(session, setup, [meeting], now=now)
    record(
        session, by=by, now=now, action="meeting:moved", subject=("meeting", meeting.public_id), letters=letters,
        before=before.start.isoformat(), after=after.start.isoformat(),
    )  # fmt: skip
    return Moved(meeting, before, after, letters)


def _refuse_impossible(meeting: Meeting, after: Interval, now: datetime) -> None:
    if meeting.status == "cancelled":
        raise Conflict("this meeting is cancelled already", code="meeting-cancelled")
    if meeting.status != "published":
        raise Conflict("nothing is published for this meeting yet", code="not-published")
    if meeting.starts_at <= now:
        raise Conflict("this meeting has begun; it cannot be changed any more", code="meeting-past")
    if after.start <= now:
        raise Conflict("the proposed time is over", code="meeting-past")
    if is_urgent_call(meeting):
        raise Conflict("an urgent meeting is moved on its own page", code="urgent-moves-itself")
    if after.start > now + FARTHEST:
        raise Conflict("plan two years ahead at most", code="meeting-too-far")


def list_obstacles(session: Session, meeting: Meeting, shift: timedelta) -> Iterator[Reason]:
    """Why a meeting cannot move by so much: the room, a member who is not free for her window, a case with its time."""
    after = Interval(meeting.starts_at + shift, meeting.ends_at + shift)
    rooms = room_bookings(session, start=after.start, end=after.end, without_meetings=[meeting.id])
    if not is_free(after, rooms.get(meeting.room.key, ())):
        yield Reason("move-room-taken", {"room": meeting.room.name})
    busy = busy_times(session, start=after.start, end=after.end, without_meetings=[meeting.id])
    for row in sorted(_invited(meeting), key=lambda row: row.member.name):
        window = Interval(row.starts_at + shift, row.ends_at + shift)
        if not row.member.active or not is_free(window, busy.get(row.member_id, ())):
            yield Reason("move-member-busy", {"member": row.member.public_id, "name": row.member.name})
    for item in meeting.agenda:
        if item.case.fixed_at is not None and item.case.fixed_at != item.starts_at + shift:
            yield Reason("move-fixed-time", {"reference": item.case.reference})


def _invited(meeting: Meeting) -> list[MeetingInvitation]:
    return [row for row in meeting.invitations if holds_place(row)]


def _clear_place(session: Session, meeting: Meeting, start: datetime) -> None:
    """The board meets once at a time. A mark that a moved meeting left behind gives way."""
    same = session.scalar(
        select(Meeting).where(
            Meeting.board_id == meeting.board_id, Meeting.starts_at == start, Meeting.id != meeting.id
        )
    )
    if same is None:
        return
    if same.status != "cancelled" or same.invitations or same.agenda:
        raise Conflict("the board already meets at this time", code="meeting-exists")
    session.delete(same)
    session.flush()


def _leave_mark(session: Session, meeting: Meeting, before: datetime) -> None:
    """A cancelled meeting stands where a series was to meet: else it would be held there again.

    It closes when it starts: by that lists know it (`boards.is_left_behind`).
    """
    series = session.get(Series, meeting.series_id) if meeting.series_id is not None else None
    start = _start_by_rule(series, before) if series is not None else None
    same = select(Meeting.id).where(Meeting.board_id == meeting.board_id, Meeting.starts_at == start)
    if series is None or start is None or session.scalar(same) is not None:
        return
    length = meeting.ends_at - meeting.starts_at
    session.add(
        Meeting(
            board_id=meeting.board_id, series_id=series.id, starts_at=start, ends_at=start + length, closes_at=start,
            time_zone=meeting.time_zone, room_id=meeting.room_id, status="cancelled",
        )
    )  # fmt: skip
    session.flush()


def _start_by_rule(series: Series, before: datetime) -> datetime | None:
    """When the series would meet on the day of an instant; None where it does not."""
    zone = ZoneInfo(series.time_zone)
    on = before.astimezone(zone).date()
    return at_wall_clock(on, series.local_time, zone) if on.weekday() == series.weekday else None


def _plan(session: Session, meeting: Meeting, shift: timedelta) -> tuple[MeetingPlan, dict[str, Case]]:
    """What is published, at the new time, and the cases by reference."""
    ids = [item.case_id for item in meeting.agenda]
    query = select(Case).where(Case.id.in_(ids)).options(selectinload(Case.readiness), selectinload(Case.waivers))
    cases = {row.reference: row for row in session.scalars(query)}
    agenda = tuple(
        AgendaEntry(item.case.reference, Interval(item.starts_at + shift, item.ends_at + shift))
        for item in meeting.agenda
    )
    parts = (part_of(row) for row in _invited(meeting))
    attendances = tuple(replace(one, span=Interval(one.span.start + shift, one.span.end + shift)) for one in parts)
    return MeetingPlan(meeting=meeting.public_id, agenda=agenda, attendances=attendances, reasons={}), cases

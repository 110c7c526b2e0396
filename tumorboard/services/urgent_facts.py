"""The facts of an urgent question from the database: the case's needs and clock, people, rooms and what is taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.domain.model import SeatFacts, SeatKind
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.domain.timeline import Interval, merge
from tumorboard.domain.urgent_facts import RoomFacts, UrgentQuestion
from tumorboard.domain.working_hours import WorkingHours
from tumorboard.services.cases import find_case
from tumorboard.services.invitations import is_urgent_call
from tumorboard.services.judging import Judgement, judge
from tumorboard.services.meetings import public_holidays
from tumorboard.services.planning_facts import load_seats
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.facts import busy_times, member_facts
from tumorboard.store.meetings import (
    AgendaItem,
    Board,
    Booking,
    HospitalDay,
    Meeting,
    MeetingInvitation,
    Resource,
    Room,
)
from tumorboard.store.people import Deputy, Member

PHONE = "phone-"
"""How the keys of places begin that are no rooms: people meet by phone or video. They are made when they are needed."""

USUAL_HOURS = 24
MOST_HOURS = 168
LOOK_ON = timedelta(hours=48)
"""How far beyond the clock the first moment is looked for."""

SHORT_CLOCK_DAYS = 2
"""A clock of so many days at most is looked at to its end."""
SHORTEST_MINUTES = 15
CALLS_BEFORE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class UrgentCase:
    """A case with what an urgent meeting of a board depends on. `item` is where it stands on a meeting ahead."""

    row: Case
    board: Board
    boards: tuple[Board, ...]
    judgement: Judgement
    item: AgendaItem | None
    until: datetime
    minutes: int

    @property
    def call(self) -> Meeting | None:
        """The urgent meeting that was called for it already."""
        return self.item.meeting if self.item is not None and is_urgent_call(self.item.meeting) else None

    @property
    def declined(self) -> Mapping[str, tuple[Interval, ...]]:
        """Public ids of those who declined that meeting, and the time each said she cannot come at."""
        rows = self.call.invitations if self.call is not None else []
        return {
            row.member.public_id: (Interval(row.starts_at, row.ends_at),) for row in rows if row.answer in NOT_COMING
        }


def read_urgent_case(
    session: Session, setup: Setup, *, case_id: str, board: str | None, within_hours: int | None, now: datetime
) -> UrgentCase:
    """The case, the board that meets for it, and until when: its own clock, or so many hours.

    When the clock has run out, or runs for days, a day counts; a later meeting it stands on ends the search as well.
    Raises NotFound, Conflict `case-closed` or `nobody-needed`, BadInput `bad-hours` or `no-board`.
    """
    row = find_case(session, case_id)
    if row.status in ("done", "withdrawn"):
        raise Conflict("this case is closed; nobody is called for it", code="case-closed")
    boards = _boards_of(session, row)
    judgement = judge(setup, row, on=setup.today(now))
    if not any(need.required and need.waived_by is None for need in judgement.assessment.needs):
        raise Conflict("the rules need nobody for this case; look at its facts", code="nobody-needed")
    if within_hours is not None and not 1 <= within_hours <= MOST_HOURS:
        raise BadInput(f"look 1 to {MOST_HOURS} hours ahead", code="bad-hours", field="within_hours")
    item = _item_ahead(session, row, now)
    minutes = max(SHORTEST_MINUTES, -(-judgement.assessment.minutes // 5) * 5)
    return UrgentCase(
        row=row,
        board=_choose(boards, board),
        boards=boards,
        judgement=judgement,
        item=item,
        until=_end_of_search(judgement, within_hours, item, minutes, now),
        minutes=minutes,
    )


def _boards_of(session: Session, row: Case) -> tuple[Board, ...]:
    boards = tuple(session.scalars(select(Board).where(Board.program == row.program).order_by(Board.key)))
    if not boards:
        raise NotFound(
            f"no board has the programme {row.program}; add one to the centre file and load it", code="unknown-board"
        )
    return boards


def _choose(boards: tuple[Board, ...], key: str | None) -> Board:
    if key is None and len(boards) == 1:
        return boards[0]
    known = ", ".join(board.key for board in boards)
    if key is None:
        raise BadInput(f"several boards discuss such a case; name one of {known}", code="no-board", field="board")
    found = next((board for board in boards if board.key == key), None)
    if found is None:
        raise NotFound(f"there is no board '{key}' for this case; known: {known}", code="unknown-board")
    return found


def _item_ahead(session: Session, row: Case, now: datetime) -> AgendaItem | None:
    meeting = joinedload(AgendaItem.meeting)
    query = (
        select(AgendaItem)
        .join(Meeting, Meeting.id == AgendaItem.meeting_id)
        .where(AgendaItem.case_id == row.id, Meeting.starts_at > now, Meeting.status == "published")
        .order_by(Meeting.starts_at)
        .options(
            meeting.selectinload(Meeting.invitations).joinedload(MeetingInvitation.member),
            meeting.selectinload(Meeting.agenda).joinedload(AgendaItem.case),
            meeting.joinedload(Meeting.board),
            meeting.joinedload(Meeting.room),
        )
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).first()


def _end_of_search(
    judgement: Judgement, within_hours: int | None, item: AgendaItem | None, minutes: int, now: datetime
) -> datetime:
    due_at, usual = judgement.due_at, now + timedelta(hours=within_hours or USUAL_HOURS)
    if within_hours is not None or due_at < now + timedelta(minutes=minutes):
        until = usual
    else:
        until = due_at if judgement.assessment.target_days <= SHORT_CLOCK_DAYS else min(due_at, usual)
    return min(until, item.meeting.starts_at) if item is not None and not is_urgent_call(item.meeting) else until


def load_question(
    session: Session, setup: Setup, urgent: UrgentCase, *, now: datetime, notice_minutes: int = 10,
    step_minutes: int = 5, until: datetime | None = None,
) -> UrgentQuestion:  # fmt: skip
    """The question for the domain; bookings of the call that is being changed do not count. Fixed number of queries."""
    until = max(until or urgent.until, urgent.until)
    look_until = until + LOOK_ON
    own = [urgent.call.id] if urgent.call is not None else []
    busy = busy_times(session, start=now, end=look_until, without_meetings=own)
    query = select(Member).where(Member.active.is_(True)).order_by(Member.id)
    query = query.options(
        selectinload(Member.specialties), selectinload(Member.certificates),
        selectinload(Member.deputies).selectinload(Deputy.deputy),
    )  # fmt: skip
    rows = list(session.scalars(query))
    ids = {row.email: row.public_id for row in rows}
    taken = select(Meeting.starts_at).where(Meeting.board_id == urgent.board.id, Meeting.status != "cancelled")
    taken = taken.where(Meeting.starts_at > now, Meeting.starts_at <= look_until, Meeting.id.not_in(own))
    return UrgentQuestion(
        needs=tuple(
            replace(need, member=ids.get(need.member.strip().lower(), need.member)) if need.member else need
            for need in urgent.judgement.assessment.needs
        ),
        members=tuple(member_facts(row, busy.get(row.id, ())) for row in rows),
        seats=regular_seats(session, urgent.board),
        rooms=load_rooms(session, urgent.board, start=now, end=look_until, without_meetings=own),
        now=now,
        until=until,
        look_until=look_until,
        minutes=urgent.minutes,
        notice_minutes=notice_minutes,
        step_minutes=step_minutes,
        declined=urgent.declined,
        taken_starts=frozenset(session.scalars(taken)),
        recent_calls=_recent_calls(session, own, now),
        hours=working_hours(session, setup, urgent.board, now=now, days=MOST_HOURS // 24 + 3),
    )


def regular_seats(session: Session, board: Board) -> tuple[SeatFacts, ...]:
    """The seats with their holders only: deputies are asked after all of them."""
    return tuple(
        SeatFacts(
            specialty=row.specialty,
            kind=SeatKind(row.kind),
            in_quorum=row.in_quorum,
            holders=tuple(holder.member.public_id for holder in row.holders if holder.member.active),
        )
        for row in load_seats(session, board)
    )


def load_rooms(
    session: Session, board: Board, *, start: datetime, end: datetime, without_meetings: Iterable[int] = ()
) -> tuple[RoomFacts, ...]:
    """The rooms with their bookings: those where the board usually meets first, then those with a video link."""
    usual = {series.room_id for series in board.series}
    bookings = (
        select(Resource.room_id, Booking.starts_at, Booking.ends_at)
        .join(Resource, Resource.id == Booking.resource_id)
        .where(Resource.room_id.is_not(None), Booking.status == "confirmed")
        .where(Booking.starts_at < end, Booking.ends_at > start, Booking.meeting_id.not_in(list(without_meetings)))
    )
    taken: dict[int | None, list[Interval]] = {}
    for room_id, starts_at, ends_at in session.execute(bookings):
        taken.setdefault(room_id, []).append(Interval(starts_at, ends_at))
    rooms = [room for room in session.scalars(select(Room).order_by(Room.key)) if not room.key.startswith(PHONE)]
    rooms.sort(key=lambda room: (room.id not in usual, not room.video_url, room.key))
    return tuple(RoomFacts(room.key, merge(taken.get(room.id, []))) for room in rooms)


def _recent_calls(session: Session, own: Iterable[int], now: datetime) -> Mapping[str, int]:
    """How often each member was called in for a window in the last week."""
    query = (
        select(Member.public_id, func.count())
        .join(MeetingInvitation, MeetingInvitation.member_id == Member.id)
        .where(MeetingInvitation.kind == SeatKind.ON_DEMAND, MeetingInvitation.status == "invited")
        .where(MeetingInvitation.starts_at > now - CALLS_BEFORE, MeetingInvitation.starts_at <= now)
        .where(MeetingInvitation.meeting_id.not_in(list(own)))
        .group_by(Member.public_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def working_hours(
    session: Session, setup: Setup, board: Board, *, now: datetime, days: int, language: str | None = None
) -> WorkingHours:
    """The usual hours in the board's zone, without public holidays (in `language`) and the hospital's own days."""
    first = now.astimezone(ZoneInfo(board.time_zone)).date()
    last = first + timedelta(days=days)
    closed = dict(public_holidays(setup.holidays, first, last, language=language))
    query = select(HospitalDay).where(HospitalDay.on >= first, HospitalDay.on <= last)
    closed |= {row.on: row.name for row in session.scalars(query)}
    return WorkingHours(ZoneInfo(board.time_zone), closed=closed)

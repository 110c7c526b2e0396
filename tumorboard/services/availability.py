"""Who can come when: departments and their members by days, with the meetings of those days and what they lack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.availability import Coverage, DayCell, cells_of, cover_meeting
from tumorboard.domain.errors import BadInput, NotFound
from tumorboard.domain.model import SeatKind
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.domain.timeline import Interval, at_wall_clock
from tumorboard.domain.weekly_hours import Taken
from tumorboard.domain.working_hours import WORKDAYS, WorkingHours
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.meetings import find_board, public_holidays
from tumorboard.services.setup import Setup
from tumorboard.services.standing_answers import declined_times
from tumorboard.store.busy import taken_times
from tumorboard.store.meetings import Board, Booking, HospitalDay, Meeting, MeetingInvitation, Resource, Seat
from tumorboard.store.people import Absence, Department, Member, MemberSpecialty

MOST_WEEKS = 4
MOST_CELLS = 480
"""Of members at once; where there are more, only departments are shown until one is opened."""
FARTHEST = timedelta(days=730)
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class AvailabilityAsk:
    """Which part of the table: a board (its specialties), a department (opened), the week of a day, and how many weeks.

    `first` None is the week of the next meeting, or this week when none is near.
    """

    board: str = ""
    department: str = ""
    first: date | None = None
    weeks: int = 1


@dataclass(frozen=True, slots=True)
class Day:
    """A column. `closed` names a holiday; `is_past` has no control."""

    on: date
    hours: Interval
    meetings: tuple[Meeting, ...]
    coverage: tuple[Coverage, ...]
    closed: str = ""
    is_past: bool = False

    @property
    def missing(self) -> tuple[Coverage, ...]:
        """The seats for which nobody can come, by meeting."""
        return tuple(one for one in self.coverage if one.is_missing)


@dataclass(frozen=True, slots=True)
class Row:
    """A member and her days, in the order of the columns; `absences` has the id of the absence of each day, or ""."""

    member: Member
    cells: tuple[DayCell, ...]
    absences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A department. `free` counts, per day, who is free or on a board; `missing` has its specialties that lack there.

    Without `rows` it is folded; `size` is how many members it has.
    """

    department: Department
    size: int
    free: tuple[int, ...]
    missing: tuple[tuple[Coverage, ...], ...]
    rows: tuple[Row, ...]
    is_folded: bool


@dataclass(frozen=True, slots=True)
class Availability:
    """The table. Times are those of `zone`, the centre's; `first` is a Monday."""

    ask: AvailabilityAsk
    first: date
    zone: str
    days: tuple[Day, ...]
    groups: tuple[Group, ...]
    boards: tuple[Board, ...]
    departments: tuple[Department, ...]

    def free_on(self, place: int) -> int:
        """How many of all shown can come on the day at a place."""
        return sum(group.free[place] for group in self.groups)

    @property
    def missing(self) -> tuple[tuple[Day, Coverage], ...]:
        """Every seat that nobody can take, in the order of the days; with a department those it could take."""
        shown = {one.specialty for group in self.groups for day in group.missing for one in day}
        return tuple(
            (day, one) for day in self.days for one in day.missing if not self.ask.department or one.specialty in shown
        )


def read_availability(
    session: Session, setup: Setup, *, ask: AvailabilityAsk, by: Actor, now: datetime, language: str | None = None
) -> Availability:
    """Who can come on the days of some weeks, holidays named in `language`. A fixed number of queries.

    Weekends are shown where a meeting falls on them. Raises NotFound for a board or a department, BadInput `bad-weeks`
    and `too-far`.
    """
    require(by, Permission.ABSENCE_EDIT_ANY)
    board = find_board(session, ask.board) if ask.board else None
    departments = tuple(session.scalars(select(Department).order_by(Department.id)))
    if ask.department and ask.department not in {row.key for row in departments}:
        raise NotFound("there is no such department", code="unknown-department")
    if not 1 <= ask.weeks <= MOST_WEEKS:
        raise BadInput(f"look 1 to {MOST_WEEKS} weeks ahead", code="bad-weeks", field="weeks")
    first = monday_of(ask.first or _next_meeting_on(session, setup, now), setup.today(now))
    if abs(first - setup.today(now)) > FARTHEST:
        raise BadInput("this is too far from today", code="too-far", field="first")
    window = Interval(setup.morning_of(first), setup.morning_of(first + timedelta(weeks=ask.weeks)))
    people = _load_people(session, board, window)
    days = _list_days(session, setup, people, first, ask.weeks, now, language)
    rows = [Row(member, people.cells(member, days), people.absences_on(member, days)) for member in people.members]
    is_folded = not ask.department and len(rows) * len(days) > MOST_CELLS
    groups = (_group(row, rows, days, is_folded=is_folded) for row in departments)
    return Availability(
        ask=ask,
        first=first,
        zone=setup.time_zone,
        days=days,
        groups=tuple(one for one in groups if one.size and ask.department in ("", one.department.key)),
        boards=tuple(session.scalars(select(Board).order_by(Board.key))),
        departments=departments,
    )


def _next_meeting_on(session: Session, setup: Setup, now: datetime) -> date | None:
    """The day of the next meeting of any board, within four weeks."""
    query = select(func.min(Meeting.starts_at)).where(Meeting.starts_at > now, Meeting.status == "published")
    found = session.scalar(query)
    return setup.today(found) if found is not None and found < now + timedelta(weeks=MOST_WEEKS) else None


def monday_of(day: date | None, today: date) -> date:
    """The Monday of a day's week; of this week without one, on a weekend of the next."""
    chosen = day or (today if today.weekday() in WORKDAYS else today + timedelta(days=2))
    return chosen - timedelta(days=chosen.weekday())


@dataclass(frozen=True, slots=True)
class _People:
    """Everybody shown, by row id, and the meetings of the days with the boards' seats."""

    members: list[Member]
    taken: Mapping[int, Taken]
    absences: Mapping[int, Sequence[tuple[str, Interval]]]
    bookings: Mapping[int, Sequence[tuple[int, Interval]]]
    windows: Mapping[int, Sequence[tuple[int, Interval]]]
    declined: Mapping[int, Sequence[Interval]]
    meetings: list[Meeting]
    seats: Mapping[int, Mapping[str, bool]]

    def cells(self, member: Member, days: Sequence[Day]) -> tuple[DayCell, ...]:
        windows = [span for _, span in self.windows.get(member.id, ())]
        taken, declined = self.taken.get(member.id, Taken()), self.declined.get(member.id, ())
        return cells_of([day.hours for day in days], taken=taken, windows=windows, declined=declined)

    def absences_on(self, member: Member, days: Sequence[Day]) -> tuple[str, ...]:
        """The absence that a day leads to: the first that falls into its hours."""
        own = self.absences.get(member.id, ())
        return tuple(next((key for key, span in own if span.overlaps(day.hours)), "") for day in days)

    def cover(self, meeting: Meeting) -> tuple[Coverage, ...]:
        """How many of each specialty shown could come to a meeting."""
        seats = self.seats.get(meeting.board_id, {})
        specialties: dict[str, list[str]] = {specialty: [] for specialty in seats}
        for member in self.members:
            for held in member.specialties:
                if held.specialty in seats:
                    specialties[held.specialty].append(member.public_id)
        ids = {member.public_id: member.id for member in self.members}
        wanted = {name for names in specialties.values() for name in names}
        busy = {
            name: [
                *self.taken.get(ids[name], Taken()).all,
                *self.declined.get(ids[name], ()),
                *(span for other, span in self.bookings.get(ids[name], ()) if other != meeting.id),
            ]
            for name in wanted
        }
        coming = {
            name: span for name in wanted for at, span in self.windows.get(ids[name], ()) if at == meeting.id
        }  # fmt: skip
        span = Interval(meeting.starts_at, meeting.ends_at)
        return cover_meeting(
            meeting.public_id, span, seats=seats, specialties=specialties, busy=busy, coming=coming
        )  # fmt: skip


def _load_people(session: Session, board: Board | None, window: Interval) -> _People:
    query = select(Member).where(Member.active.is_(True)).order_by(Member.department_id, Member.name, Member.id)
    query = query.options(selectinload(Member.specialties), joinedload(Member.department))
    seats = session.execute(select(Seat.board_id, Seat.specialty, Seat.kind)).all()
    if board is not None:
        names = {specialty for board_id, specialty, _ in seats if board_id == board.id}
        query = query.where(Member.specialties.any(MemberSpecialty.specialty.in_(names)))
    meetings = select(Meeting).where(Meeting.starts_at < window.end, Meeting.ends_at > window.start)
    meetings = meetings.where(Meeting.status != "cancelled").order_by(Meeting.starts_at)
    if board is not None:
        meetings = meetings.where(Meeting.board_id == board.id)
    bookings = select(Resource.member_id, Booking.meeting_id, Booking.starts_at, Booking.ends_at)
    bookings = bookings.join(Resource, Resource.id == Booking.resource_id).where(Resource.member_id.is_not(None))
    bookings = bookings.where(Booking.status == "confirmed")
    windows = select(
        MeetingInvitation.member_id, MeetingInvitation.meeting_id, MeetingInvitation.starts_at,
        MeetingInvitation.ends_at,
    ).where(MeetingInvitation.status == "invited", MeetingInvitation.answer.not_in(NOT_COMING))  # fmt: skip
    by_board: dict[int, dict[str, bool]] = {}
    for board_id, specialty, kind in seats:
        by_board.setdefault(board_id, {})[specialty] = kind == SeatKind.CORE
    held = list(session.scalars(meetings.options(joinedload(Meeting.board))))
    return _People(
        members=list(session.scalars(query)),
        taken=taken_times(session, start=window.start, end=window.end),
        absences=_by_member(
            session,
            select(Absence.member_id, Absence.public_id, Absence.starts_at, Absence.ends_at)
            .where(Absence.starts_at < window.end, Absence.ends_at > window.start, Absence.kind == "absence")
            .order_by(Absence.starts_at, Absence.id),
        ),
        bookings=_by_member(session, bookings.where(Booking.starts_at < window.end, Booking.ends_at > window.start)),
        windows=_by_member(
            session,
            windows.where(MeetingInvitation.starts_at < window.end, MeetingInvitation.ends_at > window.start),
        ),
        declined=declined_times(session, held),
        meetings=held,
        seats=by_board,
    )  # fmt: skip


def _by_member(session: Session, query: Select[Any, Key, datetime, datetime]) -> dict[int, list[tuple[Key, Interval]]]:
    """Spans by member, each with the key of its row."""
    found: dict[int, list[tuple[Key, Interval]]] = {}
    for member_id, key, starts_at, ends_at in session.execute(query):
        found.setdefault(member_id, []).append((key, Interval(starts_at, ends_at)))
    return found


def _list_days(
    session: Session, setup: Setup, people: _People, first: date, weeks: int, now: datetime, language: str | None
) -> tuple[Day, ...]:
    zone, today = ZoneInfo(setup.time_zone), setup.today(now)
    last = first + timedelta(weeks=weeks, days=-1)
    closed = dict(public_holidays(setup.holidays, first, last, language=language))
    query = select(HospitalDay).where(HospitalDay.on >= first, HospitalDay.on <= last)
    closed |= {row.on: row.name for row in session.scalars(query)}
    held: dict[date, list[Meeting]] = {}
    for meeting in people.meetings:
        held.setdefault(meeting.starts_at.astimezone(zone).date(), []).append(meeting)
    days = []
    for on in (first + timedelta(days=number) for number in range(7 * weeks)):
        meetings = held.get(on, [])
        if on.weekday() not in WORKDAYS and not meetings:
            continue
        coverage = tuple(one for meeting in meetings for one in people.cover(meeting) if meeting.ends_at > now)
        days.append(Day(on, _hours_of(on, meetings, zone), tuple(meetings), coverage, closed.get(on, ""), on < today))
    return tuple(days)


def _hours_of(on: date, meetings: Sequence[Meeting], zone: ZoneInfo) -> Interval:
    """The working hours of a day and its meetings, as far as they lie on it."""
    usual = WorkingHours(zone, weekdays=frozenset(range(7))).span_of(on)
    morning, night = (at_wall_clock(day, time(0), zone) for day in (on, on + timedelta(days=1)))
    starts = [meeting.starts_at for meeting in meetings] + ([usual.start] if usual else [])
    ends = [meeting.ends_at for meeting in meetings] + ([usual.end] if usual else [])
    return Interval(max(min(starts, default=morning), morning), min(max(ends, default=night), night))


def _group(department: Department, rows: Sequence[Row], days: Sequence[Day], *, is_folded: bool) -> Group:
    own = tuple(row for row in rows if row.member.department_id == department.id)
    supplied = {held.specialty for row in own for held in row.member.specialties}
    free = tuple(sum(row.cells[place].state in ("free", "on-board") for row in own) for place in range(len(days)))
    missing = tuple(tuple(one for one in day.missing if one.specialty in supplied) for day in days)
    return Group(department, len(own), free, missing, () if is_folded else own, is_folded)

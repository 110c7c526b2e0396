"""Free slots for a board, or for any group of specialties, and a slot made an extra meeting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tumorboard.domain import slots as domain
from tumorboard.domain.errors import BadInput, NotFound
from tumorboard.domain.model import SeatFacts, SeatKind
from tumorboard.domain.slots_facts import LEAD_TIME, MOST_WEEKS, SlotQuestion, Slots, Wanted
from tumorboard.domain.timeline import Interval, at_wall_clock, merge
from tumorboard.domain.working_hours import WORKDAYS
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.judging import judge_sheet
from tumorboard.services.meetings import FARTHEST, add_meeting, find_board, find_room
from tumorboard.services.planning_facts import open_cases
from tumorboard.services.setup import Setup
from tumorboard.services.urgent_facts import load_rooms, regular_seats, working_hours
from tumorboard.store.facts import busy_times, member_facts
from tumorboard.store.meetings import Board, Meeting, Room
from tumorboard.store.people import Deputy, Member, Specialty

MOST_GROUPS = 6
MOST_OF_A_SPECIALTY = 20
LONGEST_COUNT = 2
"""Digits of that; far longer numbers are more than Python reads."""


@dataclass(frozen=True, slots=True)
class SlotWish:
    """Who is to attend, for how long and when. Without specialties or members, the core of the board.

    A specialty may say how many of it: `radiology:2`. `members` are public ids. Times are those of the board's zone.
    """

    specialties: tuple[str, ...] = ()
    recommended: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    minutes: int = 60
    weeks: int = 8
    step_minutes: int = 30
    room: str | None = None
    first: time = time(7, 30)
    last: time = time(18)
    weekdays: frozenset[int] = WORKDAYS


@dataclass(frozen=True, slots=True)
class SlotView:
    """What was found for a wish; `members` and `rooms` by id and key. `groups` are what open cases need."""

    board: Board
    wish: SlotWish
    question: SlotQuestion
    slots: Slots
    members: Mapping[str, Member]
    rooms: Mapping[str, Room]
    groups: tuple[tuple[str, ...], ...] = field(default=())


def find_slots(
    session: Session, setup: Setup, *, board: str, wish: SlotWish, by: Actor, now: datetime, limit: int = 12,
    most_per_day: int = 2, language: str | None = None,
) -> SlotView:  # fmt: skip
    """When everybody wanted can attend in the next weeks, best first, and why each other slot is none.

    At most `limit`, and so many of one day. Holidays have their names in `language`, else in the country's own. Every
    member who holds a specialty counts, whichever board she sits on. Raises NotFound for a board, specialty,
    member or room, BadInput for impossible times.
    """
    require(by, Permission.MEETING_EDIT)
    row = find_board(session, board)
    wanted = _read_wish(session, row, wish)
    if not 1 <= wish.weeks <= MOST_WEEKS:
        raise BadInput(f"look 1 to {MOST_WEEKS} weeks ahead", code="bad-weeks", field="weeks")
    until = now + timedelta(weeks=wish.weeks)
    members = _members(session, row, now=now, until=until)
    rooms = load_rooms(session, row, start=now, end=until)
    if wish.room is not None:
        find_room(session, wish.room)
        rooms = tuple(room for room in rooms if room.id == wish.room)
    hours = working_hours(session, setup, row, now=now, days=7 * wish.weeks, language=language)
    question = SlotQuestion(
        wanted=wanted,
        members=tuple(member_facts(member, busy) for member, busy in members),
        now=now,
        hours=replace(hours, first=wish.first, last=wish.last, weekdays=wish.weekdays),
        named=wish.members,
        rooms=rooms,
        meetings=_own_meetings(session, row, now=now, until=until),
        minutes=wish.minutes,
        step_minutes=wish.step_minutes,
        weeks=wish.weeks,
        lead=LEAD_TIME,
    )
    return SlotView(
        board=row,
        wish=wish,
        question=question,
        slots=domain.find_slots(question, limit=limit, most_per_day=most_per_day),
        members={member.public_id: member for member, _ in members},
        rooms={room.key: room for room in session.scalars(select(Room))},
        groups=list_groups(session, setup, row, now=now),
    )


def _own_meetings(session: Session, board: Board, *, now: datetime, until: datetime) -> tuple[Interval, ...]:
    """When the board meets already."""
    query = select(Meeting.starts_at, Meeting.ends_at).where(
        Meeting.board_id == board.id, Meeting.status != "cancelled"
    )
    query = query.where(Meeting.ends_at > now, Meeting.starts_at < until + timedelta(days=1))
    return merge(Interval(start, end) for start, end in session.execute(query))


def _read_wish(session: Session, board: Board, wish: SlotWish) -> tuple[Wanted, ...]:
    """The specialties wanted; the core of the board when none is named. Seats outside the quorum are recommended."""
    seats = regular_seats(session, board)
    required = [_read_specialty(text) for text in wish.specialties]
    recommended = [replace(_read_specialty(text), required=False) for text in wish.recommended]
    known = set(session.scalars(select(Specialty.key)))
    unknown = [each.specialty for each in (*required, *recommended) if each.specialty not in known]
    if unknown:
        raise NotFound(
            f"there is no specialty '{unknown[0]}'; known: {', '.join(sorted(known))}", code="unknown-specialty"
        )
    if not required and not wish.members:
        core = [seat for seat in seats if seat.kind is SeatKind.CORE]
        required = [Wanted(seat.specialty) for seat in core if seat.in_quorum]
        recommended += [Wanted(seat.specialty, required=False) for seat in core if not seat.in_quorum]
    named = {each.specialty for each in required}
    return (*required, *(each for each in recommended if each.specialty not in named))


def _read_specialty(text: str) -> Wanted:
    """`radiology`, or `radiology:2` for two members of it."""
    name, colon, count = text.strip().partition(":")
    if not colon:
        return Wanted(name)
    if not count.isdecimal() or len(count) > LONGEST_COUNT or not 1 <= int(count) <= MOST_OF_A_SPECIALTY:
        raise BadInput(
            f"'{text}': write a specialty, or radiology:2 for two members of it", code="bad-count", field="specialty"
        )
    return Wanted(name, count=int(count))


def _members(
    session: Session, board: Board, *, now: datetime, until: datetime
) -> list[tuple[Member, tuple[Interval, ...]]]:
    """Active members with their busy times: holders of the board's seats first, in their order."""
    busy = busy_times(session, start=now - timedelta(hours=1), end=until + timedelta(hours=1))
    query = select(Member).where(Member.active.is_(True)).order_by(Member.id)
    query = query.options(
        selectinload(Member.specialties), selectinload(Member.certificates),
        selectinload(Member.deputies).selectinload(Deputy.deputy),
    )  # fmt: skip
    order = {name: place for place, name in enumerate(_holders(regular_seats(session, board)))}
    rows = sorted(session.scalars(query), key=lambda row: (order.get(row.public_id, len(order)), row.id))
    return [(row, busy.get(row.id, ())) for row in rows]


def _holders(seats: Sequence[SeatFacts]) -> dict[str, None]:
    return dict.fromkeys(holder for seat in seats for holder in seat.holders)


def list_groups(session: Session, setup: Setup, board: Board, *, now: datetime) -> tuple[tuple[str, ...], ...]:
    """Which called-in specialties open cases of the board need together, most frequent first; never one alone twice."""
    core = {seat.specialty for seat in board.seats if seat.kind == SeatKind.CORE}
    needed: Counter[tuple[str, ...]] = Counter()
    for case in open_cases(session, board.program):
        required = judge_sheet(setup, case.sheet, on=setup.today(now)).assessment.required
        called = tuple(sorted(set(required) - core))
        if called:
            needed[called] += 1
    return tuple(group for group, _ in sorted(needed.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_GROUPS])


def hold_slot(
    session: Session, setup: Setup, *, board: str, at: datetime, minutes: int, room: str, by: Actor, now: datetime
) -> Meeting:
    """Make a slot an extra meeting of the board. Raises as `add_meeting`, BadInput for an hour that comes twice."""
    require(by, Permission.MEETING_EDIT)
    if at <= now:
        raise BadInput("this meeting would be in the past; choose a later time", code="meeting-past", field="at")
    if at > now + FARTHEST:
        raise BadInput("plan two years ahead at most", code="meeting-too-far", field="at")
    zone = ZoneInfo(find_board(session, board).time_zone)
    local = at.astimezone(zone)
    if at_wall_clock(local.date(), local.time(), zone) != at:
        raise BadInput("this hour comes twice on that day; choose another time", code="bad-input", field="at")
    return add_meeting(
        session, setup, board=board, on=local.date(), local_time=local.time(), minutes=minutes, room=room, by=by,
        now=now,
    )  # fmt: skip

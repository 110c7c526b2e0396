"""Builders of urgent questions: people of a clinic with their busy times, and a search of every start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import product

from tests.domain.boards import a_need
from tumorboard.domain.model import MemberFacts, Need, SeatFacts, SeatKind
from tumorboard.domain.planning_problem import answers, key_of
from tumorboard.domain.timeline import Interval, is_free
from tumorboard.domain.urgent_facts import RoomFacts, UrgentQuestion
from tumorboard.domain.urgent_team import asking_order
from tumorboard.domain.working_hours import WorkingHours

NOON = datetime(2027, 1, 4, 12, 0, tzinfo=UTC)


def after(minutes: int) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def taken(start: int, end: int) -> Interval:
    """`[start, end)` in minutes after noon."""
    return Interval(after(start), after(end))


def a_person(
    name: str, *specialties: str, busy: Iterable[Interval] = (), deputies: Iterable[str] = (), limit: int | None = None,
    certificates: Iterable[str] = (),
) -> MemberFacts:  # fmt: skip
    """Somebody who is free unless told."""
    return MemberFacts(
        id=name, name=name, specialties=frozenset(specialties), certificates=frozenset(certificates),
        deputies=tuple(deputies), busy=tuple(busy), most_calls_per_week=limit,
    )  # fmt: skip


def held_by(specialty: str, *holders: str) -> SeatFacts:
    """A seat with its regular holders."""
    return SeatFacts(specialty=specialty, kind=SeatKind.CORE, in_quorum=True, holders=holders)


def a_question(
    *members: MemberFacts,
    needs: Iterable[Need | str] = ("operator", "anesthesia"),
    seats: Iterable[SeatFacts] = (),
    rooms: Iterable[RoomFacts] = (RoomFacts("room"),),
    within: int = 120,
    minutes: int = 15,
    look: int | None = None,
    notice: int = 0,
    step: int = 5,
    declined: Iterable[str] = (),
    taken_starts: Iterable[datetime] = (),
    calls: Mapping[str, int] | None = None,
    now: datetime = NOON,
    hours: WorkingHours | None = None,
) -> UrgentQuestion:
    """When can an operator and an anesthetist meet for a quarter of an hour in the next two hours?"""
    return UrgentQuestion(
        needs=tuple(a_need(need) if isinstance(need, str) else need for need in needs),
        members=members,
        seats=tuple(seats),
        rooms=tuple(rooms),
        now=now,
        until=now + timedelta(minutes=within),
        minutes=minutes,
        look_until=None if look is None else now + timedelta(minutes=look),
        notice_minutes=notice,
        step_minutes=step,
        declined={name: (Interval(now, now + timedelta(days=30)),) for name in declined},
        taken_starts=frozenset(taken_starts),
        recent_calls=calls or {},
        hours=hours,
    )


def brute_force(question: UrgentQuestion) -> dict[datetime, tuple[int, int]]:
    """Every start on the grid at which all required needs are covered: the fewest stand-ins, and then people."""
    found: dict[datetime, tuple[int, int]] = {}
    step = timedelta(minutes=question.step_minutes)
    members = {member.id: member for member in question.members}
    start = question.now.replace(minute=0, second=0, microsecond=0)
    while start + timedelta(minutes=question.minutes) <= question.until:
        span = Interval(start, start + timedelta(minutes=question.minutes))
        may_begin = start >= question.now + timedelta(minutes=question.notice_minutes)
        if may_begin and start not in question.taken_starts:
            there = [
                member
                for member in question.members
                if not question.has_declined(member.id, span) and is_free(span, member.busy)
            ]
            price = _cheapest(question, members, {member.id for member in there})
            if price is not None:
                found[start] = price
        start += step
    return found


def _cheapest(question: UrgentQuestion, members: dict[str, MemberFacts], free: set[str]) -> tuple[int, int] | None:
    pools = []
    for key in dict.fromkeys(key_of(need) for need in question.needs if need.required):
        order = asking_order(key, members=members, seats=question.seats)
        pools.append([each for each in order if each.member in free and answers(members[each.member], key)])
    return min(
        ((sum(each.standing for each in team), len({each.member for each in team})) for team in product(*pools)),
        default=None,
    )

"""Urgent moments and free slots against searches that look at every minute or slot, in one run.

Run `python -m benchmarks.urgent [CENTRES]` in the root of the repository: 300 members of 25 specialties with clinics,
operations, nights and leave. Times are processor time and depend on the machine; compare the ratios.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from tumorboard.domain.model import MemberFacts, Need, SeatFacts, SeatKind, Text
from tumorboard.domain.planning_problem import answers, key_of
from tumorboard.domain.slots import find_slots
from tumorboard.domain.slots_facts import SlotQuestion, Wanted
from tumorboard.domain.timeline import Interval, is_free, merge
from tumorboard.domain.urgent import find_moments
from tumorboard.domain.urgent_facts import RoomFacts, UrgentQuestion
from tumorboard.domain.working_hours import WorkingHours

NOW = datetime(2027, 1, 4, 1, 3, tzinfo=UTC)
SPECIALTIES = tuple(f"s{number:02}" for number in range(25))
NEEDED = SPECIALTIES[:9]
DAYS = 58
T = TypeVar("T")


def make_members(seed: int, *, members: int = 300) -> tuple[MemberFacts, ...]:
    """Members busy most of each working day, on leave for some weeks, each deputised by the next of her specialty."""
    rng = random.Random(seed)
    return tuple(
        MemberFacts(
            id=f"m{number}",
            name=f"m{number}",
            specialties=frozenset({SPECIALTIES[number % 25]}),
            deputies=(f"m{(number + 25) % members}",),
            busy=_make_busy(rng),
        )
        for number in range(members)
    )


def _make_busy(rng: random.Random) -> tuple[Interval, ...]:
    busy = []
    for day in range(-1, DAYS):
        midnight = NOW.replace(hour=0, minute=0) + timedelta(days=day)
        for begin in (rng.randrange(-120, 60), rng.randrange(60, 240), rng.randrange(240, 480)):
            start = midnight + timedelta(minutes=begin)
            busy.append(Interval(start, start + timedelta(minutes=rng.randrange(45, 240))))
    for _ in range(2):
        start = NOW + timedelta(days=rng.randrange(-7, DAYS))
        busy.append(Interval(start, start + timedelta(days=rng.randrange(1, 8))))
    return merge(busy)


def ask_urgent(members: tuple[MemberFacts, ...], needed: tuple[str, ...]) -> UrgentQuestion:
    """The specialties for a quarter of an hour in the next 24 hours, on any minute."""
    needs = tuple(Need(specialty, True, "R", "X", Text("because", "because"), "benchmark") for specialty in needed)
    seats = tuple(
        SeatFacts(name, SeatKind.ON_DEMAND, False, tuple(m.id for m in members if name in m.specialties)[:4])
        for name in needed
    )
    return UrgentQuestion(
        needs=needs, members=members, seats=seats, rooms=(RoomFacts("a"), RoomFacts("b")), now=NOW,
        until=NOW + timedelta(hours=24), minutes=15, look_until=NOW + timedelta(hours=72), step_minutes=1,
    )  # fmt: skip


def search_minutes(question: UrgentQuestion) -> list[datetime]:
    """Every start at which all needs are covered, by looking at everybody at every minute."""
    start = question.now + timedelta(minutes=question.notice_minutes)
    length = timedelta(minutes=question.minutes)
    found = []
    while start + length <= question.until:
        span = Interval(start, start + length)
        free = [member for member in question.members if is_free(span, member.busy)]
        if all(any(answers(member, key_of(need)) for member in free) for need in question.needs):
            found.append(start)
        start += timedelta(minutes=1)
    return found


def ask_slots(members: tuple[MemberFacts, ...]) -> SlotQuestion:
    """An hour for nine specialties, of two of them two members, on a working day of the next eight weeks."""
    wanted = tuple(Wanted(name, count=2 if name in NEEDED[:2] else 1) for name in NEEDED)
    return SlotQuestion(
        wanted=wanted, members=members, now=NOW, hours=WorkingHours(ZoneInfo("Asia/Seoul")),
        rooms=(RoomFacts("a"), RoomFacts("b")), weeks=8, step_minutes=15,
    )  # fmt: skip


def search_slots(question: SlotQuestion, starts: list[datetime]) -> int:
    """How many slots are possible, by looking at everybody at every slot."""
    possible = 0
    for start in starts:
        span = Interval(start, start + timedelta(minutes=question.minutes))
        free = [member for member in question.members if is_free(span, member.busy)]
        possible += all(sum(each.specialty in m.specialties for m in free) >= each.count for each in question.wanted)
    return possible


def _measure(act: Callable[[], T]) -> tuple[T, float]:
    began = time.process_time()
    result = act()
    return result, (time.process_time() - began) * 1000


def compare_urgent(seed: int, name: str, question: UrgentQuestion) -> float:
    """Prints a line and gives the milliseconds of our answer."""
    answer, ours = _measure(lambda: find_moments(question))
    every, naive = _measure(lambda: search_minutes(question))
    first = answer.moments[0].span.start if answer.moments else None
    if first != min(every, default=None):
        raise SystemExit(f"centre {seed}: {first} instead of {min(every, default=None)}")
    wait = "none in 24 h" if first is None else f"after {(first - NOW) // timedelta(minutes=1)} min"
    print(f"{seed:4}  {name:8}  {naive:8.1f}  {ours:7.1f}  {naive / ours:6.1f}  {wait}, {answer.instants} instants")
    return ours


def compare_slots(seed: int, question: SlotQuestion) -> float:
    """Prints a line and gives the milliseconds of our answer."""
    found, ours = _measure(lambda: find_slots(question))
    starts = _starts(question)
    count, naive = _measure(lambda: search_slots(question, starts))
    if found.possible != count:
        raise SystemExit(f"centre {seed}: {found.possible} slots instead of {count}")
    print(f"{seed:4}  slots     {naive:8.1f}  {ours:7.1f}  {naive / ours:6.1f}  {count} of {len(starts)} slots")
    return ours


def main() -> None:
    """Prints three lines per centre: nine specialties, all 25 of which one is away, and slots of eight weeks."""
    print("seed  question  naive ms  ours ms   ratio  found")
    worst = 0.0
    for seed in range(int(sys.argv[1]) if len(sys.argv) > 1 else 3):
        members = make_members(seed)
        away = (Interval(NOW - timedelta(days=1), NOW + timedelta(days=30)),)
        without = tuple(replace(m, busy=away) if "s24" in m.specialties else m for m in members)
        worst = max(
            worst,
            compare_urgent(seed, "nine", ask_urgent(members, NEEDED)),
            compare_urgent(seed, "one away", ask_urgent(without, SPECIALTIES)),
            compare_slots(seed, ask_slots(members)),
        )
    print(f"slowest answer: {worst:.1f} ms of the 300 ms allowed")


def _starts(question: SlotQuestion) -> list[datetime]:
    first = question.hours.day_of(question.now)
    starts = []
    for on in (first + timedelta(days=number) for number in range(7 * question.weeks)):
        whole = question.hours.span_of(on)
        start = whole.start if whole else None
        while whole and start and start + timedelta(minutes=question.minutes) <= whole.end:
            starts += [start] if start > question.now else []
            start += timedelta(minutes=question.step_minutes)
    return starts


if __name__ == "__main__":
    main()

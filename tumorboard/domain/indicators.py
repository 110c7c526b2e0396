"""What reports count: how long cases waited against their clocks, what became of them, and who was there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

UNRECORDED = ""
OUTCOMES = ("discussed", "deferred", "not_quorate", "withdrawn", UNRECORDED)
"""What became of an agenda item; empty when nobody has recorded it."""
URGENCIES = ("urgent", "expedited", "routine")


@dataclass(frozen=True, slots=True)
class Item:
    """A case on the agenda of a past meeting, on the day `on` of the board's calendar.

    `waited_days` and `limit_days` (both from the referral) are known of a case's first discussion alone; `is_late` says
    whether it came after the end of its clock.
    """

    case: str
    reference: str
    program: str
    urgency: str
    on: date
    outcome: str = UNRECORDED
    reason: str = ""
    waited_days: int | None = None
    limit_days: int | None = None
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """How long the cases of one programme and urgency waited for their first discussion.

    `days` is sorted. `limit_days` is the limit of most of them: a target date makes a case's own earlier.
    """

    program: str
    urgency: str
    days: tuple[int, ...]
    late_days: tuple[int, ...]
    limit_days: int

    @property
    def median_days(self) -> float:
        """The middle wait."""
        return float(median(self.days))

    @property
    def in_time(self) -> int:
        """How many were discussed before the end of their clock."""
        return len(self.days) - len(self.late_days)


@dataclass(frozen=True, slots=True)
class Week:
    """The agenda items of a week that begins on a Monday: how many had each outcome."""

    monday: date
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """All together."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Roll:
    """The roll of one meeting: the specialties that were expected, and those somebody was there for."""

    expected: frozenset[str]
    there: frozenset[str]


@dataclass(frozen=True, slots=True)
class Share:
    """In how many of the meetings that expected a specialty somebody was there for it."""

    specialty: str
    expected: int
    there: int

    @property
    def percent(self) -> int:
        """In whole percents."""
        return whole_percent(self.there, self.expected)


def whole_percent(part: int, whole: int) -> int:
    """The share in whole percents, a half rounded up; 100 only for all of it, and 0 only for nothing."""
    rounded = (200 * part + whole) // (2 * whole)
    return rounded if part in (0, whole) else max(1, min(99, rounded))


def days_between(start: datetime, end: datetime) -> int:
    """Whole days that have begun between two instants; 0 when the second is not later."""
    return max(0, -((start - end) // timedelta(days=1)))


def weigh_waits(items: Iterable[Item]) -> tuple[Wait, ...]:
    """The waits per programme and urgency, most urgent first."""
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        if item.waited_days is not None:
            groups.setdefault((item.program, item.urgency), []).append(item)
    order = sorted(groups, key=lambda group: (group[0], URGENCIES.index(group[1])))
    return tuple(_weigh(program, urgency, groups[program, urgency]) for program, urgency in order)


def _weigh(program: str, urgency: str, items: list[Item]) -> Wait:
    limits = [item.limit_days for item in items if item.limit_days is not None]
    return Wait(
        program=program,
        urgency=urgency,
        days=tuple(sorted(item.waited_days for item in items if item.waited_days is not None)),
        late_days=tuple(sorted(item.waited_days for item in items if item.waited_days is not None and item.is_late)),
        limit_days=max(sorted(set(limits), reverse=True), key=limits.count, default=0),
    )


def count_weeks(items: Iterable[Item], *, first: date, last: date) -> tuple[Week, ...]:
    """Every week from that of `first` to that of `last`, those without a case too."""
    counts: dict[date, dict[str, int]] = {}
    monday = first - timedelta(days=first.weekday())
    while monday <= last:
        counts[monday] = dict.fromkeys(OUTCOMES, 0)
        monday += timedelta(days=7)
    for item in items:
        week = counts.get(item.on - timedelta(days=item.on.weekday()))
        if week is not None:
            week[item.outcome] += 1
    return tuple(Week(monday, found) for monday, found in counts.items())


def count_reasons(items: Iterable[Item]) -> tuple[tuple[str, int], ...]:
    """Why cases were deferred, most frequent first; the lack of a quorum is a reason of its own."""
    counts: dict[str, int] = {}
    for item in items:
        if item.outcome == "not_quorate":
            counts["not-quorate"] = counts.get("not-quorate", 0) + 1
        elif item.outcome == "deferred":
            counts[item.reason or "unsaid"] = counts.get(item.reason or "unsaid", 0) + 1
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def share_attendance(rolls: Iterable[Roll]) -> tuple[Share, ...]:
    """Per specialty expected at least once, by its name's key."""
    expected: dict[str, int] = {}
    there: dict[str, int] = {}
    for roll in rolls:
        for specialty in roll.expected:
            expected[specialty] = expected.get(specialty, 0) + 1
            there[specialty] = there.get(specialty, 0) + (specialty in roll.there)
    return tuple(Share(specialty, expected[specialty], there[specialty]) for specialty in sorted(expected))

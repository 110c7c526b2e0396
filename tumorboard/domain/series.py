"""The meetings of a weekly series as one entry of a calendar, within what every calendar program can hold.

Outlook allows no two instances on one local day, and no instance moved past its neighbours (MS-OXOCAL 2.2.1.44): a
meeting moved farther leaves the series and becomes an entry of its own. A series that goes on at another time ends,
and another begins; "this and following" is never said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from tumorboard.domain.timeline import Interval, at_wall_clock

PAST = timedelta(days=90)
FUTURE = timedelta(days=400)
"""What a published series holds at most before and after now."""

FEWEST_INSTANCES = 2


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """A meeting of a weekly series: the start its rule gives it, and when it takes place. `key` is the caller's."""

    planned_at: datetime
    span: Interval
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPlan:
    """One weekly entry: its first instance by the rule, the start of its last, and what differs in between.

    `excluded` are starts of the rule at which nothing takes place; `moved` are those that take place at another time.
    `kept` are all occurrences that it stands for, the moved ones too.
    """

    first: Interval
    until: datetime
    excluded: tuple[datetime, ...]
    moved: tuple[Occurrence, ...]
    kept: tuple[Occurrence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPlan:
    """The weekly entries in order of their starts, and the occurrences that need entries of their own."""

    series: tuple[SeriesPlan, ...]
    apart: tuple[Occurrence, ...]


def plan_calendar(occurrences: Iterable[Occurrence], *, zone: ZoneInfo, now: datetime | None = None) -> CalendarPlan:
    """The fewest entries for the occurrences, those out of bounds left away.

    Occurrences at another weekday, wall clock or length by their rule make another series. One alone is no series.
    """
    known = [
        one
        for one in sorted(occurrences)
        if now is None or now - PAST <= one.span.end and one.span.start <= now + FUTURE
    ]
    groups: dict[tuple[int, time, timedelta], list[Occurrence]] = {}
    for one in known:
        groups.setdefault(_rule_of(one, zone, known), []).append(one)
    series: list[SeriesPlan] = []
    apart: list[Occurrence] = []
    for (_, _, length), members in groups.items():
        kept, alone = _part(members, length, zone)
        apart += alone
        if len(kept) < FEWEST_INSTANCES or not _keeps_clock(kept[0].planned_at, kept[-1].planned_at, zone):
            apart += kept
        else:
            series.append(_plan(kept, length, zone))
    return CalendarPlan(series=tuple(sorted(series, key=lambda plan: plan.first)), apart=tuple(sorted(apart)))


def list_starts(first_at: datetime, until: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The UTC starts of a weekly rule, both ends included: the same wall clock of the zone on each of the days."""
    local = first_at.astimezone(zone)
    starts = []
    day = local.date()
    while (start := at_wall_clock(day, local.time(), zone)) <= until:
        starts.append(start)
        day += timedelta(days=7)
    return tuple(starts)


def find_hour_changes(starts: Iterable[datetime], zone: ZoneInfo) -> tuple[datetime, ...]:
    """Those starts at which the clock of the zone shows another hour than at the one before."""
    return tuple(then for one, then in pairwise(starts) if _hour(one, zone) != _hour(then, zone))


def _hour(instant: datetime, zone: ZoneInfo) -> time:
    return instant.astimezone(zone).time()


def fits_between(start: datetime, *, before: datetime | None, after: datetime | None, zone: ZoneInfo) -> bool:
    """True when an instance may start there between its neighbours: each has a local day of its own."""
    day = _day(start, zone)
    return (before is None or _day(before, zone) < day) and (after is None or day < _day(after, zone))


def _keeps_clock(first_at: datetime, until: datetime, zone: ZoneInfo) -> bool:
    """False when the spring change skips the wall clock of one instance: calendar programs then differ by an hour."""
    clock = first_at.astimezone(zone).time()
    return all(start.astimezone(zone).time() == clock for start in list_starts(first_at, until, zone))


def _rule_of(one: Occurrence, zone: ZoneInfo, known: Sequence[Occurrence]) -> tuple[int, time, timedelta]:
    """Weekday and wall clock by the rule; the length that most occurrences at this wall clock have."""
    local = one.planned_at.astimezone(zone)
    key = (local.weekday(), local.time())
    lengths = [_length(each) for each in known if _clock(each, zone) == key]
    return *key, max(set(lengths), key=lambda length: (lengths.count(length), length))


def _clock(one: Occurrence, zone: ZoneInfo) -> tuple[int, time]:
    local = one.planned_at.astimezone(zone)
    return local.weekday(), local.time()


def _length(one: Occurrence) -> timedelta:
    return one.span.end - one.span.start


def _day(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def _part(
    members: Sequence[Occurrence], length: timedelta, zone: ZoneInfo
) -> tuple[list[Occurrence], list[Occurrence]]:
    """Those that one entry can hold, and those that would pass a neighbour or share its day."""
    kept: list[Occurrence] = []
    alone: list[Occurrence] = []
    following = dict(pairwise(members))
    for one in members:
        if kept and kept[-1].planned_at == one.planned_at:
            alone.append(one)
            continue
        before = max((kept[-1].span.start, kept[-1].planned_at)) if kept else None
        then = following.get(one)
        after = None if then is None else min(then.planned_at, then.span.start)
        in_place = one.span == Interval(one.planned_at, one.planned_at + length)
        if fits_between(
            one.span.start, before=before, after=then.planned_at if in_place and then else after, zone=zone
        ):
            kept.append(one)
        else:
            alone.append(one)
    return kept, alone


def _plan(kept: Sequence[Occurrence], length: timedelta, zone: ZoneInfo) -> SeriesPlan:
    first = Interval(kept[0].planned_at, kept[0].planned_at + length)
    until = kept[-1].planned_at
    held = {one.planned_at for one in kept}
    return SeriesPlan(
        first=first,
        until=until,
        excluded=tuple(start for start in list_starts(first.start, until, zone) if start not in held),
        moved=tuple(one for one in kept if one.span != Interval(one.planned_at, one.planned_at + length)),
        kept=tuple(kept),
    )

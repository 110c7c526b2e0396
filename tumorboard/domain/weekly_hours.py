"""What repeats in a member's week, in wall-clock time, turned into instants: a clinic, or hours she keeps free."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from tumorboard.domain.timeline import Interval, merge, subtract

END_OF_DAY = time(23, 59)
"""A pattern that ends then or later lasts until midnight; 24:00 is no time of day."""

_DAY = timedelta(days=1)


class HoursKind(StrEnum):
    """`busy` is a clinic; `available` counts although another pattern or a calendar says busy."""

    BUSY = "busy"
    AVAILABLE = "available"


@dataclass(frozen=True, slots=True)
class WeeklyPattern:
    """From one local time to another on a weekday (Monday = 0) of an IANA zone, from its first day to its last.

    Both days are included; `last_on` None means until further notice.
    """

    kind: HoursKind
    weekday: int
    starts: time
    ends: time
    zone: str
    first_on: date
    last_on: date | None = None


def expand_pattern(pattern: WeeklyPattern, window: Interval) -> tuple[Interval, ...]:
    """The instants of the window at which the wall clock shows a time of the pattern; sorted, non-overlapping.

    What the spring change skips does not happen; what comes twice in autumn counts twice.
    """
    zone = ZoneInfo(pattern.zone)
    first = max(pattern.first_on, window.start.astimezone(zone).date() - _DAY)
    last = window.end.astimezone(zone).date()
    last = min(last, pattern.last_on) if pattern.last_on is not None else last
    day = first + timedelta(days=(pattern.weekday - first.weekday()) % 7)
    found: list[Interval] = []
    while day <= last:
        for span in spans_of_day(day, pattern.starts, pattern.ends, pattern.zone):
            start, end = max(span.start, window.start), min(span.end, window.end)
            if start < end:
                found.append(Interval(start, end))
        day += timedelta(days=7)
    return merge(found)


@lru_cache(maxsize=8192)
def spans_of_day(on: date, starts: time, ends: time, zone: str) -> tuple[Interval, ...]:
    """When the wall clock of a day shows a time in `[starts, ends)`: one span, two or none where the clock changes."""
    clock = ZoneInfo(zone)
    begin, finish = datetime.combine(on, starts), datetime.combine(on, ends)
    if ends >= END_OF_DAY:
        finish = datetime.combine(on + _DAY, time(0))
    offsets = sorted({_offset(local, clock, fold) for local in (begin, finish) for fold in (0, 1)})
    if len(offsets) == 1:
        return (Interval((begin - offsets[0]).replace(tzinfo=UTC), (finish - offsets[0]).replace(tzinfo=UTC)),)
    earliest, latest = begin - offsets[-1], finish - offsets[0]
    change = _find_change(earliest, latest, clock)
    before, after = _offset_at(earliest, clock), _offset_at(latest, clock)
    parts = ((begin - before, min(finish - before, change)), (max(begin - after, change), finish - after))
    spans = [Interval(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)) for start, end in parts if start < end]
    return merge(spans)


def _offset(local: datetime, zone: ZoneInfo, fold: int) -> timedelta:
    return local.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta(0)


def _offset_at(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta(0)


def _find_change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The first second of the later offset between two UTC times without zone, at which the offsets differ."""
    before = _offset_at(low, zone)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if _offset_at(middle, zone) == before:
            low = middle
        else:
            high = middle
    return high


@dataclass(frozen=True, slots=True)
class Taken:
    """When a member cannot come, by why: sorted, non-overlapping.

    `absent` is what she is away for (leave, congress), `entered` busy times noted for a day, `usual` her weekly
    pattern and `read` what her calendar says, both without the hours at which she is `available`.
    """

    absent: tuple[Interval, ...] = ()
    entered: tuple[Interval, ...] = ()
    usual: tuple[Interval, ...] = ()
    read: tuple[Interval, ...] = ()

    @property
    def busy(self) -> tuple[Interval, ...]:
        """All but absences."""
        return merge((*self.entered, *self.usual, *self.read))

    @property
    def all(self) -> tuple[Interval, ...]:
        """When she cannot come, whatever the reason."""
        return merge((*self.absent, *self.entered, *self.usual, *self.read))


def combine(
    *, absent: Iterable[Interval] = (), entered: Iterable[Interval] = (), read: Iterable[Interval] = (),
    patterns: Iterable[WeeklyPattern] = (), window: Interval,
) -> Taken:  # fmt: skip
    """One member's times by the rule of the house: hours at which she is available win over her weekly pattern and over
    what a calendar says, never over an absence or a busy time that was entered for a day.
    """
    usual: list[Interval] = []
    available: list[Interval] = []
    for pattern in patterns:
        spans = expand_pattern(pattern, window)
        (available if pattern.kind is HoursKind.AVAILABLE else usual).extend(spans)
    return Taken(
        absent=merge(absent), entered=merge(entered), usual=_without(usual, available), read=_without(read, available)
    )


def _without(spans: Iterable[Interval], available: list[Interval]) -> tuple[Interval, ...]:
    return tuple(rest for span in merge(spans) for rest in subtract(span, available)) if available else merge(spans)

"""Half-open intervals of instants, and weekly series in wall-clock time turned into instants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """`[start, end)` between two aware instants, start before end."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("an interval needs aware instants")
        if self.start >= self.end:
            raise ValueError("an interval ends after it starts")

    @property
    def minutes(self) -> int:
        """Whole minutes between start and end."""
        return int((self.end - self.start) // timedelta(minutes=1))

    def overlaps(self, other: Interval) -> bool:
        """True when both share an instant; touching ends do not overlap."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: Interval) -> bool:
        """True when the other lies wholly inside."""
        return self.start <= other.start and other.end <= self.end


def merge(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same instants as sorted intervals that neither overlap nor touch."""
    merged: list[Interval] = []
    for interval in sorted(intervals):
        if merged and interval.start <= merged[-1].end:
            if interval.end > merged[-1].end:
                merged[-1] = Interval(merged[-1].start, interval.end)
        else:
            merged.append(interval)
    return tuple(merged)


def subtract(interval: Interval, busy: Iterable[Interval]) -> tuple[Interval, ...]:
    """What is left of one interval outside the others; sorted, non-overlapping."""
    free: list[Interval] = []
    start = interval.start
    for taken in merge(busy):
        if taken.end <= start:
            continue
        if taken.start >= interval.end:
            break
        if taken.start > start:
            free.append(Interval(start, taken.start))
        start = taken.end
    if start < interval.end:
        free.append(Interval(start, interval.end))
    return tuple(free)


def is_free(interval: Interval, busy: Iterable[Interval]) -> bool:
    """True when nothing in `busy` overlaps the interval."""
    return not any(interval.overlaps(taken) for taken in busy)


def at_wall_clock(on: date, local: time, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local time on a day.

    A time that the spring change skips moves forward by the length of the gap, a time that comes twice in autumn means
    the first one (RFC 5545 section 3.3.5).
    """
    return datetime.combine(on, local.replace(fold=0), tzinfo=zone).astimezone(UTC)


def weekly(
    *, weekday: int, local: time, zone: ZoneInfo, first: date, last: date, skip: Iterable[date] = ()
) -> tuple[datetime, ...]:
    """The UTC starts of a weekly series from `first` to `last`, both included, without the days to skip.

    `weekday` counts from Monday = 0. Steps are days of the calendar, never multiples of 24 hours, so that the local
    time stays through a clock change.
    """
    skipped = frozenset(skip)
    day = first + timedelta(days=(weekday - first.weekday()) % 7)
    starts: list[datetime] = []
    while day <= last:
        if day not in skipped:
            starts.append(at_wall_clock(day, local, zone))
        day += timedelta(days=7)
    return tuple(starts)

"""The events of one UID → the spans of time they take, exceptions and later changes applied."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tumorboard.domain.timeline import Interval, merge
from tumorboard.formats.busy_events import Blocking, Event, naive
from tumorboard.formats.busy_expansion import list_occurrences
from tumorboard.formats.busy_limits import Reading
from tumorboard.formats.busy_rules import RefusedRule, Rule
from tumorboard.formats.busy_values import Clock, Span, Stamp, shift_wall

_ZONES_APART = timedelta(hours=40)
_MERGE_AT = 20_000
_STEPS_OF_OVERRIDE = 10


@dataclass(slots=True)
class BusyParts:
    """The time taken so far, cut to the window; merged now and then so that it stays small."""

    window: Interval
    taken: dict[Blocking, list[Interval]] = field(default_factory=lambda: {Blocking.BUSY: [], Blocking.TENTATIVE: []})
    merge_at: int = _MERGE_AT

    def add(self, blocking: Blocking, start: datetime, end: datetime) -> None:
        """One span; nothing for a free or empty one, or one outside the window."""
        start, end = max(start, self.window.start), min(end, self.window.end)
        if blocking is Blocking.FREE or start >= end:
            return
        parts = self.taken[blocking]
        parts.append(Interval(start, end))
        if len(parts) > self.merge_at:
            parts[:] = merge(parts)
            self.merge_at = max(_MERGE_AT, 2 * len(parts))

    def list_merged(self, blocking: Blocking) -> tuple[Interval, ...]:
        """Sorted intervals that neither overlap nor touch."""
        return merge(self.taken[blocking])


@dataclass(slots=True)
class _Named:
    """Occurrences named by EXDATE or RECURRENCE-ID: as an instant, as a wall clock without a zone, or as a day."""

    master: Event
    instants: set[datetime] = field(default_factory=set)
    walls: set[datetime] = field(default_factory=set)
    days: set[datetime] = field(default_factory=set)

    def add(self, stamp: Stamp) -> None:
        """Of an event of whole days the day counts, in whatever form it is written."""
        if stamp.is_date:
            self.days.add(stamp.wall)
        elif self.master.start.is_date:
            wall = self.master.start.clock.wall(stamp.instant) if stamp.is_utc else stamp.wall
            self.days.add(_midnight(wall))
        elif stamp.is_floating:
            self.walls.add(stamp.wall)
        else:
            self.instants.add(stamp.instant)

    def holds(self, wall: datetime, instant: datetime) -> bool:
        return instant in self.instants or wall in self.walls or (bool(self.days) and _midnight(wall) in self.days)


def _midnight(wall: datetime) -> datetime:
    return wall.replace(hour=0, minute=0, second=0)


@dataclass(frozen=True, slots=True)
class _Later:
    """RANGE=THISANDFUTURE: from an instant on, occurrences begin `shift` later on the clock of `event`."""

    since: datetime
    shift: timedelta
    event: Event


def add_series(reading: Reading, parts: BusyParts, events: list[Event]) -> None:
    """Adds all events of one UID. Raises BadInput `recurrence-refused`."""
    masters = _newest(reading, [event for event in events if event.replaces is None])
    overrides = _newest_of_each(reading, [event for event in events if event.replaces is not None])
    for event in overrides:
        parts.add(event.blocking, event.start.instant, event.span.end(event.start.wall, event.start.clock))
    later = [event for event in overrides if event.and_later]
    if later and not masters:
        message = "the series that changes from here on is not in the file, or was free before; only this time blocks"
        reading.warn("later-without-series", later[0].offset, message, uid=later[0].uid)
    for master in masters:
        _add_master(reading, parts, master, overrides)


def _newest(reading: Reading, events: list[Event]) -> list[Event]:
    """Those with the highest SEQUENCE. Several of the same one all block."""
    if len(events) < 2:
        return events
    highest = max(event.sequence for event in events)
    newest = [event for event in events if event.sequence == highest]
    if len(newest) < len(events):
        message = "an older version of the event is in the file too and is not read"
        reading.warn("duplicate-uid", newest[0].offset, message, uid=newest[0].uid)
    if len({(event.start.wall, event.span) for event in newest}) > 1:
        message = "several events have this UID; all of them block"
        reading.warn("duplicate-uid", newest[-1].offset, message, uid=newest[-1].uid)
    return newest


def _newest_of_each(reading: Reading, overrides: list[Event]) -> list[Event]:
    by_instant: dict[datetime, list[Event]] = {}
    for event in overrides:
        if event.replaces is not None:
            by_instant.setdefault(event.replaces.instant, []).append(event)
    return [event for group in by_instant.values() for event in _newest(reading, group)]


def _add_master(reading: Reading, parts: BusyParts, master: Event, overrides: list[Event]) -> None:
    reading.spend_steps(_STEPS_OF_OVERRIDE * len(overrides), master.offset)
    named = _Named(master)
    for stamp in (*master.exdates, *(event.replaces for event in overrides if event.replaces is not None)):
        named.add(stamp)
    laters = sorted((_read_later(event) for event in overrides if event.and_later), key=lambda later: later.since)
    reach = max((abs(later.shift) for later in laters), default=timedelta())
    longest = max(event.span.longest for event in (master, *(later.event for later in laters)))
    first = shift_wall(naive(parts.window.start), -(_ZONES_APART + reach + longest))
    last = shift_wall(naive(parts.window.end), _ZONES_APART + reach)
    found = 0
    for wall, span in _list_walls(reading, master, first, last):
        instant = master.start.clock.instant(wall)
        if named.holds(wall, instant):
            continue
        begin, end, blocking = _place(master, laters, wall, instant, span)
        if begin >= parts.window.end or end <= parts.window.start:
            continue
        found += 1
        if found > reading.limits.occurrences:
            message = f"the event takes place more than {reading.limits.occurrences} times in the period"
            raise reading.refuse("recurrence-refused", master.offset, message)
        reading.spend_occurrence(master.offset)
        parts.add(blocking, begin, end)


def _read_later(event: Event) -> _Later:
    replaced, clock = event.replaces, event.start.clock
    if replaced is None:
        raise ValueError("RANGE needs RECURRENCE-ID")
    wall = replaced.wall if replaced.is_floating or replaced.is_date else clock.wall(replaced.instant)
    return _Later(replaced.instant, event.start.wall - wall, event)


def _place(
    master: Event, laters: list[_Later], wall: datetime, instant: datetime, span: Span | None
) -> tuple[datetime, datetime, Blocking]:
    """Begin, end and kind of one occurrence, after the last change that reaches it."""
    begun = bisect_right(laters, instant, key=lambda later: later.since)
    if not begun:
        return instant, (span or master.span).end(wall, master.start.clock), master.blocking
    event, clock = laters[begun - 1].event, laters[begun - 1].event.start.clock
    moved = shift_wall(clock.wall(instant), laters[begun - 1].shift)
    return clock.instant(moved), event.span.end(moved, clock), event.blocking


def _list_walls(
    reading: Reading, master: Event, first: datetime, last: datetime
) -> Iterator[tuple[datetime, Span | None]]:
    """The wall clocks of DTSTART, RRULE and RDATE without those of EXRULE, each once."""
    clock = master.start.clock
    seen: set[datetime] = set()
    excluded = set(_expand_all(reading, master, master.without_rules, first, last))
    excluded.discard(master.start.wall)
    for stamp, span in master.rdates:
        wall = stamp.wall if stamp.clock is clock else clock.wall(stamp.instant)
        if wall not in seen and wall not in excluded:
            seen.add(wall)
            yield wall, span
    for wall in _expand_all(reading, master, master.rules, first, last):
        if wall not in seen and wall not in excluded:
            seen.add(wall)
            yield wall, None


def _expand_all(
    reading: Reading, master: Event, rules: Iterable[Rule], first: datetime, last: datetime
) -> Iterator[datetime]:
    start = master.start
    if first <= start.wall <= last:
        yield start.wall
    for rule in rules:
        occurrences = list_occurrences(
            rule, start.wall, first=first, last=last, spend=lambda steps: reading.spend_steps(steps, master.offset)
        )
        try:
            for wall in occurrences:
                if not _is_over(rule, wall, start.clock, is_date=start.is_date):
                    reading.spend_steps(1, master.offset)
                    yield wall
        except RefusedRule as error:
            raise reading.refuse("recurrence-refused", master.offset, str(error)) from error


def _is_over(rule: Rule, wall: datetime, clock: Clock, *, is_date: bool) -> bool:
    """True after an UNTIL in UTC, which is an instant; of whole days its day counts."""
    if rule.until is None or not rule.until.is_utc:
        return False
    if is_date:
        return wall > rule.until.wall
    return naive(clock.instant(wall)) > rule.until.wall

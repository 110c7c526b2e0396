"""Somebody's exported calendar → the intervals in which she is busy, within limits.

Only starts and ends leave this module: no title, place, person or text of a calendar is even read. Work and memory are
bounded by counts, not by a clock, so that the same file always has the same answer; `busy_process` adds a time limit.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tumorboard.domain.errors import BadInput
from tumorboard.domain.timeline import Interval, merge, subtract
from tumorboard.formats.busy_events import Blocking, Event, EventReader, naive
from tumorboard.formats.busy_limits import LIMITS, BusyLimits, BusyWarning, Reading
from tumorboard.formats.busy_lines import Component, normalise, read_components
from tumorboard.formats.busy_own import is_own
from tumorboard.formats.busy_series import BusyParts, add_series
from tumorboard.formats.busy_values import BadValue, Stamp
from tumorboard.formats.busy_zones import ZoneClock, Zones

__all__ = ["LIMITS", "BusyLimits", "BusyTimes", "BusyWarning", "read_busy"]

_MESSAGES = ("REPLY", "COUNTER", "DECLINECOUNTER", "REFRESH")
_BLOCKING_OF_TYPE = {"FREE": Blocking.FREE, "BUSY-TENTATIVE": Blocking.TENTATIVE}
_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyTimes:
    """Sorted, non-overlapping, non-touching UTC intervals within the window. An instant may be busy and tentative."""

    busy: tuple[Interval, ...]
    tentative: tuple[Interval, ...]
    warnings: tuple[BusyWarning, ...]


def read_busy(
    content: bytes, *, window: Interval, zone: ZoneInfo, owner: str | None = None, without_domain: str | None = None,
    without_periods: Sequence[Interval] = (), limits: BusyLimits = LIMITS,
) -> BusyTimes:  # fmt: skip
    """When the calendar's owner is busy in the window (RFC 5545 events and free/busy objects).

    `zone` is the owner's: whole days and times without a zone are read in it. `owner` is her e-mail address, by which
    her own answer to an invitation is found. Free: TRANSPARENT, CANCELLED, declined or delegated by the owner, and
    Microsoft's FREE without TRANSP; also events whose UID ends with `@` and `without_domain`: they are ours. Periods of
    free/busy objects have no UID; `without_periods`, when she is at our meetings, are cut out of those.
    What cannot be read exactly has a warning or refuses the file. Raises BadInput
    `not-a-calendar`, `incomplete-calendar`, `not-a-publication`, `too-large`, `unknown-time-zone`,
    `recurrence-refused`, `bad-window`.
    """
    window = _check_window(window, limits)
    address = owner.strip().casefold().removeprefix("mailto:") if owner else None
    reading = Reading(limits, normalise(content, limits))
    components = read_components(reading, owner=address).components
    zones = Zones(
        reading,
        [component for _, component in components if component.name == "VTIMEZONE"],
        first=naive(window.start),
        last=naive(window.end),
    )
    reader = EventReader(reading, zones, ZoneClock(zone), address)
    parts = BusyParts(window)
    for events in _group_events(reader, components, without_domain):
        add_series(reading, parts, events)
    own = merge(without_periods)
    for _, component in components:
        if component.name == "VFREEBUSY":
            _add_free_busy(reader, parts, component, own)
    return BusyTimes(
        busy=parts.list_merged(Blocking.BUSY),
        tentative=parts.list_merged(Blocking.TENTATIVE),
        warnings=reading.finish_warnings(),
    )


def _check_window(window: Interval, limits: BusyLimits) -> Interval:
    if window.end - window.start > timedelta(days=limits.window_days):
        raise BadInput(f"the period is longer than {limits.window_days} days; ask for a shorter one", code="bad-window")
    if window.start < _EARLIEST or window.end > _LATEST:
        raise BadInput("the period does not lie between 1900 and 2200", code="bad-window")
    return Interval(window.start.astimezone(UTC), window.end.astimezone(UTC))


def _group_events(
    reader: EventReader, components: list[tuple[str, Component]], without_domain: str | None
) -> list[list[Event]]:
    """The events of each UID; one without UID stands alone."""
    groups: dict[str, list[Event]] = {}
    for place, (method, component) in enumerate(components):
        if component.name != "VEVENT":
            continue
        if method in _MESSAGES:
            raise reader.reading.refuse(
                "not-a-publication",
                component.offset,
                f"this is a message about one invitation (METHOD:{method}), no calendar; export the calendar itself",
            )
        if without_domain and is_own(component.text("UID"), without_domain):
            continue
        event = reader.read_event(method, component)
        if event is not None:
            groups.setdefault(event.uid or f"\n{place}", []).append(event)
    return list(groups.values())


def _add_free_busy(reader: EventReader, parts: BusyParts, component: Component, own: Sequence[Interval]) -> None:
    """FREEBUSY periods (RFC 5545, 3.8.2.6); a type that is not known is busy."""
    for line in component.lines.get("FREEBUSY", ()):
        kind = line.parameters.get("FBTYPE", "BUSY").upper()
        blocking = _BLOCKING_OF_TYPE.get(kind, Blocking.BUSY)
        reader.reading.spend_dates(line.value.count(",") + 1, line.offset)
        for value in filter(str.strip, line.value.split(",")):
            first, _, last = value.partition("/")
            try:
                start: Stamp = reader.read_stamp(line, first)
                end = reader.read_period_end(line, last, start).end(start.wall, start.clock)
            except BadValue as error:
                reader.reading.warn("bad-value", line.offset, f"FREEBUSY: {error}; this period is left out")
            else:
                for span in _cut(start.instant, end, parts.window, own):
                    parts.add(blocking, span.start, span.end)


def _cut(start: datetime, end: datetime, window: Interval, own: Sequence[Interval]) -> tuple[Interval, ...]:
    """What lies in the window and in none of our own periods, which are sorted and apart."""
    start, end = max(start, window.start), min(end, window.end)
    if start >= end:
        return ()
    first = bisect_right(own, start, key=lambda span: span.end)
    last = bisect_left(own, end, key=lambda span: span.start)
    return subtract(Interval(start, end), own[first:last])

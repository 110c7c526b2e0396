"""When an event of a feed last changed, where no row knows it: the feed that is stored says what was said before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tumorboard.formats.feed_lines import write_feed_lines
from tumorboard.formats.feed_objects import list_parts
from tumorboard.formats.ical_values import FeedEvent, FeedSeries

_TIMES = ("DTSTART", "DTEND", "RRULE", "EXDATE", "STATUS")
_Key = tuple[str, datetime | None]


def keep_stamps(
    events: Iterable[FeedEvent], series: Iterable[FeedSeries], stored: bytes | None, *, now: datetime
) -> tuple[list[FeedEvent], list[FeedSeries]]:
    """The events and series, with stamp and SEQUENCE as they are stored where one says the same as before.

    What is new keeps its own. What says something else is of `now`, and at least a second later than before; its
    SEQUENCE grows where its times, its rule or its status changed (RFC 5546, 2.1.4).
    """
    events, series = list(events), list(series)
    before = list_parts(stored) if stored else {}
    old_events, old_series = _change_each(events, series, lambda key, event: _stamp_as(event, before.get(key)))
    after = list_parts(write_feed_lines("", old_events, series=old_series))
    return _change_each(events, series, lambda key, event: _renew(event, before.get(key), after[key], now))


def _change_each(
    events: Iterable[FeedEvent], series: Iterable[FeedSeries], change: Callable[[_Key, FeedEvent], FeedEvent]
) -> tuple[list[FeedEvent], list[FeedSeries]]:
    changed = [change((event.uid, None), event) for event in events]
    return changed, [
        replace(
            one,
            first=change((one.first.uid, None), one.first),
            overrides=tuple((start, change((event.uid, start), event)) for start, event in one.overrides),
        )
        for one in series
    ]


def _renew(event: FeedEvent, said: Sequence[str] | None, says: Sequence[str], now: datetime) -> FeedEvent:
    if said is None:
        return event
    old = _stamp_as(event, said)
    if says == said:
        return old
    is_moved = _times(says) != _times(said)
    sequence = max(event.sequence, old.sequence + 1) if is_moved else old.sequence
    return replace(old, stamp=max(now, old.stamp + timedelta(seconds=1)), sequence=sequence)


def _stamp_as(event: FeedEvent, said: Sequence[str] | None) -> FeedEvent:
    if said is None:
        return event
    values = {name: value for name, _, value in (line.partition(":") for line in said)}
    stamp = datetime.strptime(values["DTSTAMP"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return replace(event, stamp=stamp, sequence=int(values["SEQUENCE"]))


def _times(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if line.startswith(_TIMES)]

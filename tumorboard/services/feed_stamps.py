"""When an event of a feed last changed, where no row knows it: the feed that is stored says what was said before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tumorboard.formats.feed_lines import write_feed_lines
from tumorboard.formats.feed_objects import split_feed
from tumorboard.formats.ical_values import FeedEvent

_TIMES = ("DTSTART", "DTEND")


def keep_stamps(events: Sequence[FeedEvent], stored: bytes | None, *, now: datetime) -> list[FeedEvent]:
    """The events, with stamp and SEQUENCE as they are stored where an event says the same as before.

    One that is new is of `now`, and one that says something else too, at least a second later than before; its
    SEQUENCE grows where its time changed (RFC 5545, 3.8.7).
    """
    before = {one.uid: one.lines[0] for one in split_feed(stored)} if stored else {}
    as_before = [_stamp_as(event, before[event.uid]) if event.uid in before else event for event in events]
    after = {one.uid: one.lines[0] for one in split_feed(write_feed_lines("", as_before))}
    found = []
    for event, old in zip(events, as_before, strict=True):
        said, says = before.get(event.uid), after[event.uid]
        if said is None:
            found.append(replace(event, stamp=now))
        elif says == said:
            found.append(old)
        else:
            is_moved = _times(says) != _times(said)
            sequence = max(event.sequence, old.sequence + 1) if is_moved else old.sequence
            found.append(replace(old, stamp=max(now, old.stamp + timedelta(seconds=1)), sequence=sequence))
    return found


def _stamp_as(event: FeedEvent, said: Sequence[str]) -> FeedEvent:
    values = {name: value for name, _, value in (line.partition(":") for line in said)}
    stamp = datetime.strptime(values["DTSTAMP"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return replace(event, stamp=stamp, sequence=int(values["SEQUENCE"]))


def _times(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if line.startswith(_TIMES)]

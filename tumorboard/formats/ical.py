"""Meetings as iCalendar objects: invitations and cancellations for one person (RFC 5546), and feeds (RFC 5545, 7986).

None of the values here has a field for a patient. Equal input gives equal bytes: no clock and no chance is involved.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from tumorboard.formats.ical_parts import (
    add_zones,
    begin_calendar,
    begin_feed,
    cancelled_event,
    declined_event,
    feed_event,
    find_sayable,
    requested_event,
    serialise,
)
from tumorboard.formats.ical_values import (
    FeedEvent,
    FeedSeries,
    FeedStatus,
    Invitation,
    OtherAttendee,
    Partstat,
    SeriesInvitation,
    Weekly,
)

__all__ = [
    "FeedEvent",
    "FeedSeries",
    "FeedStatus",
    "Invitation",
    "OtherAttendee",
    "Partstat",
    "SeriesInvitation",
    "Weekly",
    "can_repeat",
    "write_cancel",
    "write_decline_counter",
    "write_feed",
    "write_request",
    "write_series_request",
]

_Event = TypeVar("_Event", Invitation, FeedEvent)
_Part = tuple[_Event, datetime | None, Weekly | None]
"""An event, the start its series gives it, and the rule of a series."""


def write_request(invitation: Invitation, *, recurrence_at: datetime | None = None) -> bytes:
    """METHOD:REQUEST for one attendee, new or changed; with `recurrence_at` for that instance of a series alone.

    Raises BadInput (`bad-address`, `bad-link`, `bad-span`, `unknown-time-zone`).
    """
    message = begin_calendar("REQUEST")
    add_zones(message, [invitation], recurring=_zone_of(invitation, recurrence_at))
    message.add_component(requested_event(invitation, recurrence_at=recurrence_at))
    return serialise(message)


def write_series_request(series: SeriesInvitation) -> bytes:
    """METHOD:REQUEST for one attendee: the whole weekly series with the instances that differ.

    Its zone must be one that `can_repeat` approves.
    """
    message = begin_calendar("REQUEST")
    parts = _parts_of(series.first, series.weekly, series.overrides)
    add_zones(message, [invitation for invitation, _, _ in parts])
    for invitation, recurrence_at, weekly in parts:
        message.add_component(requested_event(invitation, recurrence_at=recurrence_at, weekly=weekly))
    return serialise(message)


def write_cancel(invitation: Invitation, *, whole_meeting: bool, recurrence_at: datetime | None = None) -> bytes:
    """METHOD:CANCEL for one attendee, with a `sequence` above every request sent to her.

    STATUS:CANCELLED stands there only when the whole meeting is cancelled; somebody who is merely no longer needed
    gets none, because the meeting goes on (RFC 5546, 3.2.5). With `recurrence_at` only that instance of a series goes,
    without it the whole series. Raises BadInput as `write_request`.
    """
    message = begin_calendar("CANCEL")
    add_zones(message, [invitation], recurring=_zone_of(invitation, recurrence_at))
    message.add_component(cancelled_event(invitation, whole_meeting=whole_meeting, recurrence_at=recurrence_at))
    return serialise(message)


def write_decline_counter(invitation: Invitation, *, recurrence_at: datetime | None = None) -> bytes:
    """METHOD:DECLINECOUNTER for the attendee who proposed another time (RFC 5546, 3.2.8).

    `sequence` is that of her proposal, `stamp` is now. Nothing of the event is repeated, and nothing of it changes.
    """
    message = begin_calendar("DECLINECOUNTER")
    add_zones(message, [], recurring=_zone_of(invitation, recurrence_at))
    message.add_component(declined_event(invitation, recurrence_at=recurrence_at))
    return serialise(message)


def write_feed(
    name: str,
    events: Iterable[FeedEvent],
    *,
    series: Iterable[FeedSeries] = (),
    refresh_hours: int = 1,
    source_url: str | None = None,
    color: str | None = None,
) -> bytes:
    """A calendar to subscribe to, sorted by start and UID, without people and METHOD.

    A stored feed must not hold its own secret address: leave `source_url` away there. `color` is a CSS3 name
    (RFC 7986, 5.9). The zone of a series must be one that `can_repeat` approves.
    """
    parts: list[_Part[FeedEvent]] = [(event, None, None) for event in events]
    for one in series:
        parts += _parts_of(one.first, one.weekly, one.overrides)
    parts.sort(key=lambda part: (part[0].starts_at, part[0].uid))
    feed = begin_feed(name, refresh_hours=refresh_hours, source_url=source_url, color=color)
    add_zones(feed, [event for event, _, _ in parts])
    for event, recurrence_at, weekly in parts:
        feed.add_component(feed_event(event, recurrence_at=recurrence_at, weekly=weekly))
    return serialise(feed)


def can_repeat(time_zone: str, instants: Iterable[datetime]) -> bool:
    """True when a calendar can say a series at these instants: a rule needs wall clocks, and UTC has none.

    Raises BadInput (`unknown-time-zone`).
    """
    return find_sayable(time_zone, instants) is not None


def _zone_of(invitation: Invitation, recurrence_at: datetime | None) -> tuple[str, ...]:
    return (invitation.time_zone,) if recurrence_at is not None else ()


def _parts_of(first: _Event, weekly: Weekly, overrides: Sequence[tuple[datetime, _Event]]) -> list[_Part[_Event]]:
    """The series itself, then the instances that differ. Raises ValueError where a calendar cannot say the rule."""
    if not can_repeat(first.time_zone, (first.starts_at, first.ends_at, weekly.until, *weekly.excluded)):
        raise ValueError("a series needs a zone that calendars can say; ask can_repeat before")
    parts: list[_Part[_Event]] = [(first, None, weekly)]
    parts += [(event, recurrence_at, None) for recurrence_at, event in sorted(overrides, key=_by_start)]
    return parts


def _by_start(override: tuple[datetime, object]) -> datetime:
    return override[0]

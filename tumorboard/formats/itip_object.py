"""A calendar object in a mail → what it says to the organizer (RFC 5546, 3.2)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from tumorboard.domain.answers import InboundAttendee, InboundEvent
from tumorboard.domain.errors import BadInput
from tumorboard.formats.busy_lines import Component, Line
from tumorboard.formats.busy_values import BadValue, read_duration, shift_wall
from tumorboard.formats.itip_lines import RawObject, read_raw_object
from tumorboard.formats.itip_values import (
    LONGEST_COMMENT,
    Clocks,
    keep_instant,
    read_address,
    read_addresses,
    read_number,
    read_text,
)

_LONGEST_UID = 300
_MOST_ATTENDEES = 500
_WORD = re.compile(r"[A-Z0-9-]{1,40}")


def read_object(content: bytes, *, charset: str, parameter: str) -> tuple[str, tuple[InboundEvent, ...]]:
    """The METHOD and the events, of one UID. The body's METHOD wins over the MIME parameter (MS-STANOICAL, V0342).

    Raises BadInput `not-a-calendar`, `incomplete-calendar`, `too-large`, `method-missing`, `several-methods`,
    `no-event`, `several-events`, `duplicate-event`.
    """
    raw = read_raw_object(content, charset=charset)
    method = _find_method(raw, parameter)
    clocks = Clocks(raw.zones)
    events: dict[object, InboundEvent] = {}
    for component in raw.events:
        event = _read_event(component, clocks)
        key = (event.uid, component.text("RECURRENCE-ID") if event.recurrence_at is None else event.recurrence_at)
        if events.setdefault(key, event) != event:
            raise BadInput("two events of one UID contradict each other", code="duplicate-event")
    if not events:
        raise BadInput("the calendar object holds no event", code="no-event")
    if len({event.uid for event in events.values()}) > 1:
        raise BadInput("the calendar object is about several events", code="several-events")
    return method, tuple(events.values())


def _find_method(raw: RawObject, parameter: str) -> str:
    methods = set(raw.methods)
    if len(methods) > 1:
        raise BadInput("the calendar object has several METHODs", code="several-methods")
    method = (methods.pop() if methods else "") or parameter.strip().upper()
    if not method:
        raise BadInput("the calendar object has no METHOD", code="method-missing")
    return method if _WORD.fullmatch(method) else "X-UNREADABLE"


def _read_event(component: Component, clocks: Clocks) -> InboundEvent:
    sequence = component.text("SEQUENCE") or component.text("X-MICROSOFT-CDO-APPT-SEQUENCE")
    recurrence_line = component.first("RECURRENCE-ID")
    recurrence = clocks.read(recurrence_line)
    starts_at, ends_at = _read_span(component, clocks)
    comments = [read_text(line.value) for line in component.lines.get("COMMENT", ())[:20]]
    return InboundEvent(
        uid=read_text(component.text("UID"))[:_LONGEST_UID],
        sequence=read_number(sequence),
        bad_sequence=bool(sequence.strip()) and read_number(sequence) is None,
        stamp=_read_stamp(component.first("DTSTAMP"), clocks),
        has_recurrence=recurrence_line is not None,
        recurrence_at=recurrence.at,
        recurrence_wall=recurrence.wall,
        recurrence_on=recurrence.on,
        and_later=recurrence_line is not None and "RANGE" in recurrence_line.parameters,
        starts_at=starts_at,
        ends_at=ends_at,
        attendees=_read_attendees(component.lines.get("ATTENDEE", [])),
        comment="\n".join(dict.fromkeys(text for text in comments if text))[:LONGEST_COMMENT],
    )


def _read_stamp(line: Line | None, clocks: Clocks) -> datetime | None:
    """DTSTAMP is in UTC (RFC 5545, 3.8.7.2), also where somebody forgot the Z."""
    found = clocks.read(line)
    return found.wall.replace(tzinfo=UTC) if found.wall is not None else found.at


def _read_span(component: Component, clocks: Clocks) -> tuple[datetime | None, datetime | None]:
    """DTSTART and the end; neither where a clock skips one of them: nobody can say which time is meant."""
    start, end = clocks.read(component.first("DTSTART")), clocks.read(component.first("DTEND"))
    if start.is_skipped or end.is_skipped:
        return None, None
    length = component.text("DURATION")
    if not length or start.at is None or component.first("DTEND") is not None:
        return start.at, end.at
    return start.at, _add_length(start.at, length)


def _add_length(starts_at: datetime, length: str) -> datetime | None:
    try:
        span = read_duration(length)
        wall = shift_wall(starts_at.replace(tzinfo=None), span.exact + timedelta(days=span.days))
        return keep_instant(wall.replace(tzinfo=UTC))
    except (BadValue, ArithmeticError):
        return None


def _read_attendees(lines: list[Line]) -> tuple[InboundAttendee, ...]:
    """The attendees with an address. A delegator who does not say to whom is told by the delegate's DELEGATED-FROM."""
    found = [attendee for line in lines[:_MOST_ATTENDEES] if (attendee := _read_attendee(line)).address]
    given: dict[str, list[str]] = {}
    for line in lines[:_MOST_ATTENDEES]:
        for giver in read_addresses(line.parameters.get("DELEGATED-FROM", "")):
            given.setdefault(giver, []).append(_find_address(line))
    return tuple(
        attendee
        if attendee.delegated_to or attendee.partstat != "DELEGATED"
        else InboundAttendee(
            attendee.address, attendee.partstat, tuple(filter(None, given.get(attendee.address, ()))), attendee.sent_by
        )
        for attendee in found
    )


def _read_attendee(line: Line) -> InboundAttendee:
    parameters = line.parameters
    partstat = parameters.get("PARTSTAT", "").strip().upper()
    return InboundAttendee(
        address=_find_address(line),
        partstat=partstat if _WORD.fullmatch(partstat) else "NEEDS-ACTION",
        delegated_to=read_addresses(parameters.get("DELEGATED-TO", "")),
        sent_by=read_address(parameters.get("SENT-BY", "")),
    )


def _find_address(line: Line) -> str:
    """EMAIL (RFC 7986, 6.2) is for attendees whose value is no address."""
    return read_address(line.value) or read_address(line.parameters.get("EMAIL", ""))

"""Meetings as iCalendar objects: invitations and cancellations for one person (RFC 5546), and feeds (RFC 5545, 7986).

None of the values here has a field for a patient. Equal input gives equal bytes: no clock and no chance is involved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from icalendar import (
    Calendar,
    Conference,
    Event,
    Timezone,
    TimezoneDaylight,
    TimezoneStandard,
    vCalAddress,
    vDatetime,
    vDuration,
    vInt,
    vRecur,
    vText,
    vUri,
    vUTCOffset,
)

from tumorboard.domain.errors import BadInput
from tumorboard.formats.content_lines import clean_line, clean_text, escape_text, fold_line
from tumorboard.formats.zones import Onset, ZoneRules, find_rules

PRODID = "-//tumorboard//tumorboard 1//EN"
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


class Partstat(StrEnum):
    """What the attendee has answered (RFC 5545, 3.2.12)."""

    NEEDS_ACTION = "NEEDS-ACTION"
    ACCEPTED = "ACCEPTED"
    TENTATIVE = "TENTATIVE"
    DECLINED = "DECLINED"


class FeedStatus(StrEnum):
    """Whether an event of a feed takes place."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """One person's part in one meeting. `stamp` is when the message was made; `url` needs a login.

    `sequence` grows when the time or the fact of the event changes, never for its room or its title: a person who
    accepted need not accept again then. `required` is False for somebody whose presence is only recommended.
    """

    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    title: str
    description: str
    location: str
    video_url: str | None
    url: str
    organizer_email: str
    organizer_name: str
    attendee_email: str
    attendee_name: str
    language: str
    partstat: Partstat = Partstat.NEEDS_ACTION
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """One event of a feed; `stamp` is when it last changed, so that an unchanged feed keeps its bytes."""

    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    title: str
    description: str
    location: str
    video_url: str | None
    url: str
    status: FeedStatus = FeedStatus.CONFIRMED


def write_request(invitation: Invitation) -> bytes:
    """METHOD:REQUEST for one attendee, new or changed.

    Raises BadInput (`bad-address`, `bad-link`, `bad-span`, `unknown-time-zone`).
    """
    event = _begin_event(invitation, language=invitation.language)
    event["STATUS"] = vText("CONFIRMED")
    _set_busy(event, is_busy=True)
    asks = invitation.partstat is Partstat.NEEDS_ACTION
    attendee = _attendee(invitation)
    attendee.params["PARTSTAT"] = invitation.partstat.value
    attendee.params["RSVP"] = "TRUE" if asks else "FALSE"
    return _write_message("REQUEST", event, invitation, attendee)


def write_cancel(invitation: Invitation, *, whole_meeting: bool) -> bytes:
    """METHOD:CANCEL for one attendee, with a `sequence` above every request sent to her.

    STATUS:CANCELLED stands there only when the whole meeting is cancelled; somebody who is merely no longer needed
    gets none, because the meeting goes on (RFC 5546, 3.2.5). Raises BadInput as `write_request`.
    """
    event = _begin_event(invitation, language=invitation.language)
    if whole_meeting:
        event["STATUS"] = vText("CANCELLED")
    _set_busy(event, is_busy=False)
    return _write_message("CANCEL", event, invitation, _attendee(invitation))


def write_feed(
    name: str,
    events: Iterable[FeedEvent],
    *,
    refresh_hours: int = 1,
    source_url: str | None = None,
    color: str | None = None,
) -> bytes:
    """A calendar to subscribe to, sorted by start and UID, without people, alarms and METHOD.

    A stored feed must not hold its own secret address: leave `source_url` away there. `color` is a CSS3 name
    (RFC 7986, 5.9).
    """
    ordered = sorted(events, key=lambda event: (event.starts_at, event.uid))
    feed = _begin_calendar()
    feed["NAME"] = feed["X-WR-CALNAME"] = _Text(clean_line(name))
    refresh = timedelta(hours=refresh_hours)
    feed["REFRESH-INTERVAL"] = vDuration(refresh, params={"VALUE": "DURATION"})
    feed["X-PUBLISHED-TTL"] = vDuration(refresh)
    if color is not None:
        feed["COLOR"] = _Text(clean_line(color))
    if source_url is not None:
        feed["SOURCE"] = vUri(_check_link(source_url), params={"VALUE": "URI"})
    for rules in _rules_used(ordered):
        feed.add_component(_zone(rules))
    for item in ordered:
        event = _begin_event(item, language=None)
        event["STATUS"] = vText(item.status.value)
        _set_busy(event, is_busy=item.status is not FeedStatus.CANCELLED)
        feed.add_component(event)
    return _serialise(feed)


class _Text(vText):
    """TEXT with exactly the escapes of RFC 5545, 3.3.11."""

    __slots__ = ()

    def to_ical(self) -> bytes:
        return escape_text(str(self)).encode()


def _begin_calendar() -> Calendar:
    calendar = Calendar()
    calendar["VERSION"] = vText("2.0")
    calendar["PRODID"] = vText(PRODID)
    calendar["CALSCALE"] = vText("GREGORIAN")
    return calendar


def _write_message(method: str, event: Event, invitation: Invitation, attendee: vCalAddress) -> bytes:
    event["ORGANIZER"] = _address(invitation.organizer_email, invitation.organizer_name)
    event["ATTENDEE"] = attendee
    message = _begin_calendar()
    message["METHOD"] = vText(method)
    for rules in _rules_used([invitation]):
        message.add_component(_zone(rules))
    message.add_component(event)
    return _serialise(message)


def _begin_event(item: Invitation | FeedEvent, *, language: str | None) -> Event:
    """The properties every event has, in the order people look for them."""
    if None in (item.stamp.tzinfo, item.starts_at.tzinfo, item.ends_at.tzinfo):
        raise ValueError("an event needs aware instants")
    if item.starts_at >= item.ends_at:
        raise BadInput("the event must end after it starts; correct its times", code="bad-span", uid=item.uid)
    worded = {"LANGUAGE": language} if language else {}
    event = Event()
    event["UID"] = _Text(clean_line(item.uid))
    event["SEQUENCE"] = vInt(item.sequence)
    event["DTSTAMP"] = _utc(item.stamp)
    event["LAST-MODIFIED"] = _utc(item.stamp)
    event["DTSTART"] = _moment(item, item.starts_at)
    event["DTEND"] = _moment(item, item.ends_at)
    event["SUMMARY"] = _Text(clean_line(item.title), params=worded)
    if item.description:
        event["DESCRIPTION"] = _Text(clean_text(item.description), params=worded)
    if item.location:
        event["LOCATION"] = _Text(clean_line(item.location))
    event["URL"] = vUri(_check_link(item.url))
    if item.video_url is not None:
        event["CONFERENCE"] = Conference(_check_link(item.video_url), feature="VIDEO").to_uri()
    event["CLASS"] = vText("PRIVATE")
    return event


def _set_busy(event: Event, *, is_busy: bool) -> None:
    event["TRANSP"] = vText("OPAQUE" if is_busy else "TRANSPARENT")
    event["X-MICROSOFT-CDO-BUSYSTATUS"] = vText("BUSY" if is_busy else "FREE")
    event["X-MICROSOFT-CDO-INTENDEDSTATUS"] = vText("BUSY" if is_busy else "FREE")


def _attendee(invitation: Invitation) -> vCalAddress:
    attendee = _address(invitation.attendee_email, invitation.attendee_name)
    attendee.params["CUTYPE"] = "INDIVIDUAL"
    attendee.params["ROLE"] = "REQ-PARTICIPANT" if invitation.required else "OPT-PARTICIPANT"
    return attendee


def _address(email: str, name: str) -> vCalAddress:
    if not _ADDRESS.fullmatch(email):
        raise BadInput(
            "an e-mail address of the invitation is not of the form name@example.org; correct it", code="bad-address"
        )
    address = vCalAddress(f"mailto:{email}")
    address.params["CN"] = clean_line(name) or email
    return address


def _rules_of(item: Invitation | FeedEvent) -> ZoneRules | None:
    """The rules to write the event's times with; None when only UTC says them without doubt."""
    rules = find_rules(item.time_zone)
    if rules is None or item.time_zone in ("UTC", "Etc/UTC"):
        return None
    return rules if rules.can_say(item.starts_at) and rules.can_say(item.ends_at) else None


def _rules_used(items: Sequence[Invitation | FeedEvent]) -> list[ZoneRules]:
    used = {rules.zone: rules for rules in map(_rules_of, items) if rules is not None}
    return [used[zone] for zone in sorted(used)]


def _moment(item: Invitation | FeedEvent, instant: datetime) -> vDatetime:
    """The wall clock with the zone as it was named (icalendar would put an alias), or UTC."""
    if _rules_of(item) is None:
        return _utc(instant)
    moment = vDatetime(instant.astimezone(ZoneInfo(item.time_zone)).replace(tzinfo=None))
    moment.params["TZID"] = item.time_zone
    return moment


def _utc(instant: datetime) -> vDatetime:
    return vDatetime(instant.astimezone(UTC))


def _zone(rules: ZoneRules) -> Timezone:
    zone = Timezone()
    zone["TZID"] = vText(rules.zone)
    for component, onset in ((TimezoneStandard(), rules.standard), (TimezoneDaylight(), rules.daylight)):
        if onset is not None:
            _fill_onset(component, onset)
            zone.add_component(component)
    return zone


def _fill_onset(component: TimezoneStandard | TimezoneDaylight, onset: Onset) -> None:
    component["DTSTART"] = vDatetime(datetime.combine(onset.first_on, onset.at))
    component["TZOFFSETFROM"] = vUTCOffset(onset.offset_from)
    component["TZOFFSETTO"] = vUTCOffset(onset.offset_to)
    component["TZNAME"] = vText(onset.name)
    if onset.every is not None:
        day = f"{onset.every.week}{_WEEKDAYS[onset.every.weekday]}"
        component["RRULE"] = vRecur({"FREQ": "YEARLY", "BYMONTH": onset.every.month, "BYDAY": day})


def _check_link(url: str) -> str:
    """The address as an URI of ASCII characters."""
    parts = urlsplit(clean_line(url).strip())
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise BadInput("a link of the event does not begin with https:// or http://; correct it", code="bad-link")
    return quote(parts.geturl(), safe=";/?:@&=+$,#%[]!'()*~-._")


def _serialise(calendar: Calendar) -> bytes:
    lines = (str(line) for line in calendar.content_lines(sorted=False))
    return b"".join(fold_line(line) + b"\r\n" for line in lines if line)

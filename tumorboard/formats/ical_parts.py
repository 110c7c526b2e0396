"""The parts of a calendar object: components and properties as RFC 5545 writes them. Only here icalendar is used.

Equal input gives equal bytes: no clock and no chance is involved.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from icalendar import (
    Alarm,
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

from tumorboard.domain.addresses import is_address
from tumorboard.domain.errors import BadInput
from tumorboard.formats.content_lines import clean_line, clean_text, escape_text, fold_line
from tumorboard.formats.ical_values import FeedEvent, FeedStatus, Invitation, Partstat, Weekly
from tumorboard.formats.zones import Onset, ZoneRules, find_rules

PRODID = "-//tumorboard//tumorboard 1//EN"
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class _Text(vText):
    """TEXT with exactly the escapes of RFC 5545, 3.3.11."""

    __slots__ = ()

    def to_ical(self) -> bytes:
        return escape_text(str(self)).encode()


def begin_calendar(method: str | None) -> Calendar:
    """A VCALENDAR without components."""
    calendar = Calendar()
    calendar["VERSION"] = vText("2.0")
    calendar["PRODID"] = vText(PRODID)
    calendar["CALSCALE"] = vText("GREGORIAN")
    if method is not None:
        calendar["METHOD"] = vText(method)
    return calendar


def begin_feed(name: str, *, refresh_hours: int, source_url: str | None, color: str | None) -> Calendar:
    """A VCALENDAR to subscribe to (RFC 7986), with the X- twins that older clients read."""
    feed = begin_calendar(None)
    feed["NAME"] = feed["X-WR-CALNAME"] = _Text(clean_line(name))
    refresh = timedelta(hours=refresh_hours)
    feed["REFRESH-INTERVAL"] = vDuration(refresh, params={"VALUE": "DURATION"})
    feed["X-PUBLISHED-TTL"] = vDuration(refresh)
    if color is not None:
        feed["COLOR"] = _Text(clean_line(color))
    if source_url is not None:
        feed["SOURCE"] = vUri(_check_link(source_url), params={"VALUE": "URI"})
    return feed


def requested_event(
    invitation: Invitation, *, recurrence_at: datetime | None = None, weekly: Weekly | None = None
) -> Event:
    """The VEVENT of a REQUEST: a meeting, a weekly series, or one instance of it."""
    event = _begin_event(invitation, language=invitation.language, recurrence_at=recurrence_at, weekly=weekly)
    _set_status(event, "CONFIRMED")
    _set_busy(event, is_busy=invitation.partstat is not Partstat.DELEGATED)
    attendee = _set_people(event, invitation)
    attendee.params["PARTSTAT"] = invitation.partstat.value
    attendee.params["RSVP"] = "TRUE" if invitation.partstat is Partstat.NEEDS_ACTION else "FALSE"
    _set_delegation(event, invitation, attendee)
    if not invitation.allow_proposals:
        event["X-MICROSOFT-DISALLOW-COUNTER"] = vText("TRUE")
    if invitation.alarm_minutes is not None:
        _set_alarm(event, invitation.alarm_minutes, invitation.title)
    return event


def cancelled_event(invitation: Invitation, *, whole_meeting: bool, recurrence_at: datetime | None = None) -> Event:
    """The VEVENT of a CANCEL; STATUS only when nobody meets."""
    event = _begin_event(invitation, language=invitation.language, recurrence_at=recurrence_at)
    if whole_meeting:
        _set_status(event, "CANCELLED")
    _set_busy(event, is_busy=False)
    _set_people(event, invitation)
    return event


def declined_event(invitation: Invitation, *, recurrence_at: datetime | None = None) -> Event:
    """The VEVENT of a DECLINECOUNTER."""
    event = _begin_bare_event(invitation, recurrence_at=recurrence_at)
    _set_people(event, invitation)
    return event


def feed_event(item: FeedEvent, *, recurrence_at: datetime | None = None, weekly: Weekly | None = None) -> Event:
    """The VEVENT of a feed."""
    event = _begin_event(item, language=None, recurrence_at=recurrence_at, weekly=weekly)
    _set_status(event, item.status.value)
    _set_busy(event, is_busy=item.is_busy and item.status is not FeedStatus.CANCELLED)
    if item.alarm_minutes is not None and item.status is not FeedStatus.CANCELLED:
        _set_alarm(event, item.alarm_minutes, item.title)
    return event


def add_zones(calendar: Calendar, items: Iterable[Invitation | FeedEvent], *, recurring: Iterable[str] = ()) -> None:
    """Define each zone that events or RECURRENCE-IDs are written with, once, in the order of their names."""
    found = [*map(_rules_of, items), *map(find_rules, recurring)]
    used = {rules.zone: rules for rules in found if rules is not None}
    for zone in sorted(used):
        calendar.add_component(_zone(used[zone]))


def serialise(calendar: Calendar) -> bytes:
    """The bytes of the calendar object."""
    lines = (str(line) for line in calendar.content_lines(sorted=False))
    return b"".join(fold_line(line) + b"\r\n" for line in lines if line)


def find_sayable(time_zone: str, instants: Iterable[datetime]) -> ZoneRules | None:
    """The rules with which a calendar can say all the instants in the zone; None when only UTC is without doubt."""
    rules = find_rules(time_zone)
    if rules is None or time_zone in ("UTC", "Etc/UTC"):
        return None
    return rules if all(rules.can_say(instant) for instant in instants) else None


def _begin_event(
    item: Invitation | FeedEvent, *, language: str | None, recurrence_at: datetime | None = None,
    weekly: Weekly | None = None,
) -> Event:  # fmt: skip
    """The properties every event has, in the order people look for them; for a series its rule too.

    Raises BadInput (`bad-span`, `bad-link`, `unknown-time-zone`).
    """
    if None in (item.stamp.tzinfo, item.starts_at.tzinfo, item.ends_at.tzinfo):
        raise ValueError("an event needs aware instants")
    if item.starts_at >= item.ends_at:
        raise BadInput("the event must end after it starts; correct its times", code="bad-span", uid=item.uid)
    event = _begin_bare_event(item, recurrence_at=recurrence_at)
    event["DTSTART"] = _moment(item, item.starts_at)
    event["DTEND"] = _moment(item, item.ends_at)
    if weekly is not None:
        event["RRULE"] = vRecur({"FREQ": "WEEKLY", "UNTIL": weekly.until.astimezone(UTC)})
        if weekly.excluded:
            event["EXDATE"] = [_wall_clock(item, instant) for instant in sorted(weekly.excluded)]
    worded = {"LANGUAGE": language} if language else {}
    event["SUMMARY"] = _Text(clean_line(item.title), params=worded)
    if item.description:
        event["DESCRIPTION"] = _Text(clean_text(item.description), params=worded)
    if item.location:
        event["LOCATION"] = _Text(clean_line(item.location))
    event["URL"] = vUri(_check_link(item.url))
    if item.video_url is not None:
        event["CONFERENCE"] = Conference(_check_link(item.video_url), feature="VIDEO").to_uri()
    if item.related_uid is not None:
        event["RELATED-TO"] = _Text(clean_line(item.related_uid), params={"RELTYPE": "SIBLING"})
    event["CLASS"] = vText("PRIVATE")
    return event


def _begin_bare_event(item: Invitation | FeedEvent, *, recurrence_at: datetime | None = None) -> Event:
    """What names an event and its version, and nothing else."""
    event = Event()
    event["UID"] = _Text(clean_line(item.uid))
    if recurrence_at is not None:
        event["RECURRENCE-ID"] = _wall_clock(item, recurrence_at)
    event["SEQUENCE"] = vInt(item.sequence)
    event["DTSTAMP"] = _utc(item.stamp)
    event["LAST-MODIFIED"] = _utc(item.stamp)
    return event


def _set_status(event: Event, status: str) -> None:
    """Set STATUS."""
    event["STATUS"] = vText(status)


def _set_busy(event: Event, *, is_busy: bool) -> None:
    """Say whether the event takes its owner's time, to Outlook too."""
    event["TRANSP"] = vText("OPAQUE" if is_busy else "TRANSPARENT")
    event["X-MICROSOFT-CDO-BUSYSTATUS"] = vText("BUSY" if is_busy else "FREE")
    event["X-MICROSOFT-CDO-INTENDEDSTATUS"] = vText("BUSY" if is_busy else "FREE")


def _set_people(event: Event, invitation: Invitation) -> vCalAddress:
    """Put organizer and attendee in; gives the attendee, for what only a request says."""
    event["ORGANIZER"] = _address(invitation.organizer_email, invitation.organizer_name)
    attendee = _address(invitation.attendee_email, invitation.attendee_name)
    attendee.params["CUTYPE"] = "INDIVIDUAL"
    attendee.params["ROLE"] = "REQ-PARTICIPANT" if invitation.required else "OPT-PARTICIPANT"
    event["ATTENDEE"] = attendee
    return attendee


def _set_delegation(event: Event, invitation: Invitation, attendee: vCalAddress) -> None:
    """Say who comes in whose place, with a line for the other one."""
    lines = [attendee]
    ways = (
        ("DELEGATED-TO", "DELEGATED-FROM", invitation.delegated_to),
        ("DELEGATED-FROM", "DELEGATED-TO", invitation.delegated_from),
    )
    for way, back, other in ways:
        if other is None:
            continue
        line = _address(other.email, other.name)
        line.params["CUTYPE"] = "INDIVIDUAL"
        line.params["ROLE"] = attendee.params["ROLE"]
        line.params["PARTSTAT"] = other.partstat.value
        line.params["RSVP"] = "TRUE" if other.partstat is Partstat.NEEDS_ACTION else "FALSE"
        line.params[back] = str(attendee)
        attendee.params[way] = str(line)
        lines.append(line)
    if len(lines) > 1:
        event["ATTENDEE"] = lines


def _set_alarm(event: Event, minutes: int, text: str) -> None:
    """Show a note so many minutes before the start (RFC 5545, 3.6.6)."""
    alarm = Alarm()
    alarm["ACTION"] = vText("DISPLAY")
    alarm["TRIGGER"] = vDuration(-timedelta(minutes=minutes)) if minutes else vText("PT0S")
    alarm["DESCRIPTION"] = _Text(clean_line(text) or "-")
    event.add_component(alarm)


def _address(email: str, name: str) -> vCalAddress:
    if not is_address(email):
        raise BadInput(
            "an e-mail address of the invitation is not of the form name@example.org; correct it", code="bad-address"
        )
    address = vCalAddress(f"mailto:{email}")
    address.params["CN"] = clean_line(name) or email
    return address


def _rules_of(item: Invitation | FeedEvent) -> ZoneRules | None:
    return find_sayable(item.time_zone, (item.starts_at, item.ends_at))


def _moment(item: Invitation | FeedEvent, instant: datetime) -> vDatetime:
    """The wall clock with the zone as it was named (icalendar would put an alias), or UTC."""
    return _utc(instant) if _rules_of(item) is None else _wall_clock(item, instant)


def _wall_clock(item: Invitation | FeedEvent, instant: datetime) -> vDatetime:
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

"""Feeds written line by line: what `ical.write_feed` says at a tenth of its work, for every change writes some.

Beside it a feed says what it covers, and an event may do without a link. Microsoft's twins of TRANSP are left away
where a feed is so long that they would be an eighth of a megabyte: Outlook reads TRANSP then. Equal input gives equal
bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from tumorboard.domain.errors import BadInput
from tumorboard.formats.content_lines import clean_line, clean_text, escape_text, fold_line
from tumorboard.formats.ical_values import FeedEvent, FeedSeries, FeedStatus, Weekly
from tumorboard.formats.zones import Onset, ZoneRules, find_rules

PRODID = "-//tumorboard//tumorboard 1//EN"
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FOLD_OCTETS = 75
_BACKSLASH = ord("\\")
MOST_WITH_TWINS = 1_000
"""Events of a feed that says Microsoft's twins: it must stay below 1 MB with 2,000 events."""
_TWINS = {
    is_busy: (f"X-MICROSOFT-CDO-BUSYSTATUS:{said}", f"X-MICROSOFT-CDO-INTENDEDSTATUS:{said}")
    for is_busy, said in ((True, "BUSY"), (False, "FREE"))
}
_Part = tuple[FeedEvent, datetime | None, Weekly | None]


def write_feed_lines(
    name: str, events: Iterable[FeedEvent], *, series: Iterable[FeedSeries] = (), refresh_hours: int = 1,
    description: str = "", url: str = "", source_url: str = "", color: str = "",
) -> bytes:  # fmt: skip
    """A calendar to subscribe to (RFC 7986), sorted by start and UID, without people and METHOD.

    `url` is a page for people, `source_url` where the same calendar is to be had: no secret may stand in either.
    Raises BadInput (`bad-link`, `bad-span`, `unknown-time-zone`).
    """
    parts: list[_Part] = [(event, None, None) for event in events]
    parts += [part for one in series for part in _parts_of(one)]
    parts.sort(key=lambda part: (part[0].starts_at, part[0].uid))
    title, said = escape_text(clean_line(name)), escape_text(clean_text(description))
    head = [f"NAME:{title}", f"X-WR-CALNAME:{title}"]
    head += [f"DESCRIPTION:{said}", f"X-WR-CALDESC:{said}"] if said else []
    head += [f"REFRESH-INTERVAL;VALUE=DURATION:PT{refresh_hours}H", f"X-PUBLISHED-TTL:PT{refresh_hours}H"]
    head += [f"COLOR:{clean_line(color)}"] if color else []
    head += [f"URL:{_say_link(url)}"] if url else []
    head += [f"SOURCE;VALUE=URI:{_say_link(source_url)}"] if source_url else []
    return _write_calendar(head, parts)


def write_event_lines(event: FeedEvent) -> bytes:
    """One event to take into a calendar by hand: an object without METHOD, so that nobody is asked or answered."""
    return _write_calendar([], [(event, None, None)])


def write_series_lines(series: FeedSeries) -> bytes:
    """A whole series to take into a calendar by hand: an instance without its series would be no entry of its own."""
    return _write_calendar([], list(_parts_of(series)))


def _parts_of(series: FeedSeries) -> Iterator[_Part]:
    """The series, then what differs. Raises ValueError where a calendar cannot say the rule in its zone."""
    first, weekly = series.first, series.weekly
    instants = (first.starts_at, first.ends_at, weekly.until, *weekly.excluded)
    if not all(_is_sayable(first.time_zone, instant) for instant in instants):
        raise ValueError("a series needs a zone that calendars can say; ask can_repeat before")
    yield series.first, None, series.weekly
    for recurrence_at, event in sorted(series.overrides, key=lambda override: override[0]):
        yield event, recurrence_at, None


def _write_calendar(head: list[str], parts: list[_Part]) -> bytes:
    body: list[str] = []
    zones: set[str] = set()
    has_twins = len(parts) <= MOST_WITH_TWINS
    for event, recurrence_at, weekly in parts:
        starts, ends = _find_wall(event.starts_at, event.time_zone), _find_wall(event.ends_at, event.time_zone)
        if starts is None or ends is None:
            zone, span = "UTC", (f":{_say_utc(event.starts_at)}", f":{_say_utc(event.ends_at)}")
        else:
            zone, span = event.time_zone, (starts, ends)
            zones.add(zone)
        if recurrence_at is not None:
            zones.add(event.time_zone)
        body += _event_lines(event, recurrence_at, weekly, zone=zone, span=span, has_twins=has_twins)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN", *head]
    for zone in sorted(zones):
        lines += _zone_lines(zone)
    lines += body
    lines.append("END:VCALENDAR")
    lines.append("")
    return "\r\n".join([_fold(line) for line in lines]).encode()


def _event_lines(
    event: FeedEvent, recurrence_at: datetime | None, weekly: Weekly | None, *, zone: str, span: tuple[str, str],
    has_twins: bool,
) -> list[str]:  # fmt: skip
    if event.starts_at >= event.ends_at:
        raise BadInput("the event must end after it starts; correct its times", code="bad-span", uid=event.uid)
    stamp = _say_utc(event.stamp)
    lines = ["BEGIN:VEVENT", f"UID:{escape_text(clean_line(event.uid))}"]
    if recurrence_at is not None:
        lines.append(f"RECURRENCE-ID{_say(recurrence_at, event.time_zone)}")
    lines += [
        f"SEQUENCE:{event.sequence}", f"DTSTAMP:{stamp}", f"LAST-MODIFIED:{stamp}",
        f"DTSTART{span[0]}", f"DTEND{span[1]}",
    ]  # fmt: skip
    if weekly is not None:
        lines += _rule_lines(weekly, zone)
    lines.append(f"SUMMARY:{_say_line(event.title)}")
    if event.description:
        lines.append(f"DESCRIPTION:{escape_text(clean_text(event.description))}")
    if event.location:
        lines.append(f"LOCATION:{_say_line(event.location)}")
    if event.url:
        lines.append(f"URL:{_say_link(event.url)}")
    if event.video_url is not None:
        lines.append(f"CONFERENCE;FEATURE=VIDEO;VALUE=URI:{_say_link(event.video_url)}")
    if event.related_uid is not None:
        lines.append(f"RELATED-TO;RELTYPE=SIBLING:{escape_text(clean_line(event.related_uid))}")
    lines += _state_lines(event, has_twins=has_twins)
    if event.alarm_minutes is not None and event.status is not FeedStatus.CANCELLED:
        lines += _alarm_lines(event)
    lines.append("END:VEVENT")
    return lines


def _state_lines(event: FeedEvent, *, has_twins: bool) -> tuple[str, ...]:
    is_busy = event.is_busy and event.status is not FeedStatus.CANCELLED
    transparency = "TRANSP:OPAQUE" if is_busy else "TRANSP:TRANSPARENT"
    lines = ("CLASS:PRIVATE", f"STATUS:{event.status.value}", transparency)
    return (*lines, *_TWINS[is_busy]) if has_twins else lines


def _alarm_lines(event: FeedEvent) -> tuple[str, ...]:
    text = _say_line(event.title) or "-"
    before = timedelta(minutes=event.alarm_minutes or 0)
    return ("BEGIN:VALARM", "ACTION:DISPLAY", f"TRIGGER:{_say_before(before)}", f"DESCRIPTION:{text}", "END:VALARM")


def _say_before(length: timedelta) -> str:
    """A negative duration (RFC 5545, 3.3.6)."""
    hours, minutes = divmod(length.seconds // 60, 60)
    days = f"{length.days}D" if length.days else ""
    clock = f"{f'{hours}H' if hours else ''}{f'{minutes}M' if minutes else ''}"
    return f"-P{days}{f'T{clock}' if clock else ''}" if days or clock else "PT0S"


def _rule_lines(weekly: Weekly, zone: str) -> list[str]:
    left_out = [f"EXDATE{_say(instant, zone)}" for instant in sorted(weekly.excluded)]
    return [f"RRULE:FREQ=WEEKLY;UNTIL={_say_utc(weekly.until)}", *left_out]


def _is_sayable(zone: str, instant: datetime) -> bool:
    return _find_wall(instant, zone) is not None


@lru_cache(maxsize=8192)
def _find_wall(instant: datetime, zone: str) -> str | None:
    """`;TZID=Asia/Seoul:20261124T073000`; None where a calendar cannot say the instant in the zone without doubt."""
    rules = find_rules(zone)
    if rules is None or zone in ("UTC", "Etc/UTC") or not rules.can_say(instant):
        return None
    return _say(instant, zone)


def _say(instant: datetime, zone: str) -> str:
    """`;TZID=Asia/Seoul:20261124T073000`, or `:20261123T223000Z`."""
    if zone == "UTC":
        return f":{_say_utc(instant)}"
    return f";TZID={zone}:{_say_wall(instant.astimezone(ZoneInfo(zone)))}"


@lru_cache(maxsize=1024)
def _say_utc(instant: datetime) -> str:
    if instant.tzinfo is None:
        raise ValueError("an event needs aware instants")
    return f"{_say_wall(instant.astimezone(UTC))}Z"


def _say_wall(moment: datetime) -> str:
    return f"{moment.year:04}{moment.month:02}{moment.day:02}T{moment.hour:02}{moment.minute:02}{moment.second:02}"


@lru_cache(maxsize=256)
def _zone_lines(zone: str) -> tuple[str, ...]:
    rules = find_rules(zone)
    assert isinstance(rules, ZoneRules)  # a time was said in it
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone}"]
    for name, onset in (("STANDARD", rules.standard), ("DAYLIGHT", rules.daylight)):
        if onset is not None:
            lines += [f"BEGIN:{name}", *_onset_lines(onset), f"END:{name}"]
    return (*lines, "END:VTIMEZONE")


def _onset_lines(onset: Onset) -> Iterator[str]:
    first: date = onset.first_on
    yield f"DTSTART:{_say_wall(datetime.combine(first, onset.at))}"
    yield f"TZOFFSETFROM:{_say_offset(onset.offset_from)}"
    yield f"TZOFFSETTO:{_say_offset(onset.offset_to)}"
    yield f"TZNAME:{onset.name}"
    if onset.every is not None:
        day = f"{onset.every.week}{_WEEKDAYS[onset.every.weekday]}"
        yield f"RRULE:FREQ=YEARLY;BYDAY={day};BYMONTH={onset.every.month}"


def _say_offset(offset: timedelta) -> str:
    sign = "-" if offset < timedelta(0) else "+"
    minutes, seconds = divmod(abs(offset) // timedelta(seconds=1), 60)
    return f"{sign}{minutes // 60:02}{minutes % 60:02}{f'{seconds:02}' if seconds else ''}"


@lru_cache(maxsize=1024)
def _say_line(text: str) -> str:
    """One line as TEXT: many events have the same title and place."""
    return escape_text(clean_line(text))


@lru_cache(maxsize=1024)
def _say_link(url: str) -> str:
    """The address as an URI of ASCII characters. Raises BadInput `bad-link`."""
    parts = urlsplit(clean_line(url).strip())
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise BadInput("a link of the event does not begin with https:// or http://; correct it", code="bad-link")
    return quote(parts.geturl(), safe=";/?:@&=+$,#%[]!'()*~-._")


def _fold(line: str) -> str:
    """As `fold_line`, by slices of bytes: never inside a character, never inside an escape."""
    if len(line) <= _FOLD_OCTETS and line.isascii():
        return line
    whole = line.encode()
    if len(whole) <= _FOLD_OCTETS:
        return line
    if b"^" in whole:
        return fold_line(line).decode()
    folded, start, room = [], 0, _FOLD_OCTETS
    while len(whole) - start > room:
        end = start + room
        while whole[end] & 0xC0 == 0x80:
            end -= 1
        run = end
        while run > start and whole[run - 1] == _BACKSLASH:
            run -= 1
        end -= (end - run) % 2
        folded.append(whole[start:end])
        start, room = end, _FOLD_OCTETS - 1
    folded.append(whole[start:])
    return b"\r\n ".join(folded).decode()

"""Feeds written line by line: what `ical.write_feed` says at a tenth of its work, for every change writes some.

Beside it a feed says what it covers, and an event may do without a link. Microsoft's twins of TRANSP are left away
where a feed is so long that they would be an eighth of a megabyte: Outlook reads TRANSP then. Equal input gives equal
bytes.
"""

from __future__ import annotations

import re
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
_TWO_DIGITS = tuple(f"{number:02}" for number in range(60))
_FOLD_OCTETS = 75
_PLAIN_LINK = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[A-Za-z0-9._~/-]*)?")
"""Links that stay as they are."""
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
    events: list[str] = []
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
        events.append(_write_event(event, recurrence_at, weekly, zone=zone, span=span, has_twins=has_twins))
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN", *map(_fold, head)]
    for zone in sorted(zones):
        lines += _zone_lines(zone)
    return "\r\n".join([*lines, *events, "END:VCALENDAR", ""]).encode()


def _write_event(
    event: FeedEvent, recurrence_at: datetime | None, weekly: Weekly | None, *, zone: str, span: tuple[str, str],
    has_twins: bool,
) -> str:  # fmt: skip
    """The lines of a VEVENT, folded; what many events have in common is folded once."""
    if event.starts_at >= event.ends_at:
        raise BadInput("the event must end after it starts; correct its times", code="bad-span", uid=event.uid)
    lines = ["BEGIN:VEVENT", _fold(f"UID:{escape_text(clean_line(event.uid))}")]
    if recurrence_at is not None:
        lines.append(f"RECURRENCE-ID{_say(recurrence_at, event.time_zone)}")
    lines.append(f"SEQUENCE:{event.sequence}\r\n{_stamp_lines(event.stamp)}\r\nDTSTART{span[0]}\r\nDTEND{span[1]}")
    if weekly is not None:
        lines += _rule_lines(weekly, zone)
    lines.append(_say_line("SUMMARY:", event.title))
    if event.description:
        lines.append(_fold(f"DESCRIPTION:{escape_text(clean_text(event.description))}"))
    if event.location:
        lines.append(_say_line("LOCATION:", event.location))
    if event.url:
        lines.append(_fold(f"URL:{_say_link(event.url)}"))
    if event.video_url is not None:
        lines.append(_video_line(event.video_url))
    if event.related_uid is not None:
        lines.append(_fold(f"RELATED-TO;RELTYPE=SIBLING:{escape_text(clean_line(event.related_uid))}"))
    alarm = event.alarm_minutes
    lines.append(_closing_lines(event.status, event.is_busy, has_twins, alarm, "" if alarm is None else event.title))
    return "\r\n".join(lines)


@lru_cache(maxsize=1024)
def _stamp_lines(stamp: datetime) -> str:
    said = _say_utc(stamp)
    return f"DTSTAMP:{said}\r\nLAST-MODIFIED:{said}"


@lru_cache(maxsize=1024)
def _closing_lines(status: FeedStatus, is_busy: bool, has_twins: bool, alarm: int | None, title: str) -> str:
    """What an event ends with: whether it takes place and takes time, and its alarm."""
    is_busy = is_busy and status is not FeedStatus.CANCELLED
    lines = ["CLASS:PRIVATE", f"STATUS:{status.value}", "TRANSP:OPAQUE" if is_busy else "TRANSP:TRANSPARENT"]
    lines += _TWINS[is_busy] if has_twins else ()
    if alarm is not None and status is not FeedStatus.CANCELLED:
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", f"TRIGGER:{_say_before(timedelta(minutes=alarm))}"]
        lines += [_fold(f"DESCRIPTION:{escape_text(clean_line(title)) or '-'}"), "END:VALARM"]
    return "\r\n".join([*lines, "END:VEVENT"])


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
    day = f"{moment.year:04}{_TWO_DIGITS[moment.month]}{_TWO_DIGITS[moment.day]}"
    return f"{day}T{_TWO_DIGITS[moment.hour]}{_TWO_DIGITS[moment.minute]}{_TWO_DIGITS[moment.second]}"


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
def _say_line(name: str, text: str) -> str:
    """A folded line of TEXT: many events have the same title and place."""
    return _fold(f"{name}{escape_text(clean_line(text))}")


@lru_cache(maxsize=1024)
def _video_line(url: str) -> str:
    return _fold(f"CONFERENCE;FEATURE=VIDEO;VALUE=URI:{_say_link(url)}")


def _say_link(url: str) -> str:
    """The address as an URI of ASCII characters. Raises BadInput `bad-link`."""
    if _PLAIN_LINK.fullmatch(url) is not None:
        return url
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

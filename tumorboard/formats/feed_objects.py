"""A stored feed taken apart into calendar objects, one for each UID (RFC 4791, 4.1). Reads only what we wrote."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tumorboard.domain.timeline import Interval, at_wall_clock
from tumorboard.formats.content_lines import fold_line

WEEK = timedelta(days=7)
MOST_INSTANCES = 5_000
_ESCAPE = re.compile(r"\\(.)")
_TIMED = ("DTSTART;", "DTEND;", "RECURRENCE-ID;", "EXDATE;")
_UNTIMED = ("DTSTART:", "DTEND:", "RECURRENCE-ID:", "EXDATE:", "RRULE:")
_HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{prodid}\r\nCALSCALE:GREGORIAN\r\n"


@dataclass(frozen=True, slots=True)
class FeedObject:
    """One event with its exceptions and zones as an object of its own, without the properties of the feed.

    `name` is its file name, `etag` the hash of its bytes, `spans` when its instances take place, sorted. `lines` are
    the unfolded lines of its components, for filters.
    """

    name: str
    uid: str
    etag: str
    content: bytes
    spans: tuple[Interval, ...]
    lines: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=16)
def split_feed(content: bytes) -> tuple[FeedObject, ...]:
    """The objects of a feed of ours, in its order."""
    head, zones, events = _read(content.decode())
    prodid = next(line for line in head if line.startswith("PRODID:"))
    begin = _HEAD.format(prodid=prodid)
    groups: dict[str, list[_Component]] = {}
    for event in events:
        groups.setdefault(event.value("UID"), []).append(event)
    return tuple(_make(begin, zones, uid, parts) for uid, parts in groups.items())


def list_parts(content: bytes) -> dict[tuple[str, datetime | None], tuple[str, ...]]:
    """The unfolded lines of each event of a feed of ours, by UID and RECURRENCE-ID where it has one."""
    _, _, events = _read(content.decode())
    marks = ((event.find("RECURRENCE-ID"), event) for event in events)
    return {(event.value("UID"), None if mark is None else _instant(mark)): event.lines for mark, event in marks}


@dataclass(frozen=True, slots=True)
class _Component:
    """A component as it is written, and its own lines unfolded."""

    text: str
    lines: tuple[str, ...]

    def find(self, name: str) -> str | None:
        """The first line of the property, with its parameters; those of an alarm do not count."""
        depth = 0
        for line in self.lines:
            depth += line.startswith("BEGIN:") - line.startswith("END:")
            if depth == 1 and line.startswith((f"{name}:", f"{name};")):
                return line
        return None

    def find_all(self, name: str) -> list[str]:
        """Every line of the property."""
        return [line for line in self.lines if line.startswith((f"{name}:", f"{name};"))]

    def value(self, name: str) -> str:
        line = self.find(name)
        assert line is not None  # our writer puts it in every event
        return line.partition(":")[2]

    def zones(self) -> set[str]:
        found = (line.partition(":")[0].partition("TZID=")[2] for line in self.lines if line.startswith(_TIMED))
        return {zone for zone in found if zone}


def _read(text: str) -> tuple[list[str], dict[str, str], list[_Component]]:
    """The lines of the calendar itself, each zone's text by its name, and the events."""
    head: list[str] = []
    zones: dict[str, str] = {}
    events: list[_Component] = []
    raw: list[str] = []
    open_name = ""
    for line in text.split("\r\n"):
        if not open_name and line in ("BEGIN:VTIMEZONE", "BEGIN:VEVENT"):
            open_name, raw = line.removeprefix("BEGIN:"), []
        if not open_name:
            head.append(line)
            continue
        raw.append(line)
        if line == f"END:{open_name}":
            whole = "\r\n".join(raw)
            component = _Component(f"{whole}\r\n", tuple(whole.replace("\r\n ", "").split("\r\n")))
            if open_name == "VEVENT":
                events.append(component)
            else:
                zones[component.value("TZID")] = component.text
            open_name = ""
    return head, zones, events


def _make(begin: str, zones: dict[str, str], uid: str, parts: list[_Component]) -> FeedObject:
    used = sorted(set().union(*(part.zones() for part in parts)))
    text = "".join((begin, *(zones[zone] for zone in used), *(part.text for part in parts), "END:VCALENDAR\r\n"))
    content = text.encode()
    return FeedObject(
        name=f"{hashlib.sha256(uid.encode()).hexdigest()[:32]}.ics",
        uid=uid,
        etag=hashlib.sha256(content).hexdigest()[:32],
        content=content,
        spans=tuple(sorted(_spans(parts))),
        lines=tuple(part.lines for part in parts),
    )


def _spans(parts: list[_Component]) -> Iterator[Interval]:
    moved = {_instant(line) for part in parts if (line := part.find("RECURRENCE-ID")) is not None}
    for part in parts:
        span = _span_of(part)
        rule = part.find("RRULE")
        if rule is None:
            yield span
        else:
            yield from (one for one in _repeat(part, span, rule) if one.start not in moved)


def _span_of(part: _Component) -> Interval:
    return Interval(_instant(part.find("DTSTART")), _instant(part.find("DTEND")))


def _repeat(part: _Component, first: Interval, rule: str) -> Iterator[Interval]:
    """The instances of `FREQ=WEEKLY;UNTIL=…Z`, the one rule we write: the same wall clock each week."""
    zone = ZoneInfo(_zone_of(part.find("DTSTART")))
    until = _read_stamp(rule.partition("UNTIL=")[2], zone)
    values = (line.partition(":")[2] for line in part.find_all("EXDATE"))
    left_out = {_read_stamp(value, zone) for line in values for value in line.split(",")}
    local = first.start.astimezone(zone)
    for week in range(MOST_INSTANCES):
        start = at_wall_clock(local.date() + week * WEEK, local.time(), zone)
        if start > until:
            return
        if start not in left_out:
            yield Interval(start, start + (first.end - first.start))


def _zone_of(line: str | None) -> str:
    return (line or "").partition(":")[0].partition("TZID=")[2] or "UTC"


def _instant(line: str | None) -> datetime:
    assert line is not None  # our writer puts start and end in every event
    return _read_stamp(line.partition(":")[2], ZoneInfo(_zone_of(line)))


def _read_stamp(value: str, zone: ZoneInfo) -> datetime:
    wall = datetime.strptime(value.rstrip("Z"), "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    if value.endswith("Z"):
        return wall
    return at_wall_clock(wall.date(), wall.time(), zone)


def expand_object(one: FeedObject, period: Interval) -> bytes:
    """The instances in the period, each by itself in UTC, without rules and zones (RFC 4791, 9.6.5)."""
    parts = [_Component("", lines) for lines in one.lines]
    moved = {_instant(line) for part in parts if (line := part.find("RECURRENCE-ID")) is not None}
    prodid = one.content.partition(b"\r\nPRODID:")[2].partition(b"\r\n")[0].decode()
    lines = _HEAD.format(prodid=f"PRODID:{prodid}").split("\r\n")[:-1]
    for part in parts:
        first, rule, mark = _span_of(part), part.find("RRULE"), part.find("RECURRENCE-ID")
        planned = None if mark is None else _instant(mark)
        spans = [first] if rule is None else [each for each in _repeat(part, first, rule) if each.start not in moved]
        for span in spans:
            if span.start < period.end and period.start < span.end:
                lines += _say_instance(part, span, planned if rule is None else span.start)
    return b"\r\n".join([*map(fold_line, lines), b"END:VCALENDAR", b""])


def _say_instance(part: _Component, span: Interval, planned: datetime | None) -> list[str]:
    times = [("RECURRENCE-ID", planned), ("DTSTART", span.start), ("DTEND", span.end)]
    said = [f"{name}:{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}" for name, instant in times if instant is not None]
    kept = [line for line in part.lines[1:] if not line.startswith((*_TIMED, *_UNTIMED))]
    return [part.lines[0], *said, *kept]


def read_name(content: bytes) -> str:
    """What a feed of ours is called."""
    head = content.partition(b"\r\nBEGIN:")[0].decode().replace("\r\n ", "")
    name = next(line for line in head.split("\r\n") if line.startswith("NAME:")).removeprefix("NAME:")
    return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], name)

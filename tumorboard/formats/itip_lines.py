"""The bytes of a calendar object in a mail → its events with only the lines that count in an answer, within limits.

icalendar reads every property of an object before anybody can look, expands its time zones and keeps them for the
next mail of a stranger; here it reads the few lines that are wanted, one by one.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from icalendar.parser import Contentline

from tumorboard.domain.errors import BadInput
from tumorboard.formats.busy_lines import Component, Line

_LINE_ENDS = re.compile(rb"[\r\n]+")
_FOLD = re.compile(rb"\n[ \t]")
_NAME = re.compile(rb"\s*([A-Za-z0-9-]+)\s*[;:]")
_PARAMETER = re.compile(r';\s*([A-Za-z0-9-]+)\s*=\s*("[^"]*"|[^";:]*)')
_PARAMETER_OF_DATE = re.compile(r';\s*([A-Za-z0-9-]+)\s*=\s*("[^"]*"|[^";]*)')
_TEXT_CODECS = re.compile(r"(euc|iso|cp|koi|gb|big5|shift|johab)")
_WIDE_CODECS = re.compile(r"utf-?(16|32)")
_KOREAN_SHIFT = b"\x1b$)C"
_OF_EVENT = frozenset(
    b"UID SEQUENCE X-MICROSOFT-CDO-APPT-SEQUENCE DTSTAMP RECURRENCE-ID DTSTART DTEND DURATION ATTENDEE COMMENT".split()
)
_OF_ZONE = frozenset(b"TZID DTSTART RRULE RDATE TZOFFSETFROM TZOFFSETTO".split())
_DATES = frozenset({"DTSTAMP", "RECURRENCE-ID", "DTSTART", "DTEND", "RDATE"})
_ONSETS = ("STANDARD", "DAYLIGHT")


@dataclass(frozen=True, slots=True, kw_only=True)
class ItipLimits:
    """Above any of these a calendar object is refused (`too-large`); of a longer line the begin is read."""

    lines: int = 300_000
    components: int = 2_000
    depth: int = 10
    events: int = 100
    kept_lines: int = 5_000
    kept_bytes: int = 1_000_000
    line_bytes: int = 10_000


LIMITS = ItipLimits()


@dataclass(slots=True)
class RawObject:
    """The METHODs (in capitals), events and time zones of all calendar objects of one part."""

    methods: list[str] = field(default_factory=list)
    events: list[Component] = field(default_factory=list)
    zones: list[Component] = field(default_factory=list)


def read_raw_object(content: bytes, *, charset: str, limits: ItipLimits = LIMITS) -> RawObject:
    """The lines that count. `charset` is what the mail says, and is believed only where the bytes are no UTF-8.

    Raises BadInput `not-a-calendar`, `incomplete-calendar`, `too-large`.
    """
    normal = _LINE_ENDS.sub(b"\n", _narrow(content, charset)).strip()
    if not normal[:16].upper().startswith(b"BEGIN:VCALENDAR"):
        raise BadInput("the part is no calendar object", code="not-a-calendar")
    if normal.count(b"\n") > limits.lines:
        raise BadInput(f"the calendar object has more than {limits.lines} lines", code="too-large")
    reader = _Reader(limits, _find_codec(charset))
    for raw in _list_lines(normal):
        reader.take(raw)
    return reader.finish()


def _narrow(content: bytes, charset: str) -> bytes:
    """The same in an encoding whose ASCII characters are single bytes."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace").encode(errors="replace")
    if _WIDE_CODECS.match(charset.casefold()) and b"\0" in content[:100]:
        with suppress(LookupError, UnicodeError):
            return content.decode(charset, errors="replace").encode(errors="replace")
    return content.removeprefix(codecs.BOM_UTF8)


def _list_lines(normal: bytes) -> Iterator[bytes]:
    """Unfolded before they are decoded: some programs fold between the bytes of one character."""
    yield from _FOLD.sub(b"", normal).split(b"\n")


def _find_codec(charset: str) -> str:
    """The name of the codec, empty for an unknown one, Unicode, ASCII and those that are no text."""
    with suppress(LookupError, ValueError):
        name = codecs.lookup(charset).name
        return name if _TEXT_CODECS.match(name) else ""
    return ""


def decode_line(raw: bytes, codec: str) -> str:
    """UTF-8 where the bytes are, whatever the mail says; then what it says; then Korean."""
    if b"\x0e" in raw or _KOREAN_SHIFT in raw:
        return (_KOREAN_SHIFT + raw.replace(_KOREAN_SHIFT, b"")).decode("iso2022_kr", errors="replace")
    for name in (codec if b"\x1b" in raw else "", "utf-8", codec):
        if name:
            with suppress(UnicodeError):
                return raw.decode(name)
    return raw.decode("cp949", errors="replace")


def _cut(raw: bytes, most: int) -> bytes:
    """The begin of a long line, not within a character of UTF-8."""
    end = most
    while most - 4 < end < len(raw) and raw[end] & 0xC0 == 0x80:
        end -= 1
    return raw[:end]


class _Reader:
    def __init__(self, limits: ItipLimits, codec: str) -> None:
        self.limits, self.codec = limits, codec
        self.found = RawObject()
        self.open: list[Component] = []
        self.components = self.kept = self.kept_bytes = self.place = 0

    def take(self, raw: bytes) -> None:
        self.place += 1
        name = _NAME.match(raw, 0, 200)
        if name is None:
            return
        key = name[1].upper()
        if key in (b"BEGIN", b"END"):
            component = decode_line(raw[name.end() :][:100], self.codec).strip().upper()
            self._begin(component) if key == b"BEGIN" else self._end(component)
        elif len(self.open) == 1 and key == b"METHOD":
            self.found.methods.append(decode_line(raw[name.end() :][:100], self.codec).strip().upper())
        elif self._is_wanted(key):
            self._keep(key.decode(), raw)

    def _is_wanted(self, key: bytes) -> bool:
        if len(self.open) == 2:
            wanted = {"VEVENT": _OF_EVENT, "VTIMEZONE": _OF_ZONE}.get(self.open[-1].name, frozenset())
            return key in wanted
        return len(self.open) == 3 and key in _OF_ZONE and self._is_onset(self.open[-1])

    def _is_onset(self, component: Component) -> bool:
        return component.name in _ONSETS and self.open[1].name == "VTIMEZONE"

    def _begin(self, name: str) -> None:
        if not self.open and name != "VCALENDAR":
            raise BadInput("something stands outside the calendar object", code="not-a-calendar")
        self.components += 1
        if self.components > self.limits.components or len(self.open) >= self.limits.depth:
            raise BadInput("there are too many components, or one in the other", code="too-large")
        self.open.append(Component(name, self.place))

    def _end(self, name: str) -> None:
        if not self.open or self.open[-1].name != name:
            raise BadInput("BEGIN and END do not fit together", code="incomplete-calendar")
        closed = self.open[-1]
        if len(self.open) == 3 and self._is_onset(closed):
            self.open[-2].parts.append(closed)
        self.open.pop()
        if len(self.open) != 1:
            return
        if name == "VEVENT":
            self.found.events.append(closed)
        elif name == "VTIMEZONE":
            self.found.zones.append(closed)
        if len(self.found.events) > self.limits.events:
            raise BadInput(f"there are more than {self.limits.events} events", code="too-large")

    def _keep(self, name: str, raw: bytes) -> None:
        raw = _cut(raw, self.limits.line_bytes)
        self.kept += 1
        self.kept_bytes += len(raw)
        if self.kept > self.limits.kept_lines or self.kept_bytes > self.limits.kept_bytes:
            raise BadInput("there is too much that counts", code="too-large")
        text = decode_line(raw, self.codec)
        parameters, value = _split_date(text) if name in _DATES else _split(text)
        self.open[-1].lines.setdefault(name, []).append(Line(self.place, value, parameters))

    def finish(self) -> RawObject:
        if self.open:
            raise BadInput("the calendar object was cut short", code="incomplete-calendar")
        return self.found


def unescape(value: str) -> str:
    """A TEXT value (RFC 5545, 3.3.11) without its backslashes."""
    line = Contentline(f"X:{value}".replace("\n", " "))  # type: ignore[no-untyped-call]
    return str(line.parts()[2])


def _split_date(text: str) -> tuple[dict[str, str], str]:
    """Dates hold no colon, names of time zones without quotation marks do: `TZID=(UTC+09:00) Seoul`."""
    head, _, value = text.rpartition(":")
    return {key.upper(): found.strip().strip('"') for key, found in _PARAMETER_OF_DATE.findall(head)}, value


def _split(text: str) -> tuple[dict[str, str], str]:
    """Parameters, those with several values with a comma between, and the value as it stands."""
    try:
        line = Contentline(text)  # type: ignore[no-untyped-call]
        _, found, value = line.raw_parts()
    except ValueError:
        return _split_broken(text)
    parameters = {
        key.upper(): ",".join(value) if isinstance(value, list) else str(value) for key, value in found.items()
    }
    return parameters, str(value)


def _split_broken(text: str) -> tuple[dict[str, str], str]:
    """A line that the library refuses, such as one with a single quotation mark in a name."""
    begin = text.casefold().rfind(":mailto:")
    begin = begin if begin >= 0 else text.find(":")
    return {key.upper(): value.strip().strip('"') for key, value in _PARAMETER.findall(text[:begin])}, text[begin + 1 :]

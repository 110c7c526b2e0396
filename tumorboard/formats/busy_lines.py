"""The bytes of a calendar file → its components, with only the properties that say when somebody is busy.

icalendar reads each property of each event into an object before anybody can look. This reader never looks at a title,
and bounds lines, components and depth while it reads.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tumorboard.domain.errors import BadInput
from tumorboard.formats.busy_limits import BusyLimits, Reading

_FOLDS = (0x20, 0x09)
_ENCODED_MARKS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_PARAMETER = re.compile(r';\s*([A-Za-z0-9-]+)\s*=("[^"]*"|[^";]*)')
_INNER = frozenset(
    b"UID RECURRENCE-ID DTSTART DTEND DURATION RRULE EXRULE RDATE EXDATE STATUS TRANSP SEQUENCE ATTENDEE FREEBUSY TZID "
    b"TZOFFSETFROM TZOFFSETTO X-MICROSOFT-CDO-BUSYSTATUS".split()
)
_READ = {"VEVENT", "VFREEBUSY", "VTIMEZONE"}
_ONSETS = {"STANDARD", "DAYLIGHT"}
_NONE: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Line:
    """One property. `offset` is where it stands in the content; `parameters` has upper-case names."""

    offset: int
    value: str
    parameters: dict[str, str]


@dataclass(slots=True)
class Component:
    """What stood between BEGIN and END; `parts` are filled for time zones only."""

    name: str
    offset: int
    lines: dict[str, list[Line]] = field(default_factory=dict)
    parts: list[Component] = field(default_factory=list)

    def first(self, name: str) -> Line | None:
        """The first property of that name."""
        found = self.lines.get(name)
        return found[0] if found else None

    def text(self, name: str) -> str:
        """The value of the first property of that name, stripped; empty without one."""
        found = self.lines.get(name)
        return found[0].value.strip() if found else ""


@dataclass(slots=True)
class CalendarFile:
    """All components of a file that matter, and the METHOD each calendar object in it had (empty without one)."""

    components: list[tuple[str, Component]]


def normalise(content: bytes, limits: BusyLimits) -> bytes:
    """UTF-8 or whatever else is ASCII where it matters, without a byte order mark, with LF at the end of each line.

    Raises BadInput (`too-large`, `not-a-calendar`).
    """
    if len(content) > limits.content_bytes:
        raise BadInput(
            f"the calendar has {len(content) / 1e6:.1f} MB, the limit is {limits.content_bytes / 1e6:.0f} MB; "
            "export a shorter period",
            code="too-large",
        )
    for mark, encoding in _ENCODED_MARKS:
        if content.startswith(mark):
            content = content.decode(encoding, errors="replace").encode(errors="replace")
    content = content.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if content.count(b"\n") > limits.lines:
        raise BadInput(f"the file has more than {limits.lines} lines; export a shorter period", code="too-large")
    _refuse_other_files(content)
    return content


def _refuse_other_files(content: bytes) -> None:
    begin = content[:2_000].lstrip().upper()
    if begin.startswith(b"BEGIN:VCALENDAR"):
        return
    if not begin:
        what = "the file is empty"
    elif begin.startswith(b"<"):
        what = "this is a web page, no calendar; perhaps the link needs a log-in"
    elif begin.startswith(b"BEGIN:VCARD"):
        what = "this is a list of addresses (vCard), no calendar"
    elif begin.startswith(b"BEGIN:"):
        what = "the calendar does not begin with BEGIN:VCALENDAR"
    else:
        what = "this is no iCalendar file"
    raise BadInput(f"{what}; give the .ics file of a calendar", code="not-a-calendar")


def read_components(reading: Reading, *, owner: str | None) -> CalendarFile:
    """The events, free/busy objects and time zones of all calendars in the file.

    Raises BadInput: `incomplete-calendar` for a component that is not closed, `too-large`, `not-a-calendar`.
    """
    reader = _Reader(reading, None if owner is None else owner.casefold())
    for offset, raw in _list_lines(reading.normal):
        reader.take(offset, raw)
    return reader.finish()


def _list_lines(normal: bytes) -> Iterator[tuple[int, bytes]]:
    """Each unfolded line that is not empty, with its offset."""
    position, length = 0, len(normal)
    while position < length:
        end = normal.find(b"\n", position)
        end = length if end < 0 else end
        if end + 1 < length and normal[end + 1] in _FOLDS and end > position:
            pieces = [normal[position:end]]
            while end + 1 < length and normal[end + 1] in _FOLDS:
                begin = end + 2
                end = normal.find(b"\n", begin)
                end = length if end < 0 else end
                pieces.append(normal[begin:end])
            yield position, b"".join(pieces)
        elif end > position:
            yield position, normal[position:end]
        position = end + 1


class _Reader:
    def __init__(self, reading: Reading, owner: str | None) -> None:
        self.reading = reading
        self.owner = owner
        self.open: list[Component] = []
        self.method = ""
        self.of_calendar: list[Component] = []
        self.done: list[tuple[str, Component]] = []
        self.components = self.events = self.kept = 0
        self.said_outside = False

    def take(self, offset: int, raw: bytes) -> None:
        colon = raw.find(b":")
        if colon < 0:
            self._warn_without_colon(offset, raw)
            return
        semicolon = raw.find(b";", 0, colon)
        name = raw[: semicolon if semicolon >= 0 else colon].strip().upper()
        if name == b"BEGIN":
            self._begin(offset, _decode(raw[colon + 1 :]).strip().upper())
        elif name == b"END":
            self._end(offset, _decode(raw[colon + 1 :]).strip().upper())
        elif not self.open:
            self._warn_outside(offset)
        elif len(self.open) == 1:
            if name == b"METHOD":
                self.method = _decode(raw[colon + 1 :]).strip().upper()
        elif name in _INNER:
            self._keep(offset, _decode(name), raw)

    def _begin(self, offset: int, name: str) -> None:
        limits = self.reading.limits
        self.components += 1
        self.events += name == "VEVENT"
        if not self.open and name != "VCALENDAR":
            raise self.reading.refuse("not-a-calendar", offset, f"BEGIN:{name[:30]} stands outside a calendar")
        if self.events > limits.events:
            raise self.reading.refuse(
                "too-large", offset, f"there are more than {limits.events} events; export a shorter period"
            )
        if self.components > limits.components or len(self.open) >= limits.depth:
            raise self.reading.refuse("too-large", offset, "there are too many components, or one in the other")
        if name == "VEVENT" and len(self.open) > 1:
            self.reading.warn("nested-event", offset, f"an event inside a {self.open[-1].name[:30]} is not read")
        if name == "VAVAILABILITY" and len(self.open) == 1:
            self.reading.warn("component-not-read", offset, "availability (RFC 7953) is not read")
        if not self.open:
            self.method, self.of_calendar = "", []
        self.open.append(Component(name, offset))

    def _end(self, offset: int, name: str) -> None:
        if not self.open or self.open[-1].name != name:
            inside = self.open[-1].name[:30] if self.open else "nothing"
            raise self.reading.refuse(
                "incomplete-calendar", offset, f"END:{name[:30]} closes {inside}; export the calendar again"
            )
        closed = self.open.pop()
        if not self.open:
            self.done.extend((self.method, component) for component in self.of_calendar)
        elif len(self.open) == 1 and name in _READ:
            self.of_calendar.append(closed)
        elif len(self.open) == 2 and name in _ONSETS and self.open[-1].name == "VTIMEZONE":
            self.open[-1].parts.append(closed)

    def _keep(self, offset: int, name: str, raw: bytes) -> None:
        component = self.open[-1]
        if not (
            (len(self.open) == 2 and component.name in _READ) or (len(self.open) == 3 and component.name in _ONSETS)
        ):
            return
        text = _decode(raw)
        if name == "ATTENDEE" and (self.owner is None or self.owner not in text.casefold()):
            return
        kept = component.lines.setdefault(name, [])
        limits = self.reading.limits
        self.kept += 1
        if len(kept) >= limits.lines_of_one:
            raise self.reading.refuse(
                "too-large", offset, f"one event has more than {limits.lines_of_one} lines {name}"
            )
        if self.kept > limits.kept_lines:
            raise self.reading.refuse("too-large", offset, "the events have too many lines; export a shorter period")
        kept.append(_split(offset, text, is_address=name == "ATTENDEE"))

    def _warn_without_colon(self, offset: int, raw: bytes) -> None:
        if raw.strip():
            uid = self.open[-1].text("UID") if self.open else None
            self.reading.warn("line-without-colon", offset, "the line is no property and is not read", uid=uid)

    def _warn_outside(self, offset: int) -> None:
        if not self.said_outside:
            self.reading.warn(
                "outside-calendar", offset, "what stands outside BEGIN:VCALENDAR … END:VCALENDAR is not read"
            )
        self.said_outside = True

    def finish(self) -> CalendarFile:
        if self.open:
            raise self.reading.refuse(
                "incomplete-calendar",
                len(self.reading.normal),
                f"the file ends inside a {self.open[-1].name[:30]}; it was cut short, fetch or export it again",
            )
        return CalendarFile(self.done)


def _split(offset: int, text: str, *, is_address: bool) -> Line:
    """Parameters and value. Dates never hold a colon, names of time zones without quotation marks do."""
    begin = text.find(":") if is_address and '"' not in text else _value_at(text, last=not is_address)
    found = _PARAMETER.findall(text[:begin]) if ";" in text[:begin] else None
    parameters = {name.upper(): value.strip().strip('"') for name, value in found} if found else _NONE
    return Line(offset, text[begin + 1 :], parameters)


def _value_at(text: str, *, last: bool) -> int:
    """The place of the colon before the value: the first one outside quotation marks, or of dates the last one."""
    semicolon, colon = text.find(";"), text.find(":")
    if semicolon < 0 or colon < semicolon:
        return colon
    if last and '"' not in text:
        return text.rfind(":")
    quoted = False
    for place, sign in enumerate(text):
        if sign == '"':
            quoted = not quoted
        elif sign == ":" and not quoted:
            return place
    return text.rfind(":")


def _decode(raw: bytes) -> str:
    """UTF-8, else Korean (CP949, which holds EUC-KR)."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp949", errors="replace")

"""One VEVENT → when it begins, how long it lasts, how it repeats, and whether it blocks its owner's time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tumorboard.formats.busy_limits import Reading
from tumorboard.formats.busy_lines import Component, Line
from tumorboard.formats.busy_rules import RefusedRule, Rule, read_rule
from tumorboard.formats.busy_values import UTC_CLOCK, BadValue, Clock, Span, Stamp, read_duration, read_wall
from tumorboard.formats.busy_zones import Zones

_NOTHING = Span(0, timedelta())


class Blocking(StrEnum):
    """What an event does to its owner's time."""

    FREE = "free"
    TENTATIVE = "tentative"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Event:
    """What is kept of a VEVENT. `replaces` is RECURRENCE-ID; `rdates` have their own length where they are periods."""

    uid: str
    offset: int
    sequence: int
    blocking: Blocking
    start: Stamp
    span: Span
    replaces: Stamp | None = None
    and_later: bool = False
    rules: tuple[Rule, ...] = ()
    without_rules: tuple[Rule, ...] = ()
    rdates: tuple[tuple[Stamp, Span | None], ...] = ()
    exdates: tuple[Stamp, ...] = ()


@dataclass(frozen=True, slots=True)
class EventReader:
    """Reads events of one file. `home` is the owner's wall clock: for whole days and for times without a zone."""

    reading: Reading
    zones: Zones
    home: Clock
    owner: str | None

    def read_event(self, method: str, component: Component) -> Event | None:
        """None for one without a time that can be read, with a warning.

        Raises BadInput `unknown-time-zone` or `recurrence-refused`, not for events that block nothing.
        """
        blocking = self._find_blocking(method, component)
        uid = component.text("UID")
        started = component.first("DTSTART")
        replaced = component.first("RECURRENCE-ID")
        if blocking is Blocking.FREE and replaced is None:
            return None
        if started is None and blocking is Blocking.FREE:
            started = replaced
        if started is None:
            self.reading.warn("no-start", component.offset, "the event has no DTSTART and is left out", uid=uid)
            return None
        try:
            replaces = None if replaced is None else self.read_stamp(replaced, replaced.value)
            start = self.read_stamp(started, started.value)
        except BadValue as error:
            self.reading.warn("bad-value", component.offset, f"{error}; the event is left out", uid=uid)
            return None
        self._warn_doubled(component, uid)
        return Event(
            uid=uid,
            offset=component.offset,
            sequence=_read_sequence(component),
            blocking=blocking,
            start=start,
            span=_NOTHING if blocking is Blocking.FREE else self._read_span(component, start, uid),
            replaces=replaces,
            and_later=replaced is not None and replaced.parameters.get("RANGE", "").upper() == "THISANDFUTURE",
            rules=() if replaces else self._read_rules(component.lines.get("RRULE", ())),
            without_rules=() if replaces else self._read_rules(component.lines.get("EXRULE", ())),
            rdates=() if replaces else self._read_rdates(component, start, uid),
            exdates=() if replaces else self._read_exdates(component, start, uid),
        )

    def _find_blocking(self, method: str, component: Component) -> Blocking:
        """TRANSP and STATUS decide, Microsoft's own word only where they are absent; unknown values block."""
        status, transparency = component.text("STATUS").upper(), component.text("TRANSP").upper()
        word = component.text("X-MICROSOFT-CDO-BUSYSTATUS").upper()
        answer = self._find_answer(component.lines.get("ATTENDEE", []))
        if method == "CANCEL" or status == "CANCELLED" or answer in ("DECLINED", "DELEGATED"):
            return Blocking.FREE
        if transparency == "TRANSPARENT" or (not transparency and word == "FREE"):
            return Blocking.FREE
        is_tentative = "TENTATIVE" in (status or word, answer)
        return Blocking.TENTATIVE if is_tentative else Blocking.BUSY

    def _find_answer(self, attendees: list[Line]) -> str:
        """The owner's PARTSTAT, empty where she is not among them."""
        for line in attendees:
            addresses = (line.value.strip(), line.parameters.get("EMAIL", ""))
            if self.owner in {address.casefold().removeprefix("mailto:") for address in addresses}:
                return line.parameters.get("PARTSTAT", "").upper()
        return ""

    def read_stamp(self, line: Line, value: str, *, beside: Stamp | None = None) -> Stamp:
        """One value of a line. Without a zone it means the clock of `beside`, else the owner's. Raises BadValue."""
        wall, is_date, is_utc = read_wall(value)
        name = line.parameters.get("TZID")
        if is_date:
            return Stamp(wall, self.home, is_date=True)
        if is_utc:
            return Stamp(wall, UTC_CLOCK)
        clock = self.zones.find_clock(name, line.offset) if name else None
        if clock is not None:
            return Stamp(wall, clock)
        is_zoned = beside is not None and not beside.is_date and beside.clock is not UTC_CLOCK
        return Stamp(wall, beside.clock if beside and is_zoned else self.home, is_floating=True)

    def _read_span(self, component: Component, start: Stamp, uid: str) -> Span:
        """DTEND before DURATION; without both a day for a date and nothing for a moment (RFC 5545, 3.6.1)."""
        default = Span(1, timedelta()) if start.is_date else _NOTHING
        ended, lasting = component.first("DTEND"), component.first("DURATION")
        try:
            if ended is not None:
                return self._span_until(self.read_stamp(ended, ended.value, beside=start), start)
            if lasting is None:
                return default
            return read_duration(lasting.value)
        except BadValue as error:
            self.reading.warn("bad-end", component.offset, f"{error}; it blocks no time", uid=uid)
            return _NOTHING

    def _span_until(self, end: Stamp, start: Stamp) -> Span:
        """Whole days between dates; between moments exact time (RFC 5545, 3.8.5.3). Raises BadValue."""
        if start.is_date and end.is_date:
            days = (end.wall - start.wall).days
            if days < 0:
                raise BadValue("the event ends before it begins")
            return Span(max(days, 1), timedelta())
        exact = end.instant - start.instant
        if exact <= timedelta() and end.clock is start.clock and end.wall > start.wall:
            exact = end.wall - start.wall  # it begins in the gap of a spring change: its length is what it says
        if exact < timedelta():
            raise BadValue("the event ends before it begins")
        return Span(0, exact)

    def _read_rules(self, lines: Sequence[Line]) -> tuple[Rule, ...]:
        rules: list[Rule] = []
        for line in lines[:20]:
            try:
                rules.append(read_rule(line.value))
            except RefusedRule as error:
                raise self.reading.refuse("recurrence-refused", line.offset, str(error)) from error
        if len(lines) > 20:
            raise self.reading.refuse("recurrence-refused", lines[20].offset, "the event has more than 20 rules")
        return tuple(rules)

    def _read_rdates(self, component: Component, start: Stamp, uid: str) -> tuple[tuple[Stamp, Span | None], ...]:
        found: list[tuple[Stamp, Span | None]] = []
        for line, value in self._split_dates(component, "RDATE"):
            try:
                first, slash, last = value.partition("/")
                stamp = self.read_stamp(line, first, beside=start)
                found.append((stamp, self.read_period_end(line, last, stamp) if slash else None))
            except BadValue as error:
                self.reading.warn("bad-value", line.offset, f"RDATE: {error}; this date is left out", uid=uid)
        return tuple(found)

    def read_period_end(self, line: Line, text: str, start: Stamp) -> Span:
        """The second half of a PERIOD: a moment or a duration. Raises BadValue."""
        if text.strip()[:1].upper() in ("P", "+", "-"):
            return read_duration(text)
        return self._span_until(self.read_stamp(line, text, beside=start), start)

    def _read_exdates(self, component: Component, start: Stamp, uid: str) -> tuple[Stamp, ...]:
        found = []
        for line, value in self._split_dates(component, "EXDATE"):
            try:
                found.append(self.read_stamp(line, value, beside=start))
            except BadValue as error:
                self.reading.warn("bad-value", line.offset, f"EXDATE: {error}; nothing is left out", uid=uid)
        return tuple(found)

    def _split_dates(self, component: Component, name: str) -> list[tuple[Line, str]]:
        values: list[tuple[Line, str]] = []
        for line in component.lines.get(name, ()):
            self.reading.spend_dates(line.value.count(",") + 1, line.offset)
            values.extend((line, value) for value in line.value.split(",") if value.strip())
        return values

    def _warn_doubled(self, component: Component, uid: str) -> None:
        for name in ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID"):
            if len(component.lines.get(name, ())) > 1:
                self.reading.warn(
                    "doubled-property", component.offset, f"{name} stands twice; the first one is read", uid=uid
                )
        if "DTEND" in component.lines and "DURATION" in component.lines:
            self.reading.warn("doubled-property", component.offset, "DTEND and DURATION; DTEND is read", uid=uid)


def _read_sequence(component: Component) -> int:
    text = component.text("SEQUENCE")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def naive(instant: datetime) -> datetime:
    """A UTC instant as the wall clock of UTC."""
    return UTC_CLOCK.wall(instant)

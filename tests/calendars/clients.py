"""A calendar program in small: what RFC 5546 says it does with the messages it gets, written without our own code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
Version = tuple[int, datetime]


@dataclass(frozen=True, slots=True)
class Component:
    """A VEVENT as it was received; instants in UTC."""

    uid: str
    version: Version
    recurrence_at: datetime | None
    span: Span
    zone: ZoneInfo | None
    until: datetime | None
    excluded: frozenset[datetime]
    place: str
    partstat: str
    attendee: str
    status: str


@dataclass(slots=True)
class Entry:
    """What is kept under one UID. `gone` are cancelled instances, `ended` the version of a cancellation of all."""

    master: Component | None = None
    overrides: dict[datetime, Component] = field(default_factory=dict)
    gone: dict[datetime, Version] = field(default_factory=dict)
    ended: Version | None = None


@dataclass(slots=True)
class Client:
    """One person's calendar. `accepted` are the times she has said yes to, after seeing them."""

    address: str
    entries: dict[str, Entry] = field(default_factory=dict)
    accepted: set[Span] = field(default_factory=set)
    asked: int = 0

    def receive(self, mail: bytes) -> None:
        """Apply a message; an older one than what is known changes nothing."""
        method, components = read_mail(mail)
        for one in components:
            assert one.attendee == f"mailto:{self.address}"
        if method == "CANCEL":
            (one,) = components
            self._cancel(one)
        elif method == "REQUEST":
            self._request(components)

    def _cancel(self, one: Component) -> None:
        entry = self.entries.setdefault(one.uid, Entry())
        if one.recurrence_at is None:
            entry.ended = max(filter(None, (entry.ended, one.version)))
        else:
            entry.gone[one.recurrence_at] = max(entry.gone.get(one.recurrence_at, one.version), one.version)

    def _request(self, components: list[Component]) -> None:
        entry = self.entries.setdefault(components[0].uid, Entry())
        whole = [one for one in components if one.recurrence_at is None]
        if not whole:
            for one in components:
                self._put(entry, one)
            return
        (master,) = whole
        if entry.master is not None and entry.master.version >= master.version:
            return
        self.asked += entry.master is None or entry.master.version[0] < master.version[0]
        entry.master = master
        newer = {start: one for start, one in entry.overrides.items() if one.version > master.version}
        entry.overrides = {one.recurrence_at: one for one in components if one.recurrence_at is not None} | newer
        entry.gone = {start: version for start, version in entry.gone.items() if version > master.version}

    def _put(self, entry: Entry, one: Component) -> None:
        assert one.recurrence_at is not None
        if entry.master is not None and entry.master.version > one.version:
            return
        known = entry.overrides.get(one.recurrence_at)
        if known is None or known.version < one.version:
            entry.overrides[one.recurrence_at] = one
            self.asked += known is None or known.version[0] < one.version[0]

    def shown(self) -> dict[Span, str]:
        """When she is expected, and where."""
        return {one.span: one.place for one in self._instances()}

    def version_of(self, uid: str) -> int | None:
        """The SEQUENCE of the last message about a whole entry that she has."""
        entry = self.entries.get(uid)
        return None if entry is None or entry.master is None else entry.master.version[0]

    def accept(self) -> Iterator[tuple[str, int, datetime | None]]:
        """She accepts all that she sees: UID, SEQUENCE and RECURRENCE-ID of each answer."""
        for one in self._instances():
            self.accepted.add(one.span)
            yield one.uid, one.version[0], one.recurrence_at

    def _instances(self) -> Iterator[Component]:
        for entry in self.entries.values():
            for start, one in _expand(entry):
                gone = entry.gone.get(start)
                if (gone is None or gone < one.version) and (entry.ended is None or entry.ended < one.version):
                    yield one


def _expand(entry: Entry) -> Iterator[tuple[datetime, Component]]:
    """The instances by the start their series gives them."""
    starts = _starts(entry.master) if entry.master is not None else []
    for start in starts:
        if start not in entry.overrides and entry.master is not None:
            yield start, _instance(entry.master, start)
    yield from entry.overrides.items()


def _starts(master: Component) -> list[datetime]:
    if master.until is None:
        return [master.span[0]]
    assert master.zone is not None
    starts, local = [], master.span[0].astimezone(master.zone).replace(tzinfo=None)
    while (start := local.replace(tzinfo=master.zone).astimezone(UTC)) <= master.until:
        if start not in master.excluded:
            starts.append(start)
        local += timedelta(days=7)
    return starts


def _instance(master: Component, start: datetime) -> Component:
    span = (start, start + (master.span[1] - master.span[0]))
    recurrence_at = None if master.until is None else start
    return Component(
        master.uid, master.version, recurrence_at, span, None, None, frozenset(), master.place, master.partstat,
        master.attendee, master.status,
    )  # fmt: skip


def read_mail(mail: bytes) -> tuple[str, list[Component]]:
    """The method and the events of the calendar part."""
    message = message_from_bytes(mail, policy=default)
    (part,) = [
        part for part in message.walk() if part.get_content_type() == "text/calendar" and not part.get_filename()
    ]
    method = str(part.get_param("method"))
    content: Any = part.get_content()
    return method, read_events(content if isinstance(content, str) else content.decode())


def read_events(ics: str) -> list[Component]:
    """The events of a calendar object."""
    lines = re.sub("\r\n[ \t]", "", ics).split("\r\n")
    events: list[Component] = []
    inside: list[str] | None = None
    depth = 0
    for line in lines:
        if line == "BEGIN:VEVENT":
            inside, depth = [], 0
        elif line == "END:VEVENT" and inside is not None:
            events.append(_read_event(inside))
            inside = None
        elif inside is not None:
            depth += line.startswith("BEGIN:")
            if depth == 0:
                inside.append(line)
            depth -= line.startswith("END:")
    return events


def _read_event(lines: list[str]) -> Component:
    values: dict[str, list[tuple[dict[str, str], str]]] = {}
    for line in lines:
        name, parameters, value = _split(line)
        values.setdefault(name, []).append((parameters, value))
    zone = values["DTSTART"][0][0].get("TZID") if "DTSTART" in values else None
    until = re.search(r"UNTIL=(\w+)", values["RRULE"][0][1]) if "RRULE" in values else None
    recurrence = values.get("RECURRENCE-ID")
    parameters, attendee = values["ATTENDEE"][0]
    start = _instant(values["DTSTART"][0])
    return Component(
        uid=values["UID"][0][1],
        version=(int(values["SEQUENCE"][0][1]), _instant(values["DTSTAMP"][0])),
        recurrence_at=_instant(recurrence[0]) if recurrence else None,
        span=(start, _instant(values["DTEND"][0])),
        zone=ZoneInfo(zone) if zone else None,
        until=_instant(({}, until[1])) if until else None,
        excluded=frozenset(_instant(each) for each in values.get("EXDATE", ())),
        place=values["LOCATION"][0][1] if "LOCATION" in values else "",
        partstat=parameters.get("PARTSTAT", ""),
        attendee=attendee,
        status=values["STATUS"][0][1] if "STATUS" in values else "",
    )


def _split(line: str) -> tuple[str, dict[str, str], str]:
    head, quoted = "", False
    for index, character in enumerate(line):
        quoted ^= character == '"'
        if character == ":" and not quoted:
            head, value = line[:index], line[index + 1 :]
            break
    else:
        raise ValueError(line)
    name, *parameters = re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*$)', head)
    pairs = (parameter.split("=", 1) for parameter in parameters)
    return name, {key: text.strip('"') for key, text in pairs}, value


def _instant(property_: tuple[dict[str, str], str]) -> datetime:
    parameters, value = property_
    if value.endswith("Z"):
        return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return datetime.strptime(value, "%Y%m%dT%H%M%S").replace(tzinfo=ZoneInfo(parameters["TZID"])).astimezone(UTC)

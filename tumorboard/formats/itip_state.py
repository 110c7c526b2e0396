"""What is known of one event, as JSON, for finding out without a database what a mail would do to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from tumorboard.domain.answers import EventState
from tumorboard.domain.errors import BadInput
from tumorboard.domain.timeline import Interval
from tumorboard.formats.busy_expansion import list_occurrences
from tumorboard.formats.busy_rules import RefusedRule, read_rule
from tumorboard.formats.busy_values import BadValue, read_wall
from tumorboard.formats.checked_json import read_checked_json
from tumorboard.formats.itip_values import read_address

_TEXT = {"type": "string", "minLength": 1, "maxLength": 500}
_STAMPS = {"type": "object", "maxProperties": 10_000, "additionalProperties": _TEXT}
_SERIES = timedelta(days=3_660)
_MOST_INSTANCES = 5_000
_MOST_STEPS = 500_000

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["event"],
    "properties": {
        "event": {
            "type": "object",
            "required": ["uid", "sequence", "dtstart", "dtend", "attendees"],
            "properties": {
                "uid": _TEXT,
                "sequence": {"type": "integer", "minimum": 0, "maximum": 2**31},
                "last_sent_dtstamp": {"type": ["string", "null"], "maxLength": 500},
                "organizer": {"type": ["string", "null"], "maxLength": 500},
                "dtstart": _TEXT,
                "dtend": _TEXT,
                "rrule": {"type": ["string", "null"], "maxLength": 2_000},
                "exdate": {"type": "array", "maxItems": 10_000, "items": _TEXT},
                "attendees": _STAMPS,
                "processed": {**_STAMPS, "type": ["object", "null"]},
                "delegates": {
                    "type": "object",
                    "maxProperties": 10_000,
                    "additionalProperties": {"type": "array", "maxItems": 100, "items": _TEXT},
                },
            },
        },
        "processed": {**_STAMPS, "type": ["object", "null"]},
    },
}
"""`processed` has the DTSTAMP of the last answer taken per attendee, `delegates` who may answer for an attendee."""


@dataclass(frozen=True, slots=True)
class KnownState:
    """The event with the zone that its starts are said in."""

    event: EventState
    zone: ZoneInfo


def read_state(content: bytes, *, name: str) -> KnownState:
    """The state in a JSON text (UTF-8); `name` is what messages call the file.

    Times are written `Asia/Seoul 2026-03-04T07:30`, also the other way round, or in UTC with a Z. Raises BadInput as
    `read_checked_json` does.
    """
    value = read_checked_json(content, SCHEMA, name=name)
    event = value["event"]
    starts_at, zone = _read_time(event["dtstart"], name, "event.dtstart")
    ends_at, _ = _read_time(event["dtend"], name, "event.dtend")
    if starts_at >= ends_at:
        raise _refuse(name, "event.dtend", "lies not after dtstart")
    last_sent = event.get("last_sent_dtstamp") or "19700101T000000Z"
    processed = {**(event.get("processed") or {}), **(value.get("processed") or {})}
    state = EventState(
        uid=event["uid"],
        sequence=event["sequence"],
        last_sent=_read_time(last_sent, name, "event.last_sent_dtstamp")[0],
        organizer=read_address(event.get("organizer") or ""),
        span=Interval(starts_at, ends_at),
        attendees={_address(key, name, "event.attendees"): text.upper() for key, text in event["attendees"].items()},
        processed={
            _address(key, name, "processed"): _read_time(text, name, f"processed.{key}")[0]
            for key, text in processed.items()
        },
        delegates={
            _address(key, name, "event.delegates"): frozenset(_address(one, name, "event.delegates") for one in found)
            for key, found in event.get("delegates", {}).items()
        },
        instances=_list_instances(event, starts_at, zone, name),
        time_zone=zone.key,
    )
    return KnownState(state, zone)


def _list_instances(
    event: Mapping[str, Any], starts_at: datetime, zone: ZoneInfo, name: str
) -> frozenset[datetime] | None:
    """Of an endless series the first ten years."""
    if not event.get("rrule"):
        return None
    first = starts_at.astimezone(zone).replace(tzinfo=None)
    excluded = {_read_time(text, name, "event.exdate")[0] for text in event.get("exdate", ())}
    steps = 0

    def spend(more: int) -> None:
        nonlocal steps
        steps += more
        if steps > _MOST_STEPS:
            raise RefusedRule("it needs too much work")

    try:
        rule = read_rule(event["rrule"])
        walls = list_occurrences(rule, first, first=first, last=first + _SERIES, spend=spend)
        starts = {wall.replace(tzinfo=zone).astimezone(UTC) for wall in islice(walls, _MOST_INSTANCES)}
    except (RefusedRule, BadValue, ArithmeticError) as refused:
        raise _refuse(name, "event.rrule", str(refused)) from None
    if rule.until is not None and rule.until.is_utc:
        last = rule.until.wall.replace(tzinfo=UTC)
        starts = {start for start in starts if start <= last}
    return frozenset(starts - excluded)


def _read_time(text: str, name: str, where: str) -> tuple[datetime, ZoneInfo]:
    """The UTC instant, and the zone it was written in."""
    pieces = text.split()
    try:
        wall = next(piece for piece in pieces if piece[:4].isdigit())
        key = " ".join(piece for piece in pieces if piece is not wall)
        zone = ZoneInfo(key or "UTC")
        at, is_date, is_utc = read_wall(wall)
        if is_date or (not key and not is_utc):
            raise BadValue("no time with a zone")
        return at.replace(tzinfo=UTC if is_utc else zone).astimezone(UTC), zone
    except (BadValue, KeyError, ValueError, OSError, OverflowError, StopIteration):
        raise _refuse(name, where, f"'{text[:60]}' is no time like 'Asia/Seoul 2026-03-04T07:30'") from None


def _address(text: str, name: str, where: str) -> str:
    address = read_address(text)
    if not address:
        raise _refuse(name, where, f"'{text[:60]}' is no e-mail address")
    return address


def _refuse(name: str, where: str, why: str) -> BadInput:
    return BadInput(f"{name}, {where}: {why}", code="bad-value", file=name, where=where)

"""`flask calendar …`: calendars of other programs."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from tumorboard.domain.errors import BadInput
from tumorboard.domain.timeline import Interval
from tumorboard.formats.busy import LIMITS, BusyTimes, read_busy
from tumorboard.terminal import Group, json_option, note, print_json, print_table, say_moment

_STAMP = "%Y-%m-%dT%H:%M:%SZ"


@click.group(cls=Group)
def calendar() -> None:
    """Calendars of other programs."""


@calendar.command("busy")
@click.argument("file")
@click.option("--from", "starts", required=True, help="Begin of the period: 2026-11-01, 2026-11-01T07:30+09:00.")
@click.option("--to", "ends", required=True, help="End of the period.")
@click.option("--zone", required=True, help="The owner's time zone, for whole days and times without a zone.")
@click.option("--owner", help="The owner's e-mail address: what was declined there blocks nothing.")
@click.option("--without-domain", help="Leave out events whose UID ends with @ and this: the service's own.")
@json_option
def print_busy(
    file: str, starts: str, ends: str, zone: str, owner: str | None, without_domain: str | None, as_json: bool
) -> None:
    """Show when an exported calendar (.ics, '-' for standard input) says its owner is busy. Needs no database."""
    known = _find_zone(zone)
    start, end = _read_moment("--from", starts, known), _read_moment("--to", ends, known)
    if start >= end:
        raise BadInput("--from must lie before --to", code="bad-window")
    window = Interval(start, end)
    times = read_busy(read_bytes(file), window=window, zone=known, owner=owner, without_domain=without_domain)
    if as_json:
        print_json(_describe(times))
        return
    rows = [("busy", span) for span in times.busy] + [("tentative", span) for span in times.tentative]
    cells = [[kind, say_moment(span.start, zone), say_moment(span.end, zone)] for kind, span in rows]
    print_table(["", "from", f"to ({zone})"], cells, empty="Nothing blocks this period.")
    for warning in times.warnings:
        note(f"{warning.code}: {warning.message}")


def _describe(times: BusyTimes) -> dict[str, object]:
    return {
        "busy": [_stamps(span) for span in times.busy],
        "tentative": [_stamps(span) for span in times.tentative],
        "warnings": [
            {"code": warning.code, "line": warning.line, "uid": warning.uid, "message": warning.message}
            for warning in times.warnings
        ],
    }


def _stamps(span: Interval) -> list[str]:
    return [moment.astimezone(UTC).strftime(_STAMP) for moment in (span.start, span.end)]


def _find_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        message = f"'{name}' is no IANA time zone; give a name such as Asia/Seoul"
        raise BadInput(message, code="unknown-time-zone", zone=name) from None


def _read_moment(option: str, text: str, zone: ZoneInfo) -> datetime:
    """ISO 8601; without an offset it is read in the zone, a date is its midnight."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{option} '{text}' is no date or time; write it as 2026-11-22 or 2026-11-22T07:30+09:00"
        raise BadInput(message, code="bad-window") from None


def read_bytes(name: str) -> bytes:
    """At most one byte more than is allowed, so that the reader refuses it with its own words."""
    most = LIMITS.content_bytes + 1
    try:
        if name == "-":
            return sys.stdin.buffer.read(most)
        with Path(name).open("rb") as file:
            return file.read(most)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise BadInput(f"{name} cannot be read: {why}", code="unreadable-file") from None


COMMANDS: tuple[click.Command, ...] = (calendar,)

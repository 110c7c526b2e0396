"""Every kind of calendar object that leaves the service, and how a reader takes its lines apart."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.letters.samples import SAMPLE_NAMES, a_feed_event, an_invitation, ics_of, sample_facts
from tumorboard.domain.timeline import at_wall_clock, weekly
from tumorboard.formats.ical import (
    FeedSeries,
    FeedStatus,
    Invitation,
    SeriesInvitation,
    Weekly,
    write_cancel,
    write_decline_counter,
    write_feed,
    write_request,
    write_series_request,
)

ORACLES = Path(__file__).resolve().parents[2].parent / "shared" / "ical" / "oracles"
ZONES = (
    *("Asia/Seoul", "Asia/Tokyo", "America/New_York", "America/Los_Angeles", "Europe/Berlin", "Europe/London"),
    *("Europe/Dublin", "Australia/Sydney", "Pacific/Auckland", "Asia/Kolkata", "Australia/Lord_Howe"),
    "America/Sao_Paulo",
)
HOME_ZONES = ("Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
HARD_ZONES = ("America/Santiago", "Africa/Cairo", "Asia/Jerusalem", "Africa/Casablanca")
HOSTILE = 'A\r\nATTENDEE:mailto:x@evil.example\\n;,:"\x07\x0b\x0c\x85\u2028\u2029\ud800 \\N ^n 😀 \u1100\u1161 난소암'


def tuesdays(zone: str, count: int, *, clock: time = time(7, 30)) -> tuple[datetime, ...]:
    """The UTC starts of a weekly board in a zone, from the first Tuesday of October 2026 on."""
    first = datetime(2026, 10, 6, tzinfo=UTC).date()
    last = first + timedelta(weeks=count - 1)
    return weekly(weekday=1, local=clock, zone=ZoneInfo(zone), first=first, last=last)


def a_series(zone: str = "Asia/Seoul", *, count: int = 30, **changes: Any) -> SeriesInvitation:
    """A year's half of a weekly board: the third week is left out, the fifth is two hours later, in another room."""
    starts = tuesdays(zone, count)
    length = timedelta(minutes=90)
    first = an_invitation(starts_at=starts[0], ends_at=starts[0] + length, time_zone=zone, **changes)
    later = starts[4] + timedelta(hours=2)
    moved = an_invitation(
        starts_at=later, ends_at=later + length, time_zone=zone, **{"sequence": 1, "location": "Room B", **changes}
    )
    return SeriesInvitation(
        first=first, weekly=Weekly(until=starts[-1], excluded=(starts[2],)), overrides=((starts[4], moved),)
    )


def expected_starts(series: SeriesInvitation) -> list[datetime]:
    """When the series takes place, without the code under test."""
    zone, local = ZoneInfo(series.first.time_zone), series.first.starts_at
    clock, day = local.astimezone(zone).time(), local.astimezone(zone).date()
    starts = []
    while (start := at_wall_clock(day, clock, zone)) <= series.weekly.until:
        starts.append(start)
        day += timedelta(days=7)
    moved = {planned: event.starts_at for planned, event in series.overrides}
    return sorted(moved.get(start, start) for start in starts if start not in series.weekly.excluded)


def a_feed_series(zone: str = "Asia/Seoul") -> FeedSeries:
    """The same in a feed."""
    series = a_series(zone)

    def as_event(invitation: Invitation) -> Any:
        return a_feed_event(
            uid="s@x", starts_at=invitation.starts_at, ends_at=invitation.ends_at, time_zone=invitation.time_zone,
            location=invitation.location, sequence=invitation.sequence,
        )  # fmt: skip

    overrides = tuple((planned, as_event(event)) for planned, event in series.overrides)
    return FeedSeries(first=as_event(series.first), weekly=series.weekly, overrides=overrides)


def emitted(**words: Any) -> dict[str, bytes]:
    """One object of each kind, with these words in it, in the four home zones and a hard one."""
    objects: dict[str, bytes] = {}
    for zone in (*HOME_ZONES, "Africa/Cairo"):
        part = an_invitation(time_zone=zone, alarm_minutes=15, allow_proposals=False, **words)
        objects[f"request {zone}"] = write_request(part)
        objects[f"cancel {zone}"] = write_cancel(part, whole_meeting=True)
        objects[f"withdraw {zone}"] = write_cancel(part, whole_meeting=False)
        objects[f"decline counter {zone}"] = write_decline_counter(part)
        event_words = {name: text for name, text in words.items() if name in ("title", "description", "location")}
        events = [
            a_feed_event(uid=f"{status}@x", status=status, time_zone=zone, **event_words) for status in FeedStatus
        ]
        series = [a_feed_series(zone)] if zone in HOME_ZONES else []
        objects[f"feed {zone}"] = write_feed(words.get("title", "feed"), events, series=series, color="teal")
        if zone in HOME_ZONES:
            whole = a_series(zone, alarm_minutes=15, **words)
            (start, moved), *_ = whole.overrides
            objects[f"series {zone}"] = write_series_request(whole)
            objects[f"instance {zone}"] = write_request(moved, recurrence_at=start)
            objects[f"cancel instance {zone}"] = write_cancel(moved, whole_meeting=True, recurrence_at=start)
            objects[f"decline instance {zone}"] = write_decline_counter(moved, recurrence_at=start)
    return objects


def letters() -> dict[str, bytes]:
    """The calendar objects of the reviewed letters."""
    return {
        f"{name} {language}": ics_of(sample_facts(name, language)) for name in SAMPLE_NAMES for language in ("ko", "en")
    }


def messages() -> dict[str, bytes]:
    """Every kind of object but feeds."""
    return {name: ics for name, ics in emitted().items() if not name.startswith("feed")} | letters()


def content_lines(ics: bytes) -> list[str]:
    """The lines, unfolded."""
    return re.sub("\r\n[ \t]", "", ics.decode()).split("\r\n")[:-1]


def properties(ics: bytes, name: str) -> list[str]:
    """The unfolded lines of a property, in every component."""
    return [line for line in content_lines(ics) if re.match(rf"{name}[;:]", line)]


def events_of(ics: bytes) -> list[dict[str, list[str]]]:
    """Each VEVENT as its lines by property name, nested components left away."""
    events: list[dict[str, list[str]]] = []
    inside: list[str] = []
    for line in content_lines(ics):
        if line.startswith("BEGIN:"):
            inside.append(line[6:])
            if line == "BEGIN:VEVENT":
                events.append({})
        elif line.startswith("END:"):
            assert inside.pop() == line[4:]
        elif inside[-1] == "VEVENT":
            events[-1].setdefault(re.split("[;:]", line, maxsplit=1)[0], []).append(line)
    return events


def value(line: str) -> str:
    """What stands after the first colon outside quotes."""
    return re.sub(r'"[^"]*"', "", line).split(":", 1)[1] if ":" in line else line


def lint(linter: str, file: Path) -> dict[str, Any]:
    """What a linter beside the repository finds."""
    if not ORACLES.is_dir():
        pytest.skip("needs ../shared/ical/oracles")
    answer = subprocess.run(
        [sys.executable, str(ORACLES / "lint" / linter), str(file)], capture_output=True, check=False
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    return found

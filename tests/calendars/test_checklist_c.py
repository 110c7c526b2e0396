"""C of the conformance checklist: time zones, checked against tzdata and with parsers that are not ours."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import vobject
from dateutil.tz import tzical
from ical.calendar_stream import IcsCalendarStream

from tests.calendars.objects import HARD_ZONES, HOME_ZONES, ZONES, content_lines, emitted, letters, tuesdays
from tests.letters.samples import a_feed_event, an_invitation
from tumorboard.formats.ical import (
    SeriesInvitation,
    Weekly,
    can_repeat,
    write_feed,
    write_request,
    write_series_request,
)

OBJECTS = {**emitted(), **letters()}
EACH = pytest.mark.parametrize("ics", OBJECTS.values(), ids=OBJECTS.keys())
EACH_ZONE = pytest.mark.parametrize("zone", ZONES)
WEEKS = 52
LENGTH = timedelta(minutes=90)


def zone_blocks(ics: bytes) -> dict[str, list[str]]:
    """The lines of each VTIMEZONE by its TZID."""
    text = "\n".join(content_lines(ics))
    blocks = re.findall(r"BEGIN:VTIMEZONE\n(.*?)\nEND:VTIMEZONE", text, re.DOTALL)
    return {block.split("\n")[0].removeprefix("TZID:"): block.split("\n") for block in blocks}


def a_year(zone: str, clock: time = time(7, 30)) -> bytes:
    """A weekly series of a year."""
    starts = tuesdays(zone, WEEKS, clock=clock)
    first = an_invitation(starts_at=starts[0], ends_at=starts[0] + LENGTH, time_zone=zone)
    return write_series_request(SeriesInvitation(first=first, weekly=Weekly(until=starts[-1])))


@EACH
def test_c1_c2_each_zone_used_is_defined_and_each_defined_is_used(ics: bytes) -> None:
    used = {match[1] for line in content_lines(ics) if (match := re.search(r";TZID=([^;:]+)", line))}

    assert set(zone_blocks(ics)) == used


@EACH
def test_c3_each_onset_has_its_three_properties(ics: bytes) -> None:
    for lines in zone_blocks(ics).values():
        onsets = [line for line in lines if line in ("BEGIN:STANDARD", "BEGIN:DAYLIGHT")]
        for name in ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO"):
            assert len([line for line in lines if line.startswith(f"{name}:")]) == len(onsets)
        starts = [line for line in lines if line.startswith("DTSTART")]
        assert all(re.fullmatch(r"DTSTART:\d{8}T\d{6}", line) for line in starts)


@EACH
def test_c4_one_standard_one_daylight_one_byday_no_rdate(ics: bytes) -> None:
    for lines in zone_blocks(ics).values():
        assert lines.count("BEGIN:STANDARD") == 1
        assert lines.count("BEGIN:DAYLIGHT") <= 1
        for line in lines:
            assert not line.startswith("RDATE")
            if line.startswith("RRULE:"):
                assert re.fullmatch(r"RRULE:FREQ=YEARLY;BYDAY=-?[1-4](?:MO|TU|WE|TH|FR|SA|SU);BYMONTH=\d+", line)


@EACH
def test_c5_zone_has_no_comment(ics: bytes) -> None:
    assert [line for lines in zone_blocks(ics).values() for line in lines if line.startswith("COMMENT")] == []


@EACH_ZONE
def test_c6_onset_is_the_wall_clock_before_the_change(zone: str) -> None:
    known = ZoneInfo(zone)
    lines = zone_blocks(a_year(zone))[zone]

    if "BEGIN:DAYLIGHT" not in lines:
        offsets = {line.split(":")[1] for line in lines if line.startswith("TZOFFSET")}
        assert len(offsets) == 1
        return
    for kind in ("STANDARD", "DAYLIGHT"):
        block = lines[lines.index(f"BEGIN:{kind}") : lines.index(f"END:{kind}")]
        found = {line.split(":")[0]: line.split(":")[1] for line in block}
        local = datetime.strptime(found["DTSTART"] + "Z", "%Y%m%dT%H%M%S%z")
        before, after = (_offset(found[name]) for name in ("TZOFFSETFROM", "TZOFFSETTO"))
        instant = local - before
        assert (instant - timedelta(seconds=1)).astimezone(known).utcoffset() == before
        assert instant.astimezone(known).utcoffset() == after


def _offset(text: str) -> timedelta:
    length = timedelta(hours=int(text[1:3]), minutes=int(text[3:5]))
    return -length if text[0] == "-" else length


@EACH_ZONE
def test_c7_a_year_of_mornings_is_right_in_three_expanders(zone: str) -> None:
    expected = list(tuesdays(zone, WEEKS))
    ics = a_year(zone)

    event = vobject.readOne(ics.decode()).vevent
    with_vobject = [start.astimezone(UTC) for start in event.getrruleset(addRDate=False)]
    with_ical = [each.dtstart.astimezone(UTC) for each in IcsCalendarStream.calendar_from_ics(ics.decode()).timeline]
    assert with_vobject == expected
    assert with_ical == expected
    assert _read_with_dateutil(ics, zone) == expected


def _read_with_dateutil(ics: bytes, zone: str) -> list[datetime]:
    """The instants as the VTIMEZONE alone says them, read by dateutil."""
    block = "\n".join(zone_blocks(ics)[zone])
    reader = tzical(io.StringIO(f"BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\n{block}\nEND:VTIMEZONE\nEND:VCALENDAR\n"))
    known = ZoneInfo(zone)
    walls = [start.astimezone(known).replace(tzinfo=None) for start in tuesdays(zone, WEEKS)]
    return [wall.replace(tzinfo=reader.get(zone)).astimezone(UTC) for wall in walls]


@pytest.mark.parametrize("zone", HARD_ZONES)
def test_c7_hard_zones_get_utc_instants_and_no_series(zone: str) -> None:
    starts = tuesdays(zone, WEEKS)
    events = [
        a_feed_event(uid=f"{index}@x", starts_at=start, ends_at=start + LENGTH, time_zone=zone)
        for index, start in enumerate(starts)
    ]

    ics = write_feed("x", events)

    assert set(zone_blocks(ics)) <= ({zone} if zone == "Africa/Casablanca" else set())
    assert [
        event.dtstart.astimezone(UTC)
        for event in sorted(IcsCalendarStream.calendar_from_ics(ics.decode()).events, key=lambda event: event.dtstart)
    ] == list(starts)
    assert not can_repeat(zone, starts)
    with pytest.raises(ValueError, match="can_repeat"):
        a_year(zone)


def test_c8_seoul_is_one_standard_of_nine_hours() -> None:
    lines = zone_blocks(write_request(an_invitation()))["Asia/Seoul"]

    assert lines == [
        *("TZID:Asia/Seoul", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0900", "TZOFFSETTO:+0900"),
        *("TZNAME:KST", "END:STANDARD"),
    ]


@EACH
def test_c9_no_floating_time(ics: bytes) -> None:
    inside: list[str] = []
    for line in content_lines(ics):
        if line.startswith("BEGIN:"):
            inside.append(line[6:])
        elif line.startswith("END:"):
            inside.pop()
        elif re.match("(?:DTSTART|DTEND|RECURRENCE-ID|EXDATE|DTSTAMP|LAST-MODIFIED|CREATED)[;:]", line):
            assert line.endswith("Z") or ";TZID=" in line or "VTIMEZONE" in inside, line


@pytest.mark.parametrize("zone", HOME_ZONES)
@pytest.mark.parametrize("clock", [time(0, 30), time(7, 30), time(12), time(23, 30)])
def test_c7_other_clocks_are_right_too(zone: str, clock: time) -> None:
    event = vobject.readOne(a_year(zone, clock).decode()).vevent

    found = [start.astimezone(UTC) for start in event.getrruleset(addRDate=False)]

    assert found == list(tuesdays(zone, WEEKS, clock=clock))

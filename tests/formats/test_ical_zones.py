"""Time zones as calendars say them; numbers as in the conformance checklist."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import vobject

from tests.letters.samples import a_feed_event, an_invitation
from tumorboard.domain.timeline import weekly
from tumorboard.formats.ical import write_feed, write_request
from tumorboard.formats.zones import find_rules

ZONES = (
    *("Asia/Seoul", "Asia/Tokyo", "America/New_York", "America/Los_Angeles", "Europe/Berlin", "Europe/London"),
    *("Europe/Dublin", "Australia/Sydney", "Pacific/Auckland", "Asia/Kolkata", "Australia/Lord_Howe"),
    "America/Sao_Paulo",
)
HARD_ZONES = ("America/Santiago", "Africa/Cairo", "Asia/Jerusalem", "Africa/Casablanca")


def zone_lines(ics: bytes) -> list[str]:
    lines = ics.decode().split("\r\n")
    return lines[lines.index("BEGIN:VTIMEZONE") : lines.index("BEGIN:VEVENT")]


def test_seoul_is_one_standard_c8() -> None:
    assert zone_lines(write_request(an_invitation())) == [
        "BEGIN:VTIMEZONE",
        "TZID:Asia/Seoul",
        "BEGIN:STANDARD",
        "DTSTART:19700101T000000",
        "TZOFFSETFROM:+0900",
        "TZOFFSETTO:+0900",
        "TZNAME:KST",
        "END:STANDARD",
        "END:VTIMEZONE",
    ]


def test_new_york_begins_each_rule_before_its_change_c3_c4_c5_c6() -> None:
    assert zone_lines(write_request(an_invitation(time_zone="America/New_York"))) == [
        "BEGIN:VTIMEZONE",
        "TZID:America/New_York",
        "BEGIN:STANDARD",
        "DTSTART:20071104T020000",
        "TZOFFSETFROM:-0400",
        "TZOFFSETTO:-0500",
        "TZNAME:EST",
        "RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11",
        "END:STANDARD",
        "BEGIN:DAYLIGHT",
        "DTSTART:20070311T020000",
        "TZOFFSETFROM:-0500",
        "TZOFFSETTO:-0400",
        "TZNAME:EDT",
        "RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3",
        "END:DAYLIGHT",
        "END:VTIMEZONE",
    ]


@pytest.mark.parametrize("zone", ZONES)
def test_first_onset_is_a_change_of_the_zone_c6(zone: str) -> None:
    rules = find_rules(zone)

    assert rules is not None
    for onset in (rules.standard, rules.daylight):
        if onset is not None and onset.every is not None:
            instant = onset.instant_in(onset.first_on.year).astimezone(ZoneInfo(zone))
            before = (instant.astimezone(UTC) - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
            assert (before.utcoffset(), instant.utcoffset()) == (onset.offset_from, onset.offset_to)
            assert (
                onset.instant_in(onset.first_on.year)
                == datetime.combine(onset.first_on, onset.at, tzinfo=UTC) - onset.offset_from
            )


@pytest.mark.parametrize("zone", ZONES)
def test_weekly_meeting_of_a_year_is_read_at_the_same_instants_c7(zone: str) -> None:
    starts = weekly(weekday=1, local=time(7, 30), zone=ZoneInfo(zone), first=date(2026, 9, 1), last=date(2027, 8, 30))
    events = [
        a_feed_event(uid=f"{start:%Y%m%d}@x", starts_at=start, ends_at=start + timedelta(minutes=40), time_zone=zone)
        for start in starts
    ]

    ics = write_feed("x", events)

    read = vobject.readOne(ics.decode())
    assert len(starts) == 52
    assert ics.count(f"DTSTART;TZID={zone}:".encode()) == 52
    assert tuple(event.dtstart.value.astimezone(UTC) for event in read.vevent_list) == starts


@pytest.mark.parametrize("zone", HARD_ZONES)
@pytest.mark.parametrize("month", [1, 7, 10])
def test_hard_zone_is_written_in_utc_c7_c9(zone: str, month: int) -> None:
    start = datetime(2027, month, 12, 10, tzinfo=UTC)

    ics = write_request(an_invitation(time_zone=zone, starts_at=start, ends_at=start + timedelta(hours=1)))

    assert f"DTSTART:2027{month:02}12T100000Z\r\n".encode() in ics
    assert f"DTEND:2027{month:02}12T110000Z\r\n".encode() in ics
    assert b"TZID" not in ics


@pytest.mark.parametrize("zone", ["America/Santiago", "Africa/Cairo", "Asia/Jerusalem"])
def test_zone_that_two_rules_cannot_say_has_none_c7(zone: str) -> None:
    assert find_rules(zone) is None


def test_second_of_two_equal_wall_clocks_is_written_in_utc_c9() -> None:
    first = datetime(2026, 11, 1, 5, 15, tzinfo=UTC)  # 01:15 in New York, summer time
    second = datetime(2026, 11, 1, 6, 15, tzinfo=UTC)  # 01:15 again, winter time
    times = [{"starts_at": at, "ends_at": at + timedelta(minutes=10)} for at in (first, second)]

    ambiguous = [write_request(an_invitation(time_zone="America/New_York", **span)).decode() for span in times]

    assert "DTSTART;TZID=America/New_York:20261101T011500\r\n" in ambiguous[0]
    assert "DTSTART:20261101T061500Z\r\n" in ambiguous[1]


def test_year_before_the_rules_is_written_in_utc_c9() -> None:
    start = datetime(2000, 7, 1, 12, tzinfo=UTC)

    ics = write_request(
        an_invitation(time_zone="America/New_York", starts_at=start, ends_at=start + timedelta(hours=1))
    )

    assert b"DTSTART:20000701T120000Z\r\n" in ics


def test_each_zone_used_is_defined_once_and_no_other_c1_c2() -> None:
    events = [
        a_feed_event(uid=f"{index}@x", time_zone=zone)
        for index, zone in enumerate(["Europe/Berlin", "Asia/Seoul", "Africa/Cairo", "Europe/Berlin", "UTC"])
    ]

    text = write_feed("x", events).decode()

    assert re.findall("(?m)^TZID:(.*)\r$", text) == ["Asia/Seoul", "Europe/Berlin"]
    assert set(re.findall(";TZID=([^:]*):", text)) == {"Asia/Seoul", "Europe/Berlin"}

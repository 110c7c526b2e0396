"""Calendars made to hurt, and the process around the reader."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.formats.calendars import a_calendar, an_event, spans
from tumorboard.domain.errors import BadInput
from tumorboard.domain.timeline import Interval
from tumorboard.formats.busy import BusyLimits, BusyTimes, read_busy
from tumorboard.formats.busy_process import read_busy_apart

SEOUL = ZoneInfo("Asia/Seoul")
YEAR = Interval(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
NINE = ("DTSTART:20260304T090000Z", "DURATION:PT1H")
OLD = ("DTSTART:00500101T090000Z", "DURATION:PT1H")
EVERY_DAY_OF_YEAR = ",".join(map(str, range(1, 367)))


def read_all(content: bytes, limits: BusyLimits | None = None) -> BusyTimes:
    return read_busy(content, window=YEAR, zone=SEOUL, limits=limits or BusyLimits())


def refusal_of(content: bytes, limits: BusyLimits | None = None) -> str:
    with pytest.raises(BadInput) as refused:
        read_all(content, limits)
    return refused.value.code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not-a-calendar"),
        (b"\r\n\r\n", "not-a-calendar"),
        (b"<!DOCTYPE html><html>Sign in</html>", "not-a-calendar"),
        (b"BEGIN:VCARD\r\nEND:VCARD\r\n", "not-a-calendar"),
        (b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", "not-a-calendar"),
        (b"PK\x03\x04\x00\x00", "not-a-calendar"),
        (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "incomplete-calendar"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n", "incomplete-calendar"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTST", "incomplete-calendar"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VEVENT\r\n", "not-a-calendar"),
        (b"BEGIN:VCALENDAR\r\n" + b"BEGIN:X\r\n" * 100_000, "too-large"),
    ],
)
def test_broken_file_is_refused_by_name(content: bytes, code: str) -> None:
    assert refusal_of(content) == code


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (BusyLimits(content_bytes=100), "too-large"),
        (BusyLimits(lines=10), "too-large"),
        (BusyLimits(components=2), "too-large"),
        (BusyLimits(events=1), "too-large"),
        (BusyLimits(depth=1), "too-large"),
        (BusyLimits(kept_lines=5), "too-large"),
        (BusyLimits(lines_of_one=1), "too-large"),
        (BusyLimits(dates=2), "recurrence-refused"),
        (BusyLimits(occurrences=2), "recurrence-refused"),
        (BusyLimits(all_occurrences=3), "recurrence-refused"),
        (BusyLimits(steps=3), "recurrence-refused"),
        (BusyLimits(window_days=364), "bad-window"),
    ],
)
def test_each_limit_refuses(limits: BusyLimits, code: str) -> None:
    series = an_event(*NINE, "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20270101T000000Z,20270102T000000Z", "EXDATE:20270103")
    content = a_calendar(*series, *an_event(*NINE, uid="e2"))

    assert spans(read_all(content).busy) == ["03-04T09:00/10:00", "03-05T09:00/10:00", "03-06T09:00/10:00"]
    assert refusal_of(content, limits) == code


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;COUNT=10000000",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=999999999;BYMONTH=2;BYMONTHDAY=30",
        f"FREQ=YEARLY;COUNT=999999999;BYYEARDAY={EVERY_DAY_OF_YEAR};BYHOUR=1,2,3,4,5,6,7,8;BYMINUTE=1,2,3,4,5",
        "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11;BYMINUTE=0,10,20,30,40,50",
    ],
)
def test_recurrence_bombs_are_refused_within_seconds(rule: str) -> None:
    events = [line for number in range(60) for line in an_event(*OLD, f"RRULE:{rule}", uid=str(number))]
    began = time.process_time()

    code = refusal_of(a_calendar(*events))

    assert (code, time.process_time() - began < 20) == ("recurrence-refused", True)


def test_rule_that_never_matches_and_one_of_centuries_are_answered() -> None:
    never = an_event(*OLD, "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
    century = an_event(*OLD, "RRULE:FREQ=YEARLY;INTERVAL=2;UNTIL=99991231T235959Z", uid="e2")
    far = an_event("DTSTART:99991231T230000Z", "DURATION:P9999D", "RRULE:FREQ=YEARLY;INTERVAL=999999999999", uid="e3")
    began = time.process_time()

    times = read_all(a_calendar(*never, *century, *far))

    assert (spans(times.busy), time.process_time() - began < 1) == (["01-01T09:00/10:00"], True)


def test_long_list_of_dates_is_refused() -> None:
    assert refusal_of(a_calendar(*an_event(*NINE, "RDATE:" + "20260305T090000Z," * 200_000))) == "recurrence-refused"


def test_line_of_two_megabytes_and_folds_without_end_are_answered() -> None:
    long = an_event(*NINE, "DESCRIPTION:" + "x" * 2_000_000)
    folded = an_event("DTSTART:20260305T090000Z", "DURATION:PT1H", "DESCRIPTION:x" + "\r\n y" * 500_000, uid="e2")

    assert spans(read_all(a_calendar(*long, *folded)).busy) == ["03-04T09:00/10:00", "03-05T09:00/10:00"]


def test_series_of_one_uid_with_thousands_of_overrides_costs_no_square() -> None:
    masters = [line for _ in range(1_500) for line in an_event(*NINE)]
    overrides = [
        line
        for number in range(1_500)
        for line in an_event(f"RECURRENCE-ID;RANGE=THISANDFUTURE:20260101T{number % 24:02}{number % 60:02}00Z", *NINE)
    ]
    began = time.process_time()

    with pytest.raises(BadInput) as refused:
        read_all(a_calendar(*masters, *overrides))

    assert (refused.value.code, time.process_time() - began < 20) == ("recurrence-refused", True)


def test_warnings_are_counted_and_not_all_kept() -> None:
    times = read_all(a_calendar(*an_event(*NINE, *(["nothing"] * 150))))

    assert (len(times.warnings), times.warnings[-1].code, times.warnings[-1].message) == (
        101,
        "more-warnings",
        "50 more warnings are not shown",
    )


def test_ten_years_of_twenty_thousand_events_are_read_in_seconds() -> None:
    first = datetime(2017, 1, 1, tzinfo=UTC)
    starts = [first + timedelta(hours=4 * number) for number in range(20_000)]
    events = [line for at in starts for line in an_event(f"DTSTART:{at:%Y%m%dT%H%M%SZ}", "DURATION:PT1H", uid=str(at))]
    began = time.process_time()

    times = read_all(a_calendar(*events))

    inside = [at for at in starts if YEAR.start <= at < YEAR.end]
    assert [span.start for span in times.busy] == inside
    assert time.process_time() - began < 15


def test_reading_apart_gives_the_same_answer() -> None:
    content = a_calendar(*an_event(*NINE, "RRULE:FREQ=DAILY;COUNT=3", "STATUS:TENTATIVE"), *an_event("DTSTART:soon"))

    assert read_busy_apart(content, window=YEAR, zone=SEOUL) == read_all(content)


def test_reading_apart_gives_the_same_refusal() -> None:
    with pytest.raises(BadInput) as refused:
        read_busy_apart(a_calendar(*an_event(*NINE, "RRULE:FREQ=SECONDLY")), window=YEAR, zone=SEOUL)

    assert (refused.value.code, refused.value.values) == ("recurrence-refused", {"line": 10})


def test_reading_apart_ends_with_its_time() -> None:
    with pytest.raises(BadInput) as refused:
        read_busy_apart(a_calendar(*an_event(*NINE)), window=YEAR, zone=SEOUL, seconds=0.001)

    assert refused.value.code == "too-large"

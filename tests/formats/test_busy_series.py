"""Repetitions, exceptions and clock changes of an imported calendar."""

from __future__ import annotations

import pytest

from tests.formats.calendars import an_event, busy, read, spans
from tumorboard.domain.errors import BadInput

BERLIN = ("DTSTART;TZID=Europe/Berlin:20260302T090000", "DTEND;TZID=Europe/Berlin:20260302T100000")
WEEKLY = (*BERLIN, "RRULE:FREQ=WEEKLY;COUNT=3")


def test_series_ends_with_its_count() -> None:
    assert busy(*an_event(*WEEKLY)) == ["03-02T08:00/09:00", "03-09T08:00/09:00", "03-16T08:00/09:00"]


def test_count_is_counted_from_before_the_window() -> None:
    event = an_event("DTSTART:20200106T090000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=645")

    assert busy(*event) == ["03-02T09:00/10:00", "03-04T09:00/10:00", "03-09T09:00/10:00"]


@pytest.mark.parametrize("until", ["20260309T080000Z", "20260309T090000", "20260309"])
def test_until_is_included_in_each_form(until: str) -> None:
    assert busy(*an_event(*BERLIN, f"RRULE:FREQ=WEEKLY;UNTIL={until}")) == ["03-02T08:00/09:00", "03-09T08:00/09:00"]


def test_until_of_whole_days_is_a_day() -> None:
    event = an_event("DTSTART;VALUE=DATE:20260302", "RRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20260304T000000Z")

    assert busy(*event, zone="America/New_York") == ["03-02T05:00/03-03T05:00", "03-04T05:00/03-05T05:00"]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("FREQ=MONTHLY;BYDAY=-1FR", ["03-27T09:00/10:00", "04-24T09:00/10:00", "05-29T09:00/10:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["03-31T09:00/10:00", "05-31T09:00/10:00"]),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1",
            ["03-02T09:00/10:00", "04-01T09:00/10:00", "05-01T09:00/10:00"],
        ),
        ("FREQ=YEARLY;BYWEEKNO=20", ["05-13T09:00/10:00"]),
        ("FREQ=YEARLY;BYYEARDAY=100", ["04-10T09:00/10:00"]),
        ("FREQ=YEARLY;BYDAY=10MO", ["03-09T09:00/10:00"]),
        (
            "FREQ=DAILY;INTERVAL=40;BYHOUR=9,12",
            ["03-17T09:00/10:00", "03-17T12:00/13:00", "04-26T09:00/10:00", "04-26T12:00/13:00"],
        ),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", []),
    ],
)
def test_rule_is_expanded(rule: str, said: list[str]) -> None:
    event = an_event("DTSTART:20250101T090000Z", "DURATION:PT1H", f"RRULE:{rule}")

    assert busy(*event) == said


def test_leap_day_of_each_year_comes_only_where_there_is_one() -> None:
    event = an_event("DTSTART:20240229T090000Z", "DURATION:PT1H", "RRULE:FREQ=YEARLY")

    assert busy(*event, window=("2025-01-01", "2028-12-31")) == ["02-29T09:00/10:00"]


@pytest.mark.parametrize(
    "exdate",
    [
        "EXDATE;TZID=Europe/Berlin:20260309T090000",
        "EXDATE:20260309T080000Z",
        "EXDATE:20260309T090000",
        "EXDATE;VALUE=DATE:20260309",
        "EXDATE;TZID=Asia/Seoul:20260309T170000",
        "EXDATE:20260309T080000Z,20270101T000000Z",
    ],
)
def test_exdate_takes_an_occurrence_out_in_each_form(exdate: str) -> None:
    assert busy(*an_event(*WEEKLY, exdate)) == ["03-02T08:00/09:00", "03-16T08:00/09:00"]


def test_exdate_of_whole_days_may_be_a_moment() -> None:
    event = an_event("DTSTART;VALUE=DATE:20260302", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20260302T000000")

    assert busy(*event) == ["03-02T15:00/03-03T15:00"]


def test_rdate_adds_occurrences_and_periods_have_their_own_length() -> None:
    event = an_event(
        *BERLIN,
        "RDATE;TZID=Europe/Berlin:20260303T090000",
        "RDATE;VALUE=PERIOD:20260304T090000Z/PT2H,20260305T090000Z/20260305T093000Z",
    )

    assert busy(*event) == ["03-02T08:00/09:00", "03-03T08:00/09:00", "03-04T09:00/11:00", "03-05T09:00/09:30"]


def test_exrule_takes_occurrences_out() -> None:
    event = an_event(*BERLIN, "RRULE:FREQ=DAILY;COUNT=4", "EXRULE:FREQ=DAILY;INTERVAL=2;COUNT=3")

    assert busy(*event) == ["03-02T08:00/09:00", "03-03T08:00/09:00", "03-05T08:00/09:00"]


@pytest.mark.parametrize(
    "replaced",
    [
        "RECURRENCE-ID;TZID=Europe/Berlin:20260309T090000",
        "RECURRENCE-ID:20260309T080000Z",
        "RECURRENCE-ID;VALUE=DATE:20260309",
    ],
)
def test_moved_occurrence_leaves_its_old_time(replaced: str) -> None:
    moved = an_event(replaced, "DTSTART:20260310T120000Z", "DURATION:PT2H")

    assert busy(*moved, *an_event(*WEEKLY)) == ["03-02T08:00/09:00", "03-10T12:00/14:00", "03-16T08:00/09:00"]


def test_cancelled_occurrence_blocks_nothing() -> None:
    cancelled = an_event("RECURRENCE-ID:20260309T080000Z", "DTSTART:20260309T080000Z", "STATUS:CANCELLED")

    assert busy(*an_event(*WEEKLY), *cancelled) == ["03-02T08:00/09:00", "03-16T08:00/09:00"]


def test_occurrence_moved_into_the_window_blocks() -> None:
    moved = an_event("RECURRENCE-ID:20260309T080000Z", "DTSTART:20260401T080000Z", "DURATION:PT1H")

    assert busy(*an_event(*WEEKLY), *moved, window=("2026-04-01", "2026-05-01")) == ["04-01T08:00/09:00"]


def test_declined_occurrence_of_an_accepted_series_is_free() -> None:
    mine = "ATTENDEE;PARTSTAT={}:mailto:kim@hospital.example"
    declined = an_event("RECURRENCE-ID:20260309T080000Z", "DTSTART:20260309T080000Z", mine.format("DECLINED"))

    series = an_event(*WEEKLY, mine.format("ACCEPTED"))

    assert busy(*series, *declined, owner="kim@hospital.example") == ["03-02T08:00/09:00", "03-16T08:00/09:00"]


def test_this_and_future_moves_and_lengthens_all_later_ones() -> None:
    later = an_event(
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260309T080000Z",
        "DTSTART;TZID=Europe/Berlin:20260310T110000",
        "DTEND;TZID=Europe/Berlin:20260310T130000",
    )

    assert busy(*an_event(*WEEKLY), *later) == ["03-02T08:00/09:00", "03-10T10:00/12:00", "03-17T10:00/12:00"]


def test_this_and_future_may_cancel_all_later_ones() -> None:
    later = an_event("RECURRENCE-ID;RANGE=THISANDFUTURE:20260309T080000Z", "STATUS:CANCELLED")

    assert busy(*an_event(*WEEKLY), *later) == ["03-02T08:00/09:00"]


def test_this_and_future_without_its_series_is_told() -> None:
    times = read(*an_event("RECURRENCE-ID;RANGE=THISANDFUTURE:20260309T080000Z", *BERLIN))

    assert (spans(times.busy), [warning.code for warning in times.warnings]) == (
        ["03-02T08:00/09:00"],
        ["later-without-series"],
    )


@pytest.mark.parametrize(
    ("zone", "window", "said"),
    [
        (
            "Europe/Berlin",
            ("2026-03-28", "2026-03-31"),
            ["03-28T08:00/09:00", "03-29T07:00/08:00", "03-30T07:00/08:00"],
        ),
        (
            "Europe/Berlin",
            ("2026-10-24", "2026-10-27"),
            ["10-24T07:00/08:00", "10-25T08:00/09:00", "10-26T08:00/09:00"],
        ),
        (
            "America/New_York",
            ("2026-03-07", "2026-03-10"),
            ["03-07T14:00/15:00", "03-08T13:00/14:00", "03-09T13:00/14:00"],
        ),
        (
            "Australia/Lord_Howe",
            ("2026-04-03", "2026-04-06"),
            ["04-03T22:00/23:00", "04-04T22:30/23:30", "04-05T22:30/23:30"],
        ),
    ],
)
def test_series_keeps_its_wall_clock_through_a_clock_change(
    zone: str, window: tuple[str, str], said: list[str]
) -> None:
    event = an_event(f"DTSTART;TZID={zone}:20260101T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY")

    assert busy(*event, window=window) == said


@pytest.mark.parametrize(
    ("zone", "local", "said"),
    [
        ("Europe/Berlin", "20260329T023000", "03-29T01:30/02:00"),
        ("America/New_York", "20260308T023000", "03-08T07:30/08:00"),
        ("Australia/Lord_Howe", "20261004T021500", "10-03T15:45/16:15"),
        ("Europe/Berlin", "20261025T023000", "10-25T00:30/01:00"),
        ("America/New_York", "20261101T013000", "11-01T05:30/06:00"),
    ],
)
def test_skipped_time_uses_the_offset_before_and_repeated_time_is_the_first(zone: str, local: str, said: str) -> None:
    event = an_event(f"DTSTART;TZID={zone}:{local}", "DURATION:PT30M")

    assert busy(*event, window=("2026-03-01", "2026-12-01")) == [said]


def test_end_means_exact_time_and_a_day_of_duration_means_the_wall_clock() -> None:
    start = "DTSTART;TZID=Europe/Berlin:20260321T200000"
    exact = an_event(start, "DTEND;TZID=Europe/Berlin:20260322T200000", "RRULE:FREQ=WEEKLY;COUNT=2", uid="a")
    nominal = an_event(start, "DURATION:P1D", "RRULE:FREQ=WEEKLY;COUNT=2", uid="b")

    assert busy(*exact) == ["03-21T19:00/03-22T19:00", "03-28T19:00/03-29T19:00"]
    assert busy(*nominal) == ["03-21T19:00/03-22T19:00", "03-28T19:00/03-29T18:00"]


def test_all_day_series_keeps_its_days_through_a_clock_change() -> None:
    event = an_event("DTSTART;VALUE=DATE:20260301", "RRULE:FREQ=WEEKLY;COUNT=6")

    assert busy(*event, zone="Europe/Berlin", window=("2026-03-28", "2026-04-30")) == [
        "03-28T23:00/03-29T22:00",
        "04-04T22:00/04-05T22:00",
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;COUNT=2",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;COUNT=0",
        "FREQ=FORTNIGHTLY",
        "INTERVAL=2",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=WEEKLY;UNTIL=soon",
        "FREQ=DAILY;BYHOUR=0,1,2,3;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYSECOND=0,1,2",
        "RSCALE=CHINESE;FREQ=YEARLY",
        "FREQ=DAILY;FREQ=WEEKLY",
        "D1 #10",
    ],
)
def test_rule_that_is_nonsense_or_too_much_is_refused(rule: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(*an_event(*BERLIN, f"RRULE:{rule}"))

    assert (refused.value.code, str(refused.value).startswith("line ")) == ("recurrence-refused", True)


def test_nonsense_in_a_free_event_refuses_nothing() -> None:
    assert busy(*an_event(*BERLIN, "RRULE:FREQ=SECONDLY", "TRANSP:TRANSPARENT")) == []

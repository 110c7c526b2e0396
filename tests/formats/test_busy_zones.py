"""Which clock a TZID of an imported calendar means."""

from __future__ import annotations

import pytest

from tests.formats.calendars import an_event, busy, read, spans
from tumorboard.domain.errors import BadInput


def a_zone(name: str, *parts: tuple[str, str, str, str]) -> list[str]:
    """A VTIMEZONE; each part is DTSTART, TZOFFSETFROM, TZOFFSETTO and further lines."""
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}"]
    for start, before, after, more in parts:
        kind = "DAYLIGHT" if after > before else "STANDARD"
        lines += [f"BEGIN:{kind}", f"DTSTART:{start}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}"]
        lines += [*filter(None, more.split("|")), f"END:{kind}"]
    return [*lines, "END:VTIMEZONE"]


def at_nine(name: str, day: str = "20260304") -> list[str]:
    return an_event(f"DTSTART;TZID={name}:{day}T090000", "DURATION:PT1H")


MOON = a_zone(
    "Moon",
    ("16010101T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"),
    ("16010101T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3"),
)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Asia/Seoul", "03-04T00:00/01:00"),
        ("asia/seoul", "03-04T00:00/01:00"),
        ('"Asia/Seoul"', "03-04T00:00/01:00"),
        ("UTC", "03-04T09:00/10:00"),
        ("tzone://Microsoft/Utc", "03-04T09:00/10:00"),
        ("Korea Standard Time", "03-04T00:00/01:00"),
        ("W. Europe Standard Time", "03-04T08:00/09:00"),
        ('"(UTC+09:00) Seoul"', "03-04T00:00/01:00"),
        ("(UTC+09:00) Seoul", "03-04T00:00/01:00"),
        ('"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"', "03-04T08:00/09:00"),
        ('"(UTC-05:00) Eastern Time (US & Canada)"', "03-04T14:00/15:00"),
        ("/mozilla.org/20070129_1/Europe/Berlin", "03-04T08:00/09:00"),
        ("/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires", "03-04T12:00/13:00"),
        ("대한민국 표준시", "03-04T00:00/01:00"),
        ("UTC+09:00", "03-04T00:00/01:00"),
        ("GMT-0330", "03-04T12:30/13:30"),
    ],
)
def test_known_name_needs_no_definition(name: str, said: str) -> None:
    assert busy(*at_nine(name)) == [said]


@pytest.mark.parametrize("name", ["Mars/Olympus", "Eastern", "XST", '"(UTC+09:00) Atlantis"', '"(UTC+08:00) Seoul"'])
def test_unknown_name_without_a_definition_is_refused(name: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(*at_nine(name))

    assert refused.value.code == "unknown-time-zone"


def test_empty_name_is_no_name() -> None:
    assert busy(*at_nine("")) == ["03-04T00:00/01:00"]


def test_unknown_name_of_a_free_event_refuses_nothing() -> None:
    free = an_event("DTSTART;TZID=Mars/Olympus:20260304T090000", "DURATION:PT1H", "TRANSP:TRANSPARENT")

    assert busy(*free) == []


def test_iana_name_means_iana_whatever_the_file_says() -> None:
    wrong = a_zone("Europe/Berlin", ("20000101T000000", "+0500", "+0500", ""))

    assert busy(*wrong, *at_nine("Europe/Berlin")) == ["03-04T08:00/09:00"]


def test_any_other_name_means_the_zone_of_the_file() -> None:
    assert busy(*at_nine("Moon"), *MOON) == ["03-04T08:00/09:00"]
    assert busy(*at_nine("Moon", "20260401"), *MOON) == ["04-01T07:00/08:00"]


def test_windows_name_with_a_definition_means_the_definition() -> None:
    own = a_zone("Korea Standard Time", ("16010101T000000", "+0800", "+0800", ""))

    assert busy(*own, *at_nine("Korea Standard Time")) == ["03-04T01:00/02:00"]


def test_definition_is_found_by_a_name_with_escaped_commas() -> None:
    own = a_zone(r"(UTC+07:00) Bangkok\, Atlantis", ("16010101T000000", "+0700", "+0700", ""))

    assert busy(*own, *at_nine('"(UTC+07:00) Bangkok, Atlantis"')) == ["03-04T02:00/03:00"]


@pytest.mark.parametrize(
    ("local", "said"),
    [("20260329T023000", "03-29T01:30/02:30"), ("20261025T023000", "10-25T00:30/01:30")],
)
def test_zone_of_the_file_has_the_same_gap_and_overlap_as_any_other(local: str, said: str) -> None:
    event = an_event(f"DTSTART;TZID=Moon:{local}", "DURATION:PT1H")

    assert busy(*MOON, *event, window=("2026-03-01", "2026-12-01")) == [said]


def test_zone_of_the_file_may_list_its_changes_and_end_its_rules() -> None:
    own = a_zone(
        "Listed",
        ("19800101T000000", "+0200", "+0100", "RRULE:FREQ=YEARLY;UNTIL=19900101T000000Z"),
        ("20260401T000000", "+0100", "+0300", "RDATE:20260401T000000"),
    )

    assert busy(*own, *at_nine("Listed")) == ["03-04T08:00/09:00"]
    assert busy(*own, *at_nine("Listed", "20260501")) == ["05-01T06:00/07:00"]


@pytest.mark.parametrize(
    "part",
    [
        ("20000101T000000", "+0100", "noon", ""),
        ("soon", "+0100", "+0100", ""),
        ("16010101T000000", "+0100", "+0100", "RRULE:FREQ=SECONDLY"),
        ("16010101T000000", "+0100", "+0100", "RRULE:FREQ=DAILY;COUNT=100000"),
    ],
)
def test_broken_definition_is_refused_unless_a_table_knows_the_name(part: tuple[str, str, str, str]) -> None:
    with pytest.raises(BadInput) as refused:
        read(*a_zone("Moon", part), *at_nine("Moon"))
    known = read(*a_zone("Korea Standard Time", part), *at_nine("Korea Standard Time"))

    assert refused.value.code == "unknown-time-zone"
    assert (spans(known.busy), [warning.code for warning in known.warnings]) == (
        ["03-04T00:00/01:00"],
        ["bad-time-zone"],
    )


def test_outlooks_placeholder_without_a_definition_means_the_owners_zone_and_is_told() -> None:
    times = read(*at_nine("Customized Time Zone"))

    assert (spans(times.busy), [warning.code for warning in times.warnings]) == (
        ["03-04T00:00/01:00"],
        ["placeholder-time-zone"],
    )


def test_event_in_the_gap_of_a_spring_change_keeps_its_length() -> None:
    gap = "DTSTART;TZID=Europe/Berlin:20260329T023000"
    times = read(*an_event(gap, "DTEND;TZID=Europe/Berlin:20260329T033000"))

    assert (spans(times.busy), times.warnings) == (["03-29T01:30/02:30"], ())

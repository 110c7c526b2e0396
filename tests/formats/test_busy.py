"""What blocks somebody's time: one event at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.formats.calendars import a_calendar, an_event, busy, read, spans
from tumorboard.domain.errors import BadInput
from tumorboard.domain.timeline import Interval
from tumorboard.formats.busy import BusyTimes, read_busy

NINE = ("DTSTART:20260304T090000Z", "DTEND:20260304T100000Z")
OWNER = "kim@hospital.example"


def test_timed_event_blocks_its_time() -> None:
    assert busy(*an_event(*NINE)) == ["03-04T09:00/10:00"]


@pytest.mark.parametrize(
    ("duration", "said"),
    [("PT1H30M", "03-04T09:00/10:30"), ("P1D", "03-04T09:00/03-05T09:00"), ("P1W", "03-04T09:00/03-11T09:00")],
)
def test_duration_takes_the_place_of_an_end(duration: str, said: str) -> None:
    assert busy(*an_event("DTSTART:20260304T090000Z", f"DURATION:{duration}")) == [said]


def test_all_day_event_is_read_in_the_owners_zone() -> None:
    event = an_event("DTSTART;VALUE=DATE:20260304", "DTEND;VALUE=DATE:20260306")

    assert busy(*event) == ["03-03T15:00/03-05T15:00"]
    assert busy(*event, zone="America/New_York") == ["03-04T05:00/03-06T05:00"]


@pytest.mark.parametrize("end", [(), ("DTEND;VALUE=DATE:20260304",)])
def test_date_without_a_later_end_lasts_a_day(end: tuple[str, ...]) -> None:
    assert busy(*an_event("DTSTART;VALUE=DATE:20260304", *end)) == ["03-03T15:00/03-04T15:00"]


@pytest.mark.parametrize("end", [(), ("DTEND:20260304T090000Z",), ("DURATION:PT0S",)])
def test_moment_without_a_length_blocks_nothing(end: tuple[str, ...]) -> None:
    assert busy(*an_event("DTSTART:20260304T090000Z", *end)) == []


def test_floating_time_is_read_in_the_owners_zone() -> None:
    event = an_event("DTSTART:20260304T090000", "DTEND:20260304T100000")

    assert busy(*event) == ["03-04T00:00/01:00"]
    assert busy(*event, zone="Europe/Berlin") == ["03-04T08:00/09:00"]


def test_end_without_a_zone_is_on_the_clock_of_the_start() -> None:
    event = an_event("DTSTART;TZID=Europe/Berlin:20260304T090000", "DTEND:20260304T100000")

    assert busy(*event) == ["03-04T08:00/09:00"]


def test_events_that_touch_or_overlap_become_one() -> None:
    later = an_event("DTSTART:20260304T100000Z", "DURATION:PT1H", uid="e2")
    inside = an_event("DTSTART:20260304T093000Z", "DURATION:PT10M", uid="e3")

    assert busy(*later, *inside, *an_event(*NINE)) == ["03-04T09:00/11:00"]


def test_events_are_cut_to_the_window() -> None:
    assert busy(*an_event(*NINE), window=("2026-03-04T09:20", "2026-03-04T09:40")) == ["03-04T09:20/09:40"]
    assert busy(*an_event(*NINE), window=("2026-03-04T10:00", "2026-03-04T11:00")) == []


def test_intervals_are_utc_and_hold_nothing_but_times() -> None:
    times = read(*an_event("DTSTART;TZID=Asia/Seoul:20260304T180000", "DURATION:PT1H", "LOCATION:canary-room"))

    nine = datetime(2026, 3, 4, 9, tzinfo=UTC)
    assert times == BusyTimes(busy=(Interval(nine, nine + timedelta(hours=1)),), tentative=(), warnings=())
    assert times.busy[0].start.tzinfo is UTC


@pytest.mark.parametrize(
    "line",
    ["TRANSP:TRANSPARENT", "transp:transparent", "STATUS:CANCELLED", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"],
)
def test_free_event_blocks_nothing(line: str) -> None:
    assert busy(*an_event(*NINE, line)) == []


@pytest.mark.parametrize(
    "lines",
    [
        ("TRANSP:QPAQUE",),
        ("TRANSP:OPAQUE", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:OOF",),
        ("STATUS:CONFIRMED", "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE"),
    ],
)
def test_unknown_words_and_standard_words_before_microsofts_block(lines: tuple[str, ...]) -> None:
    assert busy(*an_event(*NINE, *lines)) == ["03-04T09:00/10:00"]


@pytest.mark.parametrize("line", ["STATUS:TENTATIVE", "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE"])
def test_tentative_event_is_marked_apart(line: str) -> None:
    times = read(*an_event(*NINE, line))

    assert (spans(times.busy), spans(times.tentative)) == ([], ["03-04T09:00/10:00"])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("DECLINED", ([], [])),
        ("DELEGATED", ([], [])),
        ("TENTATIVE", ([], ["03-04T09:00/10:00"])),
        ("ACCEPTED", (["03-04T09:00/10:00"], [])),
        ("NEEDS-ACTION", (["03-04T09:00/10:00"], [])),
    ],
)
def test_owners_answer_decides(answer: str, said: tuple[list[str], list[str]]) -> None:
    mine = f'ATTENDEE;CN="Kim: Chief";PARTSTAT={answer}:MAILTO:Kim@Hospital.example'
    other = "ATTENDEE;PARTSTAT=DECLINED:mailto:lee-kim@hospital.example"

    times = read(*an_event(*NINE, other, mine), owner=OWNER)

    assert (spans(times.busy), spans(times.tentative)) == said


def test_declined_event_blocks_when_the_owner_is_somebody_else() -> None:
    event = an_event(*NINE, f"ATTENDEE;PARTSTAT=DECLINED:mailto:{OWNER}")

    assert busy(*event) == ["03-04T09:00/10:00"]
    assert busy(*event, owner="m@hospital.example") == ["03-04T09:00/10:00"]


def test_cancel_message_blocks_nothing() -> None:
    assert busy("METHOD:CANCEL", *an_event(*NINE)) == []


@pytest.mark.parametrize("method", ["REPLY", "COUNTER", "DECLINECOUNTER", "REFRESH"])
def test_message_about_one_invitation_is_refused(method: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(f"METHOD:{method}", *an_event(*NINE))

    assert refused.value.code == "not-a-publication"


def test_free_busy_object_blocks_by_type() -> None:
    times = read(
        "BEGIN:VFREEBUSY",
        "FREEBUSY:20260304T090000Z/PT1H,20260305T090000Z/20260305T100000Z",
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260306T090000Z/PT1H",
        "FREEBUSY;FBTYPE=X-OTHER:20260307T090000Z/PT1H",
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20260308T090000Z/PT1H",
        "FREEBUSY;FBTYPE=FREE:20260309T090000Z/PT1H",
        "END:VFREEBUSY",
    )

    assert spans(times.busy) == ["03-04T09:00/10:00", "03-05T09:00/10:00", "03-06T09:00/10:00", "03-07T09:00/10:00"]
    assert spans(times.tentative) == ["03-08T09:00/10:00"]


def test_tasks_and_alarms_block_nothing() -> None:
    task = ("BEGIN:VTODO", "UID:t", *NINE, "END:VTODO")
    alarm = ("BEGIN:VALARM", "TRIGGER:-PT15M", "DURATION:PT5H", "REPEAT:2", "END:VALARM")

    assert busy(*task, *an_event(*NINE, *alarm)) == ["03-04T09:00/10:00"]


def test_several_calendars_in_one_file_count_together() -> None:
    first = a_calendar(*an_event(*NINE))
    second = a_calendar(*an_event("DTSTART:20260305T090000Z", "DURATION:PT1H"))

    window = Interval(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
    times = read_busy(first + second, window=window, zone=ZoneInfo("Asia/Seoul"))

    assert (spans(times.busy), [warning.code for warning in times.warnings]) == (
        ["03-04T09:00/10:00", "03-05T09:00/10:00"],
        ["duplicate-uid"],
    )


def test_higher_sequence_replaces_the_same_event() -> None:
    moved = an_event("DTSTART:20260305T090000Z", "DURATION:PT1H", "SEQUENCE:1")

    times = read(*moved, *an_event(*NINE))

    assert (spans(times.busy), [warning.code for warning in times.warnings]) == (
        ["03-05T09:00/10:00"],
        ["duplicate-uid"],
    )


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("DTSTART:20260304T100000Z", "DTEND:20260304T090000Z"), "bad-end"),
        (("DTSTART:20260304T100000Z", "DURATION:-PT1H"), "bad-end"),
        (("DTSTART:20260230T100000Z", "DURATION:PT1H"), "bad-value"),
        (("DTSTART:canary-title", "DURATION:PT1H"), "bad-value"),
        (("DURATION:PT1H",), "no-start"),
        ((*NINE, "a line of nothing"), "line-without-colon"),
        ((*NINE, "DTSTART:20260305T090000Z"), "doubled-property"),
        ((*NINE, "EXDATE:soon"), "bad-value"),
    ],
)
def test_doubt_about_an_event_is_told_by_line_and_uid_and_never_by_title(lines: tuple[str, ...], code: str) -> None:
    warning = read(*an_event(*NINE, uid="fine"), *an_event(*lines, uid="odd")).warnings[0]

    assert (warning.code, warning.uid, warning.line > 9) == (code, "odd", True)
    assert warning.message.startswith(f"line {warning.line}, event odd: ")
    assert "canary" not in warning.message


def test_event_inside_an_unknown_component_is_not_read() -> None:
    times = read("BEGIN:X-OTHER", *an_event(*NINE), "END:X-OTHER")

    assert (times.busy, [warning.code for warning in times.warnings]) == ((), ["nested-event"])


def test_unread_availability_is_told() -> None:
    times = read("BEGIN:VAVAILABILITY", "UID:a", "END:VAVAILABILITY")

    assert [warning.code for warning in times.warnings] == ["component-not-read"]


@pytest.mark.parametrize(
    "change",
    [
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.replace(b"\r\n", b"\n"),
        lambda content: content.replace(b"\r\n", b"\r"),
        lambda content: content.decode().encode("utf-16"),
        lambda content: content.replace(b"canary-title", "종양 위원회".encode("euc-kr")),
        lambda content: content.replace(b"DTSTART:2026", b"DTSTART:2\r\n 02\r\n\t6"),
        lambda content: content.replace(b"canary-title", "종".encode()[:1] + b"\r\n " + "종".encode()[1:]),
        lambda content: content + b"\r\n\r\n",
    ],
    ids=["bom", "lf", "cr", "utf-16", "euc-kr", "folded", "fold-in-a-character", "empty-lines"],
)
def test_bytes_that_exporters_write_are_read(change: object) -> None:
    content = change(a_calendar(*an_event(*NINE)))  # type: ignore[operator]

    window = Interval(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
    times = read_busy(content, window=window, zone=ZoneInfo("Asia/Seoul"))

    assert (spans(times.busy), times.warnings) == (["03-04T09:00/10:00"], ())

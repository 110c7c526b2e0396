"""J of the conformance checklist: busy times that come in, by own calendars and by those of ../shared/ical/corpus."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.builders import OPERATOR, PHYSICIAN, furnish, member_id
from tests.formats.calendars import a_calendar, an_event, busy, read, spans
from tests.services.conftest import NOW, a_setup
from tests.services.https_server import HOST, Answer, HttpsServer
from tumorboard.domain.errors import BadInput
from tumorboard.domain.timeline import Interval
from tumorboard.formats.busy import BusyTimes, read_busy
from tumorboard.formats.busy_process import read_busy_apart
from tumorboard.services.busy import add_busy_address, refresh_busy, upload_busy
from tumorboard.services.busy_network import Network
from tumorboard.services.busy_views import list_busy
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import BusyInterval, BusySource

CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "ical" / "corpus" / "busy"
STAMP = "%Y%m%dT%H%M%SZ"
SEOUL = ZoneInfo("Asia/Seoul")
SECONDS = 5
NINE = ("DTSTART:20260304T090000Z", "DURATION:PT1H")
LATER = ("DTSTART:20261130T000000Z", "DURATION:PT1H")


@lru_cache(maxsize=1)
def corpus() -> dict[str, Any]:
    path = CORPUS / "expected.json"
    return json.loads(path.read_bytes()) if path.exists() else {}


def entries(*verdicts: str) -> list[tuple[str, dict[str, Any]]]:
    """The files of the corpus with one of these verdicts; skips where there is no corpus."""
    if not corpus():
        pytest.skip("needs ../shared/ical/corpus/busy")
    return [(name, entry) for name, entry in sorted(corpus().items()) if entry["verdict"] in verdicts]


def read_file(name: str, entry: dict[str, Any]) -> BusyTimes:
    stamps = entry.get("window", ["20260301T000000Z", "20260601T000000Z"])
    start, end = (datetime.strptime(stamp, STAMP).replace(tzinfo=UTC) for stamp in stamps)
    zone = ZoneInfo(entry.get("tz", "Asia/Seoul"))
    return read_busy((CORPUS / name).read_bytes(), window=Interval(start, end), zone=zone)


def described(times: BusyTimes) -> tuple[list[list[str]], list[list[str]]]:
    busy, tentative = (
        [[span.start.strftime(STAMP), span.end.strftime(STAMP)] for span in intervals]
        for intervals in (times.busy, times.tentative)
    )
    return busy, tentative


def refusal(*lines: str, **kwargs: Any) -> str:
    with pytest.raises(BadInput) as refused:
        read(*lines, **kwargs)
    return refused.value.code


def test_j1_every_busy_file_of_the_corpus_gives_exactly_its_intervals() -> None:
    wrong = [name for name, entry in entries("busy") if described(read_file(name, entry)) != (
        entry["busy"], entry["tentative"])]  # fmt: skip

    assert wrong == []


def test_j1_recurrence_with_exception_and_moved_instance_gives_exactly_its_intervals() -> None:
    series = an_event(
        "DTSTART;TZID=Asia/Seoul:20260302T180000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=4",
        "EXDATE;TZID=Asia/Seoul:20260303T180000",
    )  # fmt: skip
    moved = an_event(
        "RECURRENCE-ID;TZID=Asia/Seoul:20260304T180000", "DTSTART;TZID=Asia/Seoul:20260304T200000", "DURATION:PT30M"
    )

    assert busy(*series, *moved) == ["03-02T09:00/10:00", "03-04T11:00/11:30", "03-05T09:00/10:00"]


def test_j2_every_rejected_file_of_the_corpus_is_refused_by_name() -> None:
    for name, entry in entries("reject"):
        with pytest.raises(BadInput) as refused:
            read_file(name, entry)
        assert refused.value.code in (
            "not-a-calendar", "incomplete-calendar", "recurrence-refused", "unknown-time-zone", "not-a-publication",
            "too-large",
        ), name  # fmt: skip


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not-a-calendar"),
        (b"<!DOCTYPE html><title>Sign in</title>", "not-a-calendar"),
        (b"BEGIN:VCARD\r\nEND:VCARD\r\n", "not-a-calendar"),
        (a_calendar(*an_event(*NINE))[:-20], "incomplete-calendar"),
        (a_calendar(*an_event(*NINE, "RRULE:FREQ=SECONDLY")), "recurrence-refused"),
        (a_calendar("METHOD:REPLY", *an_event(*NINE)), "not-a-publication"),
    ],
)
def test_j2_what_is_no_calendar_is_refused_by_name(content: bytes, code: str) -> None:
    window = Interval(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))

    with pytest.raises(BadInput) as refused:
        read_busy(content, window=window, zone=SEOUL)

    assert (refused.value.code, len(str(refused.value)) > 20) == (code, True)


def test_j3_doubtful_file_of_the_corpus_is_right_or_refused() -> None:
    for name, entry in entries("busy-or-reject"):
        with suppress(BadInput):
            assert described(read_file(name, entry)) == (entry["busy"], entry["tentative"]), name


def test_j3_doubtful_event_is_left_out_with_a_warning_or_the_file_refused() -> None:
    times = read(*an_event("DTSTART:soon", "DURATION:PT1H"), *an_event(*NINE, uid="e2"))

    assert (spans(times.busy), [warning.code for warning in times.warnings]) == (["03-04T09:00/10:00"], ["bad-value"])


def test_j4_warnings_of_the_corpus_are_as_many_as_expected() -> None:
    few = [
        name
        for name, entry in entries("busy", "busy-or-reject")
        if "min_warnings" in entry and len(_warnings(name, entry)) < entry["min_warnings"]
    ]

    assert few == []


def _warnings(name: str, entry: dict[str, Any]) -> tuple[object, ...]:
    try:
        return read_file(name, entry).warnings
    except BadInput:
        return (None,) * 100


def test_j4_warning_names_event_and_line() -> None:
    times = read(*an_event(uid="broken@x"), *an_event(*NINE))

    assert [(warning.code, warning.uid, warning.line) for warning in times.warnings] == [("no-start", "broken@x", 4)]


def test_j5_files_of_the_corpus_are_read_within_their_seconds() -> None:
    for name, entry in entries("busy", "reject", "busy-or-reject"):
        began = time.process_time()
        with suppress(BadInput):
            read_file(name, entry)
        assert time.process_time() - began < entry.get("limit_seconds", SECONDS), name


def ten_years(events: int) -> bytes:
    """A calendar of ten years, one event after the other."""
    start = datetime(2018, 1, 1, tzinfo=UTC)
    lines: list[str] = []
    for number in range(events):
        at = start + timedelta(hours=4.38 * number)
        lines += an_event(f"DTSTART:{at:%Y%m%dT%H%M%SZ}", "DURATION:PT30M", "LOCATION:somewhere", uid=f"{number}@x")
    return a_calendar(*lines)


BOMBS = {
    "ten years of 20,000 events": (ten_years(20_000), None),
    "one line of 1 MB": (a_calendar(*an_event(*LATER, "DESCRIPTION:" + "x" * 1_000_000)), None),
    "one UID of 1 MB": (a_calendar(*an_event(*LATER, uid="x" * 1_000_000)), None),
    "components in components": (a_calendar(*["BEGIN:VEVENT"] * 100_000), "too-large"),
    "two events with one UID": (a_calendar(*an_event(*LATER), *an_event("DTSTART:20261201T000000Z")), None),
    "every second": (a_calendar(*an_event(*LATER, "RRULE:FREQ=SECONDLY;COUNT=10000000")), "recurrence-refused"),
    "no interval": (a_calendar(*an_event(*LATER, "RRULE:FREQ=DAILY;INTERVAL=0")), "recurrence-refused"),
    "30 February": (a_calendar(*an_event(*LATER, "RRULE:FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30")), "recurrence-refused"),
    "a thousand rules": (a_calendar(*an_event(*LATER, *["RRULE:FREQ=DAILY"] * 1_000)), "recurrence-refused"),
    "events that all repeat": (
        a_calendar(*(line for n in range(2_000) for line in an_event(*LATER, "RRULE:FREQ=DAILY", uid=f"{n}@x"))),
        "recurrence-refused",
    ),
}  # fmt: skip


@pytest.fixture
def member(engine: Engine) -> Iterator[tuple[Session, Setup, str]]:
    """A session on the small centre, its setup with an allowed host, and the physician's id."""
    setup = a_setup(busy_hosts=(HOST,))
    with Session(engine) as session:
        furnish(session, setup, now=NOW)
        yield session, setup, member_id(session, PHYSICIAN)


@pytest.mark.parametrize("name", BOMBS)
def test_j5_bad_input_through_the_upload_door_is_bounded(member: tuple[Session, Setup, str], name: str) -> None:
    session, setup, who = member
    content, code = BOMBS[name]
    began = time.monotonic()

    refused: str | None = None
    try:
        upload_busy(session, setup, member_id=who, content=content, by=OPERATOR, now=NOW)
    except BadInput as error:
        refused = error.code

    out_of_time = name == "events that all repeat" and refused == "too-large"  # on a machine with much to do
    assert (refused == code or out_of_time, time.monotonic() - began < 40) == (True, True), refused
    assert (session.scalars(select(BusyInterval)).first() is None) == (code is not None)


ODD_ZONE = [
    "BEGIN:VTIMEZONE", "TZID:{name}", "BEGIN:STANDARD", "DTSTART:20000101T000000", "TZOFFSETFROM:+0500",
    "TZOFFSETTO:+0500", "END:STANDARD", "END:VTIMEZONE",
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "has_definition", "hour"),
    [
        ("Asia/Seoul", True, "00:00"),  # IANA data, whatever the file says
        ("Our own zone", True, "04:00"),  # the file's VTIMEZONE
        ("Korea Standard Time", False, "00:00"),  # a name of Windows by the table of CLDR
        ("W. Europe Standard Time", False, "08:00"),
        ("(UTC+09:00) Seoul", False, "00:00"),  # what Outlook displays
        ('"Asia/Seoul"', False, "00:00"),
    ],
)
def test_j6_time_zone_is_found_in_this_order(name: str, has_definition: bool, hour: str) -> None:
    zone = [line.format(name=name.strip('"')) for line in ODD_ZONE] if has_definition else []

    times = read(*zone, *an_event(f"DTSTART;TZID={name}:20260304T090000", "DURATION:PT1H"))

    assert [f"{span.start:%H:%M}" for span in times.busy] == [hour]


def test_j7_unknown_zone_is_an_error_and_never_utc() -> None:
    assert refusal(*an_event("DTSTART;TZID=Mars/Olympus:20260304T090000", "DURATION:PT1H")) == "unknown-time-zone"


def test_j8_floating_and_all_day_are_of_the_owner() -> None:
    event = (*an_event("DTSTART:20260304T090000", "DURATION:PT1H"), *an_event("DTSTART;VALUE=DATE:20260306", uid="e2"))

    assert busy(*event, zone="Asia/Seoul") == ["03-04T00:00/01:00", "03-05T15:00/03-06T15:00"]
    assert busy(*event, zone="America/New_York") == ["03-04T14:00/15:00", "03-06T05:00/03-07T05:00"]


@pytest.mark.parametrize(
    "line",
    [
        "TRANSP:TRANSPARENT",
        "STATUS:CANCELLED",
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
        "ATTENDEE;PARTSTAT=DECLINED:mailto:Kim@hospital.example",
    ],
)
def test_j9_what_is_free_does_not_block(line: str) -> None:
    assert busy(*an_event(*NINE, line), owner="kim@hospital.example") == []


@pytest.mark.parametrize(
    "line",
    ["STATUS:TENTATIVE", "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", "ATTENDEE;PARTSTAT=TENTATIVE:mailto:kim@x.example"],
)
def test_j9_tentative_is_marked_apart(line: str) -> None:
    times = read(*an_event(*NINE, line), owner="kim@x.example")

    assert (spans(times.busy), spans(times.tentative)) == ([], ["03-04T09:00/10:00"])


def test_j9_our_own_invitations_do_not_block() -> None:
    """She accepted, so her calendar has our meeting: that must not make her busy at it."""
    wrapped = "040000008200E00074C5B7101A82E008" + "00" * 24 + (
        b"vCal-Uid\x01\0\0\0" + b"1f3c@board.example\0").hex().upper()  # fmt: skip
    events = [
        *an_event(*NINE, uid="1f3c@Board.Example"),
        *an_event("DTSTART:20260305T090000Z", "DURATION:PT1H", uid=wrapped),
        *an_event("DTSTART:20260306T090000Z", "DURATION:PT1H", uid="1f3c@sub.board.example"),
        *an_event("DTSTART:20260307T090000Z", "DURATION:PT1H", uid="@board.example"),
        *an_event("DTSTART:20260308T090000Z", "DURATION:PT1H", uid="board.example"),
    ]
    window = Interval(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
    asked: dict[str, Any] = {"window": window, "zone": SEOUL, "without_domain": "board.example"}

    here, apart = (reader(a_calendar(*events), **asked) for reader in (read_busy, read_busy_apart))

    assert spans(here.busy) == ["03-06T09:00/10:00", "03-07T09:00/10:00", "03-08T09:00/10:00"]
    assert here == apart


CANARIES = ("canary-title", "Kanarienvogel-Praxis", "canary-attendee", "카나리아 환자", "canary-description",
            "canary-zone", "canary-uid", "canary-category", "canary-name", "canary-path")  # fmt: skip


def planted(*lines: str) -> bytes:
    return a_calendar(
        "X-WR-CALNAME:canary-name",
        *an_event(
            *LATER, "LOCATION:Kanarienvogel-Praxis", "ATTENDEE;CN=canary-attendee:mailto:canary-attendee@x.example",
            "ORGANIZER;CN=canary-attendee:mailto:canary-attendee@x.example",
            "DESCRIPTION:카나리아 환자 canary-description",
            "CATEGORIES:canary-category", "X-ALT-DESC:canary-description", *lines, uid="canary-uid",
        ),
    )  # fmt: skip


def database_bytes(session: Session) -> bytes:
    """Everything on disk: the database and what was not yet written into it."""
    path = Path(str(session.get_bind().engine.url.database))
    return b"".join(found.read_bytes() for found in path.parent.glob(f"{path.name}*"))


def test_j10_no_word_of_a_calendar_is_kept(member: tuple[Session, Setup, str], server: HttpsServer) -> None:
    session, setup, who = member
    broken = [planted("RRULE:FREQ=SECONDLY"), a_calendar(*an_event("DTSTART;TZID=canary-zone:20261130T000000"))]
    server.answers["/canary-path.ics"] = Answer(body=planted())

    upload_busy(session, setup, member_id=who, content=planted("EXDATE:canary-title"), by=OPERATOR, now=NOW)
    for content in broken:
        with pytest.raises(BadInput):
            upload_busy(session, setup, member_id=who, content=content, by=OPERATOR, now=NOW)
    add_busy_address(
        session, setup, member_id=who, address=f"https://{HOST}/canary-path.ics", by=OPERATOR, now=NOW,
        network=server.network(),
    )  # fmt: skip
    session.close()

    kept = database_bytes(session)
    found = [canary for canary in CANARIES if canary.encode() in kept or canary.encode("utf-16-le") in kept]
    assert found == ["canary-path"], "the address itself is what has to be kept"
    assert len(session.scalars(select(BusyInterval)).all()) == 2


def starts(session: Session) -> list[datetime]:
    return list(session.scalars(select(BusyInterval.starts_at).order_by(BusyInterval.starts_at)))


def test_j11_second_import_replaces_the_first(member: tuple[Session, Setup, str]) -> None:
    session, setup, who = member
    for day in (1, 2):
        content = a_calendar(*an_event(f"DTSTART:2026120{day}T000000Z", "DURATION:PT1H"))
        upload_busy(session, setup, member_id=who, content=content, by=OPERATOR, now=NOW)

    assert starts(session) == [datetime(2026, 12, 2, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer(503), "fetch-failed"),
        (Answer(body=b"<html>log in</html>", headers={"Content-Type": "text/html"}), "not-a-calendar"),
        (Answer(body=planted()[:-30]), "incomplete-calendar"),
        (Answer(body=a_calendar(*an_event("DTSTART;TZID=Mars:20261130T000000"))), "unknown-time-zone"),
    ],
)
def test_j11_failed_fetch_keeps_the_last_good_state_and_says_so(
    member: tuple[Session, Setup, str], server: HttpsServer, answer: Answer, problem: str
) -> None:
    session, setup, who = member
    server.answers["/kim.ics"] = Answer(body=a_calendar(*an_event(*LATER)))
    done = add_busy_address(
        session, setup, member_id=who, address=f"https://{HOST}/kim.ics", by=OPERATOR, now=NOW,
        network=server.network(),
    )  # fmt: skip
    server.answers["/kim.ics"] = answer
    later = NOW + timedelta(hours=1)

    with pytest.raises(BadInput):
        refresh_busy(session, setup, source_id=done.source_id, by=OPERATOR, now=later, network=server.network())

    view = list_busy(session, member_id=who, by=OPERATOR)[0]
    assert (view.problem, view.read_at, view.tried_at) == (problem, NOW, later)
    assert starts(session) == [datetime(2026, 11, 30, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (f"http://{HOST}/kim.ics", "address-not-https"),
        ("https://elsewhere.example/kim.ics", "address-not-allowed"),
    ],
)
def test_j12_only_https_from_allowed_hosts(member: tuple[Session, Setup, str], address: str, code: str) -> None:
    session, setup, who = member

    with pytest.raises(BadInput) as refused:
        add_busy_address(session, setup, member_id=who, address=address, by=OPERATOR, now=NOW)

    assert refused.value.code == code


def test_j12_private_address_behind_an_allowed_name_is_refused(
    member: tuple[Session, Setup, str], server: HttpsServer
) -> None:
    session, setup, who = member
    network = server.network(is_allowed=Network().is_allowed)

    with pytest.raises(BadInput) as refused:
        add_busy_address(
            session, setup, member_id=who, address=f"https://{HOST}/kim.ics", by=OPERATOR, now=NOW, network=network
        )

    assert (refused.value.code, server.asked) == ("address-private", [])


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(body=b"BEGIN:VCALENDAR\r\n", pieces=[bytes(1_000_000)] * 30), "too-large"),
        (Answer(body=b"B", pieces=[b"E"] * 100, pause_seconds=0.1, has_length=False), "fetch-timeout"),
        (Answer(302, headers={"Location": "https://elsewhere.example/"}), "fetch-redirected"),
        (Answer(body=b"<html>", headers={"Content-Type": "text/html"}), "not-a-calendar"),
    ],
    ids=["size", "time", "redirect", "html"],
)
def test_j12_size_time_redirects_and_web_pages_are_refused_by_name(
    member: tuple[Session, Setup, str], server: HttpsServer, answer: Answer, code: str
) -> None:
    session, setup, who = member
    server.answers["/kim.ics"] = answer

    with pytest.raises(BadInput) as refused:
        add_busy_address(
            session, setup, member_id=who, address=f"https://{HOST}/kim.ics", by=OPERATOR, now=NOW,
            network=server.network(total_seconds=2.0),
        )  # fmt: skip

    assert (refused.value.code, session.scalars(select(BusySource)).all()) == (code, [])

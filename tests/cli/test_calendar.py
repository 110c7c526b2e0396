"""`flask calendar …`, which needs no database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import SURGEON
from tests.cli.conftest import Terminal
from tests.formats.calendars import a_calendar, an_event

NINE = ("DTSTART:20260304T090000Z", "DURATION:PT1H")
MARCH = ("--from", "2026-03-01T00:00Z", "--to", "2026-04-01T00:00Z", "--zone", "Asia/Seoul")


@pytest.fixture
def bare(terminal_on: Callable[..., Terminal], tmp_path: Path) -> Iterator[Terminal]:
    """A terminal whose database is not there and must not be made."""
    database = tmp_path / "none.db"
    yield terminal_on(f"sqlite:///{database}")
    assert not database.exists()


def test_busy_prints_intervals_in_utc_and_warnings(bare: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "kim.ics"
    tentative = an_event("DTSTART:20260305T180000", "DURATION:PT1H", "STATUS:TENTATIVE", uid="e2")
    file.write_bytes(a_calendar(*an_event(*NINE, "RRULE:FREQ=DAILY;COUNT=2"), *tentative, *an_event(uid="e3")))

    assert bare.json("calendar", "busy", file, *MARCH) == {
        "busy": [["2026-03-04T09:00:00Z", "2026-03-04T10:00:00Z"], ["2026-03-05T09:00:00Z", "2026-03-05T10:00:00Z"]],
        "tentative": [["2026-03-05T09:00:00Z", "2026-03-05T10:00:00Z"]],
        "warnings": [
            {
                "code": "no-start",
                "line": 20,
                "uid": "e3",
                "message": "line 20, event e3: the event has no DTSTART and is left out",
            }
        ],
    }


def test_busy_reads_standard_input_and_the_owners_answer(bare: Terminal) -> None:
    content = a_calendar(*an_event(*NINE, "ATTENDEE;PARTSTAT=DECLINED:mailto:kim@hospital.example"))

    assert bare.json("calendar", "busy", "-", *MARCH, typed=content)["busy"] != []
    said = bare.json("calendar", "busy", "-", *MARCH, "--owner", "Kim@Hospital.example", typed=content)
    assert said == {"busy": [], "tentative": [], "warnings": []}


def test_busy_leaves_out_the_services_own_events(bare: Terminal) -> None:
    content = a_calendar(*an_event(*NINE, uid="1f3c@board.example"))

    said = bare.json("calendar", "busy", "-", *MARCH, "--without-domain", "board.example", typed=content)

    assert said["busy"] == []


def test_busy_period_without_an_offset_is_read_in_the_zone(bare: Terminal) -> None:
    content = a_calendar(*an_event("DTSTART:20260303T000000Z", "DURATION:P7D"))

    said = bare.json(
        "calendar",
        "busy",
        "-",
        "--from",
        "2026-03-04",
        "--to",
        "2026-03-05T12:00",
        "--zone",
        "Asia/Seoul",
        typed=content,
    )

    assert said["busy"] == [["2026-03-03T15:00:00Z", "2026-03-05T03:00:00Z"]]


def test_busy_in_words(bare: Terminal) -> None:
    content = a_calendar(*an_event(*NINE))

    said = bare.text("calendar", "busy", "-", *MARCH, typed=content)

    assert said.splitlines()[1:] == ["busy  2026-03-04 (Wed) 18:00  2026-03-04 (Wed) 19:00"]
    assert bare.text("calendar", "busy", "-", *MARCH, typed=a_calendar()) == "Nothing blocks this period.\n"


@pytest.mark.parametrize(
    ("content", "begin"),
    [
        (b"<html>", "not-a-calendar: this is a web page, no calendar"),
        (a_calendar(*an_event(*NINE))[:-15], "incomplete-calendar: line 11: the file ends inside a VCALENDAR"),
        (
            a_calendar(*an_event(*NINE, "RRULE:FREQ=SECONDLY")),
            "recurrence-refused: line 10: the event repeats SECONDLY",
        ),
        (a_calendar(*an_event("DTSTART;TZID=Mars:20260304T090000")), "unknown-time-zone: line 8: nothing says what"),
        (b"BEGIN:VCALENDAR\r\n" + b"X:" + b"x" * 20_000_000, "too-large: the calendar has 20.0 MB, the limit is 20 MB"),
    ],
    ids=["html", "cut", "secondly", "zone", "large"],
)
def test_busy_refuses_with_the_code(bare: Terminal, content: bytes, begin: str) -> None:
    assert bare.refusal("calendar", "busy", "-", *MARCH, "--json", typed=content).startswith(begin)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("-", "--from", "soon", "--to", "2026-04-01", "--zone", "Asia/Seoul"), "bad-window"),
        (("-", "--from", "2026-04-01", "--to", "2026-03-01", "--zone", "Asia/Seoul"), "bad-window"),
        (("-", "--from", "2020-01-01", "--to", "2026-03-01", "--zone", "Asia/Seoul"), "bad-window"),
        (("-", "--from", "2026-03-01", "--to", "2026-04-01", "--zone", "Mars/Olympus"), "unknown-time-zone"),
        (("nowhere.ics", "--from", "2026-03-01", "--to", "2026-04-01", "--zone", "Asia/Seoul"), "unreadable-file"),
        (("-", "--from", "2026-03-01"), "usage"),
    ],
)
def test_busy_refuses_words_it_cannot_understand(bare: Terminal, words: tuple[str, ...], code: str) -> None:
    assert bare.refusal("calendar", "busy", *words, typed=a_calendar()).startswith(f"{code}: ")


def soon() -> str:
    return f"DTSTART:{datetime.now(UTC) + timedelta(days=3):%Y%m%dT%H0000Z}"


def test_import_keeps_busy_times_and_sources_shows_them(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "jung.ics"
    file.write_bytes(a_calendar(*an_event(soon(), "DURATION:PT1H"), *an_event(uid="e2")))

    said = terminal.json("calendar", "import", file, "--member", SURGEON)
    listed = terminal.json("calendar", "sources")

    assert (said["busy"], said["tentative"], said["meetings"]) == (1, 0, [])
    assert said["warnings"] == [{"code": "no-start", "line": 11}]
    assert [(one["source"], one["kind"], one["busy"], one["problem"]) for one in listed] == [
        (said["source"], "upload", 1, None)
    ]


def test_import_in_words(terminal: Terminal) -> None:
    content = a_calendar(*an_event(soon(), "DURATION:PT1H"))

    assert terminal.text("calendar", "sources", "--member", SURGEON) == "no source\n"
    assert terminal.text("calendar", "import", "-", "--member", SURGEON, typed=content) == "read: 1 busy, 0 not sure\n"
    assert SURGEON in terminal.text("calendar", "sources", "--member", SURGEON)


@pytest.mark.parametrize(
    ("content", "member", "code"),
    [(b"<html>", SURGEON, "not-a-calendar"), (b"", SURGEON, "no-file"), (a_calendar(), "nobody", "unknown-member")],
)
def test_import_refuses_with_the_code(terminal: Terminal, content: bytes, member: str, code: str) -> None:
    assert terminal.refusal("calendar", "import", "-", "--member", member, typed=content).startswith(f"{code}: ")


def test_job_reads_the_folder(terminal_on: Callable[..., Terminal], centre_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "calendars"
    folder.mkdir()
    (folder / f"{SURGEON}.ics").write_bytes(a_calendar(*an_event(soon(), "DURATION:PT1H")))
    (folder / "nobody@hospital.example.ics").write_bytes(a_calendar())
    terminal = terminal_on(centre_url, BUSY_FOLDER=str(folder))

    done = terminal.json("jobs", "once", "read-busy")

    assert done == {
        "read": 1, "changed": 1, "failed": 0, "removed": 0, "left": 0, "unknown": ["nobody@hospital.example.ics"],
        "strange": [], "trouble": "",
    }  # fmt: skip

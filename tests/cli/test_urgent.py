"""`flask urgent …` and `flask slots …`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import BOARD, ON_DEMAND, a_case_csv
from tests.cli.conftest import Terminal

ON = datetime.now(UTC).date()


@pytest.fixture
def desk(terminal: Terminal) -> Terminal:
    """A terminal on the small centre with three cases, of which C-2 needs urology."""
    terminal.json("cases", "import", "-", "--program", "ovarian", typed=a_case_csv(on=ON))
    return terminal


def test_find_call_decline_and_move(desk: Terminal) -> None:
    found = desk.json("urgent", "find", "C-2")
    at = found["moments"][0]["starts_at"]

    called = desk.json("urgent", "call", "C-2", "--at", at)
    declined = desk.json("urgent", "declined", called["meeting"], ON_DEMAND["urology"])
    again = desk.json("urgent", "find", "C-2")
    later = (datetime.fromisoformat(at) + timedelta(minutes=40)).isoformat()
    moved = desk.json("urgent", "move", called["meeting"], "--at", later, "--promised", ON_DEMAND["urology"])

    covers = {cover["specialty"]: cover["email"] for cover in found["moments"][0]["covers"]}
    assert covers["urology"] == ON_DEMAND["urology"]
    assert (called["letters"], called["starts_at"]) == (len(set(covers.values())), at)
    assert (declined["asked"], declined["missing"]) == ([], ["urology"])
    assert at not in [moment["starts_at"] for moment in again["moments"]]
    assert moved["meeting"] == called["meeting"]


def test_moments_in_words(desk: Terminal) -> None:
    said = desk.text("urgent", "find", "C-2", "--within", "6")

    assert "Urology: Jung (holds the seat)" in said


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("find", "C-99"), "unknown-case"),
        (("find", "C-2", "--board", "none"), "unknown-board"),
        (("find", "C-2", "--within", "0"), "bad-hours"),
        (("call", "C-2", "--at", "soon"), "not-an-instant"),
        (("call", "C-2", "--at", "2031-01-01T10:00"), "not-an-instant"),
        (("call", "C-2", "--at", "2020-01-01T10:00+09:00"), "meeting-past"),
        (("call", "C-2", "--at", "2020-01-01T10:00+09:00", "--with", "nobody@x.example"), "unknown-member"),
        (("declined", "aaaaaaaaaaaaaaaa", ON_DEMAND["urology"]), "unknown-meeting"),
    ],
)
def test_impossible_call_is_refused_on_one_line(desk: Terminal, words: tuple[str, ...], code: str) -> None:
    assert desk.refusal("urgent", *words).startswith(f"{code}: ")


def test_slots_for_specialties(desk: Terminal) -> None:
    found = desk.json("slots", "find", "--board", BOARD, "--specialty", "urology", "--specialty", "radiology",
                      "--weeks", "2", "--minutes", "45")  # fmt: skip

    first = found["slots"][0]
    assert [each["specialty"] for each in first["attendees"]] == ["urology", "radiology"]
    assert found["possible"] + sum(each["slots"] for each in found["rejected"]) == found["looked_at"]
    assert all(reason["message"] for each in found["rejected"] for reason in each["reasons"])


def test_slots_of_the_core_in_words(desk: Terminal) -> None:
    said = desk.text("slots", "find", "--board", BOARD, "--weeks", "2")

    assert "slots are possible" in said
    assert "Kim, Lee, Park, Choi" in said


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--specialty", "dentistry"), "unknown-specialty"),
        (("--weeks", "99"), "bad-weeks"),
        (("--room", "cellar"), "unknown-room"),
        (("--member", "nobody@x.example"), "unknown-member"),
        (("--first", "12:00", "--last", "09:00"), "bad-hours"),
    ],
)
def test_impossible_search_is_refused_on_one_line(desk: Terminal, words: tuple[str, ...], code: str) -> None:
    assert desk.refusal("slots", "find", "--board", BOARD, *words).startswith(f"{code}: ")

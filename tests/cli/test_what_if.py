"""`flask plan what-if`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import BOARD, ON_DEMAND, a_case_csv
from tests.cli.conftest import Terminal

ON = datetime.now(UTC).date()


@pytest.fixture
def desk(terminal: Terminal) -> Terminal:
    """A terminal on the small centre with an open draft of C-1 and C-2."""
    terminal.json("cases", "import", "-", "--program", "ovarian", typed=a_case_csv(on=ON))
    terminal.json("plan", "propose", "--board", BOARD, "--weeks", "3")
    return terminal


def test_absence_shows_who_moves_and_who_is_released(desk: Terminal) -> None:
    days = f"{ON}..{ON + timedelta(days=10)}"  # reaches the next meeting whose list is open, not all of them

    answer = desk.json("plan", "what-if", "--board", BOARD, "--absent", f"{ON_DEMAND['urology']}:{days}")

    assert [(case["reference"], case["change"]) for case in answer["cases"]] == [("C-2", "moved")]
    assert {case["code"] for case in answer["cases"][0]["reasons"]} >= {"no-member-free"}
    assert [one["email"] for one in answer["members"] if one["change"] == "released"] == [ON_DEMAND["urology"]]
    assert answer["before"]["left_out"] == answer["after"]["left_out"] == 1


def test_meeting_cancelled_and_another_added(desk: Terminal) -> None:
    draft = desk.json("plan", "show", "--board", BOARD)
    first = next(meeting for meeting in draft["meetings"] if meeting["cases"])
    start = datetime.fromisoformat(first["starts_at"]) + timedelta(days=1)

    answer = desk.json(
        "plan", "what-if", "--board", BOARD, "--cancel", first["meeting"],
        "--add", f"{start:%Y-%m-%dT%H:%M}/60/room-b",
    )  # fmt: skip

    assert {case["after"] for case in answer["cases"]} == {"added-1"}


def test_answer_in_words_says_that_nothing_is_stored(desk: Terminal) -> None:
    said = desk.text("plan", "what-if", "--board", BOARD, "--withdraw", "C-2", "--urgent", "C-1", "--ready", "C-3")

    assert "C-2" in said
    assert "nothing is stored" in said


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), "no-change"),
        (("--absent", "kim@x:2027-01-04"), "bad-span"),
        (("--absent", "kim@x:soon..later"), "not-a-date"),
        (("--add", "2027-01-04T16:00/60"), "bad-meeting"),
        (("--urgent", "C-9"), "unknown-case"),
    ],
)
def test_mistake_is_one_line(desk: Terminal, words: tuple[str, ...], code: str) -> None:
    assert desk.refusal("plan", "what-if", "--board", BOARD, *words).startswith(f"{code}: ")

"""`flask plan …`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.builders import BOARD, a_case_csv
from tests.cli.conftest import Terminal

ON = datetime.now(UTC).date()


@pytest.fixture
def desk(terminal: Terminal) -> Terminal:
    """A terminal on the small centre with three cases, of which C-3 lacks its CT."""
    terminal.json("cases", "import", "-", "--program", "ovarian", typed=a_case_csv(on=ON))
    return terminal


def places(draft: dict[str, Any]) -> dict[str, str]:
    """Which case stands on which meeting."""
    return {case["reference"]: meeting["meeting"] for meeting in draft["meetings"] for case in meeting["cases"]}


def test_proposal_places_ready_cases_and_says_why_the_others_are_left_out(desk: Terminal) -> None:
    draft = desk.json("plan", "propose", "--board", BOARD, "--weeks", "3")

    assert set(places(draft)) == {"C-1", "C-2"}
    assert [entry["reference"] for entry in draft["left_out"]] == ["C-3"]
    assert draft["left_out"][0]["reasons"][0]["code"] == "not-ready"
    assert draft["left_out"][0]["reasons"][0]["message"] == "Not ready: CT of chest, abdomen and pelvis"
    assert all(case["reasons"] for meeting in draft["meetings"] for case in meeting["cases"])


def test_proposal_gives_a_window_to_everybody_who_comes(desk: Terminal) -> None:
    draft = desk.json("plan", "propose", "--board", BOARD, "--weeks", "3")

    meeting = next(meeting for meeting in draft["meetings"] if meeting["cases"])
    windows = {window["email"]: window for window in meeting["windows"]}
    urology = windows["jung.urology@hospital.example"]
    case = next(case for case in meeting["cases"] if case["reference"] == "C-2")
    assert len(windows) == draft["letters"]
    assert (urology["starts_at"], urology["ends_at"]) == (case["starts_at"], case["ends_at"])
    assert (urology["kind"], urology["cases"], urology["rules"]) == ("on_demand", ["C-2"], ["R13"])
    assert windows["choi.pathology@hospital.example"]["kind"] == "core"


def test_proposal_in_words(desk: Terminal) -> None:
    said = desk.text("plan", "propose", "--board", BOARD)

    assert "C-2" in said
    assert "Not ready: CT of chest, abdomen and pelvis" in said


def test_published_plan_is_what_everybody_sees(desk: Terminal) -> None:
    draft = desk.json("plan", "propose", "--board", BOARD)

    done = desk.json("plan", "publish", "--board", BOARD)

    assert (done["draft"], done["letters"]) == (draft["draft"], draft["letters"])
    published = desk.json("meetings", "list", "--board", BOARD)
    assert {case["reference"] for meeting in published for case in meeting["cases"]} == {"C-1", "C-2"}
    assert len(desk.json("outbox")["letters"]) == done["letters"]
    assert desk.json("check") == []


def test_only_open_draft_needs_no_name(desk: Terminal) -> None:
    draft = desk.json("plan", "propose", "--board", BOARD)

    done = desk.json("plan", "publish")

    assert done["draft"] == draft["draft"]


def test_nothing_to_publish_is_one_line(desk: Terminal) -> None:
    assert desk.refusal("plan", "publish") == "no-draft: there is no open draft; run 'plan propose'"


def test_draft_is_published_once(desk: Terminal) -> None:
    draft = desk.json("plan", "propose", "--board", BOARD)["draft"]
    desk.json("plan", "publish", "--draft", draft)

    line = desk.refusal("plan", "publish", "--draft", draft)

    assert line.startswith("draft-closed: ")


def test_moved_case_stands_on_the_other_meeting(desk: Terminal) -> None:
    draft = desk.json("plan", "propose", "--board", BOARD)
    other = next(meeting["meeting"] for meeting in draft["meetings"] if not meeting["cases"])

    changed = desk.json("plan", "move", "C-1", "--board", BOARD, "--to", other)

    assert places(changed)["C-1"] == other


def test_case_left_out_by_hand_says_by_whom(desk: Terminal) -> None:
    desk.json("plan", "propose", "--board", BOARD)

    changed = desk.json("plan", "move", "C-1", "--out")

    reasons = {entry["reference"]: entry["reasons"][0] for entry in changed["left_out"]}
    assert reasons["C-1"]["code"] == "left-out-by-hand"
    assert reasons["C-1"]["values"]["by"].startswith("operator:")


def test_move_needs_a_target(desk: Terminal) -> None:
    desk.json("plan", "propose", "--board", BOARD)

    assert desk.refusal("plan", "move", "C-1") == "no-target: say either --to MEETING or --out"


def test_discarded_draft_changes_nothing(desk: Terminal) -> None:
    draft = desk.json("plan", "propose", "--board", BOARD)["draft"]

    assert desk.text("plan", "discard", "--board", BOARD) == f"discarded: {draft}\n"
    assert desk.json("outbox")["letters"] == []


@pytest.mark.parametrize("weeks", ["0", "27", "soon"])
def test_impossible_weeks_are_one_line(desk: Terminal, weeks: str) -> None:
    line = desk.refusal("plan", "propose", "--board", BOARD, "--weeks", weeks)

    assert line.partition(":")[0] in ("bad-weeks", "usage")


def test_draft_that_is_no_longer_right_is_not_published(desk: Terminal) -> None:
    draft = desk.json("plan", "propose", "--board", BOARD)
    meeting = next(meeting for meeting in draft["meetings"] if meeting["cases"])
    day = meeting["starts_at"][:10]
    desk.json("absences", "add", "--member", "jung.urology@hospital.example", "--from", day, "--to", day)

    line = desk.refusal("plan", "publish")

    assert line.startswith("plan-broken: ")
    assert desk.json("outbox")["letters"] == []

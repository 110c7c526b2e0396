"""`flask check meetings`, the nightly job, and `flask boards settings`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.builders import BOARD, ON_DEMAND, OPERATOR, PROGRAM, a_case_csv, member_id
from tests.cli.conftest import Terminal
from tumorboard.services.board_settings import GROUPS
from tumorboard.services.people import add_absence
from tumorboard.store.db import db
from tumorboard.store.meetings import Meeting

ON = datetime.now(UTC).date()
UROLOGY = ON_DEMAND["urology"]
NAMES = [name for names in GROUPS.values() for name in names]


@pytest.fixture
def desk(terminal: Terminal) -> Terminal:
    """C-1 and C-2 are published for one meeting."""
    terminal.json("cases", "import", "-", "--program", PROGRAM, typed=a_case_csv(on=ON))
    terminal.json("plan", "propose", "--board", BOARD)
    terminal.json("plan", "publish")
    return terminal


def go_away(desk: Terminal) -> str:
    """Urology is absent on the day of the meeting; gives her id."""
    with desk.app.app_context():
        session = db.session()
        starts_at = session.scalars(select(Meeting.starts_at).where(Meeting.status == "published")).one()
        start, found = starts_at - timedelta(hours=5), member_id(session, UROLOGY)
        add_absence(session, member_id=found, starts_at=start, ends_at=start + timedelta(days=1), kind="absence",
                    by=OPERATOR, now=datetime.now(UTC))  # fmt: skip
        db.session.remove()
    return found


def test_meetings_that_are_right_say_so(desk: Terminal) -> None:
    assert desk.text("check", "meetings") == "1 published meetings ahead; all are as they should be\n"


def test_findings_are_printed_with_what_to_do(desk: Terminal) -> None:
    who = go_away(desk)

    found = desk.json("check", "meetings")

    (finding,) = found.pop("findings")
    assert found == {
        "meetings": 1, "new": 1, "standing": 1, "mended": 0, "letters": 1, "repairs": {},
    }  # fmt: skip
    assert (finding["board"], finding["code"], finding["blocks"], finding["step"], finding["values"]) == (
        BOARD, "member-absent", True, "repair", {"member": who, "references": "C-2", "specialties": "urology"},
    )  # fmt: skip


def test_findings_are_a_table_for_people(desk: Terminal) -> None:
    go_away(desk)

    lines = desk.text("check", "meetings").splitlines()

    assert lines[0].split() == ["meeting", "finding", "level", "about"]
    assert lines[1].endswith("member-absent  blocks  member Jung, references C-2, specialties urology")


def test_repair_makes_a_draft_and_publishes_nothing(desk: Terminal) -> None:
    go_away(desk)

    found = desk.json("check", "meetings", "--repair")
    again = desk.json("check", "meetings", "--repair")

    repair = found["repairs"][BOARD]
    assert (repair["outcome"], repair["moved"], repair["taken_off"]) == ("made", 1, 0)
    assert again["repairs"][BOARD]["outcome"] == "kept"
    assert desk.json("plan", "show", "--draft", repair["draft"])["draft"] == repair["draft"]


def test_plain_check_is_what_it_was(desk: Terminal) -> None:
    assert (desk.text("check"), desk.json("check")) == ("the database is in order\n", [])


def test_nightly_job_checks_and_repairs(desk: Terminal) -> None:
    go_away(desk)

    first, second = (desk.json("jobs", "once", "check-meetings") for _ in range(2))

    assert (first["new"], first["standing"], first["repairs"]) == (1, 1, [f"{BOARD} made"])
    assert (second["new"], second["standing"], second["repairs"]) == (0, 1, [f"{BOARD} same"])


def test_settings_are_listed_with_their_meaning(terminal: Terminal) -> None:
    lines = terminal.text("boards", "settings", BOARD).splitlines()

    assert [line.split()[0] for line in lines] == ["setting", *NAMES]
    assert "Paid for each day a case is discussed after its due date." in lines[2]


def test_settings_are_changed_and_put_back(terminal: Terminal) -> None:
    changed = terminal.json("boards", "settings", BOARD, "--set", "weights.late_day=40", "--set", "complex_minutes=12")
    back = terminal.json("boards", "settings", BOARD, "--reset", "all")

    assert changed["changed"] == ["weights.late_day", "complex_minutes"]
    assert changed["settings"]["weights.late_day"] == {"value": 40, "default": 20}
    assert (back["changed"], back["settings"]["weights.late_day"]["value"]) == (changed["changed"], 20)


def test_choices_are_set_by_their_words(terminal: Terminal) -> None:
    done = terminal.json(
        "boards", "settings", BOARD, "--set", "substitutes=invite", "--set", "allow_proposals=false"
    )  # fmt: skip

    assert done["settings"]["substitutes"] == {"value": "invite", "default": "offer"}
    assert done["settings"]["allow_proposals"] == {"value": False, "default": True}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "substitutes=always"), "bad-setting: 'substitutes' is 'offer' or 'invite'"),
        (("--set", "allow_proposals=maybe"), "bad-setting: 'allow_proposals' is true or false"),
        (("--set", "weights.late_day"), "bad-setting: 'weights.late_day' is not NAME=NUMBER"),
        (("--set", "weights.nope=1"), "bad-setting: 'weights.nope' is no setting"),
        (("--set", "break_minutes=10"), "bad-setting: 'break_after_minutes' is missing"),
        (("--reset", "nope"), "bad-setting: 'nope' is no setting"),
    ],
)
def test_wrong_settings_are_one_line(terminal: Terminal, words: tuple[str, ...], said: str) -> None:
    assert terminal.refusal("boards", "settings", BOARD, *words).startswith(said)


def test_settings_of_an_unknown_board_are_one_line(terminal: Terminal) -> None:
    assert terminal.refusal("boards", "settings", "nope").startswith("unknown-board: ")

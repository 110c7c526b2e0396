"""`flask centre`, `boards`, `meetings`, `members`, `absences`, `accounts`, `feeds`, `outbox`, `rules`, `check`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import tumorboard.demo
from tests.builders import BOARD, PASSWORD, PHYSICIAN, SURGEON, a_case_csv
from tests.cli.conftest import Terminal

ON = datetime.now(UTC).date()
SOON = ON + timedelta(days=20)
PATTERN = Path(tumorboard.demo.__file__).parent / "centre.toml"


def test_centre_file_is_loaded(new_terminal: Terminal) -> None:
    result = new_terminal.run("centre", "load", PATTERN)

    assert (result.exit_code, result.stdout) == (0, "loaded: 19 departments, 44 members, 2 rooms, 1 boards\n")
    assert len(new_terminal.json("members", "list")) == 44


def test_centre_file_loaded_twice_changes_nothing(new_terminal: Terminal) -> None:
    new_terminal.run("centre", "load", PATTERN)
    before = new_terminal.json("members", "list")

    new_terminal.text("centre", "load", PATTERN)

    assert new_terminal.json("members", "list") == before


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"name = ", "bad-centre: centre.toml is no TOML file: Invalid value (at end of document)"),
        (b"\xff\xfe", "bad-centre: centre.toml is not UTF-8; save it as UTF-8"),
        (b"[[rooms]]\n", "bad-centre: centre.toml, centre: 'name' needs words in two languages"),
    ],
)
def test_wrong_centre_file_is_one_line(terminal: Terminal, tmp_path: Path, content: bytes, line: str) -> None:
    (tmp_path / "centre.toml").write_bytes(content)

    assert terminal.refusal("centre", "load", tmp_path / "centre.toml").startswith(line)


def test_boards_are_listed_with_their_series(terminal: Terminal) -> None:
    assert terminal.json("boards", "list") == [
        {
            "board": BOARD,
            "program": "ovarian",
            "name": "Ovarian board",
            "time_zone": "Asia/Seoul",
            "series": ["Tue 07:30, 90 min"],
        }
    ]


def test_extra_meeting_is_added_and_cancelled(terminal: Terminal) -> None:
    added = terminal.json(
        "meetings", "add", "--board", BOARD, "--at", f"{SOON} 16:00", "--minutes", "60", "--room", "room-b"
    )

    assert added["starts_at"] == f"{SOON}T16:00+09:00"
    assert terminal.json("meetings", "cancel", added["meeting"]) == {"meeting": added["meeting"], "letters": 0}


def test_meeting_in_a_taken_room_is_one_line(terminal: Terminal) -> None:
    add = ("meetings", "add", "--board", BOARD, "--minutes", "60", "--room", "room-b", "--at")
    terminal.json(*add, f"{SOON} 16:00")

    assert terminal.refusal(*add, f"{SOON} 16:30").startswith("room-taken: ")


def test_meeting_in_the_past_is_one_line(terminal: Terminal) -> None:
    line = terminal.refusal(
        "meetings", "add", "--board", BOARD, "--at", "2020-01-07 07:30", "--minutes", "60", "--room", "room-b"
    )

    assert line.startswith("meeting-past: ")


def test_absence_of_days_is_in_the_members_zone_and_holds_the_last_day(terminal: Terminal) -> None:
    terminal.json("absences", "add", "--member", SURGEON, "--from", SOON, "--to", SOON + timedelta(days=1))

    (absence,) = terminal.json("absences", "list")
    assert absence["starts_at"] == f"{SOON}T00:00+09:00"
    assert absence["ends_at"] == f"{SOON + timedelta(days=2)}T00:00+09:00"


def test_busy_hours_end_at_their_time(terminal: Terminal) -> None:
    noted = terminal.json(
        "absences", "add", "--member", SURGEON, "--from", f"{SOON} 08:15", "--to", f"{SOON} 12:00", "--kind", "busy"
    )

    (absence,) = terminal.json("absences", "list")
    assert (absence["ends_at"], absence["kind"]) == (f"{SOON}T12:00+09:00", "busy")
    terminal.text("absences", "remove", noted["absence"])
    assert terminal.json("absences", "list") == []


def test_absence_names_the_published_meetings_it_touches(terminal: Terminal) -> None:
    terminal.json("cases", "import", "-", "--program", "ovarian", typed=a_case_csv(on=ON))
    terminal.json("plan", "propose", "--board", BOARD)
    published = terminal.json("plan", "publish")["meetings"]

    noted = terminal.json("absences", "add", "--member", PHYSICIAN, "--from", ON, "--to", ON + timedelta(days=60))

    assert noted["meetings"] == published


def test_unknown_member_is_one_line(terminal: Terminal) -> None:
    line = terminal.refusal("absences", "add", "--member", "who@x", "--from", SOON, "--to", SOON)

    assert line == "unknown-member: there is no member 'who@x'; give the e-mail address or the id"


def test_account_is_created_with_a_password_from_standard_input(terminal: Terminal) -> None:
    made = terminal.json(
        "accounts", "create", "new@hospital.example", "--name", "New", "--role", "coordinator", "--password-stdin",
        typed=f"{PASSWORD}\n",
    )  # fmt: skip

    assert (made["email"], made["roles"]) == ("new@hospital.example", ["coordinator"])
    assert "new@hospital.example" in {row["email"] for row in terminal.json("accounts", "list")}


def test_account_of_a_member_is_found_by_her_address(terminal: Terminal) -> None:
    terminal.json(
        "accounts", "create", "kang@hospital.example", "--name", "Kang", "--role", "surgeon", "--password-stdin",
        "--member", "kang.hpb@hospital.example", typed=f"{PASSWORD}\n",
    )  # fmt: skip

    rows = {row["email"]: row for row in terminal.json("accounts", "list")}
    members = {row["email"]: row["id"] for row in terminal.json("members", "list")}
    assert rows["kang@hospital.example"]["member"] == members["kang.hpb@hospital.example"]


@pytest.mark.parametrize(
    ("password", "role", "code"),
    [("qwzx9\n", "coordinator", "short-password"), (f"{PASSWORD}\n", "king", "unknown-role")],
)
def test_wrong_account_is_one_line_without_the_password(
    terminal: Terminal, password: str, role: str, code: str
) -> None:
    line = terminal.refusal(
        "accounts", "create", "a@b.example", "--name", "A", "--role", role, "--password-stdin", typed=password
    )

    assert line.startswith(f"{code}: ")
    assert password.strip() not in line


def test_password_is_not_asked_without_a_terminal(terminal: Terminal) -> None:
    line = terminal.refusal("accounts", "create", "a@b.example", "--name", "A", "--role", "auditor")

    assert line.startswith("no-terminal: ")


def test_token_opens_the_api(terminal: Terminal) -> None:
    token = terminal.json("accounts", "token", "coordinator@hospital.example", "--label", "test")["token"]

    answer = terminal.app.test_client().get("/api/v1/boards", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 200


def test_feed_address_opens_and_the_older_one_ends(terminal: Terminal) -> None:
    rotate = ("feeds", "rotate", "--scope", "member", "--subject", SURGEON)
    older, newer = terminal.json(*rotate)["url"], terminal.json(*rotate)

    client = terminal.app.test_client()

    assert newer["webcal"] == newer["url"].replace("http://", "webcal://")
    assert [client.get(url.partition(":5000")[2]).status_code for url in (older, newer["url"])] == [404, 200]


@pytest.mark.parametrize("level", ["busy", "board", "place", "full"])
def test_feed_shows_as_much_as_was_asked(terminal: Terminal, level: str) -> None:
    words = ("feeds", "rotate", "--scope", "board", "--subject", BOARD, "--detail", level)

    url = terminal.json(*words)["url"]

    assert terminal.app.test_client().get(url.partition(":5000")[2]).status_code == 200


def test_revoked_feed_is_gone(terminal: Terminal) -> None:
    url = terminal.json("feeds", "rotate", "--scope", "board", "--subject", BOARD)["url"]

    assert terminal.text("feeds", "revoke", "--scope", "board", "--subject", BOARD) == "revoked: 1\n"
    assert terminal.app.test_client().get(url.partition(":5000")[2]).status_code == 404


def test_outbox_of_a_new_centre_is_empty(terminal: Terminal) -> None:
    assert terminal.json("outbox") == {
        "counts": {"waiting": 0, "sent": 0, "superseded": 0, "dead": 0, "held": 0, "failing": 0}, "letters": [],
    }  # fmt: skip


def test_unknown_letter_is_one_line(terminal: Terminal) -> None:
    assert terminal.refusal("outbox", "retry", "nope") == "unknown-letter: there is no such letter"


def test_rules_of_every_programme_have_a_reason_and_a_source(new_terminal: Terminal) -> None:
    rows = new_terminal.json("rules")

    assert {row["program"] for row in rows} == {"cerclage", "ovarian", "perinatal"}
    assert [row["id"] for row in rows if not (row["because"] and row["source"] and row["kind"])] == []


def test_rules_of_one_programme(new_terminal: Terminal) -> None:
    lines = new_terminal.text("rules", "--program", "ovarian").splitlines()

    assert lines[0].split()[:3] == ["program", "id", "kind"]
    assert {line.split()[0] for line in lines[1:]} == {"ovarian"}


def test_rules_in_markdown(new_terminal: Terminal) -> None:
    assert new_terminal.text("rules", "--markdown").startswith("# Rules\n")


def test_database_in_order(terminal: Terminal) -> None:
    assert terminal.text("check") == "the database is in order\n"


def test_contradiction_ends_with_two(terminal: Terminal) -> None:
    terminal.json("cases", "import", "-", "--program", "ovarian", typed=a_case_csv(on=ON))
    terminal.json("plan", "propose", "--board", BOARD)
    terminal.json("plan", "publish")
    with terminal.app.app_context():
        from tumorboard.store.db import db

        db.session.connection(execution_options={"writes": True}).exec_driver_sql(
            "UPDATE patient_case SET status = 'waiting'"
        )
        db.session.commit()

    result = terminal.run("check", "--json")

    assert result.exit_code == 2
    assert result.stdout.count('"code": "case-status"') == 2
    assert result.stderr == "violated: 2 contradictions in the database; the first is case-status\n"


def test_settings_of_the_centre_are_shown_and_changed(terminal: Terminal) -> None:
    before = terminal.json("centre", "settings")
    after = terminal.json("centre", "settings", "--set", "reference_pattern=C-####")
    shown = terminal.text("centre", "settings")
    reset = terminal.json("centre", "settings", "--reset", "reference_pattern")

    assert before == {"changed": [], "settings": {"reference_pattern": ""}}
    assert after == {"changed": ["reference_pattern"], "settings": {"reference_pattern": "C-####"}}
    assert "C-####" in shown
    assert reset["settings"] == {"reference_pattern": ""}


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--set", "reference_pattern=@@"), "bad-reference-pattern: the pattern of references has a mask without #"),
        (("--set", "reference_pattern"), "bad-centre-setting: 'reference_pattern' is not NAME=VALUE"),
        (("--reset", "volume"), "bad-centre-setting: 'volume' is no setting of a centre"),
    ],
)
def test_wrong_setting_of_the_centre_is_one_line(terminal: Terminal, words: tuple[str, ...], line: str) -> None:
    assert terminal.refusal("centre", "settings", *words).startswith(line)

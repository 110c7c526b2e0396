"""The demo: made through the services, the same when started again, and never in somebody else's database."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from tests.builders import furnish
from tests.cli.conftest import Terminal
from tests.journeys.mailroom import read_entries, read_letter
from tumorboard.demo.fill import LOADED, fill_database
from tumorboard.demo.material import first_week, read_material, write_case_list
from tumorboard.domain.identity import has_resident_number
from tumorboard.domain.intake import read_cases
from tumorboard.domain.requirements import assess
from tumorboard.formats.tables import read_table
from tumorboard.services.checks import check_database
from tumorboard.store.cases import Case, CaseWaiver
from tumorboard.store.db import db
from tumorboard.store.discussions import Discussion, Presence
from tumorboard.store.facts import case_facts
from tumorboard.store.meetings import Meeting
from tumorboard.store.people import Account, Centre, Member
from tumorboard.store.post import AuditEvent, OutboxMessage

FEED = re.compile(r"http://127\.0\.0\.1:\d+/feeds/([\w-]{43})\.ics")
LOG_INS = re.compile(r"^  (\w+) +(\S+@\S+) +(\S+)$", re.MULTILINE)


def count(terminal: Terminal, *tables: Any) -> list[int]:
    """How many rows each table has."""
    with terminal.app.app_context():
        return [db.session().scalars(select(func.count()).select_from(table)).one() for table in tables]


def test_start_says_where_to_look_and_how_to_log_in(shown: tuple[Path, str], demo_terminal: Terminal) -> None:
    said = shown[1]
    log_ins = LOG_INS.findall(said)
    client = demo_terminal.app.test_client

    assert "http://127.0.0.1:5000" in said
    assert [role for role, _, _ in log_ins] == ["coordinator", "physician", "surgeon", "administrator"]
    assert [log_in(client(), email, password) for _, email, password in log_ins] == [200] * 4
    assert log_in(client(), log_ins[0][1], "wrong password") == 401


def log_in(client: Any, email: str, password: str) -> int:
    token = client.get("/api/v1/session").get_json()["csrf_token"]
    body = {"email": email, "password": password}
    status: int = client.post("/api/v1/session", json=body, headers={"X-CSRFToken": token}).status_code
    return 200 if status in (200, 201, 204) else status


def test_feed_of_the_demo_opens_and_holds_windows(shown: tuple[Path, str], demo_terminal: Terminal) -> None:
    match = FEED.search(shown[1])
    assert match is not None

    answer = demo_terminal.app.test_client().get(f"/feeds/{match[1]}.ics")

    assert answer.status_code == 200
    assert len(read_entries(answer.text)) >= 1
    token_file = Path(f"{shown[0]}.demo-feed")
    assert (token_file.read_text(), token_file.stat().st_mode & 0o777) == (match[1], 0o600)


def test_centre_has_the_size_and_breadth_of_a_real_one(demo_terminal: Terminal) -> None:
    with demo_terminal.app.app_context():
        program = demo_terminal.app.extensions["tumorboard"].programs["ovarian"]
    meetings = demo_terminal.json("meetings", "list", "--board", "ovarian")
    held = {specialty for member in demo_terminal.json("members", "list") for specialty in member["specialties"]}

    assert count(demo_terminal, Member, Account, Case) == [44, 4, 103]
    assert held == set(program.specialties)
    assert len({meeting["starts_at"][:10] for meeting in meetings}) >= 7
    assert demo_terminal.json("check") == []


def test_cases_let_every_rule_speak(demo_terminal: Terminal) -> None:
    setup = demo_terminal.app.extensions["tumorboard"]
    program = setup.programs["ovarian"]
    material = read_material("cases.toml")
    content = write_case_list(
        [*material["cases"], *material["late_cases"]], today=setup.today(datetime.now(UTC)), members={}
    )
    table = read_table(content, filename="cases.csv")
    today = date.today()  # noqa: DTZ011 - any day will do
    rows = read_cases(program, [(row.number, row.cells) for row in table.rows], columns=table.columns, on=today).rows
    with demo_terminal.app.app_context():
        stored = [assess(program, case_facts(row), on=today) for row in db.session().scalars(select(Case))]

    fired = {rule for assessment in stored for rule in assessment.rules}

    assert len(rows) == 63
    assert fired == {rule.id for rule in program.rules}
    assert sum(not assessment.eligible for assessment in stored) == 1
    assert count(demo_terminal, CaseWaiver) == [2]


def test_most_cases_are_ready_and_some_say_what_is_missing(demo_terminal: Terminal) -> None:
    counts = demo_terminal.json("cases", "list")["counts"]

    assert counts["scheduled"] > 45
    assert 3 <= counts["not_ready"] <= 12
    assert counts["ready"] >= 2


def test_open_draft_differs_from_what_is_published(demo_terminal: Terminal) -> None:
    draft = demo_terminal.json("plan", "show", "--board", "ovarian")

    changes = {case["change"] for meeting in draft["meetings"] for case in meeting["cases"]}
    people = {window["change"] for meeting in draft["meetings"] for window in meeting["windows"]}
    assert "new" in changes
    assert {"invited", "withdrawn"} <= people
    assert 0 < draft["letters"] < count(demo_terminal, OutboxMessage)[0]
    assert demo_terminal.json("plan", "publish")["letters"] == draft["letters"]
    assert demo_terminal.json("check") == []


def test_no_letter_leaves_by_itself(demo_terminal: Terminal) -> None:
    counts = demo_terminal.json("outbox")["counts"]

    with demo_terminal.app.app_context():
        sent = select(Meeting.signed_at).join(OutboxMessage, OutboxMessage.meeting_id == Meeting.id)
        of_held = [signed is not None for signed in db.session().scalars(sent.where(OutboxMessage.state == "sent"))]
    assert (counts["dead"], all(of_held), counts["sent"]) == (0, True, len(of_held))
    assert counts["waiting"] > 40


def test_boards_of_the_past_were_held_recorded_and_signed(demo_terminal: Terminal) -> None:
    with demo_terminal.app.app_context():
        session = db.session()
        held = session.scalars(select(Meeting).where(Meeting.ends_at < datetime.now(UTC) - timedelta(hours=2))).all()
        outcomes = set(session.scalars(select(Discussion.outcome)))
        named = session.scalars(select(func.count()).select_from(Presence)).one()

        assert 7 <= len(held) <= 8
        assert all(meeting.signed_at is not None for meeting in held)
        assert outcomes == {"discussed", "deferred", "withdrawn", "not_quorate"}
        assert named > 60


def test_second_start_shows_the_same(shown: tuple[Path, str], demo_terminal: Terminal) -> None:
    before = demo_terminal.json("meetings", "list", "--board", "ovarian")

    again = demo_terminal.text("demo", "--no-serve")

    assert again == shown[1]
    assert demo_terminal.json("meetings", "list", "--board", "ovarian") == before
    assert count(demo_terminal, Member, Account, Case) == [44, 4, 103]


def test_another_port_is_in_every_link(terminal_on: Callable[..., Terminal], tmp_path: Path) -> None:
    terminal = terminal_on(f"sqlite:///{tmp_path / 'new.sqlite'}")

    said = terminal.run("demo", "--no-serve", "--port", "5077").stdout

    with terminal.app.app_context():
        rows = db.session().scalars(select(OutboxMessage)).all()
        letters = ["\n".join(read_letter(row.recipient, row.content).texts) for row in rows]
    assert "http://127.0.0.1:5077/feeds/" in said
    assert ":5000" not in said
    assert [text for text in letters if ":5000" in text or "http://127.0.0.1:5077/" not in text] == []


def test_chosen_address_is_kept_whatever_the_port(
    terminal_on: Callable[..., Terminal], demo_terminal: Terminal, tmp_path: Path
) -> None:
    terminal = terminal_on(f"sqlite:///{tmp_path / 'demo.sqlite'}", BASE_URL="http://demo.hospital.example:8080")

    said = terminal.text("demo", "--no-serve", "--port", "5077")

    assert "http://demo.hospital.example:8080/feeds/" in said
    assert ":5077" not in said


def test_real_centre_is_not_touched(terminal_on: Callable[..., Terminal], sqlite_url: str) -> None:
    terminal = terminal_on(sqlite_url)
    with terminal.app.app_context():
        furnish(db.session(), terminal.app.extensions["tumorboard"], now=datetime.now(UTC))
    before = count(terminal, Member, Account, Meeting, AuditEvent)

    lines = [terminal.refusal("demo", "--no-serve", *words) for words in ((), ("--reset",))]

    assert lines == [
        "not-a-demo: the database belongs to a real centre (Example centre); "
        "the demo does not touch it; set TUMORBOARD_DATABASE_URL to another one"
    ] * 2  # fmt: skip
    assert count(terminal, Member, Account, Meeting, AuditEvent) == before


def test_data_without_a_centre_is_not_touched(terminal_on: Callable[..., Terminal], sqlite_url: str) -> None:
    terminal = terminal_on(sqlite_url)
    terminal.text(
        "accounts", "create", "a@b.example", "--name", "A", "--role", "auditor", "--password-stdin",
        typed="correct horse\n",
    )  # fmt: skip

    line = terminal.refusal("demo", "--no-serve")

    assert line.startswith("not-a-demo: the database holds data that is not the demo's; ")
    assert count(terminal, Account, Centre) == [1, 0]


def test_demo_that_was_interrupted_is_made_anew(demo_terminal: Terminal) -> None:
    with demo_terminal.app.app_context():
        session = db.session()
        session.connection(execution_options={"writes": True})
        session.execute(delete(AuditEvent).where(AuditEvent.action == LOADED))
        session.commit()

    result = demo_terminal.run("demo", "--no-serve")

    assert (result.exit_code, FEED.search(result.stdout) is not None) == (0, True)
    assert count(demo_terminal, Member, Account, Case) == [44, 4, 103]
    assert demo_terminal.json("check") == []


def test_reset_makes_it_anew(shown: tuple[Path, str], demo_terminal: Terminal) -> None:
    before = demo_terminal.json("meetings", "list", "--board", "ovarian")

    demo_terminal.run("demo", "--no-serve", "--reset")

    after = demo_terminal.json("meetings", "list", "--board", "ovarian")
    assert [meeting["starts_at"] for meeting in after] == [meeting["starts_at"] for meeting in before]
    assert {meeting["meeting"] for meeting in after}.isdisjoint(meeting["meeting"] for meeting in before)


@pytest.mark.parametrize("days", range(7))
def test_first_week_has_a_board_whose_list_is_open(days: int) -> None:
    today = date(2026, 11, 16) + timedelta(days=days)

    monday = first_week(read_material("centre.toml"), today=today)

    assert monday.weekday() == 0
    assert timedelta(days=2) <= monday + timedelta(days=1) - today <= timedelta(days=8)


@pytest.mark.parametrize("moment", ["2026-11-23T22:45:00+00:00", "2027-02-05T03:00:00+00:00"])
def test_centre_can_be_made_at_any_time(terminal_on: Callable[..., Terminal], sqlite_url: str, moment: str) -> None:
    """An hour before a board, and before the holidays of the lunar new year."""
    terminal = terminal_on(sqlite_url)
    now = datetime.fromisoformat(moment)

    with terminal.app.app_context():
        setup = terminal.app.extensions["tumorboard"]
        fill_database(db.session(), setup, now=now)
        violations = check_database(db.session(), setup, now=now)

    assert violations == ()


def test_taken_port_is_one_line(demo_terminal: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        line = demo_terminal.refusal("demo", "--port", port)

    assert line == f"port-taken: port {port} cannot be used (Address already in use); choose another one with --port"


@pytest.mark.parametrize("name", ["centre.toml", "cases.toml", "diary.toml"])
def test_data_files_hold_no_resident_registration_number(name: str) -> None:
    assert not has_resident_number(str(read_material(name)))

"""A search at the terminal: progress, Ctrl+C that keeps the best so far, and the process of a run by hand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR, a_case_csv, a_long_list
from tests.cli.conftest import Terminal
from tumorboard.services.runs import DEAD_AFTER, request_run
from tumorboard.store.db import db
from tumorboard.store.plans import Draft

ROOT = Path(__file__).resolve().parents[2]
ON = datetime.now(UTC).date()


@pytest.fixture
def desk(terminal: Terminal) -> Terminal:
    """A terminal on the small centre with three cases."""
    terminal.json("cases", "import", "-", "--program", "ovarian", typed=a_case_csv(on=ON))
    return terminal


def a_run(terminal: Terminal, *, at: datetime) -> str:
    with terminal.app.app_context():
        return request_run(db.session(), board=BOARD, weeks=2, seconds=1, by=OPERATOR, now=at).public_id


def test_seconds_and_seed_are_taken_and_bounded(desk: Terminal) -> None:
    draft = desk.json("plan", "propose", "--board", BOARD, "--seconds", "0.5", "--seed", "7")

    assert [entry["reference"] for entry in draft["left_out"]] == ["C-3"]
    assert desk.refusal("plan", "propose", "--board", BOARD, "--seconds", "0").startswith("usage: ")
    assert desk.refusal("plan", "propose", "--board", BOARD, "--seed", "-1").startswith("usage: ")


def test_run_is_done_by_hand(desk: Terminal) -> None:
    run_id = a_run(desk, at=datetime.now(UTC))

    said = desk.text("plan", "run", run_id)

    status, _, draft = said.strip().partition(": ")
    assert (status, desk.json("plan", "show", "--board", BOARD)["draft"]) == ("done", draft)


def test_run_that_is_over_is_one_line(desk: Terminal) -> None:
    run_id = a_run(desk, at=datetime.now(UTC))
    desk.text("plan", "run", run_id)

    assert desk.refusal("plan", "run", run_id).startswith("run-over: ")
    assert desk.refusal("plan", "run", "a" * 16).startswith("unknown-run: ")


def test_job_frees_the_board_of_a_dead_run(desk: Terminal) -> None:
    a_run(desk, at=datetime.now(UTC) - 2 * DEAD_AFTER)

    assert desk.json("jobs", "once", "end-dead-runs") == {"ended": 1}
    assert desk.json("jobs", "once", "end-dead-runs") == {"ended": 0}


def test_interrupted_search_keeps_the_best_so_far(terminal: Terminal, centre_url: str) -> None:
    """Standard error is a terminal, so that progress is shown and tells when to interrupt."""
    terminal.json("cases", "import", "-", "--program", "ovarian", typed=a_long_list(90, on=ON))
    screen, inside = os.openpty()
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "plan", "propose", "--board", BOARD, "--seconds", "60"]
    process = subprocess.Popen(
        [*command, "--json"], cwd=ROOT, env={**os.environ, "TUMORBOARD_DATABASE_URL": centre_url},
        stdout=subprocess.DEVNULL, stderr=inside,
    )  # fmt: skip
    os.close(inside)
    began = time.monotonic()
    seen = read_until(screen, b"search: ")

    process.send_signal(signal.SIGINT)

    assert b"stopping" in seen + read_until(screen, b"stopping")
    assert process.wait(60) == 0
    assert time.monotonic() - began < 60
    os.close(screen)
    engine = create_engine(centre_url)
    with Session(engine) as session:
        assert session.scalars(select(Draft.status)).all() == ["open"]
    engine.dispose()


def read_until(screen: int, wanted: bytes) -> bytes:
    """What the terminal shows, up to some text."""
    seen = b""
    while wanted not in seen:
        seen += os.read(screen, 1024)
    return seen

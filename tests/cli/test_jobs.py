"""`flask jobs …`: one job by hand, and the ticker as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Timer

import pytest
from sqlalchemy import select

from tests.builders import BOARD, OPERATOR, PROGRAM, a_case_csv
from tests.cli.conftest import Terminal
from tests.journeys.mailroom import Mailroom, free_port, open_mailroom
from tumorboard.jobs import JOBS, alone
from tumorboard.services.imports import stage_import
from tumorboard.store.cases import PendingImport
from tumorboard.store.db import db
from tumorboard.store.post import FeedDocument, OutboxMessage

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60
ON = datetime.now(UTC).date()


@pytest.fixture
def mailroom() -> Iterator[Mailroom]:
    with open_mailroom() as room:
        yield room


def publish(terminal: Terminal) -> int:
    """Three cases, planned and published; gives the number of letters."""
    terminal.json("cases", "import", "-", "--program", PROGRAM, typed=a_case_csv(on=ON))
    terminal.json("plan", "propose", "--board", BOARD)
    letters: int = terminal.json("plan", "publish")["letters"]
    return letters


def test_jobs_are_listed(new_terminal: Terminal) -> None:
    assert [row["job"] for row in new_terminal.json("jobs", "list")] == list(JOBS)


def test_unknown_job_names_the_known_ones(terminal: Terminal) -> None:
    known = ", ".join(JOBS)
    assert terminal.refusal("jobs", "once", "nope") == f"unknown-job: there is no job 'nope'; known: {known}"


def test_letters_leave_once(terminal_on: Callable[..., Terminal], centre_url: str, mailroom: Mailroom) -> None:
    terminal = terminal_on(centre_url, MAIL_URL=mailroom.url)
    letters = publish(terminal)

    first, second = (terminal.json("jobs", "once", "deliver-post") for _ in range(2))

    assert first == {"sent": letters, "failed": 0, "dead": 0}
    assert second == {"sent": 0, "failed": 0, "dead": 0}
    assert len(mailroom.arrived) == letters


def test_mail_server_that_is_down_is_one_line_and_loses_nothing(
    terminal_on: Callable[..., Terminal], centre_url: str
) -> None:
    port = free_port()
    terminal = terminal_on(centre_url, MAIL_URL=f"smtp://127.0.0.1:{port}")
    letters = publish(terminal)

    result = terminal.run("jobs", "once", "deliver-post", "--json")

    assert result.exit_code == 2
    assert result.stdout == '{\n  "sent": 0,\n  "failed": 1,\n  "dead": 0\n}\n'
    assert result.stderr.startswith(f"mail-server-unreachable: the mail server 127.0.0.1:{port} cannot be used: ")
    assert result.stderr.endswith(f"; {letters} letters wait\n")
    counts = terminal.json("outbox")["counts"]
    assert (counts["waiting"], counts["failing"], counts["sent"]) == (letters, 1, 0)


def test_dead_letter_is_shown_and_sent_again(
    terminal_on: Callable[..., Terminal], centre_url: str, mailroom: Mailroom
) -> None:
    terminal = terminal_on(centre_url, MAIL_URL=mailroom.url)
    publish(terminal)
    mailroom.refused.add("choi.pathology@hospital.example")

    done = terminal.json("jobs", "once", "deliver-post")

    (letter,) = terminal.json("outbox")["letters"]
    assert (done["dead"], letter["state"], letter["recipient"]) == (1, "dead", "choi.pathology@hospital.example")
    assert letter["last_error"] == "550 5.1.1 no such mailbox"
    mailroom.refused.clear()
    terminal.text("outbox", "retry", letter["letter"])
    assert terminal.json("jobs", "once", "deliver-post")["sent"] == 1


def test_series_is_held_half_a_year_ahead(terminal: Terminal) -> None:
    created = terminal.json("jobs", "once", "hold-series")["created"]

    last = terminal.json("meetings", "list", "--board", BOARD)[-1]
    assert created > 10
    assert last["starts_at"][:10] > (ON + timedelta(weeks=24)).isoformat()
    assert terminal.json("jobs", "once", "hold-series")["created"] == 0


def test_check_gives_codes(terminal: Terminal) -> None:
    publish(terminal)

    assert terminal.json("jobs", "once", "check-published") == {"violations": []}


def test_feeds_are_rendered_anew(terminal: Terminal) -> None:
    publish(terminal)
    terminal.json("feeds", "rotate", "--scope", "board", "--subject", BOARD)
    with terminal.app.app_context():
        session = db.session()
        before = {row.id: row.etag for row in session.scalars(select(FeedDocument))}

    rendered = terminal.json("jobs", "once", "render-feeds")["rendered"]

    with terminal.app.app_context():
        assert {row.id: row.etag for row in db.session().scalars(select(FeedDocument))} == before
    assert rendered == len(before) > 0


def test_uploads_older_than_a_day_are_dropped(terminal: Terminal) -> None:
    with terminal.app.app_context():
        setup = terminal.app.extensions["tumorboard"]
        stage_import(
            db.session(), setup, program=PROGRAM, content=a_case_csv(on=ON), filename="a.csv", by=OPERATOR,
            now=datetime.now(UTC) - timedelta(hours=25),
        )  # fmt: skip

    assert terminal.json("jobs", "once", "drop-uploads") == {"dropped": 1}
    with terminal.app.app_context():
        assert db.session().scalars(select(PendingImport)).all() == []


class Ticker:
    """`flask jobs run` in a process of its own."""

    def __init__(self, url: str, mail_url: str) -> None:
        environment = {
            "TUMORBOARD_DATABASE_URL": url, "TUMORBOARD_MAIL_URL": mail_url, "PATH": os.environ["PATH"],
            "PYTHONUNBUFFERED": "1", "TUMORBOARD_SECRET_KEY": "t" * 32,
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", "jobs", "run", "--lock-seconds", "0.1"],
            cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def wait_for(self, words: str) -> str:
        """The line of its log that holds the words; the process is ended when it does not come."""
        assert self.process.stderr is not None
        alarm = Timer(PATIENCE_SECONDS, self.process.kill)
        alarm.start()
        try:
            return next(line for line in self.process.stderr if words in line)
        except StopIteration:
            raise AssertionError(f"'{words}' was never said") from None
        finally:
            alarm.cancel()

    def stop(self) -> int:
        """Ask it to end, as systemd does; gives its exit code."""
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=30)
        return self.process.returncode


@pytest.fixture
def start_ticker() -> Iterator[Callable[[str, str], Ticker]]:
    started: list[Ticker] = []

    def start(url: str, mail_url: str) -> Ticker:
        started.append(Ticker(url, mail_url))
        return started[-1]

    yield start
    for ticker in started:
        if ticker.process.poll() is None:
            ticker.process.kill()
            ticker.process.communicate()


def test_ticker_sends_letters_and_stops_when_asked(
    terminal_on: Callable[..., Terminal], centre_url: str, mailroom: Mailroom,
    start_ticker: Callable[[str, str], Ticker],
) -> None:  # fmt: skip
    letters = publish(terminal_on(centre_url, MAIL_URL=mailroom.url))

    ticker = start_ticker(centre_url, mailroom.url)
    ticker.wait_for(f"job deliver-post: sent {letters}")

    assert ticker.stop() == 0
    assert len(mailroom.arrived) == letters


def test_second_ticker_waits_until_the_first_is_gone(
    terminal_on: Callable[..., Terminal], centre_url: str, mailroom: Mailroom,
    start_ticker: Callable[[str, str], Ticker],
) -> None:  # fmt: skip
    terminal_on(centre_url)
    first = start_ticker(centre_url, mailroom.url)
    first.wait_for("jobs run:")

    second = start_ticker(centre_url, mailroom.url)
    second.wait_for("another process does the jobs")
    assert first.stop() == 0
    second.wait_for("jobs run:")

    assert second.stop() == 0


def test_waiting_ticker_stops_when_asked(
    terminal_on: Callable[..., Terminal], centre_url: str, mailroom: Mailroom,
    start_ticker: Callable[[str, str], Ticker],
) -> None:  # fmt: skip
    terminal = terminal_on(centre_url)
    with terminal.app.app_context(), alone(pause_seconds=0.1):
        second = start_ticker(centre_url, mailroom.url)
        second.wait_for("another process does the jobs")

        assert second.stop() == 0


def test_only_one_process_does_the_jobs_on_each_engine(
    terminal_on: Callable[..., Terminal], database_url: str, start_ticker: Callable[[str, str], Ticker]
) -> None:
    terminal = terminal_on(database_url)
    with terminal.app.app_context():
        with alone(pause_seconds=0.1):
            second = start_ticker(database_url, "console:")
            second.wait_for("another process does the jobs")
        second.wait_for("jobs run:")

    assert second.stop() == 0


def test_job_that_fails_is_one_line_of_the_log_and_comes_again(
    terminal_on: Callable[..., Terminal], centre_url: str, start_ticker: Callable[[str, str], Ticker]
) -> None:
    publish(terminal_on(centre_url))

    ticker = start_ticker(centre_url, f"smtp://127.0.0.1:{free_port()}")
    line = ticker.wait_for("job deliver-post")

    assert "letters wait" in line
    assert " WARNING " in line
    assert ticker.stop() == 0


def test_ticker_keeps_letters_of_a_dead_server(
    terminal_on: Callable[..., Terminal], centre_url: str, start_ticker: Callable[[str, str], Ticker]
) -> None:
    terminal = terminal_on(centre_url)
    letters = publish(terminal)
    ticker = start_ticker(centre_url, f"smtp://127.0.0.1:{free_port()}")
    ticker.wait_for("letters wait")
    ticker.stop()

    with terminal.app.app_context():
        states = list(db.session().scalars(select(OutboxMessage.state)))

    assert states == ["waiting"] * letters

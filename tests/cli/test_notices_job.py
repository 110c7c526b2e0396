"""`flask jobs once send-notices`: what is due is written once and leaves by real SMTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from tests.builders import BOARD, PROGRAM, a_case_csv
from tests.cli.conftest import Terminal
from tests.journeys.mailroom import free_port
from tumorboard.jobs import JOBS
from tumorboard.store.db import db
from tumorboard.store.meetings import AgendaItem, Meeting, MeetingInvitation


class Sink:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.arrived: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the name aiosmtpd calls
        message = message_from_bytes(envelope.original_content, policy=default)
        assert isinstance(message, EmailMessage)
        self.arrived.append(message)
        return "250 OK"


@pytest.fixture
def sink() -> Iterator[tuple[Sink, str]]:
    found = Sink()
    controller = Controller(found, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield found, f"smtp://127.0.0.1:{controller.port}"
    controller.stop()


def publish_for_soon(terminal: Terminal) -> None:
    """Three cases are published, and the meeting begins in three hours."""
    terminal.json("cases", "import", "-", "--program", PROGRAM, typed=a_case_csv(on=datetime.now(UTC).date()))
    terminal.json("plan", "propose", "--board", BOARD)
    terminal.json("plan", "publish")
    with terminal.app.app_context():
        session = db.session()
        meeting = session.scalars(select(Meeting).where(Meeting.status == "published")).one()
        earlier = meeting.starts_at - datetime.now(UTC) - timedelta(hours=3)
        rows: list[Meeting | AgendaItem | MeetingInvitation] = [meeting, *meeting.agenda, *meeting.invitations]
        for row in rows:
            row.starts_at, row.ends_at = row.starts_at - earlier, row.ends_at - earlier
        meeting.closes_at -= earlier
        session.commit()


def test_due_letters_are_written_once_and_arrive(
    terminal_on: Callable[..., Terminal], centre_url: str, sink: tuple[Sink, str]
) -> None:
    terminal = terminal_on(centre_url, MAIL_URL=sink[1])
    publish_for_soon(terminal)

    first, second = (terminal.json("jobs", "once", "send-notices") for _ in range(2))
    terminal.json("jobs", "once", "deliver-post")

    subjects = [str(message["Subject"]) for message in sink[0].arrived]
    assert (first["agenda"] > 0, first["preparation"], first["left_out"]) == (True, 2, [])
    assert {name: second[name] for name in ("agenda", "preparation", "changes", "morning", "dropped")} == {
        "agenda": 0, "preparation": 0, "changes": 0, "morning": 0, "dropped": 0,
    }  # fmt: skip
    assert sum(subject.startswith("Agenda: ") for subject in subjects) == first["agenda"]
    assert sum(subject.startswith("To prepare: ") for subject in subjects) == 2
    plain = [message for message in sink[0].arrived if str(message["Subject"]).startswith("Agenda: ")]
    assert {part.get_content_type() for message in plain for part in message.iter_parts()} == {
        "text/plain",
        "text/html",
    }
    assert {message["Auto-Submitted"] for message in plain} == {"auto-generated"}


def test_job_stands_in_the_list_and_looks_every_few_minutes(terminal: Terminal) -> None:
    (row,) = [row for row in terminal.json("jobs", "list") if row["job"] == "send-notices"]

    assert (row["when"], dict(JOBS["send-notices"].when)["trigger"]) == (
        {"trigger": "interval", "seconds": 300}, "interval",
    )  # fmt: skip

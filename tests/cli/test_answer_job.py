"""The job that reads the mailbox, as the operator starts it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from tests.builders import SURGEON, furnish, import_list
from tests.cli.conftest import Terminal
from tests.mail.imap_server import ImapServer, open_imap_server
from tests.replies import a_reply, invitation, publish


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with open_imap_server() as server:
        yield server


def test_job_reads_the_mailbox_of_the_settings(
    sqlite_url: str, server: ImapServer, terminal_on: Callable[..., Terminal], tmp_path: Path
) -> None:
    terminal = terminal_on(sqlite_url, MAIL_INBOX_URL=server.url)
    setup, now = terminal.app.extensions["tumorboard"], datetime.now(UTC)
    engine = create_engine(sqlite_url)
    with Session(engine) as session:
        furnish(session, setup, now=now)
        import_list(session, setup, now=now)
        publish(session, setup, now=now)
        server.put(a_reply(invitation(session, SURGEON), "DECLINED"))

    first, second = (terminal.json("jobs", "once", "read-answers") for _ in range(2))

    with Session(engine) as session:
        assert invitation(session, SURGEON).answer == "declined"
    engine.dispose()
    assert (first["read"], second["read"]) == (1, 0)


def test_mailbox_that_is_away_is_said_without_its_password(
    sqlite_url: str, terminal_on: Callable[..., Terminal]
) -> None:
    terminal = terminal_on(sqlite_url, MAIL_INBOX_URL="imap://board:secret@127.0.0.1:9/INBOX")

    said = terminal.refusal("jobs", "once", "read-answers")

    assert ("127.0.0.1:9" in said, "secret" in said) == (True, False)


def test_without_a_mailbox_nothing_is_read_and_one_line_says_so(
    sqlite_url: str, terminal_on: Callable[..., Terminal]
) -> None:
    terminal = terminal_on(sqlite_url)

    said = terminal.text("jobs", "once", "read-answers")

    assert said == (
        "no mailbox is set (TUMORBOARD_MAIL_INBOX_URL), so there is nothing to read; "
        "answers come by 'flask mail receive', by links and on pages\n"
    )
    assert terminal.json("jobs", "once", "read-answers") == {}

"""The digest in the outbox: who gets it, when it leaves, and what it does not say."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.services.test_nightly import NIGHT, UROLOGY, away, check, lose_report, publish, with_coordinator
from tumorboard.services.checks import check_database
from tumorboard.services.setup import Setup
from tumorboard.store.post import OutboxMessage


@pytest.fixture
def board(any_centre: Session, setup: Setup) -> Session:
    """The small centre with C-1 and C-2 published for its first meeting."""
    publish(any_centre, setup)
    return any_centre


def test_digest_names_cases_by_reference_and_nothing_of_their_facts(board: Session, setup: Setup) -> None:
    recipient = with_coordinator(board)
    away(board, UROLOGY)
    lose_report(board)
    board.commit()

    checked = check(board, setup)

    query = select(OutboxMessage).where(OutboxMessage.method == "NOTE").order_by(OutboxMessage.id)
    letters = {letter.recipient: letter for letter in board.scalars(query)}
    letter = letters[recipient]
    message = message_from_bytes(letter.content, policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert (checked.letters, sorted(letters)) == (2, sorted([recipient, "coordinator@hospital.example"]))
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["Subject"] == "To mend: Ovarian board"
    assert "Cannot come any more: Jung (Cases: C-2)" in text
    assert "No longer ready (Cases: C-1)" in text
    assert [word for word in ("pathology", "Pathology", "hysterectomy", "serous") if word in text] == []
    assert check_database(board, setup, now=NIGHT) == ()


def test_digest_waits_for_the_morning(board: Session, setup: Setup) -> None:
    away(board, UROLOGY)

    check(board, setup)

    letter = board.scalars(select(OutboxMessage).where(OutboxMessage.method == "NOTE")).one()
    assert letter.due_at == NIGHT + timedelta(hours=5)

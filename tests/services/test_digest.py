"""What is wrong about published meetings, told to coordinators: at once, or in the morning letter."""

from __future__ import annotations

from email import message_from_bytes, policy

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.builders import OPERATOR
from tests.services.test_nightly import NIGHT, UROLOGY, away, check, lose_report, with_coordinator
from tumorboard.services import transaction
from tumorboard.services.checks import check_database
from tumorboard.services.digest import post_digests
from tumorboard.services.findings import list_findings
from tumorboard.services.setup import Setup
from tumorboard.store.people import Account
from tumorboard.store.post import OutboxMessage

NOTES = select(OutboxMessage).where(OutboxMessage.method == "NOTE").order_by(OutboxMessage.id)


def test_digest_names_cases_by_reference_and_nothing_of_their_facts(board: Session, setup: Setup) -> None:
    recipient = with_coordinator(board)
    away(board, UROLOGY)
    lose_report(board)
    board.commit()
    check(board, setup)

    with transaction(board):
        found = list_findings(board, by=OPERATOR, now=NIGHT)
        told = post_digests(board, setup, [(found[0].meeting.board, found)], now=NIGHT, at_once=True)

    letters = {letter.recipient: letter for letter in board.scalars(NOTES)}
    letter = letters[recipient]
    message = message_from_bytes(letter.content, policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert (told, sorted(letters)) == (2, sorted([recipient, "coordinator@hospital.example"]))
    assert letter.due_at == NIGHT
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["Subject"] == "To mend: Ovarian board"
    assert "Cannot come any more: Jung (Cases: C-2)" in text
    assert "No longer ready (Cases: C-1)" in text
    assert [word for word in ("pathology", "Pathology", "hysterectomy", "serous") if word in text] == []
    assert check_database(board, setup, now=NIGHT) == ()


def test_what_the_night_found_waits_for_the_morning_letter(board: Session, setup: Setup) -> None:
    with_coordinator(board)
    board.execute(
        update(Account).where(Account.email == "second@hospital.example").values(preferences={"morning": False})
    )
    board.commit()
    away(board, UROLOGY)

    checked = check(board, setup)

    assert (checked.new, checked.letters, board.scalars(NOTES).all()) == (1, 1, [])

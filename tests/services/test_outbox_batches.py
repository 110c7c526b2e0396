"""Letters sent together: how far they are, held back and let go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import OPERATOR
from tests.services.conftest import NOW
from tumorboard.domain.errors import NotAllowed, NotFound
from tumorboard.mail.send import FakeMailer, SentLetter, TemporaryFailure
from tumorboard.services.access import Role, actor_with
from tumorboard.services.checks import check_database
from tumorboard.services.outbox import (
    BatchProgress,
    Delivered,
    batch_progress,
    count_post,
    deliver_post,
    hold_batch,
    list_batches,
    release_batch,
)
from tumorboard.services.publishing import cancel_meeting
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting
from tumorboard.store.plans import Draft
from tumorboard.store.post import AuditEvent, OutboxMessage


def batch_of(session: Session) -> str:
    return session.scalars(select(Draft.public_id)).one()


def deliver(session: Session, mailer: FakeMailer, *, limit: int = 500, minutes: int = 0) -> Delivered:
    now = NOW + timedelta(minutes=minutes)
    return deliver_post(session, mailer=mailer, sender="board@hospital.example", clock=lambda: now, limit=limit)


def test_published_letters_share_the_draft_as_their_batch(board: Session) -> None:
    batch = batch_of(board)

    assert set(board.scalars(select(OutboxMessage.batch))) == {batch}
    assert list_batches(board, by=OPERATOR) == [BatchProgress(batch, waiting=6, written_at=NOW)]


def test_held_rest_of_a_batch_stays_and_leaves_later_once(board: Session, setup: Setup) -> None:
    batch, mailer = batch_of(board), FakeMailer()
    deliver(board, mailer, limit=2)

    held = hold_batch(board, batch=batch, by=OPERATOR, now=NOW)
    nothing = deliver(board, mailer, minutes=5)
    again = hold_batch(board, batch=batch, by=OPERATOR, now=NOW)
    released = release_batch(board, batch=batch, by=OPERATOR, now=NOW)
    rest = deliver(board, mailer, minutes=10)

    assert (held.sent, held.held, held.waiting, held.total, held.is_done) == (2, 4, 0, 6, False)
    assert (nothing, again) == (Delivered(), held)
    assert (released.sent, released.held, released.waiting) == (2, 0, 4)
    assert (rest.sent, len({each.recipient for each in mailer.sent}), len(mailer.sent)) == (4, 6, 6)
    assert batch_progress(board, batch, by=OPERATOR).is_done
    events = board.scalars(select(AuditEvent).where(AuditEvent.subject_kind == "batch").order_by(AuditEvent.id))
    assert [(each.action, each.detail) for each in events] == [
        ("letters:held", {"letters": 4}), ("letters:released", {"letters": 4}),
    ]  # fmt: skip
    assert check_database(board, setup, now=NOW) == ()


def test_letter_that_fails_while_it_is_held_stays_held(board: Session) -> None:
    batch = batch_of(board)

    class Meanwhile:
        """A server that refuses for now, while the coordinator holds the batch."""

        def send(self, message: bytes, *, sender: str, recipient: str) -> None:
            with Session(board.get_bind()) as other:
                hold_batch(other, batch=batch, by=OPERATOR, now=NOW)
            raise TemporaryFailure("451 later")

    done = deliver_post(board, mailer=Meanwhile(), sender="board@hospital.example", clock=lambda: NOW)

    progress = batch_progress(board, batch, by=OPERATOR)
    assert (done.failed, progress.held, progress.waiting) == (1, 6, 0)


def test_letter_that_is_just_being_sent_while_it_is_held_counts_as_sent_once(board: Session) -> None:
    batch, kept = batch_of(board), FakeMailer()

    class Meanwhile:
        """A server that takes the letter, while the coordinator holds the batch and lets it go."""

        def send(self, message: bytes, *, sender: str, recipient: str) -> None:
            with Session(board.get_bind()) as other:
                hold_batch(other, batch=batch, by=OPERATOR, now=NOW)
                release_batch(other, batch=batch, by=OPERATOR, now=NOW)
            kept.send(message, sender=sender, recipient=recipient)

    deliver_post(board, mailer=Meanwhile(), sender="board@hospital.example", clock=lambda: NOW)

    assert len({(each.recipient, each.message) for each in kept.sent}) == len(kept.sent) == 6
    assert batch_progress(board, batch, by=OPERATOR).sent == 6


def test_meeting_cancelled_while_its_letters_are_held_is_no_news_to_anybody(board: Session, setup: Setup) -> None:
    batch, mailer = batch_of(board), FakeMailer()
    hold_batch(board, batch=batch, by=OPERATOR, now=NOW)
    meeting = board.scalars(select(Meeting).where(Meeting.status == "published")).one()

    cancel_meeting(board, setup, meeting_id=meeting.public_id, by=OPERATOR, now=NOW)
    release_batch(board, batch=batch, by=OPERATOR, now=NOW)
    deliver(board, mailer)

    assert (mailer.sent, batch_progress(board, batch, by=OPERATOR).superseded) == ([], 6)


def test_newer_letter_waits_for_the_held_one_before_it(board: Session) -> None:
    """As with a series: an instance of it must not be heard of before the series."""
    batch, mailer = batch_of(board), FakeMailer()
    hold_batch(board, batch=batch, by=OPERATOR, now=NOW)
    first = board.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).first()
    assert first is not None
    board.add(
        OutboxMessage(
            dedupe_key="later", message_id="<later@x>", recipient=first.recipient, uid=first.uid, sequence=0,
            method="REQUEST", subject="x", content=b"later", due_at=NOW, created_at=NOW,
        )
    )  # fmt: skip
    board.commit()

    deliver(board, mailer)
    release_batch(board, batch=batch, by=OPERATOR, now=NOW)
    content = first.content
    deliver(board, mailer)

    to_her = [each for each in mailer.sent if each.recipient == first.recipient]
    assert to_her == [
        SentLetter(content, "board@hospital.example", first.recipient),
        SentLetter(b"later", "board@hospital.example", first.recipient),
    ]


def test_held_letters_are_counted(board: Session) -> None:
    hold_batch(board, batch=batch_of(board), by=OPERATOR, now=NOW)

    assert count_post(board) == {"waiting": 0, "sent": 0, "superseded": 0, "dead": 0, "held": 6, "failing": 0}


def test_unknown_batch_is_refused_and_has_no_progress(small: Session) -> None:
    for batch in ("", "nothing"):
        with pytest.raises(NotFound, match="no such letters"):
            hold_batch(small, batch=batch, by=OPERATOR, now=NOW)
    assert batch_progress(small, "nothing", by=OPERATOR) == BatchProgress("nothing")


def test_auditor_may_look_and_not_hold(small: Session) -> None:
    auditor, batch = actor_with("auditor", frozenset({Role.AUDITOR})), batch_of(small)

    assert batch_progress(small, batch, by=auditor).waiting == 6
    with pytest.raises(NotAllowed):
        hold_batch(small, batch=batch, by=auditor, now=NOW)
    with pytest.raises(NotAllowed):
        batch_progress(small, batch, by=actor_with("surgeon", frozenset({Role.SURGEON})))

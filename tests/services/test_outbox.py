"""Letters leave once, in order, and failures stay visible."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR
from tests.services.conftest import NOW
from tumorboard.domain.errors import Conflict
from tumorboard.mail.send import PermanentFailure, ServerUnreachable, TemporaryFailure
from tumorboard.services.outbox import MOST_TRIES, Delivered, count_post, deliver_post, retry_letter
from tumorboard.services.planning import propose
from tumorboard.services.post_rounds import PostState, note_round, read_post_state
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.post import OutboxMessage


class Server:
    """A mail server that answers as told: one failure for each letter until none is left."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.received: list[tuple[str, bytes]] = []

    def send(self, message: bytes, *, sender: str, recipient: str) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.received.append((recipient, message))


def _deliver(session: Session, server: Server, *, at: datetime = NOW) -> Delivered:
    return deliver_post(session, mailer=server, sender="board@hospital.example", clock=lambda: at)


@pytest.fixture
def published(any_centre: Session, setup: Setup) -> Session:
    """Six letters wait."""
    draft = propose(any_centre, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)
    publish_draft(any_centre, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)
    return any_centre


def test_every_letter_leaves_once(published: Session) -> None:
    server = Server()

    first, second = _deliver(published, server), _deliver(published, server)

    assert (first, second) == (Delivered(sent=6), Delivered())
    assert sorted(recipient for recipient, _ in server.received) == sorted(
        published.scalars(select(OutboxMessage.recipient))
    )


def test_a_temporary_failure_is_tried_again_with_the_same_bytes(published: Session) -> None:
    server = Server(TemporaryFailure("451 later"))

    early = _deliver(published, server)
    waiting = published.scalars(select(OutboxMessage).where(OutboxMessage.state == "waiting")).one()
    content, error = waiting.content, waiting.last_error
    late = _deliver(published, server, at=NOW + timedelta(minutes=5))

    assert (early, late) == (Delivered(sent=5, failed=1), Delivered(sent=1))
    assert error == "451 later"
    assert server.received[-1][1] == content


def test_a_server_that_is_away_costs_no_letter_a_try(published: Session) -> None:
    for hour in range(30):
        _deliver(published, Server(ServerUnreachable("connection refused")), at=NOW + timedelta(hours=hour))
    server = Server()

    back = _deliver(published, server, at=NOW + timedelta(hours=31))

    assert back == Delivered(sent=6)
    assert count_post(published)["dead"] == 0


def test_a_permanent_failure_is_a_dead_letter_at_once_and_can_be_retried(published: Session) -> None:
    server = Server(PermanentFailure("550 no such user"))
    outcome = _deliver(published, server)
    dead = published.scalars(select(OutboxMessage).where(OutboxMessage.state == "dead")).one()
    reason = dead.last_error

    retry_letter(published, letter_id=dead.public_id, by=OPERATOR, now=NOW)
    again = _deliver(published, server)

    assert outcome == Delivered(sent=5, dead=1)
    assert reason == "550 no such user"
    assert again == Delivered(sent=1)


def test_the_tenth_temporary_failure_is_the_last(published: Session) -> None:
    for hour in range(2 * MOST_TRIES):
        _deliver(published, Server(*[TemporaryFailure("451")] * 6), at=NOW + timedelta(hours=2 * hour))

    rows = published.scalars(select(OutboxMessage).execution_options(populate_existing=True))
    assert {(row.state, row.tries) for row in rows} == {("dead", MOST_TRIES)}


def test_a_crash_between_sending_and_marking_sends_the_same_bytes_again(published: Session) -> None:
    class Crash(BaseException):
        """The process is killed."""

    class Killed(Server):
        def send(self, message: bytes, *, sender: str, recipient: str) -> None:
            super().send(message, sender=sender, recipient=recipient)
            if len(self.received) == 3:
                raise Crash

    killed, later = Killed(), Server()
    with pytest.raises(Crash):
        _deliver(published, killed)
    published.rollback()

    _deliver(published, later, at=NOW + timedelta(minutes=1))
    _deliver(published, later, at=NOW + timedelta(minutes=10))

    doubled = [pair for pair in later.received if pair in killed.received]
    assert len({*killed.received, *later.received}) == 6
    assert doubled == [killed.received[2]]


def test_a_letter_that_was_superseded_cannot_be_retried(published: Session) -> None:
    row = published.scalars(select(OutboxMessage)).first()
    assert row is not None

    with pytest.raises(Conflict) as refused:
        retry_letter(published, letter_id=row.public_id, by=OPERATOR, now=NOW)

    assert refused.value.code == "letter-not-dead"


@pytest.mark.parametrize(
    ("looked", "asked", "is_stuck"),
    [(None, timedelta(minutes=4), False), (None, timedelta(minutes=6), True), (2, timedelta(minutes=6), False),
     (0, timedelta(minutes=6), True)],
)  # fmt: skip
def test_post_is_stuck_when_letters_wait_for_minutes_and_nobody_looks(
    published: Session, looked: int | None, asked: timedelta, *, is_stuck: bool
) -> None:
    looked_at = None if looked is None else NOW + timedelta(minutes=looked)
    if looked_at is not None:
        note_round(published, now=looked_at)

    state = read_post_state(published, by=OPERATOR, now=NOW + asked)

    assert state == PostState(looked_at, None, NOW, is_stuck)


def test_each_round_is_a_sign_of_life_but_not_each_is_written(published: Session) -> None:
    moments = [NOW, NOW + timedelta(seconds=30), NOW + timedelta(minutes=2)]

    looked = []
    for at in moments:
        _deliver(published, Server(), at=at)
        looked.append(read_post_state(published, by=OPERATOR, now=at).looked_at)

    assert looked == [NOW, NOW, moments[2]]
    assert read_post_state(published, by=OPERATOR, now=moments[2]) == PostState(moments[2], NOW, None, is_stuck=False)

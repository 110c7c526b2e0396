"""Letters leave from here: claimed with a lease, sent, marked. A crash in between sends the same bytes again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from tumorboard.domain.errors import Conflict, NotFound
from tumorboard.mail.send import Mailer, PermanentFailure, ServerUnreachable, TemporaryFailure
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.store.post import OutboxMessage

LEASE = timedelta(minutes=2)
MOST_TRIES = 10
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one round did; `unreachable` says why the mail server could not be used, if so."""

    sent: int = 0
    failed: int = 0
    dead: int = 0
    unreachable: str = ""


@dataclass(frozen=True, slots=True)
class _Claim:
    id: int
    recipient: str
    content: bytes
    tries: int


def deliver_post(
    session: Session, *, mailer: Mailer, sender: str, clock: Callable[[], datetime], limit: int = 500
) -> Delivered:
    """Send what is due, oldest first, never a letter before an earlier one about the same entry to the same person.

    A temporary failure is tried again after a growing pause, a permanent one or the tenth becomes a dead letter that
    the operator sees. When the server cannot be reached the round ends: the others wait without losing a try.
    """
    sent = failed = dead = 0
    server_away = ""
    for _ in range(limit):
        claim = _claim(session, clock())
        if claim is None:
            break
        try:
            mailer.send(claim.content, sender=sender, recipient=claim.recipient)
        except PermanentFailure as failure:
            _mark(session, claim, state="dead", error=failure.reason)
            dead += 1
        except TemporaryFailure as failure:
            unreachable = isinstance(failure, ServerUnreachable)
            tries = claim.tries - 1 if unreachable else claim.tries
            gave_up = tries >= MOST_TRIES
            due_at = clock() + _pause(max(1, tries))
            state = "dead" if gave_up else "waiting"
            _mark(session, claim, state=state, error=failure.reason, due_at=due_at, tries=tries)
            failed, dead = failed + (not gave_up), dead + gave_up
            if unreachable:
                server_away = failure.reason
                break
        else:
            _mark(session, claim, state="sent", sent_at=clock())
            sent += 1
    session.rollback()
    return Delivered(sent=sent, failed=failed, dead=dead, unreachable=server_away)


def _claim(session: Session, now: datetime) -> _Claim | None:
    """Take the next due letter for the length of the lease; another sender passes it over."""
    earlier = aliased(OutboxMessage)
    blocked = (
        select(earlier.id)
        .where(earlier.uid == OutboxMessage.uid, earlier.recipient == OutboxMessage.recipient)
        .where(earlier.state == "waiting", earlier.id < OutboxMessage.id)
        .exists()
    )
    query = (
        select(OutboxMessage)
        .where(OutboxMessage.state == "waiting", OutboxMessage.due_at <= now, ~blocked)
        .order_by(OutboxMessage.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    with transaction(session):
        row = session.scalar(query)
        if row is None:
            return None
        row.due_at = now + LEASE
        row.tries += 1
        return _Claim(row.id, row.recipient, row.content, row.tries)


def _pause(tries: int) -> timedelta:
    """30 s, 1 min, 2 min … at most an hour, with jitter so that letters do not come back in step."""
    pause: timedelta = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1))
    return pause * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing


def _mark(
    session: Session, claim: _Claim, *, state: str, error: str = "", due_at: datetime | None = None,
    sent_at: datetime | None = None, tries: int | None = None,
) -> None:  # fmt: skip
    with transaction(session):
        row = session.get_one(OutboxMessage, claim.id)
        row.tries = claim.tries if tries is None else tries
        if row.state == "superseded" and state == "waiting":
            return
        row.state, row.last_error, row.sent_at = state, error[:500], sent_at
        row.due_at = due_at or row.due_at


def retry_letter(session: Session, *, letter_id: str, by: Actor, now: datetime) -> None:
    """Give a dead letter another ten tries, the same bytes. Raises Conflict when a newer one was written since."""
    require(by, Permission.OUTBOX_READ)
    require(by, Permission.MEETING_EDIT)
    with transaction(session):
        row = session.scalar(select(OutboxMessage).where(OutboxMessage.public_id == letter_id))
        if row is None:
            raise NotFound("there is no such letter", code="unknown-letter")
        newer = select(OutboxMessage.id).where(OutboxMessage.uid == row.uid, OutboxMessage.id > row.id)
        if row.state != "dead" or session.scalar(newer.limit(1)) is not None:
            raise Conflict("only a dead letter without a newer one can be sent again", code="letter-not-dead")
        row.state, row.tries, row.due_at = "waiting", 0, now
        record(session, by=by, now=now, action="letter:retried", subject=("letter", letter_id))


def count_post(session: Session) -> dict[str, int]:
    """Letters by state: `waiting`, `sent`, `superseded`, `dead`; waiting ones that failed already are `failing`."""
    rows = session.execute(select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)).all()
    counts = {"waiting": 0, "sent": 0, "superseded": 0, "dead": 0, **{row[0]: row[1] for row in rows}}
    failing = select(func.count()).where(OutboxMessage.state == "waiting", OutboxMessage.last_error != "")
    counts["failing"] = session.scalars(failing).one()
    return counts

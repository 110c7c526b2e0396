"""Letters leave from here: claimed with a lease, sent, marked. A crash in between sends the same bytes again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.orm import Session, aliased

from tumorboard.domain.errors import Conflict, NotFound
from tumorboard.mail.send import Mailer, PermanentFailure, ServerUnreachable, TemporaryFailure
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.post_rounds import note_round
from tumorboard.store.post import OutboxMessage

LEASE = timedelta(minutes=2)
MOST_TRIES = 10
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
OPENS_A_LOG_IN = "password:"
"""How the dedupe key of a letter begins whose bytes open a log-in: they are dropped as soon as it has left."""
_STATES = ("waiting", "sent", "superseded", "dead", "held")


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

    What a coordinator holds stays.
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
    note_round(session, now=clock())
    return Delivered(sent=sent, failed=failed, dead=dead, unreachable=server_away)


def _claim(session: Session, now: datetime) -> _Claim | None:
    """Take the next due letter for the length of the lease; another sender passes it over."""
    earlier = aliased(OutboxMessage)
    blocked = (
        select(earlier.id)
        .where(earlier.uid == OutboxMessage.uid, earlier.recipient == OutboxMessage.recipient)
        .where(earlier.state.in_(("waiting", "held")), earlier.id < OutboxMessage.id)
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
        if row.state != "held" or state != "waiting":  # a letter held while it was tried stays held
            row.state = state
        if state == "sent" and row.dedupe_key.startswith(OPENS_A_LOG_IN):
            row.content = b""
        row.last_error, row.sent_at = error[:500], sent_at
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


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How far letters sent together have come: how many wait, have left, were given up, are held, were replaced.

    `failing` of the waiting ones failed at least once; `written_at` is when the first was written, None without any.
    """

    batch: str
    waiting: int = 0
    sent: int = 0
    dead: int = 0
    held: int = 0
    superseded: int = 0
    failing: int = 0
    written_at: datetime | None = None

    @property
    def total(self) -> int:
        """All letters that have left or still might."""
        return self.waiting + self.sent + self.dead + self.held

    @property
    def is_done(self) -> bool:
        """True when nothing of it waits and nothing is held."""
        return not self.waiting and not self.held


def batch_progress(session: Session, batch: str, *, by: Actor) -> BatchProgress:
    """How far the letters of a batch have come; all zero for one without a letter."""
    require(by, Permission.OUTBOX_READ)
    found = _progress(session, OutboxMessage.batch == batch)
    return found.get(batch, BatchProgress(batch))


def list_batches(session: Session, *, by: Actor, limit: int = 10) -> list[BatchProgress]:
    """The newest batches, newest first."""
    require(by, Permission.OUTBOX_READ)
    newest = select(OutboxMessage.batch).where(OutboxMessage.batch != "").group_by(OutboxMessage.batch)
    names = list(session.scalars(newest.order_by(func.max(OutboxMessage.id).desc()).limit(limit)))
    found = _progress(session, OutboxMessage.batch.in_(names))
    return [found[name] for name in names]


def hold_batch(session: Session, *, batch: str, by: Actor, now: datetime) -> BatchProgress:
    """Keep back what of a batch has not left; a letter that is just being sent may still arrive.

    Raises NotFound `unknown-batch`.
    """
    return _change_batch(session, batch, "waiting", "held", by=by, now=now)


def release_batch(session: Session, *, batch: str, by: Actor, now: datetime) -> BatchProgress:
    """Let go what was held; what a newer letter has replaced meanwhile does not leave. Raises NotFound as above."""
    return _change_batch(session, batch, "held", "waiting", by=by, now=now)


def _change_batch(session: Session, batch: str, before: str, after: str, *, by: Actor, now: datetime) -> BatchProgress:
    require(by, Permission.OUTBOX_READ)
    require(by, Permission.MEETING_EDIT)
    with transaction(session):
        known = select(OutboxMessage.id).where(OutboxMessage.batch == batch).limit(1)
        if not batch or session.scalar(known) is None:
            raise NotFound("there are no such letters", code="unknown-batch")
        found = session.execute(
            update(OutboxMessage).where(OutboxMessage.batch == batch, OutboxMessage.state == before)
            .values(state=after).execution_options(synchronize_session="fetch").returning(OutboxMessage.id)
        )  # fmt: skip
        letters = len(found.all())
        if letters:
            action = "letters:held" if after == "held" else "letters:released"
            record(session, by=by, now=now, action=action, subject=("batch", batch), letters=letters)
    return batch_progress(session, batch, by=by)


def _progress(session: Session, which: ColumnElement[bool]) -> dict[str, BatchProgress]:
    state, is_failing = OutboxMessage.state, OutboxMessage.last_error != ""
    counts = {name: func.sum(case((state == name, 1), else_=0)).label(name) for name in _STATES}
    failing = func.sum(case(((state == "waiting") & is_failing, 1), else_=0)).label("failing")
    query = select(OutboxMessage.batch, func.min(OutboxMessage.created_at), failing, *counts.values())
    rows = session.execute(query.where(which).group_by(OutboxMessage.batch))
    return {
        row[0]: BatchProgress(row[0], written_at=row[1], failing=row[2], **dict(zip(_STATES, row[3:], strict=True)))
        for row in rows
    }


def count_post(session: Session) -> dict[str, int]:
    """Letters by state: those of `_STATES`; waiting ones that failed already are `failing`."""
    rows = session.execute(select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)).all()
    counts = {**dict.fromkeys(_STATES, 0), **{row[0]: row[1] for row in rows}}
    failing = select(func.count()).where(OutboxMessage.state == "waiting", OutboxMessage.last_error != "")
    counts["failing"] = session.scalars(failing).one()
    return counts

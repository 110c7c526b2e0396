"""Is anybody sending the letters? Each round of the process that does leaves a trace, which the outbox shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.store.post import OutboxMessage, PostRound

NOTED_EVERY = timedelta(minutes=1)
"""A round is every five seconds; a trace of each would be a write for nothing."""
PATIENCE = timedelta(minutes=5)
"""How long letters may wait, and rounds be missing, before a person should look."""
_ROW = 1


@dataclass(frozen=True, slots=True)
class PostState:
    """`looked_at` is the last round, `sent_at` the last letter that left, `due_since` since when the oldest waits."""

    looked_at: datetime | None
    sent_at: datetime | None
    due_since: datetime | None
    is_stuck: bool


def note_round(session: Session, *, now: datetime) -> None:
    """Keep that letters were looked at, unless that was noted just now."""
    row = session.get(PostRound, _ROW)
    if row is not None and row.at <= now < row.at + NOTED_EVERY:
        session.rollback()
        return
    with transaction(session):
        session.merge(PostRound(id=_ROW, at=now))


def read_post_state(session: Session, *, by: Actor, now: datetime) -> PostState:
    """When letters were last looked at and sent; stuck where some are due for minutes and nobody looks."""
    require(by, Permission.OUTBOX_READ)
    row = session.get(PostRound, _ROW)
    looked_at = row.at if row else None
    sent_at = session.scalar(select(func.max(OutboxMessage.sent_at)))
    waiting = select(func.min(OutboxMessage.due_at)).where(OutboxMessage.state == "waiting")
    due_since = session.scalar(waiting)
    is_late = due_since is not None and due_since < now - PATIENCE
    return PostState(looked_at, sent_at, due_since, is_late and (looked_at is None or looked_at < now - PATIENCE))

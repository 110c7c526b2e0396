"""One round through the mailbox: each message is understood once, and none stops the others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tumorboard.domain.answers import Effect
from tumorboard.domain.errors import Conflict, DomainError
from tumorboard.mail.receive import Inbox, InboxFailure, NewMail
from tumorboard.services import transaction
from tumorboard.services.access import Actor
from tumorboard.services.answers import receive_message
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import InboundMessage

MOST_MESSAGES = 50
LARGEST_BYTES = 2 * 1024 * 1024
"""A message above this is not fetched: an answer has a few kilobytes."""
LONGEST_ROUND = timedelta(seconds=60)
_WORTH_ANOTHER_TRY = ("busy", "changed-meanwhile")

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Round:
    """What one round did: messages read, those that wait for a coordinator, those that could not be read, left for the
    next round. `effects` counts by effect."""

    read: int = 0
    open: int = 0
    unreadable: int = 0
    left: int = 0
    effects: dict[str, int] = field(default_factory=dict)


def read_inbox(
    session: Session,
    setup: Setup,
    *,
    inbox: Inbox,
    by: Actor,
    clock: Callable[[], datetime],
    limit: int = MOST_MESSAGES,
) -> Round:
    """Read what is new, oldest first, at most `limit` messages and a minute; the rest waits for the next round.

    A message that cannot be read is noted, flagged and passed over. Raises InboxFailure when the mailbox is lost, and
    whatever the database says when it is gone: then the message stays unread.
    """
    done, until = Round(), clock() + LONGEST_ROUND
    new = inbox.list_new(limit=limit)
    for place, mail in enumerate(new):
        if clock() >= until:
            done.left += len(new) - place
            break
        _read_one(session, setup, inbox, mail, by, clock, done)
    return done


def _read_one(
    session: Session, setup: Setup, inbox: Inbox, mail: NewMail, by: Actor, clock: Callable[[], datetime], done: Round
) -> None:
    if mail.size > LARGEST_BYTES:
        _note_unread(session, inbox, mail, "too-large", clock())
        done.unreadable += 1
        return
    content = inbox.read(mail.uid)
    try:
        received = receive_message(session, setup, content=content, by=by, now=clock())
    except (InboxFailure, SQLAlchemyError):
        raise
    except (DomainError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError) as error:
        _pass_over(session, inbox, mail, error, clock(), done)
        return
    done.read += 1
    done.open += received.state == "open" and not received.is_repeated
    done.effects[received.effect] = done.effects.get(received.effect, 0) + 1
    needs_eyes = received.effect is Effect.NONE and received.state == "open"
    inbox.finish(mail.uid, is_for_people=needs_eyes)


def _pass_over(session: Session, inbox: Inbox, mail: NewMail, error: Exception, now: datetime, done: Round) -> None:
    """Whatever one mail does to us, the mailbox keeps being read. The error's words may hold what the mail says."""
    session.rollback()
    if isinstance(error, Conflict) and error.code in _WORTH_ANOTHER_TRY:
        logger.info("message %s of the inbox waits for the next round: %s", mail.uid, error.code)
        done.left += 1
        return
    name = error.code if isinstance(error, DomainError) else type(error).__name__
    logger.error("message %s of the inbox cannot be handled: %s", mail.uid, name)
    _note_unread(session, inbox, mail, "cannot-be-handled", now)
    done.unreadable += 1


def _note_unread(session: Session, inbox: Inbox, mail: NewMail, reason: str, now: datetime) -> None:
    """A row for the coordinators; the message stays in the mailbox, flagged for people."""
    digest = sha256(reason.encode() + b"\0" + inbox.read_header(mail.uid)).hexdigest()
    with transaction(session):
        if session.scalar(select(InboundMessage.id).where(InboundMessage.digest == digest)) is None:
            session.add(
                InboundMessage(
                    digest=digest, received_at=now, sender="", method="", uid="", effect=Effect.NONE, reason=reason,
                    state="open",
                )
            )  # fmt: skip
    inbox.finish(mail.uid, is_for_people=True)

"""What came in is not kept for ever: decided messages go after a while, those that wait for somebody stay."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func
from sqlalchemy.orm import Session

from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import InboundMessage

JOB = "job:forget-messages"


def forget_messages(session: Session, setup: Setup, *, by: Actor, now: datetime) -> int:
    """Delete messages that were decided longer than `setup.inbox_days` ago, or came so long ago and needed nobody.

    Gives how many. What a member answered stays with her invitation. The same mail once more is judged anew, and is
    stale: it answers a meeting that is past.
    """
    require(by, Permission.ANSWER_DECIDE)
    settled_at = func.coalesce(InboundMessage.decided_at, InboundMessage.received_at)
    old = (InboundMessage.state != "open") & (settled_at < now - timedelta(days=setup.inbox_days))
    with transaction(session):
        gone = session.execute(
            delete(InboundMessage).where(old).returning(InboundMessage.id).execution_options(synchronize_session=False)
        )
        count = len(gone.all())
        if count:
            record(session, by=by, now=now, action="messages:forgotten", subject=("messages", "old"), messages=count)
    return count

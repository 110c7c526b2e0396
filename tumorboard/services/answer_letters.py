"""The letter that declines a proposed time (RFC 5546, 3.2.8), to the proposer alone."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from tumorboard.domain.timeline import Interval
from tumorboard.formats.ical import write_decline_counter
from tumorboard.mail.declined import compose_declined
from tumorboard.mail.letters import LetterKind
from tumorboard.mail.message import build_message
from tumorboard.services.invitations import invitation_of, letter_facts
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import InboundMessage
from tumorboard.store.meetings import MeetingInvitation
from tumorboard.store.post import OutboxMessage

METHOD = "DECLINECOUNTER"


def post_decline_counter(
    session: Session, setup: Setup, row: MeetingInvitation, message: InboundMessage, *, now: datetime
) -> bool:
    """Write the DECLINECOUNTER with the UID, RECURRENCE-ID and SEQUENCE of the proposal into the outbox.

    Nothing is written, and False given, when a newer invitation has replaced what she proposed for.
    """
    sequence = row.sequence if message.sequence is None else message.sequence
    if row.status != "invited" or sequence < row.sequence:
        return False
    facts = letter_facts(setup, row.meeting, row, LetterKind.INVITATION)
    proposed = None
    if message.proposed_start and message.proposed_end:
        proposed = Interval(message.proposed_start, message.proposed_end)
    letter = compose_declined(facts, proposed)
    invitation = replace(
        invitation_of(setup, row.meeting, row, facts), uid=message.uid, sequence=sequence, stamp=max(now, row.stamp)
    )
    message_id = f"<{uuid.uuid4()}@{setup.mail_domain}>"
    content = build_message(
        letter,
        write_decline_counter(invitation, recurrence_at=message.recurrence_at),
        METHOD,
        mail_from=setup.mail_from,
        organizer=facts.organizer,
        to=facts.recipient,
        message_id=message_id,
        date=now,
    )
    session.add(
        OutboxMessage(
            dedupe_key=f"{METHOD}:{message.public_id}", message_id=message_id, recipient=facts.recipient.email,
            member_id=row.member_id, meeting_id=row.meeting_id, uid=message.uid, sequence=row.sequence,
            method=METHOD, subject=letter.subject, content=content, due_at=now, created_at=now,
        )
    )  # fmt: skip
    session.flush()
    return True

"""The letter that declines a proposed time (RFC 5546, 3.2.8), to the proposer alone."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from tumorboard.domain.timeline import Interval
from tumorboard.formats.ical import Invitation, write_decline_counter
from tumorboard.mail.declined import compose_declined
from tumorboard.mail.letters import InvitationFacts, LetterKind
from tumorboard.mail.message import build_message
from tumorboard.services.invitation_post import first_of_series, series_facts
from tumorboard.services.invitations import invitation_of, letter_facts
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import InboundMessage, StandingInvitation
from tumorboard.store.meetings import MeetingInvitation
from tumorboard.store.post import OutboxMessage

METHOD = "DECLINECOUNTER"


def post_decline_counter(
    session: Session, setup: Setup, about: MeetingInvitation | StandingInvitation, message: InboundMessage, *,
    now: datetime,
) -> bool:  # fmt: skip
    """Write the DECLINECOUNTER with the UID, RECURRENCE-ID and SEQUENCE of the proposal into the outbox.

    `about` is the series where she proposed for a week of which nothing is published yet. Nothing is written, and False
    given, when a newer invitation has replaced what she proposed for.
    """
    sequence = about.sequence if message.sequence is None else message.sequence
    if about.status != "invited" or sequence < about.sequence:
        return False
    if isinstance(about, StandingInvitation):
        facts, invitation = _week_of(setup, about, message.recurrence_at or about.starts_at)
        meeting_id = message.meeting_id
    else:
        meeting_id = about.meeting_id
        facts = letter_facts(setup, about.meeting, about, LetterKind.INVITATION)
        invitation = invitation_of(setup, about.meeting, about, facts)
    invitation = replace(invitation, uid=message.uid, sequence=sequence, stamp=max(now, about.stamp))
    proposed = None
    if message.proposed_start and message.proposed_end:
        proposed = Interval(message.proposed_start, message.proposed_end)
    letter = compose_declined(facts, proposed)
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
            member_id=about.member_id, meeting_id=meeting_id, uid=message.uid, sequence=about.sequence,
            method=METHOD, subject=letter.subject, content=content, due_at=now, created_at=now,
        )
    )  # fmt: skip
    session.flush()
    return True


def _week_of(setup: Setup, standing: StandingInvitation, start: datetime) -> tuple[InvitationFacts, Invitation]:
    span = Interval(start, start + (standing.ends_at - standing.starts_at))
    facts = replace(series_facts(setup, standing, LetterKind.INVITATION), meeting=span, window=span)
    first = first_of_series(setup, standing, standing.places[0].invitation)
    return facts, replace(first, starts_at=span.start, ends_at=span.end)

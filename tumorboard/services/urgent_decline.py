"""Somebody does not come to an urgent meeting: whoever is free at that time is asked instead, at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import Conflict
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.domain.urgent import cover_at
from tumorboard.domain.urgent_facts import Gap
from tumorboard.services.access import Actor
from tumorboard.services.audit import record
from tumorboard.services.recheck import recheck_call
from tumorboard.services.setup import Setup
from tumorboard.services.urgent_facts import load_question, read_urgent_case
from tumorboard.services.urgent_meeting import publish_call
from tumorboard.store.meetings import MeetingInvitation
from tumorboard.store.people import Member


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """Who is asked instead, the required needs of nobody, and how many letters leave."""

    asked: tuple[Member, ...] = ()
    missing: tuple[Gap, ...] = ()
    letters: int = 0


def ask_again(session: Session, setup: Setup, row: MeetingInvitation, *, by: Actor, now: datetime) -> AskedAgain:
    """Cover an urgent meeting without a member whose answer was just written, in the running transaction.

    Those who come stay. What nobody covers then is a finding, and the coordinators are told. Where nobody is needed any
    more, because the case was closed meanwhile, nobody is asked.
    """
    meeting = row.meeting
    session.flush()
    try:
        case = read_urgent_case(
            session,
            setup,
            case_id=meeting.agenda[0].case.public_id,
            board=meeting.board.key,
            within_hours=None,
            now=now,
        )
    except Conflict:
        recheck_call(session, setup, meeting, now=now)
        return AskedAgain()
    kept = {
        one.member.public_id: one
        for one in meeting.invitations
        if one.status == "invited" and one is not row and one.answer not in NOT_COMING
    }
    question = load_question(
        session, setup, case, now=now, notice_minutes=0, step_minutes=1, until=meeting.ends_at
    )  # fmt: skip
    moment = cover_at(question, meeting.starts_at, present=kept)
    called = publish_call(session, setup, case, meeting, moment, now, kept=kept)
    recheck_call(session, setup, meeting, now=now)
    new = [name for name in moment.team if name not in kept]
    record(
        session, by=by, now=now, action="call:declined", subject=("meeting", meeting.public_id),
        member=row.member.public_id, asked=new, missing=[gap.key.specialty for gap in moment.missing],
        letters=called.letters,
    )  # fmt: skip
    asked = tuple(session.scalars(select(Member).where(Member.public_id.in_(new)).order_by(Member.id)))
    return AskedAgain(asked, moment.missing, called.letters)

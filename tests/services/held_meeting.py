"""Steps of a meeting that is held: C-1 and C-2 on Tuesday, 24 November 2026, at 07:30 in Seoul."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import CORE, ON_DEMAND, OPERATOR, case_id, member_id
from tests.services.conftest import a_setup
from tumorboard.domain.discussions import stamp_of
from tumorboard.domain.errors import DomainError
from tumorboard.services.attendance import check_in, check_out
from tumorboard.services.discussions import Written, record_outcome, save_recommendation, start_discussion
from tumorboard.services.meeting_records import sign_off
from tumorboard.services.meeting_room import Room, read_room
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.meetings import Meeting

UROLOGY = ON_DEMAND["urology"]
BEGINS = datetime.fromisoformat("2026-11-24T07:30:00+09:00")
NOTHING = stamp_of("")
TEXT = "Interval debulking; ureter reimplantation by urology."


def later(minutes: float) -> datetime:
    return BEGINS + timedelta(minutes=minutes)


def meeting_id(session: Session) -> str:
    return session.scalars(select(Meeting.public_id).where(Meeting.status == "published")).one()


def start(session: Session, reference: str, *, minute: float = 0) -> Written:
    return start_discussion(
        session, meeting_id=meeting_id(session), case_id=case_id(session, reference), by=OPERATOR, now=later(minute)
    )


def save(
    session: Session, reference: str, text: str, *, stamp: str = NOTHING, minute: float = 1, **more: Any
) -> Written:
    return save_recommendation(
        session, meeting_id=meeting_id(session), case_id=case_id(session, reference), text=text, stamp=stamp,
        **{"by": OPERATOR, "now": later(minute), **more},
    )  # fmt: skip


def decide(session: Session, reference: str, outcome: str = "discussed", *, minute: float = 5, **more: Any) -> Written:
    """Nobody is there in most tests: a discussed case has the reason that presence was not noted."""
    reason = {"discussed": "presence-not-noted"}.get(outcome, "")
    asked = {"text": TEXT, "stamp": NOTHING, "by": OPERATOR, "now": later(minute), "reason": reason, **more}
    case = case_id(session, reference)
    return record_outcome(session, a_setup(), meeting_id=meeting_id(session), case_id=case, outcome=outcome, **asked)


def room(session: Session, setup: Setup, *, minute: float = 10) -> Room:
    return read_room(session, setup, meeting_id=meeting_id(session), by=OPERATOR, now=later(minute))


def states(session: Session, setup: Setup) -> dict[str, str]:
    return {case.item.case.reference: case.state for case in room(session, setup).cases}


def status_of(session: Session, reference: str) -> str:
    return session.scalars(select(Case.status).where(Case.reference == reference)).one()


def refusal(action: Any) -> DomainError:
    with pytest.raises(DomainError) as refused:
        action()
    return refused.value


def order(session: Session) -> list[str]:
    meeting = session.scalars(select(Meeting).where(Meeting.status == "published")).one()
    return [item.case.reference for item in meeting.agenda]


def ids(session: Session, *emails: str) -> list[str]:
    return [member_id(session, email) for email in emails]


def come(session: Session, *emails: str, minute: float = -1, **more: Any) -> int:
    asked = {"by": OPERATOR, "member_ids": ids(session, *emails), **more}
    return check_in(session, meeting_id=meeting_id(session), now=later(minute), **asked)


def go(session: Session, *emails: str, minute: float) -> int:
    return check_out(
        session, meeting_id=meeting_id(session), member_ids=ids(session, *emails), by=OPERATOR, now=later(minute)
    )


def hold(session: Session) -> tuple[str, str]:
    """The core throughout, urology for the second half of the first case; both cases are discussed."""
    first, second = order(session)
    come(session, *CORE.values())
    start(session, first)
    come(session, UROLOGY, minute=5)
    decide(session, first, minute=10, go_on=True)
    decide(session, second, minute=20, go_on=True)
    return first, second


def sign(session: Session, setup: Setup, *, minute: float = 100) -> str:
    return sign_off(session, setup, meeting_id=meeting_id(session), by=OPERATOR, now=later(minute))

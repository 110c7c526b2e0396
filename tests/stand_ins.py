"""The small centre with people who can come instead of others: deputies, a second holder, a colleague elsewhere."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, ON_DEMAND, OPERATOR, a_centre, a_member_entry, furnish, import_list, member_id
from tests.clinic import deliver
from tumorboard.services import transaction
from tumorboard.services.answer_taking import take_answer
from tumorboard.services.consequences import Followed
from tumorboard.services.people import add_absence
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Member

UROLOGY = ON_DEMAND["urology"]
UROLOGY_DEPUTY = "baek.urology@hospital.example"
UROLOGY_SECOND = "moon.urology@hospital.example"
UROLOGY_OTHER = "ahn.urology@hospital.example"
PATHOLOGY = CORE["pathology"]
PATHOLOGY_OTHER = "shin.pathology@hospital.example"


def a_staffed_centre(**settings: Any) -> dict[str, Any]:
    """Urology has its holder with a deputy, a second holder and a colleague; pathology a colleague.

    `settings` are those of the board.
    """
    centre = a_centre()
    for entry in centre["members"]:
        if entry["email"] == UROLOGY:
            entry["deputies"] = [UROLOGY_DEPUTY]
    centre["members"] += [
        a_member_entry(UROLOGY_DEPUTY, "urology"),
        a_member_entry(UROLOGY_SECOND, "urology"),
        a_member_entry(UROLOGY_OTHER, "urology"),
        a_member_entry(PATHOLOGY_OTHER, "pathology"),
    ]
    board = centre["boards"][0]
    board["holders"] = {"urology": [UROLOGY, UROLOGY_SECOND], "pathology": [PATHOLOGY]}
    if settings:
        board["settings"] = settings
    return centre


def furnish_staffed(
    session: Session, setup: Setup, *, now: datetime, centre: dict[str, Any] | None = None, **settings: Any
) -> Meeting:
    """The staffed centre with accounts; C-1 and C-2 (urology) are published and all letters have left."""
    furnish(session, setup, now=now, centre=centre or a_staffed_centre(**settings))
    import_list(session, setup, now=now)
    draft = propose(session, setup, board=BOARD, weeks=4, by=OPERATOR, now=now)
    publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=now)
    deliver(session, now=now)
    return session.scalars(select(Meeting).where(Meeting.status == "published")).one()


def invitation(session: Session, email: str) -> MeetingInvitation:
    """The one invitation of a member."""
    query = select(MeetingInvitation).join(Member, Member.id == MeetingInvitation.member_id)
    return session.scalars(query.where(Member.email == email)).one()


def answer(session: Session, setup: Setup, email: str, word: str, *, now: datetime) -> Followed:
    """The member's answer, as it comes by mail."""
    with transaction(session):
        return take_answer(
            session, setup, invitation(session, email), answer=word, comment="", channel="mail", stamp=now, by=OPERATOR,
            now=now,
        )  # fmt: skip


def coming(session: Session) -> dict[str, tuple[str, str]]:
    """Who is invited: by e-mail address her answer and the specialties she comes for."""
    rows = session.scalars(select(MeetingInvitation).where(MeetingInvitation.status == "invited"))
    return {row.member.email: (row.answer, ",".join(row.details["specialties"])) for row in rows}


def be_away(session: Session, email: str, meeting: Meeting, *, now: datetime) -> None:
    """The member is absent on the day of the meeting."""
    start = meeting.starts_at - timedelta(hours=3)
    add_absence(
        session, member_id=member_id(session, email), starts_at=start, ends_at=start + timedelta(days=1),
        kind="absence", by=OPERATOR, now=now,
    )  # fmt: skip

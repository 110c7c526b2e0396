"""A published meeting that is over, with what was recorded of it, as rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.discussions import Discussion, Presence
from tumorboard.store.meetings import Meeting


def publish_next(session: Session, setup: Setup, *, now: datetime) -> Meeting:
    """The next meeting of the board with an agenda, published."""
    draft = propose(session, setup, board=BOARD, weeks=2, by=OPERATOR, now=now)
    publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=now)
    query = select(Meeting).where(Meeting.status == "published").order_by(Meeting.starts_at)
    return next(meeting for meeting in session.scalars(query) if meeting.agenda)


def record_all(session: Session, meeting: Meeting, outcome: str = "discussed", reason: str = "") -> None:
    """The same outcome for every case, at its planned time."""
    for item in meeting.agenda:
        session.add(
            Discussion(
                item_id=item.id, started_at=item.starts_at, ended_at=item.ends_at, outcome=outcome, reason=reason,
                recommendation="Operate" if outcome == "discussed" else "", recorded_by="test",
                recorded_at=item.ends_at,
            )
        )  # fmt: skip
    session.commit()


def note_there(session: Session, meeting: Meeting, *emails: str) -> None:
    """These invited members were there for the whole meeting."""
    for row in meeting.invitations:
        if row.member.email in emails:
            session.add(
                Presence(
                    meeting_id=meeting.id, member_id=row.member_id, since=meeting.starts_at, until=meeting.ends_at,
                    noted_by="test",
                )
            )  # fmt: skip
    session.commit()


def after(meeting: Meeting) -> datetime:
    """An hour after its end."""
    return meeting.ends_at + timedelta(hours=1)

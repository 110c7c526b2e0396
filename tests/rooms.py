"""A meeting that is happening now: what was published for later is brought to this hour."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.store.discussions import Discussion, Presence
from tumorboard.store.meetings import Booking, Meeting


def bring_forward(session: Session, *, starts_at: datetime, at: datetime | None = None, cases: int = 0) -> str:
    """The public id of the first published meeting ahead, after all its times were shifted so that it starts then.

    Of the meetings with so many `cases`: how many each has depends on the day on which the demo is made.
    """
    query = select(Meeting).where(Meeting.status == "published").order_by(Meeting.starts_at)
    found = session.scalars(query if at is None else query.where(Meeting.starts_at > at))
    meeting = next((each for each in found if len(each.agenda) >= cases), None)
    assert meeting is not None
    shift = starts_at.replace(second=0, microsecond=0) - meeting.starts_at
    bookings = session.scalars(select(Booking).where(Booking.meeting_id == meeting.id)).all()
    meeting.closes_at += shift
    for row in (meeting, *meeting.agenda, *meeting.invitations, *bookings):
        _shift(row, shift)
    session.commit()
    return meeting.public_id


def _shift(row: object, shift: timedelta) -> None:
    for name in ("starts_at", "ends_at"):
        setattr(row, name, getattr(row, name) + shift)


def written(session: Session, meeting_id: str | None = None) -> dict[str, tuple[str, str, str]]:
    """Per reference: outcome, reason and recommendation; of one meeting, or of the only one."""
    rows = session.scalars(select(Discussion).execution_options(populate_existing=True))
    return {
        row.item.case.reference: (row.outcome, row.reason, row.recommendation)
        for row in rows
        if meeting_id in (None, row.item.meeting.public_id)
    }


def there(session: Session, meeting_id: str | None = None) -> dict[str, bool]:
    """Per address of a member: whether she is in the room now."""
    rows = session.scalars(select(Presence).order_by(Presence.id).execution_options(populate_existing=True))
    return {row.member.email: row.until is None for row in rows if meeting_id in (None, row.meeting.public_id)}

"""When a case must begin, for a guest who can come at one time only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import BadInput
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.cases import find_case
from tumorboard.services.meetings import FARTHEST
from tumorboard.store.meetings import Board, Meeting


def fix_time(session: Session, *, case_id: str, at: datetime | None, by: Actor, now: datetime) -> Meeting | None:
    """Say when a case must begin (a guest from outside, say); None takes that back. The next proposal heeds it.

    Gives the meeting of a board of its programme that spans the instant, if there is one yet.

    Raises BadInput `time-past`, `time-too-far`, and `time-off-minute` for an instant that is no whole minute.
    """
    require(by, Permission.CASE_EDIT)
    if at is not None and at <= now:
        raise BadInput("the fixed time is past; give one that is ahead", code="time-past", field="at")
    if at is not None and at > now + FARTHEST:
        raise BadInput("fix a time two years ahead at most", code="time-too-far", field="at")
    if at is not None and (at.second or at.microsecond):
        raise BadInput("give a whole minute, as in 2026-12-01T08:00+09:00", code="time-off-minute", field="at")
    with transaction(session):
        row = find_case(session, case_id)
        row.fixed_at = at
        row.updated_at = now
        record(
            session, by=by, now=now, action="case:time-fixed" if at else "case:time-freed",
            subject=("case", row.public_id),
        )  # fmt: skip
        return _meeting_at(session, row.program, at) if at else None


def _meeting_at(session: Session, program: str, at: datetime) -> Meeting | None:
    query = select(Meeting).join(Board, Board.id == Meeting.board_id).where(Board.program == program)
    query = query.where(Meeting.status != "cancelled", Meeting.starts_at <= at, Meeting.ends_at > at)
    return session.scalar(query.order_by(Meeting.starts_at).limit(1))

"""A case that stands on a published meeting is withdrawn: its place stays free, and whom it concerns gets a letter."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import Conflict
from tumorboard.domain.model import MeetingPlan, Proposal
from tumorboard.domain.place_return import LostPlace, find_lost_place
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.agenda_removal import plan_without
from tumorboard.services.audit import record
from tumorboard.services.cases import find_case
from tumorboard.services.meetings import lock_meeting
from tumorboard.services.publications import record_taken_off
from tumorboard.services.published import plan_of
from tumorboard.services.publishing import write_plans
from tumorboard.services.recheck import recheck_meetings
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.facts import encode_proposal
from tumorboard.store.meetings import AgendaItem, Meeting


def withdraw_scheduled(session: Session, setup: Setup, *, case_id: str, by: Actor, now: datetime) -> int:
    """Take a case off its published meeting and off the list; gives how many letters leave.

    The other cases keep their times; the next proposal closes the gap. `case_return.return_scheduled` takes it back.
    Raises Conflict `not-scheduled` for a case that is on no published meeting ahead, and `meeting-begun`.
    """
    require(by, Permission.CASE_EDIT)
    require(by, Permission.PLAN_PUBLISH)
    with transaction(session):
        row = find_case(session, case_id)
        meeting = lock_meeting(session, _find_place(session, row, now).meeting.public_id)
        session.refresh(row)
        item = _find_place(session, row, now)
        before = plan_of(meeting, {})
        plan, cases = plan_without(session, setup, item, now=now)
        letters, _ = write_plans(
            session, setup, [plan], {meeting.public_id: meeting}, {**cases, row.reference: row}, now=now,
            batch=meeting.public_id,
        )  # fmt: skip
        lost = find_lost_place(before, plan, row.reference)
        record_taken_off(session, meeting, row, _encode(plan.meeting, lost), by=by, now=now)
        row.status, row.updated_at = "withdrawn", now
        recheck_meetings(session, setup, [meeting], now=now)
        record(session, by=by, now=now, action="case:taken-off", subject=("case", case_id), meeting=meeting.public_id)
        record(session, by=by, now=now, action="case:withdrawn", subject=("case", case_id), letters=letters)
    return letters


def _encode(meeting: str, lost: LostPlace) -> dict[str, Any]:
    place = MeetingPlan(meeting, (lost.entry,), lost.parts, {})
    return encode_proposal(Proposal((place,), {}, solver="hand", cost=0, greedy_cost=0))


def _find_place(session: Session, row: Case, now: datetime) -> AgendaItem:
    query = select(AgendaItem).join(Meeting, Meeting.id == AgendaItem.meeting_id).where(AgendaItem.case_id == row.id)
    item = session.scalar(query.where(Meeting.status == "published", Meeting.starts_at > now))
    if item is None:
        raise Conflict("the case is on no published meeting ahead", code="not-scheduled")
    return item

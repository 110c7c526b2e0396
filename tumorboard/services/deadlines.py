"""Invitations without an answer: one reminder (`reminders.py`), then the coordinators hear of it. Nothing twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from tumorboard.domain.board_settings import BoardSettings, read_settings
from tumorboard.domain.deadlines import SOON, escalate_at
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.digest import post_digests
from tumorboard.services.invitations import is_urgent_call
from tumorboard.services.recheck import recheck_meeting
from tumorboard.services.reminders import is_silent, remind_members
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting, MeetingInvitation

JOB = "job:chase-answers"


@dataclass(frozen=True, slots=True)
class Chased:
    """What one round did: invitations reminded of, those whose silence was told, and letters written for both."""

    reminded: int = 0
    escalated: int = 0
    letters: int = 0


def chase_answers(session: Session, setup: Setup, *, by: Actor, now: datetime) -> Chased:
    """Remind and escalate what is due by `now`: one transaction per member, then one per meeting, the soonest first.

    Whatever was missed while no job ran is made up, except for meetings that have begun. Who wants no reminders, or
    whose address came back, gets none, and the coordinators hear of her silence all the same. An urgent call is chased
    by phone.
    """
    require(by, Permission.PLAN_EDIT)
    reminded, letters = remind_members(session, setup, by=by, now=now)
    query = select(Meeting.public_id).join(MeetingInvitation, MeetingInvitation.meeting_id == Meeting.id)
    query = query.where(Meeting.status == "published", Meeting.starts_at > now, *is_silent())
    ids = list(session.scalars(query.group_by(Meeting.id).order_by(Meeting.starts_at, Meeting.id)))
    session.rollback()
    told = [_escalate(session, setup, meeting_id, by=by, now=now) for meeting_id in ids]
    return Chased(reminded, sum(count for count, _ in told), letters + sum(number for _, number in told))


def _escalate(session: Session, setup: Setup, meeting_id: str, *, by: Actor, now: datetime) -> tuple[int, int]:
    """One meeting: whose silence is told, and the letters. Its rows are locked, as in a reminder."""
    with transaction(session):
        query = (
            select(MeetingInvitation)
            .join(Meeting, Meeting.id == MeetingInvitation.meeting_id)
            .where(Meeting.public_id == meeting_id, Meeting.status == "published", Meeting.starts_at > now)
            .where(*is_silent())
            .order_by(MeetingInvitation.id)
            .options(joinedload(MeetingInvitation.member))
            .with_for_update(of=MeetingInvitation)
            .execution_options(populate_existing=True)
        )
        rows = list(session.scalars(query))
        if not rows or is_urgent_call(rows[0].meeting):
            return 0, 0
        meeting = rows[0].meeting
        settings = read_settings(meeting.board.settings)
        late = [row for row in rows if row.reminded_at != now and _is_escalation_due(row, settings, now)]
        if not late:
            return 0, 0
        for row in late:
            row.escalated_at = now
        letters = _tell(session, setup, meeting, now)
        record(
            session, by=by, now=now, action="answers:chased", subject=("meeting", meeting_id),
            escalated=[row.member.public_id for row in late],
        )  # fmt: skip
    return len(late), letters


def _is_escalation_due(row: MeetingInvitation, settings: BoardSettings, now: datetime) -> bool:
    assert row.asked_at is not None
    due_at = escalate_at(
        row.asked_at, row.meeting.starts_at, answer_days=settings.answer_days, reminded_at=row.reminded_at, now=now
    )
    return due_at <= now


def _tell(session: Session, setup: Setup, meeting: Meeting, now: datetime) -> int:
    """Keep the findings; a meeting that is near cannot wait for the morning letter."""
    kept = recheck_meeting(session, setup, meeting, now=now, tells=False)
    is_near = meeting.starts_at - now <= SOON
    if not kept.new or not is_near:
        return 0
    return post_digests(session, setup, [(meeting.board, kept.new)], now=now, at_once=True)

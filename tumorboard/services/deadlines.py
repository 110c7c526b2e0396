"""Invitations without an answer: one reminder, then the coordinators hear of it. Nothing is ever done twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from tumorboard.domain.board_settings import BoardSettings, read_settings
from tumorboard.domain.deadlines import SOON, escalate_at, remind_at
from tumorboard.mail.letters import LetterKind
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.digest import post_digests
from tumorboard.services.invitations import is_urgent_call, resend_invitation
from tumorboard.services.preferences import preferences_of
from tumorboard.services.recheck import recheck_meeting
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting, MeetingInvitation

JOB = "job:chase-answers"


@dataclass(frozen=True, slots=True)
class Chased:
    """What one round did: members reminded, members whose silence was told, and letters written for both."""

    reminded: int = 0
    escalated: int = 0
    letters: int = 0


def chase_answers(session: Session, setup: Setup, *, by: Actor, now: datetime) -> Chased:
    """Remind and escalate what is due by `now`; one transaction per meeting, the soonest first.

    Whatever was missed while no job ran is made up, except for meetings that have begun. Who wants no reminders gets
    none, and the coordinators hear of her silence all the same. An urgent call is chased by phone.
    """
    require(by, Permission.PLAN_EDIT)
    query = select(Meeting.public_id).join(MeetingInvitation, MeetingInvitation.meeting_id == Meeting.id)
    query = query.where(Meeting.status == "published", Meeting.starts_at > now, *_is_silent())
    ids = list(session.scalars(query.group_by(Meeting.id).order_by(Meeting.starts_at, Meeting.id)))
    session.rollback()
    done = [_chase(session, setup, meeting_id, by=by, now=now) for meeting_id in ids]
    return Chased(*(sum(getattr(one, name) for one in done) for name in ("reminded", "escalated", "letters")))


def _is_silent() -> tuple[ColumnElement[bool], ...]:
    row = MeetingInvitation
    return (
        row.status == "invited", row.answer == "needs-action", row.asked_at.is_not(None), row.escalated_at.is_(None)
    )  # fmt: skip


def _chase(session: Session, setup: Setup, meeting_id: str, *, by: Actor, now: datetime) -> Chased:
    """One meeting. Its rows are locked: a second process waits, and then finds that nothing is due any more."""
    with transaction(session):
        query = (
            select(MeetingInvitation)
            .join(Meeting, Meeting.id == MeetingInvitation.meeting_id)
            .where(Meeting.public_id == meeting_id, Meeting.status == "published", Meeting.starts_at > now)
            .where(*_is_silent())
            .order_by(MeetingInvitation.id)
            .options(joinedload(MeetingInvitation.member))
            .with_for_update(of=MeetingInvitation)
            .execution_options(populate_existing=True)
        )
        rows = list(session.scalars(query))
        if not rows or is_urgent_call(rows[0].meeting):
            return Chased()
        meeting = rows[0].meeting
        settings = read_settings(meeting.board.settings)
        reminded = [row for row in rows if _is_reminder_due(row, settings, now)]
        letters = 0
        for row in reminded:
            row.reminded_at = now
            letters += resend_invitation(session, setup, row, now=now, kind=LetterKind.REMINDER)
        late = [row for row in rows if row not in reminded and _is_escalation_due(row, settings, now)]
        for row in late:
            row.escalated_at = now
        if late:
            letters += _tell(session, setup, meeting, now)
        if reminded or late:
            record(
                session, by=by, now=now, action="answers:chased", subject=("meeting", meeting_id),
                reminded=[row.member.public_id for row in reminded], escalated=[row.member.public_id for row in late],
            )  # fmt: skip
    return Chased(len(reminded), len(late), letters)


def _is_reminder_due(row: MeetingInvitation, settings: BoardSettings, now: datetime) -> bool:
    assert row.asked_at is not None
    if row.reminded_at is not None or not preferences_of(row.member).reminders:
        return False
    days = {"answer_days": settings.answer_days, "remind_days": settings.remind_days}
    return remind_at(row.asked_at, row.meeting.starts_at, **days) <= now


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

"""Members whose answers are missing hear of it once: one letter about all the invitations that are due."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, joinedload

from tumorboard.domain.board_settings import read_settings
from tumorboard.domain.deadlines import answer_due_at, remind_at
from tumorboard.domain.timeline import Interval
from tumorboard.mail.letters import LetterKind
from tumorboard.mail.message import build_plain_message
from tumorboard.mail.reminders import MissingAnswer, compose_reminders
from tumorboard.services import transaction
from tumorboard.services.access import Actor
from tumorboard.services.answer_tokens import write_answer_links
from tumorboard.services.audit import record
from tumorboard.services.digest import METHOD
from tumorboard.services.feeds import render_member_feeds
from tumorboard.services.invitations import is_urgent_call, resend_invitation
from tumorboard.services.notices_post import addressee, is_reached, sitting
from tumorboard.services.preferences import preferences_of
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.post import OutboxMessage

AHEAD = timedelta(hours=12)
"""Who is reminded is reminded of what would be due so soon after, too: one letter instead of two."""


def is_silent() -> tuple[ColumnElement[bool], ...]:
    """The invitations that wait for an answer, and of whose silence nobody was told."""
    row = MeetingInvitation
    return (
        row.status == "invited", row.answer == "needs-action", row.asked_at.is_not(None), row.escalated_at.is_(None)
    )  # fmt: skip


def remind_members(session: Session, setup: Setup, *, by: Actor, now: datetime) -> tuple[int, int]:
    """Write to everybody who is due; gives how many invitations it was about, and how many letters.

    One transaction per member. Who switched reminders off, and whose address came back, is not written to.
    """
    members = _list_due(session, now)
    session.rollback()
    done = [_remind(session, setup, member, by=by, now=now) for member in members]
    return sum(count for count, _ in done), sum(letters for _, letters in done)


def _list_due(session: Session, now: datetime) -> list[int]:
    """Row ids of the members who may have to be reminded, in order."""
    rows = session.scalars(_waiting(now))
    return sorted({row.member_id for row in rows if _is_due(row, now)})


def _waiting(now: datetime) -> Select[MeetingInvitation]:
    query = select(MeetingInvitation).join(Meeting, Meeting.id == MeetingInvitation.meeting_id)
    query = query.where(Meeting.status == "published", Meeting.starts_at > now, *is_silent())
    return query.where(MeetingInvitation.reminded_at.is_(None)).options(
        joinedload(MeetingInvitation.member), joinedload(MeetingInvitation.meeting).joinedload(Meeting.board)
    )


def _is_due(row: MeetingInvitation, now: datetime) -> bool:
    assert row.asked_at is not None
    if not preferences_of(row.member).reminders or not is_reached(row.member):
        return False
    settings = read_settings(row.meeting.board.settings)
    days = {"answer_days": settings.answer_days, "remind_days": settings.remind_days}
    return remind_at(row.asked_at, row.meeting.starts_at, **days) <= now


def _remind(session: Session, setup: Setup, member_id: int, *, by: Actor, now: datetime) -> tuple[int, int]:
    """One member. Her rows are locked: a second process waits, and then finds that nothing is due any more."""
    with transaction(session):
        query = _waiting(now).where(MeetingInvitation.member_id == member_id)
        query = query.with_for_update(of=MeetingInvitation).execution_options(populate_existing=True)
        rows = [row for row in session.scalars(query) if not is_urgent_call(row.meeting)]
        if not any(_is_due(row, now) for row in rows):
            return 0, 0
        due = sorted((row for row in rows if _is_due(row, now + AHEAD)), key=lambda row: (row.starts_at, row.id))
        for row in due:
            row.reminded_at = now
        if len(due) == 1:
            letters = resend_invitation(session, setup, due[0], now=now, kind=LetterKind.REMINDER)
            render_member_feeds(session, setup, due[0].member, now=now)  # its DTSTAMP is that of the letter
        else:
            letters = _post_bundle(session, setup, due, now)
        member: Member = due[0].member
        record(
            session, by=by, now=now, action="answers:reminded", subject=("member", member.public_id),
            meetings=[row.meeting.public_id for row in due],
        )  # fmt: skip
    return len(due), letters


def _post_bundle(session: Session, setup: Setup, rows: Sequence[MeetingInvitation], now: datetime) -> int:
    member = rows[0].member
    to = addressee(setup, member, rows[0].meeting.board, "reminders")
    letter = compose_reminders(to, tuple(_missing(setup, row, now) for row in rows))
    message_id = f"<{uuid.uuid4()}@{setup.mail_domain}>"
    content = build_plain_message(
        letter, mail_from=setup.mail_from, organizer=to.organizer, to=to.recipient, message_id=message_id, date=now,
        unsubscribe_url=to.unsubscribe_url,
    )  # fmt: skip
    session.add(
        OutboxMessage(
            dedupe_key=f"reminders:{member.public_id}:{now:%Y%m%dT%H%M%S}", message_id=message_id,
            recipient=member.email, member_id=member.id, meeting_id=None, uid=f"{uuid.uuid4()}@{setup.mail_domain}",
            sequence=0, method=METHOD, subject=letter.subject, content=content, due_at=now, created_at=now,
        )
    )  # fmt: skip
    session.flush()
    return 1


def _missing(setup: Setup, row: MeetingInvitation, now: datetime) -> MissingAnswer:
    assert row.asked_at is not None
    days = read_settings(row.meeting.board.settings).answer_days
    due_at = answer_due_at(row.asked_at, row.meeting.starts_at, answer_days=days)
    return MissingAnswer(
        meeting=sitting(setup, row.meeting, row.member.language),
        window=Interval(row.starts_at, row.ends_at),
        room=row.details["room"],
        until=due_at if due_at > now else None,
        answer_links=write_answer_links(setup, row),
    )

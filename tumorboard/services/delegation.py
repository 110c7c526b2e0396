"""Somebody comes in a member's place because she named her (RFC 5546, 3.2.2.3), and what becomes of it later.

The member keeps her invitation and hears of every change; her time is free. When her deputy does not come either, the
place is open like any other, and she is asked once more (RFC 5546, 4.2.7).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import Conflict
from tumorboard.domain.model import SeatKind
from tumorboard.domain.planning_problem import NeedKey
from tumorboard.domain.substitutes import NOT_COMING, LostNeed
from tumorboard.domain.timeline import Interval
from tumorboard.mail.letters import LetterKind
from tumorboard.services.access import Actor
from tumorboard.services.audit import record
from tumorboard.services.feeds import render_feeds_of, render_member_feeds
from tumorboard.services.invitations import Change, next_stamp, post_letters, resend_invitation, sync_invitations
from tumorboard.services.meetings import lock_meeting
from tumorboard.services.need_facts import as_open, load_board
from tumorboard.services.parts import DELEGATED, delegator_of, holds_place, is_asked_again, part_of
from tumorboard.services.recheck import recheck_meeting
from tumorboard.services.setup import Setup
from tumorboard.services.substitutes import book_part, not_suited, part_instead, refuse_closed, release_parts
from tumorboard.store.facts import case_facts
from tumorboard.store.meetings import Booking, Meeting, MeetingInvitation, Resource
from tumorboard.store.people import Member


def delegate(
    session: Session, setup: Setup, row: MeetingInvitation, deputy: Member, *, comment: str, stamp: datetime, by: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Invite a member's deputy for her window, in the running transaction; both are written to. Gives the letters.

    Raises Conflict `not-invited`, `has-delegated` (somebody comes in her place already), `not-suited` with the reason
    (the deputy is away, or said no herself), `urgent-call`, `meeting-past`, `meeting-cancelled`.
    """
    meeting = lock_meeting(session, row.meeting.public_id)
    refuse_closed(meeting, now)
    refuse_delegated(row)
    _refuse_unfit(session, setup, meeting, row, deputy, now)
    for earlier in meeting.invitations:
        if earlier.delegated_from == row.public_id:
            earlier.delegated_from = ""
    staying = [one for one in meeting.invitations if holds_place(one) and one is not row]
    own = next((one for one in staying if one.member_id == deputy.id), None)
    part = part_instead(row, own, deputy, (), {item.case.reference: at for at, item in enumerate(meeting.agenda)})
    book_part(session, meeting, [row.member_id, deputy.id], deputy.id, part.span)
    meeting.agenda_changes += 1
    cases = {item.case.reference: case_facts(item.case) for item in meeting.agenda}
    parts = [part_of(one) for one in (*staying, row) if one is not own]
    changes = sync_invitations(session, setup, meeting, [*parts, part], cases, now=now)
    theirs = next(one for one in meeting.invitations if one.member_id == deputy.id)
    theirs.delegated_from = row.public_id
    _note(row, comment, stamp, now)
    told = {change.row.id for change in changes}
    changes += [_changed(one, now) for one in (theirs, row) if one.id not in told]
    letters = post_letters(session, setup, meeting, changes, now=now, batch=meeting.public_id)
    render_feeds_of(session, setup, [meeting], now=now)
    recheck_meeting(session, setup, meeting, now=now)
    record(
        session, by=by, now=now, action="invitation:delegated", subject=("invitation", row.public_id),
        meeting=meeting.public_id, member=row.member.public_id, deputy=deputy.public_id, letters=letters,
    )  # fmt: skip
    return letters


def _refuse_unfit(
    session: Session, setup: Setup, meeting: Meeting, row: MeetingInvitation, deputy: Member, now: datetime
) -> None:
    facts = load_board(session, setup, meeting.board, now=now)
    if row.status != "invited" or facts is None:
        raise Conflict("this member is not asked to come to this meeting", code="not-invited")
    lost = LostNeed(
        NeedKey("", "", deputy.public_id), Interval(row.starts_at, row.ends_at), SeatKind(row.kind),
        member=row.member.public_id,
    )  # fmt: skip
    against = as_open(facts, meeting, lost, row.answer).ranking.reason_against(deputy.public_id)
    if against in ("has-declined", "not-free"):
        raise not_suited(against)


def _note(row: MeetingInvitation, comment: str, stamp: datetime, now: datetime) -> None:
    row.answer, row.answered_at, row.answer_by = DELEGATED, now, "mail"
    row.answer_stamp, row.comment = min(stamp, now).replace(microsecond=0), comment


def _changed(row: MeetingInvitation, now: datetime) -> Change:
    row.stamp = next_stamp(row.stamp, now)
    return Change(row, LetterKind.CHANGED)


def refuse_delegated(row: MeetingInvitation) -> None:
    """Raise Conflict `has-delegated` where somebody comes in her place."""
    if row.answer == DELEGATED and not is_asked_again(row):
        raise Conflict(
            "somebody else comes in her place already; enter first that her deputy does not come", code="has-delegated"
        )


def come_after_all(session: Session, setup: Setup, row: MeetingInvitation, *, was: str, now: datetime) -> None:
    """Somebody who said no, or whose deputy did, comes now: her time is hers again, and the deputy's entry ends.

    In the running transaction; her answer is written already. Raises Conflict `double-booked` where she is elsewhere.
    """
    _hold_time(session, row)
    if was != DELEGATED:
        return
    meeting = row.meeting
    left = [one for one in meeting.invitations if one.delegated_from == row.public_id and one.answer in NOT_COMING]
    gone = [one for one in left if set(one.details["specialties"]) <= set(row.details["specialties"])]
    if not gone:
        return
    release_parts(session, meeting, [one.member_id for one in gone])
    cases = {item.case.reference: case_facts(item.case) for item in meeting.agenda}
    parts = [part_of(one) for one in meeting.invitations if holds_place(one) and one not in gone]
    changes = sync_invitations(session, setup, meeting, parts, cases, now=now)
    post_letters(session, setup, meeting, changes, now=now, batch=meeting.public_id)
    render_feeds_of(session, setup, [meeting], now=now)
    recheck_meeting(session, setup, meeting, now=now)


def _hold_time(session: Session, row: MeetingInvitation) -> None:
    """Book her window again where it was given free."""
    resource = session.scalars(select(Resource.id).where(Resource.member_id == row.member_id)).one()
    hers = select(Booking).where(Booking.resource_id == resource, Booking.status == "confirmed")
    if session.scalar(hers.where(Booking.meeting_id == row.meeting_id).limit(1)) is not None:
        return
    if session.scalar(hers.where(Booking.starts_at < row.ends_at, Booking.ends_at > row.starts_at).limit(1)):
        raise Conflict("she is booked elsewhere at this time by now", code="double-booked")
    session.add(Booking(resource_id=resource, meeting_id=row.meeting_id, starts_at=row.starts_at, ends_at=row.ends_at))
    session.flush()


def tell_delegator(session: Session, setup: Setup, row: MeetingInvitation, *, was: str, now: datetime) -> None:
    """When a deputy says no, or comes after all, the invitation of who named her is sent again, asking or not."""
    changed = (was in NOT_COMING) != (row.answer in NOT_COMING)
    principal = delegator_of(row) if changed and row.status == "invited" else None
    if principal is None:
        return
    kind = LetterKind.INVITATION if row.answer in NOT_COMING else LetterKind.CHANGED
    resend_invitation(session, setup, principal, now=now, kind=kind)
    render_member_feeds(session, setup, principal.member, now=now)

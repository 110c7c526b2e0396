"""Somebody comes in a member's place because she named her (RFC 5546, 3.2.2.3), and what becomes of it later.

The member keeps her invitation and hears of every change; her time is free. When her deputy does not come either, the
place is open like any other, and she is asked once more (RFC 5546, 4.2.7). She may also take her part back herself.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.delegation import part_left
from tumorboard.domain.errors import Conflict
from tumorboard.domain.model import Attendance, SeatKind
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
from tumorboard.services.parts import (
    DELEGATED,
    delegator_of,
    deputy_of,
    holds_place,
    is_asked_again,
    keep_own,
    part_of,
    read_own,
    write_own,
)
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
    before = write_own(own) if own is not None else None
    part = part_instead(row, own, deputy, (), {item.case.reference: at for at, item in enumerate(meeting.agenda)})
    book_part(session, meeting, [row.member_id, deputy.id], deputy.id, part.span)
    meeting.agenda_changes += 1
    cases = {item.case.reference: case_facts(item.case) for item in meeting.agenda}
    parts = [part_of(one) for one in (*staying, row) if one is not own]
    changes = sync_invitations(session, setup, meeting, [*parts, part], cases, now=now)
    theirs = next(one for one in meeting.invitations if one.member_id == deputy.id)
    theirs.delegated_from = row.public_id
    keep_own(theirs, before)
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


def _changed(row: MeetingInvitation, now: datetime, kind: LetterKind = LetterKind.CHANGED) -> Change:
    row.stamp = next_stamp(row.stamp, now)
    return Change(row, kind)


def refuse_delegated(row: MeetingInvitation) -> None:
    """Raise Conflict `has-delegated` where somebody comes in her place."""
    if row.answer == DELEGATED and not is_asked_again(row):
        raise Conflict(
            "somebody else comes instead already; enter first that the deputy does not come", code="has-delegated"
        )


def come_after_all(session: Session, setup: Setup, row: MeetingInvitation, *, was: str, now: datetime) -> None:
    """Somebody who said no, or whose deputy did, comes now: her time is hers again, and the deputy's entry ends.

    In the running transaction; her answer is written already. Raises Conflict `double-booked` where she is elsewhere.
    """
    if not _hold_time(session, row):
        raise Conflict("the member is booked elsewhere at this time by now", code="double-booked")
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


def take_back(
    session: Session, setup: Setup, row: MeetingInvitation, *, channel: str, by: Actor, now: datetime
) -> Member:
    """Who delegated comes herself, in the running transaction: her answer is yes. Gives who came in her place.

    Of the deputy's part what she was invited for herself stays hers; without any her invitation ends. Both are written
    to. Raises Conflict `not-delegated` where nobody comes in her place, `has-delegated` where a deputy on the way to
    who comes was invited for more than this, `time-taken` where she is booked elsewhere by now; else as `delegate`.
    """
    meeting = lock_meeting(session, row.meeting.public_id)
    refuse_closed(meeting, now)
    deputies = _deputies_of(row)
    deputy = deputies[-1]
    if not _hold_time(session, row):
        raise Conflict(
            "you are booked elsewhere at this time by now; tell the coordinator if you come here instead",
            code="time-taken",
        )
    slots = {item.case.reference: Interval(item.starts_at, item.ends_at) for item in meeting.agenda}
    whole = Interval(meeting.starts_at, meeting.ends_at)
    left = part_left(part_of(deputy), part_of(row), read_own(deputy), slots, whole)
    if left is None:
        release_parts(session, meeting, [deputy.member_id])
    else:
        book_part(session, meeting, [deputy.member_id], deputy.member_id, left.span)
    meeting.agenda_changes += 1
    for each in deputies:
        each.delegated_from = ""
        keep_own(each, None)
    row.answer, row.answered_at, row.answer_by, row.comment = "accepted", now, channel, ""
    row.answer_stamp = now.replace(microsecond=0)
    session.flush()
    parts = [part_of(one) for one in meeting.invitations if holds_place(one) and one is not deputy]
    letters = _tell(session, setup, row, [*parts, *([left] if left is not None else [])], deputy, now)
    record(
        session, by=by, now=now, action="invitation:taken-back", subject=("invitation", row.public_id), channel=channel,
        meeting=meeting.public_id, member=row.member.public_id, deputy=deputy.member.public_id, letters=letters,
    )  # fmt: skip
    return deputy.member


def _deputies_of(row: MeetingInvitation) -> list[MeetingInvitation]:
    """Those who were named one after the other, the one who comes last."""
    deputies: list[MeetingInvitation] = []
    deputy = deputy_of(row)
    while deputy is not None and deputy not in deputies:
        deputies.append(deputy)
        deputy = deputy_of(deputy)
    if not deputies or is_asked_again(row):
        raise Conflict("nobody comes instead; the invitation itself is to be answered", code="not-delegated")
    if any(read_own(each) is not None for each in deputies[:-1]):
        raise Conflict("somebody comes for a deputy and for the member; ask the coordinator", code="has-delegated")
    return deputies


def _tell(
    session: Session, setup: Setup, row: MeetingInvitation, parts: list[Attendance], deputy: MeetingInvitation,
    now: datetime,
) -> int:  # fmt: skip
    """Bring invitations, letters, feeds and checks to the parts; she and her deputy hear of it. Gives the letters."""
    meeting = row.meeting
    cases = {item.case.reference: case_facts(item.case) for item in meeting.agenda}
    changes = sync_invitations(session, setup, meeting, parts, cases, now=now)
    told = {change.row.id for change in changes}
    if deputy.id not in told and deputy.status == "invited":
        changes.append(_changed(deputy, now))
    if row.id not in told:
        changes.append(_changed(row, now, LetterKind.INVITATION))
    letters = post_letters(session, setup, meeting, changes, now=now, batch=meeting.public_id)
    render_feeds_of(session, setup, [meeting], now=now)
    recheck_meeting(session, setup, meeting, now=now)
    return letters


def _hold_time(session: Session, row: MeetingInvitation) -> bool:
    """Book her window again where it was given free; False where she is booked elsewhere by now."""
    resource = session.scalars(select(Resource.id).where(Resource.member_id == row.member_id)).one()
    hers = select(Booking).where(Booking.resource_id == resource, Booking.status == "confirmed")
    if session.scalar(hers.where(Booking.meeting_id == row.meeting_id).limit(1)) is not None:
        return True
    if session.scalar(hers.where(Booking.starts_at < row.ends_at, Booking.ends_at > row.starts_at).limit(1)):
        return False
    session.add(Booking(resource_id=resource, meeting_id=row.meeting_id, starts_at=row.starts_at, ends_at=row.ends_at))
    session.flush()
    return True


def tell_delegator(session: Session, setup: Setup, row: MeetingInvitation, *, was: str, now: datetime) -> None:
    """When a deputy says no, or comes after all, the invitation of who named her is sent again, asking or not."""
    changed = (was in NOT_COMING) != (row.answer in NOT_COMING)
    principal = delegator_of(row) if changed and row.status == "invited" else None
    if principal is None:
        return
    kind = LetterKind.INVITATION if row.answer in NOT_COMING else LetterKind.CHANGED
    resend_invitation(session, setup, principal, now=now, kind=kind)
    render_member_feeds(session, setup, principal.member, now=now)

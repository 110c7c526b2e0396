"""Addresses from which a letter came back: who has one, and what mends it.

Nobody is reminded there. Whoever corrects the address, or knows that it works again, ends it; then the invitations
ahead are sent again.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.answers import Effect
from tumorboard.domain.errors import Conflict, NotFound
from tumorboard.mail.letters import LetterKind
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.centre_edits import read_email
from tumorboard.services.feeds import render_member_feeds
from tumorboard.services.invitation_post import post_series, resend_invitation
from tumorboard.services.setup import Setup
from tumorboard.services.standing import find_instances
from tumorboard.store.calendars import InboundMessage, StandingInvitation
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Member


def list_unreached(session: Session, *, by: Actor) -> list[Member]:
    """The active members whose letters come back, the longest first."""
    require(by, Permission.ANSWER_DECIDE)
    query = select(Member).where(Member.active.is_(True), Member.bounced_at.is_not(None))
    return list(session.scalars(query.order_by(Member.bounced_at, Member.id)))


def confirm_address(session: Session, setup: Setup, *, member_id: str, by: Actor, now: datetime) -> int:
    """Her address works again as it is. Gives how many letters leave. Raises NotFound, Conflict `address-works`."""
    require(by, Permission.ANSWER_DECIDE)
    with transaction(session):
        member = _find(session, member_id)
        if member.bounced_at is None:
            raise Conflict("no letter to this member came back", code="address-works")
        letters = write_again(session, setup, member, now=now)
        record(
            session, by=by, now=now, action="member:address-confirmed", subject=("member", member_id), letters=letters
        )  # fmt: skip
    return letters


def correct_address(session: Session, setup: Setup, *, member_id: str, email: str, by: Actor, now: datetime) -> int:
    """Give a member another address. Gives how many letters leave to it.

    Raises NotFound, BadInput `bad-email`, Conflict `address-taken`.
    """
    require(by, Permission.CENTRE_EDIT)
    wanted = read_email(email)
    with transaction(session):
        member = _find(session, member_id)
        if session.scalar(select(Member.id).where(Member.email == wanted, Member.id != member.id)) is not None:
            raise Conflict(f"there is already a member with the address {wanted}", code="address-taken", field="email")
        member.email = wanted
        letters = write_again(session, setup, member, now=now)
        record(
            session, by=by, now=now, action="member:address-corrected", subject=("member", member_id), letters=letters
        )  # fmt: skip
    return letters


def write_again(session: Session, setup: Setup, member: Member, *, now: datetime) -> int:
    """In the running transaction: she is reached from now on, and gets her invitations ahead as they stand."""
    member.bounced_at = None
    query = select(InboundMessage).where(
        InboundMessage.effect == Effect.BOUNCE, InboundMessage.state == "open", InboundMessage.member_id == member.id
    )
    for message in session.scalars(query):
        message.state, message.decided_at = "dismissed", now
    session.flush()
    rows = list(
        session.scalars(
            select(MeetingInvitation)
            .join(Meeting, Meeting.id == MeetingInvitation.meeting_id)
            .where(MeetingInvitation.member_id == member.id, MeetingInvitation.status == "invited")
            .where(Meeting.status == "published", MeetingInvitation.starts_at > now)
            .order_by(MeetingInvitation.starts_at, MeetingInvitation.id)
        )
    )
    instances = find_instances(session, rows)
    letters = sum(resend_invitation(session, setup, row, now=now) for row in rows if row.id not in instances)
    letters += _write_series_again(session, setup, member, now)
    render_member_feeds(session, setup, member, now=now)
    return letters


def _write_series_again(session: Session, setup: Setup, member: Member, now: datetime) -> int:
    query = select(StandingInvitation).where(
        StandingInvitation.member_id == member.id, StandingInvitation.status == "invited",
        StandingInvitation.until > now,
    )  # fmt: skip
    count = 0
    for standing in session.scalars(query.order_by(StandingInvitation.id)):
        row = max((place.invitation for place in standing.places), key=lambda one: one.starts_at, default=None)
        if row is not None:
            count += post_series(session, setup, standing, row, LetterKind.INVITATION, now=now)
    return count


def _find(session: Session, member_id: str) -> Member:
    member = session.scalar(select(Member).where(Member.public_id == member_id, Member.active.is_(True)))
    if member is None:
        raise NotFound("there is no such member", code="unknown-member")
    return member

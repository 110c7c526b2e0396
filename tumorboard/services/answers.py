"""Answers come back: a mail is understood and takes effect once; a member or a coordinator answers on a page."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from tumorboard.domain.answers import Effect, InboundMail, Reason, Verdict, interpret
from tumorboard.domain.errors import Conflict, NotAllowed, NotFound
from tumorboard.domain.identity import has_resident_number
from tumorboard.formats.itip import read_mail_apart
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.answer_effects import Arrival, apply_verdict
from tumorboard.services.answer_states import KnownEvent, load_events
from tumorboard.services.answer_taking import check_answer, keep_comment, read_comment, refuse_ended, take_answer
from tumorboard.services.consequences import Followed
from tumorboard.services.meetings import find_meeting
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import InboundMessage
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Member

__all__ = [
    "Received",
    "answer_for",
    "answer_own",
    "find_invitation",
    "find_own_invitation",
    "list_invitations",
    "receive_message",
    "take_answer",
]


_CLOCK_ERROR = timedelta(days=1)
"""How far another's clock may be off."""
_TIMELY = frozenset({Effect.PARTSTAT, Effect.DELEGATE, Effect.PROPOSAL})
_METHODS = frozenset({"PUBLISH", "REQUEST", "REPLY", "ADD", "CANCEL", "REFRESH", "COUNTER", "DECLINECOUNTER"})
_PARTSTATS = frozenset({"NEEDS-ACTION", "ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED"})


@dataclass(frozen=True, slots=True)
class Received:
    """What one mail did. `state` is `done`, or `open` where a coordinator decides; `id` is that of the kept row.

    `is_repeated` when the same mail had come before: then nothing was done now.
    """

    id: str
    effect: Effect
    reason: str
    state: str
    is_repeated: bool = False


def receive_message(session: Session, setup: Setup, *, content: bytes, by: Actor, now: datetime) -> Received:
    """Understand a mail and do what it says, once (RFC 5546). What it meant is kept, the mail itself is not.

    It is read in a process of its own, within limits. Raises Conflict `busy` or `changed-meanwhile`, after which the
    same mail is worth another try; nothing a mail holds raises.
    """
    require(by, Permission.ANSWER_DECIDE)
    session.rollback()  # nothing stays locked while the mail is read
    mail = read_mail_apart(content)
    try:
        return _take_in(session, setup, mail, by, now)
    except Conflict as conflict:
        if conflict.code != "already-exists":
            raise
        with transaction(session):  # another process was faster with the same mail
            repeated = _find_repeated(session, mail)
        if repeated is None:
            raise
        return repeated


def _take_in(session: Session, setup: Setup, mail: InboundMail, by: Actor, now: datetime) -> Received:
    try:
        with transaction(session):
            return _find_repeated(session, mail) or _receive(session, setup, mail, by, now)
    except ArithmeticError:  # a time with which no sum can be done
        with transaction(session):
            return _find_repeated(session, mail) or _note_unhandled(session, mail, now)


def _find_repeated(session: Session, mail: InboundMail) -> Received | None:
    row = session.scalar(select(InboundMessage).where(InboundMessage.digest == mail.digest))
    if row is None:
        return None
    return Received(row.public_id, Effect(row.effect), row.reason, row.state, is_repeated=True)


def _receive(session: Session, setup: Setup, mail: InboundMail, by: Actor, now: datetime) -> Received:
    events = load_events(session, mail)
    verdict = interpret(mail, {uid: event.state for uid, event in events.items()})
    arrivals = []
    for place, one in enumerate(_doubt(found, now) for found in (verdict, *verdict.also)):
        event = events.get(one.uid)
        digest = mail.digest if place == 0 else sha256(f"{mail.digest}:{place}".encode()).hexdigest()
        message = _message(session, mail, one, event, digest, now)
        session.add(message)
        session.flush()  # the digest is taken: whoever brings the same mail waits here
        arrivals.append(Arrival(mail, one, event, message))
    for arrival in arrivals:
        apply_verdict(session, setup, arrival, by=by, now=now)
    session.flush()
    first = arrivals[0].message
    return Received(first.public_id, Effect(first.effect), first.reason, first.state)


def _doubt(verdict: Verdict, now: datetime) -> Verdict:
    """What the rules cannot see without a clock: written in the future, or proposing what is past."""
    if verdict.effect not in _TIMELY:
        return verdict
    if verdict.stamp is not None and verdict.stamp > now + _CLOCK_ERROR:
        return replace(verdict, effect=Effect.QUEUE, reason=Reason.FUTURE_STAMP)
    if verdict.proposed is not None and verdict.proposed.start < now - _CLOCK_ERROR:
        return replace(verdict, effect=Effect.QUEUE, reason=Reason.NO_TIME, proposed=None)
    return verdict


def _note_unhandled(session: Session, mail: InboundMail, now: datetime) -> Received:
    """A row for the coordinators, and nothing else done."""
    verdict = Verdict(effect=Effect.NONE, reason="cannot-be-handled")
    message = _message(session, replace(mail, events=()), verdict, None, mail.digest, now)
    message.state = "open"
    session.add(message)
    session.flush()
    return Received(message.public_id, Effect.NONE, message.reason, message.state)


def _message(
    session: Session, mail: InboundMail, verdict: Verdict, event: KnownEvent | None, digest: str, now: datetime
) -> InboundMessage:
    """The row of a verdict. Words of a stranger's choice are not kept: they may be a patient's."""
    rows = event.rows_for(verdict.instance) if event else []
    first = mail.events[0] if mail.events else None
    return InboundMessage(
        digest=digest,
        received_at=now,
        sender=_keep_address(mail.sender),
        method=mail.method if mail.method in _METHODS else "",
        uid=verdict.uid if event else "",
        sequence=verdict.sequence if verdict.sequence is not None else (first.sequence if first else None),
        stamp=verdict.stamp or (first.stamp if first else None),
        effect=verdict.effect,
        reason=verdict.reason[:64],
        state="done",
        member_id=event.member.id if event else _member_at(session, mail.sender),
        meeting_id=rows[0].meeting_id if len(rows) == 1 else None,
        partstat=verdict.partstat if verdict.partstat in _PARTSTATS else "",
        recurrence_at=verdict.instance,
        proposed_start=verdict.proposed.start if verdict.proposed else None,
        proposed_end=verdict.proposed.end if verdict.proposed else None,
        address=_keep_address(verdict.address),
        comment=keep_comment(verdict.comment),
    )


def _keep_address(address: str) -> str:
    """An address of a mail as it may be kept: nothing of one with what looks like a registration number."""
    return "" if has_resident_number(address) else address[:320]


def _member_at(session: Session, address: str) -> int | None:
    return session.scalar(select(Member.id).where(func.lower(Member.email) == address.lower(), Member.active))


def find_invitation(session: Session, invitation_id: str) -> MeetingInvitation:
    """The invitation with this public id, its meeting locked until the transaction ends. Raises NotFound."""
    meeting = select(MeetingInvitation.meeting_id).where(MeetingInvitation.public_id == invitation_id)
    session.execute(select(Meeting.id).where(Meeting.id.in_(meeting)).with_for_update())
    row = session.scalar(
        select(MeetingInvitation)
        .where(MeetingInvitation.public_id == invitation_id)
        .options(joinedload(MeetingInvitation.meeting).joinedload(Meeting.board), joinedload(MeetingInvitation.member))
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("there is no such invitation", code="unknown-invitation")
    return row


def find_own_invitation(session: Session, invitation_id: str, *, by: Actor) -> MeetingInvitation:
    """The same for the actor's own. Raises NotAllowed for another's and for one that is not there alike."""
    with suppress(NotFound):
        row = find_invitation(session, invitation_id)
        if row.member.public_id == by.member_id:
            return row
    raise NotAllowed("you may answer your own invitations only", permission=str(Permission.ANSWER_DECIDE))


def list_invitations(session: Session, *, meeting_id: str, by: Actor) -> list[MeetingInvitation]:
    """Who is invited to a meeting or named a deputy, core members first, with what each said. Raises NotFound."""
    require(by, Permission.ANSWER_DECIDE)
    rows = find_meeting(session, meeting_id).invitations
    wanted = [row for row in rows if row.status == "invited" or row.answer == "delegated"]
    return sorted(wanted, key=lambda row: (row.kind != "core", row.starts_at, row.member.name))


def answer_for(
    session: Session, setup: Setup, *, invitation_id: str, answer: str, comment: str = "", by: Actor, now: datetime
) -> Followed:
    """A coordinator enters what a member said, by phone for example.

    Raises Conflict `not-invited`, `meeting-cancelled`, `meeting-past`; BadInput `bad-answer`.
    """
    require(by, Permission.ANSWER_DECIDE)
    return _answer_here(session, setup, invitation_id, answer, comment, "coordinator", by, now)


def answer_own(
    session: Session, setup: Setup, *, invitation_id: str, answer: str, comment: str = "", by: Actor, now: datetime
) -> Followed:
    """A member answers an invitation of her own, after log-in.

    Raises NotAllowed for another's and for one that is not there alike; else as above.
    """
    require(by, Permission.ANSWER_OWN)
    return _answer_here(session, setup, invitation_id, answer, comment, "page", by, now)


def _answer_here(
    session: Session, setup: Setup, invitation_id: str, answer: str, comment: str, channel: str, by: Actor,
    now: datetime,
) -> Followed:  # fmt: skip
    check_answer(answer)
    said = read_comment(comment)
    with transaction(session):
        if channel == "page":
            row = find_own_invitation(session, invitation_id, by=by)
        else:
            row = find_invitation(session, invitation_id)
        refuse_ended(row, now)
        return take_answer(
            session, setup, row, answer=answer, comment=said, channel=channel, stamp=None, by=by, now=now
        )  # fmt: skip

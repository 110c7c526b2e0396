"""What came in and waits for a coordinator: another time, a deputy, somebody unknown. She decides."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from tumorboard.domain.answers import Effect
from tumorboard.domain.errors import Conflict, NotFound
from tumorboard.domain.timeline import Interval
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.answer_letters import post_decline_counter
from tumorboard.services.answer_states import load_by_uid
from tumorboard.services.answer_taking import refuse_ended, take_answer
from tumorboard.services.answer_tokens import ANSWERS
from tumorboard.services.audit import record
from tumorboard.services.delegation import delegate
from tumorboard.services.moving import Moved, move_meeting
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import InboundMessage
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Member

STATES = ("open", "done", "accepted", "declined", "dismissed")


@dataclass(frozen=True, slots=True)
class Messages:
    """A part of what came in, newest first, and how many there are in all."""

    rows: Sequence[InboundMessage]
    total: int


def list_messages(
    session: Session, *, by: Actor, state: str | None = None, offset: int = 0, limit: int = 50
) -> Messages:
    """What came in about invitations, newest first. Mails that have to do with none are left out unless open."""
    require(by, Permission.ANSWER_DECIDE)
    shown = or_(InboundMessage.uid != "", InboundMessage.state != "done", InboundMessage.effect != Effect.NONE)
    conditions = [shown] if state is None else [shown, InboundMessage.state == state]
    total = session.scalars(select(func.count(InboundMessage.id)).where(*conditions)).one()
    query = (
        select(InboundMessage)
        .where(*conditions)
        .order_by(InboundMessage.received_at.desc(), InboundMessage.id.desc())
        .options(joinedload(InboundMessage.member), joinedload(InboundMessage.meeting).joinedload(Meeting.board))
    )
    return Messages(tuple(session.scalars(query.offset(offset).limit(limit))), total)


def count_open(session: Session, *, by: Actor) -> int:
    """How many wait for a coordinator."""
    require(by, Permission.ANSWER_DECIDE)
    return session.scalars(select(func.count(InboundMessage.id)).where(InboundMessage.state == "open")).one()


def list_invited(session: Session, meeting_ids: Collection[int]) -> list[MeetingInvitation]:
    """Everybody who is invited to some meetings, named by their row ids."""
    return list(session.scalars(select(MeetingInvitation).where(
        MeetingInvitation.meeting_id.in_(meeting_ids), MeetingInvitation.status == "invited"
    )))  # fmt: skip


def accept_message(session: Session, setup: Setup, *, message_id: str, by: Actor, now: datetime) -> Moved | None:
    """Do what a member proposed: move the whole meeting, or ask her deputy to come in her place.

    Gives the move. Raises NotFound `unknown-message`, `unknown-deputy`; Conflict `message-closed`, `nothing-to-accept`,
    `proposal-outdated`, `within-meeting` (the order of the agenda decides there), `deputy-unfit`, those of
    `move_meeting` and of `delegate`.
    """
    require(by, Permission.ANSWER_DECIDE)
    with transaction(session):
        message = _open_message(session, message_id)
        if message.effect not in (Effect.PROPOSAL, Effect.DELEGATE):
            raise Conflict("there is nothing to accept; dismiss it", code="nothing-to-accept")
        row = _row_of(session, message, now)
        moved = None
        if message.effect == Effect.PROPOSAL:
            moved = _move(session, setup, message, row, by, now)
        else:
            _put_deputy(session, setup, message, row, by, now)
        _close(session, message, "accepted", by, now)
    return moved


def decline_message(session: Session, setup: Setup, *, message_id: str, by: Actor, now: datetime) -> bool:
    """The invitation stays as it is. Who proposed another time gets a DECLINECOUNTER; gives whether a letter leaves.

    Raises NotFound `unknown-message`, Conflict `message-closed`, `nothing-to-accept`.
    """
    require(by, Permission.ANSWER_DECIDE)
    with transaction(session):
        message = _open_message(session, message_id)
        if message.effect not in (Effect.PROPOSAL, Effect.DELEGATE):
            raise Conflict("there is nothing to decline; dismiss it", code="nothing-to-accept")
        posted = False
        if message.effect == Effect.PROPOSAL:
            event = load_by_uid(session, [message.uid]).get(message.uid)
            about = _find_row(session, message) or (event.standing if event else None)
            posted = about is not None and post_decline_counter(session, setup, about, message, now=now)
        _close(session, message, "declined", by, now)
    return posted


def dismiss_message(session: Session, *, message_id: str, by: Actor, now: datetime) -> None:
    """A coordinator has seen it, and nothing is to be done. A returned letter counts as mended then."""
    require(by, Permission.ANSWER_DECIDE)
    with transaction(session):
        message = _open_message(session, message_id)
        if message.effect == Effect.BOUNCE and message.member is not None:
            message.member.bounced_at = None
        _close(session, message, "dismissed", by, now)


def believe_message(session: Session, setup: Setup, *, message_id: str, by: Actor, now: datetime) -> None:
    """It was really she who answered, from another address: her answer is taken on the coordinator's word.

    Raises Conflict `nothing-to-believe` where the mail holds no answer, `proposal-outdated` where she was asked anew.
    """
    require(by, Permission.ANSWER_DECIDE)
    with transaction(session):
        message = _open_message(session, message_id)
        answer = message.partstat.lower()
        if message.effect not in (Effect.QUEUE, Effect.QUARANTINE) or answer not in ANSWERS:
            raise Conflict("this mail holds no answer that could be taken", code="nothing-to-believe")
        row = _row_of(session, message, now)
        take_answer(
            session, setup, row, answer=answer, comment=message.comment, channel="coordinator", stamp=message.stamp,
            by=by, now=now,
        )  # fmt: skip
        _close(session, message, "accepted", by, now)


def _open_message(session: Session, message_id: str) -> InboundMessage:
    row = session.scalar(
        select(InboundMessage)
        .where(InboundMessage.public_id == message_id)
        .with_for_update(of=InboundMessage)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("there is no such message", code="unknown-message")
    if row.state != "open":
        raise Conflict("somebody has decided this already", code="message-closed")
    return row


def _close(session: Session, message: InboundMessage, state: str, by: Actor, now: datetime) -> None:
    message.state, message.decided_by, message.decided_at = state, by.name[:200], now
    record(
        session, by=by, now=now, action=f"message:{state}", subject=("message", message.public_id),
        effect=message.effect,
    )  # fmt: skip


def _find_row(session: Session, message: InboundMessage) -> MeetingInvitation | None:
    """The one invitation a message is about, None where it is about a whole series or none."""
    event = load_by_uid(session, [message.uid]).get(message.uid)
    rows = event.rows_for(message.recurrence_at) if event else []
    return rows[0] if len(rows) == 1 else None


def _row_of(session: Session, message: InboundMessage, now: datetime) -> MeetingInvitation:
    """The same, still open for an answer and not asked anew since; its meeting stays locked."""
    row = _find_row(session, message)
    if row is None:
        raise Conflict("this is about no single meeting; propose and publish instead", code="no-single-meeting")
    session.execute(select(Meeting.id).where(Meeting.id == row.meeting_id).with_for_update())
    row = _find_row(session, message)
    assert row is not None
    refuse_ended(row, now)
    if message.sequence is not None and message.sequence < row.sequence:
        raise Conflict("the member has been asked anew since; this is about an earlier time", code="proposal-outdated")
    return row


def _move(
    session: Session, setup: Setup, message: InboundMessage, row: MeetingInvitation, by: Actor, now: datetime
) -> Moved:
    start, end = message.proposed_start, message.proposed_end
    if start is None:
        raise Conflict("the mail names no time", code="nothing-to-accept")
    meeting = row.meeting
    whole = Interval(meeting.starts_at, meeting.ends_at)
    length = row.ends_at - row.starts_at
    if whole.contains(Interval(start, end if end is not None and end > start else start + length)):
        raise Conflict(
            "the proposed time lies within the same meeting: the order of the agenda decides when somebody is needed; "
            "change the order on a draft of the board",
            code="within-meeting",
        )
    shift: timedelta = start - row.starts_at
    return move_meeting(session, setup, meeting, shift=shift, by=by, now=now)


def _put_deputy(
    session: Session, setup: Setup, message: InboundMessage, row: MeetingInvitation, by: Actor, now: datetime
) -> None:
    deputy = session.scalar(select(Member).where(func.lower(Member.email) == message.address.lower(), Member.active))
    if deputy is None:
        raise NotFound("nobody of the centre has this address; ask another member", code="unknown-deputy")
    missing = set(row.details["specialties"]) - {held.specialty for held in deputy.specialties}
    if missing:
        raise Conflict(
            f"{deputy.name} does not hold {', '.join(sorted(missing))}; ask another member", code="deputy-unfit"
        )
    delegate(session, setup, row, deputy, comment=message.comment, stamp=message.stamp or now, by=by, now=now)

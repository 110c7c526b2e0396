"""What a mail does to the rows, inside the running transaction: the verdict of the rules becomes effects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tumorboard.domain.answers import Effect, InboundMail, Verdict
from tumorboard.domain.board_settings import read_settings
from tumorboard.domain.errors import Conflict
from tumorboard.mail.letters import LetterKind
from tumorboard.services.access import Actor
from tumorboard.services.answer_letters import post_decline_counter
from tumorboard.services.answer_states import KnownEvent
from tumorboard.services.answer_taking import keep_week_answer, refuse_ended, take_answer, take_series_answer
from tumorboard.services.audit import record
from tumorboard.services.delegation import take_back
from tumorboard.services.feeds import render_member_feeds
from tumorboard.services.invitation_post import post_series
from tumorboard.services.invitations import resend_invitation
from tumorboard.services.parts import DELEGATED, is_asked_again
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import InboundMessage, StandingInvitation
from tumorboard.store.meetings import Board, Meeting, MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.post import OutboxMessage

_FOR_COORDINATORS = frozenset({"not-published-yet", "has-delegated", "double-booked"})
"""Why an answer could not be taken, where somebody has to keep it in mind."""

RESEND_PAUSE = timedelta(minutes=1)
"""An invitation is sent again at most this often to who asks for it (checklist I11)."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail with what the service knows of it, and the row that keeps what it meant."""

    mail: InboundMail
    verdict: Verdict
    event: KnownEvent | None
    message: InboundMessage


def apply_verdict(session: Session, setup: Setup, arrival: Arrival, *, by: Actor, now: datetime) -> None:
    """Do what the verdict says, and note in the message what was done. What cannot be done is noted with its code."""
    try:
        with session.begin_nested():  # all of an effect or nothing of it
            _APPLY[arrival.verdict.effect](session, setup, arrival, by, now)
    except Conflict as conflict:
        _nothing(arrival.message, conflict.code, "open" if conflict.code in _FOR_COORDINATORS else "done")


def _nothing(message: InboundMessage, reason: str, state: str = "done") -> None:
    message.effect, message.reason, message.state = Effect.NONE, reason, state


def _rows(arrival: Arrival, now: datetime) -> list[MeetingInvitation]:
    """The invitations the mail is for that still wait for an answer. Raises Conflict where there is none."""
    rows = arrival.event.rows_for(arrival.verdict.instance) if arrival.event else []
    ahead = [row for row in rows if row.status == "invited" and row.starts_at > now]
    if rows and not ahead:
        refuse_ended(rows[-1], now)
    if not ahead:
        raise Conflict("nothing is published there yet", code="not-published-yet")
    return ahead


def _find_untold(arrival: Arrival) -> StandingInvitation | None:
    """The series of a message about one week of it for which nothing is published yet."""
    event, instance = arrival.event, arrival.verdict.instance
    if event is None or event.standing is None or instance is None or event.rows_for(instance):
        return None
    return event.standing


def _find_meeting(session: Session, standing: StandingInvitation, start: datetime | None) -> int | None:
    """The row id of the meeting that is held in a week of a series."""
    query = select(Meeting.id).where(Meeting.series_id == standing.series_id, Meeting.starts_at == start)
    return session.scalar(query.where(Meeting.status != "cancelled").limit(1))


def _answer(session: Session, setup: Setup, arrival: Arrival, by: Actor, now: datetime) -> None:
    verdict, message, event = arrival.verdict, arrival.message, arrival.event
    answer = verdict.partstat.lower()
    said = {"answer": answer, "comment": message.comment, "channel": "mail", "stamp": verdict.stamp}
    if event is not None and event.standing is not None and verdict.instance is None:
        found = take_series_answer(
            session, setup, event.standing, event.rows_for(None), sequence=verdict.sequence or 0, by=by, now=now,
            **said,  # type: ignore[arg-type]
        )  # fmt: skip
        message.reason = "weeks-moved-since" if found.moved else message.reason
        return
    week = _find_untold(arrival)
    if week is not None:
        keep_week_answer(session, setup, week, verdict.instance, by=by, now=now, **said)  # type: ignore[arg-type]
        message.reason, message.meeting_id = "kept-for-week", _find_meeting(session, week, verdict.instance)
        return
    for row in _rows(arrival, now):
        if answer == "accepted" and row.answer == DELEGATED and not is_asked_again(row):
            _come_herself(session, setup, row, arrival, by, now)
        else:
            take_answer(session, setup, row, by=by, now=now, **said)  # type: ignore[arg-type]


def _come_herself(
    session: Session, setup: Setup, row: MeetingInvitation, arrival: Arrival, by: Actor, now: datetime
) -> None:
    """Who named a deputy accepts after all, by her own hand: as if she took her part back on the page.

    Where that is not clear or not allowed a coordinator decides: Conflict `has-delegated`.
    """
    refused = Conflict("somebody else comes instead already; ask who comes", code="has-delegated")
    mail = arrival.mail
    if mail.is_automatic or mail.sender.lower() != row.member.email.lower():
        raise refused
    try:
        take_back(session, setup, row, channel="mail", by=by, now=now)
    except Conflict as conflict:
        raise refused from conflict
    row.comment = arrival.message.comment
    row.answer_stamp = min(arrival.verdict.stamp or now, now).replace(microsecond=0)


def _delegate(session: Session, setup: Setup, arrival: Arrival, by: Actor, now: datetime) -> None:
    _rows(arrival, now)
    _dismiss_older(session, arrival.message, now)
    arrival.message.state = "open"


def _propose(session: Session, setup: Setup, arrival: Arrival, by: Actor, now: datetime) -> None:
    message, week, start = arrival.message, _find_untold(arrival), arrival.verdict.instance
    rows = [] if week is not None and start is not None and start > now else _rows(arrival, now)
    _dismiss_older(session, message, now)
    message.state = "open"
    if week is not None:
        message.reason, message.meeting_id = "publish-week-first", _find_meeting(session, week, start)
    about = week or (rows[0] if len(rows) == 1 else None)
    if about is not None and not allows_proposals(_board_of(about)):
        post_decline_counter(session, setup, about, message, now=now)
        message.state, message.reason = "declined", "proposals-forbidden"
        message.decided_by, message.decided_at = by.name, now


def _board_of(about: MeetingInvitation | StandingInvitation) -> Board:
    return about.series.board if isinstance(about, StandingInvitation) else about.meeting.board


def allows_proposals(board: Board) -> bool:
    """True where members of the board may propose another time."""
    return read_settings(board.settings).allow_proposals


def _dismiss_older(session: Session, message: InboundMessage, now: datetime) -> None:
    """What the same person asked before about the same entry is superseded."""
    query = select(InboundMessage).where(
        InboundMessage.uid == message.uid,
        InboundMessage.member_id == message.member_id,
        InboundMessage.effect.in_((Effect.PROPOSAL, Effect.DELEGATE)),
        InboundMessage.state == "open",
        InboundMessage.id != message.id,
    )
    for older in session.scalars(query):
        if older.recurrence_at == message.recurrence_at:
            older.state, older.reason, older.decided_at = "dismissed", "superseded", now


def _resend(session: Session, setup: Setup, arrival: Arrival, by: Actor, now: datetime) -> None:
    message, series = arrival.message, _find_series(arrival, now)
    rows = [] if series is not None else _rows(arrival, now)
    lately = select(func.count(InboundMessage.id)).where(
        InboundMessage.effect == Effect.RESEND,
        InboundMessage.uid == message.uid,
        InboundMessage.member_id == message.member_id,
        InboundMessage.received_at > now - RESEND_PAUSE,
        InboundMessage.id != message.id,
    )
    if session.scalars(lately).one():
        _nothing(message, "resend-too-soon")
        return
    if series is not None:
        latest = max((place.invitation for place in series.places), key=lambda row: row.starts_at)
        post_series(session, setup, series, latest, LetterKind.INVITATION, now=now)
    else:
        resend_invitation(session, setup, rows[0], now=now)
    member = rows[0].member if series is None else series.member
    render_member_feeds(session, setup, member, now=now)  # its DTSTAMP is that of the letter


def _find_series(arrival: Arrival, now: datetime) -> StandingInvitation | None:
    """The series to be sent whole: all of it was asked for, or a week that only the series tells of."""
    event, instance = arrival.event, arrival.verdict.instance
    if event is None or event.standing is None or (instance is not None and event.rows_for(instance)):
        return None
    is_ahead = event.standing.until > now if instance is None else instance > now
    return event.standing if is_ahead and event.standing.places else None


def _wait(session: Session, setup: Setup, arrival: Arrival, by: Actor, now: datetime) -> None:
    """Nothing is changed; a coordinator looks."""
    arrival.message.state = "open"


def _bounce(session: Session, setup: Setup, arrival: Arrival, by: Actor, now: datetime) -> None:
    """Mark whom the letter was written to that the report gives back; each letter has one recipient.

    Anybody can write a report: one that gives back no letter of ours marks nobody, and a coordinator looks.
    """
    mail, message = arrival.mail, arrival.message
    addresses = {address.lower() for address in (*mail.bounced, arrival.verdict.address) if address}
    query = select(Member).where(func.lower(Member.email).in_(addresses)).order_by(Member.id)
    known = list(session.scalars(query))
    member = next((member for member in known if _was_written_to(session, member, mail.returned_id)), None)
    message.member_id = None  # who sent it is not whom it is about
    if member is not None:
        member.bounced_at = now
        record(session, by=by, now=now, action="member:bounced", subject=("member", member.public_id))
        message.member_id, message.address, message.state = member.id, member.email, "open"
    elif known and not mail.returned_id:
        message.address, message.reason, message.state = known[0].email, "no-returned-letter", "open"
    else:
        _nothing(message, "never-written-to", "open" if known else "done")


def _was_written_to(session: Session, member: Member, message_id: str) -> bool:
    """True where the letter that is given back was sent to the very address she has."""
    written = select(OutboxMessage.id).where(
        OutboxMessage.message_id == message_id,
        OutboxMessage.member_id == member.id,
        func.lower(OutboxMessage.recipient) == member.email.lower(),
        OutboxMessage.tries > 0,
    )
    return bool(message_id) and session.scalar(written.limit(1)) is not None


def _note(session: Session, setup: Setup, arrival: Arrival, by: Actor, now: datetime) -> None:
    """Nothing to do. A member who wrote what cannot be read as an answer meant something: a coordinator looks."""
    mail, message = arrival.mail, arrival.message
    if mail.problem and not mail.is_automatic and not mail.bounced and message.member_id is not None:
        message.state = "open"


_Apply = Callable[[Session, Setup, Arrival, Actor, datetime], None]
_APPLY: Mapping[Effect, _Apply] = {
    Effect.PARTSTAT: _answer,
    Effect.DELEGATE: _delegate,
    Effect.PROPOSAL: _propose,
    Effect.RESEND: _resend,
    Effect.QUEUE: _wait,
    Effect.QUARANTINE: _wait,
    Effect.BOUNCE: _bounce,
    Effect.NONE: _note,
}

"""Letters by the clock on their way into the outbox: each of them once, whoever thinks of it, however often."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import BadInput
from tumorboard.domain.timeline import Interval
from tumorboard.mail.letters import Letter, Mailbox
from tumorboard.mail.message import build_plain_message
from tumorboard.mail.notices import compose_agenda, compose_changes, compose_preparation
from tumorboard.mail.notices_facts import (
    Addressee,
    AgendaFacts,
    ChangesFacts,
    NoticeFacts,
    PreparationFacts,
    Sitting,
)
from tumorboard.mail.notices_morning import compose_morning
from tumorboard.services.digest import METHOD
from tumorboard.services.letter_tokens import write_letter_link
from tumorboard.services.preferences import preferences_url
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Board, Meeting, MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.post import OutboxMessage
from tumorboard.words import choose_language

MOMENT = "%Y%m%dT%H%M"
"""How the start of a meeting stands in a key, in UTC."""

LONGEST_SUBJECT = 300
"""That the outbox shows; the letter itself has all of it."""

_OF_MEETINGS = ("agenda", "preparation")
"""What the keys of letters about one coming meeting begin with."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A letter that is due. The same letter has the same `key`; `facts` are asked for when it is not written yet."""

    key: str
    member_id: int | None
    meeting_id: int | None
    facts: Callable[[], NoticeFacts]


@dataclass(frozen=True, slots=True)
class Posted:
    """What was written: the keys, and `key code` of those that could not be, an address that is none for example."""

    keys: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def post_notices(session: Session, setup: Setup, notices: Iterable[Notice], *, now: datetime) -> Posted:
    """Write those that are not written yet into the outbox of the running transaction.

    One that cannot be written is left out, so that it does not hold up the others.
    """
    due = list(notices)
    wanted = [notice.key for notice in due]
    known = set(session.scalars(select(OutboxMessage.dedupe_key).where(OutboxMessage.dedupe_key.in_(wanted))))
    written, left_out = [], []
    for notice in due:
        if notice.key in known:
            continue
        try:
            session.add(_outbox_message(setup, notice, now))
        except BadInput as error:
            left_out.append(f"{notice.key} {error.code}")
            continue
        known.add(notice.key)
        written.append(notice.key)
    session.flush()
    return Posted(tuple(written), tuple(left_out))


def _outbox_message(setup: Setup, notice: Notice, now: datetime) -> OutboxMessage:
    facts = notice.facts()
    letter, to = _compose(facts), facts.to
    message_id = f"<{uuid.uuid4()}@{setup.mail_domain}>"
    content = build_plain_message(
        letter, mail_from=setup.mail_from, organizer=to.organizer, to=to.recipient, message_id=message_id, date=now,
        unsubscribe_url=to.unsubscribe_url,
    )  # fmt: skip
    return OutboxMessage(
        dedupe_key=notice.key, message_id=message_id, recipient=to.recipient.email, member_id=notice.member_id,
        meeting_id=notice.meeting_id, uid=f"{uuid.uuid4()}@{setup.mail_domain}", sequence=0, method=METHOD,
        subject=letter.subject[:LONGEST_SUBJECT], content=content, due_at=now, created_at=now,
    )  # fmt: skip


def _compose(facts: NoticeFacts) -> Letter:
    match facts:
        case AgendaFacts():
            return compose_agenda(facts)
        case PreparationFacts():
            return compose_preparation(facts)
        case ChangesFacts():
            return compose_changes(facts)
        case _:
            return compose_morning(facts)


def is_reached(member: Member) -> bool:
    """True when letters get to her: she is here, and none came back."""
    return member.active and member.bounced_at is None


def comes(row: MeetingInvitation) -> bool:
    """True for an invited member who has not said that she does not come."""
    return row.status == "invited" and row.answer not in ("declined", "delegated")


def addressee(setup: Setup, member: Member, board: Board, kind: str) -> Addressee:
    """A member in her language and zone, written to for a board; `kind` is the preference that switches it off."""
    link = write_letter_link(setup, member, kind)
    return Addressee(
        recipient=Mailbox(member.name, member.email),
        organizer=Mailbox(board.organizer_name, board.organizer_email),
        language=member.language,
        time_zone=member.time_zone,
        preferences_url=link or preferences_url(setup),
        unsubscribe_url=link,
        title=member.title,
    )


def sitting(setup: Setup, meeting: Meeting, language: str) -> Sitting:
    """A meeting as letters name it."""
    board = meeting.board
    return Sitting(
        board_name=board.name_ko if choose_language(language) == "ko" else board.name_en,
        span=Interval(meeting.starts_at, meeting.ends_at),
        time_zone=meeting.time_zone,
        page_url=f"{setup.base_url}/meetings/{meeting.public_id}",
    )


@dataclass(frozen=True, slots=True)
class Earlier:
    """Letters of one kind to one member about one meeting: how many, and the start of the meeting in the last one
    that still counts, None without one."""

    count: int
    starts_at: str | None


def read_earlier(session: Session, kind: str, meetings: Iterable[Meeting]) -> dict[tuple[str, str], Earlier]:
    """By public ids of meeting and member, the letters `kind:meeting:member:start:number` written before."""
    ids = [meeting.id for meeting in meetings]
    query = select(OutboxMessage.dedupe_key, OutboxMessage.state).where(OutboxMessage.meeting_id.in_(ids))
    query = query.where(OutboxMessage.dedupe_key.startswith(f"{kind}:", autoescape=True)).order_by(OutboxMessage.id)
    found: dict[tuple[str, str], Earlier] = {}
    for key, state in session.execute(query):
        _, meeting, member, start, _ = key.split(":")
        before = found.get((meeting, member), Earlier(0, None))
        found[(meeting, member)] = Earlier(before.count + 1, before.starts_at if state == "superseded" else start)
    return found


def drop_stale(session: Session, *, now: datetime) -> int:
    """Letters about a meeting that have not left and would come too late, or say what is no longer true; how many."""
    query = select(OutboxMessage, Meeting).join(Meeting, Meeting.id == OutboxMessage.meeting_id)
    query = query.where(OutboxMessage.state == "waiting", OutboxMessage.method == METHOD)
    waiting = [(row[0], row[1]) for row in session.execute(query)]
    rows = select(MeetingInvitation).where(MeetingInvitation.meeting_id.in_({meeting.id for _, meeting in waiting}))
    coming = {(row.meeting_id, row.member_id) for row in session.scalars(rows) if comes(row)}
    dropped = 0
    for message, meeting in waiting:
        kind, *parts = message.dedupe_key.split(":")
        if kind not in (*_OF_MEETINGS, "changes"):
            continue
        is_over = meeting.status != "published" or meeting.starts_at <= now
        is_other = kind in _OF_MEETINGS and parts[2] != f"{meeting.starts_at:{MOMENT}}"
        is_gone = kind == "agenda" and (meeting.id, message.member_id) not in coming
        if is_over or is_other or is_gone:
            message.state = "superseded"
            dropped += 1
    session.flush()
    return dropped

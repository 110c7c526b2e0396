"""Who is invited to a published meeting: rows, and letters for those whom a change concerns.

RFC 5546 section 2.1.4: SEQUENCE grows when the time changes or the entry is cancelled. Other changes keep it and send
a newer DTSTAMP. An untouched member hears nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.model import Attendance, CaseFacts, SeatKind, Text
from tumorboard.domain.requirements import NAMED, REQUESTED
from tumorboard.domain.timeline import Interval
from tumorboard.formats.ical import Invitation, write_cancel, write_request
from tumorboard.mail.compose import compose, compose_event
from tumorboard.mail.letters import InvitationFacts, LetterKind, Mailbox, Previous, Why
from tumorboard.mail.message import build_message
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.post import OutboxMessage

ASKED_FOR = {
    NAMED: Text(en="asked for by name", ko="지명 참석 요청"),
    REQUESTED: Text(en="asked for by the referrer", ko="의뢰자의 참석 요청"),
}
"""Needs that come from the referral and not from a rule."""


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one invitation, and what its last letter said."""

    row: MeetingInvitation
    kind: LetterKind
    previous: Previous | None = None


def count_questions(case: CaseFacts, specialties: Iterable[str]) -> int:
    """Questions of a case to a member: the one to the board and those to her specialties."""
    names = ["question", *(f"question_{specialty}" for specialty in specialties)]
    return sum(1 for name in names if case.values.get(name))


def details_of(
    attendance: Attendance, meeting: Meeting, cases: Mapping[str, CaseFacts], *, is_urgent: bool = False
) -> dict[str, Any]:
    """What a letter says beside the time. Core members hold the whole meeting whichever cases it has.

    Cases are sorted: another order inside the same window concerns nobody. An urgent letter keeps the order of the
    rules: what speaks against the case comes first.
    """
    details: dict[str, Any] = {
        "room": meeting.room.name, "video": meeting.room.video_url, "required": attendance.required,
        "specialties": sorted(attendance.specialties), "rules": [], "cases": [], "questions": 0,
    }  # fmt: skip
    if attendance.kind is SeatKind.ON_DEMAND:
        details["rules"] = list(attendance.rules) if is_urgent else sorted(attendance.rules)
        details["cases"] = sorted(attendance.cases)
        details["questions"] = sum(
            count_questions(cases[reference], attendance.specialties) for reference in attendance.cases
        )
    return {**details, "urgent": True} if is_urgent else details


def is_urgent_call(meeting: Meeting) -> bool:
    """True when the meeting was called within hours for one case: its letters say so, and no proposal may change it."""
    return any(row.details.get("urgent") for row in meeting.invitations)


def sync_invitations(
    session: Session, setup: Setup, meeting: Meeting, attendances: Iterable[Attendance],
    cases: Mapping[str, CaseFacts], *, now: datetime, is_urgent: bool = False,
) -> list[Change]:  # fmt: skip
    """Bring the meeting's invitation rows to what is wanted; gives the changes somebody must hear of."""
    wanted = {attendance.member: attendance for attendance in attendances}
    members = {row.public_id: row for row in session.scalars(select(Member).where(Member.public_id.in_(wanted)))}
    rows = {row.member.public_id: row for row in meeting.invitations}
    changes = []
    for member_id, attendance in wanted.items():
        details = details_of(attendance, meeting, cases, is_urgent=is_urgent)
        change = _invite(setup, meeting, members[member_id], rows.get(member_id), attendance, details, now)
        if change is not None:
            changes.append(change)
    for member_id, row in rows.items():
        if member_id not in wanted and row.status == "invited":
            changes.append(_end(row, LetterKind.WITHDRAWN, now))
    session.flush()
    return changes


def cancel_invitations(session: Session, meeting: Meeting, *, now: datetime) -> list[Change]:
    """The meeting does not take place: end every invitation."""
    changes = [_end(row, LetterKind.CANCELLED, now) for row in meeting.invitations if row.status == "invited"]
    session.flush()
    return changes


def _invite(
    setup: Setup, meeting: Meeting, member: Member, row: MeetingInvitation | None, attendance: Attendance,
    details: dict[str, Any], now: datetime,
) -> Change | None:  # fmt: skip
    span = attendance.span
    if row is None:
        row = MeetingInvitation(
            member=member, kind=attendance.kind.value, starts_at=span.start, ends_at=span.end,
            uid=f"{uuid.uuid4()}@{setup.mail_domain}", sequence=0, stamp=now, details=details, status="invited",
        )  # fmt: skip
        meeting.invitations.append(row)
        return Change(row, LetterKind.INVITATION)
    previous = _previous(row)
    was_invited = row.status == "invited"
    is_moved = (row.starts_at, row.ends_at) != (span.start, span.end)
    if was_invited and not is_moved and row.details == details and row.kind == attendance.kind:
        return None
    row.status, row.kind, row.details = "invited", attendance.kind.value, details
    row.starts_at, row.ends_at = span.start, span.end
    row.sequence += 1 if is_moved or not was_invited else 0
    row.stamp = max(now, row.stamp)
    if not was_invited:
        return Change(row, LetterKind.INVITATION)
    return Change(row, LetterKind.MOVED if is_moved else LetterKind.CHANGED, previous)


def _end(row: MeetingInvitation, kind: LetterKind, now: datetime) -> Change:
    row.status = "cancelled" if kind is LetterKind.CANCELLED else "withdrawn"
    row.sequence += 1
    row.stamp = max(now, row.stamp)
    return Change(row, kind)


def _previous(row: MeetingInvitation) -> Previous:
    return Previous(
        window=Interval(row.starts_at, row.ends_at),
        room=row.details.get("room"),
        video_url=row.details.get("video") or None,
        case_references=tuple(row.details.get("cases", ())),
    )


def letter_facts(
    setup: Setup, meeting: Meeting, row: MeetingInvitation, kind: LetterKind, previous: Previous | None = None
) -> InvitationFacts:
    """All that a letter or a calendar entry may say of one member's part in a meeting."""
    board, member, details = meeting.board, row.member, row.details
    program = setup.program(board.program)
    labels = {rule.id: rule.label for rule in program.rules}
    why = tuple(
        Why("", ASKED_FOR[rule]) if rule in ASKED_FOR else Why(rule, labels.get(rule, Text(en=rule, ko=rule)))
        for rule in details["rules"]
    )
    return InvitationFacts(
        kind=kind,
        recipient=Mailbox(member.name, member.email),
        organizer=Mailbox(board.organizer_name, board.organizer_email),
        language=member.language,
        time_zone=member.time_zone,
        board_name=board.name_ko if member.language == "ko" else board.name_en,
        board_time_zone=meeting.time_zone,
        meeting=Interval(meeting.starts_at, meeting.ends_at),
        window=Interval(row.starts_at, row.ends_at),
        seat=SeatKind(row.kind),
        room=details["room"],
        video_url=details["video"] or None,
        page_url=f"{setup.base_url}/meetings/{meeting.public_id}",
        required=details["required"],
        is_urgent=details.get("urgent", False),
        why=why,
        case_references=tuple(details["cases"]),
        question_count=details["questions"],
        previous=previous,
        has_declined=row.answer == "declined",
    )


def post_letters(session: Session, setup: Setup, meeting: Meeting, changes: Iterable[Change], *, now: datetime) -> int:
    """Write the letters of the changes into the outbox of the running transaction; gives how many will leave."""
    count = 0
    for change in sorted(changes, key=lambda change: change.row.id):
        row = change.row
        unheard = _supersede(session, row)
        kind, previous = change.kind, change.previous
        if unheard and not kind.is_cancellation:
            kind, previous = LetterKind.INVITATION, None
        message = _outbox_message(setup, meeting, row, letter_facts(setup, meeting, row, kind, previous), now)
        if unheard and kind.is_cancellation:
            message.state = "superseded"
        session.add(message)
        count += message.state != "superseded"
    session.flush()
    return count


def _supersede(session: Session, row: MeetingInvitation) -> bool:
    """A newer letter makes older unsent ones of the same entry pointless.

    True when the member has never heard of the entry: letters were written, and none was ever tried. Then a change is
    a first invitation to her, and the end of it no news at all.
    """
    letters = list(session.scalars(select(OutboxMessage).where(OutboxMessage.uid == row.uid)))
    for message in letters:
        if message.state == "waiting":
            message.state = "superseded"
    return bool(letters) and all(message.tries == 0 and message.sent_at is None for message in letters)


def _outbox_message(
    setup: Setup, meeting: Meeting, row: MeetingInvitation, facts: InvitationFacts, now: datetime
) -> OutboxMessage:
    letter = compose(facts)
    words = compose_event(facts)
    invitation = Invitation(
        uid=row.uid, sequence=row.sequence, stamp=row.stamp, starts_at=row.starts_at, ends_at=row.ends_at,
        time_zone=meeting.time_zone, title=words.title, description=words.description, location=words.location,
        video_url=facts.video_url, url=facts.page_url, organizer_email=facts.organizer.email,
        organizer_name=facts.organizer.name, attendee_email=facts.recipient.email, attendee_name=facts.recipient.name,
        language=facts.language, required=facts.required,
    )  # fmt: skip
    method = "CANCEL" if facts.kind.is_cancellation else "REQUEST"
    if method == "CANCEL":
        ics = write_cancel(invitation, whole_meeting=facts.kind is LetterKind.CANCELLED)
    else:
        ics = write_request(invitation)
    message_id = f"<{uuid.uuid4()}@{setup.mail_domain}>"
    content = build_message(
        letter,
        ics,
        method,
        mail_from=setup.mail_from,
        organizer=facts.organizer,
        to=facts.recipient,
        message_id=message_id,
        date=now,
    )
    return OutboxMessage(
        dedupe_key=f"{row.uid}:{row.sequence}:{row.stamp.timestamp():.6f}:{method}", message_id=message_id,
        recipient=facts.recipient.email, member_id=row.member_id, meeting_id=meeting.id, uid=row.uid,
        sequence=row.sequence, method=method, subject=letter.subject, content=content, due_at=now, created_at=now,
    )  # fmt: skip

"""Who is invited to a published meeting: rows, and letters for those whom a change concerns.

RFC 5546 section 2.1.4: SEQUENCE grows when the time changes or the entry is cancelled, and then she is asked again.
Other changes keep SEQUENCE and answer and send a newer DTSTAMP. An untouched member hears nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.model import Attendance, CaseFacts, SeatKind
from tumorboard.domain.timeline import Interval
from tumorboard.mail.letters import LetterKind, Previous
from tumorboard.services.invitation_letters import ASKED_FOR, Change, invitation_of, letter_facts, new_uid, next_stamp
from tumorboard.services.invitation_post import post_letters, resend_invitation
from tumorboard.services.parts import OWN, holds_place, stand_in_of
from tumorboard.services.setup import Setup
from tumorboard.services.standing import catch_up, end_instances, settle
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Member

_RESIDENT_NUMBER = r"\d{6}[\s-]*[0-9]\d{6}"

__all__ = [
    "ASKED_FOR",
    "Change",
    "cancel_invitations",
    "count_questions",
    "details_of",
    "hide_identifiers",
    "invitation_of",
    "is_urgent_call",
    "letter_facts",
    "new_uid",
    "next_stamp",
    "post_letters",
    "question_fields",
    "resend_invitation",
    "sync_invitations",
]


def question_fields(specialties: Iterable[str]) -> tuple[str, ...]:
    """The fields that ask a member of these specialties: the board's, then those of her own."""
    return ("question", *(f"question_{specialty}" for specialty in specialties))


def count_questions(case: CaseFacts, specialties: Iterable[str]) -> int:
    """Questions of a case to a member: the one to the board and those to her specialties."""
    return sum(1 for name in question_fields(specialties) if case.values.get(name))


def details_of(
    attendance: Attendance, meeting: Meeting, cases: Mapping[str, CaseFacts], *, is_urgent: bool = False
) -> dict[str, Any]:
    """What a letter says beside the time. Core members hold the whole meeting whichever cases it has.

    Cases are sorted: another order inside the same window concerns nobody. An urgent letter keeps the order of the
    rules: what speaks against the case comes first.
    """
    details: dict[str, Any] = {
        "room": hide_identifiers(meeting.room.name, cases), "video": meeting.room.video_url,
        "required": attendance.required, "specialties": sorted(attendance.specialties), "rules": [], "cases": [],
        "questions": 0,
    }  # fmt: skip
    if attendance.kind is SeatKind.ON_DEMAND:
        details["rules"] = list(attendance.rules) if is_urgent else sorted(attendance.rules)
        details["cases"] = sorted(attendance.cases)
        details["questions"] = sum(
            count_questions(cases[reference], attendance.specialties) for reference in attendance.cases
        )
    return {**details, "urgent": True} if is_urgent else details


def hide_identifiers(text: str, references: Iterable[str]) -> str:
    """Free text for calendars without a case's reference in it, nor a resident registration number: `…` instead."""
    plain = unicodedata.normalize("NFKC", text)
    wanted = [re.escape(unicodedata.normalize("NFKC", reference)) for reference in references if len(reference) > 1]
    pattern = "|".join([*sorted(wanted, key=len, reverse=True), _RESIDENT_NUMBER])
    hidden = re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", "…", plain, flags=re.IGNORECASE)
    return text if hidden == plain else hidden


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
    before = {row.public_id: _known_of(row) for row in meeting.invitations if row.delegated_from}
    kept = {
        row.public_id: stand_in
        for row in meeting.invitations
        if row.member.public_id not in wanted
        and (stand_in := stand_in_of(row)) is not None
        and stand_in.member.public_id in wanted
    }
    instances = catch_up(session, meeting)
    changes = []
    for member_id, attendance in wanted.items():
        details = details_of(attendance, meeting, cases, is_urgent=is_urgent)
        change = _invite(setup, meeting, members[member_id], rows.get(member_id), attendance, details, now)
        if change is not None:
            changes.append(change)
    for member_id, row in rows.items():
        if row.public_id in kept:
            followed = _follow(row, kept[row.public_id], before[kept[row.public_id].public_id], now)
            changes += [followed] if followed is not None else []
        elif member_id not in wanted and row.status == "invited":
            changes.append(_end(row, LetterKind.WITHDRAWN, now))
    session.flush()
    return settle(session, setup, meeting, changes, instances, now=now)


def cancel_invitations(session: Session, meeting: Meeting, *, now: datetime) -> list[Change]:
    """The meeting does not take place: end every invitation."""
    instances = catch_up(session, meeting)
    changes = [_end(row, LetterKind.CANCELLED, now) for row in meeting.invitations if row.status == "invited"]
    session.flush()
    return end_instances(changes, instances)


def _invite(
    setup: Setup, meeting: Meeting, member: Member, row: MeetingInvitation | None, attendance: Attendance,
    details: dict[str, Any], now: datetime,
) -> Change | None:  # fmt: skip
    span = attendance.span
    if row is None:
        row = MeetingInvitation(
            member=member, kind=attendance.kind.value, starts_at=span.start, ends_at=span.end,
            uid=new_uid(setup), sequence=0, stamp=now, details=details, status="invited", asked_at=now,
        )  # fmt: skip
        meeting.invitations.append(row)
        return Change(row, LetterKind.INVITATION)
    previous = _previous(row)
    # the series that this entry has left; what a deputy came for before she was named
    details = {**details, **{name: row.details[name] for name in ("related", OWN) if name in row.details}}
    was_invited = holds_place(row)
    is_moved = (row.starts_at, row.ends_at) != (span.start, span.end)
    if was_invited and not is_moved and row.details == details and row.kind == attendance.kind:
        return None
    row.status, row.kind, row.details = "invited", attendance.kind.value, details
    row.starts_at, row.ends_at = span.start, span.end
    row.stamp = next_stamp(row.stamp, now)
    if is_moved or not was_invited:
        row.sequence += 1
        _ask_again(row, now)
    if not was_invited:
        return Change(row, LetterKind.INVITATION)
    return Change(row, LetterKind.MOVED if is_moved else LetterKind.CHANGED, previous)


def _follow(
    row: MeetingInvitation, deputy: MeetingInvitation, before: tuple[Interval, list[str]], now: datetime
) -> Change | None:
    """Who delegated hears what changes for who comes in her place; her answer stays (RFC 5546, 3.2.2.3)."""
    previous, span = _previous(row), Interval(row.starts_at, row.ends_at)
    known_span, known_cases = before
    new_span, new_cases = _known_of(deputy)
    if new_span != known_span:
        shift = new_span.start - known_span.start
        start, end = max(span.start + shift, new_span.start), min(span.end + shift, new_span.end)
        span = new_span if span == known_span or start >= end else Interval(start, end)
    details = {**row.details, **{name: deputy.details[name] for name in ("room", "video")}}
    if details["cases"] and new_cases != known_cases:
        hers = [each for each in details["cases"] if each in new_cases]
        details["cases"] = new_cases if details["cases"] == known_cases or not hers else hers
    is_moved = (row.starts_at, row.ends_at) != (span.start, span.end)
    if not is_moved and details == row.details:
        return None
    row.starts_at, row.ends_at, row.details = span.start, span.end, details
    row.stamp = next_stamp(row.stamp, now)
    row.sequence += is_moved
    return Change(row, LetterKind.MOVED if is_moved else LetterKind.CHANGED, previous)


def _known_of(row: MeetingInvitation) -> tuple[Interval, list[str]]:
    """When she comes, and for which cases."""
    return Interval(row.starts_at, row.ends_at), list(row.details["cases"])


def _end(row: MeetingInvitation, kind: LetterKind, now: datetime) -> Change:
    row.status = "cancelled" if kind is LetterKind.CANCELLED else "withdrawn"
    row.delegated_from = ""
    row.sequence += 1
    row.stamp = next_stamp(row.stamp, now)
    return Change(row, kind)


def _ask_again(row: MeetingInvitation, now: datetime) -> None:
    """Nobody has accepted a time she has not seen. `answer_stamp` stays: an old answer sent again changes nothing."""
    row.answer, row.answered_at, row.answer_by, row.comment = "needs-action", None, "", ""
    row.asked_at, row.reminded_at, row.escalated_at = now, None, None


def _previous(row: MeetingInvitation) -> Previous:
    return Previous(
        window=Interval(row.starts_at, row.ends_at),
        room=row.details.get("room"),
        video_url=row.details.get("video") or None,
        case_references=tuple(row.details.get("cases", ())),
    )

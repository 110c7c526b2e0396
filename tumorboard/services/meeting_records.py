"""The record of a meeting is signed: from then on it does not change, unless somebody opens it again and says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.discussions import REOPENINGS, Outcome, fingerprint_of
from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.meeting_room import Room, RoomCase, read_room
from tumorboard.services.room_entry import enter_room, load_discussions, load_stays, lock_meeting
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting
from tumorboard.store.post import AuditEvent

SIGNED = "record:signed"


@dataclass(frozen=True, slots=True)
class Record:
    """A meeting with who was there for which case. `fingerprint` is that of the record as it is now.

    Of a signed record, `missing` are the needs that nobody covered as they were at the signing: case id → keys of
    specialty, certificate and member joined by a colon. `is_unchanged` is False when the record is not what was signed.
    """

    room: Room
    fingerprint: str
    missing: Mapping[str, tuple[str, ...]]
    is_unchanged: bool | None
    shows_texts: bool


def sign_off(session: Session, setup: Setup, *, meeting_id: str, by: Actor, now: datetime) -> str:
    """Close the record of a meeting and give its fingerprint. Whoever is still noted as there leaves with its end.

    Raises Conflict `record-open` while a case has no outcome (`references` in its values), `nobody-present` when a
    case was discussed and nobody is noted as there, and those of `enter_room`.
    """
    require(by, Permission.MEETING_SIGN)
    with transaction(session):
        meeting = enter_room(session, meeting_id, now=now)
        _refuse_unfinished(session, meeting)
        _end_stays(session, meeting, now)
        meeting.signed_at, meeting.signed_by = now, by.name
        session.flush()
        room = read_room(session, setup, meeting_id=meeting_id, by=by, now=now)
        fingerprint = fingerprint_of(_content(session, meeting))
        record(
            session, by=by, now=now, action=SIGNED, subject=("meeting", meeting_id), fingerprint=fingerprint,
            cases=[_digest(case) for case in room.cases],
        )  # fmt: skip
    return fingerprint


def reopen_record(session: Session, *, meeting_id: str, reason: str, by: Actor, now: datetime) -> None:
    """Open a signed record again, for a reason of `REOPENINGS`. Raises Conflict `record-unsigned`."""
    require(by, Permission.MEETING_SIGN)
    if reason not in REOPENINGS:
        raise BadInput(f"give a reason: {', '.join(REOPENINGS)}", code="reason-missing", field="reason")
    with transaction(session):
        meeting = lock_meeting(session, meeting_id)
        if meeting.signed_at is None:
            raise Conflict("this record is not signed", code="record-unsigned")
        meeting.signed_at, meeting.signed_by = None, ""
        record(
            session, by=by, now=now, action="record:reopened", subject=("meeting", meeting_id), reason=reason
        )  # fmt: skip


def read_record(session: Session, setup: Setup, *, meeting_id: str, by: Actor, now: datetime) -> Record:
    """The record of a meeting. Recommendations are for those who read cases, and their reading is recorded."""
    require(by, Permission.BOARD_READ)
    shows_texts = by.may(Permission.CASE_READ)
    if shows_texts:
        with transaction(session):
            record(session, by=by, now=now, action="record:read", subject=("meeting", meeting_id))
    room = read_room(session, setup, meeting_id=meeting_id, by=by, now=now)
    fingerprint = fingerprint_of(_content(session, room.meeting))
    signed = _last_signature(session, meeting_id) if room.meeting.signed_at is not None else None
    digests = {entry["case"]: tuple(entry["missing"]) for entry in signed["cases"]} if signed else {}
    return Record(
        room=room,
        fingerprint=fingerprint,
        missing=digests,
        is_unchanged=signed["fingerprint"] == fingerprint if signed else None,
        shows_texts=shows_texts,
    )


def _refuse_unfinished(session: Session, meeting: Meeting) -> None:
    rows = load_discussions(session, meeting)
    open_ones = [item for item in meeting.agenda if item.id not in rows or not rows[item.id].outcome]
    if open_ones:
        names = ", ".join(item.case.reference for item in open_ones)
        raise Conflict(
            f"these cases have no outcome yet: {names}", code="record-open",
            references=[item.case.reference for item in open_ones],
        )  # fmt: skip
    is_discussed = any(row.outcome == Outcome.DISCUSSED for row in rows.values())
    if is_discussed and not load_stays(session, meeting):
        raise Conflict("nobody is noted as there; note first who was in the room", code="nobody-present")


def _end_stays(session: Session, meeting: Meeting, now: datetime) -> None:
    ends = [row.ended_at for row in load_discussions(session, meeting).values() if row.ended_at is not None]
    end = min(now, max([meeting.ends_at, *ends]))
    for stay in load_stays(session, meeting):
        if stay.until is None:
            stay.until = max(end, stay.since)


def _digest(case: RoomCase) -> dict[str, Any]:
    """Ids and codes of one case: its outcome, who was there throughout, who for a part, what nobody covered."""
    row = case.discussion
    return {
        "case": case.item.case.public_id,
        "outcome": row.outcome if row else "",
        "reason": row.reason if row else "",
        "present": [part.member for part in case.attended if part.throughout],
        "in_part": [part.member for part in case.attended if not part.throughout],
        "missing": [
            f"{need.specialty}:{need.certificate or ''}:{need.member or ''}" for need in case.coverage.lost
        ],
    }  # fmt: skip


def _content(session: Session, meeting: Meeting) -> dict[str, object]:
    """All that a signature stands for."""
    rows = load_discussions(session, meeting)
    cases = []
    for item in meeting.agenda:
        row = rows.get(item.id)
        told = (row.started_at, row.ended_at, row.outcome, row.reason, row.recommendation) if row else ()
        cases.append([item.case.public_id, item.case.reference, *told])
    return {
        "meeting": meeting.public_id,
        "starts_at": meeting.starts_at,
        "ends_at": meeting.ends_at,
        "cases": cases,
        "present": [[stay.member.public_id, stay.since, stay.until] for stay in load_stays(session, meeting)],
    }


def _last_signature(session: Session, meeting_id: str) -> dict[str, Any] | None:
    query = select(AuditEvent.detail).where(
        AuditEvent.subject_kind == "meeting", AuditEvent.subject_id == meeting_id, AuditEvent.action == SIGNED
    )
    return session.scalar(query.order_by(AuditEvent.id.desc()).limit(1))

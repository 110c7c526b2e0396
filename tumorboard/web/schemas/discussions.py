"""What happens in a meeting: who is there, what is written of each case, and the record of it."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from tumorboard.domain.discussions import LONGEST_RECOMMENDATION, REASONS, REOPENINGS, Attended, Outcome, stamp_of
from tumorboard.domain.model import Need
from tumorboard.services.case_history import CaseEvent
from tumorboard.services.discussions import Written
from tumorboard.services.meeting_records import Record
from tumorboard.services.meeting_room import Room, RoomCase, RoomPerson
from tumorboard.web.schemas.base import Answer, Ask, At, Flag, Who, Word

_REASONS = sorted({reason for reasons in REASONS.values() for reason in reasons})
STAMP = {"description": "the `stamp` of the text you began with; that of an empty one comes with the room"}


class PresenceAsk(Ask):
    """Who comes or leaves; without `members` the one who asks."""

    members = fields.List(
        Word(shortest=1, longest=20), load_default=None, allow_none=True, validate=validate.Length(1, 200)
    )
    here = Flag(required=True)


class StayAsk(Ask):
    """When somebody was there; null and null say that she was not."""

    since = At(required=True, allow_none=True)
    until = At(required=True, allow_none=True)


class StartAsk(Ask):
    at = At(load_default=None, allow_none=True, metadata={"description": "when that was, if it is brought late"})


class RecommendationAsk(Ask):
    text = Word(required=True, longest=LONGEST_RECOMMENDATION, lines=True)
    stamp = Word(required=True, longest=40, metadata=STAMP)


class OutcomeAsk(RecommendationAsk):
    """What became of the case. A deferred or withdrawn one has a reason; one that nobody began has its times."""

    outcome = fields.String(required=True, validate=validate.OneOf([outcome.value for outcome in Outcome]))
    reason = fields.String(load_default="", validate=validate.OneOf(["", *_REASONS]))
    at = At(load_default=None, allow_none=True, metadata={"description": "when that was, if it is brought late"})
    started_at = At(load_default=None, allow_none=True)
    ended_at = At(load_default=None, allow_none=True)
    go_on = Flag(load_default=False, metadata={"description": "begin the next case"})


class ReopenAsk(Ask):
    reason = fields.String(required=True, validate=validate.OneOf(REOPENINGS))


class PresenceAnswer(Answer):
    changed = fields.Integer()


class WrittenAnswer(Answer):
    """What stands of a case now. `next_case` is the id of the case to discuss next."""

    case = fields.String()
    outcome = fields.String()
    reason = fields.String()
    started_at = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    stamp = fields.String()
    next_case = fields.String(allow_none=True)


class NeedShort(Answer):
    specialty = fields.String()
    certificate = fields.String(allow_none=True)
    member = fields.String(allow_none=True)


class AttendedAnswer(Answer):
    member = fields.Nested(Who)
    minutes = fields.Integer()
    throughout = fields.Boolean()


class RoomCaseAnswer(Answer):
    """A case of the agenda. `missing` are required needs that nobody covers, `advice_missing` recommended ones: of the
    discussion once it is over, else of this moment. `recommendation` and `stamp` are for who writes them."""

    case = fields.String(allow_none=True)
    reference = fields.String()
    position = fields.Integer()
    planned_starts_at = fields.AwareDateTime()
    planned_ends_at = fields.AwareDateTime()
    state = fields.String(validate=validate.OneOf(["open", "running", "left", "settled"]))
    started_at = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    outcome = fields.String()
    reason = fields.String()
    is_quorate = fields.Boolean()
    missing = fields.List(fields.Nested(NeedShort))
    advice_missing = fields.List(fields.Nested(NeedShort))
    present = fields.List(fields.Nested(AttendedAnswer))
    recommendation = fields.String(allow_none=True)
    stamp = fields.String(allow_none=True)


class StayAnswer(Answer):
    since = fields.AwareDateTime()
    until = fields.AwareDateTime(allow_none=True)


class RoomPersonAnswer(Answer):
    member = fields.Nested(Who)
    kind = fields.String()
    specialties = fields.List(fields.String())
    here_since = fields.AwareDateTime(allow_none=True)
    stays = fields.List(fields.Nested(StayAnswer))


class MeetingRoomAnswer(Answer):
    """A meeting as it happens."""

    meeting = fields.String()
    now = fields.AwareDateTime()
    is_open = fields.Boolean()
    signed_at = fields.AwareDateTime(allow_none=True)
    cases = fields.List(fields.Nested(RoomCaseAnswer))
    people = fields.List(fields.Nested(RoomPersonAnswer))


class RecordAnswer(MeetingRoomAnswer):
    """The record of a meeting. `is_unchanged` is null until it is signed; `fingerprint` is that of the record now."""

    signed_by = fields.String()
    fingerprint = fields.String()
    is_unchanged = fields.Boolean(allow_none=True)


class SignedAnswer(Answer):
    fingerprint = fields.String()


class CaseEventAnswer(Answer):
    """Something that happened to a case; `reason` and `outcome` are codes, empty where there are none."""

    at = fields.AwareDateTime()
    by = fields.String()
    code = fields.String()
    meeting = fields.String(allow_none=True)
    outcome = fields.String()
    reason = fields.String()


class TimelineAnswer(Answer):
    items = fields.List(fields.Nested(CaseEventAnswer))
    total = fields.Integer()


def present_written(written: Written) -> dict[str, Any]:
    """What stands of a case after a change."""
    row = written.discussion
    return {
        "case": written.case.public_id,
        "outcome": row.outcome,
        "reason": row.reason,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "stamp": written.stamp,
        "next_case": written.next_case,
    }


def present_room(room: Room, *, with_ids: bool, with_texts: bool) -> dict[str, Any]:
    """A room as far as the reader may see it."""
    return {
        "meeting": room.meeting.public_id,
        "now": room.now,
        "is_open": room.is_open,
        "signed_at": room.meeting.signed_at,
        "cases": [_present_case(case, room, with_ids, with_texts) for case in room.cases],
        "people": [_present_person(person) for person in room.people],
    }


def present_record(record: Record) -> dict[str, Any]:
    """A record; its texts are there for those who read cases."""
    return {
        **present_room(record.room, with_ids=record.shows_texts, with_texts=record.shows_texts),
        "signed_by": record.room.meeting.signed_by,
        "fingerprint": record.fingerprint,
        "is_unchanged": record.is_unchanged,
    }


def present_event(event: CaseEvent) -> dict[str, Any]:
    """One line of a timeline."""
    return {
        "at": event.at,
        "by": event.by,
        "code": event.code,
        "meeting": event.meeting.public_id if event.meeting else None,
        "outcome": str(event.detail.get("outcome", "")),
        "reason": str(event.detail.get("reason", "")),
    }


def _present_case(case: RoomCase, room: Room, with_ids: bool, with_texts: bool) -> dict[str, Any]:
    row = case.discussion
    text = row.recommendation if row else ""
    return {
        "case": case.item.case.public_id if with_ids else None,
        "reference": case.item.case.reference,
        "position": case.item.position,
        "planned_starts_at": case.item.starts_at,
        "planned_ends_at": case.item.ends_at,
        "state": case.state,
        "started_at": row.started_at if row else None,
        "ended_at": row.ended_at if row else None,
        "outcome": row.outcome if row else "",
        "reason": row.reason if row else "",
        "is_quorate": case.coverage.is_quorate,
        "missing": [_present_need(need) for need in case.coverage.lost],
        "advice_missing": [_present_need(need) for need in case.coverage.missed],
        "present": [_present_part(part, room) for part in case.attended],
        "recommendation": text if with_texts else None,
        "stamp": stamp_of(text) if with_texts else None,
    }


def _present_need(need: Need) -> dict[str, Any]:
    return {"specialty": need.specialty, "certificate": need.certificate, "member": need.member}


def _present_part(part: Attended, room: Room) -> dict[str, Any]:
    who = {"id": part.member, "name": room.members[part.member].name}
    return {"member": who, "minutes": part.minutes, "throughout": part.throughout}


def _present_person(person: RoomPerson) -> dict[str, Any]:
    return {
        "member": {"id": person.member.public_id, "name": person.member.name},
        "kind": person.kind,
        "specialties": list(person.specialties),
        "here_since": person.here_since,
        "stays": [{"since": stay.since, "until": stay.until} for stay in person.stays],
    }

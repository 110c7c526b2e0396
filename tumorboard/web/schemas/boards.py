"""Boards and meetings: agenda, windows and quorum, without a fact of any case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from marshmallow import fields

from tumorboard.domain.model import Attendance, MemberFacts, SeatKind
from tumorboard.domain.quorum import seat_quorum
from tumorboard.domain.timeline import Interval
from tumorboard.services.access import Actor, Permission
from tumorboard.services.minutes import minutes_of_meeting
from tumorboard.services.parts import holds_place
from tumorboard.store.facts import seat_facts
from tumorboard.store.meetings import AgendaItem, Board, Meeting, MeetingInvitation, Seat
from tumorboard.store.people import Member
from tumorboard.web.schemas.base import Answer, Ask, Day, PageAnswer, Who, Whole, Word
from tumorboard.web.schemas.findings import MinutesAnswer, present_minutes


class SeatAnswer(Answer):
    """A place on a board and who is asked, in order."""

    specialty = fields.String()
    kind = fields.String()
    in_quorum = fields.Boolean()
    holders = fields.List(fields.Nested(Who))


class BoardRow(Answer):
    key = fields.String()
    name = fields.String()
    program = fields.String()
    time_zone = fields.String()


class BoardListAnswer(Answer):
    items = fields.List(fields.Nested(BoardRow))
    total = fields.Integer()


class RoomAnswer(Answer):
    key = fields.String()
    name = fields.String()
    capacity = fields.Integer()
    video_url = fields.String(allow_none=True)


class MeetingRow(Answer):
    """A meeting as a list shows it."""

    id = fields.String()
    board = fields.String()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    closes_at = fields.AwareDateTime()
    time_zone = fields.String()
    status = fields.String()
    room = fields.String()
    case_count = fields.Integer()
    minutes_used = fields.Integer()
    minutes = fields.Integer()


class MeetingPageAnswer(PageAnswer):
    items = fields.List(fields.Nested(MeetingRow))


class BoardAnswer(BoardRow):
    """A board with its seats, its next meetings and the id of its open draft."""

    seats = fields.List(fields.Nested(SeatAnswer))
    meetings = fields.List(fields.Nested(MeetingRow))
    draft = fields.String(allow_none=True)


class AgendaAnswer(Answer):
    """A case on an agenda. `case` is its id for those who may read cases, else null."""

    case = fields.String(allow_none=True)
    reference = fields.String()
    position = fields.Integer()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()


class WindowAnswer(Answer):
    """When a member is needed. `rules` say why, to her and to those who may read cases."""

    member = fields.Nested(Who)
    kind = fields.String()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    specialties = fields.List(fields.String())
    required_ = fields.Boolean(data_key="required", attribute="required")
    cases = fields.List(fields.String())
    rules = fields.List(fields.String())


class SeatQuorumAnswer(Answer):
    specialty = fields.String()
    members = fields.List(fields.String())


class QuorumAnswer(Answer):
    """Whether each core seat that counts is held throughout; `is_met` is false while nobody is invited."""

    is_met = fields.Boolean()
    filled = fields.List(fields.Nested(SeatQuorumAnswer))
    vacant = fields.List(fields.String())


class MeetingAnswer(MeetingRow):
    """A meeting with its agenda, windows and quorum."""

    video_url = fields.String(allow_none=True)
    agenda = fields.List(fields.Nested(AgendaAnswer))
    windows = fields.List(fields.Nested(WindowAnswer))
    quorum = fields.Nested(QuorumAnswer)
    minutes_held = fields.Nested(MinutesAnswer)


class OwnWindowAnswer(Answer):
    """A window with where and when the meeting is."""

    meeting = fields.Nested(MeetingRow)
    window = fields.Nested(WindowAnswer)
    room = fields.String()
    video_url = fields.String(allow_none=True)


class WindowListAnswer(Answer):
    items = fields.List(fields.Nested(OwnWindowAnswer))
    total = fields.Integer()


class MeetingAsk(Ask):
    """An extra meeting, in the zone of its board."""

    on = Day(required=True)
    local_time = fields.Time(required=True, format="%H:%M")
    minutes = Whole(10, 480, required=True)
    room = Word(required=True, shortest=1, longest=64)
    is_extra = fields.Boolean(
        load_default=False, metadata={"description": "used only if a proposal finds it worth opening"}
    )


class CancelledAnswer(Answer):
    letters = fields.Integer()


class HeldAgainAnswer(Answer):
    meeting = fields.String()
    draft = fields.String(
        allow_none=True, metadata={"description": "The open draft with its agenda; null where nothing came back."}
    )
    stayed = fields.Integer(metadata={"description": "How many of its cases stay elsewhere, or closed."})


def present_board(row: Board, language: str) -> dict[str, Any]:
    """A board for a list."""
    name = row.name_ko if language == "ko" else row.name_en
    return {"key": row.key, "name": name, "program": row.program, "time_zone": row.time_zone}


def present_seat(row: Seat) -> dict[str, Any]:
    """A seat with its holders and their deputies in the order they are asked."""
    members = [holder.member for holder in row.holders]
    known = {member.public_id: member for member in members}
    known |= {deputy.deputy.public_id: deputy.deputy for member in members for deputy in member.deputies}
    holders = [{"id": name, "name": known[name].name} for name in seat_facts(row).holders]
    return {"specialty": row.specialty, "kind": row.kind, "in_quorum": row.in_quorum, "holders": holders}


def present_meeting_row(row: Meeting, board: str) -> dict[str, Any]:
    """A meeting for a list; agenda and room must be loaded."""
    span = Interval(row.starts_at, row.ends_at)
    return {
        "id": row.public_id,
        "board": board,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "closes_at": row.closes_at,
        "time_zone": row.time_zone,
        "status": row.status,
        "room": row.room.name,
        "case_count": len(row.agenda),
        "minutes_used": sum(Interval(item.starts_at, item.ends_at).minutes for item in row.agenda),
        "minutes": span.minutes,
    }


def present_meeting(row: Meeting, seats: Sequence[Seat], by: Actor) -> dict[str, Any]:
    """A meeting as far as the actor may see it."""
    invited = [entry for entry in row.invitations if holds_place(entry)]
    return {
        **present_meeting_row(row, row.board.key),
        "video_url": row.room.video_url or None,
        "agenda": [_present_item(item, by) for item in row.agenda],
        "windows": [present_window(entry, by) for entry in invited],
        "quorum": _present_quorum(row, invited, seats),
        "minutes_held": present_minutes(minutes_of_meeting(row)),
    }


def present_window(row: MeetingInvitation, by: Actor) -> dict[str, Any]:
    """A member's window. The rules of a case tell of the patient, so they are for her and for those who read cases."""
    may_know_why = by.may(Permission.CASE_READ) or by.member_id == row.member.public_id
    return {
        "member": {"id": row.member.public_id, "name": row.member.name},
        "kind": row.kind,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "specialties": list(row.details["specialties"]),
        "required": row.details["required"],
        "cases": list(row.details["cases"]),
        "rules": list(row.details["rules"]) if may_know_why else [],
    }


def _present_item(item: AgendaItem, by: Actor) -> dict[str, Any]:
    return {
        "case": item.case.public_id if by.may(Permission.CASE_READ) else None,
        "reference": item.case.reference,
        "position": item.position,
        "starts_at": item.starts_at,
        "ends_at": item.ends_at,
    }


def _present_quorum(row: Meeting, invited: Iterable[MeetingInvitation], seats: Sequence[Seat]) -> dict[str, Any]:
    attendances = [
        Attendance(entry.member.public_id, SeatKind(entry.kind), Interval(entry.starts_at, entry.ends_at), ())
        for entry in invited
    ]
    quorum = seat_quorum(
        [seat_facts(seat) for seat in seats],
        span=Interval(row.starts_at, row.ends_at),
        attendances=attendances,
        members={entry.member.public_id: _held_by(entry.member) for entry in invited},
    )
    return {
        "is_met": quorum.is_met,
        "filled": [{"specialty": name, "members": list(ids)} for name, ids in quorum.filled.items()],
        "vacant": list(quorum.vacant),
    }


def _held_by(member: Member) -> MemberFacts:
    held = frozenset(entry.specialty for entry in member.specialties)
    return MemberFacts(id=member.public_id, name=member.name, specialties=held)

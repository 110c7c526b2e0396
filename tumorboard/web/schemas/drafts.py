"""Drafts: a proposal as a difference to what is published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from tumorboard.domain.model import Reason
from tumorboard.services.boards import AttendanceChange, DraftView, EntryChange, MeetingChange
from tumorboard.services.draft_today import DraftToday
from tumorboard.services.minutes import minutes_of_plan
from tumorboard.web.schemas.base import Answer, Ask, Flag, ReasonAnswer, Who, Whole, Word
from tumorboard.web.schemas.findings import MinutesAnswer, present_minutes
from tumorboard.web.schemas.present_cases import present_reason
from tumorboard.words import Words
from tumorboard.words.phrases import Names


class ProposeAsk(Ask):
    from_scratch = Flag(
        load_default=False,
        metadata={"description": "forget what was placed or left out by hand in the open draft; else it is kept"},
    )
    weeks = Whole(1, 26, load_default=4)
    seconds = Whole(
        1, 300, load_default=None, allow_none=True, metadata={"description": "for planning, at most; else the setting"}
    )


class MoveAsk(Ask):
    """Where a case goes. Without `meeting` it is left out; without `position` it takes the best place."""

    case = Word(required=True, shortest=1, longest=80, metadata={"description": "reference of the case"})
    meeting = Word(required=True, allow_none=True, shortest=1, longest=20)
    position = Whole(0, 200, load_default=None, allow_none=True, metadata={"description": "counted from 0"})


class PublishAsk(Ask):
    version = Whole(
        1, 2**31 - 1, load_default=None, allow_none=True,
        metadata={"description": "that of the draft which was looked at: refused where it was edited since"},
    )  # fmt: skip


class DraftCase(Answer):
    id = fields.String()
    reference = fields.String()


class EntryAnswer(Answer):
    """A case of the draft. `change` is new, moved, retimed or same."""

    case = fields.Nested(DraftCase)
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    change = fields.String()
    requires = fields.List(fields.String())
    reasons = fields.List(fields.Nested(ReasonAnswer))
    uncovered = fields.List(fields.String())
    late_days = fields.Integer(metadata={"description": "days after the limit of the case; 0 when it comes in time"})


class SpanAnswer(Answer):
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()


class AttendanceAnswer(Answer):
    """A member of the draft. `change` is invited, moved, changed, withdrawn or same; `published` is her window now."""

    member = fields.Nested(Who)
    change = fields.String()
    kind = fields.String()
    window = fields.Nested(SpanAnswer, allow_none=True)
    published = fields.Nested(SpanAnswer, allow_none=True)
    specialties = fields.List(fields.String())
    cases = fields.List(fields.String())
    rules = fields.List(fields.String())
    required_ = fields.Boolean(data_key="required", attribute="required")


class MeetingChangeAnswer(Answer):
    meeting = fields.String()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    time_zone = fields.String()
    is_changed = fields.Boolean()
    entries = fields.List(fields.Nested(EntryAnswer))
    removed = fields.List(fields.Nested(DraftCase))
    attendances = fields.List(fields.Nested(AttendanceAnswer))
    vacant_seats = fields.List(fields.String())
    held_minutes = fields.Integer()
    held_minutes_arrival = fields.Integer()
    minutes_held = fields.Nested(MinutesAnswer)


class LeftOutAnswer(Answer):
    case = fields.Nested(DraftCase)
    reasons = fields.List(fields.Nested(ReasonAnswer))


class DraftAnswer(Answer):
    """A draft beside what is published; `letters` is how many letters its publication would write.

    Of an open draft, `wrong` is what stops its publication, and `came_after` are open cases that it does not know: they
    go on waiting when it is published.
    """

    id = fields.String()
    board = fields.String()
    status = fields.String()
    version = fields.Integer()
    made_by = fields.String()
    made_at = fields.AwareDateTime()
    until = fields.AwareDateTime()
    solver = fields.String()
    cost = fields.Integer()
    greedy_cost = fields.Integer()
    letters = fields.Integer()
    meetings = fields.List(fields.Nested(MeetingChangeAnswer))
    left_out = fields.List(fields.Nested(LeftOutAnswer))
    wrong = fields.List(fields.Nested(ReasonAnswer))
    came_after = fields.List(fields.Nested(DraftCase))


class PublishedAnswer(Answer):
    letters = fields.Integer()
    meetings = fields.List(fields.String())


def present_draft(view: DraftView, today: DraftToday | None, words: Words, names: Names) -> dict[str, Any]:
    """A draft for `DraftAnswer`; `today` is None for a closed one."""
    late = today.late if today else {}
    row, proposal = view.row, view.proposal
    return {
        "id": row.public_id,
        "board": row.board.key,
        "status": row.status,
        "version": row.version,
        "made_by": row.made_by,
        "made_at": row.made_at,
        "until": row.until,
        "solver": proposal.solver,
        "cost": proposal.cost,
        "greedy_cost": proposal.greedy_cost,
        "letters": view.letters,
        "meetings": [_present_meeting(change, late, words, names) for change in view.meetings],
        "left_out": [
            {
                "case": {"id": view.case_ids.get(reference, ""), "reference": reference},
                "reasons": _present_reasons(reasons, words, names),
            }
            for reference, reasons in sorted(view.proposal.left_out.items())
            if today is None or reference not in today.closed
        ],
        "wrong": _present_reasons(today.wrong, words, names) if today else [],
        "came_after": [
            {"id": today.case_ids.get(reference, ""), "reference": reference} for reference in today.came_after
        ]
        if today
        else [],
    }


def _present_reasons(reasons: tuple[Reason, ...], words: Words, names: Names) -> list[dict[str, Any]]:
    return [present_reason(reason, words, names) for reason in reasons]


def _present_meeting(change: MeetingChange, late: Mapping[str, int], words: Words, names: Names) -> dict[str, Any]:
    meeting, plan = change.meeting, change.plan
    return {
        "meeting": meeting.public_id,
        "starts_at": meeting.starts_at,
        "ends_at": meeting.ends_at,
        "time_zone": meeting.time_zone,
        "is_changed": change.is_changed,
        "entries": [_present_entry(entry, late, words, names) for entry in change.entries],
        "removed": [{"id": item.case.public_id, "reference": item.case.reference} for item in change.removed],
        "attendances": [_present_attendance(attendance) for attendance in change.attendances],
        "vacant_seats": list(plan.vacant_seats),
        "held_minutes": plan.held_minutes,
        "held_minutes_arrival": plan.held_minutes_arrival,
        "minutes_held": present_minutes(minutes_of_plan(plan, {})),
    }


def _present_entry(change: EntryChange, late: Mapping[str, int], words: Words, names: Names) -> dict[str, Any]:
    entry = change.entry
    return {
        "case": {"id": change.case_id, "reference": entry.reference},
        "starts_at": entry.span.start,
        "ends_at": entry.span.end,
        "change": change.change,
        "requires": list(entry.requires),
        "reasons": _present_reasons(change.reasons, words, names),
        "uncovered": list(change.uncovered),
        "late_days": late.get(entry.reference, 0),
    }


def _present_attendance(change: AttendanceChange) -> dict[str, Any]:
    planned, row = change.attendance, change.row
    return {
        "member": {"id": change.member.public_id, "name": change.member.name},
        "change": change.change,
        "kind": planned.kind.value if planned else (row.kind if row else ""),
        "window": {"starts_at": planned.span.start, "ends_at": planned.span.end} if planned else None,
        "published": {"starts_at": row.starts_at, "ends_at": row.ends_at} if row else None,
        "specialties": list(planned.specialties) if planned else [],
        "cases": list(planned.cases) if planned else [],
        "rules": list(planned.rules) if planned else [],
        "required": planned.required if planned else False,
    }

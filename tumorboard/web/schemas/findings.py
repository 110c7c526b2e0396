"""Findings of the check of published meetings, repairs, and minutes specialists are held."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tumorboard.services.findings import StandingFinding
from tumorboard.services.minutes import Held, Minutes
from tumorboard.services.nightly import MOVES, Repair
from tumorboard.web.schemas.base import Answer
from tumorboard.words import Words
from tumorboard.words.findings import say_found
from tumorboard.words.phrases import Names


class MeetingFindingAnswer(Answer):
    """Something no longer right about a published meeting. `step` is repair, note_report, change_room or
    choose_moment (of an urgent meeting)."""

    id = fields.String()
    meeting = fields.String()
    starts_at = fields.AwareDateTime()
    code = fields.String()
    blocks = fields.Boolean()
    step = fields.String()
    values = fields.Dict(keys=fields.String())
    message = fields.String()
    found_at = fields.AwareDateTime()
    seen_at = fields.AwareDateTime()


class MeetingFindingListAnswer(Answer):
    items = fields.List(fields.Nested(MeetingFindingAnswer))
    total = fields.Integer()


class RepairAnswer(Answer):
    """What became of a repair. `outcome` is made, same, kept (a person's draft is open) or nothing; then its counts."""

    outcome = fields.String()
    draft = fields.String(allow_none=True)
    made_by = fields.String(allow_none=True)
    moved = fields.Integer()
    taken_off = fields.Integer()
    invited = fields.Integer()
    withdrawn = fields.Integer()
    retimed = fields.Integer()


class HeldAnswer(Answer):
    """Minutes if the cases came in the order of arrival, and as they are planned."""

    arrival = fields.Integer()
    now = fields.Integer()


class MemberMinutesAnswer(HeldAnswer):
    member = fields.String()
    specialties = fields.List(fields.String())


class SpecialtyMinutesAnswer(HeldAnswer):
    specialties = fields.List(fields.String())


class MinutesAnswer(Answer):
    """The minutes called-in members are held: each, per specialty, and all together."""

    members = fields.List(fields.Nested(MemberMinutesAnswer))
    specialties = fields.List(fields.Nested(SpecialtyMinutesAnswer))
    total = fields.Nested(HeldAnswer)


def present_finding(finding: StandingFinding, words: Words, names: Names) -> dict[str, Any]:
    """A finding for `MeetingFindingAnswer`."""
    return {
        "id": finding.row.public_id,
        "meeting": finding.meeting.public_id,
        "starts_at": finding.meeting.starts_at,
        "code": finding.reason.code,
        "blocks": finding.is_blocking,
        "step": finding.step.value,
        "values": {name: value for name, value in finding.reason.values.items() if name != "meeting"},
        "message": say_found(finding.reason, words, names),
        "found_at": finding.row.found_at,
        "seen_at": finding.row.seen_at,
    }


def present_repair(repair: Repair) -> dict[str, Any]:
    """A repair for `RepairAnswer`."""
    counts = {name: len(getattr(repair.moves, name)) for name in MOVES}
    return {"outcome": repair.outcome, "draft": repair.draft_id, "made_by": repair.made_by or None, **counts}


def present_minutes(minutes: Minutes) -> dict[str, Any]:
    """Minutes for `MinutesAnswer`."""
    return {
        "members": [
            {"member": row.member, "specialties": list(row.specialties), **_held(row.held)} for row in minutes.members
        ],
        "specialties": [{"specialties": list(names), **_held(held)} for names, held in minutes.specialties.items()],
        "total": _held(minutes.total),
    }


def _held(held: Held) -> dict[str, int]:
    return {"arrival": held.arrival, "now": held.now}

"""What would happen if: changes in, the difference to a draft out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marshmallow import fields, validate

from tumorboard.domain.timeline import Interval
from tumorboard.domain.what_if_difference import CaseDifference, MemberDifference
from tumorboard.services.what_if import LONGEST_MINUTES, SHORTEST_MINUTES, WhatIfAsked, WhatIfView
from tumorboard.web.schemas.base import Answer, Ask, At, ReasonAnswer, Who, Whole, Word
from tumorboard.web.schemas.drafts import DraftCase, SpanAnswer
from tumorboard.web.schemas.present_cases import present_reason
from tumorboard.words import Words
from tumorboard.words.phrases import Names

MOST = 10


class AbsentAsk(Ask):
    """A member who cannot come; without times from now to the end of the plan."""

    member = Word(required=True, shortest=1, longest=20, metadata={"description": "public id of the member"})
    starts_at = At(load_default=None, allow_none=True)
    ends_at = At(load_default=None, allow_none=True)


class AddedAsk(Ask):
    """One more meeting."""

    starts_at = At(required=True)
    minutes = Whole(SHORTEST_MINUTES, LONGEST_MINUTES, required=True)
    room = Word(required=True, shortest=1, longest=64, metadata={"description": "key of the room"})


def _references() -> fields.List[Any]:
    return fields.List(Word(shortest=1, longest=80), load_default=list, validate=validate.Length(0, MOST))


class WhatIfAsk(Ask):
    """The changes, made together. At least one."""

    absent = fields.List(fields.Nested(AbsentAsk), load_default=list, validate=validate.Length(0, MOST))
    urgent = _references()
    ready = _references()
    withdrawn = _references()
    cancelled = _references()
    added = fields.List(fields.Nested(AddedAsk), load_default=list, validate=validate.Length(0, MOST))


class SummaryAnswer(Answer):
    """A plan in figures. `cost` is in points, lower is better."""

    cost = fields.Integer()
    late_days = fields.Integer()
    left_out = fields.Integer()
    calls = fields.Integer()
    held_minutes = fields.Integer()


class CaseDifferenceAnswer(Answer):
    """A case that would stand elsewhere. `change` is moved, placed, left-out, gone or still-out; meetings are ids."""

    case = fields.Nested(DraftCase)
    change = fields.String()
    before = fields.String(allow_none=True)
    after = fields.String(allow_none=True)
    reasons = fields.List(fields.Nested(ReasonAnswer))


class MemberDifferenceAnswer(Answer):
    """A member asked otherwise. `change` is called, released or window, `seat` is core or on_demand."""

    meeting = fields.String()
    member = fields.Nested(Who)
    change = fields.String()
    seat = fields.String()
    before = fields.Nested(SpanAnswer, allow_none=True)
    after = fields.Nested(SpanAnswer, allow_none=True)


class WhatIfAnswer(Answer):
    """The plan with the changes beside the draft. Nothing is stored; added meetings are called `added-1` and so on."""

    draft = fields.String(allow_none=True)
    before = fields.Nested(SummaryAnswer)
    after = fields.Nested(SummaryAnswer)
    cases = fields.List(fields.Nested(CaseDifferenceAnswer))
    members = fields.List(fields.Nested(MemberDifferenceAnswer))


def read_asked(asked: dict[str, Any]) -> WhatIfAsked:
    """The changes as the service takes them."""
    return WhatIfAsked(
        absent=tuple((each["member"], each["starts_at"], each["ends_at"]) for each in asked["absent"]),
        urgent=tuple(asked["urgent"]),
        ready=tuple(asked["ready"]),
        withdrawn=tuple(asked["withdrawn"]),
        cancelled=tuple(asked["cancelled"]),
        added=tuple((each["starts_at"], each["minutes"], each["room"]) for each in asked["added"]),
    )


def present_what_if(view: WhatIfView, words: Words, names: Names) -> dict[str, Any]:
    """The answer for `WhatIfAnswer`."""
    return {
        "draft": view.draft.public_id if view.draft else None,
        "before": asdict(view.difference.before),
        "after": asdict(view.difference.after),
        "cases": [_present_case(one, view, words, names) for one in view.difference.cases],
        "members": [_present_member(one, view) for one in view.difference.members],
    }


def _present_case(one: CaseDifference, view: WhatIfView, words: Words, names: Names) -> dict[str, Any]:
    return {
        "case": {"id": view.case_ids.get(one.reference, ""), "reference": one.reference},
        "change": one.change.value,
        "before": one.before,
        "after": one.after,
        "reasons": [present_reason(reason, words, names) for reason in one.reasons],
    }


def _present_member(one: MemberDifference, view: WhatIfView) -> dict[str, Any]:
    member = view.members[one.member]
    return {
        "meeting": one.meeting,
        "member": {"id": member.public_id, "name": member.name},
        "change": one.change.value,
        "seat": one.seat.value,
        "before": _present_span(one.before),
        "after": _present_span(one.after),
    }


def _present_span(span: Interval | None) -> dict[str, Any] | None:
    return None if span is None else {"starts_at": span.start, "ends_at": span.end}

"""Steps of a draft, what a move would change, and saved groups of specialties."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from tumorboard.domain.planning_edit import Effect
from tumorboard.services.plan_changes import Steps
from tumorboard.store.plans import PlanChange, SpecialtyGroup
from tumorboard.web.schemas.base import Answer, Ask, ReasonAnswer, Whole, Word
from tumorboard.web.schemas.drafts import SpanAnswer
from tumorboard.web.schemas.present_cases import present_reason
from tumorboard.words import Words
from tumorboard.words.phrases import Names


class StepAsk(Ask):
    """Which step: only if it is the one whose turn it is. Without it, that one."""

    step = Word(load_default=None, allow_none=True, shortest=1, longest=20)


class PreviewAsk(Ask):
    case = Word(required=True, shortest=1, longest=80, metadata={"description": "reference of the case"})
    meeting = Word(required=True, allow_none=True, shortest=1, longest=20)
    position = Whole(0, 200, load_default=None, allow_none=True, metadata={"description": "counted from 0"})


class StepAnswer(Answer):
    """A step of a draft. `kind` is ordered, moved, placed, left-out, proposed-again or restored."""

    id = fields.String()
    number = fields.Integer()
    kind = fields.String()
    case = fields.String(allow_none=True)
    meeting = fields.String(allow_none=True)
    meeting_before = fields.String(allow_none=True)
    made_by = fields.String()
    at = fields.AwareDateTime()
    undone_by = fields.String()
    undone_at = fields.AwareDateTime(allow_none=True)


class StepsAnswer(Answer):
    """Newest first; `undo` and `redo` are the steps whose turn it is."""

    items = fields.List(fields.Nested(StepAnswer))
    total = fields.Integer()
    undo = fields.String(allow_none=True)
    redo = fields.String(allow_none=True)


class MoveWindowAnswer(Answer):
    meeting = fields.String()
    member = fields.String()
    before = fields.Nested(SpanAnswer, allow_none=True)
    after = fields.Nested(SpanAnswer, allow_none=True)


class EffectAnswer(Answer):
    """What a move would change. `broken` are the rules that the draft would break then and does not now."""

    window = fields.Nested(SpanAnswer, allow_none=True)
    members = fields.List(fields.Nested(MoveWindowAnswer))
    held_minutes_before = fields.Integer()
    held_minutes_after = fields.Integer()
    broken = fields.List(fields.Nested(ReasonAnswer))
    mended = fields.List(fields.Nested(ReasonAnswer))


class GroupAsk(Ask):
    name = Word(required=True, shortest=1, longest=80)
    specialties = fields.List(Word(shortest=1, longest=64), required=True, validate=validate.Length(min=1, max=40))


class RenameGroupAsk(Ask):
    name = Word(required=True, shortest=1, longest=80)


class GroupAnswer(Answer):
    id = fields.String()
    name = fields.String()
    specialties = fields.List(fields.String())


class GroupsAnswer(Answer):
    items = fields.List(fields.Nested(GroupAnswer))
    total = fields.Integer()


def present_steps(steps: Steps) -> dict[str, Any]:
    """For `StepsAnswer`."""
    return {
        "items": [_present_step(row, steps) for row in steps.rows],
        "total": len(steps.rows),
        "undo": steps.undo.public_id if steps.undo else None,
        "redo": steps.redo.public_id if steps.redo else None,
    }


def _present_step(row: PlanChange, steps: Steps) -> dict[str, Any]:
    return {
        "id": row.public_id, "number": row.number, "kind": row.kind,
        "case": steps.references.get(str(row.detail.get("case", ""))),
        "meeting": row.detail.get("meeting"), "meeting_before": row.detail.get("from"),
        "made_by": row.made_by, "at": row.at, "undone_by": row.undone_by, "undone_at": row.undone_at,
    }  # fmt: skip


def present_effect(effect: Effect, words: Words, names: Names) -> dict[str, Any]:
    """For `EffectAnswer`."""
    return {
        "window": _present_span(effect.span),
        "members": [
            {
                "meeting": one.meeting, "member": one.member, "before": _present_span(one.before),
                "after": _present_span(one.after),
            }
            for one in effect.windows
        ],
        "held_minutes_before": effect.held_minutes[0],
        "held_minutes_after": effect.held_minutes[1],
        "broken": [present_reason(reason, words, names) for reason in effect.broken],
        "mended": [present_reason(reason, words, names) for reason in effect.mended],
    }  # fmt: skip


def _present_span(span: Any) -> dict[str, Any] | None:
    return {"starts_at": span.start, "ends_at": span.end} if span else None


def present_group(row: SpecialtyGroup) -> dict[str, Any]:
    """For `GroupAnswer`."""
    return {"id": row.public_id, "name": row.name, "specialties": list(row.specialties["required"])}

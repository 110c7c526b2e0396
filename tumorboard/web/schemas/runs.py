"""Runs: a proposal being made."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tumorboard.store.plans import PlanRun
from tumorboard.web.schemas.base import Answer, Ask, Flag


class StopAsk(Ask):
    keep = Flag(load_default=True, metadata={"description": "make a draft of the best plan so far"})


class ProgressAnswer(Answer):
    """How far a run is. Costs are points, lower is better; `gap` is how far above the best it may be, as a share."""

    stage = fields.String()
    seconds = fields.Float()
    cases = fields.Integer(allow_none=True)
    placed = fields.Integer(allow_none=True)
    left_out = fields.Integer(allow_none=True)
    late_days = fields.Integer(allow_none=True)
    cost = fields.Integer(allow_none=True)
    bound = fields.Integer(allow_none=True)
    gap = fields.Float(allow_none=True)


class RunAnswer(Answer):
    """A run. `status` is waiting, running, done (`draft` is its id), failed (`problem` is why) or cancelled."""

    id = fields.String()
    board = fields.String()
    status = fields.String()
    weeks = fields.Integer()
    seconds = fields.Integer()
    progress = fields.Nested(ProgressAnswer)
    draft = fields.String(allow_none=True)
    problem = fields.String(allow_none=True)
    requested_by = fields.String()
    requested_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)


def present_run(run: PlanRun) -> dict[str, Any]:
    """A run for `RunAnswer`."""
    numbers = ("cases", "placed", "left_out", "late_days", "cost", "bound", "gap")
    return {
        "id": run.public_id,
        "board": run.board.key,
        "status": run.status,
        "weeks": run.weeks,
        "seconds": run.seconds,
        "progress": {
            "stage": run.progress.get("stage", "waiting"),
            "seconds": run.progress.get("seconds", 0.0),
            **{name: run.progress.get(name) for name in numbers},
        },
        "draft": run.draft.public_id if run.draft else None,
        "problem": run.problem,
        "requested_by": run.requested_by,
        "requested_at": run.requested_at,
        "ended_at": run.ended_at,
    }

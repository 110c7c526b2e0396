"""Steps of a draft taken back and done again, what a move would change, and what was published before."""

from __future__ import annotations

from typing import Any

from flask import url_for

from tumorboard.domain.planning_edit import Move
from tumorboard.services import plan_changes
from tumorboard.services.boards import list_people, read_draft
from tumorboard.services.planning import preview_edit, reopen_draft
from tumorboard.services.restoring import restore_published
from tumorboard.services.solver_process import place, run_apart
from tumorboard.web.api.door import Door
from tumorboard.web.api.drafts import present
from tumorboard.web.auth import current_actor, current_language, database, setup, utc_now
from tumorboard.web.pages.names import names_of
from tumorboard.web.schemas.drafts import DraftAnswer
from tumorboard.web.schemas.plan_changes import (
    EffectAnswer,
    PreviewAsk,
    StepAsk,
    StepsAnswer,
    present_effect,
    present_steps,
)
from tumorboard.words import Words

door = Door("plan-changes", description="Steps of a draft that can be taken back")


@door.get("/drafts/<public_id:draft_id>/steps")
@door.response(200, StepsAnswer)
def list_steps(draft_id: str) -> dict[str, Any]:
    """List the steps of a draft, newest first"""
    return present_steps(plan_changes.list_steps(database(), draft_id=draft_id, by=current_actor()))


@door.post("/drafts/<public_id:draft_id>/undo")
@door.arguments(StepAsk)
@door.response(200, StepsAnswer)
def undo_step(asked: dict[str, Any], draft_id: str) -> dict[str, Any]:
    """Take back the last step of a draft

    With `step`, only if that is the last one: whoever asks twice takes back one step.
    """
    by = current_actor()
    plan_changes.undo_step(database(), draft_id=draft_id, step_id=asked["step"], by=by, now=utc_now())
    return present_steps(plan_changes.list_steps(database(), draft_id=draft_id, by=by))


@door.post("/drafts/<public_id:draft_id>/redo")
@door.arguments(StepAsk)
@door.response(200, StepsAnswer)
def redo_step(asked: dict[str, Any], draft_id: str) -> dict[str, Any]:
    """Do again what was taken back last"""
    by = current_actor()
    plan_changes.redo_step(database(), draft_id=draft_id, step_id=asked["step"], by=by, now=utc_now())
    return present_steps(plan_changes.list_steps(database(), draft_id=draft_id, by=by))


@door.post("/drafts/<public_id:draft_id>/preview")
@door.arguments(PreviewAsk)
@door.response(200, EffectAnswer)
def preview_move(asked: dict[str, Any], draft_id: str) -> dict[str, Any]:
    """See what a move would change

    Windows, minutes held and broken rules, beside the draft as it is. Nothing is kept.
    """
    by, now = current_actor(), utc_now()
    move = Move(asked["case"], asked["meeting"], asked["position"])
    with place():
        (effect,) = preview_edit(
            database(), setup(), draft_id=draft_id, moves=[move], by=by, now=now, call=run_apart
        )  # fmt: skip
    view = read_draft(database(), draft_id=draft_id, by=by)
    names = names_of(
        setup().program(view.row.board.program), meetings=[change.meeting for change in view.meetings],
        members=list_people(database(), by=by, now=now),
    )  # fmt: skip
    return present_effect(effect, Words(current_language()), names)


@door.post("/drafts/<public_id:draft_id>/reopen")
@door.response(200, DraftAnswer)
def reopen_discarded_draft(draft_id: str) -> dict[str, Any]:
    """Open a draft again that was thrown away"""
    reopen_draft(database(), draft_id=draft_id, by=current_actor(), now=utc_now())
    return present(draft_id)


@door.post("/boards/<key:board>/restore")
@door.response(201, DraftAnswer)
def restore_board(board: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Make a draft of what was published before the last publication"""
    with place():
        draft = restore_published(
            database(), setup(), board=board, by=current_actor(), now=utc_now(), call=run_apart
        )  # fmt: skip
    return present(draft.public_id), 201, {"Location": url_for("drafts.read_draft", draft_id=draft.public_id)}

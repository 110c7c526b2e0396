"""A proposal being made: how far it is, and two ways to stop it. Ends in the draft."""

from __future__ import annotations

import math

from flask import flash
from werkzeug.wrappers import Response

from tumorboard.services.runs import ACTIVE, cancel_run, read_run
from tumorboard.store.plans import PlanRun
from tumorboard.web.auth import current_actor, database, utc_now
from tumorboard.web.pages.frame import form_text, go_to, pages, show, words
from tumorboard.words.refusals import REFUSALS, say_refusal


@pages.get("/runs/<run_id>", endpoint="show_run")
def show_run(run_id: str) -> Response:
    """How far a run is; its draft as soon as there is one."""
    run = read_run(database(), run_id=run_id, by=current_actor(), now=utc_now())
    if run.draft is not None:
        return go_to("pages.show_draft", draft_id=run.draft.public_id)
    return show(
        "run.html",
        run=run,
        board=run.board,
        is_active=run.status in ACTIVE,
        is_stopping=run.is_cancel_requested,
        elapsed=min(round(run.progress.get("seconds", 0)), run.seconds),
        gap_percent=percent_of(run.progress.get("gap")),
        problem=_say_problem(run),
    )


def percent_of(gap: float | None) -> int | None:
    """A gap in whole per cent, never too small; None when nothing is proven."""
    return None if gap is None else math.ceil(round(gap * 100, 6))


def _say_problem(run: PlanRun) -> str:
    """Why a run failed, in the reader's language."""
    if run.problem is None:
        return ""
    return say_refusal(run.problem if run.problem in REFUSALS else "planner-failed", "", words())


@pages.post("/runs/<run_id>/stop")
def stop_run(run_id: str) -> Response:
    """Stop: with `keep` the best plan so far becomes the draft, else nothing changes."""
    keep = form_text("keep") == "yes"
    run = cancel_run(database(), run_id=run_id, keep=keep, by=current_actor(), now=utc_now())
    if run.status == "cancelled":
        flash(words().gettext("The proposal is stopped; nothing has changed."), "done")
        return go_to("pages.show_board", key=run.board.key)
    return go_to("pages.show_run", run_id=run_id)

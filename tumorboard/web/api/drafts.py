"""Drafts: propose, look at the difference, move a case, throw away or publish."""

from __future__ import annotations

import re
from typing import Any

from flask import jsonify, request, url_for
from flask.wrappers import Response

from tumorboard.services import boards, planning, publishing, run_process, runs
from tumorboard.services.draft_today import read_today
from tumorboard.services.solver_process import place, run_apart
from tumorboard.web.api import runs as runs_door
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, current_language, database, setup, utc_now
from tumorboard.web.pages.names import names_of
from tumorboard.web.schemas.drafts import DraftAnswer, MoveAsk, ProposeAsk, PublishAsk, PublishedAnswer, present_draft
from tumorboard.web.schemas.runs import RunAnswer
from tumorboard.words import Words

LONGEST_WAIT_SECONDS = 3

door = Door("drafts", description="Proposals for the next meetings of a board")


@door.post("/boards/<key:board>/drafts")
@door.arguments(ProposeAsk)
@door.response(202, RunAnswer)
@door.alt_response(201, schema=DraftAnswer, description="The draft, with `Prefer: wait=N`")
def propose(asked: dict[str, Any], board: str) -> Any:
    """Propose the next meetings of a board

    Begins a run that plans the open cases onto the meetings of the next weeks, and answers at once with its address.
    Nobody is invited; an older open draft of the board is thrown away when the new one is there. What was placed or
    left out by hand in it is kept as far as it is possible, unless `from_scratch`. With the header `Prefer: wait=3`
    (RFC 7240; 3 seconds at most) the answer is the draft itself if it is ready by then. A board has one run at a time:
    `plan-running` names it (`run`).
    """
    by = current_actor()
    run_id, started = run_process.begin_run(
        database(), setup(), board=board, weeks=asked["weeks"], seconds=asked["seconds"], by=by, now=utc_now(),
        from_scratch=asked["from_scratch"],
    )  # fmt: skip
    seconds = _preferred_wait_seconds()
    if started.wait(seconds) and seconds:
        run = runs.read_run(database(), run_id=run_id, by=by, now=utc_now())
        if run.draft is not None:
            return _created(run.draft.public_id, seconds)
    return runs_door.present(run_id), 202, {"Location": url_for("runs.read_run", run_id=run_id)}


def _preferred_wait_seconds() -> int:
    """What the caller prefers to wait (RFC 7240, 4.3), within our bound; a preference nobody knows is ignored."""
    found = re.search(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,4})", request.headers.get("Prefer", ""), re.IGNORECASE)
    return min(int(found[1]), LONGEST_WAIT_SECONDS) if found else 0


def _created(draft_id: str, seconds: int) -> Response:
    response = jsonify(DraftAnswer().dump(present(draft_id)))
    response.status_code = 201
    response.headers["Location"] = url_for("drafts.read_draft", draft_id=draft_id)
    response.headers["Preference-Applied"] = f"wait={seconds}"
    return response


@door.get("/drafts/<public_id:draft_id>")
@door.response(200, DraftAnswer)
def read_draft(draft_id: str) -> dict[str, Any]:
    """Read a draft as a difference to what is published"""
    return present(draft_id)


@door.patch("/drafts/<public_id:draft_id>")
@door.arguments(MoveAsk)
@door.response(200, DraftAnswer)
def move_case(asked: dict[str, Any], draft_id: str) -> dict[str, Any]:
    """Move a case of a draft

    To another meeting or place, or out of the draft with `"meeting": null`. Windows are laid out anew.
    """
    with place():
        planning.edit_draft(
            database(), setup(), draft_id=draft_id, reference=asked["case"], meeting_id=asked["meeting"],
            position=asked["position"], by=current_actor(), now=utc_now(), call=run_apart,
        )  # fmt: skip
    return present(draft_id)


@door.delete("/drafts/<public_id:draft_id>")
@door.response(204)
def discard_draft(draft_id: str) -> None:
    """Throw a draft away"""
    planning.discard_draft(database(), draft_id=draft_id, by=current_actor(), now=utc_now())


@door.post("/drafts/<public_id:draft_id>/publish")
@door.arguments(PublishAsk)
@door.response(200, PublishedAnswer)
def publish_draft(asked: dict[str, Any], draft_id: str) -> dict[str, Any]:
    """Publish a draft

    Writes agendas, bookings and letters in one transaction; those whom a change concerns get a letter, nobody else.
    """
    done = publishing.publish_draft(
        database(), setup(), draft_id=draft_id, version=asked["version"], by=current_actor(), now=utc_now()
    )
    return {"letters": done.letters, "meetings": list(done.meetings)}


def present(draft_id: str) -> dict[str, Any]:
    """A draft for `DraftAnswer`, as the caller may see it."""
    view = boards.read_draft(database(), draft_id=draft_id, by=current_actor())
    is_open = view.row.status == "open"
    today = read_today(database(), setup(), view, by=current_actor(), now=utc_now()) if is_open else None
    program = setup().program(view.row.board.program)
    members = {change.member.public_id: change.member for meeting in view.meetings for change in meeting.attendances}
    meetings = [change.meeting for change in view.meetings]
    return present_draft(
        view, today, Words(current_language()), names_of(program, meetings=meetings, members=members.values())
    )

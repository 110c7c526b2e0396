"""Drafts: propose, look at the difference, move a case, throw away or publish."""

from __future__ import annotations

from typing import Any

from flask import url_for

from tumorboard.services import boards, planning, publishing
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, current_language, database, setup, utc_now
from tumorboard.web.pages.names import names_of
from tumorboard.web.schemas.drafts import DraftAnswer, MoveAsk, ProposeAsk, PublishedAnswer, present_draft
from tumorboard.words import Words

door = Door("drafts", description="Proposals for the next meetings of a board")


@door.post("/boards/<key:board>/drafts")
@door.arguments(ProposeAsk)
@door.response(201, DraftAnswer)
def propose(asked: dict[str, Any], board: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Propose the next meetings of a board

    Plans the open cases onto the meetings of the next weeks. Nobody is invited; an older open draft of the board is
    thrown away.
    """
    draft = planning.propose(database(), setup(), board=board, weeks=asked["weeks"], by=current_actor(), now=utc_now())
    draft_id = draft.public_id
    return _read(draft_id), 201, {"Location": url_for("drafts.read_draft", draft_id=draft_id)}


@door.get("/drafts/<public_id:draft_id>")
@door.response(200, DraftAnswer)
def read_draft(draft_id: str) -> dict[str, Any]:
    """Read a draft as a difference to what is published"""
    return _read(draft_id)


@door.patch("/drafts/<public_id:draft_id>")
@door.arguments(MoveAsk)
@door.response(200, DraftAnswer)
def move_case(asked: dict[str, Any], draft_id: str) -> dict[str, Any]:
    """Move a case of a draft

    To another meeting or place, or out of the draft with `"meeting": null`. Windows are laid out anew.
    """
    planning.edit_draft(
        database(), setup(), draft_id=draft_id, reference=asked["case"], meeting_id=asked["meeting"],
        position=asked["position"], by=current_actor(), now=utc_now(),
    )  # fmt: skip
    return _read(draft_id)


@door.delete("/drafts/<public_id:draft_id>")
@door.response(204)
def discard_draft(draft_id: str) -> None:
    """Throw a draft away"""
    planning.discard_draft(database(), draft_id=draft_id, by=current_actor(), now=utc_now())


@door.post("/drafts/<public_id:draft_id>/publish")
@door.response(200, PublishedAnswer)
def publish_draft(draft_id: str) -> dict[str, Any]:
    """Publish a draft

    Writes agendas, bookings and letters in one transaction; those whom a change concerns get a letter, nobody else.
    """
    done = publishing.publish_draft(database(), setup(), draft_id=draft_id, by=current_actor(), now=utc_now())
    return {"letters": done.letters, "meetings": list(done.meetings)}


def _read(draft_id: str) -> dict[str, Any]:
    view = boards.read_draft(database(), draft_id=draft_id, by=current_actor())
    program = setup().program(view.row.board.program)
    members = {change.member.public_id: change.member for meeting in view.meetings for change in meeting.attendances}
    meetings = [change.meeting for change in view.meetings]
    return present_draft(
        view, Words(current_language()), names_of(program, meetings=meetings, members=members.values())
    )

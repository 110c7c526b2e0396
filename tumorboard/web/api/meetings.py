"""Meetings: one dated sitting with its agenda, windows and quorum."""

from __future__ import annotations

from typing import Any

from tumorboard.services import boards, extra_meetings, publishing
from tumorboard.services.cancellation_undo import undo_cancellation
from tumorboard.services.planning_facts import load_seats
from tumorboard.services.solver_process import place, run_apart
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.schemas.boards import (
    CancelledAnswer,
    HeldAgainAnswer,
    MeetingAnswer,
    WindowListAnswer,
    present_meeting,
    present_meeting_row,
    present_window,
)

door = Door("meetings", description="Dated sittings of a board")


@door.get("/meetings/<public_id:meeting_id>")
@door.response(200, MeetingAnswer)
def read_meeting(meeting_id: str) -> dict[str, Any]:
    """Read a meeting with agenda, windows and quorum

    Cases are known by their references; their ids, and the rules behind the windows of others, are for those who may
    read cases.
    """
    by = current_actor()
    row = boards.read_meeting(database(), meeting_id=meeting_id, by=by)
    return present_meeting(row, load_seats(database(), row.board), by)


@door.post("/meetings/<public_id:meeting_id>/cancel")
@door.response(200, CancelledAnswer)
def cancel_meeting(meeting_id: str) -> dict[str, Any]:
    """Cancel a meeting

    Its cases wait again, and everybody invited gets a letter.
    """
    letters = publishing.cancel_meeting(database(), setup(), meeting_id=meeting_id, by=current_actor(), now=utc_now())
    return {"letters": letters}


@door.post("/meetings/<public_id:meeting_id>/hold-again")
@door.response(200, HeldAgainAnswer)
def hold_again(meeting_id: str) -> dict[str, Any]:
    """Take back that a meeting was cancelled

    At the same time and in the same room. What was on its agenda comes back as an open draft: everybody is invited
    again when it is published. Cases that are elsewhere by now, or closed, stay so.
    """
    with place():
        held = undo_cancellation(
            database(), setup(), meeting_id=meeting_id, by=current_actor(), now=utc_now(), call=run_apart
        )  # fmt: skip
    draft = None if held.draft is None else held.draft.public_id
    return {"meeting": meeting_id, "draft": draft, "stayed": held.stayed}


@door.delete("/meetings/<public_id:meeting_id>")
@door.response(204)
def take_back_meeting(meeting_id: str) -> None:
    """Take back an added meeting

    Only while nobody is invited to it; a published meeting, or one of a weekly series, is cancelled instead.
    """
    extra_meetings.take_back_meeting(
        database(), setup(), meeting_id=meeting_id, by=current_actor(), now=utc_now()
    )  # fmt: skip


@door.get("/me/windows")
@door.response(200, WindowListAnswer)
def list_own_windows() -> dict[str, Any]:
    """List my windows, soonest first

    Empty for an account that belongs to no member.
    """
    return _windows(current_actor().member_id or "")


@door.get("/people/<public_id:member_id>/windows")
@door.response(200, WindowListAnswer)
def list_windows(member_id: str) -> dict[str, Any]:
    """List the windows of a member, soonest first"""
    return _windows(member_id)


def _windows(member_id: str) -> dict[str, Any]:
    by = current_actor()
    rows = boards.list_windows(database(), member_id=member_id, by=by, now=utc_now())
    items = [
        {
            "meeting": present_meeting_row(row.meeting, row.meeting.board.key),
            "window": present_window(row, by),
            "room": row.meeting.room.name,
            "video_url": row.meeting.room.video_url or None,
        }
        for row in rows
    ]
    return {"items": items, "total": len(items)}

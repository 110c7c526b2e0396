"""Boards: the standing teams, their seats and their next meetings."""

from __future__ import annotations

from typing import Any

from flask import url_for

from tumorboard.services import boards, meetings
from tumorboard.services.planning_facts import load_seats
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, current_language, database, setup, utc_now
from tumorboard.web.schemas.base import PageAsk, page_of
from tumorboard.web.schemas.boards import (
    BoardAnswer,
    BoardListAnswer,
    MeetingAnswer,
    MeetingAsk,
    MeetingPageAnswer,
    present_board,
    present_meeting,
    present_meeting_row,
    present_seat,
)

SHOWN_MEETINGS = 12
MOST_MEETINGS = 1000

door = Door("boards", description="Standing teams of a programme")


@door.get("/boards")
@door.response(200, BoardListAnswer)
def list_boards() -> dict[str, Any]:
    """List the boards"""
    items = [present_board(row, current_language()) for row in boards.list_boards(database(), by=current_actor())]
    return {"items": items, "total": len(items)}


@door.get("/boards/<key:board>")
@door.response(200, BoardAnswer)
def read_board(board: str) -> dict[str, Any]:
    """Read a board with its seats and its next twelve meetings"""
    view = boards.read_board(database(), board=board, by=current_actor(), now=utc_now(), limit=SHOWN_MEETINGS)
    return {
        **present_board(view.row, current_language()),
        "seats": [present_seat(seat) for seat in load_seats(database(), view.row)],
        "meetings": [present_meeting_row(row, board) for row in view.meetings],
        "draft": view.draft.public_id if view.draft else None,
    }


@door.get("/boards/<key:board>/meetings")
@door.arguments(PageAsk, location="query")
@door.response(200, MeetingPageAnswer)
def list_meetings(asked: dict[str, Any], board: str) -> dict[str, Any]:
    """List the meetings of a board from now on, soonest first"""
    view = boards.read_board(database(), board=board, by=current_actor(), now=utc_now(), limit=MOST_MEETINGS)
    offset, limit = asked["offset"], asked["limit"]
    items = [present_meeting_row(row, board) for row in view.meetings[offset : offset + limit]]
    return page_of(items, total=len(view.meetings), offset=offset, limit=limit)


@door.post("/boards/<key:board>/meetings")
@door.arguments(MeetingAsk)
@door.response(201, MeetingAnswer)
def add_meeting(asked: dict[str, Any], board: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Add an extra meeting

    The local time is in the zone of the board.
    """
    by = current_actor()
    row = meetings.add_meeting(database(), setup(), board=board, by=by, now=utc_now(), **asked)
    meeting_id = row.public_id
    found = boards.read_meeting(database(), meeting_id=meeting_id, by=by)
    answer = present_meeting(found, load_seats(database(), found.board), by)
    return answer, 201, {"Location": url_for("meetings.read_meeting", meeting_id=meeting_id)}

"""Free slots of a board, and a slot made an extra meeting."""

from __future__ import annotations

from typing import Any

from flask import url_for

from tumorboard.services.slots import SlotWish, find_slots, hold_slot
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, current_language, database, setup, utc_now
from tumorboard.web.pages.names import names_of
from tumorboard.web.schemas.boards import MeetingRow, present_meeting_row
from tumorboard.web.schemas.slots import HoldSlotAsk, SlotsAnswer, SlotsAsk, present_slots
from tumorboard.words import Words

door = Door("slots", description="Times at which everybody wanted can attend")


@door.get("/boards/<key:board>/slots")
@door.arguments(SlotsAsk, location="query")
@door.response(200, SlotsAnswer)
def list_slots(asked: dict[str, Any], board: str) -> dict[str, Any]:
    """Find slots at which groups of specialties can all attend

    On working days of the next weeks, best first, each other slot with its reason.
    """
    wish = SlotWish(
        specialties=tuple(asked["specialty"]), recommended=tuple(asked["recommended"]),
        members=tuple(asked["member"]), minutes=asked["minutes"], weeks=asked["weeks"],
        step_minutes=asked["step_minutes"], room=asked["room"],
    )  # fmt: skip
    view = find_slots(
        database(), setup(), board=board, wish=wish, by=current_actor(), now=utc_now(), limit=asked["limit"],
        language=current_language(),
    )  # fmt: skip
    program = setup().program(view.board.program)
    return present_slots(view, Words(current_language()), names_of(program, members=view.members.values()))


@door.post("/boards/<key:board>/slots")
@door.arguments(HoldSlotAsk)
@door.response(201, MeetingRow)
def hold_slot_of_board(asked: dict[str, Any], board: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Make a slot an extra meeting of the board"""
    row = hold_slot(database(), setup(), board=board, by=current_actor(), now=utc_now(), **asked)
    return (
        present_meeting_row(row, board),
        201,
        {"Location": url_for("meetings.read_meeting", meeting_id=row.public_id)},
    )

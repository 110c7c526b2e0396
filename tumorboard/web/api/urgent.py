"""Urgent meetings: find moments, call, move, and note that somebody cannot come."""

from __future__ import annotations

from typing import Any

from flask import url_for

from tumorboard.services import urgent
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, current_language, database, setup, utc_now
from tumorboard.web.pages.names import names_of
from tumorboard.web.schemas.urgent import (
    CallAsk,
    CalledAnswer,
    DeclineAsk,
    DeclinedCallAnswer,
    FindUrgentAsk,
    MoveCallAsk,
    UrgentAnswer,
    present_called,
    present_declined,
    present_urgent,
)
from tumorboard.words import Words

door = Door("urgent", description="Meetings within hours")


@door.get("/cases/<public_id:case_id>/urgent")
@door.arguments(FindUrgentAsk, location="query")
@door.response(200, UrgentAnswer)
def find_urgent(asked: dict[str, Any], case_id: str) -> dict[str, Any]:
    """Find the earliest moments for an urgent case

    At which everybody it needs is free, deputies included, who covers what and why. Without such a moment: which need
    is missing, from when it could be covered, and whom to phone. Reading is recorded.
    """
    view = urgent.find_urgent(database(), setup(), case_id=case_id, by=current_actor(), now=utc_now(), **asked)
    program = setup().program(view.case.row.program)
    return present_urgent(view, Words(current_language()), names_of(program, members=view.members.values()))


@door.post("/cases/<public_id:case_id>/urgent")
@door.arguments(CallAsk)
@door.response(201, CalledAnswer)
def call_urgent(asked: dict[str, Any], case_id: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Call an urgent meeting

    Makes the meeting, puts the case on it, books the people and writes to them in one transaction. A case that is
    published on a later meeting is moved. When somebody is no longer free, the refusal `moment-gone` names the next
    moment.
    """
    called = urgent.call_urgent(database(), setup(), case_id=case_id, by=current_actor(), now=utc_now(), **asked)
    return (
        present_called(called),
        201,
        {"Location": url_for("meetings.read_meeting", meeting_id=called.meeting.public_id)},
    )


@door.post("/meetings/<public_id:meeting_id>/move")
@door.arguments(MoveCallAsk)
@door.response(200, CalledAnswer)
def move_call(asked: dict[str, Any], meeting_id: str) -> dict[str, Any]:
    """Move an urgent meeting to another moment"""
    called = urgent.move_call(
        database(), setup(), meeting_id=meeting_id, by=current_actor(), now=utc_now(), **asked
    )  # fmt: skip
    return present_called(called)


@door.post("/meetings/<public_id:meeting_id>/declines")
@door.arguments(DeclineAsk)
@door.response(200, DeclinedCallAnswer)
def decline_call(asked: dict[str, Any], meeting_id: str) -> dict[str, Any]:
    """Note that a member cannot come to an urgent meeting

    The next one who is free is asked at once. With `missing` specialties the meeting cannot decide: move it.
    """
    done = urgent.decline_call(
        database(), setup(), meeting_id=meeting_id, member_id=asked["member"], by=current_actor(), now=utc_now()
    )
    return present_declined(done)

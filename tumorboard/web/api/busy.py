"""Busy times of members: hand in a calendar, name an address, look at the sources, remove one."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from tumorboard.services import busy, busy_views
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, current_language, database, setup, utc_now
from tumorboard.web.schemas.busy import (
    AddressAsk,
    BusyListAnswer,
    BusyReadAnswer,
    present_block,
    present_reading,
    present_source,
)
from tumorboard.words import Words

door = Door("busy", description="When members are busy by their own calendars: starts and ends only")

CALENDAR_TYPE = "text/calendar"
_BODY = {
    "description": "The calendar as it was exported (.ics); only starts and ends are kept.",
    "required": True,
    "content": {CALENDAR_TYPE: {"schema": {"type": "string"}}},
}


@door.get("/people/<public_id:member_id>/busy")
@door.response(200, BusyListAnswer)
def list_busy(member_id: str) -> dict[str, Any]:
    """List where a member's busy times come from, and what they say of the next two weeks"""
    by = current_actor()
    views = busy_views.list_busy(database(), member_id=member_id, by=by)
    blocks = busy_views.list_blocks(database(), member_id=member_id, by=by, now=utc_now())
    words = Words(current_language())
    items = [present_source(view, words) for view in views]
    return {"items": items, "total": len(items), "next": [present_block(block) for block in blocks]}


@door.post("/people/<public_id:member_id>/busy")
@door.response(200, BusyReadAnswer)
@door.doc(requestBody=_BODY)
def upload_busy(member_id: str) -> dict[str, Any]:
    """Hand in a member's calendar

    The body is the file itself, as text/calendar. It replaces the one handed in before.
    """
    by = current_actor()
    if request.mimetype != CALENDAR_TYPE:
        raise UnsupportedMediaType
    done = busy.upload_busy(
        database(), setup(), member_id=member_id, content=request.get_data(cache=False), by=by, now=utc_now()
    )
    return present_reading(done, Words(current_language()))


@door.post("/people/<public_id:member_id>/busy/addresses")
@door.arguments(AddressAsk)
@door.response(201, BusyReadAnswer)
def add_busy_address(asked: dict[str, Any], member_id: str) -> dict[str, Any]:
    """Name an https address of a member's calendar

    It is fetched now and every few hours. Only hosts that the centre allows.
    """
    done = busy.add_busy_address(
        database(), setup(), member_id=member_id, address=asked["address"], by=current_actor(), now=utc_now()
    )
    return present_reading(done, Words(current_language()))


@door.post("/busy-sources/<public_id:source_id>/refresh")
@door.response(200, BusyReadAnswer)
def refresh_busy(source_id: str) -> dict[str, Any]:
    """Fetch the calendar at an address again now"""
    done = busy.refresh_busy(database(), setup(), source_id=source_id, by=current_actor(), now=utc_now())
    return present_reading(done, Words(current_language()))


@door.delete("/busy-sources/<public_id:source_id>")
@door.response(204)
def remove_busy(source_id: str) -> None:
    """Remove a source and all busy times that came from it"""
    busy.remove_busy(database(), source_id=source_id, by=current_actor(), now=utc_now(), setup=setup())

"""Open needs of published meetings, and a substitute asked instead of somebody who does not come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tumorboard.services import open_needs, substitutes
from tumorboard.services.need_facts import OpenNeed
from tumorboard.services.people import load_members
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, current_language, database, setup, utc_now
from tumorboard.web.pages.names import names_of
from tumorboard.web.schemas.open_needs import (
    OpenNeedListAnswer,
    SubstituteAnswer,
    SubstituteAsk,
    present_asked,
    present_need,
)
from tumorboard.words import Words

door = Door("open-needs", description="What published meetings lack, and whom to ask")


@door.get("/open-needs")
@door.response(200, OpenNeedListAnswer)
def list_open_needs() -> dict[str, Any]:
    """List the open needs of all published meetings ahead, the most pressing first

    Each with the reason, the substitutes in the order they would be asked, and why others would not.
    """
    return _present(open_needs.list_open_needs(database(), setup(), by=current_actor(), now=utc_now()))


@door.get("/meetings/<public_id:meeting_id>/substitutes")
@door.response(200, OpenNeedListAnswer)
def list_substitutes(meeting_id: str) -> dict[str, Any]:
    """List what one meeting lacks, and who could come instead"""
    found = substitutes.list_substitutes(
        database(), setup(), meeting_id=meeting_id, by=current_actor(), now=utc_now()
    )  # fmt: skip
    return _present(found)


@door.post("/meetings/<public_id:meeting_id>/substitutes")
@door.arguments(SubstituteAsk)
@door.response(200, SubstituteAnswer)
def ask_instead(asked: dict[str, Any], meeting_id: str) -> dict[str, Any]:
    """Ask somebody to come instead

    For exactly the window of the member who does not come. Only the two hear of it, and nothing else moves.
    """
    done = substitutes.ask_instead(
        database(), setup(), meeting_id=meeting_id, member_id=asked["member"], instead_id=asked["instead"],
        by=current_actor(), now=utc_now(),
    )  # fmt: skip
    return present_asked(done)


def _present(found: Iterable[OpenNeed]) -> dict[str, Any]:
    members = load_members(database())
    words = Words(current_language())
    names = {
        board.id: names_of(setup().program(board.program), members=members)
        for board in {need.meeting.board for need in found}
    }
    items = [present_need(need, words, names[need.meeting.board.id]) for need in found]
    return {"items": items, "total": len(items)}

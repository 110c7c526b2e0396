"""My preferences: letters, alarm, language and time zone."""

from __future__ import annotations

from typing import Any

from tumorboard.services.member_preferences import change_of_member, read_of_member
from tumorboard.services.preferences import change_own, read_own
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.schemas.preferences import PreferencesAnswer, PreferencesAsk, present_preferences

door = Door("preferences", description="What I receive, and how")


@door.get("/preferences")
@door.response(200, PreferencesAnswer)
def read_preferences() -> dict[str, Any]:
    """Read my preferences"""
    return present_preferences(read_own(database(), by=current_actor()))


@door.patch("/preferences")
@door.arguments(PreferencesAsk)
@door.response(200, PreferencesAnswer)
def change_preferences(asked: dict[str, Any]) -> dict[str, Any]:
    """Change my preferences; what is not named stays"""
    change_own(database(), setup(), values=asked, by=current_actor(), now=utc_now())
    return present_preferences(read_own(database(), by=current_actor()))


@door.get("/people/<public_id:member_id>/preferences")
@door.response(200, PreferencesAnswer)
def read_member_preferences(member_id: str) -> dict[str, Any]:
    """Read what a member receives

    For coordinators, and for the member.
    """
    return present_preferences(read_of_member(database(), member_id=member_id, by=current_actor()))


@door.patch("/people/<public_id:member_id>/preferences")
@door.arguments(PreferencesAsk)
@door.response(200, PreferencesAnswer)
def change_member_preferences(asked: dict[str, Any], member_id: str) -> dict[str, Any]:
    """Change what a member receives; what is not named stays"""
    by = current_actor()
    change_of_member(database(), setup(), member_id=member_id, values=asked, by=by, now=utc_now())
    return present_preferences(read_of_member(database(), member_id=member_id, by=by))

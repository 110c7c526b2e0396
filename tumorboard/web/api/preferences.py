"""My preferences: letters, alarm, language and time zone."""

from __future__ import annotations

from typing import Any

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

"""What counts for the whole centre: the pattern of case references."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tumorboard.services.centre_settings import change_centre_settings, read_centre_settings
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, database, utc_now
from tumorboard.web.schemas.centre_settings import CentreSettingsAnswer, CentreSettingsAsk

door = Door("centre settings", description="What counts for the whole centre")


@door.get("/centre/settings")
@door.response(200, CentreSettingsAnswer)
def show_centre_settings() -> dict[str, Any]:
    """Read what counts for the whole centre"""
    return asdict(read_centre_settings(database(), by=current_actor()))


@door.patch("/centre/settings")
@door.arguments(CentreSettingsAsk)
@door.response(200, CentreSettingsAnswer)
def save_centre_settings(asked: dict[str, Any]) -> dict[str, Any]:
    """Change what counts for the whole centre; what is not named stays

    Cases that are known already keep their references; new ones and imports keep to the pattern.
    """
    change_centre_settings(database(), values=asked, by=current_actor(), now=utc_now())
    return asdict(read_centre_settings(database(), by=current_actor()))

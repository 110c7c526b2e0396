"""The settings of a board: the weights of planning and of the agenda, breaks, complex cases."""

from __future__ import annotations

from typing import Any

from tumorboard.services.board_settings import read_board_settings, replace_settings
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, current_language, database, utc_now
from tumorboard.web.schemas.board_settings import SettingsAnswer, SettingsAsk, present_settings
from tumorboard.words import Words

door = Door("settings", description="Weights and habits of a board")


@door.get("/boards/<key:board>/settings")
@door.response(200, SettingsAnswer)
def read_settings(board: str) -> dict[str, Any]:
    """Read the settings of a board, each with its default and what it does"""
    return _present(board)


@door.put("/boards/<key:board>/settings")
@door.arguments(SettingsAsk)
@door.response(200, SettingsAnswer)
def put_settings(asked: dict[str, Any], board: str) -> dict[str, Any]:
    """Put the settings of a board

    What is not named gets its default. The next proposal plans with them; nothing published changes.
    """
    replace_settings(database(), board=board, settings=asked, by=current_actor(), now=utc_now())
    return _present(board)


def _present(board: str) -> dict[str, Any]:
    row, settings = read_board_settings(database(), board=board, by=current_actor())
    return present_settings(row.key, settings, Words(current_language()))

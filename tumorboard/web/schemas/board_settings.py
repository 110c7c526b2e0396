"""The settings of a board: nested as a centre file has them, and as a list with meanings and limits."""

from __future__ import annotations

from dataclasses import fields as fields_of
from typing import Any

from marshmallow import fields

from tumorboard.domain.agenda_model import AgendaWeights
from tumorboard.domain.board_settings import LARGEST_AGENDA_WEIGHT, LARGEST_WEIGHT
from tumorboard.domain.planning_problem import Weights
from tumorboard.services.board_settings import HABITS, Setting
from tumorboard.web.schemas.base import Answer, Ask, Whole
from tumorboard.words import Words
from tumorboard.words.settings import explain_setting

WeightsAsk = Ask.from_dict({known.name: Whole(0, LARGEST_WEIGHT) for known in fields_of(Weights)}, name="WeightsAsk")
AgendaWeightsAsk = Ask.from_dict(
    {known.name: Whole(0, LARGEST_AGENDA_WEIGHT) for known in fields_of(AgendaWeights)}, name="AgendaWeightsAsk"
)


class SettingsAsk(Ask):
    """All settings of a board; what is not named gets its default."""

    weights = fields.Nested(WeightsAsk)
    agenda = fields.Nested(AgendaWeightsAsk)
    break_after_minutes = Whole(0, HABITS["break_after_minutes"])
    break_minutes = Whole(0, HABITS["break_minutes"])
    complex_minutes = Whole(0, HABITS["complex_minutes"])


class SettingAnswer(Answer):
    """One setting by its dotted name, with its default and its limits, both included."""

    name = fields.String()
    value = fields.Integer()
    default = fields.Integer()
    low = fields.Integer()
    high = fields.Integer()
    meaning = fields.String()


class SettingsAnswer(Answer):
    board = fields.String()
    items = fields.List(fields.Nested(SettingAnswer))
    total = fields.Integer()


def present_settings(board: str, settings: tuple[Setting, ...], words: Words) -> dict[str, Any]:
    """The settings for `SettingsAnswer`."""
    items = [
        {
            "name": setting.name,
            "value": setting.value,
            "default": setting.default,
            "low": setting.low,
            "high": setting.high,
            "meaning": explain_setting(setting.name, words),
        }
        for setting in settings
    ]
    return {"board": board, "items": items, "total": len(items)}

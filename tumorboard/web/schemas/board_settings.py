"""The settings of a board: nested as a centre file has them, and as a list with meanings and limits."""

from __future__ import annotations

from dataclasses import fields as fields_of
from typing import Any

from marshmallow import fields, validate

from tumorboard.domain.agenda_model import AgendaWeights
from tumorboard.domain.board_settings import LARGEST_AGENDA_WEIGHT, LARGEST_WEIGHT, Substitutes
from tumorboard.domain.planning_problem import Weights
from tumorboard.services.board_settings import DAYS, HABITS, Setting
from tumorboard.web.schemas.base import Answer, Ask, Whole
from tumorboard.words import Words
from tumorboard.words.settings import explain_setting

WeightsAsk = Ask.from_dict({known.name: Whole(0, LARGEST_WEIGHT) for known in fields_of(Weights)}, name="WeightsAsk")
AgendaWeightsAsk = Ask.from_dict(
    {known.name: Whole(0, LARGEST_AGENDA_WEIGHT) for known in fields_of(AgendaWeights)}, name="AgendaWeightsAsk"
)


class Switch(fields.Boolean):
    """A JSON true or false and nothing that looks like one."""

    truthy = {True}
    falsy = {False}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class SettingsAsk(Ask):
    """All settings of a board; what is not named gets its default."""

    weights = fields.Nested(WeightsAsk)
    agenda = fields.Nested(AgendaWeightsAsk)
    break_after_minutes = Whole(0, HABITS["break_after_minutes"])
    break_minutes = Whole(0, HABITS["break_minutes"])
    complex_minutes = Whole(0, HABITS["complex_minutes"])
    answer_days = Whole(0, DAYS["answer_days"])
    remind_days = Whole(0, DAYS["remind_days"])
    substitutes = fields.String(validate=validate.OneOf(tuple(str(each) for each in Substitutes)))
    allow_proposals = Switch()
    standing_invitations = Switch()


class SettingAnswer(Answer):
    """One setting by its dotted name, with its default. A number has its limits, both included, any other `choices`."""

    name = fields.String()
    value = fields.Raw(metadata={"type": ["integer", "boolean", "string"]})
    default = fields.Raw(metadata={"type": ["integer", "boolean", "string"]})
    low = fields.Integer()
    high = fields.Integer()
    choices = fields.List(fields.String())
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
            "choices": list(setting.choices),
            "meaning": explain_setting(setting.name, words),
        }
        for setting in settings
    ]
    return {"board": board, "items": items, "total": len(items)}

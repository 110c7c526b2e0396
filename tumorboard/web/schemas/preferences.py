"""My preferences: what I receive, and how."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from tumorboard.domain.preferences import LONGEST_ALARM_MINUTES
from tumorboard.services.preferences import OwnPreferences, flatten
from tumorboard.web.schemas.base import Answer, Ask, Flag, Whole, Word
from tumorboard.words import LANGUAGES

NAMES = (
    "alarm_minutes", "whole_series", "agenda", "preparation", "changes", "reminders", "language", "time_zone",
    "morning",
)  # fmt: skip


class PreferencesAsk(Ask):
    """What is to change; what is not named stays."""

    alarm_minutes = Whole(0, LONGEST_ALARM_MINUTES, allow_none=True)
    whole_series = Flag()
    agenda = Flag()
    preparation = Flag()
    changes = Flag()
    reminders = Flag()
    language = fields.String(validate=validate.OneOf(LANGUAGES))
    time_zone = Word(shortest=1, longest=64)
    morning = Flag()


class PreferencesAnswer(Answer):
    """Null is what this account does not have: only members get agendas, only coordinators the morning letter.

    `alarm_minutes` is null for no alarm, too. `of_member` says whether the account belongs to a member.
    """

    of_member = fields.Boolean()
    alarm_minutes = fields.Integer(allow_none=True)
    whole_series = fields.Boolean(allow_none=True)
    agenda = fields.Boolean(allow_none=True)
    preparation = fields.Boolean(allow_none=True)
    changes = fields.Boolean(allow_none=True)
    reminders = fields.Boolean(allow_none=True)
    language = fields.String(allow_none=True)
    time_zone = fields.String(allow_none=True)
    morning = fields.Boolean(allow_none=True)


def present_preferences(own: OwnPreferences) -> dict[str, Any]:
    """Preferences for `PreferencesAnswer`."""
    found = flatten(own)
    return {"of_member": own.member is not None, **{name: found.get(name) for name in NAMES}}

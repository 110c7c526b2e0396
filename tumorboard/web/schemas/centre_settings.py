"""What counts for the whole centre."""

from __future__ import annotations

from marshmallow import fields

from tumorboard.domain.references import LONGEST_PATTERN
from tumorboard.web.schemas.base import Answer, Ask, Word


class CentreSettingsAsk(Ask):
    """What is to change; what is not named stays. An empty pattern allows any reference."""

    reference_pattern = Word(
        longest=LONGEST_PATTERN,
        metadata={"description": "`#` a digit, `@` a letter, `?` either, `|` between two", "example": "C-####"},
    )


class CentreSettingsAnswer(Answer):
    """What holds now."""

    reference_pattern = fields.String()

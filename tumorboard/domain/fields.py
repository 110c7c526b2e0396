"""What a programme can ask about a case: fields, their kinds and the values they may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tumorboard.domain.model import Text, Value


class FieldKind(StrEnum):
    """The type of a field's values."""

    TEXT = "text"
    CHOICE = "choice"
    SET = "set"
    INTEGER = "integer"
    NUMBER = "number"
    YES_NO = "yes_no"
    DATE = "date"
    GESTATION = "gestation"


@dataclass(frozen=True, slots=True)
class Field:
    """One fact about a case. `choices` in the order of the file; empty for free values. `group` is a heading.

    `labels` names those choices that have words of their own. `default` is what the rules assume of a case without a
    value; a defaulted field still counts as not given.
    """

    id: str
    kind: FieldKind
    label: Text
    group: str
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    labels: Mapping[str, Text] = field(default_factory=dict)
    default: Value | None = None

    def label_of(self, choice: str) -> Text:
        """The words for one choice; its id with spaces where the programme gives none."""
        plain = choice.replace("_", " ")
        return self.labels.get(choice, Text(plain, plain))


def is_given(value: Value | None) -> bool:
    """True for a value that says something: empty text and empty sets do not."""
    return value is not None and value != "" and value != frozenset()

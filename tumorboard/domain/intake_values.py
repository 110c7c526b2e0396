"""The text of a cell as a value of its field."""

from __future__ import annotations

from datetime import date

from tumorboard.domain import cells as cell
from tumorboard.domain.fields import FieldKind
from tumorboard.domain.intake_rules import FieldRule
from tumorboard.domain.model import Value


def read_edition(rule: FieldRule, text: str) -> str | None:
    """The value of the last step that the year reaches; None for what is no year."""
    year = cell.as_word(text)
    if len(year) > 4 and not year[4].isdecimal():
        year = year[:4]
    if len(year) != 4 or not year.isdecimal():
        return None
    return next((rule.steps[start] for start in sorted(rule.steps, reverse=True) if int(year) >= start), None)


def read_by_kind(rule: FieldRule, text: str, *, on: date) -> Value:
    """The value of a text by the kind of its field. Raises BadInput."""
    field = rule.field
    match field.kind:
        case FieldKind.CHOICE:
            return cell.read_choice(text, field.choices, field.labels)
        case FieldKind.SET:
            return cell.read_set(text, field.choices, field.labels)
        case FieldKind.INTEGER:
            return cell.read_whole_number(text, minimum=field.minimum, maximum=field.maximum, cut=rule.cut)
        case FieldKind.NUMBER:
            return cell.read_number(text, minimum=field.minimum, maximum=field.maximum)
        case FieldKind.YES_NO:
            return cell.read_yes_no(text)
        case FieldKind.DATE:
            return cell.read_date(text)
        case FieldKind.GESTATION:
            return cell.read_gestation(text, on=on)
        case FieldKind.TEXT:
            return cell.read_text(text)

"""What all shapes share: requests that refuse unknown fields, answers that are always complete, plain text only."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

LONGEST_LINE = 200
LONGEST_TEXT = 4000
EARLIEST_ON, LATEST_ON = date(1900, 1, 1), date(2200, 1, 1)
EARLIEST_AT, LATEST_AT = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})


class Ask(Schema):
    """A request. Fields nobody knows are refused, so that a misspelt one is noticed."""

    class Meta:
        unknown = RAISE


class Answer(Schema):
    """An answer. Every field is always there; what may be null says so."""

    class Meta:
        unknown = RAISE

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        """Mark the field as always present, which the OpenAPI file then says."""
        field_obj.required = True


class Word(fields.String):
    """A JSON string; numbers are refused and control characters too, which no database column should see."""

    def __init__(self, *, longest: int = LONGEST_LINE, shortest: int = 0, lines: bool = False, **kwargs: Any) -> None:
        plain = _refuse_controls(" \n\t" if lines else "")
        super().__init__(validate=(validate.Length(shortest, longest), plain), **kwargs)


class Flag(fields.Boolean):
    """A JSON true or false, and in a query the words for them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(truthy={True, "true", "1", "yes"}, falsy={False, "false", "0", "no"}, **kwargs)


class Whole(fields.Integer):
    """A whole JSON number between two bounds, both included."""

    def __init__(self, low: int, high: int, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(low, high), **kwargs)


class Day(fields.Date):
    """An ISO date of our times."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=_between(EARLIEST_ON, LATEST_ON), **kwargs)


class At(fields.AwareDateTime):
    """An ISO instant with its offset, of our times."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", validate=_between(EARLIEST_AT, LATEST_AT), **kwargs)


class Cells(fields.Dict):
    """Fields of a case by their ids, as the texts a case list would hold; null and "" clear a field."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(keys=Word(longest=64, shortest=1), values=Cell(), validate=validate.Length(1, 100), **kwargs)


class Cell(fields.Field[str]):
    """One value: a string, a number, true or false, a list of strings, or null."""

    def __init__(self, **kwargs: Any) -> None:
        kinds = ["string", "number", "boolean", "array"]
        super().__init__(allow_none=True, metadata={"type": kinds, "items": {"type": "string"}}, **kwargs)

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> str:
        """The text a case list would hold: sets joined by `;`, yes and no, dates as they are."""
        text = _as_cell(value)
        validate.Length(max=LONGEST_TEXT)(text)
        _refuse_controls(" \n\t")(text)
        return text


def _as_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return str(value)
    if isinstance(value, list) and all(isinstance(entry, str) and ";" not in entry for entry in value):
        return ";".join(value)
    raise ValidationError("Give a text, a number, true or false, a list of texts without semicolons, or null.")


def _refuse_controls(allowed: str) -> Callable[[str], None]:
    def check(text: str) -> None:
        if any(unicodedata.category(character) in _CONTROLS and character not in allowed for character in text):
            raise ValidationError("Control characters are not possible here.")

    return check


def _between(first: Any, last: Any) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        if not first <= value <= last:
            raise ValidationError("This is too far from today.")

    return check


def query_whole(low: int, high: int, default: int) -> fields.Integer:
    """A whole number in a query, where everything is text."""
    return fields.Integer(load_default=default, validate=validate.Range(low, high))


class PageAsk(Ask):
    """Which part of a list."""

    offset = query_whole(0, 1_000_000, 0)
    limit = query_whole(1, 200, 50)


class PageAnswer(Answer):
    """A part of a list, and how long the whole is."""

    total = fields.Integer()
    offset = fields.Integer()
    limit = fields.Integer()


class Named(Answer):
    """Something with a key and its words in the language of the reader."""

    key = fields.String()
    name = fields.String()


class Who(Answer):
    """A member by public id."""

    id = fields.String()
    name = fields.String()


class ReasonAnswer(Answer):
    """Why something was decided: a stable code, the facts, and a sentence in the language of the reader."""

    code = fields.String()
    values = fields.Dict(keys=fields.String())
    message = fields.String()


class FieldProblem(Schema):
    """What is wrong with one field."""

    place = fields.String(data_key="in")
    field = fields.String()
    message = fields.String()


class ProblemSchema(Schema):
    """RFC 9457 problem details; `code` is stable and what programs should look at."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    errors = fields.List(fields.Nested(FieldProblem))
    reasons = fields.List(fields.Dict())
    run = fields.String(metadata={"description": "with `plan-running`: the id of the run"})
    theirs = fields.String(metadata={"description": "with `text-changed-meanwhile`: what the other one wrote"})
    theirs_by = fields.String()
    stamp = fields.String(metadata={"description": "with `text-changed-meanwhile`: that of the other text"})


def page_of(items: list[Any], *, total: int, offset: int, limit: int) -> dict[str, Any]:
    """A part of a list for `PageAnswer`."""
    return {"items": items, "total": total, "offset": offset, "limit": limit}

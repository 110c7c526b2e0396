"""Busy times of members: where they come from, and what a reading did."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tumorboard.services.busy import BusyRead
from tumorboard.services.busy_fetch import LONGEST_ADDRESS
from tumorboard.services.busy_views import Block, SourceView
from tumorboard.web.schemas.base import Answer, Ask, Word
from tumorboard.words import Words
from tumorboard.words.refusals import REFUSALS


class AddressAsk(Ask):
    address = Word(required=True, longest=LONGEST_ADDRESS)


class BusyWarningAnswer(Answer):
    """Something of the calendar that was read with a doubt; no text of it is kept."""

    code = fields.String()
    line = fields.Integer()
    message = fields.String()


class BusySourceAnswer(Answer):
    """Where busy times come from. `place` is the host with the end of an address, or a file's name, never the secret.

    `read_at` is the last good reading, which counts; `problem` is the code of a later try that failed.
    """

    id = fields.String()
    kind = fields.String()
    place = fields.String()
    created_at = fields.AwareDateTime()
    read_at = fields.AwareDateTime(allow_none=True)
    read_until = fields.AwareDateTime(allow_none=True)
    tried_at = fields.AwareDateTime(allow_none=True)
    problem = fields.String(allow_none=True)
    busy = fields.Integer()
    tentative = fields.Integer()
    warnings = fields.List(fields.Nested(BusyWarningAnswer))


class BusyBlockAnswer(Answer):
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    tentative = fields.Boolean()


class BusyListAnswer(Answer):
    """`next` is what all sources together say of the next two weeks."""

    items = fields.List(fields.Nested(BusySourceAnswer))
    total = fields.Integer()
    next = fields.List(fields.Nested(BusyBlockAnswer))


class BusyReadAnswer(Answer):
    """`meetings` are the published meetings it collides with; they stay as they are until somebody proposes again."""

    id = fields.String()
    busy = fields.Integer()
    tentative = fields.Integer()
    warnings = fields.List(fields.Nested(BusyWarningAnswer))
    meetings = fields.List(fields.String())


def present_source(view: SourceView, words: Words) -> dict[str, Any]:
    """A source without its secret."""
    return {
        "id": view.id, "kind": view.kind, "place": view.place, "created_at": view.created_at, "read_at": view.read_at,
        "read_until": view.read_until, "tried_at": view.tried_at, "problem": view.problem or None,
        "busy": view.intervals, "tentative": view.tentative,
        "warnings": [_warning(code, line, words) for code, line in view.warnings],
    }  # fmt: skip


def present_block(block: Block) -> dict[str, Any]:
    """A stretch of busy time."""
    return {"starts_at": block.span.start, "ends_at": block.span.end, "tentative": block.is_tentative}


def present_reading(done: BusyRead, words: Words) -> dict[str, Any]:
    """What a reading did."""
    return {
        "id": done.source_id, "busy": done.intervals, "tentative": done.tentative, "meetings": list(done.meetings),
        "warnings": [_warning(warning.code, warning.line, words) for warning in done.warnings],
    }  # fmt: skip


def _warning(code: str, line: int, words: Words) -> dict[str, Any]:
    return {"code": code, "line": line, "message": words.gettext(REFUSALS.get(code, REFUSALS["bad-input"]))}

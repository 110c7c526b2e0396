"""A member's own parts in the meetings ahead, and the deputy she names."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tumorboard.services.my_parts import MyCase, MyPart, OpenItem
from tumorboard.store.people import Member
from tumorboard.web.schemas.base import Answer, Ask, Who, Word


class OpenItemAnswer(Answer):
    """What is not there yet for a case; `is_hers` where the member's specialty owes it."""

    label = fields.String()
    state = fields.String()
    expected_on = fields.Date(allow_none=True)
    is_hers = fields.Boolean()


class QuestionAnswer(Answer):
    """What is asked, under the name of its field."""

    label = fields.String()
    text = fields.String()


class MyCaseAnswer(Answer):
    """A case in the member's window; `id` is null for who may not read cases.

    `questions` is how many there are; `asked` are they themselves, for who comes.
    """

    reference = fields.String()
    id = fields.String(allow_none=True)
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    procedures = fields.List(fields.String())
    questions = fields.Integer()
    asked = fields.List(fields.Nested(QuestionAnswer))
    open_items = fields.List(fields.Nested(OpenItemAnswer))


class MyPartAnswer(Answer):
    """A window of the member. `deputies` could come for her; `stand_in` does, after she named her.

    With `asked_again` whom she named does not come after all.
    """

    invitation = fields.String()
    meeting = fields.String()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    kind = fields.String()
    required = fields.Boolean()
    rules = fields.List(fields.String())
    answer = fields.String()
    cases = fields.List(fields.Nested(MyCaseAnswer))
    deputies = fields.List(fields.Nested(Who))
    stand_in = fields.Nested(Who, allow_none=True)
    stand_in_answer = fields.String()
    asked_again = fields.Boolean()


class MyPartListAnswer(Answer):
    items = fields.List(fields.Nested(MyPartAnswer))
    total = fields.Integer()


class DeputyAsk(Ask):
    deputy = Word(longest=20, required=True)
    comment = Word(longest=2000, lines=True, load_default="")


class DeputyAnswer(Answer):
    """Who is invited instead."""

    deputy = fields.Nested(Who)


class TakenBackAnswer(Answer):
    """Who does not come in the member's place any more."""

    deputy = fields.Nested(Who)


def present_part(part: MyPart, language: str) -> dict[str, Any]:
    """A window with its cases."""
    row = part.row
    return {
        "invitation": row.public_id, "meeting": row.meeting.public_id, "starts_at": row.starts_at,
        "ends_at": row.ends_at, "kind": row.kind, "required": row.details["required"], "rules": row.details["rules"],
        "answer": row.answer, "cases": [_present_case(case, language) for case in part.cases],
        "deputies": [present_who(member) for member in part.deputies],
        "stand_in": present_who(part.stand_in) if part.stand_in else None,
        "stand_in_answer": part.stand_in_answer, "asked_again": part.is_asked_again,
    }  # fmt: skip


def present_who(member: Member) -> dict[str, str]:
    """Id and name."""
    return {"id": member.public_id, "name": member.name}


def _present_case(case: MyCase, language: str) -> dict[str, Any]:
    return {
        "reference": case.reference, "id": case.case_id, "starts_at": case.span.start, "ends_at": case.span.end,
        "procedures": [text.in_language(language) for text in case.procedures], "questions": case.question_count,
        "asked": [{"label": label.in_language(language), "text": text} for label, text in case.questions],
        "open_items": [_present_item(item, language) for item in case.open_items],
    }  # fmt: skip


def _present_item(item: OpenItem, language: str) -> dict[str, Any]:
    return {
        "label": item.label.in_language(language), "state": str(item.state), "expected_on": item.expected_on,
        "is_hers": item.is_hers,
    }  # fmt: skip

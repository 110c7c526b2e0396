"""Open needs of published meetings with their ranked substitutes, and somebody asked instead."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tumorboard.services.need_facts import OpenNeed
from tumorboard.services.substitutes import Asked
from tumorboard.web.schemas.base import Answer, Ask, Word
from tumorboard.words import Words
from tumorboard.words.phrases import Names
from tumorboard.words.substitutes import say_lost, say_place, say_rejection, say_why


class SubstituteAsk(Ask):
    """Who is asked, and instead of whom; without `member` for needs that nobody covered."""

    member = Word(load_default="", longest=20)
    instead = Word(required=True, shortest=1, longest=20)


class CandidateAnswer(Answer):
    """Somebody who could come. `place` is present, deputy, holder or colleague; `asked` counts the last eight weeks.

    Letters do not reach who is not `reached`.
    """

    member = fields.String()
    name = fields.String()
    place = fields.String()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    asked = fields.Integer()
    reached = fields.Boolean()
    message = fields.String()


class RejectedAnswer(Answer):
    """Somebody who is not asked, and why: a code with its words."""

    member = fields.String()
    name = fields.String()
    code = fields.String()
    message = fields.String()


class OpenNeedAnswer(Answer):
    """A need that nobody covers, or that hangs on an overdue answer.

    `member` does not come (null where nobody was there), `named` is a member asked for by name. `why` is declined,
    left, absent, bounced, unanswered, uncovered or urgent-call.
    """

    meeting = fields.String()
    board = fields.String()
    meeting_starts_at = fields.AwareDateTime()
    specialty = fields.String(allow_none=True)
    certificate = fields.String(allow_none=True)
    named = fields.String(allow_none=True)
    seat = fields.Boolean()
    references = fields.List(fields.String())
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    member = fields.String(allow_none=True)
    why = fields.String()
    urgency = fields.String()
    message = fields.String()
    substitutes = fields.List(fields.Nested(CandidateAnswer))
    rejected = fields.List(fields.Nested(RejectedAnswer))


class OpenNeedListAnswer(Answer):
    items = fields.List(fields.Nested(OpenNeedAnswer))
    total = fields.Integer()


class SubstituteAnswer(Answer):
    """Who is asked, instead of whom (null where nobody was there), for which specialties, and the letters written."""

    meeting = fields.String()
    member = fields.String()
    instead_of = fields.String(allow_none=True)
    specialties = fields.List(fields.String())
    letters = fields.Integer()


def present_need(need: OpenNeed, words: Words, names: Names) -> dict[str, Any]:
    """An open need for `OpenNeedAnswer`."""
    lost, meeting = need.lost, need.meeting
    return {
        "meeting": meeting.public_id,
        "board": meeting.board.key,
        "meeting_starts_at": meeting.starts_at,
        "specialty": lost.key.specialty or None,
        "certificate": lost.key.certificate or None,
        "named": lost.key.member or None,
        "seat": lost.is_seat,
        "references": list(lost.references),
        "starts_at": lost.span.start,
        "ends_at": lost.span.end,
        "member": lost.member or None,
        "why": need.why,
        "urgency": need.urgency.value,
        "message": f"{say_lost(lost, words, names)}: {say_why(need.why, lost.member, words, names)}",
        "substitutes": [
            {
                "member": one.member,
                "name": names.members.get(one.member, ""),
                "place": one.place.name.lower(),
                "starts_at": one.span.start,
                "ends_at": one.span.end,
                "asked": one.asked,
                "reached": one.is_reached,
                "message": say_place(one.place, words, is_reached=one.is_reached),
            }
            for one in need.ranking.candidates
        ],
        "rejected": [
            {
                "member": one.member,
                "name": names.members.get(one.member, ""),
                "code": one.code,
                "message": say_rejection(one.code, words),
            }
            for one in need.ranking.rejected
        ],
    }


def present_asked(asked: Asked) -> dict[str, Any]:
    """A substitution for `SubstituteAnswer`."""
    return {
        "meeting": asked.meeting.public_id,
        "member": asked.member.public_id,
        "instead_of": asked.instead_of.public_id if asked.instead_of is not None else None,
        "specialties": [need.key.specialty for need in asked.needs if need.key.specialty],
        "letters": asked.letters,
    }

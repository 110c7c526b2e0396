"""Urgent meetings: moments with who covers what, what is missing, a call and what became of a refusal."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tumorboard.domain.urgent_facts import Cover, Gap, Moment
from tumorboard.services.urgent import Declined, UrgentView
from tumorboard.services.urgent_meeting import Called
from tumorboard.web.schemas.base import Answer, Ask, At, Who, Word
from tumorboard.words import Words
from tumorboard.words.moments import say_cover, say_gap
from tumorboard.words.phrases import Names

MOST_PEOPLE = 40


class FindUrgentAsk(Ask):
    """Where and how far to look; without hours the clock of the case counts."""

    board = Word(load_default=None, shortest=1, longest=64)
    within_hours = fields.Integer(load_default=None)


class MoveCallAsk(Ask):
    """When, and with whom: `members` must be free, `promised` come although busy; without any, the best team."""

    at = At(required=True)
    room = Word(load_default=None, allow_none=True, shortest=1, longest=64)
    members = fields.List(Word(shortest=1, longest=20), load_default=list, validate=lambda ids: len(ids) <= MOST_PEOPLE)
    promised = fields.List(
        Word(shortest=1, longest=20), load_default=list, validate=lambda ids: len(ids) <= MOST_PEOPLE
    )


class CallAsk(MoveCallAsk):
    board = Word(load_default=None, allow_none=True, shortest=1, longest=64)


class DeclineAsk(Ask):
    member = Word(required=True, shortest=1, longest=20, metadata={"description": "id of the member who cannot come"})


class CoverAnswer(Answer):
    """Who covers a need. `standing` is holder, deputy or colleague; `instead_of` is asked before and cannot come."""

    specialty = fields.String()
    certificate = fields.String(allow_none=True)
    member = fields.Nested(Who)
    standing = fields.String()
    instead_of = fields.Nested(Who, allow_none=True)
    because = fields.String()
    required_ = fields.Boolean(data_key="required", attribute="required")


class AskableAnswer(Answer):
    member = fields.Nested(Who)
    free_from = fields.AwareDateTime(allow_none=True)
    has_declined = fields.Boolean()


class GapAnswer(Answer):
    """A required need that nobody covers, and whom to phone."""

    specialty = fields.String()
    code = fields.String()
    message = fields.String()
    free_from = fields.AwareDateTime(allow_none=True)
    askable = fields.List(fields.Nested(AskableAnswer))


class MomentAnswer(Answer):
    """A possible meeting; the same people could begin until `latest_start`. `room` is null for phone or video."""

    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    latest_start = fields.AwareDateTime()
    room = fields.String(allow_none=True)
    in_working_hours = fields.Boolean()
    covers = fields.List(fields.Nested(CoverAnswer))
    missing = fields.List(fields.Nested(GapAnswer))
    unadvised = fields.List(fields.String())


class UrgentAnswer(Answer):
    """Moments before the clock runs out, earliest first; without any, the nearest one and the first one after it."""

    board = fields.String()
    time_zone = fields.String()
    due_at = fields.AwareDateTime()
    until = fields.AwareDateTime()
    meeting = fields.String(allow_none=True, metadata={"description": "the meeting ahead that the case stands on"})
    is_called = fields.Boolean()
    notices = fields.List(fields.String())
    moments = fields.List(fields.Nested(MomentAnswer))
    nearest = fields.Nested(MomentAnswer, allow_none=True)
    first_late = fields.Nested(MomentAnswer, allow_none=True)


class CalledAnswer(Answer):
    """An urgent meeting as it was called; `left_meeting` is the published one the case was taken off."""

    meeting = fields.String()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    room = fields.String()
    members = fields.List(fields.String())
    letters = fields.Integer()
    left_meeting = fields.String(allow_none=True)


class DeclinedCallAnswer(Answer):
    """Who is asked instead, and the specialties that nobody covers any more."""

    meeting = fields.String()
    asked = fields.List(fields.Nested(Who))
    missing = fields.List(fields.String())
    letters = fields.Integer()


def present_urgent(view: UrgentView, words: Words, names: Names) -> dict[str, Any]:
    """A view for `UrgentAnswer`."""
    case, answer = view.case, view.answer

    def moment(one: Moment | None) -> dict[str, Any] | None:
        return None if one is None else _present_moment(one, view, words, names)

    return {
        "board": case.board.key,
        "time_zone": case.board.time_zone,
        "due_at": case.judgement.due_at,
        "until": case.until,
        "meeting": case.item.meeting.public_id if case.item else None,
        "is_called": case.call is not None,
        "notices": [notice.in_language(words.language) for notice in case.judgement.assessment.notices],
        "moments": [moment(one) for one in answer.moments],
        "nearest": moment(answer.nearest),
        "first_late": moment(answer.first_late),
    }


def _present_moment(moment: Moment, view: UrgentView, words: Words, names: Names) -> dict[str, Any]:
    return {
        "starts_at": moment.span.start,
        "ends_at": moment.span.end,
        "latest_start": moment.latest_start,
        "room": moment.room,
        "in_working_hours": view.hours.hold(moment.span),
        "covers": [_present_cover(cover, view, words, names) for cover in moment.covers],
        "missing": [_present_gap(gap, view, words, names) for gap in moment.missing],
        "unadvised": [key.specialty for key in moment.unadvised],
    }


def _present_cover(cover: Cover, view: UrgentView, words: Words, names: Names) -> dict[str, Any]:
    return {
        "specialty": cover.key.specialty,
        "certificate": cover.key.certificate or None,
        "member": _who(cover.member, view),
        "standing": cover.standing.name.lower(),
        "instead_of": _who(cover.instead_of, view) if cover.instead_of else None,
        "because": say_cover(cover, words, names),
        "required": cover.required,
    }


def _present_gap(gap: Gap, view: UrgentView, words: Words, names: Names) -> dict[str, Any]:
    return {
        "specialty": gap.key.specialty,
        "code": gap.code,
        "message": say_gap(gap, words, names),
        "free_from": gap.free_from,
        "askable": [
            {"member": _who(one.member, view), "free_from": one.free_from, "has_declined": one.has_declined}
            for one in gap.askable
        ],
    }


def _who(member: str, view: UrgentView) -> dict[str, str]:
    return {"id": member, "name": view.members[member].name}


def present_called(called: Called) -> dict[str, Any]:
    """A call for `CalledAnswer`."""
    return {
        "meeting": called.meeting.public_id,
        "starts_at": called.meeting.starts_at,
        "ends_at": called.meeting.ends_at,
        "room": called.meeting.room.name,
        "members": list(called.moment.team),
        "letters": called.letters,
        "left_meeting": called.left_meeting,
    }


def present_declined(done: Declined) -> dict[str, Any]:
    """A refusal for `DeclinedCallAnswer`."""
    return {
        "meeting": done.meeting.public_id,
        "asked": [{"id": row.public_id, "name": row.name} for row in done.asked],
        "missing": [gap.key.specialty for gap in done.missing],
        "letters": done.letters,
    }

"""Free slots: the wish in a query, and the slots with who comes, or why they are none."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from tumorboard.domain.slots_facts import RejectedSlot, Slot
from tumorboard.services.slots import SlotView
from tumorboard.web.schemas.base import Answer, Ask, At, ReasonAnswer, Who, Whole, Word, query_whole
from tumorboard.words import Words
from tumorboard.words.moments import say_slot_reason
from tumorboard.words.phrases import Names

MOST_NAMES = validate.Length(max=40)


class SlotsAsk(Ask):
    """Who is to attend; without a specialty or member the core of the board. `radiology:2` wants two members."""

    specialty = fields.List(Word(shortest=1, longest=70), load_default=list, validate=MOST_NAMES)
    recommended = fields.List(Word(shortest=1, longest=70), load_default=list, validate=MOST_NAMES)
    member = fields.List(Word(shortest=1, longest=20), load_default=list, validate=MOST_NAMES)
    minutes = query_whole(10, 480, 60)
    weeks = query_whole(1, 26, 8)
    step_minutes = query_whole(5, 480, 30)
    room = Word(load_default=None, shortest=1, longest=64)
    limit = query_whole(1, 200, 12)


class HoldSlotAsk(Ask):
    """A slot that becomes an extra meeting."""

    at = At(required=True)
    minutes = Whole(10, 480, load_default=60)
    room = Word(required=True, shortest=1, longest=64)


class AttendeesAnswer(Answer):
    """Who comes for a specialty, empty for members asked for by name, and how many more of it could."""

    specialty = fields.String()
    members = fields.List(fields.Nested(Who))
    spare = fields.Integer()


class SlotAnswer(Answer):
    """A possible slot. `tight` counts attendees with something else right before or after."""

    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    room = fields.String(allow_none=True)
    attendees = fields.List(fields.Nested(AttendeesAnswer))
    unadvised = fields.List(fields.String())
    tight = fields.Integer()


class RejectedSlotAnswer(Answer):
    """Slots one after another that are none, for the same reasons; `slots` is 0 for days without any."""

    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    slots = fields.Integer()
    reasons = fields.List(fields.Nested(ReasonAnswer))


class SlotsAnswer(Answer):
    """The best slots first, and why the others are none. `groups` are what open cases of the board need together."""

    board = fields.String()
    time_zone = fields.String()
    possible = fields.Integer()
    looked_at = fields.Integer()
    slots = fields.List(fields.Nested(SlotAnswer))
    rejected = fields.List(fields.Nested(RejectedSlotAnswer))
    groups = fields.List(fields.List(fields.String()))


def present_slots(view: SlotView, words: Words, names: Names) -> dict[str, Any]:
    """A view for `SlotsAnswer`."""
    rooms = {key: room.name for key, room in view.rooms.items()}
    return {
        "board": view.board.key,
        "time_zone": view.board.time_zone,
        "possible": view.slots.possible,
        "looked_at": view.slots.looked_at,
        "slots": [_present_slot(slot, view) for slot in view.slots.best],
        "rejected": [_present_rejected(each, words, names, rooms) for each in view.slots.rejected],
        "groups": [list(group) for group in view.groups],
    }


def _present_slot(slot: Slot, view: SlotView) -> dict[str, Any]:
    return {
        "starts_at": slot.span.start,
        "ends_at": slot.span.end,
        "room": slot.room,
        "attendees": [
            {
                "specialty": specialty,
                "members": [{"id": name, "name": view.members[name].name} for name in members],
                "spare": slot.spare.get(specialty, 0),
            }
            for specialty, members in slot.attendees
        ],
        "unadvised": list(slot.unadvised),
        "tight": slot.tight,
    }


def _present_rejected(each: RejectedSlot, words: Words, names: Names, rooms: dict[str, str]) -> dict[str, Any]:
    return {
        "starts_at": each.span.start,
        "ends_at": each.span.end,
        "slots": each.count,
        "reasons": [
            {
                "code": reason.code,
                "values": dict(reason.values),
                "message": say_slot_reason(reason, words, names, rooms),
            }
            for reason in each.reasons
        ],
    }

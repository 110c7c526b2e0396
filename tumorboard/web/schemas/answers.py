"""What came back about invitations, and answers as they are given."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from tumorboard.services.answer_tokens import ANSWERS
from tumorboard.services.consequences import Followed
from tumorboard.services.moving import Moved
from tumorboard.services.proposals import STATES
from tumorboard.store.calendars import InboundMessage
from tumorboard.store.meetings import MeetingInvitation
from tumorboard.web.schemas.base import Answer, Ask, PageAnswer, PageAsk, Who, Word
from tumorboard.words import Words
from tumorboard.words.answers import say_reason_code


class MessageListAsk(PageAsk):
    state = fields.String(validate=validate.OneOf(STATES))


class MessageAnswer(Answer):
    """What one mail meant. `effect` is partstat, delegate, proposal, resend, queue, quarantine, bounce or none; an
    `open` one waits for a coordinator. `reason` is a code, `why` says it."""

    id = fields.String()
    received_at = fields.AwareDateTime()
    sender = fields.String()
    method = fields.String()
    effect = fields.String()
    reason = fields.String()
    why = fields.String()
    state = fields.String()
    member = fields.Nested(Who, allow_none=True)
    meeting = fields.String(allow_none=True)
    partstat = fields.String()
    instance = fields.AwareDateTime(allow_none=True)
    proposed_start = fields.AwareDateTime(allow_none=True)
    proposed_end = fields.AwareDateTime(allow_none=True)
    address = fields.String()
    comment = fields.String()
    decided_by = fields.String()
    decided_at = fields.AwareDateTime(allow_none=True)


class MessagePageAnswer(PageAnswer):
    items = fields.List(fields.Nested(MessageAnswer))


class AcceptedAnswer(Answer):
    """What accepting did: the new start of the meeting where it moved, and how many letters that wrote."""

    moved_to = fields.AwareDateTime(allow_none=True)
    letters = fields.Integer()


class DeclinedAnswer(Answer):
    """Whether a letter tells the proposer that all stays as it is."""

    told = fields.Boolean()


class AnswerAsk(Ask):
    """`on_behalf` when a coordinator enters what a member told her."""

    answer = fields.String(required=True, validate=validate.OneOf(ANSWERS))
    comment = Word(longest=2000, lines=True, load_default="")
    on_behalf = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class FollowedAnswer(Answer):
    """What followed at once: members asked instead, and how many letters that wrote."""

    asked = fields.List(fields.Nested(Who))
    letters = fields.Integer()


class InvitationAnswer(Answer):
    """One member's invitation to a meeting and what she said to it. The comment is for coordinators."""

    id = fields.String()
    member = fields.Nested(Who)
    kind = fields.String()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    answer = fields.String()
    answered_at = fields.AwareDateTime(allow_none=True)
    answered_by = fields.String()
    comment = fields.String()


class InvitationListAnswer(Answer):
    items = fields.List(fields.Nested(InvitationAnswer))
    total = fields.Integer()


def present_message(row: InboundMessage, words: Words, *, has_mailbox: bool) -> dict[str, Any]:
    """A message for `MessageAnswer`."""
    why = say_reason_code(row.reason, words, has_mailbox=has_mailbox)
    return {
        "id": row.public_id, "received_at": row.received_at, "sender": row.sender, "method": row.method,
        "effect": row.effect, "reason": row.reason, "why": why, "state": row.state,
        "member": {"id": row.member.public_id, "name": row.member.name} if row.member else None,
        "meeting": row.meeting.public_id if row.meeting else None, "partstat": row.partstat,
        "instance": row.recurrence_at, "proposed_start": row.proposed_start, "proposed_end": row.proposed_end,
        "address": row.address, "comment": row.comment, "decided_by": row.decided_by, "decided_at": row.decided_at,
    }  # fmt: skip


def present_accepted(moved: Moved | None) -> dict[str, Any]:
    """What accepting did, for `AcceptedAnswer`."""
    return {"moved_to": moved.after.start if moved else None, "letters": moved.letters if moved else 0}


def present_followed(followed: Followed) -> dict[str, Any]:
    """What followed from an answer, for `FollowedAnswer`."""
    asked = [{"id": row.public_id, "name": row.name} for row in followed.asked]
    return {"asked": asked, "letters": followed.letters}


def present_invitation(row: MeetingInvitation) -> dict[str, Any]:
    """An invitation for `InvitationAnswer`."""
    return {
        "id": row.public_id, "member": {"id": row.member.public_id, "name": row.member.name}, "kind": row.kind,
        "starts_at": row.starts_at, "ends_at": row.ends_at, "answer": row.answer, "answered_at": row.answered_at,
        "answered_by": row.answer_by, "comment": row.comment,
    }  # fmt: skip

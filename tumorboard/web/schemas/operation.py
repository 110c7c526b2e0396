"""Feeds, letters, the record of what happened, the check, and the session."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marshmallow import fields, validate

from tumorboard.services.access import Actor
from tumorboard.services.feeds import SCOPES, Detail
from tumorboard.services.outbox import BatchProgress
from tumorboard.store.people import Account
from tumorboard.store.post import AuditEvent, FeedToken, OutboxMessage
from tumorboard.web.schemas.base import Answer, Ask, PageAnswer, PageAsk, Word


class FeedAsk(Ask):
    """Whose feed: `subject` is a member's id (`member`, `free_busy`), or the key of a board (`board`, `deadlines`) or
    department; without it, my own. `detail` is how much it shows; without it, as much as there is."""

    scope = fields.String(required=True, validate=validate.OneOf(SCOPES))
    subject = Word(load_default=None, allow_none=True, longest=64)
    detail = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*Detail, None]))


class FeedDetailAsk(Ask):
    """How much the feed shows from now on."""

    detail = fields.String(required=True, validate=validate.OneOf([*Detail]))


class FeedAnswer(Answer):
    """A living feed. `hint` are the last four characters of its secret."""

    scope = fields.String()
    subject = fields.String()
    detail = fields.String()
    hint = fields.String()
    created_at = fields.AwareDateTime()
    last_used_at = fields.AwareDateTime(allow_none=True)


class FeedListAnswer(Answer):
    items = fields.List(fields.Nested(FeedAnswer))
    total = fields.Integer()


class NewFeedAnswer(Answer):
    """The address of a feed, shown this once."""

    scope = fields.String()
    subject = fields.String()
    url = fields.String()
    webcal_url = fields.String()


class LetterListAsk(PageAsk):
    state = fields.String(validate=validate.OneOf(["waiting", "held", "sent", "superseded", "dead"]))


class LetterAnswer(Answer):
    """A letter of the outbox, without its text."""

    id = fields.String()
    recipient = fields.String()
    meeting = fields.String()
    method = fields.String()
    subject = fields.String()
    state = fields.String()
    batch = fields.String()
    tries = fields.Integer()
    last_error = fields.String()
    created_at = fields.AwareDateTime()
    due_at = fields.AwareDateTime()
    sent_at = fields.AwareDateTime(allow_none=True)


class PostStateAnswer(Answer):
    """When letters were last looked at and sent; stuck where some are due for minutes and nobody looks."""

    looked_at = fields.AwareDateTime(allow_none=True)
    sent_at = fields.AwareDateTime(allow_none=True)
    due_since = fields.AwareDateTime(allow_none=True)
    is_stuck = fields.Boolean()


class LetterPageAnswer(PageAnswer):
    items = fields.List(fields.Nested(LetterAnswer))
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    post = fields.Nested(PostStateAnswer)


class BatchAnswer(Answer):
    """How far letters that were sent together have come. `total` leaves out those replaced by a newer one."""

    batch = fields.String()
    total = fields.Integer()
    waiting = fields.Integer()
    failing = fields.Integer()
    sent = fields.Integer()
    dead = fields.Integer()
    held = fields.Integer()
    superseded = fields.Integer()
    written_at = fields.AwareDateTime(allow_none=True)


class BatchListAnswer(Answer):
    items = fields.List(fields.Nested(BatchAnswer))
    total = fields.Integer()


class AuditAsk(PageAsk):
    subject_kind = Word(longest=64)
    subject_id = Word(longest=64)
    actor = Word()
    action = Word(longest=64)


class AuditAnswer(Answer):
    """Who did what to what, when; `detail` holds ids, codes and counts."""

    at = fields.AwareDateTime()
    actor = fields.String()
    action = fields.String()
    subject_kind = fields.String()
    subject_id = fields.String()
    detail = fields.Dict(keys=fields.String())


class AuditPageAnswer(PageAnswer):
    items = fields.List(fields.Nested(AuditAnswer))


class ViolationAnswer(Answer):
    code = fields.String()
    subject = fields.String()
    message = fields.String()


class CheckAnswer(Answer):
    """`ok` is true when no invariant of the database is violated."""

    ok = fields.Boolean()
    violations = fields.List(fields.Nested(ViolationAnswer))


class LogInAsk(Ask):
    email = Word(required=True, shortest=1)
    password = Word(required=True, shortest=1, longest=1000)


class AccountAnswer(Answer):
    id = fields.String()
    email = fields.String()
    name = fields.String()
    language = fields.String()
    roles = fields.List(fields.String())
    permissions = fields.List(fields.String())
    member = fields.String(allow_none=True)


class SessionAnswer(Answer):
    """Who is logged in, null for a stranger, and the token a browser sends as X-CSRFToken with every change."""

    account = fields.Nested(AccountAnswer, allow_none=True)
    csrf_token = fields.String()


def present_feed(row: FeedToken, subject: str) -> dict[str, Any]:
    """A feed without its secret."""
    return {
        "scope": row.scope,
        "subject": subject,
        "detail": row.detail,
        "hint": row.hint,
        "created_at": row.created_at,
        "last_used_at": row.last_used_at,
    }


def present_letter(row: OutboxMessage, meeting: str) -> dict[str, Any]:
    """A letter of the outbox."""
    return {
        "id": row.public_id,
        "recipient": row.recipient,
        "meeting": meeting,
        "method": row.method,
        "subject": row.subject,
        "state": row.state,
        "batch": row.batch,
        "tries": row.tries,
        "last_error": row.last_error,
        "created_at": row.created_at,
        "due_at": row.due_at,
        "sent_at": row.sent_at,
    }


def present_batch(progress: BatchProgress) -> dict[str, Any]:
    """How far letters sent together have come."""
    return {**asdict(progress), "total": progress.total}


def present_event(row: AuditEvent) -> dict[str, Any]:
    """An entry of the record."""
    return {
        "at": row.at,
        "actor": row.actor,
        "action": row.action,
        "subject_kind": row.subject_kind,
        "subject_id": row.subject_id,
        "detail": row.detail,
    }


def present_account(row: Account, actor: Actor, language: str) -> dict[str, Any]:
    """Who is logged in."""
    return {
        "id": row.public_id,
        "email": row.email,
        "name": row.name,
        "language": language,
        "roles": [held.role for held in row.roles],
        "permissions": sorted(permission.value for permission in actor.permissions),
        "member": actor.member_id,
    }

"""Addresses from which letters come back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import fields

from tumorboard.store.people import Member
from tumorboard.web.schemas.base import Answer, Ask, Word


class AddressCorrectionAsk(Ask):
    """The address that letters go to from now on."""

    email = Word(required=True, shortest=1, longest=200)


class UnreachedAnswer(Answer):
    """A member whose letters come back, the last time at `bounced_at`."""

    id = fields.String()
    name = fields.String()
    email = fields.String()
    bounced_at = fields.AwareDateTime()


class UnreachedListAnswer(Answer):
    items = fields.List(fields.Nested(UnreachedAnswer))
    total = fields.Integer()


class WrittenAgainAnswer(Answer):
    """How many invitations leave again."""

    letters = fields.Integer()


def present_unreached(members: Iterable[Member]) -> dict[str, Any]:
    """The list for `UnreachedListAnswer`."""
    items = [
        {"id": row.public_id, "name": row.name, "email": row.email, "bounced_at": row.bounced_at} for row in members
    ]
    return {"items": items, "total": len(items)}

"""Log-ins: those of others, for administrators, and one's own. No answer holds a password or its hash."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from tumorboard.services.access import Role
from tumorboard.services.accounts import MAXIMUM_PASSWORD
from tumorboard.store.people import Account
from tumorboard.web.schemas.base import Answer, Ask, Word
from tumorboard.web.schemas.board_settings import Switch


class AccountEditAsk(Ask):
    """`member_id` is the member whose log-in it is, null for nobody."""

    name = Word(required=True)
    roles = fields.List(
        fields.String(validate=validate.OneOf([role.value for role in Role])), required=True,
        validate=validate.Length(1, len(Role)),
    )  # fmt: skip
    member_id = Word(longest=64, load_default=None, allow_none=True)


class NewAccountAsk(AccountEditAsk):
    email = Word(required=True)
    by_mail = Switch(load_default=False)


class NewAccountsAsk(Ask):
    """Members without a log-in; addresses and names are theirs."""

    member_ids = fields.List(Word(longest=64), required=True, validate=validate.Length(1, 200))
    roles = fields.List(
        fields.String(validate=validate.OneOf([role.value for role in Role])), required=True,
        validate=validate.Length(1, len(Role)),
    )  # fmt: skip
    by_mail = Switch(load_default=False)


class LinkAsk(Ask):
    by_mail = Switch(load_default=False)


class AccountRowAnswer(Answer):
    id = fields.String()
    email = fields.String()
    name = fields.String()
    roles = fields.List(fields.String())
    member_id = fields.String(allow_none=True)
    active = fields.Boolean()
    last_login_at = fields.AwareDateTime(allow_none=True)


class AccountListAnswer(Answer):
    items = fields.List(fields.Nested(AccountRowAnswer))
    total = fields.Integer()


class InvitedAnswer(Answer):
    """`link` is where the owner chooses her password, shown once; null where it left by mail."""

    account = fields.Nested(AccountRowAnswer)
    link = fields.String(allow_none=True)


class InvitedListAnswer(Answer):
    items = fields.List(fields.Nested(InvitedAnswer))
    total = fields.Integer()


class OwnAccountAsk(Ask):
    """Empty: the browser's language, the centre's zone."""

    language = fields.String(required=True, validate=validate.OneOf(["", "ko", "en"]))
    time_zone = Word(longest=64, required=True)


class OwnAccountAnswer(Answer):
    id = fields.String()
    email = fields.String()
    name = fields.String()
    language = fields.String()
    time_zone = fields.String()


class OwnPasswordAsk(Ask):
    current = fields.String(required=True, validate=validate.Length(0, MAXIMUM_PASSWORD))
    password = fields.String(required=True, validate=validate.Length(0, MAXIMUM_PASSWORD))


def present_account_row(row: Account) -> dict[str, Any]:
    """An account; roles and member must be loaded."""
    return {
        "id": row.public_id, "email": row.email, "name": row.name, "roles": [held.role for held in row.roles],
        "member_id": row.member.public_id if row.member else None, "active": row.active,
        "last_login_at": row.last_login_at,
    }  # fmt: skip


def present_own_account(row: Account) -> dict[str, Any]:
    """What everybody may change about her own log-in."""
    return {
        "id": row.public_id, "email": row.email, "name": row.name, "language": row.language,
        "time_zone": row.time_zone,
    }  # fmt: skip

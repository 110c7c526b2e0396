"""API tokens as an administrator sees, makes and ends them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from tumorboard.domain.errors import NotFound
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.accounts import create_token
from tumorboard.services.audit import record
from tumorboard.services.centre_edits import read_name
from tumorboard.store.people import ApiToken


def list_tokens(session: Session, *, by: Actor) -> list[ApiToken]:
    """Every token with its account, newest first; what ended is kept in the list."""
    require(by, Permission.ACCOUNT_EDIT)
    query = select(ApiToken).options(joinedload(ApiToken.account))
    return list(session.scalars(query.order_by(ApiToken.created_at.desc(), ApiToken.id.desc())))


def make_token(session: Session, *, email: str, label: str, by: Actor, now: datetime) -> str:
    """A new token for an account, given back this once. Raises BadInput for a label that is empty or too long."""
    return create_token(session, email=email, label=read_name(label, "label"), by=by, now=now)


def revoke_token(session: Session, *, token_id: str, by: Actor, now: datetime) -> ApiToken:
    """End a token at once; one that is revoked stays as it is. Raises NotFound `no-such-token`."""
    require(by, Permission.ACCOUNT_EDIT)
    with transaction(session):
        row = session.scalar(select(ApiToken).where(ApiToken.public_id == token_id))
        if row is None:
            raise NotFound("there is no such token", code="no-such-token")
        if row.revoked_at is None:
            row.revoked_at = now
            record(session, by=by, now=now, action="token:revoked", subject=("account", row.account.public_id))
    return row

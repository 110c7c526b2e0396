"""What everybody changes about her own log-in: language and zone of the pages, password."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from tumorboard.domain.errors import BadInput, NotAllowed
from tumorboard.services import transaction
from tumorboard.services.access import Actor
from tumorboard.services.accounts import hash_password, is_password
from tumorboard.services.audit import record
from tumorboard.services.centre_edits import read_zone
from tumorboard.store.people import Account
from tumorboard.words import LANGUAGES


def read_own_account(session: Session, *, by: Actor) -> Account:
    """The actor's account. Raises NotAllowed for a job or an operator, who have none."""
    account = session.get(Account, by.account_id) if by.account_id is not None else None
    if account is None:
        raise NotAllowed("only who is logged in has an account", permission="own account")
    return account


def change_own_account(session: Session, *, language: str, time_zone: str, by: Actor, now: datetime) -> None:
    """Keep language (`ko`, `en`, or empty for the browser's) and zone (IANA, or empty for the centre's) of the pages.

    Raises BadInput `unknown-language`, `unknown-zone`.
    """
    if language and language not in LANGUAGES:
        raise BadInput("the language is ko or en", code="unknown-language", field="language")
    zone = read_zone(time_zone, "")
    with transaction(session):
        account = read_own_account(session, by=by)
        account.language, account.time_zone = language, zone
        record(session, by=by, now=now, action="account:own-changed", subject=("account", account.public_id))


def change_own_password(session: Session, *, current: str, password: str, by: Actor, now: datetime) -> Account:
    """Change the password for who knows the current one; every session ends, the running one too.

    Raises BadInput `wrong-password`, `short-password`.
    """
    account = read_own_account(session, by=by)
    if not is_password(account, current):
        raise BadInput("the current password is wrong", code="wrong-password", field="current")
    hashed = hash_password(password)
    with transaction(session):
        account = read_own_account(session, by=by)
        account.password_hash, account.session_key = hashed, secrets.token_hex(16)
        record(session, by=by, now=now, action="account:password-set", subject=("account", account.public_id))
    return account

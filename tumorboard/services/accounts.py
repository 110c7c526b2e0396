"""Accounts, log-in and API tokens."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.addresses import is_new_address
from tumorboard.domain.errors import BadInput, Conflict, NotAllowed, NotFound
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, Role, actor_with, require
from tumorboard.services.audit import record
from tumorboard.store.people import Account, AccountRole, ApiToken, Member

MINIMUM_PASSWORD = 10
_NOT_CHOSEN = "not-chosen:"
MAXIMUM_PASSWORD = 200
TOKEN_DAYS = 365


@cache
def _hasher() -> PasswordHasher:
    """argon2id with 19 MiB, two passes (OWASP's minimum): about 25 ms, so that log-in stays quick."""
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _hash_of_nothing() -> str:
    return _hasher().hash(secrets.token_hex(16))


def hash_token(token: str) -> str:
    """What is stored of a secret token: SHA-256 is enough for 160 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def account_actor(account: Account) -> Actor:
    """The actor an account's roles make."""
    return actor_with(
        account.email,
        frozenset(Role(row.role) for row in account.roles),
        account_id=account.id,
        member_id=account.member.public_id if account.member else None,
    )


def create_account(
    session: Session, *, email: str, name: str, password: str, roles: Iterable[str], member_id: str | None = None,
    by: Actor, now: datetime,
) -> Account:  # fmt: skip
    """Add a log-in. Raises BadInput for a short password or an unknown role, Conflict for an address in use."""
    require(by, Permission.ACCOUNT_EDIT)
    hashed = hash_password(password)
    with transaction(session):
        account = write_account(
            session, email=email, name=name, password_hash=hashed, roles=roles, member_id=member_id, now=now
        )
        wanted = [held.role for held in account.roles]
        record(session, by=by, now=now, action="account:created", subject=("account", account.public_id), roles=wanted)
    return account


def write_account(
    session: Session, *, email: str, name: str, password_hash: str, roles: Iterable[str], member_id: str | None = None,
    now: datetime,
) -> Account:  # fmt: skip
    """The row of a new account, inside the running transaction."""
    email = email.strip().lower()
    if not is_new_address(email):
        raise BadInput(f"'{email}' is no e-mail address", code="bad-email", field="email")
    wanted = read_roles(roles)
    if session.scalar(select(Account.id).where(Account.email == email)):
        raise Conflict(f"there is already an account for {email}", code="account-exists", field="email")
    member = session.scalar(select(Member).where(Member.public_id == member_id)) if member_id else None
    if member_id and member is None:
        raise NotFound(f"there is no member {member_id}")
    account = Account(
        email=email, name=name, password_hash=password_hash, member=member, created_at=now,
        session_key=secrets.token_hex(16), roles=[AccountRole(role=role) for role in wanted],
    )  # fmt: skip
    session.add(account)
    session.flush()
    return account


def read_roles(roles: Iterable[str]) -> list[str]:
    """Known roles, sorted. Raises BadInput `unknown-role`, also for none."""
    wanted = sorted(set(roles))
    unknown = [role for role in wanted if role not in set(Role)]
    if not wanted:
        raise BadInput("choose at least one role", code="unknown-role", field="roles")
    if unknown:
        raise BadInput(
            f"unknown role {', '.join(unknown)}; known: {', '.join(Role)}", code="unknown-role", field="roles"
        )
    return wanted


def log_in(session: Session, *, email: str, password: str, now: datetime) -> Account:
    """The account for the right password; NotAllowed otherwise, in the same time and words for every wrong pair."""
    account = _find(session, Account.email == email.strip().lower())
    try:
        _hasher().verify(_hash_to_try(account), password)
        right = account is not None and account.active
    except (VerificationError, InvalidHashError):
        right = False
    who = account.public_id if account else "unknown"
    by = Actor(name=account.email if account else "unknown", permissions=frozenset())
    with transaction(session):
        account = _find(session, Account.email == email.strip().lower())
        action = "account:logged-in" if right else "account:log-in-refused"
        record(session, by=by, now=now, action=action, subject=("account", who))
        if right and account is not None:
            account.last_login_at = now
            if _hasher().check_needs_rehash(account.password_hash):
                account.password_hash = _hasher().hash(password)
    if not right or account is None:
        raise NotAllowed("the e-mail address or the password is wrong", code="wrong-log-in")
    return account


def _find(session: Session, condition: object) -> Account | None:
    query = select(Account).where(condition).options(selectinload(Account.roles), joinedload(Account.member))  # type: ignore[arg-type]
    return session.scalar(query)


def find_account(session: Session, *, public_id: str, session_key: str) -> Account | None:
    """The active account a session cookie speaks of; None when it was closed or its sessions were ended."""
    account = _find(session, Account.public_id == public_id)
    if account is None or not account.active or not secrets.compare_digest(account.session_key, session_key):
        return None
    return account


def load_accounts(session: Session) -> list[Account]:
    """Every account, closed ones too: for the names of those who wrote something."""
    return list(session.scalars(select(Account)))


def note_log_out(session: Session, *, by: Actor, now: datetime) -> None:
    """Record that the actor logged out on one device; her sessions elsewhere go on."""
    with transaction(session):
        account = session.get_one(Account, by.account_id)
        record(session, by=by, now=now, action="account:logged-out", subject=("account", account.public_id))


def end_sessions(session: Session, *, by: Actor, now: datetime) -> None:
    """Log the actor out everywhere, at once on every worker."""
    with transaction(session):
        account = session.get_one(Account, by.account_id)
        account.session_key = secrets.token_hex(16)
        record(session, by=by, now=now, action="account:logged-out", subject=("account", account.public_id))


def close_account(session: Session, *, email: str, by: Actor, now: datetime) -> None:
    """Close an account: sessions, API tokens and calendar links made with it end at once. Nothing is deleted.

    Raises Conflict `last-administrator` for the only one who can open it again.
    """
    require(by, Permission.ACCOUNT_EDIT)
    with transaction(session):
        account = _find_named(session, email)
        refuse_last_administrator(session, account)
        account.active = False
        account.session_key = secrets.token_hex(16)
        for token in account.tokens:
            token.revoked_at = token.revoked_at or now
        record(session, by=by, now=now, action="account:closed", subject=("account", account.public_id))


def refuse_last_administrator(session: Session, account: Account) -> None:
    """Raise Conflict `last-administrator` for the only account that can open others.

    One whose owner has not chosen a password yet cannot.
    """
    held = select(Account).join(AccountRole).where(AccountRole.role == Role.ADMINISTRATOR, Account.active)
    if {row.id for row in session.scalars(held) if has_password(row)} == {account.id}:
        raise Conflict("this is the last administrator; make another one first", code="last-administrator")


def set_password(session: Session, *, email: str, password: str, by: Actor, now: datetime) -> None:
    """Give an account a new password and open it again if it was closed; its sessions end."""
    require(by, Permission.ACCOUNT_EDIT)
    hashed = hash_password(password)
    with transaction(session):
        account = _find_named(session, email)
        account.password_hash, account.active = hashed, True
        account.session_key = secrets.token_hex(16)
        record(session, by=by, now=now, action="account:password-set", subject=("account", account.public_id))


def hash_password(password: str, field: str = "password") -> str:
    """What is stored of a new password. Raises BadInput `short-password`, `long-password`."""
    if len(password) < MINIMUM_PASSWORD:
        raise BadInput(f"a password needs at least {MINIMUM_PASSWORD} characters", code="short-password", field=field)
    if len(password) > MAXIMUM_PASSWORD:
        raise BadInput(f"a password has at most {MAXIMUM_PASSWORD} characters", code="long-password", field=field)
    return _hasher().hash(password)


def _hash_to_try(account: Account | None) -> str:
    """The hash of an account that may log in, else one that takes as long."""
    if account is None or not account.active or not has_password(account):
        return _hash_of_nothing()
    return account.password_hash


def no_password() -> str:
    """What stands in place of a hash while nobody has chosen a password; different each time, and opened by none."""
    return f"{_NOT_CHOSEN}{secrets.token_hex(32)}"


def has_password(account: Account) -> bool:
    """False while the account's owner has not chosen one."""
    return not account.password_hash.startswith(_NOT_CHOSEN)


def is_password(account: Account, password: str) -> bool:
    """True for the right password; takes the same time for a wrong one."""
    try:
        return _hasher().verify(account.password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _find_named(session: Session, email: str) -> Account:
    account = _find(session, Account.email == email.strip().lower())
    if account is None:
        raise NotFound(f"there is no account for {email}", code="unknown-account")
    return account


def set_language(session: Session, *, language: str, by: Actor) -> None:
    """Keep the language of an account: `ko` or `en`."""
    if language not in ("ko", "en"):
        raise BadInput("the language is ko or en", code="unknown-language")
    with transaction(session):
        session.get_one(Account, by.account_id).language = language


def create_token(session: Session, *, email: str, label: str, by: Actor, now: datetime) -> str:
    """A new API token for an account, shown once; it ends after a year."""
    require(by, Permission.ACCOUNT_EDIT)
    token = f"tb_{secrets.token_urlsafe(30)}"
    with transaction(session):
        account = _find_named(session, email)
        session.add(
            ApiToken(account_id=account.id, label=label, token_hash=hash_token(token), created_at=now,
                     expires_at=now + timedelta(days=TOKEN_DAYS))
        )  # fmt: skip
        record(session, by=by, now=now, action="token:created", subject=("account", account.public_id))
    return token


def find_token(session: Session, *, token: str, now: datetime) -> Account | None:
    """The account a bearer token speaks for; None when unknown, revoked or ended."""
    row = session.scalar(
        select(ApiToken)
        .where(ApiToken.token_hash == hash_token(token), ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
        .options(
            joinedload(ApiToken.account).selectinload(Account.roles),
            joinedload(ApiToken.account).joinedload(Account.member),
        )
    )
    return row.account if row is not None and row.account.active else None


def names_of_accounts(session: Session) -> dict[str, str]:
    """Who is behind each log-in address: what the audit trail names, as people call each other."""
    return {row[0]: row[1] for row in session.execute(select(Account.email, Account.name)) if row[1]}

"""Log-ins as an administrator edits them: made with a one-time link, given roles, closed and opened again."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, Role, require
from tumorboard.services.account_links import issue_link, post_link
from tumorboard.services.accounts import no_password, read_roles, refuse_last_administrator, write_account
from tumorboard.services.audit import record
from tumorboard.services.centre_edits import read_email, read_name
from tumorboard.services.setup import Setup
from tumorboard.store.people import Account, AccountRole, Member


@dataclass(frozen=True, slots=True)
class Invited:
    """An account and its one-time link; the link is empty where it left by mail."""

    account: Account
    link: str


def list_accounts(session: Session, *, by: Actor) -> list[Account]:
    """Every account with roles and member, those that are closed last."""
    require(by, Permission.ACCOUNT_EDIT)
    query = select(Account).options(selectinload(Account.roles), joinedload(Account.member))
    return list(session.scalars(query.order_by(Account.active.desc(), Account.name, Account.id)))


def invite_account(
    session: Session, setup: Setup, *, email: str, name: str, roles: Iterable[str], member_id: str | None = None,
    by_mail: bool, by: Actor, now: datetime,
) -> Invited:  # fmt: skip
    """Add a log-in without a password; its owner chooses one at the link, which is given back or sent by mail."""
    require(by, Permission.ACCOUNT_EDIT)
    hashed = no_password()
    with transaction(session):
        account, link = write_invited(session, setup, email=email, name=name, roles=roles, member_id=member_id,
                                      password_hash=hashed, now=now)  # fmt: skip
        if by_mail:
            post_link(session, setup, account, link, now=now)
        detail = {"roles": [held.role for held in account.roles], "by_mail": by_mail}
        record(session, by=by, now=now, action="account:created", subject=("account", account.public_id), **detail)
    return Invited(account, "" if by_mail else link)


def invite_members(
    session: Session, setup: Setup, *, member_ids: Sequence[str], roles: Iterable[str], by_mail: bool, by: Actor,
    now: datetime,
) -> list[Invited]:  # fmt: skip
    """Add log-ins for members who have none, with the same roles, in their order: all or none of them.

    Raises BadInput `nobody-ticked`, and `log-in-refused` for who cannot have one, which names her and says why.
    """
    require(by, Permission.ACCOUNT_EDIT)
    wanted = read_roles(roles)
    chosen = tuple(dict.fromkeys(member_ids))
    if not chosen:
        raise BadInput("tick the members who get a log-in", code="nobody-ticked", field="member_ids")
    with transaction(session):
        return [_invite_member(session, setup, one, wanted, by_mail=by_mail, by=by, now=now) for one in chosen]


def _invite_member(
    session: Session, setup: Setup, member_id: str, roles: Iterable[str], *, by_mail: bool, by: Actor, now: datetime
) -> Invited:
    try:
        account, link = write_invited(session, setup, email="", name="", roles=roles, member_id=member_id,
                                      password_hash=no_password(), now=now)  # fmt: skip
    except (BadInput, Conflict) as error:
        member = session.scalar(select(Member).where(Member.public_id == member_id))
        who = f"{member.name} ({member.email})" if member else member_id
        raise BadInput(f"{who}: {error}", code="log-in-refused", field="member_ids", who=who) from error
    if by_mail:
        post_link(session, setup, account, link, now=now)
    detail = {"roles": [held.role for held in account.roles], "by_mail": by_mail}
    record(session, by=by, now=now, action="account:created", subject=("account", account.public_id), **detail)
    return Invited(account, "" if by_mail else link)


def write_invited(
    session: Session, setup: Setup, *, email: str, name: str, roles: Iterable[str], member_id: str | None,
    password_hash: str, now: datetime,
) -> tuple[Account, str]:  # fmt: skip
    """A new account and its link, inside the running transaction; an empty address or name is the member's."""
    _refuse_taken_member(session, member_id, None)
    member = _find_member(session, member_id)
    email, name = (email, name) if member is None else (email.strip() or member.email, name.strip() or member.name)
    account = write_account(session, email=read_email(email), name=read_name(name), password_hash=password_hash,
                            roles=roles, member_id=member_id, now=now)  # fmt: skip
    return account, issue_link(session, setup, account, now=now)


def change_account(
    session: Session, *, account_id: str, name: str, roles: Iterable[str], member_id: str | None = None, by: Actor,
    now: datetime,
) -> Account:  # fmt: skip
    """Change name, roles and the member whose log-in this is. Raises Conflict `last-administrator`, `member-taken`."""
    require(by, Permission.ACCOUNT_EDIT)
    wanted = read_roles(roles)
    with transaction(session):
        account = find_account_row(session, account_id)
        if Role.ADMINISTRATOR not in wanted and account.active:
            refuse_last_administrator(session, account)
        _refuse_taken_member(session, member_id, account.id)
        account.name = read_name(name)
        account.member = _find_member(session, member_id)
        have = {held.role: held for held in account.roles}
        account.roles = [have.get(role) or AccountRole(role=role) for role in wanted]
        session.flush()
        record(session, by=by, now=now, action="account:changed", subject=("account", account_id), roles=wanted)
    return account


def renew_link(session: Session, setup: Setup, *, account_id: str, by_mail: bool, by: Actor, now: datetime) -> Invited:
    """A new one-time link for an account, which is opened if it was closed; password, sessions and tokens end.

    Raises Conflict `last-administrator`: she would be out until the link has reached her.
    """
    require(by, Permission.ACCOUNT_EDIT)
    with transaction(session):
        account = find_account_row(session, account_id)
        refuse_last_administrator(session, account)
        account.active = True
        link = issue_link(session, setup, account, now=now)
        if by_mail:
            post_link(session, setup, account, link, now=now)
        detail = {"by_mail": by_mail}
        record(session, by=by, now=now, action="account:link", subject=("account", account_id), **detail)
    return Invited(account, "" if by_mail else link)


def shut_account(session: Session, *, account_id: str, by: Actor, now: datetime) -> None:
    """Close an account: sessions, tokens, links end; nothing is deleted. Raises Conflict `last-administrator`."""
    require(by, Permission.ACCOUNT_EDIT)
    with transaction(session):
        account = find_account_row(session, account_id)
        refuse_last_administrator(session, account)
        account.active, account.session_key = False, secrets.token_hex(16)
        for token in account.tokens:
            token.revoked_at = token.revoked_at or now
        record(session, by=by, now=now, action="account:closed", subject=("account", account_id))


def find_account_row(session: Session, account_id: str) -> Account:
    """The account with this public id."""
    account = session.scalar(select(Account).where(Account.public_id == account_id))
    if account is None:
        raise NotFound("there is no such account", code="unknown-account")
    return account


def _find_member(session: Session, member_id: str | None) -> Member | None:
    if not member_id:
        return None
    member = session.scalar(select(Member).where(Member.public_id == member_id))
    if member is None:
        raise BadInput("there is no such member", code="unknown-member", field="member_id")
    return member


def _refuse_taken_member(session: Session, member_id: str | None, account_id: int | None) -> None:
    member = _find_member(session, member_id)
    if member is None:
        return
    other = session.scalar(select(Account).where(Account.member_id == member.id))
    if other is not None and other.id != account_id:
        raise Conflict(
            f"this member has a log-in already ({other.email}); open that one again instead", code="member-taken",
            field="member_id",
        )  # fmt: skip

"""Log-ins: made, changed and closed by administrators; one's own language, zone and password."""

from __future__ import annotations

from typing import Any

from tumorboard.services import account_edits, own_account
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, database, limit_log_in, setup, utc_now
from tumorboard.web.schemas.accounts import (
    AccountEditAsk,
    AccountListAnswer,
    AccountRowAnswer,
    InvitedAnswer,
    InvitedListAnswer,
    LinkAsk,
    NewAccountAsk,
    NewAccountsAsk,
    OwnAccountAnswer,
    OwnAccountAsk,
    OwnPasswordAsk,
    present_account_row,
    present_own_account,
)

door = Door("accounts", description="Log-ins: those of others for administrators, and one's own")


def _who() -> dict[str, Any]:
    return {"by": current_actor(), "now": utc_now()}


def _present(invited: account_edits.Invited) -> dict[str, Any]:
    return {"account": present_account_row(invited.account), "link": invited.link or None}


@door.get("/centre/accounts")
@door.response(200, AccountListAnswer)
def list_accounts() -> dict[str, Any]:
    """List every log-in"""
    items = [present_account_row(row) for row in account_edits.list_accounts(database(), by=current_actor())]
    return {"items": items, "total": len(items)}


@door.post("/centre/accounts")
@door.arguments(NewAccountAsk)
@door.response(201, InvitedAnswer)
def invite_account(asked: dict[str, Any]) -> dict[str, Any]:
    """Make a log-in with a one-time link for its password"""
    return _present(account_edits.invite_account(database(), setup(), **asked, **_who()))


@door.post("/centre/accounts/several")
@door.arguments(NewAccountsAsk)
@door.response(201, InvitedListAnswer)
def invite_members(asked: dict[str, Any]) -> dict[str, Any]:
    """Make log-ins for several members at once, each with its one-time link; all of them or none"""
    items = [_present(each) for each in account_edits.invite_members(database(), setup(), **asked, **_who())]
    return {"items": items, "total": len(items)}


@door.put("/centre/accounts/<public_id:account_id>")
@door.arguments(AccountEditAsk)
@door.response(200, AccountRowAnswer)
def change_account(asked: dict[str, Any], account_id: str) -> dict[str, Any]:
    """Change name, roles and whose log-in it is"""
    return present_account_row(account_edits.change_account(database(), account_id=account_id, **asked, **_who()))


@door.post("/centre/accounts/<public_id:account_id>/link")
@door.arguments(LinkAsk)
@door.response(200, InvitedAnswer)
def renew_link(asked: dict[str, Any], account_id: str) -> dict[str, Any]:
    """Make a new one-time link

    Opens a closed log-in; the old password, sessions and earlier links end.
    """
    return _present(account_edits.renew_link(database(), setup(), account_id=account_id, **asked, **_who()))


@door.post("/centre/accounts/<public_id:account_id>/close")
@door.response(204)
def shut_account(account_id: str) -> None:
    """Close a log-in"""
    account_edits.shut_account(database(), account_id=account_id, **_who())


@door.get("/account")
@door.response(200, OwnAccountAnswer)
def read_own_account() -> dict[str, Any]:
    """Read my log-in"""
    return present_own_account(own_account.read_own_account(database(), by=current_actor()))


@door.put("/account")
@door.arguments(OwnAccountAsk)
@door.response(200, OwnAccountAnswer)
def change_own_account(asked: dict[str, Any]) -> dict[str, Any]:
    """Change language and zone of my pages"""
    own_account.change_own_account(database(), **asked, **_who())
    return present_own_account(own_account.read_own_account(database(), by=current_actor()))


@door.post("/account/password")
@limit_log_in
@door.arguments(OwnPasswordAsk)
@door.response(204)
def change_own_password(asked: dict[str, Any]) -> None:
    """Change my password

    Every session ends, this one too. Ten tries a minute from one address, with those of the log-in.
    """
    own_account.change_own_password(database(), **asked, **_who())

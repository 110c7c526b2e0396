"""`flask members remove`, `accounts close` and `accounts password`: somebody leaves the centre, or comes back."""

from __future__ import annotations

from sqlalchemy import select

from tests.builders import SURGEON
from tests.cli.conftest import Terminal
from tumorboard.store.db import db
from tumorboard.store.people import Account, Member

COORDINATOR = "coordinator@hospital.example"
ADMINISTRATOR = "administrator@hospital.example"


def test_a_member_who_leaves_is_listed_no_more_and_her_log_in_is_closed(terminal: Terminal) -> None:
    said = terminal.text("members", "remove", SURGEON)

    accounts = {row["email"]: row["active"] for row in terminal.json("accounts", "list")}
    assert said == f"removed: {SURGEON}\n"
    assert SURGEON not in {row["email"] for row in terminal.json("members", "list")}
    assert accounts["surgeon@hospital.example"] is False


def test_an_account_is_closed_and_opened_again_with_a_new_password(terminal: Terminal) -> None:
    terminal.text("accounts", "close", COORDINATOR)
    closed = {row["email"]: row["active"] for row in terminal.json("accounts", "list")}[COORDINATOR]

    terminal.text("accounts", "password", COORDINATOR, "--password-stdin", typed="another long password\n")

    opened = {row["email"]: row["active"] for row in terminal.json("accounts", "list")}[COORDINATOR]
    assert (closed, opened) == (False, True)


def test_the_last_administrator_stays(terminal: Terminal) -> None:
    line = terminal.refusal("accounts", "close", "administrator@hospital.example")

    assert line == "last-administrator: this is the last administrator; make another one first"


def test_an_unknown_account_is_named(terminal: Terminal) -> None:
    line = terminal.refusal("accounts", "close", "nobody@hospital.example")

    assert line == "unknown-account: there is no account for nobody@hospital.example"


def test_the_last_administrator_stays_a_member(terminal: Terminal) -> None:
    with terminal.app.app_context():
        session = db.session()
        member = session.scalars(
            select(Member)
            .where(Member.email != SURGEON)
            .where(~Member.id.in_(select(Account.member_id).where(Account.member_id.is_not(None))))
        ).first()
        session.scalars(select(Account).where(Account.email == ADMINISTRATOR)).one().member = member
        session.commit()
        assert member is not None
        name = member.email

    line = terminal.refusal("members", "remove", name)

    assert line == "last-administrator: this is the last administrator; make another one first"

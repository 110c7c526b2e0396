"""`flask accounts …`: log-ins and API tokens."""

from __future__ import annotations

import sys
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from tumorboard.cli.people import find_member
from tumorboard.domain.errors import BadInput
from tumorboard.services.access import Role
from tumorboard.services.accounts import close_account, create_account, create_token, set_password
from tumorboard.store.people import Account
from tumorboard.terminal import Group, current_operator, json_option, now, open_database, print_json, print_table


@click.group(cls=Group)
def accounts() -> None:
    """Log-ins and API tokens."""


@accounts.command("create")
@click.argument("email")
@click.option("--name", required=True, help="As it stands in the audit trail.")
@click.option("--role", "roles", multiple=True, required=True, help=f"{', '.join(Role)}; may be given again.")
@click.option("--member", help="The member whose log-in this is: e-mail address or id.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@json_option
def create(
    email: str, name: str, roles: tuple[str, ...], member: str | None, password_stdin: bool, as_json: bool
) -> None:
    """Add a log-in; asks for the password."""
    session = open_database()
    member_id = find_member(session, member).public_id if member else None
    row = create_account(
        session, email=email, name=name, password=_read_password(password_stdin), roles=roles, member_id=member_id,
        by=current_operator(), now=now(),
    )  # fmt: skip
    if as_json:
        print_json({"account": row.public_id, "email": row.email, "roles": sorted(held.role for held in row.roles)})
    else:
        click.echo(f"created: {row.email}")


def _read_password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise BadInput("there is no terminal to ask for the password; use --password-stdin", code="no-terminal")
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return answer


@accounts.command("close")
@click.argument("email")
def close(email: str) -> None:
    """Close an account: its sessions, tokens and calendar links end at once."""
    close_account(open_database(), email=email, by=current_operator(), now=now())
    click.echo(f"closed: {email}")


@accounts.command("password")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def password(email: str, password_stdin: bool) -> None:
    """Give an account a new password; opens a closed one again."""
    session = open_database()
    set_password(session, email=email, password=_read_password(password_stdin), by=current_operator(), now=now())
    click.echo(f"set: {email}")


@accounts.command("token")
@click.argument("email")
@click.option("--label", required=True, help="What the token is for.")
@json_option
def token(email: str, label: str, as_json: bool) -> None:
    """Make an API token for an account. It is shown once, and ends after a year."""
    secret = create_token(open_database(), email=email, label=label, by=current_operator(), now=now())
    if as_json:
        print_json({"token": secret})
    else:
        click.echo(secret)


@accounts.command("list")
@json_option
def show(as_json: bool) -> None:
    """Every account with its roles."""
    query = select(Account).order_by(Account.email).options(selectinload(Account.roles), selectinload(Account.member))
    found: list[dict[str, Any]] = [
        {
            "account": row.public_id,
            "email": row.email,
            "name": row.name,
            "roles": [held.role for held in row.roles],
            "member": row.member.public_id if row.member else None,
            "active": row.active,
        }
        for row in open_database().scalars(query)
    ]
    if as_json:
        print_json(found)
        return
    rows = [(row["email"], row["name"], ", ".join(row["roles"]), "yes" if row["active"] else "no") for row in found]
    print_table(("email", "name", "roles", "active"), rows, empty="no account; see 'accounts create'")

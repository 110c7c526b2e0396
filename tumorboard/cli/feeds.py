"""`flask feeds …`: secret calendar addresses."""

from __future__ import annotations

import click

from tumorboard.cli.people import find_member
from tumorboard.services.feeds import OF_MEMBERS, SCOPES, Detail, revoke_feed, rotate_feed
from tumorboard.terminal import Group, current_operator, json_option, now, open_database, print_json, setup

scope_option = click.option("--scope", type=click.Choice(SCOPES), required=True)
subject_option = click.option("--subject", required=True, help="Member: e-mail address or id; else the key.")


@click.group(cls=Group)
def feeds() -> None:
    """Calendar feeds of members, boards and departments."""


@feeds.command("rotate")
@scope_option
@subject_option
@click.option(
    "--detail",
    type=click.Choice([level.value for level in Detail]),
    help="How much it shows; without it, as much as there is.",
)
@json_option
def rotate(scope: str, subject: str, detail: str | None, as_json: bool) -> None:
    """Make a new address, shown once; addresses made here before for the same feed end at once."""
    session = open_database()
    if scope in OF_MEMBERS:
        subject = find_member(session, subject).public_id
    token = rotate_feed(session, setup(), scope=scope, subject=subject, detail=detail, by=current_operator(), now=now())
    url = f"{setup().base_url}/feeds/{token}.ics"
    if as_json:
        print_json({"url": url, "webcal": f"webcal://{url.partition('://')[2]}"})
    else:
        click.echo(url)


@feeds.command("revoke")
@scope_option
@subject_option
def revoke(scope: str, subject: str) -> None:
    """End the addresses that were made here."""
    session = open_database()
    if scope in OF_MEMBERS:
        subject = find_member(session, subject).public_id
    count = revoke_feed(session, scope=scope, subject=subject, by=current_operator(), now=now())
    click.echo(f"revoked: {count}")

"""`flask check`: is everything in the database as it must be?"""

from __future__ import annotations

from dataclasses import asdict

import click
from flask.cli import with_appcontext

from tumorboard.cli.findings import check_meetings
from tumorboard.services.checks import check_database
from tumorboard.terminal import Group, Refused, json_option, now, open_database, print_json, setup


@click.group(cls=Group, invoke_without_command=True)
@json_option
@click.pass_context
@with_appcontext
def check(context: click.Context, as_json: bool) -> None:
    """Look for contradictions in the whole database; reads only. Exit code 2 when there is one."""
    if context.invoked_subcommand:
        return
    found = check_database(open_database(), setup(), now=now())
    if as_json:
        print_json([asdict(violation) for violation in found])
    else:
        for violation in found:
            click.echo(f"{violation.code}: {violation.subject}: {violation.message}")
    if found:
        raise Refused(f"violated: {len(found)} contradictions in the database; the first is {found[0].code}")
    if not as_json:
        click.echo("the database is in order")


check.add_command(check_meetings)

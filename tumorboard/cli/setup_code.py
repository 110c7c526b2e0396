"""`flask setup-code`: the code with which a fresh installation is begun in the browser."""

from __future__ import annotations

import click

from tumorboard.domain.errors import Conflict
from tumorboard.services.first_start import is_fresh, make_setup_code
from tumorboard.terminal import command, json_option, now, open_database, print_json, setup


@command("setup-code")
@json_option
def setup_code(as_json: bool) -> None:
    """Print the code for the first start in the browser. It works for half a day, until there is a log-in."""
    if not is_fresh(open_database()):
        raise Conflict("there is a log-in already; see 'accounts create'", code="setup-over")
    code = make_setup_code(setup(), now=now())
    if as_json:
        print_json({"code": code, "address": f"{setup().base_url}/setup"})
    else:
        click.echo(f"{code}\nOpen {setup().base_url}/setup and type it in.")

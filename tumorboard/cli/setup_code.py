"""`flask setup-code`: the code with which a fresh installation is begun in the browser."""

from __future__ import annotations

from urllib.parse import urlsplit

import click

from tumorboard.domain.errors import Conflict
from tumorboard.services.first_start import is_fresh, make_setup_code
from tumorboard.terminal import command, json_option, now, open_database, print_json, setup

LOCAL = ("127.0.0.1", "localhost", "::1")


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
        click.echo(f"{code}\n{_say_where(setup().base_url)}")


def _say_where(base_url: str) -> str:
    """Where to type it in. An address of this machine is the default, and its port may be another than the server's."""
    if urlsplit(base_url).hostname not in LOCAL:
        return f"Open {base_url}/setup and type it in."
    return (
        f"Open {base_url}/setup and type it in. If the web server listens elsewhere (gunicorn as in the README: port "
        "8000), take its address; TUMORBOARD_BASE_URL is to name the one that people use."
    )

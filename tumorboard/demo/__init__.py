"""DOOR: a fictional centre to look at, with dates around today, written through the services like a real one."""

from __future__ import annotations

import socket
import sys
from dataclasses import replace
from pathlib import Path

import click
import segno
from flask import current_app

from tumorboard.demo.fill import empty_database, fill_database, is_filled, keep_feed, refuse_real_data
from tumorboard.demo.material import read_material
from tumorboard.domain.errors import Conflict
from tumorboard.services.setup import Setup
from tumorboard.store.db import db
from tumorboard.terminal import command, now, open_database, setup

HOST = "127.0.0.1"
USUAL_PORT = 5000


@command("demo")
@click.option("--port", type=click.IntRange(1, 65535), default=USUAL_PORT, show_default=True)
@click.option("--no-serve", is_flag=True, help="Make the centre and print how to log in, then stop.")
@click.option("--reset", is_flag=True, help="Throw the demo's data away and make it anew, with dates around today.")
def demo(port: int, no_serve: bool, reset: bool) -> None:
    """Show a fictional centre on this machine. Never touches a database that is not a demo one."""
    if not no_serve:
        _refuse_taken_port(port)
    here = _settle_address(port)
    session = open_database(may_upgrade=True)
    refuse_real_data(session)
    if reset or not is_filled(session):
        click.echo("making the fictional centre, its cases and its first boards …", err=True)
        empty_database(session)
        fill_database(session, here, now=now())
    name, token = keep_feed(session, here, _feed_file(), now=now())
    session.close()
    _print_welcome(here, name, token)
    if not no_serve:
        _serve(port)


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            message = f"port {port} cannot be used ({error.strerror}); choose another one with --port"
            raise Conflict(message, code="port-taken") from None


def _settle_address(port: int) -> Setup:
    """Links lead to the port the demo answers on, unless somebody has set another address."""
    usual = f"http://{HOST}:{USUAL_PORT}"
    here = setup()
    if here.base_url == usual:
        here = replace(here, base_url=f"http://{HOST}:{port}")
        current_app.extensions["tumorboard"] = here
    return here


def _feed_file() -> Path:
    url = db.engine.url
    if url.drivername.startswith("sqlite"):
        return Path(f"{url.database}.demo-feed")
    return Path(current_app.instance_path) / "demo-feed"


def _print_welcome(here: Setup, name: str, token: str) -> None:
    feed = f"{here.base_url}/feeds/{token}.ics"
    click.echo(f"\nOpen {here.base_url} and log in as one of these:\n")
    for account in read_material("diary.toml")["accounts"]:
        roles = ", ".join(account["roles"])
        click.echo(f"  {roles:<14} {account['email']:<32} {account['password']}")
    click.echo(f"\nCalendar feed of {name}: {feed}\n")
    segno.make(f"webcal://{feed.partition('://')[2]}", error="l").terminal(out=sys.stdout, compact=True, border=2)
    click.echo("No letter leaves by itself: see the outbox, or run 'flask --app wsgi jobs once deliver-post'.")


def _serve(port: int) -> None:
    from waitress import serve  # noqa: PLC0415 - only where something is served

    click.echo("Stop with Ctrl+C.")
    serve(current_app._get_current_object(), host=HOST, port=port, threads=8, ident="")  # type: ignore[attr-defined]


COMMANDS: tuple[click.Command, ...] = (demo,)

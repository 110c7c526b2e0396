"""`flask centre …`: departments, members, rooms and boards from a file."""

from __future__ import annotations

from pathlib import PurePath

import click

from tumorboard.domain.errors import BadInput
from tumorboard.services.centre import load_centre, read_centre
from tumorboard.terminal import Group, current_operator, now, open_database, read_file, setup


@click.group(cls=Group)
def centre() -> None:
    """The centre: departments, members, rooms, boards, closed days."""


@centre.command("load")
@click.argument("file")
def load(file: str) -> None:
    """Load a centre file (TOML); '-' reads standard input. Loading it again changes what differs, deletes nothing."""
    name = PurePath(file).name
    try:
        text = read_file(file).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{name} is not UTF-8; save it as UTF-8", code="bad-centre") from None
    content = read_centre(text, filename=name)
    load_centre(open_database(), setup(), content, filename=name, by=current_operator(), now=now())
    counts = ", ".join(f"{len(content.get(part, ()))} {part}" for part in ("departments", "members", "rooms", "boards"))
    click.echo(f"loaded: {counts}")

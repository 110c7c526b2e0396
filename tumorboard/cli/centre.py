"""`flask centre …`: departments, members, rooms and boards from a file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import PurePath

import click

from tumorboard.domain.errors import BadInput
from tumorboard.services.centre import load_centre, read_centre
from tumorboard.services.centre_settings import change_centre_settings, read_centre_settings
from tumorboard.terminal import (
    Group,
    current_operator,
    json_option,
    now,
    open_database,
    print_json,
    print_table,
    read_file,
    setup,
)


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


@centre.command("settings")
@click.option("--set", "changes", multiple=True, metavar="NAME=VALUE", help="As in reference_pattern=C-####.")
@click.option("--reset", "resets", multiple=True, metavar="NAME", help="Put the default back.")
@json_option
def show_settings(changes: tuple[str, ...], resets: tuple[str, ...], as_json: bool) -> None:
    """Show what counts for the whole centre, or change it.

    reference_pattern: what new case references look like; # is a digit, @ a letter, ? either, | between two patterns.
    """
    session, by = open_database(), current_operator()
    wanted = {**dict.fromkeys(resets, ""), **dict(_read_change(change) for change in changes)}
    changed = change_centre_settings(session, values=wanted, by=by, now=now()) if wanted else ()
    values = asdict(read_centre_settings(session, by=by))
    if as_json:
        print_json({"changed": list(changed), "settings": values})
        return
    print_table(("setting", "value"), [(name, value or "(anything)") for name, value in values.items()], empty="")


def _read_change(change: str) -> tuple[str, str]:
    name, equals, value = change.partition("=")
    if not equals:
        raise BadInput(f"'{change}' is not NAME=VALUE, as in reference_pattern=C-####", code="bad-centre-setting")
    return name.strip(), value

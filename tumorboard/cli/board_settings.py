"""`flask boards settings`: the weights and habits of a board."""

from __future__ import annotations

import click

from tumorboard.domain.errors import BadInput
from tumorboard.services.board_settings import CHOICES, Value, change_settings, read_board_settings
from tumorboard.terminal import command, current_operator, json_option, now, open_database, print_json, print_table
from tumorboard.words import Words
from tumorboard.words.settings import explain_setting


@command("settings")
@click.argument("board")
@click.option("--set", "changes", multiple=True, metavar="NAME=VALUE", help="Change one, as in weights.late_day=40.")
@click.option("--reset", "resets", multiple=True, metavar="NAME", help="Put the default of one back; 'all' of all.")
@json_option
def show_settings(board: str, changes: tuple[str, ...], resets: tuple[str, ...], as_json: bool) -> None:
    """Show what a board's planner weighs, or change it. Nothing published changes; the next proposal reads it."""
    session, by = open_database(), current_operator()
    _, settings = read_board_settings(session, board=board, by=by)
    wanted: dict[str, Value | None] = {}
    for name in resets:
        wanted |= dict.fromkeys([setting.name for setting in settings] if name == "all" else [name])
    wanted |= dict(_read(change) for change in changes)
    changed = change_settings(session, board=board, values=wanted, by=by, now=now()) if wanted else ()
    _, settings = read_board_settings(session, board=board, by=by)
    if as_json:
        values = {one.name: {"value": one.value, "default": one.default} for one in settings}
        print_json({"board": board, "changed": list(changed), "settings": values})
        return
    rows = [
        (one.name, one.value, "" if one.is_default else one.default, explain_setting(one.name, Words("en")))
        for one in settings
    ]
    print_table(("setting", "value", "default", "meaning"), rows, empty="")


def _read(change: str) -> tuple[str, Value]:
    name, equals, value = change.partition("=")
    if equals and name.strip() in CHOICES:
        return name.strip(), {"true": True, "false": False}.get(value.strip(), value.strip())
    if not equals or not value.strip().isdecimal() or len(value.strip()) > 9:
        raise BadInput(f"'{change}' is not NAME=NUMBER, as in weights.late_day=40", code="bad-setting")
    return name.strip(), int(value)

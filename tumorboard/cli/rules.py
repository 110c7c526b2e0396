"""`flask rules`: every rule of every programme, with its reason and source."""

from __future__ import annotations

from dataclasses import asdict

import click

from tumorboard.formats.rules import markdown_rules, rules_table
from tumorboard.terminal import command, json_option, print_json, print_table, setup

COLUMNS = ("program", "id", "kind", "when", "required", "recommended", "effect", "because", "source")


@command("rules")
@click.option("--program", help="The rules of this programme only.")
@click.option("--markdown", is_flag=True, help="Print what docs/rules.md holds.")
@json_option
def rules(program: str | None, markdown: bool, as_json: bool) -> None:
    """Which specialties a case needs, by which rule and source."""
    chosen = {program: setup().program(program)} if program else setup().programs
    if markdown:
        click.echo(markdown_rules(chosen), nl=False)
        return
    rows = [{"program": name, **asdict(row)} for name in sorted(chosen) for row in rules_table(chosen[name])]
    if as_json:
        print_json(rows)
        return
    print_table(COLUMNS, [[_in_words(row[name]) for name in COLUMNS] for row in rows], empty="no rule")


def _in_words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)

"""`flask agenda order`: the best order of the cases in a file. Needs no database."""

from __future__ import annotations

import time

import click

from tumorboard.domain.agenda import order_cases
from tumorboard.domain.agenda_instance import HELD_TIME_ONLY, AgendaInstance, merge_windows
from tumorboard.domain.agenda_model import AgendaOrder
from tumorboard.formats.agenda_instances import read_agenda_instance, write_agenda_order
from tumorboard.terminal import FiniteRange, Group, heed_stop, json_option, note, print_json, print_table, read_file

__all__ = ["COMMANDS"]

START_SECONDS = 0.8
"""Kept back of the time allowed for the start of the program and for printing; a third of it when that is less."""


@click.group("agenda", cls=Group)
def agenda() -> None:
    """The order of the cases of a meeting."""


@agenda.command("order")
@click.argument("file")
@click.option(
    "--seconds", type=FiniteRange(0.1, 3600), default=10.0, show_default=True, help="Stop searching after so long."
)
@json_option
def order(file: str, seconds: float, as_json: bool) -> None:
    """Order the cases of FILE (`-` for standard input) so that nobody called in is held longer than needed.

    Ctrl+C gives the best order so far.
    """
    started = time.monotonic()
    allowed = max(seconds - START_SECONDS, seconds / 3)
    instance = read_agenda_instance(read_file(file), name="standard input" if file == "-" else file)

    with heed_stop() as stopped:

        def left() -> float:
            return 0.0 if stopped.is_set() else 1 - (time.monotonic() - started) / allowed

        found = order_cases(
            instance.items,
            weights=instance.costs,
            free={specialty: merge_windows(windows) for specialty, windows in instance.present.items()},
            fixed=instance.fixed_start,
            breaks=[instance.pause] if instance.pause else [],
            terms=HELD_TIME_ONLY,
            left=left,
        )
    answer = write_agenda_order(instance, found, seconds=time.monotonic() - started)
    for broken in answer["violations"]:
        note(
            f"{broken['specialty']} is held from minute {broken['window'][0]} to {broken['window'][1]}, "
            f"{broken['minutes_outside']} minutes of it outside its windows"
        )
    if as_json:
        print_json(answer)
        return
    _print_order(instance, found, waiting=answer["waiting"])


def _print_order(instance: AgendaInstance, found: AgendaOrder, *, waiting: int) -> None:
    cases = {case.id: case for case in instance.cases}
    rows = [
        [found.starts[reference], reference, cases[reference].duration, ", ".join(cases[reference].requires)]
        for reference in found.references
    ]
    print_table(("minute", "case", "minutes", "needs"), rows, empty="no case")
    proof = "proven best" if found.proven else f"not proven; no order is below {found.lower_bound}"
    click.echo(f"held {found.held}, of it waiting {waiting}; {proof}")


COMMANDS: tuple[click.Command, ...] = (agenda,)

"""`flask plan solve` and `flask plan check`: board-planning files, without a database. Loads nothing that needs one."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import click

from tumorboard.domain.planning_engine import Progress, solve_core
from tumorboard.domain.planning_instance import BoardAnswer, BoardInstance
from tumorboard.domain.planning_instance_check import check_answer
from tumorboard.domain.planning_instance_core import compile_instance, read_plan
from tumorboard.domain.planning_instance_reasons import explain_left_out
from tumorboard.domain.planning_solver_proof import THREAD_NAME
from tumorboard.formats.board_instances import read_board_answer, read_board_instance, write_board_answer
from tumorboard.formats.checked_json import LARGEST_BYTES
from tumorboard.terminal import Command, FiniteRange, heed_stop, json_option, print_json, read_content

_MOST_SECONDS = 3600.0
_MOST_WORK = 10_000.0
_CLOSING_SECONDS = 0.15
_CLOSING_SECONDS_PER_PLACE = 4e-5
"""Kept back for reading the plan and printing it, so that an answer comes within the time asked for."""


@click.command("solve", cls=Command)
@click.argument("file")
@click.option(
    "--seconds", type=FiniteRange(0.1, _MOST_SECONDS), default=10.0, show_default=True,
    help="How long at most, from the start of the command.",
)  # fmt: skip
@click.option(
    "--work", type=FiniteRange(0.01, _MOST_WORK),
    help="Solver work instead of seconds: equal input then gives equal output.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True, help="Of the search.")
@click.option("--progress", is_flag=True, help="Say on standard error how far it is; a terminal is told anyway.")
@json_option
def solve(file: str, seconds: float, work: float | None, seed: int, progress: bool, as_json: bool) -> None:
    """Plan the cases of a board-planning FILE ('-' for standard input). Ctrl+C gives the best plan so far."""
    began = time.monotonic()
    instance = _read_instance(file)
    with heed_stop() as stopped, _hush_solvers():
        compiled = compile_instance(instance)
        places = sum(len(case.places) for case in compiled.core.cases)
        closing = _CLOSING_SECONDS + _CLOSING_SECONDS_PER_PLACE * places
        left = max(0.05, seconds - (time.monotonic() - began) - closing)
        plan = solve_core(
            compiled.core, seconds=left, work=work, seed=seed, is_cancelled=stopped.is_set,
            on_progress=_say_progress if progress or sys.stderr.isatty() else None,
        )  # fmt: skip
    answer = replace(
        read_plan(compiled, plan), unscheduled=explain_left_out(compiled, plan), seconds=time.monotonic() - began
    )
    if as_json:
        print_json(write_board_answer(answer))
    else:
        _print_answer(instance, answer)
    _end_with_proof()


@click.command("check", cls=Command)
@click.argument("file")
@click.argument("solution")
@json_option
@click.pass_context
def check(ctx: click.Context, file: str, solution: str, as_json: bool) -> None:
    """Say which rules a SOLUTION of a board-planning FILE breaks, and its cost. Exit code 1 when it breaks any."""
    instance = _read_instance(file)
    compile_instance(instance)
    answer = read_board_answer(read_content(solution, most_bytes=LARGEST_BYTES), solution)
    report = check_answer(instance, answer)
    if as_json:
        print_json(
            {
                "valid": not report.violations,
                "cost": report.cost,
                "violations": [
                    {"rule": found.rule.value, "ids": list(found.ids), "message": found.message}
                    for found in report.violations
                ],
            }
        )
    else:
        for found in report.violations:
            click.echo(f"{found.rule}: {found.message}")
        rules = "1 rule" if len(report.violations) == 1 else f"{len(report.violations)} rules"
        click.echo(f"cost {report.cost}; {rules} broken")
    if report.violations:
        ctx.exit(1)


COMMANDS: tuple[click.Command, ...] = (solve, check)


def _read_instance(file: str) -> BoardInstance:
    return read_board_instance(read_content(file, most_bytes=LARGEST_BYTES), file)


@contextmanager
def _hush_solvers() -> Iterator[None]:
    """Nothing that a solver's own code prints reaches standard output, where the answer goes."""
    sys.stdout.flush()
    libc = ctypes.CDLL(None)
    kept = os.dup(1)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        yield
    finally:
        libc.fflush(None)
        os.dup2(kept, 1)
        os.close(kept)


def _say_progress(progress: Progress) -> None:
    proven = "" if progress.bound is None else f", none is cheaper than {progress.bound}"
    click.echo(f"{progress.seconds:6.2f} s  {progress.stage}: cost {progress.cost}{proven}", err=True)


def _print_answer(instance: BoardInstance, answer: BoardAnswer) -> None:
    used = set(answer.assign.values())
    click.echo(f"cost {answer.cost} after {answer.seconds:.1f} s, {_say_gap(answer)}")
    click.echo(
        f"{len(answer.assign)} of {len(instance.cases)} cases on {len(used)} of {len(instance.meetings)} meetings"
    )
    for case, reasons in (answer.unscheduled or {}).items():
        click.echo(f"left out: {case} ({', '.join(reasons)})")


def _say_gap(answer: BoardAnswer) -> str:
    if answer.gap is None:
        return "nothing proven"
    return "proven optimal" if answer.gap == 0 else f"none is cheaper than {answer.bound} (gap {answer.gap:.1%})"


def _end_with_proof() -> None:
    """Ends the process when a solver that cannot be stopped at once still runs; Python would end under its feet."""
    if any(thread.name == THREAD_NAME and thread.is_alive() for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)

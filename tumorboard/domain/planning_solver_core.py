"""A linear model of a core solved with OR-Tools' CP-SAT, whole or in parts."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tumorboard.domain.planning_core import Core
from tumorboard.domain.planning_core_model import LinearModel, RowKind, build_model
from tumorboard.domain.planning_core_pool import Pool
from tumorboard.domain.planning_core_sketch import Sketch, redraw

_ROUNDING = 1e-4
_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Effort:
    """What a solver may spend: seconds of the clock, or deterministic work; None is no limit."""

    seconds: float | None = None
    work: float | None = None
    seed: int = 1
    workers: int = 1


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """What came of a part: the sketch with it, the model's cost and bound, whether that is proven, the work done."""

    sketch: Sketch
    cost: int
    bound: int
    is_proven: bool
    work: float


def load_cp_sat() -> Any:
    """The CP-SAT module. The first call of a process takes a second or two. Raises ImportError without OR-Tools."""
    from ortools.sat.python import cp_model  # noqa: PLC0415 - heavy, and greedy plans need none of it

    return cp_model


def solve_part(
    core: Core, pool: Pool, sketch: Sketch, *, effort: Effort, cases: Collection[int] | None = None,
    meetings: Collection[int] | None = None, barred: Collection[tuple[int, int]] = frozenset(),
    is_over: Callable[[], bool] | None = None,
) -> PartAnswer | None:  # fmt: skip
    """The best plan found with the given cases and meetings free, all by default; None when none was found in time.

    `barred` places, as (case, meeting), are not newly taken; bound and proof then hold only without them. Once
    `is_over` says so, the best plan found until then is the answer.
    """
    cp_model = load_cp_sat()
    free = range(len(core.cases)) if cases is None else cases
    here = range(len(core.meetings)) if meetings is None else meetings
    model = build_model(core, pool, sketch, free, here, barred)
    written, variables = _write(cp_model, model)
    _add_hint(written, model, variables, core, pool, sketch)
    solver = cp_model.CpSolver()
    _set_parameters(solver.parameters, effort)
    with _stopping(solver, is_over):
        status = solver.solve(written)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    drawn = redraw(
        core, pool, sketch, cases=free, meetings=here,
        takes=[pair for pair, index in model.takes.items() if solver.boolean_value(variables[index])],
        attends=[pair for pair, index in model.attends.items() if solver.boolean_value(variables[index])],
    )  # fmt: skip
    work = float(solver.response_proto.deterministic_time)
    bound = math.ceil(solver.best_objective_bound - _ROUNDING)
    return PartAnswer(drawn, round(solver.objective_value), bound, status == cp_model.OPTIMAL, work)


@contextmanager
def _stopping(solver: Any, is_over: Callable[[], bool] | None) -> Iterator[None]:
    """End the search within the block as soon as nobody waits for it; the solver itself asks nobody."""
    if is_over is None:
        yield
        return
    is_done = threading.Event()

    def watch() -> None:
        while not is_done.wait(_LOOK_SECONDS):
            if is_over():
                solver.stop_search()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_done.set()
        watcher.join()


def _set_parameters(parameters: Any, effort: Effort) -> None:
    parameters.num_workers = effort.workers
    parameters.random_seed = effort.seed
    parameters.linearization_level = 2
    # The caller decides what Ctrl+C means; the solver would take the signal for itself.
    parameters.catch_sigint_signal = False
    if effort.work is not None:
        parameters.max_deterministic_time = effort.work
    if effort.seconds is not None:
        parameters.max_time_in_seconds = max(0.01, effort.seconds)


def _write(cp_model: Any, model: LinearModel) -> tuple[Any, list[Any]]:
    written = cp_model.CpModel()
    variables = [written.new_bool_var("") for _ in model.costs]
    for row in model.rows:
        mine = [variables[index] for index in row.variables]
        if row.kind is RowKind.AT_MOST_ONE:
            written.add_at_most_one(mine)
        elif row.kind is RowKind.IMPLIES:
            written.add_bool_or([mine[0].negated(), *mine[1:]])
        elif row.kind is RowKind.AT_LEAST_ONE:
            written.add_bool_or(mine)
        else:
            written.add(cp_model.LinearExpr.weighted_sum(mine, row.factors) <= row.limit)
    written.minimize(cp_model.LinearExpr.weighted_sum(variables, model.costs) + model.constant)
    return written, variables


def _add_hint(written: Any, model: LinearModel, variables: list[Any], core: Core, pool: Pool, sketch: Sketch) -> None:
    attends = {(person, core.demands[index].meeting) for index, person in sketch.covers.items()}
    for (case, meeting), index in model.takes.items():
        written.add_hint(variables[index], sketch.places.get(case) == meeting)
    for pair, index in model.attends.items():
        written.add_hint(variables[index], pair in attends)
    for (demand, person), index in model.answers.items():
        written.add_hint(variables[index], sketch.covers.get(demand) == person)

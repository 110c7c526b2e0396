"""Plans a core, anytime: greedy at once, then search and proof with OR-Tools until time, work or patience ends.

Nothing here knows a time of day; seconds are measured from the call. Without OR-Tools the greedy plan is the answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from tumorboard.domain.planning_core import Core, CorePlan
from tumorboard.domain.planning_core_check import check_core
from tumorboard.domain.planning_core_pool import Pool, pool_demands
from tumorboard.domain.planning_core_sketch import Sketch, finish_sketch, sketch_cost, sketch_plan
from tumorboard.domain.planning_first_fit import fill_up, plan_first_fit
from tumorboard.domain.planning_solver_bound import LowerBound
from tumorboard.domain.planning_solver_core import Effort, load_cp_sat, solve_part
from tumorboard.domain.planning_solver_proof import Board, Proof
from tumorboard.domain.planning_solver_search import PartChooser, improve_near, improve_part

_DEFAULT_SECONDS = 10.0
_FIRST_SHARE = 0.6
"""Of the time allowed; cases for which the first plan has no time by then stay out."""
_SMALL = 3000
"""Cores with no more places are tried whole first."""
_LARGE = 3000
_LARGE_DELAY = 0.4
"""With more places the search has both cores for this share of the time before the bound is worked out."""
_WHOLE_SHARE = 0.25
_WHOLE_SECONDS = 1.5
_PART_SECONDS = 0.5
_PART_WORK = 0.2
_LONGER_AFTER = 20
"""So many fruitless parts later, each gets as much again; four times as much at most."""
_GIVE_WAY_AFTER = 40
"""So many fruitless parts later the proof gets this core as well, if it can use it."""
_LOOK_SECONDS = 0.1
_ROUND_WORK = 0.02
"""What writing a part down costs, whatever the solver then does."""
_BOUND_ROUNDS = 80
_BOUND_PLACES = 2000
"""In deterministic runs the bound is worked out for cores up to this size."""
_STOP_SECONDS = 0.5
_STOP_SHARE = 0.04
"""How long the end may take: stopping the proof, naming people."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the engine is: seconds since the call, the cost of the best plan, the best proven lower bound."""

    seconds: float
    cost: int
    bound: int | None
    stage: str
    """`first-fit`, `search`, `bound` or `done`."""


def solve_core(
    core: Core, *, seconds: float | None = None, work: float | None = None, seed: int = 1,
    start: CorePlan | None = None, on_progress: Callable[[Progress], None] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> CorePlan:  # fmt: skip
    """The best plan found; never dearer than `start` (when that is right) or than first fit.

    With `work` (deterministic seconds of the solver, about one of a quiet machine each) equal input gives an equal
    plan, one thread works, and no clock has a say, whatever `seconds` is. With `seconds` the plan is as good as the
    machine allows, and a second thread proves it. With neither, ten seconds. Leaving cases out is always allowed, so
    there is always a plan.
    """
    began = time.monotonic()
    pool = pool_demands(core)
    limit = _DEFAULT_SECONDS if seconds is None else seconds

    def is_over() -> bool:
        is_late = work is None and time.monotonic() - began > _FIRST_SHARE * limit
        return is_late or (is_cancelled is not None and is_cancelled())

    plan = plan_first_fit(core, pool=pool, is_over=is_over)
    if start is not None and start.cost <= plan.cost and not check_core(core, start):
        plan = start
    run = _Run(
        core, pool, sketch_plan(pool, plan), began=began, seed=seed, seconds=None if work is not None else limit,
        work=work, on_progress=on_progress, is_cancelled=is_cancelled,
    )  # fmt: skip
    return run.plan()


class _Run:
    """One call of `solve_core`: the best sketch so far and what may still be spent."""

    def __init__(
        self, core: Core, pool: Pool, sketch: Sketch, *, began: float, seed: int, seconds: float | None,
        work: float | None, on_progress: Callable[[Progress], None] | None,
        is_cancelled: Callable[[], bool] | None,
    ) -> None:  # fmt: skip
        self._core = core
        self._pool = pool
        self._board = Board(sketch, sketch_cost(core, pool, sketch))
        self._began = began
        self._seed = seed
        self._seconds = seconds
        self._work_left = work
        self._on_progress = on_progress
        self._is_cancelled = is_cancelled
        self._places = sum(len(case.places) for case in core.cases)

    def plan(self) -> CorePlan:
        """All stages in turn."""
        self._report("first-fit")
        if not self._places:
            self._board.prove(self._board.cost)
        elif not self._is_over():
            self._improve()
        sketch = fill_up(self._core, self._pool, self._board.sketch)
        self._board.offer(sketch, sketch_cost(self._core, self._pool, sketch))
        self._report("done")
        return finish_sketch(self._core, self._pool, self._board.sketch, bound=self._board.bound)

    def _improve(self) -> None:
        try:
            load_cp_sat()
        except (ImportError, OSError):
            return
        if self._places <= _SMALL:
            self._try_whole()
        if self._is_over():
            return
        if self._work_left is None:
            delay = _LARGE_DELAY * self._seconds_left() if self._places > _LARGE else 0.0
            proof = Proof(self._core, self._pool, self._board, self._seconds_left, delay_seconds=delay)
            try:
                self._search()
            finally:
                proof.stop(seconds=_STOP_SECONDS)
            return
        if self._places <= _BOUND_PLACES:
            self._raise_bound()
        self._search()

    def _try_whole(self) -> None:
        """All at once, for a part of the time."""
        if self._work_left is not None:
            effort = Effort(work=self._work_left * _WHOLE_SHARE, seed=self._seed)
        else:
            effort = Effort(seconds=min(_WHOLE_SECONDS, self._seconds_left()), seed=self._seed)
        answer = solve_part(self._core, self._pool, self._board.sketch, effort=effort, is_over=self._is_over)
        if answer is not None:
            self._spend(answer.work)
            self._take(answer.sketch)
            self._board.prove(self._board.cost if answer.is_proven else answer.bound)

    def _search(self) -> None:
        """Parts in turn, until the end."""
        chooser = PartChooser(self._core, seed=self._seed)
        sketch = self._board.sketch
        cost = self._board.cost
        fruitless = 0
        while not self._is_over():
            if self._board.cost < cost:
                sketch, cost = self._board.sketch, self._board.cost
                self._report("search")
            if fruitless >= _GIVE_WAY_AFTER and self._board.is_racing:
                self._board.is_searched.set()
                time.sleep(_LOOK_SECONDS)
                continue
            part = chooser.choose(sketch)
            self._seed += 1
            hopeless = self._board.hopeless
            effort = self._next_effort(fruitless)
            tried = improve_part(self._core, self._pool, sketch, part, effort=effort, barred=hopeless)
            self._spend(tried.work)
            gain = cost - tried.cost
            chooser.learn(part, gain=gain, is_proven=tried.is_proven)
            sketch, cost = tried.sketch, tried.cost
            fruitless = 0 if gain > 0 else fruitless + 1
            if gain > 0:
                self._take(sketch)
            if tried.is_proven and chooser.is_whole(part) and not hopeless:
                self._board.prove(self._board.cost)

    def _raise_bound(self) -> None:
        lower = LowerBound(self._core, self._pool, self._board.sketch)
        for _ in range(_BOUND_ROUNDS):
            if lower.is_settled or self._is_over():
                break
            lower.step(self._board.cost)
            self._spend(0.0)
            self._board.prove(lower.bound)
        if not self._is_over():
            self._board.narrow(lower)
            near = improve_near(
                self._core, self._pool, self._board.sketch, lower.find_support(), effort=self._next_effort(0)
            )  # fmt: skip
            self._spend(near.work)
            self._take(near.sketch)

    def _take(self, sketch: Sketch) -> None:
        if self._board.offer(sketch, sketch_cost(self._core, self._pool, sketch)):
            self._report("search")

    def _next_effort(self, fruitless: int) -> Effort:
        times = min(4, 1 + fruitless // _LONGER_AFTER)
        if self._work_left is not None:
            return Effort(work=max(_ROUND_WORK, min(times * _PART_WORK, self._work_left)), seed=self._seed)
        return Effort(seconds=min(times * _PART_SECONDS, self._seconds_left()), seed=self._seed)

    def _spend(self, work: float) -> None:
        if self._work_left is not None:
            self._work_left -= work + _ROUND_WORK

    def _is_over(self) -> bool:
        """True when the plan is proven, or time, work or patience is at its end."""
        if self._board.is_closed or (self._is_cancelled is not None and self._is_cancelled()):
            return True
        return self._work_left <= 0 if self._work_left is not None else self._seconds_left() <= 0

    def _seconds_left(self) -> float:
        seconds = self._seconds or 0.0
        return seconds - min(_STOP_SECONDS, _STOP_SHARE * seconds) - (time.monotonic() - self._began)

    def _report(self, stage: str) -> None:
        if self._on_progress is not None:
            seconds = time.monotonic() - self._began
            self._on_progress(Progress(seconds, self._board.cost, self._board.bound, stage))

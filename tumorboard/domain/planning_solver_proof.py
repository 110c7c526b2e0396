"""Bound and proof beside the search: first the decomposition's bound, then an integer programme of what is left."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

from tumorboard.domain.planning_core import Core
from tumorboard.domain.planning_core_model import LinearModel, build_model
from tumorboard.domain.planning_core_pool import Pool
from tumorboard.domain.planning_core_sketch import Sketch, redraw, sketch_cost
from tumorboard.domain.planning_solver_bound import LowerBound
from tumorboard.domain.planning_solver_core import Effort
from tumorboard.domain.planning_solver_mathopt import IntegerAnswer, MathOpt
from tumorboard.domain.planning_solver_search import improve_near

_MOST_PLACES = 3000
"""Larger cores are not worth the attempt of a proof."""
NEAR = 1.03
"""How far above the bound a plan is looked for at a time; the public instances have theirs within."""
_NEAR_SECONDS = 1.0
_MOST_ROUNDS = 3
_PAUSE_SECONDS = 2.0
_PAUSE_SHARE = 0.1
"""How long the search has to find a better plan before the proof begins, which is faster with one."""
"""How long, and how often while that helps, the plan is looked for among the places of the bound's own plan."""
_LAST_WORD_SECONDS = 0.8
"""HiGHS looks at the clock now and then only; a little earlier, and what it knows at the end is heard."""
_LOOK_SECONDS = 0.1
_OTHER_SEED = 1
THREAD_NAME = "planning-proof"


@dataclass(slots=True)
class Board:
    """What search and proof tell each other. Whoever holds the lock may read and write."""

    sketch: Sketch
    cost: int
    bound: int | None = None
    hopeless: frozenset[tuple[int, int]] = frozenset()
    """Places, as (case, meeting), that no plan has whose cost is near the bound: not worth a search."""
    is_racing: bool = False
    """Whether the proof could use the search's core."""
    is_searched: Event = field(default_factory=Event)
    """Set when the search has given its core away."""
    lock: Lock = field(default_factory=Lock)

    def offer(self, sketch: Sketch, cost: int) -> bool:
        """Takes a cheaper plan."""
        with self.lock:
            if cost >= self.cost:
                return False
            self.sketch, self.cost = sketch, cost
            return True

    def prove(self, bound: int) -> None:
        """Takes a better bound; it never exceeds the cost, because costs are whole."""
        with self.lock:
            bound = min(bound, self.cost)
            self.bound = bound if self.bound is None else max(self.bound, bound)

    def narrow(self, lower: LowerBound) -> None:
        """Takes from a settled bound which places are hopeless."""
        self.hopeless = lower.find_hopeless(min(math.ceil(lower.bound * NEAR), self.cost))

    @property
    def is_closed(self) -> bool:
        """True when the plan is proven."""
        return self.bound is not None and self.bound >= self.cost


class Proof:
    """A thread that raises the board's bound until told to stop."""

    def __init__(
        self, core: Core, pool: Pool, board: Board, seconds_left: Callable[[], float], *, delay_seconds: float = 0.0
    ) -> None:
        self._core = core
        self._pool = pool
        self._board = board
        self._seconds_left = seconds_left
        self._is_stopped = Event()
        self._solvers: list[MathOpt] = []
        self._places = sum(len(case.places) for case in core.cases)
        self._delay_seconds = delay_seconds
        self._thread = Thread(target=self._run, name=THREAD_NAME, daemon=True)
        self._thread.start()

    def stop(self, *, seconds: float) -> None:
        """Asks for an end and waits for it at most so long; the thread is a daemon and may outlive the wait."""
        self._is_stopped.set()
        for solver in tuple(self._solvers):
            solver.interrupter.interrupt()
        self._thread.join(max(0.0, seconds))

    def _run(self) -> None:
        try:
            if self._delay_seconds > 0:
                self._is_stopped.wait(self._delay_seconds)
            lower = LowerBound(self._core, self._pool, self._board.sketch)
            while not lower.is_settled and not self._is_over():
                lower.step(self._board.cost, is_stopped=self._is_over)
                self._board.prove(lower.bound)
            self._board.narrow(lower)
            self._look_near(lower)
            self._is_stopped.wait(min(_PAUSE_SECONDS, _PAUSE_SHARE * self._seconds_left()))
            self._close(lower)
        except (ImportError, OSError, RuntimeError, ValueError, MemoryError):
            return  # a bound is a courtesy; the plan does not depend on it

    def _is_over(self) -> bool:
        return self._is_stopped.is_set() or self._board.is_closed or self._seconds_left() <= 0

    def _look_near(self, lower: LowerBound) -> None:
        """A plan among the places of the bound's own: nearly always the best one or close to it."""
        support = lower.find_support()
        for _ in range(_MOST_ROUNDS):
            sketch = self._board.sketch
            effort = Effort(seconds=min(_NEAR_SECONDS, self._seconds_left()))
            if not support or self._is_over():
                return
            tried = improve_near(self._core, self._pool, sketch, support, effort=effort)
            if not self._board.offer(tried.sketch, tried.cost):
                return

    def _close(self, lower: LowerBound) -> None:
        """Finds and proves the best plan among the places that the bound leaves open.

        Few places can be in a plan that is nearly as cheap as the bound, so that the programme is small when it asks
        for no more than that; when there is none, the bound is higher than was thought, and the next one asks again.
        """
        mark = lower.bound
        while not self._is_over():
            mark = max(mark + 1, math.ceil(mark * NEAR))
            if not self._settle(lower, min(mark, self._board.cost)):
                return

    def _settle(self, lower: LowerBound, cutoff: int) -> bool:
        """Looks for a plan cheaper than `cutoff`; False when that takes too long."""
        hopeless = lower.find_hopeless(cutoff)
        if self._places - len(hopeless) > _MOST_PLACES:
            return False
        core = self._core
        model = build_model(core, self._pool, barred=hopeless)
        answer = self._race(model, cutoff) if cutoff >= self._board.cost else self._solve(model, cutoff, seed=0)
        if answer.chosen is not None:
            sketch = redraw(
                core, self._pool, Sketch({}, {}), cases=(), meetings=range(len(core.meetings)),
                takes=[pair for pair, index in model.takes.items() if index in answer.chosen],
                attends=[pair for pair, index in model.attends.items() if index in answer.chosen],
            )  # fmt: skip
            cost = sketch_cost(core, self._pool, sketch)
            self._board.offer(sketch, cost)
            if answer.is_proven:
                self._board.prove(cost)
        elif answer.is_proven:
            self._board.prove(cutoff)
        elif answer.bound is not None:
            self._board.prove(math.ceil(min(answer.bound, cutoff) - 1e-4))
        return answer.is_proven

    def _solve(self, model: LinearModel, cutoff: int, *, seed: int, is_proof: bool = False) -> IntegerAnswer:
        solver = MathOpt()
        self._solvers.append(solver)
        if self._is_stopped.is_set():
            solver.interrupter.interrupt()
        seconds = self._seconds_left() - _LAST_WORD_SECONDS
        return solver.solve_integer(model, cutoff=cutoff, seconds=seconds, is_proof=is_proof, seed=seed)

    def _race(self, model: LinearModel, cutoff: int) -> IntegerAnswer:
        """The proof with two seeds, the second as soon as the search finds nothing more; the first to end counts."""
        found: list[IntegerAnswer] = []
        is_run = Event()

        def rival() -> None:
            while not self._board.is_searched.wait(_LOOK_SECONDS):
                if is_run.is_set() or self._is_over():
                    return
            answer = self._solve(model, cutoff, seed=_OTHER_SEED, is_proof=True)
            if answer.is_proven:
                found.append(answer)
                for solver in tuple(self._solvers):
                    solver.interrupter.interrupt()

        self._board.is_racing = True
        second = Thread(target=rival, name=THREAD_NAME, daemon=True)
        second.start()
        answer = self._solve(model, cutoff, seed=0, is_proof=True)
        is_run.set()
        for solver in tuple(self._solvers):
            solver.interrupter.interrupt()
        second.join(_LOOK_SECONDS if answer.is_proven else _LAST_WORD_SECONDS)
        self._board.is_racing = False
        self._board.is_searched.clear()
        self._solvers.clear()
        return answer if answer.is_proven or not found else found[0]

"""The way to a proposal: greedy plans at once, then the engine's, each laid out and priced as it would be published."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tumorboard.domain.model import MeetingPlan
from tumorboard.domain.planning_compile import Compiled, compile_core
from tumorboard.domain.planning_core import CorePlan
from tumorboard.domain.planning_engine import Progress, solve_core
from tumorboard.domain.planning_greedy import fill_meetings, settle
from tumorboard.domain.planning_layout import Chosen, draft_meetings, lay_out_meetings
from tumorboard.domain.planning_options import Obstacle, Options, plan_cost
from tumorboard.domain.planning_solver import load_solver

Places = Mapping[str, Sequence[str]]
"""The references of the cases per meeting id."""

AGAIN = 0.25
"""The share of the work for a second round, when a layout could not keep what the engine planned."""


@dataclass(frozen=True, slots=True)
class Found:
    """A right plan with its price; `chosen` are the members it insists on."""

    places: Places
    chosen: Chosen
    plans: tuple[MeetingPlan, ...]
    cost: int


class Search:
    """The best plan so far. Of equally cheap ones the first found stays."""

    def __init__(self, options: Options, *, on_progress: Callable[[Progress], None] | None = None) -> None:
        self.options = options
        self.greedy_cost = 0
        self.solver = "greedy"
        self._on_progress = on_progress
        self._best: Found | None = None

    @property
    def best(self) -> Found:
        """The cheapest plan; `begin` finds the first."""
        assert self._best is not None
        return self._best

    def begin(self, start: Places | None) -> None:
        """What is published, the plan to begin with, and the greedy one; the first and the last are the baseline."""
        problem = self.options.problem
        published = {
            meeting.id: tuple(case.reference for case in problem.cases if case.meeting == meeting.id)
            for meeting in problem.meetings
        }
        kept_cost = self._take(fill_meetings(self.options, published), {})
        if start is not None:
            self._take(fill_meetings(self.options, start), {})
        is_new = not any(published.values())
        self.greedy_cost = kept_cost if is_new else min(kept_cost, self._take(fill_meetings(self.options, {}), {}))
        if self._on_progress is not None:
            self._on_progress(Progress(0.0, self.best.cost, None, "first-fit"))

    def improve(self, *, work: float, seed: int, is_cancelled: Callable[[], bool]) -> int | None:
        """Asks the engine; gives its bound, which no right plan falls below, or None when nothing is proven.

        Without a solver nothing is done.
        """
        compiled = compile_core(self.options)
        if not any(case.places for case in compiled.core.cases):
            return self.best.cost
        if load_solver() is None:
            return None
        self.solver = "cp-sat"
        solved = self._solve(compiled, work=work, seed=seed, is_cancelled=is_cancelled, on_progress=self._on_progress)
        lost = self._take_solved(compiled, solved)
        if lost and not is_cancelled():
            # What no agenda could hold is ruled out, and the rest is planned once more, from a plan that is right.
            obstacle = Obstacle("window-does-not-fit")
            options = replace(self.options, obstacles={**self.options.obstacles, **dict.fromkeys(lost, obstacle)})
            again = compile_core(options)
            self._take_solved(
                again, self._solve(again, work=work * AGAIN, seed=seed, is_cancelled=is_cancelled, on_progress=None)
            )
        return None if solved.bound is None else min(solved.bound, self.best.cost)

    def _solve(
        self,
        compiled: Compiled,
        *,
        work: float,
        seed: int,
        is_cancelled: Callable[[], bool],
        on_progress: Callable[[Progress], None] | None,
    ) -> CorePlan:
        best = self.best
        drafts = draft_meetings(self.options, best.places, chosen=best.chosen)
        start = compiled.write_plan(best.places, {meeting: draft.covers for meeting, draft in drafts.items()})
        return solve_core(
            compiled.core, work=work, seed=seed, start=start, on_progress=on_progress, is_cancelled=is_cancelled
        )

    def _take_solved(self, compiled: Compiled, solved: CorePlan) -> list[tuple[str, str]]:
        """Takes the plan of the core, with its members and with others; gives the places that no layout could keep."""
        places, chosen = compiled.read_plan(solved)
        kept = settle(self.options, places, chosen)
        lost = [
            (reference, meeting)
            for meeting, references in places.items()
            for reference in references
            if reference not in kept.get(meeting, ())
        ]
        if not lost:
            self._take(kept, chosen)
        self._take(fill_meetings(self.options, places), {})
        return lost

    def _take(self, places: Places, chosen: Chosen) -> int:
        plans = lay_out_meetings(self.options, places, chosen=chosen)
        cost = plan_cost(self.options, plans)
        if self._best is None or cost < self._best.cost:
            self._best = Found(places, chosen, plans, cost)
        return cost

"""Which case goes to which meeting: the proposal, its greedy baseline, and the layout of a list made by hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tumorboard.domain.model import MeetingPlan, Proposal
from tumorboard.domain.planning_check import VIOLATION_CODES, check_meetings, check_plan
from tumorboard.domain.planning_engine import Progress
from tumorboard.domain.planning_explain import explain_left_out, explain_meetings
from tumorboard.domain.planning_layout import lay_out_meetings
from tumorboard.domain.planning_options import read_options
from tumorboard.domain.planning_problem import Problem, Weights, repair_weights
from tumorboard.domain.planning_reasons import REASON_CODES
from tumorboard.domain.planning_search import Search

__all__ = [
    "REASON_CODES",
    "VIOLATION_CODES",
    "Problem",
    "Progress",
    "Weights",
    "check_meetings",
    "check_plan",
    "lay_out",
    "plan_greedy",
    "propose",
    "repair_weights",
]

SECONDS = 5.0
"""How long a proposal may take when nobody says otherwise."""

PATIENCE = 4
"""The clock ends a search after so many times its seconds, should its work take that long on a slow machine."""


def propose(
    problem: Problem,
    *,
    solve: bool = True,
    seconds: float = SECONDS,
    work: float | None = None,
    seed: int = 1,
    start: Mapping[str, Sequence[str]] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> Proposal:
    """The best plan found, never dearer than the greedy one, with a reason for each case placed or left out.

    The search ends after `work` (about seconds of a quiet machine; by default `seconds`), so that equal input and seed
    give an equal proposal; the clock interferes only after four times `seconds`. `start` is a plan to begin with, as
    references per meeting id. What is published stays unless something strictly cheaper is found. `solver` is `cp-sat`
    when a solver took part, else `greedy`; costs are points of `Weights`, and `bound` is what no right plan falls
    below, None when nothing is proven. Cases published for a meeting that is no longer ahead are planned like new ones.
    """
    ends = time.monotonic() + PATIENCE * seconds
    search = Search(read_options(problem), on_progress=on_progress)
    search.begin(start)
    bound: int | None = None
    if solve and problem.cases and problem.meetings:
        bound = search.improve(
            work=seconds if work is None else work,
            seed=seed,
            is_cancelled=lambda: time.monotonic() > ends or (is_cancelled is not None and is_cancelled()),
        )
    best = search.best
    # A reason speaks of the facts; what a person decided has a reason of its own.
    options = read_options(replace(problem, pinned={})) if problem.pinned else search.options
    return Proposal(
        meetings=explain_meetings(options, best.plans),
        left_out=explain_left_out(options, best.plans, later=problem.later),
        solver=search.solver,
        cost=best.cost,
        greedy_cost=search.greedy_cost,
        bound=bound,
    )


def plan_greedy(problem: Problem) -> Proposal:
    """The baseline: published cases stay, then the most pressing case takes its cheapest place, and so on."""
    return propose(problem, solve=False)


def lay_out(
    problem: Problem, assignment: Mapping[str, Sequence[str]], *, keep_order: bool = False
) -> tuple[MeetingPlan, ...]:
    """The plan of each meeting for a list of cases per meeting id, however it came about.

    With `keep_order` the cases stay in the order given, else the order is chosen anew. Uncovered needs and a full
    meeting are reported (`uncovered`, reason `overruled`, `check_meetings`), not refused. Raises NotFound
    (`unknown-meeting`, `unknown-case`) and Conflict (`case-twice`).
    """
    options = read_options(problem)
    return explain_meetings(options, lay_out_meetings(options, assignment, keep_order=keep_order))

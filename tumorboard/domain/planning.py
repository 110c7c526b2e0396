"""Which case goes to which meeting: the proposal, its greedy baseline, and the layout of a list made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tumorboard.domain.model import MeetingPlan, Proposal
from tumorboard.domain.planning_check import VIOLATION_CODES, check_meetings, check_plan
from tumorboard.domain.planning_explain import REASON_CODES, explain_left_out, explain_meetings
from tumorboard.domain.planning_greedy import fill_meetings
from tumorboard.domain.planning_layout import lay_out_meetings
from tumorboard.domain.planning_options import plan_cost, read_options
from tumorboard.domain.planning_problem import Problem, Weights
from tumorboard.domain.planning_solver import solve_with_cp_sat

__all__ = [
    "REASON_CODES",
    "VIOLATION_CODES",
    "Problem",
    "Weights",
    "check_meetings",
    "check_plan",
    "lay_out",
    "plan_greedy",
    "propose",
]


def propose(problem: Problem, *, solve: bool = True, seconds: float = 5, seed: int = 1) -> Proposal:
    """The better of the greedy and the CP-SAT plan, with a reason for each case placed or left out.

    Equal input and seed give an equal proposal. `solver` is `cp-sat` or `greedy`: the latter without `solve`, when
    there is no solver or no answer in time, or when the greedy plan is cheaper. Costs are points of `Weights`, lower is
    better. Cases published for a meeting that is no longer ahead are planned like new ones.
    """
    options = read_options(problem)
    greedy = fill_meetings(options, {})
    greedy_plans = lay_out_meetings(options, greedy)
    greedy_cost = plan_cost(options, greedy_plans)
    solver, plans, cost = "greedy", greedy_plans, greedy_cost
    if solve and problem.cases:
        hint = {reference: meeting for meeting, references in greedy.items() for reference in references}
        solved = solve_with_cp_sat(options, hint, seconds=seconds, seed=seed)
        if solved is not None:
            solved_plans = lay_out_meetings(options, fill_meetings(options, _by_meeting(solved)))
            solved_cost = plan_cost(options, solved_plans)
            if solved_cost <= greedy_cost:
                solver, plans, cost = "cp-sat", solved_plans, solved_cost
    return Proposal(
        meetings=explain_meetings(options, plans),
        left_out=explain_left_out(options, plans),
        solver=solver,
        cost=cost,
        greedy_cost=greedy_cost,
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


def _by_meeting(places: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    assignment: dict[str, tuple[str, ...]] = {}
    for reference, meeting in places.items():
        assignment[meeting] = (*assignment.get(meeting, ()), reference)
    return assignment

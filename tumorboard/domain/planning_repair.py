"""Mends published meetings with the fewest moves: no case left out, then cases, invitations, windows.

The repair places only what is published; cases that wait are left for the next proposal. What is still right stays as
it is, to the minute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tumorboard.domain import planning
from tumorboard.domain.model import MeetingPlan, Proposal, Reason
from tumorboard.domain.planning_check import check_meetings
from tumorboard.domain.planning_options import plan_cost, read_options
from tumorboard.domain.planning_problem import Problem, repair_weights

LEFT_FOR_LATER = "left-for-later"
"""Why a case that is not published yet has no place in a repair."""

KEPT = "kept"
"""What made a repair that moves no case."""


@dataclass(frozen=True, slots=True)
class Moves:
    """How a proposal differs from what is published.

    `moved` cases stand on another meeting, `taken_off` ones on none; `invited`, `withdrawn` and `retimed` are
    (meeting, member). All sorted.
    """

    moved: tuple[str, ...] = ()
    taken_off: tuple[str, ...] = ()
    invited: tuple[tuple[str, str], ...] = ()
    withdrawn: tuple[tuple[str, str], ...] = ()
    retimed: tuple[tuple[str, str], ...] = ()

    @property
    def cost(self) -> tuple[int, int, int, int]:
        """What a repair keeps small, most important first: cases off the plan, cases moved, invitations, windows."""
        return len(self.taken_off), len(self.moved), len(self.invited) + len(self.withdrawn), len(self.retimed)


def repair_plan(problem: Problem, published: Sequence[MeetingPlan], *, seconds: float = 5, seed: int = 1) -> Proposal:
    """The published meetings mended. `published` has a plan for each meeting of the problem (`review.as_published`).

    Where other people or another order mend a meeting no case is moved, and no solver is asked (`solver` is `kept`).
    Equal input gives an equal proposal where the solver proves its answer. Every case of the problem is accounted for.
    """
    cases = tuple(case for case in problem.cases if case.meeting is not None)
    smaller = replace(problem, cases=cases, weights=repair_weights(problem.weights), is_repair=True)
    left_out = {case.reference: (Reason(LEFT_FOR_LATER),) for case in problem.cases if case.meeting is None}
    kept = _without_moves(smaller, published)
    if kept is not None:
        cost = plan_cost(read_options(smaller), kept)
        return Proposal(meetings=kept, left_out=left_out, solver=KEPT, cost=cost, greedy_cost=cost)
    solved = planning.propose(smaller, seconds=seconds, seed=seed)
    mended = _mended(smaller, published, solved.meetings)
    placed = {entry.reference for plan in mended for entry in plan.agenda}
    off = {reference: reasons for reference, reasons in solved.left_out.items() if reference not in placed}
    return replace(solved, meetings=mended, left_out={**off, **left_out})


def _without_moves(problem: Problem, published: Sequence[MeetingPlan]) -> tuple[MeetingPlan, ...] | None:
    """Every case on the meeting where it is; None when somebody's need then stays uncovered."""
    known = {case.reference for case in problem.cases}
    places = {plan.meeting: [e.reference for e in plan.agenda if e.reference in known] for plan in published}
    for keep_order in (True, False):
        laid_out = planning.lay_out(problem, places, keep_order=keep_order)
        if not check_meetings(problem, laid_out):
            told = tuple(replace(plan, reasons=_stays(plan)) for plan in laid_out)
            return _mended(problem, published, told)
    return None


def measure_moves(published: Sequence[MeetingPlan], proposed: Sequence[MeetingPlan]) -> Moves:
    """The difference between two plans of the same meetings."""
    before = {entry.reference: plan.meeting for plan in published for entry in plan.agenda}
    after = {entry.reference: plan.meeting for plan in proposed for entry in plan.agenda}
    spans_before = {(plan.meeting, one.member): one.span for plan in published for one in plan.attendances}
    spans_after = {(plan.meeting, one.member): one.span for plan in proposed for one in plan.attendances}
    both = spans_before.keys() & spans_after.keys()
    return Moves(
        moved=tuple(sorted(ref for ref, meeting in before.items() if ref in after and after[ref] != meeting)),
        taken_off=tuple(sorted(before.keys() - after.keys())),
        invited=tuple(sorted(spans_after.keys() - spans_before.keys())),
        withdrawn=tuple(sorted(spans_before.keys() - spans_after.keys())),
        retimed=tuple(sorted(pair for pair in both if spans_before[pair] != spans_after[pair])),
    )


def _mended(
    problem: Problem, published: Sequence[MeetingPlan], solved: Sequence[MeetingPlan]
) -> tuple[MeetingPlan, ...]:
    """Per meeting the first of these that breaks no rule: as published, in the published order, as solved.

    Meetings that overlap share people, so each choice is checked beside all others.
    """
    chosen = list(solved)
    for place, before in enumerate(published):
        for option in _options(problem, before, solved[place]):
            trial = [*chosen[:place], option, *chosen[place + 1 :]]
            if not check_meetings(problem, trial):
                chosen = trial
                break
    return tuple(chosen)


def _options(problem: Problem, before: MeetingPlan, solved: MeetingPlan) -> Iterator[MeetingPlan]:
    """Ways to hold a meeting with the cases it was given, the one that changes least first."""
    if _references(before) == _references(solved):
        yield replace(before, reasons=_stays(before))
    others = [_in_published_order(problem, before, solved), solved]
    yield from sorted(others, key=lambda plan: measure_moves([before], [plan]).cost)


def _in_published_order(problem: Problem, before: MeetingPlan, solved: MeetingPlan) -> MeetingPlan:
    """The solved meeting with the cases that stay in the order members know.

    Each newcomer takes the place that changes the fewest windows and holds nobody longer than she must be held.
    """
    here = _references(solved)
    order = tuple(entry.reference for entry in before.agenda if entry.reference in here)
    plan = _lay_out(problem, before.meeting, order)
    for newcomer in (entry.reference for entry in solved.agenda if entry.reference not in _references(before)):
        trials = [
            _lay_out(problem, before.meeting, (*order[:place], newcomer, *order[place:]))
            for place in range(len(order), -1, -1)
        ]
        right = [trial for trial in trials if not _is_wrong(problem, trial)] or trials
        plan = min(right, key=lambda trial: (measure_moves([before], [trial]).cost, trial.held_minutes))
        order = tuple(entry.reference for entry in plan.agenda)
    return replace(plan, reasons=solved.reasons)


def _lay_out(problem: Problem, meeting: str, order: Sequence[str]) -> MeetingPlan:
    plans = planning.lay_out(problem, {meeting: order}, keep_order=True)
    return next(plan for plan in plans if plan.meeting == meeting)


def _is_wrong(problem: Problem, plan: MeetingPlan) -> bool:
    alone = [
        plan if meeting.id == plan.meeting else MeetingPlan(meeting=meeting.id, agenda=(), attendances=(), reasons={})
        for meeting in problem.meetings
    ]
    return bool(check_meetings(problem, alone))


def _references(plan: MeetingPlan) -> frozenset[str]:
    return frozenset(entry.reference for entry in plan.agenda)


def _stays(plan: MeetingPlan) -> Mapping[str, tuple[Reason, ...]]:
    return {entry.reference: (Reason("kept-as-published", {"meeting": plan.meeting}),) for entry in plan.agenda}

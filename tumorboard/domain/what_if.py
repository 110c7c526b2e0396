"""What would happen if: hypothetical changes of a planning problem, and the plan they lead to, beside the present one.

A what-if changes no fact. The present plan counts as published: cases, members and order stay unless a change is worth
it, so that the difference is what the changes cause.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from tumorboard.domain.model import MeetingPlan, SeatKind
from tumorboard.domain.planning_check import check_meetings
from tumorboard.domain.planning_compile import compile_core
from tumorboard.domain.planning_engine import solve_core
from tumorboard.domain.planning_explain import explain_cases
from tumorboard.domain.planning_greedy import fill_meetings, settle
from tumorboard.domain.planning_layout import Chosen, draft_meetings, lay_out_meetings
from tumorboard.domain.planning_options import Options, plan_cost, read_options
from tumorboard.domain.planning_problem import Problem
from tumorboard.domain.timeline import Interval
from tumorboard.domain.what_if_changes import Absent, Change, Rated, Ready, apply_changes
from tumorboard.domain.what_if_difference import Difference, compare_plans

DEFAULT_WORK = 0.2
"""Work of the solver, about seconds of a quiet machine; reading, laying out and explaining come on top."""

PATIENCE_SECONDS = 1.0
"""The clock ends the search then, should its work take that long on a busy machine."""

MOST_EXPLAINED = 12
"""Cases that get reasons: those left out first, then those newly placed, then those moved."""

STAY = 150
"""Points for moving a case of the present plan: small gains are for a new proposal, not for a what-if."""


def present_plans(problem: Problem, plans: Sequence[MeetingPlan]) -> tuple[MeetingPlan, ...]:
    """A plan made earlier, for the meetings and cases of today: as it was where nothing of it is gone."""
    known = {case.reference for case in problem.cases}
    stale = {entry.reference for plan in plans for entry in plan.agenda} - known
    if not stale and [plan.meeting for plan in plans] == [meeting.id for meeting in problem.meetings]:
        return tuple(plans)
    meetings = {meeting.id for meeting in problem.meetings}
    orders = {
        plan.meeting: [entry.reference for entry in plan.agenda if entry.reference not in stale]
        for plan in plans
        if plan.meeting in meetings
    }
    return lay_out_meetings(read_options(problem), orders, keep_order=True)


def published_plans(problem: Problem) -> tuple[MeetingPlan, ...]:
    """What is published, as a plan."""
    there = {case.reference for case in problem.cases if case.meeting is not None}
    orders = {one.id: [reference for reference in one.published if reference in there] for one in problem.meetings}
    return lay_out_meetings(read_options(problem), orders, keep_order=True)


def answer_what_if(
    problem: Problem, plans: Sequence[MeetingPlan], changes: Sequence[Change], *,
    stay_out: frozenset[str] = frozenset(), work: float = DEFAULT_WORK, seed: int = 1,
) -> Difference:  # fmt: skip
    """How the plan would differ with the changes; `plans` has one for each meeting of the problem (`present_plans`).

    The cases of `stay_out` are on no meeting and get no place, unless a change is about them. Changes that undo each
    other give the plan itself. Equal input gives an equal answer. Raises what `apply_changes`
    does.
    """
    changed = apply_changes(problem, changes)
    before = read_options(problem)
    if changed == problem:
        return compare_plans(before, tuple(plans), before, tuple(plans), {})
    after = read_options(changed)
    asked = {change.reference for change in changes if isinstance(change, Rated | Ready)}
    tried = _without(changed, stay_out - asked)
    found = _keep_untouched(tried, plans, _plan_again(_settled(tried, plans), plans, work=work, seed=seed))
    kept = {reference: name for name, reference in _places(plans)}
    now = {reference: name for name, reference in _places(found)}
    concerned = [
        case.reference
        for case in changed.cases
        if kept.get(case.reference) != now.get(case.reference)
        or (case.reference in asked and case.reference not in now)
    ]
    concerned.sort(key=lambda reference: (reference in now, reference in kept))
    away: dict[str, list[Interval]] = {}
    for change in changes:
        if isinstance(change, Absent):
            away.setdefault(change.member, []).append(change.span)
    reasons = explain_cases(after, found, concerned[:MOST_EXPLAINED], immovable=away)
    return compare_plans(before, tuple(plans), after, found, reasons)


def _without(problem: Problem, references: Set[str]) -> Problem:
    return replace(problem, cases=tuple(case for case in problem.cases if case.reference not in references))


def _places(plans: Sequence[MeetingPlan]) -> list[tuple[str, str]]:
    return [(plan.meeting, entry.reference) for plan in plans for entry in plan.agenda]


def _settled(problem: Problem, plans: Sequence[MeetingPlan]) -> Problem:
    """The problem with the plan as if it were published: moving a case or asking somebody else then has its price."""
    by_meeting = {plan.meeting: plan for plan in plans}
    places = {reference: name for name, reference in _places(plans)}
    known = {meeting.id for meeting in problem.meetings}
    called = {
        name: {one.member: one.span for one in plan.attendances if one.kind is SeatKind.ON_DEMAND}
        for name, plan in by_meeting.items()
        if name in known
    }
    return replace(
        problem,
        meetings=tuple(
            replace(meeting, published=tuple(entry.reference for entry in by_meeting[meeting.id].agenda))
            if meeting.id in by_meeting
            else meeting
            for meeting in problem.meetings
        ),
        cases=tuple(replace(case, meeting=places.get(case.reference, case.meeting)) for case in problem.cases),
        invited={name: tuple(members) for name, members in called.items()},
        windows=called,
        weights=replace(problem.weights, moved=max(STAY, problem.weights.moved)),
    )


def _keep_untouched(
    problem: Problem, plans: Sequence[MeetingPlan], found: tuple[MeetingPlan, ...]
) -> tuple[MeetingPlan, ...]:
    """The plan found, with meetings to the minute as they were where the same cases stay and nothing is wrong."""
    old = {plan.meeting: plan for plan in plans}
    kept = tuple(
        old[plan.meeting] if plan.meeting in old and _listed(plan) == _listed(old[plan.meeting]) else plan
        for plan in found
    )
    wrong = {reason.values.get("meeting") for reason in check_meetings(problem, kept)}
    return tuple(new if new.meeting in wrong else plan for plan, new in zip(kept, found, strict=True))


def _listed(plan: MeetingPlan) -> frozenset[str]:
    return frozenset(entry.reference for entry in plan.agenda)


def _plan_again(problem: Problem, plans: Sequence[MeetingPlan], *, work: float, seed: int) -> tuple[MeetingPlan, ...]:
    """The plan mended, and improved from there."""
    options = read_options(problem)
    start = {plan.meeting: [entry.reference for entry in plan.agenda] for plan in plans}
    mended = fill_meetings(options, start)
    best = lay_out_meetings(options, mended)
    compiled = compile_core(options)
    if not any(case.places for case in compiled.core.cases):
        return best
    covers = {meeting: draft.covers for meeting, draft in draft_meetings(options, mended).items()}
    ends = time.monotonic() + PATIENCE_SECONDS
    solved = solve_core(
        compiled.core,
        work=work,
        seed=seed,
        start=compiled.write_plan(mended, covers),
        is_cancelled=lambda: time.monotonic() > ends,
    )
    places, chosen = compiled.read_plan(solved)
    better = _right(options, places, chosen)
    if better is not None and plan_cost(options, better) < plan_cost(options, best):
        return better
    return best


def _right(options: Options, places: Mapping[str, Sequence[str]], chosen: Chosen) -> tuple[MeetingPlan, ...] | None:
    """The solver's answer laid out; None when a case of it has no time there after all."""
    kept = settle(options, places, chosen)
    if sum(map(len, kept.values())) < sum(map(len, places.values())):
        return None
    return lay_out_meetings(options, kept, chosen=chosen)

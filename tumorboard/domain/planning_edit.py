"""A person moves a case of a proposal: the plan that follows, and what a move would change before anybody saves it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tumorboard.domain.errors import NotFound
from tumorboard.domain.model import MeetingPlan, Proposal, Reason, SeatKind
from tumorboard.domain.planning_layout import lay_out_meetings
from tumorboard.domain.planning_options import Options, read_options
from tumorboard.domain.planning_problem import Problem, late_days
from tumorboard.domain.planning_today import find_wrong, see_today
from tumorboard.domain.timeline import Interval


@dataclass(frozen=True, slots=True)
class Move:
    """Where a case goes: a meeting and a place counted from 0 (None for the best one), or no meeting at all."""

    reference: str
    meeting: str | None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class WindowChange:
    """A member of one meeting whose time is another one: None before when she is called in, after when she is free."""

    meeting: str
    member: str
    kind: SeatKind
    before: Interval | None
    after: Interval | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a move would change. `span` is the new time of the case, `windows` those of the members.

    `late_days` is by how many days the case then comes after its limit.
    `held_minutes` are the minutes specialists are held at the touched meetings, before and after. `broken` are the
    rules that only the plan after the move breaks, `mended` those that only the plan before it does.
    """

    move: Move
    span: Interval | None
    windows: tuple[WindowChange, ...]
    held_minutes: tuple[int, int]
    broken: tuple[Reason, ...]
    mended: tuple[Reason, ...]
    late_days: int = 0


def move_case(
    problem: Problem, proposal: Proposal, move: Move, by_name: str
) -> tuple[Proposal, tuple[Reason, ...]]:  # fmt: skip
    """The proposal after a move, and the rules it then breaks.

    The meeting that the case leaves keeps its order; the one it joins too if a place is named. Members and windows of
    both are chosen anew. Raises NotFound `unknown-case`, `unknown-meeting`.
    """
    changed = _move(read_options(problem), proposal, move, by_name)
    return changed, find_wrong(problem, changed)


def preview_moves(problem: Problem, proposal: Proposal, moves: Sequence[Move]) -> tuple[Effect, ...]:
    """What each of these moves would change, each on its own. Raises as `move_case`."""
    options = read_options(problem)
    wrong = _by_identity(find_wrong(problem, proposal))
    return tuple(_preview(options, proposal, move, wrong) for move in moves)


def _preview(options: Options, proposal: Proposal, move: Move, wrong: Mapping[object, Reason]) -> Effect:
    changed = _move(options, proposal, move, "")
    now_wrong = _by_identity(find_wrong(options.problem, changed))
    old = {plan.meeting: plan for plan in proposal.meetings}
    pairs = [
        (before, after)
        for after in changed.meetings
        if (before := old.get(after.meeting)) is not None
        and (before.agenda, before.attendances) != (after.agenda, after.attendances)
    ]
    spans = [e.span for plan in changed.meetings for e in plan.agenda if e.reference == move.reference]
    return Effect(
        move=move,
        span=spans[0] if spans else None,
        windows=tuple(change for before, after in pairs for change in _compare_windows(before, after)),
        held_minutes=(sum(pair[0].held_minutes for pair in pairs), sum(pair[1].held_minutes for pair in pairs)),
        broken=tuple(reason for key, reason in now_wrong.items() if key not in wrong),
        mended=tuple(reason for key, reason in wrong.items() if key not in now_wrong),
        late_days=_late_days(options, move),
    )


def _late_days(options: Options, move: Move) -> int:
    return late_days(options.cases[move.reference], options.meetings[move.meeting]) if move.meeting is not None else 0


def _by_identity(reasons: Sequence[Reason]) -> dict[object, Reason]:
    return {(reason.code, tuple(sorted(reason.values.items()))): reason for reason in reasons}


def _compare_windows(before: MeetingPlan, after: MeetingPlan) -> Iterator[WindowChange]:
    old = {one.member: one for one in before.attendances}
    new = {one.member: one for one in after.attendances}
    for member, part in {**new, **old}.items():
        was, will = (parts[member].span if member in parts else None for parts in (old, new))
        if was != will:
            yield WindowChange(after.meeting, member, new.get(member, part).kind, was, will)


def _move(options: Options, proposal: Proposal, move: Move, by_name: str) -> Proposal:
    today = see_today(options.problem, proposal)
    plans = today.proposal.meetings
    placed = {entry.reference for plan in proposal.meetings for entry in plan.agenda}
    if move.reference not in options.cases and (move.meeting is not None or move.reference not in placed):
        raise NotFound(f"the case {move.reference} is not open on this board", code="unknown-case")
    if move.meeting is not None and move.meeting not in options.meetings:
        raise NotFound("this meeting is not part of the draft", code="unknown-meeting")
    left_out = {ref: reasons for ref, reasons in proposal.left_out.items() if ref != move.reference}
    touched = {plan.meeting for plan in plans if any(entry.reference == move.reference for entry in plan.agenda)}
    orders = {
        plan.meeting: [
            each.reference
            for each in plan.agenda
            if each.reference in options.cases and each.reference != move.reference
        ]
        for plan in plans
    }
    if move.meeting is not None:
        touched.add(move.meeting)
        orders[move.meeting] = _order(options, orders[move.meeting], move)
    elif move.reference in options.cases:
        left_out[move.reference] = (Reason("left-out-by-hand", {"by": by_name}),)
    laid_out = lay_out_meetings(options, orders, keep_order=True)
    changed = (
        _with_reasons(new, options, proposal, move, by_name) if plan.meeting in touched else plan
        for plan, new in zip(plans, laid_out, strict=True)
    )
    strayed = (_without(plan, move.reference) for plan in today.strayed)
    return Proposal(
        meetings=(*changed, *(plan for plan in strayed if plan.agenda)),
        left_out=left_out,
        solver=proposal.solver,
        cost=proposal.cost,
        greedy_cost=proposal.greedy_cost,
    )


def _without(plan: MeetingPlan, reference: str) -> MeetingPlan:
    """The plan of a meeting that is gone, from which a case was moved."""
    return replace(plan, agenda=tuple(entry for entry in plan.agenda if entry.reference != reference))


def _order(options: Options, order: Sequence[str], move: Move) -> list[str]:
    """The order of the meeting with the case in it: at its place, or the best order there is."""
    assert move.meeting is not None
    if move.position is not None:
        place = max(0, min(move.position, len(order)))
        return [*order[:place], move.reference, *order[place:]]
    plans = lay_out_meetings(options, {move.meeting: [*order, move.reference]})
    return [entry.reference for plan in plans for entry in plan.agenda]


def _with_reasons(plan: MeetingPlan, options: Options, before: Proposal, move: Move, by_name: str) -> MeetingPlan:
    """The meeting with the reasons it had, and for the moved case who put it there, and that it comes late."""
    known = {ref: reasons for old in before.meetings for ref, reasons in old.reasons.items()}
    reasons = {entry.reference: known.get(entry.reference, ()) for entry in plan.agenda}
    if move.reference in reasons:
        days = _late_days(options, move)
        late = (Reason("late-by-days", {"days": days}),) if days else ()
        reasons[move.reference] = (Reason("placed-by-hand", {"by": by_name}), *late)
    return replace(plan, reasons=reasons)

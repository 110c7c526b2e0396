"""Proposing again: what a person placed or left out by hand stays, as far as that is still possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from tumorboard.domain import planning
from tumorboard.domain.model import MeetingPlan, Proposal, Reason
from tumorboard.domain.planning_check import check_meetings
from tumorboard.domain.planning_engine import Progress
from tumorboard.domain.planning_greedy import settle
from tumorboard.domain.planning_layout import lay_out_meetings
from tumorboard.domain.planning_options import Options, read_options
from tumorboard.domain.planning_problem import Problem

AGAIN_CODES: Mapping[str, tuple[str, ...]] = {
    "placed-by-hand": ("by",), "left-out-by-hand": ("by",), "hand-place-lost": ("rule", "meeting"),
}  # fmt: skip
"""Codes of what a person decided, and of what could not be kept of it, with the names of their values."""


@dataclass(frozen=True, slots=True)
class HandWork:
    """What a person decided in a draft.

    `places` maps references to a meeting, or to None where the case stays out; `by` to who decided it. `orders` are
    the agendas of the meetings she placed a case on.
    """

    places: Mapping[str, str | None] = field(default_factory=dict)
    by: Mapping[str, str] = field(default_factory=dict)
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_hand_work(proposal: Proposal) -> HandWork:
    """The decisions that the reasons of a draft name."""
    places: dict[str, str | None] = {}
    by: dict[str, str] = {}
    orders: dict[str, tuple[str, ...]] = {}
    for plan in proposal.meetings:
        for entry in plan.agenda:
            for reason in plan.reasons.get(entry.reference, ()):
                if reason.code == "placed-by-hand":
                    places[entry.reference], by[entry.reference] = plan.meeting, str(reason.values["by"])
                    orders[plan.meeting] = tuple(each.reference for each in plan.agenda)
    for reference, reasons in proposal.left_out.items():
        for reason in reasons:
            if reason.code == "left-out-by-hand":
                places[reference], by[reference] = None, str(reason.values["by"])
    return HandWork(places, by, orders)


def propose_again(
    problem: Problem, work: HandWork, *, seconds: float, seed: int = 1,
    on_progress: Callable[[Progress], None] | None = None, is_cancelled: Callable[[], bool] | None = None,
) -> Proposal:  # fmt: skip
    """The best plan that keeps what a person decided; what became impossible is said at its case, with the reason.

    A meeting with the same cases as before keeps its order where one of them was placed by hand.
    """
    kept, lost = keep_possible(problem, work)
    places = {meeting: [ref for ref, name in kept.items() if name == meeting] for meeting in kept.values() if meeting}
    proposal = planning.propose(
        replace(problem, pinned=kept), seconds=seconds, seed=seed, start=places or None, on_progress=on_progress,
        is_cancelled=is_cancelled,
    )  # fmt: skip
    proposal = _keep_orders(problem, proposal, work)
    return _with_reasons(problem, proposal, work, kept, lost)


def keep_possible(problem: Problem, work: HandWork) -> tuple[dict[str, str | None], dict[str, Reason]]:
    """The decisions that can all stand together, and why each of the others cannot. Closed cases are forgotten."""
    options = read_options(problem)
    kept: dict[str, str | None] = {}
    lost: dict[str, Reason] = {}
    wanted: dict[str, list[str]] = {}
    for reference, meeting in work.places.items():
        if reference not in options.cases:
            continue
        if meeting is None:
            kept[reference] = None
        elif (rule := _against(options, reference, meeting)) is not None:
            lost[reference] = Reason("hand-place-lost", {"rule": rule, "meeting": meeting})
        else:
            wanted.setdefault(meeting, []).append(reference)
    settled = settle(options, wanted)
    for meeting, references in wanted.items():
        minutes = sum(options.cases[reference].minutes for reference in references)
        rule = "meeting-full" if minutes > options.meetings[meeting].capacity else "window-does-not-fit"
        for reference in references:
            if reference in settled.get(meeting, ()):
                kept[reference] = meeting
            else:
                lost[reference] = Reason("hand-place-lost", {"rule": rule, "meeting": meeting})
    return kept, lost


def _against(options: Options, reference: str, meeting: str) -> str | None:
    if meeting not in options.meetings:
        return "no-meeting"
    obstacle = options.obstacles.get((reference, meeting))
    return None if obstacle is None else obstacle.code


def _keep_orders(problem: Problem, proposal: Proposal, work: HandWork) -> Proposal:
    found = {plan.meeting: [entry.reference for entry in plan.agenda] for plan in proposal.meetings}
    orders = {
        meeting: work.orders[meeting]
        for meeting, order in found.items()
        if meeting in work.orders and order != list(work.orders[meeting]) and set(order) == set(work.orders[meeting])
    }
    if not orders:
        return proposal
    laid_out = lay_out_meetings(read_options(problem), {**found, **orders}, keep_order=True)
    plans = tuple(
        replace(new, reasons=old.reasons) if old.meeting in orders else old
        for old, new in zip(proposal.meetings, laid_out, strict=True)
    )
    return replace(proposal, meetings=plans) if not check_meetings(problem, plans) else proposal


def _with_reasons(
    problem: Problem, proposal: Proposal, work: HandWork, kept: Mapping[str, str | None], lost: Mapping[str, Reason]
) -> Proposal:
    """The same with who decided it as the reason of what stays, and what could not stay before all other reasons."""
    missed = {
        reference: Reason("hand-place-lost", {"rule": "window-does-not-fit", "meeting": meeting})
        for reference, meeting in kept.items()
        if meeting is not None and reference in proposal.left_out
    }
    lost = {**lost, **missed}

    def explain(plan: MeetingPlan, reference: str, known: tuple[Reason, ...]) -> tuple[Reason, ...]:
        if kept.get(reference) == plan.meeting:
            late = tuple(reason for reason in known if reason.code == "late-by-days")
            return (Reason("placed-by-hand", {"by": work.by[reference]}), *late)
        return (lost[reference], *known) if reference in lost else known

    plans = tuple(
        replace(plan, reasons={ref: explain(plan, ref, tuple(known)) for ref, known in plan.reasons.items()})
        for plan in proposal.meetings
    )
    left_out = {
        reference: (Reason("left-out-by-hand", {"by": work.by[reference]}),)
        if reference in kept and kept[reference] is None
        else (*((lost[reference],) if reference in lost else ()), *reasons)
        for reference, reasons in proposal.left_out.items()
    }
    return replace(proposal, meetings=plans, left_out=left_out)

"""What was published before, laid out for the facts of now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tumorboard.domain.model import MeetingPlan, Proposal, Reason
from tumorboard.domain.planning import lay_out
from tumorboard.domain.planning_check import check_meetings
from tumorboard.domain.planning_problem import Problem

Orders = Mapping[str, Sequence[str]]
"""References in the order of the agenda, per meeting id."""


def restore_agendas(problem: Problem, agendas: Orders, known: Proposal | None = None) -> Proposal:
    """The plan with these agendas, and everywhere else what is published.

    What a `known` draft says of a case, say who placed it by hand, is said of it still where it stands as it did.
    Cases that are not open or not eligible by now stay away. The order is the one of then; a meeting in which it breaks
    a rule by now, say because a case became urgent, gets a new one if that mends anything.
    """
    open_now = {case.reference for case in problem.cases}
    restored = {reference for order in agendas.values() for reference in order}
    orders = {
        meeting.id: [
            reference
            for reference in agendas.get(meeting.id, meeting.published)
            if reference in open_now and (meeting.id in agendas or reference not in restored)
        ]
        for meeting in problem.meetings
    }
    placed = {reference for order in orders.values() for reference in order}
    left_out = {reference: (Reason("not-restored"),) for reference in sorted(open_now - placed)}
    proposal = Proposal(_lay_out_right(problem, orders), left_out, solver="hand", cost=0, greedy_cost=0)
    return proposal if known is None else _with_known_reasons(proposal, known)


def _with_known_reasons(restored: Proposal, known: Proposal) -> Proposal:
    said = {(plan.meeting, name): reasons for plan in known.meetings for name, reasons in plan.reasons.items()}
    meetings = (
        replace(plan, reasons={name: said.get((plan.meeting, name), why) for name, why in plan.reasons.items()})
        for plan in restored.meetings
    )
    left_out = {name: known.left_out.get(name, reasons) for name, reasons in restored.left_out.items()}
    return replace(restored, meetings=tuple(meetings), left_out=left_out)


def _lay_out_right(problem: Problem, orders: Orders) -> tuple[MeetingPlan, ...]:
    kept = lay_out(problem, orders, keep_order=True)
    broken = check_meetings(problem, kept)
    wrong = {reason.values.get("meeting") for reason in broken}
    if not wrong:
        return kept
    anew = {plan.meeting: [entry.reference for entry in plan.agenda] for plan in lay_out(problem, orders)}
    mixed = {meeting: anew[meeting] if meeting in wrong else order for meeting, order in orders.items()}
    mended = lay_out(problem, mixed, keep_order=True)
    return mended if len(check_meetings(problem, mended)) < len(broken) else kept

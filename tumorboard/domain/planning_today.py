"""A draft beside the facts of today: what came after it, what is gone, and whether it would still be right."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from tumorboard.domain.model import MeetingPlan, Proposal, Reason, Urgency
from tumorboard.domain.planning_check import check_meetings
from tumorboard.domain.planning_problem import Problem, late_days

TODAY_CODES: Mapping[str, tuple[str, ...]] = {
    "meeting-gone": ("at", "references"),
    "meeting-changed": ("meeting",),
    "not-restored": (),
}
"""Codes beside those of the checker, with the names of their values. `at` is an ISO instant in the meeting's zone."""


@dataclass(frozen=True, slots=True)
class Today:
    """A draft as it stands today.

    `proposal` has a plan for each meeting of the problem. `gone` are meetings that cases of the draft stand on and that
    are over or no longer held, `strayed` their plans; `broken` are the rules that the rest breaks. Open cases that the
    draft does not know (`came_after`) go on waiting, those left out that are no longer open (`closed`) are done with:
    neither makes anything wrong. `late` are the days by which placed cases come after their limit, `late_urgent` the
    urgent ones of them.
    """

    proposal: Proposal
    strayed: tuple[MeetingPlan, ...]
    gone: tuple[Reason, ...]
    broken: tuple[Reason, ...]
    came_after: tuple[str, ...]
    closed: tuple[str, ...]
    late: Mapping[str, int]
    late_urgent: tuple[str, ...] = ()

    @property
    def wrong(self) -> tuple[Reason, ...]:
        """All that would make the plan wrong if it were published."""
        return (*self.gone, *self.broken)


def see_today(problem: Problem, proposal: Proposal, *, waiting: Collection[str] = ()) -> Today:
    """The draft beside the problem as it is now, which may lack cases that the draft leaves out: `waiting` names them.

    Meetings added since are there without a case; meetings that are gone do no harm where none of their cases is open.
    """
    plans = {plan.meeting: plan for plan in proposal.meetings}
    present = tuple(plans.get(meeting.id) or _empty(meeting.id) for meeting in problem.meetings)
    open_now = {case.reference for case in problem.cases}
    known = {meeting.id for meeting in problem.meetings}
    strayed = tuple(
        plan
        for plan in proposal.meetings
        if plan.meeting not in known and any(entry.reference in open_now for entry in plan.agenda)
    )
    fitted = replace(proposal, meetings=present)
    seen = {entry.reference for plan in (*present, *strayed) for entry in plan.agenda} | set(proposal.left_out)
    new = [case for case in problem.cases if case.reference not in seen]
    late = dict(_late(problem, present))
    return Today(
        proposal=fitted,
        strayed=strayed,
        gone=tuple(_say_gone(problem, plan, open_now) for plan in strayed),
        broken=(
            *(Reason("case-forgotten", {"reference": case.reference}) for case in new if case.meeting is not None),
            *check_meetings(problem, present),
        ),
        came_after=tuple(case.reference for case in new if case.meeting is None),
        closed=tuple(sorted(set(proposal.left_out).difference(open_now, waiting))),
        late=late,
        late_urgent=tuple(
            case.reference for case in problem.cases if case.urgency is Urgency.URGENT and case.reference in late
        ),
    )


def find_wrong(problem: Problem, proposal: Proposal) -> tuple[Reason, ...]:
    """What would make a draft wrong if it were published now; empty when it is right."""
    return see_today(problem, proposal).wrong


def _empty(meeting: str) -> MeetingPlan:
    return MeetingPlan(meeting=meeting, agenda=(), attendances=(), reasons={})


def _say_gone(problem: Problem, plan: MeetingPlan, open_now: set[str]) -> Reason:
    start = plan.agenda[0].span.start
    if start <= problem.now:
        return Reason("meeting-started", {"meeting": plan.meeting})
    zone = next((ZoneInfo(meeting.time_zone) for meeting in problem.meetings), None)
    references = ",".join(entry.reference for entry in plan.agenda if entry.reference in open_now)
    return Reason("meeting-gone", {"at": start.astimezone(zone).isoformat(), "references": references})


def _late(problem: Problem, plans: tuple[MeetingPlan, ...]) -> Iterator[tuple[str, int]]:
    cases = {case.reference: case for case in problem.cases}
    for meeting, plan in zip(problem.meetings, plans, strict=True):
        for entry in plan.agenda:
            days = late_days(cases[entry.reference], meeting) if entry.reference in cases else 0
            if days:
                yield entry.reference, days

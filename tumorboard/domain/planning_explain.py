"""Why each case is where it is, or nowhere: codes and values, no sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from tumorboard.domain.model import MeetingFacts, MeetingPlan, Reason, SeatKind, Urgency, WaitingCase
from tumorboard.domain.planning_options import Obstacle, Options
from tumorboard.domain.planning_problem import NeedKey, answers, is_moved, late_days

REASON_CODES: Mapping[str, tuple[str, ...]] = {
    # why a case is on its meeting
    "earliest-possible": ("meeting",),
    "kept-as-published": ("meeting",),
    "moved-from": ("meeting",),
    "added-after-closing": ("meeting",),
    "bundled-with": ("specialty", "cases"),
    "outweighed": ("meeting",),
    "late-by-days": ("days",),
    "overruled": ("rule", "meeting"),
    # why not on an earlier one, or on none
    "not-ready": ("items",),
    "not-ready-before": ("ready_on", "items"),
    "no-longer-ready": ("items", "meeting", "meetings"),
    "list-closed": ("meeting",),
    "meeting-full": ("meeting", "minutes", "meetings"),
    "no-member-free": ("specialty", "meeting", "meetings"),
    "certificate-missing": ("specialty", "certificate", "meeting", "meetings"),
    "named-member-absent": ("member", "meeting", "meetings"),
    "window-does-not-fit": ("specialty", "meeting", "meetings"),
    "no-member-for-specialty": ("specialty",),
    "no-capacity": ("minutes", "meetings"),
    "no-meeting": (),
}
"""Every code of a reason with the names of its values.

`meeting` and `member` are ids, for several meetings the first; `meetings` counts them; `items` are readiness item ids
joined by commas; `ready_on` is an ISO date in the zone of the meeting; `minutes` are those of the case; `rule` is the
code of the obstacle that a person set aside.
"""


def explain_meetings(options: Options, plans: tuple[MeetingPlan, ...]) -> tuple[MeetingPlan, ...]:
    """The same plans with the reasons of every placed case."""
    by_id = {plan.meeting: plan for plan in plans}
    return tuple(
        replace(
            plan,
            reasons={
                entry.reference: _explain_placed(options, by_id, options.cases[entry.reference], plan.meeting)
                for entry in plan.agenda
            },
        )
        for plan in plans
    )


def explain_left_out(options: Options, plans: tuple[MeetingPlan, ...]) -> dict[str, tuple[Reason, ...]]:
    """Per case that is on no meeting, what keeps it from each of them, most telling first."""
    placed = {entry.reference for plan in plans for entry in plan.agenda}
    by_id = {plan.meeting: plan for plan in plans}
    return {
        case.reference: _explain_one_left_out(options, by_id, case)
        for case in options.problem.cases
        if case.reference not in placed
    }


def _explain_placed(
    options: Options, plans: Mapping[str, MeetingPlan], case: WaitingCase, meeting: str
) -> tuple[Reason, ...]:
    problem = options.problem
    facts = options.meetings[meeting]
    reasons: list[Reason] = []
    obstacle = options.obstacles.get((case.reference, meeting))
    if obstacle is not None:
        reasons.append(Reason("overruled", {"rule": obstacle.code, "meeting": meeting}))
    elif case.meeting == meeting:
        reasons.append(Reason("kept-as-published", {"meeting": meeting}))
    else:
        reasons.extend(_why_not_earlier(options, plans, case, facts))
        if case.meeting is not None and is_moved(problem, case, meeting):
            reasons.append(Reason("moved-from", {"meeting": case.meeting}))
        if problem.now >= facts.closes_at and case.urgency is Urgency.URGENT:
            reasons.append(Reason("added-after-closing", {"meeting": meeting}))
    late = late_days(case, facts)
    if late:
        reasons.append(Reason("late-by-days", {"days": late}))
    return tuple(reasons)


def _why_not_earlier(
    options: Options, plans: Mapping[str, MeetingPlan], case: WaitingCase, facts: MeetingFacts
) -> list[Reason]:
    """`earliest-possible` when every earlier meeting was shut to the case, and what shut or spoke against them."""
    earlier = [other for other in options.problem.meetings if options.problem.now < other.span.start < facts.span.start]
    found = [(other, _against(options, plans, case, other, facts.id)) for other in earlier]
    reasons = _collect(case, found)
    is_open = any(obstacle.code in ("bundled-with", "outweighed") for _, obstacle in found)
    if not is_open:
        reasons.insert(0, Reason("earliest-possible", {"meeting": facts.id}))
    return reasons


def _against(
    options: Options,
    plans: Mapping[str, MeetingPlan],
    case: WaitingCase,
    meeting: MeetingFacts,
    chosen: str | None = None,
) -> Obstacle:
    """What keeps the case from a meeting, given the other cases on it."""
    obstacle = options.obstacles.get((case.reference, meeting.id))
    if obstacle is not None:
        return obstacle
    plan = plans[meeting.id]
    used = sum(entry.span.minutes for entry in plan.agenda)
    if used + case.minutes > meeting.capacity:
        return Obstacle("meeting-full")
    for key in options.required[case.reference]:
        if (meeting.id, key) in options.core:
            continue
        if not any(candidate.is_whole for candidate in options.candidates[meeting.id, key]):
            return Obstacle("window-does-not-fit", key)
    bundled = None if chosen is None else _bundled(plans[chosen], plan, case)
    return bundled or Obstacle("outweighed")


def _bundled(chosen: MeetingPlan, other: MeetingPlan, case: WaitingCase) -> Obstacle | None:
    """Somebody is called in to the chosen meeting for this and more cases, and nobody of her kind to the other."""
    called = {
        specialty
        for attendance in other.attendances
        if attendance.kind is SeatKind.ON_DEMAND
        for specialty in attendance.specialties
    }
    for attendance in chosen.attendances:
        is_hers = attendance.kind is SeatKind.ON_DEMAND and case.reference in attendance.cases
        if is_hers and len(attendance.cases) > 1 and not called & set(attendance.specialties):
            return Obstacle("bundled-with", specialty=attendance.specialties[0], cases=len(attendance.cases) - 1)
    return None


def _explain_one_left_out(options: Options, plans: Mapping[str, MeetingPlan], case: WaitingCase) -> tuple[Reason, ...]:
    found = [(meeting, _against(options, plans, case, meeting)) for meeting in options.problem.meetings]
    # A case on no meeting is told that all are full: there is no chosen one to compare with.
    ahead = [
        (meeting, Obstacle("no-capacity") if obstacle.code == "meeting-full" else obstacle)
        for meeting, obstacle in found
        if obstacle.code != "no-meeting"
    ]
    nobody = [
        Obstacle("certificate-missing" if _is_held(options, key) else "no-member-for-specialty", key)
        for key in options.required[case.reference]
        if not key.member and not any(answers(member, key) for member in options.members.values())
    ]
    first = options.problem.meetings[0] if options.problem.meetings else None
    if first is not None:
        known = {(obstacle.code, obstacle.key) for _, obstacle in ahead}
        ahead = [(first, obstacle) for obstacle in nobody if (obstacle.code, obstacle.key) not in known] + ahead
    reasons = _collect(case, ahead)
    return tuple(reasons) if reasons else (Reason("no-meeting"),)


def _is_held(options: Options, key: NeedKey) -> bool:
    return any(key.specialty in member.specialties for member in options.members.values())


def _collect(case: WaitingCase, found: list[tuple[MeetingFacts, Obstacle]]) -> list[Reason]:
    """One reason per code and need, in the order of the meetings, with the number of meetings it holds for."""
    groups: dict[Obstacle, list[MeetingFacts]] = {}
    for meeting, obstacle in found:
        groups.setdefault(obstacle, []).append(meeting)
    return [_as_reason(case, obstacle, meetings) for obstacle, meetings in groups.items()]


def _as_reason(case: WaitingCase, obstacle: Obstacle, meetings: list[MeetingFacts]) -> Reason:
    key = obstacle.key or NeedKey("")
    first = meetings[0]
    known: dict[str, str | int] = {
        "meeting": first.id,
        "meetings": len(meetings),
        "minutes": case.minutes,
        "items": ",".join(case.blocked_on.get(first.id, case.blocked_by)),
        "ready_on": "" if case.ready_at is None else _local_date(case.ready_at, first),
        "specialty": key.specialty or obstacle.specialty,
        "certificate": key.certificate,
        "member": key.member,
        "cases": obstacle.cases,
    }
    return Reason(obstacle.code, {name: known[name] for name in REASON_CODES[obstacle.code]})


def _local_date(instant: datetime, meeting: MeetingFacts) -> str:
    return instant.astimezone(ZoneInfo(meeting.time_zone)).date().isoformat()

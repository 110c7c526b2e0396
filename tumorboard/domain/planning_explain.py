"""Why each case is where it is, or nowhere: codes and values, no sentences. Every answer is found by solving again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from tumorboard.domain.model import MeetingFacts, MeetingPlan, Reason, SeatKind, Urgency, WaitingCase
from tumorboard.domain.planning_changes import what_helps, who_took_its_place
from tumorboard.domain.planning_obstacles import stale_items
from tumorboard.domain.planning_options import Options
from tumorboard.domain.planning_problem import NeedKey, Problem, late_days
from tumorboard.domain.planning_reasons import REASON_CODES
from tumorboard.domain.planning_relaxations import (
    CLOSING,
    FIXED_TIME,
    MINUTES,
    OTHERS,
    READINESS,
    ROOM,
    Groups,
    RuleKind,
)
from tumorboard.domain.planning_trials import MOST_WORK, Trials, TrialsUsedUp
from tumorboard.domain.timeline import Interval

__all__ = ["REASON_CODES", "explain_cases", "explain_left_out", "explain_meetings"]


@dataclass(frozen=True, slots=True)
class Against:
    """What speaks against a case on a meeting: a reason code and what it is about."""

    code: str
    key: NeedKey = NeedKey("")
    specialty: str = ""
    cases: int = 0
    mostly: str = ""
    items: tuple[str, ...] = ()


Found = list[tuple[MeetingFacts, Against, int]]
"""Per meeting, in time order, what speaks against it, and the points where it is a matter of points."""


def explain_meetings(options: Options, plans: tuple[MeetingPlan, ...]) -> tuple[MeetingPlan, ...]:
    """The same plans with the reasons of every placed case."""
    trials = Trials(options, plans)
    return tuple(
        replace(
            plan,
            reasons={
                entry.reference: _explain_placed(trials, options.cases[entry.reference], options.meetings[plan.meeting])
                for entry in plan.agenda
            },
        )
        for plan in plans
    )


def explain_left_out(
    options: Options, plans: tuple[MeetingPlan, ...], *, later: Sequence[MeetingFacts] = ()
) -> dict[str, tuple[Reason, ...]]:
    """Per case that is on no meeting: the smallest set of reasons, then who has its place, then what would help.

    `later` are meetings known after those planned, with the busy times of members reaching to them.
    """
    trials = Trials(options, plans)
    return {
        case.reference: _explain_one_left_out(trials, case, later)
        for case in options.problem.cases
        if case.reference not in trials.places
    }


def explain_cases(
    options: Options,
    plans: tuple[MeetingPlan, ...],
    references: Sequence[str],
    *,
    immovable: Mapping[str, Sequence[Interval]] | None = None,
) -> dict[str, tuple[Reason, ...]]:
    """The reasons of these cases alone, placed or not. `immovable` are times by member that no reason asks to move."""
    trials = Trials(options, plans, most=MOST_WORK // 8, immovable=immovable)
    return {
        reference: _explain_placed(trials, options.cases[reference], options.meetings[trials.places[reference]])
        if reference in trials.places
        else _explain_one_left_out(trials, options.cases[reference], ())
        for reference in references
    }


def _explain_placed(trials: Trials, case: WaitingCase, facts: MeetingFacts) -> tuple[Reason, ...]:
    reasons: list[Reason] = []
    obstacle = trials.options.obstacles.get((case.reference, facts.id))
    if obstacle is not None:
        reasons.append(Reason("overruled", {"rule": obstacle.code, "meeting": facts.id}))
    elif case.meeting == facts.id:
        reasons.append(Reason("kept-as-published", {"meeting": facts.id}))
    else:
        earlier = [other for other in trials.ahead if other.span.start < facts.span.start]
        reasons.extend(_why_here(trials, case, facts, earlier))
        if trials.problem.now >= facts.closes_at and case.urgency is Urgency.URGENT:
            reasons.append(Reason("added-after-closing", {"meeting": facts.id}))
        if earlier and late_days(case, facts):
            reasons.extend(what_helps(trials, case, earlier))
    late = late_days(case, facts)
    if late:
        reasons.append(Reason("late-by-days", {"days": late}))
    return tuple(reasons)


def _why_here(
    trials: Trials, case: WaitingCase, facts: MeetingFacts, earlier: Sequence[MeetingFacts]
) -> Iterator[Reason]:
    """Why not earlier; for a case that went to a later meeting, why its published place is gone comes first."""
    published = next((other for other in trials.ahead if other.id == case.meeting), None)
    if published is None or published not in earlier:
        yield from _why_not_earlier(trials, case, facts, earlier)
        if published is not None:
            yield Reason("moved-from", {"meeting": published.id})
        return
    others = [other for other in earlier if other is not published]
    yield Reason("moved-from", {"meeting": published.id})
    gone = _why_not_earlier(trials, case, facts, [published])[-1:]
    yield from (*gone, *who_took_its_place(trials, case))
    said = {"earliest-possible", *(reason.code for reason in gone)}
    yield from (one for one in _why_not_earlier(trials, case, facts, others) if one.code not in said)


def _why_not_earlier(
    trials: Trials, case: WaitingCase, facts: MeetingFacts, earlier: Sequence[MeetingFacts]
) -> list[Reason]:
    """`earliest-possible` when every earlier meeting was shut to the case, and what shut or spoke against them."""
    try:
        shut = [other for other in earlier if trials.blocking_sets(case, other)]
        conflict = trials.conflict(case, shut)
        found: Found = [
            (other, _name(trials, case, other, conflict), 0) if other in shut else _against(trials, case, other, facts)
            for other in earlier
        ]
    except TrialsUsedUp:
        return _collect(case, [(other, _stated(trials, case, other), 0) for other in earlier])
    reasons = _collect(case, found)
    if len(shut) == len(earlier):
        reasons.insert(0, Reason("earliest-possible", {"meeting": facts.id}))
    return reasons


def _against(
    trials: Trials, case: WaitingCase, meeting: MeetingFacts, chosen: MeetingFacts | None
) -> tuple[MeetingFacts, Against, int]:
    """What speaks against a meeting that is open to the case: the points by which the plan becomes dearer."""
    price = trials.price({case.reference: meeting.id})
    if price.points < 0:
        return meeting, Against("better-earlier"), -price.points
    if price.points == 0:
        return meeting, Against("equally-good"), 0
    if price.mostly == "calls" and chosen is not None:
        bundled = _bundled(trials.plans[chosen.id], trials.plans[meeting.id], case)
        if bundled is not None:
            return meeting, bundled, price.points
    return meeting, Against("outweighed", mostly=price.mostly), price.points


def _bundled(chosen: MeetingPlan, other: MeetingPlan, case: WaitingCase) -> Against | None:
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
            specialty = attendance.specialties[0]
            return Against("bundled-with", specialty=specialty, cases=len(attendance.cases) - 1)
    return None


def _explain_one_left_out(trials: Trials, case: WaitingCase, later: Sequence[MeetingFacts]) -> tuple[Reason, ...]:
    if not trials.ahead:
        return (Reason("no-meeting"),)
    try:
        opened = [meeting for meeting in trials.ahead if not trials.blocking_sets(case, meeting)]
        if opened:
            return tuple(_collect(case, [_against(trials, case, meeting, None) for meeting in opened]))
        reasons = _why_nowhere(trials, case)
    except TrialsUsedUp:
        return _all_stated(trials, case)
    helped = what_helps(trials, case, trials.ahead, later=later)
    return (*reasons, *who_took_its_place(trials, case), *helped) or _all_stated(trials, case)


def _all_stated(trials: Trials, case: WaitingCase) -> tuple[Reason, ...]:
    """What the facts say against each meeting, without a trial."""
    return tuple(_collect(case, [(other, _stated(trials, case, other), 0) for other in trials.ahead]))


def _why_nowhere(trials: Trials, case: WaitingCase) -> list[Reason]:
    """The smallest conflict; then, should the case itself lack something else as well, that conflict too."""
    lifted: Groups = frozenset()
    reasons: list[Reason] = []
    while conflict := _next_conflict(trials, case, lifted):
        found: Found = [
            (meeting, _name(trials, case, meeting, conflict), 0)
            for meeting in trials.ahead
            if any(known <= conflict for known in trials.blocking_sets(case, meeting))
        ]
        if all(against.code == "meeting-full" for _, against, _ in found):
            found = [(meeting, Against("no-capacity"), 0) for meeting, _, _ in found]
        reasons.extend(_collect(case, found))
        lifted |= conflict
        if OTHERS in conflict:
            break
    return reasons


def _next_conflict(trials: Trials, case: WaitingCase, lifted: Groups) -> Groups:
    conflict = trials.conflict(case, trials.ahead, lifted=lifted)
    return frozenset() if lifted and OTHERS in conflict else conflict


def _name(trials: Trials, case: WaitingCase, meeting: MeetingFacts, conflict: Groups) -> Against:
    """The reason for the part of the conflict that keeps the case off this meeting."""
    inside = [found for found in trials.blocking_sets(case, meeting) if found <= conflict]
    if not inside:
        return Against("window-does-not-fit", _first_need(conflict))
    return _name_set(trials, case, meeting, inside[0])


def _name_set(trials: Trials, case: WaitingCase, meeting: MeetingFacts, blocking: Groups) -> Against:
    kinds = {group.kind for group in blocking}
    plain = {FIXED_TIME: "fixed-time", CLOSING: "list-closed", ROOM: "room-taken"}
    for group, code in plain.items():
        if group in blocking:
            return Against(code)
    if READINESS in blocking:
        return _readiness(trials.problem, case, meeting)
    if MINUTES in blocking:
        return Against("meeting-full" if OTHERS in blocking else "no-capacity")
    if RuleKind.NEED not in kinds:
        return Against("not-examined")
    key = _first_need(blocking)
    if RuleKind.CALL_LIMIT in kinds:
        return Against("call-limit-reached", key)
    if len(blocking) == 1:
        return Against(trials.lack_of(case, meeting, key), key)
    return Against("window-does-not-fit", key)


def _readiness(problem: Problem, case: WaitingCase, meeting: MeetingFacts) -> Against:
    if case.ready_at is None:
        return Against("not-ready")
    if meeting.span.start < case.ready_at:
        return Against("not-ready-before")
    stale = stale_items(problem, case, meeting)
    return Against("no-longer-ready", items=stale) if stale else Against("not-there-yet")


def _first_need(groups: Groups) -> NeedKey:
    return min((group.key for group in groups if group.kind is RuleKind.NEED), default=NeedKey(""))


def _stated(trials: Trials, case: WaitingCase, meeting: MeetingFacts) -> Against:
    """What the facts say without a trial."""
    obstacle = trials.options.obstacles.get((case.reference, meeting.id))
    if obstacle is None:
        return Against("not-examined")
    return Against(obstacle.code, obstacle.key or NeedKey(""))


def _collect(case: WaitingCase, found: Found) -> list[Reason]:
    """One reason per code and need, in the order of the meetings, with the number of meetings it holds for."""
    groups: dict[Against, list[tuple[MeetingFacts, int]]] = {}
    for meeting, against, points in found:
        groups.setdefault(against, []).append((meeting, points))
    return [_as_reason(case, against, meetings) for against, meetings in groups.items()]


def _as_reason(case: WaitingCase, against: Against, meetings: Sequence[tuple[MeetingFacts, int]]) -> Reason:
    first, points = min(meetings, key=lambda pair: pair[1])
    if against.code == "better-earlier":
        first, points = max(meetings, key=lambda pair: pair[1])
    known: dict[str, str | int] = {
        "meeting": first.id,
        "meetings": len(meetings),
        "minutes": case.minutes,
        "items": ",".join(against.items or case.blocked_on.get(first.id, case.blocked_by)),
        "ready_on": "" if case.ready_at is None else _local_date(case.ready_at, first),
        "specialty": against.key.specialty or against.specialty,
        "certificate": against.key.certificate,
        "member": against.key.member,
        "cases": against.cases,
        "points": points,
        "mostly": against.mostly,
    }
    return Reason(against.code, {name: known[name] for name in REASON_CODES[against.code]})


def _local_date(instant: datetime, meeting: MeetingFacts) -> str:
    return instant.astimezone(ZoneInfo(meeting.time_zone)).date().isoformat()

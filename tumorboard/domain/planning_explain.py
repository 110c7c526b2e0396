"""Why each case is where it is, or nowhere: codes and values, no sentences. Every answer is found by solving again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tumorboard.domain.model import MeetingFacts, MeetingPlan, Reason, SeatKind, Urgency, WaitingCase
from tumorboard.domain.planning_against import Against, Found, collect_reasons, list_stated, name_conflict
from tumorboard.domain.planning_changes import what_helps, who_took_its_place
from tumorboard.domain.planning_options import Options
from tumorboard.domain.planning_problem import late_days
from tumorboard.domain.planning_reasons import REASON_CODES
from tumorboard.domain.planning_relaxations import OTHERS, Groups
from tumorboard.domain.planning_trials import MOST_WORK, Trials, TrialsUsedUp
from tumorboard.domain.timeline import Interval

__all__ = ["REASON_CODES", "explain_cases", "explain_left_out", "explain_meetings"]


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
            (other, name_conflict(trials, case, other, conflict), 0)
            if other in shut
            else _against(trials, case, other, facts)
            for other in earlier
        ]
    except TrialsUsedUp:
        return list_stated(trials, case, earlier)
    reasons = collect_reasons(case, found)
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
            return tuple(collect_reasons(case, [_against(trials, case, meeting, None) for meeting in opened]))
        reasons = _why_nowhere(trials, case)
    except TrialsUsedUp:
        return tuple(list_stated(trials, case, trials.ahead))
    helped = what_helps(trials, case, trials.ahead, later=later)
    return (*reasons, *who_took_its_place(trials, case), *helped) or tuple(list_stated(trials, case, trials.ahead))


def _why_nowhere(trials: Trials, case: WaitingCase) -> list[Reason]:
    """The smallest conflict; then, should the case itself lack something else as well, that conflict too."""
    lifted: Groups = frozenset()
    reasons: list[Reason] = []
    while conflict := _next_conflict(trials, case, lifted):
        found: Found = [
            (meeting, name_conflict(trials, case, meeting, conflict), 0)
            for meeting in trials.ahead
            if any(known <= conflict for known in trials.blocking_sets(case, meeting))
        ]
        if all(against.code == "meeting-full" for _, against, _ in found):
            found = [(meeting, Against("no-capacity"), 0) for meeting, _, _ in found]
        reasons.extend(collect_reasons(case, found))
        lifted |= conflict
        if OTHERS in conflict:
            break
    return reasons


def _next_conflict(trials: Trials, case: WaitingCase, lifted: Groups) -> Groups:
    conflict = trials.conflict(case, trials.ahead, lifted=lifted)
    return frozenset() if lifted and OTHERS in conflict else conflict

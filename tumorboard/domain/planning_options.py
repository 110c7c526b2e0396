"""What the facts of a planning problem allow: who sits, who can be called, which case may join which meeting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tumorboard.domain.model import MeetingFacts, MeetingPlan, MemberFacts, SeatKind, WaitingCase
from tumorboard.domain.planning_obstacles import (
    Candidate,
    Obstacle,
    find_candidate,
    find_obstacle,
    free_minutes,
    has_time,
    lack_of,
)
from tumorboard.domain.planning_problem import (
    NeedKey,
    Problem,
    answers,
    holders_at,
    is_open,
    left_out_cost,
    needs_of,
    open_cost,
    place_cost,
    week_of,
)
from tumorboard.domain.timeline import is_free

__all__ = [
    "Candidate",
    "Obstacle",
    "Options",
    "Team",
    "call_cost",
    "earlier_missing",
    "entangled_meetings",
    "free_minutes",
    "has_time",
    "lack_of",
    "overlapping_meetings",
    "plan_cost",
    "read_options",
]


@dataclass(frozen=True, slots=True)
class Team:
    """The core of one meeting: the specialties of the seats each member fills, and the quorum seats nobody fills."""

    seated: Mapping[str, tuple[str, ...]]
    vacant: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """What the facts of a problem allow, worked out once.

    `required` and `recommended` are the needs per case. `candidates` are per meeting and need in the order they are
    asked, for needs that the core does not cover; `ranks` is the best place of a candidate in any of these lists.
    `earlier` has, per case and need, those who were called in for the case before and could cover it. `obstacles` are
    per case and meeting; a pair without one is allowed. `memory` keeps what was laid out once.
    """

    problem: Problem
    meetings: Mapping[str, MeetingFacts]
    cases: Mapping[str, WaitingCase]
    members: Mapping[str, MemberFacts]
    required: Mapping[str, tuple[NeedKey, ...]]
    recommended: Mapping[str, tuple[NeedKey, ...]]
    core: Mapping[tuple[str, NeedKey], str]
    teams: Mapping[str, Team]
    candidates: Mapping[tuple[str, NeedKey], tuple[Candidate, ...]]
    ranks: Mapping[tuple[str, str], int]
    earlier: Mapping[tuple[str, NeedKey], frozenset[str]]
    obstacles: Mapping[tuple[str, str], Obstacle]
    memory: dict[object, object] = field(default_factory=dict, compare=False, repr=False)


def read_options(problem: Problem) -> Options:
    """Works out what the facts of the problem allow."""
    members = {member.id: member for member in problem.members}
    required = {case.reference: needs_of(case, required=True) for case in problem.cases}
    recommended = {case.reference: needs_of(case, required=False) for case in problem.cases}
    teams = _seat_core(problem, members)
    core: dict[tuple[str, NeedKey], str] = {}
    candidates: dict[tuple[str, NeedKey], tuple[Candidate, ...]] = {}
    ranks: dict[tuple[str, str], int] = {}
    for key in sorted({key for needs in (*required.values(), *recommended.values()) for key in needs}):
        asked = _asking_order(problem, members, key)
        for meeting in problem.meetings:
            team = teams[meeting.id]
            able = [member for member in team.seated if answers(members[member], key)]
            if able:
                core[meeting.id, key] = min(able, key=lambda member: key.specialty not in team.seated[member])
                continue
            found = _candidates(problem, teams, meeting, asked)
            candidates[meeting.id, key] = found
            for rank, candidate in enumerate(found):
                pair = (meeting.id, candidate.member)
                ranks[pair] = min(rank, ranks.get(pair, rank))
    obstacles = {
        (case.reference, meeting.id): obstacle
        for case in problem.cases
        for meeting in problem.meetings
        if (obstacle := find_obstacle(problem, case, meeting, required[case.reference], core, candidates)) is not None
    }
    return Options(
        problem=problem,
        meetings={meeting.id: meeting for meeting in problem.meetings},
        cases={case.reference: case for case in problem.cases},
        members=members,
        required=required,
        recommended=recommended,
        core=core,
        teams=teams,
        candidates=candidates,
        ranks=ranks,
        earlier=_earlier(problem, members, required, recommended),
        obstacles=obstacles,
    )


def _seat_core(problem: Problem, members: Mapping[str, MemberFacts]) -> dict[str, Team]:
    """The core team of each meeting, whether it will have cases or not.

    The seats of overlapping meetings are given out before any case is placed, so that the teams do not depend on the
    plan: in time order, those of meetings that may not take place last.
    """
    teams: dict[str, Team] = {}
    for meeting in sorted(problem.meetings, key=lambda meeting: not is_open(meeting)):
        elsewhere = {
            member for other in _overlapping(problem, meeting) if other in teams for member in teams[other].seated
        }
        seated: dict[str, tuple[str, ...]] = {}
        vacant: list[str] = []
        for seat in problem.seats:
            if seat.kind is not SeatKind.CORE:
                continue
            holder = next(
                (
                    holder
                    for holder in holders_at(problem, seat, meeting.id)
                    if holder in members
                    and holder not in elsewhere
                    and seat.specialty in members[holder].specialties
                    and is_free(meeting.span, members[holder].busy)
                ),
                None,
            )
            if holder is not None:
                seated[holder] = (*seated.get(holder, ()), seat.specialty)
            elif seat.in_quorum:
                vacant.append(seat.specialty)
        teams[meeting.id] = Team(seated, tuple(vacant))
    return teams


def _overlapping(problem: Problem, meeting: MeetingFacts) -> tuple[str, ...]:
    return tuple(other.id for other in problem.meetings if other.id != meeting.id and other.span.overlaps(meeting.span))


def overlapping_meetings(problem: Problem) -> Mapping[str, tuple[str, ...]]:
    """Per meeting the others of the problem that share an instant with it."""
    return {meeting.id: _overlapping(problem, meeting) for meeting in problem.meetings}


def entangled_meetings(options: Options) -> Mapping[str, tuple[str, ...]]:
    """Per meeting the others whose calls it depends on: at the same time, or in one week of somebody's call limit."""
    limited: dict[tuple[str, tuple[int, int]], set[str]] = {}
    for (meeting, _), found in options.candidates.items():
        for candidate in found:
            if options.members[candidate.member].most_calls_per_week is not None:
                limited.setdefault((candidate.member, week_of(options.meetings[meeting])), set()).add(meeting)
    linked = {meeting: set(others) for meeting, others in overlapping_meetings(options.problem).items()}
    for together in limited.values():
        for meeting in together:
            linked[meeting] |= together - {meeting}
    return {meeting: tuple(sorted(others)) for meeting, others in linked.items()}


def _asking_order(problem: Problem, members: Mapping[str, MemberFacts], key: NeedKey) -> tuple[MemberFacts, ...]:
    """Who could cover the need: holders of the seat in their order, then their deputies, then any other member."""
    holders = [holder for seat in problem.seats if seat.specialty == key.specialty for holder in seat.holders]
    deputies = [deputy for holder in holders if holder in members for deputy in members[holder].deputies]
    asked = dict.fromkeys((*holders, *deputies, *members))
    return tuple(members[member] for member in asked if member in members and answers(members[member], key))


def _candidates(
    problem: Problem, teams: Mapping[str, Team], meeting: MeetingFacts, asked: tuple[MemberFacts, ...]
) -> tuple[Candidate, ...]:
    """Those of the members asked who have time at the meeting and no core seat at another one then."""
    elsewhere = {member for other in _overlapping(problem, meeting) for member in teams[other].seated}
    found = (find_candidate(problem, meeting, member) for member in asked if member.id not in elsewhere)
    return tuple(candidate for candidate in found if candidate is not None)


def _earlier(
    problem: Problem,
    members: Mapping[str, MemberFacts],
    required: Mapping[str, tuple[NeedKey, ...]],
    recommended: Mapping[str, tuple[NeedKey, ...]],
) -> dict[tuple[str, NeedKey], frozenset[str]]:
    found: dict[tuple[str, NeedKey], frozenset[str]] = {}
    for case in problem.cases:
        known = [members[name] for name in case.earlier_members if name in members]
        for key in (*required[case.reference], *recommended[case.reference]):
            able = frozenset(member.id for member in known if answers(member, key))
            if able and not key.member:
                found[case.reference, key] = able
    return found


def call_cost(options: Options, meeting: str, member: str, *, required: bool) -> int:
    """Points for calling the member in, apart from her other calls."""
    weights = options.problem.weights
    invited = options.problem.invited.get(meeting, ())
    is_change = member not in invited and bool(invited or options.problem.is_repair)
    call = weights.call if required else weights.call_recommended
    return call + weights.rank * options.ranks[meeting, member] + is_change * weights.changed_invitation


def plan_cost(options: Options, plans: tuple[MeetingPlan, ...]) -> int:
    """Points of a whole plan, cases left out included."""
    problem = options.problem
    placed = {entry.reference: plan.meeting for plan in plans for entry in plan.agenda}
    total = 0
    for case in problem.cases:
        meeting = placed.get(case.reference)
        if meeting is None:
            total += left_out_cost(problem, case)
        else:
            total += place_cost(problem, case, options.meetings[meeting])
    calls: dict[str, int] = {}
    for plan in plans:
        if plan.agenda:
            total += open_cost(problem, options.meetings[plan.meeting])
            total += problem.weights.continuity * earlier_missing(options, plan)
        total += problem.weights.uncovered_recommended * sum(len(lost) for lost in plan.uncovered.values())
        for attendance in plan.attendances:
            if attendance.kind is SeatKind.ON_DEMAND:
                calls[attendance.member] = calls.get(attendance.member, 0) + 1
                total += call_cost(options, plan.meeting, attendance.member, required=attendance.required)
    return total + problem.weights.repeated_call * sum(count * (count - 1) // 2 for count in calls.values())


def earlier_missing(options: Options, plan: MeetingPlan) -> int:
    """How many needs, case by case, are left to others than those who were called in for the case before."""
    present: dict[str, set[str]] = {entry.reference: set() for entry in plan.agenda}
    for attendance in plan.attendances:
        for reference in attendance.cases:
            present.setdefault(reference, set()).add(attendance.member)
    return sum(
        (plan.meeting, key) not in options.core and earlier.isdisjoint(present[reference])
        for (reference, key), earlier in options.earlier.items()
        if reference in present
    )

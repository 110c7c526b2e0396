"""What the facts of a planning problem allow: who sits, who can be called, which case may join which meeting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tumorboard.domain.model import MeetingFacts, MeetingPlan, MemberFacts, SeatKind, Urgency, WaitingCase
from tumorboard.domain.planning_problem import (
    MINUTE,
    NeedKey,
    Problem,
    answers,
    left_out_cost,
    needs_of,
    place_cost,
)
from tumorboard.domain.timeline import Interval, is_free, subtract


@dataclass(frozen=True, slots=True)
class Team:
    """The core of one meeting: the specialties of the seats each member fills, and the quorum seats nobody fills."""

    seated: Mapping[str, tuple[str, ...]]
    vacant: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member who could be called in. `free` is in minutes from the start of the meeting, sorted."""

    member: str
    free: tuple[tuple[int, int], ...]
    is_whole: bool

    @property
    def longest_minutes(self) -> int:
        """Her longest free stretch."""
        return max(end - start for start, end in self.free)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What speaks against a case on a meeting: a reason code and the need, or the specialty and cases, it is about."""

    code: str
    key: NeedKey | None = None
    specialty: str = ""
    cases: int = 0


@dataclass(frozen=True, slots=True)
class Options:
    """What the facts of a problem allow, worked out once.

    `required` and `recommended` are the needs per case. `candidates` are per meeting and need in the order they are
    asked, for needs that the core does not cover; `ranks` is the best place of a candidate in any of these lists.
    `obstacles` are per case and meeting; a pair without one is allowed.
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
    obstacles: Mapping[tuple[str, str], Obstacle]


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
        if (obstacle := _obstacle(problem, case, meeting, required[case.reference], core, candidates)) is not None
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
        obstacles=obstacles,
    )


def _seat_core(problem: Problem, members: Mapping[str, MemberFacts]) -> dict[str, Team]:
    """The core team of each meeting, whether it will have cases or not.

    The seats of overlapping meetings are given out in time order before any case is placed, so that the teams do not
    depend on the plan.
    """
    teams: dict[str, Team] = {}
    for meeting in problem.meetings:
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
                    for holder in seat.holders
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
    found: list[Candidate] = []
    for member in asked:
        if member.id in elsewhere:
            continue
        free = free_minutes(member, meeting.span)
        if free:
            found.append(Candidate(member.id, free, is_whole=free == ((0, meeting.capacity),)))
    return tuple(found)


def free_minutes(member: MemberFacts, span: Interval) -> tuple[tuple[int, int], ...]:
    """Her free whole minutes in the span, counted from its start; sorted, non-overlapping."""
    start = span.start
    stretches = ((-((start - gap.start) // MINUTE), (gap.end - start) // MINUTE) for gap in subtract(span, member.busy))
    return tuple((first, last) for first, last in stretches if first < last)


def _obstacle(
    problem: Problem,
    case: WaitingCase,
    meeting: MeetingFacts,
    required: tuple[NeedKey, ...],
    core: Mapping[tuple[str, NeedKey], str],
    candidates: Mapping[tuple[str, NeedKey], tuple[Candidate, ...]],
) -> Obstacle | None:
    """The first thing that keeps the case from the meeting, None when it may join."""
    if meeting.span.start <= problem.now:
        return Obstacle("no-meeting")
    if case.ready_at is None:
        return Obstacle("not-ready")
    if meeting.span.start < case.ready_at:
        return Obstacle("not-ready-before")
    if meeting.id in case.blocked_on:
        return Obstacle("no-longer-ready")
    is_new = case.meeting != meeting.id
    if is_new and problem.now >= meeting.closes_at and case.urgency is not Urgency.URGENT:
        return Obstacle("list-closed")
    if case.minutes > meeting.capacity:
        return Obstacle("no-capacity")
    for key in required:
        if (meeting.id, key) in core:
            continue
        if not any(found.longest_minutes >= case.minutes for found in candidates[meeting.id, key]):
            return Obstacle(_lack_of(problem, meeting, key), key)
    return None


def _lack_of(problem: Problem, meeting: MeetingFacts, key: NeedKey) -> str:
    """The reason code for a need that nobody can cover at the meeting."""
    if key.member:
        return "named-member-absent"
    holders = [member for member in problem.members if key.specialty in member.specialties]
    if not holders:
        return "no-member-for-specialty"
    if key.certificate and not any(key.certificate in member.certificates for member in holders):
        return "certificate-missing"
    if key.certificate and any(
        key.certificate not in member.certificates and is_free(meeting.span, member.busy) for member in holders
    ):
        return "certificate-missing"
    return "no-member-free"


def call_cost(options: Options, meeting: str, member: str, *, required: bool) -> int:
    """Points for calling the member in, apart from her other calls."""
    weights = options.problem.weights
    invited = options.problem.invited.get(meeting, ())
    changed = weights.changed_invitation if invited and member not in invited else 0
    call = weights.call if required else weights.call_recommended
    return call + weights.rank * options.ranks[meeting, member] + changed


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
        total += problem.weights.uncovered_recommended * sum(len(lost) for lost in plan.uncovered.values())
        for attendance in plan.attendances:
            if attendance.kind is SeatKind.ON_DEMAND:
                calls[attendance.member] = calls.get(attendance.member, 0) + 1
                total += call_cost(options, plan.meeting, attendance.member, required=attendance.required)
    return total + problem.weights.repeated_call * sum(count * (count - 1) // 2 for count in calls.values())

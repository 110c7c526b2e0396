"""Rules that can be lifted one by one for a case, and the trial whether it then fits: the problem is solved again.

A trial edits the problem (the report is there, the need is waived, the meeting is longer …), lays out the meetings it
touches and asks the checker. Nothing here guesses from the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

from tumorboard.domain.model import MeetingFacts, MeetingPlan, MemberFacts, WaitingCase
from tumorboard.domain.planning_check import check_meetings
from tumorboard.domain.planning_draft import plan_meeting
from tumorboard.domain.planning_layout import draft_meetings
from tumorboard.domain.planning_options import read_options
from tumorboard.domain.planning_problem import MINUTE, NeedKey, Problem, key_of, needs_of, week_of
from tumorboard.domain.timeline import Interval, subtract

Assignment = Mapping[str, Sequence[str]]
"""The references of the cases per meeting id."""


class RuleKind(StrEnum):
    """What a group of rules is about; `OTHERS` is that the other cases keep their places."""

    NEED = "need"
    READINESS = "readiness"
    FIXED_TIME = "fixed-time"
    CLOSING = "closing"
    ROOM = "room"
    CALL_LIMIT = "call-limit"
    MINUTES = "minutes"
    OTHERS = "others"


_KINDS = tuple(RuleKind)


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """The rules of one kind for one case; for a need, those of that need."""

    kind: RuleKind
    key: NeedKey = NeedKey("")

    @property
    def rank(self) -> tuple[int, NeedKey]:
        """The order in which groups are named when several would do."""
        return _KINDS.index(self.kind), self.key


OTHERS = RuleGroup(RuleKind.OTHERS)
MINUTES = RuleGroup(RuleKind.MINUTES)
READINESS = RuleGroup(RuleKind.READINESS)
CLOSING = RuleGroup(RuleKind.CLOSING)
FIXED_TIME = RuleGroup(RuleKind.FIXED_TIME)
ROOM = RuleGroup(RuleKind.ROOM)
CALL_LIMIT = RuleGroup(RuleKind.CALL_LIMIT)

Groups = frozenset[RuleGroup]


def groups_of(case: WaitingCase) -> tuple[RuleGroup, ...]:
    """Every group of rules a case is under, in the order of their rank."""
    needs = (RuleGroup(RuleKind.NEED, key) for key in needs_of(case, required=True))
    fixed = () if case.fixed_at is None else (FIXED_TIME,)
    return tuple(
        sorted((*needs, READINESS, *fixed, CLOSING, ROOM, CALL_LIMIT, MINUTES, OTHERS), key=lambda group: group.rank)
    )


def lift(
    problem: Problem, assignment: Assignment, case: str, meeting: str, groups: Iterable[RuleGroup]
) -> tuple[Problem, Assignment]:
    """The problem and the cases of its meetings when the groups of rules do not hold for the case on the meeting."""
    lifted = frozenset(groups)
    if OTHERS in lifted:
        assignment = {}
    changed = next(known for known in problem.cases if known.reference == case)
    facts = next(known for known in problem.meetings if known.id == meeting)
    members = problem.members
    changed = _lift_of_case(problem, changed, lifted)
    if CLOSING in lifted:
        facts = replace(facts, closes_at=facts.span.start)
    if MINUTES in lifted:
        facts, members = _lengthen(problem, assignment, changed, facts)
    if CALL_LIMIT in lifted:
        members = tuple(replace(member, most_calls_per_week=None) for member in members)
    lifted_problem = replace(
        problem,
        cases=tuple(changed if known.reference == case else known for known in problem.cases),
        rooms={known: room for known, room in problem.rooms.items() if known != meeting or ROOM not in lifted},
        meetings=tuple(facts if known.id == meeting else known for known in problem.meetings),
        members=members,
    )
    return lifted_problem, assignment


def _lift_of_case(problem: Problem, case: WaitingCase, lifted: Groups) -> WaitingCase:
    waived = {group.key for group in lifted if group.kind is RuleKind.NEED}
    if waived:
        needs = tuple(need for need in case.needs if not (need.required and key_of(need) in waived))
        named = tuple(name for name in case.named_members if NeedKey("", "", name) not in waived)
        case = replace(case, needs=needs, named_members=named)
    if READINESS in lifted:
        case = replace(case, ready_at=problem.now, blocked_by=(), blocked_on={})
    if FIXED_TIME in lifted:
        case = replace(case, fixed_at=None)
    return case


def _lengthen(
    problem: Problem, assignment: Assignment, case: WaitingCase, meeting: MeetingFacts
) -> tuple[MeetingFacts, tuple[MemberFacts, ...]]:
    """The meeting with minutes for the case added at its end, when everybody is free."""
    minutes = max(case.minutes, missing_minutes(problem, assignment, case, meeting))
    longer = with_minutes(meeting, minutes)
    added = Interval(meeting.span.end, longer.span.end)
    members = tuple(
        replace(member, busy=tuple(part for taken in member.busy for part in subtract(taken, (added,))))
        if any(taken.overlaps(added) for taken in member.busy)
        else member
        for member in problem.members
    )
    return longer, members


def with_minutes(meeting: MeetingFacts, minutes: int) -> MeetingFacts:
    """The meeting ending so many minutes later."""
    return replace(meeting, span=Interval(meeting.span.start, meeting.span.end + minutes * MINUTE))


def missing_minutes(problem: Problem, assignment: Assignment, case: WaitingCase, meeting: MeetingFacts) -> int:
    """By how many minutes the meeting is too short for its cases and this one; negative when there is room."""
    here = set(assignment.get(meeting.id, ())) - {case.reference}
    used = sum(known.minutes for known in problem.cases if known.reference in here)
    return used + case.minutes - meeting.capacity


def fits(problem: Problem, assignment: Assignment, case: str, meeting: str) -> bool:
    """True when the case can be discussed on the meeting beside the cases assigned to it and to those that touch it.

    Solved again: the meetings are laid out with and without the case, and the checker finds nothing it did not find
    before. A case that the assignment has elsewhere is taken from there.
    """
    small, places = _around(problem, assignment, case, meeting)
    with_it = dict(places)
    with_it[meeting] = (*places.get(meeting, ()), case)
    quick = _laid_out(small, with_it, is_quick=True)
    if not quick.violations:
        return True
    after = quick if quick.is_settled else _laid_out(small, with_it, is_quick=False)
    return not after.violations or after.violations <= _laid_out(small, places, is_quick=False).violations


@dataclass(frozen=True, slots=True)
class _Trial:
    """What the checker finds; `is_settled` when another order of the cases could not change it."""

    violations: frozenset[tuple[object, ...]]
    is_settled: bool


def _laid_out(problem: Problem, assignment: Assignment, *, is_quick: bool) -> _Trial:
    options = read_options(problem)
    drafts = draft_meetings(options, assignment, is_quick=is_quick)
    plans = tuple(
        plan_meeting(options, meeting.id, drafts[meeting.id])
        if meeting.id in drafts
        else MeetingPlan(meeting=meeting.id, agenda=(), attendances=(), reasons={})
        for meeting in problem.meetings
    )
    found = frozenset((one.code, *sorted(one.values.items())) for one in check_meetings(problem, plans))
    return _Trial(found, all(draft.fits for draft in drafts.values()))


def _around(
    problem: Problem, assignment: Assignment, case: str, meeting: str
) -> tuple[Problem, dict[str, tuple[str, ...]]]:
    """The part of the problem that a case on the meeting touches: meetings at the same time or under the same limit."""
    touched = _touched(problem, meeting)
    places = {
        known: tuple(reference for reference in references if reference != case)
        for known, references in assignment.items()
        if known in touched
    }
    wanted = {case}.union(*places.values())
    cases = tuple(known for known in problem.cases if known.reference in wanted)
    keys = {key for known in cases for required in (True, False) for key in needs_of(known, required=required)}
    specialties = {key.specialty for key in keys} | {seat.specialty for seat in problem.seats}
    named = {key.member for key in keys}
    small = replace(
        problem,
        meetings=tuple(known for known in problem.meetings if known.id in touched),
        cases=cases,
        members=tuple(
            member for member in problem.members if member.id in named or not specialties.isdisjoint(member.specialties)
        ),
    )
    return small, places


def _touched(problem: Problem, meeting: str) -> frozenset[str]:
    limited = any(member.most_calls_per_week is not None for member in problem.members)
    start = next(known for known in problem.meetings if known.id == meeting)
    touched, todo = {meeting}, [start]
    while todo:
        here = todo.pop()
        for other in problem.meetings:
            is_near = other.span.overlaps(here.span) or (limited and week_of(other) == week_of(here))
            if is_near and other.id not in touched:
                touched.add(other.id)
                todo.append(other)
    return frozenset(touched)


def smallest_cover(families: Sequence[Sequence[Groups]], order: Sequence[RuleGroup]) -> Groups:
    """The fewest groups that contain a set of every family; among equals those that come first in `order`.

    Every family must have a set. With more than 12 groups the answer cannot be made smaller, but need not be smallest.
    """
    named = [group for group in order if any(group in found for family in families for found in family)]
    if len(named) > _MOST_GROUPS:
        return _irreducible(families, named)
    for size in range(len(named) + 1):
        for chosen in combinations(named, size):
            if _covers(families, frozenset(chosen)):
                return frozenset(chosen)
    return frozenset(named)


_MOST_GROUPS = 12


def _covers(families: Sequence[Sequence[Groups]], chosen: Groups) -> bool:
    return all(any(found <= chosen for found in family) for family in families)


def _irreducible(families: Sequence[Sequence[Groups]], named: Sequence[RuleGroup]) -> Groups:
    kept = frozenset(named)
    for group in reversed(named):
        if _covers(families, kept - {group}):
            kept -= {group}
    return kept

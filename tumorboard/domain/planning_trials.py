"""Trials of cases on meetings beside a plan: what blocks them, the smallest conflict, and what a change would cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tumorboard.domain.model import MeetingFacts, MeetingPlan, SeatKind, WaitingCase
from tumorboard.domain.planning_draft import plan_meeting
from tumorboard.domain.planning_layout import draft_meetings
from tumorboard.domain.planning_obstacles import find_obstacle, has_time, pieces
from tumorboard.domain.planning_options import Options, call_cost, plan_cost
from tumorboard.domain.planning_problem import (
    NeedKey,
    Problem,
    answers,
    can_begin,
    is_after_closing,
    is_moved,
    is_room_taken,
    place_cost,
)
from tumorboard.domain.planning_relaxations import (
    CALL_LIMIT,
    CLOSING,
    FIXED_TIME,
    MINUTES,
    OTHERS,
    READINESS,
    ROOM,
    Groups,
    RuleGroup,
    RuleKind,
    fits,
    groups_of,
    lift,
    missing_minutes,
    smallest_cover,
)
from tumorboard.domain.timeline import Interval

MOST_WORK = 400
"""Work to explain one plan: meetings of a few cases laid out again; each takes a few milliseconds."""


class TrialsUsedUp(Exception):
    """The work set aside for explanations is done; what is not explained then says so."""


@dataclass(frozen=True, slots=True)
class Price:
    """By how many points a plan becomes dearer, and the part of it that weighs most, see `PRICE_PARTS`."""

    points: int
    mostly: str


PRICE_PARTS = ("calls", "advice", "moved", "waiting", "left-out", "balance")
"""More members called in, recommended advice missing, published cases moved, later dates, cases left out, the rest."""


class Trials:
    """A plan and the trials made with it. Answers are kept, and the number of new ones is limited."""

    def __init__(
        self,
        options: Options,
        plans: Sequence[MeetingPlan],
        *,
        most: int = MOST_WORK,
        immovable: Mapping[str, Sequence[Interval]] | None = None,
    ) -> None:
        self.options = options
        self.immovable = immovable or {}
        self.problem: Problem = options.problem
        self.plans = {plan.meeting: plan for plan in plans}
        self.assignment = {plan.meeting: tuple(entry.reference for entry in plan.agenda) for plan in plans}
        self.places = {reference: name for name, references in self.assignment.items() for reference in references}
        self.ahead = tuple(one for one in self.problem.meetings if one.span.start > self.problem.now)
        self.left = most
        self._roomless = replace(self.problem, rooms={})
        self._chosen = _choices(options, plans)
        self._base: tuple[MeetingPlan, ...] | None = None
        self._blocked: dict[tuple[str, str, Groups], bool] = {}
        self._sets: dict[tuple[str, str], tuple[Groups, ...]] = {}

    def fits(self, problem: Problem, assignment: Mapping[str, Sequence[str]], case: str, meeting: str) -> bool:
        """One trial. Raises TrialsUsedUp."""
        self._spend(len(assignment.get(meeting, ())))
        return fits(problem, assignment, case, meeting)

    def _spend(self, cases: int) -> None:
        """Take the work of a trial on a meeting with so many cases from what is left."""
        if self.left <= 0:
            raise TrialsUsedUp
        self.left -= 1 + cases * cases // 50

    def is_blocked(self, case: WaitingCase, meeting: MeetingFacts, active: Groups) -> bool:
        """True when the case cannot join the meeting although only these groups of rules hold."""
        known = (case.reference, meeting.id, active)
        if known not in self._blocked:
            lifted = frozenset(groups_of(case)) - active
            problem, assignment = lift(self.problem, self.assignment, case.reference, meeting.id, lifted)
            self._blocked[known] = not self.fits(problem, assignment, case.reference, meeting.id)
        return self._blocked[known]

    def blocking_sets(self, case: WaitingCase, meeting: MeetingFacts) -> tuple[Groups, ...]:
        """Sets of groups of which each alone keeps the case off the meeting; empty when it could join as things are.

        Sets of one group are told by the facts, a full meeting by its minutes, the rest by trials. Those named first
        come first.
        """
        known = (case.reference, meeting.id)
        if known not in self._sets:
            found = sorted(self._told(case, meeting), key=rank_of)
            if not found and self.is_blocked(case, meeting, frozenset(groups_of(case))):
                found.append(self._shrink(case, meeting))
            self._sets[known] = tuple(found)
        return self._sets[known]

    def _told(self, case: WaitingCase, meeting: MeetingFacts) -> Iterator[Groups]:
        """The sets that the facts of the case, the meeting and the members tell without any trial."""
        if case.ready_at is None or meeting.span.start < case.ready_at or meeting.id in case.blocked_on:
            yield frozenset({READINESS})
        if not can_begin(case, meeting):
            yield frozenset({FIXED_TIME})
        if is_after_closing(self.problem, case, meeting):
            yield frozenset({CLOSING})
        if is_room_taken(self.problem, meeting):
            yield frozenset({ROOM})
        if case.minutes > _longest_piece(meeting):
            yield frozenset({MINUTES})
        elif missing_minutes(self.problem, self.assignment, case, meeting) > 0:
            yield frozenset({MINUTES, OTHERS})
        for key in self.options.required[case.reference]:
            if (meeting.id, key) not in self.options.core:
                yield from self._told_of_need(case, meeting, key)

    def _told_of_need(self, case: WaitingCase, meeting: MeetingFacts, key: NeedKey) -> Iterator[Groups]:
        able = self.options.candidates[meeting.id, key]
        need = RuleGroup(RuleKind.NEED, key)
        at_any_time = replace(case, fixed_at=None, minutes=min(case.minutes, _longest_piece(meeting)))
        if not any(has_time(found, at_any_time, meeting) for found in able):
            is_limited = self.lack_of(case, meeting, key) == "call-limit-reached"
            yield frozenset({need, CALL_LIMIT} if is_limited else {need})
        elif can_begin(case, meeting) and not any(has_time(found, case, meeting) for found in able):
            yield frozenset({need, FIXED_TIME})

    def lack_of(self, case: WaitingCase, meeting: MeetingFacts, key: NeedKey) -> str:
        """The reason code for a need that nobody can cover at the meeting."""
        bare = replace(
            case,
            ready_at=self.problem.now,
            blocked_on={},
            meeting=meeting.id,
            fixed_at=case.fixed_at if can_begin(case, meeting) else None,
            minutes=min(case.minutes, _longest_piece(meeting)),
        )
        options = self.options
        obstacle = find_obstacle(self._roomless, bare, meeting, (key,), options.core, options.candidates)
        return "window-does-not-fit" if obstacle is None or obstacle.key is None else obstacle.code

    def _shrink(self, case: WaitingCase, meeting: MeetingFacts) -> Groups:
        """A set of groups that blocks, and does not without any one of them."""
        active = frozenset(groups_of(case))
        for group in reversed(groups_of(case)):
            if self.is_blocked(case, meeting, active - {group}):
                active -= {group}
        return active

    def conflict(self, case: WaitingCase, meetings: Sequence[MeetingFacts], *, lifted: Groups = frozenset()) -> Groups:
        """The smallest set of groups that keeps the case off all these meetings, without the lifted groups.

        Empty when one of the meetings is open to it. Without any one of the set the case fits on one of them.
        """
        families = []
        for meeting in meetings:
            family = [found for found in self.blocking_sets(case, meeting) if found.isdisjoint(lifted)]
            if not family:
                return frozenset()
            families.append(family)
        chosen = smallest_cover(families, groups_of(case))
        for group in sorted(chosen, key=lambda group: group.rank, reverse=True):
            rest = chosen - {group}
            if rest and all(self._stays_shut(case, meeting, rest) for meeting in meetings):
                chosen = rest
        return chosen

    def _stays_shut(self, case: WaitingCase, meeting: MeetingFacts, active: Groups) -> bool:
        if any(found <= active for found in self.blocking_sets(case, meeting)):
            return True
        return self.is_blocked(case, meeting, active)

    def price(self, changes: Mapping[str, str | None]) -> Price:
        """What it costs to put cases on other meetings, or to leave them out, with all others where they are."""
        self._spend(max(len(self.assignment.get(name or "", ())) for name in changes.values()))
        if self._base is None:
            self._base = self._laid_out(self.assignment)
        after = self._laid_out(self._changed(changes))
        points = plan_cost(self.options, after) - plan_cost(self.options, self._base)
        before = self._parts(self._base)
        parts = {name: value - before[name] for name, value in self._parts(after).items()}
        parts["balance"] = points - sum(parts.values())
        return Price(points, max(PRICE_PARTS, key=lambda name: parts[name]))

    def _laid_out(self, assignment: Mapping[str, Sequence[str]]) -> tuple[MeetingPlan, ...]:
        drafts = draft_meetings(self.options, assignment, is_quick=True, chosen=self._chosen)
        return tuple(plan_meeting(self.options, name, draft) for name, draft in drafts.items())

    def _changed(self, changes: Mapping[str, str | None]) -> dict[str, tuple[str, ...]]:
        assignment = {
            name: tuple(reference for reference in references if reference not in changes)
            for name, references in self.assignment.items()
        }
        for reference, name in changes.items():
            if name is not None:
                assignment[name] = (*assignment.get(name, ()), reference)
        return assignment

    def _parts(self, plans: Iterable[MeetingPlan]) -> dict[str, int]:
        problem, weights = self.problem, self.problem.weights
        parts = dict.fromkeys(PRICE_PARTS, 0)
        placed: dict[str, str] = {}
        for plan in plans:
            placed.update({entry.reference: plan.meeting for entry in plan.agenda})
            parts["advice"] += weights.uncovered_recommended * sum(len(lost) for lost in plan.uncovered.values())
            for one in plan.attendances:
                if one.kind is SeatKind.ON_DEMAND:
                    parts["calls"] += call_cost(self.options, plan.meeting, one.member, required=one.required)
        for case in problem.cases:
            place = placed.get(case.reference)
            parts["moved"] += weights.moved if is_moved(problem, case, place) else 0
            if place is None:
                parts["left-out"] += weights.factor(case.urgency) * weights.unscheduled
            else:
                moved = weights.moved if is_moved(problem, case, place) else 0
                parts["waiting"] += place_cost(problem, case, self.options.meetings[place]) - moved
        return parts


def _choices(options: Options, plans: Iterable[MeetingPlan]) -> dict[str, dict[NeedKey, str]]:
    """Who is called in for which need, by meeting."""
    return {
        plan.meeting: {
            key: one.member
            for one in plan.attendances
            if one.kind is SeatKind.ON_DEMAND and one.member in options.members
            for reference in one.cases
            for key in (*options.required.get(reference, ()), *options.recommended.get(reference, ()))
            if answers(options.members[one.member], key)
        }
        for plan in plans
    }


def rank_of(blocking: Groups) -> tuple[int, list[tuple[int, NeedKey]]]:
    """The order in which sets of groups are named."""
    return len(blocking), sorted(group.rank for group in blocking)


def _longest_piece(meeting: MeetingFacts) -> int:
    return max((end - start for start, end in pieces((0, meeting.span.minutes), meeting)), default=0)

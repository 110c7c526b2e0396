"""Why a plan of a board-planning instance leaves a case out: what keeps it from every meeting, in short codes."""

from __future__ import annotations

from collections.abc import Iterator

from tumorboard.domain.planning_core import CorePlan
from tumorboard.domain.planning_core_pool import pool_demands
from tumorboard.domain.planning_core_sketch import sketch_plan
from tumorboard.domain.planning_first_fit import Roster, resume
from tumorboard.domain.planning_instance import InstanceCase, InstanceMeeting, lateness_cost
from tumorboard.domain.planning_instance_core import CompiledInstance

REASONS = (
    "no-session-of-board", "no-session-after-ready", "longer-than-session", "room-taken", "named-not-free",
    "no-specialist", "too-late", "full", "room-taken-by-other", "specialist-elsewhere", "cheaper-left-out",
)  # fmt: skip
"""The codes; `named-not-free`, `no-specialist` and `specialist-elsewhere` are followed by a colon and whom."""


def explain_left_out(compiled: CompiledInstance, plan: CorePlan) -> dict[str, tuple[str, ...]]:
    """The reasons per case that the plan leaves out, each once.

    Every meeting of its boards after it is ready gives one: the first obstacle that holds whatever else is planned, or
    else what the rest of the plan leaves no room for. `cheaper-left-out`: it could be added, and would cost more.
    """
    pool = pool_demands(compiled.core)
    roster = resume(compiled.core, pool, sketch_plan(pool, plan))
    return {
        case.id: tuple(dict.fromkeys(_explain(compiled, roster, index)))
        for index, case in enumerate(compiled.instance.cases)
        if index not in plan.places
    }


def _explain(compiled: CompiledInstance, roster: Roster, index: int) -> Iterator[str]:
    case = compiled.instance.cases[index]
    of_board = [number for number, one in enumerate(compiled.instance.meetings) if one.board in case.boards]
    ready = [number for number in of_board if compiled.instance.meetings[number].start >= case.ready]
    if not of_board:
        yield "no-session-of-board"
    elif not ready:
        yield "no-session-after-ready"
    for number in ready:
        never = _find_obstacle(compiled, case, number, compiled.instance.meetings[number])
        yield from (never,) if never else _find_rivals(compiled, roster, index, number)


def _find_obstacle(compiled: CompiledInstance, case: InstanceCase, number: int, meeting: InstanceMeeting) -> str | None:
    """What keeps the case from the meeting in every plan."""
    people = compiled.instance.specialists
    here = compiled.free_people[number]
    if case.duration > meeting.capacity:
        return "longer-than-session"
    if number in compiled.blocked:
        return "room-taken"
    if case.named is not None and not any(people[person].id == case.named for person in here):
        return f"named-not-free:{case.named}"
    for specialty in dict.fromkeys(case.requires):
        if not any(people[person].specialty == specialty for person in here):
            return f"no-specialist:{specialty}"
    return "too-late" if lateness_cost(case, meeting) >= case.unscheduled_cost else None


def _find_rivals(compiled: CompiledInstance, roster: Roster, index: int, number: int) -> Iterator[str]:
    """What in this plan keeps the case from a meeting it could have taken."""
    case = compiled.core.cases[index]
    place = next(one for one in case.places if one.meeting == number)
    if not roster.has_minutes(index, number):
        yield "full"
    elif not roster.has_room(number):
        yield "room-taken-by-other"
    elif roster.try_place(index, place) is not None:
        yield "cheaper-left-out"
    else:
        people = compiled.instance.specialists
        for demand in place.demands:
            if not roster.can_answer(index, demand):
                found = compiled.core.demands[demand].candidates
                who = people[found[0].person]
                yield f"specialist-elsewhere:{who.id if len(found) == 1 else who.specialty}"

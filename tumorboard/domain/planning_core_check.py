"""Judges a plan of a `Core` from the core alone: what it breaks and what it costs. No planner has a part in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tumorboard.domain.planning_core import Core, CorePlace, CorePlan


class CoreRule(StrEnum):
    """The hard rules of a core, and what a plan may not say wrongly of itself."""

    NO_SUCH_PLACE = "no-such-place"
    OVER_CAPACITY = "over-capacity"
    UNCOVERED = "uncovered"
    NO_CANDIDATE = "no-candidate"
    TOO_LONG = "too-long"
    DOUBLE_BOOKED = "double-booked"
    ROOM_CLASH = "room-clash"
    OVER_LIMIT = "over-limit"
    WRONG_COST = "wrong-cost"
    WRONG_BOUND = "wrong-bound"


@dataclass(frozen=True, slots=True)
class CoreViolation:
    """A broken rule, with the indexes it concerns: cases and meetings, demands, people, as the rule has them."""

    rule: CoreRule
    indexes: tuple[int, ...] = ()


def core_cost(core: Core, plan: CorePlan) -> int:
    """What the plan costs; for a plan that breaks a rule, what it would cost. Takes no word of the plan's for it."""
    asking = _cases_by_demand(core, plan)
    cost = 0
    for index, case in enumerate(core.cases):
        place = _place(core, plan, index)
        cost += case.out_cost if place is None else place.cost
    for meeting in {where for where in plan.places.values() if 0 <= where < len(core.meetings)}:
        cost += core.meetings[meeting].open_cost
    for demand, cases in asking.items():
        if demand not in plan.covers:
            cost += (core.demands[demand].price or 0) * len(cases)
    attendances = _attendances(core, plan)
    cost += sum(core.call_costs.get(pair, 0) for pair in attendances)
    for count in Counter(person for person, _ in attendances).values():
        cost += core.repeated_call * count * (count - 1) // 2
    return cost


def check_core(core: Core, plan: CorePlan) -> tuple[CoreViolation, ...]:
    """Every rule of the core that the plan breaks, empty for a right plan; the claims of cost and bound are checked."""
    return (
        *_check_places(core, plan),
        *_check_covers(core, plan),
        *_check_groups(core, plan),
        *_check_claims(core, plan),
    )


def _place(core: Core, plan: CorePlan, case: int) -> CorePlace | None:
    meeting = plan.places.get(case)
    return next((place for place in core.cases[case].places if place.meeting == meeting), None)


def _cases_by_demand(core: Core, plan: CorePlan) -> Mapping[int, list[int]]:
    asking: defaultdict[int, list[int]] = defaultdict(list)
    for index in range(len(core.cases)):
        place = _place(core, plan, index)
        for demand in dict.fromkeys(place.demands) if place else ():
            asking[demand].append(index)
    return asking


def _minutes(core: Core, cases: Iterable[int]) -> int:
    return sum(core.cases[case].minutes for case in cases)


def _attendances(core: Core, plan: CorePlan) -> set[tuple[int, int]]:
    return {(person, core.demands[demand].meeting) for demand, person in plan.covers.items()}


def _check_places(core: Core, plan: CorePlan) -> Iterator[CoreViolation]:
    load: Counter[int] = Counter()
    for case, meeting in plan.places.items():
        if not 0 <= case < len(core.cases) or _place(core, plan, case) is None:
            yield CoreViolation(CoreRule.NO_SUCH_PLACE, (case, meeting))
        else:
            load[meeting] += core.cases[case].minutes
    for meeting, minutes in load.items():
        if minutes > core.meetings[meeting].capacity:
            yield CoreViolation(CoreRule.OVER_CAPACITY, (meeting,))


def _check_covers(core: Core, plan: CorePlan) -> Iterator[CoreViolation]:
    asking = _cases_by_demand(core, plan)
    for demand in asking:
        if core.demands[demand].price is None and demand not in plan.covers:
            yield CoreViolation(CoreRule.UNCOVERED, (demand,))
    for demand, person in plan.covers.items():
        found = next((one for one in core.demands[demand].candidates if one.person == person), None)
        if found is None:
            yield CoreViolation(CoreRule.NO_CANDIDATE, (demand, person))
        elif found.longest is not None and _minutes(core, asking.get(demand, ())) > found.longest:
            yield CoreViolation(CoreRule.TOO_LONG, (demand, person))


def _check_groups(core: Core, plan: CorePlan) -> Iterator[CoreViolation]:
    attendances = _attendances(core, plan)
    for group in core.overlaps:
        here = set(group)
        for person, count in Counter(person for person, meeting in attendances if meeting in here).items():
            if count > 1:
                yield CoreViolation(CoreRule.DOUBLE_BOOKED, (person, *group))
    used = set(plan.places.values())
    for group in core.clashes:
        if len(used.intersection(group)) > 1:
            yield CoreViolation(CoreRule.ROOM_CLASH, group)
    for limit in core.limits:
        if sum((limit.person, meeting) in attendances for meeting in set(limit.meetings)) > limit.most:
            yield CoreViolation(CoreRule.OVER_LIMIT, (limit.person, *limit.meetings))


def _check_claims(core: Core, plan: CorePlan) -> Iterator[CoreViolation]:
    cost = core_cost(core, plan)
    if plan.cost != cost:
        yield CoreViolation(CoreRule.WRONG_COST, (plan.cost, cost))
    if plan.bound is not None and plan.bound > cost:
        yield CoreViolation(CoreRule.WRONG_BOUND, (plan.bound, cost))

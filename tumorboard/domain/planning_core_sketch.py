"""A plan as the search keeps it: without the names of people of the pool. Cheap to price, to compare and to change."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tumorboard.domain.planning_core import Core, CorePlan
from tumorboard.domain.planning_core_check import core_cost
from tumorboard.domain.planning_core_pool import Pool, assign_people


@dataclass(frozen=True, slots=True)
class Sketch:
    """The meeting per placed case, and who answers each explicit demand. The mappings are never changed."""

    places: Mapping[int, int]
    covers: Mapping[int, int]


def demands_at(core: Core, case: int, meeting: int) -> tuple[int, ...]:
    """The demands the case makes on the meeting, each once."""
    return next(tuple(dict.fromkeys(place.demands)) for place in core.cases[case].places if place.meeting == meeting)


def sketch_plan(pool: Pool, plan: CorePlan) -> Sketch:
    """The plan without the names of the pool."""
    return Sketch(
        dict(plan.places), {index: person for index, person in plan.covers.items() if index not in pool.prices}
    )


def finish_sketch(core: Core, pool: Pool, sketch: Sketch, *, bound: int | None = None) -> CorePlan:
    """The plan with everybody's name."""
    needed = {demand for case, meeting in sketch.places.items() for demand in demands_at(core, case, meeting)}
    covers = assign_people(core, pool, needed, sketch.covers)
    plan = CorePlan(dict(sketch.places), covers, 0)
    cost = core_cost(core, plan)
    return CorePlan(plan.places, plan.covers, cost, None if bound is None else min(bound, cost))


def sketch_cost(core: Core, pool: Pool, sketch: Sketch) -> int:
    """What the finished plan will cost."""
    cost = sum(case.out_cost for case in core.cases)
    asking: Counter[int] = Counter()
    for index, meeting in sketch.places.items():
        place = next(place for place in core.cases[index].places if place.meeting == meeting)
        cost += place.cost - core.cases[index].out_cost
        asking.update(dict.fromkeys(place.demands, 1))
    cost += sum(core.meetings[meeting].open_cost for meeting in set(sketch.places.values()))
    attends = {(person, core.demands[index].meeting) for index, person in sketch.covers.items()}
    for index, count in asking.items():
        price = pool.prices.get(index)
        if price is None:
            cost += 0 if index in sketch.covers else (core.demands[index].price or 0) * count
        elif price and not any((one, core.demands[index].meeting) in attends for one in pool.named[index]):
            cost += price
    cost += sum(core.call_costs.get(pair, 0) for pair in attends)
    if core.repeated_call:
        counts = Counter(person for person, _ in attends).values()
        cost += sum(core.repeated_call * count * (count - 1) // 2 for count in counts)
    return cost


def redraw(
    core: Core, pool: Pool, sketch: Sketch, *, cases: Iterable[int], meetings: Iterable[int],
    takes: Iterable[tuple[int, int]], attends: Iterable[tuple[int, int]],
) -> Sketch:  # fmt: skip
    """The sketch with new places of the free cases, and new attendances (person, meeting) on the given meetings.

    Whoever attends and has the time answers what is asked there; who answers nothing does not attend.
    """
    here = set(meetings)
    places = {case: meeting for case, meeting in sketch.places.items() if case not in set(cases)}
    places.update(takes)
    covers = {
        index: person for index, person in sketch.covers.items() if core.demands[index].meeting not in here
    }  # fmt: skip
    present: defaultdict[int, set[int]] = defaultdict(set)
    for person, meeting in attends:
        present[meeting].add(person)
    minutes: Counter[int] = Counter()
    for case, meeting in places.items():
        if meeting in here:
            for demand in demands_at(core, case, meeting):
                if demand not in pool.prices:
                    minutes[demand] += core.cases[case].minutes
    for index in sorted(minutes):
        here_now = present[core.demands[index].meeting]
        for one in core.demands[index].candidates:
            if one.person in here_now and (one.longest is None or minutes[index] <= one.longest):
                covers[index] = one.person
                break
    return Sketch(places, covers)

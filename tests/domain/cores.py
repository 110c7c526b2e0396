"""Builders of cores for tests, small random cores, and the best plan of a tiny one by trying all."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import strategies as st

from tumorboard.domain.planning_core import (
    Core,
    CoreCandidate,
    CoreCase,
    CoreDemand,
    CoreLimit,
    CoreMeeting,
    CorePlace,
    CorePlan,
)
from tumorboard.domain.planning_core_check import check_core, core_cost

INSTANCES = Path(__file__).resolve().parents[2].parent / "shared" / "planning" / "board"


def instance_file(name: str) -> Path:
    """A public instance, which lies beside the repository; without it the test is skipped."""
    path = INSTANCES / f"{name}.json"
    if not path.is_file():
        pytest.skip("needs ../shared/planning/board")
    return path


def a_meeting(
    index: int = 0, *, board: str = "b", start: int | None = None, capacity: int = 60, open_cost: int = 0
) -> CoreMeeting:
    begins = index * 1440 if start is None else start
    return CoreMeeting(f"m{index}", board, begins, begins + 60, capacity, open_cost)


def a_case(index: int = 0, *places: CorePlace, minutes: int = 10, out_cost: int = 100) -> CoreCase:
    return CoreCase(f"c{index}", minutes, out_cost, places or (CorePlace(0, 0),))


def a_demand(meeting: int, *people: int, price: int | None = None, longest: int | None = None) -> CoreDemand:
    return CoreDemand(meeting, tuple(CoreCandidate(person, longest) for person in people), price)


@st.composite
def small_cores(draw: st.DrawFn, most_cases: int = 6, most_meetings: int = 3) -> Core:
    """Cores with everything a core can have: overlaps, clashes, limits, `longest`, priced demands, repeated calls."""
    count = draw(st.integers(1, most_meetings))
    meetings = tuple(
        CoreMeeting(
            f"m{index}", draw(st.sampled_from(["a", "b"])), index * 100, index * 100 + 60,
            draw(st.integers(0, 40)), draw(st.sampled_from([0, 0, 15])),
        )
        for index in range(count)
    )  # fmt: skip
    people = draw(st.integers(1, 4))
    persons = st.integers(0, people - 1)
    demands = tuple(
        CoreDemand(
            draw(st.integers(0, count - 1)),
            tuple(
                CoreCandidate(person, draw(st.sampled_from([None, None, None, 10, 20])))
                for person in draw(st.lists(persons, unique=True, max_size=3))
            ),
            draw(st.sampled_from([None, None, None, 0, 12])),
        )
        for _ in range(draw(st.integers(0, 5)))
    )
    groups = st.lists(st.integers(0, count - 1), unique=True, min_size=2, max_size=3).map(
        lambda one: tuple(sorted(one))
    )
    return Core(
        meetings=meetings,
        cases=tuple(draw(_cases(index, count, demands)) for index in range(draw(st.integers(0, most_cases)))),
        demands=demands,
        people=tuple(f"p{index}" for index in range(people)),
        call_costs=draw(st.dictionaries(st.tuples(persons, st.integers(0, count - 1)), st.integers(1, 30), max_size=6)),
        overlaps=tuple(draw(st.lists(groups, max_size=2))) if count > 1 else (),
        clashes=tuple(draw(st.lists(groups, max_size=1))) if count > 1 else (),
        limits=tuple(
            CoreLimit(person, tuple(range(count)), draw(st.integers(0, 2)))
            for person in draw(st.lists(persons, unique=True, max_size=1))
        ),
        repeated_call=draw(st.sampled_from([0, 0, 5])),
    )


def _cases(index: int, meetings: int, demands: tuple[CoreDemand, ...]) -> st.SearchStrategy[CoreCase]:
    @st.composite
    def make(draw: st.DrawFn) -> CoreCase:
        where = draw(st.lists(st.integers(0, meetings - 1), unique=True, max_size=meetings))
        places = tuple(
            CorePlace(
                meeting, draw(st.integers(0, 60)),
                tuple(number for number, one in enumerate(demands) if one.meeting == meeting and draw(st.booleans())),
            )
            for meeting in sorted(where)
        )  # fmt: skip
        return CoreCase(f"c{index}", draw(st.sampled_from([5, 10, 20])), draw(st.integers(0, 100)), places)

    return make()


def best_cost(core: Core) -> int:
    """The cost of the cheapest right plan, of all there are."""
    best = sum(case.out_cost for case in core.cases)
    for where in product(*([None, *(place.meeting for place in case.places)] for case in core.cases)):
        places = {case: meeting for case, meeting in enumerate(where) if meeting is not None}
        asked = sorted(
            {
                demand
                for case, meeting in places.items()
                for place in core.cases[case].places
                if place.meeting == meeting
                for demand in place.demands
            }
        )
        floor = sum(
            case.out_cost if index not in places
            else next(place.cost for place in case.places if place.meeting == places[index])
            for index, case in enumerate(core.cases)
        )  # fmt: skip
        if floor >= best:
            continue
        for who in product(*([None, *(one.person for one in core.demands[demand].candidates)] for demand in asked)):
            covers = {demand: person for demand, person in zip(asked, who, strict=True) if person is not None}
            plan = CorePlan(places, covers, 0)
            cost = core_cost(core, plan)
            if cost < best and not check_core(core, CorePlan(places, covers, cost)):
                best = cost
    return best

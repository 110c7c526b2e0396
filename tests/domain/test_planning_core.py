"""Cores: the checker, the greedy plan, pooling, the linear model's parts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from tests.domain.cores import a_case, a_demand, a_meeting, small_cores
from tumorboard.domain.planning_core import Core, CoreLimit, CorePlace, CorePlan
from tumorboard.domain.planning_core_check import CoreRule, CoreViolation, check_core, core_cost
from tumorboard.domain.planning_core_pool import match, pool_demands
from tumorboard.domain.planning_core_sketch import finish_sketch, sketch_cost, sketch_plan
from tumorboard.domain.planning_first_fit import fill_up, plan_first_fit

PEOPLE = ("p0", "p1", "p2")


def two_meetings_at_once(*demands: int) -> Core:
    """Two meetings at one time with one case each, both asking for p0."""
    return Core(
        meetings=(a_meeting(0), a_meeting(1, start=0)),
        cases=(a_case(0, CorePlace(0, 0, (0,))), a_case(1, CorePlace(1, 0, (1,)))),
        demands=(a_demand(0, 0), a_demand(1, 0)),
        people=PEOPLE,
        overlaps=((0, 1),),
    )


def rules(core: Core, plan: CorePlan) -> set[CoreRule]:
    """The rules broken, the cost aside."""
    return {found.rule for found in check_core(core, replace(plan, cost=core_cost(core, plan)))}


def test_cost_adds_places_openings_calls_and_what_is_left_out() -> None:
    core = Core(
        meetings=(a_meeting(0, open_cost=15),),
        cases=(a_case(0, CorePlace(0, 3, (0,))), a_case(1, CorePlace(0, 4, (1,))), a_case(2)),
        demands=(a_demand(0, 0), a_demand(0, 1, price=7)),
        people=PEOPLE,
        call_costs={(0, 0): 20, (1, 0): 50},
    )

    cost = core_cost(core, CorePlan({0: 0, 1: 0}, {0: 0}, 0))

    assert cost == 15 + 3 + 20 + 4 + 7 + 100


def test_repeated_calls_cost_more_each_time() -> None:
    core = Core(
        meetings=tuple(a_meeting(index) for index in range(3)),
        cases=tuple(a_case(index, CorePlace(index, 0, (index,))) for index in range(3)),
        demands=tuple(a_demand(index, 0) for index in range(3)),
        people=PEOPLE,
        repeated_call=5,
    )

    cost = core_cost(core, CorePlan({0: 0, 1: 1, 2: 2}, {0: 0, 1: 0, 2: 0}, 0))

    assert cost == 5 * 3


@pytest.mark.parametrize(
    ("changes", "plan", "rule"),
    [
        ({}, CorePlan({0: 1}, {0: 0}, 0), CoreRule.NO_SUCH_PLACE),
        ({}, CorePlan({0: 0}, {}, 0), CoreRule.UNCOVERED),
        ({}, CorePlan({0: 0}, {0: 1}, 0), CoreRule.NO_CANDIDATE),
        ({}, CorePlan({0: 0, 1: 1}, {0: 0, 1: 0}, 0), CoreRule.DOUBLE_BOOKED),
        ({"meetings": (a_meeting(0, capacity=5), a_meeting(1))}, CorePlan({0: 0}, {0: 0}, 0), CoreRule.OVER_CAPACITY),
        ({"demands": (a_demand(0, 0, longest=5), a_demand(1, 0))}, CorePlan({0: 0}, {0: 0}, 0), CoreRule.TOO_LONG),
        ({"overlaps": (), "clashes": ((0, 1),)}, CorePlan({0: 0, 1: 1}, {0: 0, 1: 0}, 0), CoreRule.ROOM_CLASH),
        ({"limits": (CoreLimit(0, (0, 1), 0),)}, CorePlan({0: 0}, {0: 0}, 0), CoreRule.OVER_LIMIT),
    ],
)
def test_checker_names_the_broken_rule(changes: dict[str, object], plan: CorePlan, rule: CoreRule) -> None:
    core = replace(two_meetings_at_once(), **changes)  # type: ignore[arg-type]

    assert rules(core, plan) == {rule}


def test_checker_takes_no_word_for_cost_and_bound() -> None:
    core = two_meetings_at_once()

    found = check_core(core, CorePlan({}, {}, 150, bound=201))

    assert found == (CoreViolation(CoreRule.WRONG_COST, (150, 200)), CoreViolation(CoreRule.WRONG_BOUND, (201, 200)))


def test_greedy_plan_gives_a_person_to_one_of_two_meetings_at_once() -> None:
    plan = plan_first_fit(two_meetings_at_once())

    assert (plan.places, plan.covers, plan.cost) == ({0: 0}, {0: 0}, 100)


def test_interchangeable_people_are_pooled_and_named_afterwards() -> None:
    core = replace(two_meetings_at_once(), demands=(a_demand(0, 0, 1), a_demand(1, 0, 1)))

    pool = pool_demands(core)
    plan = plan_first_fit(core)

    assert (dict(pool.prices), plan.covers, plan.cost) == ({0: 0, 1: 0}, {0: 0, 1: 1}, 0)


def test_too_few_people_are_not_pooled() -> None:
    core = Core(
        meetings=tuple(a_meeting(index, start=0) for index in range(3)),
        cases=tuple(a_case(index, CorePlace(index, 0, (index,))) for index in range(3)),
        demands=tuple(a_demand(index, 0, 1) for index in range(3)),
        people=PEOPLE,
        overlaps=((0, 1, 2),),
    )

    assert (pool_demands(core).prices, plan_first_fit(core).cost) == ({}, 100)


def test_matching_is_as_large_as_can_be() -> None:
    assert match({0: [0, 1], 1: [0], 2: [1, 2]}) == {0: 1, 1: 0, 2: 2}


def test_filling_up_adds_what_can_be_added_at_a_gain() -> None:
    core = replace(two_meetings_at_once(), overlaps=())
    pool = pool_demands(core)

    full = fill_up(core, pool, sketch_plan(pool, CorePlan({}, {}, 200)))

    assert finish_sketch(core, pool, full).cost == 0


@settings(max_examples=300, deadline=None)
@given(core=small_cores())
def test_greedy_plan_is_right_and_priced_rightly(core: Core) -> None:
    plan = plan_first_fit(core)

    assert check_core(core, plan) == ()
    assert plan.cost <= sum(case.out_cost for case in core.cases)


@settings(max_examples=300, deadline=None)
@given(core=small_cores())
def test_sketch_of_a_plan_costs_no_more_than_the_plan(core: Core) -> None:
    pool = pool_demands(core)
    plan = plan_first_fit(core, pool=pool)

    sketch = sketch_plan(pool, plan)
    finished = finish_sketch(core, pool, sketch)

    assert check_core(core, finished) == ()
    assert (finished.cost, sketch_cost(core, pool, sketch)) == (plan.cost, plan.cost)

"""The engine: right plans, never worse than greedy, the best there is on tiny cores, equal output for equal work."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from tests.domain.cores import a_case, a_demand, a_meeting, best_cost, instance_file, small_cores
from tumorboard.domain.planning_core import Core, CoreCase, CorePlace, CorePlan
from tumorboard.domain.planning_core_check import check_core
from tumorboard.domain.planning_core_model import build_model
from tumorboard.domain.planning_core_pool import pool_demands
from tumorboard.domain.planning_core_sketch import sketch_cost, sketch_plan
from tumorboard.domain.planning_engine import Progress, solve_core
from tumorboard.domain.planning_first_fit import plan_first_fit
from tumorboard.domain.planning_instance_core import compile_instance
from tumorboard.domain.planning_solver_bound import LowerBound
from tumorboard.domain.planning_solver_core import Effort, solve_part
from tumorboard.domain.planning_solver_mathopt import MathOpt
from tumorboard.formats.board_instances import read_board_instance


def load(name: str) -> Core:
    """The core of a public instance."""
    path = instance_file(name)
    return compile_instance(read_board_instance(path.read_bytes(), path.name)).core


def without(core: Core, hopeless: frozenset[tuple[int, int]]) -> Core:
    """The core without some places."""
    cases = (
        replace(case, places=tuple(one for one in case.places if (index, one.meeting) not in hopeless))
        for index, case in enumerate(core.cases)
    )
    return replace(core, cases=tuple(cases))


def a_service_core() -> Core:
    """What one board plans: 60 cases, 9 meetings, 40 people, every rule a core knows."""
    meetings = tuple(a_meeting(index, capacity=60, open_cost=10 * (index > 6)) for index in range(9))
    demands = []
    of: dict[tuple[int, int], int] = {}
    for meeting in range(9):
        for need in range(6):
            of[meeting, need] = len(demands)
            people = [need * 6 + offset for offset in range(6) if (offset + meeting) % 4]
            price = 12 if need == 5 else None
            demands.append(a_demand(meeting, *people, price=price, longest=25 if need == 4 else None))
    cases = tuple(
        a_case(
            index,
            *(
                CorePlace(
                    meeting,
                    (meeting * (1 + index % 7)),
                    tuple(of[meeting, (index + step) % 6] for step in range(index % 4)),
                )
                for meeting in range(index % 3, 9)
            ),
            minutes=5 + 5 * (index % 3),
            out_cost=60 + 20 * (index % 5),
        )
        for index in range(60)
    )
    people = tuple(f"p{index}" for index in range(40))
    prices = {(person, meeting): 5 + person % 3 for person in range(40) for meeting in range(9)}
    return Core(meetings, cases, tuple(demands), people, prices, repeated_call=3)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(core=small_cores(most_cases=4, most_meetings=2))
def test_plan_of_a_tiny_core_is_the_best_of_all(core: Core) -> None:
    plan = solve_core(core, work=5.0)

    assert check_core(core, plan) == ()
    assert (plan.cost, plan.gap) == (best_cost(core), 0.0)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(core=small_cores(most_cases=9, most_meetings=4))
def test_plan_is_right_and_never_worse_than_greedy(core: Core) -> None:
    plan = solve_core(core, work=0.5)

    assert check_core(core, plan) == ()
    assert plan.cost <= plan_first_fit(core).cost


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(core=small_cores(most_cases=4, most_meetings=3))
def test_bound_is_never_above_the_best_plan(core: Core) -> None:
    pool = pool_demands(core)
    lower = LowerBound(core, pool, sketch_plan(pool, plan_first_fit(core, pool=pool)))
    best = best_cost(core)

    for _ in range(15):
        lower.step(best)
    hopeless = lower.find_hopeless(best + 1)

    assert lower.bound <= best
    assert best_cost(without(core, hopeless)) == best


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(core=small_cores())
def test_part_of_a_plan_solved_again_is_right_and_no_dearer(core: Core) -> None:
    pool = pool_demands(core)
    sketch = sketch_plan(pool, plan_first_fit(core, pool=pool))
    meetings = range(0, len(core.meetings), 2)
    cases = [case for case in range(len(core.cases)) if sketch.places.get(case, 0) in meetings]

    answer = solve_part(core, pool, sketch, effort=Effort(work=1.0), cases=cases, meetings=meetings)

    assert answer is not None
    assert sketch_cost(core, pool, answer.sketch) <= sketch_cost(core, pool, sketch)
    finished = solve_core(core, work=0.01, start=None)
    assert check_core(core, finished) == ()


def test_engine_without_a_place_leaves_everything_out() -> None:
    core = Core((), (CoreCase("c", 5, 70, ()),), (), ())

    assert solve_core(core, seconds=5) == CorePlan({}, {}, 70, bound=70)


def test_equal_input_and_work_give_an_equal_plan() -> None:
    core = a_service_core()

    first, second = (solve_core(core, work=0.4, seed=7) for _ in range(2))

    assert first == second


def test_service_core_is_solved_well() -> None:
    core = a_service_core()

    plan = solve_core(core, work=1.0)

    assert check_core(core, plan) == ()
    assert plan.bound is not None
    assert plan.bound <= plan.cost < plan_first_fit(core).cost


def test_start_is_kept_when_nothing_is_better() -> None:
    core = a_service_core()
    best = solve_core(core, work=0.5)

    again = solve_core(core, work=0.01, start=best)

    assert again.cost <= best.cost


def test_wrong_start_is_not_believed() -> None:
    core = a_service_core()

    plan = solve_core(core, work=0.01, start=CorePlan({0: 0}, {}, -1000))

    assert check_core(core, plan) == ()


def test_progress_begins_with_the_greedy_plan_and_never_gets_worse() -> None:
    core = a_service_core()
    heard: list[Progress] = []

    plan = solve_core(core, work=0.4, on_progress=heard.append)

    assert (heard[0].stage, heard[0].cost) == ("first-fit", plan_first_fit(core).cost)
    assert (heard[-1].stage, heard[-1].cost) == ("done", plan.cost)
    assert [one.cost for one in heard] == sorted((one.cost for one in heard), reverse=True)


def test_cancelled_engine_gives_the_greedy_plan() -> None:
    core = a_service_core()

    plan = solve_core(core, seconds=60, is_cancelled=lambda: True)

    assert plan.cost == plan_first_fit(core).cost


def test_clock_ends_the_search() -> None:
    core = a_service_core()
    heard: list[Progress] = []

    plan = solve_core(core, seconds=1.0, on_progress=heard.append)

    assert check_core(core, plan) == ()
    assert heard[-1].seconds < 10


def test_integer_programme_proves_that_nothing_is_cheaper() -> None:
    core = load("small-2")
    pool = pool_demands(core)
    model = build_model(core, pool)

    proven = MathOpt().solve_integer(model, cutoff=1300, seconds=20)
    found = MathOpt().solve_integer(model, cutoff=1301, seconds=20)

    assert (proven.is_proven, proven.chosen) == (True, None)
    assert (found.is_proven, model.constant + sum(model.costs[index] for index in found.chosen or ())) == (True, 1300)


@pytest.mark.parametrize(("name", "optimal"), [("small-1", 940), ("small-2", 1300)])
def test_small_public_instance_is_proven_optimal(name: str, optimal: int) -> None:
    core = load(name)

    plan = solve_core(core, seconds=20)

    assert (plan.cost, plan.gap, check_core(core, plan)) == (optimal, 0.0, ())


@pytest.mark.parametrize(("name", "optimal"), [("medium-1", 2675), ("medium-2", 3039), ("medium-3", 2633)])
def test_bound_of_a_public_instance_is_below_its_optimum_and_close(name: str, optimal: int) -> None:
    core = load(name)
    pool = pool_demands(core)
    lower = LowerBound(core, pool, sketch_plan(pool, plan_first_fit(core, pool=pool)))

    while not lower.is_settled:
        lower.step(optimal)

    assert 0.97 * optimal < lower.bound <= optimal


def test_deterministic_plan_of_a_public_instance_is_close_to_the_optimum() -> None:
    core = load("medium-2")

    plan = solve_core(core, work=5.0)

    assert check_core(core, plan) == ()
    assert plan.cost <= 1.1 * 3039

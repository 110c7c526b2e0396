"""Long lists: proven where a hospital needs it, good and bounded above, within the time and memory allowed."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import numpy as np
import pytest

from tests.domain.agendas import Agenda, draw_items
from tumorboard.domain.agenda import AgendaItem, AgendaWeights, held_cost, order_cases
from tumorboard.domain.agenda_exact_search import Pricer
from tumorboard.domain.agenda_search import arrange_as_given
from tumorboard.domain.agenda_task import Wishes, price_path, read_task

INSTANCES = Path(__file__).resolve().parents[3] / "shared" / "planning" / "agenda"
TIME_FOR_THE_PROOF_ONLY = 0.08
"""The share of the time at which the search is over and the proof goes on."""
HELD_TIME_ONLY = AgendaWeights(held_minute=1)


@pytest.mark.parametrize("density", [0.2, 0.4, 0.6])
def test_proof_finds_the_best_order_without_any_search_before(density: float) -> None:
    items = draw_items(10, 6, density=density, seed=4)

    by_hand = order_cases(items, small=10)
    by_proof = order_cases(items, small=0, left=lambda: TIME_FOR_THE_PROOF_ONLY)

    assert (by_proof.cost, by_proof.proven, by_hand.proven) == (by_hand.cost, True, True)


def test_order_of_twenty_five_cases_and_twelve_members_is_proven() -> None:
    items = draw_items(25, 12, density=0.5, seed=1)

    started = time.process_time()
    order = order_cases(items)

    assert order.proven
    assert order.lower_bound == order.cost == 10 * order.held
    assert time.process_time() - started < 10


def test_order_given_is_kept_when_it_is_as_good_as_any() -> None:
    items = draw_items(18, 8, density=0.3, seed=2)
    known = {item.reference: item for item in items}
    first = order_cases(items)

    again = order_cases([known[reference] for reference in first.references])

    assert again == first


def test_order_of_forty_cases_is_bounded() -> None:
    items = draw_items(40, 12, density=0.6, seed=1)

    order = order_cases(items, max_states=20_000)

    rng = random.Random(1)
    assert order.held <= 0.9 * min(held_cost(rng.sample(items, 40)) for _ in range(1000))
    assert 0.9 * order.cost < order.lower_bound <= order.cost


def test_search_stops_when_the_time_is_over() -> None:
    items = draw_items(40, 12, density=0.3, seed=1)
    started = time.monotonic()

    order = order_cases(items, left=lambda: 1 - (time.monotonic() - started))

    assert sorted(order.references) == sorted(item.reference for item in items)
    assert time.monotonic() - started < 5


def test_ten_times_the_largest_list_is_answered_in_time() -> None:
    items = draw_items(400, 120, density=0.1, seed=1)
    started = time.monotonic()

    order = order_cases(items, left=lambda: 1 - (time.monotonic() - started) / 2)

    assert order.held < held_cost(items)
    assert 0 < order.lower_bound < order.cost
    assert time.monotonic() - started < 15


def test_prices_by_the_thousand_are_those_of_single_orders() -> None:
    agenda = Agenda(draw_items(9, 14, density=0.4, seed=3), free={"s01": [(10, 40)]}, fixed={"c002": 20})
    task = read_task(agenda.items, Wishes({}, agenda.free, agenda.fixed, (), ("c004", "c001"), {}, agenda.terms))
    rng = random.Random(2)
    orders = [arrange_as_given(task), *(tuple(rng.sample(range(9), 9)) for _ in range(50))]
    pricer = Pricer(task)

    prices = pricer.price(np.array(orders)).tolist()

    singles = [price_path(task, order) for order in orders]
    assert prices == [
        broken * pricer.broken + misfit * pricer.misfit + cost - task.own_cost for broken, misfit, cost in singles
    ]


def read_instance(name: str) -> tuple[list[AgendaItem], dict[str, int]]:
    """A public instance: cases and the price of a minute per specialty."""
    value = json.loads((INSTANCES / f"{name}.json").read_text(encoding="utf-8"))
    items = [AgendaItem(case["id"], case["duration"], frozenset(case["requires"])) for case in value["cases"]]
    return items, {specialty["id"]: specialty["cost"] for specialty in value["specialties"]}


def test_public_instances_are_solved_to_their_known_optimum() -> None:
    if not INSTANCES.is_dir():
        pytest.skip("needs ../shared/planning/agenda")
    expected = json.loads((INSTANCES / "expected.json").read_text(encoding="utf-8"))

    solved = {}
    for name in expected:
        items, weights = read_instance(name)
        order = order_cases(items, weights=weights, terms=HELD_TIME_ONLY)
        solved[name] = (order.held, order.lower_bound, order.proven)

    assert solved == {
        name: (row["optimal_held_cost"], row["optimal_held_cost"], True) for name, row in expected.items()
    }

"""Called-in members are held for one short stay; the order is the best there is."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from tumorboard.domain.agenda import AgendaItem, AgendaOrder, Block, Stretch, held_cost, order_cases, stays


def an_item(reference: str, held: str = "", *, minutes: int = 5, block: Block = Block.NORMAL) -> AgendaItem:
    """A case that holds one member per letter."""
    return AgendaItem(reference, minutes, frozenset(held), block)


def in_order(items: Sequence[AgendaItem], order: AgendaOrder) -> list[AgendaItem]:
    """The items as ordered."""
    by_reference = {item.reference: item for item in items}
    return [by_reference[reference] for reference in order.references]


def misfit(items: Sequence[AgendaItem], free: Mapping[str, Sequence[Stretch]]) -> int:
    """Minutes for which somebody is held outside her free time."""
    total = 0
    for member, (start, end) in stays(items).items():
        if member in free:
            total += sum(
                not any(first <= minute < last for first, last in free[member]) for minute in range(start, end)
            )
    return total


def brute_force(items: Sequence[AgendaItem], free: Mapping[str, Sequence[Stretch]]) -> tuple[int, int]:
    """The least misfit and, with it, the least held time of all orders that respect the blocks."""
    found = []
    for tried in permutations(items):
        blocks = [item.block for item in tried]
        if blocks == sorted(blocks):
            found.append((misfit(tried, free), held_cost(tried)))
    return min(found)


def test_stays_run_from_first_to_last_case() -> None:
    items = [an_item("1", "a"), an_item("2"), an_item("3", "ab", minutes=8)]

    assert stays(items) == {"a": (0, 18), "b": (10, 18)}
    assert held_cost(items, weights={"a": 2}) == 44


def test_order_puts_the_cases_of_a_member_side_by_side() -> None:
    items = [an_item("1", "a"), an_item("2"), an_item("3", "a"), an_item("4", "b"), an_item("5", "a")]

    order = order_cases(items)

    assert order == AgendaOrder(("1", "3", "5", "2", "4"), held=20, misfit_minutes=0, proven=True)


def test_order_without_called_in_members_stays_as_given() -> None:
    items = [an_item("2"), an_item("1"), an_item("3")]

    assert order_cases(items).references == ("2", "1", "3")


def test_order_given_is_kept_when_no_other_is_better() -> None:
    items = [an_item("1"), an_item("2", "a"), an_item("3"), an_item("4", "b"), an_item("5")]

    assert order_cases(items).references == ("1", "2", "3", "4", "5")


def test_order_of_nothing_is_empty() -> None:
    assert order_cases([]) == AgendaOrder((), held=0, misfit_minutes=0, proven=True)


def test_order_starts_with_urgent_and_ends_with_standard_cases() -> None:
    items = [an_item("1", "a", block=Block.LAST), an_item("2", "a"), an_item("3"), an_item("4", "b", block=Block.FIRST)]

    assert order_cases(items).references == ("4", "3", "2", "1")


def test_order_weighs_the_members() -> None:
    items = [an_item("1", "a"), an_item("2", "b"), an_item("3", "ab"), an_item("4", "a"), an_item("5", "b", minutes=9)]

    dear_a = order_cases(items, weights={"a": 10})
    dear_b = order_cases(items, weights={"b": 10})

    assert stays(in_order(items, dear_a))["a"] in ((0, 15), (5, 20), (9, 24), (14, 29))
    assert dear_a.held == 10 * 15 + 19
    assert dear_b.held == 10 * 19 + 15


def test_order_places_a_stay_in_the_free_time_of_its_member() -> None:
    items = [an_item("1", "a"), an_item("2", "a"), an_item("3"), an_item("4"), an_item("5", "b")]

    order = order_cases(items, free={"a": [(10, 20)], "b": [(0, 5)]})

    assert order.references == ("5", "3", "1", "2", "4")
    assert order.misfit_minutes == 0


def test_order_says_when_no_stay_fits() -> None:
    items = [an_item("1", "a"), an_item("2", "a"), an_item("3")]

    order = order_cases(items, free={"a": [(0, 5), (10, 15)]})

    assert order == AgendaOrder(("1", "2", "3"), held=10, misfit_minutes=5, proven=True)


def test_order_of_fourteen_different_cases_is_proven_in_seconds() -> None:
    rng = random.Random(7)
    items = [an_item(f"{n:02}", "".join(rng.sample("abcdefgh", rng.randint(1, 4)))) for n in range(14)]

    started = time.perf_counter()
    order = order_cases(items)

    assert order.proven
    assert order.held == held_cost(in_order(items, order))
    assert time.perf_counter() - started < 10


def test_order_of_a_meeting_of_twenty_four_cases_is_proven() -> None:
    rng = random.Random(3)
    items = [an_item(f"{n:02}", "".join(rng.sample("abcdefghij", rng.randint(2, 4)))) for n in range(24)]

    order = order_cases(items)

    assert order.proven
    assert (order.held, order.cost, order.lower_bound) == (
        held_cost(in_order(items, order)),
        10 * order.held,
        order.cost,
    )
    assert order.held <= min(held_cost(rng.sample(items, len(items))) for _ in range(1000))


def test_order_after_few_states_is_good_bounded_and_not_called_proven() -> None:
    rng = random.Random(3)
    items = [an_item(f"{n:02}", "".join(rng.sample("abcdefghij", rng.randint(2, 4)))) for n in range(24)]

    order = order_cases(items, max_states=100)

    assert not order.proven
    assert sorted(order.references) == sorted(item.reference for item in items)
    assert order.held <= min(held_cost(rng.sample(items, len(items))) for _ in range(1000))
    assert sum(item.minutes * len(item.held) for item in items) * 10 <= order.lower_bound < order.cost


ITEMS = st.lists(
    st.tuples(st.sampled_from([4, 6, 8]), st.sets(st.sampled_from("abc")), st.sampled_from(list(Block))),
    min_size=1,
    max_size=6,
).map(lambda rows: [AgendaItem(f"c{n}", row[0], frozenset(row[1]), row[2]) for n, row in enumerate(rows)])
FREE = st.dictionaries(
    st.sampled_from("abc"),
    st.tuples(st.integers(0, 20), st.integers(1, 25)).map(lambda pair: [(pair[0], pair[0] + pair[1])]),
    max_size=2,
)


@settings(deadline=None, max_examples=150)
@given(ITEMS, FREE)
def test_order_is_as_good_as_trying_all(items: list[AgendaItem], free: dict[str, list[Stretch]]) -> None:
    order = order_cases(items, free=free)

    ordered = in_order(items, order)
    assert (misfit(ordered, free), held_cost(ordered)) == brute_force(items, free)
    assert order.proven
    assert (order.misfit_minutes, order.held) == (misfit(ordered, free), held_cost(ordered))


@settings(deadline=None, max_examples=40)
@given(ITEMS)
def test_order_of_an_ordered_list_does_not_change(items: list[AgendaItem]) -> None:
    once = order_cases(items)

    again = order_cases(in_order(items, once))

    assert again == once

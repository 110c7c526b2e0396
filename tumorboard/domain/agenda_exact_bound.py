"""What the called-in members who are already there must still wait, at the least: the bound that makes proofs short.

Those held now leave in some order. Whoever leaves k-th waits through every remaining case that one of the k - 1 before
her needs and she does not. The cheapest order of leaving, found by dynamic programming over subsets of the held
people, is a lower bound of all waiting to come - and exactly that waiting once nobody is still to arrive. It is
computed for thousands of states at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

STAGES = (6, 8, 10, 12)
"""People who leave in one order; the bound is sharpened stage by stage for states that are still too good."""

BATCH_CELLS = 1 << 23
"""Subsets times states in one batch; 16 MiB with two bytes each."""

FEW = 256
"""With fewer states than this in a batch, gathering rows layer by layer is quicker than sweeping."""


class LeavingBound:
    """The bound for one task: minutes and people of each part, price of a minute per person."""

    def __init__(self, minutes: list[int], people: list[int], prices: list[int]) -> None:
        self._people = np.array(people, np.int64)
        self._unit_minutes = gcd(*minutes) or 1
        self._unit_price = gcd(*prices) or 1
        self._minutes = np.array(minutes, np.int64) // self._unit_minutes
        self._prices = np.array(prices, np.int64) // self._unit_price
        self._most = sum(minutes) * sum(prices)
        self.seen = 0

    def bound_states(
        self, held: Ints, rest: Ints, price: Ints | None = None, best: int = 1 << 62
    ) -> tuple[Ints, NDArray[np.bool_]]:
        """Per state the least waiting in the `rest` of those `held` (bits), and whether it is that of all together.

        With prices it is only sharpened while price + bound < best, and left at 0 where it cannot reach the best.
        """
        found = np.zeros(len(held), np.int64)
        distinct, index = np.unique(held, return_inverse=True)
        sizes = np.bitwise_count(distinct)[index].astype(np.int64)
        together = sizes <= STAGES[-1]
        alive = np.arange(len(held))
        if price is None:
            price = np.zeros(len(held), np.int64)
        else:
            # Far below the best (somebody must be held outside her free time, say) no waiting makes a state too dear.
            can_reach = price + self._most >= best
            together &= can_reach
            alive = alive[can_reach]
        done = 0
        for size in STAGES:
            alive = alive[(sizes[alive] > done) & ((price + found)[alive] < best)]
            if not len(alive):
                break
            self.seen += len(alive)
            sharper = np.zeros(len(held), np.int64)
            for masks, own, states in _split_people(distinct, index, alive, size):
                sharper[states] += self._bound_alike(masks, own, rest[states])
            found[alive] = np.maximum(found[alive], sharper[alive])
            done = size
        return found, together

    def _bound_alike(self, chosen: Ints, index: Ints, rest: Ints) -> Ints:
        """The bound for states whose held people are `chosen[index]`, all the same number of people."""
        size = int(chosen[0]).bit_count()
        slots = np.nonzero(chosen[:, None] >> np.arange(len(self._prices)) & 1)[1].reshape(len(chosen), size)
        prices = self._prices[slots]
        needs = np.zeros((len(chosen), len(self._people)), np.int64)
        absent = np.zeros_like(needs)
        for slot in range(size):
            is_needed = self._people >> slots[:, slot, None] & 1
            needs |= is_needed << slot
            absent += (1 - is_needed) * prices[:, slot, None]
        absent *= self._minutes
        needs, absent = np.ascontiguousarray(needs.T), np.ascontiguousarray(absent.T)
        bound = np.empty(len(rest), np.int64)
        batch = max(64, BATCH_CELLS >> size)
        for first in range(0, len(rest), batch):
            part = slice(first, first + batch)
            own = index[part]
            still = rest[part] >> np.arange(len(self._people))[:, None] & 1
            waiting = np.einsum("ij,ij->j", still, absent[:, own])
            # Nobody saves more than all waiting: the narrowest numbers that hold it are the quickest.
            numbers = _choose_type(int(waiting.max()))
            minutes = (still * self._minutes[:, None]).astype(numbers)
            durations = _add_up(needs[:, own], minutes, size)
            bound[part] = waiting - _save_most(durations, np.ascontiguousarray(prices[own].T.astype(numbers)), size)
        return bound * (self._unit_minutes * self._unit_price)


def _add_up(needs: Ints, minutes: NDArray[Any], size: int) -> NDArray[Any]:
    """Per subset of the held people and state: minutes of the remaining parts that need nobody else of them."""
    count = needs.shape[1]
    durations = np.zeros((1 << size, count), minutes.dtype)
    cells = durations.reshape(-1)
    for places, lengths in zip(needs * count + np.arange(count), minutes, strict=True):
        cells[places] += lengths
    for slot in range(size):
        halves = durations.reshape(-1, 2, 1 << slot, count)
        halves[:, 1] += halves[:, 0]
    return durations


def _choose_type(largest: int) -> Any:
    return np.uint16 if largest < 1 << 16 else np.uint32 if largest < 1 << 32 else np.int64


def _split_people(distinct: Ints, index: Ints, alive: Ints, size: int) -> Iterator[tuple[Ints, Ints, Ints]]:
    """The held people, `size` at a time, those with the smallest bits first: masks, which one per state, and states.

    All masks of one group have equally many people; the sum over all groups of a state is a bound.
    """
    used, place = np.unique(index[alive], return_inverse=True)
    is_held = distinct[used, None] >> np.arange(63) & 1
    turn = np.where(is_held == 1, (np.cumsum(is_held, axis=1) - 1) // size, -1)
    for at in range(int(turn.max(initial=-1)) + 1):
        masks = ((turn == at).astype(np.int64) << np.arange(63)).sum(axis=1)
        counts = np.bitwise_count(masks)
        for count in np.unique(counts[counts > 0]).tolist():
            position = np.cumsum(counts == count) - 1
            rows = np.flatnonzero(counts[place] == count)
            yield masks[counts == count], position[place[rows]], alive[rows]


def _save_most(durations: NDArray[Any], prices: NDArray[Any], size: int) -> NDArray[Any]:
    """Per state the most that people can save by leaving before cases that do not need them.

    Read backwards: who is added to a subset is absent from all parts that need only the subset.
    """
    saved = np.zeros_like(durations)
    if durations.shape[1] < FEW:
        for subset, ways in _plan_layers(size):
            for before, person in ways:
                saved[subset] = np.maximum(saved[subset], durations[before] * prices[person] + saved[before])
    elif (prices == prices[:1]).all():
        _sweep_equals(saved, durations, size)
        saved[-1] *= prices[0]
    else:
        _sweep(saved, durations, prices, size)
    result: NDArray[Any] = saved[-1]
    return result


def _sweep(saved: NDArray[Any], durations: NDArray[Any], prices: NDArray[Any], size: int) -> None:
    room = np.empty((len(durations) >> 1, durations.shape[1]), durations.dtype)
    for base, half, person in _plan_sweep(size):
        reached = room[:half]
        np.multiply(durations[base : base + half], prices[person], out=reached)
        np.add(reached, saved[base : base + half], out=reached)
        upper = saved[base + half : base + 2 * half]
        np.maximum(upper, reached, out=upper)


def _sweep_equals(saved: NDArray[Any], durations: NDArray[Any], size: int) -> None:
    """As `_sweep` when everybody has the price 1: what a person adds does not depend on who she is."""
    for base, half, person in _plan_sweep(size):
        if person == 0:
            np.add(saved[base], durations[base], out=saved[base])
        upper = saved[base + half : base + 2 * half]
        np.maximum(upper, saved[base : base + half], out=upper)
        if person == 0 and base + 2 < len(saved):
            np.add(saved[base + 1], durations[base + 1], out=saved[base + 1])


@lru_cache(maxsize=32)
def _plan_layers(size: int) -> list[tuple[Ints, list[tuple[Ints, Ints]]]]:
    """Per number of people: the subsets, and for each of their people the subset without her and her place."""
    plan = []
    every = np.arange(1 << size)
    for count in range(1, size + 1):
        subsets = every[np.bitwise_count(every) == count]
        people = np.nonzero(subsets[:, None] >> np.arange(size) & 1)[1].reshape(-1, count)
        plan.append((subsets, [(subsets ^ (1 << people[:, at]), people[:, at]) for at in range(count)]))
    return plan


@lru_cache(maxsize=32)
def _plan_sweep(size: int) -> list[tuple[int, int, int]]:
    """Steps that add one person to a block of subsets, each after everything it builds on: base, length, person."""
    if not size:
        return []
    smaller = _plan_sweep(size - 1)
    half = 1 << (size - 1)
    return [*smaller, (0, half, size - 1), *((base + half, length, person) for base, length, person in smaller)]

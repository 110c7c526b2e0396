"""Good orders of many cases: all small changes of an order are priced at once, then the order is shaken."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tumorboard.domain.agenda_task import Task

Ints = NDArray[np.int64]

WORD = 12
"""People per lookup table."""

LARGEST_PRICE = 1 << 61
CELLS = 150_000
"""Orders times cases that are priced at once."""


class Pricer:
    """Prices orders by the thousand: 64-bit sums in which misfit outweighs cost and a broken rule outweighs both.

    `is_exact` tells that misfit outweighs any cost, as it does unless the prices are absurd.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.cells = 0
        parts = task.parts
        self.minutes = np.array([part.minutes for part in parts], np.int64)
        self.fixed = np.array([-1 if part.fixed is None else part.fixed for part in parts], np.int64)
        self.blocks = np.array([part.block for part in parts], np.int64)
        self.complex = np.array([part.is_complex for part in parts], np.bool_)
        self.ranks = np.array([-1 if part.rank is None else part.rank for part in parts], np.int64)
        words = range(0, len(task.prices), WORD)
        self.needs = [
            np.array([part.people >> first & (1 << WORD) - 1 for part in parts], np.uint16) for first in words
        ]
        self.tables = [price_table(task.prices[first : first + WORD]) for first in words]
        self.span = int(self.minutes.sum()) + int(self.fixed.max(initial=0)) + sum(b.minutes for b in task.breaks)
        self.span = max([self.span, *(pause.end + int(self.minutes.sum()) for pause in task.breaks)])
        largest_cost = self._largest_cost()
        people = max(1, len(task.free))
        self.misfit = min(largest_cost + 1, LARGEST_PRICE // (4 * self.span * people))
        self.broken = min(self.misfit * 4 * self.span * people, LARGEST_PRICE // (4 * self.span * len(parts)))
        self.is_exact = not task.free or self.misfit > largest_cost
        self.outside = {person: self._outside(stretches) for person, stretches in task.free.items()}

    def _largest_cost(self) -> int:
        count, terms = len(self.task.parts), self.task.terms
        per_minute = sum(self.task.prices) + terms.complex_late * count
        return self.span * per_minute + terms.inversion * count**2 + 2 * terms.changed_window * len(self.task.prices)

    def _outside(self, stretches: tuple[tuple[int, int], ...]) -> Ints:
        """Per minute of the meeting how many minutes before it lie outside the stretches."""
        away = np.ones(self.span + 1, np.int64)
        for first, last in stretches:
            away[max(0, first) : max(0, last)] = 0
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(away)])

    def begin(self, minute: Ints, minutes: Ints | int) -> Ints:
        """As `begin_case`, for many at once."""
        for pause in self.task.breaks:
            minute = np.where((minute < pause.end) & (minute + minutes > pause.at), pause.end, minute)
        return minute

    def since_pause(self, start: Ints) -> Ints:
        """As `minutes_since_pause`, for many at once."""
        since = start
        for pause in self.task.breaks:
            since = np.where(start >= pause.end, start - pause.end, since)
        return since

    def price(self, orders: Ints) -> Ints:
        """The price of each row, an order of all parts; without what every order costs."""
        self.cells += orders.size * (1 if self.task.is_plain else 4)
        starts = self._starts(orders)
        lengths = self.minutes[orders]
        total = np.zeros(len(orders), np.int64)
        gaps = None
        if self.task.is_timed:
            ends = np.concatenate([np.zeros((len(orders), 1), np.int64), (starts + lengths)[:, :-1]], axis=1)
            gaps = starts - ends
        for needs, table in zip(self.needs, self.tables, strict=True):
            people = needs[orders]
            come = np.bitwise_or.accumulate(people, axis=1)
            stay = np.bitwise_or.accumulate(people[:, ::-1], axis=1)[:, ::-1]
            total += (lengths * table[come & stay & ~people]).sum(axis=1)
            if gaps is not None:
                total += (gaps[:, 1:] * table[come[:, :-1] & stay[:, 1:]]).sum(axis=1)
        if self.task.is_plain:
            blocks = self.blocks[orders]
            total += self.broken * (blocks[:, 1:] < blocks[:, :-1]).sum(axis=1)
            return total
        total += self._price_wishes(orders, starts)
        return total

    def _starts(self, orders: Ints) -> Ints:
        lengths = self.minutes[orders]
        if not self.task.is_timed:
            starts: Ints = np.cumsum(lengths, axis=1) - lengths
            return starts
        starts = np.empty(orders.shape, np.int64)
        minute = np.zeros(len(orders), np.int64)
        for at in range(orders.shape[1]):
            minute = self.begin(np.maximum(minute, self.fixed[orders[:, at]]), lengths[:, at])
            starts[:, at] = minute
            minute = minute + lengths[:, at]
        return starts

    def _price_wishes(self, orders: Ints, starts: Ints) -> Ints:
        terms = self.task.terms
        fixed, blocks, ranks = self.fixed[orders], self.blocks[orders], self.ranks[orders]
        broken = np.where(fixed >= 0, starts - fixed, 0).sum(axis=1)
        broken += (np.maximum.accumulate(blocks, axis=1) > blocks).sum(axis=1)
        total: Ints = self.broken * broken
        if self.task.counts_complex:
            total += terms.complex_late * np.where(self.complex[orders], self.since_pause(starts), 0).sum(axis=1)
        if self.task.counts_inversions:
            for at in range(orders.shape[1] - 1):
                later, known = ranks[:, at + 1 :], ranks[:, at : at + 1]
                total += terms.inversion * ((later >= 0) & (later < known)).sum(axis=1)
        for person in {*self.task.free, *self.task.ends}:
            first, last = self._stay(orders, starts, person)
            if person in self.task.ends:
                come, go = self.task.ends[person]
                total += terms.changed_window * ((first != come).astype(np.int64) + (last != go))
            if person in self.task.free:
                total += self.misfit * (self.outside[person][last] - self.outside[person][first])
        return total

    def _stay(self, orders: Ints, starts: Ints, person: int) -> tuple[Ints, Ints]:
        needed = (self.needs[person // WORD][orders] >> (person % WORD) & 1).astype(np.bool_)
        rows = np.arange(len(orders))
        first = needed.argmax(axis=1)
        last = needed.shape[1] - 1 - needed[:, ::-1].argmax(axis=1)
        ends: Ints = starts[rows, last] + self.minutes[orders[rows, last]]
        begins: Ints = starts[rows, first]
        return begins, ends


def price_table(prices: tuple[int, ...]) -> Ints:
    """The price of a minute for each subset of these people."""
    table = np.zeros(1, np.int64)
    for price in prices:
        table = np.concatenate([table, table + price])
    return table


def improve_order(
    pricer: Pricer, path: Ints, *, rounds: int, is_over: Callable[[], bool], seed: int = 1
) -> tuple[Ints, int]:
    """A better order and its price: all small changes until none helps, then a shake; `rounds` shakes without gain."""
    chance = np.random.default_rng(seed)
    best = current = _descend(pricer, path, chance, is_over)
    idle = 0
    while idle < rounds and not is_over() and len(path) > 2:
        order, price = _descend(pricer, _shake(current[0], chance), chance, is_over)
        idle += 1
        if price < best[1]:
            best, idle = (order, price), 0
        if price <= current[1] or chance.random() < 0.05:
            current = (order, price)
    return best


def _shake(order: Ints, chance: np.random.Generator) -> Ints:
    shaken = order.copy()
    if chance.random() < 0.5:
        for _ in range(int(chance.integers(2, 5))):
            one, other = chance.integers(0, len(order), 2)
            shaken[[one, other]] = shaken[[other, one]]
        return shaken
    first, second = sorted(chance.integers(0, len(order) + 1, 2).tolist())
    pieces = [shaken[:first], shaken[first:second], shaken[second:]]
    return np.concatenate([pieces[2], pieces[1][::-1], pieces[0]])


def _descend(pricer: Pricer, order: Ints, chance: np.random.Generator, is_over: Callable[[], bool]) -> tuple[Ints, int]:
    price = int(pricer.price(order[None])[0])
    while not is_over():
        moves = _list_moves(len(order)) if len(order) <= 45 else _draw_moves(len(order), chance)
        improved = False
        for first in range(0, len(moves), max(1, CELLS // len(order))):
            tried = order[moves[first : first + max(1, CELLS // len(order))]]
            prices = pricer.price(tried)
            at = int(prices.argmin())
            if prices[at] < price:
                order, price, improved = tried[at], int(prices[at]), True
                break
        if not improved:
            break
    return order, price


@lru_cache(maxsize=8)
def _list_moves(count: int) -> Ints:
    """Every order that moves up to three neighbours, as they are or turned round, or swaps two places."""
    base = tuple(range(count))
    found: dict[tuple[int, ...], None] = {}
    for length in (1, 2, 3):
        for first in range(count - length + 1):
            piece, rest = base[first : first + length], base[:first] + base[first + length :]
            for at in range(len(rest) + 1):
                found[(*rest[:at], *piece, *rest[at:])] = None
                found[(*rest[:at], *reversed(piece), *rest[at:])] = None
    for one in range(count):
        for other in range(one + 1, count):
            swapped = list(base)
            swapped[one], swapped[other] = swapped[other], swapped[one]
            found[tuple(swapped)] = None
    return np.array(list(found), np.int64)


def _draw_moves(count: int, chance: np.random.Generator) -> Ints:
    """Some of the orders that move up to five neighbours somewhere else, for lists too long to try them all."""
    rows = max(count, 4 * CELLS // count)
    base = np.arange(count)
    length = chance.integers(1, 6, rows)
    first = chance.integers(0, count - 5, rows)
    target = chance.integers(0, count, rows)
    keys = np.broadcast_to(base * 2.0, (rows, count)).copy()
    inside = (base >= first[:, None]) & (base < (first + length)[:, None])
    keys = np.where(
        inside, target[:, None] * 2 + 1 - 2 * (target < first)[:, None] + (base - first[:, None]) * 0.01, keys
    )
    moved: Ints = np.argsort(keys, axis=1, kind="stable")
    return moved

"""Builders of agendas, and a judge of orders that shares no code with the planner."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, permutations

from tumorboard.domain.agenda import (
    MAX_STATES,
    SMALL,
    AgendaItem,
    AgendaOrder,
    AgendaWeights,
    Break,
    Stretch,
    order_cases,
)


@dataclass(frozen=True)
class Agenda:
    """Everything `order_cases` is given."""

    items: Sequence[AgendaItem]
    weights: Mapping[str, int] = field(default_factory=dict)
    free: Mapping[str, Sequence[Stretch]] = field(default_factory=dict)
    fixed: Mapping[str, int] = field(default_factory=dict)
    breaks: Sequence[Break] = ()
    published: Sequence[str] = ()
    published_windows: Mapping[str, Stretch] = field(default_factory=dict)
    terms: AgendaWeights = field(default_factory=AgendaWeights)

    def order(self, *, max_states: int = MAX_STATES, small: int = SMALL) -> AgendaOrder:
        """The planner's order."""
        wishes = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "items"}
        return order_cases(self.items, max_states=max_states, small=small, **wishes)

    def judge(self, references: Sequence[str]) -> tuple[int, int] | None:
        """Misfit minutes and cost of an order, minute by minute; None when it breaks a rule."""
        known = {item.reference: item for item in self.items}
        ordered = [known[reference] for reference in references]
        if [item.block for item in ordered] != sorted(item.block for item in ordered):
            return None
        starts = self._start(ordered)
        if any(starts[reference] != minute for reference, minute in self.fixed.items()):
            return None
        cost = misfit = 0
        for member in sorted({member for item in ordered for member in item.held}):
            hers = [item for item in ordered if member in item.held]
            start, end = starts[hers[0].reference], starts[hers[-1].reference] + hers[-1].minutes
            cost += self.terms.held_minute * self.weights.get(member, 1) * (end - start)
            if member in self.free:
                misfit += sum(not any(a <= minute < b for a, b in self.free[member]) for minute in range(start, end))
            if member in self.published_windows:
                was = self.published_windows[member]
                cost += self.terms.changed_window * ((start != was[0]) + (end != was[1]))
        for item in ordered:
            if item.is_complex:
                begins = [0, *(pause.at + pause.minutes for pause in self.breaks)]
                since = max(minute for minute in begins if minute <= starts[item.reference])
                cost += self.terms.complex_late * (starts[item.reference] - since)
        listed = [reference for reference in references if reference in self.published]
        swapped = sum(self.published.index(b) < self.published.index(a) for a, b in combinations(listed, 2))
        return misfit, cost + self.terms.inversion * swapped

    def _start(self, ordered: Sequence[AgendaItem]) -> dict[str, int]:
        starts: dict[str, int] = {}
        minute = 0
        for item in ordered:
            minute = max(minute, self.fixed.get(item.reference, 0))
            while any(
                set(range(minute, minute + item.minutes)) & set(range(b.at, b.at + b.minutes)) for b in self.breaks
            ):
                minute += 1
            starts[item.reference] = minute
            minute += item.minutes
        return starts

    def try_all(self) -> tuple[int, int] | None:
        """The least misfit and cost of all orders; None when every one breaks a rule."""
        judged = (self.judge(order) for order in permutations(item.reference for item in self.items))
        return min((price for price in judged if price is not None), default=None)

    def draw_feasible(self, count: int, rng: random.Random) -> Iterator[tuple[int, int]]:
        """Misfit and cost of random orders that break no rule: fixed cases stand where they are due."""
        free = [item for item in self.items if item.reference not in self.fixed]
        while count:
            drawn = sorted(rng.sample(free, len(free)), key=lambda item: item.block)
            for reference, due in sorted(self.fixed.items(), key=lambda pair: pair[1]):
                fixed = next(item for item in self.items if item.reference == reference)
                fitting = [
                    at
                    for at in range(len(drawn) + 1)
                    if (begin := self._start([*drawn[:at], fixed])[reference]) == due and begin == due
                ]
                drawn.insert(fitting[-1] if fitting else 0, fixed)
            price = self.judge([item.reference for item in drawn])
            if price is not None:
                count -= 1
                yield price


def draw_items(cases: int, members: int, *, density: float, seed: int) -> list[AgendaItem]:
    """Random cases of 5 to 20 minutes that need each member with this chance."""
    rng = random.Random(seed)
    return [
        AgendaItem(
            f"c{n:03}", rng.randint(5, 20), frozenset(f"s{m:02}" for m in range(members) if rng.random() < density)
        )
        for n in range(cases)
    ]

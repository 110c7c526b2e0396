"""What a meeting is worth at given prices of the cases: the core taken apart, each meeting a knapsack with calls.

When each case has a price, meetings no longer compete for cases and each fills itself. The tables hold the best value
for every set of called people ("keys") and every minute. Rules left out here (`longest`, limits, repeated calls, rooms)
could only make plans dearer, so that what comes out of them is still a lower bound.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tumorboard.domain.planning_core import Core, CoreDemand, CorePlace
from tumorboard.domain.planning_core_pool import Pool

_MOST_KEYS = 12
"""More kinds of calls on one meeting are taken as free, which keeps the bound right and the tables small."""
_MOST_COLUMNS = 500
"""Meetings with more minutes (after dividing by what all lengths share) are counted in coarser steps."""
_NEVER = -1e15
_NOTHING = 1e-7


@dataclass(frozen=True, slots=True)
class Need:
    """A demand as a choice of keys, with the price of going without (None: impossible).

    A key is somebody by her index, or somebody of the pool as -1 - demand.
    """

    keys: tuple[int, ...]
    price: int | None


_Item = tuple[int, int, int, tuple[Need, ...]]
"""A case by index, what placing it is worth, its minutes, its needs."""


@dataclass(slots=True)
class Table:
    """A meeting filled at given prices: `values[calls, minutes]`, and what is needed to read the best cases back."""

    keys: tuple[int, ...]
    values: Any
    call_costs: Any
    totals: Any
    """The best value for each set of calls, calls and opening paid."""
    items: list[int]
    gains: Any


class MeetingPricer:
    """The knapsack of one meeting: its cases with what they are worth, and the keys they need."""

    def __init__(
        self, np: Any, core: Core, pool: Pool, meeting: int, *, places: Sequence[tuple[int, CorePlace]],
        rivals: frozenset[int],
    ) -> None:  # fmt: skip
        """`places` are those on the meeting, by case; `rivals` are the people that meetings at its time share."""
        self._np = np
        self.meeting = meeting
        self.capacity = core.meetings[meeting].capacity
        self.open_cost = core.meetings[meeting].open_cost
        self.key_costs: dict[int, int] = {}
        self.rivals = rivals
        needs: dict[int, Need | None] = {}
        found: list[_Item] = []
        for index, place in places:
            case = core.cases[index]
            for demand in place.demands:
                if demand not in needs:
                    needs[demand] = self._read_need(core, pool, demand)
            mine = [need for demand in dict.fromkeys(place.demands) if (need := needs[demand]) is not None]
            worth = case.out_cost - place.cost - sum(need.price or 0 for need in mine if not need.keys)
            fits = case.minutes <= self.capacity
            if fits and worth > 0 and all(need.keys or need.price is not None for need in mine):
                found.append((index, worth, case.minutes, tuple(need for need in mine if need.keys)))
        found = self._merge_equals(found)
        self.cases = np.array([row[0] for row in found], dtype=np.int64)
        self.worth = np.array([row[1] for row in found], dtype=float)
        # Rounding every length down, and the capacity with them, never forbids a filling.
        self.capacity = min(self.capacity, sum(row[2] for row in found))
        grain = max(math.gcd(*(row[2] for row in found)), -(-self.capacity // _MOST_COLUMNS), 1)
        self.capacity //= grain
        self.minutes = [row[2] // grain for row in found]
        self.needs = [row[3] for row in found]

    def _read_need(self, core: Core, pool: Pool, index: int) -> Need | None:
        """The keys of a demand; None when it costs nothing and nobody else wants its people."""
        demand = core.demands[index]
        keys: list[int] = []
        if index in pool.prices:
            keys.append(-1 - index)
            self.key_costs[-1 - index] = pool.prices[index]
        people = pool.named[index] if index in pool.prices else people_of(demand)
        for person in people:
            keys.append(person)
            self.key_costs[person] = core.call_costs.get((person, self.meeting), 0)
        if any(not self.key_costs[key] and key not in self.rivals for key in keys):
            return None
        return Need(tuple(keys), demand.price)

    def _merge_equals(self, found: list[_Item]) -> list[_Item]:
        """With one key, the cheapest, for people who answer the same needs and whom no other meeting wants."""
        asked: dict[int, set[tuple[int, ...]]] = {}
        for row in found:
            for need in row[3]:
                for key in need.keys:
                    asked.setdefault(key, set()).add(need.keys)
        cheapest: dict[frozenset[tuple[int, ...]], int] = {}
        for key in sorted(asked, key=lambda one: (self.key_costs[one], one)):
            if key not in self.rivals:
                cheapest.setdefault(frozenset(asked[key]), key)
        kept = {*cheapest.values(), *self.rivals}
        return [
            (case, worth, minutes, tuple(Need(tuple(key for key in need.keys if key in kept), need.price)
                                         for need in needs))
            for case, worth, minutes, needs in found
        ]  # fmt: skip

    def fill(self, prices: Any) -> Table | None:
        """The table at the given prices per case; None when no case is worth taking."""
        np = self._np
        gains = self.worth - prices[self.cases]
        items = [int(item) for item in np.flatnonzero(gains > _NOTHING)]
        items = self._drop_hopeless(items, gains)
        if not items:
            return None
        keys = self._choose_keys(items)
        calls = np.arange(1 << len(keys))
        call_costs = np.zeros(len(calls))
        for bit, key in enumerate(keys):
            call_costs += ((calls >> bit) & 1) * float(self.key_costs[key])
        values = np.zeros((len(calls), self.capacity + 1))
        for item in items:
            self._pack(values, item, float(gains[item]), keys, calls)
        totals = values[:, self.capacity] - call_costs - self.open_cost
        return Table(keys, values, call_costs, totals, items, gains)

    def _pack(self, values: Any, item: int, gain: float, keys: tuple[int, ...], calls: Any) -> None:
        """Lets the case into the table, for every set of calls that answers its needs."""
        np = self._np
        minutes = self.minutes[item]
        needs = self.needs[item]
        if all(len(need.keys) == 1 and need.price is None for need in needs):
            # One axis per key: where all needed ones are called is a view, which is several times faster than rows.
            cube = values.reshape((2,) * len(keys) + (-1,))
            wanted = {need.keys[0] for need in needs}
            part = cube[tuple(1 if key in wanted else slice(None) for key in reversed(keys))]
            np.maximum(part[..., minutes:], part[..., : part.shape[-1] - minutes] + gain, out=part[..., minutes:])
            return
        gained = gain - self.surcharge(item, keys, calls, is_alone=False)
        rows = np.flatnonzero(gained > _NOTHING)
        with_it = values[rows, : self.capacity + 1 - minutes] + gained[rows, None]
        values[rows, minutes:] = np.maximum(values[rows, minutes:], with_it)

    def surcharge(self, item: int, keys: tuple[int, ...], calls: Any, *, is_alone: bool) -> Any:
        """What the case costs beyond its calls, for each set of calls: going without, or out of the question.

        Keys that the table does not have are free, or at their cheapest for a case that is alone to pay them.
        """
        np = self._np
        bits = {key: 1 << bit for bit, key in enumerate(keys)}
        extra = np.zeros(len(calls))
        alone = np.zeros(len(calls))
        for need in self.needs[item]:
            answered = (calls & sum(bits.get(key, 0) for key in need.keys)) != 0
            missing = [self.key_costs[key] for key in need.keys if key not in bits]
            if not missing:
                extra += np.where(answered, 0.0, -_NEVER if need.price is None else float(need.price))
            elif is_alone:
                cheapest = min(missing if need.price is None else [*missing, need.price])
                alone = np.maximum(alone, np.where(answered, 0.0, float(cheapest)))
        return extra + alone

    def _drop_hopeless(self, items: list[int], gains: Any) -> list[int]:
        """Without cases that together do not pay the cheapest of the calls that they, and only they, need."""
        while True:
            groups = _group_keys([need.keys for item in items for need in self.needs[item]])
            total: dict[int, float] = {}
            for item in items:
                for group in {groups[need.keys[0]] for need in self.needs[item]}:
                    total[group] = total.get(group, 0.0) + float(gains[item])
            cheapest: dict[int, float] = {}
            for key, group in groups.items():
                cheapest[group] = min(cheapest.get(group, -_NEVER), self.key_costs[key])
            for item in items:
                for need in self.needs[item]:
                    if need.price is not None:
                        cheapest[groups[need.keys[0]]] = 0.0
            kept = [
                item for item in items
                if all(total[groups[need.keys[0]]] > cheapest[groups[need.keys[0]]] for need in self.needs[item])
            ]  # fmt: skip
            if len(kept) == len(items):
                return items
            items = kept

    def _choose_keys(self, items: Sequence[int]) -> tuple[int, ...]:
        weight: dict[int, int] = {}
        for item in items:
            for need in self.needs[item]:
                for key in need.keys:
                    weight[key] = weight.get(key, 0) + self.key_costs[key]
        return tuple(sorted(weight, key=lambda key: (-weight[key], key))[:_MOST_KEYS])

    def weigh_rivals(self, table: Table) -> dict[int, int]:
        """How much of the meeting's worth hangs on each rival; shared where others could answer as well."""
        weights: dict[int, int] = {}
        for item in table.items:
            for need in self.needs[item]:
                for key in self.rivals.intersection(need.keys):
                    weights[key] = weights.get(key, 0) + int(table.gains[item]) // len(need.keys)
        return weights

    def read_cases(self, table: Table, calls: int) -> list[int]:
        """The cases of the best filling for a set of calls: the knapsack of that set alone, packed again."""
        np = self._np
        only = np.array([calls])
        best = np.zeros(self.capacity + 1)
        steps = []
        for item in table.items:
            gain = float(table.gains[item] - self.surcharge(item, table.keys, only, is_alone=False)[0])
            minutes = self.minutes[item]
            with_it = best[: self.capacity + 1 - minutes] + gain
            takes = with_it > best[minutes:]
            best[minutes:] = np.where(takes, with_it, best[minutes:])
            steps.append((item, takes))
        left = self.capacity
        chosen = []
        for item, takes in reversed(steps):
            if left >= self.minutes[item] and takes[left - self.minutes[item]]:
                chosen.append(int(self.cases[item]))
                left -= self.minutes[item]
        return chosen


def people_of(demand: CoreDemand) -> tuple[int, ...]:
    return tuple(one.person for one in demand.candidates)


def _group_keys(needs: Sequence[tuple[int, ...]]) -> dict[int, int]:
    """Keys linked by needs that take either of them share a group, named by one of its keys."""
    group: dict[int, int] = {}

    def root(key: int) -> int:
        while group.setdefault(key, key) != key:
            key = group[key]
        return key

    for keys in needs:
        for key in keys:
            group[root(key)] = root(keys[0])
    return {key: root(key) for key in group}

"""Meetings at one time priced together, so that nobody attends two; and the core taken apart into such units."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tumorboard.domain.planning_core import Core, CorePlace
from tumorboard.domain.planning_core_pool import Pool
from tumorboard.domain.planning_solver_pricing import MeetingPricer, Table, people_of

_MOST_RIVALS = 10
"""More people that several meetings of a unit want are taken as free to attend all; the bound stays right."""


@dataclass(slots=True)
class _Share:
    """A meeting's best value for each exact set of rivals, and the set of calls that gives it."""

    pricer: MeetingPricer
    table: Table
    parts: Any
    """The rivals among the calls, as bits, for each set of calls."""
    values: Any
    calls: Any


class UnitPricer:
    """Meetings that overlap one another."""

    def __init__(self, np: Any, pricers: Sequence[MeetingPricer]) -> None:
        self._np = np
        self.pricers = tuple(pricers)

    def price(self, prices: Any) -> tuple[float, list[tuple[int, int]]]:
        """What the unit is worth, never negative, and the cases that make it so, as (case, meeting)."""
        shares = self._share(prices)
        best, used = self._combine(shares)
        chosen = []
        for share, rivals in used:
            calls = int(share.calls[rivals])
            chosen += [(case, share.pricer.meeting) for case in share.pricer.read_cases(share.table, calls)]
        return best, chosen

    def price_forced(self, prices: Any) -> tuple[float, dict[tuple[int, int], float]]:
        """What the unit is worth, and what it is worth at most when a given case must be on a given meeting."""
        shares = self._share(prices)
        best, _ = self._combine(shares)
        by_meeting = {share.pricer.meeting: share for share in shares}
        forced: dict[tuple[int, int], float] = {}
        for pricer in self.pricers:
            share = by_meeting.get(pricer.meeting)
            others = [one for one in shares if one is not share]
            count = len(shares[0].values) if shares else 1
            rest = self._fold(others, count)[0]
            for item, case in enumerate(pricer.cases):
                forced[int(case), pricer.meeting] = self._force(pricer, share, item, prices, rest)
        return best, forced

    def _force(self, pricer: MeetingPricer, share: _Share | None, item: int, prices: Any, rest: Any) -> float:
        """The best value with the case on its meeting, beside the best of the others for what rivals are left."""
        np = self._np
        gain = float(pricer.worth[item] - prices[pricer.cases[item]]) - pricer.open_cost
        keys = share.table.keys if share is not None else ()
        calls = np.arange(1 << len(keys))
        totals = gain - pricer.surcharge(item, keys, calls, is_alone=True)
        if share is None:
            return float(totals.max() + rest[-1])
        totals += share.table.values[:, pricer.capacity - pricer.minutes[item]] - share.table.call_costs
        left = (len(rest) - 1) & ~share.parts
        return float((totals + rest[left]).max())

    def _share(self, prices: Any) -> list[_Share]:
        """The meetings worth holding, with their values by rivals."""
        np = self._np
        tables = [(one, table) for one in self.pricers if (table := one.fill(prices)) is not None]
        wanted = Counter(key for one, table in tables for key in table.keys if key in one.rivals)
        weights: Counter[int] = Counter()
        for pricer, table in tables:
            weights.update(pricer.weigh_rivals(table))
        contested = [key for key, count in wanted.items() if count > 1]
        rivals = sorted(contested, key=lambda key: (-weights[key], key))[:_MOST_RIVALS]
        shares = []
        for pricer, table in tables:
            calls = np.arange(len(table.totals))
            parts = np.zeros(len(calls), dtype=np.int64)
            for bit, key in enumerate(rivals):
                if key in table.keys:
                    parts |= ((calls >> table.keys.index(key)) & 1) << bit
            order = np.lexsort((table.totals, parts))
            last = np.flatnonzero(np.append(parts[order][1:] != parts[order][:-1], True))
            values = np.full(1 << len(rivals), -np.inf)
            best_calls = np.zeros(1 << len(rivals), dtype=np.int64)
            values[parts[order[last]]] = table.totals[order[last]]
            best_calls[parts[order[last]]] = order[last]
            shares.append(_Share(pricer, table, parts, values, best_calls))
        return shares

    def _combine(self, shares: Sequence[_Share]) -> tuple[float, list[tuple[_Share, int]]]:
        """The best value of the meetings together, and the rivals each meeting then uses."""
        if not shares:
            return 0.0, []
        count = len(shares[0].values)
        values, choices = self._fold(shares, count)
        used = []
        left = count - 1
        for share, choice in zip(reversed(shares), reversed(choices), strict=True):
            mine = int(choice[left])
            if mine >= 0:
                used.append((share, mine))
                left &= ~mine
        return float(values[-1]), used

    def _fold(self, shares: Sequence[_Share], count: int) -> tuple[Any, list[Any]]:
        """For each set of rivals the best value within it, and per meeting what it takes of it (-1: not held)."""
        np = self._np
        values = np.zeros(count)
        choices = []
        everyone = np.arange(count)
        for share in shares:
            best = values.copy()
            choice = np.full(count, -1)
            for mine in range(count):
                if share.values[mine] == -np.inf:
                    continue
                fits = everyone[(everyone & mine) == mine]
                together = values[fits & ~mine] + share.values[mine]
                better = together > best[fits]
                best[fits[better]] = together[better]
                choice[fits[better]] = mine
            values = best
            choices.append(choice)
        return values, choices


def take_apart(np: Any, core: Core, pool: Pool) -> list[UnitPricer]:
    """The units of a core; each meeting that a case may take is in one."""
    places: defaultdict[int, list[tuple[int, CorePlace]]] = defaultdict(list)
    for index, case in enumerate(core.cases):
        for place in case.places:
            if place.cost < case.out_cost:
                places[place.meeting].append((index, place))
    wanted: defaultdict[int, set[int]] = defaultdict(set)
    for index, demand in enumerate(core.demands):
        if index not in pool.prices:
            wanted[demand.meeting].update(people_of(demand))
    units = []
    for meetings in _group_meetings(core, sorted(places)):
        count = Counter(person for meeting in meetings for person in wanted[meeting])
        rivals = frozenset(person for person, times in count.items() if times > 1)
        pricers = [MeetingPricer(np, core, pool, one, places=places[one], rivals=rivals) for one in meetings]
        units.append(UnitPricer(np, pricers))
    return units


def _group_meetings(core: Core, meetings: Sequence[int]) -> list[list[int]]:
    """The meetings, those of an overlap together, each once."""
    groups: list[list[int]] = []
    left = set(meetings)
    for overlap in sorted(core.overlaps, key=len, reverse=True):
        group = sorted(left.intersection(overlap))
        if len(group) > 1:
            groups.append(group)
            left.difference_update(group)
    return groups + [[meeting] for meeting in sorted(left)]

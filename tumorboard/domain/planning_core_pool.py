"""Which demands of a core need no variable per person, because enough interchangeable people can always be found.

Where the meetings of a time can all be served at once by people nobody asks for by name, it is enough to know *that*
somebody attends; who it is, is decided afterwards by matching. All other demands and their people stay explicit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tumorboard.domain.planning_core import Core


@dataclass(frozen=True, slots=True)
class Pool:
    """What pooling found. `prices` has the pooled demands with the price of one attendance.

    `named` has, per pooled demand, those of its candidates who attend its meeting only when an explicit demand calls
    them; they then answer it too. `clusters` gives, per meeting, the number of its group of meetings linked by overlap.
    """

    prices: Mapping[int, int]
    named: Mapping[int, tuple[int, ...]]
    clusters: tuple[int, ...]


def pool_demands(core: Core) -> Pool:
    """The demands that can be pooled. Deterministic; the same for equal cores."""
    clusters = _find_clusters(core)
    by_cluster: defaultdict[int, list[int]] = defaultdict(list)
    for index, demand in enumerate(core.demands):
        by_cluster[clusters[demand.meeting]].append(index)
    limited = {limit.person for limit in core.limits}
    prices: dict[int, int] = {}
    named: dict[int, tuple[int, ...]] = {}
    for demands in by_cluster.values():
        pooled, explicit = _pool_cluster(core, demands, limited)
        for index in pooled:
            demand = core.demands[index]
            prices[index] = _price(core, demand.candidates[0].person, demand.meeting)
            named[index] = tuple(
                one.person for one in demand.candidates if (one.person, demand.meeting) in explicit
            )  # fmt: skip
    return Pool(prices, named, clusters)


def assign_people(core: Core, pool: Pool, needed: Iterable[int], explicit: Mapping[int, int]) -> dict[int, int]:
    """Who answers each needed demand: `explicit` as given, the pooled ones by matching.

    Whoever attends for an explicit demand answers the pooled ones of her meeting first; free of charge.
    """
    covers = dict(explicit)
    present: defaultdict[int, set[int]] = defaultdict(set)
    for index, person in explicit.items():
        present[core.demands[index].meeting].add(person)
    open_demands: defaultdict[int, list[int]] = defaultdict(list)
    for index in sorted(set(needed)):
        if index in covers or index not in pool.prices:
            continue
        demand = core.demands[index]
        there = next((one.person for one in demand.candidates if one.person in present[demand.meeting]), None)
        if there is None:
            open_demands[pool.clusters[demand.meeting]].append(index)
        else:
            covers[index] = there
    taken: defaultdict[int, set[int]] = defaultdict(set)
    for index, person in explicit.items():
        taken[pool.clusters[core.demands[index].meeting]].add(person)
    for cluster, demands in open_demands.items():
        choices = {
            index: [one.person for one in core.demands[index].candidates if one.person not in taken[cluster]]
            for index in demands
        }
        covers.update(match(choices))
    return covers


def match(choices: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """A largest assignment of different people to the keys (augmenting paths, earlier choices preferred)."""
    chosen: dict[int, int] = {}
    holder: dict[int, int] = {}
    for key in choices:
        reached: dict[int, int] = {}
        queue = [key]
        for current in queue:
            new = [person for person in choices[current] if person not in reached]
            reached.update(dict.fromkeys(new, current))
            free = next((person for person in new if person not in holder), None)
            if free is not None:
                _shift(free, reached, chosen, holder)
                break
            queue.extend(holder[person] for person in new)
    return chosen


def _shift(free: int, reached: Mapping[int, int], chosen: dict[int, int], holder: dict[int, int]) -> None:
    """Gives the free person to the key she was reached from, whose former person goes on, and so on."""
    person: int | None = free
    while person is not None:
        key = reached[person]
        former = chosen.get(key)
        chosen[key] = person
        holder[person] = key
        person = former


def _find_clusters(core: Core) -> tuple[int, ...]:
    parent = list(range(len(core.meetings)))

    def root(meeting: int) -> int:
        while parent[meeting] != meeting:
            parent[meeting] = parent[parent[meeting]]
            meeting = parent[meeting]
        return meeting

    for group in core.overlaps:
        for meeting in group[1:]:
            parent[root(meeting)] = root(group[0])
    return tuple(root(meeting) for meeting in range(len(core.meetings)))


def _pool_cluster(core: Core, demands: Sequence[int], limited: set[int]) -> tuple[list[int], set[tuple[int, int]]]:
    """The demands of a cluster that can be pooled together, and the attendances that stay explicit."""
    pooled = [index for index in demands if _is_uniform(core, index, limited)]
    pooled = _without_shared(core, pooled, demands)
    # Whoever comes first keeps somebody: a demand of one candidate is easily explicit, a specialty is not.
    pooled.sort(key=lambda index: (len(core.demands[index].candidates) == 1, index))
    while True:
        inside = set(pooled)
        rest = [index for index in demands if index not in inside]
        called = {one.person for index in rest for one in core.demands[index].candidates}
        matched = match(
            {index: [one.person for one in core.demands[index].candidates if one.person not in called]
             for index in pooled}
        )  # fmt: skip
        if len(matched) == len(pooled):
            return pooled, {(one.person, core.demands[index].meeting) for index in rest
                            for one in core.demands[index].candidates}  # fmt: skip
        pooled = [index for index in pooled if index in matched]


def _is_uniform(core: Core, index: int, limited: set[int]) -> bool:
    """True when nothing but her name tells one candidate of the demand from another."""
    demand = core.demands[index]
    if not demand.candidates or core.repeated_call:
        return False
    prices = {_price(core, one.person, demand.meeting) for one in demand.candidates}
    if len(prices) > 1 or (len(demand.candidates) == 1 and prices != {0}):
        return False
    return all(one.longest is None and one.person not in limited for one in demand.candidates)


def _without_shared(core: Core, pooled: Sequence[int], demands: Sequence[int]) -> list[int]:
    """Without demands of one meeting that one paid attendance could answer together: there it matters who attends."""
    asked: defaultdict[tuple[int, int], int] = defaultdict(int)
    for index in demands:
        demand = core.demands[index]
        if len(demand.candidates) > 1:
            for one in demand.candidates:
                asked[one.person, demand.meeting] += 1
    return [
        index
        for index in pooled
        if all(
            asked[one.person, core.demands[index].meeting] <= 1
            or not _price(core, one.person, core.demands[index].meeting)
            for one in core.demands[index].candidates
        )
    ]


def _price(core: Core, person: int, meeting: int) -> int:
    return core.call_costs.get((person, meeting), 0)

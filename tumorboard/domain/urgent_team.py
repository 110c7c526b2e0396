"""Who is called to an urgent meeting at one instant: who is asked in which order, and the best team of those free."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from tumorboard.domain.model import MemberFacts, SeatFacts
from tumorboard.domain.planning_problem import NeedKey, answers

MOST_STEPS = 2_000
"""Branches tried where members could cover several needs; the first one is already good."""

Price = tuple[int, int, int]
"""People called, their burden, and their places in the order they are asked; compared from the left."""


class Standing(IntEnum):
    """How a member stands to a need; the lowest is asked first."""

    HOLDER = 0
    DEPUTY = 1
    COLLEAGUE = 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member who could cover a need: her place in the order of asking, and the holder she stands in for."""

    member: str
    standing: Standing
    rank: int
    deputy_of: str | None = None


def asking_order(
    key: NeedKey, *, members: Mapping[str, MemberFacts], seats: Sequence[SeatFacts]
) -> tuple[Candidate, ...]:
    """Who could cover the need: holders of its seat in their order, then their deputies, then any other member.

    A named member alone covers the need for her.
    """
    if key.member:
        return (Candidate(key.member, Standing.HOLDER, 0),) if key.member in members else ()
    holders = [holder for seat in seats if seat.specialty == key.specialty for holder in seat.holders]
    stands_in: dict[str, str] = {}
    for holder in holders:
        for deputy in members[holder].deputies if holder in members else ():
            stands_in.setdefault(deputy, holder)
    standings: dict[str, Standing] = dict.fromkeys(members, Standing.COLLEAGUE)
    standings.update(dict.fromkeys(stands_in, Standing.DEPUTY))
    standings.update(dict.fromkeys(holders, Standing.HOLDER))
    able = [name for name in dict.fromkeys((*holders, *stands_in, *members)) if name in members]
    able = [name for name in able if answers(members[name], key)]
    return tuple(Candidate(name, standings[name], rank, stands_in.get(name)) for rank, name in enumerate(able))


def choose_team(
    pools: Mapping[NeedKey, Sequence[Candidate]],
    *,
    present: frozenset[str] = frozenset(),
    burdens: Mapping[str, int],
) -> dict[NeedKey, Candidate]:
    """One of the candidates for each need; pools hold those who are free, none is empty.

    Who is present anyway covers what she can. Else regular holders come before deputies and these before colleagues,
    then fewer people are called, then those with the smaller burden, then those who are asked first.
    """
    chosen: dict[NeedKey, Candidate] = {}
    open_pools: dict[NeedKey, tuple[Candidate, ...]] = {}
    for key, pool in pools.items():
        there = next((candidate for candidate in pool if candidate.member in present), None)
        if there is not None:
            chosen[key] = there
            continue
        standing = min(candidate.standing for candidate in pool)
        open_pools[key] = tuple(candidate for candidate in pool if candidate.standing is standing)
    for keys in _entangled(open_pools):
        chosen.update(_Choice({key: open_pools[key] for key in keys}, burdens).cheapest())
    return chosen


def _entangled(pools: Mapping[NeedKey, Sequence[Candidate]]) -> Iterator[tuple[NeedKey, ...]]:
    """The needs in groups that share no candidate with each other: each is decided on its own."""
    of_member: dict[str, list[NeedKey]] = {}
    for key in sorted(pools):
        for candidate in pools[key]:
            of_member.setdefault(candidate.member, []).append(key)
    seen: set[NeedKey] = set()
    for first in sorted(pools):
        if first in seen:
            continue
        seen.add(first)
        group = [first]
        for key in group:
            for candidate in pools[key]:
                new = [other for other in of_member[candidate.member] if other not in seen]
                seen.update(new)
                group.extend(new)
        yield tuple(group)


class _Choice:
    """Depth-first search for the cheapest members who cover all needs of a group."""

    def __init__(self, pools: Mapping[NeedKey, Sequence[Candidate]], burdens: Mapping[str, int]) -> None:
        self.pools = pools
        self.burdens = burdens
        self.keys = sorted(pools, key=lambda key: (len(pools[key]), key))
        self.best: dict[NeedKey, Candidate] = {}
        self.best_price: Price | None = None
        self.steps = 0

    def cheapest(self) -> dict[NeedKey, Candidate]:
        """The needs with their members."""
        if len(self.keys) == 1:
            key = self.keys[0]
            return {key: min(self.pools[key], key=lambda candidate: self._price(candidate, {}))}
        self._descend({}, {}, (0, 0, 0))
        return self.best

    def _descend(self, chosen: dict[NeedKey, Candidate], team: dict[str, int], price: Price) -> None:
        self.steps += 1
        if self.best_price is not None and (price >= self.best_price or self.steps > MOST_STEPS):
            return
        if len(chosen) == len(self.keys):
            self.best, self.best_price = dict(chosen), price
            return
        key = self.keys[len(chosen)]
        for candidate in sorted(self.pools[key], key=lambda candidate: self._price(candidate, team)):
            more = self._price(candidate, team)
            after = (price[0] + more[0], price[1] + more[1], price[2] + more[2])
            self._descend(chosen | {key: candidate}, team | {candidate.member: 1}, after)

    def _price(self, candidate: Candidate, team: Mapping[str, int]) -> Price:
        if candidate.member in team:
            return (0, 0, candidate.rank)
        return (1, self.burdens.get(candidate.member, 0), candidate.rank)

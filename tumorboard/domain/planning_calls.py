"""Who is called in to a meeting: the cheapest set of members who cover what its core does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tumorboard.domain.planning_options import Candidate, Options, call_cost, has_time
from tumorboard.domain.planning_problem import NeedKey

MAX_CALL_STEPS = 2_000
"""Branches tried when the members to call are chosen; the first one is already good."""

_PARTLY_FREE = 1_000
"""Extra points for calling somebody who is not free all the time: only when nobody else is."""

_TOO_SHORT = 1_000_000
"""Extra points for somebody whose free time is shorter than her cases: only when it is that or nobody."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the other meetings leave: members who are elsewhere or were called enough, and the calls each has.

    `chosen` are members whom a plan of all meetings wants for a need; they are taken when they can be.
    """

    engaged: frozenset[str] = frozenset()
    calls: Mapping[str, int] = field(default_factory=dict)
    chosen: Mapping[NeedKey, str] = field(default_factory=dict)


def choose_calls(
    options: Options,
    meeting: str,
    references: Sequence[str],
    circumstances: Circumstances,
    *,
    required_whole: bool = False,
    recommended_whole: bool = False,
) -> dict[NeedKey, str]:
    """Who is called in for which need: the cheapest set of members for required needs, then for the others.

    `…_whole` leaves out those who are free for a part of the meeting only. A need without anybody is absent.
    """
    covers: dict[NeedKey, str] = {}
    for is_required, whole in ((True, required_whole), (False, recommended_whole)):
        needs = options.required if is_required else options.recommended
        demands: dict[NeedKey, set[str]] = {}
        for reference in references:
            for key in needs[reference]:
                if (meeting, key) not in options.core and key not in covers:
                    demands.setdefault(key, set()).add(reference)
        pools = {key: _pool(options.candidates[meeting, key], key, circumstances, whole=whole) for key in demands}
        loads = _loads(options, references, covers)
        for keys in _link(pools):
            wanted = {key: frozenset(demands[key]) for key in keys}
            search = _CallSearch(options, meeting, wanted, pools, circumstances.calls, is_required=is_required)
            covers |= search.cheapest(loads)
    return covers


def _pool(
    found: tuple[Candidate, ...], key: NeedKey, circumstances: Circumstances, *, whole: bool
) -> tuple[Candidate, ...]:
    """Those who can be asked now: the member chosen for the need when she can, else all."""
    able = tuple(
        candidate
        for candidate in found
        if candidate.member not in circumstances.engaged and (candidate.is_whole or not whole)
    )
    chosen = circumstances.chosen.get(key)
    return tuple(candidate for candidate in able if candidate.member == chosen) or able


def _link(pools: Mapping[NeedKey, tuple[Candidate, ...]]) -> list[list[NeedKey]]:
    """The needs in groups that share nobody: each is solved alone."""
    groups: list[tuple[list[NeedKey], set[str]]] = []
    for key, pool in pools.items():
        keys, members = [key], {candidate.member for candidate in pool}
        for other in [other for other in groups if not other[1].isdisjoint(members)]:
            groups.remove(other)
            keys += other[0]
            members |= other[1]
        groups.append((keys, members))
    return [keys for keys, members in groups if members]


def _loads(options: Options, references: Sequence[str], covers: Mapping[NeedKey, str]) -> dict[str, frozenset[str]]:
    """The cases each called-in member is already there for."""
    loads: dict[str, frozenset[str]] = {}
    for key, member in covers.items():
        hers = {reference for reference in references if key in options.required[reference]}
        loads[member] = loads.get(member, frozenset()) | hers
    return loads


class _CallSearch:
    """Depth-first search for the cheapest members who cover all needs, on top of those already called."""

    def __init__(
        self,
        options: Options,
        meeting: str,
        demands: Mapping[NeedKey, frozenset[str]],
        pools: Mapping[NeedKey, tuple[Candidate, ...]],
        calls: Mapping[str, int],
        *,
        is_required: bool,
    ) -> None:
        self.options = options
        self.meeting = meeting
        self.demands = demands
        self.pools = pools
        self.calls = calls
        self.is_required = is_required
        self.keys = sorted(demands, key=lambda key: (len(pools[key]), key))
        self.best: dict[NeedKey, str] = {}
        self.best_price: int | None = None
        self.steps = 0

    def cheapest(self, loads: dict[str, frozenset[str]]) -> dict[NeedKey, str]:
        """The needs with their members; needs nobody can cover are absent."""
        self._descend(0, {}, loads, 0)
        return self.best

    def _descend(self, at: int, covers: dict[NeedKey, str], loads: dict[str, frozenset[str]], price: int) -> None:
        self.steps += 1
        if self.best_price is not None and (price >= self.best_price or self.steps > MAX_CALL_STEPS):
            return
        if at == len(self.keys):
            self.best, self.best_price = dict(covers), price
            return
        key = self.keys[at]
        for more, candidate in sorted(
            ((self._price(key, candidate, loads), candidate) for candidate in self.pools[key]), key=lambda pair: pair[0]
        ):
            load = loads.get(candidate.member, frozenset()) | self.demands[key]
            self._descend(at + 1, covers | {key: candidate.member}, loads | {candidate.member: load}, price + more)
            if more == 0:
                return

    def _price(self, key: NeedKey, candidate: Candidate, loads: Mapping[str, frozenset[str]]) -> int:
        """Points for giving the need to the candidate; nothing when she comes anyway, knows the cases and has time."""
        price = self._price_of_strangers(key, candidate) if self.options.earlier else 0
        if candidate.member not in loads:
            price += call_cost(self.options, self.meeting, candidate.member, required=self.is_required)
            price += self.options.problem.weights.repeated_call * self.calls.get(candidate.member, 0)
            price += 0 if candidate.is_whole else _PARTLY_FREE
        if not candidate.is_whole:
            load = loads.get(candidate.member, frozenset()) | self.demands[key]
            cases = [self.options.cases[reference] for reference in load]
            meeting = self.options.meetings[self.meeting]
            is_missed = any(case.fixed_at is not None and not has_time(candidate, case, meeting) for case in cases)
            is_too_short = sum(case.minutes for case in cases) > candidate.longest_minutes
            price += _TOO_SHORT if is_too_short or is_missed else 0
        return price

    def _price_of_strangers(self, key: NeedKey, candidate: Candidate) -> int:
        """Points for the cases that somebody else was called in for before."""
        earlier = self.options.earlier
        known = (earlier.get((reference, key), frozenset({candidate.member})) for reference in self.demands[key])
        return self.options.problem.weights.continuity * sum(candidate.member not in members for members in known)

"""The order of the cases of one meeting: each called-in member is held for one short stay.

A called-in member is held from the start of her first case to the end of her last. The order that keeps the weighted
held time smallest is the talent scheduling problem (CSPLib prob039; de la Banda, Stuckey, Chu, INFORMS J. Comput.
2011). Up to about fourteen different cases the order is proven by dynamic programming over subsets; above that, a local
search answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

MAX_STATES = 40_000
"""Subsets looked at before the proof is given up; 14 different cases have 16,384."""

BEAM = 600
"""Subsets of each size that are followed when there are too many for a proof."""

SMALL = 8
"""Below this many different cases the proof is quicker than looking for a bound first."""

_MISFIT = 1_000_000
"""Cost of one minute for which a member is held while she is busy: more than any held time of a day."""

Stretch = tuple[int, int]
"""`[start, end)` in minutes from the start of the meeting."""

_State = tuple[int, tuple[int, ...], int]
"""Price, path and minutes of the cheapest way to discuss a subset of the groups."""


class Block(IntEnum):
    """The part of the agenda a case belongs to; a block is finished before the next begins."""

    FIRST = 0
    NORMAL = 1
    LAST = 2


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """A case to be ordered: its minutes and the called-in members who are held for it."""

    reference: str
    minutes: int
    held: frozenset[str] = frozenset()
    block: Block = Block.NORMAL


@dataclass(frozen=True, slots=True)
class AgendaOrder:
    """The order found. `held` is Σ weight × held minutes; `proven` says that no order is better.

    `misfit_minutes` counts the minutes for which somebody is held outside her free time; 0 when the order is feasible.
    """

    references: tuple[str, ...]
    held: int
    misfit_minutes: int
    proven: bool


@dataclass(frozen=True, slots=True)
class _Group:
    """Cases with equal needs that stay together, or a single case."""

    minutes: int
    people: int
    block: Block
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Puzzle:
    """The groups with people as bits; `free` lists the stretches of those who are not free all the time."""

    groups: tuple[_Group, ...]
    weights: tuple[int, ...]
    free: Mapping[int, tuple[Stretch, ...]]
    before: tuple[int, ...]
    unions: dict[int, int] = field(default_factory=lambda: {0: 0})
    prices: dict[int, int] = field(default_factory=lambda: {0: 0})


def order_cases(
    items: Sequence[AgendaItem],
    *,
    weights: Mapping[str, int] | None = None,
    free: Mapping[str, Sequence[Stretch]] | None = None,
    max_states: int = MAX_STATES,
) -> AgendaOrder:
    """The order with the least misfit, then the least held time, then closest to the order given.

    `weights` is the price of one held minute per member, 1 when absent. `free` holds the minutes in which a member can
    be there (sorted, non-overlapping); a member without an entry is always free. Above eight different cases the proof
    is given up after `max_states` subsets; with 0 the order of the local search is taken as it is.
    """
    puzzle = _read_puzzle(items, weights or {}, free or {})
    bound: tuple[int, ...] | None = None
    if len(puzzle.groups) > SMALL:
        bound = _search_locally(puzzle)
    path: tuple[int, ...] | None = None
    proven = False
    if bound is None or max_states:
        path, proven = _prove(puzzle, bound=None if bound is None else _price(puzzle, bound), max_states=max_states)
    best = path or bound or ()
    ordered = [items[index] for place in best for index in puzzle.groups[place].members]
    misfit = _price(puzzle, best) // _MISFIT
    return AgendaOrder(
        references=tuple(item.reference for item in ordered),
        held=held_cost(ordered, weights=weights),
        misfit_minutes=misfit,
        proven=proven,
    )


def stays(items: Sequence[AgendaItem]) -> dict[str, Stretch]:
    """Per called-in member the minutes from the start of her first case to the end of her last, in this order."""
    found: dict[str, Stretch] = {}
    minute = 0
    for item in items:
        for member in sorted(item.held):
            found[member] = (found.get(member, (minute, minute))[0], minute + item.minutes)
        minute += item.minutes
    return found


def held_cost(items: Sequence[AgendaItem], *, weights: Mapping[str, int] | None = None) -> int:
    """Σ weight × held minutes of this order."""
    prices = weights or {}
    return sum((end - start) * prices.get(member, 1) for member, (start, end) in stays(items).items())


def _read_puzzle(
    items: Sequence[AgendaItem], weights: Mapping[str, int], free: Mapping[str, Sequence[Stretch]]
) -> _Puzzle:
    people = sorted(frozenset[str]().union(*(item.held for item in items)))
    bit = {member: 1 << place for place, member in enumerate(people)}
    restricted = {place: tuple(free[member]) for place, member in enumerate(people) if member in free}
    groups: list[_Group] = []
    places: dict[tuple[Block, int], int] = {}
    for index, item in enumerate(items):
        mask = sum(bit[member] for member in item.held)
        # Equal cases side by side are never worse, unless somebody's free time makes the clock matter.
        place = None if restricted else places.get((item.block, mask))
        if place is None:
            places[item.block, mask] = len(groups)
            groups.append(_Group(item.minutes, mask, item.block, (index,)))
        else:
            known = groups[place]
            groups[place] = _Group(known.minutes + item.minutes, mask, item.block, (*known.members, index))
    return _Puzzle(
        groups=tuple(groups),
        weights=tuple(weights.get(member, 1) for member in people),
        free=restricted,
        before=tuple(_must_precede(groups, place) for place in range(len(groups))),
    )


def _must_precede(groups: Sequence[_Group], place: int) -> int:
    """The groups, as bits, that come before this one: earlier blocks, and twins in the order given."""
    this = groups[place]
    mask = 0
    for other_place, other in enumerate(groups):
        is_twin = (other.minutes, other.people, other.block) == (this.minutes, this.people, this.block)
        if other.block < this.block or (is_twin and other_place < place):
            mask |= 1 << other_place
    return mask


def _people_of(puzzle: _Puzzle, mask: int) -> int:
    """Everybody needed by one of these groups."""
    known = puzzle.unions.get(mask)
    if known is None:
        low = mask & -mask
        known = _people_of(puzzle, mask ^ low) | puzzle.groups[low.bit_length() - 1].people
        puzzle.unions[mask] = known
    return known


def _price_of_minute(puzzle: _Puzzle, people: int) -> int:
    known = puzzle.prices.get(people)
    if known is None:
        known = sum(weight for place, weight in enumerate(puzzle.weights) if people >> place & 1)
        puzzle.prices[people] = known
    return known


def _step_price(puzzle: _Puzzle, done: int, place: int, minute: int) -> int:
    """What it costs to discuss the group next: waiting of those held without a need, and misfit of all who are held."""
    group = puzzle.groups[place]
    rest = ((1 << len(puzzle.groups)) - 1) & ~done & ~(1 << place)
    staying = _people_of(puzzle, done) & _people_of(puzzle, rest)
    price = group.minutes * _price_of_minute(puzzle, staying & ~group.people)
    if puzzle.free:
        held = staying | group.people
        end = minute + group.minutes
        for person, stretches in puzzle.free.items():
            if held >> person & 1:
                present = sum(max(0, min(end, last) - max(minute, first)) for first, last in stretches)
                price += _MISFIT * (group.minutes - present)
    return price


def _price(puzzle: _Puzzle, path: Sequence[int]) -> int:
    """Misfit and waiting of a whole order of groups."""
    done = minute = total = 0
    for place in path:
        total += _step_price(puzzle, done, place, minute)
        done |= 1 << place
        minute += puzzle.groups[place].minutes
    return total


def _prove(puzzle: _Puzzle, *, bound: int | None, max_states: int) -> tuple[tuple[int, ...] | None, bool]:
    """The cheapest path over all subsets, the smallest in the order given among equals, and whether it is proven.

    After `max_states` subsets only the most promising of each layer are followed: then the path is merely good, and
    None when the bound cuts all of them off.
    """
    layer: dict[int, _State] = {0: (0, (), 0)}
    seen = 0
    proven = True
    for _ in puzzle.groups:
        layer = _next_layer(puzzle, layer, bound)
        seen += len(layer)
        if seen > max_states and len(layer) > BEAM:
            proven = False
            layer = dict(sorted(layer.items(), key=lambda pair: pair[1])[:BEAM])
    best = layer.get((1 << len(puzzle.groups)) - 1)
    return (None if best is None else best[1]), proven


def _next_layer(puzzle: _Puzzle, layer: Mapping[int, _State], bound: int | None) -> dict[int, _State]:
    """The cheapest way to each subset with one group more, without those above the bound."""
    following: dict[int, _State] = {}
    for done, (price, path, minute) in layer.items():
        for place, group in enumerate(puzzle.groups):
            if done >> place & 1 or puzzle.before[place] & ~done:
                continue
            total = price + _step_price(puzzle, done, place, minute)
            if bound is not None and total > bound:
                continue
            after = done | 1 << place
            known = following.get(after)
            if known is None or total < known[0] or (total == known[0] and (*path, place) < known[1]):
                following[after] = (total, (*path, place), minute + group.minutes)
    return following


def _search_locally(puzzle: _Puzzle) -> tuple[int, ...]:
    """A good order: best insertion, longest first, then single moves until none helps. Deterministic."""
    places = sorted(range(len(puzzle.groups)), key=lambda place: (-puzzle.groups[place].people.bit_count(), place))
    path: tuple[int, ...] = ()
    for place in places:
        path = _best_insertion(path, place, lambda tried: _price_of_part(puzzle, tried))
    best = _price(puzzle, path)
    while True:
        moved = path
        for place in range(len(path)):
            rest = tuple(other for other in moved if other != place)
            moved = _best_insertion(rest, place, lambda tried: _price_of_part(puzzle, tried))
        price = _price(puzzle, moved)
        if price >= best:
            return path
        path, best = moved, price


def _best_insertion(path: tuple[int, ...], place: int, price: Callable[[tuple[int, ...]], int]) -> tuple[int, ...]:
    tries = ((*path[:at], place, *path[at:]) for at in range(len(path) + 1))
    return min(tries, key=price)


def _price_of_part(puzzle: _Puzzle, path: tuple[int, ...]) -> int:
    """Price of a path that may lack groups; an order that a block or a twin forbids costs more than any other."""
    chosen = sum(1 << place for place in path)
    done = minute = total = 0
    for place in path:
        group = puzzle.groups[place]
        if puzzle.before[place] & chosen & ~done:
            total += _MISFIT * _MISFIT
        staying = _people_of(puzzle, done) & _people_of(puzzle, chosen & ~done & ~(1 << place))
        total += group.minutes * _price_of_minute(puzzle, staying & ~group.people)
        done |= 1 << place
        minute += group.minutes
    if puzzle.free and len(path) == len(puzzle.groups):
        total += _price(puzzle, path) // _MISFIT * _MISFIT
    return total

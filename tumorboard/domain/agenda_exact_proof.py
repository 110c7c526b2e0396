"""The proven order: dynamic programming over subsets of the cases with a bound that leaves few of them.

Layer by layer, one case more each, a state is a set of discussed cases (and the minute, where breaks or fixed times
make it depend on their order) with the cheapest way there. A state is followed while its price and the least waiting
of those who are held (`agenda_exact_bound`) stay below the best order known. When the allowance of states or time runs
out only the most promising states of a layer are followed: the order is then good, and the least of the bounds let go
is a lower bound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumorboard.domain.agenda_exact_bound import LeavingBound
from tumorboard.domain.agenda_exact_search import Pricer
from tumorboard.domain.agenda_task import Task

Ints = NDArray[np.int64]

LARGEST = 62
"""Parts or people in a 64-bit set; above that only the search answers."""

WIDTH = 150_000
"""States that are followed from one layer to the next at most, for the sake of memory."""

BEAM = 250
"""States that are followed once it is not."""

SLICE = 16_384
"""States bounded between two looks at the time."""


@dataclass(frozen=True, slots=True)
class _Layer:
    """States with equally many parts done: set, price, minute, everybody who came, a bound of all orders through it."""

    done: Ints
    price: Ints
    minute: Ints
    come: Ints
    bound: Ints
    parent: Ints
    chosen: Ints

    def pick(self, rows: NDArray[np.bool_] | Ints) -> _Layer:
        return _Layer(*(getattr(self, name)[rows] for name in self.__slots__))


class Proof:
    """One run over the layers; `best` is the price to beat and falls as complete orders are found."""

    def __init__(
        self,
        task: Task,
        pricer: Pricer,
        best: int,
        *,
        before: Sequence[int],
        max_states: int,
        left: Callable[[], float],
    ) -> None:
        self.task = task
        self.pricer = pricer
        self.best = best
        self._before = before
        self._max_states = max_states
        self._left = left
        self._count = len(task.parts)
        self._everything = (1 << self._count) - 1
        self._needs = [part.people for part in task.parts]
        self._needed_by = [
            sum(1 << place for place, need in enumerate(self._needs) if need >> person & 1)
            for person in range(len(task.prices))
        ]
        self._blocks = [
            sum(1 << place for place, part in enumerate(task.parts) if part.block == block)
            for block in sorted({part.block for part in task.parts})
        ]
        self._bound = LeavingBound([part.minutes for part in task.parts], self._needs, list(task.prices))
        self._layers: list[_Layer] = []
        self._lower = self.best
        self._end: tuple[int, int, int] | None = None

    def run(self) -> tuple[tuple[int, ...] | None, bool, int]:
        """A better path or None, whether nothing is better than it, and a price that no order is below."""
        zero = np.zeros(1, np.int64)
        layer = _Layer(zero, zero, zero, zero, zero, zero, zero - 1)
        for _ in range(self._count):
            self._layers.append(layer)
            layer = self._merge(self._expand(layer))
            bounded = self._sharpen(layer)
            if bounded is None:
                self._let_go(layer.bound)
                break
            layer = self._narrow(bounded)
            if not len(layer.done):
                break
        proven = self._lower >= self.best
        return self._trace(), proven, self.best if proven else self._lower

    def _let_go(self, bounds: Ints) -> None:
        if len(bounds):
            self._lower = min(self._lower, int(bounds.min()))

    def _expand(self, layer: _Layer) -> list[_Layer]:
        rest = self._everything & ~layer.done
        staying = layer.come & self._people_of(rest)
        following = []
        candidates = rest & ~self._find_futile(layer, rest, staying) if self.task.is_plain else rest
        for place in range(self._count):
            rows = np.flatnonzero((candidates >> place & 1 == 1) & (self._before[place] & rest == 0))
            if len(rows):
                following.append(self._follow(layer, rows, place, staying[rows]))
        return following

    def _find_futile(self, layer: _Layer, rest: Ints, staying: Ints) -> Ints:
        """Per state the parts, as bits, that need not be next: another costs nothing now and calls in nobody more."""
        futile = np.zeros(len(rest), np.int64)
        away = ~layer.come
        for place, need in enumerate(self._needs):
            rows = np.flatnonzero((rest >> place & 1 == 1) & (self._before[place] & rest == 0) & (staying & ~need == 0))
            if not len(rows):
                continue
            new = need & away[rows]
            for other, other_need in enumerate(self._needs):
                if other == place or self.task.parts[other].block != self.task.parts[place].block:
                    continue
                is_futile = new & ~other_need == 0
                if other < place:
                    # of two that are as good as each other, the first stays
                    is_futile &= (staying[rows] & ~other_need != 0) | (other_need & away[rows] != new)
                futile[rows] |= is_futile.astype(np.int64) << other
        return futile

    def _follow(self, layer: _Layer, rows: Ints, place: int, staying: Ints) -> _Layer:
        """The states reached by discussing the part next, without those that cannot become better than the best."""
        part = self.task.parts[place]
        minute, done = layer.minute[rows], layer.done[rows]
        start = self.pricer.begin(np.maximum(minute, part.fixed or 0), part.minutes)
        price = layer.price[rows] + part.minutes * self._price_people(staying & ~part.people)
        if not self.task.is_plain:
            price += self._price_wishes(layer, rows, place, staying, start)
        is_open = price < self.best
        after = done | 1 << place
        if self.task.is_timed:
            end = start + part.minutes
            for other, other_part in enumerate(self.task.parts):
                if other_part.fixed is not None:
                    due = start == other_part.fixed if other == place else end <= other_part.fixed
                    is_open &= (after >> other & 1 == 1) & (other != place) | due
        return _Layer(
            after, price, start + part.minutes, layer.come[rows] | part.people, layer.bound[rows], rows,
            np.full(len(rows), place, np.int64),
        ).pick(is_open)  # fmt: skip

    def _price_wishes(self, layer: _Layer, rows: Ints, place: int, staying: Ints, start: Ints) -> Ints:
        """What a step costs besides waiting during the part: gaps, misfit, late complex cases, changes."""
        part, terms = self.task.parts[place], self.task.terms
        minute, end = layer.minute[rows], start + part.minutes
        rest = self._everything & ~layer.done[rows] & ~(1 << place)
        price: Ints = (start - minute) * self._price_people(staying)
        if part.is_complex and self.task.counts_complex:
            price += terms.complex_late * self.pricer.since_pause(start)
        if part.rank is not None and self.task.counts_inversions:
            earlier = [other.rank is not None and other.rank < part.rank for other in self.task.parts]
            mask = sum(1 << other for other, is_earlier in enumerate(earlier) if is_earlier)
            price += terms.inversion * np.bitwise_count(rest & mask).astype(np.int64)
        for person, (first, last) in self.task.ends.items():
            if part.people >> person & 1:
                comes = (layer.come[rows] >> person & 1) == 0
                goes = (rest & self._needed_by[person]) == 0
                price += terms.changed_window * ((comes & (start != first)).astype(np.int64) + (goes & (end != last)))
        for person, away in self.pricer.outside.items():
            stays = (staying >> person & 1).astype(np.int64)
            goes_on = stays if not part.people >> person & 1 else np.ones(len(rows), np.int64)
            price += self.pricer.misfit * (stays * (away[start] - away[minute]) + goes_on * (away[end] - away[start]))
        return price

    def _people_of(self, parts: Ints) -> Ints:
        people = np.zeros(len(parts), np.int64)
        for person, needed_by in enumerate(self._needed_by):
            people |= ((parts & needed_by) != 0).astype(np.int64) << person
        return people

    def _price_people(self, people: Ints) -> Ints:
        price = np.zeros(len(people), np.int64)
        for word, table in enumerate(self.pricer.tables):
            price += table[people >> 12 * word & 4095]
        return price

    def _merge(self, following: list[_Layer]) -> _Layer:
        """One state per set and minute, the cheapest."""
        if not following:
            return self._layers[0].pick(np.zeros(0, np.int64))
        layer = _Layer(*(np.concatenate([getattr(each, name) for each in following]) for name in _Layer.__slots__))
        order = np.lexsort((layer.price, layer.minute, layer.done))
        layer = layer.pick(order)
        is_first = np.ones(len(order), np.bool_)
        is_first[1:] = (layer.done[1:] != layer.done[:-1]) | (layer.minute[1:] != layer.minute[:-1])
        return layer.pick(is_first)

    def _sharpen(self, layer: _Layer) -> _Layer | None:
        """The states that can still become better than the best; None when the time ran out. Notes complete orders."""
        kept: list[_Layer] = []
        for first in range(0, len(layer.done), SLICE):
            if self._left() <= 0.05:
                return None
            part = layer.pick(np.arange(first, min(first + SLICE, len(layer.done))))
            rest = self._everything & ~part.done
            needed = self._people_of(rest)
            price = part.price + self._least_misfit(part, rest)
            waiting, together = self._bound.bound_states(part.come & needed, rest, price, self.best)
            price += waiting
            is_exact = rest == 0
            if self.task.is_plain:
                for block in self._blocks:
                    is_exact |= together & (needed & ~part.come == 0) & (rest & ~block == 0)
            self._note_end(part, price, is_exact)
            bounded = _Layer(
                part.done, part.price, part.minute, part.come, np.maximum(part.bound, price), part.parent, part.chosen
            )
            kept.append(bounded.pick((price < self.best) & ~is_exact))
        if not kept:
            return layer
        return _Layer(*(np.concatenate([getattr(each, name) for each in kept]) for name in _Layer.__slots__))

    def _least_misfit(self, layer: _Layer, rest: Ints) -> Ints:
        """The price of minutes for which people must still be held outside their free time, whatever the order."""
        price = np.zeros(len(rest), np.int64)
        for person, away in self.pricer.outside.items():
            minutes = np.zeros(len(rest), np.int64)
            for place, part in enumerate(self.task.parts):
                if part.people >> person & 1:
                    minutes += (rest >> place & 1) * part.minutes
            until = np.minimum(layer.minute + minutes, self.pricer.span)
            free = self.pricer.span - layer.minute - (away[self.pricer.span] - away[layer.minute])
            # Who is there already stays at least that long from now on; the others come within what is left.
            is_held = (layer.come >> person & 1 == 1) & (minutes > 0)
            price += self.pricer.misfit * np.where(
                is_held, away[until] - away[layer.minute], np.maximum(minutes - free, 0)
            )
        return price

    def _note_end(self, layer: _Layer, price: Ints, is_exact: NDArray[np.bool_]) -> None:
        rows = np.flatnonzero(is_exact)
        if len(rows):
            row = int(rows[price[rows].argmin()])
            if price[row] < self.best:
                self.best = int(price[row])
                self._lower = min(self._lower, self.best) if self._lower < self.best else self.best
                self._end = (len(self._layers) - 1, int(layer.parent[row]), int(layer.chosen[row]))

    def _narrow(self, layer: _Layer) -> _Layer:
        """The states to follow: all, or the most promising when there are too many."""
        layer = layer.pick(layer.bound < self.best)
        allowance = (self._max_states - self._bound.seen) // max(1, self._count - len(self._layers))
        width = BEAM if self._left() < 0.35 else min(WIDTH, max(BEAM, allowance))
        if len(layer.done) <= width:
            return layer
        order = np.lexsort((layer.done, layer.price, layer.bound))
        self._let_go(layer.bound[order[width:]])
        return layer.pick(np.sort(order[:width]))

    def _trace(self) -> tuple[int, ...] | None:
        if self._end is None:
            return None
        depth, parent, chosen = self._end
        path = [chosen]
        while depth > 0:
            layer = self._layers[depth]
            path.append(int(layer.chosen[parent]))
            parent = int(layer.parent[parent])
            depth -= 1
        return self._complete(path[::-1])

    def _complete(self, path: list[int]) -> tuple[int, ...]:
        """The path with the parts that remain once everybody has come: each next one keeps the bound."""
        done = sum(1 << place for place in path)
        while done != self._everything:
            come = 0
            for place in range(self._count):
                come |= self._needs[place] if done >> place & 1 else 0
            rest = self._everything & ~done
            held = come & int(self._people_of(np.array([rest]))[0])
            places = np.array(
                [p for p in range(self._count) if rest >> p & 1 and not self.task.before[p] & rest], np.int64
            )
            steps = self.pricer.minutes[places] * self._price_people(held & ~np.array(self._needs)[places])
            after = rest & ~(1 << places)
            waiting, _ = self._bound.bound_states(held & self._people_of(after), after)
            place = int(places[(steps + waiting).argmin()])
            path.append(place)
            done |= 1 << place
        return tuple(path)

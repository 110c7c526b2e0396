"""Orders without numpy: proven for a handful of cases, good and quick for more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from tumorboard.domain.agenda_measure import begin_case
from tumorboard.domain.agenda_task import Price, Task, minutes_outside, minutes_since_pause, price_of, price_path

_State = tuple[int, int, tuple[int, ...]]
"""Misfit, cost and path of the cheapest way to a subset of the parts at a minute."""


def arrange_as_given(task: Task) -> tuple[int, ...]:
    """The order given, block by block, with fixed parts when they are due: a part that does not fit before waits."""
    waiting = sorted(
        (place for place, part in enumerate(task.parts) if part.fixed is None),
        key=lambda place: (task.parts[place].block, place),
    )
    path: list[int] = []
    minute = 0
    due = sorted((part.fixed, place) for place, part in enumerate(task.parts) if part.fixed is not None)
    for fixed, place in due:
        block = task.parts[place].block
        for other in list(waiting):
            part = task.parts[other]
            start = begin_case(minute, part.minutes, task.breaks)
            if part.block < block or (part.block == block and start + part.minutes <= fixed):
                waiting.remove(other)
                path.append(other)
                minute = start + part.minutes
        path.append(place)
        minute = max(minute, fixed) + task.parts[place].minutes
    return (*path, *waiting)


def try_all_orders(task: Task) -> tuple[int, ...] | None:
    """The cheapest order, the smallest in the order given among equals; None when the fixed times leave none.

    Dynamic programming over subsets and minutes: what happens later depends on nothing else.
    """
    steps = _Steps(task)
    layer: dict[tuple[int, int], _State] = {(0, 0): (0, 0, ())}
    for _ in task.parts:
        following: dict[tuple[int, int], _State] = {}
        for (done, minute), state in layer.items():
            for place in range(len(task.parts)):
                if not done >> place & 1 and not task.before[place] & ~done:
                    steps.follow(following, done, minute, place, state)
        layer = following
    return min(layer.values())[2] if layer else None


class _Steps:
    """What it adds to discuss a part next; people of a set and prices of people are worked out once."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._is_plain = task.is_plain
        self._everything = (1 << len(task.parts)) - 1
        self._people: dict[int, int] = {0: 0}
        self._prices: dict[int, int] = {0: 0}

    def follow(
        self, following: dict[tuple[int, int], _State], done: int, minute: int, place: int, state: _State
    ) -> None:
        """Notes the state reached, when it is the cheapest way to its set and minute."""
        misfit, cost, path = state
        part = self._task.parts[place]
        start = begin_case(max(minute, part.fixed or 0), part.minutes, self._task.breaks)
        if part.fixed is not None and start != part.fixed:
            return
        people = self._people_of(done)
        rest = self._people_of(self._everything & ~done & ~(1 << place))
        cost += part.minutes * self._price_of(people & rest | part.people)
        if not self._is_plain:
            cost += (start - minute) * self._price_of(people & (rest | part.people))
            cost += self._price_wishes(done, place, start, rest)
            misfit += self._misfit(place, minute, start, people, rest)
        key = (done | 1 << place, start + part.minutes)
        known = following.get(key)
        if known is None or (misfit, cost) <= known[:2]:
            found = (misfit, cost, (*path, place))
            if known is None or found < known:
                following[key] = found

    def _people_of(self, parts: int) -> int:
        known = self._people.get(parts)
        if known is None:
            low = parts & -parts
            known = self._people_of(parts ^ low) | self._task.parts[low.bit_length() - 1].people
            self._people[parts] = known
        return known

    def _price_of(self, people: int) -> int:
        known = self._prices.get(people)
        if known is None:
            known = self._prices[people] = price_of(people, self._task.prices)
        return known

    def _price_wishes(self, done: int, place: int, start: int, rest: int) -> int:
        task, part = self._task, self._task.parts[place]
        cost = 0
        if part.is_complex:
            cost += task.terms.complex_late * minutes_since_pause(start, task.breaks)
        if part.rank is not None:
            cost += task.terms.inversion * sum(
                other.rank is not None and other.rank < part.rank and not done >> index & 1
                for index, other in enumerate(task.parts)
            )
        people = self._people_of(done)
        for person, (first, last) in task.ends.items():
            if part.people >> person & 1:
                comes, goes = not people >> person & 1, not rest >> person & 1
                end = start + part.minutes
                cost += task.terms.changed_window * ((comes and start != first) + (goes and end != last))
        return cost

    def _misfit(self, place: int, minute: int, start: int, people: int, rest: int) -> int:
        part = self._task.parts[place]
        misfit = 0
        for person, stretches in self._task.free.items():
            if people & (rest | part.people) & 1 << person:
                misfit += minutes_outside(minute, start, stretches)
            if (people & rest | part.people) & 1 << person:
                misfit += minutes_outside(start, start + part.minutes, stretches)
        return misfit


def search_quickly(task: Task) -> tuple[int, ...]:
    """A good order: the better of the order given and best insertion, then single moves until none helps."""
    widest_first = sorted(
        range(len(task.parts)),
        key=lambda place: (task.parts[place].block, -task.parts[place].people.bit_count(), place),
    )

    price = _price_waiting(task) if task.is_plain else partial(price_path, task)
    built: tuple[int, ...] = ()
    for place in widest_first:
        built = _insert_best(built, place, price)
    path = min(arrange_as_given(task), built, key=price)
    best = price(path)
    while True:
        moved = path
        for place in range(len(path)):
            rest = tuple(other for other in moved if other != place)
            moved = min(moved, _insert_best(rest, place, price), key=price)
        reached = price(moved)
        if reached >= best:
            return path
        path, best = moved, reached


def _price_waiting(task: Task) -> Callable[[tuple[int, ...]], Price]:
    """As `price_path` where only held time and blocks count, with the prices of people worked out once."""
    prices: dict[int, int] = {}
    parts = [(part.people, part.minutes, part.block) for part in task.parts]

    def price(path: tuple[int, ...]) -> Price:
        staying = [0]
        for place in reversed(path):
            staying.append(staying[-1] | parts[place][0])
        come = broken = latest = cost = 0
        for place in path:
            people, minutes, block = parts[place]
            come |= people
            held = come & staying.pop()
            if held not in prices:
                prices[held] = price_of(held, task.prices)
            cost += minutes * prices[held]
            broken += block < latest
            latest = max(latest, block)
        return broken, 0, cost

    return price


def _insert_best(path: tuple[int, ...], place: int, price: Callable[[tuple[int, ...]], Price]) -> tuple[int, ...]:
    return min(((*path[:at], place, *path[at:]) for at in range(len(path) + 1)), key=price)


def settle_ties(task: Task, path: Sequence[int]) -> tuple[int, ...]:
    """An order of the same price closer to the one given: neighbours stand as given where that costs nothing."""
    best = price_path(task, path)
    settled = list(path)
    changed = True
    while changed:
        changed = False
        for at in range(len(settled) - 1):
            if settled[at] > settled[at + 1]:
                settled[at], settled[at + 1] = settled[at + 1], settled[at]
                if price_path(task, settled) == best:
                    changed = True
                else:
                    settled[at], settled[at + 1] = settled[at + 1], settled[at]
    return tuple(settled)

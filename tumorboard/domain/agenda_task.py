"""An agenda to be ordered, in numbers: cases and members by index, members of a case as bits, prices per minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tumorboard.domain.agenda_measure import begin_case
from tumorboard.domain.agenda_model import AgendaItem, AgendaWeights, Break, Stretch

Price = tuple[int, int, int]
"""Broken rules (minutes late for fixed times, cases before an earlier block), misfit minutes, cost; compared so."""


@dataclass(frozen=True, slots=True)
class Part:
    """A case, or cases with equal needs that stay together; `members` are the places in the list given."""

    minutes: int
    people: int
    block: int
    members: tuple[int, ...]
    fixed: int | None = None
    is_complex: bool = False
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """The parts and what an order of them costs.

    `prices` is the price of a held minute per person. `free` lists the stretches of persons who are not free all the
    time, `ends` the published stays. `before` gives, as bits, the parts that come before a part.
    """

    parts: tuple[Part, ...]
    prices: tuple[int, ...]
    breaks: tuple[Break, ...]
    free: Mapping[int, tuple[Stretch, ...]]
    ends: Mapping[int, Stretch]
    terms: AgendaWeights
    before: tuple[int, ...]

    @property
    def is_timed(self) -> bool:
        """Whether the time after a set of parts depends on their order."""
        return bool(self.breaks) or any(part.fixed is not None for part in self.parts)

    @property
    def is_plain(self) -> bool:
        """Whether nothing but waiting and blocks counts."""
        return not (self.is_timed or self.free or self.ends or self.counts_complex or self.counts_inversions)

    @property
    def counts_complex(self) -> bool:
        """Whether a complex case costs by its start."""
        return self.terms.complex_late > 0 and any(part.is_complex for part in self.parts)

    @property
    def counts_inversions(self) -> bool:
        """Whether a change of the published order costs."""
        return self.terms.inversion > 0 and sum(part.rank is not None for part in self.parts) > 1

    @property
    def own_cost(self) -> int:
        """What is paid in any order: every person is held during her own cases."""
        return sum(part.minutes * price_of(part.people, self.prices) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Wishes:
    """Everything about an agenda but its cases, as given to `order_cases`."""

    weights: Mapping[str, int]
    free: Mapping[str, Sequence[Stretch]]
    fixed: Mapping[str, int]
    breaks: tuple[Break, ...]
    published: tuple[str, ...]
    published_windows: Mapping[str, Stretch]
    terms: AgendaWeights


def price_of(people: int, prices: Sequence[int]) -> int:
    """The price of one minute for which all of these people are held."""
    return sum(price for place, price in enumerate(prices) if people >> place & 1)


def read_task(items: Sequence[AgendaItem], wishes: Wishes) -> Task:
    """The task of these cases. Equal cases are merged where that can never make an order worse."""
    windows = wishes.published_windows if wishes.terms.changed_window else {}
    people = _people_who_matter(items, wishes.weights, {*wishes.free, *windows})
    # Those whose waiting costs most come first: the bound of the proof is sharpest then.
    needed = {member: sum(item.minutes for item in items if member in item.held) for member in people}
    people.sort(key=lambda member: (-wishes.weights.get(member, 1), -needed[member], member))
    ranks = {reference: place for place, reference in enumerate(wishes.published)}
    bit = {member: 1 << place for place, member in enumerate(people)}
    parts = [
        Part(
            minutes=item.minutes,
            people=sum(bit.get(member, 0) for member in item.held),
            block=int(item.block),
            members=(place,),
            fixed=wishes.fixed.get(item.reference),
            is_complex=item.is_complex,
            rank=ranks.get(item.reference) if wishes.terms.inversion else None,
        )
        for place, item in enumerate(items)
    ]
    task = Task(
        parts=tuple(parts),
        prices=tuple(wishes.weights.get(member, 1) * wishes.terms.held_minute for member in people),
        breaks=wishes.breaks,
        free={place: tuple(wishes.free[member]) for place, member in enumerate(people) if member in wishes.free},
        ends={place: windows[member] for place, member in enumerate(people) if member in windows},
        terms=wishes.terms,
        before=(),
    )
    if task.is_plain:
        parts = _merge_parts(parts)
    return replace(task, parts=tuple(parts), before=tuple(_must_precede(parts, place) for place in range(len(parts))))


def _people_who_matter(items: Sequence[AgendaItem], weights: Mapping[str, int], watched: set[str]) -> list[str]:
    """Those whose stay depends on the order and costs something, or who have times of their own."""
    counts = Counter(member for item in items for member in item.held)
    return [
        member for member, count in counts.items() if member in watched or (count > 1 and weights.get(member, 1) > 0)
    ]


def _merge_parts(parts: Sequence[Part]) -> list[Part]:
    """Parts with equal needs side by side are never worse when only waiting counts; then some are needed only once."""
    merged = _merge_equals(parts)
    once = twice = 0
    for part in merged:
        twice |= once & part.people
        once |= part.people
    if once == twice:
        return merged
    return _merge_parts([replace(part, people=part.people & twice) for part in merged])


def _merge_equals(parts: Sequence[Part]) -> list[Part]:
    merged: dict[tuple[int, int], Part] = {}
    for part in parts:
        known = merged.get((part.block, part.people))
        if known is None:
            merged[part.block, part.people] = part
        else:
            merged[part.block, part.people] = Part(
                known.minutes + part.minutes, part.people, part.block, (*known.members, *part.members)
            )
    return list(merged.values())


def _must_precede(parts: Sequence[Part], place: int) -> int:
    """The parts, as bits, that come before this one: earlier blocks, and twins in the order published or given."""
    this = parts[place]
    mask = 0
    for other_place, other in enumerate(parts):
        if other.block < this.block or (_are_twins(other, this) and _order_key(other) < _order_key(this)):
            mask |= 1 << other_place
    return mask


def _are_twins(one: Part, other: Part) -> bool:
    if one.fixed is not None or other.fixed is not None or (one.rank is None) != (other.rank is None):
        return False
    return (one.minutes, one.people, one.block, one.is_complex) == (
        other.minutes,
        other.people,
        other.block,
        other.is_complex,
    )


def _order_key(part: Part) -> tuple[int, tuple[int, ...]]:
    return (part.rank if part.rank is not None else -1, part.members)


def time_path(task: Task, path: Sequence[int]) -> list[int]:
    """The minute at which each part of the path begins."""
    starts: list[int] = []
    minute = 0
    for place in path:
        part = task.parts[place]
        minute = begin_case(max(minute, part.fixed or 0), part.minutes, task.breaks)
        starts.append(minute)
        minute += part.minutes
    return starts


def price_path(task: Task, path: Sequence[int]) -> Price:
    """What this order costs; a path that lacks parts is priced as if they did not exist."""
    starts = time_path(task, path)
    stays = _stay_of(task, path, starts)
    broken = block = 0
    for place, start in zip(path, starts, strict=True):
        part = task.parts[place]
        broken += (0 if part.fixed is None else start - part.fixed) + (part.block < block)
        block = max(block, part.block)
    misfit = sum(
        minutes_outside(*stays[person], stretches) for person, stretches in task.free.items() if person in stays
    )
    held = sum(task.prices[person] * (end - start) for person, (start, end) in stays.items())
    return broken, misfit, held + price_wishes(task, path)


def price_wishes(task: Task, path: Sequence[int]) -> int:
    """The part of the cost that is not held time: late complex cases and changes of what is published."""
    if task.is_plain:
        return 0
    terms, cost = task.terms, 0
    starts = time_path(task, path)
    if task.counts_complex:
        late = (minutes_since_pause(start, task.breaks) for start in starts)
        cost += terms.complex_late * sum(
            minutes for place, minutes in zip(path, late, strict=True) if task.parts[place].is_complex
        )
    if task.counts_inversions:
        cost += terms.inversion * _count_inversions([task.parts[place].rank for place in path])
    if task.ends:
        stays = _stay_of(task, path, starts)
        for person, (start, end) in task.ends.items():
            if person in stays:
                cost += terms.changed_window * ((stays[person][0] != start) + (stays[person][1] != end))
    return cost


def _stay_of(task: Task, path: Sequence[int], starts: Sequence[int]) -> dict[int, Stretch]:
    stays: dict[int, Stretch] = {}
    for place, start in zip(path, starts, strict=True):
        part = task.parts[place]
        people = part.people
        while people:
            low = people & -people
            people ^= low
            person = low.bit_length() - 1
            stays[person] = (stays[person][0] if person in stays else start, start + part.minutes)
    return stays


def minutes_since_pause(start: int, breaks: Sequence[Break]) -> int:
    """Minutes since the meeting began or went on after a break."""
    return start - max((pause.end for pause in breaks if pause.end <= start), default=0)


def minutes_outside(start: int, end: int, stretches: Sequence[Stretch]) -> int:
    """The minutes of `[start, end)` outside the stretches, which do not overlap."""
    return end - start - sum(max(0, min(end, last) - max(start, first)) for first, last in stretches)


def _count_inversions(ranks: Sequence[int | None]) -> int:
    known = [rank for rank in ranks if rank is not None]
    return sum(later < earlier for place, earlier in enumerate(known) for later in known[place + 1 :])

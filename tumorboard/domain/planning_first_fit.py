"""The greedy plan of a core: the dearest case takes its cheapest place, then the next. Always there, in a moment."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

from tumorboard.domain.planning_core import Core, CoreDemand, CorePlace, CorePlan
from tumorboard.domain.planning_core_check import core_cost
from tumorboard.domain.planning_core_pool import Pool, assign_people, pool_demands
from tumorboard.domain.planning_core_sketch import Sketch


class Roster:
    """A plan being filled: who is where, and what one more case would cost."""

    def __init__(self, core: Core, pool: Pool) -> None:
        self.core = core
        self.pool = pool
        self.places: dict[int, int] = {}
        self.covers: dict[int, int] = {}
        """The explicit demands that somebody answers."""
        self._asking: defaultdict[int, list[int]] = defaultdict(list)
        self._minutes: Counter[int] = Counter()
        self._cases_on: Counter[int] = Counter()
        self._attends: Counter[tuple[int, int]] = Counter()
        self._calls: Counter[int] = Counter()
        self._overlapping = _groups_to_neighbours(core.overlaps)
        self._clashing = _groups_to_neighbours(core.clashes)
        self._limits: defaultdict[int, list[tuple[frozenset[int], int]]] = defaultdict(list)
        for limit in core.limits:
            self._limits[limit.person].append((frozenset(limit.meetings), limit.most))

    def try_place(self, case: int, place: CorePlace) -> tuple[int, dict[int, int]] | None:
        """What the place costs the plan now, and who newly answers which demand; None when it cannot be taken."""
        minutes = self.core.cases[case].minutes
        if not self.has_minutes(case, place.meeting) or not self.has_room(place.meeting):
            return None
        cost = place.cost
        if not self._cases_on[place.meeting]:
            cost += self.core.meetings[place.meeting].open_cost
        called: dict[int, int] = {}
        for demand in place.demands:
            extra = self._ask(demand, minutes, called)
            if extra is None:
                return None
            cost += extra
        return cost, called

    def has_minutes(self, case: int, meeting: int) -> bool:
        """True when the case still fits into the meeting."""
        return self._minutes[meeting] + self.core.cases[case].minutes <= self.core.meetings[meeting].capacity

    def has_room(self, meeting: int) -> bool:
        """True unless a meeting with cases has its room."""
        if self._cases_on[meeting]:
            return True
        return not any(self._cases_on[other] for other in self._clashing.get(meeting, ()))

    def can_answer(self, case: int, demand: int) -> bool:
        """True when somebody can answer the demand for one more case, whatever else it demands."""
        return self._ask(demand, self.core.cases[case].minutes, {}) is not None

    def take(self, case: int, place: CorePlace, called: Mapping[int, int]) -> None:
        """Puts the case there, with the people `try_place` found."""
        self.places[case] = place.meeting
        self._minutes[place.meeting] += self.core.cases[case].minutes
        self._cases_on[place.meeting] += 1
        for demand in dict.fromkeys(place.demands):
            self._asking[demand].append(case)
        for demand, person in called.items():
            self.call(demand, person)

    def call(self, demand: int, person: int) -> None:
        """The person answers the demand from now on."""
        pair = (person, self.core.demands[demand].meeting)
        self.covers[demand] = person
        self._attends[pair] += 1
        if self._attends[pair] == 1:
            self._calls[person] += 1

    def fill(self, cases: Sequence[int], *, is_over: Callable[[], bool] | None = None) -> None:
        """Puts each case, in turn, on its cheapest place, unless leaving it out is cheaper; until it is over."""
        for case in cases:
            if is_over is not None and is_over():
                return
            best: tuple[int, CorePlace, dict[int, int]] | None = None
            for place in self.core.cases[case].places:
                if place.cost >= self.core.cases[case].out_cost:
                    continue
                found = self.try_place(case, place)
                if found is not None and (best is None or found[0] < best[0]):
                    best = (found[0], place, found[1])
            if best is not None and best[0] < self.core.cases[case].out_cost:
                self.take(case, best[1], best[2])

    def finish(self) -> CorePlan:
        """The plan with everybody's name."""
        needed = [demand for demand, cases in self._asking.items() if cases]
        plan = CorePlan(dict(self.places), assign_people(self.core, self.pool, needed, self.covers), 0)
        return CorePlan(plan.places, plan.covers, core_cost(self.core, plan))

    def _ask(self, index: int, minutes: int, called: dict[int, int]) -> int | None:
        """What it costs that one more case makes the demand; adds to `called`; None when nobody can answer it."""
        demand = self.core.demands[index]
        if index in self.pool.prices:
            return self._ask_pool(index, demand, called)
        if index in self.covers:
            return 0 if self._has_time(index, demand, self.covers[index], minutes) else None
        best: tuple[int, int] | None = None
        for one in demand.candidates:
            if self._has_time(index, demand, one.person, minutes):
                extra = self._call_price(one.person, demand.meeting, called)
                if extra is not None and (best is None or extra < best[0]):
                    best = (extra, one.person)
        if best is not None and (demand.price is None or best[0] <= demand.price * (1 + len(self._asking[index]))):
            called[index] = best[1]
            return best[0] - (demand.price or 0) * len(self._asking[index])
        return demand.price

    def _ask_pool(self, index: int, demand: CoreDemand, called: Mapping[int, int]) -> int:
        price = self.pool.prices[index]
        if self._asking[index] or not price:
            return 0
        present = {person for other, person in called.items() if self.core.demands[other].meeting == demand.meeting}
        if any(person in present or self._attends[person, demand.meeting] for person in self.pool.named[index]):
            return 0
        return price

    def _has_time(self, index: int, demand: CoreDemand, person: int, minutes: int) -> bool:
        longest = next(one.longest for one in demand.candidates if one.person == person)
        if longest is None:
            return True
        return sum(self.core.cases[case].minutes for case in self._asking[index]) + minutes <= longest

    def _call_price(self, person: int, meeting: int, called: Mapping[int, int]) -> int | None:
        """The price of calling the person there as well; None when she cannot come."""
        if self._attends[person, meeting] or person in called.values():
            return 0
        if any(self._attends[person, other] for other in self._overlapping.get(meeting, ())):
            return None
        for meetings, most in self._limits.get(person, ()):
            if meeting in meetings and sum(bool(self._attends[person, other]) for other in meetings) >= most:
                return None
        return self.core.call_costs.get((person, meeting), 0) + self.core.repeated_call * self._calls[person]


def plan_first_fit(core: Core, *, pool: Pool | None = None, is_over: Callable[[], bool] | None = None) -> CorePlan:
    """A right plan: cases by what leaving them out costs for each minute, each at its cheapest place at that moment.

    When it `is_over` the cases that are left stay out.
    """
    roster = Roster(core, pool or pool_demands(core))
    roster.fill(sorted(range(len(core.cases)), key=lambda index: _pressure(core, index)), is_over=is_over)
    return roster.finish()


def resume(core: Core, pool: Pool, sketch: Sketch) -> Roster:
    """A roster as the sketch has it."""
    roster = Roster(core, pool)
    for case, meeting in sketch.places.items():
        roster.take(case, next(place for place in core.cases[case].places if place.meeting == meeting), {})
    for demand, person in sketch.covers.items():
        roster.call(demand, person)
    return roster


def fill_up(core: Core, pool: Pool, sketch: Sketch) -> Sketch:
    """The sketch with every case that is left out and can simply be added at a gain."""
    left_out = [index for index in range(len(core.cases)) if index not in sketch.places]
    roster = resume(core, pool, sketch)
    roster.fill(sorted(left_out, key=lambda index: _pressure(core, index)))
    return Sketch(dict(roster.places), dict(roster.covers))


def _pressure(core: Core, index: int) -> tuple[float, int]:
    case = core.cases[index]
    cheapest = min((place.cost for place in case.places), default=case.out_cost)
    return -(case.out_cost - cheapest) / max(1, case.minutes), index


def _groups_to_neighbours(groups: Sequence[Sequence[int]]) -> dict[int, set[int]]:
    neighbours: defaultdict[int, set[int]] = defaultdict(set)
    for group in groups:
        for meeting in group:
            neighbours[meeting].update(other for other in group if other != meeting)
    return dict(neighbours)

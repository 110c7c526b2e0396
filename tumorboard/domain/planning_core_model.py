"""A core, or a part of it around a plan, as a linear model of 0-1 variables that any solver can be given."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from tumorboard.domain.planning_core import Core, CoreCandidate, CoreDemand, CorePlace
from tumorboard.domain.planning_core_pool import Pool
from tumorboard.domain.planning_core_sketch import Sketch, demands_at


class RowKind(IntEnum):
    """What a solver may want to know of a row."""

    AT_MOST_ONE = 0
    """The sum of the variables is at most one."""
    IMPLIES = 1
    """The first variable needs one of the others: first - others <= 0."""
    AT_LEAST_ONE = 2
    """One of the variables is 1: the negative sum is at most -1."""
    LINEAR = 3


@dataclass(frozen=True, slots=True)
class Row:
    """`sum(factor * variable) <= limit`."""

    kind: RowKind
    variables: Sequence[int]
    factors: Sequence[int]
    limit: int


@dataclass(slots=True)
class LinearModel:
    """Minimise `constant + sum(costs * variables)` under the rows; the dictionaries say what the variables mean."""

    costs: list[int] = field(default_factory=list)
    meetings: list[int | None] = field(default_factory=list)
    """The meeting a variable is about, None for what a person's attendances cost together."""
    rows: list[Row] = field(default_factory=list)
    constant: int = 0
    takes: dict[tuple[int, int], int] = field(default_factory=dict)
    """The case is on the meeting."""
    attends: dict[tuple[int, int], int] = field(default_factory=dict)
    """The person attends the meeting for an explicit demand."""
    answers: dict[tuple[int, int], int] = field(default_factory=dict)
    """The person, who has not time for everything, answers the demand, by (demand, person)."""
    pooled: dict[int, int] = field(default_factory=dict)
    """Somebody of the pool attends for the demand."""
    case_rows: dict[int, int] = field(default_factory=dict)
    """The row that lets the case take one place at most."""

    def add_variable(self, cost: int, meeting: int | None = None) -> int:
        """A new 0-1 variable, by index."""
        self.costs.append(cost)
        self.meetings.append(meeting)
        return len(self.costs) - 1

    def add_at_most_one(self, variables: Sequence[int]) -> None:
        """Left away when it says nothing."""
        if len(variables) > 1:
            self.rows.append(Row(RowKind.AT_MOST_ONE, variables, [1] * len(variables), 1))

    def add_implies(self, first: int, others: Sequence[int]) -> None:
        """`first` only with one of the others."""
        self.rows.append(Row(RowKind.IMPLIES, [first, *others], [1] + [-1] * len(others), 0))

    def add_at_least_one(self, variables: Sequence[int]) -> None:
        """One of them."""
        self.rows.append(Row(RowKind.AT_LEAST_ONE, variables, [-1] * len(variables), -1))

    def add_linear(self, variables: Sequence[int], factors: Sequence[int], limit: int) -> None:
        """Left away when no values can break it."""
        if sum(factor for factor in factors if factor > 0) > limit:
            self.rows.append(Row(RowKind.LINEAR, variables, factors, limit))


def build_model(
    core: Core, pool: Pool, plan: Sketch | None = None, cases: Collection[int] | None = None,
    meetings: Collection[int] | None = None, barred: Collection[tuple[int, int]] = frozenset(),
) -> LinearModel:  # fmt: skip
    """The model of the whole core; or, around a plan, of the given cases on the given meetings, all else as it is.

    In a part, cases that are not free keep their places, and people are called anew only to the given meetings. The
    model's cost then counts the free cases and those meetings only. `barred` are places, as (case, meeting), that are
    not to be taken unless the plan has them.
    """
    part = plan or Sketch({}, {})
    free = range(len(core.cases)) if cases is None else sorted(set(cases))
    here = frozenset(range(len(core.meetings)) if meetings is None else meetings)
    builder = _Builder(core, pool, part, frozenset(free), here)
    builder.add_places([(case, _places_of(core, part, case, here, barred)) for case in free])
    builder.add_openings()
    builder.add_demands()
    builder.add_overlaps()
    builder.add_loads()
    return builder.model


class _Builder:
    def __init__(self, core: Core, pool: Pool, plan: Sketch, free: frozenset[int], here: frozenset[int]) -> None:
        self.core = core
        self.pool = pool
        self.model = LinearModel()
        self.here = here
        self._on: defaultdict[int, list[int]] = defaultdict(list)
        """Per meeting the free cases that may go there."""
        self._asking: defaultdict[int, list[int]] = defaultdict(list)
        """Per demand the free cases that would make it."""
        self._fixed_on: defaultdict[int, list[int]] = defaultdict(list)
        self._fixed_asking: defaultdict[int, list[int]] = defaultdict(list)
        self._elsewhere: defaultdict[int, set[int]] = defaultdict(set)
        """Per person the meetings outside the part that she attends."""
        self._used_elsewhere = {where for where in plan.places.values() if where not in here}
        for case, meeting in plan.places.items():
            if meeting in here and case not in free:
                self._fixed_on[meeting].append(case)
                for demand in demands_at(core, case, meeting):
                    self._fixed_asking[demand].append(case)
        for demand, person in plan.covers.items():
            if core.demands[demand].meeting not in here:
                self._elsewhere[person].add(core.demands[demand].meeting)

    def add_places(self, free: Sequence[tuple[int, Sequence[CorePlace]]]) -> None:
        core, model = self.core, self.model
        for index, places in free:
            case = core.cases[index]
            model.constant += case.out_cost
            mine = []
            for place in places:
                variable = model.add_variable(place.cost - case.out_cost, place.meeting)
                model.takes[index, place.meeting] = variable
                mine.append(variable)
                self._on[place.meeting].append(index)
                for demand in dict.fromkeys(place.demands):
                    self._asking[demand].append(index)
            if len(mine) > 1:
                model.case_rows[index] = len(model.rows)
            model.add_at_most_one(mine)
        for meeting in sorted(self.here):
            taken = sum(core.cases[index].minutes for index in self._fixed_on[meeting])
            cases = self._on[meeting]
            model.add_linear(
                [model.takes[index, meeting] for index in cases],
                [core.cases[index].minutes for index in cases],
                core.meetings[meeting].capacity - taken,
            )

    def add_openings(self) -> None:
        core, model = self.core, self.model
        groups = [group for group in core.clashes if not self.here.isdisjoint(group)]
        clashing = {meeting for group in groups for meeting in group}
        opens: dict[int, int] = {}
        for meeting in sorted(self.here):
            if not self._on[meeting] or not (core.meetings[meeting].open_cost or meeting in clashing):
                if self._fixed_on[meeting]:
                    model.constant += core.meetings[meeting].open_cost
                continue
            opens[meeting] = model.add_variable(core.meetings[meeting].open_cost, meeting)
            for index in self._on[meeting]:
                model.add_implies(model.takes[index, meeting], [opens[meeting]])
            if self._fixed_on[meeting]:
                model.add_at_least_one([opens[meeting]])
        for group in groups:
            variables = [opens[meeting] for meeting in group if meeting in opens]
            # A meeting that keeps its cases has the room.
            taken = any(meeting in self._used_elsewhere or self._fixed_on[meeting] for meeting in group)
            if taken:
                for meeting in group:
                    if meeting in opens and not self._fixed_on[meeting]:
                        model.add_linear([opens[meeting]], [1], 0)
            else:
                model.add_at_most_one(variables)

    def add_demands(self) -> None:
        for index in sorted({*self._asking, *self._fixed_asking}):
            if index in self.pool.prices:
                continue
            self._add_explicit(index)
        for index in sorted({*self._asking, *self._fixed_asking}):
            if self.pool.prices.get(index):
                self._add_pooled(index)

    def _add_pooled(self, index: int) -> None:
        demand = self.core.demands[index]
        variable = self.model.pooled[index] = self.model.add_variable(self.pool.prices[index], demand.meeting)
        attends = self.model.attends
        named = [attends[one, demand.meeting] for one in self.pool.named[index] if (one, demand.meeting) in attends]
        self._link(index, demand, [variable, *named])

    def _add_explicit(self, index: int) -> None:
        demand = self.core.demands[index]
        servers = []
        for one in demand.candidates:
            if self._is_elsewhere(one.person, demand.meeting):
                continue
            attends = self._attend(one.person, demand.meeting)
            servers.append(attends if one.longest is None else self._answer(index, one, attends))
        self._link(index, demand, servers)

    def _link(self, index: int, demand: CoreDemand, servers: list[int]) -> None:
        """Each case that makes the demand has one of the servers, or pays for going without."""
        model = self.model
        for case in self._asking[index]:
            takes = model.takes[case, demand.meeting]
            without = [] if demand.price is None else [model.add_variable(demand.price, demand.meeting)]
            model.add_implies(takes, [*servers, *without])
        fixed = self._fixed_asking[index]
        if fixed:
            without = [] if demand.price is None else [model.add_variable(demand.price * len(fixed), demand.meeting)]
            model.add_at_least_one([*servers, *without])

    def _attend(self, person: int, meeting: int) -> int:
        attends = self.model.attends
        if (person, meeting) not in attends:
            attends[person, meeting] = self.model.add_variable(self.core.call_costs.get((person, meeting), 0), meeting)
        return attends[person, meeting]

    def _answer(self, index: int, one: CoreCandidate, attends: int) -> int:
        model, core = self.model, self.core
        meeting = core.demands[index].meeting
        answers = model.answers[index, one.person] = model.add_variable(0, meeting)
        model.add_implies(answers, [attends])
        longest = (one.longest or 0) - sum(core.cases[case].minutes for case in self._fixed_asking[index])
        cases = self._asking[index]
        minutes = [core.cases[case].minutes for case in cases]
        # Whoever answers has time for all cases of the demand; `spare` lifts the limit for those who do not.
        spare = max(0, min(core.meetings[meeting].capacity, sum(minutes)) - longest)
        if longest < 0:
            model.add_linear([answers], [1], 0)
        elif spare:
            takes = [model.takes[case, meeting] for case in cases]
            model.add_linear([*takes, answers], [*minutes, spare], longest + spare)
        return answers

    def _is_elsewhere(self, person: int, meeting: int) -> bool:
        away = self._elsewhere.get(person, set())
        return any(meeting in group and not away.isdisjoint(group) for group in self.core.overlaps)

    def add_overlaps(self) -> None:
        by_meeting: defaultdict[int, list[int]] = defaultdict(list)
        for person, meeting in self.model.attends:
            by_meeting[meeting].append(person)
        for group in self.core.overlaps:
            together = Counter(person for meeting in group for person in by_meeting.get(meeting, ()))
            for person, count in together.items():
                if count > 1:
                    attends = self.model.attends
                    self.model.add_at_most_one(
                        [attends[person, meeting] for meeting in group if (person, meeting) in attends]
                    )

    def add_loads(self) -> None:
        model, core = self.model, self.core
        for limit in core.limits:
            calls = [
                model.attends[limit.person, meeting]
                for meeting in dict.fromkeys(limit.meetings)
                if (limit.person, meeting) in model.attends
            ]
            taken = len(self._elsewhere.get(limit.person, set()).intersection(limit.meetings))
            model.add_linear(calls, [1] * len(calls), max(0, limit.most - taken))
        if not core.repeated_call:
            return
        by_person: defaultdict[int, list[int]] = defaultdict(list)
        for (person, _), variable in model.attends.items():
            by_person[person].append(variable)
        for person, calls in by_person.items():
            before = len(self._elsewhere.get(person, ()))
            steps = [model.add_variable(core.repeated_call * (before + step)) for step in range(len(calls))]
            model.add_linear([*calls, *steps], [1] * len(calls) + [-1] * len(steps), 0)


def _places_of(
    core: Core, plan: Sketch, index: int, here: Collection[int], barred: Collection[tuple[int, int]]
) -> list[CorePlace]:
    case = core.cases[index]
    return [
        place
        for place in case.places
        if place.meeting in here
        and place.cost < case.out_cost
        and ((index, place.meeting) not in barred or plan.places.get(index) == place.meeting)
    ]

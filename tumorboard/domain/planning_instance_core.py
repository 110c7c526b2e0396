"""A board-planning instance written as a `Core`, and a plan of that core read back as an answer."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tumorboard.domain.planning_core import Core, CoreCandidate, CoreCase, CoreDemand, CoreMeeting, CorePlace, CorePlan
from tumorboard.domain.planning_instance import (
    BoardAnswer,
    BoardInstance,
    InstanceCase,
    InstanceMeeting,
    check_instance,
    lateness_cost,
)


@dataclass(frozen=True, slots=True)
class CompiledInstance:
    """An instance with its core. Cases, meetings and people have the same indexes in both."""

    instance: BoardInstance
    core: Core
    free: Mapping[tuple[int, str], tuple[int, ...]]
    """The people of a specialty who are free for a whole meeting, by (meeting, specialty)."""
    free_people: tuple[frozenset[int], ...]
    """Everybody who is free, by meeting."""
    blocked: frozenset[int]
    """Optional meetings that can never take place, because a meeting that must has the room."""


def compile_instance(instance: BoardInstance) -> CompiledInstance:
    """The core of a checked instance; places that cost no less than leaving the case out are dropped.

    Raises BadInput as `check_instance` does.
    """
    check_instance(instance)
    free_people = _find_free_people(instance)
    blocked = _find_blocked(instance.meetings)
    compiler = _Compiler(instance, free_people, blocked)
    cases = tuple(compiler.compile_case(case) for case in instance.cases)
    prices = {found.id: found.attendance_cost for found in instance.specialties}
    core = Core(
        meetings=tuple(
            CoreMeeting(found.id, found.board, found.start, found.end, found.capacity,
                        found.open_cost if found.optional else 0)
            for found in instance.meetings
        ),
        cases=cases,
        demands=tuple(compiler.demands),
        people=tuple(person.id for person in instance.specialists),
        call_costs={
            (one.person, demand.meeting): price
            for demand in compiler.demands
            for one in demand.candidates
            if (price := prices[instance.specialists[one.person].specialty])
        },
        overlaps=find_cliques([(found.start, found.end) for found in instance.meetings], range(len(instance.meetings))),
        clashes=_find_clashes(instance.meetings, blocked),
    )  # fmt: skip
    return CompiledInstance(instance, core, compiler.free, free_people, blocked)


def read_plan(compiled: CompiledInstance, plan: CorePlan) -> BoardAnswer:
    """The plan in the ids of the instance, without times and reasons."""
    instance = compiled.instance
    attend: defaultdict[int, set[int]] = defaultdict(set)
    for demand, person in plan.covers.items():
        attend[compiled.core.demands[demand].meeting].add(person)
    return BoardAnswer(
        assign={
            case.id: instance.meetings[plan.places[index]].id
            for index, case in enumerate(instance.cases)
            if index in plan.places
        },
        attend={
            instance.meetings[meeting].id: tuple(instance.specialists[person].id for person in sorted(attend[meeting]))
            for meeting in sorted(attend)
        },
        cost=plan.cost,
        bound=plan.bound,
    )


def find_cliques(spans: Sequence[tuple[int, int]], members: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """The largest groups of two or more half-open spans that share a minute, as sorted indexes."""
    cliques: list[tuple[int, ...]] = []
    running: set[int] = set()
    events = sorted(
        [(spans[index][1], 0, index) for index in members] + [(spans[index][0], 1, index) for index in members]
    )
    has_grown = False
    for _, is_start, index in events:
        if is_start:
            running.add(index)
            has_grown = True
            continue
        if has_grown and len(running) > 1:
            cliques.append(tuple(sorted(running)))
        has_grown = False
        running.discard(index)
    return tuple(cliques)


class _Compiler:
    """Makes the places and, as they come up, the demands."""

    def __init__(self, instance: BoardInstance, free_people: Sequence[frozenset[int]], blocked: frozenset[int]) -> None:
        self.instance = instance
        self.demands: list[CoreDemand] = []
        self.free: dict[tuple[int, str], tuple[int, ...]] = {}
        self._free_people = free_people
        self._people = {person.id: index for index, person in enumerate(instance.specialists)}
        self._by_specialty: defaultdict[str, list[int]] = defaultdict(list)
        for index, person in enumerate(instance.specialists):
            self._by_specialty[person.specialty].append(index)
        self._by_board: defaultdict[str, list[int]] = defaultdict(list)
        for index, meeting in enumerate(instance.meetings):
            if index not in blocked:
                self._by_board[meeting.board].append(index)
        self._demand_of: dict[tuple[int, str | int], int] = {}

    def compile_case(self, case: InstanceCase) -> CoreCase:
        meetings = sorted({meeting for board in case.boards for meeting in self._by_board.get(board, ())})
        places = [place for meeting in meetings if (place := self._compile_place(case, meeting)) is not None]
        return CoreCase(case.id, case.duration, case.unscheduled_cost, tuple(places))

    def _compile_place(self, case: InstanceCase, index: int) -> CorePlace | None:
        meeting = self.instance.meetings[index]
        cost = lateness_cost(case, meeting)
        if meeting.start < case.ready or case.duration > meeting.capacity or cost >= case.unscheduled_cost:
            return None
        keys: list[str | int] = list(dict.fromkeys(case.requires))
        if case.named is not None:
            person = self._people[case.named]
            if person not in self._free_people[index]:
                return None
            # Who is named answers for the specialty as well.
            own = self.instance.specialists[person].specialty
            keys = [person, *(key for key in keys if key != own)]
        demands = [self._demand(index, key) for key in keys]
        if any(not self.demands[demand].candidates for demand in demands):
            return None
        return CorePlace(index, cost, tuple(demands))

    def _demand(self, meeting: int, key: str | int) -> int:
        if (meeting, key) not in self._demand_of:
            people = (key,) if isinstance(key, int) else self.free_of(meeting, key)
            self._demand_of[meeting, key] = len(self.demands)
            self.demands.append(CoreDemand(meeting, tuple(CoreCandidate(person) for person in people)))
        return self._demand_of[meeting, key]

    def free_of(self, meeting: int, specialty: str) -> tuple[int, ...]:
        if (meeting, specialty) not in self.free:
            here = self._free_people[meeting]
            self.free[meeting, specialty] = tuple(
                person for person in self._by_specialty[specialty] if person in here
            )  # fmt: skip
        return self.free[meeting, specialty]


def _find_free_people(instance: BoardInstance) -> tuple[frozenset[int], ...]:
    order = sorted(range(len(instance.meetings)), key=lambda index: instance.meetings[index].start)
    starts = [instance.meetings[index].start for index in order]
    longest = max(meeting.end - meeting.start for meeting in instance.meetings)
    everybody = frozenset(range(len(instance.specialists)))
    busy: list[set[int]] = [set() for _ in instance.meetings]
    for person, specialist in enumerate(instance.specialists):
        for start, end in specialist.busy:
            for position in range(bisect_left(starts, start - longest), bisect_left(starts, end)):
                if instance.meetings[order[position]].end > start:
                    busy[order[position]].add(person)
    return tuple(everybody - there for there in busy)


def _find_blocked(meetings: Sequence[InstanceMeeting]) -> frozenset[int]:
    by_room: defaultdict[str, list[int]] = defaultdict(list)
    for index, meeting in enumerate(meetings):
        by_room[meeting.room].append(index)
    return frozenset(
        index
        for here in by_room.values()
        for clique in find_cliques([(found.start, found.end) for found in meetings], here)
        if any(not meetings[other].optional for other in clique)
        for index in clique
        if meetings[index].optional
    )


def _find_clashes(meetings: Sequence[InstanceMeeting], blocked: frozenset[int]) -> tuple[tuple[int, ...], ...]:
    by_room: defaultdict[str, list[int]] = defaultdict(list)
    for index, meeting in enumerate(meetings):
        if index not in blocked:
            by_room[meeting.room].append(index)
    spans = [(found.start, found.end) for found in meetings]
    return tuple(clique for room in sorted(by_room) for clique in find_cliques(spans, by_room[room]))

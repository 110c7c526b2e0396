"""The demands that cases make on a meeting, and the people of the core who can answer them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from tumorboard.domain.model import WaitingCase
from tumorboard.domain.planning_core import CoreCandidate, CoreDemand, CorePlace
from tumorboard.domain.planning_draft import names_of
from tumorboard.domain.planning_options import Candidate, Options, call_cost, has_time
from tumorboard.domain.planning_problem import NeedKey, fixed_minute, place_cost


class DemandWriter:
    """Demands and people as they are first asked for; see `Compiled` for what they mean.

    `members` has the member behind each person, empty for a seat.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.index = {meeting.id: place for place, meeting in enumerate(options.problem.meetings)}
        self.demands: list[CoreDemand] = []
        self.members: list[str] = []
        self.people: dict[str, int] = {}
        self.calls: dict[tuple[str, int], None] = {}
        self.call_costs: dict[tuple[int, int], int] = {}
        self.needs: dict[int, NeedKey] = {}
        self._known: dict[object, int] = {}
        self._groups, self._kinds = _group_needs(options)
        self._seats = self._find_seats()

    def write_places(self, case: WaitingCase) -> tuple[CorePlace, ...]:
        """The meetings the case may join, with all it pays and asks for there."""
        return tuple(
            self._write_place(case, meeting.id)
            for meeting in self.options.problem.meetings
            if (case.reference, meeting.id) not in self.options.obstacles
        )

    def _write_place(self, case: WaitingCase, meeting: str) -> CorePlace:
        options = self.options
        cost = place_cost(options.problem, case, options.meetings[meeting])
        demands = list(self._seats.get((meeting, case.reference), ()))
        for key in self._open(options.required, case, meeting):
            demands += self._ask_required(case, meeting, key)
        named: set[str] = set()
        for key in options.recommended[case.reference]:
            names = set(names_of(options, case.reference, key)) - named
            named |= names
            if names and (meeting, key) not in options.core:
                price = options.problem.weights.uncovered_recommended * len(names)
                cost += self._ask_or_pay(demands, self._ask_advice(meeting, key, price), price)
        for key in (*self._open(options.required, case, meeting), *self._open(options.recommended, case, meeting)):
            earlier = options.earlier.get((case.reference, key), frozenset())
            if earlier:
                again = self._ask_again(meeting, key, earlier)
                cost += self._ask_or_pay(demands, again, options.problem.weights.continuity)
        return CorePlace(self.index[meeting], cost, tuple(dict.fromkeys(demands)))

    def _open(self, needs: Mapping[str, tuple[NeedKey, ...]], case: WaitingCase, meeting: str) -> tuple[NeedKey, ...]:
        """The needs that the core of the meeting does not cover."""
        return tuple(key for key in needs[case.reference] if (meeting, key) not in self.options.core)

    def _ask_or_pay(self, demands: list[int], demand: int | None, price: int) -> int:
        """Adds the demand; without anybody to answer it, its price is certain."""
        if demand is None:
            return price
        demands.append(demand)
        return 0

    def _ask_required(self, case: WaitingCase, meeting: str, key: NeedKey) -> list[int]:
        """One demand for all cases that need this; a case with a fixed time may have fewer who are free then.

        Where advice would bring the same people for less, what makes the call dearer is a demand of its own.
        """
        found = self.options.candidates[meeting, key]
        facts = self.options.meetings[meeting]
        if case.fixed_at is not None:
            found = tuple(one for one in found if has_time(one, case, facts))
        candidates = tuple(
            CoreCandidate(self._call(meeting, key, one), None if one.is_whole else one.longest_minutes) for one in found
        )
        asked = [self._demand((meeting, key, candidates), CoreDemand(self.index[meeting], candidates), key)]
        group = self._groups[meeting, key]
        weights = self.options.problem.weights
        dearer = weights.call - weights.call_recommended
        if len(self._kinds[group]) > 1 and dearer > 0:
            if ("dearer", group) not in self._known:
                self.call_costs[self._add_person(""), self.index[meeting]] = dearer
            seat = CoreCandidate(len(self.members) - 1)
            asked.append(self._demand(("dearer", group), CoreDemand(self.index[meeting], (seat,)), None))
        return asked

    def _ask_advice(self, meeting: str, key: NeedKey, price: int) -> int | None:
        found = self.options.candidates[meeting, key]
        if not found:
            return None
        # How long she has time is left out: one who misses a case is still there for the others.
        candidates = tuple(CoreCandidate(self._call(meeting, key, one)) for one in found)
        return self._demand((meeting, key, price), CoreDemand(self.index[meeting], candidates, price), key)

    def _ask_again(self, meeting: str, key: NeedKey, earlier: frozenset[str]) -> int | None:
        """One of those who were called in before attends, or the price of continuity is paid."""
        known = [one for one in self.options.candidates[meeting, key] if one.member in earlier]
        if not known:
            return None
        candidates = tuple(CoreCandidate(self._call(meeting, key, one)) for one in known)
        demand = CoreDemand(self.index[meeting], candidates, self.options.problem.weights.continuity)
        return self._demand(("again", meeting, key, candidates), demand, None)

    def _demand(self, name: object, demand: CoreDemand, need: NeedKey | None) -> int:
        if name not in self._known:
            self._known[name] = len(self.demands)
            if need is not None:
                self.needs[len(self.demands)] = need
            self.demands.append(demand)
        return self._known[name]

    def _call(self, meeting: str, key: NeedKey, candidate: Candidate) -> int:
        """The person of a member who could be called in, with the price of the call."""
        member, place = candidate.member, self.index[meeting]
        if member not in self.people:
            self.people[member] = self._add_person(member)
        person = self.people[member]
        if (member, place) not in self.calls:
            self.calls[member, place] = None
            self.call_costs[person, place] = min(
                call_cost(self.options, meeting, member, required=is_required)
                for is_required in self._kinds[self._groups[meeting, key]]
            )
        return person

    def _add_person(self, member: str) -> int:
        self.members.append(member)
        return len(self.members) - 1

    def _find_seats(self) -> dict[tuple[str, str], list[int]]:
        """Per meeting and case the seats that it shares with a case whose fixed time overlaps its own."""
        options = self.options
        seats: dict[tuple[str, str], list[int]] = {}
        pinned = [case for case in options.problem.cases if case.fixed_at is not None]
        for one, other in combinations(pinned, 2):
            for meeting in options.problem.meetings:
                here = [(case.reference, meeting.id) for case in (one, other)]
                first, second = fixed_minute(one, meeting), fixed_minute(other, meeting)
                if first is None or second is None or any(pair in options.obstacles for pair in here):
                    continue
                if first < second + other.minutes and second < first + one.minutes:
                    candidate = CoreCandidate(self._add_person(""), max(one.minutes, other.minutes))
                    for reference, name in here:
                        demand = CoreDemand(self.index[name], (candidate,))
                        seats.setdefault((name, reference), []).append(
                            self._demand(("seat", name, candidate), demand, None)
                        )
        return seats


Group = tuple[str, int]
"""A meeting and a number: needs for which the same people may come there."""


def _group_needs(options: Options) -> tuple[dict[tuple[str, NeedKey], Group], dict[Group, set[bool]]]:
    """The group of each need at each meeting, and whether its needs are required, recommended, or there are both."""
    groups: dict[tuple[str, NeedKey], Group] = {}
    kinds: dict[Group, set[bool]] = {}
    for meeting in options.problem.meetings:
        asked: dict[NeedKey, set[bool]] = {}
        for case in options.problem.cases:
            if (case.reference, meeting.id) in options.obstacles:
                continue
            for is_required, needs in ((True, options.required), (False, options.recommended)):
                for key in needs[case.reference]:
                    if (meeting.id, key) not in options.core:
                        asked.setdefault(key, set()).add(is_required)
        for number, keys in enumerate(_link(options, meeting.id, sorted(asked))):
            kinds[meeting.id, number] = {is_required for key in keys for is_required in asked[key]}
            groups.update(dict.fromkeys(((meeting.id, key) for key in keys), (meeting.id, number)))
    return groups, kinds


def _link(options: Options, meeting: str, keys: Sequence[NeedKey]) -> list[set[NeedKey]]:
    """The needs in groups that share nobody."""
    groups: list[tuple[set[NeedKey], set[str]]] = []
    for key in keys:
        mine, people = {key}, {one.member for one in options.candidates[meeting, key]}
        for known in [known for known in groups if not known[1].isdisjoint(people)]:
            groups.remove(known)
            mine |= known[0]
            people |= known[1]
        groups.append((mine, people))
    return [mine for mine, _ in groups]

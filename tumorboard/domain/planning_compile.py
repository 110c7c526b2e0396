"""The board's problem written for the engine, and the engine's answer read back.

The core says a little less than the board's rules: it knows how long a member is free, not when, and nothing of the
order of an agenda. So whatever is right for the board is possible in the core and costs no more there: a bound of the
core is a bound of the board, and a layout has the last word about a plan.

Members are people of the core. Besides there are seats, people who stand for a condition: two cases whose fixed times
overlap ask for a seat that is too short for both; where the same people may come for something required or for advice
alone, which costs less, the difference is the price of a seat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tumorboard.domain.planning_core import Core, CoreCase, CoreLimit, CoreMeeting, CorePlan
from tumorboard.domain.planning_core_check import core_cost
from tumorboard.domain.planning_demands import DemandWriter
from tumorboard.domain.planning_options import Options
from tumorboard.domain.planning_problem import (
    MINUTE,
    NeedKey,
    Week,
    left_out_cost,
    open_cost,
    room_clashes,
    week_of,
)

Places = Mapping[str, Sequence[str]]
"""The references of the cases per meeting id."""

Covers = Mapping[str, Mapping[NeedKey, str]]
"""Per meeting id the member called in for each need."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A core and what it means: the member behind each person, empty for a seat, and the needs among the demands."""

    options: Options
    core: Core
    members: tuple[str, ...]
    needs: Mapping[int, NeedKey]

    def read_plan(self, plan: CorePlan) -> tuple[dict[str, tuple[str, ...]], dict[str, dict[NeedKey, str]]]:
        """The cases per meeting, and whom the plan wants for each need."""
        meetings, cases = self.options.problem.meetings, self.options.problem.cases
        places: dict[str, tuple[str, ...]] = {}
        for case, meeting in sorted(plan.places.items()):
            name = meetings[meeting].id
            places[name] = (*places.get(name, ()), cases[case].reference)
        chosen: dict[str, dict[NeedKey, str]] = {}
        for demand, person in sorted(plan.covers.items()):
            if demand in self.needs:
                name = meetings[self.core.demands[demand].meeting].id
                chosen.setdefault(name, {}).setdefault(self.needs[demand], self.members[person])
        return places, chosen

    def write_plan(self, places: Places, covers: Covers) -> CorePlan:
        """The plan of the core for cases on meetings and members called in for needs; right where these are."""
        problem = self.options.problem
        meetings = {meeting.id: place for place, meeting in enumerate(problem.meetings)}
        cases = {case.reference: place for place, case in enumerate(problem.cases)}
        taken = {cases[case]: meetings[name] for name, references in places.items() for case in references}
        asked = {
            demand
            for case, meeting in taken.items()
            for place in self.core.cases[case].places
            if place.meeting == meeting
            for demand in place.demands
        }
        answers: dict[int, int] = {}
        for demand in sorted(asked):
            called = covers.get(problem.meetings[self.core.demands[demand].meeting].id, {})
            able = {*called.values(), ""} if demand not in self.needs else {called.get(self.needs[demand])}
            people = (one.person for one in self.core.demands[demand].candidates)
            person = next((person for person in people if self.members[person] in able), None)
            if person is not None:
                answers[demand] = person
        plan = CorePlan(places=taken, covers=answers, cost=0)
        return CorePlan(places=taken, covers=answers, cost=core_cost(self.core, plan))


def compile_core(options: Options) -> Compiled:
    """The core of a problem. Costs are those of `plan_cost`, never more."""
    writer = DemandWriter(options)
    problem = options.problem
    cases = tuple(
        CoreCase(case.reference, case.minutes, left_out_cost(problem, case), writer.write_places(case))
        for case in problem.cases
    )
    start = min((meeting.span.start for meeting in problem.meetings), default=problem.now)
    core = Core(
        meetings=tuple(
            CoreMeeting(
                id=meeting.id,
                board=problem.board,
                start=(meeting.span.start - start) // MINUTE,
                end=(meeting.span.end - start) // MINUTE,
                capacity=meeting.capacity,
                open_cost=open_cost(problem, meeting),
            )
            for meeting in problem.meetings
        ),
        cases=cases,
        demands=tuple(writer.demands),
        people=tuple(f"{number}:{member}" for number, member in enumerate(writer.members)),
        call_costs=writer.call_costs,
        overlaps=tuple(_overlaps(options)),
        clashes=tuple((writer.index[one.id], writer.index[other.id]) for one, other in room_clashes(problem)),
        limits=tuple(_limits(writer)),
        repeated_call=problem.weights.repeated_call,
    )
    return Compiled(options=options, core=core, members=tuple(writer.members), needs=writer.needs)


def _limits(writer: DemandWriter) -> list[CoreLimit]:
    """Per member with a limit and week the meetings she could be called to, when they are too many."""
    problem = writer.options.problem
    weeks: dict[tuple[str, Week], list[int]] = {}
    for member, place in writer.calls:
        if writer.options.members[member].most_calls_per_week is not None:
            weeks.setdefault((member, week_of(problem.meetings[place])), []).append(place)
    limits: list[CoreLimit] = []
    for (member, week), places in sorted(weeks.items()):
        elsewhere = problem.calls_elsewhere.get(member, {}).get(week, 0)
        most = max(0, (writer.options.members[member].most_calls_per_week or 0) - elsewhere)
        if len(places) > most:
            limits.append(CoreLimit(writer.people[member], tuple(sorted(places)), most))
    return limits


def _overlaps(options: Options) -> list[tuple[int, ...]]:
    """The largest groups of meetings that are held at one time."""
    meetings = options.problem.meetings
    groups: list[tuple[int, ...]] = []
    for here in meetings:
        group = tuple(
            place for place, meeting in enumerate(meetings) if meeting.span.start <= here.span.start < meeting.span.end
        )
        if len(group) > 1 and not any(set(group) <= set(other) for other in groups):
            groups = [other for other in groups if not set(other) <= set(group)] + [group]
    return groups

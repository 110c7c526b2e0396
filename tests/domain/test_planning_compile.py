"""The core says no more than the board's rules: what is right for the board is possible there, at no higher cost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.boards import a_case, a_meeting, a_member, a_need, a_problem, a_seat, at, between
from tests.domain.test_planning_properties import problems
from tumorboard.domain.planning import Problem, Weights, propose
from tumorboard.domain.planning_compile import Compiled, compile_core
from tumorboard.domain.planning_core import CoreLimit, CorePlan
from tumorboard.domain.planning_core_check import check_core, core_cost
from tumorboard.domain.planning_greedy import settle
from tumorboard.domain.planning_layout import draft_meetings, lay_out_meetings
from tumorboard.domain.planning_options import plan_cost, read_options

HPB = (a_member("hpb", "hpb_surgery"), a_member("hpb2", "hpb_surgery"))
SEATS = (a_seat("hpb_surgery", "hpb", "hpb2", core=False),)


def compiled(problem: Problem) -> Compiled:
    return compile_core(read_options(problem))


@settings(deadline=None, max_examples=300)
@given(problems(), st.data())
def test_every_right_plan_is_right_in_the_core_and_no_dearer(problem: Problem, data: st.DataObject) -> None:
    options = read_options(problem)
    wished: dict[str, list[str]] = {}
    for case in problem.cases:
        meeting = data.draw(st.sampled_from([None, *(meeting.id for meeting in problem.meetings)]))
        if meeting is not None:
            wished.setdefault(meeting, []).append(case.reference)
    places = settle(options, wished)
    covers = {meeting: draft.covers for meeting, draft in draft_meetings(options, places).items()}
    core = compile_core(options)

    plan = core.write_plan(places, covers)

    assert check_core(core.core, plan) == ()
    assert plan.cost <= plan_cost(options, lay_out_meetings(options, places))


@settings(deadline=None, max_examples=60)
@given(problems())
def test_written_plan_is_read_back(problem: Problem) -> None:
    options = read_options(problem)
    proposal = propose(problem, solve=False)
    places = {plan.meeting: tuple(entry.reference for entry in plan.agenda) for plan in proposal.meetings}
    drafts = draft_meetings(options, places)
    core = compile_core(options)

    again, chosen = core.read_plan(core.write_plan(places, {name: draft.covers for name, draft in drafts.items()}))

    assert {name: sorted(found) for name, found in again.items()} == {
        name: sorted(found) for name, found in places.items() if found
    }
    assert all(members.items() <= drafts[name].covers.items() for name, members in chosen.items())


def test_costs_of_the_core_are_those_of_the_board() -> None:
    """Place, left out, call, rank, repeated call, advice without anybody, continuity and an extra meeting."""
    advice = a_need("clinical_genetics", required=False)
    problem = a_problem(
        a_case("c1", "hpb_surgery", earlier=["hpb2"]),
        a_case("c2", "hpb_surgery", advice, ready_in_days=3),
        a_case("c3", ready_in_days=None),
        meetings=[a_meeting(0), a_meeting(1, extra=True)],
        members=HPB,
        seats=SEATS,
        weights=Weights(open_meeting=70),
    )
    options = read_options(problem)
    places = {"w0": ("c1",), "w1": ("c2",)}
    covers = {name: draft.covers for name, draft in draft_meetings(options, places).items()}

    plan = compile_core(options).write_plan(places, covers)

    expected = 3 + 33 + 24 + 30 + 12 + 70 + 10_000
    assert (plan.cost, plan_cost(options, lay_out_meetings(options, places))) == (expected, expected)


def test_call_for_advice_alone_is_cheaper_than_for_something_required() -> None:
    problem = a_problem(
        a_case("c1", "hpb_surgery"), a_case("c2", a_need("hpb_surgery", required=False)), members=HPB, seats=SEATS
    )
    core = compiled(problem)
    key = next(iter(core.needs.values()))
    covers = {"w0": {key: "hpb"}}

    costs = [core.write_plan({"w0": references}, covers).cost for references in (["c1"], ["c2"], ["c1", "c2"])]

    assert costs == [10_000 + 3 + 30, 10_000 + 3 + 8, 3 + 3 + 30]


def test_meetings_at_one_time_rooms_and_call_limits_are_groups_of_the_core() -> None:
    # The first extra meeting has no core of its own while the regular one has it, and takes no case.
    extra = [replace(a_meeting(extra=True), id=f"x{start}", span=between(start, start + 60)) for start in (30, 60)]
    problem = a_problem(
        a_case("c1", "hpb_surgery"),
        meetings=[a_meeting(), *extra, a_meeting(1)],
        members=[a_member("hpb", "hpb_surgery", most_calls=2)],
    )
    problem = replace(
        problem, rooms={"x30": "b", "x60": "b"}, calls_elsewhere={"hpb": {(2027, 1): 1}},
        seats=tuple(replace(seat, in_quorum=False) for seat in problem.seats),
    )  # fmt: skip

    core = compiled(problem).core

    assert core.overlaps == ((0, 1), (1, 2))
    assert core.clashes == ((1, 2),)
    assert core.limits == (CoreLimit(0, (0, 2), 1),)


def test_two_cases_fixed_at_one_time_cannot_both_be_placed() -> None:
    problem = a_problem(
        a_case("c1", fixed_at=at(10), minutes=20), a_case("c2", fixed_at=at(25)), meetings=[a_meeting()]
    )
    core = compiled(problem)

    both = core.write_plan({"w0": ["c1", "c2"]}, {})

    assert [violation.rule for violation in check_core(core.core, both)] == ["too-long"]
    assert check_core(core.core, core.write_plan({"w0": ["c1"]}, {})) == ()


@pytest.mark.parametrize("breaks", [(), ((30, 10),)])
def test_breaks_take_minutes_from_the_core(breaks: tuple[tuple[int, int], ...]) -> None:
    core = compiled(a_problem(a_case("c1"), meetings=[a_meeting(breaks=breaks)])).core

    assert core.meetings[0].capacity == 60 - sum(minutes for _, minutes in breaks)


def test_empty_plan_pays_for_every_case() -> None:
    core = compiled(a_problem(a_case("c1"), a_case("c2"))).core

    assert core_cost(core, CorePlan({}, {}, 0)) == 20_000

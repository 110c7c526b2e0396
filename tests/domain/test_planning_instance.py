"""Board-planning instances: refusals with their place, the way to a core and back, the checker, the reasons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.domain.cores import instance_file
from tumorboard.domain.errors import BadInput
from tumorboard.domain.planning_core import CorePlan
from tumorboard.domain.planning_core_check import check_core, core_cost
from tumorboard.domain.planning_first_fit import plan_first_fit
from tumorboard.domain.planning_instance import (
    BoardAnswer,
    BoardInstance,
    InstanceCase,
    InstanceMeeting,
    InstanceSpecialist,
    InstanceSpecialty,
    check_instance,
)
from tumorboard.domain.planning_instance_check import InstanceRule, check_answer
from tumorboard.domain.planning_instance_core import compile_instance, find_cliques, read_plan
from tumorboard.domain.planning_instance_reasons import explain_left_out
from tumorboard.formats.board_instances import read_board_instance

CASE = InstanceCase("c0", ("ovary",), 15, ("radiology",), None, 0, 1440, 1, 100)
SURGICAL = InstanceCase("c1", ("ovary",), 20, ("radiology", "surgery"), None, 0, 0, 3, 200)
FIRST = InstanceMeeting("s0", "ovary", "r1", 60, 120, 60)
SECOND = InstanceMeeting("s1", "ovary", "r1", 1500, 1560, 60, optional=True, open_cost=20)
INSTANCE = BoardInstance(
    "two", 7,
    (InstanceSpecialty("radiology", False, 0), InstanceSpecialty("surgery", True, 30)),
    (
        InstanceSpecialist("p0", "radiology", ((0, 30),)), InstanceSpecialist("p1", "radiology"),
        InstanceSpecialist("p2", "surgery", ((1500, 1530),)),
    ),
    (FIRST, SECOND),
    (CASE, SURGICAL),
)  # fmt: skip
ANSWER = BoardAnswer({"c0": "s0", "c1": "s0"}, {"s0": ("p0", "p2")}, 30, 30, 0.1, {})


def refusal(**changes: Any) -> tuple[str, str]:
    """Code and message of a changed instance."""
    with pytest.raises(BadInput) as caught:
        check_instance(replace(INSTANCE, **changes))
    return caught.value.code, str(caught.value)


def rules(answer: BoardAnswer, instance: BoardInstance = INSTANCE) -> list[InstanceRule]:
    """The rules broken, the claimed cost aside."""
    cost = check_answer(instance, answer).cost
    return [found.rule for found in check_answer(instance, replace(answer, cost=cost, bound=None)).violations]


def reasons(**changes: Any) -> dict[str, tuple[str, ...]]:
    """Why the greedy plan of a changed instance leaves cases out."""
    compiled = compile_instance(replace(INSTANCE, **changes))
    return explain_left_out(compiled, plan_first_fit(compiled.core))


@pytest.mark.parametrize(
    ("changes", "code", "place"),
    [
        ({"meetings": ()}, "no-sessions", "sessions"),
        ({"specialists": ()}, "no-specialists", "specialists"),
        ({"cases": (CASE, CASE)}, "duplicate-id", "cases[1].id"),
        ({"meetings": (FIRST, FIRST)}, "duplicate-id", "sessions[1].id"),
        ({"cases": (replace(CASE, requires=("x",)),)}, "unknown-reference", "cases[0].requires[0] of 'c0'"),
        ({"cases": (replace(CASE, named="x"),)}, "unknown-reference", "cases[0].named of 'c0'"),
        ({"specialists": (InstanceSpecialist("p0", "x"),)}, "unknown-reference", "specialists[0].specialty of 'p0'"),
        ({"meetings": (replace(FIRST, end=60),)}, "empty-span", "sessions[0] of 's0'"),
        ({"meetings": (replace(FIRST, end=7 * 1440 + 1),)}, "outside-horizon", "sessions[0] of 's0'"),
        ({"meetings": (replace(FIRST, start=-1),)}, "outside-horizon", "sessions[0] of 's0'"),
        (
            {"specialists": (InstanceSpecialist("p0", "radiology", ((10, 20), (30, 20))),)},
            "empty-span", "specialists[0].busy[1] of 'p0'",
        ),
        ({"meetings": (FIRST, replace(FIRST, id="s2", start=100))}, "room-clash", "sessions"),
    ],
)  # fmt: skip
def test_instance_that_makes_no_sense_is_refused_with_its_place(changes: dict[str, Any], code: str, place: str) -> None:
    found, message = refusal(**changes)

    assert (found, message.split(": ")[0]) == (code, place)


def test_too_large_an_instance_is_refused() -> None:
    cases = tuple(replace(CASE, id=str(number)) for number in range(100_001))

    assert refusal(cases=cases)[0] == "too-large"


def test_compiled_instance_has_the_places_worth_taking() -> None:
    core = compile_instance(INSTANCE).core

    assert [[place.meeting for place in case.places] for case in core.cases] == [[0, 1], [0]]
    assert [[one.person for one in demand.candidates] for demand in core.demands] == [[0, 1], [0, 1], [2], []]
    assert core.call_costs == {(2, 0): 30}


def test_place_that_costs_as_much_as_leaving_out_is_dropped() -> None:
    core = compile_instance(replace(INSTANCE, cases=(replace(CASE, target=0, weight=100),))).core

    assert [place.meeting for place in core.cases[0].places] == [0]


def test_named_specialist_answers_for_her_specialty() -> None:
    core = compile_instance(replace(INSTANCE, cases=(replace(SURGICAL, named="p2"),))).core

    asked = [[one.person for one in core.demands[demand].candidates] for demand in core.cases[0].places[0].demands]
    assert asked == [[2], [0, 1]]


def test_optional_meeting_in_a_taken_room_is_never_held() -> None:
    compiled = compile_instance(replace(INSTANCE, meetings=(FIRST, replace(SECOND, start=90, end=130))))

    assert (compiled.blocked, [len(case.places) for case in compiled.core.cases]) == (frozenset({1}), [1, 1])


def test_plan_is_read_back_in_the_ids_of_the_file() -> None:
    compiled = compile_instance(INSTANCE)
    plan = plan_first_fit(compiled.core)

    assert read_plan(compiled, plan) == replace(ANSWER, bound=None, seconds=0.0, unscheduled=None)


def test_core_and_instance_agree_on_the_cost_of_every_plan() -> None:
    compiled = compile_instance(INSTANCE)
    plan = CorePlan({0: 1}, {1: 0}, 220 + 0)

    answer = read_plan(compiled, plan)

    assert core_cost(compiled.core, plan) == check_answer(INSTANCE, answer).cost == 220


def test_right_answer_breaks_no_rule() -> None:
    report = check_answer(INSTANCE, ANSWER)

    assert (report.violations, report.cost) == ((), 30)


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({"assign": {"c9": "s0"}}, ["unknown-reference", "wrong-unscheduled", "wrong-unscheduled"]),
        ({"assign": {"c0": "s9", "c1": "s0"}}, ["unknown-reference"]),
        ({"attend": {"s0": ("p0", "p2", "p9")}}, ["unknown-reference"]),
        ({"attend": {"s0": ("p2",)}}, ["specialty-missing", "specialty-missing"]),
        ({"attend": {"s0": ("p0", "p0", "p2")}}, ["listed-twice"]),
        (
            {"assign": {"c0": "s0", "c1": "s1"}, "attend": {"s0": ("p0",), "s1": ("p1", "p2")}},
            ["specialist-busy"],
        ),
        ({"unscheduled": {"c0": ("full",)}}, ["wrong-unscheduled"]),
    ],
)  # fmt: skip
def test_answer_that_breaks_a_rule_is_found_out(changes: dict[str, Any], broken: list[str]) -> None:
    assert rules(replace(ANSWER, **changes)) == broken


@pytest.mark.parametrize(
    ("instance", "broken"),
    [
        ({"cases": (replace(CASE, boards=("lung",)), SURGICAL)}, ["wrong-board"]),
        ({"cases": (replace(CASE, ready=61), SURGICAL)}, ["not-ready"]),
        ({"meetings": (replace(FIRST, capacity=34), SECOND)}, ["over-capacity"]),
        ({"cases": (replace(CASE, named="p1"), SURGICAL)}, ["named-missing"]),
    ],
)
def test_answer_that_no_longer_fits_the_instance_is_found_out(instance: dict[str, Any], broken: list[str]) -> None:
    assert rules(ANSWER, replace(INSTANCE, **instance)) == broken


def test_nobody_and_no_room_is_in_two_meetings_at_once() -> None:
    instance = replace(INSTANCE, meetings=(FIRST, replace(SECOND, start=90, end=130)))
    answer = BoardAnswer({"c0": "s0", "c1": "s1"}, {"s0": ("p0",), "s1": ("p0", "p2")}, 50)

    assert rules(answer, instance) == ["double-booked", "room-clash"]


def test_claimed_cost_and_bound_are_recomputed() -> None:
    report = check_answer(INSTANCE, replace(ANSWER, cost=29, bound=31))

    assert [found.rule for found in report.violations] == ["wrong-cost", "wrong-bound"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"boards": ("lung",)}, ("no-session-of-board",)),
        ({"ready": 2000}, ("no-session-after-ready",)),
        ({"duration": 61}, ("longer-than-session",)),
        ({"ready": 100, "requires": ("surgery",)}, ("no-specialist:surgery",)),
        ({"ready": 100, "named": "p2"}, ("named-not-free:p2",)),
        ({"ready": 100, "target": 0, "weight": 100}, ("too-late",)),
        ({"unscheduled_cost": 20, "requires": ("surgery",)}, ("cheaper-left-out", "no-specialist:surgery")),
    ],
)
def test_case_left_out_has_its_reasons(changes: dict[str, Any], why: tuple[str, ...]) -> None:
    assert reasons(cases=(replace(CASE, **changes),)) == {"c0": why}


def test_case_without_room_is_left_out_because_the_meeting_is_full() -> None:
    many = tuple(replace(CASE, id=f"c{number}", ready=0) for number in range(5))

    assert reasons(cases=many, meetings=(FIRST,)) == {"c4": ("full",)}


def test_case_whose_specialist_is_elsewhere_says_so() -> None:
    meetings = (FIRST, replace(FIRST, id="s2", board="lung", room="r2"))
    cases = (replace(SURGICAL, id="c1", named="p2"), replace(SURGICAL, id="c2", boards=("lung",), named="p2"))

    assert reasons(cases=cases, meetings=meetings) == {"c2": ("specialist-elsewhere:p2",)}


def test_cliques_are_the_largest_groups_at_one_time() -> None:
    spans = [(0, 10), (5, 15), (10, 20), (30, 40), (12, 14)]

    assert find_cliques(spans, range(5)) == ((0, 1), (1, 2, 4))


@pytest.mark.parametrize("name", ["small-1", "small-2", "medium-1", "medium-2", "medium-3", "large-1"])
def test_greedy_plan_of_a_public_instance_is_right(name: str) -> None:
    path = instance_file(name)
    instance = read_board_instance(path.read_bytes(), path.name)
    compiled = compile_instance(instance)

    plan = plan_first_fit(compiled.core)
    answer = replace(read_plan(compiled, plan), unscheduled=explain_left_out(compiled, plan))

    assert check_core(compiled.core, plan) == ()
    assert check_answer(instance, answer).violations == ()

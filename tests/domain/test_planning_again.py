"""Proposing again beside what a person decided, and a draft beside the facts of a later day."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.boards import a_case, a_meeting, a_member, a_problem, a_seat, between
from tumorboard.domain.model import Proposal, Urgency
from tumorboard.domain.planning import Problem, check_plan, plan_greedy
from tumorboard.domain.planning_again import HandWork, keep_possible, propose_again, read_hand_work
from tumorboard.domain.planning_edit import Move, move_case
from tumorboard.domain.planning_today import find_wrong, see_today

UROLOGY = a_member("uro", "urology")
SEATS = (a_seat("urology", "uro", core=False),)


def a_board(*cases: object, meetings: int = 2, **more: object) -> Problem:
    return a_problem(
        *cases, meetings=[a_meeting(week) for week in range(meetings)], members=[UROLOGY], seats=SEATS, **more
    )  # type: ignore[arg-type]


def places(proposal: Proposal) -> dict[str, str]:
    return {entry.reference: plan.meeting for plan in proposal.meetings for entry in plan.agenda}


def codes(proposal: Proposal, reference: str) -> list[str]:
    known = {ref: reasons for plan in proposal.meetings for ref, reasons in plan.reasons.items()}
    return [reason.code for reason in {**known, **proposal.left_out}[reference]]


def by_hand(problem: Problem, *moves: Move) -> Proposal:
    proposal = plan_greedy(problem)
    for move in moves:
        proposal, _ = move_case(problem, proposal, move, "Kim")
    return proposal


def again(problem: Problem, before: Proposal) -> Proposal:
    return propose_again(problem, read_hand_work(before), seconds=1)


def test_what_was_placed_and_left_out_by_hand_stays() -> None:
    problem = a_board(a_case("A", "urology"), a_case("B"), a_case("C"))
    before = by_hand(problem, Move("A", "w1"), Move("B", None))

    proposal = again(replace(problem, cases=(*problem.cases, a_case("D"))), before)

    assert places(proposal) == {"A": "w1", "C": "w0", "D": "w0"}
    assert (codes(proposal, "A"), codes(proposal, "B")) == (["placed-by-hand"], ["left-out-by-hand"])
    assert read_hand_work(proposal).places == {"A": "w1", "B": None}


def test_place_chosen_by_hand_weighs_more_than_urgent_cases() -> None:
    """The meeting is full with ten cases; the urgent ones must find their places beside the one by hand."""
    routine = a_case("A", due_in_days=60)
    problem = a_board(routine, *(a_case(f"U{n}", urgency=Urgency.URGENT) for n in range(10)), meetings=1)
    work = HandWork({"A": "w0"}, {"A": "Kim"})

    proposal = propose_again(problem, work, seconds=1)

    assert (places(proposal)["A"], len(places(proposal))) == ("w0", 10)


def test_order_chosen_by_hand_stays_where_the_cases_are_the_same() -> None:
    problem = a_board(a_case("A", "urology"), a_case("B"), a_case("C", "urology"), meetings=1)
    order = [entry.reference for entry in plan_greedy(problem).meetings[0].agenda]
    before = by_hand(problem, Move(order[0], "w0", 1))

    proposal = again(problem, before)

    assert [e.reference for e in proposal.meetings[0].agenda] == [order[1], order[0], order[2]]


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        (lambda problem: replace(problem, meetings=problem.meetings[:1]), "no-meeting"),
        (lambda problem: replace(problem, members=tuple(
            replace(one, busy=(between(0, 60, week=1),)) if one.id == "uro" else one for one in problem.members
        )), "no-member-free"),
    ],
)  # fmt: skip
def test_place_that_became_impossible_is_named_with_its_reason(changed: object, rule: str) -> None:
    problem = a_board(a_case("A", "urology"), a_case("B"))
    before = by_hand(problem, Move("A", "w1"))

    proposal = again(changed(problem), before)  # type: ignore[operator]

    (first, *_) = proposal.meetings[0].reasons["A"]
    assert (places(proposal)["A"], first.code, first.values["rule"]) == ("w0", "hand-place-lost", rule)


def test_two_places_by_hand_that_do_not_fit_together_are_one_place() -> None:
    problem = a_board(a_case("A", minutes=40), a_case("B", minutes=40))

    kept, lost = keep_possible(problem, HandWork({"A": "w0", "B": "w0"}, {"A": "Kim", "B": "Kim"}))

    assert kept == {"A": "w0"}
    assert {ref: reason.values["rule"] for ref, reason in lost.items()} == {"B": "meeting-full"}


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABCDEF"), st.sampled_from(["w0", "w1", None])), max_size=5))
def test_what_is_possible_stays_and_the_plan_is_right(moves: list[tuple[str, str | None]]) -> None:
    problem = a_board(*(a_case(name, *(["urology"] if name in "AB" else [])) for name in "ABCDEF"))
    before = by_hand(problem, *(Move(*move) for move in moves))

    proposal = again(problem, before)

    wanted = read_hand_work(before).places
    assert {reference: places(proposal).get(reference) for reference in wanted} == wanted
    assert check_plan(problem, proposal) == ()


def test_case_that_came_after_the_draft_waits_and_makes_nothing_wrong() -> None:
    problem = a_board(a_case("A"), a_case("B"))
    proposal = plan_greedy(problem)

    today = see_today(replace(problem, cases=(*problem.cases, a_case("N"))), proposal)

    assert (today.came_after, today.wrong) == (("N",), ())


def test_case_left_out_and_closed_since_makes_nothing_wrong_and_a_placed_one_does() -> None:
    problem = a_board(a_case("A"), a_case("B", ready_in_days=None))
    proposal = plan_greedy(problem)

    left_out, placed = (
        find_wrong(replace(problem, cases=tuple(case for case in problem.cases if case.reference != gone)), proposal)
        for gone in ("B", "A")
    )

    assert (left_out, [reason.code for reason in placed]) == ((), ["unknown-case"])


def test_published_case_that_the_draft_does_not_know_would_be_lost() -> None:
    problem = a_board(a_case("A"))
    newly = replace(problem, cases=(*problem.cases, a_case("P", meeting="w0")))

    assert [reason.code for reason in find_wrong(newly, plan_greedy(problem))] == ["case-forgotten"]


def test_meetings_added_or_gone_without_a_case_make_nothing_wrong() -> None:
    problem = a_board(a_case("A"))
    proposal = plan_greedy(problem)

    added = find_wrong(replace(problem, meetings=(*problem.meetings, a_meeting(2))), proposal)
    gone = find_wrong(replace(problem, meetings=problem.meetings[:1]), proposal)

    assert (added, gone) == ((), ())


def test_meeting_that_is_gone_with_a_case_is_named_until_the_case_has_another_place() -> None:
    problem = a_board(a_case("A"))
    proposal = plan_greedy(problem)
    later = replace(problem, meetings=problem.meetings[1:])

    (gone,) = find_wrong(later, proposal)
    changed, broken = move_case(later, proposal, Move("A", "w1"), "Kim")

    assert (gone.code, gone.values["references"]) == ("meeting-gone", "A")
    assert (places(changed), broken) == ({"A": "w1"}, ())


def test_placed_case_that_was_withdrawn_can_be_taken_out_and_no_more() -> None:
    problem = a_board(a_case("A"), a_case("B"))
    proposal = plan_greedy(problem)
    later = replace(problem, cases=problem.cases[1:])

    changed, broken = move_case(later, proposal, Move("A", None), "Kim")

    assert (places(changed), dict(changed.left_out), broken) == ({"B": "w0"}, {}, ())


def test_days_after_its_limit_are_counted_for_placed_cases() -> None:
    problem = a_board(a_case("A", due_in_days=3))

    today = see_today(problem, by_hand(problem, Move("A", "w1")))

    assert dict(today.late) == {"A": 6}

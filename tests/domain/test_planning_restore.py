"""What was published before, laid out for the facts of now."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.boards import a_case, a_meeting, a_member, a_problem, a_seat
from tumorboard.domain.model import Proposal, Urgency
from tumorboard.domain.planning import Problem
from tumorboard.domain.planning_restore import restore_agendas
from tumorboard.domain.planning_today import find_wrong


def a_board(*cases: object, meetings: int = 2) -> Problem:
    return a_problem(
        *cases,  # type: ignore[arg-type]
        meetings=[a_meeting(week) for week in range(meetings)],
        members=[a_member("uro", "urology")],
        seats=(a_seat("urology", "uro", core=False),),
    )


def order(proposal: Proposal) -> list[list[str]]:
    return [[entry.reference for entry in plan.agenda] for plan in proposal.meetings]


def test_order_of_then_is_kept() -> None:
    problem = a_board(a_case("A", "urology"), a_case("B"), a_case("C", "urology"))

    restored = restore_agendas(problem, {"w0": ["A", "B", "C"]})

    assert (order(restored), find_wrong(problem, restored)) == ([["A", "B", "C"], []], ())


def test_case_that_became_urgent_moves_to_the_front() -> None:
    problem = a_board(a_case("A"), a_case("B"), a_case("C", urgency=Urgency.URGENT), a_case("D"))

    restored = restore_agendas(problem, {"w0": ["B", "A", "C"], "w1": ["D"]})

    first, second = order(restored)
    assert (first[0], sorted(first), second) == ("C", ["A", "B", "C"], ["D"])
    assert find_wrong(problem, restored) == ()


def test_order_stays_where_a_new_one_mends_nothing() -> None:
    """Nobody is there for C wherever it stands; the coordinator sees what she published."""
    problem = a_board(a_case("A"), a_case("C", "thoracic_surgery"), a_case("B"))

    restored = restore_agendas(problem, {"w0": ["A", "C", "B"]})

    assert order(restored) == [["A", "C", "B"], []]
    assert {reason.code for reason in find_wrong(problem, restored)} == {"need-uncovered"}


def test_closed_cases_stay_away_and_others_are_left_out() -> None:
    problem = a_board(a_case("A"), a_case("D"))

    restored = restore_agendas(problem, {"w0": ["A", "GONE"]})

    assert order(restored) == [["A"], []]
    assert {reference: [reason.code for reason in why] for reference, why in restored.left_out.items()} == {
        "D": ["not-restored"]
    }


@given(st.permutations("ABCDEF"), st.sets(st.sampled_from("ABCDEF")), st.sets(st.sampled_from("ABCDEF")))
@settings(max_examples=40, deadline=None)
def test_whatever_became_urgent_or_late_the_same_cases_come_back_right(
    then: list[str], urgent: set[str], last: set[str]
) -> None:
    cases = [
        replace(a_case(name, urgency=Urgency.URGENT if name in urgent else Urgency.ROUTINE), last_block=name in last)
        for name in "ABCDEF"
    ]
    problem = a_board(*cases)

    restored = restore_agendas(problem, {"w0": then})

    assert (sorted(order(restored)[0]), find_wrong(problem, restored)) == (sorted(then), ())

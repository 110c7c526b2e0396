"""A case moved by hand: the plan that follows, and the same told before it is saved."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.boards import a_case, a_meeting, a_member, a_problem, a_seat
from tumorboard.domain.errors import NotFound
from tumorboard.domain.planning import Problem, plan_greedy
from tumorboard.domain.planning_edit import Move, move_case, preview_moves

UROLOGY = a_member("uro", "urology")
SEATS = (a_seat("urology", "uro", core=False),)


def three_cases() -> Problem:
    """Two cases need urology, one needs nobody; two meetings."""
    return a_problem(
        a_case("A", "urology"), a_case("B"), a_case("C", "urology"),
        meetings=[a_meeting(0), a_meeting(1)], members=[UROLOGY], seats=SEATS,
    )  # fmt: skip


def orders(plan: object) -> dict[str, list[str]]:
    return {one.meeting: [entry.reference for entry in one.agenda] for one in plan.meetings}  # type: ignore[attr-defined]


def test_case_takes_the_place_it_is_given() -> None:
    problem = three_cases()
    proposal = plan_greedy(problem)
    order = orders(proposal)["w0"]

    changed, broken = move_case(problem, proposal, Move(order[0], "w0", 2), "coordinator")

    assert orders(changed)["w0"] == [*order[1:], order[0]]
    assert broken == ()
    assert [reason.code for reason in changed.meetings[0].reasons[order[0]]] == ["placed-by-hand"]


def test_meeting_that_a_case_leaves_keeps_its_order() -> None:
    problem = three_cases()
    proposal = plan_greedy(problem)
    order = orders(proposal)["w0"]

    changed, _ = move_case(problem, proposal, Move(order[1], "w1"), "coordinator")

    assert orders(changed) == {"w0": [order[0], order[2]], "w1": [order[1]]}


def test_case_that_is_taken_out_says_by_whom() -> None:
    problem = three_cases()

    changed, _ = move_case(problem, plan_greedy(problem), Move("B", None), "coordinator")

    assert [(reason.code, reason.values["by"]) for reason in changed.left_out["B"]] == [
        ("left-out-by-hand", "coordinator")
    ]


@pytest.mark.parametrize(("move", "code"), [(Move("Z", "w0"), "unknown-case"), (Move("A", "w9"), "unknown-meeting")])
def test_move_of_or_to_nothing_is_refused(move: Move, code: str) -> None:
    problem = three_cases()

    with pytest.raises(NotFound) as refused:
        move_case(problem, plan_greedy(problem), move, "coordinator")

    assert refused.value.code == code


def test_preview_names_the_window_and_the_minutes() -> None:
    problem = three_cases()
    proposal = plan_greedy(problem)
    together = [reference for reference in orders(proposal)["w0"] if reference != "B"]
    apart = Move("B", "w0", 1)

    (effect,) = preview_moves(problem, proposal, [apart])

    (window,) = effect.windows
    assert (window.member, effect.broken, len(together)) == ("uro", (), 2)
    assert effect.held_minutes[1] - effect.held_minutes[0] == 6
    assert window.after is not None
    assert window.before is not None
    assert window.after.minutes - window.before.minutes == 6


@settings(max_examples=30, deadline=None)
@given(
    reference=st.sampled_from("ABC"), meeting=st.sampled_from(["w0", "w1", None]),
    position=st.none() | st.integers(0, 4),
)  # fmt: skip
def test_preview_tells_what_saving_does(reference: str, meeting: str | None, position: int | None) -> None:
    problem = three_cases()
    proposal = plan_greedy(problem)
    move = Move(reference, meeting, position)

    (effect,) = preview_moves(problem, proposal, [move])
    changed, broken = move_case(problem, proposal, move, "coordinator")

    spans = [e.span for plan in changed.meetings for e in plan.agenda if e.reference == reference]
    assert (effect.span, effect.broken) == (spans[0] if spans else None, broken)
    held = [sum(plan.held_minutes for plan in each.meetings) for each in (proposal, changed)]
    assert effect.held_minutes[1] - effect.held_minutes[0] == held[1] - held[0]

"""What a change would do to a plan; and nothing when there is none, or when it is undone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.boards import NOW, a_case, a_meeting, a_member, a_problem, at, between
from tests.domain.test_planning_properties import problems
from tumorboard.domain.errors import BadInput, NotFound
from tumorboard.domain.model import MeetingPlan, Urgency
from tumorboard.domain.planning import Problem, check_meetings, plan_greedy
from tumorboard.domain.timeline import Interval
from tumorboard.domain.what_if import answer_what_if, present_plans, published_plans
from tumorboard.domain.what_if_changes import (
    Absent,
    Added,
    Admitted,
    Cancelled,
    Change,
    Rated,
    Ready,
    Withdrawn,
    apply_changes,
)
from tumorboard.domain.what_if_difference import CaseChange, Difference, MemberChange

EXTRA = replace(a_meeting(), id="extra", span=between(3 * 24 * 60, 3 * 24 * 60 + 60))
AWAY = Interval(at(-60), at(120))


def hepatic(*, deputies: int = 0, **changes: object) -> Problem:
    """Two cases of one surgeon, perhaps with others who could come instead."""
    members = [a_member(f"hpb{number}", "hpb_surgery") for number in range(deputies + 1)]
    return a_problem(a_case("c1", "hpb_surgery"), a_case("c2"), members=members)


def ask(problem: Problem, *changes: Change) -> Difference:
    return answer_what_if(problem, plan_greedy(problem).meetings, changes)


def cases(difference: Difference) -> list[tuple[str, CaseChange, str | None, str | None]]:
    return [(one.reference, one.change, one.before, one.after) for one in difference.cases]


def members(difference: Difference) -> list[tuple[str, str, MemberChange]]:
    return [(one.meeting, one.member, one.change) for one in difference.members]


def test_absent_specialist_moves_her_case_to_the_next_meeting() -> None:
    difference = ask(hepatic(), Absent("hpb0", AWAY))

    assert cases(difference) == [("c1", CaseChange.MOVED, "w0", "w1")]
    assert members(difference)[0] == ("w0", "hpb0", MemberChange.RELEASED)
    assert ("w1", "hpb0", MemberChange.CALLED) in members(difference)
    assert "no-member-free" in {reason.code for reason in difference.cases[0].reasons}
    assert difference.after.cost > difference.before.cost


def test_deputy_comes_instead_and_no_case_moves() -> None:
    difference = ask(hepatic(deputies=1), Absent("hpb0", AWAY))

    assert cases(difference) == []
    assert members(difference) == [
        ("w0", "hpb0", MemberChange.RELEASED),
        ("w0", "hpb1", MemberChange.CALLED),
    ]


def test_absence_of_somebody_who_is_not_asked_changes_nothing() -> None:
    difference = ask(hepatic(deputies=1), Absent("hpb1", AWAY))

    assert difference.is_nothing
    assert difference.before == difference.after


def test_urgent_case_takes_the_place_of_another() -> None:
    meetings = [a_meeting(0, minutes=10), a_meeting(1, minutes=10)]
    problem = a_problem(a_case("c1", minutes=10), a_case("c2", minutes=10), meetings=meetings)

    difference = ask(problem, Rated("c2"))

    assert cases(difference) == [("c1", CaseChange.MOVED, "w0", "w1"), ("c2", CaseChange.MOVED, "w1", "w0")]


def test_cancelled_meeting_sends_its_cases_on_and_releases_its_members() -> None:
    difference = ask(hepatic(), Cancelled("w0"))

    assert [(one.reference, one.after) for one in difference.cases] == [("c1", "w1"), ("c2", "w1")]
    assert [one for one in members(difference) if one[2] is MemberChange.RELEASED] == [
        ("w0", "gyn", MemberChange.RELEASED),
        ("w0", "hpb0", MemberChange.RELEASED),
        ("w0", "rad", MemberChange.RELEASED),
    ]


def test_added_meeting_takes_the_case_that_found_no_place() -> None:
    problem = a_problem(a_case("c1", minutes=10), a_case("c2", minutes=10), meetings=[a_meeting(0, minutes=10)])

    difference = ask(problem, Added(EXTRA))

    assert cases(difference) == [("c2", CaseChange.PLACED, None, "extra")]
    assert (difference.before.left_out, difference.after.left_out) == (1, 0)


def test_case_without_its_report_is_not_ready_for_an_added_meeting_either() -> None:
    problem = a_problem(a_case("c1", blocked_on={"w0": ("ct",)}), meetings=[a_meeting(0)])

    assert ask(problem, Added(EXTRA)).is_nothing


def test_report_that_is_there_lets_a_case_in() -> None:
    difference = ask(a_problem(a_case("c1", ready_in_days=None, blocked_by=["ct"])), Ready("c1"))

    assert cases(difference) == [("c1", CaseChange.PLACED, None, "w0")]


def test_withdrawn_case_makes_room() -> None:
    meetings = [a_meeting(0, minutes=10)]
    problem = a_problem(a_case("c1", minutes=10, urgency=Urgency.URGENT), a_case("c2", minutes=10), meetings=meetings)

    difference = ask(problem, Withdrawn("c1"))

    assert cases(difference) == [("c1", CaseChange.GONE, "w0", None), ("c2", CaseChange.PLACED, None, "w0")]


def test_case_left_for_later_stays_out_when_another_makes_room() -> None:
    meetings = [a_meeting(0, minutes=10)]
    problem = a_problem(a_case("c1", minutes=10, urgency=Urgency.URGENT), a_case("c2", minutes=10), meetings=meetings)

    difference = answer_what_if(problem, plan_greedy(problem).meetings, [Withdrawn("c1")], stay_out=frozenset({"c2"}))

    assert cases(difference) == [("c1", CaseChange.GONE, "w0", None)]


def test_urgent_case_that_is_not_ready_says_so() -> None:
    difference = ask(a_problem(a_case("c1", ready_in_days=None, blocked_by=["ct"])), Rated("c1"))

    assert difference.is_nothing
    assert cases(difference) == [("c1", CaseChange.STILL_OUT, None, None)]
    assert [reason.code for reason in difference.cases[0].reasons] == ["not-ready"]


def test_supposed_absence_is_not_an_appointment_that_could_move() -> None:
    problem = a_problem(a_case("c1", "hpb_surgery"), members=[a_member("hpb", "hpb_surgery")], meetings=[a_meeting(0)])

    difference = ask(problem, Absent("hpb", AWAY))

    assert [reason.code for reason in difference.cases[0].reasons] == ["no-member-free"]


def test_admitted_case_is_placed() -> None:
    assert cases(ask(hepatic(), Admitted(a_case("c3")))) == [("c3", CaseChange.PLACED, None, "w0")]


def test_draft_of_yesterday_is_read_for_the_meetings_and_cases_of_today() -> None:
    problem = hepatic()
    yesterday = plan_greedy(problem).meetings
    today = replace(problem, cases=problem.cases[1:], meetings=problem.meetings[:2])

    plans = present_plans(today, yesterday)

    assert [[entry.reference for entry in plan.agenda] for plan in plans] == [["c2"], []]


def test_published_agendas_are_a_plan_too() -> None:
    problem = a_problem(
        a_case("c1", meeting="w0"), a_case("c2", meeting="w0"), meetings=[a_meeting(published=["c2", "c1"])]
    )

    assert [entry.reference for entry in published_plans(problem)[0].agenda] == ["c2", "c1"]


@pytest.mark.parametrize(
    ("change", "refused", "code"),
    [
        (Absent("nobody", AWAY), NotFound, "unknown-member"),
        (Rated("c9"), NotFound, "unknown-case"),
        (Ready("c9"), NotFound, "unknown-case"),
        (Withdrawn("c9"), NotFound, "unknown-case"),
        (Cancelled("w9"), NotFound, "unknown-meeting"),
        (Admitted(a_case("c1")), BadInput, "case-exists"),
        (Added(a_meeting(0)), BadInput, "meeting-exists"),
        (Added(replace(EXTRA, span=Interval(NOW, at(0)))), BadInput, "meeting-past"),
    ],
)
def test_impossible_change_is_refused(change: Change, refused: type[Exception], code: str) -> None:
    with pytest.raises(refused) as found:
        apply_changes(hepatic(), [change])

    assert getattr(found.value, "code") == code  # noqa: B009 - the two kinds share no typed attribute


@st.composite
def undone(draw: st.DrawFn) -> tuple[Problem, list[Change]]:
    """A board, and changes with what undoes them."""
    drawn = draw(problems())
    problem = replace(drawn, cases=tuple(sorted(drawn.cases, key=lambda case: (case.referred_at, case.reference))))
    changes: list[Change] = [Added(replace(EXTRA, id="perhaps"), "room"), Cancelled("perhaps")]
    for case in problem.cases[:2]:
        changes += [Withdrawn(case.reference), Admitted(case)]
        changes += [
            Rated(case.reference, Urgency.URGENT),
            Rated(case.reference, case.urgency, case.due_at),
        ]
    return problem, changes


@settings(deadline=None, max_examples=50)
@given(undone())
def test_what_if_and_its_undo_give_back_the_draft(board: tuple[Problem, list[Change]]) -> None:
    problem, changes = board
    plans = plan_greedy(problem).meetings

    difference = answer_what_if(problem, plans, changes)

    assert difference.is_nothing
    assert difference.plans == plans
    assert difference.before == difference.after


@settings(deadline=None, max_examples=30)
@given(problems())
def test_answer_is_right_and_the_same_again(problem: Problem) -> None:
    plans = plan_greedy(problem).meetings
    changes: list[Change] = [Absent("gyn", AWAY), Cancelled("w1")]
    changed = apply_changes(problem, changes)

    difference = answer_what_if(problem, plans, changes)

    assert check_meetings(changed, difference.plans) == ()
    assert answer_what_if(problem, plans, changes) == difference
    assert _listed(plans, difference) == _listed(difference.plans, difference)


def _listed(plans: tuple[MeetingPlan, ...], difference: Difference) -> dict[str, str]:
    """Meeting per case, without those the difference names."""
    named = {one.reference for one in difference.cases}
    return {entry.reference: plan.meeting for plan in plans for entry in plan.agenda if entry.reference not in named}

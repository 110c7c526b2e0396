"""Repairs: what is right stays to the minute, and no repair with fewer moved cases exists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.boards import a_case, a_meeting, a_member, a_problem, a_seat, between
from tumorboard.domain.model import MeetingPlan, Proposal
from tumorboard.domain.planning import Problem, check_plan, lay_out, plan_greedy
from tumorboard.domain.planning_check import check_meetings
from tumorboard.domain.planning_repair import KEPT, LEFT_FOR_LATER, Moves, measure_moves, repair_plan
from tumorboard.domain.review import as_published, review_meetings

UROLOGISTS = (a_member("uro", "urology"), a_member("uro2", "urology"))
HPB = a_member("hpb", "hpb_surgery")
SEATS = (a_seat("urology", "uro", "uro2", core=False), a_seat("hpb_surgery", "hpb", core=False))


def published_of(problem: Problem) -> tuple[Problem, tuple[MeetingPlan, ...]]:
    """The problem after its proposal was published: the same facts with where each case stands, and the plans."""
    plans = plan_greedy(problem).meetings
    places = {entry.reference: plan.meeting for plan in plans for entry in plan.agenda}
    cases = tuple(replace(case, meeting=places.get(case.reference)) for case in problem.cases)
    listed = {plan.meeting: tuple(entry.reference for entry in plan.agenda) for plan in plans}
    meetings = tuple(replace(meeting, published=listed[meeting.id]) for meeting in problem.meetings)
    invited = {plan.meeting: tuple(one.member for one in plan.attendances if one.kind == "on_demand") for plan in plans}
    later = replace(problem, cases=cases, meetings=meetings, invited=invited)
    return later, tuple(as_published(later, plan) for plan in plans)


def with_absence(problem: Problem, member: str, *, week: int) -> Problem:
    """The member is away on the day of the meeting of that week."""
    away = between(-60, 600, week=week)
    members = tuple(
        replace(known, busy=tuple(sorted((*known.busy, away)))) if known.id == member else known
        for known in problem.members
    )
    return replace(problem, members=members)


def repaired(problem: Problem, plans: tuple[MeetingPlan, ...]) -> tuple[Proposal, Moves]:
    proposal = repair_plan(problem, tuple(as_published(problem, plan) for plan in plans), seconds=2)
    return proposal, measure_moves(plans, proposal.meetings)


def test_what_is_right_stays_to_the_minute() -> None:
    problem, plans = published_of(a_problem(a_case("C-1"), a_case("C-2", "urology"), members=UROLOGISTS, seats=SEATS))

    proposal, moves = repaired(problem, plans)

    assert moves == Moves()
    assert [plan.attendances for plan in proposal.meetings] == [plan.attendances for plan in plans]


def test_an_absent_specialist_is_replaced_and_nothing_else_changes() -> None:
    cases = [a_case("C-1"), a_case("C-2", "urology"), a_case("C-3", "hpb_surgery"), a_case("C-4", "urology")]
    problem, plans = published_of(a_problem(*cases, members=(*UROLOGISTS, HPB), seats=SEATS))
    changed = with_absence(problem, "uro", week=0)

    proposal, moves = repaired(changed, plans)

    assert moves == Moves(invited=(("w0", "uro2"),), withdrawn=(("w0", "uro"),))
    assert proposal.solver == KEPT
    assert [e.span for e in proposal.meetings[0].agenda] == [e.span for e in plans[0].agenda]
    assert check_plan(changed, proposal) == ()


def test_a_case_without_a_substitute_moves_alone() -> None:
    cases = [a_case("C-1"), a_case("C-2", "urology"), a_case("C-3", "hpb_surgery"), a_case("C-4")]
    problem, plans = published_of(a_problem(*cases, members=(*UROLOGISTS, HPB), seats=SEATS))
    changed = with_absence(problem, "hpb", week=0)

    proposal, moves = repaired(changed, plans)

    assert (moves.moved, moves.taken_off) == (("C-3",), ())
    assert moves.invited == (("w1", "gyn"), ("w1", "hpb"), ("w1", "rad"))
    assert moves.withdrawn == (("w0", "hpb"),)
    assert [reason.code for reason in proposal.meetings[0].reasons["C-1"]] == ["kept-as-published"]
    assert check_plan(changed, proposal) == ()


def test_a_case_does_not_wait_for_an_empty_meeting_because_one_invitation_is_new_on_the_next() -> None:
    cases = [a_case("C-1", "hpb_surgery"), a_case("C-2", "urology", due_in_days=60)]
    meetings = [a_meeting(0, minutes=6), a_meeting(1), a_meeting(2)]
    problem, plans = published_of(a_problem(*cases, meetings=meetings, members=(*UROLOGISTS, HPB), seats=SEATS))
    assert [meeting.published for meeting in problem.meetings] == [("C-1",), ("C-2",), ()]

    _, moves = repaired(with_absence(problem, "hpb", week=0), plans)

    assert (moves.moved, moves.invited) == (("C-1",), (("w1", "hpb"),))


def test_a_waiting_case_is_left_for_the_next_proposal() -> None:
    problem, plans = published_of(a_problem(a_case("C-1"), members=UROLOGISTS, seats=SEATS))
    changed = replace(problem, cases=(*problem.cases, a_case("C-9")))

    proposal, moves = repaired(changed, plans)

    assert moves == Moves()
    assert [reason.code for reason in proposal.left_out["C-9"]] == [LEFT_FOR_LATER]
    assert check_plan(changed, proposal) == ()


def test_a_case_that_nobody_can_cover_any_more_is_taken_off() -> None:
    problem, plans = published_of(a_problem(a_case("C-1"), a_case("C-3", "hpb_surgery"), members=(HPB,), seats=SEATS))
    changed = replace(problem, members=tuple(member for member in problem.members if member.id != "hpb"))

    proposal, moves = repaired(changed, plans)

    assert (moves.taken_off, moves.withdrawn) == (("C-3",), (("w0", "hpb"),))
    assert set(proposal.left_out) == {"C-3"}


def test_a_newcomer_is_put_beside_the_cases_of_its_specialist() -> None:
    full = a_meeting(0, minutes=12)
    cases = [
        a_case("C-1", "hpb_surgery", referred_days_ago=9), a_case("C-2", referred_days_ago=8),
        a_case("C-3", "hpb_surgery", due_in_days=60), a_case("C-4", due_in_days=60), a_case("C-5", due_in_days=60),
    ]  # fmt: skip
    problem, plans = published_of(a_problem(*cases, meetings=[full, a_meeting(1)], members=(HPB,), seats=SEATS))
    changed = with_absence(problem, "hpb", week=0)

    proposal, moves = repaired(changed, plans)

    assert (moves.moved, moves.cost[:3]) == (("C-1",), (0, 1, 1))
    order = [entry.reference for entry in proposal.meetings[1].agenda]
    assert abs(order.index("C-1") - order.index("C-3")) == 1


def _assignments(problem: Problem) -> Iterator[dict[str, list[str]]]:
    """Every way to put the published cases on the meetings or on none."""
    names = [meeting.id for meeting in problem.meetings]
    published = [case for case in problem.cases if case.meeting is not None]
    for places in product([*names, None], repeat=len(published)):
        found: dict[str, list[str]] = {name: [] for name in names}
        for case, place in zip(published, places, strict=True):
            if place is not None:
                found[place].append(case.reference)
        yield found


def fewest_moves(problem: Problem, plans: tuple[MeetingPlan, ...]) -> tuple[int, int]:
    """By brute force: the fewest cases that must be taken off, and then the fewest on another meeting than before."""
    before = {entry.reference: plan.meeting for plan in plans for entry in plan.agenda}
    smaller = replace(problem, cases=tuple(case for case in problem.cases if case.meeting is not None))
    counts = []
    for assignment in _assignments(problem):
        after = {reference: name for name, references in assignment.items() for reference in references}
        if not check_meetings(smaller, lay_out(smaller, assignment)):
            moved = sum(before[reference] != name for reference, name in after.items())
            counts.append((len(before) - len(after), moved))
    return min(counts)


@settings(max_examples=8, deadline=None)
@given(
    needs=st.lists(st.sampled_from(["", "urology", "hpb_surgery"]), min_size=1, max_size=5),
    minutes=st.sampled_from([12, 18, 60]),
    away=st.lists(st.tuples(st.sampled_from(["uro", "uro2", "hpb", "gyn"]), st.integers(0, 2)), min_size=1, max_size=3),
)
def test_no_repair_moves_fewer_cases(needs: list[str], minutes: int, away: list[tuple[str, int]]) -> None:
    cases = [a_case(f"C-{number}", *([need] if need else [])) for number, need in enumerate(needs, 1)]
    meetings = [a_meeting(week, minutes=minutes) for week in range(3)]
    problem, plans = published_of(a_problem(*cases, meetings=meetings, members=(*UROLOGISTS, HPB), seats=SEATS))
    changed = problem
    for member, week in away:
        changed = with_absence(changed, member, week=week) if not _is_away(changed, member, week) else changed

    proposal, moves = repaired(changed, plans)

    assert check_plan(changed, proposal) == ()
    assert moves.cost[:2] == fewest_moves(changed, plans)


def _is_away(problem: Problem, member: str, week: int) -> bool:
    return any(known.id == member and between(-60, 600, week=week) in known.busy for known in problem.members)


@pytest.mark.parametrize(("member", "week"), [("uro", 0), ("hpb", 0), ("gyn", 1)])
def test_meetings_that_nothing_touched_are_the_same_after_a_repair(member: str, week: int) -> None:
    cases = [a_case(f"C-{number}", "urology", minutes=20) for number in range(1, 6)]
    problem, plans = published_of(a_problem(*cases, members=(*UROLOGISTS, HPB), seats=SEATS))
    changed = with_absence(problem, member, week=week)
    wrong = {reason.values["meeting"] for reason in review_meetings(changed, plans)}

    proposal, moves = repaired(changed, plans)

    touched = wrong | {
        plan.meeting
        for plan in proposal.meetings
        if {entry.reference for entry in plan.agenda} & {*moves.moved, *moves.taken_off}
    }
    untouched = [plan for plan in plans if plan.meeting not in touched]
    after = {plan.meeting: plan for plan in proposal.meetings}
    assert [after[plan.meeting].attendances for plan in untouched] == [plan.attendances for plan in untouched]
    assert [after[plan.meeting].agenda for plan in untouched] == [plan.agenda for plan in untouched]

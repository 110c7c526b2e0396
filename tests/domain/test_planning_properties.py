"""What holds for every plan: it is right, the solver is never worse than greed, and equal input gives equal output."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.boards import NOW, a_case, a_meeting, a_member, a_need, a_problem, a_seat, at, between
from tumorboard.domain.model import MeetingFacts, MemberFacts, Need, Proposal, SeatKind, Urgency, WaitingCase
from tumorboard.domain.planning import (
    REASON_CODES,
    VIOLATION_CODES,
    Problem,
    check_meetings,
    check_plan,
    lay_out,
    plan_greedy,
    propose,
)
from tumorboard.domain.quorum import meeting_coverage
from tumorboard.domain.timeline import Interval, merge

CALLED = ("hpb_surgery", "urology", "geriatrics")


@st.composite
def busy_times(draw: st.DrawFn) -> tuple[Interval, ...]:
    """Up to three bookings around the meetings, on whole and broken minutes of the hour."""
    starts = draw(st.lists(st.tuples(st.integers(0, 2), st.integers(-20, 50), st.integers(5, 80)), max_size=3))
    return merge(between(start, start + length, week=week) for week, start, length in starts)


@st.composite
def people(draw: st.DrawFn) -> list[MemberFacts]:
    """Up to five members with one or two of the called-in specialties."""
    return [
        a_member(
            f"m{place}",
            *draw(st.sets(st.sampled_from(CALLED), min_size=1, max_size=2)),
            busy=draw(busy_times()),
            certificates=draw(st.sampled_from([(), ("certified",)])),
            most_calls=draw(st.sampled_from([None, None, None, 1, 2])),
        )
        for place in range(draw(st.integers(1, 5)))
    ]


@st.composite
def needs(draw: st.DrawFn) -> list[Need]:
    """Up to three needs beside the core's, required or recommended, some with a certificate."""
    return [
        a_need(
            specialty,
            required=draw(st.booleans()),
            certificate=draw(st.sampled_from([None, None, "certified"])),
        )
        for specialty in draw(st.lists(st.sampled_from(CALLED), unique=True, max_size=3))
    ]


@st.composite
def cases(draw: st.DrawFn) -> list[WaitingCase]:
    """Up to seven cases of every kind."""
    return [
        a_case(
            f"c{place}",
            *draw(needs()),
            minutes=draw(st.sampled_from([1, 4, 8, 15])),
            urgency=draw(st.sampled_from(list(Urgency))),
            due_in_days=draw(st.integers(-3, 20)),
            ready_in_days=draw(st.sampled_from([None, -1, -1, 3, 10])),
            blocked_on={"w1": ("ct",)} if draw(st.integers(0, 5)) == 0 else {},
            named=draw(st.sampled_from([(), (), (), ("m0",), ("gyn",)])),
            meeting=draw(st.sampled_from([None, None, "w0", "w1", "gone"])),
            last_block=draw(st.booleans()),
            fixed_at=draw(st.sampled_from([None, None, None, None, at(0), at(12), at(14, week=1)])),
            earlier=draw(st.sampled_from([(), (), ("m0",), ("m0", "m1")])),
        )
        for place in range(draw(st.integers(0, 7)))
    ]


@st.composite
def calendars(draw: st.DrawFn) -> list[MeetingFacts]:
    """Two weekly meetings and perhaps a third that overlaps the second."""
    minutes = draw(st.sampled_from([20, 30, 60]))
    breaks = draw(st.sampled_from([(), (), ((12, 5),)]))
    meetings = [a_meeting(0, minutes=minutes, breaks=breaks), a_meeting(1, minutes=minutes)]
    if draw(st.booleans()):
        meetings.append(
            MeetingFacts(
                id="extra",
                span=between(10, 40, week=1),
                closes_at=at(-60, week=1),
                time_zone="Asia/Seoul",
                is_extra=draw(st.booleans()),
            )
        )
    return meetings


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """A small board."""
    members = draw(people())
    core = [
        a_member("gyn", "gynecologic_oncology", busy=draw(busy_times())),
        a_member("deputy", "gynecologic_oncology", "urology"),
        a_member("rad", "radiology"),
        a_member("rad2", "radiology"),
    ]
    holders = [member.id for member in members if "hpb_surgery" in member.specialties]
    problem = a_problem(
        *draw(cases()),
        meetings=draw(calendars()),
        core_members=core,
        core_seats=[a_seat("gynecologic_oncology", "gyn", "deputy"), a_seat("radiology", "rad", "rad2")],
        members=members,
        seats=[a_seat("hpb_surgery", *reversed(holders), core=False)],
        now=draw(st.sampled_from([NOW, at(-60), at(5)])),
    )
    return replace(
        problem,
        rooms=draw(st.sampled_from([{}, {"w0": "a", "w1": "a", "extra": "b"}, {"w0": "a", "w1": "a", "extra": "a"}])),
        room_bookings={"a": draw(st.sampled_from([(), (), (between(0, 30),)]))},
        calls_elsewhere={"m0": {(2027, 1): draw(st.integers(0, 2))}},
    )


def places_of(proposal: Proposal) -> dict[str, list[str]]:
    """The references per meeting of a proposal."""
    return {plan.meeting: [entry.reference for entry in plan.agenda] for plan in proposal.meetings}


def publish(problem: Problem, proposal: Proposal) -> Problem:
    """The same facts after the proposal was published."""
    places = places_of(proposal)
    on = {reference: meeting for meeting, references in places.items() for reference in references}
    windows = {
        plan.meeting: {one.member: one.span for one in plan.attendances if one.kind is SeatKind.ON_DEMAND}
        for plan in proposal.meetings
    }
    return replace(
        problem,
        cases=tuple(replace(case, meeting=on.get(case.reference)) for case in problem.cases),
        meetings=tuple(replace(meeting, published=tuple(places[meeting.id])) for meeting in problem.meetings),
        invited={meeting: tuple(found) for meeting, found in windows.items()},
        windows=windows,
    )


@settings(deadline=None, max_examples=150)
@given(problems())
def test_greedy_plan_is_right(problem: Problem) -> None:
    proposal = plan_greedy(problem)

    assert check_plan(problem, proposal) == ()


@settings(deadline=None, max_examples=60)
@given(problems())
def test_solved_plan_is_right_never_worse_and_the_same_again(problem: Problem) -> None:
    proposal = propose(problem)

    assert check_plan(problem, proposal) == ()
    assert proposal.cost <= proposal.greedy_cost == plan_greedy(problem).cost
    assert proposal.bound is None or proposal.bound <= proposal.cost
    assert propose(problem) == proposal


@settings(deadline=None, max_examples=60)
@given(problems(), problems())
def test_any_start_gives_a_right_plan_that_is_no_worse(problem: Problem, other: Problem) -> None:
    places = places_of(plan_greedy(other))

    proposal = propose(problem, solve=False, start=places)

    assert check_plan(problem, proposal) == ()
    assert proposal.cost <= proposal.greedy_cost


@settings(deadline=None, max_examples=60)
@given(problems())
def test_published_plan_stays_unless_something_cheaper_is_found(problem: Problem) -> None:
    before = propose(problem)
    published = publish(problem, before)
    kept = propose(published, solve=False, start=places_of(before))

    after = propose(published)

    assert check_plan(published, after) == ()
    assert after.cost <= kept.cost
    if after.cost == kept.cost:
        assert [(plan.agenda, plan.attendances) for plan in after.meetings] == [
            (plan.agenda, plan.attendances) for plan in before.meetings
        ]


@settings(deadline=None, max_examples=60)
@given(problems())
def test_no_greedy_plan_is_cheaper_than_a_proven_bound(problem: Problem) -> None:
    """A repair starts elsewhere and ends in another plan; the bound holds for each."""
    proposal = propose(problem)

    for case in problem.cases:
        smaller = replace(problem, cases=tuple(known for known in problem.cases if known != case))
        places = places_of(plan_greedy(smaller))
        assert proposal.bound is None or proposal.bound <= propose(problem, solve=False, start=places).cost


@settings(deadline=None, max_examples=60)
@given(problems())
def test_laying_out_a_proposal_again_changes_nothing(problem: Problem) -> None:
    proposal = plan_greedy(problem)
    assignment = {plan.meeting: [entry.reference for entry in plan.agenda] for plan in proposal.meetings}

    assert lay_out(problem, assignment) == proposal.meetings
    assert lay_out(problem, assignment, keep_order=True) == proposal.meetings


@settings(deadline=None, max_examples=100)
@given(problems(), st.data())
def test_any_list_made_by_hand_is_laid_out_with_its_gaps_reported(problem: Problem, data: st.DataObject) -> None:
    assignment: dict[str, list[str]] = {}
    for case in problem.cases:
        meeting = data.draw(st.sampled_from([None, *(meeting.id for meeting in problem.meetings)]))
        if meeting is not None:
            assignment.setdefault(meeting, []).append(case.reference)

    plans = lay_out(problem, assignment, keep_order=True)

    assert {plan.meeting: [entry.reference for entry in plan.agenda] for plan in plans if plan.agenda} == assignment
    found = {reason.code for reason in check_meetings(problem, plans)}
    assert found <= {
        "agenda-blocks-wrong",
        "case-after-closing",
        "case-not-ready",
        "fixed-time-missed",
        "meeting-started",
        "meeting-too-long",
        "named-member-missing",
        "need-uncovered",
        "room-in-use",
    }
    assert all(plans[place] == again for place, again in enumerate(lay_out(problem, assignment, keep_order=True)))


@settings(deadline=None, max_examples=60)
@given(problems())
def test_every_reason_has_a_known_code_with_its_values(problem: Problem) -> None:
    proposal = plan_greedy(problem)
    everything = [
        *proposal.left_out.values(),
        *(found for plan in proposal.meetings for found in plan.reasons.values()),
    ]

    for reasons in everything:
        assert reasons
        for reason in reasons:
            assert tuple(reason.values) == REASON_CODES[reason.code]


@settings(deadline=None, max_examples=60)
@given(problems())
def test_planned_cases_are_quorate(problem: Problem) -> None:
    members = {member.id: member for member in problem.members}
    by_reference = {case.reference: case for case in problem.cases}

    for plan in plan_greedy(problem).meetings:
        found = meeting_coverage(plan, cases=by_reference, members=members)
        assert all(coverage.is_quorate for coverage in found.values())
        windows = [one.span.minutes for one in plan.attendances if one.kind is SeatKind.ON_DEMAND]
        assert plan.held_minutes == sum(windows)


def test_codes_of_reasons_and_violations_differ() -> None:
    assert REASON_CODES.keys() & VIOLATION_CODES.keys() == set()

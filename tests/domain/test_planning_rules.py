"""Rooms, breaks, fixed times, call limits, extra meetings and continuity: each rule in the plan and in the checker."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.domain.boards import a_case, a_meeting, a_member, a_need, a_problem, a_seat, at, between
from tumorboard.domain.agenda_model import AgendaWeights
from tumorboard.domain.model import MeetingPlan, Proposal, Reason, SeatKind, Urgency
from tumorboard.domain.planning import (
    Problem,
    Weights,
    check_meetings,
    check_plan,
    lay_out,
    plan_greedy,
    propose,
    repair_weights,
)

HPB = (a_member("hpb", "hpb_surgery"), a_member("hpb2", "hpb_surgery"))
HPB_SEAT = a_seat("hpb_surgery", "hpb", "hpb2", core=False)
ROOM = {"w0": "room", "w1": "room", "w2": "room"}


def solved(problem: Problem) -> Proposal:
    """The proposal of the solver, checked, and no dearer than it says is possible."""
    proposal = propose(problem)
    assert check_plan(problem, proposal) == ()
    assert proposal.bound is not None
    assert proposal.bound <= proposal.cost
    return proposal


def placed(proposal: Proposal) -> dict[str, str]:
    """Meeting per case."""
    return {entry.reference: plan.meeting for plan in proposal.meetings for entry in plan.agenda}


def codes(proposal: Proposal, reference: str) -> list[str]:
    """The codes of the reasons for one case, placed or left out."""
    found: tuple[Reason, ...] = proposal.left_out.get(reference, ())
    for plan in proposal.meetings:
        found = plan.reasons.get(reference, found)
    return [reason.code for reason in found]


def called(proposal: Proposal) -> list[tuple[str, str]]:
    """Meeting and member of every call."""
    return [
        (plan.meeting, attendance.member)
        for plan in proposal.meetings
        for attendance in plan.attendances
        if attendance.kind is SeatKind.ON_DEMAND
    ]


def violations(problem: Problem, plans: tuple[MeetingPlan, ...]) -> list[str]:
    return [reason.code for reason in check_meetings(problem, plans)]


def test_meeting_whose_room_another_board_has_takes_nobody() -> None:
    problem = replace(a_problem(a_case("c1")), rooms=ROOM, room_bookings={"room": (between(30, 90),)})

    proposal = solved(problem)

    assert placed(proposal) == {"c1": "w1"}
    assert codes(proposal, "c1")[1] == "room-taken"
    assert violations(problem, lay_out(problem, {"w0": ["c1"]})) == ["room-in-use"]


def test_booking_that_ends_when_the_meeting_begins_is_no_clash() -> None:
    problem = replace(a_problem(a_case("c1")), rooms=ROOM, room_bookings={"room": (between(-30, 0), between(60, 90))})

    assert placed(solved(problem)) == {"c1": "w0"}


def test_extra_meeting_is_not_opened_in_the_room_of_a_regular_one() -> None:
    extra = replace(a_meeting(extra=True), id="extra", span=between(30, 90))
    problem = a_problem(
        a_case("c1", minutes=60),
        a_case("c2", minutes=60),
        meetings=[a_meeting(), extra],
        core_members=[a_member(name, "gynecologic_oncology", "radiology") for name in ("one", "two")],
        core_seats=[a_seat("gynecologic_oncology", "one", "two"), a_seat("radiology", "one", "two")],
    )
    sharing = replace(problem, rooms={"w0": "room", "extra": "room"})

    assert (len(placed(solved(problem))), len(placed(solved(sharing)))) == (2, 1)
    assert set(placed(solved(sharing)).values()) == {"w0"}


def test_of_two_extra_meetings_in_one_room_one_is_opened() -> None:
    extras = [replace(a_meeting(extra=True), id=name, span=between(start, start + 60)) for name, start in
              (("early", 0), ("late", 30))]  # fmt: skip
    problem = a_problem(
        a_case("c1", minutes=60),
        a_case("c2", minutes=60),
        meetings=extras,
        core_members=[a_member(name, "gynecologic_oncology", "radiology") for name in ("one", "two")],
        core_seats=[a_seat("gynecologic_oncology", "one", "two"), a_seat("radiology", "one", "two")],
    )
    sharing = replace(problem, rooms={"early": "room", "late": "room"})
    both = lay_out(problem, {"early": ["c1"], "late": ["c2"]})

    assert (len(placed(solved(problem))), len(placed(solved(sharing)))) == (2, 1)
    assert violations(problem, both) == []
    assert violations(sharing, both) == ["room-in-use", "room-in-use"]


def test_extra_meeting_is_opened_only_when_it_is_worth_it() -> None:
    meetings = [a_meeting(0, extra=True), a_meeting(1)]
    routine = a_problem(a_case("c1"), meetings=meetings)
    urgent = a_problem(a_case("c1", urgency=Urgency.URGENT, due_in_days=2), meetings=meetings)

    assert (placed(solved(routine)), placed(solved(urgent))) == ({"c1": "w1"}, {"c1": "w0"})


def test_extra_meeting_that_is_published_costs_nothing_more() -> None:
    meetings = [a_meeting(0, extra=True, published=["c1"]), a_meeting(1)]
    problem = a_problem(a_case("c1", meeting="w0"), a_case("c2"), meetings=meetings)

    assert placed(solved(problem)) == {"c1": "w0", "c2": "w0"}


def test_seats_of_a_regular_meeting_are_filled_before_those_of_an_extra_one() -> None:
    extra = replace(a_meeting(extra=True), id="extra", span=between(-30, 30))
    problem = a_problem(a_case("c1"), meetings=[extra, a_meeting()])

    assert placed(solved(problem)) == {"c1": "w0"}


def test_no_case_runs_into_a_break() -> None:
    problem = a_problem(
        *(a_case(f"c{n}", minutes=20) for n in range(2)), meetings=[a_meeting(breaks=[(30, 10)]), a_meeting(1)]
    )

    proposal = solved(problem)

    assert [entry.span for entry in proposal.meetings[0].agenda] == [between(0, 20), between(40, 60)]


def test_breaks_take_time_from_the_cases() -> None:
    meetings = [a_meeting(breaks=[(30, 10)]), a_meeting(1)]
    fitting = a_problem(a_case("c1", minutes=30), a_case("c2", minutes=20), meetings=meetings)
    too_long = a_problem(a_case("c1", minutes=25), a_case("c2", minutes=25), meetings=meetings)

    assert set(placed(solved(fitting)).values()) == {"w0"}
    assert sorted(placed(solved(too_long)).values()) == ["w0", "w1"]


def test_case_that_fits_beside_no_break_is_left_out() -> None:
    proposal = solved(a_problem(a_case("c1", minutes=31), meetings=[a_meeting(breaks=[(30, 10)])]))

    assert codes(proposal, "c1")[0] == "no-capacity"


def test_checker_finds_a_case_in_a_break_and_a_gap_without_one() -> None:
    with_break = a_problem(a_case("c1", minutes=20), a_case("c2", minutes=20), meetings=[a_meeting(breaks=[(30, 10)])])
    without = replace(with_break, meetings=(a_meeting(),))

    assert violations(without, lay_out(with_break, {"w0": ["c1", "c2"]})) == ["agenda-times-wrong"]
    assert violations(with_break, lay_out(without, {"w0": ["c1", "c2"]})) == ["agenda-times-wrong"]


def test_case_with_a_fixed_time_begins_exactly_then_and_others_fill_the_gap() -> None:
    problem = a_problem(a_case("c1", fixed_at=at(20), minutes=10), *(a_case(f"c{n}", minutes=20) for n in (2, 3)))

    proposal = solved(problem)

    agenda = {entry.reference: entry.span for entry in proposal.meetings[0].agenda}
    assert agenda["c1"] == between(20, 30)
    assert sorted(span.start for span in agenda.values()) == [at(0), at(20), at(30)]


def test_case_with_a_fixed_time_goes_only_on_the_meeting_that_spans_it() -> None:
    problem = a_problem(a_case("c1", fixed_at=at(54, week=1)), a_case("c2", fixed_at=at(55)))

    proposal = solved(problem)

    assert placed(proposal) == {"c1": "w1"}
    assert codes(proposal, "c1") == ["earliest-possible", "fixed-time"]
    assert codes(proposal, "c2")[0] == "fixed-time"
    assert violations(problem, lay_out(problem, {"w0": ["c1"]})) == ["fixed-time-missed"]


def test_two_cases_at_the_same_fixed_time_are_not_planned_together() -> None:
    urgent = a_case("c2", fixed_at=at(14), urgency=Urgency.URGENT, due_in_days=2)
    problem = a_problem(a_case("c1", fixed_at=at(10)), urgent)

    proposal = solved(problem)

    assert placed(proposal) == {"c2": "w0"}
    assert proposal.bound == proposal.cost
    assert violations(problem, lay_out(problem, {"w0": ["c1", "c2"]})) == ["fixed-time-missed"]


def test_fixed_time_waits_for_nobody_who_is_busy_then() -> None:
    problem = a_problem(
        a_case("c1", "hpb_surgery", fixed_at=at(20)),
        members=[a_member("hpb", "hpb_surgery", busy=[between(25, 60)]), HPB[1]],
        seats=[HPB_SEAT],
    )
    alone = replace(problem, members=problem.members[:-1])

    assert called(solved(problem)) == [("w0", "hpb2")]
    assert placed(solved(alone)) == {}


def test_fixed_time_may_break_the_order_of_the_blocks() -> None:
    problem = a_problem(
        a_case("c1", fixed_at=at(0), last_block=True), a_case("c2", urgency=Urgency.URGENT, due_in_days=2)
    )

    assert [entry.reference for entry in solved(problem).meetings[0].agenda] == ["c1", "c2"]


def test_member_is_not_called_more_often_in_a_week_than_she_takes() -> None:
    meetings = [a_meeting(), replace(a_meeting(), id="later", span=between(24 * 60, 25 * 60)), a_meeting(1)]
    cases = [a_case(f"c{n}", "hpb_surgery", minutes=60) for n in range(3)]
    limited = [a_member("hpb", "hpb_surgery", most_calls=1)]
    free = a_problem(*cases, meetings=meetings, members=[a_member("hpb", "hpb_surgery")])
    problem = a_problem(*cases, meetings=meetings, members=limited)

    assert called(solved(free)) == [("w0", "hpb"), ("later", "hpb"), ("w1", "hpb")]
    assert len(called(solved(problem))) == 2
    assert called(solved(problem))[-1] == ("w1", "hpb")
    plans = propose(free).meetings
    assert check_meetings(problem, plans) == (Reason("member-called-too-often", {"member": "hpb", "meeting": "later"}),)


def test_calls_to_other_boards_count() -> None:
    problem = a_problem(a_case("c1", "hpb_surgery"), members=[a_member("hpb", "hpb_surgery", most_calls=2)])
    called_elsewhere = replace(problem, calls_elsewhere={"hpb": {(2027, 1): 2}})

    proposal = solved(called_elsewhere)

    assert (placed(solved(problem)), placed(proposal)) == ({"c1": "w0"}, {"c1": "w1"})
    assert codes(proposal, "c1")[1] == "call-limit-reached"


def test_week_of_a_call_limit_is_that_of_the_meetings_zone() -> None:
    """Monday 08:30 in Seoul is still Sunday in London: the week of the call has begun."""
    monday = replace(a_meeting(), span=between(-24 * 60 - 8 * 60, -24 * 60 - 7 * 60), closes_at=at(-5000))
    problem = a_problem(
        a_case("c1", "hpb_surgery", urgency=Urgency.URGENT, ready_in_days=-9),
        meetings=[monday],
        members=[a_member("hpb", "hpb_surgery", most_calls=1)],
        now=at(-4000),
    )

    assert monday.span.start.isocalendar()[:2] == (2026, 53)
    assert placed(solved(replace(problem, calls_elsewhere={"hpb": {(2026, 53): 1}}))) == {"c1": "w0"}
    assert placed(solved(replace(problem, calls_elsewhere={"hpb": {(2027, 1): 1}}))) == {}


def test_core_seats_are_no_calls() -> None:
    problem = a_problem(
        a_case("c1"),
        core_members=[a_member("gyn", "gynecologic_oncology", most_calls=1), a_member("rad", "radiology")],
    )

    assert placed(solved(replace(problem, calls_elsewhere={"gyn": {(2027, 1): 1}}))) == {"c1": "w0"}


def test_who_was_called_in_before_is_called_again() -> None:
    first = a_problem(a_case("c1", "hpb_surgery"), members=HPB, seats=[HPB_SEAT])
    again = a_problem(a_case("c1", "hpb_surgery", earlier=["hpb2"]), members=HPB, seats=[HPB_SEAT])

    assert (called(solved(first)), called(solved(again))) == ([("w0", "hpb")], [("w0", "hpb2")])


def test_continuity_has_its_price() -> None:
    problem = a_problem(a_case("c1", "hpb_surgery", earlier=["hpb2"]), members=HPB, seats=[HPB_SEAT])
    away = replace(problem, members=tuple(one for one in problem.members if one.id != "hpb2"))
    busy = [replace(one, busy=(between(0, 60),)) if one.id == "hpb2" else one for one in problem.members]

    costs = [propose(changed).cost for changed in (problem, away, replace(problem, members=tuple(busy)))]

    assert costs == [3 + 30 + 3, 3 + 30, 3 + 30 + 15]


def test_earlier_member_without_the_specialty_is_nobody() -> None:
    problem = a_problem(a_case("c1", "hpb_surgery", earlier=["gyn", "gone"]), members=HPB, seats=[HPB_SEAT])

    assert propose(problem).cost == 3 + 30


def published(problem: Problem, proposal: Proposal) -> Problem:
    """The problem after the proposal was published."""
    places = placed(proposal)
    windows = {
        plan.meeting: {one.member: one.span for one in plan.attendances if one.kind is SeatKind.ON_DEMAND}
        for plan in proposal.meetings
    }
    listed = {plan.meeting: tuple(entry.reference for entry in plan.agenda) for plan in proposal.meetings}
    return replace(
        problem,
        cases=tuple(replace(case, meeting=places.get(case.reference)) for case in problem.cases),
        meetings=tuple(replace(meeting, published=listed[meeting.id]) for meeting in problem.meetings),
        invited={meeting: tuple(found) for meeting, found in windows.items()},
        windows=windows,
    )


def test_published_plan_stays_when_a_case_is_added() -> None:
    problem = a_problem(
        *(a_case(f"c{n}", *(["hpb_surgery"] if n % 2 else [])) for n in range(6)), members=HPB, seats=[HPB_SEAT]
    )
    before = solved(problem)
    later = published(problem, before)

    after = solved(replace(later, cases=(*later.cases, a_case("new"))))

    first = [entry.reference for entry in before.meetings[0].agenda]
    assert [entry.reference for entry in after.meetings[0].agenda if entry.reference != "new"] == first
    assert called(after) == called(before)


def test_repair_pays_any_delay_rather_than_a_move() -> None:
    weights = repair_weights(Weights())

    assert weights.unscheduled > 10 * weights.moved > 100 * weights.changed_invitation > 10_000 * weights.late_day


def test_plan_says_how_long_each_called_in_member_is_held_and_would_have_been() -> None:
    problem = a_problem(
        a_case("c1", "hpb_surgery"), a_case("c2", minutes=20), a_case("c3", "hpb_surgery"), members=[HPB[0]]
    )

    plan = solved(problem).meetings[0]

    assert plan.held_by_member == {"hpb": (32, 12)}
    assert (plan.held_minutes, plan.held_minutes_arrival) == (12, 32)


def test_weights_of_the_agenda_are_the_boards() -> None:
    """A complex case comes early, unless the board cares for nothing but short stays."""
    complex_case = replace(a_case("c9", minutes=10), is_complex=True)
    problem = a_problem(a_case("c1", "hpb_surgery", minutes=10), complex_case, members=[HPB[0]],
                        meetings=[a_meeting()])  # fmt: skip
    early = replace(problem, agenda=AgendaWeights(held_minute=0, complex_late=5))

    assert [entry.reference for entry in solved(early).meetings[0].agenda] == ["c9", "c1"]


@pytest.mark.parametrize("start", [{}, {"w2": ["c1"]}, {"w1": ["gone", "c2"], "none": ["c1"]}])
def test_any_plan_may_be_the_start(start: dict[str, list[str]]) -> None:
    problem = a_problem(a_case("c1"), a_case("c2", ready_in_days=3))

    proposal = propose(problem, start=start)

    assert (placed(proposal), check_plan(problem, proposal)) == ({"c1": "w0", "c2": "w1"}, ())


def test_start_is_kept_when_there_is_no_time_for_more() -> None:
    cases = [a_case(f"c{n}", "hpb_surgery", ready_in_days=3 * (n % 2)) for n in range(4)]
    problem = a_problem(*cases, members=HPB, seats=[HPB_SEAT])
    best = propose(problem)
    places = {plan.meeting: [entry.reference for entry in plan.agenda] for plan in best.meetings}

    again = propose(problem, solve=False, start=places)

    assert again.cost == best.cost <= plan_greedy(problem).cost


def test_cancelled_search_gives_the_greedy_plan_at_least() -> None:
    problem = a_problem(*(a_case(f"c{n}", "hpb_surgery") for n in range(4)), members=HPB, seats=[HPB_SEAT])

    proposal = propose(problem, is_cancelled=lambda: True)

    assert check_plan(problem, proposal) == ()
    assert proposal.cost <= proposal.greedy_cost


def test_progress_begins_with_a_plan() -> None:
    stages: list[str] = []

    propose(a_problem(a_case("c1")), on_progress=lambda progress: stages.append(progress.stage))

    assert stages[0] == "first-fit"
    assert stages[-1] == "done"


def test_attendance_for_advice_costs_less_and_is_bounded_so() -> None:
    """One member may be called in for something required, for advice, or once for both."""
    problem = a_problem(
        a_case("c1", "hpb_surgery"),
        a_case("c2", a_need("hpb_surgery", required=False), ready_in_days=3),
        members=[HPB[0]],
        seats=[HPB_SEAT],
    )

    proposal = solved(problem)

    assert proposal.bound == proposal.cost
    assert called(proposal) == [("w0", "hpb"), ("w1", "hpb")]


@pytest.mark.parametrize("work", [0.0, 0.5])
def test_equal_work_gives_an_equal_plan(work: float) -> None:
    cases = [a_case(f"c{n:02}", *(["hpb_surgery"] if n % 2 else []), ready_in_days=n % 9) for n in range(30)]
    problem = a_problem(
        *cases, members=HPB, seats=[HPB_SEAT], meetings=[a_meeting(week, minutes=40) for week in range(5)]
    )

    first, second = (propose(problem, work=work, seconds=60) for _ in range(2))

    assert first == second
    assert check_plan(problem, first) == ()

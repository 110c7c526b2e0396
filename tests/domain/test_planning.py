"""Which case goes to which meeting, and why."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.domain.boards import (
    CORE,
    CORE_MEMBERS,
    CORE_SEATS,
    NOW,
    a_case,
    a_meeting,
    a_member,
    a_need,
    a_problem,
    a_seat,
    at,
    between,
)
from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.domain.model import Attendance, MeetingPlan, Proposal, Reason, SeatKind, Urgency
from tumorboard.domain.planning import (
    REASON_CODES,
    VIOLATION_CODES,
    Problem,
    Weights,
    check_meetings,
    check_plan,
    lay_out,
    plan_greedy,
    propose,
)

HPB = a_seat("hpb_surgery", "hpb", core=False)


def placed(proposal: Proposal) -> dict[str, str]:
    """Meeting per case."""
    return {entry.reference: plan.meeting for plan in proposal.meetings for entry in plan.agenda}


def reasons(proposal: Proposal, reference: str) -> list[tuple[str, dict[str, str | int]]]:
    """Codes and values for one case, placed or left out."""
    found: tuple[Reason, ...] = proposal.left_out.get(reference, ())
    for plan in proposal.meetings:
        found = plan.reasons.get(reference, found)
    return [(reason.code, dict(reason.values)) for reason in found]


def called(plan: MeetingPlan) -> list[Attendance]:
    """The attendances with a window."""
    return [attendance for attendance in plan.attendances if attendance.kind is SeatKind.ON_DEMAND]


def solved(problem: Problem) -> Proposal:
    """The proposal of the solver, checked."""
    proposal = propose(problem)
    assert check_plan(problem, proposal) == ()
    return proposal


def test_ready_case_goes_to_the_first_meeting() -> None:
    proposal = solved(a_problem(a_case("c1")))

    assert placed(proposal) == {"c1": "w0"}
    assert reasons(proposal, "c1") == [("earliest-possible", {"meeting": "w0"})]
    assert proposal.solver == "cp-sat"


def test_core_holds_the_whole_meeting_and_nobody_is_invited_to_an_empty_one() -> None:
    first, second, third = solved(a_problem(a_case("c1", minutes=8))).meetings

    assert first.attendances == (
        Attendance("gyn", SeatKind.CORE, between(0, 60), ("gynecologic_oncology",), ("c1",), ("R01",)),
        Attendance("rad", SeatKind.CORE, between(0, 60), ("radiology",), ("c1",), ("R01",)),
    )
    assert [second, third] == [MeetingPlan(meeting, (), (), {}) for meeting in ("w1", "w2")]


def test_called_in_member_holds_only_her_window() -> None:
    problem = a_problem(
        a_case("c1", "hpb_surgery", minutes=8),
        a_case("c2"),
        a_case("c3", "hpb_surgery"),
        members=[a_member("hpb", "hpb_surgery")],
        seats=[HPB],
    )

    plan = solved(problem).meetings[0]

    assert [entry.reference for entry in plan.agenda] == ["c1", "c3", "c2"]
    assert called(plan) == [
        Attendance("hpb", SeatKind.ON_DEMAND, between(0, 14), ("hpb_surgery",), ("c1", "c3"), ("R02",))
    ]
    assert (plan.held_minutes, plan.held_minutes_arrival) == (14, 20)


def test_case_waits_until_it_is_ready() -> None:
    proposal = solved(a_problem(a_case("c1", ready_in_days=3)))

    assert placed(proposal) == {"c1": "w1"}
    assert reasons(proposal, "c1") == [
        ("earliest-possible", {"meeting": "w1"}),
        ("not-ready-before", {"ready_on": "2027-01-07", "items": ""}),
    ]


def test_case_with_an_unknown_ready_day_is_left_out_with_the_items() -> None:
    proposal = solved(a_problem(a_case("c1", ready_in_days=None, blocked_by=["ct", "pathology_report"])))

    assert placed(proposal) == {}
    assert reasons(proposal, "c1") == [("not-ready", {"items": "ct,pathology_report"})]


def test_case_avoids_a_meeting_on_whose_day_a_report_is_too_old() -> None:
    problem = a_problem(a_case("c1", meeting="w1", blocked_on={"w1": ("ct",), "w2": ("ct",)}))

    proposal = solved(problem)

    assert placed(proposal) == {"c1": "w0"}
    assert reasons(proposal, "c1") == [("earliest-possible", {"meeting": "w0"}), ("moved-from", {"meeting": "w1"})]


def test_closed_list_takes_only_urgent_cases() -> None:
    problem = a_problem(
        a_case("c1"),
        a_case("c2", urgency=Urgency.URGENT, due_in_days=2),
        now=at(-60),
        meetings=[a_meeting(), a_meeting(1)],
    )

    proposal = solved(problem)

    assert placed(proposal) == {"c1": "w1", "c2": "w0"}
    assert reasons(proposal, "c1") == [("earliest-possible", {"meeting": "w1"}), ("list-closed", {"meeting": "w0"})]
    assert reasons(proposal, "c2") == [
        ("earliest-possible", {"meeting": "w0"}),
        ("added-after-closing", {"meeting": "w0"}),
    ]


def test_published_case_stays_on_a_closed_list() -> None:
    problem = a_problem(a_case("c1", meeting="w0"), now=at(-60))

    assert placed(solved(problem)) == {"c1": "w0"}


def test_meeting_that_has_begun_takes_nobody() -> None:
    problem = a_problem(a_case("c1", urgency=Urgency.URGENT), meetings=[a_meeting()], now=at(0))

    proposal = solved(problem)

    assert placed(proposal) == {}
    assert reasons(proposal, "c1") == [("no-meeting", {})]


def test_full_meeting_sends_the_less_urgent_case_to_the_next() -> None:
    problem = a_problem(
        a_case("c1", minutes=8),
        a_case("c2", minutes=8, urgency=Urgency.EXPEDITED, due_in_days=7),
        meetings=[a_meeting(0, minutes=10), a_meeting(1, minutes=10)],
    )

    proposal = solved(problem)

    assert placed(proposal) == {"c1": "w1", "c2": "w0"}
    assert reasons(proposal, "c1") == [
        ("earliest-possible", {"meeting": "w1"}),
        ("meeting-full", {"meeting": "w0", "minutes": 8, "meetings": 1}),
    ]


def test_case_without_room_is_left_out() -> None:
    problem = a_problem(a_case("c1", urgency=Urgency.URGENT), a_case("c2"), meetings=[a_meeting(minutes=10)])

    proposal = solved(problem)

    assert placed(proposal) == {"c1": "w0"}
    assert reasons(proposal, "c2") == [
        ("no-capacity", {"minutes": 6, "meetings": 1}),
        ("helps-longer", {"minutes": 5, "meeting": "w0"}),
        ("outweighed-by", {"references": "c1", "meeting": "w0", "points": 89_973}),
    ]


def test_case_after_its_clock_says_by_how_many_days() -> None:
    proposal = solved(a_problem(a_case("c1", due_in_days=-2)))

    assert reasons(proposal, "c1") == [
        ("earliest-possible", {"meeting": "w0"}),
        ("late-by-days", {"days": 4}),
    ]


def test_case_goes_where_its_specialist_is_free() -> None:
    problem = a_problem(
        a_case("c1", "hpb_surgery"), members=[a_member("hpb", "hpb_surgery", busy=[between(-30, 90)])], seats=[HPB]
    )

    proposal = solved(problem)

    assert placed(proposal) == {"c1": "w1"}
    assert reasons(proposal, "c1") == [
        ("earliest-possible", {"meeting": "w1"}),
        ("no-member-free", {"specialty": "hpb_surgery", "meeting": "w0", "meetings": 1}),
    ]


def test_specialist_who_never_has_time_is_named_with_the_number_of_meetings() -> None:
    away = [between(0, 60, week=week) for week in range(3)]
    problem = a_problem(a_case("c1", "hpb_surgery"), members=[a_member("hpb", "hpb_surgery", busy=away)])

    assert reasons(solved(problem), "c1") == [
        ("no-member-free", {"specialty": "hpb_surgery", "meeting": "w0", "meetings": 3}),
        ("helps-if-moved", {"member": "hpb", "at": "2027-01-05T16:30:00+09:00", "meeting": "w0"}),
    ]


def test_specialty_of_nobody_is_told_apart_from_a_missing_certificate() -> None:
    need = a_need("medical_oncology", certificate="chemotherapy_certified")
    problem = a_problem(a_case("c1", "urology"), a_case("c2", need), members=[a_member("onc", "medical_oncology")])

    proposal = solved(problem)

    assert reasons(proposal, "c1") == [("no-member-for-specialty", {"specialty": "urology"})]
    assert reasons(proposal, "c2") == [
        ("nobody-certified", {"specialty": "medical_oncology", "certificate": "chemotherapy_certified"}),
    ]


def test_named_member_who_left_is_told_apart_from_one_who_is_away() -> None:
    away = a_member("guest", "urology", busy=[between(0, 60, week=week) for week in range(3)])
    problem = a_problem(a_case("c1", a_need("", member="guest")), a_case("c2", a_need("", member="x")), members=[away])

    proposal = solved(problem)

    assert reasons(proposal, "c1")[0] == ("named-member-absent", {"member": "guest", "meeting": "w0", "meetings": 3})
    assert reasons(proposal, "c2") == [("named-member-gone", {})]


def test_certificate_of_somebody_away_is_told_apart_from_one_that_nobody_holds() -> None:
    need = a_need("medical_oncology", certificate="chemotherapy_certified")
    away = [between(0, 60, week=week) for week in range(3)]
    certified = a_member("onc2", "medical_oncology", certificates=["chemotherapy_certified"], busy=away)
    problem = a_problem(a_case("c1", need), members=[a_member("onc1", "medical_oncology"), certified])

    first, *_ = reasons(solved(problem), "c1")

    asked = {"specialty": "medical_oncology", "certificate": "chemotherapy_certified"}
    assert first == ("certificate-missing", {**asked, "meeting": "w0", "meetings": 3})


def test_specialty_of_nobody_is_told_although_the_case_is_not_ready() -> None:
    proposal = solved(a_problem(a_case("c1", "urology", ready_in_days=None, blocked_by=["ct"])))

    assert reasons(proposal, "c1") == [
        ("no-member-for-specialty", {"specialty": "urology"}),
        ("not-ready", {"items": "ct"}),
    ]


def test_core_member_without_the_certificate_is_joined_by_one_who_has_it() -> None:
    need = a_need("medical_oncology", certificate="chemotherapy_certified")
    problem = a_problem(
        a_case("c1", need),
        members=[
            a_member("onc", "medical_oncology"),
            a_member("chemo", "medical_oncology", certificates=["chemotherapy_certified"]),
        ],
        seats=[a_seat("medical_oncology", "onc", "chemo")],
    )

    plan = solved(problem).meetings[0]

    assert [(one.member, one.kind) for one in plan.attendances] == [
        ("gyn", SeatKind.CORE),
        ("rad", SeatKind.CORE),
        ("onc", SeatKind.CORE),
        ("chemo", SeatKind.ON_DEMAND),
    ]


def test_seat_is_filled_by_its_first_free_holder() -> None:
    problem = a_problem(
        a_case("c1"),
        core_members=[
            CORE_MEMBERS[0],
            a_member("first", "radiology", busy=[between(50, 70)]),
            a_member("second", "radiology"),
            a_member("third", "radiology"),
        ],
        core_seats=[a_seat(CORE[0], "gyn"), a_seat(CORE[1], "first", "second", "third")],
    )

    assert [one.member for one in solved(problem).meetings[0].attendances] == ["gyn", "second"]


def test_vacant_quorum_seat_is_reported_and_blocks_only_its_own_cases() -> None:
    needs_pathology = a_case("c1", "pathology")
    problem = a_problem(
        needs_pathology,
        a_case("c2"),
        members=[a_member("path", "pathology", busy=[between(0, 60)])],
        seats=[a_seat("pathology", "path"), a_seat("nurse_specialist", in_quorum=False)],
    )

    proposal = solved(problem)

    assert placed(proposal) == {"c1": "w1", "c2": "w0"}
    assert [plan.vacant_seats for plan in proposal.meetings] == [("pathology",), (), ()]


def test_member_with_two_specialties_covers_both() -> None:
    problem = a_problem(
        a_case("c1", "hpb_surgery", "colorectal_surgery"),
        members=[
            a_member("hpb", "hpb_surgery"),
            a_member("both", "colorectal_surgery", "hpb_surgery"),
        ],
        seats=[HPB],
    )

    (attendance,) = called(solved(problem).meetings[0])

    assert (attendance.member, attendance.specialties) == ("both", ("colorectal_surgery", "hpb_surgery"))


def test_named_member_attends_or_the_case_waits_for_her() -> None:
    problem = a_problem(a_case("c1", named=["dora"]), members=[a_member("dora", "urology", busy=[between(0, 60)])])

    proposal = solved(problem)

    assert placed(proposal) == {"c1": "w1"}
    assert called(proposal.meetings[1]) == [
        Attendance("dora", SeatKind.ON_DEMAND, between(0, 6, week=1), ("urology",), ("c1",), ("named",))
    ]
    assert reasons(proposal, "c1")[1:] == [("named-member-absent", {"member": "dora", "meeting": "w0", "meetings": 1})]


def test_need_for_a_member_is_hers_alone() -> None:
    need = a_need("urology", member="dora")
    problem = a_problem(a_case("c1", need), members=[a_member("other", "urology"), a_member("dora", "urology")])

    (attendance,) = called(solved(problem).meetings[0])

    assert (attendance.member, attendance.specialties, attendance.rules) == ("dora", ("urology",), ("R02",))


def test_waived_need_invites_nobody() -> None:
    waived = replace(a_need("urology"), waived_by="gyn", waived_because="seen yesterday")

    plan = solved(a_problem(a_case("c1", waived), members=[a_member("uro", "urology")])).meetings[0]

    assert called(plan) == []
    assert plan.agenda[0].requires == CORE


def test_recommended_member_is_invited_when_free() -> None:
    wish = a_need("clinical_genetics", required=False)
    problem = a_problem(a_case("c1", wish), members=[a_member("gen", "clinical_genetics")])

    (attendance,) = called(solved(problem).meetings[0])

    assert (attendance.member, attendance.required) == ("gen", False)


def test_recommended_need_of_nobody_is_listed_and_does_not_block() -> None:
    wish = a_need("clinical_genetics", required=False)
    problem = a_problem(a_case("c1", wish), members=[a_member("gen", "clinical_genetics", busy=[between(0, 60)])])

    proposal = solved(problem)

    assert placed(proposal) == {"c1": "w0"}
    assert proposal.meetings[0].uncovered == {"c1": ("clinical_genetics",)}


def test_window_is_placed_in_the_free_time_of_a_busy_member() -> None:
    problem = a_problem(
        a_case("c1", "hpb_surgery", minutes=20),
        a_case("c2", minutes=20),
        a_case("c3", minutes=20),
        members=[a_member("hpb", "hpb_surgery", busy=[between(0, 40)])],
        meetings=[a_meeting()],
    )

    plan = solved(problem).meetings[0]

    assert [entry.reference for entry in plan.agenda] == ["c2", "c3", "c1"]
    assert [one.span for one in called(plan)] == [between(40, 60)]


def test_two_windows_that_cannot_both_be_placed_are_not_planned_together() -> None:
    problem = a_problem(
        a_case("c1", "hpb_surgery", minutes=10),
        a_case("c2", "urology", minutes=10),
        members=[
            a_member("hpb", "hpb_surgery", busy=[between(10, 60)]),
            a_member("uro", "urology", busy=[between(10, 60)]),
        ],
        meetings=[a_meeting(), a_meeting(1)],
    )

    proposal = solved(problem)

    assert sorted(placed(proposal).values()) == ["w0", "w1"]
    later = next(reference for reference, meeting in placed(proposal).items() if meeting == "w1")
    assert reasons(proposal, later)[1][0] == "window-does-not-fit"


def test_cases_of_the_same_specialist_are_bundled() -> None:
    problem = a_problem(
        a_case("c1", "hpb_surgery"),
        a_case("c2", "hpb_surgery", ready_in_days=3),
        members=[a_member("hpb", "hpb_surgery")],
    )

    proposal = solved(problem)

    assert placed(proposal) == {"c1": "w1", "c2": "w1"}
    assert reasons(proposal, "c1") == [("bundled-with", {"specialty": "hpb_surgery", "cases": 1, "points": 11})]


def test_bundling_never_makes_a_case_late() -> None:
    problem = a_problem(
        a_case("c1", "hpb_surgery", due_in_days=5),
        a_case("c2", "hpb_surgery", ready_in_days=3),
        members=[a_member("hpb", "hpb_surgery")],
    )

    assert placed(solved(problem)) == {"c1": "w0", "c2": "w1"}


def test_published_case_stays_although_an_earlier_meeting_has_room() -> None:
    proposal = solved(a_problem(a_case("c1", meeting="w1", due_in_days=20)))

    assert placed(proposal) == {"c1": "w1"}
    assert reasons(proposal, "c1") == [("kept-as-published", {"meeting": "w1"})]


def test_published_case_moves_when_it_would_be_late() -> None:
    proposal = solved(a_problem(a_case("c1", meeting="w2", due_in_days=8)))

    assert placed(proposal) == {"c1": "w0"}
    assert reasons(proposal, "c1") == [
        ("earliest-possible", {"meeting": "w0"}),
        ("moved-from", {"meeting": "w2"}),
    ]


def test_calls_are_shared_among_holders_and_an_invited_one_is_asked_again() -> None:
    cases = [a_case(f"c{week}", "hpb_surgery", ready_in_days=7 * week, due_in_days=9 + 7 * week) for week in range(3)]
    members = [a_member("one", "hpb_surgery"), a_member("two", "hpb_surgery")]
    seats = [a_seat("hpb_surgery", "one", "two", core=False)]
    fair = Weights(rank=0, call=1)

    shared = solved(a_problem(*cases, members=members, seats=seats, weights=fair))
    again = solved(a_problem(*cases, members=members, seats=seats, weights=fair, invited={"w0": ("two",)}))

    assert [one.member for plan in shared.meetings for one in called(plan)] == ["one", "two", "one"]
    assert [one.member for plan in again.meetings for one in called(plan)] == ["two", "one", "one"]


def test_member_is_in_one_of_two_overlapping_meetings() -> None:
    early = a_meeting()
    problem = a_problem(
        a_case("c1", minutes=40),
        a_case("c2", minutes=40),
        meetings=[early, replace(early, id="parallel", span=between(30, 90))],
    )

    proposal = solved(problem)

    assert sorted(placed(proposal).values()) == ["w0"]
    assert len(proposal.left_out) == 1


def test_agenda_has_urgent_first_and_standard_cases_last() -> None:
    problem = a_problem(
        a_case("c1", minutes=1, last_block=True), a_case("c2"), a_case("c3", urgency=Urgency.URGENT, due_in_days=1)
    )

    assert [entry.reference for entry in solved(problem).meetings[0].agenda] == ["c3", "c2", "c1"]


def test_agenda_keeps_the_published_order_where_it_costs_nothing() -> None:
    problem = a_problem(
        a_case("c1", meeting="w0"),
        a_case("c2", meeting="w0"),
        a_case("c0"),
        meetings=[a_meeting(published=["c2", "c1"])],
    )

    assert [entry.reference for entry in solved(problem).meetings[0].agenda] == ["c2", "c1", "c0"]


def test_greedy_plan_is_right_without_a_solver() -> None:
    problem = a_problem(
        *(a_case(f"c{n}", *(["hpb_surgery"] if n % 3 == 0 else [])) for n in range(12)),
        members=[a_member("hpb", "hpb_surgery", busy=[between(0, 30)])],
    )

    proposal = plan_greedy(problem)

    assert check_plan(problem, proposal) == ()
    assert proposal.solver == "greedy"
    assert proposal.cost == proposal.greedy_cost
    assert sorted(placed(proposal)) == sorted(case.reference for case in problem.cases)


def test_missing_solver_falls_back_to_the_greedy_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ortools", "ortools.sat", "ortools.sat.python", "ortools.sat.python.cp_model"):
        monkeypatch.setitem(sys.modules, name, None)

    proposal = propose(a_problem(a_case("c1")))

    assert proposal == plan_greedy(a_problem(a_case("c1")))


def test_empty_problem_has_an_empty_proposal() -> None:
    problem = a_problem(meetings=[])

    assert propose(problem) == Proposal((), {}, "greedy", 0, 0)
    assert reasons(propose(a_problem(a_case("c1"), meetings=[])), "c1") == [("no-meeting", {})]


def test_hand_made_list_reports_what_is_not_covered() -> None:
    problem = a_problem(
        a_case("c1", "hpb_surgery"),
        a_case("c2", ready_in_days=None),
        members=[a_member("hpb", "hpb_surgery", busy=[between(0, 60)])],
    )

    plans = lay_out(problem, {"w0": ["c2", "c1"]}, keep_order=True)

    assert [entry.reference for entry in plans[0].agenda] == ["c2", "c1"]
    assert plans[0].uncovered == {"c1": ("hpb_surgery",)}
    assert plans[0].reasons == {
        "c2": (Reason("overruled", {"rule": "not-ready", "meeting": "w0"}),),
        "c1": (Reason("overruled", {"rule": "no-member-free", "meeting": "w0"}),),
    }
    assert check_meetings(problem, plans) == (
        Reason("case-not-ready", {"reference": "c2", "meeting": "w0"}),
        Reason("need-uncovered", {"reference": "c1", "meeting": "w0", "specialty": "hpb_surgery"}),
    )


def test_hand_made_order_cuts_a_window_to_the_free_time_of_its_member() -> None:
    problem = a_problem(
        a_case("c1", "hpb_surgery"),
        a_case("c2"),
        a_case("c3", "hpb_surgery"),
        members=[a_member("hpb", "hpb_surgery", busy=[between(8, 60)])],
    )

    plan = lay_out(problem, {"w0": ["c1", "c2", "c3"]}, keep_order=True)[0]

    assert [(one.span, one.cases) for one in called(plan)] == [(between(0, 6), ("c1",))]
    assert plan.uncovered == {"c3": ("hpb_surgery",)}


def test_hand_made_list_that_is_too_long_is_laid_out_and_reported() -> None:
    problem = a_problem(a_case("c1", minutes=40), a_case("c2", minutes=40))

    plans = lay_out(problem, {"w0": ["c1", "c2"]})

    assert plans[0].agenda[1].span == between(40, 80)
    assert check_meetings(problem, plans) == (Reason("meeting-too-long", {"meeting": "w0", "minutes": 80}),)


def test_hand_made_list_refuses_what_is_not_in_the_problem() -> None:
    problem = a_problem(a_case("c1"))

    with pytest.raises(NotFound) as unknown_case:
        lay_out(problem, {"w0": ["c9"]})
    with pytest.raises(NotFound) as unknown_meeting:
        lay_out(problem, {"w9": ["c1"]})
    with pytest.raises(Conflict) as twice:
        lay_out(problem, {"w0": ["c1"], "w1": ["c1"]})

    assert [unknown_case.value.code, unknown_meeting.value.code, twice.value.code] == [
        "unknown-case",
        "unknown-meeting",
        "case-twice",
    ]


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"meetings": [a_meeting(1), a_meeting(0)]}, "meetings-not-in-order"),
        ({"members": [CORE_MEMBERS[0]]}, "duplicate-id"),
    ],
)
def test_problem_refuses_contradictions(broken: dict[str, list[object]], code: str) -> None:
    with pytest.raises(BadInput) as refused:
        a_problem(a_case("c1"), **broken)  # type: ignore[arg-type]

    assert refused.value.code == code


def test_problem_refuses_a_case_given_twice() -> None:
    with pytest.raises(BadInput) as refused:
        a_problem(a_case("c1"), a_case("c1"))

    assert refused.value.code == "duplicate-reference"


def test_checker_finds_what_is_wrong() -> None:
    problem = a_problem(a_case("c1", "hpb_surgery"), a_case("c2"), members=[a_member("hpb", "hpb_surgery")])
    right = propose(problem)
    first = right.meetings[0]
    late = replace(first.attendances[2], span=between(1, 7))
    without_radiology = replace(first, attendances=(first.attendances[0], late))

    found = check_plan(problem, replace(right, meetings=(without_radiology, *right.meetings[1:]), left_out={"c2": ()}))

    assert [reason.code for reason in found] == [
        "case-twice",
        "need-uncovered",
        "uncovered-not-reported",
        "need-uncovered",
        "uncovered-not-reported",
        "need-uncovered",
        "uncovered-not-reported",
        "window-wrong",
        "seat-wrong",
    ]
    assert all(tuple(reason.values) == VIOLATION_CODES[reason.code] for reason in found)


def test_checker_finds_a_busy_member_and_one_in_two_places() -> None:
    problem = a_problem(a_case("c1"), a_case("c2", ready_in_days=3))
    right = propose(problem)
    busy_members = tuple(replace(member, busy=(between(59, 61),)) for member in problem.members)
    moved = replace(problem.meetings[1], span=between(30, 90))

    busy = check_plan(replace(problem, members=busy_members), right)
    overlapping = check_plan(replace(problem, meetings=(problem.meetings[0], moved, problem.meetings[2])), right)

    assert [reason.code for reason in busy] == ["member-busy", "member-busy", "seat-wrong", "seat-wrong"]
    assert Reason("member-in-two-places", {"member": "gyn", "meeting": "w1"}) in overlapping


def test_lateness_is_counted_in_begun_days_across_a_clock_change() -> None:
    case = a_case("c1", due_in_days=0)
    meeting = a_meeting()
    problem = a_problem(replace(case, due_at=meeting.span.start - timedelta(hours=25)), now=NOW)

    assert reasons(propose(problem), "c1")[-1] == ("late-by-days", {"days": 2})


def test_reason_codes_are_kebab_case() -> None:
    for codes in (REASON_CODES, VIOLATION_CODES):
        assert all(code == code.lower().replace("_", "-") for code in codes)


def test_who_is_invited_on_a_core_seat_keeps_it_before_a_better_ranked_holder() -> None:
    stand_ins = [a_member(name, "radiology") for name in ("second", "deputy")]
    problem = replace(
        a_problem(
            a_case("c1"), members=stand_ins, core_seats=[CORE_SEATS[0], a_seat("radiology", "rad", "second", "deputy")]
        ),
        sitting={"w0": {"radiology": "deputy"}},
    )
    away = tuple(
        replace(member, busy=(between(0, 60),)) if member.id == "deputy" else member for member in problem.members
    )

    kept, passed_on = solved(problem), solved(replace(problem, members=away))

    assert [seat_of(one, "radiology") for one in (kept, passed_on)] == ["deputy", "rad"]
    assert [each.code for each in check_plan(problem, passed_on)] == ["seat-wrong"]


def seat_of(proposal: Proposal, specialty: str) -> str:
    """Who sits for the specialty at the first meeting."""
    core = [one for one in proposal.meetings[0].attendances if one.kind is SeatKind.CORE]
    return next(one.member for one in core if specialty in one.specialties)

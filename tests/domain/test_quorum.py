"""Who covers a case, whether the seats are held, and what somebody's leaving costs."""

from __future__ import annotations

from dataclasses import replace

from tests.domain.boards import CORE_MEMBERS, CORE_SEATS, a_case, a_member, a_need, a_problem, a_seat, between
from tumorboard.domain.model import Attendance, Need, SeatKind
from tumorboard.domain.planning import lay_out
from tumorboard.domain.quorum import coverage, meeting_coverage, seat_quorum
from tumorboard.domain.timeline import Interval

HPB = a_need("hpb_surgery")
RADIOLOGY = a_need("radiology")
MEMBERS = {member.id: member for member in (*CORE_MEMBERS, a_member("hpb", "hpb_surgery"))}


def present(member: str, span: Interval) -> Attendance:
    """Somebody at the meeting for a span."""
    return Attendance(member, SeatKind.CORE, span, ())


def covered(*needs: Need, attendances: tuple[Attendance, ...]) -> list[tuple[str, ...]]:
    """Who covers each need of a case discussed in minutes 10 to 20."""
    found = coverage(needs, span=between(10, 20), attendances=attendances, members=MEMBERS)
    return [cover.members for cover in found.covers]


def test_need_is_covered_only_by_somebody_there_for_the_whole_case() -> None:
    assert covered(HPB, attendances=(present("hpb", between(10, 20)),)) == [("hpb",)]
    assert covered(HPB, attendances=(present("hpb", between(11, 20)),)) == [()]
    assert covered(HPB, attendances=(present("hpb", between(0, 19)),)) == [()]


def test_need_with_a_certificate_wants_the_certificate() -> None:
    need = a_need("hpb_surgery", certificate="robotic")

    assert covered(need, attendances=(present("hpb", between(0, 60)),)) == [()]


def test_need_for_a_member_is_covered_by_her_alone() -> None:
    need = a_need("radiology", member="hpb")

    assert covered(need, attendances=(present("rad", between(0, 60)),)) == [()]
    assert covered(need, attendances=(present("hpb", between(0, 60)),)) == [("hpb",)]


def test_waived_need_is_not_asked_for() -> None:
    assert covered(replace(HPB, waived_by="gyn"), attendances=()) == []


def test_missing_recommended_need_leaves_the_case_quorate() -> None:
    wish = a_need("hpb_surgery", required=False)

    found = coverage(
        (RADIOLOGY, wish), span=between(0, 6), attendances=(present("rad", between(0, 60)),), members=MEMBERS
    )

    assert (found.is_quorate, found.lost, found.missed) == (True, (), (wish,))


def test_missing_required_need_takes_the_quorum_of_the_case() -> None:
    found = coverage((RADIOLOGY, HPB), span=between(0, 6), attendances=(), members=MEMBERS)

    assert (found.is_quorate, found.lost) == (False, (RADIOLOGY, HPB))


def test_seat_quorum_counts_core_seats_of_the_quorum_only() -> None:
    seats = (
        *CORE_SEATS,
        a_seat("nurse_specialist", "nurse", in_quorum=False),
        a_seat("hpb_surgery", "hpb", core=False),
    )

    found = seat_quorum(seats, span=between(0, 60), attendances=(present("gyn", between(0, 60)),), members=MEMBERS)

    assert (found.filled, found.vacant, found.is_met) == ({"gynecologic_oncology": ("gyn",)}, ("radiology",), False)


def test_coverage_of_a_meeting_includes_named_members() -> None:
    problem = a_problem(a_case("c1", named=["hpb"]), members=[MEMBERS["hpb"]])
    (plan, *_) = lay_out(problem, {"w0": ["c1"]})
    cases = {case.reference: case for case in problem.cases}

    found = meeting_coverage(plan, cases=cases, members=MEMBERS)

    assert [(cover.need.rule, cover.members) for cover in found["c1"].covers] == [
        ("R01", ("gyn",)),
        ("R01", ("rad",)),
        ("named", ("hpb",)),
    ]

"""Why a case is where it is or nowhere: the reasons are a smallest conflict, and what helps was tried."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.boards import NOW, a_case, a_meeting, a_member, a_need, a_problem, at, between
from tests.domain.test_planning import placed, reasons
from tests.domain.test_planning_properties import problems
from tumorboard.domain.model import MeetingFacts, Urgency, WaitingCase
from tumorboard.domain.planning import REASON_CODES, Problem, lay_out, plan_greedy, propose
from tumorboard.domain.planning_explain import explain_left_out, explain_meetings
from tumorboard.domain.planning_layout import lay_out_meetings
from tumorboard.domain.planning_options import read_options
from tumorboard.domain.planning_problem import answers
from tumorboard.domain.planning_relaxations import Groups, RuleKind, groups_of
from tumorboard.domain.planning_trials import PRICE_PARTS, Trials
from tumorboard.domain.timeline import is_free
from tumorboard.words.phrases import _MOSTLY

AWAY = [between(0, 60, week=week) for week in range(3)]


def left_out(problem: Problem, **assignment: list[str]) -> dict[str, list[tuple[str, dict[str, str | int]]]]:
    """The reasons of the cases left out of a plan with these cases on its meetings."""
    options = read_options(problem)
    found = explain_left_out(options, lay_out_meetings(options, assignment))
    return {case: [(reason.code, dict(reason.values)) for reason in stated] for case, stated in found.items()}


def test_smallest_set_names_one_reason_where_one_is_enough() -> None:
    """The surgeon is away on one meeting; but the missing report alone keeps the case off all three."""
    case = a_case("c1", "hpb_surgery", ready_in_days=None, blocked_by=["ct"])
    problem = a_problem(case, members=[a_member("hpb", "hpb_surgery", busy=AWAY[:1])])

    assert left_out(problem) == {"c1": [("not-ready", {"items": "ct"})]}


def test_report_expected_after_the_list_closes_is_not_called_too_old() -> None:
    awaited = {"ct": at(-30)}
    case = replace(a_case("c1", ready_in_days=1, blocked_on={"w0": ("ct",)}), awaited=awaited)

    stated = left_out(a_problem(case, meetings=[a_meeting(0)]))

    assert stated == {"c1": [("not-there-yet", {"items": "ct", "meeting": "w0", "meetings": 1})]}


def test_leave_is_not_an_appointment_that_could_move() -> None:
    leave = [between(-24 * 60, 20 * 24 * 60)]
    problem = a_problem(a_case("c1", "hpb_surgery"), members=[a_member("hpb", "hpb_surgery", busy=leave)])

    assert [code for code, _ in left_out(problem)["c1"]] == ["no-member-free"]


@pytest.mark.parametrize(("urgency", "due_in_days"), [(Urgency.URGENT, 14), (Urgency.ROUTINE, 3)])
def test_case_that_is_more_urgent_or_would_be_late_is_not_asked_to_move(urgency: Urgency, due_in_days: int) -> None:
    problem = a_problem(
        a_case("c0", minutes=10, urgency=urgency, due_in_days=due_in_days),
        a_case("new", "hpb_surgery", minutes=10),
        meetings=[a_meeting(0, minutes=10), a_meeting(1, minutes=10)],
        members=[a_member("hpb", "hpb_surgery", busy=AWAY[1:])],
    )

    assert "helps-moving" not in {code for code, _ in left_out(problem, w0=["c0"])["new"]}


def test_two_reasons_share_the_meetings_between_them() -> None:
    case = a_case("c1", "hpb_surgery", blocked_on={"w2": ("ct",)})
    problem = a_problem(case, members=[a_member("hpb", "hpb_surgery", busy=AWAY[:2])])

    assert left_out(problem)["c1"][:2] == [
        ("no-member-free", {"specialty": "hpb_surgery", "meeting": "w0", "meetings": 2}),
        ("no-longer-ready", {"items": "ct", "meeting": "w2", "meetings": 1}),
    ]


def test_appointment_that_alone_is_in_the_way_is_named_without_its_title() -> None:
    busy = [*AWAY[:1], between(0, 20, week=1), between(30, 60, week=1), *AWAY[2:]]
    problem = a_problem(a_case("c1", "hpb_surgery", minutes=15), members=[a_member("hpb", "hpb_surgery", busy=busy)])

    assert left_out(problem)["c1"][1:] == [
        ("helps-if-moved", {"member": "hpb", "at": "2027-01-05T16:30:00+09:00", "meeting": "w0"})
    ]


def test_appointment_that_is_not_enough_is_not_named() -> None:
    """Each meeting lacks two specialists."""
    members = [a_member("hpb", "hpb_surgery", busy=AWAY), a_member("uro", "urology", busy=AWAY)]

    stated = left_out(a_problem(a_case("c1", "hpb_surgery", "urology"), members=members))["c1"]

    assert [code for code, _ in stated] == ["no-member-free", "no-member-free"]


def test_longer_meeting_helps_only_when_its_core_can_stay() -> None:
    meetings = [a_meeting(0, minutes=12), a_meeting(1, minutes=10)]
    cases = [a_case(f"c{number}", minutes=10) for number in range(2)]
    gyn = a_member("gyn", "gynecologic_oncology", busy=[between(12, 60)])
    problem = a_problem(
        *cases, a_case("new", minutes=8), meetings=meetings, core_members=[gyn, a_member("rad", "radiology")]
    )

    stated = left_out(problem, w0=["c0"], w1=["c1"])["new"]

    assert stated[:2] == [
        ("no-capacity", {"minutes": 8, "meetings": 2}),
        ("helps-longer", {"minutes": 10, "meeting": "w1"}),
    ]


def test_case_that_could_move_is_named_with_where_to() -> None:
    """Only the first meeting has the surgeon; the case there could be discussed at the second."""
    problem = a_problem(
        a_case("c0", minutes=10),
        a_case("new", "hpb_surgery", minutes=10),
        meetings=[a_meeting(0, minutes=10), a_meeting(1, minutes=10)],
        members=[a_member("hpb", "hpb_surgery", busy=AWAY[1:])],
    )

    assert ("helps-moving", {"reference": "c0", "meeting": "w0", "to": "w1"}) in left_out(problem, w0=["c0"])["new"]


def test_case_outweighed_by_a_more_urgent_one_says_which_and_by_how_much() -> None:
    problem = a_problem(
        a_case("c0", minutes=10, urgency=Urgency.URGENT),
        a_case("new", minutes=10),
        meetings=[a_meeting(0, minutes=10)],
    )

    proposal = propose(problem)

    assert reasons(proposal, "new")[-1] == ("outweighed-by", {"references": "c0", "meeting": "w0", "points": 89_973})


def test_displaced_published_case_says_who_took_its_place() -> None:
    problem = a_problem(
        a_case("old", minutes=10, meeting="w0"),
        a_case("new", minutes=10, urgency=Urgency.URGENT, due_in_days=2),
        meetings=[a_meeting(0, minutes=10, published=["old"]), a_meeting(1, minutes=10)],
    )

    proposal = propose(problem)

    assert placed(proposal) == {"new": "w0", "old": "w1"}
    assert reasons(proposal, "old") == [
        ("moved-from", {"meeting": "w0"}),
        ("meeting-full", {"meeting": "w0", "minutes": 10, "meetings": 1}),
        ("place-taken-by", {"references": "new", "meeting": "w0"}),
    ]


def test_earliest_meeting_beyond_the_planned_ones_is_named() -> None:
    problem = a_problem(a_case("c1", "hpb_surgery"), members=[a_member("hpb", "hpb_surgery", busy=AWAY)])
    options = read_options(problem)

    found = explain_left_out(options, lay_out_meetings(options, {}), later=[a_meeting(3), a_meeting(4)])

    stated = [(reason.code, dict(reason.values)) for reason in found["c1"]]
    assert ("possible-at", {"meeting": "w3", "starts_on": "2027-01-26"}) in stated


def test_late_case_says_which_change_would_make_it_earlier() -> None:
    problem = a_problem(
        a_case("c1", "hpb_surgery", due_in_days=5), members=[a_member("hpb", "hpb_surgery", busy=AWAY[:1])]
    )

    assert reasons(propose(problem), "c1") == [
        ("earliest-possible", {"meeting": "w1"}),
        ("no-member-free", {"specialty": "hpb_surgery", "meeting": "w0", "meetings": 1}),
        ("helps-if-moved", {"member": "hpb", "at": "2027-01-05T16:30:00+09:00", "meeting": "w0"}),
        ("late-by-days", {"days": 4}),
    ]


def test_earlier_meeting_that_is_dearer_says_by_how_many_points_and_why() -> None:
    """Two cases of one surgeon: apart they cost a second call, which three days of waiting do not win back."""
    cases = [a_case("c1", "hpb_surgery"), a_case("c2", "hpb_surgery", ready_in_days=3)]
    problem = a_problem(*cases, members=[a_member("hpb", "hpb_surgery")])

    bundled = lay_out(problem, {"w1": ["c1", "c2"]})
    alone = lay_out(problem, {"w1": ["c1"], "w2": ["c2"]})

    assert [(reason.code, reason.values) for reason in bundled[1].reasons["c1"]] == [
        ("bundled-with", {"specialty": "hpb_surgery", "cases": 1, "points": 11})
    ]
    assert [(reason.code, reason.values) for reason in alone[1].reasons["c1"]] == [
        ("better-earlier", {"meeting": "w0", "points": 21})
    ]


def test_plan_that_could_be_better_says_where() -> None:
    problem = a_problem(a_case("c1", meeting="w1"), a_case("c2"))

    plans = lay_out(problem, {"w2": ["c1"], "w0": ["c2"]})

    assert [(reason.code, reason.values) for reason in plans[2].reasons["c1"]] == [
        ("moved-from", {"meeting": "w1"}),
        ("better-earlier", {"meeting": "w1", "points": 121}),
        ("late-by-days", {"days": 2}),
    ]


def test_work_used_up_is_said_instead_of_guessed() -> None:
    """So many cases that the trials set aside do not suffice; the facts of the case are still told."""
    cases = [a_case(f"c{number}", "hpb_surgery", minutes=1) for number in range(60)]
    meetings = [a_meeting(week, minutes=90) for week in range(9)]
    problem = a_problem(*cases, meetings=meetings, members=[a_member("hpb", "hpb_surgery")])
    options = read_options(problem)

    plan = explain_meetings(options, lay_out_meetings(options, {"w8": [case.reference for case in cases]}))[8]

    codes = [[reason.code for reason in found] for found in plan.reasons.values()]
    assert sum("not-examined" in found for found in codes) > 0
    assert codes[0][0] == "better-earlier"


def test_parts_of_a_price_have_words() -> None:
    assert set(PRICE_PARTS) == set(_MOSTLY)


@settings(deadline=None, max_examples=80)
@given(problems())
def test_every_reason_has_the_values_its_code_promises(problem: Problem) -> None:
    proposal = plan_greedy(problem)
    everything = [
        *proposal.left_out.values(),
        *(found for plan in proposal.meetings for found in plan.reasons.values()),
    ]

    for stated in everything:
        assert stated
        assert all(tuple(reason.values) == REASON_CODES[reason.code] for reason in stated)


# What follows judges conflicts by trying out everything, without the planner's code.


@st.composite
def tiny_boards(draw: st.DrawFn) -> tuple[Problem, dict[str, list[str]]]:
    """One case to explain beside others that have their places, two meetings, and few people."""
    away = st.sampled_from([(), (between(-10, 90),), (between(-10, 90, week=1),), (between(-10, 90), *AWAY[1:2])])
    members = [
        a_member(f"m{place}", draw(st.sampled_from(["hpb_surgery", "urology"])), busy=draw(away))
        for place in range(draw(st.integers(1, 3)))
    ]
    wanted = draw(st.sets(st.sampled_from(["hpb_surgery", "urology", "geriatrics"]), max_size=2))
    needs = [a_need(specialty) for specialty in sorted(wanted)]
    case = a_case(
        "c0",
        *needs,
        minutes=draw(st.sampled_from([4, 8, 30])),
        ready_in_days=draw(st.sampled_from([None, -1, -1, 3])),
        blocked_on={"w1": ("ct",)} if draw(st.booleans()) else {},
        named=draw(st.sampled_from([(), (), ("m0",)])),
    )
    others = [a_case(f"o{place}", minutes=draw(st.sampled_from([4, 8]))) for place in range(draw(st.integers(0, 4)))]
    places: dict[str, list[str]] = {}
    for other in others:
        places.setdefault(draw(st.sampled_from(["w0", "w1"])), []).append(other.reference)
    meetings = [a_meeting(week, minutes=20) for week in range(2)]
    now = draw(st.sampled_from([NOW, at(-60)]))
    return a_problem(case, *others, meetings=meetings, members=members, now=now), places


def can_be_placed(problem: Problem, places: dict[str, list[str]], kept: Groups) -> bool:
    """True when some meeting and some choice of people keep every rule of the groups; everything is tried."""
    case = problem.cases[0]
    return any(_can_join(problem, places, case, meeting, kept) for meeting in problem.meetings)


def _can_join(
    problem: Problem, places: dict[str, list[str]], case: WaitingCase, meeting: MeetingFacts, kept: Groups
) -> bool:
    kinds = {group.kind for group in kept}
    if meeting.span.start <= problem.now:
        return False
    is_ready = case.ready_at is not None and case.ready_at <= meeting.span.start and meeting.id not in case.blocked_on
    if RuleKind.READINESS in kinds and not is_ready:
        return False
    if RuleKind.CLOSING in kinds and problem.now >= meeting.closes_at:
        return False
    minutes = {known.reference: known.minutes for known in problem.cases}
    used = sum(minutes[other] for other in places.get(meeting.id, [])) if RuleKind.OTHERS in kinds else 0
    if RuleKind.MINUTES in kinds and used + case.minutes > 20:
        return False
    keys = [group.key for group in kept if group.kind is RuleKind.NEED]
    free = [member for member in problem.members if is_free(meeting.span, member.busy)]
    return all(any(answers(member, key) for member in free) for key in keys)


@settings(deadline=None, max_examples=300)
@given(tiny_boards())
def test_reported_conflict_is_a_conflict_and_none_without_any_one_of_it(
    board: tuple[Problem, dict[str, list[str]]],
) -> None:
    problem, places = board
    options = read_options(problem)
    trials = Trials(options, lay_out_meetings(options, places))
    everything = frozenset(groups_of(problem.cases[0]))

    conflict = trials.conflict(problem.cases[0], trials.ahead) if trials.ahead else everything

    assert bool(conflict) is not can_be_placed(problem, places, everything)
    if conflict and trials.ahead:
        assert not can_be_placed(problem, places, conflict)
        assert [group for group in conflict if not can_be_placed(problem, places, conflict - {group})] == []
        smaller = _smallest_size(problem, places, everything)
        assert len(conflict) == smaller


def _smallest_size(problem: Problem, places: dict[str, list[str]], everything: Groups) -> int:
    """The size of the smallest conflict, from all subsets."""
    groups = sorted(everything, key=lambda group: group.rank)
    sizes = [
        sum(chosen)
        for chosen in product((0, 1), repeat=len(groups))
        if not can_be_placed(
            problem, places, frozenset(group for group, taken in zip(groups, chosen, strict=True) if taken)
        )
    ]
    return min(sizes)


@settings(deadline=None, max_examples=100)
@given(tiny_boards())
def test_change_that_helps_does(board: tuple[Problem, dict[str, list[str]]]) -> None:
    """Each change that is named is made; then the case can be placed with every rule kept."""
    problem, places = board
    options = read_options(problem)
    stated = explain_left_out(options, lay_out_meetings(options, places)).get("c0", ())
    everything = frozenset(groups_of(problem.cases[0]))

    for reason in stated:
        if reason.code == "helps-if-moved":
            members = tuple(
                replace(
                    member, busy=tuple(busy for busy in member.busy if busy.start.isoformat() != _utc(reason.values))
                )
                if member.id == reason.values["member"]
                else member
                for member in problem.members
            )
            assert can_be_placed(replace(problem, members=members), places, everything)
        if reason.code == "helps-moving":
            moved = {
                name: [one for one in there if one != reason.values["reference"]] for name, there in places.items()
            }
            moved.setdefault(str(reason.values["to"]), []).append(str(reason.values["reference"]))
            assert can_be_placed(problem, moved, everything)


def _utc(values: object) -> str:
    from datetime import UTC, datetime

    assert isinstance(values, dict)
    return datetime.fromisoformat(str(values["at"])).astimezone(UTC).isoformat()


def test_explanation_is_the_same_again() -> None:
    cases = [a_case(f"c{number}", "hpb_surgery", minutes=10) for number in range(8)]
    problem = a_problem(
        *cases, members=[a_member("hpb", "hpb_surgery", busy=AWAY[:1])], meetings=[a_meeting(0), a_meeting(1)]
    )

    assert plan_greedy(problem) == plan_greedy(problem)

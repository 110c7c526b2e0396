"""Who could cover what a meeting lost: the needs, the ranking, and the reason of each who is not asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tumorboard.domain.model import (
    AgendaEntry,
    Attendance,
    MeetingPlan,
    MemberFacts,
    Need,
    SeatFacts,
    SeatKind,
    Text,
    Urgency,
    WaitingCase,
)
from tumorboard.domain.planning_problem import NeedKey, answers
from tumorboard.domain.substitutes import (
    REJECTIONS,
    LostNeed,
    Place,
    Ranking,
    SubstituteQuestion,
    find_lost,
    rank_substitutes,
)
from tumorboard.domain.timeline import Interval, is_free, subtract

START = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
UROLOGY = NeedKey("urology")


def minutes(first: int, last: int) -> Interval:
    return Interval(START + timedelta(minutes=first), START + timedelta(minutes=last))


def member(name: str, *, busy: tuple[Interval, ...] = (), **more: object) -> MemberFacts:
    values: dict[str, object] = {"specialties": frozenset({"urology"}), **more}
    return MemberFacts(id=name, name=name.capitalize(), busy=busy, **values)  # type: ignore[arg-type]


def lost(key: NeedKey = UROLOGY, **more: object) -> LostNeed:
    values: dict[str, object] = {
        "span": minutes(20, 40), "kind": SeatKind.ON_DEMAND, "references": ("C-2",), "member": "jung", **more
    }  # fmt: skip
    return LostNeed(key=key, **values)  # type: ignore[arg-type]


def rank(*members: MemberFacts, need: LostNeed | None = None, **more: object) -> Ranking:
    return rank_substitutes(SubstituteQuestion(need or lost(), members, **more))  # type: ignore[arg-type]


def order(ranking: Ranking) -> list[tuple[str, Place]]:
    return [(one.member, one.place) for one in ranking.candidates]


def test_present_then_deputies_then_holders_then_colleagues() -> None:
    people = [member(name) for name in ("ahn", "baek", "moon", "jung", "here")]
    seats = (SeatFacts("urology", SeatKind.ON_DEMAND, in_quorum=False, holders=("jung", "moon")),)

    found = rank(*people, seats=seats, deputies=("baek",), coming={"here": minutes(0, 20)})

    assert order(found) == [
        ("here", Place.PRESENT), ("baek", Place.DEPUTY), ("moon", Place.HOLDER), ("ahn", Place.COLLEAGUE),
    ]  # fmt: skip


def test_deputies_are_in_their_order_however_often_they_were_asked() -> None:
    found = rank(member("b"), member("a"), deputies=("b", "a"), asked={"b": 9})

    assert order(found) == [("b", Place.DEPUTY), ("a", Place.DEPUTY)]


def test_colleagues_are_asked_in_turn_and_names_decide_the_rest() -> None:
    found = rank(member("c"), member("b"), member("a"), asked={"a": 2, "b": 1, "c": 1})

    assert order(found) == [("b", Place.COLLEAGUE), ("c", Place.COLLEAGUE), ("a", Place.COLLEAGUE)]


def test_who_is_held_least_longer_is_first_of_those_who_come_anyway() -> None:
    coming = {"far": minutes(60, 80), "near": minutes(40, 60)}

    found = rank(member("far"), member("near"), coming=coming)

    assert [(one.member, one.span) for one in found.candidates] == [
        ("near", minutes(20, 60)), ("far", minutes(20, 80)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("person", "need", "more", "code"),
    [
        (member("x", specialties=frozenset({"radiology"})), lost(), {"deputies": ("x",)}, "specialty-missing"),
        (member("x"), lost(NeedKey("urology", "robot")), {}, "certificate-missing"),
        (member("x"), lost(NeedKey("", "", "jung")), {"deputies": ("x",)}, "need-for-another"),
        (member("x"), lost(), {"declined": frozenset({"x"})}, "has-declined"),
        (member("x", busy=(minutes(39, 60),)), lost(), {}, "not-free"),
        (member("x", most_calls_per_week=2), lost(), {"calls": {"x": 2}}, "call-limit-reached"),
    ],
)
def test_who_is_not_asked_has_a_reason(
    person: MemberFacts, need: LostNeed, more: dict[str, object], code: str
) -> None:  # fmt: skip
    found = rank(person, need=need, **more)

    assert ([(one.member, one.code) for one in found.rejected], found.candidates) == ([("x", code)], ())
    assert found.reason_against("x") == code


def test_who_is_busy_right_before_and_after_can_come() -> None:
    found = rank(member("x", busy=(minutes(0, 20), minutes(40, 60))))

    assert order(found) == [("x", Place.COLLEAGUE)]


def test_who_comes_anyway_is_not_stopped_by_her_own_booking_but_by_another() -> None:
    mine = minutes(50, 70)

    found = rank(
        member("a", busy=(mine,)), member("b", busy=(mine, minutes(42, 45))), coming={"a": mine, "b": mine}
    )  # fmt: skip

    assert (order(found), found.reason_against("b")) == ([("a", Place.PRESENT)], "not-free")


def test_call_limit_counts_neither_for_a_core_seat_nor_for_who_comes_anyway() -> None:
    full = member("x", most_calls_per_week=1)

    seat = rank(full, need=lost(kind=SeatKind.CORE), calls={"x": 1})
    here = rank(full, calls={"x": 1}, coming={"x": minutes(0, 10)})

    assert (order(seat), order(here)) == ([("x", Place.COLLEAGUE)], [("x", Place.PRESENT)])


def test_who_does_not_come_is_not_in_her_own_ranking() -> None:
    found = rank(member("jung"), declined=frozenset({"jung"}))

    assert found == Ranking((), ())


def test_who_has_nothing_to_do_with_it_is_not_listed() -> None:
    found = rank(member("x", specialties=frozenset({"radiology"})))

    assert (found, found.reason_against("x")) == (Ranking((), ()), "specialty-missing")


NAMES = ["a", "b", "c", "d", "e", "f"]
SPANS = st.builds(lambda first, length: minutes(first, first + length), st.integers(0, 60), st.integers(1, 30))


@st.composite
def questions(draw: st.DrawFn) -> SubstituteQuestion:
    some = st.sets(st.sampled_from(NAMES))
    people = tuple(
        MemberFacts(
            id=name,
            name=draw(st.sampled_from(["Kim", "Lee"])),
            specialties=frozenset(draw(st.sets(st.sampled_from(["urology", "radiology"])))),
            certificates=frozenset(draw(st.sets(st.just("robot")))),
            busy=tuple(draw(st.lists(SPANS, max_size=2))),
            most_calls_per_week=draw(st.one_of(st.none(), st.integers(1, 2))),
        )
        for name in NAMES
    )
    key = draw(st.sampled_from([UROLOGY, NeedKey("urology", "robot"), NeedKey("", "", "c")]))
    return SubstituteQuestion(
        lost=lost(key, member="a", kind=draw(st.sampled_from(list(SeatKind)))),
        members=people,
        seats=(SeatFacts("urology", SeatKind.CORE, in_quorum=True, holders=tuple(sorted(draw(some)))),),
        coming={name: draw(SPANS) for name in draw(some) - {"a"}},
        declined=frozenset(draw(some)),
        deputies=tuple(draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3))),
        calls=draw(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 3))),
        asked=draw(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 3))),
    )


@settings(max_examples=100)
@given(questions(), st.randoms())
def test_ranking_does_not_depend_on_the_order_of_the_members(question: SubstituteQuestion, random: object) -> None:
    members = list(question.members)
    random.shuffle(members)  # type: ignore[attr-defined]

    assert rank_substitutes(replace(question, members=tuple(members))) == rank_substitutes(question)


@settings(max_examples=100)
@given(questions())
def test_every_candidate_covers_the_need_and_has_time(question: SubstituteQuestion) -> None:
    members = {one.id: one for one in question.members}

    for one in rank_substitutes(question).candidates:
        own = question.coming.get(one.member)
        assert answers(members[one.member], question.lost.key)
        assert one.member not in question.declined
        assert one.span.contains(question.lost.span)
        new = subtract(one.span, [own] if own is not None else [])
        assert all(is_free(part, members[one.member].busy) for part in new)


@settings(max_examples=100)
@given(questions())
def test_nobody_is_both_asked_and_rejected_and_all_who_could_are_named(question: SubstituteQuestion) -> None:
    found = rank_substitutes(question)

    asked, rejected = {one.member for one in found.candidates}, {one.member for one in found.rejected}
    able = {one.id for one in question.members if answers(one, question.lost.key)} - {question.lost.member}
    assert asked & rejected == set()
    assert able <= asked | rejected
    assert {one.code for one in found.rejected} <= set(REJECTIONS)


@settings(max_examples=100)
@given(questions())
def test_better_standing_is_never_behind_a_worse_one(question: SubstituteQuestion) -> None:
    places = [one.place for one in rank_substitutes(question).candidates]

    assert places == sorted(places)


@settings(max_examples=100)
@given(questions(), st.sampled_from(NAMES))
def test_one_who_becomes_busy_leaves_the_others_in_their_order(question: SubstituteQuestion, name: str) -> None:
    before = [one.member for one in rank_substitutes(question).candidates]
    members = tuple(
        replace(one, busy=(minutes(-600, 600),)) if one.id == name and name not in question.coming else one
        for one in question.members
    )

    after = [one.member for one in rank_substitutes(replace(question, members=members)).candidates]

    assert after == [one for one in before if one != name or name in question.coming]


def need(specialty: str, **more: object) -> Need:
    text = Text(en="", ko="")
    return Need(specialty=specialty, required=True, rule=f"R-{specialty}", kind="X", because=text, source="", **more)  # type: ignore[arg-type]


def case(reference: str, *needs: Need) -> WaitingCase:
    return WaitingCase(reference, 10, Urgency.ROUTINE, needs, START, START, START)


def attendance(name: str, specialty: str, span: Interval, kind: SeatKind = SeatKind.ON_DEMAND) -> Attendance:
    return Attendance(member=name, kind=kind, span=span, specialties=(specialty,))


PATHOLOGIST = member("choi", specialties=frozenset({"pathology"}))
CASES = {
    "C-1": case("C-1", need("pathology")),
    "C-2": case("C-2", need("pathology"), need("urology")),
    "C-3": case("C-3", need("urology")),
}
PLAN = MeetingPlan(
    meeting="m",
    agenda=tuple(AgendaEntry(name, minutes(10 * place, 10 * place + 10)) for place, name in enumerate(CASES)),
    attendances=(
        attendance("choi", "pathology", minutes(0, 90), SeatKind.CORE), attendance("jung", "urology", minutes(10, 30)),
    ),
    reasons={},
)  # fmt: skip
SEATS = (SeatFacts("pathology", SeatKind.CORE, in_quorum=True, holders=("choi",)),)


def losses(gone: set[str], *others: MemberFacts, plan: MeetingPlan = PLAN) -> tuple[LostNeed, ...]:
    members = {one.id: one for one in (PATHOLOGIST, member("jung"), *others)}
    return find_lost(plan, span=minutes(0, 90), seats=SEATS, cases=CASES, members=members, gone=gone)


def test_nothing_is_lost_while_everybody_comes() -> None:
    assert losses(set()) == ()


def test_needs_of_one_member_are_one_with_her_window() -> None:
    assert losses({"jung"}) == (
        LostNeed(UROLOGY, minutes(10, 30), SeatKind.ON_DEMAND, ("C-2", "C-3"), ("R-urology",), member="jung"),
    )


def test_core_member_loses_her_seat_and_her_cases_together() -> None:
    (found,) = losses({"choi"})

    assert (found.is_seat, found.references, found.kind, found.span) == (
        True, ("C-1", "C-2"), SeatKind.CORE, minutes(0, 90),
    )  # fmt: skip


def test_who_covers_for_her_throughout_keeps_the_need() -> None:
    plan = replace(PLAN, attendances=(*PLAN.attendances, attendance("moon", "urology", minutes(0, 90))))

    assert losses({"jung"}, member("moon"), plan=plan) == ()


def test_need_that_nobody_was_invited_for_has_the_window_of_its_cases() -> None:
    plan = replace(PLAN, attendances=PLAN.attendances[:1])

    assert losses(set(), plan=plan) == (
        LostNeed(UROLOGY, minutes(10, 30), SeatKind.ON_DEMAND, ("C-2", "C-3"), ("R-urology",)),
    )


def test_member_who_left_the_centre_is_known_by_what_she_came_for() -> None:
    plan = replace(PLAN, attendances=(PLAN.attendances[0], attendance("gone", "urology", minutes(10, 30))))
    plan = replace(plan, attendances=(plan.attendances[0], replace(plan.attendances[1], cases=("C-2", "C-3"))))

    (found,) = losses({"gone"}, plan=plan)

    assert (found.member, found.references, found.span) == ("gone", ("C-2", "C-3"), minutes(10, 30))


def test_seat_that_nobody_held_when_it_was_published_is_not_lost() -> None:
    plan = replace(PLAN, attendances=PLAN.attendances[1:], agenda=PLAN.agenda[2:])

    assert losses(set(), plan=plan) == ()

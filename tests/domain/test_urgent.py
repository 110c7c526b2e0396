"""The earliest moment for an urgent case, who covers what, and who is missing when there is none."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.boards import a_need
from tests.domain.urgent_people import (
    NOON,
    a_person,
    a_question,
    after,
    brute_force,
    held_by,
    taken,
)
from tumorboard.domain.errors import BadInput
from tumorboard.domain.planning_problem import NeedKey, answers, key_of
from tumorboard.domain.timeline import Interval, is_free, merge
from tumorboard.domain.urgent import cover_at, find_moments
from tumorboard.domain.urgent_facts import Askable, Moment, RoomFacts, UrgentQuestion
from tumorboard.domain.urgent_team import Standing, asking_order, choose_team
from tumorboard.domain.working_hours import WorkingHours


def covered_by(moment: Moment) -> dict[str, str]:
    """Specialty, or named member, to who covers it."""
    return {cover.key.specialty or cover.key.member: cover.member for cover in moment.covers}


def starts(question: UrgentQuestion) -> list[int]:
    """The moments in minutes after noon."""
    return [int((moment.span.start - NOON).total_seconds() // 60) for moment in find_moments(question).moments]


def test_everybody_free_meets_after_the_notice() -> None:
    question = a_question(a_person("op", "operator"), a_person("an", "anesthesia"), notice=10)

    answer = find_moments(question)

    assert [moment.span for moment in answer.moments] == [taken(10, 25)]
    assert covered_by(answer.moments[0]) == {"operator": "op", "anesthesia": "an"}
    assert answer.moments[0].latest_start == after(105)
    assert (answer.moments[0].room, answer.nearest, answer.first_late) == ("room", None, None)


def test_notice_is_rounded_up_to_a_step() -> None:
    now = NOON + timedelta(minutes=2, seconds=33)
    question = a_question(a_person("op", "operator"), a_person("an", "anesthesia"), notice=10, now=now)

    assert find_moments(question).moments[0].span.start == after(15)


def test_moment_waits_for_the_first_gap_of_all() -> None:
    question = a_question(
        a_person("op", "operator", busy=[taken(-60, 22), taken(37, 50)]),
        a_person("an", "anesthesia", busy=[taken(0, 30)]),
    )

    moment = find_moments(question).moments[0]

    assert (moment.span, moment.latest_start) == (taken(50, 65), after(105))


def test_busy_until_the_start_is_free_at_the_start() -> None:
    question = a_question(a_person("op", "operator", busy=[taken(0, 30), taken(45, 200)]), a_person("an", "anesthesia"))

    moment = find_moments(question).moments[0]

    assert (moment.span, moment.latest_start) == (taken(30, 45), after(30))


def test_meeting_ends_before_the_clock_runs_out() -> None:
    question = a_question(a_person("op", "operator", busy=[taken(0, 105)]), a_person("an", "anesthesia"))
    tighter = a_question(a_person("op", "operator", busy=[taken(0, 106)]), a_person("an", "anesthesia"), look=300)

    assert starts(question) == [105]
    assert (starts(tighter), find_moments(tighter).first_late.span) == ([], taken(110, 125))  # type: ignore[union-attr]


def test_holder_comes_before_deputy_and_deputy_before_colleague() -> None:
    people = [a_person("colleague", "operator"), a_person("deputy", "operator"),
              a_person("holder", "operator", deputies=["deputy"]), a_person("second", "operator")]  # fmt: skip
    key = NeedKey("operator")

    order = asking_order(key, members={person.id: person for person in people},
                         seats=[held_by("operator", "holder", "second")])  # fmt: skip

    assert [(each.member, each.standing) for each in order] == [
        ("holder", Standing.HOLDER),
        ("second", Standing.HOLDER),
        ("deputy", Standing.DEPUTY),
        ("colleague", Standing.COLLEAGUE),
    ]


def test_deputy_stands_in_and_the_holder_is_a_later_alternative() -> None:
    question = a_question(
        a_person("holder", "operator", busy=[taken(0, 40)], deputies=["deputy"]),
        a_person("deputy", "operator"),
        a_person("an", "anesthesia"),
        seats=[held_by("operator", "holder"), held_by("anesthesia", "an")],
    )

    answer = find_moments(question)

    assert [(moment.span, covered_by(moment)["operator"]) for moment in answer.moments] == [
        (taken(0, 15), "deputy"),
        (taken(40, 55), "holder"),
    ]
    cover = answer.moments[0].covers[0]
    assert (cover.standing, cover.instead_of) == (Standing.DEPUTY, "holder")


def test_same_team_later_is_no_alternative_but_a_second_window_is() -> None:
    question = a_question(
        a_person("op", "operator", busy=[taken(30, 60)]), a_person("an", "anesthesia", busy=[taken(70, 80)])
    )

    assert starts(question) == [0, 80]


def test_one_person_for_two_needs_is_better_than_two() -> None:
    question = a_question(
        a_person("op", "operator"),
        a_person("an", "anesthesia"),
        a_person("both", "operator", "anesthesia"),
        seats=[held_by("operator", "op", "both"), held_by("anesthesia", "an", "both")],
    )

    assert find_moments(question).moments[0].team == ("both",)


def test_who_was_called_less_often_is_called() -> None:
    people = [a_person("tired", "operator"), a_person("rested", "operator"), a_person("an", "anesthesia")]
    seats = [held_by("operator", "tired", "rested"), held_by("anesthesia", "an")]

    fresh = find_moments(a_question(*people, seats=seats))
    later = find_moments(a_question(*people, seats=seats, calls={"tired": 1}))

    assert [covered_by(answer.moments[0])["operator"] for answer in (fresh, later)] == ["tired", "rested"]


def test_weekly_limit_counts_but_never_delays() -> None:
    spent = a_person("spent", "operator", limit=1)
    seats = [held_by("operator", "spent", "often")]
    calls = {"spent": 1, "often": 5}

    beside = a_question(spent, a_person("often", "operator"), needs=["operator"], seats=seats, calls=calls)
    alone = a_question(spent, needs=["operator"], seats=seats, calls=calls)

    assert [find_moments(each).moments[0].team for each in (beside, alone)] == [("often",), ("spent",)]


def test_worse_team_is_the_alternative_when_the_better_one_has_gone() -> None:
    question = a_question(
        a_person("holder", "operator", busy=[taken(45, 200)]),
        a_person("other", "operator"),
        seats=[held_by("operator", "holder")],
        needs=["operator"],
    )

    assert [(moment.span, moment.team) for moment in find_moments(question).moments] == [
        (taken(0, 15), ("holder",)),
        (taken(35, 50), ("other",)),
    ]


def test_certificate_and_named_member_are_kept() -> None:
    question = a_question(
        a_person("plain", "operator"),
        a_person("certified", "operator", certificates=["advanced"]),
        a_person("an", "anesthesia"),
        needs=[a_need("operator", certificate="advanced"), a_need("", member="an")],
    )

    assert find_moments(question).moments[0].team == ("certified", "an")


def test_waived_need_calls_nobody() -> None:
    question = a_question(a_person("op", "operator"), needs=["operator"])
    waived = replace(a_need("anesthesia"), waived_by="Dr Kim")
    with_waiver = a_question(a_person("op", "operator"), needs=["operator", waived])

    assert find_moments(with_waiver).moments == find_moments(question).moments


def test_recommended_need_is_covered_if_somebody_is_free_and_never_delays() -> None:
    needs = ["operator", a_need("neonatology", required=False)]
    op = a_person("op", "operator")

    free = find_moments(a_question(op, a_person("neo", "neonatology"), needs=needs)).moments
    busy = find_moments(a_question(op, a_person("neo", "neonatology", busy=[taken(0, 60)]), needs=needs)).moments

    assert [moment.team for moment in free] == [("op", "neo")]
    assert [(moment.team, [key.specialty for key in moment.unadvised]) for moment in busy] == [
        (("op",), ["neonatology"]),
        (("op", "neo"), []),
    ]


def test_rooms_taken_means_by_phone_now_and_a_room_later() -> None:
    rooms = [RoomFacts("small", (taken(0, 60),)), RoomFacts("large", (taken(0, 30),))]
    question = a_question(a_person("op", "operator"), needs=["operator"], rooms=rooms)

    moments = find_moments(question).moments

    assert [(moment.span, moment.room) for moment in moments] == [(taken(0, 15), None), (taken(30, 45), "large")]


@pytest.mark.parametrize(
    ("zone", "minutes"), [("Asia/Seoul", (0, 630)), ("Europe/Berlin", (0,)), ("Australia/Lord_Howe", (0, 510))]
)
def test_first_moment_of_the_working_day_is_an_alternative_to_the_night(zone: str, minutes: tuple[int, ...]) -> None:
    hours = WorkingHours(ZoneInfo(zone))

    question = a_question(a_person("op", "operator"), needs=["operator"], within=1200, hours=hours)

    assert starts(question) == list(minutes)


def test_declined_member_is_not_asked_again() -> None:
    people = [a_person("op", "operator", deputies=["dep"]), a_person("dep", "operator"), a_person("an", "anesthesia")]
    seats = [held_by("operator", "op"), held_by("anesthesia", "an")]

    moments = find_moments(a_question(*people, seats=seats, declined=["op"])).moments

    assert [covered_by(moment)["operator"] for moment in moments] == ["dep"]
    assert moments[0].covers[0].instead_of == "op"


def test_member_who_declined_is_asked_for_another_time() -> None:
    op = a_person("op", "operator", busy=[taken(30, 60)])
    question = replace(a_question(op, needs=["operator"]), declined={"op": (taken(0, 15),)})

    moments = find_moments(question).moments

    assert [(moment.span, moment.team) for moment in moments] == [(taken(15, 30), ("op",)), (taken(60, 75), ("op",))]


def test_moment_outside_working_hours_stands_after_those_inside() -> None:
    """Seoul: noon UTC is nine in the evening; half past seven is 630 minutes later."""
    dep = a_person("dep", "operator")
    op = a_person("op", "operator", deputies=["dep"], busy=[taken(0, 60), taken(90, 630)])
    question = a_question(
        op, dep, needs=["operator"], seats=[held_by("operator", "op")], within=1200,
        hours=WorkingHours(ZoneInfo("Asia/Seoul")),
    )  # fmt: skip

    assert starts(question) == [0, 630, 60]


def test_start_of_another_meeting_of_the_board_is_passed_over() -> None:
    question = a_question(a_person("op", "operator"), needs=["operator"], taken_starts=[after(0), after(5)])

    assert starts(question) == [10]


def test_missing_need_says_who_could_come_from_when() -> None:
    question = a_question(
        a_person("op", "operator"),
        a_person("late", "anesthesia", busy=[taken(-10, 300)]),
        a_person("soon", "anesthesia", busy=[taken(-10, 200)]),
        a_person("gone", "anesthesia"),
        a_person("away", "anesthesia", busy=[taken(-10, 900)]),
        declined=["gone"],
        look=600,
    )

    answer = find_moments(question)

    assert answer.moments == ()
    assert answer.first_late is not None
    assert (answer.first_late.span, answer.first_late.team) == (taken(200, 215), ("op", "soon"))
    assert answer.nearest is not None
    assert (answer.nearest.span, answer.nearest.team, answer.nearest.is_quorate) == (taken(0, 15), ("op",), False)
    gap = answer.nearest.missing[0]
    assert (gap.key.specialty, gap.code, gap.free_from) == ("anesthesia", "no-member-free", after(200))
    assert gap.askable == (
        Askable("soon", after(200)),
        Askable("late", after(300)),
        Askable("away", None),
        Askable("gone", None, has_declined=True),
    )


@pytest.mark.parametrize(
    ("need", "code"),
    [
        (a_need("neurosurgery"), "no-member-for-specialty"),
        (a_need("operator", certificate="advanced"), "certificate-missing"),
        (a_need("", member="guest"), "named-member-gone"),
    ],
)
def test_need_of_nobody_has_its_own_code(need: object, code: str) -> None:
    answer = find_moments(a_question(a_person("op", "operator"), needs=["operator", need]))  # type: ignore[list-item]

    assert answer.nearest is not None
    assert [(gap.code, gap.askable) for gap in answer.nearest.missing] == [(code, ())]


def test_no_time_left_gives_nothing_but_the_next_moment() -> None:
    answer = find_moments(a_question(a_person("op", "operator"), needs=["operator"], within=10, look=120))

    assert (answer.moments, answer.nearest) == ((), None)
    assert answer.first_late is not None
    assert answer.first_late.span == taken(0, 15)


def test_cover_keeps_who_is_coming_anyway() -> None:
    question = a_question(
        a_person("holder", "operator"),
        a_person("deputy", "operator"),
        a_person("an", "anesthesia"),
        seats=[held_by("operator", "holder"), held_by("anesthesia", "an")],
    )

    moment = cover_at(question, after(20), present=["deputy"])

    assert (moment.span, moment.team) == (taken(20, 35), ("deputy", "an"))


def test_cover_at_a_moment_that_is_gone_names_the_gap() -> None:
    question = a_question(a_person("op", "operator", busy=[taken(20, 40)]), a_person("an", "anesthesia"))

    moment = cover_at(question, after(20))

    assert [(gap.key.specialty, gap.free_from) for gap in moment.missing] == [("operator", after(40))]


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"minutes": 0}, "bad-length"), ({"step": 7}, "bad-step"), ({"within": 0}, "until-past")],
)
def test_impossible_question_is_refused(changes: dict[str, int], code: str) -> None:
    with pytest.raises(BadInput) as refused:
        a_question(a_person("op", "operator"), **changes)  # type: ignore[arg-type]

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("zone", "now"),
    [
        ("Europe/Berlin", datetime(2027, 3, 28, 0, 30, tzinfo=UTC)),  # the hour from 02:00 is skipped
        ("Europe/Berlin", datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),  # the hour from 02:00 comes twice
        ("Australia/Lord_Howe", datetime(2027, 4, 3, 14, 30, tzinfo=UTC)),  # half an hour comes twice
        ("Australia/Lord_Howe", datetime(2027, 10, 2, 15, 0, tzinfo=UTC)),  # half an hour is skipped
    ],
)
def test_two_hours_are_two_hours_through_a_clock_change(zone: str, now: datetime) -> None:
    local = now.astimezone(ZoneInfo(zone))
    busy = Interval(local, (now + timedelta(minutes=95)).astimezone(ZoneInfo(zone)))
    op = a_person("op", "operator", busy=[busy])

    moments = find_moments(a_question(op, needs=["operator"], now=now)).moments
    too_late = find_moments(a_question(op, needs=["operator"], now=now, within=105)).moments

    assert [moment.span.start for moment in moments] == [now + timedelta(minutes=95)]
    assert too_late == ()


def test_chosen_team_is_the_cheapest_where_needs_share_members() -> None:
    people = {name: a_person(name, *specialties) for name, specialties in
              {"a": "xy", "b": "yz", "c": "z", "d": "x"}.items()}  # fmt: skip
    pools = {NeedKey(name): asking_order(NeedKey(name), members=people, seats=()) for name in "xyz"}

    team = choose_team(pools, burdens={})

    assert len({candidate.member for candidate in team.values()}) == 2


@st.composite
def questions(draw: st.DrawFn) -> UrgentQuestion:
    specialties = ("operator", "anesthesia", "neonatology")
    members = []
    for number in range(draw(st.integers(1, 7))):
        held = draw(st.sets(st.sampled_from(specialties), min_size=1, max_size=2))
        pairs = draw(st.lists(st.tuples(st.integers(-30, 150), st.integers(1, 60)), max_size=4))
        busy = merge(taken(start, start + length) for start, length in pairs)
        members.append(a_person(f"m{number}", *sorted(held), busy=busy, deputies=[f"m{(number + 1) % 7}"]))
    holders = draw(st.lists(st.sampled_from([member.id for member in members]), unique=True, max_size=3))
    needs = draw(st.lists(st.sampled_from(specialties), min_size=1, max_size=3, unique=True))
    room = merge(taken(start, start + 30) for start in draw(st.lists(st.integers(-10, 120), max_size=3)))
    return a_question(
        *members,
        needs=[a_need(need, required=draw(st.booleans()) or place == 0) for place, need in enumerate(needs)],
        seats=[held_by(specialty, *holders) for specialty in specialties],
        rooms=[RoomFacts("room", room)],
        minutes=draw(st.sampled_from((10, 15, 20))),
        step=draw(st.sampled_from((1, 5))),
        notice=draw(st.integers(0, 12)),
        declined=draw(st.sets(st.sampled_from([member.id for member in members]), max_size=1)),
        taken_starts=[after(minute) for minute in draw(st.lists(st.integers(0, 100), max_size=2))],
        look=240,
    )


@settings(max_examples=150, deadline=None)
@given(questions())
def test_sweep_agrees_with_a_search_of_every_start(question: UrgentQuestion) -> None:
    every = brute_force(question)

    answer = find_moments(question, limit=1000)

    found = {moment.span.start: moment for moment in answer.moments}
    assert min(found, default=None) == min(every, default=None)
    for start, moment in found.items():
        assert (_stand_ins(moment), len({c.member for c in moment.covers if c.required})) == every[start]
    for start, (stand_ins, _) in every.items():
        possible = [moment for begin, moment in found.items() if begin <= start <= moment.latest_start]
        assert min(_stand_ins(moment) for moment in possible) <= stand_ins


@settings(max_examples=200, deadline=None)
@given(questions())
def test_every_moment_stands_up_to_a_check_of_its_own(question: UrgentQuestion) -> None:
    members = {member.id: member for member in question.members}
    length = timedelta(minutes=question.minutes)

    answer = find_moments(question)

    for moment in answer.moments:
        latest = Interval(moment.latest_start, moment.latest_start + length)
        assert moment.span.end <= question.until
        for cover in moment.covers:
            assert answers(members[cover.member], cover.key)
            assert not question.has_declined(cover.member, moment.span)
            assert is_free(moment.span, members[cover.member].busy)
            assert is_free(latest, members[cover.member].busy)
        covered = {cover.key for cover in moment.covers}
        assert {key_of(need) for need in question.needs if need.required} <= covered
    assert list(answer.moments) == sorted(answer.moments, key=lambda moment: moment.span.start)  # no hours are given
    assert find_moments(question) == answer


def _stand_ins(moment: Moment) -> int:
    return sum(cover.standing for cover in moment.covers if cover.required)


def test_sweep_looks_at_ends_of_busy_times_only() -> None:
    rng = random.Random(3)
    specialties = [f"s{number}" for number in range(20)]
    members = [a_person(f"m{number}", specialties[number % 20], busy=_a_day(rng)) for number in range(300)]
    needs = specialties[:8]
    question = a_question(*members, needs=needs, within=1440, look=1440)

    answer = find_moments(question)

    asked = [member for member in members if not member.specialties.isdisjoint(needs)]
    assert answer.instants <= 4 + 2 * sum(1 + len(member.busy) for member in asked)


def _a_day(rng: random.Random) -> tuple[Interval, ...]:
    """Clinics and operations of a day, and a night."""
    begin = [rng.randrange(0, 1400) for _ in range(8)]
    return merge(taken(start, start + rng.randrange(20, 150)) for start in begin)

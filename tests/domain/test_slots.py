"""Free slots of groups of specialties: ranked, and each other slot with its reason."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.urgent_people import a_person
from tumorboard.domain.errors import BadInput
from tumorboard.domain.model import MemberFacts, Reason
from tumorboard.domain.slots import explain_slot, find_slots
from tumorboard.domain.slots_facts import SLOT_REASONS, SlotQuestion, Wanted
from tumorboard.domain.timeline import Interval, is_free, merge
from tumorboard.domain.urgent_facts import RoomFacts
from tumorboard.domain.working_hours import WorkingHours

SEOUL = ZoneInfo("Asia/Seoul")
MONDAY = date(2027, 1, 4)


def local(clock: str, day: int = 4, zone: ZoneInfo = SEOUL) -> datetime:
    """The UTC instant of a clock time in January 2027."""
    return datetime.combine(date(2027, 1, day), time.fromisoformat(clock), tzinfo=zone).astimezone(UTC)


def taken(first: str, last: str, day: int = 4) -> Interval:
    """From one clock time in Seoul to another."""
    return Interval(local(first, day), local(last, day))


def a_question(*members: MemberFacts, **changes: object) -> SlotQuestion:
    """An hour for surgery and urology between nine and noon, one week from a Monday morning."""
    values: dict[str, object] = {
        "wanted": (Wanted("surgery"), Wanted("urology")),
        "members": members,
        "now": local("00:00"),
        "hours": WorkingHours(SEOUL, time(9), time(12)),
        "weeks": 1,
    }
    return SlotQuestion(**{**values, **changes})  # type: ignore[arg-type]


def clocks(spans: Iterable[Interval]) -> list[str]:
    """Day of the month and clock time in Seoul."""
    return [span.start.astimezone(SEOUL).strftime("%d %H:%M") for span in spans]


S, U = a_person("s", "surgery"), a_person("u", "urology")


def test_slots_are_ranked_by_day_then_by_time() -> None:
    found = find_slots(a_question(S, U))

    assert clocks(slot.span for slot in found.best) == [
        f"{day:02} {clock}" for day in range(4, 9) for clock in ("09:00", "09:30")
    ]
    assert (found.possible, found.looked_at) == (25, 25)


def test_slot_within_the_lead_time_is_none_and_says_so() -> None:
    question = a_question(S, U, now=local("08:57"), lead=timedelta(hours=1))

    found = find_slots(question)

    assert clocks(slot.span for slot in found.best)[:2] == ["04 10:00", "04 10:30"]
    assert [(clocks([each.span]), each.count, each.reasons) for each in found.rejected][:1] == [
        (["04 09:00"], 2, (Reason("slot-too-soon", {"hours": 1}),))
    ]


def test_slot_needs_somebody_of_each_specialty_all_the_time() -> None:
    question = a_question(
        a_person("s1", "surgery", busy=[taken("08:00", "09:40")]),
        a_person("s2", "surgery", busy=[taken("09:20", "12:00")]),
        a_person("u", "urology", busy=[taken("11:20", "12:00")]),
    )

    found = find_slots(question)

    assert clocks(slot.span for slot in found.best if slot.span.start < local("00:00", 5)) == ["04 10:00"]
    assert found.best[0].attendees == (("surgery", ("s1",)), ("urology", ("u",)))
    assert [(clocks([each.span]), each.count, each.reasons) for each in found.rejected][:2] == [
        (["04 09:00"], 2, (Reason("slot-nobody-free", {"specialty": "surgery"}),)),
        (["04 10:30"], 2, (Reason("slot-nobody-free", {"specialty": "urology"}),)),
    ]


def test_two_of_three_members_of_a_specialty() -> None:
    people = [a_person("s1", "surgery", busy=[taken("09:00", "10:00")]),
              a_person("s2", "surgery", busy=[taken("09:30", "11:00")]), a_person("s3", "surgery")]  # fmt: skip
    question = a_question(*people, U, wanted=(Wanted("surgery", count=2), Wanted("urology")))

    found = find_slots(question)

    first_day = [slot for slot in found.best if slot.span.start < local("00:00", 5)]
    assert clocks(slot.span for slot in first_day) == ["04 10:30", "04 11:00"]
    assert found.rejected[0].reasons == (Reason("slot-too-few-free", {"specialty": "surgery", "free": 1, "needed": 2}),)


def test_only_those_among_count_and_the_certificate_too() -> None:
    people = [a_person("s1", "surgery"), a_person("s2", "surgery", certificates=["advanced"])]

    among = find_slots(a_question(*people, wanted=(Wanted("surgery", among=("s2",)),)))
    certified = find_slots(a_question(*people, wanted=(Wanted("surgery", certificate="advanced"),)))

    assert [found.best[0].attendees for found in (among, certified)] == [(("surgery", ("s2",)),)] * 2


def test_named_member_must_be_free() -> None:
    chair = a_person("chair", "surgery", busy=[taken("09:00", "11:00")])

    found = find_slots(a_question(S, U, chair, named=("chair",)))

    assert clocks([found.best[0].span]) == ["04 11:00"]
    assert found.best[0].attendees == (("", ("chair",)), ("surgery", ("chair",)), ("urology", ("u",)))
    assert found.rejected[0].reasons == (Reason("slot-member-busy", {"member": "chair"}),)


def test_recommended_specialty_ranks_a_slot_and_never_rules_it_out() -> None:
    nurse = a_person("n", "nursing", busy=[taken("08:00", "10:30")])
    question = a_question(S, U, nurse, wanted=(Wanted("surgery"), Wanted("nursing", required=False)))

    found = find_slots(question, most_per_day=5)

    assert clocks(slot.span for slot in found.best)[:3] == ["04 11:00", "04 10:30", "04 09:00"]
    assert [slot.unadvised for slot in found.best[:3]] == [(), (), ("nursing",)]
    assert found.possible == 25


def test_slot_next_to_something_else_is_tight() -> None:
    busy = a_person("s1", "surgery", busy=[taken("08:00", "09:00"), taken("11:10", "11:30")])

    found = find_slots(a_question(busy, U), most_per_day=5)

    assert [(clocks([slot.span])[0], slot.tight) for slot in found.best[:3]] == [
        ("04 09:30", 0),
        ("04 09:00", 1),
        ("04 10:00", 1),
    ]


def test_less_pressed_colleague_comes_and_others_are_spare() -> None:
    pressed = a_person("s1", "surgery", busy=[taken("08:00", "09:00")])

    slot = find_slots(a_question(pressed, S, U)).best[0]

    assert (slot.attendees[0], slot.spare) == (("surgery", ("s",)), {"surgery": 1, "urology": 0})


def test_room_is_the_first_that_is_free() -> None:
    rooms = (RoomFacts("a", (taken("09:00", "10:00"),)), RoomFacts("b", (taken("09:00", "09:30"),)))

    found = find_slots(a_question(S, U, rooms=rooms), most_per_day=5)

    by_start = {clocks([slot.span])[0]: slot.room for slot in found.best}
    assert (by_start["04 09:30"], by_start["04 10:00"]) == ("b", "a")
    assert found.rejected[0].reasons == (Reason("slot-no-room"),)


def test_one_room_taken_is_named() -> None:
    found = find_slots(a_question(S, U, rooms=(RoomFacts("a", (taken("09:00", "09:10"),)),)))

    assert found.rejected[0].reasons == (Reason("slot-room-taken", {"room": "a"}),)


def test_holidays_and_days_off_are_rejected_with_their_reason() -> None:
    hours = WorkingHours(SEOUL, time(9), time(12), closed={date(2027, 1, 5): "Founding day"})

    found = find_slots(a_question(S, U, hours=hours))

    assert [each.reasons[0] for each in found.rejected] == [
        Reason("slot-holiday", {"day": "2027-01-05", "name": "Founding day"}),
        Reason("slot-outside-hours", {"day": "2027-01-09"}),
        Reason("slot-outside-hours", {"day": "2027-01-10"}),
    ]
    assert "05" not in {clock[:2] for clock in clocks(slot.span for slot in found.best)}


def test_past_slots_of_today_are_left_out() -> None:
    found = find_slots(a_question(S, U, now=local("10:15")))

    assert clocks([found.best[0].span]) == ["04 10:30"]


@pytest.mark.parametrize(
    ("start", "codes"),
    [
        (local("10:17"), []),
        (local("08:00"), ["slot-outside-hours"]),
        (local("11:30"), ["slot-outside-hours"]),
        (local("10:00", 9), ["slot-outside-hours"]),
        (local("09:00", 5), ["slot-holiday"]),
        (local("09:00", 6), ["slot-nobody-free", "slot-no-room"]),
        (local("06:00", 6), ["slot-outside-hours"]),
        (local("09:00", 3), ["slot-past"]),
    ],
)
def test_any_start_is_explained(start: datetime, codes: list[str]) -> None:
    hours = WorkingHours(SEOUL, time(9), time(12), closed={date(2027, 1, 5): "Founding day"})
    surgeon = a_person("s", "surgery", busy=[taken("09:30", "10:00", day=6)])
    room = taken("09:00", "09:10", day=6)
    rooms = (RoomFacts("a", (room,)), RoomFacts("b", (room,)))

    reasons = explain_slot(a_question(surgeon, U, hours=hours, rooms=rooms), start)

    assert [reason.code for reason in reasons] == codes


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"wanted": (Wanted("surgery", required=False),)}, "nobody-wanted"),
        ({"weeks": 27}, "bad-weeks"),
        ({"minutes": 0}, "bad-length"),
        ({"step_minutes": 1}, "bad-step"),
        ({"wanted": (Wanted("surgery", count=0),)}, "bad-count"),
        ({"named": ("nobody",)}, "unknown-member"),
    ],
)
def test_impossible_question_is_refused(changes: dict[str, object], code: str) -> None:
    with pytest.raises(BadInput) as refused:
        a_question(S, U, **changes)

    assert refused.value.code == code


@pytest.mark.parametrize(("first", "last", "weekdays"), [(12, 9, {0}), (9, 9, {0}), (9, 12, set()), (9, 12, {7})])
def test_impossible_hours_are_refused(first: int, last: int, weekdays: set[int]) -> None:
    with pytest.raises(BadInput, match=r"hours|weekday"):
        WorkingHours(SEOUL, time(first), time(last), frozenset(weekdays))


CLOCK_CHANGES = [
    ("Europe/Berlin", date(2027, 3, 28), "01:00 01:30 03:00 03:30 04:00"),
    ("Europe/Berlin", date(2027, 10, 31), "01:00 01:30 02:00 02:30 02:00 02:30 03:00 03:30 04:00"),
    ("Australia/Lord_Howe", date(2027, 10, 3), "01:00 01:30 02:30 03:00 03:30 04:00"),
    ("Australia/Lord_Howe", date(2027, 4, 4), "01:00 01:30 01:30 02:00 02:30 03:00 03:30 04:00"),
]


@pytest.mark.parametrize(("name", "day", "starts"), CLOCK_CHANGES)
def test_night_of_a_clock_change_has_the_slots_it_has(name: str, day: date, starts: str) -> None:
    zone = ZoneInfo(name)
    hours = WorkingHours(zone, time(1), time(4, 30), frozenset(range(7)))
    now = datetime.combine(day, time(0, 30), tzinfo=zone).astimezone(UTC)
    question = a_question(S, U, hours=hours, now=now, minutes=30)

    found = find_slots(question, limit=100, most_per_day=100)

    of_day = [slot.span.start.astimezone(zone) for slot in found.best]
    assert " ".join(f"{start:%H:%M}" for start in of_day if start.date() == day) == starts


@pytest.mark.parametrize("name", ["Europe/Berlin", "Australia/Lord_Howe"])
def test_slots_keep_their_clock_time_through_the_year(name: str) -> None:
    zone = ZoneInfo(name)
    hours = WorkingHours(zone, time(9), time(10))
    for first in (date(2027, 3, 15), date(2027, 9, 20)):
        now = datetime.combine(first, time(0), tzinfo=zone).astimezone(UTC)

        found = find_slots(a_question(S, U, hours=hours, now=now, weeks=8), limit=1000)

        assert len(found.best) == 40
        assert {slot.span.start.astimezone(zone).strftime("%H:%M") for slot in found.best} == {"09:00"}


@st.composite
def slot_questions(draw: st.DrawFn) -> SlotQuestion:
    specialties = ("surgery", "urology", "nursing")
    minute = st.integers(0, 8 * 24 * 60)

    def busy() -> tuple[Interval, ...]:
        starts = draw(st.lists(st.tuples(minute, st.integers(5, 1500)), max_size=6))
        return merge(
            Interval(local("00:00") + timedelta(minutes=begin), local("00:00") + timedelta(minutes=begin + length))
            for begin, length in starts
        )

    members = [
        a_person(f"m{number}", *draw(st.sets(st.sampled_from(specialties), min_size=1, max_size=2)), busy=busy())
        for number in range(draw(st.integers(1, 6)))
    ]
    wanted = [Wanted(name, count=draw(st.integers(1, 2)), required=name != "nursing")
              for name in draw(st.sets(st.sampled_from(specialties)))]  # fmt: skip
    if not any(each.required for each in wanted):
        wanted.append(Wanted("surgery"))
    return a_question(
        *members,
        wanted=tuple(wanted),
        named=("m0",) if draw(st.booleans()) else (),
        rooms=(RoomFacts("a", busy()), RoomFacts("b", busy())),
        minutes=draw(st.sampled_from((20, 45, 60))),
        step_minutes=draw(st.sampled_from((15, 30))),
    )


@settings(max_examples=150, deadline=None)
@given(slot_questions())
def test_bits_agree_with_a_look_at_every_slot(question: SlotQuestion) -> None:
    length = timedelta(minutes=question.minutes)
    members = {member.id: member for member in question.members}

    found = find_slots(question, limit=10_000, most_per_day=1000)

    expected = [span for span in _grid(question) if _is_possible(question, span)]
    assert sorted(slot.span for slot in found.best) == expected
    assert found.possible == len(expected)
    rejected = [each for each in found.rejected if each.count]
    assert found.looked_at == len(expected) + sum(each.count for each in rejected)
    for slot in found.best:
        coming = {name for _, names in slot.attendees for name in names}
        assert all(is_free(slot.span, members[name].busy) for name in coming)
        assert not explain_slot(question, slot.span.start)
    for each in rejected:
        assert explain_slot(question, each.span.start) == each.reasons
        assert explain_slot(question, each.span.end - length) == each.reasons
        assert all(set(reason.values) == set(SLOT_REASONS[reason.code]) for reason in each.reasons)


def _grid(question: SlotQuestion) -> list[Interval]:
    spans = []
    for day in range(7):
        start = datetime.combine(MONDAY + timedelta(days=day), time(9), tzinfo=SEOUL).astimezone(UTC)
        end = start + timedelta(hours=3)
        while day < 5 and start + timedelta(minutes=question.minutes) <= end:
            spans.append(Interval(start, start + timedelta(minutes=question.minutes)))
            start += timedelta(minutes=question.step_minutes)
    return spans


def _is_possible(question: SlotQuestion, span: Interval) -> bool:
    free = [member for member in question.members if is_free(span, member.busy)]
    has_all = all(
        sum(each.specialty in member.specialties for member in free) >= each.count
        for each in question.wanted
        if each.required
    )
    has_named = {member.id for member in free} >= set(question.named)
    return has_all and has_named and any(is_free(span, room.busy) for room in question.rooms)


def test_work_grows_with_slots_not_with_minutes() -> None:
    rng = random.Random(5)
    people = [a_person(f"m{number}", ("surgery", "urology")[number % 2], busy=_weeks(rng)) for number in range(60)]

    found = find_slots(a_question(*people, weeks=8, step_minutes=15))

    assert found.looked_at == 8 * 5 * 9


def _weeks(rng: random.Random) -> tuple[Interval, ...]:
    starts = [local("00:00") + timedelta(minutes=rng.randrange(8 * 7 * 1440)) for _ in range(60)]
    return merge(Interval(start, start + timedelta(minutes=rng.randrange(30, 240))) for start in starts)

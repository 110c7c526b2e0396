"""Who was there for which case, what an outcome needs, and what becomes of the case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.boards import a_member, a_need, at, between
from tumorboard.domain.discussions import (
    REASONS,
    Attended,
    Outcome,
    Stay,
    becomes,
    check_outcome,
    check_times,
    cover_now,
    fingerprint_of,
    next_open,
    pace_of,
    read_outcome,
    record_of,
    settled,
    spans_of,
    stamp_of,
    was_mistaken,
)
from tumorboard.domain.errors import BadInput
from tumorboard.domain.model import Need
from tumorboard.domain.timeline import Interval

RADIOLOGY, HPB = a_need("radiology"), a_need("hpb_surgery")
WISH = a_need("urology", required=False)
MEMBERS = {
    member.id: member
    for member in (a_member("rad", "radiology"), a_member("rad2", "radiology"), a_member("hpb", "hpb_surgery"))
}
CASE = between(10, 20)
MEETING = between(0, 60)


def stay(member: str, start: int, end: int | None) -> Stay:
    return Stay(member, at(start), None if end is None else at(end))


def covers(needs: Sequence[Need], *stays: Stay) -> list[tuple[str, ...]]:
    return [cover.members for cover in record_of(needs, span=CASE, stays=stays, members=MEMBERS).coverage.covers]


def refusal(outcome: Outcome, *, reason: str = "", text: str = "", span: Interval | None = CASE) -> str:
    with pytest.raises(BadInput) as refused:
        check_outcome(outcome, reason=reason, text=text, span=span)
    return refused.value.code


def test_need_is_covered_by_who_was_there_throughout() -> None:
    assert covers([RADIOLOGY], stay("rad", 0, 60)) == [("rad",)]
    assert covers([RADIOLOGY], stay("rad", 10, 20)) == [("rad",)]


def test_who_is_still_there_counts() -> None:
    assert covers([RADIOLOGY], stay("rad", 0, None)) == [("rad",)]


def test_who_left_before_the_end_covers_nothing() -> None:
    assert covers([RADIOLOGY], stay("rad", 0, 19)) == [()]


def test_who_is_noted_within_the_minutes_of_arriving_counts() -> None:
    assert covers([RADIOLOGY], stay("rad", 13, 60)) == [("rad",)]
    assert covers([RADIOLOGY], stay("rad", 14, 60)) == [()]


def test_half_of_a_short_discussion_is_for_arriving() -> None:
    assert settled(between(10, 12)) == between(11, 12)
    assert settled(between(10, 30)) == between(13, 30)


def test_two_after_one_another_do_not_cover_a_need_together() -> None:
    assert covers([RADIOLOGY], stay("rad", 0, 15), stay("rad2", 15, 60)) == [()]


def test_stays_that_touch_are_one() -> None:
    assert covers([RADIOLOGY], stay("rad", 0, 15), stay("rad", 15, 60)) == [("rad",)]


def test_who_was_out_for_a_moment_was_not_there_throughout() -> None:
    assert covers([RADIOLOGY], stay("rad", 0, 15), stay("rad", 16, 60)) == [()]


def test_record_counts_minutes_and_lists_the_longest_first() -> None:
    record = record_of([], span=CASE, stays=[stay("hpb", 18, 30), stay("rad", 0, None), stay("rad2", 0, 10)],
                       members=MEMBERS)  # fmt: skip

    assert record.attended == (
        Attended("rad", timedelta(minutes=10), True, 10),
        Attended("hpb", timedelta(minutes=2), False, 2),
    )
    assert [part.minutes for part in record.attended] == [10, 2]


def test_missing_required_need_makes_a_case_not_quorate_and_a_wish_does_not() -> None:
    both = record_of([HPB, WISH], span=CASE, stays=[stay("hpb", 0, None)], members=MEMBERS).coverage
    none = record_of([HPB, WISH], span=CASE, stays=[], members=MEMBERS).coverage

    assert (both.is_quorate, both.missed, none.is_quorate, none.lost) == (True, (WISH,), False, (HPB,))


def test_at_this_moment_counts_who_is_here() -> None:
    here = cover_now([RADIOLOGY, HPB], here=["rad"], members=MEMBERS, now=at(10))

    assert (here.is_quorate, here.lost) == (False, (HPB,))


def test_stay_of_no_length_is_none() -> None:
    assert spans_of([stay("rad", 5, 5)], end=at(60)) == {}


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("discussed", "done"), ("deferred", "waiting"), ("withdrawn", "withdrawn"), ("not_quorate", "waiting")],
)
def test_outcome_says_what_becomes_of_the_case(outcome: str, status: str) -> None:
    assert becomes(read_outcome(outcome)) == status


def test_unknown_outcome_is_refused() -> None:
    with pytest.raises(BadInput) as refused:
        read_outcome("postponed")

    assert refused.value.code == "unknown-outcome"


def test_discussed_case_has_words_and_a_time() -> None:
    check_outcome(Outcome.DISCUSSED, reason="", text="Operate.", span=CASE)

    assert refusal(Outcome.DISCUSSED) == "recommendation-missing"
    assert refusal(Outcome.DISCUSSED, text="Operate.", span=None) == "times-missing"
    assert refusal(Outcome.DISCUSSED, text="Operate.", reason="out-of-time") == "reason-unasked"


@pytest.mark.parametrize("outcome", [Outcome.DEFERRED, Outcome.WITHDRAWN])
def test_deferred_and_withdrawn_cases_have_a_reason_of_their_list(outcome: Outcome) -> None:
    for reason in REASONS[outcome]:
        check_outcome(outcome, reason=reason, text="why", span=None)

    assert refusal(outcome) == "reason-missing"
    assert refusal(outcome, reason="bad weather") == "reason-missing"
    assert refusal(outcome, reason="other") == "other-needs-words"


def test_case_without_quorum_needs_nothing_more() -> None:
    check_outcome(Outcome.NOT_QUORATE, reason="", text="", span=None)

    assert refusal(Outcome.NOT_QUORATE, reason="specialist-absent") == "reason-unasked"


def test_times_given_by_hand_are_both_there_and_over() -> None:
    assert check_times(None, None, meeting=MEETING, now=at(60)) is None
    assert check_times(at(10), at(20), meeting=MEETING, now=at(20)) == CASE


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [(10, None, "times-missing"), (None, 20, "times-missing"), (20, 10, "bad-times"), (10, 61, "bad-times"),
     (-800, 10, "bad-times")],
)  # fmt: skip
def test_times_that_cannot_be_are_refused(start: int | None, end: int | None, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_times(None if start is None else at(start), None if end is None else at(end), meeting=MEETING, now=at(60))

    assert refused.value.code == code


def test_next_case_is_the_next_of_the_agenda_without_an_outcome() -> None:
    items = [("a", False), ("b", True), ("c", False), ("d", True)]

    assert (next_open(items, None), next_open(items, "a"), next_open(items, "c")) == ("a", "c", "a")
    assert next_open([("a", False), ("b", True)], "a") is None


def test_pace_says_how_far_over_the_plan() -> None:
    assert pace_of(CASE, started_at=at(12), until=at(15)).over_minutes == 0
    assert pace_of(CASE, started_at=at(12), until=at(25)).over_minutes == 3
    assert pace_of(CASE, started_at=at(12), until=at(5)).running == timedelta()


def test_case_that_was_left_at_once_without_a_word_was_a_mistake() -> None:
    at_once = at(10) + timedelta(seconds=20)

    assert was_mistaken(at(10), at_once, text="", outcome="")
    assert not was_mistaken(at(10), at_once, text="x", outcome="")
    assert not was_mistaken(at(10), at_once, text="", outcome="deferred")
    assert not was_mistaken(at(10), at(12), text="", outcome="")


def test_fingerprint_changes_with_every_part() -> None:
    record = {"text": "Operate.", "at": at(10), "members": ["a", "b"]}

    prints = {fingerprint_of(each) for each in (record, {**record, "text": "Operate"}, {**record, "at": at(11)})}

    assert (len(prints), fingerprint_of(dict(reversed(record.items()))) in prints) == (3, True)


def test_stamp_names_a_text() -> None:
    assert stamp_of("간 절제") == stamp_of("간 절제")
    assert len({stamp_of(""), stamp_of("a"), stamp_of("a ")}) == 3


stays = st.lists(
    st.tuples(st.sampled_from(sorted(MEMBERS)), st.integers(0, 40), st.integers(0, 40)).map(
        lambda one: stay(one[0], min(one[1:]), max(one[1:]))
    ),
    max_size=8,
)
spans = st.tuples(st.integers(0, 39), st.integers(1, 20)).map(lambda one: between(one[0], one[0] + one[1]))


@given(stays, spans)
def test_nobody_is_there_for_longer_than_the_case(found: list[Stay], span: Interval) -> None:
    record = record_of([RADIOLOGY, HPB], span=span, stays=found, members=MEMBERS)

    assert all(timedelta() < part.time <= span.end - span.start for part in record.attended)
    assert len({part.member for part in record.attended}) == len(record.attended)


@given(stays, stays, spans)
def test_more_people_never_cover_less(found: list[Stay], more: list[Stay], span: Interval) -> None:
    needs = [RADIOLOGY, HPB]
    few = record_of(needs, span=span, stays=found, members=MEMBERS).coverage
    many = record_of(needs, span=span, stays=[*found, *more], members=MEMBERS).coverage

    assert {need.specialty for need in many.lost} <= {need.specialty for need in few.lost}


@given(stays, spans)
def test_need_is_covered_exactly_by_those_there_throughout(found: list[Stay], span: Interval) -> None:
    record = record_of([RADIOLOGY, HPB], span=span, stays=found, members=MEMBERS)
    throughout = {part.member for part in record.attended if part.throughout}

    covering = {member for cover in record.coverage.covers for member in cover.members}
    assert covering == throughout


@given(stays, st.integers(1, 39))
def test_time_is_the_same_however_a_meeting_is_cut_into_cases(found: list[Stay], cut: int) -> None:
    def times(span: Interval) -> dict[str, timedelta]:
        return {part.member: part.time for part in record_of([], span=span, stays=found, members=MEMBERS).attended}

    first, second, whole = times(between(0, cut)), times(between(cut, 40)), times(between(0, 40))

    summed = {name: first.get(name, timedelta()) + second.get(name, timedelta()) for name in first.keys() | second}
    assert summed == whole


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.integers(0, 8))
def test_next_case_never_has_an_outcome_and_never_is_the_same(settled_ones: list[bool], place: int) -> None:
    items = [(str(number), is_settled) for number, is_settled in enumerate(settled_ones)]
    after = str(place)

    found = next_open(items, after)

    open_ones = [name for name, is_settled in items if not is_settled and name != after]
    assert (found in open_ones) if open_ones else found is None


def test_minutes_are_those_between_the_clock_times_shown() -> None:
    span = Interval(CASE.start + timedelta(seconds=5), CASE.start + timedelta(minutes=8, seconds=50))
    record = record_of([], span=span, stays=[stay("rad", 0, None)], members=MEMBERS)
    short = Interval(CASE.start + timedelta(seconds=5), CASE.start + timedelta(seconds=50))
    moment = record_of([], span=short, stays=[stay("rad", 0, None)], members=MEMBERS)

    assert [part.minutes for one in (record, moment) for part in one.attended] == [8, 0]

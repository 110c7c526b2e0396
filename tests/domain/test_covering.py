"""Several meetings lose the same member: who is asked for each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tumorboard.domain.covering import Gap, choose_for_all, find_conflicts
from tumorboard.domain.substitutes import Candidate, Place, Ranking, Rejected
from tumorboard.domain.timeline import Interval

START = datetime(2026, 11, 24, tzinfo=UTC)
WEEK = (2026, 48)


def span(start: int, hours: int = 1) -> Interval:
    return Interval(START + timedelta(hours=start), START + timedelta(hours=start + hours))


def a_gap(
    meeting: str, *members: str, at: int = 0, is_call: bool = False, left: dict[str, int] | None = None,
    rejected: tuple[Rejected, ...] = (),
) -> Gap:  # fmt: skip
    candidates = tuple(Candidate(member, Place.COLLEAGUE, span(at)) for member in members)
    return Gap(meeting, Ranking(candidates, rejected), WEEK, is_call=is_call, calls_left=left or {})


def test_best_is_chosen_for_each_meeting() -> None:
    assert choose_for_all([a_gap("m1", "a", "b"), a_gap("m2", "b", "a", at=24)]) == ("a", "b")


def test_nobody_is_asked_for_two_meetings_at_one_time() -> None:
    gaps = [a_gap("m1", "a", "b"), a_gap("m2", "a", "b"), a_gap("m3", "a", "b")]

    assert choose_for_all(gaps) == ("a", "b", None)


def test_one_person_covers_what_she_can_of_a_meeting() -> None:
    assert choose_for_all([a_gap("m1", "a", "b"), a_gap("m1", "b", "a")]) == ("a", "a")


def test_calls_of_a_week_are_not_exceeded() -> None:
    gaps = [a_gap(f"m{day}", "a", "b", at=24 * day, is_call=True, left={"a": 1}) for day in range(2)]

    assert choose_for_all(gaps) == ("a", "b")


def test_choice_by_hand_is_refused_with_its_reason() -> None:
    gaps = [
        a_gap("m1", "a", "b"),
        a_gap("m2", "a", "b"),
        a_gap("m3", "a", at=48, rejected=(Rejected("c", "has-declined"),)),
    ]

    assert find_conflicts(gaps, ("a", "a", "c")) == ((1, "not-free"), (2, "has-declined"))
    assert find_conflicts(gaps, ("a", None, "stranger")) == ((2, "specialty-missing"),)


names = st.sampled_from("abcd")
gaps = st.lists(
    st.builds(
        lambda meeting, members, is_call, left: a_gap(
            f"m{meeting}", *members, at=meeting // 2, is_call=is_call, left=left
        ),
        st.integers(0, 7), st.lists(names, unique=True, max_size=4), st.booleans(),
        st.dictionaries(names, st.integers(0, 2), max_size=2),
    ),
    max_size=7,
)  # fmt: skip


@given(gaps=gaps)
def test_whoever_is_chosen_can_come_to_all_she_is_asked_for(gaps: list[Gap]) -> None:
    chosen = choose_for_all(gaps)

    assert find_conflicts(gaps, chosen) == ()
    places = {(gap.meeting, member, gap.ranking.candidates[0].span) for gap, member in zip(gaps, chosen, strict=True)
              if member is not None}  # fmt: skip
    for meeting, member, at in places:
        assert [one for one in places if one[1] == member and one[0] != meeting and one[2].overlaps(at)] == []

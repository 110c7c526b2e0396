"""Intervals are half-open, and weekly series keep their local time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumorboard.domain.timeline import Interval, at_wall_clock, is_free, merge, subtract, weekly

BERLIN = ZoneInfo("Europe/Berlin")
SEOUL = ZoneInfo("Asia/Seoul")
NINE = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


def minutes(start: int, end: int) -> Interval:
    """`[start, end)` in minutes after nine o'clock."""
    return Interval(NINE + timedelta(minutes=start), NINE + timedelta(minutes=end))


def test_interval_counts_whole_minutes() -> None:
    assert minutes(0, 90).minutes == 90
    assert Interval(NINE, NINE + timedelta(seconds=119)).minutes == 1


def test_interval_refuses_naive_instants() -> None:
    with pytest.raises(ValueError, match="aware"):
        Interval(datetime(2027, 3, 1, 9), datetime(2027, 3, 1, 10))  # noqa: DTZ001 - what is tested


@pytest.mark.parametrize("end", [0, -5])
def test_interval_refuses_to_be_empty_or_backwards(end: int) -> None:
    with pytest.raises(ValueError, match="ends after"):
        minutes(0, end)


def test_touching_intervals_do_not_overlap() -> None:
    assert not minutes(0, 30).overlaps(minutes(30, 60))
    assert minutes(0, 31).overlaps(minutes(30, 60))


def test_interval_contains_itself_but_nothing_that_sticks_out() -> None:
    assert minutes(0, 60).contains(minutes(0, 60))
    assert minutes(0, 60).contains(minutes(10, 20))
    assert not minutes(0, 60).contains(minutes(10, 61))


def test_interval_length_crosses_a_clock_change_in_real_time() -> None:
    night = Interval(
        at_wall_clock(date(2027, 3, 28), time(1, 30), BERLIN), at_wall_clock(date(2027, 3, 28), time(3, 30), BERLIN)
    )

    assert night.minutes == 60


def test_merge_joins_what_overlaps_touches_or_lies_inside() -> None:
    assert merge([minutes(50, 60), minutes(0, 30), minutes(10, 20), minutes(30, 40)]) == (
        minutes(0, 40),
        minutes(50, 60),
    )


def test_subtract_leaves_the_gaps() -> None:
    free = subtract(minutes(0, 60), [minutes(-10, 5), minutes(20, 30), minutes(55, 90)])

    assert free == (minutes(5, 20), minutes(30, 55))


def test_subtract_everything_leaves_nothing() -> None:
    assert subtract(minutes(0, 60), [minutes(0, 30), minutes(30, 60)]) == ()
    assert subtract(minutes(0, 60), [minutes(60, 90)]) == (minutes(0, 60),)


def test_is_free_ignores_what_only_touches() -> None:
    assert is_free(minutes(10, 20), [minutes(0, 10), minutes(20, 30)])
    assert not is_free(minutes(10, 20), [minutes(19, 30)])


def test_wall_clock_becomes_utc() -> None:
    assert at_wall_clock(date(2027, 1, 5), time(7, 30), SEOUL) == datetime(2027, 1, 4, 22, 30, tzinfo=UTC)


def test_wall_clock_skipped_in_spring_moves_forward() -> None:
    assert at_wall_clock(date(2027, 3, 28), time(2, 30), BERLIN) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("fold", [0, 1])
def test_wall_clock_that_comes_twice_means_the_first(fold: int) -> None:
    assert at_wall_clock(date(2027, 10, 31), time(2, 30, fold=fold), BERLIN) == datetime(
        2027, 10, 31, 0, 30, tzinfo=UTC
    )


def test_weekly_keeps_the_local_time_through_both_clock_changes() -> None:
    spring = weekly(weekday=3, local=time(16), zone=BERLIN, first=date(2027, 3, 22), last=date(2027, 4, 4))
    autumn = weekly(weekday=3, local=time(16), zone=BERLIN, first=date(2027, 10, 25), last=date(2027, 11, 7))

    assert spring == (datetime(2027, 3, 25, 15, tzinfo=UTC), datetime(2027, 4, 1, 14, tzinfo=UTC))
    assert autumn == (datetime(2027, 10, 28, 14, tzinfo=UTC), datetime(2027, 11, 4, 15, tzinfo=UTC))


def test_weekly_includes_both_ends_and_leaves_out_the_days_to_skip() -> None:
    starts = weekly(
        weekday=1,
        local=time(7, 30),
        zone=SEOUL,
        first=date(2027, 1, 5),
        last=date(2027, 1, 19),
        skip=[date(2027, 1, 12)],
    )

    assert starts == (datetime(2027, 1, 4, 22, 30, tzinfo=UTC), datetime(2027, 1, 18, 22, 30, tzinfo=UTC))


def test_weekly_is_empty_when_the_day_does_not_come() -> None:
    assert weekly(weekday=6, local=time(8), zone=SEOUL, first=date(2027, 1, 4), last=date(2027, 1, 9)) == ()


SPANS = st.lists(
    st.tuples(st.integers(-30, 90), st.integers(1, 60)).map(lambda pair: minutes(pair[0], pair[0] + pair[1])),
    max_size=6,
)


@given(SPANS)
def test_free_and_busy_share_out_the_interval(busy: list[Interval]) -> None:
    whole = minutes(0, 60)

    free = subtract(whole, busy)

    for minute in range(60):
        this = minutes(minute, minute + 1)
        assert any(gap.contains(this) for gap in free) is is_free(this, busy)
    assert merge(free) == free

"""Weekly hours over clock changes, and which of two sayings wins."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumorboard.domain.timeline import Interval, is_free, merge
from tumorboard.domain.weekly_hours import HoursKind, WeeklyPattern, combine, expand_pattern, spans_of_day

BERLIN, SEOUL, LORD_HOWE = "Europe/Berlin", "Asia/Seoul", "Australia/Lord_Howe"
ZONES = (BERLIN, SEOUL, LORD_HOWE)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def span(start: str, end: str) -> Interval:
    return Interval(at(start), at(end))


def a_pattern(
    starts: time = time(9), ends: time = time(12), *, kind: HoursKind = HoursKind.BUSY, weekday: int = 0,
    zone: str = SEOUL, first_on: date = date(2026, 1, 1), last_on: date | None = None,
) -> WeeklyPattern:  # fmt: skip
    return WeeklyPattern(kind, weekday, starts, ends, zone, first_on, last_on)


def test_pattern_keeps_its_wall_clock_over_a_clock_change() -> None:
    window = span("2026-10-19T00:00+02:00", "2026-11-03T00:00+01:00")

    found = expand_pattern(a_pattern(zone=BERLIN), window)

    assert found == (
        span("2026-10-19T09:00+02:00", "2026-10-19T12:00+02:00"),
        span("2026-10-26T09:00+01:00", "2026-10-26T12:00+01:00"),
        span("2026-11-02T09:00+01:00", "2026-11-02T12:00+01:00"),
    )


@pytest.mark.parametrize(
    ("zone", "on", "times", "expected"),
    [
        (BERLIN, date(2026, 3, 29), (time(2, 10), time(2, 50)), ()),
        (
            BERLIN, date(2026, 3, 29), (time(2, 30), time(3, 30)),
            (("2026-03-29T03:00+02:00", "2026-03-29T03:30+02:00"),),
        ),
        (BERLIN, date(2026, 3, 29), (time(1), time(4)), (("2026-03-29T01:00+01:00", "2026-03-29T04:00+02:00"),)),
        (
            BERLIN, date(2026, 10, 25), (time(2, 10), time(2, 50)),
            (
                ("2026-10-25T02:10+02:00", "2026-10-25T02:50+02:00"),
                ("2026-10-25T02:10+01:00", "2026-10-25T02:50+01:00"),
            ),
        ),
        (BERLIN, date(2026, 10, 25), (time(1), time(4)), (("2026-10-25T01:00+02:00", "2026-10-25T04:00+01:00"),)),
        (LORD_HOWE, date(2026, 10, 4), (time(2), time(2, 20)), ()),
        (
            LORD_HOWE, date(2026, 4, 5), (time(1, 30), time(2)),
            (("2026-04-05T01:30+11:00", "2026-04-05T02:00+10:30"),),
        ),
        (SEOUL, date(2026, 3, 29), (time(18), time(23, 59)), (("2026-03-29T18:00+09:00", "2026-03-30T00:00+09:00"),)),
    ],
)  # fmt: skip
def test_hour_that_is_skipped_or_comes_twice(
    zone: str, on: date, times: tuple[time, time], expected: tuple[tuple[str, str], ...]
) -> None:
    assert spans_of_day(on, *times, zone) == tuple(span(*each) for each in expected)


@given(
    zone=st.sampled_from(ZONES),
    weekday=st.integers(0, 6),
    minutes=st.tuples(st.integers(0, 1438), st.integers(1, 1439)).filter(lambda pair: pair[0] < pair[1]),
    hours=st.integers(0, 17_000),
    days=st.integers(1, 21),
    limits=st.tuples(st.integers(-10, 15), st.none() | st.integers(0, 20)),
    looks=st.lists(st.integers(0, 21 * 24 * 60), min_size=1, max_size=40),
)
def test_instant_counts_when_the_wall_clock_shows_a_time_of_the_pattern(
    zone: str, weekday: int, minutes: tuple[int, int], hours: int, days: int, limits: tuple[int, int | None],
    looks: list[int],
) -> None:  # fmt: skip
    starts, ends = (time(each // 60, each % 60) for each in minutes)
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    window = Interval(start, start + timedelta(days=days))
    first_on = start.date() + timedelta(days=limits[0])
    last_on = None if limits[1] is None else first_on + timedelta(days=limits[1])
    pattern = a_pattern(starts, ends, weekday=weekday, zone=zone, first_on=first_on, last_on=last_on)

    found = expand_pattern(pattern, window)

    assert found == merge(found)
    assert all(window.contains(each) for each in found)
    for look in looks:
        instant = window.start + timedelta(minutes=look % (days * 24 * 60))
        local = instant.astimezone(ZoneInfo(zone))
        is_day = local.weekday() == weekday and first_on <= local.date() <= (last_on or local.date())
        is_time = starts <= local.time() and (local.time() < ends or ends >= time(23, 59))
        assert any(each.start <= instant < each.end for each in found) == (is_day and is_time)


def test_available_hours_win_over_the_pattern_and_the_calendar_but_not_over_an_absence() -> None:
    window = span("2026-11-23T00:00+09:00", "2026-11-24T00:00+09:00")
    available = a_pattern(time(10), time(11), kind=HoursKind.AVAILABLE)

    taken = combine(
        absent=[span("2026-11-23T10:30+09:00", "2026-11-23T10:40+09:00")],
        entered=[span("2026-11-23T10:50+09:00", "2026-11-23T11:10+09:00")],
        read=[span("2026-11-23T08:00+09:00", "2026-11-23T10:15+09:00")],
        patterns=[a_pattern(), available],
        window=window,
    )

    assert taken.usual == (
        span("2026-11-23T09:00+09:00", "2026-11-23T10:00+09:00"),
        span("2026-11-23T11:00+09:00", "2026-11-23T12:00+09:00"),
    )
    assert taken.read == (span("2026-11-23T08:00+09:00", "2026-11-23T10:00+09:00"),)
    assert taken.all == (
        span("2026-11-23T08:00+09:00", "2026-11-23T10:00+09:00"),
        span("2026-11-23T10:30+09:00", "2026-11-23T10:40+09:00"),
        span("2026-11-23T10:50+09:00", "2026-11-23T12:00+09:00"),
    )


spans = st.lists(
    st.tuples(st.integers(0, 5000), st.integers(1, 900)).map(
        lambda pair: Interval(
            at("2026-03-27T00:00+00:00") + timedelta(minutes=pair[0]),
            at("2026-03-27T00:00+00:00") + timedelta(minutes=sum(pair)),
        )
    ),
    max_size=6,
)
patterns = st.lists(
    st.builds(
        a_pattern, st.integers(0, 11).map(time), st.integers(12, 23).map(time), kind=st.sampled_from(HoursKind),
        weekday=st.integers(0, 6), zone=st.sampled_from(ZONES),
    ),
    max_size=5,
)  # fmt: skip


@given(absent=spans, entered=spans, read=spans, patterns=patterns)
def test_rule_holds_for_whatever_is_known(
    absent: list[Interval], entered: list[Interval], read: list[Interval], patterns: list[WeeklyPattern]
) -> None:
    window = span("2026-03-27T00:00+00:00", "2026-04-02T00:00+00:00")
    available = [each for one in patterns if one.kind is HoursKind.AVAILABLE for each in expand_pattern(one, window)]
    usual = [each for one in patterns if one.kind is HoursKind.BUSY for each in expand_pattern(one, window)]

    taken = combine(absent=absent, entered=entered, read=read, patterns=patterns, window=window)

    assert taken.all == merge(taken.all)
    for minute in range(0, 6 * 24 * 60, 37):
        moment = Interval(window.start + timedelta(minutes=minute), window.start + timedelta(minutes=minute, seconds=1))
        is_fixed = not is_free(moment, [*absent, *entered])
        is_soft = not is_free(moment, [*read, *usual]) and is_free(moment, available)
        assert is_free(moment, taken.all) != (is_fixed or is_soft)

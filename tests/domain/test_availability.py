"""What a day is for a member, and which specialty has nobody at a meeting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumorboard.domain.availability import DayCell, DayState, can_come, cells_of, cover_meeting, spread
from tumorboard.domain.timeline import Interval, is_free, merge
from tumorboard.domain.weekly_hours import Taken

DAY = datetime(2026, 11, 23, tzinfo=UTC)


def span(start: float, end: float) -> Interval:
    """Hours after the midnight before Monday."""
    return Interval(DAY + timedelta(hours=start), DAY + timedelta(hours=end))


HOURS = span(8, 18)


def cell(taken: Taken, *windows: Interval) -> DayCell:
    return cells_of([HOURS], taken=taken, windows=windows)[0]


@pytest.mark.parametrize(
    ("taken", "windows", "expected"),
    [
        (Taken(), (), DayCell(DayState.FREE)),
        (Taken(absent=(span(0, 8),)), (), DayCell(DayState.FREE)),
        (Taken(usual=(span(9, 12),)), (), DayCell(DayState.PARTLY, (), (span(9, 12),))),
        (
            Taken(usual=(span(9, 12),), absent=(span(0, 48),)), (),
            DayCell(DayState.ABSENT, (), (span(8, 18),), is_absent=True),
        ),
        (Taken(read=(span(10, 20),)), (span(8, 9),), DayCell(DayState.ON_BOARD, (span(8, 9),), (span(10, 18),))),
        (
            Taken(entered=(span(8.5, 20),)), (span(8, 9),),
            DayCell(DayState.CLASH, (span(8, 9),), (span(8.5, 18),)),
        ),
    ],
)  # fmt: skip
def test_day_is_what_is_known_of_it(taken: Taken, windows: tuple[Interval, ...], expected: DayCell) -> None:
    assert cell(taken, *windows) == expected


hours = st.tuples(st.integers(0, 167), st.integers(1, 40)).map(lambda pair: span(pair[0], sum(pair)))
many = st.lists(hours, max_size=6).map(merge)


@given(absent=many, entered=many, usual=many, read=many, windows=many, days=st.integers(1, 7))
def test_cells_agree_with_every_hour_of_the_days(
    absent: tuple[Interval, ...], entered: tuple[Interval, ...], usual: tuple[Interval, ...],
    read: tuple[Interval, ...], windows: tuple[Interval, ...], days: int,
) -> None:  # fmt: skip
    taken = Taken(absent, entered, usual, read)
    shown = [span(24 * day + 8, 24 * day + 18) for day in range(days)]

    cells = cells_of(shown, taken=taken, windows=windows)

    for day, found in zip(shown, cells, strict=True):
        own = tuple(each for each in windows if each.overlaps(day))
        free = [hour for hour in range(10) if is_free(part_of(day, hour), taken.all)]
        assert found.windows == own
        assert [hour for hour in range(10) if is_free(part_of(day, hour), found.busy)] == free
        assert all(day.contains(each) for each in found.busy)
        if any(not is_free(each, taken.all) for each in own):
            assert found.state is DayState.CLASH
        elif own:
            assert found.state is DayState.ON_BOARD
        else:
            expected = DayState.FREE if len(free) == 10 else DayState.PARTLY if free else DayState.ABSENT
            assert found.state is expected


def part_of(day: Interval, hour: int) -> Interval:
    return Interval(day.start + timedelta(hours=hour), day.start + timedelta(hours=hour + 1))


@given(spans=many, days=st.integers(1, 7))
def test_spread_gives_each_day_what_overlaps_it(spans: tuple[Interval, ...], days: int) -> None:
    shown = [span(24 * day + 8, 24 * day + 18) for day in range(days)]

    assert spread(spans, shown) == tuple(tuple(each for each in spans if each.overlaps(day)) for day in shown)


def test_called_in_specialist_needs_some_minutes_and_a_core_member_all_of_them() -> None:
    meeting = span(8, 9)

    assert can_come(meeting, [span(8.25, 9)], whole=False)
    assert not can_come(meeting, [span(8.1, 9)], whole=False)
    assert not can_come(meeting, [span(8.25, 9)], whole=True)


def test_specialty_with_nobody_is_missing_only_where_the_board_has_a_seat_for_it() -> None:
    meeting = span(8, 9)
    specialties = {"pathology": ["p1", "p2"], "urology": ["u1"], "geriatrics": ["g1"]}
    busy = {"p1": [span(0, 24)], "p2": [span(8.5, 8.6)], "u1": [span(8.5, 9)], "g1": [span(0, 24)]}

    found = cover_meeting(
        "m", meeting, seats={"pathology": True, "urology": False}, specialties=specialties, busy=busy, coming={}
    )
    with_window = cover_meeting(
        "m", meeting, seats={"pathology": True}, specialties={"pathology": ["p2"]}, busy=busy,
        coming={"p2": span(8, 8.5)},
    )  # fmt: skip

    assert [(one.specialty, one.free, one.members, one.is_missing) for one in found] == [
        ("geriatrics", 0, 1, False), ("pathology", 0, 2, True), ("urology", 1, 1, False),
    ]  # fmt: skip
    assert with_window[0].free == 1


def test_declined_meeting_keeps_her_from_coming_and_is_told_from_other_times() -> None:
    cells = cells_of([HOURS], taken=Taken(usual=(span(14, 15),)), declined=[span(9, 10)])

    assert cells == (DayCell(DayState.PARTLY, (), (span(9, 10), span(14, 15)), declined=(span(9, 10),)),)

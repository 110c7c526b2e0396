"""What reports count."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumorboard.domain.indicators import (
    OUTCOMES,
    Item,
    Roll,
    Share,
    Wait,
    Week,
    count_reasons,
    count_weeks,
    days_between,
    share_attendance,
    weigh_waits,
    whole_percent,
)

TUESDAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def an_item(**changes: Any) -> Item:
    values: dict[str, Any] = {
        "case": "c1", "reference": "C-1", "program": "ovarian", "urgency": "routine", "on": TUESDAY,
        "outcome": "discussed",
    }  # fmt: skip
    return Item(**{**values, **changes})


def test_waits_are_weighed_per_programme_and_urgency() -> None:
    items = [
        an_item(waited_days=9, limit_days=14),
        an_item(waited_days=20, limit_days=14, is_late=True),
        an_item(waited_days=3, limit_days=14),
        an_item(urgency="urgent", waited_days=1, limit_days=2),
        an_item(outcome="deferred"),
    ]

    assert weigh_waits(items) == (
        Wait("ovarian", "urgent", (1,), (), 2),
        Wait("ovarian", "routine", (3, 9, 20), (20,), 14),
    )


def test_median_and_in_time_follow_from_the_days() -> None:
    wait = Wait("ovarian", "routine", (3, 9, 20, 21), (20, 21), 14)

    assert (wait.median_days, wait.in_time) == (14.5, 2)


def test_limit_is_that_of_most_cases() -> None:
    items = [an_item(waited_days=1, limit_days=days) for days in (14, 14, 5)]

    assert weigh_waits(items)[0].limit_days == 14


def test_week_without_a_case_is_shown() -> None:
    weeks = count_weeks([an_item(), an_item(outcome="")], first=date(2026, 11, 11), last=date(2026, 11, 25))

    nothing = dict.fromkeys(OUTCOMES, 0)
    assert weeks == (
        Week(date(2026, 11, 9), nothing),
        Week(date(2026, 11, 16), nothing),
        Week(date(2026, 11, 23), {**nothing, "discussed": 1, "": 1}),
    )


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(OUTCOMES)), max_size=30))
def test_every_item_of_the_period_stands_in_one_week(days: list[tuple[int, str]]) -> None:
    first = date(2026, 10, 1)
    items = [an_item(on=first + timedelta(days=day), outcome=outcome) for day, outcome in days]

    weeks = count_weeks(items, first=first, last=first + timedelta(days=60))

    assert sum(week.total for week in weeks) == len(items)
    assert [week.monday.weekday() for week in weeks] == [0] * len(weeks)


def test_reasons_are_counted_most_frequent_first() -> None:
    items = [
        an_item(outcome="deferred", reason="report-missing"),
        an_item(outcome="deferred", reason="report-missing"),
        an_item(outcome="deferred"),
        an_item(outcome="not_quorate"),
        an_item(outcome="withdrawn", reason="superseded"),
    ]

    assert count_reasons(items) == (("report-missing", 2), ("not-quorate", 1), ("unsaid", 1))


def test_attendance_is_a_share_of_the_meetings_that_expected_it() -> None:
    rolls = [
        Roll(frozenset({"pathology", "urology"}), frozenset({"pathology"})),
        Roll(frozenset({"pathology"}), frozenset({"pathology"})),
        Roll(frozenset({"pathology"}), frozenset()),
    ]

    shares = share_attendance(rolls)

    assert shares == (Share("pathology", 3, 2), Share("urology", 1, 0))
    assert [share.percent for share in shares] == [67, 0]


@pytest.mark.parametrize(
    ("hours", "days"), [(-5, 0), (0, 0), (1, 1), (24, 1), (25, 2), (14 * 24, 14)],
)  # fmt: skip
def test_days_that_have_begun(hours: int, days: int) -> None:
    assert days_between(NOW, NOW + timedelta(hours=hours)) == days


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [(0, 3, 0), (1, 3, 33), (2, 3, 67), (1, 8, 13), (3, 3, 100), (999, 1000, 99), (1, 1000, 1)],
)
def test_share_is_rounded_half_up_and_only_all_is_a_hundred(part: int, whole: int, percent: int) -> None:
    assert whole_percent(part, whole) == percent

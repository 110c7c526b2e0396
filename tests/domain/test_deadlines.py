"""When an answer is due, reminded and told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tumorboard.domain.deadlines import answer_due_at, escalate_at, remind_at

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("asked", "starts", "due"),
    [(0, 10 * 24, 7 * 24), (0, 4 * 24, 24), (0, 48, 24), (0, 12, 12), (100, 10 * 24, 168)],
)
def test_answer_is_due_days_before_or_a_day_after_the_question(asked: int, starts: int, due: int) -> None:
    found = answer_due_at(NOW + asked * HOUR, NOW + starts * HOUR, answer_days=3)

    assert (found - NOW) / HOUR == due


def test_reminder_comes_before_the_answer_is_due() -> None:
    usual = remind_at(NOW, NOW + 10 * DAY, answer_days=3, remind_days=2)
    late = remind_at(NOW, NOW + 10 * DAY, answer_days=3, remind_days=30)

    assert (usual, late) == (NOW + 2 * DAY, NOW + 7 * DAY)


def test_who_was_reminded_late_has_a_while_to_answer() -> None:
    def told(reminded_hours_before: int) -> float:
        start = NOW + 10 * DAY
        at = start - reminded_hours_before * HOUR
        return (start - escalate_at(NOW, start, answer_days=3, reminded_at=at, now=at)) / HOUR

    assert [told(hours) for hours in (200, 72, 60, 48, 3, 1)] == [72, 48, 36, 46, 2, 2]

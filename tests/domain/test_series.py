"""What a weekly series is in the clocks of other zones."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tumorboard.domain.series import find_hour_changes, list_starts


@pytest.mark.parametrize(
    ("board", "own", "days"),
    [
        ("Europe/Berlin", "Asia/Seoul", ["2027-04-01"]),
        ("Australia/Lord_Howe", "Asia/Seoul", ["2027-04-08"]),
        ("America/New_York", "Europe/Berlin", ["2027-03-18", "2027-04-01"]),
        ("Asia/Tokyo", "Asia/Seoul", []),
        ("Europe/Berlin", "Europe/Paris", []),
    ],
)
def test_own_hour_changes_on_the_days_after_a_clock_change(board: str, own: str, days: list[str]) -> None:
    zone = ZoneInfo(board)
    first = datetime(2026, 11, 26, 7, 30, tzinfo=zone).astimezone(UTC)

    changes = find_hour_changes(list_starts(first, datetime(2027, 5, 30, tzinfo=UTC), zone), ZoneInfo(own))

    assert [change.astimezone(zone).date().isoformat() for change in changes] == days

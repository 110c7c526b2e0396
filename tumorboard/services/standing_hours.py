"""Where a member's clock and her board's do not change together: from which weeks on a series is at another hour."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from tumorboard.domain.series import find_hour_changes
from tumorboard.services.standing import list_excluded, starts_of
from tumorboard.store.calendars import StandingInvitation


def hour_changes_of(standing: StandingInvitation) -> tuple[datetime, ...]:
    """The instances from which on her clock shows another hour than before, while the board's stays."""
    excluded = set(list_excluded(standing))
    starts = [start for start in starts_of(standing) if start not in excluded]
    return find_hour_changes(starts, ZoneInfo(standing.member.time_zone))

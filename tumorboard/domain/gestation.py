"""Gestational age as weeks and days at a date, so that it advances with time.

It is stored as text: `24+3@2026-11-20` is 24 weeks and 3 days on that day; `24+3` is the age on the day of asking.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from tumorboard.domain.errors import BadInput

_PATTERN = re.compile(r"(\d{1,2})\+([0-6])(?:@(\d{4}-\d{2}-\d{2}))?", re.ASCII)
_LONGEST_WEEKS = 45


@dataclass(frozen=True, slots=True)
class Gestation:
    """An age in days on a day; `on` is None when the age is meant for whatever day is asked about."""

    days: int
    on: date | None = None

    def days_on(self, day: date) -> int:
        """The age in days on another day; before conception it is negative."""
        return self.days if self.on is None else self.days + (day - self.on).days

    def __str__(self) -> str:
        return show_weeks(self.days) + (f"@{self.on.isoformat()}" if self.on else "")


def read_gestation(text: str) -> Gestation:
    """What `24+3` or `24+3@2026-11-20` means; raises BadInput `bad-gestation` for anything else or over 45 weeks."""
    found = _PATTERN.fullmatch(text.strip())
    if found is None or int(found[1]) > _LONGEST_WEEKS:
        raise BadInput(
            f"not a gestational age; write weeks+days up to {_LONGEST_WEEKS} weeks, with the day it is meant for, "
            "like 24+3@2026-11-20",
            code="bad-gestation",
        )
    try:
        on = date.fromisoformat(found[3]) if found[3] else None
    except ValueError:
        raise BadInput("a gestational age at a day that does not exist", code="bad-gestation") from None
    return Gestation(int(found[1]) * 7 + int(found[2]), on)


def show_weeks(days: int) -> str:
    """Days as weeks+days: 171 → `24+3`; a negative age keeps its sign."""
    weeks, rest = divmod(abs(days), 7)
    return f"{'-' if days < 0 else ''}{weeks}+{rest}"

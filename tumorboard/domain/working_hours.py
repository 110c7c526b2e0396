"""The hours of a working day in wall-clock time: which span of a day they are, and why a day has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from tumorboard.domain.errors import BadInput
from tumorboard.domain.timeline import Interval, at_wall_clock

WORKDAYS = frozenset({0, 1, 2, 3, 4})
"""Monday to Friday."""


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """From `first` to `last` on some weekdays (Monday = 0), never on closed days. Raises BadInput (`bad-hours`).

    `closed` maps public holidays and the centre's own closed days to their names. A time the spring change skips is the
    instant after the gap, one that comes twice in autumn the first of the two.
    """

    zone: ZoneInfo
    first: time = time(7, 30)
    last: time = time(18)
    weekdays: frozenset[int] = WORKDAYS
    closed: Mapping[date, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.first >= self.last:
            raise BadInput("the hours of a day end after they begin", code="bad-hours", field="hours")
        if not self.weekdays or not self.weekdays <= frozenset(range(7)):
            raise BadInput("name at least one weekday, from Monday to Sunday", code="bad-hours", field="weekdays")

    def span_of(self, on: date) -> Interval | None:
        """The working hours of a day, None when nobody works then."""
        if on in self.closed or on.weekday() not in self.weekdays:
            return None
        start, end = at_wall_clock(on, self.first, self.zone), at_wall_clock(on, self.last, self.zone)
        return Interval(start, end) if start < end else None

    def day_of(self, instant: datetime) -> date:
        """The day of the calendar at an instant."""
        return instant.astimezone(self.zone).date()

    def hold(self, span: Interval) -> bool:
        """True when a span lies in the working hours of one day."""
        whole = self.span_of(self.day_of(span.start))
        return whole is not None and whole.contains(span)

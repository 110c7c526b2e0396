"""Dates, durations and periods of a calendar file (RFC 5545, 3.3), read as leniently as they can be without a guess."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

_MOMENT = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d))?(?:\.\d+)?([Zz])?)?")
_DURATION = re.compile(
    r"([+-])?P(?:(\d{1,6})W)?(?:(\d{1,7})D)?(?:T(?:(\d{1,8})H)?(?:(\d{1,9})M)?(?:(\d{1,10})S)?)?", re.IGNORECASE
)
_LOOKS_LIKE_TIME = re.compile(r"[0-9TZPWDHMS:+./,-]*")
LONGEST = timedelta(days=36_600)
FIRST_WALL = datetime.combine(date(3, 1, 1), time())
LAST_WALL = datetime.combine(date(9_997, 1, 1), time())
"""Wall clocks beyond these are read as these, so that no zone leaves the calendar of the language."""


class Clock(Protocol):
    """What a wall clock says somewhere."""

    def instant(self, wall: datetime) -> datetime:
        """The UTC instant of a naive wall clock: the offset before a gap, the first of two (RFC 5545, 3.3.5)."""

    def wall(self, instant: datetime) -> datetime:
        """The naive wall clock at an instant."""


class UtcClock:
    """The clock of values that end in Z."""

    def instant(self, wall: datetime) -> datetime:
        """The same numbers."""
        return min(max(wall, FIRST_WALL), LAST_WALL).replace(tzinfo=UTC)

    def wall(self, instant: datetime) -> datetime:
        """The same numbers."""
        return instant.astimezone(UTC).replace(tzinfo=None)


UTC_CLOCK = UtcClock()


class BadValue(ValueError):
    """A value that says no time; the text names it."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A date (`wall` is its midnight) or a moment. `is_floating` where the file names no zone for it."""

    wall: datetime
    clock: Clock
    is_date: bool = False
    is_floating: bool = False

    @property
    def instant(self) -> datetime:
        """The UTC instant."""
        return self.clock.instant(self.wall)

    @property
    def is_utc(self) -> bool:
        """True for a value that ends in Z."""
        return self.clock is UTC_CLOCK


@dataclass(frozen=True, slots=True)
class Span:
    """How long something lasts: days of the calendar, then exact time."""

    days: int
    exact: timedelta

    def end(self, wall: datetime, clock: Clock) -> datetime:
        """The UTC instant at which it is over when it begins at a wall clock."""
        begun = clock.instant(shift_wall(wall, timedelta(days=self.days)))
        return shift_wall(begun.replace(tzinfo=None), self.exact).replace(tzinfo=UTC)

    @property
    def longest(self) -> timedelta:
        """At most this long, whatever the clocks do."""
        return timedelta(days=self.days + 2) + self.exact


def shift_wall(wall: datetime, by: timedelta) -> datetime:
    """A naive wall clock earlier or later, as far as `FIRST_WALL` and `LAST_WALL`."""
    if by >= timedelta():
        return wall + by if LAST_WALL - wall > by else LAST_WALL
    return wall + by if wall - FIRST_WALL > -by else FIRST_WALL


def read_wall(text: str) -> tuple[datetime, bool, bool]:
    """The naive wall clock, whether it is a date, and whether it is UTC. Raises BadValue."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        raise BadValue(f"'{_shorten(text)}' is no date or time")
    year, month, day, hour, minute, second, zulu = found.groups()
    try:
        on = date(int(year), int(month), int(day))
        if hour is None:
            return datetime.combine(on, time()), True, False
        leap = timedelta(days=1) if hour == "24" else timedelta()
        at = time(int(hour) % 24 if leap else int(hour), int(minute), min(int(second or 0), 59))
        return datetime.combine(on, at) + leap, False, zulu is not None
    except (ValueError, OverflowError) as error:
        raise BadValue(f"'{_shorten(text)}' is no date or time") from error


def read_duration(text: str) -> Span:
    """RFC 5545, 3.3.6. Raises BadValue, for a negative and an endless duration too."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()[1:]):
        raise BadValue(f"'{_shorten(text)}' is no duration")
    sign, weeks, days, hours, minutes, seconds = found.groups()
    exact = timedelta(hours=int(hours or 0), minutes=int(minutes or 0), seconds=int(seconds or 0))
    span = Span(int(weeks or 0) * 7 + int(days or 0), exact)
    if sign == "-" and (span.days or span.exact):
        raise BadValue(f"the duration '{_shorten(text)}' is negative")
    if span.days > LONGEST.days or exact > LONGEST:
        raise BadValue(f"the duration '{_shorten(text)}' is longer than a century")
    return span


def read_offset(text: str) -> timedelta:
    """`+0900`, `-053000`. Raises BadValue, for a day and more too."""
    found = re.fullmatch(r"([+-])?(\d\d):?(\d\d)(?::?(\d\d))?", text.strip())
    if found is None:
        raise BadValue(f"'{_shorten(text)}' is no offset from UTC")
    sign, hours, minutes, seconds = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0))
    if offset >= timedelta(days=1):
        raise BadValue(f"'{_shorten(text)}' is no offset from UTC")
    return -offset if sign == "-" else offset


def _shorten(text: str) -> str:
    """The value where it looks like one; anything else might be a private note on a broken line."""
    plain = text.strip()
    return plain if len(plain) <= 32 and _LOOKS_LIKE_TIME.fullmatch(plain) else "…"

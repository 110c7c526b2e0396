"""What a repetition says (RFC 5545, 3.3.10), read from its text; nonsense and anything below a day is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from tumorboard.formats.busy_values import BadValue, read_wall

_LONGEST_LIST = 800
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BY_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")


class Frequency(StrEnum):
    """What repeats; anything more often than daily is refused."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


class RefusedRule(ValueError):
    """A rule that is nonsense or too much; the text says why."""


@dataclass(frozen=True, slots=True)
class Until:
    """The end of a rule, included: a naive wall clock that may be a date or UTC."""

    wall: datetime
    is_date: bool
    is_utc: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One RRULE. `by_day` holds pairs of ordinal (0 for every) and weekday (Monday = 0)."""

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: Until | None = None
    week_start: int = 0
    by_month: frozenset[int] = frozenset()
    by_week: frozenset[int] = frozenset()
    by_year_day: frozenset[int] = frozenset()
    by_month_day: frozenset[int] = frozenset()
    by_day: tuple[tuple[int, int], ...] = ()
    by_hour: frozenset[int] = frozenset()
    by_minute: frozenset[int] = frozenset()
    by_second: frozenset[int] = frozenset()
    by_position: frozenset[int] = frozenset()

    @property
    def is_steady(self) -> bool:
        """True when each period but the first brings the same number of occurrences."""
        limits = self.by_month or self.by_week or self.by_year_day or self.by_month_day or self.by_position
        daily = self.frequency is Frequency.DAILY and not self.by_day
        return not limits and (daily or self.frequency is Frequency.WEEKLY)


_RANGES = {
    "BYMONTH": ("by_month", 1, 12, False),
    "BYWEEKNO": ("by_week", 1, 53, True),
    "BYYEARDAY": ("by_year_day", 1, 366, True),
    "BYMONTHDAY": ("by_month_day", 1, 31, True),
    "BYHOUR": ("by_hour", 0, 23, False),
    "BYMINUTE": ("by_minute", 0, 59, False),
    "BYSECOND": ("by_second", 0, 60, False),
    "BYSETPOS": ("by_position", 1, 366, True),
}


def read_rule(text: str) -> Rule:
    """The rule as it is written. Raises RefusedRule."""
    parts: dict[str, str] = {}
    for part in text.strip().strip(";").split(";"):
        name, equals, value = part.partition("=")
        name = name.strip().upper()
        if not equals or name in parts:
            raise RefusedRule("the rule is not of the form NAME=VALUE;…, or names a part twice")
        parts[name] = value.strip().upper()
    lists: dict[str, frozenset[int]] = {}
    for name, (attribute, least, most, both) in _RANGES.items():
        if name in parts:
            lists[attribute] = _read_numbers(name, parts[name], least, most, both=both)
    if parts.get("RSCALE", "GREGORIAN") != "GREGORIAN" or parts.get("SKIP", "OMIT") != "OMIT":
        raise RefusedRule("only the Gregorian calendar is read (RSCALE, SKIP)")
    rule = Rule(
        frequency=_read_frequency(parts.get("FREQ", "")),
        interval=_read_positive("INTERVAL", parts.get("INTERVAL", "1")),
        count=_read_positive("COUNT", parts["COUNT"]) if "COUNT" in parts else None,
        until=_read_until(parts["UNTIL"]) if "UNTIL" in parts else None,
        week_start=_read_week_start(parts.get("WKST", "MO")),
        by_day=_read_days(parts["BYDAY"]) if "BYDAY" in parts else (),
        by_month=lists.pop("by_month", frozenset()),
        by_hour=lists.pop("by_hour", frozenset()),
        by_minute=lists.pop("by_minute", frozenset()),
        by_second=frozenset(min(second, 59) for second in lists.pop("by_second", frozenset())),
    )
    return replace(rule, **lists)  # type: ignore[arg-type]  # the rest of the lists


def _read_frequency(text: str) -> Frequency:
    if text in ("SECONDLY", "MINUTELY", "HOURLY"):
        raise RefusedRule(f"the event repeats {text}; only days, weeks, months and years are read")
    try:
        return Frequency(text)
    except ValueError:
        raise RefusedRule("the rule does not say how often (FREQ)") from None


def _read_positive(name: str, text: str) -> int:
    if not re.fullmatch(r"\+?\d{1,12}", text) or not int(text):
        raise RefusedRule(f"{name} must be a whole number above 0")
    return int(text)


def _read_until(text: str) -> Until:
    try:
        return Until(*read_wall(text))
    except BadValue as error:
        raise RefusedRule(f"UNTIL: {error}") from error


def _read_week_start(text: str) -> int:
    if text not in _WEEKDAYS:
        raise RefusedRule("WKST is no day of the week")
    return _WEEKDAYS.index(text)


def _read_days(text: str) -> tuple[tuple[int, int], ...]:
    pieces = text.split(",")
    found = [_BY_DAY.fullmatch(day.strip()) for day in pieces[:_LONGEST_LIST]]
    days = {(int(day[1] or 0), _WEEKDAYS.index(day[2])) for day in found if day is not None}
    if None in found or len(pieces) > _LONGEST_LIST or any(abs(ordinal) > 53 for ordinal, _ in days):
        raise RefusedRule("BYDAY is no list of days of the week")
    return tuple(sorted(days))


def _read_numbers(name: str, text: str, least: int, most: int, *, both: bool) -> frozenset[int]:
    pieces = [piece.strip() for piece in text.split(",")]
    pattern = r"[+-]?\d{1,3}" if both else r"\d{1,3}"
    if len(pieces) > _LONGEST_LIST or not all(re.fullmatch(pattern, piece) for piece in pieces):
        raise RefusedRule(f"{name} is no list of numbers")
    numbers = frozenset(int(piece) for piece in pieces)
    if not all(least <= abs(number) <= most for number in numbers):
        raise RefusedRule(f"{name} holds a number that is not there")
    return numbers

"""What a calendar must say about a time zone: one winter rule and at most one summer rule.

The rules come from the last line ("footer", RFC 9636 section 3.3) of the zone's file in the tzdata package. Complete
lists of past changes are correct too, but Thunderbird and Outlook read them an hour wrong.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from tumorboard.domain.errors import BadInput

_NAME = r"<[^>]+>|[A-Za-z]+"
_OFFSET = r"[+-]?\d+(?::\d+){0,2}"
_DAY = r"M\d+\.\d+\.\d+(?:/[+-]?\d+(?::\d+){0,2})?"
_FOOTER = re.compile(
    rf"(?P<name>{_NAME})(?P<offset>{_OFFSET})"
    rf"(?:(?P<other>{_NAME})(?P<other_offset>{_OFFSET})?,(?P<begin>{_DAY}),(?P<end>{_DAY}))?"
)
_EARLIEST_YEAR, _LATEST_YEAR = 1970, 2036


@dataclass(frozen=True, slots=True)
class YearlyDay:
    """The n-th weekday of a month (`week` 1 to 4, or -1 for the last; Monday = 0) at a wall-clock time."""

    month: int
    week: int
    weekday: int
    at: time

    def in_year(self, year: int) -> date:
        """The day it falls on."""
        first_weekday, length = calendar.monthrange(year, self.month)
        if self.week == -1:
            last_weekday = (first_weekday + length - 1) % 7
            return date(year, self.month, length - (last_weekday - self.weekday) % 7)
        return date(year, self.month, 1 + (self.weekday - first_weekday) % 7 + 7 * (self.week - 1))


@dataclass(frozen=True, slots=True)
class Onset:
    """When a zone turns to an offset. `first_on` and `at` are the wall clock before the change (RFC 5545, 3.6.5).

    `every` is None in a zone that never changes its clocks.
    """

    name: str
    offset_from: timedelta
    offset_to: timedelta
    first_on: date
    at: time
    every: YearlyDay | None = None

    def instant_in(self, year: int) -> datetime:
        """The UTC instant of the change in a year."""
        day = self.first_on if self.every is None else self.every.in_year(year)
        return datetime.combine(day, self.at, tzinfo=UTC) - self.offset_from


@dataclass(frozen=True, slots=True)
class ZoneRules:
    """One zone as a calendar can say it; `daylight` is the onset with the larger offset."""

    zone: str
    standard: Onset
    daylight: Onset | None

    def offset_at(self, instant: datetime) -> timedelta | None:
        """The offset a reader of these rules finds; None before both have begun."""
        if self.daylight is None:
            return self.standard.offset_to
        begun = [change for change in _list_changes(self, instant.year) if change[0] <= instant]
        return begun[-1][1] if len(begun) > 1 else None

    def can_say(self, instant: datetime) -> bool:
        """True when the wall clock of the instant, read by these rules, is that instant again.

        False too where the machine's own zone data are older than the package's and say another time.
        """
        utc = instant.astimezone(UTC)
        local = utc.astimezone(ZoneInfo(self.zone))
        return local.fold == 0 and self.offset_at(utc) == local.utcoffset()


@lru_cache(maxsize=256)
def _list_changes(rules: ZoneRules, year: int) -> list[tuple[datetime, timedelta]]:
    """The changes from two years before to one year after, in order, each with the offset it brings."""
    return sorted(
        (onset.instant_in(near), onset.offset_to)
        for onset in (rules.standard, rules.daylight)
        if onset is not None
        for near in range(year - 2, year + 2)
        if near >= onset.first_on.year
    )


@lru_cache(maxsize=256)
def find_rules(zone: str) -> ZoneRules | None:
    """The rules of an IANA zone, or None when two yearly rules cannot say them (Santiago, Cairo, Jerusalem).

    Raises BadInput (`unknown-time-zone`) for any other name.
    """
    try:
        known = ZoneInfo(zone)
        content = files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes()
    except (KeyError, ValueError, OSError) as error:
        raise BadInput(
            f"'{zone}' is no IANA time zone; give a name such as Asia/Seoul", code="unknown-time-zone", zone=zone
        ) from error
    found = _FOOTER.fullmatch(content.rstrip(b"\n").rpartition(b"\n")[2].decode("ascii"))
    if found is None:
        return None
    name, offset = _read_name(found["name"]), -_read_duration(found["offset"])
    if found["other"] is None:
        fixed = Onset(name, offset, offset, date(_EARLIEST_YEAR, 1, 1), time())
        return ZoneRules(zone, fixed, None)
    other = -_read_duration(found["other_offset"]) if found["other_offset"] else offset + timedelta(hours=1)
    begin = _find_onset(known, _read_name(found["other"]), offset, other, found["begin"])
    end = _find_onset(known, name, other, offset, found["end"])
    if begin is None or end is None:
        return None
    standard, daylight = sorted((begin, end), key=lambda onset: onset.offset_to)
    return ZoneRules(zone, standard, daylight)


def _read_name(text: str) -> str:
    return text.strip("<>")


def _read_duration(text: str) -> timedelta:
    hours, minutes, seconds = [*(int(part) for part in text.lstrip("+-").split(":")), 0, 0][:3]
    length = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return -length if text.startswith("-") else length


def _find_onset(zone: ZoneInfo, name: str, offset_from: timedelta, offset_to: timedelta, text: str) -> Onset | None:
    """The yearly onset, beginning with the first year from which the zone has kept to it without a break."""
    every = _read_day(text)
    if every is None:
        return None
    onset = Onset(name, offset_from, offset_to, date(_LATEST_YEAR, 1, 1), every.at, every)
    first_year = None
    for year in range(_LATEST_YEAR, _EARLIEST_YEAR - 1, -1):
        instant = onset.instant_in(year)
        before = (instant - timedelta(seconds=1)).astimezone(zone).utcoffset()
        if (before, instant.astimezone(zone).utcoffset()) != (offset_from, offset_to):
            break
        first_year = year
    if first_year is None:
        return None
    return Onset(name, offset_from, offset_to, every.in_year(first_year), every.at, every)


def _read_day(text: str) -> YearlyDay | None:
    """`M3.2.0/2` as a yearly day; None for a time before or after that day, which one BYDAY cannot say."""
    month, week, weekday, clock = re.match(r"M(\d+)\.(\d+)\.(\d+)(?:/(.+))?", text).groups()  # type: ignore[union-attr]
    at = _read_duration(clock or "2")
    if not timedelta(0) <= at < timedelta(days=1):
        return None
    midnight = datetime.combine(date(_EARLIEST_YEAR, 1, 1), time(), tzinfo=UTC)
    return YearlyDay(int(month), -1 if week == "5" else int(week), (int(weekday) - 1) % 7, (midnight + at).time())

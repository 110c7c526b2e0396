"""The clock that a TZID of somebody's calendar means: IANA data, the file's own VTIMEZONE, or a name of Windows.

In that order: an IANA name means IANA's rules whatever the file says beside it; any other name means what the file
says; without a VTIMEZONE only a name that stands in a table is taken, never UTC and never a guess.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from tumorboard.formats.busy_expansion import list_occurrences
from tumorboard.formats.busy_limits import Reading
from tumorboard.formats.busy_lines import Component
from tumorboard.formats.busy_rules import RefusedRule, read_rule
from tumorboard.formats.busy_values import (
    FIRST_WALL,
    LAST_WALL,
    UTC_CLOCK,
    BadValue,
    Clock,
    read_offset,
    read_wall,
    shift_wall,
)

_UTC_NAMES = {"z", "tzone://microsoft/utc", "utc", "gmt", "coordinated universal time"}
_KOREAN_NAMES = {
    "대한민국 표준시": "Asia/Seoul",
    "서울": "Asia/Seoul",
    "한국 표준시": "Asia/Seoul",
    "kst": "Asia/Seoul",
}
_OFFSET_ONLY = re.compile(r"\(?(?:utc|gmt)\s*([+-])(\d{1,2})(?::?(\d\d))?\)?", re.IGNORECASE)
_DISPLAY_NAME = re.compile(r"\((?:utc|gmt)(?:\s*([+-]\d\d):?(\d\d))?\)\s*(.+)", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"customized time zone( \d+)?|tzone://microsoft/custom")
_SLACK = timedelta(days=800)
_LONGEST_NAME = 200
_JANUARY, _JULY = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)


class ZoneClock:
    """The wall clock of an IANA zone or of a fixed offset."""

    def __init__(self, zone: ZoneInfo | timezone) -> None:
        self._zone = zone

    def instant(self, wall: datetime) -> datetime:
        """As in Clock."""
        return min(max(wall, FIRST_WALL), LAST_WALL).replace(tzinfo=self._zone).astimezone(UTC)

    def wall(self, instant: datetime) -> datetime:
        """As in Clock."""
        return instant.astimezone(self._zone).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class _Change:
    at: datetime
    before: timedelta
    after: timedelta


class FileClock:
    """The wall clock of a VTIMEZONE within the years that are asked for."""

    def __init__(self, changes: list[_Change], offset: timedelta) -> None:
        self._changes = sorted(changes, key=lambda change: change.at)
        self._instants = [change.at for change in self._changes]
        self._walls = [change.at.replace(tzinfo=None) + max(change.before, change.after) for change in self._changes]
        self._walls = _never_back(self._walls)
        self._first = self._changes[0].before if self._changes else offset

    def instant(self, wall: datetime) -> datetime:
        """As in Clock; before the first change the offset it came from."""
        place = bisect_right(self._walls, wall)
        kept = min(max(wall, FIRST_WALL), LAST_WALL)
        return kept.replace(tzinfo=UTC) - (self._changes[place - 1].after if place else self._first)

    def wall(self, instant: datetime) -> datetime:
        """As in Clock."""
        place = bisect_right(self._instants, instant)
        offset = self._changes[place - 1].after if place else self._first
        return instant.astimezone(UTC).replace(tzinfo=None) + offset


def _never_back(walls: list[datetime]) -> list[datetime]:
    rising: list[datetime] = []
    for wall in walls:
        rising.append(max(wall, rising[-1]) if rising else wall)
    return rising


class _BrokenZone(ValueError):
    """A VTIMEZONE that cannot be read."""

    def __init__(self, part: Component, why: str) -> None:
        super().__init__(f"the time zone of the file is broken: {why}")
        self.offset = part.offset


class Zones:
    """The clocks of one file, each made once and only when it is used."""

    def __init__(self, reading: Reading, components: list[Component], *, first: datetime, last: datetime) -> None:
        self._reading = reading
        self._first, self._last = first, last
        self._of_file: dict[str, Component] = {}
        for component in components:
            self._of_file.setdefault(_plain(component.text("TZID")), component)
        self._clocks: dict[str, Clock | None] = {}

    def find_clock(self, name: str, offset: int) -> Clock | None:
        """None, with a warning, where Outlook's placeholder stands for a zone that the file does not hold.

        Raises BadInput `unknown-time-zone` for a name that neither a table nor the file explains.
        """
        plain = _plain(name)
        if plain not in self._clocks:
            self._clocks[plain] = self._make_clock(plain, offset)
        return self._clocks[plain]

    def _make_clock(self, plain: str, offset: int) -> Clock | None:
        if plain in _UTC_NAMES:
            return UTC_CLOCK
        iana = _iana_names().get(plain)
        component = self._of_file.get(plain)
        found = iana or _find_by_table(plain)
        if iana is None and component is not None and component.parts:
            try:
                return self._read_zone(component)
            except _BrokenZone as broken:
                if found is None:
                    raise self._reading.refuse("unknown-time-zone", broken.offset, str(broken)) from broken
                self._reading.warn("bad-time-zone", broken.offset, f"{broken}; read as {found}")
        if found is not None:
            return ZoneClock(ZoneInfo(found))
        fixed = _OFFSET_ONLY.fullmatch(plain)
        if fixed is not None and int(fixed[2]) < 24:
            length = timedelta(hours=int(fixed[2]), minutes=int(fixed[3] or 0))
            return ZoneClock(timezone(-length if fixed[1] == "-" else length))
        if _PLACEHOLDER.fullmatch(plain):
            message = "Outlook left out which time zone it means; the times are read in the owner's zone"
            self._reading.warn("placeholder-time-zone", offset, message)
            return None
        raise self._reading.refuse(
            "unknown-time-zone",
            offset,
            f"nothing says what the time zone '{_show(plain)}' is; export the calendar with its time zones",
        )

    def _read_zone(self, component: Component) -> FileClock:
        changes: list[_Change] = []
        offset = timedelta()
        for part in component.parts:
            before, after = self._read_offsets(part)
            offset = after
            for wall in self._list_onsets(part):
                if FIRST_WALL < wall < LAST_WALL:
                    changes.append(_Change(wall.replace(tzinfo=UTC) - before, before, after))
            if len(changes) > self._reading.limits.zone_changes:
                raise _BrokenZone(part, "the time zone changes too often")
        return FileClock(changes, offset)

    def _read_offsets(self, part: Component) -> tuple[timedelta, timedelta]:
        try:
            after = read_offset(part.text("TZOFFSETTO"))
        except BadValue as error:
            raise _BrokenZone(part, f"TZOFFSETTO: {error}") from error
        try:
            return read_offset(part.text("TZOFFSETFROM")), after
        except BadValue as error:
            self._reading.warn("bad-time-zone", part.offset, f"TZOFFSETFROM: {error}")
            return after, after

    def _list_onsets(self, part: Component) -> list[datetime]:
        """The wall clocks of the changes around the window, and the last one before."""
        try:
            start, _, _ = read_wall(part.text("DTSTART"))
            onsets = {start}
            for line in part.lines.get("RDATE", ()):
                self._reading.spend_dates(line.value.count(",") + 1, line.offset)
                onsets.update(read_wall(value)[0] for value in line.value.split(","))
            for line in part.lines.get("RRULE", ()):
                onsets.update(self._expand(line.value, start, line.offset))
        except (BadValue, RefusedRule) as error:
            raise _BrokenZone(part, str(error)) from error
        return sorted(onsets)

    def _expand(self, text: str, start: datetime, offset: int) -> list[datetime]:
        rule = read_rule(text)
        last = self._last + timedelta(days=2)
        before = min(self._first, rule.until.wall if rule.until else self._first)
        first = shift_wall(before, -_SLACK) if rule.count is None else FIRST_WALL
        onsets = []
        for onset in list_occurrences(
            rule, start, first=first, last=last, spend=lambda steps: self._reading.spend_steps(steps, offset)
        ):
            onsets.append(onset)
            if len(onsets) > self._reading.limits.zone_changes:
                raise RefusedRule("the time zone changes too often")
        return onsets


def _plain(name: str) -> str:
    """The name without what exporters write differently; longer ones than any real one are cut."""
    name = name[:_LONGEST_NAME]
    return " ".join(name.replace("\\", "").strip('"').split()).casefold()


def _show(plain: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in plain[:60])


@lru_cache(maxsize=1)
def _iana_names() -> dict[str, str]:
    """All names by their lower-case form."""
    names = available_timezones() - {"Factory", "localtime", "posixrules"}
    return {name.casefold(): name for name in sorted(names)}


@lru_cache(maxsize=1)
def _windows_names() -> dict[str, str]:
    """CLDR's table, as icalendar carries it."""
    return {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}


def _find_by_table(plain: str) -> str | None:
    """Windows names, display names of Outlook, and IANA names behind a vendor's prefix."""
    for table in (_windows_names(), _KOREAN_NAMES):
        if plain in table:
            return table[plain]
    if plain.startswith("/"):
        pieces = plain.strip("/").split("/")
        for length in (3, 2, 1):
            found = _iana_names().get("/".join(pieces[-length:]))
            if found is not None:
                return found
    display = _DISPLAY_NAME.fullmatch(plain)
    return _find_by_display_name(display) if display else None


def _find_by_display_name(display: re.Match[str]) -> str | None:
    """`(UTC+09:00) Seoul`: a zone of that name or city whose winter or summer has just that offset."""
    hours, minutes, places = display.groups()
    hour = int(hours or 0)
    offset = timedelta(hours=hour, minutes=-int(minutes or 0) if (hours or "").startswith("-") else int(minutes or 0))
    name = re.sub(r"\s*\(.*\)|\btime\b", "", places).strip()
    cities = _cities()
    candidates = [_windows_names().get(f"{name} standard time"), _KOREAN_NAMES.get(name)]
    candidates += [cities.get(place.strip().replace(" ", "_")) for place in places.split(",")]
    for zone in candidates:
        if zone is not None and _standard_offset(zone) == offset:
            return zone
    return None


@lru_cache(maxsize=1)
def _cities() -> dict[str, str]:
    """IANA names by the last part, of those with a continent."""
    return {name.rpartition("/")[2]: zone for name, zone in _iana_names().items() if "/" in name[:-1]}


@lru_cache(maxsize=256)
def _standard_offset(zone: str) -> timedelta | None:
    """The offset in winter."""
    offsets = (moment.astimezone(ZoneInfo(zone)).utcoffset() for moment in (_JANUARY, _JULY))
    return min(offset for offset in offsets if offset is not None)

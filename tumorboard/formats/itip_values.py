"""Addresses, texts and instants of the lines of an answer."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import unquote

from tumorboard.domain.errors import BadInput
from tumorboard.formats.busy_limits import BusyLimits, Reading
from tumorboard.formats.busy_lines import Component, Line
from tumorboard.formats.busy_values import BadValue, read_wall
from tumorboard.formats.busy_zones import Zones
from tumorboard.formats.itip_lines import unescape

LONGEST_COMMENT = 2_000
_LONGEST_ADDRESS = 320
_ZONE_LIMITS = BusyLimits(steps=200_000, zone_changes=2_000, dates=2_000)
_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_ADDRESS = re.compile(r"[^\s<>@,;\"\\\x00-\x1f\x7f]+@[^\s<>@,;\"\\\x00-\x1f\x7f]+")
_PLAIN = re.compile(r"[^\s<>@,;:()\[\]\"\\%?\x00-\x1f\x7f]+@[^\s<>@,;:()\[\]'\"\\%?\x00-\x1f\x7f]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_SLACK = timedelta(days=400)
_NUMBERS = 2**31
_YEARS = range(1970, 2200)
"""What is said outside of these years is no time of a meeting, and near the ends of the calendar sums break."""


def read_plain_address(text: str) -> str:
    """The address of a header field as it stands there, A to Z made small; empty for what is no ordinary address.

    Nothing is decoded: a sender chooses these letters, and what a URI would make of them may be somebody else.
    """
    bare = text.strip().translate(_SMALL)
    return bare if len(bare) <= _LONGEST_ADDRESS and _PLAIN.fullmatch(bare) else ""


def read_address(text: str) -> str:
    """The address of a URI `mailto:` or of an address alone, in small letters; empty where there is none.

    Only the letters A to Z are made small: others have foreign twins, and no two mailboxes may become one.
    """
    bare = text.strip().strip("'\"").translate(_SMALL)
    bare = bare.rpartition("mailto:")[2].partition("?")[0]
    bare = unquote(bare).strip(" \t<>'\"").translate(_SMALL)
    return bare if len(bare) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(bare) else ""


def read_addresses(text: str) -> tuple[str, ...]:
    """The addresses of a parameter with several values."""
    found = (read_address(piece) for piece in text.split(","))
    return tuple(dict.fromkeys(address for address in found if address))


def read_text(value: str) -> str:
    """A TEXT value without its backslashes and control characters, of limited length."""
    plain = _CONTROL.sub(" ", unescape(value[: 2 * LONGEST_COMMENT]))
    return plain.encode(errors="replace").decode().strip()[:LONGEST_COMMENT]


def read_number(text: str) -> int | None:
    """A SEQUENCE; None for anything that is no whole number from 0 to 2^31 - 1 (RFC 5545, 3.3.8)."""
    number = int(text) if re.fullmatch(r"[0-9]{1,10}", text.strip()) else _NUMBERS
    return number if number < _NUMBERS else None


def keep_instant(moment: datetime | None) -> datetime | None:
    """The moment, if a meeting can have it."""
    return moment if moment is not None and moment.year in _YEARS else None


@dataclass(frozen=True, slots=True)
class When:
    """A time as an instant, as a naive wall clock of no named zone, or as a day; none of them where unreadable.

    `is_skipped` says that no clock of its zone ever shows it: the instant is then that of RFC 5545, 3.3.5.
    """

    at: datetime | None = None
    wall: datetime | None = None
    on: date | None = None
    is_skipped: bool = False


class Clocks:
    """Reads the times of one calendar object by its time zones, IANA's and those of Windows, with one limit of work."""

    def __init__(self, zones: list[Component]) -> None:
        self._components = zones
        self._reading = Reading(_ZONE_LIMITS, b"")

    def read(self, line: Line | None) -> When:
        """The time of a line; nothing where there is no line or nothing can say which instant it means.

        Nothing, too, outside of the years 1970 to 2199.
        """
        if line is None:
            return When()
        try:
            wall, is_date, is_utc = read_wall(line.value)
            if keep_instant(wall) is None:
                return When()
            if is_date or line.parameters.get("VALUE", "").upper() == "DATE":
                return When(on=wall.date())
            name = line.parameters.get("TZID", "").strip()
            if is_utc:
                return When(at=wall.replace(tzinfo=UTC))
            if not name:
                return When(wall=wall)
            zones = Zones(self._reading, self._components, first=_near(wall, -1), last=_near(wall, 1))
            clock = zones.find_clock(name, 0)
            if clock is None:
                return When(wall=wall)
            at = clock.instant(wall)
            return When(at=keep_instant(at), is_skipped=clock.wall(at) != wall)
        except (BadValue, BadInput, ArithmeticError):
            return When()


def _near(wall: datetime, direction: int) -> datetime:
    try:
        return wall + direction * _SLACK
    except OverflowError:
        return wall

"""The demo's data files with their days made real. Nothing here knows what the fields of a programme mean."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tumorboard.domain.timeline import Interval, at_wall_clock
from tumorboard.services.centre import WEEKDAYS

HERE = Path(__file__).parent
LIST_IS_OPEN_DAYS = 2
OWN_KEYS = frozenset({"referred", "reported", "expected", "owed", "waived"})
"""Keys of a case in the file that are no columns of a case list."""


def read_material(name: str) -> dict[str, Any]:
    """A data file of the demo."""
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))


def first_week(centre: Mapping[str, Any], *, today: date) -> date:
    """The Monday of the week of the first board whose list is still open."""
    weekday = WEEKDAYS.index(centre["boards"][0]["series"][0]["weekday"])
    soonest = today + timedelta(days=LIST_IS_OPEN_DAYS)
    meets_on = soonest + timedelta(days=(weekday - soonest.weekday()) % 7)
    return meets_on - timedelta(days=weekday)


def day_of(entry: Mapping[str, Any], week: int, *, monday: date) -> date:
    """The day of an entry of the diary in a week; week 1 begins on `monday`."""
    return monday + timedelta(weeks=week - 1, days=WEEKDAYS.index(entry["weekday"]))


def busy_spans(entry: Mapping[str, Any], *, monday: date, zone: ZoneInfo) -> Iterable[Interval]:
    """The spans of a weekly entry."""
    for week in entry["weeks"]:
        day = day_of(entry, week, monday=monday)
        yield Interval(at_wall_clock(day, entry["from"], zone), at_wall_clock(day, entry["to"], zone))


def absence_span(entry: Mapping[str, Any], *, monday: date, zone: ZoneInfo) -> Interval:
    """Whole days, from midnight to midnight."""
    first = day_of(entry, entry["week"], monday=monday)
    return Interval(
        at_wall_clock(first, datetime.min.time(), zone),
        at_wall_clock(first + timedelta(days=entry["days"]), datetime.min.time(), zone),
    )


def write_case_list(cases: Iterable[Mapping[str, Any]], *, today: date, members: Mapping[str, str]) -> bytes:
    """The cases as the CSV a coordinator would upload. `members` maps addresses to public ids."""
    rows = [_write_row(case, today, members) for case in cases]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _write_row(case: Mapping[str, Any], today: date, members: Mapping[str, str]) -> dict[str, str]:
    row = {key: _write_cell(value, members) for key, value in case.items() if key not in OWN_KEYS}
    row["referred_on"] = _day(today, case["referred"])
    for kind in ("reported", "expected"):
        for item, days in case.get(kind, {}).items():
            row[f"{item}_{kind}_on"] = _day(today, days)
    return row


def _day(today: date, days: int) -> str:
    return (today + timedelta(days=days)).isoformat()


def _write_cell(value: object, members: Mapping[str, str]) -> str:
    if isinstance(value, list):
        return ";".join(members.get(item, item) for item in value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)

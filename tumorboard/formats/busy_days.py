"""The days a repetition names within one of its periods (RFC 5545, 3.3.10, the table of BYxxx parts)."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import MAXYEAR, date, timedelta

from tumorboard.formats.busy_rules import Frequency, Rule


def begin_period(rule: Rule, start: date, period: int) -> date | None:
    """The first day of a period, None after the end of the calendar."""
    step = period * rule.interval
    if rule.frequency is Frequency.YEARLY:
        return date(start.year + step, 1, 1) if start.year + step <= MAXYEAR else None
    if rule.frequency is Frequency.MONTHLY:
        year, month = divmod(start.year * 12 + start.month - 1 + step, 12)
        return date(year, month + 1, 1) if year <= MAXYEAR else None
    days = step * (7 if rule.frequency is Frequency.WEEKLY else 1)
    if rule.frequency is Frequency.WEEKLY:
        days -= (start.weekday() - rule.week_start) % 7
    ordinal = start.toordinal() + days
    return date.fromordinal(max(1, ordinal)) if ordinal <= date.max.toordinal() - 7 else None


def list_days(rule: Rule, start: date, begins_on: date) -> list[date]:
    """The days of the period that begins on a day, sorted; `start` is the day of DTSTART."""
    if rule.frequency is Frequency.DAILY:
        return [begins_on] if _passes_day(rule, begins_on) else []
    if rule.frequency is Frequency.WEEKLY:
        return _list_days_of_week(rule, start, begins_on)
    if rule.frequency is Frequency.MONTHLY:
        if rule.by_month and begins_on.month not in rule.by_month:
            return []
        return sorted(_list_days_of_month(rule, start, begins_on.year, begins_on.month))
    return _list_days_of_year(rule, start, begins_on.year)


def _passes_day(rule: Rule, day: date) -> bool:
    """BYxxx as limits, for a rule by days."""
    return (
        (not rule.by_month or day.month in rule.by_month)
        and (not rule.by_month_day or _is_month_day(day, rule.by_month_day))
        and (not rule.by_year_day or _is_year_day(day, rule.by_year_day))
        and (not rule.by_week or _is_week(day, rule))
        and (not rule.by_day or day.weekday() in {weekday for _, weekday in rule.by_day})
    )


def _list_days_of_week(rule: Rule, start: date, begins_on: date) -> list[date]:
    """An ordinal in BYDAY means nothing here and is read as every such day."""
    weekdays = {weekday for _, weekday in rule.by_day} or {start.weekday()}
    week = (begins_on + timedelta(days=offset) for offset in range(7))
    return [
        day
        for day in week
        if day.weekday() in weekdays
        and (not rule.by_month or day.month in rule.by_month)
        and (not rule.by_month_day or _is_month_day(day, rule.by_month_day))
        and (not rule.by_year_day or _is_year_day(day, rule.by_year_day))
        and (not rule.by_week or _is_week(day, rule))
    ]


def _list_days_of_month(rule: Rule, start: date, year: int, month: int) -> set[date]:
    """BYMONTHDAY and BYDAY within one month; the day of DTSTART without either, where the month has it."""
    length = calendar.monthrange(year, month)[1]
    if not rule.by_month_day and not rule.by_day:
        return {date(year, month, start.day)} if start.day <= length else set()
    days = {date(year, month, day) for day in range(1, length + 1)}
    if rule.by_month_day:
        days = {day for day in days if _is_month_day(day, rule.by_month_day)}
    if rule.by_day:
        days &= _pick_weekdays(rule, date(year, month, 1), date(year, month, length))
    return {day for day in days if not rule.by_year_day or _is_year_day(day, rule.by_year_day)}


def _list_days_of_year(rule: Rule, start: date, year: int) -> list[date]:
    if rule.by_week or rule.by_year_day or (rule.by_day and not rule.by_month):
        return _filter_days_of_year(rule, start, year)
    months: Iterable[int] = rule.by_month
    if not months:
        months = range(1, 13) if rule.by_month_day else (start.month,)
    return sorted(day for month in months for day in _list_days_of_month(rule, start, year, month))


def _filter_days_of_year(rule: Rule, start: date, year: int) -> list[date]:
    first_on, last_on = date(year, 1, 1), date(year, 12, 31)
    days: Iterable[date] = [date.fromordinal(day) for day in range(first_on.toordinal(), last_on.toordinal() + 1)]
    if rule.by_month:
        days = [day for day in days if day.month in rule.by_month]
    if rule.by_week:
        days = [day for day in days if _is_week(day, rule)]
    if rule.by_year_day:
        days = [day for day in days if _is_year_day(day, rule.by_year_day)]
    if rule.by_month_day:
        days = [day for day in days if _is_month_day(day, rule.by_month_day)]
    if rule.by_day and rule.by_month:
        picked = [_pick_weekdays(rule, *_ends_of_month(year, month)) for month in rule.by_month]
        days = [day for day in days if any(day in of_month for of_month in picked)]
    elif rule.by_day:
        of_year = _pick_weekdays(rule, first_on, last_on)
        days = [day for day in days if day in of_year]
    elif rule.by_week:
        days = [day for day in days if day.weekday() == start.weekday()]
    return list(days)


def _ends_of_month(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def _pick_weekdays(rule: Rule, first_on: date, last_on: date) -> set[date]:
    """BYDAY between two days: every such day, or the n-th from the front or the back."""
    picked: set[date] = set()
    for ordinal, weekday in rule.by_day:
        days = range(first_on.toordinal() + (weekday - first_on.weekday()) % 7, last_on.toordinal() + 1, 7)
        if ordinal == 0 or rule.by_week:
            picked.update(map(date.fromordinal, days))
        elif abs(ordinal) <= len(days):
            picked.add(date.fromordinal(days[ordinal - 1 if ordinal > 0 else ordinal]))
    return picked


def _is_month_day(day: date, wanted: frozenset[int]) -> bool:
    return day.day in wanted or day.day - calendar.monthrange(day.year, day.month)[1] - 1 in wanted


def _is_year_day(day: date, wanted: frozenset[int]) -> bool:
    number = day.timetuple().tm_yday
    return number in wanted or number - (366 if calendar.isleap(day.year) else 365) - 1 in wanted


def _is_week(day: date, rule: Rule) -> bool:
    """BYWEEKNO: week 1 is the first with four days in the year, counted from WKST."""
    for year in (day.year - 1, day.year, day.year + 1):
        begin, end = _first_week(year, rule.week_start), _first_week(year + 1, rule.week_start)
        if begin <= day.toordinal() < end:
            number, weeks = (day.toordinal() - begin) // 7 + 1, (end - begin) // 7
            return number in rule.by_week or number - weeks - 1 in rule.by_week
    return False


def _first_week(year: int, week_start: int) -> int:
    """The ordinal of the first day of week 1."""
    if not 1 <= year <= MAXYEAR:
        return date.max.toordinal() + 1 if year > MAXYEAR else 1
    fourth = date(year, 1, 4)
    return fourth.toordinal() - (fourth.weekday() - week_start) % 7

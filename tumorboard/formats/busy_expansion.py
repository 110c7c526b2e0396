"""Repetitions as wall clocks within a period, jumped to arithmetically and bounded.

dateutil walks every rule from its first day and never ends on some (`INTERVAL=0`, `BYMONTH=2;BYMONTHDAY=30`); here the
work follows from the period asked for, and is counted against a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import MAXYEAR, date, datetime, time, timedelta

from tumorboard.formats.busy_days import begin_period, list_days
from tumorboard.formats.busy_rules import Frequency, RefusedRule, Rule, Until

_TIMES_A_DAY = 96
_STEPS = {Frequency.DAILY: 2, Frequency.WEEKLY: 4, Frequency.MONTHLY: 16, Frequency.YEARLY: 16}
_STEPS_OF_WHOLE_YEAR = 400


def list_occurrences(
    rule: Rule, start: datetime, *, first: datetime, last: datetime, spend: Callable[[int], None]
) -> Iterator[datetime]:
    """The naive wall clocks from `first` to `last`, both included, in order.

    `start` (DTSTART) is always the first occurrence and counts as one, also where it does not fit its own rule. A date
    or floating UNTIL is applied; one in UTC only to the day, the caller knows the zone. `spend` is called with the
    number of candidates before they are made.
    """
    last = min(last, _bound(rule.until)) if rule.until else last
    if first <= start <= last:
        yield start
    times = _times(rule, start)
    period, found = _first_period(rule, start, first, times)
    for dates in _list_periods(rule, start, period, last, spend):
        spend(len(dates) * len(times))
        moments = [datetime.combine(day, at) for day in dates for at in times]
        if rule.by_position:
            moments = _pick(moments, rule.by_position)
        for moment in moments:
            if moment <= start:
                continue
            found += 1
            if moment > last or (rule.count is not None and found > rule.count):
                return
            if moment >= first:
                yield moment


def _bound(until: Until) -> datetime:
    if until.is_date:
        return datetime.combine(until.wall.date(), time.max)
    if until.is_utc:
        return until.wall + timedelta(days=1) if until.wall.year < MAXYEAR else until.wall
    return until.wall


def _times(rule: Rule, start: datetime) -> list[time]:
    hours, minutes = rule.by_hour or (start.hour,), rule.by_minute or (start.minute,)
    seconds = rule.by_second or (start.second,)
    if len(hours) * len(minutes) * len(seconds) > _TIMES_A_DAY:
        raise RefusedRule(f"the event repeats more than {_TIMES_A_DAY} times a day")
    return sorted({time(hour, minute, second) for hour in hours for minute in minutes for second in seconds})


def _first_period(rule: Rule, start: datetime, first: datetime, times: list[time]) -> tuple[int, int]:
    """The number of the period to begin with, and how many occurrences lie before it (DTSTART is one)."""
    wanted = max(0, _periods_between(rule, start, first) - 1)
    if rule.count is None or wanted == 0:
        return wanted, 1
    if not rule.is_steady:
        return 0, 1
    days = len({weekday for _, weekday in rule.by_day}) or 1
    opening = list_days(rule, start.date(), begin_period(rule, start.date(), 0) or start.date())
    in_opening = sum(datetime.combine(day, at) > start for day in opening for at in times)
    return wanted, 1 + in_opening + (wanted - 1) * days * len(times)


def _periods_between(rule: Rule, start: datetime, first: datetime) -> int:
    days = (first.date() - start.date()).days
    months = (first.year - start.year) * 12 + first.month - start.month
    units = {
        Frequency.DAILY: days,
        Frequency.WEEKLY: days // 7,
        Frequency.MONTHLY: months,
        Frequency.YEARLY: first.year - start.year,
    }[rule.frequency]
    return units // rule.interval


def _list_periods(
    rule: Rule, start: datetime, period: int, last: datetime, spend: Callable[[int], None]
) -> Iterator[list[date]]:
    """The days of each period in order, until one begins after `last` or the calendar ends."""
    yearly = rule.frequency is Frequency.YEARLY and (rule.by_week or rule.by_year_day or rule.by_day)
    steps = (_STEPS_OF_WHOLE_YEAR if yearly else _STEPS[rule.frequency]) + len(rule.by_day)
    while True:
        begins_on = begin_period(rule, start.date(), period)
        if begins_on is None or begins_on > last.date():
            return
        spend(steps)
        yield list_days(rule, start.date(), begins_on)
        period += 1


def _pick(moments: list[datetime], positions: frozenset[int]) -> list[datetime]:
    chosen = {place - 1 if place > 0 else len(moments) + place for place in positions}
    return [moment for place, moment in enumerate(moments) if place in chosen]

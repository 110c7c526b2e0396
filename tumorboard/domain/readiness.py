"""Which items of a case are current, stale, missing or expected on a day, and the first day it can be discussed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from tumorboard.domain.conditions import View
from tumorboard.domain.fields import is_given
from tumorboard.domain.model import CaseFacts, Finding, Level, ReadinessRecord, ReadinessState, Value
from tumorboard.domain.program_parts import Program, ReadinessItem
from tumorboard.domain.requirements import count_scores

_BEST_FIRST = (
    ReadinessState.NOT_APPLICABLE,
    ReadinessState.CURRENT,
    ReadinessState.EXPECTED,
    ReadinessState.STALE,
    ReadinessState.MISSING,
)


def judge_readiness(
    program: Program, case: CaseFacts, records: Iterable[ReadinessRecord], *, on: date, today: date | None = None
) -> tuple[Finding, ...]:
    """The items that apply to the case, in file order, as they will be on a day (usually that of the meeting).

    An item is EXPECTED when its result is announced for that day or earlier and will not be stale by then. With
    `today`, an announcement that has passed without a result no longer counts; None trusts every announcement. Of
    several records for one item the best counts. `age_days` is the age of the result on the day, also of an expected
    one.
    """
    view = View(case.values, on, count_scores(program, case.values))
    known = list(records)
    return tuple(
        _judge_item(item, view, [record for record in known if record.item == item.id], today)
        for item in program.readiness
        if item.when.holds(view)
    )


def is_ready(
    program: Program, case: CaseFacts, records: Iterable[ReadinessRecord], *, on: date, today: date | None = None
) -> bool:
    """True when no item blocks on that day; what is current today may be stale then."""
    return not any(each.is_blocking for each in judge_readiness(program, case, records, on=on, today=today))


def first_ready_on(
    program: Program, case: CaseFacts, records: Sequence[ReadinessRecord], *, today: date
) -> tuple[date | None, tuple[str, ...]]:
    """The first day from today on which no item blocks, else None and the ids of the items in the way.

    Items grow stale and never fresh by themselves, so only today and the days of announced results can be the first.
    """
    announced = {record.expected_on for record in records if record.expected_on and record.expected_on > today}
    fewest: tuple[str, ...] | None = None
    for day in (today, *sorted(announced)):
        findings = judge_readiness(program, case, records, on=day, today=today)
        blocking = tuple(each.item for each in findings if each.is_blocking)
        if not blocking:
            return day, ()
        if fewest is None or len(blocking) < len(fewest):
            fewest = blocking
    return None, fewest or ()


def _judge_item(item: ReadinessItem, view: View, records: Sequence[ReadinessRecord], today: date | None) -> Finding:
    level = _judge_level(item, view)
    if item.fields and all(is_given(view.values.get(field)) for field in item.fields):
        return Finding(item.id, item.label, ReadinessState.CURRENT, level, next(iter(records), None))
    judged = [_judge_record(item, record, view.on, today) for record in (*records, *_read_field(item, view.values))]
    state, record, age_days = min(judged, key=_best_first, default=(ReadinessState.MISSING, None, None))
    return Finding(item.id, item.label, state, level, record, age_days, item.limit_days)


def _judge_level(item: ReadinessItem, view: View) -> Level:
    return next((override.level for override in item.overrides if override.when.holds(view)), item.level)


def _read_field(item: ReadinessItem, values: Mapping[str, Value]) -> list[ReadinessRecord]:
    """What the case itself says of the day of the report."""
    reported = values.get(item.reported_field) if item.reported_field else None
    return [ReadinessRecord(item.id, reported_on=reported)] if isinstance(reported, date) else []


_Judged = tuple[ReadinessState, ReadinessRecord | None, int | None]


def _judge_record(item: ReadinessItem, record: ReadinessRecord, on: date, today: date | None) -> _Judged:
    if record.not_applicable_by:
        return ReadinessState.NOT_APPLICABLE, record, None
    expected = record.expected_on
    if expected is not None and today is not None and expected < today:
        expected = None
    reported_age = _age_days(record.reported_on, on)
    if reported_age is not None and _is_fresh(reported_age, item):
        return ReadinessState.CURRENT, record, reported_age
    expected_age = _age_days(expected, on)
    if expected_age is not None and _is_fresh(expected_age, item):
        return ReadinessState.EXPECTED, record, expected_age
    age_days = reported_age if reported_age is not None else expected_age
    state = ReadinessState.MISSING if age_days is None else ReadinessState.STALE
    return state, record, age_days


def _age_days(day: date | None, on: date) -> int | None:
    """Age of a result on a day; None when there is none by then."""
    return None if day is None or day > on else (on - day) // timedelta(days=1)


def _is_fresh(age_days: int, item: ReadinessItem) -> bool:
    return item.limit_days is None or age_days <= item.limit_days


def _best_first(judged: _Judged) -> tuple[int, int]:
    state, _, age_days = judged
    return _BEST_FIRST.index(state), age_days if age_days is not None else 0

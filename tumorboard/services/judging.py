"""What the programme says of a case in the database: needs, readiness and clock, in one value for every door."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tumorboard.domain.model import Assessment, CaseFacts, Finding, ReadinessRecord, ReadinessState, WaitingCase
from tumorboard.domain.program import Program
from tumorboard.domain.readiness import first_ready_on, judge_readiness
from tumorboard.domain.requirements import assess
from tumorboard.domain.timeline import at_wall_clock
from tumorboard.services.case_sheets import CaseSheet, sheet_of
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.meetings import Meeting

MOST_KEPT = 4096
"""Judgements kept by a process: a few kB each."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A case with all that the programme says about it on one day.

    `ready_on` is the first day on which nothing blocks, None while a blocking item is neither there nor expected;
    `blocked_by` names those items. `due_at` is the end of its clock.
    """

    sheet: CaseSheet
    case: CaseFacts
    assessment: Assessment
    records: tuple[ReadinessRecord, ...]
    findings: tuple[Finding, ...]
    ready_on: date | None
    blocked_by: tuple[str, ...]
    due_at: datetime

    @property
    def is_ready(self) -> bool:
        """True when the case may be planned: eligible, and every blocking item current or expected."""
        return self.assessment.eligible and self.ready_on is not None


def judge(setup: Setup, row: Case, *, on: date) -> Judgement:
    """Judge a case as of a day in the centre's calendar. The row's readiness and waivers must be loaded."""
    return judge_sheet(setup, sheet_of(row), on=on)


def judge_sheet(setup: Setup, sheet: CaseSheet, *, on: date) -> Judgement:
    """The same for what is read of a case. It is worked out once and kept, for as long as the case stays as it is."""
    return _judge(_Rulebook(setup.program(sheet.program)), setup.time_zone, sheet, on)


class _Rulebook:
    """A programme as it was read: itself again, and equal to no other."""

    __slots__ = ("program",)

    def __init__(self, program: Program) -> None:
        self.program = program

    def __hash__(self) -> int:
        return id(self.program)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rulebook) and other.program is self.program


@lru_cache(maxsize=MOST_KEPT)
def _judge(rulebook: _Rulebook, zone: str, sheet: CaseSheet, on: date) -> Judgement:
    program, case, records = rulebook.program, sheet.case(), sheet.records()
    assessment = assess(program, case, on=on, waivers=sheet.waived())
    ready_on, blocked_by = first_ready_on(program, case, records, today=on)
    return Judgement(
        sheet=sheet,
        case=case,
        assessment=assessment,
        records=records,
        findings=tuple(_announced(finding, on) for finding in judge_readiness(program, case, records, on=on, today=on)),
        ready_on=ready_on,
        blocked_by=blocked_by,
        due_at=_due_at(ZoneInfo(zone), case, sheet.referred_at, assessment.target_days),
    )


def _announced(finding: Finding, on: date) -> Finding:
    """A report that is not there today but announced for a later day is expected, and not missing."""
    expected_on = finding.record.expected_on if finding.record else None
    is_open = finding.state in (ReadinessState.MISSING, ReadinessState.STALE)
    return replace(finding, state=ReadinessState.EXPECTED) if is_open and expected_on and expected_on >= on else finding


def _due_at(zone: ZoneInfo, case: CaseFacts, referred_at: datetime, target_days: float) -> datetime:
    target = case.values.get("target_on")
    by_clock = referred_at + timedelta(days=target_days)
    if target_days >= 1:
        by_clock = _end_of(by_clock.astimezone(zone).date(), zone)
    return min(by_clock, _end_of(target, zone)) if isinstance(target, date) else by_clock


def _end_of(on: date, zone: ZoneInfo) -> datetime:
    """The last minute of a day: a case discussed on the day it is due is not late."""
    return at_wall_clock(on + timedelta(days=1), time(0), zone) - timedelta(minutes=1)


class MeetingDay(NamedTuple):
    """A meeting by its days in its own zone: when it meets, and when its list closes, today where that is over."""

    meeting: str
    meets_on: date
    closes_on: date


def list_days(meetings: Iterable[Meeting], *, now: datetime) -> tuple[MeetingDay, ...]:
    """The days of meetings, in their order."""
    return tuple(_day_of(meeting, ZoneInfo(meeting.time_zone), now) for meeting in meetings)


def _day_of(meeting: Meeting, zone: ZoneInfo, now: datetime) -> MeetingDay:
    closes_at = max(meeting.closes_at, now)
    return MeetingDay(meeting.public_id, meeting.starts_at.astimezone(zone).date(), closes_at.astimezone(zone).date())


def waiting_case(
    setup: Setup, judgement: Judgement, days: tuple[MeetingDay, ...], *, fixed_at: datetime | None, now: datetime,
    complex_minutes: int = 0,
) -> WaitingCase:  # fmt: skip
    """The case as the planner sees it, with the meetings on whose day it is not ready.

    A blocking report counts when it is there, or expected before the list closes, and not too old on the
    meeting's day. A case of `complex_minutes` or more is complex; with 0 none is.
    """
    today = setup.today(now)
    blocked_on = _blocked_on(_Rulebook(setup.program(judgement.case.program)), judgement.sheet, days, today)
    case, assessment = judgement.case, judgement.assessment
    ready_at = None
    if judgement.ready_on is not None:
        ready_at = setup.morning_of(judgement.ready_on)
        if judgement.ready_on <= today:
            ready_at = min(ready_at, now)
    named = case.values.get("named_members", frozenset())
    return WaitingCase(
        reference=case.reference,
        minutes=assessment.minutes,
        urgency=assessment.urgency,
        needs=tuple(need for need in assessment.needs if need.waived_by is None),
        referred_at=judgement.sheet.referred_at,
        due_at=judgement.due_at,
        ready_at=ready_at,
        blocked_by=judgement.blocked_by,
        named_members=tuple(sorted(named)) if isinstance(named, frozenset) else (),
        last_block=case.values.get("track") == "standard_of_care",
        blocked_on=dict(blocked_on),
        fixed_at=fixed_at,
        is_complex=0 < complex_minutes <= assessment.minutes,
        awaited={
            record.item: setup.morning_of(record.expected_on)
            for record in judgement.records
            if record.reported_on is None and record.expected_on is not None
        },
    )


@lru_cache(maxsize=MOST_KEPT)
def _blocked_on(
    rulebook: _Rulebook, sheet: CaseSheet, days: tuple[MeetingDay, ...], today: date
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = ((day.meeting, _blocking(rulebook, sheet, day.meets_on, day.closes_on, today)) for day in days)
    return tuple((meeting, items) for meeting, items in found if items)


@lru_cache(maxsize=8 * MOST_KEPT)
def _blocking(
    rulebook: _Rulebook, sheet: CaseSheet, meets_on: date, closes_on: date, today: date
) -> tuple[str, ...]:  # fmt: skip
    records = sheet.records()
    found = judge_readiness(rulebook.program, sheet.case(), records, on=meets_on, today=today)
    late = {r.item for r in records if r.reported_on is None and r.expected_on and r.expected_on > closes_on}
    return tuple(f.item for f in found if f.is_blocking or (f.level.value == "blocks" and f.item in late))

"""What the programme says of a case in the database: needs, readiness and clock, in one value for every door."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tumorboard.domain.model import Assessment, CaseFacts, Finding, ReadinessRecord, ReadinessState, WaitingCase
from tumorboard.domain.program import Program
from tumorboard.domain.readiness import first_ready_on, judge_readiness
from tumorboard.domain.requirements import assess
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.facts import case_facts, readiness_record, waiver
from tumorboard.store.meetings import Meeting


@dataclass(frozen=True, slots=True)
class Judgement:
    """A case with all that the programme says about it on one day.

    `ready_on` is the first day on which nothing blocks, None while a blocking item is neither there nor expected;
    `blocked_by` names those items. `due_at` is the end of its clock.
    """

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
    program = setup.program(row.program)
    case = case_facts(row)
    assessment = assess(program, case, on=on, waivers=[waiver(entry) for entry in row.waivers])
    records = tuple(readiness_record(entry) for entry in row.readiness)
    ready_on, blocked_by = first_ready_on(program, case, records, today=on)
    return Judgement(
        case=case,
        assessment=assessment,
        records=records,
        findings=tuple(_announced(finding, on) for finding in judge_readiness(program, case, records, on=on, today=on)),
        ready_on=ready_on,
        blocked_by=blocked_by,
        due_at=_due_at(setup, case, row.referred_at, assessment.target_days),
    )


def _announced(finding: Finding, on: date) -> Finding:
    """A report that is not there today but announced for a later day is expected, and not missing."""
    expected_on = finding.record.expected_on if finding.record else None
    is_open = finding.state in (ReadinessState.MISSING, ReadinessState.STALE)
    return replace(finding, state=ReadinessState.EXPECTED) if is_open and expected_on and expected_on >= on else finding


def _due_at(setup: Setup, case: CaseFacts, referred_at: datetime, target_days: float) -> datetime:
    target = case.values.get("target_on")
    by_clock = referred_at + timedelta(days=target_days)
    if target_days >= 1:
        by_clock = _end_of(setup, setup.today(by_clock))
    return min(by_clock, _end_of(setup, target)) if isinstance(target, date) else by_clock


def _end_of(setup: Setup, on: date) -> datetime:
    """The last minute of a day: a case discussed on the day it is due is not late."""
    return setup.morning_of(on + timedelta(days=1)) - timedelta(minutes=1)


def waiting_case(
    setup: Setup, row: Case, judgement: Judgement, meetings: list[Meeting], *, now: datetime, complex_minutes: int = 0
) -> WaitingCase:
    """The case as the planner sees it, with the meetings on whose day it is not ready.

    A blocking report counts when it is there, or expected before the list closes, and not too old on the
    meeting's day. A case of `complex_minutes` or more is complex; with 0 none is.
    """
    program = setup.program(row.program)
    blocked_on = {}
    for meeting in meetings:
        zone = ZoneInfo(meeting.time_zone)
        meets_on = meeting.starts_at.astimezone(zone).date()
        closes_on = max(meeting.closes_at, now).astimezone(zone).date()
        items = _blocking(program, judgement, meets_on, closes_on, setup.today(now))
        if items:
            blocked_on[meeting.public_id] = items
    case, assessment = judgement.case, judgement.assessment
    ready_at = None
    if judgement.ready_on is not None:
        ready_at = setup.morning_of(judgement.ready_on)
        if judgement.ready_on <= setup.today(now):
            ready_at = min(ready_at, now)
    named = case.values.get("named_members", frozenset())
    return WaitingCase(
        reference=row.reference,
        minutes=assessment.minutes,
        urgency=assessment.urgency,
        needs=tuple(need for need in assessment.needs if need.waived_by is None),
        referred_at=row.referred_at,
        due_at=judgement.due_at,
        ready_at=ready_at,
        blocked_by=judgement.blocked_by,
        named_members=tuple(sorted(named)) if isinstance(named, frozenset) else (),
        last_block=case.values.get("track") == "standard_of_care",
        blocked_on=blocked_on,
        fixed_at=row.fixed_at,
        is_complex=0 < complex_minutes <= assessment.minutes,
        awaited={
            record.item: setup.morning_of(record.expected_on)
            for record in judgement.records
            if record.reported_on is None and record.expected_on is not None
        },
    )


def _blocking(program: Program, judgement: Judgement, meets_on: date, closes_on: date, today: date) -> tuple[str, ...]:
    found = judge_readiness(program, judgement.case, judgement.records, on=meets_on, today=today)
    late = {r.item for r in judgement.records if r.reported_on is None and r.expected_on and r.expected_on > closes_on}
    return tuple(f.item for f in found if f.is_blocking or (f.level.value == "blocks" and f.item in late))

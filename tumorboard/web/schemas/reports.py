"""Reports: waits against their limits, outcomes by week, attendance, minutes held, and why cases were put off."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tumorboard.domain.indicators import OUTCOMES
from tumorboard.services.reports import Report
from tumorboard.web.schemas.base import Answer, Ask, Day, Word
from tumorboard.web.schemas.findings import MinutesAnswer, present_minutes


class ReportAsk(Ask):
    """Which meetings: of one board or of all, between two days, both included; by default twelve weeks until today."""

    board = Word(longest=64, load_default="")
    first = Day(data_key="from", load_default=None)
    last = Day(data_key="to", load_default=None)


class WaitAnswer(Answer):
    """Days from the referral to the first discussion, of one programme and urgency. `days` is sorted."""

    program = fields.String()
    urgency = fields.String()
    days = fields.List(fields.Integer())
    median_days = fields.Float()
    limit_days = fields.Integer()
    in_time = fields.Integer()
    late = fields.Integer()


class LateCaseAnswer(Answer):
    """A case that was first discussed after the end of its clock."""

    case = fields.String()
    reference = fields.String()
    waited_days = fields.Integer()
    limit_days = fields.Integer()


class OutcomeCounts(Answer):
    """How many cases had each outcome."""

    discussed = fields.Integer()
    deferred = fields.Integer()
    not_quorate = fields.Integer()
    withdrawn = fields.Integer()
    unrecorded = fields.Integer()


class WeekAnswer(Answer):
    """The week that begins on a Monday."""

    monday = fields.Date()
    counts = fields.Nested(OutcomeCounts)


class ShareAnswer(Answer):
    """Of the meetings that needed a specialty, those that somebody was there for it."""

    specialty = fields.String()
    expected = fields.Integer()
    there = fields.Integer()


class PutOffAnswer(Answer):
    """Why cases were put off, and how many."""

    reason = fields.String()
    cases = fields.Integer()


class ReportAnswer(Answer):
    """What happened in a period. `late_cases` is empty for those who may not read cases."""

    first = fields.Date(data_key="from")
    last = fields.Date(data_key="to")
    board = fields.String(allow_none=True)
    meetings = fields.Integer()
    unrecorded = fields.Integer()
    unattended = fields.Integer()
    is_cut = fields.Boolean()
    waits = fields.List(fields.Nested(WaitAnswer))
    late_cases = fields.List(fields.Nested(LateCaseAnswer))
    weeks = fields.List(fields.Nested(WeekAnswer))
    attendance = fields.List(fields.Nested(ShareAnswer))
    minutes = fields.Nested(MinutesAnswer)
    put_off = fields.List(fields.Nested(PutOffAnswer))


def present_report(report: Report, *, names_cases: bool) -> dict[str, Any]:
    """A report for `ReportAnswer`."""
    return {
        "first": report.period.first,
        "last": report.period.last,
        "board": report.period.board or None,
        "meetings": report.meetings,
        "unrecorded": report.unrecorded,
        "unattended": report.unattended,
        "is_cut": report.is_cut,
        "waits": [
            {"program": one.program, "urgency": one.urgency, "days": list(one.days), "median_days": one.median_days,
             "limit_days": one.limit_days, "in_time": one.in_time, "late": len(one.late_days)}
            for one in report.waits
        ],
        "late_cases": [
            {"case": one.case, "reference": one.reference, "waited_days": one.waited_days, "limit_days": one.limit_days}
            for one in (report.late if names_cases else ())
        ],
        "weeks": [
            {"monday": week.monday, "counts": {code or "unrecorded": week.counts[code] for code in OUTCOMES}}
            for week in report.weeks
        ],
        "attendance": [
            {"specialty": one.specialty, "expected": one.expected, "there": one.there} for one in report.attended
        ],
        "minutes": present_minutes(report.held),
        "put_off": [{"reason": reason, "cases": number} for reason, number in report.reasons],
    }  # fmt: skip

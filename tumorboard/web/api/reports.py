"""Reports over past meetings, as numbers."""

from __future__ import annotations

from typing import Any

from tumorboard.services import reports
from tumorboard.services.access import Permission
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.schemas.reports import ReportAnswer, ReportAsk, present_report

door = Door("reports", description="What happened: waits, outcomes, attendance, minutes held")


@door.get("/reports")
@door.arguments(ReportAsk, location="query")
@door.response(200, ReportAnswer)
def read_report(asked: dict[str, Any]) -> dict[str, Any]:
    """Read the report of a period

    Meetings that are over, with what is recorded of them. Cases without an outcome and meetings without attendance are
    counted apart and left out of the other numbers.
    """
    by, now = current_actor(), utc_now()
    period = reports.choose_period(setup(), board=asked["board"], first=asked["first"], last=asked["last"], now=now)
    report = reports.read_report(database(), setup(), period=period, by=by, now=now)
    return present_report(report, names_cases=by.may(Permission.CASE_READ))

"""Words of papers, exports and reports: purposes, outcomes, and why a case was put off."""

from __future__ import annotations

from collections.abc import Mapping

from tumorboard.words import labels
from tumorboard.words import to_translate as _

PURPOSES: Mapping[str, str] = {
    "meeting": _("To hold the meeting"),
    "care": _("Care of the patients discussed"),
    "quality": _("Quality assurance, certification"),
    "claim": _("Proof for a claim or an audit"),
    "research": _("Research that was approved"),
    "other": _("Something else"),
}
OUTCOMES: Mapping[str, str] = {**labels.OUTCOMES, "": _("Not recorded")}
"""What became of an agenda item; empty while nobody has recorded it."""
COLUMNS: Mapping[str, str] = {
    "number": _("Number"),
    "from": _("From"),
    "until": _("Until"),
    "minutes": _("Minutes"),
    "case": _("Case"),
    "called": _("Called-in members"),
    "specialties": _("Specialties"),
    "specialty": _("Specialty"),
    "member": _("Member"),
    "outcome": _("Outcome"),
    "reason": _("Reason"),
    "recommendation": _("Recommendation"),
    "programme": _("Programme"),
    "state": _("State"),
    "urgency": _("Urgency"),
    "missing": _("Missing"),
    "required": _("Required"),
    "recommended": _("Recommended"),
    "due": _("Discuss by"),
    "days-left": _("Days left"),
    "meeting": _("Meeting"),
    "cases": _("Cases"),
    "median": _("Median days"),
    "longest": _("Longest wait, days"),
    "limit": _("Limit, days"),
    "in-time": _("In time"),
    "late": _("Late"),
    "week": _("Week from"),
    "together": _("All together"),
    "meetings": _("Meetings"),
    "there": _("Was there"),
    "share": _("Share"),
    "arrival": _("Order of arrival"),
    "now": _("Now"),
    "saved": _("Saved"),
}
"""Heads of the columns of tables that leave the service."""
TITLES: Mapping[str, str] = {
    "agenda": _("Agenda"),
    "attendance": _("Attendance"),
    "record": _("Record"),
    "cases": _("Cases"),
    "waits": _("Waiting time to discussion"),
    "weeks": _("Cases per week"),
    "attended": _("Attendance by specialty"),
    "held": _("Minutes specialists are held"),
    "reasons": _("Why cases were put off"),
}
"""Names of tables and charts."""
DEFERRALS: Mapping[str, str] = {
    **labels.OUTCOME_REASONS,
    "not-quorate": _("Not quorate"),
    "unsaid": _("No reason given"),
}
"""Why a case was put off."""

"""A published meeting without one of its cases: its place stays free, and only those it concerns hear of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tumorboard.domain.model import AgendaEntry, Attendance, MeetingPlan, SeatKind
from tumorboard.domain.timeline import Interval
from tumorboard.services.judging import judge
from tumorboard.services.parts import holds_place
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.meetings import AgendaItem, Meeting, MeetingInvitation


def plan_without(
    session: Session, setup: Setup, item: AgendaItem, *, now: datetime
) -> tuple[MeetingPlan, dict[str, Case]]:
    """What is published for the item's meeting, without its case, and the cases that stay, by reference.

    The others keep their times, so that nobody else is written to; the next proposal closes the gap. A called-in member
    keeps the window of her other cases, or is free when there is none. A meeting without a case invites nobody.
    """
    meeting = item.meeting
    spans = {
        other.case.reference: Interval(other.starts_at, other.ends_at) for other in meeting.agenda if other is not item
    }
    ids = [other.case_id for other in meeting.agenda if other is not item]
    query = select(Case).where(Case.id.in_(ids)).options(selectinload(Case.readiness), selectinload(Case.waivers))
    cases = {row.reference: row for row in session.scalars(query)}
    parts = (_part_left(setup, meeting, row, spans, cases, now) for row in meeting.invitations)
    plan = MeetingPlan(
        meeting=meeting.public_id,
        agenda=tuple(AgendaEntry(reference, span) for reference, span in spans.items()),
        attendances=tuple(part for part in parts if part is not None and spans),
        reasons={},
    )
    return plan, cases


def _part_left(
    setup: Setup, meeting: Meeting, row: MeetingInvitation, spans: Mapping[str, Interval], cases: Mapping[str, Case],
    now: datetime,
) -> Attendance | None:  # fmt: skip
    """Her part in what is left of the meeting, None when there is none."""
    details, member = row.details, row.member
    hers = [reference for reference in spans if reference in details["cases"]]
    if not holds_place(row) or (row.kind == SeatKind.ON_DEMAND and not hers):
        return None
    if row.kind == SeatKind.CORE:
        whole = Interval(meeting.starts_at, meeting.ends_at)
        return Attendance(
            member=member.public_id, kind=SeatKind.CORE, span=whole, specialties=tuple(details["specialties"]),
            required=details["required"],
        )  # fmt: skip
    needs = [
        need
        for reference in hers
        for need in judge(setup, cases[reference], on=setup.today(now)).assessment.needs
        if need.waived_by is None
        and (need.specialty in details["specialties"] or (need.member or "").strip().lower() == member.email)
    ]
    still = {need.specialty for need in needs}
    return Attendance(
        member=member.public_id,
        kind=SeatKind.ON_DEMAND,
        span=Interval(min(spans[each].start for each in hers), max(spans[each].end for each in hers)),
        specialties=tuple(name for name in details["specialties"] if name in still) or tuple(details["specialties"]),
        cases=tuple(hers),
        rules=tuple(dict.fromkeys(need.rule for need in needs)) or tuple(details["rules"]),
        required=any(need.required for need in needs) if needs else details["required"],
    )

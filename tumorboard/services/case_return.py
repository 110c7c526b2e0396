"""A case that was withdrawn off a published meeting comes back to its place there; the reverse of `case_removal`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tumorboard.domain.errors import Conflict
from tumorboard.domain.model import MeetingPlan, Reason
from tumorboard.domain.place_return import LostPlace, put_back
from tumorboard.domain.planning_check import check_meetings
from tumorboard.domain.review import as_published
from tumorboard.domain.timeline import Interval
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.cases import find_case
from tumorboard.services.meetings import lock_meeting
from tumorboard.services.planning_facts import load_problem, meetings_ahead
from tumorboard.services.publications import find_taken_off, forget_taken_off
from tumorboard.services.published import plan_of, required_specialties
from tumorboard.services.publishing import write_plans
from tumorboard.services.recheck import recheck_meetings
from tumorboard.services.room_entry import refuse_begun
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.facts import decode_proposal
from tumorboard.store.meetings import AgendaItem, Meeting

_OF_THE_OTHERS = frozenset({"agenda-times-wrong", "agenda-blocks-wrong"})
"""What a gap before or after the case breaks: it is there since somebody was taken off, and nobody's time changes."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The meeting a case stands on again and how many letters leave, or None, and why it is only on the list."""

    meeting: Meeting | None
    letters: int = 0
    reasons: tuple[Reason, ...] = ()


def return_scheduled(session: Session, setup: Setup, *, case_id: str, by: Actor, now: datetime) -> Returned:
    """Reopen a case that `withdraw_scheduled` took off its meeting, and publish it there in its old minutes.

    Its place counts as prepared: a list that was closed since does not keep it out. Where the place is no longer free,
    somebody needed is not, or the meeting has begun or is cancelled, the case waits on the list, with the reasons.
    Raises Conflict `case-done`, and `nothing-to-undo` for a case that is not withdrawn.
    """
    require(by, Permission.CASE_EDIT)
    require(by, Permission.PLAN_PUBLISH)
    with transaction(session):
        row = find_case(session, case_id)
        place = find_taken_off(session, row, now=now)
        meeting = None if place is None else lock_meeting(session, place.detail["meeting"])
        session.refresh(row)
        _refuse_open(row)
        row.status, row.updated_at = "waiting", now
        session.flush()
        forget_taken_off(session, row)
        record(session, by=by, now=now, action="case:reopened", subject=("case", case_id))
        if place is None or meeting is None:
            return Returned(None, reasons=(Reason("place-gone"),))
        [kept] = decode_proposal(place.before).meetings
        plan = _plan_with(session, setup, meeting, row, LostPlace(kept.agenda[0], kept.attendances), now)
        if not isinstance(plan, MeetingPlan):
            return Returned(None, reasons=plan)
        cases = _cases_of(session, meeting)
        letters, _ = write_plans(
            session, setup, [plan], {meeting.public_id: meeting}, {**cases, row.reference: row}, now=now,
            batch=meeting.public_id,
        )  # fmt: skip
        recheck_meetings(session, setup, [meeting], now=now)
        record(
            session, by=by, now=now, action="case:put-back", subject=("case", case_id), meeting=meeting.public_id,
            letters=letters,
        )  # fmt: skip
    return Returned(meeting, letters)


def find_old_place(session: Session, case: Case, *, now: datetime) -> Meeting | None:
    """The meeting ahead that a withdrawn case was taken off, and could come back to."""
    place = find_taken_off(session, case, now=now) if case.status == "withdrawn" else None
    if place is None:
        return None
    return session.scalar(select(Meeting).where(Meeting.public_id == place.detail["meeting"]))


def _refuse_open(row: Case) -> None:
    if row.status == "done":
        raise Conflict(f"{row.reference} is done; its record says why", code="case-done", case=row.reference)
    if row.status != "withdrawn":
        raise Conflict("the case is not withdrawn; there is nothing to take back", code="nothing-to-undo")


def _plan_with(
    session: Session, setup: Setup, meeting: Meeting, row: Case, lost: LostPlace, now: datetime
) -> MeetingPlan | tuple[Reason, ...]:
    """The published meeting with the case in its place, or what that would break."""
    try:
        refuse_begun(session, [meeting])
    except Conflict:  # a case of it was written of before its time
        return (Reason("place-gone"),)
    ahead = session.scalars(
        meetings_ahead(meeting.board, now)
        .where(Meeting.starts_at <= meeting.starts_at)
        .execution_options(populate_existing=True)
    ).all()
    problem, _ = load_problem(
        session, setup, meeting.board, until=meeting.starts_at, now=now, only={row.id}, ahead=ahead
    )
    if not any(case.reference == row.reference for case in problem.cases):
        return (Reason("case-not-ready", {"reference": row.reference, "meeting": meeting.public_id}),)
    rows, requires = {each.public_id: each for each in ahead}, required_specialties(problem)
    plans = [as_published(problem, plan_of(rows[each.id], requires)) for each in problem.meetings]
    now_there = next(plan for plan in plans if plan.meeting == meeting.public_id)
    back = put_back(now_there, lost, Interval(meeting.starts_at, meeting.ends_at))
    if isinstance(back, Reason):
        return (back,)
    back = as_published(problem, back)
    known = check_meetings(problem, plans)
    with_it = check_meetings(problem, [back if plan is now_there else plan for plan in plans])
    broken = tuple(each for each in with_it if each not in known and each.code not in _OF_THE_OTHERS)
    return broken or back


def _cases_of(session: Session, meeting: Meeting) -> dict[str, Case]:
    on_it = select(AgendaItem.case_id).where(AgendaItem.meeting_id == meeting.id)
    query = select(Case).where(Case.id.in_(on_it)).options(selectinload(Case.readiness), selectinload(Case.waivers))
    return {row.reference: row for row in session.scalars(query)}

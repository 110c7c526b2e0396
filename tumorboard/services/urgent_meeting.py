"""An urgent meeting as rows: its place, its bookings, who is asked and why, and the meeting that the case leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import Conflict
from tumorboard.domain.model import AgendaEntry, Attendance, MeetingPlan, SeatKind
from tumorboard.domain.planning_problem import key_of
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.domain.urgent_facts import Moment
from tumorboard.services.agenda_removal import plan_without
from tumorboard.services.meetings import book_room
from tumorboard.services.parts import part_of
from tumorboard.services.publishing import write_plans
from tumorboard.services.setup import Setup
from tumorboard.services.urgent_facts import UrgentCase
from tumorboard.services.urgent_rooms import choose_room
from tumorboard.store.cases import Case
from tumorboard.store.meetings import Booking, Meeting, MeetingInvitation


@dataclass(frozen=True, slots=True)
class Called:
    """An urgent meeting as it was called or moved: who was asked, what nobody covers, how many letters leave."""

    meeting: Meeting
    moment: Moment
    letters: int
    left_meeting: str | None = None


def open_meeting(
    session: Session, setup: Setup, case: UrgentCase, moment: Moment, room: str | None, now: datetime
) -> Meeting:
    """The row of the new meeting with its room booked; a cancelled one of the same time is held after all."""
    same = select(Meeting).where(Meeting.board_id == case.board.id, Meeting.starts_at == moment.span.start)
    meeting = session.scalar(same)
    place = choose_room(session, setup, room, moment)
    if meeting is None:
        meeting = Meeting(
            board_id=case.board.id, starts_at=moment.span.start, ends_at=moment.span.end, closes_at=now,
            time_zone=case.board.time_zone, room=place, board=case.board,
        )  # fmt: skip
        session.add(meeting)
    elif meeting.status != "cancelled":
        raise Conflict("the board already meets at this time", code="meeting-exists")
    else:
        meeting.status, meeting.published_at, meeting.room = "planned", None, place
        meeting.ends_at, meeting.closes_at = moment.span.end, now
    session.flush()
    book_room(session, meeting)
    return meeting


def publish_call(
    session: Session, setup: Setup, case: UrgentCase, meeting: Meeting, moment: Moment, now: datetime,
    kept: Mapping[str, MeetingInvitation] | None = None,
) -> Called:  # fmt: skip
    """Write agenda, bookings, letters and feeds of the urgent meeting, and of the one the case leaves."""
    attendances = _attendances(setup, case, moment)
    coming = {attendance.member for attendance in attendances}
    attendances += [part_of(row) for name, row in (kept or {}).items() if name not in coming]
    plans = [
        MeetingPlan(
            meeting=meeting.public_id, agenda=(AgendaEntry(case.row.reference, moment.span),),
            attendances=tuple(attendances), reasons={},
        )
    ]  # fmt: skip
    meetings = {meeting.public_id: meeting}
    cases: dict[str, Case] = {case.row.reference: case.row}
    left = case.item.meeting if case.item is not None and case.item.meeting is not meeting else None
    if case.item is not None and left is not None:
        plan, others = plan_without(session, setup, case.item, now=now)
        plans.insert(0, plan)
        meetings[left.public_id] = left
        cases |= others
    for row in meeting.invitations:
        if row.member.public_id in coming:
            row.answer = "needs-action" if row.answer in NOT_COMING else row.answer
    case.row.updated_at = now
    letters, _ = write_plans(
        session, setup, plans, meetings, cases, now=now, batch=meeting.public_id,
        urgent=frozenset({meeting.public_id}),
    )  # fmt: skip
    return Called(meeting, moment, letters, left.public_id if left is not None else None)


def _attendances(setup: Setup, case: UrgentCase, moment: Moment) -> list[Attendance]:
    """Everybody comes for the whole of it, and is told why; what speaks against the case comes first."""
    assessment, program = case.judgement.assessment, setup.program(case.row.program)
    against = [
        rule.id
        for rule in program.rules
        if not assessment.eligible and rule.id in assessment.rules and any(clause.exclude for clause in rule.clauses)
    ]
    found = []
    for member in moment.team:
        covers = [cover for cover in moment.covers if cover.member == member]
        specialties = {cover.key.specialty for cover in covers if cover.key.specialty}
        is_named = any(cover.key.member for cover in covers)
        rules = [
            need.rule
            for need in assessment.needs
            if need.waived_by is None and (is_named if need.member else key_of(need) in {cover.key for cover in covers})
        ]
        found.append(
            Attendance(
                member=member, kind=SeatKind.ON_DEMAND, span=moment.span, specialties=tuple(sorted(specialties)),
                cases=(case.row.reference,), rules=tuple(dict.fromkeys((*against, *rules))),
                required=any(cover.required for cover in covers),
            )
        )  # fmt: skip
    return found


def release(session: Session, meeting: Meeting) -> None:
    """The room and everybody of the meeting are free again."""
    query = delete(Booking).where(Booking.meeting_id == meeting.id).execution_options(synchronize_session=False)
    session.execute(query)

"""The facts of a planning problem from the database: meetings ahead, open cases, seats, and members with busy times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tumorboard.domain.model import MemberFacts, SeatKind, WaitingCase
from tumorboard.domain.planning_problem import Problem
from tumorboard.services.judging import judge, waiting_case
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.facts import busy_times, meeting_facts, member_facts, seat_facts
from tumorboard.store.meetings import AgendaItem, Board, Meeting, MeetingInvitation, Seat, SeatHolder
from tumorboard.store.people import Deputy, Member


def load_problem(
    session: Session, setup: Setup, board: Board, *, until: datetime, now: datetime
) -> tuple[Problem, dict[str, int]]:
    """The planning problem of a board from the database, and the agenda counters of its meetings.

    A fixed number of queries, whatever the size.
    """
    meetings = list(
        session.scalars(
            select(Meeting)
            .where(Meeting.board_id == board.id, Meeting.status != "cancelled")
            .where(Meeting.starts_at > now, Meeting.starts_at <= until)
            .order_by(Meeting.starts_at)
            .options(
                selectinload(Meeting.agenda).joinedload(AgendaItem.case),
                selectinload(Meeting.invitations).joinedload(MeetingInvitation.member),
            )
        )
    )
    published_for = {item.case_id: meeting.public_id for meeting in meetings for item in meeting.agenda}
    ids = {row[0]: row[1] for row in session.execute(select(Member.email, Member.public_id))}
    cases = []
    for row in open_cases(session, board.program):
        if row.status == "scheduled" and row.id not in published_for:
            continue
        judgement = judge(setup, row, on=setup.today(now))
        if judgement.assessment.eligible:
            waiting = replace(waiting_case(setup, row, judgement, meetings, now=now), meeting=published_for.get(row.id))
            cases.append(_with_member_ids(waiting, ids))
    problem = Problem(
        board=board.key,
        meetings=tuple(meeting_facts(meeting) for meeting in meetings),
        cases=tuple(cases),
        seats=tuple(seat_facts(seat) for seat in load_seats(session, board)),
        members=_members(session, meetings, now, until),
        now=now,
        invited={
            meeting.public_id: tuple(
                entry.member.public_id
                for entry in meeting.invitations
                if entry.status == "invited" and entry.kind == SeatKind.ON_DEMAND
            )
            for meeting in meetings
        },
    )
    return problem, {meeting.public_id: meeting.agenda_changes for meeting in meetings}


def _with_member_ids(case: WaitingCase, ids: Mapping[str, str]) -> WaitingCase:
    """Referrals name people by their e-mail address; the planner knows them by their id."""
    if not case.named_members:
        return case
    named = {name: ids.get(name.strip().lower(), name) for name in case.named_members}
    needs = tuple(replace(need, member=named.get(need.member or "", need.member)) for need in case.needs)
    return replace(case, needs=needs, named_members=tuple(sorted(named.values())))


def open_cases(session: Session, program: str) -> list[Case]:
    """Waiting and scheduled cases of a programme, in the order of referral, with readiness and waivers."""
    query = select(Case).where(Case.program == program, Case.status.in_(("waiting", "scheduled")))
    query = query.options(selectinload(Case.readiness), selectinload(Case.waivers))
    return list(session.scalars(query.order_by(Case.referred_at, Case.reference)))


def load_seats(session: Session, board: Board) -> list[Seat]:
    """The seats of a board with holders and their deputies."""
    member = selectinload(Seat.holders).selectinload(SeatHolder.member)
    query = select(Seat).where(Seat.board_id == board.id).order_by(Seat.position)
    query = query.options(
        member.selectinload(Member.specialties),
        member.selectinload(Member.deputies).selectinload(Deputy.deputy).selectinload(Member.specialties),
    )
    return list(session.scalars(query))


def _members(session: Session, meetings: list[Meeting], now: datetime, until: datetime) -> tuple[MemberFacts, ...]:
    busy = busy_times(session, start=now, end=until, without_meetings=[meeting.id for meeting in meetings])
    query = select(Member).where(Member.active.is_(True)).order_by(Member.id)
    query = query.options(
        selectinload(Member.specialties),
        selectinload(Member.certificates),
        selectinload(Member.deputies).selectinload(Deputy.deputy),
    )
    return tuple(member_facts(row, busy.get(row.id, ())) for row in session.scalars(query))

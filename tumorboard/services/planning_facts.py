"""The facts of a planning problem from the database: meetings ahead, open cases, seats, and members with busy times."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.board_settings import BoardSettings, read_settings
from tumorboard.domain.model import MeetingFacts, MemberFacts, SeatFacts, SeatKind, WaitingCase
from tumorboard.domain.planning_problem import Problem
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.domain.timeline import Interval, merge
from tumorboard.services.case_sheets import CaseLine, load_lines
from tumorboard.services.invitations import is_urgent_call
from tumorboard.services.judging import judge_sheet, list_days, waiting_case
from tumorboard.services.parts import holds_place
from tumorboard.services.setup import Setup
from tumorboard.services.standing_answers import list_declined
from tumorboard.store.cases import Case
from tumorboard.store.facts import (
    busy_times,
    calls_by_week,
    earlier_members,
    meeting_facts,
    member_facts,
    room_bookings,
    seat_facts,
)
from tumorboard.store.meetings import Board, Meeting, MeetingInvitation, Seat, SeatHolder, with_agenda
from tumorboard.store.people import Deputy, Member

OPEN = ("waiting", "scheduled")
_LAST_MEETING = timedelta(days=1)
"""How far beyond the planned weeks their last meeting may reach."""

_WEEK = timedelta(days=8)
"""How far before and after the planned meetings there may be a call of the same ISO week."""


def load_problem(
    session: Session, setup: Setup, board: Board, *, until: datetime, now: datetime, beyond: timedelta = timedelta(0),
    with_waiting: bool = True, only: Collection[int] | None = None, ahead: Sequence[Meeting] | None = None,
) -> tuple[Problem, dict[str, int]]:  # fmt: skip
    """The planning problem of a board from the database, and the agenda counters of its meetings.

    Who declined a meeting, published or not yet, counts as busy during it. Meetings of the time `beyond` are the later
    ones, for reasons. `with_waiting=False` leaves out the cases that are on no agenda, for questions about what is
    published, `only` all but those of them with these row ids. `ahead` are the meetings of `meetings_ahead` where
    somebody has loaded them. A fixed number of queries, whatever the size.
    """
    settings = read_settings(board.settings)
    people = _load_people(session)  # before the seats and meetings that name them: these then find them loaded
    if ahead is None:
        ahead = session.scalars(meetings_ahead(board, now).where(Meeting.starts_at <= until + beyond)).all()
    known = [each for each in ahead if each.starts_at <= until + beyond and not is_urgent_call(each)]
    meetings = [meeting for meeting in known if meeting.starts_at <= until]
    ids = [meeting.id for meeting in meetings]
    which = _which(meetings, only) if with_waiting else (_on_agenda(meetings),)
    asked = {meeting.public_id: _asked_for(meeting) for meeting in meetings}
    seats = tuple(_with_stand_ins(seat_facts(seat), asked.values()) for seat in session.scalars(_seats_of(board)))
    problem = Problem(
        board=board.key,
        meetings=tuple(_facts_of(meeting, settings) for meeting in meetings),
        cases=_cases(session, setup, board, people, meetings, known, settings, now, which=which),
        seats=seats,
        members=_members(session, people, known, now, until + beyond),
        now=now,
        weights=settings.weights,
        invited={meeting.public_id: tuple(_windows(meeting)) for meeting in meetings},
        windows={meeting.public_id: _windows(meeting) for meeting in meetings},
        sitting={name: _sitting(each, seats) for name, each in asked.items()},
        rooms={meeting.public_id: meeting.room.key for meeting in meetings},
        room_bookings=room_bookings(session, start=now, end=until + _LAST_MEETING, without_meetings=ids),
        calls_elsewhere=calls_by_week(session, start=now - _WEEK, end=until + _WEEK, without_meetings=ids),
        agenda=settings.agenda,
        later=tuple(_facts_of(meeting, settings) for meeting in known if meeting.starts_at > until),
    )
    return problem, {meeting.public_id: meeting.agenda_changes for meeting in meetings}


def meetings_ahead(board: Board, now: datetime) -> Select[Meeting]:
    """The meetings of a board from now on, in time order, with what is published of them.

    One that was called within hours for a case is among them; it is not for planning.
    """
    return (
        select(Meeting)
        .where(Meeting.board_id == board.id, Meeting.status != "cancelled", Meeting.starts_at > now)
        .order_by(Meeting.starts_at)
        .options(
            with_agenda(),
            selectinload(Meeting.invitations).joinedload(MeetingInvitation.member),
            joinedload(Meeting.room),
        )
    )


def _facts_of(meeting: Meeting, settings: BoardSettings) -> MeetingFacts:
    minutes = int((meeting.ends_at - meeting.starts_at) // timedelta(minutes=1))
    return meeting_facts(meeting, breaks=settings.breaks_of(minutes))


def _windows(meeting: Meeting) -> dict[str, Interval]:
    """The called-in members who have an invitation and did not decline it, with the time it says."""
    return {
        entry.member.public_id: Interval(entry.starts_at, entry.ends_at)
        for entry in meeting.invitations
        if entry.status == "invited" and entry.kind == SeatKind.ON_DEMAND and entry.answer not in NOT_COMING
    }


def _cases(
    session: Session, setup: Setup, board: Board, people: Sequence[Member], meetings: list[Meeting],
    known: list[Meeting], settings: BoardSettings, now: datetime, *, which: Sequence[ColumnElement[bool]],
) -> tuple[WaitingCase, ...]:  # fmt: skip
    """The open cases of the programme that are eligible and not on a meeting of another time.

    What they lack is worked out for the `known` meetings, of which `meetings` are to be planned.
    """
    published_for = {item.case_id: meeting.public_id for meeting in meetings for item in meeting.agenda}
    stood = {reference for meeting in meetings for reference in meeting.stood}
    ids = {member.email: member.public_id for member in people}
    earlier = earlier_members(session, program=board.program, now=now)
    today, days = setup.today(now), list_days(known, now=now)
    found = []
    for line in open_cases(session, board.program, *which):
        if line.status == "scheduled" and line.id not in published_for:
            continue
        judgement = judge_sheet(setup, line.sheet, on=today)
        if judgement.assessment.eligible:
            waiting = waiting_case(
                setup, judgement, days, fixed_at=line.fixed_at, now=now,
                complex_minutes=settings.complex_minutes,
            )  # fmt: skip
            waiting = replace(
                waiting,
                meeting=published_for.get(line.id),
                earlier_members=earlier.get(waiting.reference, ()),
                stood_on=_stood_on(waiting.reference, meetings) if waiting.reference in stood else frozenset(),
            )
            found.append(_with_member_ids(waiting, ids))
    return tuple(found)


def _stood_on(reference: str, meetings: Sequence[Meeting]) -> frozenset[str]:
    return frozenset(meeting.public_id for meeting in meetings if reference in meeting.stood)


def _on_agenda(meetings: Iterable[Meeting]) -> ColumnElement[bool]:
    return Case.id.in_({item.case_id for meeting in meetings for item in meeting.agenda})


def _which(meetings: Iterable[Meeting], only: Collection[int] | None) -> tuple[ColumnElement[bool], ...]:
    """All cases, or those with these ids and those on an agenda."""
    return () if only is None else (_on_agenda(meetings) | Case.id.in_(only),)


def list_open(session: Session, program: str) -> Sequence[Row[int, str]]:
    """Id and reference of the waiting and scheduled cases of a programme."""
    query = select(Case.id, Case.reference).where(Case.program == program, Case.status.in_(OPEN))
    return session.execute(query).all()


def _with_member_ids(case: WaitingCase, ids: Mapping[str, str]) -> WaitingCase:
    """Referrals name people by their e-mail address; the planner knows them by their id."""
    if not case.named_members:
        return case
    named = {name: ids.get(name.strip().lower(), name) for name in case.named_members}
    needs = tuple(replace(need, member=named.get(need.member or "", need.member)) for need in case.needs)
    return replace(case, needs=needs, named_members=tuple(sorted(named.values())))


def open_cases(session: Session, program: str, *which: ColumnElement[bool]) -> list[CaseLine]:
    """Waiting and scheduled cases of a programme for which the conditions hold, in the order of referral."""
    return load_lines(session, Case.program == program, Case.status.in_(OPEN), *which)


def _with_stand_ins(seat: SeatFacts, asked: Iterable[Mapping[str, Sequence[str]]]) -> SeatFacts:
    """The seat with those who sit on it instead of a holder at one of the meetings; elsewhere they come last."""
    names = (name for each in asked for name in each.get(seat.specialty, ()))
    return replace(seat, holders=tuple(dict.fromkeys((*seat.holders, *names))))


def _asked_for(meeting: Meeting) -> dict[str, list[str]]:
    """By specialty, who is invited to the meeting for the whole of it and has not said no."""
    found: dict[str, list[str]] = {}
    for entry in meeting.invitations:
        if holds_place(entry) and entry.kind == SeatKind.CORE and entry.answer not in NOT_COMING:
            for specialty in entry.details["specialties"]:
                found.setdefault(specialty, []).append(entry.member.public_id)
    return found


def _sitting(asked: Mapping[str, Sequence[str]], seats: Sequence[SeatFacts]) -> dict[str, str]:
    """By specialty of the core seats, who sits there at a meeting: of several the first in the order of the seat."""
    return {
        seat.specialty: next(name for name in seat.holders if name in asked[seat.specialty])
        for seat in seats
        if seat.kind is SeatKind.CORE and seat.specialty in asked
    }


def load_seats(session: Session, board: Board) -> list[Seat]:
    """The seats of a board with holders and their deputies."""
    member = selectinload(Seat.holders).selectinload(SeatHolder.member)
    query = _seats_of(board).options(
        member.selectinload(Member.specialties),
        member.selectinload(Member.deputies).selectinload(Deputy.deputy).selectinload(Member.specialties),
    )
    return list(session.scalars(query))


def _seats_of(board: Board) -> Select[Seat]:
    return select(Seat).where(Seat.board_id == board.id).order_by(Seat.position).options(selectinload(Seat.holders))


def _load_people(session: Session) -> Sequence[Member]:
    """Everybody, with what the planner asks of them."""
    query = select(Member).order_by(Member.id)
    query = query.options(
        selectinload(Member.specialties), selectinload(Member.certificates), selectinload(Member.deputies)
    )
    return session.scalars(query).all()


def _members(
    session: Session, people: Sequence[Member], meetings: list[Meeting], now: datetime, until: datetime
) -> tuple[MemberFacts, ...]:
    busy = busy_times(
        session, start=now, end=until + _LAST_MEETING, without_meetings=[meeting.id for meeting in meetings]
    )
    for meeting in meetings:
        for entry in meeting.invitations:
            if entry.answer in NOT_COMING:
                span = Interval(meeting.starts_at, meeting.ends_at)
                busy[entry.member_id] = merge((*busy.get(entry.member_id, ()), span))
    for member_id, span in list_declined(session, meetings):
        busy[member_id] = merge((*busy.get(member_id, ()), span))
    return tuple(member_facts(row, busy.get(row.id, ())) for row in people if row.active)

"""Hypothetical changes of a planning problem: each gives the problem as it would be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tumorboard.domain.errors import BadInput, NotFound
from tumorboard.domain.model import MeetingFacts, MemberFacts, Urgency, WaitingCase
from tumorboard.domain.planning_problem import Problem
from tumorboard.domain.timeline import Interval, merge

URGENT_HOURS = 24
"""How soon a case made urgent has to be discussed: within a day, as for an obstruction of the bowel."""


@dataclass(frozen=True, slots=True)
class Absent:
    """A member cannot come in this time."""

    member: str
    span: Interval


@dataclass(frozen=True, slots=True)
class Rated:
    """A case has another urgency; its clock ends at `due_at`, None for `URGENT_HOURS` from now if that is sooner."""

    reference: str
    urgency: Urgency = Urgency.URGENT
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything a case waits for is there."""

    reference: str


@dataclass(frozen=True, slots=True)
class Added:
    """One more meeting. `room` is its key, empty for one that needs none."""

    meeting: MeetingFacts
    room: str = ""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A meeting does not take place."""

    meeting: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A case is no longer to be discussed."""

    reference: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """One more case waits to be discussed."""

    case: WaitingCase


Change = Absent | Rated | Ready | Added | Cancelled | Withdrawn | Admitted


def apply_changes(problem: Problem, changes: Sequence[Change]) -> Problem:
    """The problem as it would be, the changes made one after the other.

    Raises NotFound (`unknown-member`, `unknown-case`, `unknown-meeting`) and BadInput (`meeting-past`,
    `meeting-exists`, `room-taken`, `case-exists`).
    """
    for change in changes:
        problem = _apply(problem, change)
    return problem


def _apply(problem: Problem, change: Change) -> Problem:
    match change:
        case Absent():
            member = _member(problem, change.member)
            away = replace(member, busy=merge((*member.busy, change.span)))
            return replace(problem, members=tuple(away if one.id == member.id else one for one in problem.members))
        case Rated():
            return _rate(problem, change)
        case Ready():
            case = _case(problem, change.reference)
            ready = replace(case, ready_at=problem.now, blocked_by=(), blocked_on={})
            return replace(problem, cases=tuple(ready if one is case else one for one in problem.cases))
        case Added():
            return _add(problem, change)
        case Cancelled():
            _meeting(problem, change.meeting)
            return replace(
                problem,
                meetings=tuple(one for one in problem.meetings if one.id != change.meeting),
                rooms={name: room for name, room in problem.rooms.items() if name != change.meeting},
                cases=tuple(_unblocked(case, change.meeting) for case in problem.cases),
            )
        case Withdrawn():
            _case(problem, change.reference)
            return replace(problem, cases=tuple(one for one in problem.cases if one.reference != change.reference))
        case Admitted():
            if any(one.reference == change.case.reference for one in problem.cases):
                raise BadInput(f"The case {change.case.reference} waits already.", code="case-exists")
            cases = sorted((*problem.cases, change.case), key=lambda one: (one.referred_at, one.reference))
            return replace(problem, cases=tuple(cases))


def _rate(problem: Problem, change: Rated) -> Problem:
    case = _case(problem, change.reference)
    due_at = change.due_at or min(case.due_at, problem.now + timedelta(hours=URGENT_HOURS))
    rated = replace(case, urgency=change.urgency, due_at=due_at)
    return replace(problem, cases=tuple(rated if one is case else one for one in problem.cases))


def _add(problem: Problem, change: Added) -> Problem:
    """The cases are ready for the new meeting as far as they are for the one nearest to it."""
    meeting = change.meeting
    if meeting.span.start <= problem.now:
        raise BadInput("A meeting in the past helps nobody; give a later time.", code="meeting-past")
    if any(one.id == meeting.id or one.span.start == meeting.span.start for one in problem.meetings):
        raise BadInput("The board meets at this time already; give another.", code="meeting-exists", field="added")
    own = [one.span for one in problem.meetings if change.room and problem.rooms.get(one.id) == change.room]
    if any(meeting.span.overlaps(taken) for taken in (*own, *problem.room_bookings.get(change.room, ()))):
        raise BadInput("The room is taken for part of this time; give another.", code="room-taken", field="added")
    near = min(problem.meetings, key=lambda one: abs(one.span.start - meeting.span.start), default=None)
    cases = problem.cases
    if near is not None:
        cases = tuple(
            replace(case, blocked_on={**case.blocked_on, meeting.id: case.blocked_on[near.id]})
            if near.id in case.blocked_on and meeting.id not in case.blocked_on
            else case
            for case in cases
        )
    meetings = sorted((*problem.meetings, meeting), key=lambda one: one.span.start)
    rooms = {**problem.rooms, meeting.id: change.room} if change.room else problem.rooms
    return replace(problem, meetings=tuple(meetings), rooms=rooms, cases=cases)


def _unblocked(case: WaitingCase, meeting: str) -> WaitingCase:
    if meeting not in case.blocked_on:
        return case
    return replace(case, blocked_on={name: items for name, items in case.blocked_on.items() if name != meeting})


def _member(problem: Problem, member: str) -> MemberFacts:
    found = next((one for one in problem.members if one.id == member), None)
    if found is None:
        raise NotFound("there is no such member", code="unknown-member")
    return found


def _case(problem: Problem, reference: str) -> WaitingCase:
    found = next((one for one in problem.cases if one.reference == reference), None)
    if found is None:
        raise NotFound(f"the case {reference} is not open on this board", code="unknown-case")
    return found


def _meeting(problem: Problem, meeting: str) -> MeetingFacts:
    found = next((one for one in problem.meetings if one.id == meeting), None)
    if found is None:
        raise NotFound("this meeting is not part of the plan", code="unknown-meeting")
    return found

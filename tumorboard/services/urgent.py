"""Urgent meetings: found within hours, called at once, asked again after a refusal, moved when nobody is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.domain.model import Reason
from tumorboard.domain.timeline import Interval, is_free
from tumorboard.domain.urgent import cover_at, find_moments
from tumorboard.domain.urgent_facts import Gap, Moment, UrgentAnswer, UrgentQuestion
from tumorboard.domain.working_hours import WorkingHours
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.answer_taking import take_answer
from tumorboard.services.audit import record
from tumorboard.services.cases import find_case
from tumorboard.services.invitations import is_urgent_call
from tumorboard.services.meetings import book_room, find_meeting
from tumorboard.services.recheck import recheck_call
from tumorboard.services.setup import Setup
from tumorboard.services.urgent_facts import UrgentCase, load_question, read_urgent_case
from tumorboard.services.urgent_meeting import Called, open_meeting, publish_call, release
from tumorboard.services.urgent_rooms import choose_room
from tumorboard.store.cases import Case
from tumorboard.store.meetings import Meeting, Room
from tumorboard.store.people import Member

FARTHEST = timedelta(days=7)
"""How far ahead an urgent meeting may be called."""


@dataclass(frozen=True, slots=True)
class UrgentView:
    """What there is to choose from for a case: the moments, or what is missing; `members` and `rooms` by id and key."""

    case: UrgentCase
    answer: UrgentAnswer
    members: Mapping[str, Member]
    rooms: Mapping[str, Room]
    hours: WorkingHours


@dataclass(frozen=True, slots=True)
class Declined:
    """What became of the meeting when somebody declined: who was asked instead, and the required needs of nobody.

    With any of these the meeting cannot decide: choose another moment.
    """

    meeting: Meeting
    asked: tuple[Member, ...]
    missing: tuple[Gap, ...]
    letters: int


def find_urgent(
    session: Session, setup: Setup, *, case_id: str, by: Actor, now: datetime, board: str | None = None,
    within_hours: int | None = None,
) -> UrgentView:  # fmt: skip
    """When the people a case needs can meet before its clock runs out. Readiness does not count: the page shows it.

    For a case with an urgent meeting ahead these are the moments it could be moved to. Reading is recorded.
    """
    require(by, Permission.CASE_READ)
    require(by, Permission.MEETING_CALL)
    find_case(session, case_id)
    with transaction(session):
        record(session, by=by, now=now, action="case:read", subject=("case", case_id))
    case = read_urgent_case(session, setup, case_id=case_id, board=board, within_hours=within_hours, now=now)
    question = load_question(session, setup, case, now=now)
    return UrgentView(
        case=case,
        answer=find_moments(question),
        members={row.public_id: row for row in session.scalars(select(Member))},
        rooms={row.key: row for row in session.scalars(select(Room))},
        hours=question.hours or WorkingHours(ZoneInfo(case.board.time_zone)),
    )


def call_urgent(
    session: Session, setup: Setup, *, case_id: str, at: datetime, by: Actor, now: datetime, board: str | None = None,
    room: str | None = None, members: Sequence[str] = (), promised: Sequence[str] = (),
) -> Called:  # fmt: skip
    """Hold an urgent meeting at an instant, put the case on it, and invite at once.

    `members` are the public ids of those the caller chose (else the best team is taken), `promised` those who will come
    although they are busy. A later published meeting the case stands on goes on without it. Raises Conflict
    `already-called`, `moment-gone` with the next moment in its reasons, `meeting-exists` or `room-taken`, BadInput
    `meeting-past` or `moment-too-far`.
    """
    require(by, Permission.MEETING_CALL)
    with _retold(session, setup, case_id, board, now, is_first=True), transaction(session):
        _lock(session, Case, case_id)
        case = read_urgent_case(session, setup, case_id=case_id, board=board, within_hours=None, now=now)
        if case.call is not None:
            raise _called_already()
        moment = _gather(session, setup, case, at, now=now, members=members, promised=promised)
        meeting = open_meeting(session, setup, case, moment, room, now)
        called = publish_call(session, setup, case, meeting, moment, now)
        record(
            session, by=by, now=now, action="meeting:called", subject=("meeting", meeting.public_id),
            members=list(moment.team), letters=called.letters, promised=list(promised),
        )  # fmt: skip
        record(
            session, by=by, now=now, action="case:called", subject=("case", case_id), meeting=meeting.public_id,
            left=called.left_meeting,
        )  # fmt: skip
    return called


def move_call(
    session: Session, setup: Setup, *, meeting_id: str, at: datetime, by: Actor, now: datetime,
    room: str | None = None, members: Sequence[str] = (), promised: Sequence[str] = (),
) -> Called:  # fmt: skip
    """Move an urgent meeting to another moment; who comes again gets the new time, who does not a cancellation.

    Who declined is asked again only for a time she did not decline.

    Raises as `call_urgent`, and Conflict `not-urgent` for another meeting.
    """
    require(by, Permission.MEETING_CALL)
    case_id = _case_of(find_meeting(session, meeting_id), now)
    with _retold(session, setup, case_id, None, now), transaction(session):
        _lock(session, Meeting, meeting_id)
        meeting = find_meeting(session, meeting_id)
        case_id = _case_of(meeting, now)
        case = read_urgent_case(
            session, setup, case_id=case_id, board=meeting.board.key, within_hours=None, now=now
        )  # fmt: skip
        moment = _gather(session, setup, case, at, now=now, members=members, promised=promised)
        release(session, meeting)
        meeting.starts_at, meeting.ends_at = moment.span.start, moment.span.end
        meeting.closes_at = meeting.published_at = now
        meeting.room = choose_room(session, setup, room, moment)
        session.flush()
        book_room(session, meeting)
        called = publish_call(session, setup, case, meeting, moment, now)
        recheck_call(session, setup, meeting, now=now)
        record(
            session, by=by, now=now, action="meeting:moved", subject=("meeting", meeting_id),
            members=list(moment.team), letters=called.letters, promised=list(promised),
        )  # fmt: skip
        record(session, by=by, now=now, action="case:called", subject=("case", case_id), meeting=meeting_id)
    return called


def decline_call(
    session: Session, setup: Setup, *, meeting_id: str, member_id: str, by: Actor, now: datetime
) -> Declined:  # fmt: skip
    """Somebody cannot come to an urgent meeting: it is noted, and whoever is free at that time is asked instead, now.

    She may say so herself. Those who come stay. What nobody covers then is a finding, and the coordinators are told.
    Raises Conflict `not-urgent`, `not-invited`, `meeting-past`.
    """
    if by.member_id != member_id:
        require(by, Permission.MEETING_CALL)
    with transaction(session):
        _lock(session, Meeting, meeting_id)
        meeting = find_meeting(session, meeting_id)
        _case_of(meeting, now)
        row = next((row for row in meeting.invitations if row.member.public_id == member_id), None)
        if row is None or row.status != "invited":
            raise Conflict("this member is not asked to come to this meeting", code="not-invited")
        channel = "page" if by.member_id == member_id else "coordinator"
        done = take_answer(
            session, setup, row, answer="declined", comment="", channel=channel, stamp=None, by=by, now=now
        )  # fmt: skip
    return Declined(meeting=meeting, asked=done.asked, missing=done.missing, letters=done.letters)


def _lock(session: Session, table: type[Case] | type[Meeting], public_id: str) -> None:
    """Wait for whoever is changing this row, and read what she left: two callers of one case go one after the other."""
    session.execute(select(table.id).where(table.public_id == public_id).with_for_update())
    session.expire_all()


def _case_of(meeting: Meeting, now: datetime) -> str:
    """The id of the case an urgent meeting ahead was called for."""
    if meeting.status == "cancelled":
        raise Conflict("this meeting is cancelled already", code="meeting-cancelled")
    if not is_urgent_call(meeting) or not meeting.agenda:
        raise Conflict("this meeting was not called for an urgent case; propose again instead", code="not-urgent")
    if meeting.starts_at <= now:
        raise Conflict("this meeting has begun; it cannot be changed any more", code="meeting-past")
    return meeting.agenda[0].case.public_id


def _gather(
    session: Session, setup: Setup, case: UrgentCase, at: datetime, *, now: datetime, members: Sequence[str],
    promised: Sequence[str],
) -> Moment:  # fmt: skip
    """Who covers what at the instant; refuses when a chosen member is not free any more, or a need is left."""
    start = at.replace(second=0, microsecond=0)
    if start <= now:
        raise BadInput("this moment is over; choose a later one", code="meeting-past", field="at")
    if start > now + FARTHEST:
        raise BadInput("an urgent meeting is called a week ahead at most", code="moment-too-far", field="at")
    if case.item is not None and case.call is None and case.item.meeting.starts_at <= start:
        raise Conflict("the case is on a meeting before this moment already", code="planned-sooner")
    span = Interval(start, start + timedelta(minutes=case.minutes))
    question = load_question(session, setup, case, now=now, notice_minutes=0, step_minutes=1, until=span.end)
    if start in question.taken_starts:
        raise Conflict("the board already meets at this time", code="meeting-exists")
    known = {member.id: member for member in question.members}
    if not known.keys() >= {*members, *promised}:
        raise NotFound("there is no such member", code="unknown-member")
    busy = [
        name
        for name in members
        if name not in promised and (question.has_declined(name, span) or not is_free(span, known[name].busy))
    ]
    moment = cover_at(question, start, present={*members, *promised})
    if busy or not moment.is_quorate:
        raise _gone(load_question(session, setup, case, now=now))
    return moment


def _called_already() -> Conflict:
    return Conflict("an urgent meeting is called for this case already; move that one", code="already-called")


def _gone(question: UrgentQuestion) -> Conflict:
    """At the chosen moment somebody is no longer free: the refusal names the next one."""
    answer = find_moments(question, limit=1)
    moment = answer.moments[0] if answer.moments else answer.first_late
    if moment is None:
        return Conflict("somebody needed is not free at this time, and no other moment is in sight", code="moment-gone")
    next_at = moment.span.start.isoformat(timespec="minutes")
    return Conflict(
        "somebody needed is not free at this time any more; choose another of the moments",
        code="moment-gone",
        next_at=moment.span.start,
        reasons=(Reason("next-moment", {"at": next_at}),),
    )


@contextmanager
def _retold(
    session: Session, setup: Setup, case_id: str, board: str | None, now: datetime, *, is_first: bool = False
) -> Iterator[None]:
    """Where the schema's guard found that somebody else was faster, say when the next moment is.

    A first call may have been made by somebody else meanwhile: then that is what to say.
    """
    try:
        yield
    except Conflict as error:
        if error.code not in ("double-booked", "already-exists"):
            raise
        case = read_urgent_case(session, setup, case_id=case_id, board=board, within_hours=None, now=now)
        if is_first and case.call is not None:
            raise _called_already() from None
        raise _gone(load_question(session, setup, case, now=now)) from None

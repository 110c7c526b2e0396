"""Who may write in the room of a meeting, and when. What is written there happens in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.errors import Conflict, NotAllowed, NotFound
from tumorboard.services.access import Actor, Permission, require
from tumorboard.store.discussions import Discussion, Presence
from tumorboard.store.meetings import AgendaItem, Meeting, MeetingInvitation, Seat, SeatHolder
from tumorboard.store.people import Member

EARLY = timedelta(hours=1)
"""How long before its time a meeting may begin, and people may be noted as there."""


def is_on_board(session: Session, meeting: Meeting, by: Actor) -> bool:
    """True when the actor sits on a seat of the meeting's board or is invited to it."""
    if by.member_id is None:
        return False
    held = (
        select(SeatHolder.id).join(Seat, Seat.id == SeatHolder.seat_id).join(Member, Member.id == SeatHolder.member_id)
    )
    invited = select(MeetingInvitation.id).join(Member, Member.id == MeetingInvitation.member_id)
    queries = (
        held.where(Seat.board_id == meeting.board_id, Member.public_id == by.member_id),
        invited.where(
            MeetingInvitation.meeting_id == meeting.id,
            MeetingInvitation.status == "invited",
            Member.public_id == by.member_id,
        ),
    )
    return any(session.scalar(query.limit(1)) is not None for query in queries)


def may_record(session: Session, meeting: Meeting, by: Actor) -> bool:
    """True when the actor may write down what happens: coordinators and chairs anywhere, physicians on their boards."""
    return by.may(Permission.MEETING_RECORD) and (by.may(Permission.MEETING_SIGN) or is_on_board(session, meeting, by))


def require_recorder(session: Session, meeting: Meeting, by: Actor) -> None:
    """Raise NotAllowed unless the actor may write down what happens in this meeting."""
    require(by, Permission.MEETING_RECORD)
    if not may_record(session, meeting, by):
        raise NotAllowed("only somebody on this board writes in its record", code="not-on-this-board")


def lock_meeting(session: Session, meeting_id: str) -> Meeting:
    """The meeting with its agenda, locked until the transaction ends: all that is written in a room happens in turn."""
    query = select(Meeting).where(Meeting.public_id == meeting_id).with_for_update(key_share=True)
    query = query.options(selectinload(Meeting.agenda).selectinload(AgendaItem.case), selectinload(Meeting.board))
    meeting = session.scalar(query.execution_options(populate_existing=True))
    if meeting is None:
        raise NotFound("there is no such meeting", code="unknown-meeting")
    return meeting


def enter_room(
    session: Session, meeting_id: str, *, now: datetime, allow: Callable[[Meeting], None] | None = None
) -> Meeting:
    """The locked meeting for writing what happens in it.

    `allow` raises NotAllowed for who may not; it is asked before anything of the meeting's state is told. Raises
    Conflict `not-published`, `meeting-ahead` until an hour before it, and `record-signed` once it is signed.
    """
    meeting = lock_meeting(session, meeting_id)
    if allow is not None:
        allow(meeting)
    if meeting.status != "published":
        raise Conflict("nothing is published for this meeting yet", code="not-published")
    if not is_open_at(meeting, now):
        raise Conflict("this meeting is still ahead; its room opens an hour before", code="meeting-ahead")
    if meeting.signed_at is not None:
        raise Conflict("this record is signed; open it again first", code="record-signed")
    return meeting


def is_open_at(meeting: Meeting, now: datetime) -> bool:
    """True from an hour before the meeting on."""
    return now >= meeting.starts_at - EARLY


def load_discussions(session: Session, meeting: Meeting) -> dict[int, Discussion]:
    """What is written of the cases of a meeting, by agenda item."""
    query = select(Discussion).join(AgendaItem).where(AgendaItem.meeting_id == meeting.id)
    return {row.item_id: row for row in session.scalars(query.execution_options(populate_existing=True))}


def load_stays(session: Session, meeting: Meeting) -> list[Presence]:
    """Who was there when, in the order in which it was noted; members loaded."""
    query = select(Presence).where(Presence.meeting_id == meeting.id).order_by(Presence.since, Presence.id)
    query = query.options(joinedload(Presence.member).selectinload(Member.specialties))
    return list(session.scalars(query.execution_options(populate_existing=True)))


def refuse_begun(session: Session, meetings: Iterable[Meeting]) -> None:
    """Raise Conflict `meeting-begun` when the agenda of one of the meetings may not change any more.

    Planning replaces agendas as a whole; what was written of a case would go with it.
    """
    ids = [meeting.id for meeting in meetings]
    query = select(Discussion.id).join(AgendaItem).where(AgendaItem.meeting_id.in_(ids))
    if ids and session.scalar(query.limit(1)) is not None:
        raise Conflict("a case of this meeting is written of already; its agenda stays as it is", code="meeting-begun")

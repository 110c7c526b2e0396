"""Lists of what a centre consists of, its letters and its record: read-only, each with its permission."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, defer, selectinload

from tumorboard.domain.errors import NotFound
from tumorboard.services import feeds
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.people import find_member
from tumorboard.services.texts import LONGEST_SEARCH
from tumorboard.store.meetings import Board, Meeting, Room
from tumorboard.store.people import Department, Member, Specialty
from tumorboard.store.post import AuditEvent, FeedToken, OutboxMessage


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a list and how long the whole is."""

    rows: Sequence[Any]
    total: int


def list_departments(session: Session, *, by: Actor) -> list[Department]:
    """Every department with its specialties, by key."""
    require(by, Permission.PEOPLE_READ)
    return list(
        session.scalars(select(Department).order_by(Department.key).options(selectinload(Department.specialties)))
    )


def list_specialties(session: Session, *, by: Actor) -> list[Specialty]:
    """Every specialty with its department, by key."""
    require(by, Permission.PEOPLE_READ)
    return list(session.scalars(select(Specialty).order_by(Specialty.key).options(selectinload(Specialty.department))))


def list_rooms(session: Session, *, by: Actor) -> list[Room]:
    """Every room, by key."""
    require(by, Permission.BOARD_READ)
    return list(session.scalars(select(Room).order_by(Room.key)))


def list_letters(session: Session, *, by: Actor, state: str | None, offset: int, limit: int, search: str = "") -> Part:
    """Letters of the outbox without their bytes, newest first. `search` is a part of the address or the name.

    `failing` are the waiting ones that failed at least once.
    """
    require(by, Permission.OUTBOX_READ)
    query = select(OutboxMessage).order_by(OutboxMessage.id.desc())
    query = query.options(defer(OutboxMessage.content), selectinload(OutboxMessage.member))
    if state == "failing":
        query = query.where(OutboxMessage.state == "waiting", OutboxMessage.last_error != "")
    elif state:
        query = query.where(OutboxMessage.state == state)
    if search:
        wanted = search[:LONGEST_SEARCH].lower()
        named = select(Member.id).where(func.lower(Member.name).contains(wanted, autoescape=True))
        address = func.lower(OutboxMessage.recipient).contains(wanted, autoescape=True)
        query = query.where(or_(address, OutboxMessage.member_id.in_(named)))
    return _part(session, query, offset, limit)


def list_troubled_letters(session: Session, *, by: Actor, limit: int) -> list[OutboxMessage]:
    """Letters that were given up or failed at least once, without their bytes, newest first."""
    require(by, Permission.OUTBOX_READ)
    failing = (OutboxMessage.state == "waiting") & (OutboxMessage.last_error != "")
    query = select(OutboxMessage).where(or_(OutboxMessage.state == "dead", failing))
    query = query.options(defer(OutboxMessage.content), selectinload(OutboxMessage.member))
    return list(session.scalars(query.order_by(OutboxMessage.id.desc()).limit(limit)))


def find_last_letters(session: Session, meeting: Meeting) -> dict[str, OutboxMessage]:
    """The newest letter of each calendar entry of a meeting, by its UID."""
    query = select(OutboxMessage).where(OutboxMessage.meeting_id == meeting.id).order_by(OutboxMessage.id)
    return {letter.uid: letter for letter in session.scalars(query)}


def meeting_ids(session: Session, letters: Sequence[OutboxMessage]) -> dict[int, str]:
    """Public ids of the meetings that letters are about, by row id."""
    wanted = {letter.meeting_id for letter in letters}
    rows = session.execute(select(Meeting.id, Meeting.public_id).where(Meeting.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}


def list_events(
    session: Session, *, by: Actor, subject_kind: str | None, subject_id: str | None, actor: str | None,
    action: str | None, offset: int, limit: int,
) -> Part:  # fmt: skip
    """The record of what happened, newest first, narrowed to what is given."""
    require(by, Permission.AUDIT_READ)
    query = select(AuditEvent).order_by(AuditEvent.id.desc())
    given = {"subject_kind": subject_kind, "subject_id": subject_id, "actor": actor, "action": action}
    for name, value in given.items():
        if value:
            query = query.where(getattr(AuditEvent, name) == value)
    return _part(session, query, offset, limit)


def list_own_feeds(session: Session, *, by: Actor) -> list[tuple[FeedToken, str]]:
    """The actor's living feeds with the public id or key of what each is about."""
    rows = feeds.list_feeds(session, by=by)
    names = {
        "member": select(Member.id, Member.public_id),
        "board": select(Board.id, Board.key),
        "department": select(Department.id, Department.key),
    }
    names |= {"free_busy": names["member"], "deadlines": names["board"]}
    subjects = {scope: {row[0]: row[1] for row in session.execute(query)} for scope, query in names.items()}
    return [(row, subjects[row.scope].get(row.subject_id, "")) for row in rows]


def read_member(session: Session, *, member_id: str, by: Actor) -> Member:
    """An active member with department, specialties, certificates and absences."""
    require(by, Permission.PEOPLE_READ)
    query = select(Member).where(Member.public_id == member_id, Member.active.is_(True))
    row = session.scalar(
        query.options(
            selectinload(Member.department),
            selectinload(Member.specialties),
            selectinload(Member.certificates),
            selectinload(Member.absences),
        )
    )
    if row is None:
        find_member(session, member_id)
        raise NotFound("this member is no longer active", code="unknown-member")
    return row


def _part(session: Session, query: Select[Any], offset: int, limit: int) -> Part:
    total = session.scalars(select(func.count()).select_from(query.order_by(None).subquery())).one()
    return Part(rows=list(session.scalars(query.offset(offset).limit(limit))), total=total)

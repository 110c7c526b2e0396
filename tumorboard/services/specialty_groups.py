"""Specialties that a board looks for together, saved by name: one press instead of many ticks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.meetings import find_board
from tumorboard.services.texts import read_line
from tumorboard.store.meetings import Board
from tumorboard.store.people import Specialty
from tumorboard.store.plans import SpecialtyGroup

LONGEST_NAME = 80
MOST_GROUPS = 30
"""Of one board: more than that nobody finds by looking."""


def list_groups(session: Session, *, board: str, by: Actor) -> list[SpecialtyGroup]:
    """The saved groups of a board, by name. Raises NotFound `unknown-board`."""
    require(by, Permission.MEETING_EDIT)
    row = find_board(session, board)
    query = select(SpecialtyGroup).where(SpecialtyGroup.board_id == row.id).order_by(SpecialtyGroup.name)
    return list(session.scalars(query))


def save_group(
    session: Session, *, board: str, name: str, specialties: Sequence[str], by: Actor, now: datetime
) -> SpecialtyGroup:
    """Save specialties under a name; a group of that name is replaced.

    Raises NotFound `unknown-board`, `unknown-specialty`, BadInput `bad-group-name`, `empty-group`, Conflict
    `too-many-groups`.
    """
    require(by, Permission.MEETING_EDIT)
    with transaction(session):
        row = find_board(session, board)
        wanted = _read_specialties(session, specialties)
        name = _read_name(name)
        group = _find_by_name(session, row, name)
        if group is None:
            _refuse_too_many(session, row)
            group = SpecialtyGroup(board_id=row.id, name=name)
            session.add(group)
        group.specialties = {"required": wanted}
        session.flush()
        record(session, by=by, now=now, action="group:saved", subject=("group", group.public_id), board=board)
    return group


def rename_group(session: Session, *, group_id: str, name: str, by: Actor, now: datetime) -> SpecialtyGroup:
    """Give a group another name. Raises NotFound `unknown-group`, Conflict `group-exists`, BadInput."""
    require(by, Permission.MEETING_EDIT)
    with transaction(session):
        group = find_group(session, group_id)
        name = _read_name(name)
        same = _find_by_name(session, group.board, name)
        if same is not None and same.id != group.id:
            raise Conflict("the board has a group of this name already", code="group-exists")
        group.name = name
        record(session, by=by, now=now, action="group:renamed", subject=("group", group_id))
    return group


def remove_group(session: Session, *, group_id: str, by: Actor, now: datetime) -> None:
    """Forget a group. Raises NotFound `unknown-group`."""
    require(by, Permission.MEETING_EDIT)
    with transaction(session):
        session.delete(find_group(session, group_id))
        record(session, by=by, now=now, action="group:removed", subject=("group", group_id))


def find_group(session: Session, group_id: str) -> SpecialtyGroup:
    """The group with this public id, its board loaded."""
    query = select(SpecialtyGroup).where(SpecialtyGroup.public_id == group_id)
    group = session.scalar(query.options(joinedload(SpecialtyGroup.board)))
    if group is None:
        raise NotFound("there is no such group", code="unknown-group")
    return group


def _read_name(text: str) -> str:
    name = read_line(" ".join(text.split()), "name")
    if not 1 <= len(name) <= LONGEST_NAME:
        raise BadInput(f"name the group with 1 to {LONGEST_NAME} letters", code="bad-group-name", field="name")
    return name


def _read_specialties(session: Session, keys: Sequence[str]) -> list[str]:
    """Each once, in the order given."""
    wanted = list(dict.fromkeys(keys))
    if not wanted:
        raise BadInput("tick at least one specialty", code="empty-group", field="specialty")
    known = set(session.scalars(select(Specialty.key)))
    unknown = [key for key in wanted if key not in known]
    if unknown:
        raise NotFound(
            f"there is no specialty '{unknown[0]}'; known: {', '.join(sorted(known))}", code="unknown-specialty"
        )
    return wanted


def _find_by_name(session: Session, board: Board, name: str) -> SpecialtyGroup | None:
    query = select(SpecialtyGroup).where(SpecialtyGroup.board_id == board.id, SpecialtyGroup.name == name)
    return session.scalar(query)


def _refuse_too_many(session: Session, board: Board) -> None:
    query = select(func.count()).select_from(SpecialtyGroup).where(SpecialtyGroup.board_id == board.id)
    if (session.scalar(query) or 0) >= MOST_GROUPS:
        raise Conflict(f"a board keeps {MOST_GROUPS} groups at most; remove one first", code="too-many-groups")

"""Single edits of rooms."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.centre_edits import make_key, read_name
from tumorboard.services.feeds import render_board_feeds
from tumorboard.services.meetings import find_room
from tumorboard.services.setup import Setup
from tumorboard.services.texts import read_line
from tumorboard.store.meetings import Board, Meeting, Resource, Room, Series

LARGEST_ROOM = 1000
LONGEST_URL = 500
_VIDEO_URL = re.compile(r"https://[^\s/]+\S*")


def add_room(
    session: Session, *, name: str, capacity: int, video_url: str = "", key: str | None = None, by: Actor, now: datetime
) -> Room:
    """A new room. Raises BadInput with the field, Conflict `key-taken`."""
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        row = write_new_room(session, name=name, capacity=capacity, video_url=video_url, key=key)
        record(session, by=by, now=now, action="room:added", subject=("room", row.key))
    return row


def write_new_room(session: Session, *, name: str, capacity: int, video_url: str = "", key: str | None = None) -> Room:
    """The rows of a new room, inside the running transaction."""
    taken = frozenset(session.scalars(select(Room.key)))
    row = Room(key=make_key(key, name, taken, kind="room"))
    _write(row, name, capacity, video_url)
    session.add(row)
    session.flush()
    session.add(Resource(room_id=row.id))
    session.flush()
    return row


def change_room(
    session: Session, setup: Setup, *, key: str, name: str, capacity: int, video_url: str = "", by: Actor, now: datetime
) -> None:
    """Change a room; meetings stay in it, and board calendars show what is new. No letter is sent again."""
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        row = find_room(session, key)
        _write(row, name, capacity, video_url)
        session.flush()
        ahead = select(Meeting.board_id).where(Meeting.room_id == row.id, Meeting.ends_at > now).distinct()
        render_board_feeds(session, setup, list(session.scalars(ahead)), now=now)
        record(session, by=by, now=now, action="room:changed", subject=("room", key))


def _write(row: Room, name: str, capacity: int, video_url: str) -> None:
    row.name = read_name(name)
    if not 1 <= capacity <= LARGEST_ROOM:
        raise BadInput(f"give a whole number from 1 to {LARGEST_ROOM}", code="bad-capacity", field="capacity")
    row.capacity = capacity
    row.video_url = read_line(video_url, "video_url", longest=LONGEST_URL)
    if row.video_url and not _VIDEO_URL.fullmatch(row.video_url):
        raise BadInput("the address begins with https:// and names a host", code="bad-video-url", field="video_url")


def remove_room(session: Session, *, key: str, by: Actor, now: datetime) -> None:
    """Remove a room in which nothing was ever held. Raises Conflict `room-used` with a board."""
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        row = find_room(session, key)
        series = select(Board.key).join(Series).where(Series.room_id == row.id)
        meetings = select(Board.key).join(Meeting).where(Meeting.room_id == row.id)
        used = session.scalar(series.limit(1)) or session.scalar(meetings.limit(1))
        if used is not None:
            raise Conflict(
                f"the board {used} meets here or has met here; give its series another room, and keep this one",
                code="room-used",
            )
        session.execute(delete(Resource).where(Resource.room_id == row.id))
        session.delete(row)
        record(session, by=by, now=now, action="room:removed", subject=("room", key))

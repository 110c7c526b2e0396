"""Where an urgent meeting is held: a free room, or by phone and video when there is none. A room never delays."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import Conflict
from tumorboard.domain.timeline import Interval
from tumorboard.domain.urgent_facts import Moment
from tumorboard.services.meetings import find_room
from tumorboard.services.setup import Setup
from tumorboard.services.urgent_facts import PHONE
from tumorboard.store.meetings import Booking, Resource, Room
from tumorboard.words import Words

ANY_NUMBER = 1000
"""Seats of a place that is no room."""


def choose_room(session: Session, setup: Setup, key: str | None, moment: Moment) -> Room:
    """The room with this key, or without one the first that is free then. Raises NotFound, Conflict `room-taken`."""
    wanted = key or moment.room
    if wanted is None:
        return _by_phone(session, setup, moment.span)
    room = find_room(session, wanted)
    if _is_taken(session, room, moment.span):
        raise Conflict(
            f"the room {room.name} is taken for part of this time; choose another room or time", code="room-taken"
        )
    return room


def _by_phone(session: Session, setup: Setup, span: Interval) -> Room:
    """A place that is no room: one that is free then, or a new one."""
    query = select(Room).where(Room.key.startswith(PHONE)).order_by(Room.id)
    places = list(session.scalars(query))
    free = next((place for place in places if not _is_taken(session, place, span)), None)
    if free is not None:
        return free
    name = Words(setup.language).gettext("By phone or video")
    room = Room(key=f"{PHONE}{len(places) + 1}", name=name, capacity=ANY_NUMBER)
    session.add(room)
    session.flush()
    session.add(Resource(room_id=room.id))
    session.flush()
    return room


def _is_taken(session: Session, room: Room, span: Interval) -> bool:
    query = (
        select(Booking.id)
        .join(Resource, Resource.id == Booking.resource_id)
        .where(Resource.room_id == room.id, Booking.status == "confirmed")
        .where(Booking.starts_at < span.end, Booking.ends_at > span.start)
    )
    return session.scalar(query.limit(1)) is not None

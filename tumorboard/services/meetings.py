"""Meetings: from weekly series, as single extra meetings, moved and cancelled. A room is booked with its meeting."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.domain.timeline import at_wall_clock, weekly
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.feeds import render_board_feeds
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Board, Booking, HospitalDay, Meeting, Resource, Room, Series

FARTHEST = timedelta(days=730)
"""How far ahead a meeting may be added by hand."""


def public_holidays(country: str, first: date, last: date, *, language: str | None = None) -> dict[date, str]:
    """The public holidays of a country (ISO code) between two days, substitute days included.

    Their names are in `language` (`ko`, `en`) where the library knows them, else in the country's own.
    """
    import holidays  # noqa: PLC0415 - loads every country's rules; only series need it

    known = holidays.country_holidays(country)
    wanted = [each for each in known.supported_languages if language and each.startswith(language)]
    spoken = wanted[0] if wanted else known.default_language  # else the machine's locale would choose
    found = holidays.country_holidays(country, years=range(first.year, last.year + 1), language=spoken)
    return {day: name for day, name in sorted(found.items()) if first <= day <= last}


def find_board(session: Session, key: str) -> Board:
    """The board with this key; NotFound names the ones there are."""
    board = session.scalar(select(Board).where(Board.key == key))
    if board is None:
        known = ", ".join(session.scalars(select(Board.key).order_by(Board.key))) or "none; load a centre first"
        raise NotFound(f"there is no board '{key}'; known: {known}", code="unknown-board")
    return board


def closes_at(setup: Setup, board: Board, starts_at: datetime) -> datetime:
    """When the list of a meeting closes, by the programme's clock."""
    return starts_at - timedelta(hours=setup.program(board.program).clocks.list_closes_hours)


def hold_series(
    session: Session, setup: Setup, *, until: date, by: Actor, now: datetime
) -> tuple[int, tuple[str, ...]]:
    """Create the meetings of every series up to a day; gives how many, and why a date was left out.

    Public holidays and hospital days are skipped. A meeting that exists stays as it is, a cancelled one too. A date
    on which the room is taken is left out with a sentence, so that one clash does not stop the others.
    """
    require(by, Permission.MEETING_EDIT)
    with transaction(session):
        query = select(Series).options(selectinload(Series.board)).order_by(Series.id)
        created, problems, boards = lay_meetings(session, setup, list(session.scalars(query)), until=until, now=now)
        if created:
            render_board_feeds(session, setup, boards, now=now)
            record(session, by=by, now=now, action="series:held", subject=("centre", "1"), meetings=created)
    return created, problems


def lay_meetings(
    session: Session, setup: Setup, rows: Iterable[Series], *, until: date, now: datetime
) -> tuple[int, tuple[str, ...], frozenset[int]]:
    """`hold_series` for some series, inside the running transaction; gives the boards that meet more often, too."""
    created, problems = 0, []
    boards: set[int] = set()
    closed = set(session.scalars(select(HospitalDay.on)))
    for series in rows:
        zone = ZoneInfo(series.time_zone)
        first = max(series.first_on, now.astimezone(zone).date())
        last = min(until, series.last_on) if series.last_on else until
        if last < first:
            continue
        skip = closed | set(public_holidays(setup.holidays, first, last))
        for starts_at in weekly(
            weekday=series.weekday, local=series.local_time, zone=zone, first=first, last=last, skip=skip
        ):
            if starts_at <= now or _exists(session, series.board, starts_at):
                continue
            ends_at = starts_at + timedelta(minutes=series.minutes)
            if room_is_taken(session, series.room_id, starts_at, ends_at):
                when = starts_at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
                problems.append(f"{series.board.key} {when}: the room {series.room.name} is taken")
                continue
            _add(session, setup, series.board, starts_at, ends_at, series.time_zone, series.room, series.id)
            boards.add(series.board_id)
            created += 1
    return created, tuple(problems), frozenset(boards)


def add_meeting(
    session: Session, setup: Setup, *, board: str, on: date, local_time: time, minutes: int, room: str, by: Actor,
    now: datetime, is_extra: bool = False,
) -> Meeting:  # fmt: skip
    """Add a single meeting in the board's zone; an extra one is used only if a proposal finds it worth opening.

    Raises BadInput for a time that is past or a length out of 10–480 minutes, Conflict when the room is taken or the
    board already meets then.
    """
    require(by, Permission.MEETING_EDIT)
    if not 10 <= minutes <= 480:
        raise BadInput("a meeting lasts 10 to 480 minutes", code="bad-length", field="minutes")
    if not setup.today(now) <= on <= setup.today(now) + FARTHEST:
        past = on < setup.today(now)
        raise BadInput(
            "this meeting would be in the past; choose a later time" if past else "plan two years ahead at most",
            code="meeting-past" if past else "meeting-too-far",
            field="on",
        )
    with transaction(session):
        board_row = find_board(session, board)
        room_row = find_room(session, room)
        starts_at = at_wall_clock(on, local_time, ZoneInfo(board_row.time_zone))
        if starts_at <= now:
            raise BadInput("this meeting would be in the past; choose a later time", code="meeting-past", field="on")
        ends_at = starts_at + timedelta(minutes=minutes)
        same = select(Meeting).where(Meeting.board_id == board_row.id, Meeting.starts_at == starts_at)
        cancelled = session.scalar(same)
        if cancelled is not None and cancelled.status != "cancelled":
            raise Conflict("the board already meets at this time", code="meeting-exists")
        if cancelled is None:
            refuse_taken_room(session, room_row, starts_at, ends_at)
            meeting = _add(session, setup, board_row, starts_at, ends_at, board_row.time_zone, room_row, None)
        else:
            meeting = hold_again(session, setup, cancelled, ends_at, room_row)
        meeting.is_extra = is_extra
        render_board_feeds(session, setup, {board_row.id}, now=now)
        record(session, by=by, now=now, action="meeting:added", subject=("meeting", meeting.public_id))
    return meeting


def hold_again(session: Session, setup: Setup, meeting: Meeting, ends_at: datetime, room: Room) -> Meeting:
    """A cancelled meeting takes place after all, in the running transaction; nobody is invited to it yet.

    Members invited again keep their calendar entries. Raises Conflict `room-taken`.
    """
    refuse_taken_room(session, room, meeting.starts_at, ends_at)
    meeting.status, meeting.published_at = "planned", None
    meeting.ends_at, meeting.room_id = ends_at.astimezone(UTC), room.id
    meeting.closes_at = closes_at(setup, meeting.board, meeting.starts_at)
    meeting.agenda_changes += 1
    session.flush()
    book_room(session, meeting)
    return meeting


def find_room(session: Session, key: str) -> Room:
    """The room with this key; NotFound names the ones there are."""
    room = session.scalar(select(Room).where(Room.key == key))
    if room is None:
        known = ", ".join(session.scalars(select(Room.key).order_by(Room.key))) or "none"
        raise NotFound(f"there is no room '{key}'; known: {known}", code="unknown-room")
    return room


def find_meeting(session: Session, meeting_id: str) -> Meeting:
    """The meeting with this public id."""
    meeting = session.scalar(
        select(Meeting).where(Meeting.public_id == meeting_id).options(selectinload(Meeting.board))
    )
    if meeting is None:
        raise NotFound("there is no such meeting", code="unknown-meeting")
    return meeting


def load_meetings(session: Session, meeting_ids: Iterable[str]) -> list[Meeting]:
    """The meetings with these public ids, soonest first."""
    query = select(Meeting).where(Meeting.public_id.in_(tuple(meeting_ids)))
    return list(session.scalars(query.order_by(Meeting.starts_at)))


def lock_meeting(session: Session, meeting_id: str) -> Meeting:
    """The meeting as whoever changed it last left it: others wait until this transaction ends. Raises NotFound."""
    session.flush()
    lock_meetings(session, [meeting_id])
    meeting = find_meeting(session, meeting_id)
    session.refresh(meeting)
    return meeting


def lock_meetings(session: Session, meeting_ids: Iterable[str]) -> None:
    """Wait for whoever changes one of these meetings, in the order of the rows: nobody waits in a circle."""
    wanted = select(Meeting.id).where(Meeting.public_id.in_(tuple(meeting_ids)))
    session.execute(wanted.order_by(Meeting.id).with_for_update())


def book_room(session: Session, meeting: Meeting) -> None:
    """Confirm the meeting's room for its whole time; the schema refuses an overlap."""
    resource = session.scalars(select(Resource).where(Resource.room_id == meeting.room_id)).one()
    session.add(
        Booking(resource_id=resource.id, meeting_id=meeting.id, starts_at=meeting.starts_at, ends_at=meeting.ends_at)
    )
    session.flush()


def refuse_taken_room(session: Session, room: Room, starts_at: datetime, ends_at: datetime) -> None:
    """Raise Conflict `room-taken` where something is booked in a room between two instants."""
    if room_is_taken(session, room.id, starts_at, ends_at):
        raise Conflict(
            f"the room {room.name} is taken for part of this time; choose another room or time", code="room-taken"
        )


def _exists(session: Session, board: Board, starts_at: datetime) -> bool:
    query = select(Meeting.id).where(Meeting.board_id == board.id, Meeting.starts_at == starts_at)
    return session.scalar(query) is not None


def room_is_taken(session: Session, room_id: int, starts_at: datetime, ends_at: datetime) -> bool:
    """True when something is booked in a room between two instants."""
    query = (
        select(Booking.id)
        .join(Resource, Resource.id == Booking.resource_id)
        .where(Resource.room_id == room_id, Booking.status == "confirmed")
        .where(Booking.starts_at < ends_at, Booking.ends_at > starts_at)
    )
    return session.scalar(query.limit(1)) is not None


def _add(
    session: Session, setup: Setup, board: Board, starts_at: datetime, ends_at: datetime, time_zone: str, room: Room,
    series_id: int | None,
) -> Meeting:  # fmt: skip
    meeting = Meeting(
        board_id=board.id, series_id=series_id, starts_at=starts_at.astimezone(UTC), ends_at=ends_at.astimezone(UTC),
        closes_at=closes_at(setup, board, starts_at), time_zone=time_zone, room_id=room.id,
    )  # fmt: skip
    session.add(meeting)
    session.flush()
    book_room(session, meeting)
    return meeting

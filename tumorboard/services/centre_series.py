"""Single edits of weekly series. A change counts from the week after what is published: that stays, and is named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.centre_edits import read_zone
from tumorboard.services.centre_meetings import (
    day_of,
    is_empty,
    is_known,
    move_to_room,
    planned_ahead,
    published_ahead,
    withdraw,
)
from tumorboard.services.feeds import render_board_feeds
from tumorboard.services.meetings import find_board, find_room, lay_meetings
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Board, Meeting, Series

WEEKS_AHEAD = 26
"""How far meetings are made at once; the nightly job goes on from there."""

SUNDAY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesValues:
    """What an edit says of a series: weekday (Monday is 0), wall clock, length, room, first and last day.

    An empty zone is the board's. `first_on` of a change is the day from which it counts; None for as soon as possible.
    """

    weekday: int
    local_time: time
    minutes: int
    room: str
    time_zone: str = ""
    first_on: date | None = None
    last_on: date | None = None


@dataclass(frozen=True, slots=True)
class SeriesResult:
    """What an edit did: the series that goes on, meetings made and taken away, published ones that stay, and why dates
    were left out."""

    series: Series | None
    created: int = 0
    removed: int = 0
    kept: tuple[Meeting, ...] = ()
    problems: tuple[str, ...] = ()


def list_series(session: Session, *, by: Actor) -> list[Series]:
    """Every series with board and room, those that are over last."""
    require(by, Permission.CENTRE_EDIT)
    query = select(Series).options(joinedload(Series.board), joinedload(Series.room))
    rows = session.scalars(query.order_by(Series.board_id, Series.weekday, Series.local_time, Series.id))
    return sorted(rows, key=lambda row: row.last_on or date.max, reverse=True)


def add_series(
    session: Session, setup: Setup, *, board: str, values: SeriesValues, by: Actor, now: datetime
) -> SeriesResult:
    """A board meets every week from now on; its meetings of the next half year are made at once.

    Raises BadInput with the field, Conflict `series-exists`.
    """
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        row = find_board(session, board)
        result = write_new_series(session, setup, row, values, now=now)
        _record(session, by, now, "series:added", row, result)
    return result


def write_new_series(
    session: Session, setup: Setup, board: Board, values: SeriesValues, *, now: datetime
) -> SeriesResult:
    """The row of a new series and its meetings, inside the running transaction."""
    series = Series(board=board, first_on=values.first_on or setup.today(now), last_on=values.last_on)
    return _put_up(session, setup, series, values, SeriesResult(series), now=now)


def change_series(
    session: Session, setup: Setup, *, series_id: int, values: SeriesValues, by: Actor, now: datetime
) -> SeriesResult:
    """Let a series go on under other rules. Meetings ahead that are not published follow; published ones stay.

    The change counts from `first_on`, at the soonest after the last published meeting. Where the series has met or was
    published, the old one ends the day before and a new one begins: calendars that hold it as one entry are told.
    Raises BadInput with the field, Conflict `series-exists`, NotFound `unknown-series`.
    """
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        old = find_series(session, series_id)
        wanted = _read_rule(old.board, values)
        if wanted == (old.weekday, old.local_time, old.minutes, old.time_zone):
            result = _change_in_place(session, setup, old, values, now=now)
        else:
            result = _go_on(session, setup, old, values, now=now)
        _record(session, by, now, "series:changed", old.board, result)
    return result


def remove_series(session: Session, setup: Setup, *, series_id: int, by: Actor, now: datetime) -> SeriesResult:
    """End a series after its last published meeting, or today; what is planned later goes.

    A series of which nothing is left goes altogether.
    """
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        row = find_series(session, series_id)
        board, kept = row.board, published_ahead(session, row, now)
        last_on = max([setup.today(now) - timedelta(days=1), *map(day_of, kept)])
        planned = [meeting for meeting in planned_ahead(session, row, now) if day_of(meeting) > last_on]
        removed = withdraw(session, setup, planned, now=now)
        if is_empty(session, row):
            session.delete(row)
        else:
            row.first_on, row.last_on = min(row.first_on, last_on), last_on
        session.flush()
        render_board_feeds(session, setup, [board.id], now=now)
        result = SeriesResult(None, removed=removed, kept=kept)
        _record(session, by, now, "series:removed", board, result)
    return result


def find_series(session: Session, series_id: int) -> Series:
    """The series with this number."""
    row = session.scalar(select(Series).where(Series.id == series_id).options(joinedload(Series.board)))
    if row is None:
        raise NotFound("there is no such series", code="unknown-series")
    return row


def _change_in_place(
    session: Session, setup: Setup, row: Series, values: SeriesValues, *, now: datetime
) -> SeriesResult:
    """Another room, another last day, and another first day as long as it has not met."""
    if values.first_on is not None and not is_known(session, row):
        row.first_on = values.first_on
    room = find_room(session, values.room)
    moves = room.id != row.room_id
    row.last_on, row.room_id = values.last_on, room.id
    _refuse_backwards(row)
    session.flush()
    session.expire(row, ["room"])
    planned, last_on = planned_ahead(session, row, now), row.last_on
    beyond = [each for each in planned if day_of(each) < row.first_on or (last_on and day_of(each) > last_on)]
    kept = [each for each in published_ahead(session, row, now) if moves or (last_on and day_of(each) > last_on)]
    removed = withdraw(session, setup, beyond, now=now)
    problems = [
        problem
        for meeting in planned
        if meeting not in beyond and meeting.room_id != room.id
        for problem in move_to_room(session, meeting, row)
    ]
    return _lay(session, setup, row, SeriesResult(row, 0, removed, tuple(kept), tuple(problems)), now=now)


def _go_on(session: Session, setup: Setup, old: Series, values: SeriesValues, *, now: datetime) -> SeriesResult:
    """Under another weekday, clock, length or zone: as the same row while nobody knows of it, else as a new one."""
    kept = published_ahead(session, old, now)
    soonest = max([setup.today(now), *(_next_monday(day_of(meeting)) for meeting in kept)])
    from_on = max(soonest, values.first_on or old.first_on)
    planned = [meeting for meeting in planned_ahead(session, old, now) if day_of(meeting) >= from_on]
    removed = withdraw(session, setup, planned, now=now)
    series = old
    if not is_empty(session, old):
        series = Series(board=old.board)
        old.last_on = max(old.first_on, from_on - timedelta(days=1))
    series.first_on, series.last_on = from_on, values.last_on
    return _put_up(session, setup, series, values, SeriesResult(series, removed=removed, kept=kept), now=now)


def _put_up(
    session: Session, setup: Setup, row: Series, values: SeriesValues, so_far: SeriesResult, *, now: datetime
) -> SeriesResult:
    """Give a series its rule, or refuse it before anything is written, and lay its meetings."""
    with session.no_autoflush:
        _write_rule(session, row, values)
        _refuse_backwards(row)
        _refuse_twin(row)
    session.add(row)
    session.flush()
    return _lay(session, setup, row, so_far, now=now)


def _read_rule(board: Board, values: SeriesValues) -> tuple[int, time, int, str]:
    if not 0 <= values.weekday <= SUNDAY:
        raise BadInput("give a weekday: Monday is 0, Sunday is 6", code="bad-weekday", field="weekday")
    if not 10 <= values.minutes <= 480:
        raise BadInput("a meeting lasts 10 to 480 minutes", code="bad-length", field="minutes")
    clock = values.local_time.replace(second=0, microsecond=0, tzinfo=None)
    return values.weekday, clock, values.minutes, read_zone(values.time_zone, board.time_zone)


def _write_rule(session: Session, row: Series, values: SeriesValues) -> None:
    row.weekday, row.local_time, row.minutes, row.time_zone = _read_rule(row.board, values)
    row.room_id = find_room(session, values.room).id


def _refuse_backwards(row: Series) -> None:
    if row.last_on is not None and row.last_on < row.first_on:
        raise BadInput("the last day is before the first", code="last-before-first", field="last_on")


def _refuse_twin(row: Series) -> None:
    for other in row.board.series:
        same = (other.weekday, other.local_time) == (row.weekday, row.local_time)
        overlaps = other.first_on <= (row.last_on or date.max) and row.first_on <= (other.last_on or date.max)
        if other is not row and same and overlaps:
            raise Conflict("this board meets at this time every week already", code="series-exists", field="local_time")


def _lay(session: Session, setup: Setup, row: Series, so_far: SeriesResult, *, now: datetime) -> SeriesResult:
    until = setup.today(now) + timedelta(weeks=WEEKS_AHEAD)
    session.expire(row, ["room"])
    created, problems, _ = lay_meetings(session, setup, [row], until=until, now=now)
    render_board_feeds(session, setup, [row.board_id], now=now)
    return SeriesResult(row, created, so_far.removed, so_far.kept, (*so_far.problems, *problems))


def _next_monday(day: date) -> date:
    return day + timedelta(days=SUNDAY + 1 - day.weekday())


def _record(session: Session, by: Actor, now: datetime, action: str, board: Board, result: SeriesResult) -> None:
    detail = {"created": result.created, "removed": result.removed,
              "kept": [meeting.public_id for meeting in result.kept]}  # fmt: skip
    record(session, by=by, now=now, action=action, subject=("board", board.key), **detail)

"""A weekly board in the feed of the board: one recurring event that parsers of others read as the meetings held."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR
from tests.services.conftest import NOW
from tests.services.test_feed_series import (
    lines,
    meetings,
    read_as_busy,
    read_as_objects,
    read_with_ical,
    read_with_vobject,
)
from tumorboard.formats.feed_objects import list_parts
from tumorboard.services.feeds import find_feed, read_feed, render_all_feeds, rotate_feed
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting, Room, Series

WEEK = timedelta(days=7)
OWN_UID = re.compile(r"[0-9a-z-]{26,36}(-closes)?@hospital\.example")


def publish(session: Session, *numbers: int) -> list[Meeting]:
    """Some weeks are published, without asking the planner; all of them when none is named."""
    rows = meetings(session)
    for row in [rows[number] for number in numbers] or rows:
        row.status, row.published_at = "published", NOW
    session.commit()
    return rows


def move(session: Session, row: Meeting, shift: timedelta) -> None:
    """As `move_meeting` does: a mark stays where the meeting was."""
    mark = Meeting(
        board_id=row.board_id, series_id=row.series_id, starts_at=row.starts_at, ends_at=row.ends_at,
        closes_at=row.starts_at, time_zone=row.time_zone, room_id=row.room_id, status="cancelled",
    )  # fmt: skip
    row.starts_at, row.ends_at = row.starts_at + shift, row.ends_at + shift
    session.flush()
    session.add(mark)
    session.commit()


def subscribe(session: Session, setup: Setup, scope: str = "board", detail: str | None = None) -> str:
    return rotate_feed(session, setup, scope=scope, subject=BOARD, detail=detail, by=OPERATOR, now=NOW)


def content_of(session: Session, setup: Setup, token: str, *, now: datetime = NOW) -> bytes:
    render_all_feeds(session, setup, now=now)
    return read_feed(session, find_feed(session, token=token))


def held(session: Session, now: datetime = NOW) -> list[datetime]:
    """The starts of the published meetings that take place, as far as a feed shows them."""
    query = select(Meeting.starts_at).where(Meeting.status == "published", Meeting.ends_at > now - timedelta(days=90))
    return list(session.scalars(query.order_by(Meeting.starts_at)))


def readings(content: bytes) -> list[list[datetime]]:
    return [read_with_ical(content), read_with_vobject(content), read_as_busy(content)]


def state_of(content: bytes) -> tuple[str, str]:
    """SEQUENCE and DTSTAMP of the series."""
    (found,) = [values for (_, mark), values in list_parts(content).items() if mark is None]
    said = dict(line.split(":", 1) for line in found if ":" in line)
    return said["SEQUENCE"], said["DTSTAMP"]


def test_weekly_board_is_one_event(centre: Session, setup: Setup) -> None:
    rows = publish(centre)

    content = content_of(centre, setup, subscribe(centre, setup))

    assert (len(rows) > 6, content.count(b"BEGIN:VEVENT"), content.count(b"RRULE:FREQ=WEEKLY;UNTIL=")) == (True, 1, 1)
    assert readings(content) == [held(centre)] * 3
    assert read_as_objects(content) == held(centre)
    assert lines(content, "URL")[-1].endswith(f"/boards/{BOARD}")


def _nothing(_session: Session, _rows: list[Meeting]) -> None:
    pass


def _cancel(number: int) -> Callable[[Session, list[Meeting]], None]:
    def change(session: Session, rows: list[Meeting]) -> None:
        rows[number].status = "cancelled"
        session.commit()

    return change


def _unpublish(session: Session, rows: list[Meeting]) -> None:
    rows[2].status, rows[2].published_at = "planned", None
    session.commit()


def _move(number: int, shift: timedelta) -> Callable[[Session, list[Meeting]], None]:
    return lambda session, rows: move(session, rows[number], shift)


def _other_room(session: Session, rows: list[Meeting]) -> None:
    rows[3].room = session.scalars(select(Room).where(Room.key == "room-b")).one()
    session.commit()


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("change", "events", "left_out", "differing", "related"),
    [
        (_nothing, 1, 0, 0, 0),
        (_cancel(0), 2, 0, 1, 0),
        (_cancel(4), 2, 0, 1, 0),
        (_unpublish, 1, 1, 0, 0),
        (_other_room, 2, 0, 1, 0),
        (_move(3, 2 * HOUR), 2, 0, 1, 0),
        (_move(3, -2 * DAY), 2, 0, 1, 0),
        (_move(0, DAY), 2, 0, 1, 0),
        (_move(3, 9 * DAY), 2, 1, 0, 1),
        (_move(4, -11 * DAY), 2, 1, 0, 1),
    ],
)
def test_what_differs_is_read_by_other_programs(
    centre: Session, setup: Setup, change: Callable[[Session, list[Meeting]], None], events: int, left_out: int,
    differing: int, related: int,
) -> None:  # fmt: skip
    token = subscribe(centre, setup)
    change(centre, publish(centre))

    content = content_of(centre, setup, token)

    assert readings(content) == [held(centre)] * 3
    assert b"RANGE=" not in content
    counts = [len(lines(content, name)) for name in ("EXDATE", "RECURRENCE-ID", "RELATED-TO")]
    assert [content.count(b"BEGIN:VEVENT"), *counts] == [events, left_out, differing, related]


@pytest.mark.parametrize("seed", range(3))
def test_random_boards_are_read_as_they_are_held(centre: Session, setup: Setup, seed: int) -> None:
    dice = random.Random(seed)
    token = subscribe(centre, setup)
    for _ in range(12):
        row = dice.choice(meetings(centre))
        match dice.randrange(5):
            case 0:
                row.status, row.published_at = "planned", None
            case 1 if row.published_at:
                row.status = "cancelled"
            case 2 if row.status == "published":
                shift = timedelta(minutes=15 * dice.randint(-800, 800))
                taken = centre.scalar(select(func.count()).where(Meeting.starts_at == row.starts_at + shift))
                if not taken and shift and row.starts_at + shift > NOW:
                    move(centre, row, shift)
            case _ if not (row.status == "cancelled" and row.published_at is None):
                row.status, row.published_at = "published", NOW
        centre.commit()

        content = content_of(centre, setup, token)

        assert readings(content) == [held(centre)] * 3
        parts = [(lines(part, "UID"), lines(part, "RECURRENCE-ID")) for part in content.split(b"BEGIN:VEVENT")[1:]]
        assert len({str(part) for part in parts}) == len(parts)


def test_uids_are_random_of_our_domain_and_stay(centre: Session, setup: Setup) -> None:
    tokens = [subscribe(centre, setup, scope) for scope in ("board", "deadlines")]
    seen: list[set[str]] = []
    for numbers in ((1,), (0, 1, 2, 3)):
        rows = publish(centre, *numbers)
        seen.append({line for token in tokens for line in lines(content_of(centre, setup, token), "UID")})

    assert (len(seen[0]), seen[1]) == (1 + len(rows), seen[0])
    for line in seen[0]:
        assert OWN_UID.fullmatch(line.removeprefix("UID:"))
        assert not any(row.public_id in line for row in rows)


def test_series_grows_and_shrinks_under_a_newer_version(centre: Session, setup: Setup) -> None:
    token = subscribe(centre, setup)
    publish(centre, 0, 1, 2)
    states = [state_of(content_of(centre, setup, token))]

    publish(centre, 3)
    states += [state_of(content_of(centre, setup, token, now=NOW + hours * HOUR)) for hours in (1, 2)]
    late = NOW + timedelta(days=100)
    content = content_of(centre, setup, token, now=late)

    assert states == [("0", "20261122T030000Z"), ("1", "20261122T040000Z"), ("1", "20261122T040000Z")]
    assert state_of(content) == ("2", late.strftime("%Y%m%dT%H%M%SZ"))
    assert readings(content) == [held(centre, late)] * 3


def test_series_at_another_time_goes_on_under_another_name(centre: Session, setup: Setup) -> None:
    rows = publish(centre)
    series = centre.scalars(select(Series)).one()
    series.local_time = (datetime.combine(NOW, series.local_time) + HOUR).time()
    for row in rows[4:]:
        row.starts_at, row.ends_at = row.starts_at + HOUR, row.ends_at + HOUR
    centre.commit()

    content = content_of(centre, setup, subscribe(centre, setup))

    assert readings(content) == [held(centre)] * 3
    assert (content.count(b"RRULE"), len(set(lines(content, "UID")))) == (2, 2)


def test_busy_level_tells_no_room_and_no_relation(centre: Session, setup: Setup) -> None:
    rows = publish(centre)
    _other_room(centre, rows)
    move(centre, rows[5], 9 * DAY)

    content = content_of(centre, setup, subscribe(centre, setup, detail="busy"))

    assert readings(content) == [held(centre)] * 3
    assert lines(content, "RECURRENCE-ID", "RELATED-TO", "LOCATION", "URL", "CONFERENCE") == []

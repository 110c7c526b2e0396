"""Eight processes book the same few places at once: the schema keeps every member and room in one place.

The same race without the guard leaves overlaps, which shows that the test can fail.
"""

from __future__ import annotations

import multiprocessing
import os
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session, aliased

from tumorboard.domain.errors import Conflict
from tumorboard.services import transaction
from tumorboard.store.meetings import Board, Booking, Meeting, Resource, Room

PROCESSES = 8
TRIES = 25
MORNING = datetime(2030, 1, 8, 0, 0, tzinfo=UTC)


def _furnish(url: str) -> tuple[int, list[int]]:
    engine = create_engine(url)
    with Session(engine) as session, transaction(session):
        rooms = [Room(key=f"r{number}", name=f"Room {number}", capacity=10) for number in range(3)]
        board = Board(
            key="board", program="any", name_en="Board", name_ko="보드", time_zone="Asia/Seoul",
            organizer_email="board@example.org", organizer_name="Board",
        )  # fmt: skip
        session.add_all([*rooms, board])
        session.flush()
        resources = [Resource(room_id=room.id) for room in rooms]
        meeting = Meeting(
            board_id=board.id, starts_at=MORNING, ends_at=MORNING + timedelta(days=1), closes_at=MORNING,
            time_zone="Asia/Seoul", room_id=rooms[0].id,
        )  # fmt: skip
        session.add_all([*resources, meeting])
        session.flush()
        ids = meeting.id, [resource.id for resource in resources]
    engine.dispose()
    return ids


def _book(url: str, seed: int, meeting: int, resources: list[int], start: Any, results: Any) -> None:
    """Insert, move and un-cancel bookings at random, the way many browsers would."""
    engine = create_engine(url)
    rng = random.Random(seed)
    outcomes = {"booked": 0, "refused": 0, "other": 0}
    start.wait()
    for _ in range(TRIES):
        begin = MORNING + timedelta(minutes=5 * rng.randrange(24))
        try:
            with Session(engine) as session, transaction(session):
                own = session.scalar(select(Booking).where(Booking.meeting_id == meeting).limit(1))
                if own is not None and rng.random() < 0.3:
                    own.starts_at, own.ends_at, own.status = begin, begin + timedelta(minutes=10), "confirmed"
                else:
                    session.add(
                        Booking(
                            resource_id=rng.choice(resources), meeting_id=meeting, starts_at=begin,
                            ends_at=begin + timedelta(minutes=10),
                            status="confirmed" if rng.random() < 0.9 else "released",
                        )
                    )  # fmt: skip
            outcomes["booked"] += 1
        except Conflict as conflict:
            outcomes["refused" if conflict.code == "double-booked" else "other"] += 1
    engine.dispose()
    results.put(outcomes)


def _race(url: str) -> tuple[dict[str, int], int]:
    """Totals of all processes, and how many overlapping pairs are left."""
    meeting, resources = _furnish(url)
    context = multiprocessing.get_context("fork" if hasattr(os, "fork") else "spawn")
    start, results = context.Barrier(PROCESSES), context.Queue()
    processes = [
        context.Process(target=_book, args=(url, seed, meeting, resources, start, results)) for seed in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    outcomes = [results.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    engine = create_engine(url)
    with Session(engine) as session:
        one, other = aliased(Booking), aliased(Booking)
        pairs = (
            select(one.id, other.id)
            .where(one.resource_id == other.resource_id, one.id < other.id)
            .where(one.status == "confirmed", other.status == "confirmed")
            .where(one.starts_at < other.ends_at, other.starts_at < one.ends_at)
        )
        overlaps = len(session.execute(pairs).all())
    engine.dispose()
    return {key: sum(outcome[key] for outcome in outcomes) for key in outcomes[0]}, overlaps


def test_eight_processes_leave_no_overlap(database_url: str) -> None:
    outcomes, overlaps = _race(database_url)

    assert overlaps == 0
    assert outcomes["booked"] > 0
    assert outcomes["refused"] > 0
    assert sum(outcomes.values()) == PROCESSES * TRIES


def test_the_race_without_the_guard_leaves_overlaps(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER tr_booking_overlap_insert"))
            connection.execute(text("DROP TRIGGER tr_booking_overlap_update"))
        else:
            connection.execute(text("ALTER TABLE booking DROP CONSTRAINT ex_booking_overlap"))
    engine.dispose()

    _, overlaps = _race(database_url)

    assert overlaps > 0


@pytest.mark.parametrize("status", ["confirmed", "released"])
def test_raw_sql_meets_the_guard_too(database_url: str, status: str) -> None:
    meeting, resources = _furnish(database_url)
    statement = text(
        "INSERT INTO booking (resource_id, meeting_id, starts_at, ends_at, status) "
        "VALUES (:resource, :meeting, '2030-01-08 00:00:00.000000', '2030-01-08 00:10:00.000000', :status)"
    )
    engine = create_engine(database_url)
    values = {"resource": resources[0], "meeting": meeting, "status": "confirmed"}
    with engine.begin() as connection:
        connection.execute(statement, values)

    refused = False
    try:
        with engine.begin() as connection:
            connection.execute(statement, {**values, "status": status})
    except Exception as error:
        refused = "overlap" in str(error)

    engine.dispose()
    assert refused is (status == "confirmed")

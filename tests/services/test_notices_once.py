"""Once and only once: jobs that race, restart, sleep, and clocks that jump."""

from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, create_engine, event, select
from sqlalchemy.orm import Session

from tests.builders import a_case_csv, a_case_row, furnish, import_list
from tests.services.by_the_clock import CLOCK, EVERYBODY, at, reorder
from tests.services.conftest import NOW, publish
from tests.services.test_nightly import lose_report
from tumorboard.domain.errors import Conflict
from tumorboard.services.notices import send_notices
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting
from tumorboard.store.post import OutboxMessage


@pytest.fixture
def published(engine: Engine, setup: Setup) -> Engine:
    """A small centre on SQLite with two cases published for Tuesday."""
    with Session(engine) as session:
        furnish(session, setup, now=NOW)
        import_list(session, setup, now=NOW)
        publish(session, setup)
    return engine


def keys(engine: Engine) -> list[str]:
    """The keys of all letters by the clock."""
    with Session(engine) as session:
        found = session.scalars(select(OutboxMessage.dedupe_key).where(OutboxMessage.method == "NOTE"))
        return sorted(found)


def tick(engine: Engine, setup: Setup, now: datetime) -> None:
    """One look by a process of its own: nothing is remembered but the tables."""
    with Session(engine) as session:
        send_notices(session, setup, by=CLOCK, now=now)


@pytest.mark.parametrize("seed", range(6))
def test_random_ticks_over_a_week_write_each_letter_once(published: Engine, setup: Setup, seed: int) -> None:
    """Ticks come late, in bursts and twice, with the clock set back by hours in between."""
    dice = random.Random(seed)
    moments = [NOW + timedelta(minutes=5)]
    for due in ("22 18:00", "23 07:00", "23 07:30", "23 16:00", "23 18:00", "24 07:00", "24 18:00", "25 07:00"):
        late = at(due) + timedelta(minutes=dice.randint(0, 25))
        moments += [late - timedelta(hours=dice.randint(0, 3)) if each else late for each in range(dice.randint(1, 4))]
    moments += [at("28 12:00")]
    changes = {at("22 16:00"): reorder, at("23 00:00"): lose_report}
    for index, moment in enumerate(moments):
        for when in [when for when in changes if moment >= when]:
            with Session(published) as session:
                changes.pop(when)(session)
                session.commit()
        tick(published, setup, moment)
        if index % 3 == 0:
            tick(published, setup, moment)

    found = Counter(key.split(":")[0] for key in keys(published))
    assert found["agenda"] == len(EVERYBODY)
    assert found["preparation"] == 2
    assert found["changes"] == len(EVERYBODY) - 1
    assert found["morning"] == 2


def test_processes_that_race_write_each_letter_once(database_url: str, setup: Setup) -> None:
    engine = create_engine(database_url)
    with Session(engine) as session:
        furnish(session, setup, now=NOW)
        import_list(session, setup, now=NOW)
        publish(session, setup)
        lose_report(session)
        session.commit()
    start, done = threading.Barrier(4), []

    def run() -> None:
        start.wait()
        try:
            tick(engine, setup, at("23 16:00"))
            done.append(True)
        except Conflict:
            done.append(False)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = Counter(key.split(":")[0] for key in keys(engine))
    assert done == [True] * 4
    assert found == {"agenda": len(EVERYBODY), "preparation": 2, "morning": 1}
    engine.dispose()


def test_a_week_asleep_writes_nothing_about_what_is_over(published: Engine, setup: Setup) -> None:
    tick(published, setup, NOW + timedelta(days=7))

    assert keys(published) == []


def test_a_look_takes_a_fixed_number_of_queries(published: Engine, setup: Setup) -> None:
    """Whether one meeting is published or five, and whether letters were written before or not."""
    statements: list[str] = []
    event.listen(published, "before_cursor_execute", lambda *given: statements.append(given[2]))
    counts = []
    for day in range(2):
        tick(published, setup, at(f"23 1{day}:00"))
        statements.clear()
        tick(published, setup, at(f"23 1{day}:05"))
        counts.append(len(statements))
        with Session(published) as session:
            rows = [a_case_row(f"D-{number}", on=setup.today(NOW)) for number in range(40)]
            import_list(session, setup, now=NOW, content=a_case_csv(rows))
            publish(session, setup)

    with Session(published) as session:
        meetings = session.scalars(select(Meeting.id).where(Meeting.status == "published")).all()
    assert len(meetings) > 1
    assert counts[1] <= counts[0]

"""Runs done by real processes: they make drafts, obey, die, and never block a board."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR, a_centre, a_long_list, furnish, import_list
from tests.database import copy_sqlite
from tests.services.conftest import a_setup
from tumorboard.domain.errors import Conflict
from tumorboard.services.boards import read_draft
from tumorboard.services.publishing import publish_draft
from tumorboard.services.run_process import begin_run, work_on_run
from tumorboard.services.runs import DEAD_AFTER, cancel_run, read_run, request_run, take_run
from tumorboard.services.setup import Setup
from tumorboard.store.plans import Draft, PlanRun

LONG = {"weeks": 8, "seconds": 60}
"""Nobody waits for this long: the cases of `busy` keep the planner searching until somebody stops it."""


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def busy_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small centre with two boards and more cases than can be planned at once."""
    path = tmp_path_factory.mktemp("busy") / "busy.sqlite"
    engine = create_engine(copy_sqlite(sqlite_template, path))
    content = a_centre()
    series = {**content["boards"][0]["series"][0], "weekday": "thursday", "room": "room-b"}
    content["boards"].append({**content["boards"][0], "key": "second", "series": [series]})
    today = now().date()
    with Session(engine) as session:
        furnish(session, a_setup(), now=now(), centre=content)
        import_list(session, a_setup(), now=now(), content=a_long_list(90, on=today))
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture
def busy(busy_template: Path, tmp_path: Path) -> Iterator[Session]:
    engine = create_engine(copy_sqlite(busy_template, tmp_path / "busy.sqlite"))
    with Session(engine) as session:
        yield session
        session.rollback()
        for run_id in session.scalars(select(PlanRun.public_id)).all():
            cancel_run(session, run_id=run_id, keep=False, by=OPERATOR, now=now())
    engine.dispose()


def read(session: Session, run_id: str) -> PlanRun:
    session.rollback()
    return read_run(session, run_id=run_id, by=OPERATOR, now=now())


def wait_for(session: Session, run_id: str, condition: Callable[[PlanRun], bool], seconds: float = 30) -> PlanRun:
    until = time.monotonic() + seconds
    while not condition(run := read(session, run_id)):
        assert time.monotonic() < until, (run.status, run.progress, run.problem)
        time.sleep(0.1)
    return run


def begin(session: Session, setup: Setup, board: str = BOARD) -> str:
    """The id of a run that searches."""
    run_id, started = begin_run(session, setup, board=board, by=OPERATOR, now=now(), **LONG)
    started.wait(0)
    wait_for(session, run_id, is_searching)
    return run_id


def is_searching(run: PlanRun) -> bool:
    return run.status == "running" and "cost" in run.progress


def is_over(run: PlanRun) -> bool:
    return run.status in ("done", "failed", "cancelled")


def pid_of(run_id: str) -> int:
    """The process of the only run there is: the child of this process's warm one that began last.

    A browser of earlier tests has children as well, and process numbers start again at their largest: no number tells.
    """
    parents: dict[int, int] = {}
    began: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        state, parent, ticks = fields[0], int(fields[1]), int(fields[19])
        if state != "Z":
            parents[int(entry.name)], began[int(entry.name)] = parent, ticks
    found = [pid for pid, parent in parents.items() if parents.get(parent) == os.getpid()]
    assert found, run_id
    return max(found, key=began.__getitem__)


def test_run_makes_a_draft_that_can_be_published(database_url: str) -> None:
    engine, setup = create_engine(database_url), a_setup()
    with Session(engine) as session:
        furnish(session, setup, now=now())
        import_list(session, setup, now=now())

        run_id, started = begin_run(session, setup, board=BOARD, weeks=3, by=OPERATOR, now=now())

        assert started.wait(60)
        done = read(session, run_id)
        assert (done.status, done.problem, done.draft is not None) == ("done", None, True)
        assert (done.progress["stage"], done.progress["placed"], done.progress["left_out"]) == ("writing", 2, 1)
        assert done.draft is not None
        draft_id = done.draft.public_id
        assert read_draft(session, draft_id=draft_id, by=OPERATOR).row.made_by == OPERATOR.name
        assert publish_draft(session, setup, draft_id=draft_id, by=OPERATOR, now=now()).letters == 6
    engine.dispose()


def test_stopped_run_gives_the_best_so_far(busy: Session) -> None:
    run_id = begin(busy, a_setup())

    cancel_run(busy, run_id=run_id, keep=True, by=OPERATOR, now=now())

    done = wait_for(busy, run_id, is_over)
    assert (done.status, done.draft is not None) == ("done", True)
    assert done.progress["placed"] + done.progress["left_out"] == 90
    assert done.progress["seconds"] < LONG["seconds"]


def test_run_thrown_away_leaves_no_draft_and_its_process_ends(busy: Session) -> None:
    run_id = begin(busy, a_setup())
    pid = pid_of(run_id)

    cancel_run(busy, run_id=run_id, keep=False, by=OPERATOR, now=now())

    assert wait_until_gone(pid)
    assert read(busy, run_id).status == "cancelled"
    assert busy.scalars(select(Draft)).all() == []


def wait_until_gone(pid: int, seconds: float = 15) -> bool:
    """True when the process is gone, and fetched by its parent: a zombie would still be there."""
    until = time.monotonic() + seconds
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def test_terminated_run_writes_the_best_so_far(busy: Session) -> None:
    run_id = begin(busy, a_setup())

    os.kill(pid_of(run_id), signal.SIGTERM)

    done = wait_for(busy, run_id, is_over)
    assert (done.status, done.draft is not None) == ("done", True)


def test_killed_run_is_found_dead_and_the_board_is_free(busy: Session) -> None:
    run_id = begin(busy, a_setup())
    pid = pid_of(run_id)

    os.kill(pid, signal.SIGKILL)

    assert wait_until_gone(pid)
    assert read(busy, run_id).status == "running"
    later = now() + DEAD_AFTER + timedelta(seconds=1)
    dead = read_run(busy, run_id=run_id, by=OPERATOR, now=later)
    assert (dead.status, dead.problem) == ("failed", "run-died")
    assert request_run(busy, board=BOARD, weeks=2, seconds=1, by=OPERATOR, now=now()).status == "waiting"


def test_second_run_of_a_board_is_refused_and_the_first_goes_on(busy: Session) -> None:
    run_id = begin(busy, a_setup())

    with pytest.raises(Conflict) as refused:
        begin_run(busy, a_setup(), board=BOARD, by=OPERATOR, now=now(), **LONG)

    assert (refused.value.code, refused.value.values["run"]) == ("plan-running", run_id)
    assert read(busy, run_id).status == "running"


def test_run_of_another_board_waits_for_its_turn(busy: Session) -> None:
    setup = a_setup(plan_runs=1)
    first = begin(busy, setup)
    second, started = begin_run(busy, setup, board="second", weeks=1, seconds=1, by=OPERATOR, now=now())
    is_early = started.wait(2)
    waiting = read(busy, second).status

    cancel_run(busy, run_id=first, keep=False, by=OPERATOR, now=now())

    assert (is_early, waiting) == (False, "waiting")
    assert wait_for(busy, second, is_over, 60).status == "done"


def test_run_is_done_once(busy: Session) -> None:
    run_id = request_run(busy, board=BOARD, weeks=2, seconds=1, by=OPERATOR, now=now()).public_id
    take_run(busy, run_id=run_id, most_runs=2, now=now())
    url = busy.get_bind().engine.url.render_as_string(hide_password=False)
    busy.rollback()

    with pytest.raises(Conflict) as refused:
        work_on_run(url, a_setup(), run_id)

    assert refused.value.code == "run-over"
    assert read(busy, run_id).status == "running"


def test_problem_of_a_run_stands_in_its_row(busy: Session) -> None:
    """A setup without programmes: the process stumbles where it judges the cases."""
    run_id = request_run(busy, board=BOARD, weeks=2, seconds=1, by=OPERATOR, now=now()).public_id
    url = busy.get_bind().engine.url.render_as_string(hide_password=False)
    busy.rollback()

    work_on_run(url, a_setup(programs={}), run_id)

    failed = read(busy, run_id)
    assert (failed.status, failed.problem, failed.draft) == ("failed", "unknown-program", None)

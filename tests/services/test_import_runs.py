"""Long imports by real processes: they say how far they are, are stopped, die and are begun again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from tests.builders import OPERATOR, PROGRAM, furnish
from tests.database import copy_sqlite
from tests.services.conftest import a_setup
from tumorboard.domain.errors import Conflict, NotFound
from tumorboard.services.access import operator
from tumorboard.services.import_refused import read_refused
from tumorboard.services.import_runs import (
    ACTIVE,
    ImportRun,
    begin_import,
    read_import_run,
    stop_import,
    work_on_import,
)
from tumorboard.services.imports import confirm_import, drop_old_imports, find_upload, read_staged, stage_import
from tumorboard.store.cases import Case, PendingImport

ROWS = 3_000


def now() -> datetime:
    return datetime.now(UTC)


def a_list(rows: int) -> bytes:
    """Cases with a question each; the third row is refused, for it repeats the first reference."""
    lines = [f"L-{1 if number == 3 else number},Which operation is best?" for number in range(1, rows + 1)]
    return "\n".join(["reference,question", *lines]).encode()


@pytest.fixture
def desk(sqlite_template: Path, tmp_path: Path) -> Iterator[Session]:
    engine = create_engine(copy_sqlite(sqlite_template, tmp_path / "desk.sqlite"))
    with Session(engine) as session:
        furnish(session, a_setup(), now=now())
        yield session
        session.rollback()
    engine.dispose()


def stage(session: Session, rows: int) -> str:
    return stage_import(
        session, a_setup(), program=PROGRAM, content=a_list(rows), filename="list.csv", by=OPERATOR, now=now()
    )


def read(session: Session, upload_id: str) -> ImportRun:
    session.rollback()
    return read_import_run(session, upload_id=upload_id, by=OPERATOR, now=now())


def wait_for(session: Session, upload_id: str, condition: Callable[[ImportRun], bool]) -> ImportRun:
    until = time.monotonic() + 60
    while not condition(run := read(session, upload_id)):
        assert time.monotonic() < until, run
        time.sleep(0.05)
    return run


def count_cases(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Case)) or 0


def test_long_import_tells_its_rows_and_writes_them_at_once(desk: Session) -> None:
    upload_id = stage(desk, ROWS)
    before = count_cases(desk)

    begin_import(desk, a_setup(), upload_id=upload_id, by=OPERATOR, now=now()).wait(0)
    reading = wait_for(desk, upload_id, lambda run: run.rows_in_all > 0)
    done = wait_for(desk, upload_id, lambda run: not run.is_active)

    assert (reading.rows_in_all, done.status, done.problem) == (ROWS, "kept", "")
    assert done.counts == {"created": ROWS - 1, "updated": 0, "unchanged": 0, "refused": 1}
    assert (before, count_cases(desk)) == (0, ROWS - 1)


def test_refused_rows_are_kept_until_the_next_import_without_what_they_held(desk: Session) -> None:
    url = desk.get_bind().engine.url.render_as_string(hide_password=False)
    content = b"reference,ecog\nL-1,1\nL-2,Kim Chulsoo\n"
    upload_id = stage_content(desk, content)
    row = find_upload(desk, upload_id, OPERATOR, now())
    row.status = "waiting"
    desk.commit()

    work_on_import(url, a_setup(), upload_id)
    drop_old_imports(desk, now=now() + timedelta(days=3))
    later = stage_content(desk, b"reference,ecog\nL-3,1\n")
    kept = read_refused(desk, by=OPERATOR)
    stored = desk.scalars(select(PendingImport).where(PendingImport.public_id == upload_id)).one()
    held = (stored.content, "Chulsoo" in str(stored.progress))
    confirm_import(desk, a_setup(), upload_id=later, by=OPERATOR, now=now())

    assert kept is not None
    assert [(each.row, each.column, each.code) for each in kept.problems] == [(3, "ecog", "not-a-number")]
    assert (held, kept.counts["refused"], kept.counts["created"]) == ((b"", False), 1, 1)
    assert read_refused(desk, by=operator("somebody else")) is None
    assert [(row.status, row.content) for row in desk.scalars(select(PendingImport))] == [("told", b"")]


def stage_content(session: Session, content: bytes) -> str:
    return stage_import(
        session, a_setup(), program=PROGRAM, content=content, filename="list.csv", by=OPERATOR, now=now()
    )


def test_stopped_import_writes_nothing_and_can_be_begun_again(desk: Session) -> None:
    upload_id = stage(desk, 50)
    with pytest.raises(Conflict) as second:
        begin_twice(desk, upload_id)
    stop_import(desk, upload_id=upload_id, by=OPERATOR, now=now())

    url = desk.get_bind().engine.url.render_as_string(hide_password=False)
    desk.rollback()
    work_on_import(url, a_setup(), upload_id)

    stopped = read(desk, upload_id)
    assert (second.value.code, stopped.status, stopped.problem) == ("import-running", "cancelled", "import-stopped")
    assert count_cases(desk) == 0
    assert read_staged(desk, a_setup(), upload_id=upload_id, by=OPERATOR, now=now()).is_stopped


def begin_twice(session: Session, upload_id: str) -> None:
    """The first as a row that waits for its process, the second by the front door."""
    row = find_upload(session, upload_id, OPERATOR, now())
    row.status, row.beat_at, row.progress = "waiting", now(), {"stage": "waiting"}
    session.commit()
    begin_import(session, a_setup(), upload_id=upload_id, by=OPERATOR, now=now())


def test_import_whose_process_died_fails_and_may_begin_again(desk: Session) -> None:
    upload_id = stage(desk, 5)
    row = find_upload(desk, upload_id, OPERATOR, now())
    row.status, row.beat_at, row.progress = "running", now() - timedelta(minutes=1), {"stage": "reading"}
    desk.commit()

    dead = read(desk, upload_id)
    begin_import(desk, a_setup(), upload_id=upload_id, by=OPERATOR, now=now()).wait(0)
    again = wait_for(desk, upload_id, lambda run: run.status not in ACTIVE)

    assert (dead.status, dead.problem) == ("failed", "import-died")
    assert (again.status, again.counts["created"]) == ("kept", 4)


def test_import_that_is_being_written_may_be_silent_for_longer(desk: Session) -> None:
    upload_id = stage(desk, 5)
    row = find_upload(desk, upload_id, OPERATOR, now())
    row.status, row.beat_at, row.progress = "running", now() - timedelta(minutes=1), {"stage": "writing"}
    desk.commit()

    assert read(desk, upload_id).is_active


def test_nobody_follows_or_stops_the_import_of_another(desk: Session) -> None:
    upload_id = stage(desk, 5)
    other = operator("somebody else")

    for act in (read_import_run, stop_import):
        with pytest.raises(NotFound):
            act(desk, upload_id=upload_id, by=other, now=now())


def test_upload_removed_meanwhile_ends_its_process_quietly(desk: Session) -> None:
    url = desk.get_bind().engine.url.render_as_string(hide_password=False)
    desk.rollback()

    work_on_import(url, a_setup(), "a" * 16)

    assert count_cases(desk) == 0

"""A furnished centre for tests of use cases."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR, furnish, import_list
from tests.database import copy_sqlite
from tests.services.https_server import certified, server
from tumorboard.domain.program import load_programs
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup

__all__ = ["NOW", "a_setup", "any_centre", "board", "centre", "certified", "publish", "server", "setup", "small"]

Step = Callable[[Session, Setup], None]

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
"""A Sunday noon in Seoul; the first meeting is on Tuesday, 24 November 2026, at 07:30 there."""


def a_setup(**changes: object) -> Setup:
    """The settings of a test centre."""
    values: dict[str, object] = {
        "programs": load_programs(None),
        "base_url": "https://board.hospital.example",
        "mail_domain": "hospital.example",
        "mail_from": "board@hospital.example",
        "holidays": "KR",
        "plan_seconds": 1,
    }
    return Setup(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def setup() -> Setup:
    return a_setup()


@pytest.fixture(scope="session")
def centre_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small centre with three cases in a database file, made once."""
    return _keep(sqlite_template, tmp_path_factory, _fill)


@pytest.fixture(scope="session")
def board_template(centre_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with its first meeting published."""
    return _keep(centre_template, tmp_path_factory, publish)


@pytest.fixture
def centre(session: Session, setup: Setup, centre_template: Path) -> Session:
    """A session on the small centre with three cases."""
    return _furnished(session, setup, centre_template, _fill)


@pytest.fixture
def any_centre(any_session: Session, setup: Setup, centre_template: Path) -> Session:
    """The same on each engine."""
    return _furnished(any_session, setup, centre_template, _fill)


def _keep(template: Path, directories: pytest.TempPathFactory, write: Step) -> Path:
    path = directories.mktemp("furnished") / "board.sqlite"
    engine = create_engine(copy_sqlite(template, path))
    with Session(engine) as session:
        write(session, a_setup())
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


def _fill(session: Session, setup: Setup) -> None:
    furnish(session, setup, now=NOW)
    import_list(session, setup, now=NOW)


def _furnished(session: Session, setup: Setup, template: Path, *steps: Step) -> Session:
    """The template's copy under a session that was not used yet; on PostgreSQL and for other settings, all steps."""
    engine = session.get_bind().engine
    if engine.dialect.name == "sqlite" and setup == a_setup():
        shutil.copy(template, str(engine.url.database))
    else:
        for step in steps:
            step(session, setup)
    return session


def publish(session: Session, setup: Setup) -> None:
    """What is proposed at `NOW` becomes what everybody sees; the letters wait."""
    draft = propose(session, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)
    publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)


@pytest.fixture
def board(any_session: Session, setup: Setup, board_template: Path) -> Session:
    """C-1 and C-2 published on Sunday for Tuesday at 07:30; the list closes on Monday at 07:30."""
    return _furnished(any_session, setup, board_template, _fill, publish)


@pytest.fixture
def small(session: Session, setup: Setup, board_template: Path) -> Session:
    """The same on SQLite only."""
    return _furnished(session, setup, board_template, _fill, publish)

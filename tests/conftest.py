"""What every test may use: a migrated database on each engine, and a session on it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Connection, Dialect, Engine, create_engine, event, text
from sqlalchemy.orm import Session
from sqlalchemy.util import LRUCache

from tests.database import copy_sqlite, migrate_up, start_postgres

_numbers = itertools.count(1)

# A busy machine is no fault of the code.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")

_written: dict[str, tuple[Dialect, LRUCache[Any, Any]]] = {}


@event.listens_for(Engine, "engine_connect")
def _share_written_statements(connection: Connection) -> None:
    """Every engine of a test run takes statements from one cache; else each test would write its SQL anew."""
    dialect, cache = _written.setdefault(connection.dialect.name, (connection.dialect, LRUCache(4000)))
    connection.dialect = dialect  # part of the key
    connection.execution_options(compiled_cache=cache)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.sqlite"
    migrate_up(f"sqlite:///{path}")
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server whose database `template_board` is migrated."""
    try:
        server, url = start_postgres(tmp_path_factory.mktemp("postgres") / "data")
    except Exception as error:
        pytest.skip(f"PostgreSQL from pip does not start here: {error}")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE template_board"))
        for safety in ("fsync", "synchronous_commit", "full_page_writes"):  # nothing here must outlive a crash
            connection.execute(text(f"ALTER SYSTEM SET {safety} = off"))
        for kept, size in (("min_wal_size", "32MB"), ("max_wal_size", "96MB")):  # 1 GB else, for each process of a run
            connection.execute(text(f"ALTER SYSTEM SET {kept} = '{size}'"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()
    migrate_up(url.replace("/postgres?", "/template_board?"))
    yield url
    server.cleanup()


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh migrated SQLite database."""
    return copy_sqlite(sqlite_template, tmp_path / "board.sqlite")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh migrated database; the test runs once on each engine."""
    if request.param == "sqlite":
        yield str(request.getfixturevalue("sqlite_url"))
        return
    server = str(request.getfixturevalue("postgres_template"))
    name = f"board_{next(_numbers)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template_board"))
    yield server.replace("/postgres?", f"/{name}?")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))  # 8 MB each
    engine.dispose()


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    engine = create_engine(sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@pytest.fixture
def any_session(database_url: str) -> Iterator[Session]:
    """A session on each engine."""
    engine = create_engine(database_url)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def taken_places() -> Iterator[None]:
    """Every place for calls to the planner in this process is held by somebody else."""
    from tumorboard.services.solver_process import MOST_CALLS, place

    taken, over = threading.Barrier(MOST_CALLS + 1), threading.Event()

    def hold() -> None:
        with place():
            taken.wait()
            over.wait()

    threads = [threading.Thread(target=hold) for _ in range(MOST_CALLS)]
    for thread in threads:
        thread.start()
    taken.wait()
    yield
    over.set()
    for thread in threads:
        thread.join()

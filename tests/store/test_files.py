"""The database file: whose it is."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from tumorboard.store.db import Base


def write_table(path: Path) -> dict[str, int]:
    """Make a table, and give the modes of all files while the connection is open."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.connect() as connection:
        Base.metadata.tables["specialty"].create(connection, checkfirst=True)
        connection.commit()
        return {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}


def test_new_database_and_what_lies_beside_it_are_the_owners_alone(tmp_path: Path) -> None:
    modes = write_table(tmp_path / "new.sqlite")

    assert modes == {"new.sqlite": 0o600, "new.sqlite-shm": 0o600, "new.sqlite-wal": 0o600}


def test_database_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    path.touch()
    path.chmod(0o640)

    modes = write_table(path)

    assert modes["old.sqlite"] == 0o640


def test_database_in_a_missing_directory_is_refused_by_sqlite(tmp_path: Path) -> None:
    with pytest.raises(OperationalError, match="unable to open database file"):
        write_table(tmp_path / "typo" / "new.sqlite")

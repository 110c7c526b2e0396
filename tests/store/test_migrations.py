"""Migrations run up and down on both engines, and the models say the same as the migrated database."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from tests.database import migrate_down, migrate_up
from tumorboard.store.db import Base


def test_migrations_leave_nothing_to_generate(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        options = {"include_object": lambda _o, name, *_: name != "ex_booking_overlap"}
        context = MigrationContext.configure(connection, opts=options)

        differences = compare_metadata(context, Base.metadata)

    engine.dispose()
    assert differences == []


def test_migrations_down_leave_an_empty_database_and_go_up_again(database_url: str) -> None:
    migrate_down(database_url)
    engine = create_engine(database_url)
    left = set(inspect(engine).get_table_names())
    engine.dispose()

    migrate_up(database_url)

    engine = create_engine(database_url)
    tables = set(inspect(engine).get_table_names())
    engine.dispose()
    assert left == {"alembic_version"}
    assert tables == {*Base.metadata.tables, "alembic_version"}


def test_no_column_can_hold_a_name_or_number_of_a_patient() -> None:
    columns = {f"{table.name}.{column.name}" for table in Base.metadata.sorted_tables for column in table.columns}

    suspicious = [
        name for name in columns if any(word in name for word in ("patient_name", "resident", "rrn", "birth"))
    ]

    assert suspicious == []


def test_sqlite_reads_beside_a_writer(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url)
    with engine.connect() as connection:
        mode = connection.execute(text("PRAGMA journal_mode")).scalar_one()
        keys = connection.execute(text("PRAGMA foreign_keys")).scalar_one()
    engine.dispose()

    assert (mode, keys) == ("wal", 1)

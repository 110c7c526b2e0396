"""The database handle, the base class, the column types and how connections begin."""

from __future__ import annotations

import base64
import os
import secrets
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, Connection, DateTime, Dialect, Engine, MetaData, String, TypeDecorator, event
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

BUSY_TIMEOUT_MS = 15_000


class UTCDateTime(TypeDecorator[datetime]):
    """An instant. Refuses naive values; gives back aware UTC on every database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware instant to naive UTC, the form both databases compare correctly."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime; attach a time zone first")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Naive UTC from the database to an aware instant."""
        return None if value is None else value.replace(tzinfo=UTC)


def new_id() -> str:
    """16 random letters and digits for addresses: 80 bits, so that nobody counts or guesses.

    Base32 and not hexadecimal: hexadecimal text can look like a resident registration number.
    """
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()


def new_calendar_id() -> str:
    """26 random letters and digits, 128 bits, for a UID that many calendars share (RFC 7986, 5.3)."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


Instant = Annotated[datetime, mapped_column(UTCDateTime)]
PublicId = Annotated[str, mapped_column(String(20), unique=True, default=new_id)]
Key = Annotated[str, mapped_column(String(64))]
Label = Annotated[str, mapped_column(String(200))]
Document = Annotated[dict[str, Any], mapped_column(JSON)]


class Base(DeclarativeBase):
    """Every table. Constraint names are fixed, so that migrations can name what they change."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base)


@event.listens_for(Engine, "do_connect")
def _create_sqlite(dialect: Dialect, _record: Any, arguments: Sequence[Any], _options: Any) -> None:
    """A new file is its owner's alone: it holds clinical facts. SQLite gives what it puts beside it the same mode.

    A file that is there stays as it is; where none can be made, SQLite says so itself.
    """
    name = str(arguments[0]) if dialect.name == "sqlite" and arguments else ""
    if name not in ("", ":memory:") and not name.startswith("file:"):
        with suppress(OSError):
            os.close(os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


@event.listens_for(Engine, "connect")
def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    """Foreign keys on, readers beside one writer, and no transaction behind our back (pysqlite's legacy mode)."""
    if not isinstance(dbapi_connection, sqlite3.Connection):
        return
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA secure_delete = ON")  # what was removed is overwritten, not only forgotten
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """Readers begin deferred; `begin_writing` asks for the write lock at once, so that nobody fails half-way."""
    if connection.dialect.name == "sqlite":
        mode = "IMMEDIATE" if connection.get_execution_options().get("writes") else "DEFERRED"
        connection.exec_driver_sql(f"BEGIN {mode}")


def begin_writing(session: Session) -> None:
    """End what the session was reading and begin a transaction that may write."""
    session.rollback()
    session.connection(execution_options={"writes": True})

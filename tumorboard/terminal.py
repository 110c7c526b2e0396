"""What all commands share: one-line errors with exit code 2, JSON, tables, and a database that is ready."""

from __future__ import annotations

import getpass
import json
import logging
import math
import os
import signal
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from tumorboard.domain.errors import BadInput, BadTable, DomainError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from tumorboard.services.access import Actor
    from tumorboard.services.setup import Setup

UPGRADE = "flask --app wsgi db upgrade"
_NOTES = "tumorboard.notes"


class Refused(click.ClickException):
    """The end of a command that could not do what was asked: one line on standard error, exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """The message alone, on one line whatever it quotes."""
        click.echo(" ".join(self.format_message().split()), file=file, err=True)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Every expected failure as `Refused`; what is left is a bug and keeps its traceback."""
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "flask"
        raise Refused(f"usage: {error.format_message()} Try '{command} --help'.") from error
    except DomainError as error:
        raise Refused(f"{error.code}: {error}") from error
    except Exception as error:
        if not _is_lost_database(error):
            raise
        raise Refused(f"database-error: the database did not answer: {getattr(error, 'orig', error)}") from error


def _is_lost_database(error: Exception) -> bool:
    """SQLAlchemy's errors can only come from commands that have loaded it; the others start without."""
    known = sys.modules.get("sqlalchemy.exc")
    return known is not None and isinstance(error, (known.OperationalError, known.InterfaceError))


class Command(click.Command):
    """A command whose failures are one line. Notes are shown only when it succeeds."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """As in click, with usage errors on one line."""
        with one_line_errors():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """As in click, with expected failures on one line."""
        with one_line_errors():
            result = super().invoke(ctx)
        _print_notes(ctx)
        return result


class Group(AppGroup):
    """Commands about one noun."""

    command_class = Command

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """As in click, with usage errors on one line."""
        with one_line_errors():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """As in click, with expected failures on one line."""
        with one_line_errors():
            result = super().invoke(ctx)
        _print_notes(ctx)
        return result


def _print_notes(ctx: click.Context) -> None:
    for text in ctx.meta.pop(_NOTES, ()):
        click.echo(text, err=True)


def command(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """A command of its own, beside the groups."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        return click.command(name, cls=Command)(with_appcontext(function))

    return decorate


class FiniteRange(click.FloatRange):
    """A number between two limits; unlike click's own range it takes no NaN, which lies below and above everything."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As in click."""
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value} is no number.", param, ctx)
        return number


@contextmanager
def heed_stop() -> Iterator[threading.Event]:
    """An event that Ctrl+C and SIGTERM set instead of ending the process; a second Ctrl+C ends it."""
    stopped = threading.Event()

    def stop(_number: int, _frame: object) -> None:
        if stopped.is_set():
            os._exit(130)
        stopped.set()

    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def note(text: str) -> None:
    """Something worth knowing about a command that succeeds, on standard error."""
    click.get_current_context().meta.setdefault(_NOTES, []).append(text)


def print_json(value: object) -> None:
    """JSON on standard output, readable as it is."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """Columns as wide as they must be; Korean letters take two places. `empty` is said when there is no row."""
    if not rows:
        click.echo(empty)
        return
    cells = [list(headings), *([str(cell) for cell in row] for row in rows)]
    widths = [max(_places(row[column]) for row in cells) for column in range(len(headings))]
    for row in cells:
        click.echo(
            "  ".join(cell + " " * (width - _places(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


def _places(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def say_moment(moment: datetime, time_zone: str) -> str:
    """`2026-11-24 (Tue) 07:30` in the zone."""
    return moment.astimezone(ZoneInfo(time_zone)).strftime("%Y-%m-%d (%a) %H:%M")


def iso_moment(moment: datetime, time_zone: str) -> str:
    """ISO 8601 with the zone's offset."""
    return moment.astimezone(ZoneInfo(time_zone)).isoformat(timespec="minutes")


def read_file(name: str) -> bytes:
    """The bytes of a file, `-` for standard input. Raises BadInput `unreadable-file` or BadTable `too-large`."""
    from tumorboard.formats.tables import LIMIT_BYTES  # noqa: PLC0415 - as below

    try:
        if name == "-":
            return sys.stdin.buffer.read()
        path = Path(name)
        size = path.stat().st_size
        if size > LIMIT_BYTES:
            limit = f"the limit is {LIMIT_BYTES / 1e6:.1f} MB"
            raise BadTable(f"{path.name} has {size / 1e6:.1f} MB, {limit}; split the list", code="too-large")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise BadInput(f"{name} cannot be read: {why}", code="unreadable-file") from None


def read_content(name: str, *, most_bytes: int) -> bytes:
    """The bytes of a file, `-` for standard input; at most one more than allowed, for the reader to refuse.

    Raises BadInput `unreadable-file`.
    """
    try:
        if name == "-":
            return sys.stdin.buffer.read(most_bytes + 1)
        with Path(name).open("rb") as file:
            return file.read(most_bytes + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise BadInput(f"{name} cannot be read: {why}", code="unreadable-file") from None


def read_instant(text: str, *, field: str) -> datetime:
    """The UTC instant of ISO 8601 text with an offset. Raises BadInput `not-an-instant`."""
    example = "write it as 2026-12-01T08:00+09:00"
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise BadInput(f"'{text}' has no offset; {example}", code="not-an-instant", field=field)
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(f"'{text}' is no instant; {example}", code="not-an-instant", field=field) from None


def setup() -> Setup:
    """What the installation fixes."""
    return cast("Setup", current_app.extensions["tumorboard"])


def now() -> datetime:
    """The instant at which the command runs."""
    return datetime.now(UTC)


def current_operator() -> Actor:
    """The operating-system user, who may do everything, under her name."""
    from tumorboard.services.access import operator  # noqa: PLC0415 - as below

    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        name = "unknown"
    return operator(f"operator:{name}")


def open_database(*, may_upgrade: bool = False) -> Session:
    """A session on a database with the tables this version needs.

    An empty SQLite file gets its tables here. With `may_upgrade` every engine is brought up to date. Raises BadInput
    `database-unreachable`, `database-empty`, `database-foreign` or `database-revision`.
    """
    # Imported here: commands without a database start in half the time.
    from alembic.command import upgrade  # noqa: PLC0415
    from alembic.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415
    from sqlalchemy import inspect  # noqa: PLC0415
    from sqlalchemy.exc import DatabaseError  # noqa: PLC0415

    from tumorboard.store.db import db  # noqa: PLC0415

    migrations = current_app.extensions["migrate"].migrate.get_config()
    logging.getLogger("alembic").setLevel(logging.WARNING)
    wanted = ScriptDirectory.from_config(migrations).get_heads()
    try:
        with db.engine.connect() as connection:
            current = list(MigrationContext.configure(connection).get_current_heads())
            tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
    except DatabaseError as error:
        why = str(error.orig).splitlines()[0]
        raise BadInput(f"the database cannot be opened: {why}", code="database-unreachable") from None
    if sorted(current) != sorted(wanted):
        _refuse_unless_new(current, tables, engine=db.engine.dialect.name, may_upgrade=may_upgrade)
        try:
            upgrade(migrations, "head")
        except CommandError as error:
            raise BadInput(f"the tables cannot be brought up to date: {error}", code="database-revision") from None
        note("the tables were brought up to date" if tables else "the tables were made in a new database")
    return db.session()


def _refuse_unless_new(current: list[str], tables: set[str], *, engine: str, may_upgrade: bool) -> None:
    if tables and not current:
        raise BadInput(
            "the database holds tables that the migrations did not make; set TUMORBOARD_DATABASE_URL to another one",
            code="database-foreign",
        )
    if tables and not may_upgrade:
        raise BadInput(
            f"the database is at revision {', '.join(current)}, not at that of this version; make a backup, then run "
            f"'{UPGRADE}', or install the version it belongs to",
            code="database-revision",
        )
    if engine != "sqlite" and not may_upgrade:
        raise BadInput(f"the database has no tables; run '{UPGRADE}'", code="database-empty")

"""What holds for every command: exit codes, one line, and what is done about a database that is not ready."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from alembic.command import stamp

from tests.cli.conftest import Terminal
from tests.database import bare_app
from tumorboard import demo, jobs
from tumorboard.cli import catalogue
from tumorboard.terminal import Command

ROOT = Path(__file__).resolve().parents[2]
NEEDS_DATABASE = [
    ("boards", "list"),
    ("cases", "list"),
    ("check",),
    ("accounts", "list"),
    ("outbox",),
    ("jobs", "once", "deliver-post"),
]


def every_command() -> list[tuple[str, click.Command]]:
    """All commands of the three doors with their full names."""
    found: list[tuple[str, click.Command]] = []
    waiting = [(command.name or "", command) for command in (*catalogue.COMMANDS, *jobs.COMMANDS, *demo.COMMANDS)]
    while waiting:
        name, command = waiting.pop()
        found.append((name, command))
        if isinstance(command, click.Group):
            waiting += [(f"{name} {key}", each) for key, each in command.commands.items()]
    return sorted(found)


@pytest.mark.parametrize(("name", "command"), every_command())
def test_command_explains_itself(name: str, command: click.Command) -> None:
    undocumented = [each.name for each in command.params if isinstance(each, click.Option) and not each.opts]

    assert command.help, name
    assert undocumented == []


@pytest.mark.parametrize(("name", "command"), every_command())
def test_command_fails_in_one_line(name: str, command: click.Command) -> None:
    assert isinstance(command, Command | click.Group), name


def test_usage_error_is_one_line(terminal: Terminal) -> None:
    assert terminal.refusal("cases", "import", "x.csv") == (
        "usage: Missing option '--program'. Try 'flask cases import --help'."
    )


def test_unknown_command_of_a_group_is_one_line(terminal: Terminal) -> None:
    line = terminal.refusal("cases", "imprt")

    assert line.startswith("usage: No such command 'imprt'.")


@pytest.mark.parametrize("words", NEEDS_DATABASE, ids=" ".join)
def test_new_sqlite_file_gets_its_tables(new_terminal: Terminal, words: tuple[str, ...]) -> None:
    result = new_terminal.run(*words)

    assert (result.exit_code, result.stderr) == (0, "the tables were made in a new database\n")


def test_new_sqlite_file_is_not_mentioned_by_a_command_that_fails(new_terminal: Terminal) -> None:
    line = new_terminal.refusal("plan", "propose", "--board", "nope")

    assert line == "unknown-board: there is no board 'nope'; known: none; load a centre first"


def test_database_of_somebody_else_is_left_alone(new_terminal: Terminal, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "new.sqlite") as connection:
        connection.execute("CREATE TABLE accounting (id INTEGER)")

    line = new_terminal.refusal("boards", "list")

    assert line.startswith("database-foreign: the database holds tables that the migrations did not make")


def test_database_at_another_revision_is_left_alone(terminal: Terminal, centre_url: str) -> None:
    with bare_app(centre_url).app_context() as context:
        stamp(context.app.extensions["migrate"].migrate.get_config(), "base")
    path = centre_url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO alembic_version VALUES ('9999_from_the_future')")

    line = terminal.refusal("boards", "list")

    assert line.startswith("database-revision: the database is at revision 9999_from_the_future")


def test_file_that_is_no_database_is_one_line(new_terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "new.sqlite").write_text("this is no database, but a letter to the operator " * 40)

    line = new_terminal.refusal("boards", "list")

    assert line == "database-unreachable: the database cannot be opened: file is not a database"


def test_postgres_that_is_away_is_one_line_without_the_password(terminal_on: Callable[..., Terminal]) -> None:
    terminal = terminal_on("postgresql://tumorboard:hunter2secret@127.0.0.1:9/nowhere")

    line = terminal.refusal("boards", "list")

    assert line.startswith("database-unreachable: the database cannot be opened: ")
    assert "hunter2secret" not in line


@pytest.mark.postgres
def test_postgres_without_tables_asks_for_the_migrations(
    terminal_on: Callable[..., Terminal], postgres_template: str
) -> None:
    terminal = terminal_on(postgres_template)

    line = terminal.refusal("boards", "list")

    assert line == "database-empty: the database has no tables; run 'flask --app wsgi db upgrade'"


def test_command_in_a_process_of_its_own_prints_only_what_was_asked(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "cases", "needs", str(tmp_path / "none.csv")]
    environment = {"TUMORBOARD_DATABASE_URL": f"sqlite:///{tmp_path / 'unused.sqlite'}", "PATH": ""}

    done = subprocess.run(
        [*command, "--program", "ovarian", "--json"], cwd=ROOT, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"unreadable-file: {tmp_path / 'none.csv'} cannot be read: No such file or directory\n"
    assert not (tmp_path / "unused.sqlite").exists()

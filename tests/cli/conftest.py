"""Commands as an operator types them, run inside the test's process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from tests.builders import an_app, furnish
from tests.database import copy_sqlite
from tumorboard.store.db import db


class Terminal:
    """Runs commands on one application and gives exit code, standard output and standard error."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def run(self, *words: object, typed: str | bytes | None = None) -> Result:
        """A command that may fail; an exception that is no clean end of a command fails the test."""
        result = self.app.test_cli_runner().invoke(args=[str(word) for word in words], input=typed, prog_name="flask")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def text(self, *words: object, typed: str | bytes | None = None) -> str:
        """Standard output of a command that must work."""
        result = self.run(*words, typed=typed)
        assert (result.exit_code, result.stderr) == (0, ""), result.stderr
        return result.stdout

    def json(self, *words: object, typed: str | bytes | None = None) -> Any:
        """What a command that must work prints with --json."""
        return json.loads(self.text(*words, "--json", typed=typed))

    def refusal(self, *words: object, typed: str | bytes | None = None) -> str:
        """The one line of a command that must be refused with exit code 2; nothing may stand on standard output."""
        result = self.run(*words, typed=typed)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.count("\n") == 1, result.stderr
        return result.stderr.removesuffix("\n")


@pytest.fixture
def terminal_on(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Makes a terminal on a database; settings are named as in the environment, without the prefix."""
    made: list[Flask] = []

    def make(url: str, **settings: str) -> Terminal:
        made.append(an_app(url, tmp_path, **settings))
        return Terminal(made[-1])

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="session")
def centre_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the small centre and no case, made once."""
    directory = tmp_path_factory.mktemp("centre")
    app = an_app(copy_sqlite(sqlite_template, directory / "centre.sqlite"), directory)
    with app.app_context():
        furnish(db.session(), app.extensions["tumorboard"], now=datetime.now(UTC))
        db.session.remove()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    return directory / "centre.sqlite"


@pytest.fixture
def centre_url(centre_template: Path, tmp_path: Path) -> str:
    """A copy of the small centre."""
    return copy_sqlite(centre_template, tmp_path / "centre.sqlite")


@pytest.fixture
def terminal(terminal_on: Callable[..., Terminal], centre_url: str) -> Terminal:
    """A terminal on the small centre, without cases."""
    return terminal_on(centre_url)


@pytest.fixture
def new_terminal(terminal_on: Callable[..., Terminal], tmp_path: Path) -> Terminal:
    """A terminal whose database does not exist yet."""
    return terminal_on(f"sqlite:///{tmp_path / 'new.sqlite'}")

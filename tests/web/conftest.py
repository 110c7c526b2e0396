"""The application on a small centre, and callers with a role: programs with a token, browsers with a session."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.builders import OPERATOR, PASSWORD, a_centre, an_app, furnish, import_list
from tests.database import copy_sqlite
from tests.replies import publish
from tumorboard.services.access import Role
from tumorboard.services.accounts import create_token
from tumorboard.services.centre import WEEKDAYS
from tumorboard.store.db import db

API = "/api/v1"
SEOUL = ZoneInfo("Asia/Seoul")
LONGEST_RUN_SECONDS = 30


class Program:
    """A program that speaks for a role with a bearer token; addresses are below /api/v1."""

    def __init__(self, app: Flask, role: Role) -> None:
        self.client = app.test_client(use_cookies=False)
        with app.app_context():
            token = create_token(
                db.session(), email=f"{role}@hospital.example", label="test", by=OPERATOR, now=datetime.now(UTC)
            )
        self.headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self._send("GET", path, **kwargs)

    def post(self, path: str, json: object = None, **kwargs: Any) -> TestResponse:
        return self._send("POST", path, json=json, **kwargs)

    def put(self, path: str, json: object = None, **kwargs: Any) -> TestResponse:
        return self._send("PUT", path, json=json, **kwargs)

    def patch(self, path: str, json: object = None, **kwargs: Any) -> TestResponse:
        return self._send("PATCH", path, json=json, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> TestResponse:
        return self._send("DELETE", path, **kwargs)

    def propose(self, board: str, **asked: Any) -> dict[str, Any]:
        """The draft of a proposal, once its run is done."""
        run = self.post(f"/boards/{board}/drafts", asked).get_json()
        until = time.monotonic() + LONGEST_RUN_SECONDS
        while run["draft"] is None:
            assert run["status"] in ("waiting", "running"), run
            assert time.monotonic() < until, run
            time.sleep(0.05)
            run = self.get(f"/runs/{run['id']}").get_json()
        return dict(self.get(f"/drafts/{run['draft']}").get_json())

    def _send(self, method: str, path: str, **kwargs: Any) -> TestResponse:
        headers = {**self.headers, **kwargs.pop("headers", {})}
        return self.client.open(API + path, method=method, headers=headers, **kwargs)


def meeting_day(now: datetime) -> str:
    """The weekday of the board in the small centre: in two days, so that the list of its next meeting is still open."""
    return WEEKDAYS[(now.astimezone(SEOUL).weekday() + 2) % 7]


@pytest.fixture(scope="session")
def furnished_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the small centre and three cases, made once."""
    directory = tmp_path_factory.mktemp("furnished")
    path = directory / "furnished.sqlite"
    app = an_app(copy_sqlite(sqlite_template, path), directory)
    with app.app_context():
        now = datetime.now(UTC)
        furnish(db.session(), app.extensions["tumorboard"], now=now, centre=a_centre(weekday=meeting_day(now)))
        import_list(db.session(), app.extensions["tumorboard"], now=now)
        db.session.remove()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    return path


@pytest.fixture
def furnished_app(furnished_template: Path, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Makes the application on its own copy of the small centre, with settings as in the environment."""
    made: list[Flask] = []

    def make(**settings: str) -> Flask:
        path = tmp_path / f"board{len(made)}.sqlite"
        shutil.copy(furnished_template, path)
        made.append(an_app(f"sqlite:///{path}", tmp_path, **settings))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app(furnished_app: Callable[..., Flask]) -> Flask:
    """The application on its own copy of the small centre."""
    return furnished_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser of a stranger."""
    return app.test_client()


@pytest.fixture
def program(app: Flask) -> Callable[[Role], Program]:
    """A program for a role."""
    return lambda role: Program(app, role)


@pytest.fixture
def coordinator(app: Flask) -> Program:
    return Program(app, Role.COORDINATOR)


@pytest.fixture
def surgeon(app: Flask) -> Program:
    return Program(app, Role.SURGEON)


@pytest.fixture
def published(app: Flask) -> Iterator[Session]:
    """The board is published, and its letters have left; a session beside those of the requests."""
    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"])
    with Session(engine) as session:
        publish(session, app.extensions["tumorboard"], now=datetime.now(UTC))
        yield session
    engine.dispose()


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """Inside an application context, to look into the database."""
    with app.app_context():
        yield app


@pytest.fixture
def count_queries(app: Flask) -> Callable[[], Any]:
    """`with count_queries() as statements:` collects what is sent to the database."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if not statement.startswith("BEGIN"):
                statements.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return counting


@pytest.fixture
def break_database(app: Flask) -> Iterator[Callable[[Exception], None]]:
    """From the call on, every query raises the error."""
    with app.app_context():
        engine = db.engine
    broken: list[Any] = []

    def break_it(error: Exception) -> None:
        def fail(*_: Any) -> None:
            raise error

        broken.append(fail)
        event.listen(engine, "before_cursor_execute", fail)

    yield break_it
    for fail in broken:
        event.remove(engine, "before_cursor_execute", fail)


def log_in(client: FlaskClient, role: Role, password: str = PASSWORD) -> TestResponse:
    """Log a browser in over the API."""
    token = client.get(f"{API}/session").get_json()["csrf_token"]
    body = {"email": f"{role}@hospital.example", "password": password}
    return client.post(f"{API}/session", json=body, headers={"X-CSRFToken": token})

"""The page of a proposal being made, in a browser: it follows the run with and without JavaScript, and leads on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.browser.conftest import Window
from tests.browser.stage import log_in, press, served
from tests.builders import BOARD, OPERATOR, PASSWORD, an_app, furnish, import_list
from tests.database import copy_sqlite
from tumorboard.services.planning import plan_task, read_task
from tumorboard.services.runs import beat, finish_run, request_run, take_run
from tumorboard.store.db import db

pytestmark = pytest.mark.browser


class Run:
    """A run whose process is the test."""

    def __init__(self, app: Flask, address: str) -> None:
        self.app, self.address = app, address
        with app.app_context():
            now = datetime.now(UTC)
            self.id = request_run(db.session(), board=BOARD, weeks=2, seconds=60, by=OPERATOR, now=now).public_id
            take_run(db.session(), run_id=self.id, most_runs=1, now=now)
        self.beat(stage="reading", seconds=0.1)

    def beat(self, **progress: Any) -> None:
        with self.app.app_context():
            soon = datetime.now(UTC) + timedelta(minutes=5)
            beat(db.session(), run_id=self.id, progress=progress, now=soon)

    def finish(self) -> None:
        with self.app.app_context():
            session, setup, now = db.session(), self.app.extensions["tumorboard"], datetime.now(UTC)
            task = read_task(session, setup, board=BOARD, weeks=2, by=OPERATOR, now=now)
            proposal = plan_task(task, seconds=1)
            finish_run(session, task, proposal, run_id=self.id, progress={"stage": "done"}, by=OPERATOR, now=now)


@pytest.fixture
def run(chromium: Any, sqlite_template: Path, tmp_path: Path) -> Iterator[Run]:
    url = copy_sqlite(sqlite_template, tmp_path / "run.sqlite")
    app = an_app(url, tmp_path)
    with app.app_context():
        setup, now = app.extensions["tumorboard"], datetime.now(UTC)
        furnish(db.session(), setup, now=now)
        import_list(db.session(), setup, now=now)
        db.session.remove()
        db.engine.dispose()
    with served(url, tmp_path) as (served_app, address):
        yield Run(served_app, address)


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "no-script"])
def test_page_follows_the_run_to_its_draft(run: Run, open_window: Callable[..., Window], has_script: bool) -> None:
    window = open_window(run.address, java_script_enabled=has_script)
    page = window.page
    log_in(page, "coordinator@hospital.example", PASSWORD, "en")
    page.goto(f"/runs/{run.id}")
    before = page.locator("[data-run] h2").inner_text()

    run.beat(stage="search", seconds=7.0, cost=120, gap=0.05)
    page.get_by_text("7 of at most 60 seconds").wait_for()
    after = page.locator("[data-run] h2").inner_text()
    run.finish()
    page.wait_for_url(re.compile(r"/drafts/\w+$"))

    assert (before.strip(), after.strip()) == ("Reads cases, meetings and people", "Looks for a better plan")
    assert page.get_by_text("C-2").count() > 0
    assert (window.problems, window.outside) == ([], [])


def test_run_is_thrown_away_by_its_button(run: Run, open_window: Callable[..., Window]) -> None:
    window = open_window(run.address)
    page = window.page
    log_in(page, "coordinator@hospital.example", PASSWORD, "en")
    page.goto(f"/runs/{run.id}")

    press(page, 'button[name="keep"][value="no"]')

    assert page.locator(".note.done").inner_text().strip() == "The proposal is stopped; nothing has changed."
    assert page.url.endswith(f"/boards/{BOARD}")
    assert window.problems == []

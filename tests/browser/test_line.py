"""The whole line by a person: a case list becomes a published board, and a surgeon finds her window."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Stage, Window
from tests.browser.counting import begin_counting
from tests.browser.stage import log_in, press, served
from tests.builders import PASSWORD, a_case_csv, an_app, furnish
from tests.database import copy_sqlite
from tumorboard.store.db import db

pytestmark = pytest.mark.browser

WORDS = {
    "ko": {
        "missing": "없음 · 문의: 영상의학과",
        "published": "공개했습니다",
        "needed": "참석이 필요한 이유",
        "imported": "신규 3건",
    },
    "en": {
        "missing": "missing · ask Radiology",
        "published": "Published;",
        "needed": "You are needed for",
        "imported": "3 new",
    },
}


@pytest.fixture(scope="module")
def furnished(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small centre without cases, in a database file."""
    directory = tmp_path_factory.mktemp("line")
    path = directory / "line.sqlite"
    app = an_app(copy_sqlite(sqlite_template, path), directory)
    with app.app_context():
        furnish(db.session(), app.extensions["tumorboard"], now=datetime.now(UTC))
        db.session.remove()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    return path


@pytest.fixture
def address(chromium: Any, furnished: Path, tmp_path: Path) -> Iterator[str]:
    """The small centre, served."""
    path = tmp_path / "line.sqlite"
    shutil.copy(furnished, path)
    with served(f"sqlite:///{path}", tmp_path) as (_, address):
        yield address


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_person_does_the_whole_line(
    address: str, open_window: Callable[..., Window], tmp_path: Path, language: str, has_script: bool
) -> None:
    words = WORDS[language]
    case_list = tmp_path / "cases.csv"
    case_list.write_bytes(a_case_csv())
    window = open_window(address, language=language, java_script_enabled=has_script)
    page = window.page

    log_in(page, "coordinator@hospital.example", PASSWORD, language)
    press(page, 'main a[href="/cases/import"] >> nth=0')
    page.set_input_files("#file", case_list)
    press(page, "main form button")
    assert page.locator("tbody tr").count() == 3
    press(page, ".actions button.primary")
    assert words["imported"] in page.locator(".note.done").inner_text()
    assert words["missing"] in page.locator("tr", has_text="C-3").inner_text()
    press(page, ".actions button.primary")
    page.wait_for_url(re.compile(r"/drafts/\w+$"), timeout=30_000)
    press(page, ".actions button.primary")
    assert words["published"] in page.locator(".note.done").inner_text()
    press(page, ".meeting-card.published h2 a")
    assert page.locator("tr", has_text="Jung").get_by_text("C-2").count() == 1
    press(page, ".who button")
    log_in(page, "surgeon@hospital.example", PASSWORD, language)
    press(page, '.menu a[href="/mine"]:not(.phone-only)')
    assert words["needed"] in page.locator(".window-card").inner_text()
    press(page, ".actions button.primary")
    link = page.input_value("#link")
    feed = page.request.get(link).text()

    assert (feed.count("BEGIN:VEVENT"), "C-2" in feed) == (1, True)
    assert (window.problems, window.outside) == ([], [])


@pytest.fixture
def coordinator(demo: Stage, open_window: Callable[..., Window]) -> Any:
    """A coordinator on her start page, with a counter of clicks and keys."""
    window = open_window(demo.address, storage_state=demo.session_of("coordinator@demo.example"))
    begin_counting(window.page)
    window.page.goto("/")
    return window.page


def test_ticked_cases_are_counted_and_noted_together(coordinator: Any) -> None:
    boxes = coordinator.locator('input[name="case"]')
    boxes.nth(0).check()
    boxes.nth(1).check()

    press(coordinator, "#bulk button.primary")

    assert "2" in coordinator.locator(".note.done").inner_text()

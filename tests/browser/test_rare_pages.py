"""Pages behind a link of a letter, in the middle of an import or a plan, or refused: they keep the gates as well.

And the one test that knows whether a page is looked at nowhere: it reads the list of all addresses.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from tests.browser.conftest import Stage, Window
from tests.browser.gates import COORDINATOR, FEW_LOOKS, NOTHING_WRONG, foreign_sentences, look_at
from tests.browser.rare import WHO, fill_with_rare
from tests.browser.stage import addresses, served
from tests.browser.test_gates import PAGES
from tumorboard.store.cases import PendingImport
from tumorboard.store.db import db

pytestmark = pytest.mark.browser

ELSEWHERE = (
    "/setup", "/setup/people", "/setup/board", "/setup/import", "/centre/accounts", "/centre/tokens", "/mine/busy",
)  # fmt: skip
"""Looked at by `test_first_start.py`, mostly on an empty database, and by `test_busy.py`."""
FILES = "a file, its purpose is asked on /exports"
NOT_LOOKED_AT = {
    "pages.show_home": "leads on to the first page of the role",
    "pages.show_effect": "a part of the page of a draft, which is looked at",
    "pages.show_columns": "a file",
    "pages.download_agenda": FILES,
    "pages.download_cases": FILES,
    "pages.download_record": FILES,
    "pages.download_report": "a file",
    "pages.download_event": "a calendar",
    "feeds_door.show_feed": "a calendar",
    "feeds_door.show_robots": "text for programs",
    "caldav_door.find_service": "for programs",
    "caldav_door.answer": "for programs",
    "health.show_health": "for programs",
    "static": "files",
}


@pytest.fixture(scope="module")
def rare(chromium: Any, demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Stage]]:
    """The demo with an import and a plan under way, rows that an import refused, and links of letters."""
    directory = tmp_path_factory.mktemp("rare")
    shutil.copy(demo_template, directory / "demo.sqlite")
    with served(f"sqlite:///{directory / 'demo.sqlite'}", directory) as (app, address):
        places = fill_with_rare(app)
        yield app, Stage(chromium, address, places)


@pytest.mark.parametrize("language", list(FEW_LOOKS))
@pytest.mark.parametrize("name", WHO)
def test_rare_page_keeps_the_gates(
    rare: tuple[Flask, Stage], open_window: Callable[..., Window], find_barriers: Callable[..., list[str]], name: str,
    language: str,
) -> None:  # fmt: skip
    stage, who = rare[1], WHO[name]
    window = open_window(stage.address, language=language, **({"storage_state": stage.session_of(who)} if who else {}))
    window.excused = ("status of 403",) if name == "forbidden" else ()

    answer = window.page.goto(f"{stage.places[name]}?lang={language}")
    spoken = window.page.locator("html").get_attribute("lang")
    found = {look: look_at(window.page, find_barriers, look) for look in FEW_LOOKS[language]}

    assert (answer.status, urlsplit(window.page.url).path) == (403 if window.excused else 200, stage.places[name])
    assert spoken == language or name == "answer", "a letter's page speaks as its reader does"
    assert found == dict.fromkeys(FEW_LOOKS[language], NOTHING_WRONG)
    assert foreign_sentences(window.page, spoken) == []


def test_import_survives_a_reload(rare: tuple[Flask, Stage], open_window: Callable[..., Window]) -> None:
    app, stage = rare
    window = open_window(stage.address, storage_state=stage.session_of(COORDINATOR))
    window.page.goto(stage.places["import-run"])
    before = window.page.locator("progress").get_attribute("value")

    with app.app_context():
        running = db.session().scalars(select(PendingImport).where(PendingImport.status == "running")).one()
        running.progress = {**running.progress, "done": 2}
        db.session().commit()
        db.session.remove()
    window.page.reload()

    assert (before, window.page.locator("progress").get_attribute("value")) == ("1", "2")
    assert window.page.get_by_text("2 of 3 rows").is_visible()
    assert window.page.get_by_role("button", name="Stop; write nothing").is_visible()


def test_every_page_is_looked_at(rare: tuple[Flask, Stage]) -> None:
    app, stage = rare
    places = addresses(app)
    match = app.url_map.bind("tumorboard.example").match
    seen = {match(urlsplit(place).path)[0] for name, place in places.items() if name != "not-found"}
    seen |= {match(place)[0] for place in (*stage.places.values(), *ELSEWHERE)}

    told = {rule.endpoint for rule in app.url_map.iter_rules()
            if "GET" in (rule.methods or ()) and not rule.rule.startswith("/api/")}  # fmt: skip

    assert set(places) == set(PAGES)
    assert told == seen | NOT_LOOKED_AT.keys()
    assert seen & NOT_LOOKED_AT.keys() == set()

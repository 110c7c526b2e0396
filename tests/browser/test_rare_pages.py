"""Pages behind a link of a letter, in the middle of an import or a plan, or refused: they keep the gates as well.

And the one test that knows whether a page is looked at nowhere: it reads the list of all addresses.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.browser.conftest import Stage, Window
from tests.browser.gates import COORDINATOR, FEW_LOOKS, NOTHING_WRONG, SURGEON, foreign_sentences, look_at
from tests.browser.stage import addresses, served
from tests.browser.test_gates import PAGES
from tests.builders import PROGRAM, a_case_csv, a_case_row
from tumorboard.services.access import Actor
from tumorboard.services.account_links import issue_link
from tumorboard.services.accounts import account_actor
from tumorboard.services.answer_tokens import write_answer_links
from tumorboard.services.import_runs import read_import_run
from tumorboard.services.imports import confirm_import, stage_import
from tumorboard.services.runs import beat, request_run, take_run
from tumorboard.store.cases import PendingImport
from tumorboard.store.db import db
from tumorboard.store.meetings import Board, Meeting, MeetingInvitation
from tumorboard.store.people import Account

pytestmark = pytest.mark.browser

WHO = {
    "help": COORDINATOR,
    "boards": COORDINATOR,
    "preview": COORDINATOR,
    "import-run": COORDINATOR,
    "refused-rows": COORDINATOR,
    "run": COORDINATOR,
    "forbidden": SURGEON,
    "answer": "",
    "password": "",
    "log-in": "",
}
"""Who looks at each page; nobody where it is read without a log-in."""
ELSEWHERE = ("/setup", "/setup/people", "/setup/board", "/setup/import", "/centre/accounts", "/mine/busy")
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
        with app.app_context():
            session, setup, now = db.session(), app.extensions["tumorboard"], datetime.now(UTC)
            by = account_actor(session.scalars(select(Account).where(Account.email == COORDINATOR)).one())
            places = {
                "help": "/help",
                "boards": _second_board(session),
                "forbidden": "/centre/accounts",
                "log-in": "/log-in",
                **_import_lists(session, setup, by, now),
                "run": _run(session, by, now),
                "answer": _answer_link(session, setup, now),
                "password": _password_link(session, setup, now),
            }
            db.session.remove()
        yield app, Stage(chromium, address, places)


def _import_lists(session: Session, setup: Any, by: Actor, now: datetime) -> dict[str, str]:
    """One list was imported but for a row, one waits for its confirmation, one is being read."""
    on = now.date()
    wrong = a_case_csv([a_case_row("C-1", on=on), a_case_row("C-2", on=on, urgency="soonish")])
    more: dict[str, Any] = {"by": by, "now": now}
    first = stage_import(session, setup, program=PROGRAM, content=wrong, filename="list.csv", **more)
    confirm_import(session, setup, upload_id=first, **more)
    wrong += a_case_csv([a_case_row("C-3", on=on)]).partition(b"\n")[2]
    waiting = stage_import(session, setup, program=PROGRAM, content=wrong, filename="list.csv", **more)
    running = PendingImport(
        program=PROGRAM, suffix=".csv", content=wrong, uploaded_by=by.name, uploaded_at=now, status="running",
        beat_at=now + timedelta(hours=1), progress={"stage": "reading", "done": 1, "all": 3},
    )  # fmt: skip
    session.add(running)
    session.commit()
    assert read_import_run(session, upload_id=running.public_id, **more).is_active
    return {
        "preview": f"/cases/import/{waiting}",
        "import-run": f"/cases/import/{running.public_id}",
        "refused-rows": "/cases/imports/refused",
    }


def _second_board(session: Session) -> str:
    """A list of boards is shown where there are two."""
    board = session.scalars(select(Board).order_by(Board.id)).one()
    kept = {column.key: getattr(board, column.key) for column in Board.__table__.columns if column.key != "id"}
    session.add(Board(**{**kept, "key": "second", "name_en": "Second board", "name_ko": "둘째 회의"}))
    session.commit()
    return "/boards"


def _run(session: Session, by: Actor, now: datetime) -> str:
    board = session.scalars(select(Board).order_by(Board.id)).first()
    assert board is not None
    run = request_run(session, board=board.key, weeks=2, seconds=60, by=by, now=now).public_id
    take_run(session, run_id=run, most_runs=1, now=now)
    progress = {"stage": "search", "seconds": 7.0, "cases": 3, "cost": 120, "gap": 0.05}
    beat(session, run_id=run, progress=progress, now=now + timedelta(hours=1))
    return f"/runs/{run}"


def _answer_link(session: Session, setup: Any, now: datetime) -> str:
    rows = session.scalars(select(MeetingInvitation).join(Meeting).where(Meeting.starts_at > now))
    links = next(filter(None, (write_answer_links(setup, row) for row in rows)))
    return urlsplit(links.accept).path


def _password_link(session: Session, setup: Any, now: datetime) -> str:
    account = Account(
        email="new@demo.example", name="New", password_hash="!", session_key=secrets.token_hex(16), created_at=now
    )
    session.add(account)
    link = issue_link(session, setup, account, now=now)
    session.commit()
    return urlsplit(link).path


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

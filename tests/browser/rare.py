"""What a demo lacks: an import and a plan under way, rows that an import refused, links of letters, a second board."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.browser.gates import COORDINATOR, SURGEON
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


def fill_with_rare(app: Flask) -> dict[str, str]:
    """Add all of it to a database with the demo; the address of each page of `WHO`."""
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
    return places


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

"""The application served on this machine, and Debian's Chromium in front of it."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import select
from werkzeug.serving import make_server

from tests.builders import an_app
from tumorboard.demo.fill import fill_database
from tumorboard.services.letter_tokens import write_letter_link
from tumorboard.store.cases import Case
from tumorboard.store.db import db
from tumorboard.store.meetings import Board, Meeting
from tumorboard.store.people import Absence, Member
from tumorboard.store.plans import Draft
from tumorboard.web.auth import limiter

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
ARGUMENTS = ["--disable-dev-shm-usage", "--disable-gpu", "--font-render-hinting=none", "--hide-scrollbars"]
PHONE = {"device_scale_factor": 2, "is_mobile": True, "has_touch": True}
VIEWS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1366, "height": 860}},
    "phone": {"viewport": {"width": 360, "height": 780}, **PHONE},
    "smallest": {"viewport": {"width": 320, "height": 640}, **PHONE},
}
LOCALES = {"ko": "ko-KR", "en": "en-GB"}
DEMO_PASSWORDS = {
    "coordinator@demo.example": "demo-coordinator",
    "seoyeon.kim@demo.example": "demo-physician",
    "sungjin.moon@demo.example": "demo-surgeon",
    "admin@demo.example": "demo-administrator",
}


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def served(database_url: str, instance: Path) -> Iterator[tuple[Flask, str]]:
    """The application and its address, while the block runs. Log-ins are not limited meanwhile."""
    port = free_port()
    address = f"http://{HOST}:{port}"
    app = an_app(database_url, instance, BASE_URL=address)
    requests_log = logging.getLogger("werkzeug")
    log_level = requests_log.level
    requests_log.setLevel(logging.ERROR)
    server = make_server(HOST, port, _whole_answers(app), threaded=True)
    was_limited, limiter.enabled = limiter.enabled, False
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield app, address
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        limiter.enabled = was_limited
        requests_log.setLevel(log_level)
        with app.app_context():
            db.engine.dispose()


def _whole_answers(app: WSGIApplication) -> WSGIApplication:
    """The application with every answer read and closed before it is sent.

    A browser that leaves a page drops connections, and the development server then forgets to close a static file.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        chunks = app(environ, start_response)
        try:
            return [b"".join(chunks)]
        finally:
            if hasattr(chunks, "close"):
                chunks.close()

    return answer


def fill_with_demo(database_url: str, instance: Path) -> None:
    """The fictional centre of `flask demo`, in a migrated database."""
    app = an_app(database_url, instance)
    with app.app_context():
        fill_database(db.session(), app.extensions["tumorboard"], now=datetime.now(UTC))
        db.session.remove()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()


def addresses(app: Flask) -> dict[str, str]:
    """Every kind of page of the demo, by name."""
    with app.app_context():
        session = db.session()
        board = session.scalars(select(Board).order_by(Board.id)).first()
        draft = session.scalars(select(Draft.public_id).where(Draft.status == "open")).first()
        meetings = select(Meeting.public_id).where(Meeting.status == "published").order_by(Meeting.starts_at)
        meeting = session.scalars(meetings.where(Meeting.starts_at > datetime.now(UTC))).first()
        held = session.scalars(meetings.where(Meeting.signed_at.is_not(None))).first()
        waiting = session.scalars(select(Case.public_id).where(Case.status == "waiting").order_by(Case.id)).first()
        urgent_ones = select(Case.public_id).where(Case.urgency == "urgent", Case.status.in_(("waiting", "scheduled")))
        urgent = session.scalars(urgent_ones.order_by(Case.id)).first()
        absence = session.scalars(select(Absence.public_id).order_by(Absence.id.desc())).first()
        member = session.scalars(select(Member.public_id).order_by(Member.id)).first()
        assert board is not None
        return {
            "worklist": "/cases",
            "case": f"/cases/{waiting}",
            "case-facts": f"/cases/{waiting}/facts",
            "urgent": f"/cases/{urgent}/urgent",
            "case-new": "/cases/new",
            "import": "/cases/import",
            "board": f"/boards/{board.key}",
            "board-settings": f"/boards/{board.key}/settings",
            "slots": f"/boards/{board.key}/slots",
            "draft": f"/drafts/{draft}",
            "what-if": f"/drafts/{draft}/what-if",
            "move": f"/drafts/{draft}/cases/{waiting}",
            "meeting": f"/meetings/{meeting}",
            "room": f"/meetings/{held}/room",
            "wall": f"/meetings/{held}/room/wall",
            "record": f"/meetings/{held}/record",
            "people": "/people",
            "availability": "/availability",
            "absence": f"/absences/{absence}",
            "member": f"/people/{member}",
            "mine": "/mine",
            "preferences": "/mine/preferences",
            "busy": f"/people/{member}/busy",
            "member-preferences": f"/people/{member}/preferences",
            "letters": _letter_link(app, session),
            "answers": "/answers",
            "open-needs": "/open-needs",
            "rules": "/rules",
            "centre": "/centre",
            "centre-members": "/centre/members",
            "centre-member": f"/centre/members/{member}",
            "centre-rooms": "/centre/rooms",
            "centre-boards": "/centre/boards",
            "centre-board": f"/centre/boards/{board.key}",
            "centre-series": "/centre/series",
            "centre-days": "/centre/days",
            "account": "/account",
            "outbox": "/outbox",
            "reports": "/reports",
            "exports": "/exports",
            "not-found": "/nowhere",
        }


def _letter_link(app: Flask, session: Any) -> str:
    """Where a member switches her agendas off, as the letter names it."""
    member = session.scalars(select(Member).order_by(Member.id)).first()
    return urlsplit(str(write_letter_link(app.extensions["tumorboard"], member, "agenda"))).path


def press(page: Any, control: Any) -> None:
    """Click a link or a button (a selector, or a locator) that leads to a page, and wait until that page is loaded.

    A click alone returns while the next page is still on its way, and what is read then may be of either page.
    """
    target = page.locator(control) if isinstance(control, str) else control
    with page.expect_navigation(wait_until="load"):
        target.click()


def choose_language(page: Any, language: str) -> None:
    """Press the language's button in the frame of every page; phones show only the other language."""
    if page.locator("html").get_attribute("lang") != language:
        press(page, f'button[name="language"][value="{language}"]')


def log_in(page: Any, email: str, password: str, language: str) -> None:
    """Log in at the form, then choose the language."""
    page.goto("/log-in")
    page.fill("#email", email)
    page.fill("#password", password)
    press(page, "main form button")
    choose_language(page, language)

"""Real calendar programs synchronise a member's calendar over CalDAV. Skipped where they are not installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import vobject
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import make_server

from tests.builders import BOARD, OPERATOR, SURGEON, member_id
from tumorboard.services import feeds
from tumorboard.services.planning import propose
from tumorboard.services.publishing import cancel_meeting, publish_draft
from tumorboard.store.db import db
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Member


@pytest.fixture
def vdirsyncer() -> str:
    """The program, from the PATH or the folder TUMORBOARD_CALENDAR_TOOLS."""
    found = shutil.which("vdirsyncer", path=os.environ.get("TUMORBOARD_CALENDAR_TOOLS") or os.environ.get("PATH"))
    if not found:
        pytest.skip("needs vdirsyncer on the PATH (pip install vdirsyncer)")
    return found


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The application behind a real socket."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def token(app: Flask) -> str:
    now, setup = datetime.now(UTC), app.extensions["tumorboard"]
    with app.app_context():
        session = db.session()
        draft = propose(session, setup, board=BOARD, weeks=4, by=OPERATOR, now=now)
        publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=now)
        subject = member_id(session, SURGEON)
        return feeds.rotate_feed(session, setup, scope="member", subject=subject, by=OPERATOR, now=now)


def write_settings(path: Path, address: str, token: str) -> None:
    path.write_text(
        f"""
[general]
status_path = "{path.parent}/status/"

[pair board]
a = "here"
b = "there"
collections = ["from b"]
conflict_resolution = "b wins"

[storage here]
type = "filesystem"
path = "{path.parent}/calendars/"
fileext = ".ics"

[storage there]
type = "caldav"
url = "{address}/"
username = "jung"
password = "{token}"
read_only = true
"""
    )


def test_vdirsyncer_discovers_and_synchronises(
    app: Flask, vdirsyncer: str, address: str, token: str, tmp_path: Path
) -> None:
    settings = tmp_path / "config"
    write_settings(settings, address, token)

    def run(*command: str) -> None:
        done = subprocess.run(
            [vdirsyncer, "-c", str(settings), *command], input="y\ny\n", capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    run("discover", "board")
    run("sync")

    (file,) = (tmp_path / "calendars").glob("*/*.ics")
    with app.app_context():
        row = db.session.scalars(select(MeetingInvitation).join(Member).where(Member.email == SURGEON)).one()
        wanted = (row.uid, row.starts_at, row.ends_at)
        event = vobject.readOne(file.read_text()).vevent
        assert (event.uid.value, event.dtstart.value, event.dtend.value) == wanted
        meeting = db.session.get_one(Meeting, row.meeting_id)
        cancel_meeting(
            db.session(), app.extensions["tumorboard"], meeting_id=meeting.public_id, by=OPERATOR, now=datetime.now(UTC)
        )

    run("sync")

    (file,) = (tmp_path / "calendars").glob("*/*.ics")
    assert vobject.readOne(file.read_text()).vevent.status.value == "CANCELLED"

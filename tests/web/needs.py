"""The staffed centre with a published meeting, and one whose urologist declined, for pages and API."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask

from tests.builders import OPERATOR, member_id
from tests.replies import publish
from tests.stand_ins import UROLOGY, a_staffed_centre, answer
from tumorboard.services.centre import load_centre
from tumorboard.store.db import db
from tumorboard.store.meetings import Meeting


def publish_staffed_centre(app: Flask) -> Meeting:
    """Staff the small centre and publish; its one published meeting, whose letters have left."""
    with app.app_context():
        session, setup, now = db.session(), app.extensions["tumorboard"], datetime.now(UTC)
        load_centre(session, setup, a_staffed_centre(), filename="centre.toml", by=OPERATOR, now=now)
        meeting = publish(session, setup, now=now)
        session.expunge_all()
        db.session.remove()
    return meeting


def decline_urology(app: Flask, email: str = UROLOGY) -> str:
    """The same, and a member declines; the public id of the meeting."""
    meeting = publish_staffed_centre(app)
    with app.app_context():
        answer(db.session(), app.extensions["tumorboard"], email, "declined", now=datetime.now(UTC))
        db.session.remove()
    return meeting.public_id


def id_of(app: Flask, email: str) -> str:
    """The public id of a member."""
    with app.app_context():
        return member_id(db.session(), email)

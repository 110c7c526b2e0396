"""A published meeting whose urologist declined, for pages and API."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import select

from tests.builders import BOARD, OPERATOR
from tests.clinic import deliver
from tests.stand_ins import UROLOGY, a_staffed_centre, answer
from tumorboard.services.centre import load_centre
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.store.db import db
from tumorboard.store.meetings import Meeting


def decline_urology(app: Flask, email: str = UROLOGY) -> str:
    """Staff the small centre, publish, and let a member decline; the public id of the meeting."""
    with app.app_context():
        session, setup, now = db.session(), app.extensions["tumorboard"], datetime.now(UTC)
        load_centre(session, setup, a_staffed_centre(), filename="centre.toml", by=OPERATOR, now=now)
        draft = propose(session, setup, board=BOARD, weeks=4, by=OPERATOR, now=now)
        publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=now)
        deliver(session, now=now)
        answer(session, setup, email, "declined", now=now)
        meeting = session.scalars(select(Meeting.public_id).where(Meeting.status == "published")).one()
        db.session.remove()
    return meeting

"""A member with busy times: what tests of their services begin with."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import ON_DEMAND, OPERATOR, member_id
from tests.formats.calendars import a_calendar
from tests.services.conftest import NOW, a_setup
from tests.services.https_server import HOST, Answer, HttpsServer
from tumorboard.services.access import Actor, operator
from tumorboard.services.busy import (
    BusyRead,
    add_busy_address,
    upload_busy,
)
from tumorboard.services.busy_views import SourceView, list_busy
from tumorboard.services.setup import Setup
from tumorboard.store.facts import busy_times
from tumorboard.store.people import Member

UROLOGY = ON_DEMAND["urology"]
MEETING = ("DTSTART:20261123T220000Z", "DURATION:PT3H")
"""Over the first meeting, on Tuesday 07:30–09:00 in Seoul, and a little more."""
LATER = ("DTSTART:20261130T000000Z", "DURATION:PT1H")
HOURS = timedelta(hours=5)
CLOCK = operator("job:read-busy")
SECRET = f"https://{HOST}/private-1a2b3c4d5e6f/basic.ics"


def upload(session: Session, setup: Setup, *lines: str, email: str = UROLOGY, now: datetime = NOW) -> BusyRead:
    content = a_calendar(*lines)
    return upload_busy(session, setup, member_id=member_id(session, email), content=content, by=OPERATOR, now=now)


def sources(session: Session, email: str = UROLOGY) -> tuple[SourceView, ...]:
    return list_busy(session, member_id=member_id(session, email), by=OPERATOR)


def busy(session: Session, email: str = UROLOGY) -> list[tuple[str, str]]:
    """When the facts say that the member cannot come, in the next days."""
    row = session.scalars(select(Member.id).where(Member.email == email)).one()
    found = busy_times(session, start=NOW, end=NOW + timedelta(days=30)).get(row, ())
    return [(f"{span.start:%m-%dT%H:%M}", f"{span.end:%m-%dT%H:%M}") for span in found]


def fetching(**changes: object) -> Setup:
    return a_setup(busy_hosts=(HOST,), **changes)


def add(
    session: Session, server: HttpsServer, content: bytes, *, email: str = UROLOGY, address: str = SECRET,
    by: Actor = OPERATOR, headers: dict[str, str] | None = None,
) -> BusyRead:  # fmt: skip
    server.answers[address.removeprefix(f"https://{HOST}").removeprefix(f"webcal://{HOST}")] = Answer(
        body=content, headers=headers or {}
    )
    return add_busy_address(
        session, fetching(), member_id=member_id(session, email), address=address, by=by, now=NOW,
        network=server.network(),
    )  # fmt: skip

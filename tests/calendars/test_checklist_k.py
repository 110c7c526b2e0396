"""Checklist K: free/busy objects, availability, CalDAV. Numbers as in the conformance checklist of calendars."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import vobject
from defusedxml.ElementTree import fromstring
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, OPERATOR, SURGEON, member_id
from tests.calendars.centre import *  # noqa: F403 - fixtures
from tests.calendars.centre import NOW
from tumorboard.domain.errors import BadInput
from tumorboard.domain.timeline import Interval
from tumorboard.formats.busy import read_busy
from tumorboard.formats.free_busy import FreeBusy, write_free_busy
from tumorboard.services.feeds import find_feed, read_feed, rotate_feed
from tumorboard.services.planning import propose
from tumorboard.services.publishing import cancel_meeting, publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.db import db
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Member

SEOUL = ZoneInfo("Asia/Seoul")
WINDOW = Interval(NOW - timedelta(days=30), NOW + timedelta(days=300))
NAMES = {"d": "DAV:", "c": "urn:ietf:params:xml:ns:caldav", "cs": "http://calendarserver.org/ns/"}


def publish(session: Session, setup: Setup, now: datetime = NOW) -> None:
    draft = propose(session, setup, board=BOARD, weeks=4, by=OPERATOR, now=now)
    publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=now)


def content_of(session: Session, setup: Setup, scope: str, email: str = SURGEON) -> bytes:
    token = rotate_feed(session, setup, scope=scope, subject=member_id(session, email), by=OPERATOR, now=NOW)
    return read_feed(session, find_feed(session, token=token))


def test_k1_free_busy_is_published_for_its_member(centre: Session, setup: Setup) -> None:
    publish(centre, setup)

    content = content_of(centre, setup, "free_busy").decode()

    lines = content.split("\r\n")
    row = centre.scalars(select(MeetingInvitation).join(Member).where(Member.email == SURGEON)).one()
    span = "/".join(f"{instant:%Y%m%dT%H%M%SZ}" for instant in (row.starts_at, row.ends_at))
    assert [line for line in lines if line.startswith("FREEBUSY")] == [f"FREEBUSY;FBTYPE=BUSY:{span}"]
    assert {
        "METHOD:PUBLISH",
        f"ORGANIZER:mailto:{SURGEON}",
        "DTSTART:20260801T000000Z",
        "DTEND:20280101T000000Z",
    } <= set(lines)
    assert [
        name for name in ("SUMMARY", "LOCATION", "DESCRIPTION", "ATTENDEE", "C-2", "Ovarian") if name in content
    ] == []


@pytest.mark.parametrize("email", [SURGEON, CORE["pathology"]])
def test_k1_free_busy_equals_the_feed_and_is_read_by_others(centre: Session, setup: Setup, email: str) -> None:
    publish(centre, setup)

    feed, published = content_of(centre, setup, "member", email), content_of(centre, setup, "free_busy", email)

    busy = [read_busy(content, window=WINDOW, zone=SEOUL).busy for content in (feed, published)]
    (period,) = vobject.readOne(published.decode()).vfreebusy.freebusy.value
    assert busy[0] == busy[1] == (Interval(*period),)


@pytest.mark.parametrize("how", ["declined", "cancelled"])
def test_k1_declined_and_cancelled_windows_leave_the_member_free(centre: Session, setup: Setup, how: str) -> None:
    publish(centre, setup)
    if how == "declined":
        centre.scalars(select(MeetingInvitation).join(Member).where(Member.email == SURGEON)).one().answer = "declined"
        centre.commit()
    else:
        meeting = centre.scalars(select(Meeting).where(Meeting.status == "published")).one()
        cancel_meeting(centre, setup, meeting_id=meeting.public_id, by=OPERATOR, now=NOW)

    contents = content_of(centre, setup, "member"), content_of(centre, setup, "free_busy")

    assert [read_busy(content, window=WINDOW, zone=SEOUL).busy for content in contents] == [(), ()]
    assert b"FREEBUSY;" not in contents[1]


def test_k1_periods_are_merged_and_cut_to_the_window() -> None:
    hour = timedelta(hours=1)
    begin = datetime(2026, 11, 24, tzinfo=SEOUL)
    spans = [(0, 2), (5, 6), (1, 3), (3, 4), (9, 12)]

    content = write_free_busy(
        FreeBusy(
            uid="a@x", stamp=NOW, window=Interval(begin + hour, begin + 10 * hour),
            busy=tuple(Interval(begin + first * hour, begin + last * hour) for first, last in spans),
        )
    )  # fmt: skip

    found = [line.partition(":")[2] for line in content.decode().split("\r\n") if line.startswith("FREEBUSY")]
    assert found == [
        "20261123T160000Z/20261123T190000Z",
        "20261123T200000Z/20261123T210000Z",
        "20261124T000000Z/20261124T010000Z",
    ]


def test_k1_address_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput):
        write_free_busy(
            FreeBusy(uid="a", stamp=NOW, window=WINDOW, busy=(), organizer_email="a@x.example\r\nATTENDEE:mailto:b@x")
        )


AVAILABILITY = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//x//y//EN\r
BEGIN:VAVAILABILITY\r
UID:hours@x\r
DTSTAMP:20261101T000000Z\r
BEGIN:AVAILABLE\r
UID:clinic@x\r
DTSTAMP:20261101T000000Z\r
SUMMARY:Clinic\r
DTSTART;TZID=Asia/Seoul:20261123T090000\r
DTEND;TZID=Asia/Seoul:20261123T120000\r
RRULE:FREQ=WEEKLY\r
END:AVAILABLE\r
END:VAVAILABILITY\r
BEGIN:VEVENT\r
UID:e@x\r
DTSTAMP:20261101T000000Z\r
DTSTART:20261124T000000Z\r
DTEND:20261124T010000Z\r
END:VEVENT\r
END:VCALENDAR\r
"""


def test_k2_clinic_hours_of_another_calendar_are_no_busy_times() -> None:
    """RFC 7953 is not offered: a centre's hours are its own settings. What others send is passed over unharmed."""
    found = read_busy(AVAILABILITY, window=WINDOW, zone=SEOUL)

    assert found.busy == (Interval(datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 24, 1, tzinfo=UTC)),)


@pytest.fixture
def headers(app: Flask) -> dict[str, str]:
    """The log-in of a calendar program of the urologist, who has one window."""
    now = datetime.now(UTC)
    with app.app_context():
        session, setup = db.session(), app.extensions["tumorboard"]
        publish(session, setup, now)
        token = rotate_feed(session, setup, scope="member", subject=member_id(session, SURGEON), by=OPERATOR, now=now)
    return {"Authorization": f"Basic {base64.b64encode(f'x:{token}'.encode()).decode()}", "Depth": "1"}


def test_k3_calendar_is_discovered_read_and_asked(client: FlaskClient, headers: dict[str, str]) -> None:
    begin = client.open("/.well-known/caldav", method="PROPFIND", headers=headers).headers["Location"]
    root = fromstring(client.open(begin, method="PROPFIND", headers=headers).data)
    home = root.findtext(".//c:calendar-home-set/d:href", "", NAMES)
    found = fromstring(client.open(home, method="PROPFIND", headers=headers).data)
    calendar = next(
        one.findtext("d:href", "", NAMES)
        for one in found
        if one.find(".//d:resourcetype/c:calendar", NAMES) is not None
    )

    listed = fromstring(client.open(calendar, method="PROPFIND", headers=headers).data)

    reports = {one.tag.rpartition("}")[2] for one in listed.findall(".//d:supported-report/d:report/*", NAMES)}
    assert reports == {"calendar-query", "calendar-multiget", "free-busy-query", "sync-collection"}
    assert listed.findtext(".//cs:getctag", "", NAMES)
    names = [href.text for href in listed.findall("d:response/d:href", NAMES)]
    objects = [client.get(name, headers=headers).data for name in names if name and name.endswith(".ics")]
    assert [content.count(b"BEGIN:VEVENT") for content in objects] == [1]


def test_k4_nothing_offers_to_send_invitations_a_second_time(client: FlaskClient, headers: dict[str, str]) -> None:
    options = client.open("/caldav/", method="OPTIONS")
    listed = client.open("/caldav/calendars/board/", method="PROPFIND", headers=headers).text
    principal = client.open("/caldav/principal/", method="PROPFIND", headers=headers).text

    assert "calendar-auto-schedule" not in options.headers["DAV"]
    assert [name for name in ("schedule-", "calendar-user-address-set") if name in listed + principal] == []
    assert "ATTENDEE" not in client.get("/caldav/calendars/board/", headers=headers).text

"""The pages of busy times: hand in a file, see what counts, and which meetings it touches."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.builders import BOARD, CORE, OPERATOR, SURGEON, member_id
from tests.formats.calendars import a_calendar, an_event
from tests.web.visitor import Visitor
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.store.calendars import BusySource
from tumorboard.store.db import db
from tumorboard.store.meetings import MeetingInvitation
from tumorboard.store.people import Member


def as_file(content: bytes) -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), "kim.ics"


def soon(hours: int = 24) -> str:
    at = datetime.now(UTC).replace(minute=0, second=0) + timedelta(hours=hours)
    return f"DTSTART:{at:%Y%m%dT%H%M%SZ}"


@pytest.fixture
def surgeon(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.log_in("surgeon@hospital.example")
    return visitor


@pytest.fixture
def mine(app: Flask) -> str:
    with app.app_context():
        return member_id(db.session(), SURGEON)


@pytest.fixture
def other(app: Flask) -> str:
    with app.app_context():
        return member_id(db.session(), CORE["pathology"])


def test_my_windows_lead_to_my_busy_times(surgeon: Visitor) -> None:
    page = surgeon.see("/mine")

    assert "No calendar yet" in page.text
    assert page.links["Busy times"] == "/mine/busy"


def test_calendar_is_handed_in_and_shown(surgeon: Visitor, mine: str) -> None:
    surgeon.see("/mine/busy")
    content = a_calendar(
        *an_event(soon(), "DURATION:PT1H"), *an_event(soon(48), "DURATION:PT1H", "STATUS:TENTATIVE", uid="e2"),
        *an_event(uid="e3"),
    )  # fmt: skip

    page = surgeon.send(f"/people/{mine}/busy/upload", file=as_file(content))

    assert (page.status, surgeon.address) == (200, "/mine/busy")
    for said in (
        "The calendar is read: 1 busy time.",
        "Handed in",
        "and 1 not sure",
        "Not sure",
        "An event has no start",
    ):
        assert said in page.text, said
    assert "canary-title" not in page.html
    assert "1 calendar is read." in surgeon.see("/mine").text


@pytest.mark.parametrize(
    ("language", "said"), [("en", "This is a web page, no calendar"), ("ko", "캘린더 파일이 아닙니다")]
)
def test_what_is_no_calendar_is_said_in_the_language(app: Flask, mine: str, language: str, said: str) -> None:
    visitor = Visitor(app, language=language)
    visitor.log_in("surgeon@hospital.example")
    visitor.see("/mine/busy")

    page = visitor.send(f"/people/{mine}/busy/upload", file=as_file(b"<html>"))

    assert (page.status, said in page.text) == (200, True)


def test_refused_file_leaves_the_one_before_and_says_so(surgeon: Visitor, mine: str) -> None:
    surgeon.see("/mine/busy")
    surgeon.send(f"/people/{mine}/busy/upload", file=as_file(a_calendar(*an_event(soon(), "DURATION:PT1H"))))

    page = surgeon.send(f"/people/{mine}/busy/upload", file=as_file(b"BEGIN:VCALENDAR\r\n"))

    assert "What was read before still counts." in page.text
    assert "The calendar was cut short" in page.text
    assert ("A later file was refused:" in page.text, "Failed:" in page.text) == (True, False)
    assert "One of them has a problem." not in surgeon.see("/mine").text


def test_form_without_a_file_says_so(surgeon: Visitor, mine: str) -> None:
    surgeon.see("/mine/busy")

    assert "Choose a file first" in surgeon.send(f"/people/{mine}/busy/upload").text


def test_touched_meeting_is_named(app: Flask, in_app: Flask) -> None:
    now, setup = datetime.now(UTC), app.extensions["tumorboard"]
    draft = propose(db.session(), setup, board=BOARD, weeks=4, by=OPERATOR, now=now)
    publish_draft(db.session(), setup, draft_id=draft.public_id, by=OPERATOR, now=now)
    query = select(MeetingInvitation).join(Member).where(Member.email == CORE["pathology"])
    row = db.session().scalars(query.order_by(MeetingInvitation.starts_at)).first()
    assert row is not None
    who, starts = row.member.public_id, f"DTSTART:{row.starts_at:%Y%m%dT%H%M%SZ}"
    visitor = Visitor(app)
    visitor.log_in("coordinator@hospital.example")
    visitor.see(f"/people/{who}/busy")

    page = visitor.send(f"/people/{who}/busy/upload", file=as_file(a_calendar(*an_event(starts, "DURATION:PT1H"))))

    assert "Busy at a meeting with an invitation: 20" in page.text
    assert visitor.address == f"/people/{who}/busy"


def test_source_is_removed(surgeon: Visitor, mine: str) -> None:
    surgeon.see("/mine/busy")
    page = surgeon.send(f"/people/{mine}/busy/upload", file=as_file(a_calendar()))

    page = surgeon.send(page.action("/remove"))

    assert "The calendar is forgotten" in page.text
    assert "No calendar yet" in page.text


def test_member_page_leads_a_coordinator_there_and_nobody_else(app: Flask, other: str) -> None:
    seen = {}
    for role in ("coordinator", "surgeon", "auditor"):
        visitor = Visitor(app)
        visitor.log_in(f"{role}@hospital.example")
        leads = f"/people/{other}/busy" in visitor.see(f"/people/{other}").html
        seen[role] = (leads, visitor.see(f"/people/{other}/busy").status)

    assert seen == {"coordinator": (True, 200), "surgeon": (False, 403), "auditor": (False, 403)}


def test_busy_times_of_others_and_of_nobody_are_refused_alike(surgeon: Visitor, other: str) -> None:
    pages = [surgeon.see(f"/people/{one}/busy") for one in (other, "a" * 16)]

    assert [page.status for page in pages] == [403, 403]
    assert pages[0].text == pages[1].text


def test_others_sources_are_not_found(app: Flask, surgeon: Visitor, other: str) -> None:
    coordinator = Visitor(app)
    coordinator.log_in("coordinator@hospital.example")
    coordinator.see(f"/people/{other}/busy")
    remove = coordinator.send(f"/people/{other}/busy/upload", file=as_file(a_calendar())).action("/remove")

    statuses = []
    for address in (remove, remove.replace("/remove", "/refresh"), f"/people/{other}/busy/upload"):
        surgeon.see("/mine/busy")
        statuses.append(surgeon.send(address, file=as_file(a_calendar())).status)

    assert statuses == [404, 404, 403]


def test_form_for_an_address_is_there_only_where_hosts_are_allowed(furnished_app: Callable[..., Flask]) -> None:
    shown = []
    for hosts in ("", "calendar.example,other.example"):
        visitor = Visitor(furnished_app(BUSY_HOSTS=hosts))
        visitor.log_in("surgeon@hospital.example")
        shown.append("Allowed: calendar.example, other.example." in visitor.see("/mine/busy").text)

    assert shown == [False, True]


def test_address_is_never_shown_whole(furnished_app: Callable[..., Flask]) -> None:
    app = furnished_app(BUSY_HOSTS="calendar.example")
    secret = "https://calendar.example/private-1a2b3c4d/basic.ics"
    with app.app_context():
        member = db.session.scalars(select(Member).where(Member.email == SURGEON)).one()
        now = datetime.now(UTC)
        db.session.add(
            BusySource(
                member_id=member.id, kind="url", address=secret, warnings={}, created_at=now, tried_at=now,
                problem="fetch-failed",
            )
        )  # fmt: skip
        db.session.commit()
    visitor = Visitor(app)
    visitor.log_in("surgeon@hospital.example")

    page = visitor.see("/mine/busy")

    assert ("private-1a2b3c4d" in page.html, "calendar.example/….ics" in page.text) == (False, True)
    assert "The host has a problem of its own." in page.text
    assert "Read it now" in page.text


def test_korean_page_has_korean_words(app: Flask, mine: str) -> None:
    visitor = Visitor(app, language="ko")
    visitor.log_in("surgeon@hospital.example")
    visitor.see("/mine/busy")

    page = visitor.send(f"/people/{mine}/busy/upload", file=as_file(a_calendar(*an_event(soon(), "DURATION:PT1H"))))

    assert ("캘린더를 읽었습니다" in page.text, "calendar is read" in page.text) == (True, False)


def test_page_takes_a_fixed_number_of_queries(app: Flask, surgeon: Visitor, count_queries: Callable[[], Any]) -> None:
    counts = []
    for number in range(1, 4):
        with app.app_context():
            member = db.session.scalars(select(Member.id).where(Member.email == SURGEON)).one()
            now, address = datetime.now(UTC), f"https://calendar.example/{number}"
            db.session.add(
                BusySource(member_id=member, kind="url", address=address, warnings={}, created_at=now, tried_at=now)
            )
            db.session.commit()
        with count_queries() as statements:
            surgeon.see("/mine/busy")
        counts.append(len(statements))

    assert counts[0] == counts[2]
    assert counts[2] <= 8

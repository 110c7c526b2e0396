"""Busy times over the API: hand in a calendar, look at the sources, remove them; only one's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from tests.builders import CORE, SURGEON, member_id
from tests.formats.calendars import a_calendar, an_event
from tests.web.conftest import Program
from tumorboard.services.access import Role
from tumorboard.store.db import db

CALENDAR = {"Content-Type": "text/calendar; charset=utf-8"}


def soon(hours: int = 24) -> str:
    at = datetime.now(UTC).replace(minute=0, second=0) + timedelta(hours=hours)
    return f"DTSTART:{at:%Y%m%dT%H%M%SZ}"


@pytest.fixture
def mine(app: Flask) -> str:
    with app.app_context():
        return member_id(db.session(), SURGEON)


@pytest.fixture
def other(app: Flask) -> str:
    with app.app_context():
        return member_id(db.session(), CORE["pathology"])


def test_calendar_is_handed_in_and_listed(surgeon: Program, mine: str) -> None:
    content = a_calendar(
        *an_event(soon(), "DURATION:PT1H"), *an_event(soon(30), "DURATION:PT1H", "STATUS:TENTATIVE", uid="e2"),
        *an_event(uid="e3"),
    )  # fmt: skip

    done = surgeon.post(f"/people/{mine}/busy", data=content, headers=CALENDAR)
    listed = surgeon.get(f"/people/{mine}/busy").get_json()

    said = done.get_json()
    assert (done.status_code, said["busy"], said["tentative"], said["meetings"]) == (200, 1, 1, [])
    assert said["warnings"] == [
        {"code": "no-start", "line": said["warnings"][0]["line"], "message": "An event has no start and is left out."}
    ]
    assert [(item["id"], item["kind"], item["place"], item["problem"]) for item in listed["items"]] == [
        (said["id"], "upload", "", None)
    ]
    assert [block["tentative"] for block in listed["next"]] == [False, True]
    assert "canary-title" not in str(listed)


def test_source_is_removed(surgeon: Program, mine: str) -> None:
    source = surgeon.post(f"/people/{mine}/busy", data=a_calendar(), headers=CALENDAR).get_json()["id"]

    assert surgeon.delete(f"/busy-sources/{source}").status_code == 204
    assert surgeon.get(f"/people/{mine}/busy").get_json()["total"] == 0
    assert surgeon.delete(f"/busy-sources/{source}").status_code == 404


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"<html>", "text/calendar", 422, "not-a-calendar"),
        (b"", "text/calendar", 422, "no-file"),
        (b"BEGIN:VCALENDAR", "text/plain", 415, "unsupported-media-type"),
        (b"{}", "application/json", 415, "unsupported-media-type"),
        (b"BEGIN:VCALENDAR\r\n" + bytes(20_000_001), "text/calendar", 413, "too-large"),
        (b"BEGIN:VCALENDAR\r\n" + bytes(22_000_000), "text/calendar", 413, "too-large"),
        (a_calendar(*an_event(soon(), "RRULE:FREQ=SECONDLY")), "text/calendar", 422, "recurrence-refused"),
    ],
)
def test_what_is_no_calendar_is_refused(
    surgeon: Program, mine: str, body: bytes, kind: str, status: int, code: str
) -> None:
    answer = surgeon.post(f"/people/{mine}/busy", data=body, headers={"Content-Type": kind})

    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_busy_times_of_others_are_not_shown_and_not_changed(surgeon: Program, coordinator: Program, other: str) -> None:
    source = coordinator.post(f"/people/{other}/busy", data=a_calendar(), headers=CALENDAR).get_json()["id"]

    answers = [
        surgeon.get(f"/people/{other}/busy"),
        surgeon.post(f"/people/{other}/busy", data=a_calendar(), headers=CALENDAR),
        surgeon.post(f"/people/{other}/busy/addresses", {"address": "https://x.example/a.ics"}),
        surgeon.post(f"/busy-sources/{source}/refresh"),
        surgeon.delete(f"/busy-sources/{source}"),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403, 404, 404]
    assert coordinator.get(f"/people/{other}/busy").get_json()["total"] == 1


def test_auditor_sees_no_busy_times(program: Callable[[Role], Program], other: str) -> None:
    assert program(Role.AUDITOR).get(f"/people/{other}/busy").status_code == 403


def test_addresses_are_off_by_default(surgeon: Program, mine: str) -> None:
    answer = surgeon.post(f"/people/{mine}/busy/addresses", {"address": "https://calendar.example/a.ics"})

    assert (answer.status_code, answer.get_json()["code"]) == (422, "address-off")


def test_address_of_a_host_that_is_not_allowed_is_refused(furnished_app: Callable[..., Flask]) -> None:
    app = furnished_app(BUSY_HOSTS="calendar.example")
    with app.app_context():
        mine = member_id(db.session(), SURGEON)
    surgeon = Program(app, Role.SURGEON)

    answer = surgeon.post(f"/people/{mine}/busy/addresses", {"address": "https://elsewhere.example/a.ics"})

    assert (answer.status_code, answer.get_json()["code"]) == (422, "address-not-allowed")
    assert answer.get_json()["errors"][0]["field"] == "address"

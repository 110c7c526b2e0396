"""The page behind the link of a letter: no log-in, GET changes nothing, one click of a mail program switches off."""

from __future__ import annotations

import logging
import re

import pytest
from flask import Flask
from sqlalchemy import select

from tests.builders import PHYSICIAN, SURGEON
from tests.web.visitor import Page, Visitor
from tumorboard.domain.preferences import MemberPreferences
from tumorboard.services.access import Role
from tumorboard.services.letter_tokens import write_letter_link
from tumorboard.services.preferences import preferences_of
from tumorboard.store.db import db
from tumorboard.store.people import Member

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
KEPT = {"agenda": "yes", "preparation": "yes", "changes": "yes", "reminders": "yes", "language": "en"}


def address_of(app: Flask, kind: str = "agenda", email: str = PHYSICIAN) -> str:
    with app.app_context():
        row = db.session().scalars(select(Member).where(Member.email == email)).one()
        link = write_letter_link(app.extensions["tumorboard"], row, kind)
    assert link is not None
    return re.sub("^https?://[^/]+", "", link)


def stored(app: Flask, email: str = PHYSICIAN) -> MemberPreferences:
    with app.app_context():
        return preferences_of(db.session().scalars(select(Member).where(Member.email == email)).one())


def member_id(app: Flask, email: str = PHYSICIAN) -> str:
    with app.app_context():
        return db.session().scalars(select(Member.public_id).where(Member.email == email)).one()


def ticked(page: Page) -> list[str]:
    return sorted(re.findall(r'type="checkbox"[^>]*name="(\w+)"[^>]*checked', page.html))


def test_stranger_with_the_letter_sees_her_form_and_nothing_has_changed(app: Flask) -> None:
    client, address = app.test_client(), address_of(app)

    statuses = [client.open(address, method=method).status_code for method in ("GET", "HEAD", "OPTIONS")]
    page = Visitor(app).see(address)

    assert statuses == [200, 200, 200]
    assert ("The agenda, the day before" in page.text, "Switch these letters off" in page.text) == (True, True)
    assert ticked(page) == ["agenda", "changes", "preparation", "reminders"]
    assert stored(app) == MemberPreferences()


def test_button_switches_this_kind_off_and_says_so(app: Flask) -> None:
    visitor, address = Visitor(app), address_of(app, "changes")
    visitor.see(address)

    page = visitor.send(address, **{"switch-off": "yes"})

    assert (page.status, visitor.address) == (200, address)
    assert ("These letters are switched off." in page.text, "Switch these letters off" in page.text) == (True, False)
    assert stored(app) == MemberPreferences(changes=False)


def test_form_keeps_everything_she_chooses(app: Flask) -> None:
    visitor, address = Visitor(app), address_of(app)
    visitor.see(address)

    page = visitor.send(address, agenda="yes", alarm_minutes="10", language="ko", time_zone="Asia/Tokyo")

    assert (page.status, ticked(page)) == (200, ["agenda"])
    assert stored(app) == MemberPreferences(alarm_minutes=10, preparation=False, changes=False, reminders=False)
    assert 'lang="ko"' in page.html


def test_refused_form_comes_back_as_it_was(app: Flask) -> None:
    visitor, address = Visitor(app), address_of(app)
    visitor.see(address)

    page = visitor.send(address, alarm_minutes="", language="en", time_zone="Mars")

    assert (page.status, "There is no such time zone" in page.text, ticked(page)) == (422, True, [])
    assert stored(app) == MemberPreferences()


def test_one_click_of_a_mail_program_needs_no_session_and_leads_nowhere(app: Flask) -> None:
    address = address_of(app, "reminders")

    answers = [app.test_client(use_cookies=False).post(address, data=ONE_CLICK) for _ in range(2)]

    assert [(answer.status_code, answer.headers.get("Location")) for answer in answers] == [(200, None), (200, None)]
    assert stored(app) == MemberPreferences(reminders=False)


def test_one_click_may_come_as_multipart(app: Flask) -> None:
    answer = app.test_client().post(address_of(app), data=ONE_CLICK, content_type="multipart/form-data")

    assert (answer.status_code, stored(app)) == (200, MemberPreferences(agenda=False))


@pytest.mark.parametrize("body", [{}, {"switch-off": "yes"}, {"agenda": "yes"}, {"List-Unsubscribe": "no"}])
def test_other_forms_need_the_token_of_the_session(app: Flask, body: dict[str, str]) -> None:
    answer = app.test_client().post(address_of(app), data=body)

    assert (answer.status_code, stored(app)) == (400, MemberPreferences())


def test_one_click_opens_no_other_page(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.log_in("physician@hospital.example")

    answer = visitor.client.post("/mine/preferences", data=ONE_CLICK)

    assert (answer.status_code, stored(app)) == (400, MemberPreferences())


@pytest.mark.parametrize("token", ["x", "WyJtZW1iZXIiXQ.AAAA", "%00", "a" * 400])
def test_wrong_link_opens_nothing(app: Flask, token: str) -> None:
    address = f"/letters/{token}"

    seen = Visitor(app).see(address)
    answer = app.test_client().post(address, data=ONE_CLICK)

    assert (seen.status, answer.status_code) == (404, 404)


def test_page_is_for_its_reader_only(app: Flask) -> None:
    response = app.test_client().get(address_of(app))

    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "strict-origin"
    assert SURGEON not in response.get_data(as_text=True)


def test_page_speaks_the_members_language(app: Flask) -> None:
    with app.app_context():
        db.session().scalars(select(Member).where(Member.email == PHYSICIAN)).one().language = "ko"
        db.session().commit()

    page = Page(app.test_client().get(address_of(app), headers={"Accept-Language": "en"}))

    assert ("이 메일 받지 않기" in page.text, "전날 안건" in page.text or "안건" in page.text) == (True, True)


@pytest.mark.parametrize("name", ["werkzeug", "gunicorn.access", "tumorboard"])
def test_token_is_in_no_log(app: Flask, caplog: pytest.LogCaptureFixture, name: str) -> None:
    address = address_of(app)

    with caplog.at_level(logging.INFO):
        app.test_client().post(address, data=ONE_CLICK)
        logging.getLogger(name).warning('"POST %s HTTP/1.1" 200', address)

    assert ("/letters/…" in caplog.text, address.rpartition("/")[2] in caplog.text) == (True, False)


def test_coordinator_chooses_for_a_member_without_a_log_in(app: Flask) -> None:
    coordinator, place = Visitor(app), f"/people/{member_id(app, SURGEON)}/preferences"
    coordinator.log_in("coordinator@hospital.example")
    before = coordinator.see(place)

    page = coordinator.send(place, agenda="yes", alarm_minutes="", language="en", time_zone="Asia/Seoul")

    assert (ticked(before), ticked(page)) == (["agenda", "changes", "preparation", "reminders"], ["agenda"])
    assert (page.status, coordinator.address, "Kept." in page.text) == (200, place, True)
    assert stored(app, SURGEON) == MemberPreferences(preparation=False, changes=False, reminders=False)


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.COORDINATOR, 200), (Role.CHAIR, 200), (Role.ADMINISTRATOR, 200), (Role.PHYSICIAN, 403),
        (Role.AUDITOR, 403),
    ],
)  # fmt: skip
def test_form_of_a_member_is_for_coordinators(app: Flask, role: Role, status: int) -> None:
    visitor = Visitor(app)
    visitor.log_in(f"{role}@hospital.example")

    assert visitor.see(f"/people/{member_id(app, SURGEON)}/preferences").status == status

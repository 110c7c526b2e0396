"""The page on which everybody chooses what she receives."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from tests.builders import PHYSICIAN
from tests.web.visitor import Page, Visitor
from tumorboard.domain.preferences import MemberPreferences
from tumorboard.services.access import Role
from tumorboard.services.preferences import ALARMS, preferences_of
from tumorboard.store.db import db
from tumorboard.store.people import Account, Member
from tumorboard.store.post import OutboxMessage

ADDRESS = "/mine/preferences"
ALL = {"agenda": "yes", "preparation": "yes", "changes": "yes", "reminders": "yes"}


def visitor(app: Flask, role: Role, language: str = "en") -> Visitor:
    found = Visitor(app, language)
    found.log_in(f"{role}@hospital.example")
    found.see(ADDRESS)
    return found


def stored(app: Flask) -> MemberPreferences:
    with app.app_context():
        return preferences_of(db.session().scalars(select(Member).where(Member.email == PHYSICIAN)).one())


def ticked(page: Page) -> list[str]:
    return sorted(re.findall(r'type="checkbox"[^>]*name="(\w+)"[^>]*checked', page.html))


def test_own_page_leads_there_and_shows_what_is_chosen(app: Flask) -> None:
    physician = visitor(app, Role.PHYSICIAN)

    page = physician.see(physician.see("/mine").links["Letters and alarm"])

    assert (page.status, physician.address, ticked(page)) == (200, ADDRESS, sorted(ALL))
    assert '<option value="" selected>no alarm</option>' in page.html
    assert 'value="Asia/Seoul"' in page.html


def test_choice_is_kept_and_said(app: Flask) -> None:
    physician = visitor(app, Role.PHYSICIAN)

    page = physician.send(
        ADDRESS, agenda="yes", alarm_minutes="30", whole_series="yes", language="ko", time_zone="Europe/Berlin"
    )

    assert ("Kept." in page.text, ticked(page)) == (True, ["agenda", "whole_series"])
    assert stored(app) == MemberPreferences(
        alarm_minutes=30, whole_series=True, agenda=True, preparation=False, changes=False, reminders=False
    )
    assert "Nothing was changed." in physician.send(
        ADDRESS, agenda="yes", alarm_minutes="30", whole_series="yes", language="ko", time_zone="Europe/Berlin"
    ).text  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [{"time_zone": "Mars"}, {"alarm_minutes": "99999"}, {"alarm_minutes": "x"}, {"language": "xx"}]
)
def test_refused_form_comes_back_as_it_was(app: Flask, wrong: dict[str, str]) -> None:
    physician = visitor(app, Role.PHYSICIAN)

    page = physician.send(ADDRESS, **{"alarm_minutes": "", "language": "en", "time_zone": "Asia/Tokyo", **wrong})

    said = "There is no such time zone" if "time_zone" in wrong else "This preference is wrong; choose one"
    assert (page.status, said in page.text) == (422, True)
    assert (ticked(page), wrong.get("time_zone", "Asia/Tokyo") in page.html) == ([], True)
    assert stored(app) == MemberPreferences()


def test_coordinator_chooses_the_morning_letter_only(app: Flask) -> None:
    coordinator = visitor(app, Role.COORDINATOR)

    page = coordinator.send(ADDRESS)

    assert ("Kept." in page.text, ticked(page), 'name="time_zone"' in page.html) == (True, [], False)
    with app.app_context():
        row = db.session().scalars(select(Account).where(Account.email == "coordinator@hospital.example")).one()
        assert row.preferences == {"morning": False}


def test_account_without_letters_is_told_so(app: Flask) -> None:
    page = visitor(app, Role.AUDITOR).see(ADDRESS)

    assert "Your account belongs to no member of a board and gets no letters." in page.text
    assert [action for action in page.actions if action == ADDRESS] == []


def test_stranger_of_a_letter_logs_in_and_comes_there(app: Flask) -> None:
    stranger = Visitor(app)
    stranger.see(ADDRESS)
    asked = stranger.address

    stranger.send("/log-in", email="physician@hospital.example", password="correct horse battery", next=ADDRESS)

    assert (asked, stranger.address) == (f"/log-in?next={ADDRESS}", ADDRESS)


def test_page_is_korean_for_koreans(app: Flask) -> None:
    page = visitor(app, Role.PHYSICIAN, "ko").see(ADDRESS)

    assert ("메일과 알림 설정" in page.text, "10분 전" in page.text, "1일 전" in page.text) == (True, True, True)
    assert page.html.count("<option value") >= len(ALARMS)


def test_form_without_its_token_is_refused(app: Flask) -> None:
    physician = visitor(app, Role.PHYSICIAN)
    physician.token = "forged"

    assert physician.send(ADDRESS).status == 400
    assert stored(app) == MemberPreferences()


def test_outbox_shows_letters_about_no_meeting(app: Flask) -> None:
    with app.app_context():
        session = db.session()
        template = {
            "recipient": "coordinator@hospital.example",
            "uid": "u",
            "sequence": 0,
            "method": "NOTE",
            "content": b"",
        }
        account = session.scalars(select(Account)).first()
        assert account is not None
        at = account.created_at
        session.add(OutboxMessage(dedupe_key="morning:x", message_id="<1@x>", subject="This morning: 2 things",
                                  due_at=at, created_at=at, **template))  # fmt: skip
        session.add(OutboxMessage(dedupe_key="changes:x", message_id="<2@x>", subject="Agenda changed", state="dead",
                                  last_error="550", due_at=at, created_at=at, **template))  # fmt: skip
        session.commit()

    page = visitor(app, Role.COORDINATOR).see("/outbox")

    assert (page.status, "This morning: 2 things" in page.text, "Agenda changed" in page.text) == (200, True, True)

"""The pages of calendar links: levels, words that are true, the link to one event."""

from __future__ import annotations

import re

import pytest
import vobject
from flask import Flask
from sqlalchemy import select

from tests.builders import BOARD, SURGEON
from tests.web.visitor import Page, Visitor
from tumorboard.store.db import db
from tumorboard.store.meetings import Meeting
from tumorboard.store.people import Member
from tumorboard.store.post import FeedToken


@pytest.fixture
def surgeon(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.log_in("surgeon@hospital.example")
    return visitor


@pytest.fixture
def coordinator(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.log_in("coordinator@hospital.example")
    return visitor


def subject_of(app: Flask) -> str:
    with app.app_context():
        return db.session.scalars(select(Member.public_id).where(Member.email == SURGEON)).one()


def make(visitor: Visitor, app: Flask, scope: str = "member", **fields: str) -> Page:
    visitor.see("/mine")
    return visitor.send("/calendar-links", scope=scope, subject=subject_of(app), **fields)


def test_page_offers_every_level_and_keeps_the_chosen_one(app: Flask, surgeon: Visitor) -> None:
    offered = re.findall(r'<option value="(\w+)"', surgeon.see("/mine").html.partition('name="detail"')[2])[:4]

    made = make(surgeon, app, detail="place")
    later = surgeon.see("/mine")

    assert offered == ["full", "place", "board", "busy"]
    assert "It shows: board, times, room and video call" in made.text
    assert '<option value="place" selected>' in later.html
    assert "No calendar has fetched it yet" in later.text


def test_level_is_changed_and_the_link_stays(app: Flask, surgeon: Visitor) -> None:
    made = make(surgeon, app, detail="full")
    link = re.search(r'value="http://[^/]+(/feeds/[\w-]+\.ics)"', made.html)[1]  # type: ignore[index]
    surgeon.see("/mine")

    kept = surgeon.send("/calendar-links/detail", scope="member", subject=subject_of(app), detail="busy", next="/mine")

    assert '<option value="busy" selected>' in kept.html
    assert "the link is the same" in kept.text
    assert app.test_client().get(link).status_code == 200


def test_page_of_the_new_link_has_no_switch_that_would_lose_it(app: Flask, surgeon: Visitor) -> None:
    assert ('class="languages"' in surgeon.see("/mine").html, 'class="languages"' in make(surgeon, app).html) == (
        True, False,
    )  # fmt: skip


@pytest.mark.parametrize("language", ["en", "ko"])
def test_page_tells_each_program_how(app: Flask, language: str) -> None:
    visitor = Visitor(app, language=language)
    visitor.log_in("surgeon@hospital.example")

    text = make(visitor, app).text

    names = ("iPhone", "Google", "Android", "Outlook", "Thunderbird", "CalDAV", "DAVx⁵")
    assert [name for name in names if name not in text] == []
    assert ("구독" in text) is (language == "ko")


def test_free_busy_link_is_for_other_systems(app: Flask, surgeon: Visitor) -> None:
    made = make(surgeon, app, scope="free_busy")

    link = re.search(r'value="http://[^/]+(/feeds/[\w-]+\.ics)"', made.html)[1]  # type: ignore[index]
    assert b"BEGIN:VFREEBUSY" in app.test_client().get(link).data
    assert "qr-frame" not in made.html
    assert "ends with …" in surgeon.see("/mine").text


def test_level_that_does_not_exist_is_refused_in_words(app: Flask, surgeon: Visitor) -> None:
    page = make(surgeon, app, detail="names")

    assert "A member feed shows one of: full, place, board, busy" in page.text, page.text
    with app.app_context():
        assert db.session.scalars(select(FeedToken)).all() == []


def test_coordinator_makes_a_link_to_deadlines_on_the_page_of_the_board(app: Flask, coordinator: Visitor) -> None:
    coordinator.see(f"/boards/{BOARD}")

    made = coordinator.send("/calendar-links", scope="deadlines", subject=BOARD, next=f"/boards/{BOARD}")

    link = re.search(r'value="http://[^/]+(/feeds/[\w-]+\.ics)"', made.html)[1]  # type: ignore[index]
    assert b"SUMMARY" in app.test_client().get(link).data
    assert "ends with" in coordinator.see(f"/boards/{BOARD}").text


def test_invited_member_takes_her_part_from_the_page_of_the_meeting(
    app: Flask, surgeon: Visitor, coordinator: Visitor
) -> None:
    page = coordinator.propose(BOARD, weeks="4")
    coordinator.send(page.action("/publish"))
    with app.app_context():
        meeting = db.session.scalars(select(Meeting.public_id).where(Meeting.status == "published")).one()
    address = f"/meetings/{meeting}/event.ics"

    seen = [address in visitor.see(f"/meetings/{meeting}").html for visitor in (surgeon, coordinator)]
    file = surgeon.client.get(address)

    assert seen == [True, False]
    assert file.headers["Content-Disposition"] == "attachment; filename=meeting.ics"
    assert file.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert len(vobject.readOne(file.get_data(as_text=True)).vevent_list) == 1
    assert coordinator.client.get(address).status_code == 404
    assert app.test_client().get(address).status_code == 303


def test_member_answers_or_sends_somebody_else_from_her_own_page(
    app: Flask, surgeon: Visitor, coordinator: Visitor
) -> None:
    page = coordinator.propose(BOARD, weeks="4")
    coordinator.send(page.action("/publish"))
    before = surgeon.see("/mine")

    after = surgeon.send(before.action("/answer"), answer="accepted", comment="", next="/mine")
    refused = surgeon.send(before.action("/answer").replace("/answer", "/delegate"), deputy="nobody", next="/mine")

    assert [f'value="{word}"' in before.html for word in ("accepted", "tentative", "declined")] == [True] * 3
    assert ("1 invitation waits" in before.text, "1 invitation waits" in after.text) == (True, False)
    assert 'value="accepted" aria-pressed="true"' in after.html
    assert "Choose one of those who could come for you" in refused.text

"""The coordinator's list of open needs: why, who could come, and one click that asks."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests.builders import OPERATOR, member_id
from tests.clinic import ANESTHESIA, SECOND, a_clinic_centre, a_pregnancy
from tests.stand_ins import PATHOLOGY, UROLOGY, UROLOGY_DEPUTY, UROLOGY_SECOND, answer, coming
from tests.web.conftest import Program
from tests.web.needs import decline_urology
from tests.web.visitor import a_visitor
from tumorboard.domain.substitutes import REJECTIONS, Place
from tumorboard.services.access import Role
from tumorboard.services.centre import load_centre
from tumorboard.services.need_facts import WHYS
from tumorboard.services.urgent import call_urgent
from tumorboard.store.db import db
from tumorboard.store.people import Member
from tumorboard.store.post import AuditEvent
from tumorboard.words import Words
from tumorboard.words import substitutes as said

ADDRESS = "/open-needs"


def test_nothing_is_open_on_a_quiet_centre(app: Flask) -> None:
    page = a_visitor(app).see(ADDRESS)

    assert "Every published meeting has the people it needs." in page.text
    assert page.links["Open needs"] == ADDRESS


def test_need_stands_with_its_reason_and_who_could_come(app: Flask) -> None:
    meeting = decline_urology(app)

    page = a_visitor(app).see(ADDRESS)

    assert "Urology" in page.text
    assert "Jung declined · C-2" in page.text
    names = re.findall(r"<span>(\w+) <span class=\"small quiet\">([^<]+)</span>", page.html)
    assert names == [("Baek", "deputy"), ("Moon", "holds this seat too"), ("Ahn", "same specialty")]
    assert f'href="/meetings/{meeting}"' in page.html


def test_menu_counts_what_is_open(app: Flask) -> None:
    decline_urology(app)

    assert a_visitor(app).see("/cases").links["1"] == ADDRESS


def test_one_click_asks_and_the_need_is_gone(app: Flask) -> None:
    meeting = decline_urology(app)
    visitor = a_visitor(app)
    page = visitor.see(ADDRESS)

    page = visitor.send(page.action("/substitutes"), member=_id(app, UROLOGY), instead=_id(app, UROLOGY_DEPUTY))

    assert (visitor.address, "Baek is asked; the invitation leaves now." in page.text) == (ADDRESS, True)
    assert "Every published meeting has the people it needs." in page.text
    assert page.links["Open needs"] == ADDRESS
    with app.app_context():
        there = coming(db.session())
        event = db.session().scalars(select(AuditEvent).where(AuditEvent.action == "substitute:asked")).one()
        assert (UROLOGY in there, there[UROLOGY_DEPUTY]) == (False, ("needs-action", "urology"))
        assert (event.actor, event.subject_id) == ("coordinator@hospital.example", meeting)


def _id(app: Flask, email: str) -> str:

    with app.app_context():
        return member_id(db.session(), email)


def test_second_click_says_that_it_is_done_already(app: Flask) -> None:
    decline_urology(app)
    visitor = a_visitor(app)
    address = visitor.see(ADDRESS).action("/substitutes")
    visitor.send(address, member=_id(app, UROLOGY), instead=_id(app, UROLOGY_DEPUTY))

    page = visitor.send(address, member=_id(app, UROLOGY), instead=_id(app, UROLOGY_SECOND))

    assert "member is not asked to come to this meeting" in page.text.lower()


def test_core_seat_is_named_as_one_of_the_quorum(app: Flask) -> None:
    decline_urology(app, PATHOLOGY)

    page = a_visitor(app).see(ADDRESS)

    assert "Choi declined · C-2, C-1 · seat of the quorum" in page.text or "C-1, C-2 · seat of the quorum" in page.text
    assert "Shin" in page.text


def test_urgent_call_leads_to_another_moment(app: Flask) -> None:
    with app.app_context():
        session, setup, now = db.session(), app.extensions["tumorboard"], datetime.now(UTC)
        load_centre(session, setup, a_clinic_centre(), filename="centre.toml", by=OPERATOR, now=now)
        case = a_pregnancy(session, setup, now=now)
        call_urgent(session, setup, case_id=case, at=now + timedelta(minutes=60), by=OPERATOR, now=now)
        for email in (ANESTHESIA, SECOND):
            answer(session, setup, email, "declined", now=now)
        db.session.remove()

    page = a_visitor(app).see(ADDRESS)

    assert "nobody free is left to ask" in page.text
    assert page.links["Choose another moment"] == f"/cases/{case}/urgent"
    assert page.links["Open needs"] == page.links["1"] == ADDRESS


def test_meeting_page_leads_to_the_open_needs(app: Flask) -> None:
    meeting = decline_urology(app)

    page = a_visitor(app).see(f"/meetings/{meeting}")

    assert page.links["Whom to ask instead"] == ADDRESS


@pytest.mark.parametrize("role", [Role.PHYSICIAN, Role.SURGEON, Role.AUDITOR, Role.ADMINISTRATOR])
def test_open_needs_are_for_who_plans(app: Flask, role: Role) -> None:
    meeting = decline_urology(app)
    visitor = a_visitor(app, role)
    home = visitor.see("/people")

    assert visitor.see(ADDRESS).status == 403
    assert visitor.send(f"/meetings/{meeting}/substitutes", member="", instead="x").status == 403
    assert ADDRESS not in home.html


@pytest.mark.parametrize("language", ["ko", "en"])
def test_page_has_one_language(app: Flask, language: str) -> None:
    decline_urology(app)

    page = a_visitor(app, language=language).see(ADDRESS)

    if language == "ko":
        assert "비어 있는 자리" in page.text
        assert [text for text in page.words if re.search(r"\b[a-z]{3,} [a-z]{2,} [a-z]{2,}\b", text)] == []
    else:
        assert [text for text in page.words if re.search("[가-힣]", text.replace("한국어", ""))] == []


def test_every_code_has_words_in_both_languages() -> None:
    assert sorted(said.WHYS) == sorted(WHYS)
    assert sorted(said.REJECTIONS) == sorted(REJECTIONS)
    assert sorted(said.PLACES) == sorted(Place)
    korean = Words("ko")
    texts = [*said.WHYS.values(), *said.REJECTIONS.values(), *said.PLACES.values()]
    assert [text for text in texts if not re.search("[가-힣]", korean.gettext(text))] == []


def come_back(app: Flask, email: str) -> str:
    """Letters to a member come back; her public id."""
    with app.app_context():
        session = db.session()
        row = session.scalars(select(Member).where(Member.email == email)).one()
        row.bounced_at, found = datetime(2026, 11, 22, tzinfo=UTC), row.public_id
        session.commit()
        db.session.remove()
    return found


@pytest.mark.parametrize("language", ["ko", "en"])
def test_address_that_fails_stands_there_and_is_mended_by_one_click(app: Flask, language: str) -> None:
    decline_urology(app)
    who = come_back(app, PATHOLOGY)
    visitor = a_visitor(app, language=language)

    page = visitor.see(ADDRESS)
    mended = visitor.send(f"/people/{who}/address-works")

    assert (PATHOLOGY in page.text, PATHOLOGY in mended.text) == (True, False)
    if language == "en":
        assert "letters to Choi come back; correct the address, or phone" in page.text
        assert "Noted. 1 letter leaves again." in mended.text
    else:
        assert [text for text in page.words if re.search(r"\b[a-z]{3,} [a-z]{2,} [a-z]{2,}\b", text)] == []


def test_address_is_corrected_on_the_page(app: Flask) -> None:
    decline_urology(app)
    who = come_back(app, PATHOLOGY)
    visitor = a_visitor(app)

    refused = visitor.send(f"/people/{who}/address", email="nobody")
    mended = visitor.send(f"/people/{who}/address", email="choi.right@hospital.example")

    assert (PATHOLOGY in refused.text, PATHOLOGY in mended.text) == (True, False)
    with app.app_context():
        (row,) = db.session.scalars(select(Member).where(Member.public_id == who))
        assert (row.email, row.bounced_at) == ("choi.right@hospital.example", None)
        db.session.remove()


def test_addresses_over_the_api(app: Flask) -> None:
    decline_urology(app)
    who, other = come_back(app, PATHOLOGY), come_back(app, UROLOGY_DEPUTY)
    coordinator, surgeon = Program(app, Role.COORDINATOR), Program(app, Role.SURGEON)

    listed = coordinator.get("/unreached").get_json()
    needs = coordinator.get("/open-needs").get_json()["items"]
    mended = coordinator.post(f"/people/{who}/address-works", {})
    corrected = coordinator.post(f"/people/{other}/address", {"email": "baek.right@hospital.example"})

    assert [row["id"] for row in listed["items"]] == [who, other]
    assert {one["member"] for need in needs for one in need["substitutes"] if not one["reached"]} == {other}
    assert sorted({need["why"] for need in needs}) == ["bounced", "declined"]
    assert (mended.get_json(), corrected.get_json()) == ({"letters": 1}, {"letters": 0})
    assert coordinator.post(f"/people/{other}/address", {"email": PATHOLOGY}).status_code == 409
    assert surgeon.get("/unreached").status_code == 403
    assert surgeon.post(f"/people/{who}/address-works", {}).status_code == 403
    assert surgeon.post(f"/people/{who}/address", {"email": "x@y.example"}).status_code == 403

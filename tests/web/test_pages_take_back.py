"""A member sends a deputy, and comes herself after all: on her page, by the undo, and over the API."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from tests.stand_ins import UROLOGY, UROLOGY_OTHER, answer, coming, invitation
from tests.web.conftest import Program
from tests.web.needs import id_of
from tests.web.test_pages_availability import published
from tests.web.visitor import Page, Visitor, a_visitor
from tumorboard.services.access import Role
from tumorboard.store.db import db
from tumorboard.store.meetings import Meeting

__all__ = ["published"]


def a_surgeon(app: Flask, language: str = "en") -> Visitor:
    visitor = Visitor(app, language)
    visitor.log_in("surgeon@hospital.example")
    return visitor


def send_deputy(app: Flask, visitor: Visitor, back: str = "/mine") -> Page:
    visitor.see("/mine")
    return visitor.send(f"/invitations/{mine(app)}/delegate", deputy=id_of(app, UROLOGY_OTHER), next=back)


def mine(app: Flask, email: str = UROLOGY) -> str:
    with app.app_context():
        return invitation(db.session(), email).public_id


def answers(app: Flask) -> tuple[str, bool]:
    """What the urologist said, and whether her deputy is invited."""
    with app.app_context():
        said = coming(db.session())
    return said[UROLOGY][0], UROLOGY_OTHER in said


@pytest.mark.parametrize(("language", "word"), [("en", "I come myself"), ("ko", "직접 참석하겠습니다")])
def test_page_has_a_button_while_a_deputy_comes(app: Flask, published: Meeting, language: str, word: str) -> None:
    visitor = a_surgeon(app, language)
    before = visitor.see("/mine").text

    sent = send_deputy(app, visitor)
    pages = [sent, visitor.see(f"/meetings/{published.public_id}")]
    back = visitor.send(sent.action("/take-back"), next="/mine")

    assert [word in page.text for page in pages] == [True, True]
    assert (word in before, word in back.text, back.status) == (False, False, 200)
    assert answers(app) == ("accepted", False)


def test_page_tells_a_deputy_who_is_asked_from_one_who_comes_and_one_who_cannot(app: Flask, published: Meeting) -> None:
    visitor = a_surgeon(app)
    asked = send_deputy(app, visitor).text
    pages = []
    for word in ("accepted", "declined"):
        with app.app_context():
            answer(db.session(), app.extensions["tumorboard"], UROLOGY_OTHER, word, now=datetime.now(UTC))
        pages.append(visitor.see("/mine"))
    name = "is asked to come in your place and has not answered yet"
    said = [name in asked, "comes in your place." in pages[0].text, "Do you come yourself?" in pages[1].text]

    accepted = visitor.send(pages[1].action(f"/invitations/{mine(app)}/answer"), answer="accepted", next="/mine")

    assert said == [True, True, True]
    assert "1 invitation waits for your answer" in pages[1].text
    assert accepted.status == 200
    assert answers(app) == ("accepted", False)


def test_sent_deputy_is_taken_back_by_one_key(app: Flask, published: Meeting) -> None:
    sent = send_deputy(app, a_surgeon(app))

    flash = sent.html.partition("is invited in your place; both of you get a letter.")[2].partition("</div>")[0]

    assert f'action="/invitations/{mine(app)}/take-back"' in flash
    assert 'data-key="z"' in flash


def test_page_says_what_was_done_and_refuses_what_is_done_already(app: Flask, published: Meeting) -> None:
    visitor = a_surgeon(app)
    address = send_deputy(app, visitor).action("/take-back")

    pages = [visitor.send(address, next="/mine") for _ in range(2)]

    assert "You come yourself: your answer is noted as accepted" in pages[0].text
    assert "Nobody comes instead" in pages[1].text
    assert answers(app) == ("accepted", False)


def test_timeline_of_the_board_names_both(app: Flask, published: Meeting) -> None:
    visitor = a_surgeon(app)
    visitor.send(send_deputy(app, visitor).action("/take-back"), next="/mine")
    with app.app_context():
        names = [invitation(db.session(), email).member.name for email in (UROLOGY, UROLOGY_OTHER)]
        board = invitation(db.session(), UROLOGY).meeting.board.key

    said = {language: a_visitor(app, language=language).see(f"/boards/{board}").html for language in ("en", "ko")}

    assert ("comes again, not" in said["en"], "comes in the place of" in said["en"]) == (True, True)
    assert "본인이 다시 참석" in said["ko"]
    assert [name in said["en"] for name in names] == [True, True]
    assert f'href="/meetings/{published.public_id}"' in said["en"]


def test_program_comes_back_for_its_member(app: Flask, published: Meeting) -> None:
    surgeon, path = Program(app, Role.SURGEON), f"/invitations/{mine(app)}"
    listed, wanted = surgeon.get("/my-parts").get_json()["items"][0]["deputies"], id_of(app, UROLOGY_OTHER)
    (offered,) = [each for each in listed if each["id"] == wanted]
    surgeon.post(f"{path}/delegate", {"deputy": offered["id"]})

    tries = [surgeon.post(f"{path}/take-back") for _ in range(2)]

    assert [(one.status_code, one.get_json().get("code")) for one in tries] == [(200, None), (409, "not-delegated")]
    assert tries[0].get_json() == {"deputy": offered}
    assert answers(app) == ("accepted", False)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.COORDINATOR])
def test_nobody_else_takes_her_part_back(app: Flask, published: Meeting, role: Role) -> None:
    send_deputy(app, a_surgeon(app))

    refused = Program(app, role).post(f"/invitations/{mine(app)}/take-back")

    assert (refused.status_code, answers(app)) == (403, ("delegated", True))

"""The first start in the browser: only with the code, only once, to be left and taken up again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask

from tests.builders import PASSWORD, a_case_csv, an_app
from tests.web.visitor import Page, Visitor
from tumorboard.services.first_start import make_setup_code
from tumorboard.store.db import db
from tumorboard.web.auth import limiter


@pytest.fixture
def empty_app(sqlite_url: str, tmp_path: Path) -> Iterator[Flask]:
    app = an_app(sqlite_url, tmp_path)
    was, limiter.enabled = limiter.enabled, False
    yield app
    limiter.enabled = was
    with app.app_context():
        db.engine.dispose()


def code_of(app: Flask) -> str:
    return make_setup_code(app.extensions["tumorboard"], now=datetime.now(UTC))


def enter(app: Flask, language: str = "en") -> Visitor:
    """Somebody who has typed in the code."""
    visitor = Visitor(app, language=language)
    visitor.see("/")
    visitor.send("/setup/code", code=code_of(app))
    return visitor


def begin(visitor: Visitor, **changes: str) -> Page:
    given = {"name_ko": "한강센터", "name_en": "", "name": "김", "email": "kim@h.example", "password": PASSWORD,
             "again": PASSWORD, "is_coordinator": "yes"}  # fmt: skip
    return visitor.send("/setup", **{**given, **changes})


def staff(visitor: Visitor) -> Page:
    program = visitor.client.application.extensions["tumorboard"].program("ovarian")
    keys = [seat.specialty for seat in program.seats]
    names = {f"name-{key}": key for key in keys}
    return visitor.send(
        "/setup/people", program="ovarian", **names, **{f"email-{key}": f"{key}@h.example" for key in keys}
    )


def open_board(visitor: Visitor, **changes: str) -> Page:
    given = {"program": "ovarian", "name_ko": "난소암", "name_en": "Ovarian", "room_name": "A", "room_capacity": "20",
             "weekday": "1", "local_time": "07:30", "minutes": "90"}  # fmt: skip
    return visitor.send("/setup/board", **{**given, **changes})


@pytest.mark.parametrize("place", ["/", "/log-in", "/setup", "/cases"])
def test_fresh_installation_asks_for_the_code_wherever_one_comes(empty_app: Flask, place: str) -> None:
    visitor = Visitor(empty_app)

    page = visitor.see(place)

    assert (visitor.address, "flask --app wsgi setup-code" in page.text) == ("/setup", True)


def test_wrong_code_is_said_at_the_field_and_opens_nothing(empty_app: Flask) -> None:
    visitor = Visitor(empty_app)
    visitor.see("/")

    page = visitor.send("/setup/code", code="AAAA-BBBB")
    without = begin(visitor)

    assert (page.status, 'aria-invalid="true"' in page.html, "make a new one" in page.text) == (422, True, True)
    assert (without.status, "Nobody can log in here yet." in without.text) == (422, True)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_four_steps_end_on_the_worklist(empty_app: Flask, language: str) -> None:
    visitor = enter(empty_app, language)
    begin(visitor)
    places = [visitor.address]
    staff(visitor)
    places.append(visitor.address)
    open_board(visitor)
    places.append(visitor.address)
    visitor.send(
        "/cases/import", program="ovarian", file=(BytesIO(a_case_csv(on=datetime.now(UTC).date())), "list.csv")
    )
    upload = visitor.address
    visitor.send(upload)
    worklist = visitor.see("/")

    assert places == ["/setup/people", "/setup/board?program=ovarian", "/setup/import"]
    assert (visitor.address, "C-1" in worklist.text) == ("/cases", True)


def test_steps_are_left_and_taken_up_again(empty_app: Flask) -> None:
    begin(enter(empty_app))
    visitor = Visitor(empty_app)

    visitor.log_in("kim@h.example")
    first = visitor.address
    away = visitor.see("/centre")
    staff(visitor)
    visitor.see("/")

    assert (first, away.status, visitor.address) == ("/setup/people", 200, "/setup/board")


def test_code_is_worthless_afterwards(empty_app: Flask) -> None:
    late = enter(empty_app)
    begin(enter(empty_app))

    refused = begin(late, email="other@h.example")
    visitor = Visitor(empty_app)
    visitor.see("/")
    code = visitor.send("/setup/code", code=code_of(empty_app))

    assert (refused.status, visitor.address, code.status) == (403, "/setup/code", 403)


def test_first_step_keeps_what_was_typed_but_no_password(empty_app: Flask) -> None:
    page = begin(enter(empty_app), again="another one")

    assert (page.status, "The two passwords differ" in page.text, PASSWORD in page.html) == (422, True, False)
    assert ('value="한강센터"' in page.html, 'value="kim@h.example"' in page.html) == (True, True)


def test_coordinators_link_is_shown_once(empty_app: Flask) -> None:
    visitor = enter(empty_app)
    given = {"coordinator_name": "이", "coordinator_email": "lee@h.example"}
    body = {"csrf_token": visitor.token, "name_ko": "센터", "name_en": "", "name": "김", "email": "kim@h.example",
            "password": PASSWORD, "again": PASSWORD, **given}  # fmt: skip

    page = Page(visitor.client.post("/setup", data=body))

    assert (page.status, "/password/" in page.html) == (200, True)
    assert "/password/" not in visitor.see("/setup").html


def test_bad_line_of_step_two_is_marked(empty_app: Flask) -> None:
    visitor = enter(empty_app)
    begin(visitor)

    page = visitor.send("/setup/people", program="ovarian", **{"name-urology": "박", "email-urology": "park"})
    nobody = visitor.send("/setup/people", program="ovarian")

    assert (page.status, 'value="park"' in page.html, page.html.count('aria-invalid="true"')) == (422, True, 1)
    assert (nobody.status, "Name at least one member" in nobody.text) == (422, True)


def test_set_up_installation_needs_a_log_in_for_the_steps(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.see("/setup")
    stranger = visitor.address
    visitor.log_in("surgeon@hospital.example")

    places = ("/setup", "/setup/people", "/setup/board", "/setup/import")
    assert (stranger, {visitor.see(place).status for place in places}) == ("/log-in?next=/setup", {403})


def test_step_two_asks_for_the_certificates_and_step_four_knows_the_coordinator(empty_app: Flask) -> None:
    visitor = enter(empty_app)
    given = {"coordinator_name": "이", "coordinator_email": "lee@h.example", "name_ko": "센터", "name_en": "",
             "name": "김", "email": "kim@h.example", "password": PASSWORD, "again": PASSWORD}  # fmt: skip
    visitor.client.post("/setup", data={**given, "csrf_token": visitor.token})
    asked = visitor.see("/setup/people")
    staff(visitor)
    open_board(visitor)
    last = visitor.see("/setup/import")
    centre = visitor.see("/centre")

    assert "certified to give chemotherapy" in asked.text
    assert ("Who has a log-in for it: 이" in last.text, "Make a log-in" in last.text) == (True, False)
    assert "Medical oncology (certified to give chemotherapy): enter it at the members." in centre.text
    assert "import the first list. Who can do this: Coordinator, Chair" in centre.text
    assert "/cases/import" not in centre.html
    assert {visitor.see(address).status for address in centre.links.values() if address.startswith("/centre")} == {200}

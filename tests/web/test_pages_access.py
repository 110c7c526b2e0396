"""Who sees which page, in which language, and what an error looks like."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from tests.builders import BOARD
from tests.web.visitor import Visitor
from tumorboard.services.access import Role

PLACES = (
    "/cases", f"/boards/{BOARD}", "/people", "/mine", "/rules", "/outbox", "/cases/new", "/cases/import", "/reports",
    "/exports",
)  # fmt: skip
SEEN = {
    Role.ADMINISTRATOR: {f"/boards/{BOARD}", "/people", "/mine", "/rules", "/outbox", "/reports"},
    Role.COORDINATOR: set(PLACES),
    Role.CHAIR: set(PLACES),
    Role.PHYSICIAN: {"/cases", f"/boards/{BOARD}", "/people", "/mine", "/rules", "/reports"},
    Role.SURGEON: {f"/boards/{BOARD}", "/people", "/mine", "/rules"},
    Role.AUDITOR: {f"/boards/{BOARD}", "/people", "/mine", "/rules", "/outbox", "/reports"},
}
HOMES = {
    Role.ADMINISTRATOR: "/centre",
    Role.COORDINATOR: "/cases",
    Role.CHAIR: "/cases",
    Role.PHYSICIAN: "/mine",
    Role.SURGEON: "/mine",
    Role.AUDITOR: f"/boards/{BOARD}",
}


@pytest.mark.parametrize("role", list(Role))
def test_log_in_leads_to_the_place_of_the_role(app: Flask, role: Role) -> None:
    visitor = Visitor(app)

    page = visitor.log_in(f"{role}@hospital.example")

    assert (page.status, visitor.address) == (200, HOMES[role])


@pytest.mark.parametrize("role", list(Role))
def test_pages_open_for_the_roles_that_may_see_them(app: Flask, role: Role) -> None:
    visitor = Visitor(app)
    visitor.log_in(f"{role}@hospital.example")

    seen = {place for place in PLACES if visitor.see(place).status == 200}

    assert seen == SEEN[role]


@pytest.mark.parametrize("role", list(Role))
def test_menu_leads_nowhere_forbidden(app: Flask, role: Role) -> None:
    visitor = Visitor(app)
    home = visitor.log_in(f"{role}@hospital.example")

    menu = re.findall(r'href="([^"]+)"', re.search(r'<nav class="menu".*?</nav>', home.html, re.DOTALL)[0])  # type: ignore[index]

    assert {address: visitor.see(address).status for address in menu} == dict.fromkeys(menu, 200)


def test_stranger_logs_in_and_comes_back(app: Flask) -> None:
    visitor = Visitor(app)

    visitor.see("/rules")
    asked = visitor.address
    visitor.send("/log-in", email="auditor@hospital.example", password="correct horse battery", next="/rules")

    assert (asked, visitor.address) == ("/log-in?next=/rules", "/rules")


def test_wrong_password_says_so_and_keeps_the_address(app: Flask) -> None:
    visitor = Visitor(app)

    page = visitor.log_in("auditor@hospital.example", "wrong wrong wrong")

    assert page.status == 401
    assert "The e-mail address or the password is wrong" in page.text
    assert 'value="auditor@hospital.example"' in page.html


def test_log_in_leads_to_no_other_site(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.see("/log-in?next=//evil.example/")

    visitor.send("/log-in", email="auditor@hospital.example", password="correct horse battery", next="//evil.example/")

    assert visitor.address == f"/boards/{BOARD}"


@pytest.mark.parametrize(
    ("role", "shows"), [(Role.COORDINATOR, True), (Role.ADMINISTRATOR, True), (Role.SURGEON, False)]
)
def test_help_leads_whoever_runs_the_meetings_to_the_openapi_file(app: Flask, role: Role, shows: bool) -> None:
    visitor = Visitor(app)
    visitor.log_in(f"{role}@hospital.example")

    page = visitor.see("/help")

    assert ('href="/api/v1/openapi.json"' in page.html, visitor.see("/api/v1/openapi.json").status) == (shows, 200)


def test_paper_names_the_page_without_any_script(app: Flask) -> None:
    """Chromium repeats this line at the top of every printed page."""
    visitor = Visitor(app)
    visitor.log_in("coordinator@hospital.example")

    page = visitor.see(f"/boards/{BOARD}")

    title = re.search("<title>(.*?)</title>", page.html)[1]  # type: ignore[index]
    assert f'<p class="print-only paper-head" aria-hidden="true">{title}</p>' in page.html


def test_log_out_ends_the_session(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.log_in("auditor@hospital.example")

    visitor.send("/log-out")
    visitor.see("/rules")

    assert visitor.address == "/log-in?next=/rules"


def test_log_out_ends_this_device_and_everywhere_the_others_too(app: Flask) -> None:
    here, elsewhere = Visitor(app), Visitor(app)
    for visitor in (here, elsewhere):
        visitor.log_in("auditor@hospital.example")

    here.send("/log-out")
    stays = elsewhere.see("/rules")
    stayed = elsewhere.address
    here.log_in("auditor@hospital.example")
    here.see("/account")
    here.send("/account/sessions")
    elsewhere.see("/rules")

    assert (stays.status, stayed) == (200, "/rules")
    assert elsewhere.address == "/log-in?next=/rules"


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "You are logged out; nothing of the form was kept."), ("ko", "로그아웃되었습니다.")],
)
def test_form_sent_after_the_log_out_leads_back_to_its_page(app: Flask, language: str, words: str) -> None:
    visitor = Visitor(app, language)
    visitor.log_in("auditor@hospital.example")
    visitor.see("/rules")
    old = visitor.token
    visitor.send("/log-out")
    sent = {"csrf_token": old, "first": "2026-11-23"}
    places = ("http://localhost/boards?x=1", "http://elsewhere.example/boards", "http://localhost/account/sessions")

    pages = [
        visitor.client.post("/people/x/absences", data=sent, headers={"Referer": place, "Accept-Language": language})
        for place in places
    ]

    found = [re.search(r'class="button primary" href="([^"]+)"', page.get_data(as_text=True)) for page in pages]
    assert [one and one[1] for one in found] == ["/log-in?next=/boards?x%3D1", "/log-in?next=/", "/log-in?next=/"]
    assert [words in page.get_data(as_text=True) for page in pages] == [True] * 3


@pytest.mark.parametrize("address", ["/calendar-links", "/invitations/abc/delegate"])
def test_address_of_a_form_opened_by_hand_leads_to_my_windows(app: Flask, address: str) -> None:
    visitor = Visitor(app)
    visitor.log_in("surgeon@hospital.example")

    page = visitor.see(address)

    assert (page.status, visitor.address) == (200, "/mine")


def test_address_that_takes_no_reading_says_so_in_korean(app: Flask) -> None:
    page = Visitor(app, "ko").see("/log-out")

    assert page.status == 405
    assert "직접 열 수 없는 주소입니다" in page.text


def test_language_is_switched_and_kept(app: Flask) -> None:
    visitor = Visitor(app, language="en")
    english = visitor.log_in("coordinator@hospital.example")

    korean = visitor.send("/language", language="ko", next="/cases")
    again = Visitor(app, language="en").log_in("coordinator@hospital.example")

    assert ('lang="en"' in english.html, 'lang="ko"' in korean.html) == (True, True)
    assert ("증례" in korean.text, "증례" in again.text) == (True, True)


@pytest.mark.parametrize(("language", "words"), [("ko", "찾을 수 없습니다"), ("en", "Not found")])
def test_unknown_address_is_said_in_the_language(app: Flask, language: str, words: str) -> None:
    page = Visitor(app, language=language).see("/nowhere")

    assert (page.status, words in page.text) == (404, True)


@pytest.mark.parametrize("place", ["/cases/zzz", "/boards/zzz", "/meetings/zzz", "/drafts/zzz", "/people/zzz"])
def test_unknown_things_are_not_found(app: Flask, place: str) -> None:
    visitor = Visitor(app)
    visitor.log_in("coordinator@hospital.example")

    page = visitor.see(place)

    assert (page.status, "Not found" in page.text) == (404, True)


def test_forbidden_page_says_whom_to_ask(app: Flask) -> None:
    visitor = Visitor(app, language="ko")
    visitor.log_in("surgeon@hospital.example")

    page = visitor.see("/cases")

    assert page.status == 403
    assert "이 계정으로는 할 수 없습니다. 관리자에게 문의해 주십시오." in page.text


def test_form_without_its_token_is_refused(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.log_in("coordinator@hospital.example")
    visitor.token = "forged"

    page = visitor.send(f"/boards/{BOARD}/propose")

    assert page.status == 400


def test_broken_database_still_answers(app: Flask, break_database: Callable[[Exception], None]) -> None:
    visitor = Visitor(app)
    visitor.log_in("coordinator@hospital.example")
    break_database(OperationalError("SELECT", {}, Exception("gone")))

    page = visitor.see("/cases")

    assert page.status in (500, 503)
    assert "Traceback" not in page.text

"""Three more of the eight tasks, counted: refer a case, see why one is not ready, subscribe on a phone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.conftest import Open, Stage
from tests.browser.counting import Presses, Spent, record, spent, tab_to, took
from tests.browser.stage import press

pytestmark = pytest.mark.browser

SURGEON = "sungjin.moon@demo.example"
WAYS = [("ko", True), ("en", True), ("en", False)]
WAY_NAMES = ["script-ko", "script-en", "no-script"]
QUESTION = "Which operation?"


@pytest.mark.parametrize(("language", "has_script"), WAYS, ids=WAY_NAMES)
def test_case_is_referred_in_three_clicks_besides_its_words(sit_down: Open, language: str, has_script: bool) -> None:
    page = sit_down(language, has_script=has_script)
    presses = Presses(page)

    presses.click('.actions a[href^="/cases/new"]')
    page.fill("#f-reference", f"BUDGET-{language}-{has_script}")
    page.fill("#f-question", QUESTION)
    presses.click(".form-end button")

    done = took(presses, has_script=has_script)
    assert "BUDGET" in page.locator("h1").inner_text()
    assert (done.clicks <= 3, done.keys) == (True, 0)
    record(1, done.clicks, done.keys, f"script-{language}" if has_script else "no-script")


def test_case_is_referred_with_the_keyboard_alone(sit_down: Open) -> None:
    page = sit_down()
    presses = Presses(page)

    tab_to(presses, page.locator('.actions a[href^="/cases/new"]'))
    presses.key("Enter", leads=True)
    if page.evaluate("document.activeElement.id") != "f-reference":
        tab_to(presses, page.locator("#f-reference"))
    page.keyboard.type("BUDGET-KEYS")
    tab_to(presses, page.locator("#f-question"))
    page.keyboard.type(QUESTION)
    tab_to(presses, page.locator(".form-end button").first)
    presses.key("Enter", leads=True)

    done = took(presses, typed=f"BUDGET-KEYS{QUESTION}")
    assert "BUDGET-KEYS" in page.locator("h1").inner_text()
    record(1, done.clicks, done.keys, "keyboard-en")


@pytest.mark.parametrize(("language", "has_script"), WAYS, ids=WAY_NAMES)
def test_why_a_case_is_not_ready_stands_on_the_row(sit_down: Open, language: str, has_script: bool) -> None:
    page = sit_down(language, has_script=has_script)
    asked_since = {"ko": "요청", "en": "asked since"}[language]

    row = page.locator("table.cases tbody tr:has(.not_ready)", has_text=asked_since).first

    done = took(Presses(page), has_script=has_script)
    assert row.locator(".reasons li").first.is_visible()
    assert done == Spent(0, 0)
    for variant in (f"script-{language}", f"keyboard-{language}") if has_script else ("no-script",):
        record(3, done.clicks, done.keys, variant)


@pytest.mark.parametrize(("language", "has_script"), WAYS, ids=WAY_NAMES)
def test_phone_subscribes_in_two_taps(sit_down: Open, language: str, has_script: bool) -> None:
    page = sit_down(language, has_script=has_script, view="phone", email=SURGEON)
    presses = Presses(page)

    presses.click(make_link(page))

    webcal = page.locator('a.button.primary[href^="webcal://"]')
    feed = page.request.get(page.input_value("#link"))
    assert webcal.is_visible()
    assert webcal.get_attribute("href") == re.sub("^https?", "webcal", page.input_value("#link"))
    assert (feed.status, feed.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert page.locator(".qr-frame svg").first.is_visible()
    if has_script:  # there is no calendar here that the link could open
        webcal.evaluate("(link) => link.addEventListener('click', (event) => event.preventDefault())")
        webcal.click()
    presses.clicks += 1
    done = took(presses, has_script=has_script)
    assert (done.clicks <= 2, done.keys) == (True, 0)
    record(8, done.clicks, done.keys, f"script-{language}" if has_script else "no-script")


def test_link_is_made_with_the_keyboard_alone(sit_down: Open) -> None:
    page = sit_down(email=SURGEON)
    presses = Presses(page)

    tab_to(presses, make_link(page))
    presses.key("Enter", leads=True)
    tab_to(presses, page.locator('a.button.primary[href^="webcal://"]'))

    done = took(presses)
    record(8, done.clicks, done.keys + 1, "keyboard-en")  # and Enter opens the calendar


def make_link(page: Any) -> Any:
    """The button that makes the reader's own calendar link."""
    return page.locator('form[action="/calendar-links"] button[type=submit]:not([formaction])').first


def test_counter_counts_trusted_presses_only(demo: Stage, sit_down: Open) -> None:
    page = sit_down()

    press(page, ".menu a >> nth=1")
    page.keyboard.press("Tab")
    page.evaluate("document.querySelector('.menu a').dispatchEvent(new PointerEvent('pointerdown'))")

    assert spent(page) == Spent(1, 1)

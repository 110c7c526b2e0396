"""Three of the eight tasks, counted: build a board, find a time for three specialties, move a case and take it back.

Each with JavaScript in both languages, without it, and with the keyboard alone.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.conftest import Open, Stage
from tests.browser.counting import Presses, Spent, record, spent, tab_to, took
from tests.browser.stage import press

pytestmark = pytest.mark.browser

SHOWN = {"ko": ("분", "충돌"), "en": ("Minutes", "conflict")}
HELD = {"ko": "개별 참석 시간 합계(분)", "en": "Minutes held"}
WAYS = [("ko", True), ("en", True), ("en", False)]
WAY_NAMES = ["script-ko", "script-en", "no-script"]
GROUP = "HPB + URO + GO"


def agenda(page: Any) -> Any:
    return page.locator("[data-agenda]").first.locator("tr[data-case]")


def order(page: Any) -> list[str]:
    return [row.get_attribute("id") for row in agenda(page).all()]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_case_moves_by_a_chord_with_its_windows_shown_before_it_is_saved(
    demo: Stage, sit_down: Open, language: str
) -> None:
    page = sit_down(language)
    page.goto(demo.places["draft"])
    before = order(page)
    agenda(page).nth(1).focus()

    page.keyboard.down("Alt")
    page.keyboard.press("ArrowUp")
    page.locator("[data-moving] strong").first.wait_for()
    shown, unsaved = page.locator("[data-moving]").inner_text(), page.locator("[data-key=z]").count()
    with page.expect_navigation(wait_until="load"):
        page.keyboard.up("Alt")

    assert (unsaved, any(words in shown for words in SHOWN[language])) == (0, True)
    assert order(page) == [before[1], before[0], *before[2:]]
    assert page.evaluate("document.activeElement.id") == before[1]
    done = spent(page)
    assert done == Spent(0, 1)
    record(5, done.clicks, done.keys, f"keyboard-{language}")

    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("z")

    assert order(page) == before
    assert page.evaluate("document.activeElement.id") == before[1]
    assert spent(page) == Spent(0, 2)


def test_case_is_put_back_by_escape(demo: Stage, sit_down: Open) -> None:
    page = sit_down()
    page.goto(demo.places["draft"])
    before = order(page)
    agenda(page).nth(2).focus()

    page.keyboard.down("Alt")
    page.keyboard.press("ArrowUp")
    moved = order(page)
    page.keyboard.press("Escape")
    page.keyboard.up("Alt")

    assert (moved != before, order(page), page.locator("[data-key=z]").count()) == (True, before, 0)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_case_moves_by_one_drag_and_by_one_click(demo: Stage, sit_down: Open, language: str) -> None:
    page = sit_down(language)
    page.goto(demo.places["draft"])
    before = order(page)
    grip, above = agenda(page).nth(2).locator("[data-grip]"), agenda(page).nth(0)
    page.evaluate("(row) => scrollTo(0, row.getBoundingClientRect().top + scrollY - 300)", above.element_handle())

    grip.hover()
    page.mouse.down()
    box = above.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2, steps=8)
    with page.expect_navigation(wait_until="load"):
        page.mouse.up()

    assert order(page) == [before[2], before[0], before[1], *before[3:]]
    done = spent(page)
    assert done == Spent(1, 0)
    record(5, done.clicks, done.keys, f"drag-{language}")

    press(page, agenda(page).nth(0).locator('button[data-step="1"]'))
    press(page, agenda(page).nth(1).locator('button[data-step="1"]'))

    assert order(page) == before
    assert spent(page) == Spent(3, 0)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_case_moves_to_another_meeting_in_two_clicks(demo: Stage, sit_down: Open, language: str) -> None:
    page = sit_down(language)
    page.goto(demo.places["draft"])

    press(page, agenda(page).locator(".movers a").first)
    told = page.locator("button.option").first.inner_text()
    press(page, page.locator('button.option[name="meeting"]').first)

    assert HELD[language] in told
    assert page.locator(".note.done").is_visible()
    done = spent(page)
    assert done == Spent(2, 0)
    record(5, done.clicks, done.keys, f"other-meeting-{language}")
    press(page, "[data-key=z]")


def test_case_moves_and_comes_back_without_javascript(demo: Stage, sit_down: Open) -> None:
    page = sit_down("en", has_script=False)
    page.goto(demo.places["draft"])
    presses, before = Presses(page), order(page)

    presses.click(agenda(page).nth(1).locator('button[data-step="-1"]'))
    record(5, presses.clicks, 0, "no-script")
    moved = order(page)
    presses.click("[data-key=z]")

    assert (moved, order(page)) == ([before[1], before[0], *before[2:]], before)
    assert presses.spent == Spent(2, 0)


@pytest.mark.parametrize(("language", "has_script"), WAYS, ids=WAY_NAMES)
def test_slot_for_three_specialties_takes_four_clicks_at_most(sit_down: Open, language: str, has_script: bool) -> None:
    page = sit_down(language, has_script=has_script)
    presses = Presses(page)

    presses.click('.menu a[href="/boards"]:not(.phone-only)')
    presses.click('main a[href$="/slots"]')
    presses.click(page.get_by_role("link", name=GROUP))

    assert page.locator("tbody tr").count() > 0
    assert page.locator("a[aria-current=true]").inner_text().strip() == GROUP
    done = took(presses, has_script=has_script)
    assert (done.clicks <= 4, done.keys) == (True, 0)
    record(4, done.clicks, done.keys, f"script-{language}" if has_script else "no-script")


def test_slot_for_three_specialties_is_found_with_the_keyboard_alone(sit_down: Open) -> None:
    page = sit_down()
    presses = Presses(page)

    presses.key("g")
    presses.key("b", leads=True)
    presses.key("f", leads=True)
    presses.key("1", leads=True)

    assert page.locator("a[aria-current=true]").inner_text().strip() == GROUP
    done = took(presses)
    assert done == Spent(0, 4)
    record(4, done.clicks, done.keys, "keyboard-en")


def test_board_is_built_with_the_keyboard_alone(sit_down: Open) -> None:
    page = sit_down()
    presses = Presses(page)

    presses.key("p", leads=True)
    page.wait_for_url(re.compile(r"/drafts/\w+$"), timeout=30_000)
    tab_to(presses, page.locator(".actions button.primary"))
    presses.key("Enter", leads=True)

    done = took(presses)
    assert page.locator(".note.done").is_visible()
    record(2, done.clicks, done.keys, "keyboard-en")


@pytest.mark.parametrize(("language", "has_script"), WAYS, ids=WAY_NAMES)
def test_board_is_built_in_two_clicks(sit_down: Open, language: str, has_script: bool) -> None:
    page = sit_down(language, has_script=has_script)
    presses = Presses(page)

    presses.click(page.locator(".actions button.primary").first)
    page.wait_for_url(re.compile(r"/drafts/\w+$"), timeout=30_000)
    presses.click(".actions button.primary")

    done = took(presses, has_script=has_script)
    assert page.locator(".note.done").is_visible()
    assert done == Spent(2, 0)
    record(2, done.clicks, done.keys, f"script-{language}" if has_script else "no-script")

"""Replace an absent pathologist in two clicks: the day in the table, then all her substitutes at once; and undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Stage, Window
from tests.browser.counting import Presses, begin_counting, record, spent
from tests.browser.gates import CONTROLS, COORDINATOR, MEASURE
from tests.browser.stage import choose_language, press

pytestmark = pytest.mark.browser

TABLE = "/availability"
PATHOLOGIST = 'tr:has(th:has-text("임소희"), th:has-text("장태준"), th:has-text("한지민")) td.on-board button'
"""The days at a board of the pathologists, in the week the table opens with; whose turn it is depends on today."""
PLACE_OF_A_BOARD = """() => {
  const rows = [...document.querySelectorAll('tbody tr')].filter((row) => row.querySelector('th a'));
  const row = rows.findIndex((each) => each.querySelector('td.on-board'));
  return [row, [...rows[row].cells].findIndex((cell) => cell.matches('.on-board'))];
}"""
"""Rows down and cells to the right of the first member."""
ASK = "form.covering button.primary"
UNDO = ".done-card button"


def open_at(demo: Stage, open_window: Callable[..., Window], language: str, place: str, **more: Any) -> Window:
    window = open_window(demo.address, "desktop", language, storage_state=demo.session_of(COORDINATOR), **more)
    window.page.goto("/rules")
    choose_language(window.page, language)
    window.page.goto(place)
    return window


def leave_as_it_was(page: Any) -> int:
    """Undo, take the absence back; how many days at a board are in the table then."""
    press(page, UNDO)
    is_open = page.locator(ASK).count()
    page.locator("details.card > summary").click()
    press(page, "details.card button.danger")
    page.goto(TABLE)
    return int(page.locator(PATHOLOGIST).count() * is_open)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_absent_pathologist_is_replaced_in_two_clicks(
    demo: Stage, open_window: Callable[..., Window], language: str
) -> None:
    """From the worklist: two keys lead to the table, two clicks do the rest."""
    window = open_at(demo, open_window, language, "/cases")
    page = window.page
    begin_counting(page)
    page.reload()

    page.keyboard.press("g")
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("v")
    days = page.locator(PATHOLOGIST).count()
    press(page, page.locator(PATHOLOGIST).first)
    press(page, ASK)
    done = spent(page)
    record(6, done.clicks, done.keys, f"script-{language}")

    assert (done.clicks, done.keys, page.locator(UNDO).count()) == (2, 2, 1)
    assert leave_as_it_was(page) == days
    assert (window.problems, window.outside) == ([], [])


def test_absent_pathologist_is_replaced_without_javascript(demo: Stage, open_window: Callable[..., Window]) -> None:
    window = open_at(demo, open_window, "ko", TABLE, java_script_enabled=False)
    presses = Presses(window.page)
    days = window.page.locator(PATHOLOGIST).count()

    presses.click(window.page.locator(PATHOLOGIST).first)
    presses.click(ASK)
    record(6, presses.clicks, presses.keys, "no-script")

    assert (presses.clicks, window.page.locator(UNDO).count()) == (2, 1)
    assert leave_as_it_was(window.page) == days


def test_absent_pathologist_is_replaced_with_the_keyboard_only(demo: Stage, open_window: Callable[..., Window]) -> None:
    """A department is chosen, the arrows walk to the day, Enter says that she is away; `a` asks, `u` takes it back."""
    window = open_at(demo, open_window, "ko", f"{TABLE}?department=pathology")
    page = window.page
    begin_counting(page)
    page.reload()
    days = page.locator(PATHOLOGIST).count()

    page.locator(".scroll").focus()
    while not page.evaluate("document.activeElement.matches('tbody th a')"):
        page.keyboard.press("Tab")
    row, column = page.evaluate(PLACE_OF_A_BOARD)
    for _ in range(row):
        page.keyboard.press("ArrowDown")
    for _ in range(column):  # days that are over are passed at once
        if not page.evaluate("document.activeElement.matches('td.on-board button')"):
            page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.matches('td.on-board button')")
    for key in ("Enter", "a", "z"):
        with page.expect_navigation(wait_until="load"):
            page.keyboard.press(key)
        if key == "a":
            done = spent(page)
    record(6, done.clicks, done.keys, "keyboard")

    assert (done.clicks, done.keys <= 12, page.locator(ASK).count()) == (0, True, 1)
    page.locator("details.card > summary").click()
    press(page, "details.card button.danger")
    page.goto(TABLE)
    assert page.locator(PATHOLOGIST).count() == days
    assert (window.problems, window.outside) == ([], [])


def test_opened_forms_of_a_member_keep_the_gates(
    demo: Stage, open_window: Callable[..., Window], find_barriers: Callable[..., list[str]]
) -> None:
    window = open_at(demo, open_window, "ko", "/people", viewport={"width": 320, "height": 640})
    page = window.page
    page.goto(page.locator("table.people tbody th a").first.get_attribute("href"))

    for summary in page.locator("main details > summary").all():
        summary.click()
    measured = page.evaluate(MEASURE, CONTROLS)

    assert find_barriers(page) == []
    assert (measured["sideways"], measured["small"], measured["split"]) == (False, [], [])


def test_table_of_a_week_fits_a_ward_pc_and_stays_light(demo: Stage, open_window: Callable[..., Window]) -> None:
    window = open_at(demo, open_window, "en", TABLE, viewport={"width": 1024, "height": 768})

    hidden = window.page.evaluate(
        "() => { const e = document.querySelector('.scroll'); return e.scrollWidth - e.clientWidth; }"
    )
    weight = window.page.evaluate("document.documentElement.outerHTML.length")

    assert (hidden <= 0, weight < 100_000) == (True, True), (hidden, weight)

"""What every page must keep: no barrier, no sideways scroll, nothing from elsewhere, no complaint, little weight."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import Stage, Window
from tests.browser.gates import COORDINATOR, LOOKS, NOTHING_WRONG, SURGEON, foreign_sentences, look_at
from tests.browser.stage import choose_language

pytestmark = pytest.mark.browser

PAGES = (
    "worklist", "case", "case-facts", "case-new", "urgent", "import", "board", "board-settings", "slots", "draft",
    "what-if", "move", "meeting", "people", "member", "mine", "preferences", "busy", "answers",
    "open-needs", "rules", "outbox", "not-found", "availability", "absence", "reports", "exports",
    "letters", "member-preferences", "room", "wall", "record",
    "centre", "centre-members", "centre-member", "centre-rooms", "centre-boards", "centre-board", "centre-series",
    "centre-days", "account",
)  # fmt: skip
OWN = ("mine", "preferences")
"""Pages that are looked at as a surgeon; the others as a coordinator."""
REQUESTS = "1 + performance.getEntriesByType('resource').filter((e) => e.initiatorType !== 'fetch').length"
"""What the page needs to be there; a page that follows something asks again and again."""
OWN_SCRIPT = """() => performance.getEntriesByType('resource').filter((e) => e.name.endsWith('.js'))
  .reduce((sum, entry) => sum + entry.decodedBodySize, 0)"""

WEIGHT = """() => ['navigation', 'resource'].flatMap((kind) => performance.getEntriesByType(kind))
  .filter((e) => e.initiatorType !== 'fetch').reduce((sum, entry) => sum + entry.decodedBodySize, 0)"""
MOST_BYTES = 150_000
"""Of a page with all it loads."""


def visit(demo: Stage, open_window: Callable[..., Window], name: str, language: str) -> Window:
    who = SURGEON if name in OWN else COORDINATOR
    window = open_window(demo.address, "desktop", language, storage_state=demo.session_of(who))
    window.page.goto("/rules")
    choose_language(window.page, language)
    window.page.goto(demo.places[name])
    return window


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_page_keeps_the_gates(
    demo: Stage, open_window: Callable[..., Window], find_barriers: Callable[..., list[str]], name: str, language: str
) -> None:
    window = visit(demo, open_window, name, language)

    found = {look: look_at(window.page, find_barriers, look, language) for look in LOOKS}
    foreign = foreign_sentences(window.page, language)
    requests = window.page.evaluate(REQUESTS)
    script = window.page.evaluate(OWN_SCRIPT)
    weight = window.page.evaluate(WEIGHT)

    assert (found, foreign) == (dict.fromkeys(LOOKS, NOTHING_WRONG), [])
    assert (window.page.evaluate("document.documentElement.lang"), requests <= 6, script < 15_000) == (
        language, True, True,
    )  # fmt: skip
    assert weight < MOST_BYTES
    assert (window.problems, window.outside) == ([], [])


def test_worklist_of_40_cases_weighs_less_than_100_kb(demo: Stage, open_window: Callable[..., Window]) -> None:
    window = visit(demo, open_window, "worklist", "ko")

    rows = window.page.locator("table.cases tbody tr").count()
    weight = window.page.evaluate(WEIGHT)
    script = window.page.evaluate(OWN_SCRIPT)

    assert (rows, weight < 100_000, script < 15_000) == (40, True, True), (weight, script)


def test_first_tab_skips_to_the_content(demo: Stage, open_window: Callable[..., Window]) -> None:
    window = visit(demo, open_window, "worklist", "en")

    window.page.keyboard.press("Tab")
    first = window.page.evaluate("document.activeElement.className")
    window.page.keyboard.press("Enter")

    assert (first, window.page.evaluate("document.activeElement.id")) == ("skip", "main")


def test_korean_letters_are_drawn(demo: Stage, open_window: Callable[..., Window]) -> None:
    window = visit(demo, open_window, "worklist", "ko")

    differ = window.page.evaluate("""() => {
      const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
      context.font = '40px sans-serif';
      const draw = (text) => {
        context.clearRect(0, 0, 60, 60);
        context.fillText(text, 0, 45);
        return [...context.getImageData(0, 0, 60, 60).data].join();
      };
      return draw('간') !== draw('췌');
    }""")

    assert differ


def test_printed_meeting_hides_what_paper_cannot_do(demo: Stage, open_window: Callable[..., Window]) -> None:
    window = visit(demo, open_window, "meeting", "ko")

    window.page.emulate_media(media="print")

    assert not window.page.locator(".menu").is_visible()
    assert not window.page.locator(".top-tools").is_visible()
    assert window.page.locator("svg.timeline").first.is_visible()

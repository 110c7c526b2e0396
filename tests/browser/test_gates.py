"""What every page must keep: no barrier, no sideways scroll, nothing from elsewhere, no complaint, little weight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Stage, Window
from tests.browser.stage import choose_language

pytestmark = pytest.mark.browser

COORDINATOR = "coordinator@demo.example"
SURGEON = "sungjin.moon@demo.example"
PAGES = (
    "worklist", "case", "case-facts", "case-new", "urgent", "import", "board", "board-settings", "slots", "draft",
    "what-if", "move", "meeting", "people", "member", "mine", "preferences", "busy", "answers",
    "open-needs", "rules", "outbox", "not-found",
)  # fmt: skip
LOOKS = (
    ("desktop", "light", "ko"),
    ("desktop", "dark", "en"),
    ("phone", "light", "en"),
    ("phone", "dark", "ko"),
)
CONTROLS = "button, a.button, input:not([type=hidden]):not([type=checkbox]), select, summary, .menu a, .tabs a"
MEASURE = """(controls) => {
  const box = (element) => element.getBoundingClientRect();
  const shown = (selector) =>
    [...document.querySelectorAll(selector)].filter((element) => box(element).width > 1 && box(element).height > 1);
  const lines = (element) => new Set([...element.getClientRects()].map((rect) => Math.round(rect.top))).size;
  return {
    sideways: document.documentElement.scrollWidth > innerWidth,
    small: shown(controls).filter((e) => box(e).height < 44).map((e) => e.outerHTML.slice(0, 80)),
    split: shown('time, .nowrap').filter((e) => lines(e) > 1).map((e) => e.textContent),
    requests: 1 + performance.getEntriesByType('resource').length,
    language: document.documentElement.lang,
  };
}"""


def visit(demo: Stage, open_window: Callable[..., Window], name: str, look: tuple[str, str, str]) -> Window:
    view, scheme, language = look
    who = SURGEON if name in ("mine", "preferences") else COORDINATOR
    window = open_window(demo.address, view, language, color_scheme=scheme, storage_state=demo.session_of(who))
    window.page.goto("/rules")
    choose_language(window.page, language)
    window.page.goto(demo.places[name])
    return window


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
@pytest.mark.parametrize("name", PAGES)
def test_page_keeps_the_gates(
    demo: Stage, open_window: Callable[..., Window], find_barriers: Callable[[Any], list[str]], name: str,
    look: tuple[str, str, str],
) -> None:  # fmt: skip
    window = visit(demo, open_window, name, look)

    measured = window.page.evaluate(MEASURE, CONTROLS)
    barriers = find_barriers(window.page)

    assert barriers == []
    assert (measured["sideways"], measured["small"], measured["split"]) == (False, [], [])
    assert (measured["language"], measured["requests"] <= 6) == (look[2], True)
    assert (window.problems, window.outside) == ([], [])


@pytest.mark.parametrize("name", PAGES)
def test_page_fits_320_pixels(demo: Stage, open_window: Callable[..., Window], name: str) -> None:
    window = visit(demo, open_window, name, ("smallest", "light", "ko"))

    measured = window.page.evaluate(MEASURE, CONTROLS)

    assert (measured["sideways"], measured["split"], measured["small"]) == (False, [], [])


def test_log_in_page_keeps_the_gates(
    demo: Stage, open_window: Callable[..., Window], find_barriers: Callable[[Any], list[str]]
) -> None:
    window = open_window(demo.address, "phone", "ko")
    window.page.goto("/log-in")

    assert find_barriers(window.page) == []
    assert window.page.evaluate(MEASURE, CONTROLS)["sideways"] is False
    assert (window.problems, window.outside) == ([], [])


def test_worklist_of_40_cases_weighs_less_than_100_kb(demo: Stage, open_window: Callable[..., Window]) -> None:
    window = visit(demo, open_window, "worklist", ("desktop", "light", "ko"))

    rows = window.page.locator("table.cases tbody tr").count()
    weight = window.page.evaluate(
        "() => ['navigation', 'resource'].flatMap((kind) => performance.getEntriesByType(kind))"
        ".reduce((sum, entry) => sum + entry.decodedBodySize, 0)"
    )
    script = window.page.evaluate(
        "() => performance.getEntriesByType('resource').filter((e) => e.name.endsWith('.js'))"
        ".reduce((sum, entry) => sum + entry.decodedBodySize, 0)"
    )

    assert (rows, weight < 100_000, script < 15_000) == (40, True, True), (weight, script)


def test_first_tab_skips_to_the_content(demo: Stage, open_window: Callable[..., Window]) -> None:
    window = visit(demo, open_window, "worklist", ("desktop", "light", "en"))

    window.page.keyboard.press("Tab")
    first = window.page.evaluate("document.activeElement.className")
    window.page.keyboard.press("Enter")

    assert (first, window.page.evaluate("document.activeElement.id")) == ("skip", "main")


def test_korean_letters_are_drawn(demo: Stage, open_window: Callable[..., Window]) -> None:
    window = visit(demo, open_window, "worklist", ("desktop", "light", "ko"))

    differ = window.page.evaluate("""() => {
      const context = document.createElement('canvas').getContext('2d');
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
    window = visit(demo, open_window, "meeting", ("desktop", "light", "ko"))

    window.page.emulate_media(media="print")

    assert not window.page.locator(".menu").is_visible()
    assert not window.page.locator(".top-tools").is_visible()
    assert window.page.locator("svg.timeline").first.is_visible()

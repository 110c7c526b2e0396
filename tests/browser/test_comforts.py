"""Help over the page, headers that stay in sight without hiding what has the focus, and colours the reader forces."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import Open, Stage, Window
from tests.browser.gates import COORDINATOR
from tests.browser.stage import press
from tests.browser.test_gates import PAGES

pytestmark = pytest.mark.browser

HIDDEN = """() => {
  const e = document.activeElement, box = e.getBoundingClientRect();
  const isAway = e === document.body || box.width < 2 || box.bottom <= 0 || box.top >= innerHeight;
  const at = [0.1, 0.5, 0.9].map((part) => [box.left + box.width * part, box.top + box.height / 2]);
  const seen = at.some(([x, y]) => {
    const top = document.elementFromPoint(x, y);
    return top && [e, ...(e.labels || [])].some((part) => part.contains(top) || top.contains(part));
  });
  return seen && !isAway ? "" : e.outerHTML.slice(0, 90);
}"""
"""The element with the focus, when nothing of it can be seen: out of sight, or under something that stays in place."""
CORNER = """() => ['.days thead th:nth-child(5)', '.days tbody th'].map((each) => {
  const box = document.querySelector(each).getBoundingClientRect();
  const frame = document.querySelector('.scroll').getBoundingClientRect();
  return [Math.round(box.left - frame.left), Math.round(box.top - frame.top)];
})"""
CELLS = """() => [...document.querySelectorAll('main td, main th[scope=row]')].map((cell) => [
  cell.textContent.trim().replace(/\\s+/g, ' '), cell.getClientRects().length > 0 && cell.checkVisibility()])"""
"""The words of each cell, and whether it can be seen."""
IN_SIGHT = """(which) => [...document.querySelectorAll(which)].map((e) => {
  const box = e.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + 4);
  return box.top >= 0 && box.bottom <= innerHeight && e.contains(top);
})"""
"""Whether each of these is wholly in sight."""
TARGETS = """() => {
  const box = (e) => e.getBoundingClientRect();
  const isSentence = (link) => {
    const around = (link.closest('p, li, dd, td, th, h1, h2, h3, div') || link.parentElement).cloneNode(true);
    around.querySelectorAll('a, button, svg, .hidden').forEach((each) => each.remove());
    return around.textContent.trim().split(/\\s+/).length > 3;
  };
  const links = [...document.querySelectorAll('a:not(.skip)')].filter((link) => !isSentence(link));
  const boxes = [...document.querySelectorAll('input[type=checkbox], input[type=radio]')];
  const areas = [...document.querySelectorAll('textarea'), ...boxes.map((each) => each.closest('label') || each)];
  return [...links, ...areas].filter((e) => e.checkVisibility({ visibilityProperty: true }) && box(e).width > 2)
    .filter((e) => !e.closest('svg, .hidden') && (box(e).height < 43.5 || box(e).width < 43.5))
    .map((e) => [Math.round(box(e).width), Math.round(box(e).height), e.outerHTML.slice(0, 90)]);
}"""
"""What is too small to be tapped: links outside sentences, and what is ticked or typed into, with its label."""


def test_help_opens_over_the_page_and_its_keys_can_be_switched_off(sit_down: Open) -> None:
    page = sit_down()
    begin = page.url

    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.outerHTML")
    page.keyboard.press("?")
    page.locator("dialog[open]").wait_for()
    keys = page.locator("dialog [data-keys] td:first-child").all_inner_texts()
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")
    has_focus = page.evaluate("document.activeElement.outerHTML") == focused
    page.goto("/help")
    press(page, "button[name=keys][value=off]")
    page.goto(begin)
    for key in ("?", "g", "v"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)

    assert ("?" in keys, "g v" in keys, has_focus) == (True, True, True)
    assert (page.url, page.locator("dialog").count()) == (begin, 0)


def test_names_and_days_stay_in_sight(demo: Stage, open_window: Callable[..., Window]) -> None:
    """In a frame of its own where the week is wider than the window, else under the head of the page."""
    size = {"width": 900, "height": 600}
    window = open_window(demo.address, storage_state=demo.session_of(COORDINATOR), viewport=size)
    page = window.page
    page.goto("/availability")
    before = page.evaluate(CORNER)

    page.evaluate("document.querySelector('.scroll').scrollTo(60, 400)")
    (day, day_top), (name_left, name) = page.evaluate(CORNER)
    page.set_viewport_size({"width": 1366, "height": 700})
    page.evaluate("scrollTo(0, 900)")
    head, days = (page.locator(each).bounding_box() for each in (".top", ".days thead th:nth-child(5)"))

    assert (day_top, name_left) == (before[0][1], before[1][0])
    assert (day, name) == (before[0][0] - 60, before[1][1] - 400)
    assert 0 <= days["y"] - head["height"] + 2 <= 4, (head, days)


@pytest.mark.parametrize("name", ["worklist", "availability", "case-facts"])
def test_focus_is_never_hidden_by_what_stays_in_place(
    demo: Stage, open_window: Callable[..., Window], name: str
) -> None:
    size = {"width": 900, "height": 500}
    window = open_window(demo.address, storage_state=demo.session_of(COORDINATOR), viewport=size)
    window.page.goto(demo.places[name])

    hidden = set()
    for key in ["Tab"] * 70 + ["Shift+Tab"] * 30:
        window.page.keyboard.press(key)
        hidden.add(window.page.evaluate(HIDDEN))

    assert hidden == {""}


@pytest.mark.parametrize("name", ["worklist", "meeting"])
def test_page_can_be_read_in_forced_colours(demo: Stage, open_window: Callable[..., Window], name: str) -> None:
    window = open_window(demo.address, forced_colors="active", storage_state=demo.session_of(COORDINATOR))
    window.page.goto(demo.places[name])

    found = window.page.evaluate("""() => {
      const style = (selector, kind) => [...document.querySelectorAll(selector)].map((e) => getComputedStyle(e)[kind]);
      return [
        matchMedia('(forced-colors: active)').matches, [...new Set(style('.tag, .chips li', 'borderTopStyle'))],
        style('.timeline text', 'fill'), style('.timeline .case', 'stroke'), style('.timeline .case', 'fill'),
      ];
    }""")

    is_active, borders, texts, strokes, fills = found
    assert (is_active, set(borders) - {"solid", "dashed"}, len(borders) > 0) == (True, set(), True)
    assert set(texts) & set(fills) == set(strokes) & set(fills) == set()
    assert (len(texts) > 5, len(set(texts))) == ((True, 1) if name == "meeting" else (False, 0))


def test_what_is_tapped_is_large_enough_on_a_phone(demo: Stage, open_window: Callable[..., Window]) -> None:
    window = open_window(demo.address, "smallest", "ko", storage_state=demo.session_of(COORDINATOR))

    found = {}
    for name in PAGES:
        window.page.goto(demo.places[name])
        found[name] = window.page.evaluate(TARGETS)

    assert found == dict.fromkeys(PAGES, [])


@pytest.mark.parametrize("view", ["desktop", "phone"])
def test_what_became_of_a_form_is_in_sight_where_it_leads(
    demo: Stage, open_window: Callable[..., Window], view: str
) -> None:
    cookies = demo.session_of(COORDINATOR)
    here, elsewhere = (open_window(demo.address, one, storage_state=cookies).page for one in (view, "desktop"))
    for page in (here, elsewhere):
        page.goto(demo.places["draft"])
    mover = ".movers button[data-step='1']:enabled"
    for page in (elsewhere, here):
        page.locator(mover).last.dispatch_event("focus")
        press(page, page.locator(f"{mover} >> visible=true").last)

    for page in (elsewhere, here):
        assert page.evaluate("scrollY") > 0
        assert page.evaluate(IN_SIGHT, "main > .note[tabindex]") == [True]
    assert here.locator("main > .note.problem[tabindex]").count() == 1
    for page in (elsewhere, here):
        page.locator("main > .head h1").dispatch_event("click")
    assert (elsewhere.locator("main > .note").count(), here.locator("main > .note.problem").count()) == (0, 1)


def test_cell_with_words_is_seen_on_a_phone_too(demo: Stage, open_window: Callable[..., Window]) -> None:
    page = open_window(demo.address, "desktop", storage_state=demo.session_of(COORDINATOR)).page
    lost = {}
    for name in PAGES:
        if name == "availability":  # its table gives way to a card for each day
            continue
        page.set_viewport_size({"width": 1366, "height": 900})
        page.goto(demo.places[name])
        wide = page.evaluate(CELLS)
        page.set_viewport_size({"width": 360, "height": 780})
        both = zip(wide, page.evaluate(CELLS), strict=True)
        lost[name] = [words for (words, is_wide), (_, is_small) in both if is_wide and not is_small and words != "–"]

    assert {name: cells for name, cells in lost.items() if cells} == {}

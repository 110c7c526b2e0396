"""A surgeon's phone: one tap answers an invitation, and the new calendar link stands on a page that keeps the gates."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import Stage, Window
from tests.browser.gates import CONTROLS, MEASURE, SURGEON
from tests.browser.stage import choose_language, press

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("view", "scheme", "language"), [("smallest", "light", "ko"), ("desktop", "dark", "en")])
def test_answer_and_link_on_a_phone(
    demo: Stage, open_window: Callable[..., Window], find_barriers: Callable[..., list[str]], view: str, scheme: str,
    language: str,
) -> None:  # fmt: skip
    window = open_window(demo.address, view, language, color_scheme=scheme, storage_state=demo.session_of(SURGEON))
    page = window.page
    page.goto("/mine")
    choose_language(page, language)
    card = page.locator(".window-card").first
    if card.locator("details [value=accepted]").count():  # the other view has answered already
        card.locator("form summary").click()

    press(page, card.locator("button[value=accepted]"))
    is_in_sight = page.locator(".window-card .answer-accepted").first.is_visible()
    press(page, page.locator("section[aria-labelledby=feed] form.row-form button:not([formaction])").first)
    measured = page.evaluate(MEASURE, CONTROLS)

    assert is_in_sight
    assert page.locator(".qr").is_visible()
    assert page.input_value("#link").endswith(".ics")
    assert find_barriers(page) == []
    assert (measured["sideways"], measured["small"], measured["split"]) == (False, [], [])
    assert (window.problems, window.outside) == ([], [])

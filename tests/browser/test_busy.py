"""The page of busy times in a browser: a file is handed in, and the page keeps the gates of every page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.conftest import Stage, Window
from tests.browser.gates import CONTROLS, MEASURE, SURGEON
from tests.browser.stage import choose_language, press
from tests.formats.calendars import a_calendar, an_event

pytestmark = pytest.mark.browser


def a_full_calendar() -> bytes:
    """Sure and tentative times of the next days, and two events that cannot be read."""
    at = [datetime.now(UTC) + timedelta(days=day) for day in (1, 2)]
    starts = [f"DTSTART:{day:%Y%m%dT%H0000Z}" for day in at]
    return a_calendar(
        *an_event(starts[0], "DURATION:PT1H"), *an_event(starts[1], "DURATION:PT26H", "STATUS:TENTATIVE", uid="e2"),
        *an_event(uid="e3"), *an_event("DTSTART:soon", uid="e4"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "look", [("desktop", "light", "ko"), ("phone", "dark", "en"), ("smallest", "light", "ko")], ids="-".join
)
def test_page_of_busy_times_keeps_the_gates(
    demo: Stage, open_window: Callable[..., Window], find_barriers: Callable[..., list[str]],
    look: tuple[str, str, str],
) -> None:  # fmt: skip
    view, scheme, language = look
    window = open_window(demo.address, view, language, color_scheme=scheme, storage_state=demo.session_of(SURGEON))
    window.page.goto("/mine/busy")
    choose_language(window.page, language)
    window.page.goto("/mine/busy")
    file = {"name": "moon.ics", "mimeType": "text/calendar", "buffer": a_full_calendar()}
    window.page.set_input_files("#file", file)
    press(window.page, "section[aria-labelledby=upload] button")

    measured = window.page.evaluate(MEASURE, CONTROLS)

    assert find_barriers(window.page) == []
    assert (measured["sideways"], measured["small"], measured["split"]) == (False, [], [])
    assert (window.page.locator("table.list tbody tr").count(), window.problems, window.outside) == (1, [], [])

"""The first start of a fresh database in a real browser, up to the worklist with the first cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Stage, Window
from tests.browser.first_steps import walk
from tests.browser.gates import ADMINISTRATOR, CONTROLS, FEW_LOOKS, MEASURE, NOTHING_WRONG, look_at
from tests.browser.stage import press, served
from tests.database import copy_sqlite


@pytest.fixture
def fresh(sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[Any, str]]:
    """The application on an empty database, and its address."""
    with served(copy_sqlite(sqlite_template, tmp_path / "fresh.sqlite"), tmp_path) as found:
        yield found


def test_first_start_without_javascript_on_a_phone(
    fresh: tuple[Any, str], open_window: Callable[..., Window], tmp_path: Path
) -> None:
    window = open_window(fresh[1], "smallest", "ko", java_script_enabled=False)

    found = {name: window.page.evaluate(MEASURE, CONTROLS) for name in walk(fresh[0], window.page, tmp_path)}

    assert list(found) == ["code", "begin", "people", "board", "import"]
    assert list(found.values()) == [{"sideways": False, "small": [], "split": []}] * 5
    assert "C-1" in window.page.content()
    assert (window.problems, window.outside) == ([], [])


def test_first_start_has_no_barrier_and_ends_on_the_worklist(
    fresh: tuple[Any, str], open_window: Callable[..., Window], find_barriers: Callable[..., list[str]],
    tmp_path: Path,
) -> None:  # fmt: skip
    window = open_window(fresh[1], "phone", "en")
    found = {
        name: [look_at(window.page, find_barriers, look) for look in FEW_LOOKS["en"]]
        for name in walk(fresh[0], window.page, tmp_path)
    }
    window.page.wait_for_url("**/cases/import/**")
    press(window.page, window.page.locator("main form .primary").first)
    window.page.goto("/")

    assert found == dict.fromkeys(("code", "begin", "people", "board", "import"), [NOTHING_WRONG] * 2)
    assert window.page.url.endswith("/cases")
    assert "C-1" in window.page.locator("main").inner_text()
    assert (window.problems, window.outside) == ([], [])


def test_pages_of_log_ins_have_no_barrier(
    demo: Stage, open_window: Callable[..., Window], find_barriers: Callable[..., list[str]]
) -> None:
    found: dict[tuple[str, str], Any] = {}
    for language, looks in FEW_LOOKS.items():
        window = open_window(demo.address, language=language, storage_state=demo.session_of(ADMINISTRATOR))
        for place in ("/centre/accounts", "/centre/tokens", "/account"):
            window.page.goto(f"{place}?lang={language}")
            for summary in window.page.locator("main summary").all()[:2]:
                summary.click()
            found |= {(look, place): look_at(window.page, find_barriers, look) for look in looks}
        assert (window.problems, window.outside) == ([], [])

    assert found == dict.fromkeys(found, NOTHING_WRONG)

"""The first start of a fresh database in a real browser, up to the worklist with the first cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Stage, Window
from tests.browser.gates import ADMINISTRATOR, CONTROLS, FEW_LOOKS, MEASURE, NOTHING_WRONG, look_at
from tests.browser.stage import press, served
from tests.builders import PASSWORD, PROGRAM, a_case_csv
from tests.database import copy_sqlite
from tumorboard.services.first_start import make_setup_code

SEND = "main form.form .primary"


@pytest.fixture
def fresh(sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[Any, str]]:
    """The application on an empty database, and its address."""
    with served(copy_sqlite(sqlite_template, tmp_path / "fresh.sqlite"), tmp_path) as found:
        yield found


def walk(fresh: tuple[Any, str], page: Any, directory: Path, look: Callable[[str], None]) -> None:
    """Everything from the code to the first import; `look` is called on each page."""
    app, _ = fresh
    page.goto("/")
    look("code")
    page.fill("#code-code", make_setup_code(app.extensions["tumorboard"], now=datetime.now(UTC)))
    press(page, "main form button")
    look("begin")
    page.fill("#begin-name_ko", "한강센터")
    page.fill("#begin-name", "김하나")
    page.fill("#begin-email", "kim@hospital.example")
    page.fill("#begin-password", PASSWORD)
    page.fill("#begin-again", PASSWORD)
    press(page, SEND)
    look("people")
    for seat in app.extensions["tumorboard"].program(PROGRAM).seats:
        page.fill(f"#people-name-{seat.specialty}", seat.specialty)
        page.fill(f"#people-email-{seat.specialty}", f"{seat.specialty}@hospital.example")
    press(page, SEND)
    look("board")
    page.fill("#board-room_name", "다학제 회의실")
    press(page, SEND)
    look("import")
    file = directory / "cases.csv"
    file.write_bytes(a_case_csv(on=datetime.now(UTC).date()))
    page.set_input_files("#file", file)
    press(page, SEND)


def test_first_start_without_javascript_on_a_phone(
    fresh: tuple[Any, str], open_window: Callable[..., Window], tmp_path: Path
) -> None:
    window = open_window(fresh[1], "smallest", "ko", java_script_enabled=False)

    found: dict[str, Any] = {}

    walk(fresh, window.page, tmp_path, lambda name: found.update({name: window.page.evaluate(MEASURE, CONTROLS)}))

    assert list(found) == ["code", "begin", "people", "board", "import"]
    assert list(found.values()) == [{"sideways": False, "small": [], "split": []}] * 5
    assert "C-1" in window.page.content()
    assert (window.problems, window.outside) == ([], [])


def test_first_start_has_no_barrier_and_ends_on_the_worklist(
    fresh: tuple[Any, str], open_window: Callable[..., Window], find_barriers: Callable[[Any], list[str]],
    tmp_path: Path,
) -> None:  # fmt: skip
    window = open_window(fresh[1], "phone", "en")
    found: dict[str, Any] = {}

    def look(name: str) -> None:
        found[name] = [look_at(window.page, find_barriers, look) for look in FEW_LOOKS["en"]]

    walk(fresh, window.page, tmp_path, look)
    window.page.wait_for_url("**/cases/import/**")
    press(window.page, window.page.locator("main form .primary").first)
    window.page.goto("/")

    assert found == dict.fromkeys(("code", "begin", "people", "board", "import"), [NOTHING_WRONG] * 2)
    assert window.page.url.endswith("/cases")
    assert "C-1" in window.page.locator("main").inner_text()
    assert (window.problems, window.outside) == ([], [])


def test_pages_of_log_ins_have_no_barrier(
    demo: Stage, open_window: Callable[..., Window], find_barriers: Callable[[Any], list[str]]
) -> None:
    found: dict[tuple[str, str], Any] = {}
    for language, looks in FEW_LOOKS.items():
        window = open_window(demo.address, language=language, storage_state=demo.session_of(ADMINISTRATOR))
        for place in ("/centre/accounts", "/account"):
            window.page.goto(f"{place}?lang={language}")
            for summary in window.page.locator("main summary").all()[:2]:
                summary.click()
            found |= {(look, place): look_at(window.page, find_barriers, look) for look in looks}
        assert (window.problems, window.outside) == ([], [])

    assert found == dict.fromkeys(found, NOTHING_WRONG)

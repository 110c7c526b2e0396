"""Chromium, the served demo centre, and pages that notice every request to elsewhere and every complaint."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.counting import begin_counting
from tests.browser.stage import (
    ARGUMENTS,
    CHROMIUM,
    DEMO_PASSWORDS,
    LOCALES,
    VIEWS,
    addresses,
    choose_language,
    fill_with_demo,
    log_in,
    served,
)
from tests.database import copy_sqlite

AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def _miss(reason: str) -> None:
    if os.environ.get("TUMORBOARD_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A running Chromium; the tests are skipped without one, unless TUMORBOARD_REQUIRE_BROWSER=1."""
    if not CHROMIUM:
        _miss("no Chromium on the PATH; apt-get install chromium fonts-noto-cjk")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _miss("playwright is not installed; see requirements-dev.txt")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo centre in a database file, made once."""
    directory = tmp_path_factory.mktemp("demo")
    path = directory / "demo.sqlite"
    fill_with_demo(copy_sqlite(sqlite_template, path), directory)
    return path


class Stage:
    """The served demo: its address, the address of each kind of page, and a remembered log-in per account."""

    def __init__(self, chromium: Any, address: str, places: dict[str, str]) -> None:
        self.chromium = chromium
        self.address = address
        self.places = places
        self._sessions: dict[str, Any] = {}

    def session_of(self, email: str) -> Any:
        """The cookies of an account after its log-in."""
        if email not in self._sessions:
            context = self.chromium.new_context(base_url=self.address)
            log_in(context.new_page(), email, DEMO_PASSWORDS[email], "en")
            self._sessions[email] = context.storage_state()
            context.close()
        return self._sessions[email]


@pytest.fixture(scope="module")
def demo(chromium: Any, demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The served demo centre, on a copy of its own for each module."""
    directory = tmp_path_factory.mktemp("served")
    path = directory / "demo.sqlite"
    shutil.copy(demo_template, path)
    with served(f"sqlite:///{path}", directory) as (app, address):
        yield Stage(chromium, address, addresses(app))


class Window:
    """A browser window: its page, requests to elsewhere, and what the console complained of.

    Every test that opens one fails at its end when there was any of either. A test that cuts the network, or asks for a
    page that is refused, says so beforehand in `excused`: a part of the words with which the browser tells it.
    """

    def __init__(self, context: Any, address: str) -> None:
        self.outside: list[str] = []
        self.problems: list[str] = []
        self.excused: tuple[str, ...] = ()
        self._address = address
        context.set_default_timeout(10_000)
        context.route("**/*", self._only_here)
        self.page = context.new_page()
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def _only_here(self, route: Any) -> None:
        if route.request.url.startswith((self._address, "data:")):
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()

    def _note(self, message: Any) -> None:
        is_expected = "status of 404" in message.text and message.location["url"].endswith("/nowhere")
        is_excused = any(words in message.text for words in self.excused)
        if message.type in ("error", "warning") and not is_expected and not is_excused:
            self.problems.append(message.text)


@pytest.fixture
def open_window(chromium: Any) -> Iterator[Callable[..., Window]]:
    """Opens a window on an address with a view, a language, and whatever else a browser context takes.

    At the end of the test no window may have complained, or asked anybody but the application.
    """
    contexts: list[Any] = []
    windows: list[Window] = []

    def make(address: str, view: str = "desktop", language: str = "en", **more: Any) -> Window:
        context = chromium.new_context(
            base_url=address, locale=LOCALES[language], timezone_id="Asia/Seoul", reduced_motion="reduce",
            **{**VIEWS[view], **more},
        )  # fmt: skip
        contexts.append(context)
        windows.append(Window(context, address))
        return windows[-1]

    yield make
    for context in contexts:
        context.close()
    assert [(window.problems, window.outside) for window in windows] == [([], [])] * len(windows)


FIND_BARRIERS = """async (options) => {
  const { violations } = await axe.run(document, options);
  return violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target}`));
}"""


@pytest.fixture(scope="session")
def find_barriers() -> Callable[..., list[str]]:
    """What axe finds on a page: rule and element. `without` names rules that are not asked this time."""
    try:
        from axe_playwright_python.base import AXE_SCRIPT
    except ImportError:
        _miss("axe-playwright-python is not installed; see requirements-dev.txt")

    def find(page: Any, without: tuple[str, ...] = ()) -> list[str]:
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        rules = {rule: {"enabled": False} for rule in without}
        options = {"runOnly": AXE_RULES, "resultTypes": ["violations"], "rules": rules}
        found: list[str] = page.evaluate(FIND_BARRIERS, options)
        return found

    return find


Open = Callable[..., Any]


@pytest.fixture
def sit_down(demo: Stage, open_window: Callable[..., Window]) -> Open:
    """Somebody on her first page, in a language, with or without JavaScript, and counted from then on."""

    def make(
        language: str = "en", *, has_script: bool = True, view: str = "desktop", email: str = "coordinator@demo.example"
    ) -> Any:
        session = demo.session_of(email)
        window = open_window(demo.address, view, language, storage_state=session, java_script_enabled=has_script)
        window.page.goto("/rules")
        choose_language(window.page, language)
        if has_script:
            begin_counting(window.page)
        window.page.goto("/")
        return window.page

    return make

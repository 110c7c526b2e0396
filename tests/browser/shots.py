"""`python -m tests.browser.shots docs/img` starts the demo centre on a database of its own and photographs every page.

Each page is taken in five looks, as `NAME-LOOK.webp`; names of pages after the directory
(`first` for the first start) take only these.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser.first_steps import walk
from tests.browser.gates import ADMINISTRATOR, COORDINATOR, SURGEON
from tests.browser.rare import WHO, fill_with_rare
from tests.browser.stage import (
    ARGUMENTS,
    CHROMIUM,
    DEMO_PASSWORDS,
    LOCALES,
    VIEWS,
    addresses,
    fill_with_demo,
    log_in,
    served,
)
from tests.database import copy_sqlite, migrate_up

OWN = frozenset({"mine", "preferences", "account"})
"""Pages that are photographed as a surgeon sees them; the others as a coordinator does."""
ADMINISTRATION = {"accounts": "/centre/accounts", "tokens": "/centre/tokens"}
"""Pages that are photographed as an administrator sees them."""
QUALITY = 45


@dataclass(frozen=True, slots=True)
class Look:
    """A window, a language, the colours, and the height in pixels at which the picture ends."""

    view: str
    language: str
    height: int
    scheme: str = "light"
    media: str = "screen"


LOOKS = {
    "desktop-en": Look("desktop", "en", 1200),
    "desktop-dark-ko": Look("desktop", "ko", 1200, scheme="dark"),
    "phone-ko": Look("phone", "ko", 1500),
    "phone-dark-en": Look("phone", "en", 1500, scheme="dark"),
    "print-ko": Look("desktop", "ko", 1400, media="print"),
}


def take_all(browser: Any, address: str, places: dict[str, str], who: str, directory: Path) -> Iterator[Path]:
    """Every page in every look, as an account sees it or (`who` is empty) a stranger; gives the files as written."""
    for name, look in LOOKS.items():
        context = _sit_down(browser, address, look)
        page = context.new_page()
        if who:
            log_in(page, who, DEMO_PASSWORDS[who], look.language)
        for place, where in places.items():
            page.goto(f"{where}?lang={look.language}")
            yield _shoot(page, look, directory / f"{place}-{name}.webp")
        context.close()


def take_first_start(browser: Any, template: Path, directory: Path) -> Iterator[Path]:
    """The steps of a first start in every look, each look on an empty database of its own."""
    for name, look in LOOKS.items():
        with tempfile.TemporaryDirectory() as folder:
            url = copy_sqlite(template, Path(folder) / "fresh.sqlite")
            with served(url, Path(folder)) as (app, address):
                context = _sit_down(browser, address, look)
                page = context.new_page()
                for step in walk(app, page, Path(folder)):
                    yield _shoot(page, look, directory / f"first-{step}-{name}.webp")
                    page.emulate_media(media="screen")
                context.close()


def _sit_down(browser: Any, address: str, look: Look) -> Any:
    return browser.new_context(
        base_url=address, locale=LOCALES[look.language], timezone_id="Asia/Seoul", color_scheme=look.scheme,
        reduced_motion="reduce", **VIEWS[look.view],
    )  # fmt: skip


def _shoot(page: Any, look: Look, path: Path) -> Path:
    page.emulate_media(media=look.media, color_scheme=look.scheme)
    return _take(page, look, path)


def _take(page: Any, look: Look, path: Path) -> Path:
    """Playwright itself writes no WebP, which takes a fifth of the room; Chromium does."""
    width, height = page.viewport_size["width"], page.evaluate("document.body.scrollHeight")
    clip = {"x": 0, "y": 0, "width": width, "height": min(look.height, height), "scale": 1}
    session = page.context.new_cdp_session(page)
    answer = session.send(
        "Page.captureScreenshot",
        {"format": "webp", "quality": QUALITY, "clip": clip, "captureBeyondViewport": True},
    )
    session.detach()
    path.write_bytes(base64.b64decode(answer["data"]))
    return path


def main(directory: Path, names: list[str]) -> None:
    """Take every picture, or those of the named pages, into a directory."""
    if not CHROMIUM:
        sys.exit("no Chromium on the PATH; apt-get install chromium fonts-noto-cjk")
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        empty, filled = Path(folder) / "empty.sqlite", Path(folder) / "demo.sqlite"
        migrate_up(f"sqlite:///{empty}")
        url = copy_sqlite(empty, filled)
        fill_with_demo(url, Path(folder))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for rare in (False, True):
            with served(url, Path(folder)) as (app, address):
                places = fill_with_rare(app) if rare else {**addresses(app), **ADMINISTRATION}
                for who, wanted in _by_reader(places, names, rare=rare).items():
                    for path in take_all(browser, address, wanted, who, directory):
                        print(path)
        if not names or "first" in names:
            for path in take_first_start(browser, empty, directory):
                print(path)
        browser.close()


def _by_reader(places: dict[str, str], names: list[str], *, rare: bool) -> dict[str, dict[str, str]]:
    """The wanted pages by who is logged in on their pictures."""
    found: dict[str, dict[str, str]] = {}
    for name, place in places.items():
        if not names or name in names:
            who = WHO[name] if rare else SURGEON if name in OWN else COORDINATOR
            found.setdefault(ADMINISTRATOR if name in ADMINISTRATION else who, {})[name] = place
    return found


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python -m tests.browser.shots DIRECTORY [PAGE ...]")
    main(Path(sys.argv[1]), sys.argv[2:])

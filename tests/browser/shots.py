"""`python -m tests.browser.shots docs/img` starts the demo centre on a database of its own and photographs it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

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
from tests.database import migrate_up

COORDINATOR = "coordinator@demo.example"
SURGEON = "sungjin.moon@demo.example"
SHOTS = (
    ("worklist", "worklist", COORDINATOR, "desktop", "en", "light", 900),
    ("worklist-ko", "worklist", COORDINATOR, "desktop", "ko", "light", 900),
    ("case", "case", COORDINATOR, "desktop", "en", "light", 1100),
    ("board", "board", COORDINATOR, "desktop", "en", "light", 1000),
    ("board-dark-ko", "board", COORDINATOR, "desktop", "ko", "dark", 1000),
    ("draft", "draft", COORDINATOR, "desktop", "en", "light", 1200),
    ("meeting-ko", "meeting", COORDINATOR, "desktop", "ko", "light", 1200),
    ("mine-phone", "mine", SURGEON, "phone", "en", "light", 780),
    ("mine-phone-dark-ko", "mine", SURGEON, "phone", "ko", "dark", 780),
    ("board-phone-ko", "board", SURGEON, "phone", "ko", "light", 1100),
)
"""File name, page, who, view, language, colours, and the height in pixels at which the picture ends."""


def take(browser: Any, address: str, places: dict[str, str], directory: Path, shot: tuple[Any, ...]) -> Path:
    """One picture; gives its file."""
    name, place, email, view, language, scheme, height = shot
    context = browser.new_context(
        base_url=address, locale=LOCALES[language], timezone_id="Asia/Seoul", color_scheme=scheme,
        reduced_motion="reduce", **VIEWS[view],
    )  # fmt: skip
    page = context.new_page()
    log_in(page, email, DEMO_PASSWORDS[email], language)
    page.goto(places[place])
    width = page.viewport_size["width"]
    clip = {"x": 0, "y": 0, "width": width, "height": min(height, page.evaluate("document.body.scrollHeight"))}
    path = directory / f"{name}.png"
    page.screenshot(path=path, full_page=True, clip=clip)
    context.close()
    return path


def main(directory: Path) -> None:
    """Take every picture into a directory."""
    if not CHROMIUM:
        sys.exit("no Chromium on the PATH; apt-get install chromium fonts-noto-cjk")
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        url = f"sqlite:///{folder}/demo.sqlite"
        migrate_up(url)
        fill_with_demo(url, Path(folder))
        with served(url, Path(folder)) as (app, address):
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            places = addresses(app)
            for shot in SHOTS:
                print(take(browser, address, places, directory, shot))
            browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.browser.shots DIRECTORY")
    main(Path(sys.argv[1]))

"""`python -m tests.browser.shots docs/img` starts the demo centre on a database of its own and photographs every page.

Each page is taken in five looks, as `NAME-LOOK.webp`; names of pages after the directory take only these.
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
OWN = frozenset({"mine", "preferences", "account"})
"""Pages that are photographed as a surgeon sees them; the others as a coordinator does."""
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


def take_all(browser: Any, address: str, places: dict[str, str], directory: Path) -> Iterator[Path]:
    """Every page in every look; gives the files as they are written."""
    for name, look in LOOKS.items():
        for email in (COORDINATOR, SURGEON):
            wanted = {page: place for page, place in places.items() if (page in OWN) == (email == SURGEON)}
            context = browser.new_context(
                base_url=address, locale=LOCALES[look.language], timezone_id="Asia/Seoul", color_scheme=look.scheme,
                reduced_motion="reduce", **VIEWS[look.view],
            )  # fmt: skip
            page = context.new_page()
            log_in(page, email, DEMO_PASSWORDS[email], look.language)
            for place in wanted:
                page.goto(wanted[place])
                page.emulate_media(media=look.media, color_scheme=look.scheme)
                yield _take(page, look, directory / f"{place}-{name}.webp")
            context.close()


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
        url = f"sqlite:///{folder}/demo.sqlite"
        migrate_up(url)
        fill_with_demo(url, Path(folder))
        with served(url, Path(folder)) as (app, address):
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            places = addresses(app)
            unknown = sorted(set(names) - places.keys())
            if unknown:
                sys.exit(f"no page is called {unknown[0]}; known: {', '.join(sorted(places))}")
            for path in take_all(browser, address, {name: places[name] for name in names or places}, directory):
                print(path)
            browser.close()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python -m tests.browser.shots DIRECTORY [PAGE ...]")
    main(Path(sys.argv[1]), sys.argv[2:])

"""What is measured on every page, and in which looks; `test_gates.py` and the tests of single pages ask it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tumorboard import demo

COORDINATOR = "coordinator@demo.example"
SURGEON = "sungjin.moon@demo.example"
ADMINISTRATOR = "admin@demo.example"
LOOKS = {
    "1366": (1366, 860, "light"),
    "1024": (1024, 768, "light"),
    "360": (360, 780, "light"),
    "320": (320, 640, "light"),
    "dark": (1366, 860, "dark"),
    "dark-320": (320, 640, "dark"),
    "zoom-200": (683, 430, "light"),
}
"""Width and height in CSS pixels, and the colours. A page at 200 % zoom has half the pixels of the same window."""
COLOURS = {"ko": ("1366", "360", "dark-320"), "en": ("1024", "320", "dark", "zoom-200")}
"""Where contrasts are measured, by far the slowest rule: in each look once, as colours do not depend on the words."""
FEW_LOOKS = {"ko": ("1366", "320"), "en": ("360", "dark")}
"""Where pages are looked at that are seldom seen: each size and both colours once."""
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
  };
}"""
TEXTS = """() => {
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent.trim();
    if (text && !walk.currentNode.parentElement.closest('script, style, textarea, code')) found.push(text);
  }
  return found;
}"""
SENTENCES = {
    "ko": re.compile(r"\b[a-z]{3,} [a-z]{2,} [a-z]{2,}\b"),
    "en": re.compile(r"(다|요|오|까)[.?!]|[가-힣]+ [가-힣]+ [가-힣]+ [가-힣]+"),
}
"""How a sentence of the other language looks on a page in one of them; names and titles are shorter."""
CHECKSUM = re.compile(r"([a-z2-7]{4} ?)+")
"""Under a signed record."""
WRITTEN = "".join(path.read_text(encoding="utf-8") for path in Path(demo.__file__).parent.glob("*.toml"))
"""What people of the demo have written themselves; it stays as they wrote it."""
NOTHING_WRONG: dict[str, Any] = {"barriers": [], "sideways": False, "small": [], "split": []}


def foreign_sentences(page: Any, language: str) -> list[str]:
    """Sentences of the other language on a page."""
    found = [text for text in page.evaluate(TEXTS) if SENTENCES[language].search(text)]
    return [text for text in found if text not in WRITTEN and not CHECKSUM.fullmatch(text)]


def look_at(page: Any, find_barriers: Callable[..., list[str]], look: str, language: str = "") -> dict[str, Any]:
    """What is wrong with the page in one look; with a language, contrasts only where they are measured in it."""
    width, height, scheme = LOOKS[look]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    without = ("color-contrast",) if language and look not in COLOURS[language] else ()
    return {"barriers": find_barriers(page, without), **page.evaluate(MEASURE, CONTROLS)}

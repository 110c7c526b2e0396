"""Counts what a person does to reach something: trusted clicks and keys, kept across pages, without JavaScript too.

Where the page runs no script of its own, the browser is asked from outside; the counter below is the testing tool's.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

BUDGETS: dict[int, str] = {
    1: "refer a case",
    2: "build next Tuesday's board",
    3: "see why a case is not ready",
    4: "find a slot for three specialties",
    5: "move a case",
    6: "replace an absent pathologist",
    7: "record a recommendation",
    8: "subscribe on a phone",
}
"""The eight tasks by number."""

MOST_TABS = 120
COUNT = """(() => {
  const read = () => JSON.parse(sessionStorage.getItem('count') || '{"clicks":0,"keys":0}');
  const add = (name) => {
    const count = read();
    count[name] += 1;
    sessionStorage.setItem('count', JSON.stringify(count));
  };
  const bare = ['Shift', 'Alt', 'Control', 'Meta'];
  addEventListener('pointerdown', (event) => event.isTrusted && add('clicks'), true);
  addEventListener('keydown', (event) => event.isTrusted && !bare.includes(event.key) && add('keys'), true);
})()"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Clicks and keys."""

    clicks: int
    keys: int


def begin_counting(page: Any) -> None:
    """Count on every page that is loaded from now on. Not for a window without JavaScript; see `Presses`."""
    page.context.add_init_script(COUNT)


def spent(page: Any) -> Spent:
    """What was done in this window since `begin_counting`."""
    return Spent(**page.evaluate('JSON.parse(sessionStorage.getItem("count") || \'{"clicks":0,"keys":0}\')'))


class Presses:
    """Counts for a window without JavaScript: whoever drives it says what is done."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.clicks = self.keys = 0

    def click(self, control: Any) -> None:
        """Click what leads to a page, and wait for it."""
        target = self.page.locator(control) if isinstance(control, str) else control
        with self.page.expect_navigation(wait_until="load"):
            target.click()
        self.clicks += 1

    def key(self, name: str, *, leads: bool = False) -> None:
        """Press a key, one that `leads` to a page or one that stays."""
        if leads:
            with self.page.expect_navigation(wait_until="load"):
                self.page.keyboard.press(name)
        else:
            self.page.keyboard.press(name)
        self.keys += 1

    @property
    def spent(self) -> Spent:
        """What was done so far."""
        return Spent(self.clicks, self.keys)


def took(presses: Presses, *, has_script: bool = True, typed: str = "") -> Spent:
    """What it took without the words typed: the browser's own count of trusted presses, where scripts run.

    Without them it is what was said; with them, that must be the same.
    """
    if not has_script:
        return presses.spent
    trusted = spent(presses.page)
    counted = Spent(trusted.clicks, trusted.keys - len(typed))
    assert counted == presses.spent
    return counted


def tab_to(presses: Presses, target: Any) -> None:
    """Press Tab until the control has the focus."""
    for _ in range(MOST_TABS):
        if target.evaluate("(element) => element === document.activeElement"):
            return
        presses.key("Tab")
    pytest.fail("the control cannot be reached with Tab")


def record(task_number: int, clicks: int, keys: int, variant: str) -> None:
    """Keep what a task took, for the README's table. `variant` says how: `script-en`, `no-script`, `keyboard` …

    One file for each task and variant, in the folder of TUMORBOARD_COUNTS or else beside the temporary files: tests
    that run side by side never write the same one.
    """
    if task_number not in BUDGETS:
        raise ValueError(f"there is no task {task_number}")
    folder = counts_folder()
    folder.mkdir(parents=True, exist_ok=True)
    content = {"task": task_number, "name": BUDGETS[task_number], "variant": variant, **asdict(Spent(clicks, keys))}
    (folder / f"{task_number}-{variant}.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def read_counts() -> list[dict[str, Any]]:
    """All that was recorded, by task and variant."""
    files = sorted(counts_folder().glob("*.json"))
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def counts_folder() -> Path:
    """Where `record` writes."""
    return Path(os.environ.get("TUMORBOARD_COUNTS") or Path(tempfile.gettempdir()) / "tumorboard-counts")

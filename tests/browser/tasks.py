"""`python -m tests.browser.tasks`: writes the README's table of the eight tasks from what the browser tests counted.

With `--check` it writes nothing, and ends with an error when the README says something else than was counted. Keys are
not compared: how often Tab is pressed depends on how many links today's demo has on the way.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.browser.counting import BUDGETS, read_counts

README = Path(__file__).resolve().parents[2] / "README.md"
BEGIN, END = "<!-- tasks: written by `make tasks` -->\n", "<!-- end of tasks -->\n"
ALLOWED: dict[int, str] = {
    1: "3 clicks and the words",
    2: "2 clicks",
    3: "nothing: it stands on the row",
    4: "4 clicks, nothing typed",
    5: "1 chord, click or drag; 2 clicks to another meeting",
    6: "2 clicks for all meetings",
    7: "the text and Ctrl+Enter",
    8: "scan, then 2 taps",
}
BEGINS: dict[int, str] = {
    1: "first page",
    2: "first page",
    3: "first page",
    4: "first page",
    5: "the draft",
    6: "availability; mouse: first page",
    7: "the meeting's room",
    8: "first page",
}
"""Where the counting begins: the first page after log-in, or the page on which the task comes up."""
_KEYS = re.compile(r"\d+ keys?")
WAYS = (("script", "mouse or touch"), ("no-script", "without JavaScript"), ("keyboard", "keyboard alone"))


def make_table(counts: list[dict[str, Any]]) -> str:
    """The table in Markdown. Of several ways of a kind the dearest counts. Raises SystemExit when a task is missing."""
    found: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for count in counts:
        found[count["task"], _way(count["variant"])].append(count)
    missing = [f"{task} {way}" for task in BUDGETS for way, _ in WAYS if not found[task, way]]
    if missing:
        sys.exit(f"no browser test has counted: {', '.join(missing)}; run tests/browser first")
    head = ["task", "begins on", "allowed", *(words for _, words in WAYS)]
    rows = [[f"{task}. {name}", BEGINS[task], ALLOWED[task], *(_say(found[task, way]) for way, _ in WAYS)]
            for task, name in BUDGETS.items()]  # fmt: skip
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ["---"] * len(head), *rows))


def _way(variant: str) -> str:
    return next((way for way, _ in WAYS if variant.startswith(way)), WAYS[0][0])


def _say(counts: list[dict[str, Any]]) -> str:
    clicks, keys = max((count["clicks"], count["keys"]) for count in counts)
    said = [f"{number} {name}{'s' * (number != 1)}" for number, name in ((clicks, "click"), (keys, "key")) if number]
    return ", ".join(said) or "nothing"


def main() -> None:
    """Write the table between its marks, or compare."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    table, _, after = rest.partition(END)
    counted = make_table(read_counts())
    if "--check" in sys.argv[1:]:
        if _KEYS.sub("keys", table) != _KEYS.sub("keys", counted):
            sys.exit(f"README's tasks differ from what was counted; run `make tasks`:\n{counted}")
        return
    README.write_text(f"{before}{BEGIN}{counted}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()

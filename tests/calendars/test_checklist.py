"""The checklist of calendar interoperability has 132 codes, A1 to P8, and each has a test named after it."""

from __future__ import annotations

import re
from pathlib import Path

COUNTS = {"a": 11, "b": 4, "c": 9, "d": 10, "e": 10, "f": 15, "g": 19, "h": 14, "i": 16, "j": 12, "k": 4, "p": 8}


def test_every_code_of_the_checklist_has_a_test() -> None:
    wanted = {f"{letter}{number}" for letter, count in COUNTS.items() for number in range(1, count + 1)}
    sources = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_checklist_*.py")]
    names = re.findall(r"^def test_((?:[a-z][0-9]+_)+)", "\n".join(sources), re.MULTILINE)

    shown = {code for name in names for code in name.strip("_").split("_")}

    assert len(wanted) == 132
    assert sorted(wanted - shown) == []

"""docs/rules.md says what the programmes say."""

from __future__ import annotations

from pathlib import Path

from tumorboard.domain.program import load_programs
from tumorboard.formats.rules import markdown_rules

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rules.md"


def test_the_rules_page_is_not_stale() -> None:
    wanted = markdown_rules(load_programs(None))

    assert PAGE.read_text(encoding="utf-8") == wanted, "run `make rules`"

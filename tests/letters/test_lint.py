"""The conformance linters beside the repository find nothing in the sample letters (checklist A to H, P)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.letters.samples import SAMPLE_NAMES, a_feed_event, message_of, sample_facts
from tumorboard.formats.ical import FeedStatus, write_feed

LINTERS = Path(__file__).resolve().parents[2].parent / "shared" / "ical" / "oracles" / "lint"
WITHDRAWN_ALONE = "G11 CANCEL without STATUS: right only when this attendee is uninvited and the meeting goes on"


def lint(linter: str, file: Path) -> dict[str, Any]:
    if not LINTERS.is_dir():
        pytest.skip("needs ../shared/ical")
    answer = subprocess.run([sys.executable, str(LINTERS / linter), str(file)], capture_output=True, check=False)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_message_passes_imiplint(name: str, language: str, tmp_path: Path) -> None:
    file = tmp_path / "letter.eml"
    file.write_bytes(message_of(sample_facts(name, language)))

    found = lint("imiplint.py", file)

    assert found["errors"] == []
    assert found["warnings"] == ([WITHDRAWN_ALONE] if name == "withdrawn" else [])


def test_feed_passes_rfclint(tmp_path: Path) -> None:
    zones = ("Asia/Seoul", "America/New_York", "Africa/Cairo", "Europe/Dublin")
    events = [
        a_feed_event(uid=f"{index}@x", time_zone=zone, status=status)
        for index, (zone, status) in enumerate((zone, status) for zone in zones for status in FeedStatus)
    ]
    file = tmp_path / "feed.ics"
    file.write_bytes(write_feed('부인암; "다학제", 😀', events, color="teal"))

    found = lint("rfclint.py", file)

    assert (found["errors"], found["warnings"]) == ([], [])

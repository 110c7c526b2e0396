"""The public and made calendars of ../shared/ical/corpus/busy against what is expected of them."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tumorboard.domain.errors import BadInput
from tumorboard.domain.timeline import Interval
from tumorboard.formats.busy import read_busy

CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "ical" / "corpus" / "busy"
STAMP = "%Y%m%dT%H%M%SZ"
REFUSED = {
    "Radicale__broken-vevent.ics": "incomplete-calendar",
    "icalendar__big_bad_calendar.ics": "incomplete-calendar",
    "ical__missing_colon.ics": "not-a-calendar",
    "synth__not-calendar-empty.ics": "not-a-calendar",
    "synth__not-calendar-html.ics": "not-a-calendar",
    "synth__not-calendar-vcard.ics": "not-a-calendar",
    "synth__rrule-secondly-forever.ics": "recurrence-refused",
    "synth__truncated-in-event.ics": "incomplete-calendar",
}


@lru_cache(maxsize=1)
def expected() -> dict[str, Any]:
    path = CORPUS / "expected.json"
    return json.loads(path.read_bytes()) if path.exists() else {}


def window_of(entry: dict[str, Any]) -> Interval:
    stamps = entry.get("window", ["20260301T000000Z", "20260601T000000Z"])
    start, end = (datetime.strptime(stamp, STAMP).replace(tzinfo=UTC) for stamp in stamps)
    return Interval(start, end)


def stamps(intervals: tuple[Interval, ...]) -> list[list[str]]:
    return [[span.start.strftime(STAMP), span.end.strftime(STAMP)] for span in intervals]


@pytest.mark.parametrize("name", sorted(expected()) or ["all"])
def test_corpus_file_gives_what_is_expected(name: str) -> None:
    if name not in expected():
        pytest.skip("needs ../shared/ical/corpus/busy")
    entry = expected()[name]
    content, zone = (CORPUS / name).read_bytes(), ZoneInfo(entry.get("tz", "Asia/Seoul"))
    began = time.process_time()

    try:
        times = read_busy(content, window=window_of(entry), zone=zone)
    except BadInput as refused:
        code, is_allowed = refused.code, "reject" in entry["verdict"]
    else:
        code, is_allowed = None, entry["verdict"] in ("busy", "busy-or-reject")

    assert (code, is_allowed) == (REFUSED.get(name), True)
    if code is not None:
        return
    assert time.process_time() - began < entry.get("limit_seconds", 5)
    assert (stamps(times.busy), stamps(times.tentative)) == (entry["busy"], entry["tentative"])
    assert len(times.warnings) >= entry.get("min_warnings", 0)

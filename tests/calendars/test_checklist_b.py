"""B of the conformance checklist: the calendar object."""

from __future__ import annotations

import pytest

from tests.calendars.objects import emitted, messages, properties

MESSAGES = messages()
FEEDS = {name: ics for name, ics in emitted().items() if name.startswith("feed")}
EACH = pytest.mark.parametrize("ics", {**MESSAGES, **FEEDS}.values(), ids={**MESSAGES, **FEEDS}.keys())
EACH_MESSAGE = pytest.mark.parametrize("ics", MESSAGES.values(), ids=MESSAGES.keys())
METHODS = {"request": "REQUEST", "series": "REQUEST", "instance": "REQUEST", "cancel": "CANCEL", "withdraw": "CANCEL",
           "decline": "DECLINECOUNTER"}  # fmt: skip


@EACH
def test_b1_one_calendar_version_and_product(ics: bytes) -> None:
    assert ics.count(b"BEGIN:VCALENDAR") == 1
    assert properties(ics, "VERSION") == ["VERSION:2.0"]
    assert properties(ics, "PRODID") == ["PRODID:-//tumorboard//tumorboard 1//EN"]


@pytest.mark.parametrize("name", [name for name in MESSAGES if name.split()[0] in METHODS])
def test_b2_message_has_exactly_its_method(name: str) -> None:
    assert properties(MESSAGES[name], "METHOD") == [f"METHOD:{METHODS[name.split()[0]]}"]


@pytest.mark.parametrize("ics", FEEDS.values(), ids=FEEDS.keys())
def test_b2_feed_has_no_method(ics: bytes) -> None:
    assert properties(ics, "METHOD") == []


@EACH_MESSAGE
def test_b3_message_is_about_one_uid(ics: bytes) -> None:
    assert len(set(properties(ics, "UID"))) == 1


@EACH_MESSAGE
@pytest.mark.parametrize("name", ["NAME", "X-WR-CALNAME", "REFRESH-INTERVAL", "X-PUBLISHED-TTL", "SOURCE", "COLOR"])
def test_b4_message_has_nothing_of_a_feed(ics: bytes, name: str) -> None:
    assert properties(ics, name) == []

"""The lean writer of feeds says the same as icalendar's, to the byte; what is its own is read back by others."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import ical.calendar_stream
import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from tumorboard.domain.errors import BadInput
from tumorboard.formats.content_lines import fold_line
from tumorboard.formats.feed_lines import MOST_WITH_TWINS, _fold, write_event_lines, write_feed_lines
from tumorboard.formats.feed_objects import read_name, split_feed
from tumorboard.formats.ical import FeedEvent, FeedSeries, FeedStatus, Weekly, write_feed

ZONES = ("Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "UTC")
WEEK = timedelta(days=7)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=120) | st.sampled_from(
    ["난소암 다학제 진료 위원회; 본관, 3층 \\ 회의실 " * 3, "a\\" * 60, "^^'\\,;" * 20, "\r\n\u2028\x85\x0b", ""]
)


def an_event(**changes: object) -> FeedEvent:
    values: dict[str, object] = {
        "uid": "0123456789abcdef@hospital.example", "sequence": 0, "stamp": datetime(2026, 11, 22, 3, tzinfo=UTC),
        "starts_at": datetime(2026, 11, 23, 22, 30, tzinfo=UTC), "ends_at": datetime(2026, 11, 24, 0, 0, tzinfo=UTC),
        "time_zone": "Asia/Seoul", "title": "Board", "description": "", "location": "", "video_url": None,
        "url": "https://board.hospital.example/meetings/a",
    }  # fmt: skip
    return FeedEvent(**{**values, **changes})  # type: ignore[arg-type]


EVENTS = st.builds(
    lambda minutes, length, **given: an_event(
        starts_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes),
        ends_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes + length),
        **given,
    ),
    minutes=st.integers(0, 700_000),
    length=st.integers(1, 500),
    uid=st.from_regex("[0-9a-f]{8,32}@hospital.example", fullmatch=True),
    sequence=st.integers(0, 20),
    time_zone=st.sampled_from(ZONES),
    title=TEXTS,
    description=TEXTS,
    location=TEXTS,
    video_url=st.none() | st.sampled_from(["https://video.example/a?b=c&d=e", "https://video.example/회의"]),
    status=st.sampled_from(list(FeedStatus)),
    is_busy=st.booleans(),
    alarm_minutes=st.none() | st.integers(0, 10_080),
    related_uid=st.none() | st.just("other@hospital.example"),
)


def reference(name: str, events: list[FeedEvent], series: list[FeedSeries]) -> bytes:
    """What icalendar writes."""
    return write_feed(name, events, series=series)


def test_long_feed_does_without_the_twins_of_transp() -> None:
    events = [an_event(uid=f"{number}@hospital.example") for number in range(MOST_WITH_TWINS + 1)]

    short, long = write_feed_lines("Board", events[:-1]), write_feed_lines("Board", events)

    assert short == reference("Board", events[:-1], [])
    assert long == re.sub(rb"X-MICROSOFT-CDO-[A-Z]+STATUS:[A-Z]+\r\n", b"", reference("Board", events, []))
    assert long.count(b"TRANSP:OPAQUE") == len(events)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(name=TEXTS, events=st.lists(EVENTS, max_size=4, unique_by=lambda event: event.uid))
def test_feed_is_written_as_icalendar_writes_it(name: str, events: list[FeedEvent]) -> None:
    assert write_feed_lines(name, events) == reference(name, events, [])


@pytest.mark.parametrize("zone", ZONES[:4])
def test_series_is_written_as_icalendar_writes_it(zone: str) -> None:
    first = an_event(time_zone=zone, uid="series@hospital.example")
    moved = replace(first, starts_at=first.starts_at + 2 * WEEK + timedelta(hours=1), ends_at=first.ends_at + 3 * WEEK)
    weekly = Weekly(until=first.starts_at + 10 * WEEK, excluded=(first.starts_at + 5 * WEEK, first.starts_at + WEEK))
    series = FeedSeries(first=first, weekly=weekly, overrides=((first.starts_at + 2 * WEEK, moved),))

    assert write_feed_lines("Board", [an_event()], series=[series]) == reference("Board", [an_event()], [series])


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(st.text("a\\;,^'가\u3042😀", max_size=200))
def test_lines_are_folded_alike(text: str) -> None:
    assert _fold(text).encode() == fold_line(text)


def test_event_without_a_link_has_none() -> None:
    assert b"URL" not in write_event_lines(an_event(url=""))


def test_event_to_take_by_hand_is_one_event_without_method() -> None:
    content = write_event_lines(an_event()).decode()

    assert (content.count("BEGIN:VEVENT"), "METHOD" in content, "\r\nNAME:" in content) == (1, False, False)
    assert vobject.readOne(content).vevent.dtstart.value == an_event().starts_at


@pytest.mark.parametrize("wrong", [{"url": "javascript:alert(1)"}, {"ends_at": datetime(2026, 1, 1, tzinfo=UTC)}])
def test_wrong_values_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        write_event_lines(an_event(**wrong))


def test_feed_taken_apart_has_an_object_for_each_event() -> None:
    rng = random.Random(4)
    events = [
        an_event(
            uid=f"{number}@hospital.example", time_zone=rng.choice(ZONES), title="난소암 다학제 진료 " * 8,
            starts_at=an_event().starts_at + timedelta(days=3 * number),
            ends_at=an_event().ends_at + timedelta(days=3 * number), alarm_minutes=rng.choice([None, 15]),
        )
        for number in range(60)
    ]  # fmt: skip

    objects = split_feed(write_feed_lines("이름, a; b", events))

    assert [one.uid for one in objects] == [event.uid for event in events]
    assert len({one.name for one in objects}) == len(events)
    for one, event in zip(objects, events, strict=True):
        read = ical.calendar_stream.IcsCalendarStream.calendar_from_ics(one.content.decode())
        assert [(found.uid, found.dtstart, found.dtend) for found in read.events] == [
            (event.uid, event.starts_at, event.ends_at)
        ]
        assert [(span.start, span.end) for span in one.spans] == [(event.starts_at, event.ends_at)]
        assert len(read.timezones) == (event.time_zone not in ("UTC", "America/Santiago"))
    assert read_name(write_feed_lines("이름, a; b\\", events)) == "이름, a; b\\"


def test_series_taken_apart_keeps_its_exceptions_and_instances() -> None:
    first = an_event(
        time_zone="Europe/Berlin", uid="series@hospital.example", starts_at=datetime(2026, 3, 10, 6, 30, tzinfo=UTC),
        ends_at=datetime(2026, 3, 10, 8, 0, tzinfo=UTC),
    )  # fmt: skip
    after_change = timedelta(hours=1)
    moved = replace(
        first, starts_at=first.starts_at + WEEK + timedelta(days=1), ends_at=first.ends_at + WEEK + timedelta(days=1)
    )
    series = FeedSeries(
        first=first,
        weekly=Weekly(
            until=first.starts_at + 6 * WEEK - after_change,
            excluded=(first.starts_at + 2 * WEEK, first.starts_at + 5 * WEEK - after_change),
        ),
        overrides=((first.starts_at + WEEK, moved),),
    )

    (one,) = split_feed(write_feed_lines("Board", [], series=[series]))

    assert [span.start for span in one.spans] == [
        first.starts_at, moved.starts_at, first.starts_at + 3 * WEEK - after_change,
        first.starts_at + 4 * WEEK - after_change, first.starts_at + 6 * WEEK - after_change,
    ]  # fmt: skip
    assert one.content.count(b"BEGIN:VEVENT") == 2

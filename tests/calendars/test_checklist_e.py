"""E of the conformance checklist: weekly series, and what does not fit into one."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import vobject
from ical.calendar_stream import IcsCalendarStream

from tests.calendars.objects import (
    HARD_ZONES,
    HOME_ZONES,
    ZONES,
    a_feed_series,
    a_series,
    emitted,
    events_of,
    expected_starts,
    properties,
    tuesdays,
    value,
)
from tests.letters.samples import a_feed_event, an_invitation
from tumorboard.domain.series import FUTURE, PAST, Occurrence, SeriesPlan, plan_calendar
from tumorboard.domain.timeline import Interval
from tumorboard.formats.ical import (
    FeedSeries,
    SeriesInvitation,
    Weekly,
    can_repeat,
    write_feed,
    write_request,
    write_series_request,
)

OBJECTS = emitted()
EACH = pytest.mark.parametrize("ics", OBJECTS.values(), ids=OBJECTS.keys())
EACH_HOME = pytest.mark.parametrize("zone", HOME_ZONES)
LENGTH = timedelta(minutes=90)


def occurrences(zone: str, count: int) -> list[Occurrence]:
    """A weekly board as its rule says."""
    return [
        Occurrence(start, Interval(start, start + LENGTH), str(index))
        for index, start in enumerate(tuesdays(zone, count))
    ]


def moved(one: Occurrence, by: timedelta) -> Occurrence:
    return Occurrence(one.planned_at, Interval(one.span.start + by, one.span.end + by), one.key)


@EACH
def test_e1_series_end_by_until_in_utc(ics: bytes) -> None:
    for rule in (line for event in events_of(ics) for line in event.get("RRULE", [])):
        assert re.fullmatch(r"RRULE:FREQ=WEEKLY;UNTIL=\d{8}T\d{6}Z", rule)


@EACH
def test_e2_excluded_instants_are_instances_in_the_zone_of_the_start(ics: bytes) -> None:
    for event in events_of(ics):
        for line in event.get("EXDATE", []):
            assert line.split(":")[0].replace("EXDATE", "DTSTART") == event["DTSTART"][0].split(":")[0]
            start, out = (
                datetime.strptime(value(text) + "Z", "%Y%m%dT%H%M%S%z") for text in (event["DTSTART"][0], line)
            )
            assert (out - start) % timedelta(days=7) == timedelta(0)
            assert out >= start


@EACH
def test_e3_overrides_name_the_original_start_and_carry_no_rule(ics: bytes) -> None:
    for event in events_of(ics):
        if "RECURRENCE-ID" in event:
            assert not {"RRULE", "EXDATE", "RDATE"} & set(event)
            assert {"SEQUENCE", "DTSTAMP"} <= set(event)
            if "DTSTART" in event:
                mark, start = event["RECURRENCE-ID"][0], event["DTSTART"][0]
                assert mark.split(":")[0].replace("RECURRENCE-ID", "DTSTART") == start.split(":")[0]


@EACH_HOME
def test_e3_feed_never_has_an_override_without_its_series(zone: str) -> None:
    events = events_of(write_feed("x", [], series=[a_feed_series(zone)]))

    assert [("RRULE" in event, "RECURRENCE-ID" in event) for event in events] == [(True, False), (False, True)]
    assert events[0]["UID"] == events[1]["UID"]


@EACH
def test_e4_no_rule_on_a_utc_start(ics: bytes) -> None:
    for event in events_of(ics):
        assert not ("RRULE" in event and event["DTSTART"][0].endswith("Z"))


@pytest.mark.parametrize("zone", [*HARD_ZONES, "UTC"])
def test_e4_zone_without_rules_gets_no_series(zone: str) -> None:
    assert not can_repeat(zone, tuesdays(zone, 52))


@EACH
def test_e5_no_rdate(ics: bytes) -> None:
    assert properties(ics, "RDATE") == []


@EACH_HOME
@pytest.mark.parametrize(
    ("shift", "stays"),
    [
        (timedelta(hours=3), True),
        (timedelta(days=2), True),
        (timedelta(days=-6), True),
        (timedelta(days=6), True),
        (timedelta(days=7), False),
        (timedelta(days=7, hours=3), False),
        (timedelta(days=-7), False),
        (timedelta(days=8), False),
        (timedelta(days=-20), False),
    ],
)
def test_e6_an_instance_that_would_pass_its_neighbour_leaves_the_series(
    zone: str, shift: timedelta, *, stays: bool
) -> None:
    known = occurrences(zone, 10)
    known[4] = moved(known[4], shift)

    plan = plan_calendar(known, zone=ZoneInfo(zone))

    (series,) = plan.series
    assert ([one.key for one in series.moved], [one.key for one in plan.apart]) == (
        (["4"], []) if stays else ([], ["4"])
    )
    assert (known[4].planned_at in series.excluded) is not stays


def test_e6_an_instance_of_its_own_names_the_series_it_left() -> None:
    ics = write_request(an_invitation(uid="new@x", related_uid="series@x"))

    assert properties(ics, "RELATED-TO") == ["RELATED-TO;RELTYPE=SIBLING:series@x"]
    assert properties(ics, "UID") == ["UID:new@x"]


@pytest.mark.parametrize("seed", range(40))
def test_e6_random_boards_keep_one_instance_a_day_in_their_order(seed: int) -> None:
    dice = random.Random(seed)
    zone = dice.choice(ZONES)
    known = list(random_board(dice, zone))

    for series in plan_calendar(known, zone=ZoneInfo(zone)).series:
        days = [one.span.start.astimezone(ZoneInfo(zone)).date() for one in series.kept]
        assert days == sorted(set(days))


def random_board(dice: random.Random, zone: str) -> Iterator[Occurrence]:
    """Up to a year and a half of a board: weeks left out, meetings moved by minutes, days and weeks."""
    for one in occurrences(zone, dice.randint(2, 70)):
        luck = dice.random()
        if luck < 0.1:
            continue
        if luck < 0.25:
            yield moved(one, timedelta(minutes=dice.randint(-12_000, 12_000)))
        else:
            yield one


@EACH_HOME
def test_e7_series_begins_with_its_first_instance(zone: str) -> None:
    known = occurrences(zone, 10)
    known[0] = moved(known[0], timedelta(days=9))

    (series,) = plan_calendar(known, zone=ZoneInfo(zone)).series

    assert series.first.start == known[1].planned_at
    assert series.first.start not in series.excluded
    assert [one.key for one in series.kept] == [str(index) for index in range(1, 10)]


def written(plan: SeriesPlan, zone: str) -> FeedSeries:
    """A plan as it goes into a feed."""

    def event(span: Interval) -> object:
        return a_feed_event(uid="s@x", starts_at=span.start, ends_at=span.end, time_zone=zone)

    overrides = tuple((one.planned_at, event(one.span)) for one in plan.moved)
    weekly = Weekly(until=plan.until, excluded=plan.excluded)
    return FeedSeries(first=event(plan.first), weekly=weekly, overrides=overrides)  # type: ignore[arg-type]


def read_with_ical(ics: bytes) -> list[datetime]:
    return [event.dtstart.astimezone(UTC) for event in IcsCalendarStream.calendar_from_ics(ics.decode()).timeline]


def read_with_vobject(ics: bytes) -> list[datetime]:
    """The instances of the one series: vobject expands the rule, the overrides take their places."""
    events = vobject.readOne(ics.decode()).vevent_list
    (master,) = [event for event in events if "rrule" in event.contents]
    starts = {start.astimezone(UTC) for start in master.getrruleset(addRDate=False)}
    for event in events:
        if event is not master:
            starts.remove(event.contents["recurrence-id"][0].value.astimezone(UTC))
            starts.add(event.dtstart.value.astimezone(UTC))
    return sorted(starts)


@pytest.mark.parametrize("zone", ZONES)
def test_e8_expanders_agree_with_the_series(zone: str) -> None:
    series = a_series(zone, count=70)

    ics = write_series_request(series)

    assert read_with_ical(ics) == expected_starts(series)
    assert read_with_vobject(ics) == expected_starts(series)


def test_e8_two_hundred_random_boards_are_expanded_as_they_are_kept() -> None:
    dice = random.Random(8)
    count = 0
    for _ in range(200):
        zone = dice.choice(ZONES)
        known = list(random_board(dice, zone))
        plan = plan_calendar(known, zone=ZoneInfo(zone))
        shown = sorted([*plan.apart, *(one for series in plan.series for one in series.kept)])
        assert shown == sorted(known)
        for series in plan.series:
            expected = sorted(one.span.start for one in series.kept)
            ics = write_feed("x", [], series=[written(series, zone)])
            assert read_with_ical(ics) == expected
            assert read_with_vobject(ics) == expected
            count += 1

    assert count > 150


@EACH
def test_e9_this_and_following_is_never_said(ics: bytes) -> None:
    assert b"THISANDFUTURE" not in ics
    assert b"RANGE=" not in ics


@EACH_HOME
def test_e9_another_time_ends_a_series_and_begins_another(zone: str) -> None:
    before, after = occurrences(zone, 20)[:10], occurrences(zone, 20)[10:]
    hour = timedelta(hours=1)
    later = [Occurrence(one.planned_at + hour, Interval(one.span.start + hour, one.span.end + hour)) for one in after]

    first, second = plan_calendar([*before, *later], zone=ZoneInfo(zone)).series

    assert first.until == before[-1].planned_at
    assert second.first.start == later[0].planned_at
    assert (first.moved, second.moved) == ((), ())


def test_e10_series_are_bounded_around_now() -> None:
    known = occurrences("Asia/Seoul", 200)
    now = known[100].planned_at

    (series,) = plan_calendar(known, zone=ZoneInfo("Asia/Seoul"), now=now).series

    assert series.first.end >= now - PAST > series.first.end - timedelta(days=7)
    assert series.until <= now + FUTURE < series.until + timedelta(days=7)
    assert (PAST.days, FUTURE.days) == (90, 400)


def test_e8_one_meeting_alone_is_no_series() -> None:
    plan = plan_calendar(occurrences("Asia/Seoul", 1), zone=ZoneInfo("Asia/Seoul"))

    assert (plan.series, len(plan.apart)) == ((), 1)


def test_e8_a_clock_that_the_spring_change_skips_makes_no_series() -> None:
    zone = ZoneInfo("America/New_York")
    starts = [datetime(2026, 3, day, 2, 30, tzinfo=zone).astimezone(UTC) for day in (1, 15, 22)]
    starts.insert(1, datetime(2026, 3, 8, 3, 30, tzinfo=zone).astimezone(UTC))

    plan = plan_calendar([Occurrence(start, Interval(start, start + LENGTH)) for start in starts], zone=zone)

    assert (plan.series, len(plan.apart)) == ((), 4)


def test_e2_series_invitation_can_be_shortened() -> None:
    series = a_series()
    shorter = SeriesInvitation(
        first=an_invitation(starts_at=series.first.starts_at, ends_at=series.first.ends_at, sequence=1),
        weekly=Weekly(until=tuesdays("Asia/Seoul", 2)[-1]),
    )

    assert read_with_ical(write_series_request(shorter)) == list(tuesdays("Asia/Seoul", 2))

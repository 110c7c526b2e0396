"""When letters to many are due: times of day at the centre, across clock changes, weekends and holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy.orm import Session

from tests.services.by_the_clock import CLOCK, meeting_of
from tests.services.conftest import NOW, a_setup, publish
from tumorboard.services.notices_agenda import agenda_due_at
from tumorboard.services.notices_slots import is_done, is_workday, last_slot, mark_done, next_workday, slot_at
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import HospitalDay

SEVEN = time(7)


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        ("Asia/Seoul", date(2026, 11, 24), datetime(2026, 11, 23, 22, tzinfo=UTC)),
        ("Europe/Berlin", date(2026, 3, 28), datetime(2026, 3, 28, 6, tzinfo=UTC)),
        ("Europe/Berlin", date(2026, 3, 29), datetime(2026, 3, 29, 5, tzinfo=UTC)),
        ("America/New_York", date(2026, 11, 1), datetime(2026, 11, 1, 12, tzinfo=UTC)),
        ("Australia/Lord_Howe", date(2026, 10, 4), datetime(2026, 10, 3, 20, tzinfo=UTC)),
    ],
)
def test_seven_in_the_morning_is_seven_on_the_wall(zone: str, day: date, instant: datetime) -> None:
    setup = a_setup(time_zone=zone)

    assert slot_at(setup, day, SEVEN) == instant
    assert last_slot(setup, SEVEN, now=instant) == day


def test_slot_before_its_time_is_that_of_the_day_before(setup: Setup) -> None:
    seven = datetime.fromisoformat("2026-11-24T07:00+09:00")

    days = [
        last_slot(setup, SEVEN, now=now) for now in (seven.replace(hour=6, minute=59), seven, seven.replace(hour=23))
    ]

    assert days == [date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 24)]


def test_agenda_is_due_at_four_of_the_day_before_at_the_centre(centre: Session, setup: Setup) -> None:
    publish(centre, setup)
    meeting = meeting_of(centre)

    berlin, seoul = (agenda_due_at(each, meeting) for each in (a_setup(time_zone="Europe/Berlin"), setup))

    assert seoul == datetime.fromisoformat("2026-11-23T16:00+09:00")
    assert berlin == datetime.fromisoformat("2026-11-22T16:00+01:00")


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 23), True),
        (date(2026, 11, 21), False),
        (date(2026, 11, 22), False),
        (date(2026, 12, 25), False),
        (date(2026, 12, 24), False),
        (date(2027, 2, 8), False),
    ],
    ids=["monday", "saturday", "sunday", "christmas", "hospital day", "lunar new year"],
)
def test_workdays_are_without_weekends_holidays_and_hospital_days(
    centre: Session, setup: Setup, day: date, works: bool
) -> None:
    centre.add(HospitalDay(on=date(2026, 12, 24), name="Foundation day"))
    centre.commit()

    assert is_workday(centre, setup, day) is works


def test_next_workday_is_after_the_whole_weekend(centre: Session, setup: Setup) -> None:
    assert next_workday(centre, setup, date(2026, 12, 24)) == date(2026, 12, 28)


def test_what_is_done_is_done_for_its_day_and_kind(centre: Session) -> None:
    mark_done(centre, "notices:morning", date(2026, 11, 23), letters=0, by=CLOCK, now=NOW)
    centre.commit()

    found = [
        is_done(centre, action, date(2026, 11, day))
        for action, day in (("notices:morning", 23), ("notices:morning", 24), ("notices:evening", 23))
    ]
    assert found == [True, False, False]

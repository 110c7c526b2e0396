"""Series, extra meetings, rooms, and what may not be."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR, a_centre
from tests.services.conftest import NOW, a_setup
from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.services.centre import load_centre
from tumorboard.services.checks import check_database
from tumorboard.services.extra_meetings import take_back_meeting
from tumorboard.services.meetings import add_meeting, hold_series
from tumorboard.services.publishing import cancel_meeting
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting


def _extra(session: Session, setup: Setup, **changes: Any) -> Meeting:
    values: dict[str, Any] = {"board": BOARD, "on": date(2026, 11, 26), "local_time": time(16, 0), "minutes": 60,
                              "room": "room-a"}  # fmt: skip
    return add_meeting(session, setup, **{**values, **changes}, by=OPERATOR, now=NOW)


def _days(session: Session) -> list[date]:
    seoul = ZoneInfo("Asia/Seoul")
    return [row.starts_at.astimezone(seoul).date() for row in session.scalars(select(Meeting))]


def test_series_skips_public_holidays_and_hospital_days(session: Session, setup: Setup) -> None:
    content = a_centre(hospital_days=[{"on": date(2026, 12, 29), "name": "Founding day"}])
    content["boards"][0]["series"][0]["weekday"] = "friday"
    content["hospital_days"].append({"on": date(2026, 12, 4), "name": "Inspection"})
    load_centre(session, setup, content, filename="centre.toml", by=OPERATOR, now=NOW)

    created, problems = hold_series(session, setup, until=date(2027, 1, 8), by=OPERATOR, now=NOW)

    assert _days(session) == [date(2026, 11, 27), date(2026, 12, 11), date(2026, 12, 18), date(2027, 1, 8)]
    assert (created, problems) == (4, ())


def test_series_run_twice_adds_nothing(centre: Session, setup: Setup) -> None:
    created, _ = hold_series(centre, setup, until=date(2027, 1, 10), by=OPERATOR, now=NOW)

    assert created == 0


def test_series_keeps_its_local_time_through_a_clock_change(session: Session) -> None:
    setup = a_setup(time_zone="Europe/Berlin", holidays="DE")
    content = a_centre()
    content["boards"][0]["time_zone"] = "Europe/Berlin"
    content["boards"][0]["series"][0] |= {"local_time": time(16, 0)}
    load_centre(session, setup, content, filename="centre.toml", by=OPERATOR, now=NOW)

    hold_series(session, setup, until=date(2027, 4, 10), by=OPERATOR, now=NOW)

    starts = [row.starts_at for row in session.scalars(select(Meeting).order_by(Meeting.starts_at))]
    assert datetime(2027, 3, 23, 15, 0, tzinfo=UTC) in starts  # 16:00 in Berlin, winter
    assert datetime(2027, 3, 30, 14, 0, tzinfo=UTC) in starts  # 16:00 in Berlin, summer


def test_extra_meeting_closes_its_list_a_day_before(centre: Session, setup: Setup) -> None:
    meeting = _extra(centre, setup)

    assert meeting.starts_at - meeting.closes_at == timedelta(hours=24)


def test_a_meeting_in_the_past_is_refused(centre: Session, setup: Setup) -> None:
    with pytest.raises(BadInput) as refused:
        _extra(centre, setup, on=date(2026, 11, 20))

    assert refused.value.code == "meeting-past"


def test_two_meetings_in_one_room_are_refused(any_centre: Session, setup: Setup) -> None:
    _extra(any_centre, setup)

    with pytest.raises(Conflict) as refused:
        _extra(any_centre, setup, local_time=time(16, 30))

    assert refused.value.code == "room-taken"
    assert "Room A" in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "code"), [({"board": "none"}, "unknown-board"), ({"room": "none"}, "unknown-room")]
)
def test_unknown_names_are_answered_with_the_known_ones(
    centre: Session, setup: Setup, changes: dict[str, str], code: str
) -> None:
    with pytest.raises(NotFound) as refused:
        _extra(centre, setup, **changes)

    assert refused.value.code == code
    assert "known:" in str(refused.value)


@pytest.mark.parametrize("minutes", [0, 9, 481])
def test_a_meeting_has_a_sensible_length(centre: Session, setup: Setup, minutes: int) -> None:
    with pytest.raises(BadInput):
        _extra(centre, setup, minutes=minutes)


def test_a_cancelled_meeting_can_be_held_after_all(any_centre: Session, setup: Setup) -> None:
    first = _extra(any_centre, setup)
    cancel_meeting(any_centre, setup, meeting_id=first.public_id, by=OPERATOR, now=NOW)

    again = _extra(any_centre, setup, room="room-b", minutes=30)

    assert (again.public_id, again.status, again.room.key) == (first.public_id, "planned", "room-b")
    assert check_database(any_centre, setup, now=NOW) == ()


@pytest.mark.parametrize(("on", "code"), [(date(9999, 12, 31), "meeting-too-far"), (date(1900, 1, 1), "meeting-past")])
def test_an_absurd_day_is_refused(centre: Session, setup: Setup, on: date, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        _extra(centre, setup, on=on, local_time=time(23, 59), minutes=480)

    assert refused.value.code == code


def test_added_meeting_is_taken_back_with_its_room(any_centre: Session, setup: Setup) -> None:
    before = _days(any_centre)
    meeting = _extra(any_centre, setup)

    take_back_meeting(any_centre, setup, meeting_id=meeting.public_id, by=OPERATOR, now=NOW)
    again = _extra(any_centre, setup)

    assert (_days(any_centre), again.status) == ([*before, date(2026, 11, 26)], "planned")
    assert list(check_database(any_centre, setup, now=NOW)) == []


def test_meeting_of_a_series_is_not_taken_back(any_centre: Session, setup: Setup) -> None:
    first = any_centre.scalars(select(Meeting).order_by(Meeting.starts_at)).first()
    assert first is not None

    with pytest.raises(Conflict) as refused:
        take_back_meeting(any_centre, setup, meeting_id=first.public_id, by=OPERATOR, now=NOW)

    assert refused.value.code == "meeting-in-use"

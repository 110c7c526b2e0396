"""Weekly series while they change: what is not published follows, what is stays, and days are closed and opened."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from tests.builders import BOARD, OPERATOR, furnish
from tests.services.conftest import NOW, a_setup
from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.services.access import Role, actor_with
from tumorboard.services.centre_days import add_day, list_days, remove_day
from tumorboard.services.centre_series import (
    SeriesValues,
    add_series,
    change_series,
    list_series,
    remove_series,
)
from tumorboard.services.checks import check_database
from tumorboard.services.meetings import add_meeting, hold_series
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.services.standing_upkeep import keep_standing
from tumorboard.store.db import Base
from tumorboard.store.meetings import Meeting, Series

WHO: dict[str, Any] = {"by": OPERATOR, "now": NOW}
SEOUL = ZoneInfo("Asia/Seoul")
TUESDAY, WEDNESDAY, THURSDAY = 1, 2, 3


def values(**changes: Any) -> SeriesValues:
    given = {"weekday": TUESDAY, "local_time": time(7, 30), "minutes": 90, "room": "room-a"}
    return SeriesValues(**{**given, **changes})


def the_series(session: Session) -> int:
    return session.scalars(select(Series.id).order_by(Series.id)).first() or 0


def publish(session: Session, setup: Setup, weeks: int = 2) -> list[Meeting]:
    draft = propose(session, setup, board=BOARD, weeks=weeks, by=OPERATOR, now=NOW)
    publish_draft(session, setup, draft_id=draft.public_id, **WHO)
    query = select(Meeting).where(Meeting.status == "published").order_by(Meeting.starts_at)
    return list(session.scalars(query))


def days(session: Session, status: str = "planned") -> list[date]:
    query = select(Meeting.starts_at).where(Meeting.status == status).order_by(Meeting.starts_at)
    return [start.astimezone(SEOUL).date() for start in session.scalars(query)]


def test_new_series_meets_for_half_a_year_except_on_closed_days(centre: Session, setup: Setup) -> None:
    result = add_series(centre, setup, board=BOARD, values=values(weekday=THURSDAY, room="room-b"), **WHO)

    thursdays = [day for day in days(centre) if day.weekday() == THURSDAY]
    assert (result.created, len(thursdays), date(2027, 5, 13) in thursdays) == (25, 25, False)
    assert (thursdays[0], check_database(centre, setup, now=NOW)) == (date(2026, 11, 26), ())


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"weekday": 7}, "bad-weekday", "weekday"),
        ({"minutes": 5}, "bad-length", "minutes"),
        ({"time_zone": "Mars/Base"}, "unknown-zone", "time_zone"),
        ({"local_time": time(7, 30)}, "series-exists", "local_time"),
        ({"weekday": 4, "last_on": date(2020, 1, 1)}, "last-before-first", "last_on"),
    ],
)
def test_bad_series_is_refused_with_the_field(
    centre: Session, setup: Setup, given: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises((BadInput, Conflict)) as refused:
        add_series(centre, setup, board=BOARD, values=values(**given), **WHO)

    assert (refused.value.code, refused.value.values["field"]) == (code, field)
    assert len(list_series(centre, by=OPERATOR)) == 1


def test_unpublished_meetings_follow_another_weekday(centre: Session, setup: Setup) -> None:
    before = len(days(centre))

    result = change_series(
        centre, setup, series_id=the_series(centre), values=values(weekday=WEDNESDAY, local_time=time(8)), **WHO
    )

    assert ({day.weekday() for day in days(centre)}, result.kept) == ({WEDNESDAY}, ())
    assert (result.removed, len(list_series(centre, by=OPERATOR))) == (before, 1)
    assert check_database(centre, setup, now=NOW) == ()


def test_published_meetings_stay_and_the_new_rule_begins_in_the_week_after(centre: Session, setup: Setup) -> None:
    published = publish(centre, setup)
    last = max(days(centre, "published"))

    result = change_series(centre, setup, series_id=the_series(centre), values=values(weekday=WEDNESDAY), **WHO)
    hold_series(centre, setup, until=setup.today(NOW) + timedelta(weeks=26), by=OPERATOR, now=NOW)

    ahead = [day for day in days(centre) if day > last]
    old, new = sorted(list_series(centre, by=OPERATOR), key=lambda row: row.id)
    assert [meeting.public_id for meeting in result.kept] == [meeting.public_id for meeting in published]
    assert {day.weekday() for day in ahead} == {WEDNESDAY}
    assert (new.first_on, old.last_on) == (last + timedelta(days=7 - last.weekday()), new.first_on - timedelta(days=1))
    assert check_database(centre, setup, now=NOW) == ()


def test_draft_of_meetings_that_are_gone_is_to_be_proposed_again(centre: Session, setup: Setup) -> None:
    draft = propose(centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW).public_id
    change_series(centre, setup, series_id=the_series(centre), values=values(weekday=WEDNESDAY), **WHO)

    with pytest.raises(Conflict) as refused:
        publish_draft(centre, setup, draft_id=draft, **WHO)

    assert refused.value.code == "board-changed"


def test_standing_entries_leave_out_the_weeks_that_are_gone(centre: Session, setup: Setup) -> None:
    publish(centre, setup)
    change_series(centre, setup, series_id=the_series(centre), values=values(weekday=WEDNESDAY), **WHO)

    keep_standing(centre, setup, **WHO)
    again = keep_standing(centre, setup, **WHO)

    assert sum(again.values()) == 0
    assert check_database(centre, setup, now=NOW) == ()


def test_other_room_moves_what_is_planned_where_it_is_free(centre: Session, setup: Setup) -> None:
    on = days(centre)[1]
    add_meeting(centre, setup, board=BOARD, on=on, local_time=time(8), minutes=60, room="room-b", **WHO)

    result = change_series(centre, setup, series_id=the_series(centre), values=values(room="room-b"), **WHO)

    rooms = {meeting.room.key for meeting in centre.scalars(select(Meeting)) if
             meeting.series_id and meeting.starts_at.astimezone(SEOUL).date() != on}  # fmt: skip
    assert (len(result.problems), on.isoformat() in result.problems[0], rooms) == (1, True, {"room-b"})
    assert check_database(centre, setup, now=NOW) == ()


def test_last_day_takes_away_what_comes_later(centre: Session, setup: Setup) -> None:
    last_on = days(centre)[2]

    change_series(centre, setup, series_id=the_series(centre), values=values(last_on=last_on), **WHO)
    hold_series(centre, setup, until=setup.today(NOW) + timedelta(weeks=26), by=OPERATOR, now=NOW)

    assert days(centre)[-1] == last_on


def test_series_ends_after_what_is_published_and_an_unknown_one_goes(centre: Session, setup: Setup) -> None:
    publish(centre, setup)
    second = add_series(centre, setup, board=BOARD, values=values(weekday=THURSDAY, room="room-b"), **WHO).series

    first = remove_series(centre, setup, series_id=the_series(centre), **WHO)
    assert second is not None
    remove_series(centre, setup, series_id=second.id, **WHO)

    rows = list_series(centre, by=OPERATOR)
    assert [row.last_on for row in rows] == [max(days(centre, "published"))]
    assert (len(first.kept) > 0, days(centre)) == (True, [])
    with pytest.raises(NotFound):
        remove_series(centre, setup, series_id=second.id, **WHO)


def test_closed_day_takes_its_meeting_away_and_opening_it_brings_it_back(centre: Session, setup: Setup) -> None:
    on = days(centre)[2]

    closed = add_day(centre, setup, on=on, name="개원기념일", **WHO)
    without = on in days(centre)
    shown = [day.name for day in list_days(centre, setup, language="ko", **WHO) if day.on == on]
    opened = remove_day(centre, setup, on=on, **WHO)

    assert (closed.removed, without, shown, opened.created >= 1, on in days(centre)) == (
        1, False, ["개원기념일"], True, True
    )  # fmt: skip


def test_published_meeting_stays_on_a_day_that_is_closed(centre: Session, setup: Setup) -> None:
    published = publish(centre, setup)[0]
    on = published.starts_at.astimezone(SEOUL).date()

    result = add_day(centre, setup, on=on, name="임시공휴일", **WHO)

    assert ([meeting.public_id for meeting in result.kept], result.removed) == ([published.public_id], 0)


@pytest.mark.parametrize(("on", "code"), [(date(2026, 11, 21), "day-past"), (date(2026, 12, 1), "day-exists")])
def test_day_that_is_over_or_closed_cannot_be_closed(centre: Session, setup: Setup, on: date, code: str) -> None:
    add_day(centre, setup, on=date(2026, 12, 1), name="휴무", **WHO)

    with pytest.raises((BadInput, Conflict)) as refused:
        add_day(centre, setup, on=on, name="휴무", **WHO)

    assert refused.value.code == code


def test_public_holiday_cannot_be_opened(centre: Session, setup: Setup) -> None:
    with pytest.raises(NotFound) as refused:
        remove_day(centre, setup, on=date(2026, 12, 25), **WHO)

    assert refused.value.code == "unknown-day"


def test_public_holidays_stand_beside_hospital_days_in_the_language(centre: Session, setup: Setup) -> None:
    add_day(centre, setup, on=date(2026, 12, 26), name="휴무", **WHO)

    korean, english = (list_days(centre, setup, language=language, **WHO) for language in ("ko", "en"))

    by_day = {day.on: day for day in korean}
    assert (by_day[date(2026, 12, 25)].is_public, by_day[date(2026, 12, 26)].is_public) == (True, False)
    names = [next(day.name for day in days if day.on == date(2027, 1, 1)) for days in (korean, english)]
    assert names == ["신정연휴", "New Year's Day"]


def test_physician_may_close_no_day(centre: Session, setup: Setup) -> None:
    by = actor_with("x", frozenset({Role.PHYSICIAN}))

    for step in (
        lambda: add_day(centre, setup, on=date(2026, 12, 1), name="x", by=by, now=NOW),
        lambda: list_series(centre, by=by),
        lambda: add_series(centre, setup, board=BOARD, values=values(), by=by, now=NOW),
        lambda: change_series(centre, setup, series_id=1, values=values(), by=by, now=NOW),
        lambda: remove_series(centre, setup, series_id=1, by=by, now=NOW),
    ):
        with pytest.raises(Exception, match="permission"):
            step()


@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 6), st.integers(6, 18), st.sampled_from(["room-a", "room-b"]), st.booleans()),
        min_size=1, max_size=4,
    )
)  # fmt: skip
def test_any_changes_leave_one_series_in_force_and_published_meetings_alone(
    changes: list[tuple[int, int, str, bool]],
) -> None:
    setup = a_setup()
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        furnish(session, setup, now=NOW)
        some = session.scalars(select(Meeting).order_by(Meeting.starts_at)).first()
        assert some is not None
        some.status = "published"
        session.commit()
        kept, until = (some.starts_at, some.ends_at, some.room_id), setup.today(NOW) + timedelta(weeks=26)
        for weekday, hour, room, holds in changes:
            current = list_series(session, by=OPERATOR)[0].id
            wanted = values(weekday=weekday, local_time=time(hour), room=room)
            change_series(session, setup, series_id=current, values=wanted, **WHO)
            if holds:
                hold_series(session, setup, until=until, by=OPERATOR, now=NOW)

        again, _ = hold_series(session, setup, until=until, by=OPERATOR, now=NOW)
        in_force = [row for row in list_series(session, by=OPERATOR) if row.last_on is None]
        starts = [meeting.starts_at.astimezone(SEOUL) for meeting in session.scalars(
            select(Meeting).where(Meeting.status == "planned", Meeting.series_id == in_force[0].id))]  # fmt: skip
        assert (some.starts_at, some.ends_at, some.room_id) == kept
        assert (len(in_force), again) == (1, 0)
        assert {(start.weekday(), start.hour) for start in starts} <= {(changes[-1][0], changes[-1][1]), (1, 7)}
        faked = "status-mismatch"  # the meeting that was only marked as published
        assert {each.code for each in check_database(session, setup, now=NOW)} <= {faked}
    engine.dispose()

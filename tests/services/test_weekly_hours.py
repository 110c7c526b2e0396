"""Weekly hours count wherever busy times count: in planning, in the check of published meetings, in free slots."""

from __future__ import annotations

import time as clock
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, OPERATOR, PHYSICIAN, SURGEON, a_member_entry, member_id
from tests.services.conftest import NOW
from tests.stand_ins import UROLOGY, a_staffed_centre, furnish_staffed, invitation
from tumorboard.domain.errors import NotAllowed, NotFound
from tumorboard.domain.timeline import Interval
from tumorboard.services.access import Role, actor_with
from tumorboard.services.availability import AvailabilityAsk, read_availability
from tumorboard.services.boards import list_absent
from tumorboard.services.centre import load_centre
from tumorboard.services.findings import list_findings
from tumorboard.services.people import add_absence
from tumorboard.services.planning import propose
from tumorboard.services.setup import Setup
from tumorboard.services.weekly_hours import Hours, add_hours, change_hours, list_hours, remove_hours
from tumorboard.store.busy import busy_times
from tumorboard.store.calendars import BusyInterval, BusySource
from tumorboard.store.meetings import Meeting
from tumorboard.store.people import Absence, Member

TUESDAY = frozenset({1})


def hours(kind: str = "busy", starts: int = 7, ends: int = 12, weekdays: frozenset[int] = TUESDAY) -> Hours:
    return Hours(kind, weekdays, time(starts), time(ends), date(2026, 11, 1))


def add(session: Session, setup: Setup, email: str, said: Hours) -> tuple[str, tuple[str, ...]]:
    rows, hit = add_hours(session, setup, member_id=member_id(session, email), hours=said, by=OPERATOR, now=NOW)
    return rows[0].public_id, hit


def codes(session: Session) -> list[str]:
    return [row.reason.code for row in list_findings(session, by=OPERATOR, now=NOW)]


def busy_of(session: Session, email: str, start: datetime, end: datetime) -> tuple[Interval, ...]:
    row = session.scalars(select(Member.id).where(Member.email == email)).one()
    return busy_times(session, start=start, end=end).get(row, ())


def test_clinic_during_a_published_window_is_found_at_once_and_mended_with_it(
    any_session: Session, setup: Setup
) -> None:
    meeting = furnish_staffed(any_session, setup, now=NOW).public_id

    key, hit = add(any_session, setup, UROLOGY, hours())
    found, absent = codes(any_session), list_absent(any_session, by=OPERATOR, now=NOW)
    _, other = change_hours(any_session, setup, hours_id=key, hours=hours(starts=13, ends=15), by=OPERATOR, now=NOW)
    mended = codes(any_session)
    change_hours(any_session, setup, hours_id=key, hours=hours(), by=OPERATOR, now=NOW)
    again = codes(any_session)
    remove_hours(any_session, setup, hours_id=key, by=OPERATOR, now=NOW)

    assert (hit, found, absent) == ((meeting,), ["member-busy-now"], {meeting: ("Jung",)})
    assert (other, mended, again, codes(any_session)) == ((), [], ["member-busy-now"], [])


def test_available_hours_count_although_a_calendar_says_busy(session: Session, setup: Setup) -> None:
    furnish_staffed(session, setup, now=NOW)
    row = invitation(session, UROLOGY)
    source = BusySource(member_id=row.member_id, kind="upload", warnings={}, created_at=NOW)
    source.intervals.append(BusyInterval(starts_at=row.starts_at - timedelta(hours=1), ends_at=row.ends_at))
    session.add(source)
    session.commit()
    add(session, setup, UROLOGY, hours(starts=13, ends=14))
    before = list_absent(session, by=OPERATOR, now=NOW)

    _, hit = add(session, setup, UROLOGY, hours("available"))

    assert (list(before.values()), list_absent(session, by=OPERATOR, now=NOW), hit) == ([("Jung",)], {}, ())
    day = Interval(row.starts_at - timedelta(hours=4), row.ends_at + timedelta(hours=20))
    tuesday = row.starts_at.astimezone(ZoneInfo("Asia/Seoul")).date()
    afternoon = datetime.combine(tuesday, time(13), tzinfo=ZoneInfo("Asia/Seoul"))
    assert afternoon.astimezone(UTC) in [each.start for each in busy_of(session, UROLOGY, day.start, day.end)]


def test_absence_counts_although_she_is_available_every_week(session: Session, setup: Setup) -> None:
    furnish_staffed(session, setup, now=NOW)
    add(session, setup, UROLOGY, hours("available"))

    add_absence(session, member_id=member_id(session, UROLOGY), starts_at=NOW, ends_at=NOW + timedelta(days=9),
                kind="absence", by=OPERATOR, now=NOW, setup=setup)  # fmt: skip

    assert codes(session) == ["member-absent"]


def test_proposal_keeps_out_of_a_clinic(centre: Session, setup: Setup) -> None:
    add(centre, setup, CORE["pathology"], hours())
    add(centre, setup, UROLOGY, hours())

    draft = propose(centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW)

    plans = draft.plan["proposal"]["meetings"]
    members = {one["member"] for plan in plans for one in plan["attendances"]}
    assert {member_id(centre, UROLOGY), member_id(centre, CORE["pathology"])} & members == set()


def test_hours_of_others_and_missing_ones_are_refused_alike(centre: Session, setup: Setup) -> None:
    key, _ = add(centre, setup, PHYSICIAN, hours())
    surgeon = actor_with("Surgeon", frozenset({Role.SURGEON}), member_id=member_id(centre, SURGEON))

    said = []
    for each in (key, "a" * 16):
        with pytest.raises(NotAllowed) as refused:
            remove_hours(centre, setup, hours_id=each, by=surgeon, now=NOW)
        said.append(str(refused.value))
    with pytest.raises(NotFound):
        remove_hours(centre, setup, hours_id="a" * 16, by=OPERATOR, now=NOW)

    with pytest.raises(NotAllowed):
        list_hours(centre, member_id=member_id(centre, PHYSICIAN), by=surgeon, now=NOW)
    assert said[0] == said[1]
    assert len(list_hours(centre, member_id=member_id(centre, PHYSICIAN), by=OPERATOR, now=NOW)) == 1


def test_table_of_300_members_and_four_weeks_costs_a_fixed_number_of_queries(session: Session, setup: Setup) -> None:
    furnish_staffed(session, setup, now=NOW)
    ask = AvailabilityAsk(weeks=4)
    before = _queries(session, setup, ask)
    centre = a_staffed_centre()
    centre["members"] += [a_member_entry(f"more{number}@hospital.example", "urology") for number in range(290)]
    load_centre(session, setup, centre, filename="centre.toml", by=OPERATOR, now=NOW)
    for row in session.scalars(select(Member)):
        for week in range(4):
            start = NOW + timedelta(days=7 * week, hours=row.id)
            session.add(Absence(member_id=row.id, starts_at=start, ends_at=start + timedelta(hours=30), kind="absence"))
    session.commit()
    add(session, setup, UROLOGY, hours(weekdays=frozenset(range(7))))

    began = clock.process_time()
    after = _queries(session, setup, ask)
    took = clock.process_time() - began
    table = read_availability(session, setup, ask=ask, by=OPERATOR, now=NOW)

    assert (before, after <= 16) == (after, True)
    assert took < 5, took  # a guard against something quadratic, not a measurement
    assert [group.is_folded for group in table.groups] == [True] * len(table.groups)
    opened = read_availability(session, setup, ask=AvailabilityAsk(department="urology"), by=OPERATOR, now=NOW)
    assert [len(group.rows) for group in opened.groups] == [294]


def _queries(session: Session, setup: Setup, ask: AvailabilityAsk) -> int:
    session.expire_all()
    session.rollback()
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        read_availability(session, setup, ask=ask, by=OPERATOR, now=NOW)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len([each for each in statements if not each.startswith("BEGIN")])


def test_board_filter_shows_whoever_could_sit_on_it(session: Session, setup: Setup) -> None:
    furnish_staffed(session, setup, now=NOW)

    table = read_availability(session, setup, ask=AvailabilityAsk(board=BOARD), by=OPERATOR, now=NOW)

    published = session.scalars(select(Meeting.public_id).where(Meeting.status == "published")).one()
    assert published in [meeting.public_id for day in table.days for meeting in day.meetings]
    assert {one.specialty: one.free > 0 for day in table.days for one in day.coverage} == dict.fromkeys(
        {one.specialty for day in table.days for one in day.coverage}, True
    )

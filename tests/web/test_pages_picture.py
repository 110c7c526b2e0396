"""The picture of a meeting says where each case and each window lies, in percent of its length."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tumorboard.domain.model import AgendaEntry, Attendance, MeetingPlan, SeatKind
from tumorboard.domain.picture import Lane
from tumorboard.domain.timeline import Interval
from tumorboard.store.meetings import Meeting
from tumorboard.store.people import Member
from tumorboard.web.pages.picture import Bar, Picture, picture_of_plan

START = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)  # 07:30 in Seoul


def span(first: int, last: int) -> Interval:
    return Interval(START + timedelta(minutes=first), START + timedelta(minutes=last))


def a_meeting(minutes: int = 100, zone: str = "Asia/Seoul", start: datetime = START) -> Meeting:
    return Meeting(public_id="m1", starts_at=start, ends_at=start + timedelta(minutes=minutes), time_zone=zone)


def a_picture(meeting: Meeting | None = None, *, uncovered: tuple[str, ...] = ()) -> Picture:
    """Three cases of 20 minutes; the urologist is needed for the first and the last."""
    agenda = tuple(
        AgendaEntry(reference, span(20 * place, 20 * place + 20), requires=("urology",))
        for place, reference in enumerate(("A", "B", "C"))
    )
    attendances = (
        Attendance("kim", SeatKind.CORE, span(0, 100), ("pathology",)),
        Attendance("jung", SeatKind.ON_DEMAND, span(0, 60), ("urology",), cases=("A", "C")),
    )
    plan = MeetingPlan("m1", agenda, attendances, reasons={}, uncovered={"B": uncovered} if uncovered else {})
    members = {name: Member(public_id=name, name=name.capitalize(), title="교수") for name in ("kim", "jung")}
    return picture_of_plan(
        meeting or a_meeting(), plan, members=members, specialties={"urology": "Urology"}, case_ids={"A": "a1"}
    )


def test_cases_lie_along_the_minutes() -> None:
    picture = a_picture()

    assert [(case.number, case.reference, case.bar) for case in picture.cases] == [
        (1, "A", Bar(0, 20)),
        (2, "B", Bar(20, 20)),
        (3, "C", Bar(40, 20)),
    ]


def test_minutes_held_for_nothing_are_idle() -> None:
    lane = a_picture().lanes[0]

    assert (lane.name, lane.bar, lane.busy) == ("Jung 교수", Bar(0, 60), (Bar(0, 20), Bar(40, 20)))
    assert (lane.idle, lane.idle_minutes) == ((Bar(20, 20),), 20)


def test_core_members_have_no_lane() -> None:
    picture = a_picture()

    assert (picture.core, len(picture.lanes)) == (("Kim 교수",), 1)


def test_what_is_left_of_the_meeting_is_free() -> None:
    picture = a_picture()

    assert (picture.free, picture.free_minutes) == (Bar(60, 40), 40)


def test_full_meeting_has_nothing_free() -> None:
    assert a_picture(a_meeting(60)).free is None


def test_cases_over_the_end_make_the_picture_longer() -> None:
    picture = a_picture(a_meeting(30))

    assert picture.span == span(0, 60)
    assert picture.cases[-1].bar == Bar(66.667, 33.333)


def test_case_nobody_attends_for_says_which_specialty() -> None:
    picture = a_picture(uncovered=("urology", "genetics"))

    assert [case.lacks for case in picture.cases] == [(), ("Urology",), ()]


@pytest.mark.parametrize(
    ("minutes", "zone", "times"),
    [
        (60, "Asia/Seoul", "07:30 07:40 07:50 08:00 08:10 08:20 08:30"),
        (90, "Asia/Seoul", "07:30 07:45 08:00 08:15 08:30 08:45 09:00"),
        (300, "Asia/Seoul", "07:30 08:00 09:00 10:00 11:00 12:00"),
        (60, "Asia/Kathmandu", "04:15 04:20 04:30 04:40 04:50 05:00 05:10"),
    ],
)
def test_axis_has_round_times_of_the_wall_clock(minutes: int, zone: str, times: str) -> None:
    ticks = a_picture(a_meeting(minutes, zone)).ticks

    assert " ".join(f"{tick.at.astimezone(ZoneInfo(zone)):%H:%M}" for tick in ticks) == times


def test_reference_is_shown_only_where_it_can_be_read() -> None:
    case = a_picture().cases[0]

    assert (case.fits(1200), case.fits(50)) == (True, False)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Neonatology", "Neonatology"),
        ("Obstetrics (maternal-fetal medicine)", "Obstetrics…"),
        ("Reproductive medicine", "Reproductive…"),
        ("산과(모체태아의학)", "산과(모체태아의학)"),
        ("부인종양전문간호사협의진료팀", "부인종양전문간호사…"),
    ],
)
def test_specialties_are_cut_between_words_for_phones(text: str, short: str) -> None:
    lane = Lane("홍길동 교수", "홍길동", text, True, span(0, 9), Bar(0, 100), (), (), 0, ())

    assert lane.short_specialties == short


@pytest.mark.parametrize(("width", "said"), [(5.0, "…2041"), (2.0, "")])
def test_narrow_box_shows_what_tells_cases_apart(width: float, said: str) -> None:
    case = replace(a_picture().cases[0], reference="OV-2041", bar=Bar(0, width))

    assert (case.fits(1000), case.short_reference(1000)) == (False, said)
    assert replace(case, reference="2041", bar=Bar(0, 3)).short_reference(1000) == ""

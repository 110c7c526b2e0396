"""What the planner is told of a board: its settings, rooms, calls elsewhere, earlier discussions and fixed times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from tests.builders import (
    BOARD,
    CORE,
    ON_DEMAND,
    OPERATOR,
    a_case_csv,
    a_case_row,
    a_centre,
    case_id,
    import_list,
    member_id,
)
from tests.services.conftest import NOW
from tumorboard.domain.agenda_model import AgendaWeights
from tumorboard.domain.errors import BadInput
from tumorboard.domain.model import MemberFacts, WaitingCase
from tumorboard.domain.planning_problem import Problem, Weights
from tumorboard.domain.timeline import Interval
from tumorboard.services.centre import load_centre
from tumorboard.services.meetings import add_meeting, find_board
from tumorboard.services.planning import propose
from tumorboard.services.planning_facts import load_problem
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.meetings import Booking, Meeting, MeetingInvitation, Resource, Room
from tumorboard.store.people import Member

TODAY = date(2026, 11, 22)
UROLOGY = ON_DEMAND["urology"]
LATER = NOW + timedelta(days=3)
"""After the first meeting, which is on Tuesday."""


def _load(session: Session, setup: Setup, *, now: datetime = NOW, weeks: int = 4) -> Problem:
    problem, _ = load_problem(session, setup, find_board(session, BOARD), until=now + timedelta(weeks=weeks), now=now)
    return problem


def _publish(session: Session, setup: Setup) -> None:
    draft = propose(session, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)
    publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)


def _settle(session: Session, setup: Setup, settings: Mapping[str, Any]) -> None:
    content = a_centre()
    content["boards"][0]["settings"] = dict(settings)
    load_centre(session, setup, content, filename="centre.toml", by=OPERATOR, now=NOW)


def _case(problem: Problem, reference: str) -> WaitingCase:
    return next(case for case in problem.cases if case.reference == reference)


def _member(session: Session, problem: Problem, email: str) -> MemberFacts:
    wanted = member_id(session, email)
    return next(member for member in problem.members if member.id == wanted)


def _other_board(session: Session, setup: Setup) -> None:
    """A second board of the programme that meets on Thursdays in the other room."""
    content = a_centre()
    other = {**content["boards"][0], "key": "other", "series": []}
    load_centre(session, setup, {**content, "boards": [*content["boards"], other]}, filename="centre.toml",
                by=OPERATOR, now=NOW)  # fmt: skip


def test_a_board_without_settings_has_the_defaults(centre: Session, setup: Setup) -> None:
    problem = _load(centre, setup)

    assert (problem.weights, problem.agenda) == (Weights(), AgendaWeights())
    assert [meeting.breaks for meeting in problem.meetings] == [()] * 4
    assert not any(case.is_complex for case in problem.cases)


def test_settings_of_the_centre_file_reach_the_planner(centre: Session, setup: Setup) -> None:
    _settle(centre, setup, {
        "break_after_minutes": 40, "break_minutes": 10, "complex_minutes": 6, "weights": {"call": 55},
        "agenda": {"held_minute": 2},
    })  # fmt: skip

    problem = _load(centre, setup)

    assert (problem.weights, problem.agenda) == (Weights(call=55), AgendaWeights(held_minute=2))
    assert [(meeting.breaks, meeting.capacity) for meeting in problem.meetings] == [(((40, 10),), 80)] * 4
    assert {case.reference: case.is_complex for case in problem.cases} == {
        case.reference: case.minutes >= 6 for case in problem.cases
    }


def test_a_file_without_settings_leaves_those_there_are(centre: Session, setup: Setup) -> None:
    _settle(centre, setup, {"weights": {"call": 55}})

    load_centre(centre, setup, a_centre(), filename="centre.toml", by=OPERATOR, now=NOW)

    assert _load(centre, setup).weights == Weights(call=55)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"weights": {"call": -1}}, "'weights.call' is a whole number"),
        ({"agenda": {"speed": 1}}, "'agenda.speed' is no setting"),
        ({"break_minutes": 10}, "'break_after_minutes' is missing"),
    ],
)
def test_a_wrong_setting_is_refused_with_file_and_key(
    centre: Session, setup: Setup, settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=f"centre.toml, boards {BOARD}, settings: ") as refused:
        _settle(centre, setup, settings)

    assert (refused.value.code, words in str(refused.value)) == ("bad-centre", True)
    assert find_board(centre, BOARD).settings == {}


def test_settings_that_are_no_table_are_refused(centre: Session, setup: Setup) -> None:
    content = a_centre()
    content["boards"][0]["settings"] = 3

    with pytest.raises(BadInput, match="write the settings as a table"):
        load_centre(centre, setup, content, filename="centre.toml", by=OPERATOR, now=NOW)


def test_the_fixed_time_of_a_case_reaches_the_planner(centre: Session, setup: Setup) -> None:
    at = NOW + timedelta(days=1, hours=20)
    centre.execute(update(Case).where(Case.public_id == case_id(centre, "C-1")).values(fixed_at=at))

    problem = _load(centre, setup)

    assert [case.fixed_at for case in problem.cases] == [at, None, None]


def test_rooms_come_with_the_bookings_of_others(centre: Session, setup: Setup) -> None:
    """Bookings of the planned meetings themselves are what is being planned."""
    _other_board(centre, setup)
    other = add_meeting(centre, setup, board="other", on=TODAY + timedelta(days=3), local_time=time(7, 30), minutes=60,
                        room="room-b", by=OPERATOR, now=NOW)  # fmt: skip
    span = Interval(other.starts_at, other.ends_at)

    problem = _load(centre, setup)

    assert problem.rooms == {meeting.id: "room-a" for meeting in problem.meetings}
    assert problem.room_bookings == {"room-b": (span,)}


def test_an_extra_meeting_is_told_apart(centre: Session, setup: Setup) -> None:
    extra = add_meeting(centre, setup, board=BOARD, on=TODAY + timedelta(days=3), local_time=time(7, 30), minutes=60,
                        room="room-b", by=OPERATOR, now=NOW, is_extra=True)  # fmt: skip

    problem = _load(centre, setup)

    assert {meeting.id for meeting in problem.meetings if meeting.is_extra} == {extra.public_id}


def test_called_in_members_are_known_by_their_windows_until_they_decline(centre: Session, setup: Setup) -> None:
    _publish(centre, setup)
    first = _load(centre, setup).meetings[0]
    urology = member_id(centre, UROLOGY)
    row = centre.scalars(select(MeetingInvitation).join(Member).where(Member.email == UROLOGY)).one()
    window = Interval(row.starts_at, row.ends_at)
    before = _load(centre, setup)

    row.answer = "declined"
    centre.flush()

    after = _load(centre, setup)
    assert (before.windows[first.id][urology], urology in before.invited[first.id]) == (window, True)
    assert (urology in after.windows[first.id], urology in after.invited[first.id]) == (False, False)
    assert _member(centre, after, UROLOGY).busy == (first.span,)


def test_who_was_called_in_for_a_case_before_is_known(centre: Session, setup: Setup) -> None:
    """C-2 is discussed once and waits again; a core member of that meeting is nobody's earlier specialist."""
    _publish(centre, setup)
    centre.execute(update(Case).where(Case.reference == "C-2").values(status="waiting"))
    called = centre.scalars(
        select(Member.public_id).join(MeetingInvitation).where(MeetingInvitation.kind == "on_demand")
    )
    wanted = tuple(sorted(called))

    problem = _load(centre, setup, now=LATER)

    assert member_id(centre, UROLOGY) in wanted
    assert _case(problem, "C-2").earlier_members == wanted
    assert _case(_load(centre, setup), "C-2").earlier_members == ()


def test_calls_elsewhere_are_counted_for_those_with_a_limit(centre: Session, setup: Setup) -> None:
    """The meeting of Tuesday is over; it still counts in its week."""
    _publish(centre, setup)
    centre.execute(update(Member).where(Member.email == UROLOGY).values(most_calls_per_week=2))

    during, after = _load(centre, setup), _load(centre, setup, now=LATER)

    assert (during.calls_elsewhere, after.calls_elsewhere) == ({}, {member_id(centre, UROLOGY): {(2026, 48): 1}})
    assert _member(centre, after, UROLOGY).most_calls_per_week == 2


def test_a_full_week_moves_a_case_to_the_next(centre: Session, setup: Setup) -> None:
    """Another board has called the only urologist on Thursday, and she takes one call a week."""
    _other_board(centre, setup)
    centre.execute(update(Member).where(Member.email == UROLOGY).values(most_calls_per_week=1))
    centre.commit()
    thursday = add_meeting(centre, setup, board="other", on=TODAY + timedelta(days=4), local_time=time(7, 30),
                           minutes=60, room="room-b", by=OPERATOR, now=NOW)  # fmt: skip
    member = centre.scalars(select(Member).where(Member.email == UROLOGY)).one()
    resource = centre.scalars(select(Resource.id).where(Resource.member_id == member.id)).one()
    span = {"starts_at": thursday.starts_at, "ends_at": thursday.ends_at}
    centre.add(MeetingInvitation(meeting=thursday, member=member, kind="on_demand", status="invited", uid="x@x",
                                 stamp=NOW, details={"cases": []}, **span))  # fmt: skip
    centre.add(Booking(resource_id=resource, meeting_id=thursday.id, **span))
    centre.commit()

    draft = propose(centre, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)

    (second,) = [plan for plan in draft.plan["proposal"]["meetings"] if "C-2" in str(plan["agenda"])]
    assert second["meeting"] == _load(centre, setup).meetings[1].id
    assert [reason["code"] for reason in second["reasons"]["C-2"]] == ["earliest-possible", "call-limit-reached"]


def test_a_meeting_in_a_room_of_others_gets_no_case(centre: Session, setup: Setup) -> None:
    """The room of the first meeting is lost: its own booking is gone and another board has it."""
    _other_board(centre, setup)
    first = centre.scalars(select(Meeting).order_by(Meeting.starts_at)).first()
    room_a = centre.scalars(select(Resource).join(Room, Room.id == Resource.room_id).where(Room.key == "room-a")).one()
    assert first is not None
    centre.execute(update(Booking).where(Booking.meeting_id == first.id).values(status="released"))
    centre.commit()
    other = add_meeting(centre, setup, board="other", on=TODAY + timedelta(days=2), local_time=time(8), minutes=30,
                        room="room-a", by=OPERATOR, now=NOW)  # fmt: skip

    draft = propose(centre, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)

    assert other.room_id == room_a.room_id
    plans = draft.plan["proposal"]["meetings"]
    assert [len(plan["agenda"]) > 0 for plan in plans] == [False, True, False, False]


def test_bookings_during_the_last_meeting_are_seen(centre: Session, setup: Setup) -> None:
    """The planned weeks end while a meeting is on: who is busy later in it is busy."""
    starts_at = _load(centre, setup).meetings[0].span.start
    other = _later_booking(centre, starts_at + timedelta(minutes=60))

    problem, _ = load_problem(centre, setup, find_board(centre, BOARD), until=starts_at, now=NOW)

    assert _member(centre, problem, UROLOGY).busy == (other,)


def _later_booking(session: Session, at: datetime) -> Interval:
    resource = session.scalars(
        select(Resource.id).join(Member, Member.id == Resource.member_id).where(Member.email == UROLOGY)
    ).one()
    meeting = session.scalars(select(Meeting.id).order_by(Meeting.starts_at.desc())).first()
    span = Interval(at, at + timedelta(minutes=20))
    session.add(Booking(resource_id=resource, meeting_id=meeting, starts_at=span.start, ends_at=span.end))
    session.flush()
    return span


@pytest.mark.parametrize("weeks", [1, 4])
def test_loading_takes_a_fixed_number_of_queries(centre: Session, setup: Setup, weeks: int) -> None:
    _publish(centre, setup)
    few = _count_queries(centre, lambda: _load(centre, setup, weeks=1))
    rows = [a_case_row(f"D-{number}", on=TODAY, named_members=CORE["radiology"]) for number in range(5)]
    import_list(centre, setup, now=NOW, content=a_case_csv(rows))

    assert _count_queries(centre, lambda: _load(centre, setup, weeks=weeks)) == few


def _count_queries(session: Session, act: Callable[[], object]) -> int:
    session.rollback()
    session.expire_all()
    statements: list[str] = []
    engine = session.get_bind()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    act()
    event.remove(engine, "before_cursor_execute", note)
    return len(statements)


def test_problem_of_a_published_board_keeps_its_plan(centre: Session, setup: Setup) -> None:
    _publish(centre, setup)
    before = _load(centre, setup)

    again = propose(centre, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)

    plan = again.plan["proposal"]["meetings"][0]
    assert tuple(entry["reference"] for entry in plan["agenda"]) == before.meetings[0].published
    assert {one["member"] for one in plan["attendances"] if one["kind"] == "on_demand"} == {
        *before.invited[before.meetings[0].id]
    }

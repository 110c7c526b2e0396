"""Open needs of all boards: live, in the order of urgency, and the count in the menu agrees with the list."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from tests.builders import CORE, ON_DEMAND, OPERATOR
from tests.clinic import ANESTHESIA, SECOND, a_pregnancy, furnish_clinic
from tests.services.conftest import NOW
from tests.stand_ins import PATHOLOGY, UROLOGY, answer, be_away, furnish_staffed
from tumorboard.domain.errors import NotAllowed
from tumorboard.domain.model import SeatKind, Urgency
from tumorboard.domain.planning_problem import NeedKey
from tumorboard.domain.substitutes import LostNeed, Ranking
from tumorboard.domain.timeline import Interval
from tumorboard.services.access import Role, actor_with
from tumorboard.services.deadlines import chase_answers
from tumorboard.services.need_facts import OpenNeed
from tumorboard.services.nightly import check_published
from tumorboard.services.open_needs import count_open_needs, list_open_needs, sort_key
from tumorboard.services.setup import Setup
from tumorboard.services.urgent import call_urgent
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Member

LATER = NOW + timedelta(hours=1)


def needs(session: Session, setup: Setup, *, hours: float = 1) -> tuple[OpenNeed, ...]:
    return list_open_needs(session, setup, by=OPERATOR, now=NOW + timedelta(hours=hours))


def count(session: Session, *, hours: float = 1) -> int:
    return count_open_needs(session, by=OPERATOR, now=NOW + timedelta(hours=hours))


def said(found: tuple[OpenNeed, ...]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(need.lost.key.specialty, need.why, need.lost.references) for need in found]


def test_decline_absence_and_core_seat_are_listed_and_counted(any_session: Session, setup: Setup) -> None:
    meeting = furnish_staffed(any_session, setup, now=NOW)
    answer(any_session, setup, UROLOGY, "declined", now=LATER)
    be_away(any_session, PATHOLOGY, meeting, now=LATER)

    found = needs(any_session, setup)
    check_published(any_session, setup, by=OPERATOR, now=LATER)

    agenda = tuple(item.case.reference for item in meeting.agenda)
    assert said(found) == [("pathology", "absent", agenda), ("urology", "declined", ("C-2",))]
    assert [need.lost.is_seat for need in found] == [True, False]
    assert count(any_session) == len(found)


def test_overdue_answer_is_listed_even_where_somebody_else_covers(session: Session, setup: Setup) -> None:
    furnish_staffed(session, setup, now=NOW)
    for row in session.scalars(select(MeetingInvitation)):
        row.answer = "needs-action" if row.member.email == UROLOGY else "accepted"
    session.commit()

    before, after = needs(session, setup, hours=23.9), needs(session, setup, hours=24.1)
    for hours in (24.1, 26.2, 26.3):
        chase_answers(session, setup, by=OPERATOR, now=NOW + timedelta(hours=hours))

    assert (said(before), said(after)) == ([], [("urology", "unanswered", ("C-2",))])
    assert count(session, hours=27) == 1


def test_needs_of_who_cannot_be_reached_are_counted_as_they_are_listed(any_session: Session, setup: Setup) -> None:
    furnish_staffed(any_session, setup, now=NOW)
    for email in (UROLOGY, ON_DEMAND["clinical_genetics"]):
        any_session.scalars(select(Member).where(Member.email == email)).one().bounced_at = NOW
    any_session.commit()

    found = needs(any_session, setup)

    assert said(found) == [("urology", "bounced", ("C-2",))]
    assert count(any_session) == len(found)


def test_advice_that_is_missing_is_no_open_need(session: Session, setup: Setup) -> None:
    furnish_staffed(session, setup, now=NOW)

    answer(session, setup, ON_DEMAND["clinical_genetics"], "declined", now=LATER)

    assert (needs(session, setup), count(session)) == ((), 0)


def a_need(hours: float, urgency: Urgency = Urgency.ROUTINE, *, number: int = 1) -> OpenNeed:
    start = NOW + timedelta(hours=hours)
    lost = LostNeed(NeedKey("urology"), Interval(start, start + timedelta(minutes=10)), SeatKind.ON_DEMAND)
    return OpenNeed(Meeting(id=number, starts_at=start), lost, "declined", Ranking((), ()), urgency)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (a_need(24), a_need(48)),
        (a_need(168, Urgency.URGENT), a_need(24)),
        (a_need(24), a_need(504, Urgency.URGENT)),
        (a_need(71, Urgency.EXPEDITED), a_need(24)),
        (a_need(24), a_need(73, Urgency.EXPEDITED)),
        (a_need(24, number=1), a_need(24, number=2)),
    ],
)
def test_urgency_brings_a_need_forward(first: OpenNeed, second: OpenNeed) -> None:
    assert sort_key(first, NOW) < sort_key(second, NOW)


def test_urgent_call_with_nobody_left_is_first(session: Session, setup: Setup) -> None:
    furnish_clinic(session, setup, now=NOW)
    case = a_pregnancy(session, setup, now=NOW)
    at = NOW + timedelta(hours=2)
    call_urgent(session, setup, case_id=case, at=at, by=OPERATOR, now=NOW)
    for email in (ANESTHESIA, SECOND):
        answer(session, setup, email, "declined", now=NOW)

    (need,) = needs(session, setup, hours=0.5)

    assert (need.lost.key.specialty, need.why, need.ranking.candidates) == ("anesthesiology", "urgent-call", ())
    assert count(session, hours=0.5) == 1


def test_nothing_is_open_once_the_meeting_has_begun(session: Session, setup: Setup) -> None:
    meeting = furnish_staffed(session, setup, now=NOW)
    answer(session, setup, UROLOGY, "declined", now=LATER)

    later = (meeting.starts_at - NOW) / timedelta(hours=1)

    assert (needs(session, setup, hours=later), count(session, hours=later)) == ((), 0)


def test_list_takes_as_many_queries_for_three_needs_as_for_one(session: Session, setup: Setup) -> None:
    furnish_staffed(session, setup, now=NOW)
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    def queries() -> int:
        session.rollback()
        session.expunge_all()
        statements.clear()
        needs(session, setup)
        return len(statements)

    answer(session, setup, UROLOGY, "declined", now=LATER)
    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", note)
    one = queries()
    for email in (PATHOLOGY, CORE["radiology"]):
        answer(session, setup, email, "declined", now=LATER)
    three = queries()
    event.remove(bind, "before_cursor_execute", note)

    assert one == three


@pytest.mark.parametrize("role", [Role.PHYSICIAN, Role.SURGEON, Role.AUDITOR, Role.ADMINISTRATOR])
def test_open_needs_are_for_who_plans(session: Session, setup: Setup, role: Role) -> None:
    by = actor_with("x", frozenset({role}))

    with pytest.raises(NotAllowed):
        list_open_needs(session, setup, by=by, now=NOW)
    with pytest.raises(NotAllowed):
        count_open_needs(session, by=by, now=NOW)

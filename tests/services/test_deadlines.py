"""No answer: one reminder, then the coordinators hear of it; never twice, never too late, whatever was missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from tests.builders import CORE, ON_DEMAND, OPERATOR, member_id
from tests.clinic import a_pregnancy, deliver, furnish_clinic, last_letter, letters
from tests.services.by_the_clock import text_of
from tests.services.conftest import NOW
from tests.services.test_races import _together
from tests.stand_ins import UROLOGY, UROLOGY_DEPUTY, answer, furnish_staffed, invitation
from tumorboard.domain.errors import NotAllowed
from tumorboard.services.access import Role, actor_with
from tumorboard.services.deadlines import Chased, chase_answers
from tumorboard.services.feeds import rotate_feed
from tumorboard.services.findings import list_findings
from tumorboard.services.nightly import check_published
from tumorboard.services.open_needs import list_open_needs
from tumorboard.services.preferences import preferences_url
from tumorboard.services.setup import Setup
from tumorboard.services.substitutes import ask_instead
from tumorboard.services.urgent import call_urgent
from tumorboard.store.meetings import Booking, Meeting, MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.plans import MeetingFinding
from tumorboard.store.post import FeedDocument, OutboxMessage

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALL = 6
"""Four of the core, urology, and genetics for advice."""


@pytest.fixture
def board(any_session: Session, setup: Setup) -> Session:
    """The first meeting, moved to ten days ahead, so that there is time for everything."""
    meeting = furnish_staffed(any_session, setup, now=NOW)
    _postpone(any_session, meeting, 10)
    return any_session


def _postpone(session: Session, meeting: Meeting, days: int) -> None:
    """All times of the meeting, its agenda, invitations and bookings, so many days later."""

    later = timedelta(days=days)
    meeting.is_extra = True
    rows: list[Any] = [meeting, *meeting.agenda, *meeting.invitations]
    rows += session.scalars(select(Booking).where(Booking.meeting_id == meeting.id)).all()
    for row in rows:
        row.starts_at, row.ends_at = row.starts_at + later, row.ends_at + later
    session.commit()


def start_of(session: Session) -> datetime:
    return session.scalars(select(Meeting.starts_at).where(Meeting.status == "published")).one()


def chase(session: Session, setup: Setup, at: datetime) -> Chased:
    return chase_answers(session, setup, by=OPERATOR, now=at)


def silent(session: Session, *but: str) -> None:
    """Everybody has accepted, but these."""
    for row in session.scalars(select(MeetingInvitation)):
        row.answer = "needs-action" if row.member.email in but else "accepted"
    session.commit()


def found(session: Session, at: datetime) -> list[str]:
    return [each.reason.code for each in list_findings(session, by=OPERATOR, now=at)]


def test_silence_is_reminded_once_and_told_once(board: Session, setup: Setup) -> None:
    silent(board, UROLOGY)
    before, start = last_letter(board), start_of(board)

    rounds = [chase(board, setup, at) for at in (
        NOW + DAY, NOW + 2 * DAY, NOW + 2 * DAY + HOUR, start - 3 * DAY, start - 3 * DAY + HOUR, start - HOUR,
    )]  # fmt: skip

    assert [(one.reminded, one.escalated) for one in rounds] == [(0, 0), (1, 0), (0, 0), (0, 1), (0, 0), (0, 0)]
    assert letters(board, after=before) == [(UROLOGY, "REQUEST", 0)]
    assert found(board, start - 2 * DAY) == ["no-answer"]


def test_reminder_is_the_invitation_as_it_stands(board: Session, setup: Setup) -> None:
    silent(board, UROLOGY)
    known = invitation(board, UROLOGY)
    state = (known.uid, known.sequence, known.asked_at, known.stamp)

    chase(board, setup, NOW + 3 * DAY)

    row = invitation(board, UROLOGY)
    assert (row.uid, row.sequence, row.asked_at, row.stamp > state[3]) == (*state[:3], True)
    assert (row.reminded_at, row.escalated_at) == (NOW + 3 * DAY, None)
    letter = board.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(1)).one()
    body = message_from_bytes(letter.content, policy=default).get_body(("plain",))
    assert body is not None
    assert letter.subject.startswith("Reminder: ")
    assert preferences_url(setup) in body.get_content()


@pytest.mark.parametrize("word", ["accepted", "declined", "tentative"])
def test_who_answered_hears_nothing(board: Session, setup: Setup, word: str) -> None:
    silent(board, UROLOGY)
    answer(board, setup, UROLOGY, word, now=NOW + HOUR)
    before = last_letter(board)

    done = chase(board, setup, start_of(board) - 2 * DAY)

    assert (done.reminded, done.escalated, letters(board, after=before)) == (0, 0, [])


def test_finding_goes_with_the_answer_and_stays_in_the_night(board: Session, setup: Setup) -> None:
    silent(board, UROLOGY)
    at = start_of(board) - 3 * DAY
    chase(board, setup, NOW + 2 * DAY)
    chase(board, setup, at)

    checked = check_published(board, setup, by=OPERATOR, now=at + HOUR)
    stands = found(board, at + HOUR)
    answer(board, setup, UROLOGY, "accepted", now=at + 2 * HOUR)

    assert (checked.new, checked.mended, stands, found(board, at + 2 * HOUR)) == (0, 0, ["no-answer"], [])


def test_finding_goes_when_somebody_else_is_asked(board: Session, setup: Setup) -> None:
    silent(board, UROLOGY)
    at = start_of(board) - 3 * DAY
    chase(board, setup, NOW + 2 * DAY)
    chase(board, setup, at)
    deliver(board, now=at)

    ask_instead(
        board, setup, meeting_id=invitation(board, UROLOGY).meeting.public_id, member_id=member_id(board, UROLOGY),
        instead_id=member_id(board, UROLOGY_DEPUTY), by=OPERATOR, now=at,
    )  # fmt: skip

    assert found(board, at) == []
    assert chase(board, setup, at + HOUR) == Chased()


def test_missed_rounds_are_made_up(board: Session, setup: Setup) -> None:
    silent(board, UROLOGY)
    start = start_of(board)

    rounds = [chase(board, setup, start - hours * HOUR) for hours in (20, 19, 17)]

    assert [(one.reminded, one.escalated) for one in rounds] == [(1, 0), (0, 0), (0, 1)]


def test_coordinators_hear_at_once_when_the_meeting_is_near(board: Session, setup: Setup) -> None:
    silent(board, UROLOGY)
    start = start_of(board)
    chase(board, setup, start - 20 * HOUR)
    before = last_letter(board)

    chase(board, setup, start - 17 * HOUR)

    assert letters(board, after=before) == [("coordinator@hospital.example", "NOTE", 0)]


def test_nothing_is_chased_after_the_start(board: Session, setup: Setup) -> None:
    before = last_letter(board)

    done = chase(board, setup, start_of(board))

    assert (done, letters(board, after=before)) == (Chased(), [])


def test_who_wants_no_reminders_gets_none_and_is_told_of_all_the_same(board: Session, setup: Setup) -> None:
    silent(board, UROLOGY)
    invitation(board, UROLOGY).member.preferences = {"reminders": False}
    board.commit()
    before = last_letter(board)

    rounds = [chase(board, setup, NOW + 3 * DAY), chase(board, setup, start_of(board) - 3 * DAY)]

    assert [(one.reminded, one.escalated) for one in rounds] == [(0, 0), (0, 1)]
    assert letters(board, after=before) == []


def test_board_sets_the_days(any_session: Session, setup: Setup) -> None:
    meeting = furnish_staffed(any_session, setup, now=NOW, answer_days=5, remind_days=1)
    _postpone(any_session, meeting, 10)
    silent(any_session, UROLOGY)

    rounds = [chase(any_session, setup, NOW + DAY), chase(any_session, setup, start_of(any_session) - 5 * DAY)]

    assert [(one.reminded, one.escalated) for one in rounds] == [(1, 0), (0, 1)]


def test_whoever_is_asked_anew_has_her_time_again(board: Session, setup: Setup) -> None:
    silent(board, UROLOGY)
    chase(board, setup, NOW + 2 * DAY)
    row = invitation(board, UROLOGY)
    row.asked_at, row.reminded_at = NOW + 4 * DAY, None
    board.commit()

    rounds = [chase(board, setup, NOW + 5 * DAY), chase(board, setup, NOW + 6 * DAY)]

    assert [one.reminded for one in rounds] == [0, 1]


def test_everybody_silent_makes_one_letter_each(board: Session, setup: Setup) -> None:
    before = last_letter(board)

    done = chase(board, setup, NOW + 2 * DAY)

    addresses = sorted([*CORE.values(), UROLOGY, ON_DEMAND["clinical_genetics"]])
    assert (done, letters(board, after=before)) == (
        Chased(reminded=ALL, letters=ALL), [(email, "REQUEST", 0) for email in addresses],
    )  # fmt: skip


def _second_meeting(session: Session, *, days: int = 1) -> None:
    """Everybody of the published meeting is invited to another one some days later."""
    first = session.scalars(select(Meeting).where(Meeting.status == "published")).one()
    later = timedelta(days=days)
    second = Meeting(
        board_id=first.board_id, starts_at=first.starts_at + later, ends_at=first.ends_at + later, closes_at=NOW,
        time_zone=first.time_zone, room_id=first.room_id, status="published", published_at=NOW, is_extra=True,
    )  # fmt: skip
    session.add(second)
    for row in first.invitations:
        second.invitations.append(
            MeetingInvitation(
                member_id=row.member_id, kind=row.kind, starts_at=row.starts_at + later, ends_at=row.ends_at + later,
                uid=f"second-{row.uid}", stamp=NOW, details=row.details, asked_at=row.asked_at, answer=row.answer,
            )
        )  # fmt: skip
    session.commit()


def reminded(session: Session) -> list[tuple[str, bool]]:
    rows = session.scalars(select(MeetingInvitation).order_by(MeetingInvitation.id))
    return [(row.member.email, row.reminded_at is not None) for row in rows if row.answer == "needs-action"]


def test_all_missing_answers_of_a_member_are_one_letter(board: Session, setup: Setup) -> None:
    silent(board, UROLOGY)
    _second_meeting(board)
    before = last_letter(board)

    rounds = [chase(board, setup, NOW + 2 * DAY), chase(board, setup, NOW + 2 * DAY + HOUR)]

    assert rounds == [Chased(reminded=2, letters=1), Chased()]
    assert letters(board, after=before) == [(UROLOGY, "NOTE", 0)]
    assert reminded(board) == [(UROLOGY, True)] * 2
    letter = board.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(1)).one()
    text = text_of(letter)
    assert letter.subject == "Reminder: 2 answers are missing"
    assert text.count("Please answer by: ") == 2
    assert preferences_url(setup) in text


def test_bundle_has_the_links_of_each_meeting(board: Session, setup: Setup) -> None:
    silent(board, UROLOGY)
    _second_meeting(board)

    chase(board, replace(setup, link_key="k" * 32), NOW + 2 * DAY)

    letter = board.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(1)).one()
    links = [line for line in text_of(letter).splitlines() if "/answer/" in line]
    assert len(set(links)) == 6


def test_what_is_due_within_half_a_day_goes_along(board: Session, setup: Setup) -> None:
    silent(board, UROLOGY)
    _second_meeting(board)
    first, second = board.scalars(select(MeetingInvitation).join(Member).where(Member.email == UROLOGY))
    second.asked_at = first.asked_at + 11 * HOUR
    board.commit()

    done = chase(board, setup, NOW + 2 * DAY)

    assert (done.reminded, done.letters) == (2, 1)


def test_who_is_not_reached_is_not_reminded_and_stands_in_open_needs(board: Session, setup: Setup) -> None:
    silent(board, UROLOGY)
    invitation(board, UROLOGY).member.bounced_at = NOW
    board.commit()
    before = last_letter(board)

    done = chase(board, setup, NOW + 3 * DAY)
    needs = list_open_needs(board, setup, by=OPERATOR, now=NOW + HOUR)

    assert (done, letters(board, after=before)) == (Chased(), [])
    assert [(need.lost.key.specialty, need.why) for need in needs] == [("urology", "bounced")]


def test_reminder_and_feed_say_the_same(board: Session, setup: Setup) -> None:
    silent(board, UROLOGY)
    rotate_feed(board, setup, scope="member", subject=member_id(board, UROLOGY), by=OPERATOR, now=NOW)

    chase(board, setup, NOW + 2 * DAY)

    row = invitation(board, UROLOGY)
    feed = board.scalars(select(FeedDocument).where(FeedDocument.scope == "member")).one()
    assert f"DTSTAMP:{row.stamp:%Y%m%dT%H%M%SZ}".encode() in feed.content


def test_urgent_call_is_chased_by_phone(session: Session, setup: Setup) -> None:
    furnish_clinic(session, setup, now=NOW)
    case = a_pregnancy(session, setup, now=NOW, target_on=(NOW + 5 * DAY).date().isoformat())
    call_urgent(session, setup, case_id=case, at=NOW + 100 * timedelta(minutes=1), by=OPERATOR, now=NOW)

    done = chase(session, setup, NOW + timedelta(minutes=99))

    assert done == Chased()


def test_chasing_is_for_who_plans(session: Session, setup: Setup) -> None:
    with pytest.raises(NotAllowed):
        chase_answers(session, setup, by=actor_with("x", frozenset({Role.SURGEON})), now=NOW)


def test_two_processes_chase_once(database_url: str, setup: Setup) -> None:
    engine: Engine = create_engine(database_url)
    with Session(engine) as session:
        _postpone(session, furnish_staffed(session, setup, now=NOW), 10)
        before, start = last_letter(session), start_of(session)

    def run(at: datetime) -> list[str]:
        return _together(engine, *[lambda session: chase_answers(session, setup, by=OPERATOR, now=at)] * 4)

    results = [*run(NOW + 2 * DAY), *run(start - 3 * DAY)]

    with Session(engine) as session:
        written = letters(session, after=before)
        findings = len(session.scalars(select(MeetingFinding).where(MeetingFinding.code == "no-answer")).all())
    engine.dispose()
    assert set(results) <= {"done", "busy"}
    assert (len(written), findings) == (ALL, ALL)

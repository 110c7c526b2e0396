"""Answers to weekly series and to single weeks of them (checklist G9, I4, I10, I11, I12): what holds for which week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import CORE, OPERATOR, a_centre, a_member_entry, furnish, import_list
from tests.calendars.test_checklist_g_database import lines_of, values_of
from tests.replies import a_reply, deliver, last_letter, letters, messages, publish_series
from tests.services.conftest import NOW, a_setup
from tests.services.test_standing import SECOND_HOLDER, WEEK, more_cases, publish
from tumorboard.domain.answers import Effect
from tumorboard.domain.model import Attendance, SeatKind
from tumorboard.domain.timeline import Interval
from tumorboard.services import transaction
from tumorboard.services.answer_links import answer_by_link, read_answer_link
from tumorboard.services.answer_tokens import write_token
from tumorboard.services.answers import Received, receive_message
from tumorboard.services.checks import check_database
from tumorboard.services.feed_events import list_busy_times, list_feed_events
from tumorboard.services.feed_parts import Detail
from tumorboard.services.invitations import post_letters, sync_invitations
from tumorboard.services.moving import move_meeting
from tumorboard.services.proposals import accept_message, decline_message
from tumorboard.services.setup import Setup
from tumorboard.services.standing_answers import declined_times
from tumorboard.store.calendars import StandingInvitation
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Member

KIM, PATHOLOGIST = CORE["gynecologic_oncology"], CORE["pathology"]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def setup() -> Setup:
    return a_setup(link_key="k" * 32)


@pytest.fixture
def board(session: Session, setup: Setup) -> Session:
    """A weekly board with one published week; the letters about the series have left."""
    furnish(session, setup, now=NOW)
    import_list(session, setup, now=NOW)
    publish_series(session)
    publish(session, setup, now=NOW)
    deliver(session, now=NOW)
    return session


def series(session: Session, email: str = KIM) -> StandingInvitation:
    query = select(StandingInvitation).join(Member).where(Member.email == email)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def parts(session: Session, email: str = KIM) -> list[MeetingInvitation]:
    query = select(MeetingInvitation).join(Member).where(Member.email == email).order_by(MeetingInvitation.starts_at)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def receive(session: Session, setup: Setup, content: bytes, *, minutes: int = 10) -> Received:
    return receive_message(session, setup, content=content, by=OPERATOR, now=NOW + minutes * MINUTE)


def about(start: datetime) -> list[str]:
    return [f"RECURRENCE-ID:{start.astimezone(UTC):%Y%m%dT%H%M%SZ}"]


def move(session: Session, setup: Setup) -> MeetingInvitation:
    """Her published week moves by five hours."""
    row = parts(session)[0]
    with transaction(session):
        move_meeting(session, setup, row.meeting, shift=timedelta(hours=5), by=OPERATOR, now=NOW + 5 * MINUTE)
    return parts(session)[0]


@pytest.mark.parametrize("minutes", [1, 8])
def test_i4_g9_answer_to_a_series_is_not_for_a_week_that_was_moved_since(
    board: Session, setup: Setup, minutes: int
) -> None:
    row = move(board, setup)
    reply = a_reply(row, uid=series(board).uid, sequence=0, stamp=NOW + minutes * MINUTE)

    done = receive(board, setup, reply)

    assert (done.effect, done.reason, done.state) == (Effect.PARTSTAT, "weeks-moved-since", "done")
    assert (series(board).answer, [each.answer for each in parts(board)]) == ("accepted", ["needs-action"])


def test_i4_g9_link_of_a_series_names_the_week_it_does_not_answer(board: Session, setup: Setup) -> None:
    token = write_token(setup, series(board), "accepted")
    row = move(board, setup)
    later = NOW + 10 * MINUTE

    question = read_answer_link(board, setup, token=token, now=later)
    answer_by_link(board, setup, token=token, now=later)

    assert (question.ended, question.apart) == ("", (Interval(row.starts_at, row.ends_at),))
    assert (series(board).answer, [each.answer for each in parts(board)]) == ("accepted", ["needs-action"])


def test_i12_no_to_a_week_that_is_not_published_is_kept(board: Session, setup: Setup) -> None:
    row, standing = parts(board)[0], series(board)
    start = row.starts_at + WEEK
    week = Interval(start, start + (standing.ends_at - standing.starts_at))

    no = receive(board, setup, a_reply(row, "DECLINED", uid=standing.uid, lines=about(start)))
    receive(board, setup, a_reply(row, uid=standing.uid, stamp=NOW + 3 * MINUTE), minutes=11)
    stale = receive(board, setup, a_reply(row, uid=standing.uid, lines=about(start), stamp=NOW), minutes=12)

    assert (no.effect, no.reason, no.state, stale.reason) == (Effect.PARTSTAT, "kept-for-week", "done", "stale-stamp")
    assert [message.meeting.starts_at for message in messages(board)[:1] if message.meeting] == [start]
    shown = list_feed_events(board, setup, scope="member", subject_id=row.member_id, detail=Detail.FULL, now=NOW)
    assert [(at, event.is_busy) for each in shown.series for at, event in each.overrides] == [(start, False)]
    busy = list_busy_times(board, row.member_id, window=Interval(NOW, NOW + 5 * WEEK)).spans
    assert (week in busy, Interval(week.start + WEEK, week.end + WEEK) in busy) == (False, True)


def test_i12_no_to_a_week_that_is_not_published_holds_when_it_is(board: Session, setup: Setup) -> None:
    row, standing = parts(board)[0], series(board)
    start = row.starts_at + WEEK
    receive(board, setup, a_reply(row, uid=standing.uid))
    no = a_reply(row, "DECLINED", uid=standing.uid, lines=about(start), stamp=NOW + 2 * MINUTE, comment="theatre")
    receive(board, setup, no)
    meeting, before = board.scalars(select(Meeting).where(Meeting.starts_at == start)).one(), last_letter(board)
    part = Attendance(
        row.member.public_id, SeatKind.CORE, Interval(start, meeting.ends_at), tuple(row.details["specialties"])
    )

    changes = sync_invitations(board, setup, meeting, [part], {}, now=NOW + WEEK)
    post_letters(board, setup, meeting, changes, now=NOW + WEEK)
    board.commit()

    said = [(each.answer, each.status, each.comment) for each in parts(board)]
    assert said == [("accepted", "invited", ""), ("declined", "invited", "theatre")]
    assert [letter for letter in letters(board, after=before) if letter.recipient == KIM] == []


def test_i12_who_said_no_to_a_week_is_not_planned_and_her_stand_in_is(session: Session, setup: Setup) -> None:
    people = a_centre()
    people["members"].append(a_member_entry(SECOND_HOLDER, "pathology"))
    people["boards"][0]["holders"] = {"pathology": [PATHOLOGIST, SECOND_HOLDER]}
    furnish(session, setup, now=NOW, centre=people)
    import_list(session, setup, now=NOW)
    publish_series(session)
    publish(session, setup, now=NOW)
    row, standing = parts(session, PATHOLOGIST)[0], series(session, PATHOLOGIST)
    receive(session, setup, a_reply(row, uid=standing.uid))
    lines = about(row.starts_at + WEEK)
    receive(session, setup, a_reply(row, "DECLINED", uid=standing.uid, lines=lines, stamp=NOW + 2 * MINUTE))
    later = session.scalars(select(Meeting).where(Meeting.starts_at == row.starts_at + WEEK)).all()
    assert [*declined_times(session, later)] == [row.member_id]  # so that the table of who can come shows it

    more_cases(session, setup, "D-1", now=NOW + WEEK)
    publish(session, setup, now=NOW + WEEK)

    said = [(each.answer, each.status) for each in parts(session, PATHOLOGIST)]
    assert said == [("accepted", "invited"), ("declined", "withdrawn")]
    assert [(each.answer, each.starts_at) for each in parts(session, SECOND_HOLDER)] == [
        ("needs-action", row.starts_at + WEEK)
    ]
    assert check_database(session, setup, now=NOW + WEEK) == ()


def test_i10_proposal_for_a_week_that_is_not_published_waits_for_it(board: Session, setup: Setup) -> None:
    row, standing = parts(board)[0], series(board)
    start = row.starts_at + WEEK
    span = (start + timedelta(hours=5), start + timedelta(hours=6))
    counter = a_reply(row, "TENTATIVE", method="COUNTER", uid=standing.uid, lines=about(start), span=span)

    done = receive(board, setup, counter)
    more_cases(board, setup, "D-1", now=NOW + WEEK)
    publish(board, setup, now=NOW + WEEK)
    moved = accept_message(board, setup, message_id=done.id, by=OPERATOR, now=NOW + WEEK)

    assert (done.effect, done.reason, done.state) == (Effect.PROPOSAL, "publish-week-first", "open")
    assert moved is not None
    assert moved.after.start == span[0]


@pytest.mark.parametrize("is_allowed", [True, False])
def test_i10_proposal_for_a_week_to_come_is_declined_for_that_week(
    board: Session, setup: Setup, is_allowed: bool
) -> None:
    row, standing = parts(board)[0], series(board)
    row.meeting.board.settings = {**row.meeting.board.settings, "allow_proposals": is_allowed}
    board.commit()
    start, before = row.starts_at + WEEK, last_letter(board)
    span = (start + timedelta(hours=5), start + timedelta(hours=6))
    counter = a_reply(row, "TENTATIVE", method="COUNTER", uid=standing.uid, lines=about(start), span=span)

    done = receive(board, setup, counter)
    if is_allowed:
        assert decline_message(board, setup, message_id=done.id, by=OPERATOR, now=NOW)

    (letter,) = letters(board, after=before)
    assert (letter.recipient, values_of(letter, "METHOD")) == (KIM, ["DECLINECOUNTER"])
    assert (values_of(letter, "UID"), values_of(letter, "SEQUENCE")) == ([standing.uid], ["0"])
    local = start.astimezone(ZoneInfo(standing.time_zone))
    assert values_of(letter, "RECURRENCE-ID") == [f"{local:%Y%m%dT%H%M%S}"]


def test_i11_refresh_of_a_series_gives_all_of_it_to_her_alone(board: Session, setup: Setup) -> None:
    row = move(board, setup)
    deliver(board, now=NOW + 6 * MINUTE)
    before, standing = last_letter(board), series(board)
    start = standing.places[0].recurrence_at
    no = a_reply(row, "DECLINED", uid=standing.uid, sequence=0, lines=about(start + WEEK), stamp=NOW + 6 * MINUTE)
    receive(board, setup, no)
    asked = a_reply(row, method="REFRESH", uid=standing.uid, stamp=NOW + 7 * MINUTE)
    one = a_reply(row, method="REFRESH", uid=standing.uid, lines=about(start), stamp=NOW + 8 * MINUTE)

    whole, alone = receive(board, setup, asked), receive(board, setup, one, minutes=15)

    assert [whole.effect, alone.effect] == [Effect.RESEND] * 2
    first, second = letters(board, after=before)
    assert [first.recipient, second.recipient] == [KIM] * 2
    assert [values_of(first, name) for name in ("METHOD", "UID", "SEQUENCE")] == [
        ["REQUEST"], [standing.uid] * 3, ["0", "1", "0"]
    ]  # fmt: skip
    assert [len(values_of(first, name)) for name in ("RRULE", "RECURRENCE-ID")] == [1, 2]
    said = [line for line in lines_of(first) if line.startswith("ATTENDEE")]
    assert ["PARTSTAT=DECLINED" in line for line in said] == [False, False, True]
    assert [len(values_of(second, name)) for name in ("RRULE", "RECURRENCE-ID")] == [0, 1]
    assert "BEGIN:VEVENT" in lines_of(second)

"""A member who named a deputy comes herself: what both are told, what stays the deputy's, and when it is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR, member_id
from tests.calendars.objects import events_of
from tests.clinic import deliver, last_letter, letters
from tests.replies import a_reply
from tests.services.by_the_clock import text_of
from tests.services.conftest import NOW
from tests.services.test_delegation import booked, delegate, found
from tests.stand_ins import (
    PATHOLOGY,
    PATHOLOGY_OTHER,
    UROLOGY,
    UROLOGY_DEPUTY,
    UROLOGY_OTHER,
    answer,
    coming,
    furnish_staffed,
    invitation,
)
from tumorboard.domain.answers import Effect
from tumorboard.domain.errors import Conflict, NotAllowed
from tumorboard.services.access import Actor, Role, actor_with
from tumorboard.services.answers import receive_message
from tumorboard.services.board_events import list_board_events
from tumorboard.services.checks import check_database
from tumorboard.services.feed_rendering import render_feed
from tumorboard.services.my_parts import list_my_parts, take_back_own
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Booking, Meeting, Resource, Room
from tumorboard.store.people import Member, MemberSpecialty
from tumorboard.store.post import OutboxMessage

LATER = NOW + timedelta(hours=2)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def board(any_session: Session, setup: Setup) -> Session:
    """The urologist named a colleague, and the letters have left."""
    furnish_staffed(any_session, setup, now=NOW)
    delegate(any_session, setup)
    deliver(any_session, now=LATER)
    return any_session


def actor(session: Session, email: str) -> Actor:
    return actor_with("test", frozenset({Role.SURGEON}), member_id=member_id(session, email))


def take_back(session: Session, setup: Setup, email: str = UROLOGY, *, shift: timedelta = timedelta(0)) -> Member:
    return take_back_own(
        session, setup, invitation_id=invitation(session, email).public_id, by=actor(session, email), now=LATER + shift
    )


def refused(session: Session, setup: Setup, email: str = UROLOGY) -> str:
    with pytest.raises(Conflict) as conflict:
        take_back(session, setup, email)
    return conflict.value.code


def test_she_comes_herself_and_both_hear_of_it(board: Session, setup: Setup) -> None:
    before = last_letter(board)

    deputy = take_back(board, setup)

    assert (deputy.email, letters(board, after=before)) == (
        UROLOGY_OTHER, [(UROLOGY_OTHER, "CANCEL", 1), (UROLOGY, "REQUEST", 0)],
    )  # fmt: skip
    assert (coming(board)[UROLOGY], UROLOGY_OTHER in coming(board)) == (("accepted", "urology"), False)
    assert (booked(board, UROLOGY), booked(board, UROLOGY_OTHER), found(board)) == (1, 0, [])
    assert invitation(board, UROLOGY).answer_by == "page"
    assert check_database(board, setup, now=LATER) == ()


def test_her_letter_and_both_feeds_show_it(board: Session, setup: Setup) -> None:
    take_back(board, setup)

    mail = board.scalars(select(OutboxMessage).where(OutboxMessage.recipient == UROLOGY)).all()[-1]
    assert mail.subject.startswith("Invitation: ")
    assert "in your place" not in text_of(mail)
    mine = invitation(board, UROLOGY).member_id
    (hers,) = events_of(render_feed(board, setup, scope="member", subject_id=mine, now=LATER).content)
    deputy = invitation(board, UROLOGY_OTHER).member_id
    theirs = events_of(render_feed(board, setup, scope="member", subject_id=deputy, now=LATER).content)
    assert (hers["TRANSP"], theirs) == (["TRANSP:OPAQUE"], [])


def test_her_page_shows_her_part_as_before(board: Session, setup: Setup) -> None:
    take_back(board, setup)

    (part,) = list_my_parts(board, setup, by=actor(board, UROLOGY), now=LATER)
    assert (part.stand_in, part.row.answer, [case.reference for case in part.cases]) == (
        None, "accepted", part.row.details["cases"],
    )  # fmt: skip
    assert list_my_parts(board, setup, by=actor(board, UROLOGY_OTHER), now=LATER) == []


def test_timeline_of_the_board_has_both_steps(board: Session, setup: Setup) -> None:
    meeting = invitation(board, UROLOGY).meeting.public_id

    take_back(board, setup)

    events = list_board_events(board, board=BOARD, by=OPERATOR)
    assert [row.action for row in events.rows][:2] == ["invitation:taken-back", "invitation:delegated"]
    assert (meeting in events.meetings, {row.email for row in events.members.values()}) == (
        True, {UROLOGY, UROLOGY_OTHER},
    )  # fmt: skip


def test_she_may_send_her_deputy_again(board: Session, setup: Setup) -> None:
    take_back(board, setup)

    delegate(board, setup)

    assert [coming(board)[email][0] for email in (UROLOGY, UROLOGY_OTHER)] == ["delegated", "needs-action"]
    assert check_database(board, setup, now=LATER) == ()


def test_publishing_again_leaves_both_alone(board: Session, setup: Setup) -> None:
    take_back(board, setup)
    deliver(board, now=LATER)
    before = last_letter(board)

    draft = propose(board, setup, board=BOARD, weeks=4, by=OPERATOR, now=LATER)
    publish_draft(board, setup, draft_id=draft.public_id, by=OPERATOR, now=LATER)

    assert letters(board, after=before) == []


def both_specialties(session: Session, setup: Setup) -> None:
    """The pathologist on the seat has the urologist's specialty as well, which nobody knew while it was planned."""
    furnish_staffed(session, setup, now=NOW)
    session.add(MemberSpecialty(member_id=invitation(session, PATHOLOGY).member_id, specialty="urology"))
    session.commit()


def test_what_the_deputy_was_invited_for_herself_stays_hers(session: Session, setup: Setup) -> None:
    both_specialties(session, setup)
    answer(session, setup, PATHOLOGY, "accepted", now=NOW + MINUTE)
    row = invitation(session, PATHOLOGY)
    before, window = dict(row.details), (row.kind, row.starts_at, row.ends_at)
    delegate(session, setup, UROLOGY, PATHOLOGY)
    merged = coming(session)[PATHOLOGY]
    deliver(session, now=LATER)
    last = last_letter(session)

    take_back(session, setup)

    row = invitation(session, PATHOLOGY)
    assert merged == ("accepted", "pathology,urology")
    assert (row.answer, row.details, (row.kind, row.starts_at, row.ends_at)) == ("accepted", before, window)
    assert letters(session, after=last) == [(PATHOLOGY, "REQUEST", 0), (UROLOGY, "REQUEST", 0)]
    assert [booked(session, email) for email in (PATHOLOGY, UROLOGY)] == [1, 1]
    assert (found(session), check_database(session, setup, now=LATER)) == ([], ())


def test_core_member_takes_her_seat_back(session: Session, setup: Setup) -> None:
    furnish_staffed(session, setup, now=NOW)
    delegate(session, setup, PATHOLOGY, PATHOLOGY_OTHER)

    take_back(session, setup, PATHOLOGY)

    assert (coming(session)[PATHOLOGY], PATHOLOGY_OTHER in coming(session)) == (("accepted", "pathology"), False)
    assert (found(session), check_database(session, setup, now=LATER)) == ([], ())


def test_deputies_of_deputies_all_end(board: Session, setup: Setup) -> None:
    delegate(board, setup, UROLOGY_OTHER, UROLOGY_DEPUTY)

    deputy = take_back(board, setup)

    assert (deputy.email, {UROLOGY_OTHER, UROLOGY_DEPUTY} & set(coming(board))) == (UROLOGY_DEPUTY, set())
    assert [booked(board, email) for email in (UROLOGY, UROLOGY_OTHER, UROLOGY_DEPUTY)] == [1, 0, 0]
    assert check_database(board, setup, now=LATER) == ()


def test_deputy_who_named_another_may_come_herself_too(board: Session, setup: Setup) -> None:
    delegate(board, setup, UROLOGY_OTHER, UROLOGY_DEPUTY)

    take_back(board, setup, UROLOGY_OTHER)

    assert [coming(board)[email][0] for email in (UROLOGY, UROLOGY_OTHER)] == ["delegated", "accepted"]
    assert UROLOGY_DEPUTY not in coming(board)


def test_deputy_between_who_has_more_to_do_is_for_the_coordinator(session: Session, setup: Setup) -> None:
    both_specialties(session, setup)
    delegate(session, setup, UROLOGY, PATHOLOGY)
    delegate(session, setup, PATHOLOGY, PATHOLOGY_OTHER)

    assert refused(session, setup) == "has-delegated"


def test_who_is_booked_elsewhere_by_now_is_refused_and_nothing_is_written(board: Session, setup: Setup) -> None:
    row = invitation(board, UROLOGY)
    room = Room(key="other", name="Other", capacity=5)
    elsewhere = Meeting(
        board_id=row.meeting.board_id, starts_at=row.starts_at + MINUTE, ends_at=row.ends_at + MINUTE, closes_at=NOW,
        time_zone="Asia/Seoul", room=room,
    )  # fmt: skip
    board.add_all([room, elsewhere])
    board.flush()
    resource = board.scalars(select(Resource.id).where(Resource.member_id == row.member_id)).one()
    board.add(Booking(resource_id=resource, meeting_id=elsewhere.id, starts_at=row.starts_at, ends_at=row.ends_at))
    board.commit()

    assert refused(board, setup) == "time-taken"
    mail = receive_message(board, setup, content=a_reply(row, stamp=LATER), by=OPERATOR, now=LATER)
    assert (mail.reason, mail.state) == ("has-delegated", "open")
    assert [coming(board)[email][0] for email in (UROLOGY, UROLOGY_OTHER)] == ["delegated", "needs-action"]


@pytest.mark.parametrize(
    ("partstat", "answers"),
    [("ACCEPTED", ["accepted"]), ("TENTATIVE", ["delegated", "needs-action"])],
    ids=["accepted", "tentative"],
)
def test_acceptance_by_mail_takes_the_part_back_and_nothing_else_does(
    board: Session, setup: Setup, partstat: str, answers: list[str]
) -> None:
    row = invitation(board, UROLOGY)
    reply = a_reply(row, partstat, stamp=LATER, comment="I can come")

    done = receive_message(board, setup, content=reply, by=OPERATOR, now=LATER)

    there = coming(board)
    assert [there[email][0] for email in (UROLOGY, UROLOGY_OTHER) if email in there] == answers
    if partstat == "ACCEPTED":
        row = invitation(board, UROLOGY)
        assert (done.effect, done.state, row.answer_by, row.comment) == (Effect.PARTSTAT, "done", "mail", "I can come")
        assert (booked(board, UROLOGY), booked(board, UROLOGY_OTHER), found(board)) == (1, 0, [])
    else:
        assert (done.reason, done.state) == ("has-delegated", "open")


def test_deputy_who_said_no_leaves_an_invitation_to_answer(board: Session, setup: Setup) -> None:
    answer(board, setup, UROLOGY_OTHER, "declined", now=LATER)

    assert refused(board, setup) == "not-delegated"


def test_who_named_nobody_takes_nothing_back(board: Session, setup: Setup) -> None:
    assert refused(board, setup, PATHOLOGY) == "not-delegated"


def test_window_that_has_begun_stays_as_it_is(board: Session, setup: Setup) -> None:
    starts_at = invitation(board, UROLOGY).starts_at

    with pytest.raises(Conflict) as conflict:
        take_back(board, setup, shift=starts_at - LATER)

    assert conflict.value.code == "meeting-past"


def test_part_of_somebody_else_is_not_taken(board: Session, setup: Setup) -> None:
    mine = invitation(board, UROLOGY).public_id

    with pytest.raises(NotAllowed):
        take_back_own(board, setup, invitation_id=mine, by=actor(board, UROLOGY_OTHER), now=LATER)

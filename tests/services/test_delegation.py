"""Somebody comes in a member's place: what both are told, who counts, and what follows when the deputy says no."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import OPERATOR, a_member_entry, member_id
from tests.calendars.objects import events_of
from tests.clinic import deliver, last_letter, letters
from tests.services.by_the_clock import text_of
from tests.services.conftest import NOW
from tests.stand_ins import (
    PATHOLOGY,
    PATHOLOGY_OTHER,
    UROLOGY,
    UROLOGY_DEPUTY,
    UROLOGY_OTHER,
    a_staffed_centre,
    answer,
    be_away,
    coming,
    furnish_staffed,
    invitation,
)
from tumorboard.domain.errors import Conflict
from tumorboard.services import delegation, transaction
from tumorboard.services.case_removal import withdraw_scheduled
from tumorboard.services.checks import check_database
from tumorboard.services.deadlines import Chased, chase_answers
from tumorboard.services.export_tables import attendance_table
from tumorboard.services.feed_rendering import render_feed
from tumorboard.services.findings import list_findings
from tumorboard.services.invitations import post_letters, sync_invitations
from tumorboard.services.meeting_room import read_room
from tumorboard.services.nightly import check_published
from tumorboard.services.parts import holds_place, part_of
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.services.substitutes import ask_instead, list_substitutes
from tumorboard.store.facts import case_facts
from tumorboard.store.meetings import Booking, Meeting, Resource, Room
from tumorboard.store.people import Member
from tumorboard.store.post import OutboxMessage
from tumorboard.words import Words

LATER = NOW + timedelta(hours=1)
MINUTE = timedelta(minutes=1)
PATHOLOGY_NEXT = "ryu.pathology@hospital.example"


@pytest.fixture
def board(any_session: Session, setup: Setup) -> Session:
    furnish_staffed(any_session, setup, now=NOW)
    return any_session


def delegate(session: Session, setup: Setup, email: str = UROLOGY, deputy: str = UROLOGY_OTHER) -> int:
    with transaction(session):
        member = session.scalars(select(Member).where(Member.email == deputy)).one()
        return delegation.delegate(
            session, setup, invitation(session, email), member, comment="", stamp=LATER, by=OPERATOR, now=LATER
        )


def booked(session: Session, email: str) -> int:
    query = select(Booking).join(Resource, Resource.id == Booking.resource_id)
    query = query.join(Member, Member.id == Resource.member_id).where(Member.email == email)
    return len(session.scalars(query.where(Booking.status == "confirmed")).all())


def found(session: Session) -> list[str]:
    return [each.reason.code for each in list_findings(session, by=OPERATOR, now=LATER)]


def test_deputy_takes_the_place_and_the_delegator_hears_of_it(board: Session, setup: Setup) -> None:
    before = last_letter(board)

    count = delegate(board, setup)

    assert (count, letters(board, after=before)) == (2, [(UROLOGY_OTHER, "REQUEST", 0), (UROLOGY, "REQUEST", 0)])
    assert (coming(board)[UROLOGY], coming(board)[UROLOGY_OTHER]) == (
        ("delegated", "urology"), ("needs-action", "urology"),
    )  # fmt: skip
    assert (booked(board, UROLOGY), booked(board, UROLOGY_OTHER)) == (0, 1)
    assert found(board) == []
    assert check_published(board, setup, by=OPERATOR, now=LATER).new == 0
    assert check_database(board, setup, now=LATER) == ()


def test_room_and_paper_expect_the_deputy_and_not_the_delegator(board: Session, setup: Setup) -> None:
    names = {row.email: row.name for row in board.scalars(select(Member))}
    meeting = invitation(board, UROLOGY).meeting

    delegate(board, setup)

    room = read_room(board, setup, meeting_id=meeting.public_id, by=OPERATOR, now=meeting.starts_at)
    expected = {person.member.name for person in room.people}
    paper = [str(cell) for row in attendance_table(setup, meeting, (), Words("en")).rows for cell in row]
    assert (names[UROLOGY] in expected, names[UROLOGY_OTHER] in expected) == (False, True)
    assert any(names[UROLOGY_OTHER] in cell for cell in paper)
    assert not any(names[UROLOGY] in cell for cell in paper)


def test_delegator_reads_who_comes_and_the_deputy_for_whom(board: Session, setup: Setup) -> None:
    delegate(board, setup)

    texts = {row.recipient: row for row in board.scalars(select(OutboxMessage).where(OutboxMessage.state == "waiting"))}
    names = {row.email: row.name for row in board.scalars(select(Member))}
    assert texts[UROLOGY].subject.startswith("Your deputy: ")
    assert f"{names[UROLOGY_OTHER]} is invited in your place." in text_of(texts[UROLOGY])
    assert f"In the place of: {names[UROLOGY]}" in text_of(texts[UROLOGY_OTHER])


def test_delegator_is_neither_reminded_nor_told_of(board: Session, setup: Setup) -> None:
    for row in invitation(board, UROLOGY).meeting.invitations:
        row.answer = "needs-action" if row.member.email == UROLOGY else "accepted"
    board.commit()
    delegate(board, setup)
    answer(board, setup, UROLOGY_OTHER, "accepted", now=LATER + MINUTE)
    start = invitation(board, UROLOGY).meeting.starts_at

    rounds = [chase_answers(board, setup, by=OPERATOR, now=at) for at in (start - timedelta(hours=20), start - MINUTE)]

    assert rounds == [Chased(), Chased()]


def test_her_feed_shows_that_she_is_free(board: Session, setup: Setup) -> None:
    delegate(board, setup)

    row = invitation(board, UROLOGY)
    feed = render_feed(board, setup, scope="member", subject_id=row.member_id, now=LATER)
    times = render_feed(board, setup, scope="free_busy", subject_id=row.member_id, now=LATER)

    (event,) = events_of(feed.content)
    assert (event["UID"], event["TRANSP"]) == ([f"UID:{row.uid}"], ["TRANSP:TRANSPARENT"])
    assert b"\r\nFREEBUSY" not in times.content


def test_publishing_again_leaves_both_alone(board: Session, setup: Setup) -> None:
    delegate(board, setup)
    deliver(board, now=LATER)
    before = last_letter(board)

    draft = propose(board, setup, board=invitation(board, UROLOGY).meeting.board.key, weeks=4, by=OPERATOR, now=LATER)
    publish_draft(board, setup, draft_id=draft.public_id, by=OPERATOR, now=LATER)

    assert letters(board, after=before) == []
    assert check_database(board, setup, now=LATER) == ()


@pytest.mark.parametrize("word", ["accepted", "declined"])
def test_deputy_on_a_core_seat_keeps_it_unless_she_declines(session: Session, setup: Setup, word: str) -> None:
    centre = a_staffed_centre()
    centre["members"].append(a_member_entry(PATHOLOGY_NEXT, "pathology"))
    centre["boards"][0]["holders"]["pathology"].append(PATHOLOGY_NEXT)
    furnish_staffed(session, setup, now=NOW, centre=centre)
    delegate(session, setup, PATHOLOGY, PATHOLOGY_OTHER)
    answer(session, setup, PATHOLOGY_OTHER, word, now=LATER + MINUTE)
    deliver(session, now=LATER + MINUTE)
    before, meeting = last_letter(session), invitation(session, PATHOLOGY).meeting

    assert found(session) == ([] if word == "accepted" else ["member-declined", "seat-lost"])
    draft = propose(session, setup, board=meeting.board.key, weeks=4, by=OPERATOR, now=LATER + 2 * MINUTE)
    publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=LATER + 2 * MINUTE)

    told = {each[0] for each in letters(session, after=before)}
    assert told == (set() if word == "accepted" else {PATHOLOGY_NEXT, PATHOLOGY, PATHOLOGY_OTHER})
    assert check_database(session, setup, now=LATER + 2 * MINUTE) == ()


def test_new_room_is_told_to_both(board: Session, setup: Setup) -> None:
    delegate(board, setup)
    deliver(board, now=LATER)
    before, meeting = last_letter(board), invitation(board, UROLOGY).meeting
    meeting.room.name = "Room of another name"
    board.commit()

    with transaction(board):
        cases = {item.case.reference: case_facts(item.case) for item in meeting.agenda}
        parts = [part_of(one) for one in meeting.invitations if holds_place(one)]
        changes = sync_invitations(board, setup, meeting, parts, cases, now=LATER + MINUTE)
        post_letters(board, setup, meeting, changes, now=LATER + MINUTE)

    told = [each[0] for each in letters(board, after=before)]
    assert sorted(told) == sorted(coming(board))


def test_no_of_the_deputy_opens_the_need_and_asks_the_delegator_once_more(board: Session, setup: Setup) -> None:
    delegate(board, setup)
    deliver(board, now=LATER)
    before = last_letter(board)

    followed = answer(board, setup, UROLOGY_OTHER, "declined", now=LATER + MINUTE)

    assert [need.lost.key.specialty for need in followed.open_needs] == ["urology"]
    assert followed.open_needs[0].ranking.candidates[0].member == member_id(board, UROLOGY_DEPUTY)
    assert found(board) == ["member-declined"]
    assert letters(board, after=before) == [("coordinator@hospital.example", "NOTE", 0), (UROLOGY, "REQUEST", 0)]
    letter = board.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(1)).one()
    assert letter.subject.startswith("Invitation: ")


def test_delegator_comes_after_all_when_her_deputy_does_not(board: Session, setup: Setup) -> None:
    delegate(board, setup)
    answer(board, setup, UROLOGY_OTHER, "declined", now=LATER + MINUTE)

    answer(board, setup, UROLOGY, "accepted", now=LATER + 2 * MINUTE)

    assert (coming(board)[UROLOGY], booked(board, UROLOGY), found(board)) == (("accepted", "urology"), 1, [])
    assert check_database(board, setup, now=LATER) == ()


def test_delegator_who_is_elsewhere_by_now_cannot_come_after_all(board: Session, setup: Setup) -> None:
    delegate(board, setup)
    answer(board, setup, UROLOGY_OTHER, "declined", now=LATER + MINUTE)
    row = invitation(board, UROLOGY)
    room = Room(key="other", name="Other", capacity=5)
    elsewhere = Meeting(
        board_id=row.meeting.board_id, starts_at=row.starts_at + MINUTE, ends_at=row.ends_at + MINUTE, closes_at=NOW,
        time_zone="Asia/Seoul", room=room,
    )  # fmt: skip
    board.add_all([room, elsewhere])
    board.flush()
    resource = board.scalars(select(Resource.id).where(Resource.member_id == row.member_id)).one()
    board.add(
        Booking(resource_id=resource, meeting_id=elsewhere.id, starts_at=row.starts_at, ends_at=row.ends_at)
    )  # fmt: skip
    board.commit()

    with pytest.raises(Conflict) as refused:
        answer(board, setup, UROLOGY, "accepted", now=LATER + 2 * MINUTE)

    assert (refused.value.code, invitation(board, UROLOGY).answer) == ("double-booked", "delegated")


def test_answer_of_who_is_represented_is_refused(board: Session, setup: Setup) -> None:
    delegate(board, setup)

    for word in ("accepted", "declined"):
        with pytest.raises(Conflict) as refused:
            answer(board, setup, UROLOGY, word, now=LATER + MINUTE)
        assert refused.value.code == "has-delegated"


def test_deputy_who_comes_after_all_is_told_to_the_delegator(board: Session, setup: Setup) -> None:
    delegate(board, setup)
    answer(board, setup, UROLOGY_OTHER, "declined", now=LATER + MINUTE)
    deliver(board, now=LATER + MINUTE)
    before = last_letter(board)

    answer(board, setup, UROLOGY_OTHER, "accepted", now=LATER + 2 * MINUTE)

    assert (found(board), letters(board, after=before)) == ([], [(UROLOGY, "REQUEST", 0)])
    letter = board.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(1)).one()
    assert letter.subject.startswith("Your deputy: ")


def test_substitute_for_the_deputy_ends_both_invitations(board: Session, setup: Setup) -> None:
    delegate(board, setup)
    answer(board, setup, UROLOGY_OTHER, "declined", now=LATER + MINUTE)
    deliver(board, now=LATER + MINUTE)
    before, meeting = last_letter(board), invitation(board, UROLOGY).meeting

    ask_instead(
        board, setup, meeting_id=meeting.public_id, member_id=member_id(board, UROLOGY_OTHER),
        instead_id=member_id(board, UROLOGY_DEPUTY), by=OPERATOR, now=LATER + 2 * MINUTE,
    )  # fmt: skip

    assert letters(board, after=before) == sorted(
        [(UROLOGY_DEPUTY, "REQUEST", 0), (UROLOGY_OTHER, "CANCEL", 1), (UROLOGY, "CANCEL", 1)]
    )
    assert list_substitutes(board, setup, meeting_id=meeting.public_id, by=OPERATOR, now=LATER) == ()
    assert check_database(board, setup, now=LATER) == ()


def test_deputy_may_name_another_in_turn(board: Session, setup: Setup) -> None:
    delegate(board, setup)

    delegate(board, setup, UROLOGY_OTHER, UROLOGY_DEPUTY)

    answers = [coming(board)[email][0] for email in (UROLOGY, UROLOGY_OTHER, UROLOGY_DEPUTY)]
    assert (answers, found(board)) == (["delegated", "delegated", "needs-action"], [])
    assert [booked(board, email) for email in (UROLOGY, UROLOGY_OTHER, UROLOGY_DEPUTY)] == [0, 0, 1]
    assert check_database(board, setup, now=LATER) == ()


def test_deputy_without_the_specialty_leaves_a_finding(board: Session, setup: Setup) -> None:
    delegate(board, setup, UROLOGY, PATHOLOGY_OTHER)

    assert found(board) == ["need-uncovered"]


def test_deputy_who_is_away_is_refused_and_nothing_is_written(board: Session, setup: Setup) -> None:
    be_away(board, UROLOGY_OTHER, invitation(board, UROLOGY).meeting, now=NOW)
    bookings = len(board.scalars(select(Booking)).all())

    with pytest.raises(Conflict) as refused:
        delegate(board, setup)

    assert (refused.value.code, len(board.scalars(select(Booking)).all())) == ("not-suited", bookings)
    assert coming(board)[UROLOGY][0] == "needs-action"


def test_case_taken_off_the_meeting_leaves_the_delegator_alone(board: Session, setup: Setup) -> None:
    """Another case than the urologist's is withdrawn: neither of the two is invited anew or told anything."""
    delegate(board, setup)
    before = last_letter(board)
    others = [item for item in invitation(board, PATHOLOGY).meeting.agenda if item.case.reference != "C-2"]

    withdraw_scheduled(board, setup, case_id=others[0].case.public_id, by=OPERATOR, now=LATER)

    assert {who for who, _, _ in letters(board, after=before)} & {UROLOGY, UROLOGY_OTHER} == set()
    assert (coming(board)[UROLOGY][0], coming(board)[UROLOGY_OTHER][0]) == ("delegated", "needs-action")
    assert (booked(board, UROLOGY), booked(board, UROLOGY_OTHER), check_database(board, setup, now=LATER)) == (0, 1, ())

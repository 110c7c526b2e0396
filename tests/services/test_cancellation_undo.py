"""A cancelled meeting is held after all: room and agenda come back, calendars when the draft is published."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, ON_DEMAND, OPERATOR
from tests.clinic import deliver, last_letter, letters
from tests.services.conftest import NOW
from tests.services.test_plan_changes import move
from tumorboard.domain.errors import Conflict, NotAllowed
from tumorboard.services.access import Permission, Role, actor_with
from tumorboard.services.board_events import list_board_events
from tumorboard.services.boards import read_draft
from tumorboard.services.cancellation_undo import HeldAgain, undo_cancellation
from tumorboard.services.cases import withdraw_cases
from tumorboard.services.checks import check_database
from tumorboard.services.draft_today import read_today
from tumorboard.services.meetings import add_meeting
from tumorboard.services.plan_changes import list_steps, undo_step
from tumorboard.services.planning import proposal_of, propose
from tumorboard.services.publishing import agenda_of, cancel_meeting, publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.meetings import Board, Booking, Meeting, MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.plans import Draft

MINUTE = timedelta(minutes=1)


def the_meeting(session: Session) -> Meeting:
    """The meeting of Tuesday, 07:30, on which C-1 and C-2 are published."""
    return session.scalars(select(Meeting).order_by(Meeting.starts_at)).first()  # type: ignore[return-value]


def cancel(session: Session, setup: Setup) -> Meeting:
    meeting = the_meeting(session)
    cancel_meeting(session, setup, meeting_id=meeting.public_id, by=OPERATOR, now=NOW + MINUTE)
    return meeting


def undo(session: Session, setup: Setup, *, minutes: int = 2) -> HeldAgain:
    meeting_id = the_meeting(session).public_id
    return undo_cancellation(session, setup, meeting_id=meeting_id, by=OPERATOR, now=NOW + minutes * MINUTE)


def refused(session: Session, setup: Setup, *, minutes: int = 2) -> str:
    with pytest.raises(Conflict) as conflict:
        undo(session, setup, minutes=minutes)
    return conflict.value.code


def planned(draft: Draft | None) -> dict[str, list[str]]:
    assert draft is not None
    return {plan.meeting: [e.reference for e in plan.agenda] for plan in proposal_of(draft).meetings if plan.agenda}


def test_room_and_agenda_come_back_and_nobody_hears_of_it_yet(board: Session, setup: Setup) -> None:
    agenda = agenda_of(the_meeting(board))
    deliver(board, now=NOW)
    meeting = cancel(board, setup)
    before = last_letter(board)

    held = undo(board, setup)

    booked = select(Booking).where(Booking.meeting_id == meeting.id, Booking.status == "confirmed")
    assert (meeting.status, len(board.scalars(booked).all()), letters(board, after=before)) == ("planned", 1, [])
    assert (planned(held.draft), held.stayed) == ({meeting.public_id: agenda}, 0)
    assert check_database(board, setup, now=NOW + 2 * MINUTE) == ()


def test_published_again_each_calendar_entry_comes_back_with_a_higher_sequence(board: Session, setup: Setup) -> None:
    deliver(board, now=NOW)
    meeting, agenda = the_meeting(board), agenda_of(the_meeting(board))
    query = select(Member.email, MeetingInvitation.uid, MeetingInvitation.sequence)
    query = query.join(Member, Member.id == MeetingInvitation.member_id).where(MeetingInvitation.status == "invited")
    first = {email: (uid, sequence) for email, uid, sequence in board.execute(query)}
    cancel(board, setup)
    deliver(board, now=NOW + MINUTE)
    before = last_letter(board)

    draft = undo(board, setup).draft
    assert draft is not None
    publish_draft(board, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW + 3 * MINUTE)

    assert (agenda_of(meeting), set(first) >= {ON_DEMAND["urology"]}) == (agenda, True)
    assert {email: (uid, sequence) for email, uid, sequence in board.execute(query)} == {
        email: (uid, sequence + 2) for email, (uid, sequence) in first.items()
    }
    assert letters(board, after=before) == sorted((email, "REQUEST", 2) for email in first)
    assert check_database(board, setup, now=NOW + 3 * MINUTE) == ()


def test_it_is_taken_back_once(small: Session, setup: Setup) -> None:
    cancel(small, setup)
    undo(small, setup)

    assert refused(small, setup) == "meeting-held"
    cancel(small, setup)
    assert undo(small, setup).stayed == 0


def test_case_that_was_published_elsewhere_or_closed_stays(small: Session, setup: Setup) -> None:
    meeting = cancel(small, setup)
    kept = propose(small, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW + MINUTE).public_id
    for reference in ("C-2", "C-3"):
        move(small, setup, kept, reference, None)
    publish_draft(small, setup, draft_id=kept, by=OPERATOR, now=NOW + MINUTE)
    elsewhere = small.scalars(select(Meeting).where(Meeting.status == "published")).one()
    second = small.scalars(select(Case).where(Case.reference == "C-2")).one()
    withdraw_cases(small, case_ids=[second.public_id], by=OPERATOR, now=NOW + MINUTE)

    held = undo(small, setup)

    assert (held.draft, held.stayed, meeting.status) == (None, 2, "planned")
    assert (agenda_of(elsewhere), small.get_one(Case, second.id).status) == (["C-1"], "withdrawn")


def test_case_that_an_open_draft_places_elsewhere_stays_there(small: Session, setup: Setup) -> None:
    meeting = cancel(small, setup)
    work = propose(small, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW + MINUTE)
    move(small, setup, work.public_id, "C-2", None)
    before = planned(work)

    held = undo(small, setup)

    assert planned(held.draft) == {meeting.public_id: ["C-2"], **before}
    assert (held.stayed, small.get_one(Draft, work.id).status) == (1, "discarded")


def test_draft_from_before_is_as_it_was_and_can_be_published(small: Session, setup: Setup) -> None:
    work = propose(small, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)
    by_hand = move(small, setup, work.public_id, "C-1", 1)
    before = planned(by_hand)
    reasons = [plan.reasons for plan in proposal_of(by_hand).meetings if plan.agenda]
    cancel(small, setup)

    draft = undo(small, setup).draft

    assert draft is not None
    assert (planned(draft), [plan.reasons for plan in proposal_of(draft).meetings if plan.agenda]) == (before, reasons)
    view = read_draft(small, draft_id=draft.public_id, by=OPERATOR)
    assert read_today(small, setup, view, by=OPERATOR, now=NOW + 2 * MINUTE).wrong == ()
    undo_step(small, draft_id=draft.public_id, by=OPERATOR, now=NOW + 3 * MINUTE)
    kinds = [row.kind for row in list_steps(small, draft_id=draft.public_id, by=OPERATOR).rows]
    assert kinds[0] == "restored"


def test_draft_whose_board_changed_beside_is_not_carried_on(small: Session, setup: Setup) -> None:
    work = propose(small, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)
    move(small, setup, work.public_id, "C-1", 1)
    agenda = agenda_of(the_meeting(small))
    other = small.scalars(select(Meeting).order_by(Meeting.starts_at).offset(1)).first()
    assert other is not None
    other.agenda_changes += 1
    small.commit()
    meeting = cancel(small, setup)

    held = undo(small, setup)

    assert planned(held.draft) == {meeting.public_id: agenda}


def test_meeting_without_cases_is_planned_again(small: Session, setup: Setup) -> None:
    """An open draft beside it stays right."""
    extra = add_meeting(
        small, setup, board=BOARD, on=date(2026, 11, 23), local_time=time(7, 30), minutes=60, room="room-b",
        by=OPERATOR, now=NOW,
    )  # fmt: skip
    work = propose(small, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)
    before = planned(work)
    cancel_meeting(small, setup, meeting_id=extra.public_id, by=OPERATOR, now=NOW)

    held = undo_cancellation(small, setup, meeting_id=extra.public_id, by=OPERATOR, now=NOW + MINUTE)

    work = small.scalars(select(Draft).where(Draft.status == "open")).one()
    view = read_draft(small, draft_id=work.public_id, by=OPERATOR)
    assert (extra.status, held.draft, held.stayed, planned(work)) == ("planned", None, 0, before)
    assert read_today(small, setup, view, by=OPERATOR, now=NOW + MINUTE).wrong == ()


def test_taken_room_refuses_it_and_changes_nothing(board: Session, setup: Setup) -> None:
    meeting = cancel(board, setup)
    row = board.scalars(select(Board)).one()
    board.add(Board(
        key="other", program=row.program, name_en="Other", name_ko="다른 다학제", time_zone=row.time_zone,
        organizer_email="other@hospital.example", organizer_name="Other",
    ))  # fmt: skip
    board.commit()
    add_meeting(
        board, setup, board="other", on=date(2026, 11, 24), local_time=time(8, 0), minutes=60, room=meeting.room.key,
        by=OPERATOR, now=NOW,
    )  # fmt: skip

    assert refused(board, setup) == "room-taken"
    assert (the_meeting(board).status, board.scalars(select(Draft).where(Draft.status == "open")).all()) == (
        "cancelled", [],
    )  # fmt: skip


def test_it_is_refused_when_the_time_is_over_or_the_meeting_was_changed_since(small: Session, setup: Setup) -> None:
    meeting = cancel(small, setup)

    assert refused(small, setup, minutes=3 * 24 * 60) == "meeting-past"
    meeting.agenda_changes += 2  # held again by hand, then taken away by another way
    small.commit()
    assert refused(small, setup) == "nothing-to-undo"


def test_only_who_may_cancel_may_take_it_back(small: Session, setup: Setup) -> None:
    meeting_id = cancel(small, setup).public_id
    physician = actor_with("test", frozenset({Role.PHYSICIAN}))
    administrator = actor_with("test", frozenset({Role.ADMINISTRATOR}))

    with pytest.raises(NotAllowed) as not_allowed:
        undo_cancellation(small, setup, meeting_id=meeting_id, by=physician, now=NOW + MINUTE)
    held = undo_cancellation(small, setup, meeting_id=meeting_id, by=administrator, now=NOW + MINUTE)

    assert not_allowed.value.values == {"permission": Permission.MEETING_EDIT}
    assert held.draft is not None


def test_it_stands_in_the_timeline_of_the_board(small: Session, setup: Setup) -> None:
    cancel(small, setup)
    undo(small, setup)

    actions = [row.action for row in list_board_events(small, board=BOARD, by=OPERATOR).rows]

    assert actions[:3] == ["meeting:held-again", "draft:restored", "meeting:cancelled"]

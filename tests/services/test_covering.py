"""One absence, several meetings: everybody is asked in one step, and one step takes it back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR, a_case_csv, a_case_row, furnish, import_list, member_id
from tests.clinic import deliver, last_letter, letters
from tests.services.conftest import NOW
from tests.stand_ins import (
    PATHOLOGY,
    PATHOLOGY_OTHER,
    UROLOGY,
    UROLOGY_DEPUTY,
    UROLOGY_OTHER,
    UROLOGY_SECOND,
    a_staffed_centre,
)
from tumorboard.domain.errors import Conflict, NotAllowed, NotFound
from tumorboard.domain.model import Reason
from tumorboard.services.access import Role, actor_with
from tumorboard.services.board_events import list_board_events
from tumorboard.services.checks import check_database
from tumorboard.services.cover_steps import list_undoable, undo_cover
from tumorboard.services.covering import Cover, cover_absence, need_name, read_cover
from tumorboard.services.findings import list_findings
from tumorboard.services.people import add_absence, remove_absence
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Booking, MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.plans import PlanChange
from tumorboard.store.post import OutboxMessage

LATER = NOW + timedelta(hours=1)


def furnish_two(session: Session, setup: Setup) -> None:
    """Several published meetings of half an hour: all need urology and the core, and all letters have left."""
    centre = a_staffed_centre()
    centre["boards"][0]["series"][0]["minutes"] = 30
    furnish(session, setup, now=NOW, centre=centre)
    day = setup.today(NOW)
    rows = [
        a_case_row(f"C-{number}", on=day, planned_procedures="hysterectomy_bso;ureter_resection_reimplant")
        for number in range(6)
    ]
    import_list(session, setup, now=NOW, content=a_case_csv(rows))
    draft = propose(session, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)
    publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)
    deliver(session, now=NOW)


@pytest.fixture
def board(any_session: Session, setup: Setup) -> Session:
    furnish_two(any_session, setup)
    return any_session


def away(session: Session, setup: Setup, email: str, *, days: int = 28) -> str:
    row, _ = add_absence(
        session, member_id=member_id(session, email), starts_at=NOW, ends_at=NOW + timedelta(days=days),
        kind="absence", by=OPERATOR, now=NOW, setup=setup,
    )  # fmt: skip
    return row.public_id


def picture(session: Session) -> list[tuple[object, ...]]:
    """Every living place with its window and answer, and every booking of a member."""
    rows = session.scalars(
        select(MeetingInvitation).order_by(MeetingInvitation.meeting_id, MeetingInvitation.member_id)
    )
    places = [
        (row.meeting_id, row.member.email, row.starts_at, row.ends_at, row.kind, row.answer, row.sequence,
         tuple(row.details["cases"]), tuple(row.details["specialties"]))
        for row in rows if row.status == "invited"
    ]  # fmt: skip
    booked = select(Booking.resource_id, Booking.meeting_id, Booking.starts_at, Booking.ends_at)
    return [*places, *sorted(tuple(row) for row in session.execute(booked))]


def emails(session: Session, cover: Cover) -> list[list[str | None]]:
    """Who is chosen for the needs of each meeting."""
    names = {row.public_id: row.email for row in session.scalars(select(Member))}
    return [[names.get(name or "") for name in one.chosen] for one in cover.meetings]


def test_best_substitute_is_chosen_for_every_meeting(board: Session, setup: Setup) -> None:
    absence = away(board, setup, UROLOGY)

    cover = read_cover(board, setup, absence_id=absence, by=OPERATOR, now=LATER)

    assert len(cover.meetings) >= 2
    assert emails(board, cover) == [[UROLOGY_DEPUTY]] * len(cover.meetings)
    assert (cover.number, cover.done, cover.drafts) == (len(cover.meetings), None, ())


def test_what_is_taken_back_does_not_count_as_an_asking(board: Session, setup: Setup) -> None:
    absence = away(board, setup, UROLOGY)
    before = read_cover(board, setup, absence_id=absence, by=OPERATOR, now=LATER)
    done = cover_absence(board, setup, absence_id=absence, by=OPERATOR, now=LATER)
    undo_cover(board, setup, change_id=done.change.public_id, by=OPERATOR, now=LATER)

    after = read_cover(board, setup, absence_id=absence, by=OPERATOR, now=LATER)

    assert asked_lately(after) == asked_lately(before)


def asked_lately(cover: Cover) -> list[tuple[str, int]]:
    return [
        (each.member, each.asked) for one in cover.meetings for need in one.needs for each in need.ranking.candidates
    ]


def test_everybody_is_asked_at_once_and_nothing_is_left_open(board: Session, setup: Setup) -> None:
    absence = away(board, setup, UROLOGY)
    before = last_letter(board)

    done = cover_absence(board, setup, absence_id=absence, by=OPERATOR, now=LATER)

    number = len(done.asked)
    assert ({person.email for _, person in done.asked}, done.open) == ({UROLOGY_DEPUTY}, ())
    assert sorted(letters(board, after=before)) == sorted(
        [(UROLOGY, "CANCEL", 1), (UROLOGY_DEPUTY, "REQUEST", 0)] * number
    )
    assert list_findings(board, by=OPERATOR, now=LATER) == ()
    assert check_database(board, setup, now=LATER) == ()
    again = read_cover(board, setup, absence_id=absence, by=OPERATOR, now=LATER)
    assert (again.meetings, again.done) == ((), done.change)


def test_undo_at_once_leaves_no_trace_in_any_calendar(board: Session, setup: Setup) -> None:
    for row in board.scalars(select(MeetingInvitation)):
        row.answer, row.answered_at = "accepted", NOW
    board.commit()
    before, told = picture(board), last_letter(board)
    absence = away(board, setup, UROLOGY)
    done = cover_absence(board, setup, absence_id=absence, by=OPERATOR, now=LATER)

    restored = undo_cover(board, setup, change_id=done.change.public_id, by=OPERATOR, now=LATER)

    assert picture(board) == before
    assert (restored.letters, letters(board, after=told), restored.left) == (0, [], ())
    assert len(list_findings(board, by=OPERATOR, now=LATER)) > 0
    assert check_database(board, setup, now=LATER) == ()


def test_timeline_of_the_board_says_who_was_replaced_and_that_it_was_taken_back(board: Session, setup: Setup) -> None:
    done = cover_absence(board, setup, absence_id=away(board, setup, UROLOGY), by=OPERATOR, now=LATER)
    undo_cover(board, setup, change_id=done.change.public_id, by=OPERATOR, now=LATER)

    events = list_board_events(board, board=BOARD, by=OPERATOR)

    assert [row.action for row in events.rows[:2]] == ["substitutes:undone", "substitutes:asked"]
    assert [member.email for member in events.members.values()] == [UROLOGY]


def test_letters_to_substitutes_can_be_held_like_others_of_their_meeting(board: Session, setup: Setup) -> None:
    before = last_letter(board)

    done = cover_absence(board, setup, absence_id=away(board, setup, UROLOGY), by=OPERATOR, now=LATER)

    letters_now = board.scalars(select(OutboxMessage).where(OutboxMessage.id > before)).all()
    assert {row.batch for row in letters_now} == {meeting.public_id for meeting, _ in done.asked}


def test_undo_after_the_letters_left_tells_everybody(board: Session, setup: Setup) -> None:
    absence = away(board, setup, UROLOGY)
    done = cover_absence(board, setup, absence_id=absence, by=OPERATOR, now=LATER)
    deliver(board, now=LATER)
    told, number = last_letter(board), len(done.asked)

    restored = undo_cover(board, setup, change_id=done.change.public_id, by=OPERATOR, now=LATER + timedelta(hours=1))

    assert sorted(letters(board, after=told)) == sorted(
        [(UROLOGY, "REQUEST", 2), (UROLOGY_DEPUTY, "CANCEL", 1)] * number
    )
    assert restored.letters == 2 * number
    assert check_database(board, setup, now=LATER) == ()


def test_undo_counts_once(board: Session, setup: Setup) -> None:
    done = cover_absence(board, setup, absence_id=away(board, setup, UROLOGY), by=OPERATOR, now=LATER)
    undo_cover(board, setup, change_id=done.change.public_id, by=OPERATOR, now=LATER)

    with pytest.raises(Conflict) as refused:
        undo_cover(board, setup, change_id=done.change.public_id, by=OPERATOR, now=LATER)

    assert refused.value.code == "undone-already"


def test_core_member_is_covered_and_restored(board: Session, setup: Setup) -> None:
    before = picture(board)
    absence = away(board, setup, PATHOLOGY)

    done = cover_absence(board, setup, absence_id=absence, by=OPERATOR, now=LATER)
    there = picture(board)
    undo_cover(board, setup, change_id=done.change.public_id, by=OPERATOR, now=LATER)

    assert {person.email for _, person in done.asked} == {PATHOLOGY_OTHER}
    assert (there != before, picture(board) == before) == (True, True)


def test_choice_by_hand_counts_and_an_empty_one_asks_nobody(board: Session, setup: Setup) -> None:
    absence = away(board, setup, UROLOGY)
    cover = read_cover(board, setup, absence_id=absence, by=OPERATOR, now=LATER)
    first, second = cover.meetings[:2]
    choices = {
        (first.meeting.public_id, need_name(first.needs[0].lost)): member_id(board, UROLOGY_OTHER),
        (second.meeting.public_id, need_name(second.needs[0].lost)): "",
    }

    done = cover_absence(board, setup, absence_id=absence, choices=choices, by=OPERATOR, now=LATER)

    assert [(meeting.public_id, person.email) for meeting, person in done.asked] == [
        (first.meeting.public_id, UROLOGY_OTHER)
    ]
    assert [meeting.public_id for meeting, _ in done.open] == [
        one.meeting.public_id for one in cover.meetings if one is not first
    ]


def test_who_is_away_herself_is_not_chosen_and_not_accepted(board: Session, setup: Setup) -> None:
    away(board, setup, UROLOGY_DEPUTY)
    absence = away(board, setup, UROLOGY)
    cover = read_cover(board, setup, absence_id=absence, by=OPERATOR, now=LATER)
    one = cover.meetings[0]
    choices = {(one.meeting.public_id, need_name(one.needs[0].lost)): member_id(board, UROLOGY_DEPUTY)}

    with pytest.raises(Conflict) as refused:
        cover_absence(board, setup, absence_id=absence, choices=choices, by=OPERATOR, now=LATER)

    assert set(sum(emails(board, cover), [])) == {UROLOGY_SECOND}
    assert (refused.value.code, str(refused.value.values["reasons"])) == ("not-suited", str((Reason("not-free"),)))
    assert board.scalars(select(PlanChange).where(PlanChange.kind == "substitutes")).all() == []


def test_nobody_left_is_said(board: Session, setup: Setup) -> None:
    for email in (UROLOGY_DEPUTY, UROLOGY_SECOND, UROLOGY_OTHER):
        away(board, setup, email)
    absence = away(board, setup, UROLOGY)

    cover = read_cover(board, setup, absence_id=absence, by=OPERATOR, now=LATER)
    with pytest.raises(Conflict) as refused:
        cover_absence(board, setup, absence_id=absence, by=OPERATOR, now=LATER)

    assert (cover.number, refused.value.code) == (0, "nobody-chosen")
    assert {one.code for one in cover.meetings[0].needs[0].ranking.rejected} == {"not-free"}


def test_meeting_changed_since_stays_as_it_is(board: Session, setup: Setup) -> None:
    absence = away(board, setup, UROLOGY)
    done = cover_absence(board, setup, absence_id=absence, by=OPERATOR, now=LATER)
    touched = done.asked[0][0]
    row = next(row for row in touched.invitations if row.member.email == UROLOGY_DEPUTY)
    row.ends_at += timedelta(minutes=1)
    board.commit()

    restored = undo_cover(board, setup, change_id=done.change.public_id, by=OPERATOR, now=LATER)

    assert [meeting.id for meeting in restored.left] == [touched.id]
    assert len(restored.meetings) == len(done.asked) - 1


def test_draft_that_counts_on_her_is_named(board: Session, setup: Setup) -> None:
    draft = propose(board, setup, board=BOARD, weeks=4, by=OPERATOR, now=LATER)
    absence = away(board, setup, PATHOLOGY)

    cover = read_cover(board, setup, absence_id=absence, by=OPERATOR, now=LATER)

    assert [row.public_id for row in cover.drafts] == [draft.public_id]


def test_absence_taken_back_leaves_the_step_to_restore(board: Session, setup: Setup) -> None:
    before = picture(board)
    absence = away(board, setup, UROLOGY)
    done = cover_absence(board, setup, absence_id=absence, by=OPERATOR, now=LATER)
    remove_absence(board, absence_id=absence, by=OPERATOR, now=LATER, setup=setup)

    (step,) = list_undoable(board, member_id=member_id(board, UROLOGY), by=OPERATOR, now=LATER)
    undo_cover(board, setup, change_id=step.public_id, by=OPERATOR, now=LATER)

    assert step.public_id == done.change.public_id
    assert picture(board) == before
    assert list_findings(board, by=OPERATOR, now=LATER) == ()
    assert list_undoable(board, member_id=member_id(board, UROLOGY), by=OPERATOR, now=LATER) == ()


@pytest.mark.parametrize("role", [Role.PHYSICIAN, Role.SURGEON, Role.AUDITOR, Role.ADMINISTRATOR])
def test_substitutes_of_an_absence_are_for_who_publishes(session: Session, setup: Setup, role: Role) -> None:
    by = actor_with("x", frozenset({role}))

    with pytest.raises(NotAllowed):
        read_cover(session, setup, absence_id="a" * 16, by=by, now=LATER)
    with pytest.raises(NotAllowed):
        cover_absence(session, setup, absence_id="a" * 16, by=by, now=LATER)
    with pytest.raises(NotAllowed):
        undo_cover(session, setup, change_id="a" * 16, by=by, now=LATER)


def test_what_is_not_there_is_said(session: Session, setup: Setup) -> None:
    with pytest.raises(NotFound):
        read_cover(session, setup, absence_id="a" * 16, by=OPERATOR, now=LATER)
    with pytest.raises(NotFound):
        cover_absence(session, setup, absence_id="a" * 16, by=OPERATOR, now=LATER)
    with pytest.raises(NotFound):
        undo_cover(session, setup, change_id="a" * 16, by=OPERATOR, now=LATER)

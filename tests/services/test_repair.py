"""Repairs of published boards: the fewest moves, in a draft that leaves persons' drafts alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, ON_DEMAND, OPERATOR, a_case_csv, a_case_row, import_list, member_id
from tests.services.conftest import NOW, publish
from tests.services.test_nightly import CLOCK, NIGHT, TODAY, UROLOGY, away, check, published_meeting, release_room
from tumorboard.domain.errors import NotFound
from tumorboard.services.boards import read_draft
from tumorboard.services.nightly import JOB, Repair, propose_repair
from tumorboard.services.people import remove_member
from tumorboard.services.planning import edit_draft, open_draft, propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Board, Meeting
from tumorboard.store.people import Member, MemberSpecialty
from tumorboard.store.plans import Draft
from tumorboard.store.post import AuditEvent


def _repair(session: Session, setup: Setup, *, minutes: int = 1) -> Repair:
    return propose_repair(session, setup, board=BOARD, by=CLOCK, now=NIGHT + timedelta(minutes=minutes))


def test_what_is_right_needs_no_repair(board: Session, setup: Setup) -> None:
    assert _repair(board, setup) == Repair("nothing")


def test_repair_moves_only_the_case_that_lost_its_specialist(board: Session, setup: Setup) -> None:
    away(board, UROLOGY)
    import_list(board, setup, now=NOW, content=a_case_csv([a_case_row("C-8", on=TODAY)]))

    repair = _repair(board, setup)

    assert repair.draft_id is not None
    view = read_draft(board, draft_id=repair.draft_id, by=OPERATOR)
    places = [[entry.entry.reference for entry in meeting.entries] for meeting in view.meetings[:2]]
    assert (repair.outcome, repair.made_by, places) == ("made", JOB, [["C-1"], ["C-2"]])
    assert (repair.moves.moved, repair.moves.taken_off) == (("C-2",), ())
    assert set(view.proposal.left_out) == {"C-3", "C-8"}


def test_case_is_taken_off_when_nobody_can_ever_come(board: Session, setup: Setup) -> None:
    remove_member(board, member_id=member_id(board, UROLOGY), by=OPERATOR, now=NOW)

    repair = _repair(board, setup)

    assert (repair.moves.moved, repair.moves.taken_off, repair.moves.invited) == ((), ("C-2",), ())


def test_repair_can_be_published_and_leaves_nothing_to_mend(board: Session, setup: Setup) -> None:
    away(board, UROLOGY)
    check(board, setup)
    before = {row.member.email for row in published_meeting(board).invitations if row.status == "invited"}
    repair = _repair(board, setup)
    assert repair.draft_id is not None

    done = publish_draft(board, setup, draft_id=repair.draft_id, by=OPERATOR, now=NIGHT)

    first = board.scalars(select(Meeting).where(Meeting.status == "published").order_by(Meeting.starts_at)).first()
    assert first is not None
    after = {row.member.email for row in first.invitations if row.status == "invited"}
    assert before - after == {UROLOGY}
    assert len(done.meetings) == 2
    assert check(board, setup, minutes=60).standing == 0


def test_substitute_is_asked_and_nothing_else_changes(any_centre: Session, setup: Setup) -> None:
    other = any_centre.scalars(select(Member).where(Member.email == ON_DEMAND["hpb_surgery"])).one()
    other.specialties.append(MemberSpecialty(specialty="urology"))
    any_centre.commit()
    publish(any_centre, setup)
    away(any_centre, UROLOGY)

    repair = _repair(any_centre, setup)

    meeting = published_meeting(any_centre).public_id
    gone, come = member_id(any_centre, UROLOGY), other.public_id
    assert (repair.moves.moved, repair.moves.taken_off, repair.moves.retimed) == ((), (), ())
    assert (repair.moves.withdrawn, repair.moves.invited) == (((meeting, gone),), ((meeting, come),))


def test_second_repair_keeps_the_first_draft(board: Session, setup: Setup) -> None:
    away(board, UROLOGY)
    first = _repair(board, setup)

    second = _repair(board, setup, minutes=60)

    assert (second.outcome, second.draft_id) == ("same", first.draft_id)
    assert len(board.scalars(select(Draft).where(Draft.status == "open")).all()) == 1


def test_repair_that_is_no_longer_needed_is_thrown_away(board: Session, setup: Setup) -> None:
    release_room(board)
    board.commit()
    away(board, UROLOGY)
    first = _repair(board, setup)
    for absence in board.scalars(select(Member).where(Member.email == UROLOGY)).one().absences:
        board.delete(absence)
    board.commit()

    second = _repair(board, setup, minutes=60)

    draft = board.scalars(select(Draft).where(Draft.public_id == first.draft_id)).one()
    assert (second.outcome, draft.status) == ("nothing", "discarded")
    assert [reason.code for reason in second.unmended] == ["room-lost"]


def test_draft_of_a_person_is_left_alone(board: Session, setup: Setup) -> None:
    mine = propose(board, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW).public_id
    away(board, UROLOGY)

    repair = _repair(board, setup)

    row = open_draft(board, board.scalars(select(Board)).one())
    assert (repair.outcome, repair.draft_id, repair.made_by) == ("kept", mine, OPERATOR.name)
    assert row is not None
    assert row.public_id == mine


def test_repair_that_a_person_edited_is_hers(board: Session, setup: Setup) -> None:
    away(board, UROLOGY)
    first = _repair(board, setup)
    assert first.draft_id is not None
    edit_draft(board, setup, draft_id=first.draft_id, reference="C-1", meeting_id=None, position=None, by=OPERATOR,
               now=NIGHT)  # fmt: skip

    second = _repair(board, setup, minutes=60)

    assert (second.outcome, second.draft_id) == ("kept", first.draft_id)


def test_repair_is_recorded_by_ids_and_counts(board: Session, setup: Setup) -> None:
    away(board, UROLOGY)
    check(board, setup)
    _repair(board, setup)

    query = select(AuditEvent).where(AuditEvent.actor == JOB).order_by(AuditEvent.id)
    events = [(row.action, row.detail) for row in board.scalars(query)]
    assert events == [
        ("meetings:checked", {"new": 1, "standing": 1, "mended": 0, "letters": 1}),
        (
            "draft:repaired",
            {"board": BOARD, "moved": 1, "taken_off": 0, "invited": 6, "withdrawn": 1, "retimed": 1},
        ),
    ]


def test_repair_of_an_unknown_board_is_not_found(board: Session, setup: Setup) -> None:
    with pytest.raises(NotFound):
        propose_repair(board, setup, board="nope", by=CLOCK, now=NIGHT)

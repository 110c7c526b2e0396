"""A case that stands on a published meeting is withdrawn in one step."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from tests.builders import BOARD, ON_DEMAND, OPERATOR, SURGEON, case_id, furnish, import_list, member_id
from tests.clinic import deliver, last_letter, letters
from tests.replies import publish
from tests.services.conftest import NOW
from tests.services.test_races import _together
from tumorboard.domain.errors import Conflict
from tumorboard.services.case_history import list_case_events
from tumorboard.services.case_removal import withdraw_scheduled
from tumorboard.services.case_return import find_old_place, return_scheduled
from tumorboard.services.cases import reopen_cases, withdraw_cases
from tumorboard.services.checks import check_database
from tumorboard.services.people import add_absence
from tumorboard.services.planning import propose
from tumorboard.services.publishing import cancel_meeting, publish_draft
from tumorboard.services.restoring import restore_published
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.discussions import Discussion
from tumorboard.store.meetings import AgendaItem, Meeting, MeetingInvitation
from tumorboard.store.people import Member


def test_scheduled_case_leaves_its_meeting_and_the_others_stay(any_session: Session, setup: Setup) -> None:
    furnish(any_session, setup, now=NOW)
    import_list(any_session, setup, now=NOW)
    publish(any_session, setup, now=NOW)
    meeting = any_session.scalars(select(Meeting).where(Meeting.status == "published")).one()
    stay = {item.case.reference: item.starts_at for item in meeting.agenda if item.case.reference != "C-2"}

    later = NOW + timedelta(minutes=1)
    letters = withdraw_scheduled(any_session, setup, case_id=case_id(any_session, "C-2"), by=OPERATOR, now=later)

    any_session.expire_all()
    assert {item.case.reference: item.starts_at for item in meeting.agenda} == stay
    assert any_session.scalars(select(Case.status).where(Case.reference == "C-2")).one() == "withdrawn"
    assert letters == 2  # urology is free, genetics has a shorter window
    codes = [event.code for event in list_case_events(any_session, case_id=case_id(any_session, "C-2"), by=OPERATOR)]
    assert codes[:2] == ["case:withdrawn", "case:taken-off"]
    assert check_database(any_session, setup, now=NOW) == ()


def test_case_on_no_meeting_is_not_taken_off(session: Session, setup: Setup) -> None:
    furnish(session, setup, now=NOW)
    import_list(session, setup, now=NOW)

    with pytest.raises(Conflict) as caught:
        withdraw_scheduled(session, setup, case_id=case_id(session, "C-1"), by=OPERATOR, now=NOW)

    assert caught.value.code == "not-scheduled"


LATE = NOW + timedelta(hours=30)
"""The list of the meeting is closed by then, and the meeting has not begun."""


def agenda(session: Session) -> list[tuple[str, datetime, datetime]]:
    items = session.scalars(select(AgendaItem).order_by(AgendaItem.starts_at))
    return [(item.case.reference, item.starts_at, item.ends_at) for item in items]


def windows(session: Session) -> set[tuple[str, datetime, datetime, tuple[str, ...]]]:
    query = select(MeetingInvitation).where(MeetingInvitation.status == "invited")
    return {(row.member.email, row.starts_at, row.ends_at, tuple(row.details["cases"]))
            for row in session.scalars(query)}  # fmt: skip


def test_case_comes_back_to_its_place_when_the_list_is_closed(board: Session, setup: Setup) -> None:
    before = agenda(board), windows(board)
    case = case_id(board, "C-2")
    meeting = board.scalars(select(Meeting).where(Meeting.status == "published")).one()
    assert meeting.closes_at < LATE < meeting.starts_at
    withdraw_scheduled(board, setup, case_id=case, by=OPERATOR, now=LATE)
    changed = agenda(board), windows(board)

    returned = return_scheduled(board, setup, case_id=case, by=OPERATOR, now=LATE + timedelta(minutes=1))

    board.expire_all()
    assert (returned.meeting, returned.letters, returned.reasons) == (meeting, 2, ())  # urology and genetics
    assert (agenda(board), windows(board)) == before != changed
    codes = [event.code for event in list_case_events(board, case_id=case, by=OPERATOR)]
    assert codes[:4] == ["case:put-back", "case:reopened", "case:withdrawn", "case:taken-off"]
    assert check_database(board, setup, now=LATE) == ()


def test_only_case_of_a_meeting_brings_everybody_back(board: Session, setup: Setup) -> None:
    before = agenda(board), windows(board)
    cases = [case_id(board, "C-1"), case_id(board, "C-2")]
    for minute, case in enumerate(cases):
        withdraw_scheduled(board, setup, case_id=case, by=OPERATOR, now=LATE + timedelta(minutes=minute))
    assert (agenda(board), windows(board)) == ([], set())

    for minute, case in enumerate(reversed(cases)):
        return_scheduled(board, setup, case_id=case, by=OPERATOR, now=LATE + timedelta(minutes=5 + minute))

    board.expire_all()
    assert (agenda(board), windows(board)) == before
    assert check_database(board, setup, now=LATE) == ()


def test_case_whose_specialist_is_away_by_now_waits_on_the_list(small: Session, setup: Setup) -> None:
    case = case_id(small, "C-2")
    [meeting] = small.scalars(select(Meeting).where(Meeting.status == "published"))
    withdraw_scheduled(small, setup, case_id=case, by=OPERATOR, now=LATE)
    add_absence(
        small, member_id=member_id(small, SURGEON), starts_at=meeting.starts_at, ends_at=meeting.ends_at,
        kind="absence", by=OPERATOR, now=LATE,
    )  # fmt: skip

    returned = return_scheduled(small, setup, case_id=case, by=OPERATOR, now=LATE)

    assert (returned.meeting, returned.letters) == (None, 0)
    assert [reason.code for reason in returned.reasons] == ["member-busy"]
    assert small.scalars(select(Case.status).where(Case.reference == "C-2")).one() == "waiting"
    assert "C-2" not in [reference for reference, *_ in agenda(small)]


def test_case_of_a_cancelled_meeting_waits_on_the_list(small: Session, setup: Setup) -> None:
    case = case_id(small, "C-2")
    [meeting] = small.scalars(select(Meeting).where(Meeting.status == "published"))
    withdraw_scheduled(small, setup, case_id=case, by=OPERATOR, now=LATE)
    cancel_meeting(small, setup, meeting_id=meeting.public_id, by=OPERATOR, now=LATE)

    returned = return_scheduled(small, setup, case_id=case, by=OPERATOR, now=LATE)

    assert (returned.meeting, [reason.code for reason in returned.reasons]) == (None, ["place-gone"])


def test_reopened_case_has_no_place_to_come_back_to(small: Session, setup: Setup) -> None:
    case = case_id(small, "C-2")
    row = small.scalars(select(Case).where(Case.public_id == case)).one()
    withdraw_scheduled(small, setup, case_id=case, by=OPERATOR, now=LATE)
    assert find_old_place(small, row, now=LATE) is not None

    reopen_cases(small, case_ids=[case], by=OPERATOR, now=LATE)
    withdraw_cases(small, case_ids=[case], by=OPERATOR, now=LATE)

    assert find_old_place(small, row, now=LATE) is None
    with pytest.raises(Conflict) as caught:
        return_scheduled(small, setup, case_id=case_id(small, "C-1"), by=OPERATOR, now=LATE)
    assert caught.value.code == "nothing-to-undo"


def test_case_that_stood_there_comes_back_by_a_draft_after_the_closing(small: Session, setup: Setup) -> None:
    case = case_id(small, "C-2")
    withdraw_scheduled(small, setup, case_id=case, by=OPERATOR, now=LATE)
    reopen_cases(small, case_ids=[case], by=OPERATOR, now=LATE)

    draft = restore_published(small, setup, board=BOARD, by=OPERATOR, now=LATE)
    publish_draft(small, setup, draft_id=draft.public_id, by=OPERATOR, now=LATE)

    assert [reference for reference, *_ in agenda(small)] == []  # before the first publication there was nothing
    again = restore_published(small, setup, board=BOARD, by=OPERATOR, now=LATE)
    publish_draft(small, setup, draft_id=again.public_id, by=OPERATOR, now=LATE)
    assert [reference for reference, *_ in agenda(small)] == ["C-1"]
    placed = propose(small, setup, board=BOARD, weeks=1, by=OPERATOR, now=LATE)
    publish_draft(small, setup, draft_id=placed.public_id, by=OPERATOR, now=LATE)
    assert sorted(reference for reference, *_ in agenda(small)) == ["C-1", "C-2"]


def test_case_of_a_meeting_that_is_written_of_already_waits_on_the_list(small: Session, setup: Setup) -> None:
    case = case_id(small, "C-2")
    [meeting] = small.scalars(select(Meeting).where(Meeting.status == "published"))
    early = meeting.starts_at - timedelta(minutes=30)
    withdraw_scheduled(small, setup, case_id=case, by=OPERATOR, now=early)
    item = small.scalars(select(AgendaItem)).one()
    small.add(Discussion(item_id=item.id, started_at=early, recorded_at=early))
    small.commit()

    returned = return_scheduled(small, setup, case_id=case, by=OPERATOR, now=early)

    assert (returned.meeting, [reason.code for reason in returned.reasons]) == (None, ["place-gone"])
    assert small.scalars(select(Case.status).where(Case.reference == "C-2")).one() == "waiting"


def test_calendar_entry_that_ended_comes_back_with_a_higher_sequence(board: Session, setup: Setup) -> None:
    deliver(board, now=NOW)
    case, urologist = case_id(board, "C-2"), ON_DEMAND["urology"]
    query = select(MeetingInvitation).join(Member, Member.id == MeetingInvitation.member_id)
    row = board.scalars(query.where(Member.email == urologist)).one()
    uid, first = row.uid, row.sequence
    before = last_letter(board)
    withdraw_scheduled(board, setup, case_id=case, by=OPERATOR, now=LATE)
    deliver(board, now=LATE)

    return_scheduled(board, setup, case_id=case, by=OPERATOR, now=LATE + timedelta(minutes=1))

    board.refresh(row)
    told = [(method, sequence) for email, method, sequence in letters(board, after=before) if email == urologist]
    assert (row.uid, row.sequence) == (uid, first + 2)
    assert sorted(told) == [("CANCEL", first + 1), ("REQUEST", first + 2)]


def test_case_that_comes_back_beside_publications_and_a_second_press_stands_once(
    database_url: str, setup: Setup
) -> None:
    engine = create_engine(database_url)
    with Session(engine) as session:
        furnish(session, setup, now=NOW)
        import_list(session, setup, now=NOW)
        publish(session, setup, now=NOW)
        case = case_id(session, "C-2")
        withdraw_scheduled(session, setup, case_id=case, by=OPERATOR, now=NOW)
        draft = propose(session, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW).public_id

    def back(own: Session) -> None:
        return_scheduled(own, setup, case_id=case, by=OPERATOR, now=NOW)

    results = _together(
        engine, back, back, lambda own: publish_draft(own, setup, draft_id=draft, by=OPERATOR, now=NOW), back
    )

    with Session(engine) as session:
        standing = session.scalars(select(AgendaItem).join(Case).where(Case.reference == "C-2")).all()
        status = session.scalars(select(Case.status).where(Case.reference == "C-2")).one()
        assert (results.count("nothing-to-undo"), len(results)) == (2, 4), results
        assert (len(standing), status) in {(1, "scheduled"), (0, "waiting")}
        assert check_database(session, setup, now=NOW) == ()
    engine.dispose()

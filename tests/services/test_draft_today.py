"""An open draft beside what came after it: what waits, what stops its publication, what is kept by hand."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, OPERATOR, a_case_csv, a_case_row, case_id, import_list, member_id
from tests.services.conftest import NOW
from tumorboard.domain.errors import Conflict
from tumorboard.domain.model import Reason
from tumorboard.services.boards import read_draft
from tumorboard.services.cases import withdraw_cases
from tumorboard.services.checks import check_database
from tumorboard.services.draft_today import DraftToday, read_today
from tumorboard.services.extra_meetings import take_back_meeting
from tumorboard.services.meetings import add_meeting
from tumorboard.services.people import add_absence
from tumorboard.services.planning import edit_draft, propose
from tumorboard.services.publishing import cancel_meeting, publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.meetings import Meeting

TODAY = date(2026, 11, 22)


@pytest.fixture
def draft_id(centre: Session, setup: Setup) -> str:
    return propose(centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW).public_id


def today_of(session: Session, setup: Setup, draft_id: str) -> DraftToday:
    view = read_draft(session, draft_id=draft_id, by=OPERATOR)
    return read_today(session, setup, view, by=OPERATOR, now=NOW)


def publish(session: Session, setup: Setup, draft_id: str) -> None:
    publish_draft(session, setup, draft_id=draft_id, by=OPERATOR, now=NOW)


def refer(session: Session, setup: Setup, *references: str) -> None:
    rows = [a_case_row(reference, on=TODAY) for reference in references]
    import_list(session, setup, now=NOW, content=a_case_csv(rows))


def places(session: Session, draft_id: str) -> dict[str, int]:
    """Reference → number of the meeting."""
    view = read_draft(session, draft_id=draft_id, by=OPERATOR)
    return {one.entry.reference: number for number, each in enumerate(view.meetings) for one in each.entries}


def an_extra(session: Session, setup: Setup) -> Meeting:
    return add_meeting(session, setup, board=BOARD, on=date(2026, 11, 26), local_time=time(16), minutes=60,
                       room="room-b", by=OPERATOR, now=NOW)  # fmt: skip


def place(session: Session, setup: Setup, draft_id: str, reference: str, meeting: int | None) -> None:
    ids = [each.plan.meeting for each in read_draft(session, draft_id=draft_id, by=OPERATOR).meetings]
    edit_draft(session, setup, draft_id=draft_id, reference=reference, position=None, by=OPERATOR, now=NOW,
               meeting_id=None if meeting is None else ids[meeting])  # fmt: skip


def test_case_referred_after_the_draft_waits_when_it_is_published(centre: Session, setup: Setup, draft_id: str) -> None:
    refer(centre, setup, "C-9")

    today = today_of(centre, setup, draft_id)
    publish(centre, setup, draft_id)

    states = {row[0]: row[1] for row in centre.execute(select(Case.reference, Case.status))}
    assert (today.came_after, set(today.case_ids), today.wrong) == (("C-9",), {"C-9"}, ())
    assert (states["C-1"], states["C-9"]) == ("scheduled", "waiting")
    assert check_database(centre, setup, now=NOW) == ()


def test_case_referred_after_the_draft_can_be_placed_by_hand(centre: Session, setup: Setup, draft_id: str) -> None:
    refer(centre, setup, "C-9")

    place(centre, setup, draft_id, "C-9", 0)

    assert (places(centre, draft_id)["C-9"], today_of(centre, setup, draft_id).wrong) == (0, ())


def test_extra_meeting_added_and_taken_back_stops_nothing(centre: Session, setup: Setup, draft_id: str) -> None:
    extra = an_extra(centre, setup).public_id
    added = today_of(centre, setup, draft_id).wrong
    again = propose(centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW).public_id
    take_back_meeting(centre, setup, meeting_id=extra, by=OPERATOR, now=NOW)

    publish(centre, setup, again)

    assert added == ()
    assert check_database(centre, setup, now=NOW) == ()


def test_case_placed_on_a_meeting_added_after_the_draft_is_published(
    centre: Session, setup: Setup, draft_id: str
) -> None:
    extra = an_extra(centre, setup)
    edit_draft(centre, setup, draft_id=draft_id, reference="C-1", meeting_id=extra.public_id, position=None,
               by=OPERATOR, now=NOW)  # fmt: skip

    publish(centre, setup, draft_id)

    centre.refresh(extra)
    assert (extra.status, [item.case.reference for item in extra.agenda]) == ("published", ["C-1"])


def test_cancelled_meeting_with_cases_stops_it_and_says_which(centre: Session, setup: Setup, draft_id: str) -> None:
    meeting = read_draft(centre, draft_id=draft_id, by=OPERATOR).meetings[0].meeting
    cancel_meeting(centre, setup, meeting_id=meeting.public_id, by=OPERATOR, now=NOW)

    today = today_of(centre, setup, draft_id)
    with pytest.raises(Conflict) as refused:
        publish(centre, setup, draft_id)

    assert [reason.code for reason in today.wrong] == ["meeting-gone"]
    assert (refused.value.code, refused.value.values["reasons"]) == ("board-changed", today.wrong)


def test_absence_after_the_draft_is_known_before_it_is_published(centre: Session, setup: Setup, draft_id: str) -> None:
    pathologist = member_id(centre, CORE["pathology"])
    add_absence(centre, member_id=pathologist, starts_at=NOW, ends_at=NOW + timedelta(days=10), kind="absence",
                by=OPERATOR, now=NOW)  # fmt: skip

    assert {reason.code for reason in today_of(centre, setup, draft_id).wrong} >= {"member-busy"}


def test_withdrawn_case_disappears_from_what_is_left_out_and_stops_it_where_it_is_placed(
    centre: Session, setup: Setup, draft_id: str
) -> None:
    ids = [case_id(centre, "C-3"), case_id(centre, "C-1")]
    withdraw_cases(centre, case_ids=ids, by=OPERATOR, now=NOW)

    before = today_of(centre, setup, draft_id)
    place(centre, setup, draft_id, "C-1", None)

    assert (before.closed, before.wrong) == (("C-3",), (Reason("unknown-case", {"reference": "C-1"}),))
    assert today_of(centre, setup, draft_id).wrong == ()
    publish(centre, setup, draft_id)


def test_proposing_again_keeps_what_was_done_by_hand_and_from_scratch_forgets_it(
    centre: Session, setup: Setup, draft_id: str
) -> None:
    place(centre, setup, draft_id, "C-1", 1)
    place(centre, setup, draft_id, "C-2", None)
    refer(centre, setup, "C-9")

    kept = propose(centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW).public_id
    with_kept, by_hand = places(centre, kept), today_of(centre, setup, kept).by_hand
    scratch = propose(centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW, from_scratch=True).public_id

    assert (with_kept["C-1"], "C-2" in with_kept, "C-9" in with_kept, by_hand) == (1, False, True, 2)
    assert (places(centre, scratch)["C-1"], today_of(centre, setup, scratch).by_hand) == (0, 0)

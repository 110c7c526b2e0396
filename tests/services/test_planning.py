"""Proposals from the database: what they read, what they explain, and how a person changes them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, ON_DEMAND, OPERATOR, a_case_csv, a_case_row, case_id, import_list, member_id
from tests.services.conftest import NOW
from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.services.boards import DraftView, read_draft
from tumorboard.services.people import add_absence
from tumorboard.services.planning import discard_draft, edit_draft, propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.readiness import note_readiness
from tumorboard.services.setup import Setup
from tumorboard.store.plans import Draft

TODAY = date(2026, 11, 22)


def _propose(session: Session, setup: Setup, *, weeks: int = 4) -> DraftView:
    draft = propose(session, setup, board=BOARD, weeks=weeks, by=OPERATOR, now=NOW)
    return read_draft(session, draft_id=draft.public_id, by=OPERATOR)


def _placed(view: DraftView) -> dict[str, int]:
    """Reference → number of the meeting."""
    return {entry.entry.reference: number for number, meeting in enumerate(view.meetings) for entry in meeting.entries}


def test_ready_cases_are_placed_and_others_are_left_out_with_a_reason(centre: Session, setup: Setup) -> None:
    view = _propose(centre, setup)

    reasons = {reference: [reason.code for reason in found] for reference, found in view.proposal.left_out.items()}
    assert _placed(view) == {"C-1": 0, "C-2": 0}
    assert reasons == {"C-3": ["not-ready"]}
    assert all(entry.reasons for meeting in view.meetings for entry in meeting.entries)


def test_a_report_expected_before_the_list_closes_lets_a_case_join_then(centre: Session, setup: Setup) -> None:
    """The list of 24 November closes on the 23rd: a report expected on the 24th is too late for it."""
    note_readiness(centre, setup, case_ids=[case_id(centre, "C-3")], item="ct_chest_abdomen_pelvis",
                   expected_on=TODAY + timedelta(days=2), by=OPERATOR, now=NOW)  # fmt: skip

    assert _placed(_propose(centre, setup))["C-3"] == 1


def test_a_report_that_is_too_old_by_then_keeps_a_case_off_a_meeting(centre: Session, setup: Setup) -> None:
    old = (TODAY - timedelta(days=50)).isoformat()
    import_list(centre, setup, now=NOW, content=a_case_csv(
        [a_case_row("C-4", on=TODAY, ct_chest_abdomen_pelvis_reported_on=old)]))  # fmt: skip
    absent = member_id(centre, CORE["radiology"])
    add_absence(centre, member_id=absent, starts_at=NOW, ends_at=NOW + timedelta(days=7), kind="absence",
                by=OPERATOR, now=NOW)  # fmt: skip

    view = _propose(centre, setup)

    assert "C-4" not in _placed(view)
    codes = [reason.code for reason in view.proposal.left_out["C-4"]]
    assert sorted(codes) == ["no-longer-ready", "no-member-free"]


def test_an_absent_specialist_moves_the_case_to_a_later_meeting(centre: Session, setup: Setup) -> None:
    add_absence(centre, member_id=member_id(centre, ON_DEMAND["urology"]), starts_at=NOW,
                ends_at=NOW + timedelta(days=5), kind="busy", by=OPERATOR, now=NOW)  # fmt: skip

    view = _propose(centre, setup)

    assert _placed(view) == {"C-1": 0, "C-2": 1}
    (entry,) = [entry for entry in view.meetings[1].entries if entry.entry.reference == "C-2"]
    assert "no-member-free" in {reason.code for reason in entry.reasons}


def test_a_case_that_is_left_out_is_told_the_first_later_meeting_that_would_have_it(
    centre: Session, setup: Setup
) -> None:
    add_absence(centre, member_id=member_id(centre, ON_DEMAND["urology"]), starts_at=NOW,
                ends_at=NOW + timedelta(weeks=3), kind="busy", by=OPERATOR, now=NOW)  # fmt: skip

    view = _propose(centre, setup, weeks=2)

    reasons = {reason.code: reason.values for reason in view.proposal.left_out["C-2"]}
    assert "no-member-free" in reasons
    assert reasons["possible-at"]["starts_on"] == (TODAY + timedelta(days=23)).isoformat()


def test_a_member_named_by_her_address_attends(centre: Session, setup: Setup) -> None:
    import_list(centre, setup, now=NOW, content=a_case_csv(
        [a_case_row("C-5", on=TODAY, named_members=ON_DEMAND["hpb_surgery"])]))  # fmt: skip

    view = _propose(centre, setup)

    number = _placed(view)["C-5"]
    assert ON_DEMAND["hpb_surgery"] in {found.member.email for found in view.meetings[number].attendances}


def test_a_specialty_nobody_has_is_named(centre: Session, setup: Setup) -> None:
    import_list(centre, setup, now=NOW, content=a_case_csv([a_case_row("C-6", on=TODAY, planned_procedures="vats")]))

    view = _propose(centre, setup)

    (reason,) = view.proposal.left_out["C-6"]
    assert (reason.code, reason.values["specialty"]) == ("no-member-for-specialty", "thoracic_surgery")


def test_proposing_again_replaces_the_open_draft(centre: Session, setup: Setup) -> None:
    first, second = _propose(centre, setup), _propose(centre, setup)

    states = {row.public_id: row.status for row in centre.scalars(select(Draft))}
    assert states == {first.row.public_id: "discarded", second.row.public_id: "open"}


def test_a_case_put_by_hand_says_who_did_it(centre: Session, setup: Setup) -> None:
    view = _propose(centre, setup)

    edit_draft(centre, setup, draft_id=view.row.public_id, reference="C-1",
               meeting_id=view.meetings[1].plan.meeting, position=None, by=OPERATOR, now=NOW)  # fmt: skip

    edited = read_draft(centre, draft_id=view.row.public_id, by=OPERATOR)
    assert _placed(edited) == {"C-1": 1, "C-2": 0}
    (entry,) = edited.meetings[1].entries
    assert [reason.code for reason in entry.reasons] == ["placed-by-hand"]


def test_a_case_put_where_its_specialist_is_absent_stops_the_publication(centre: Session, setup: Setup) -> None:
    add_absence(centre, member_id=member_id(centre, ON_DEMAND["urology"]), starts_at=NOW,
                ends_at=NOW + timedelta(days=5), kind="busy", by=OPERATOR, now=NOW)  # fmt: skip
    view = _propose(centre, setup)
    edit_draft(centre, setup, draft_id=view.row.public_id, reference="C-2",
               meeting_id=view.meetings[0].plan.meeting, position=None, by=OPERATOR, now=NOW)  # fmt: skip

    edited = read_draft(centre, draft_id=view.row.public_id, by=OPERATOR)
    uncovered = {entry.entry.reference: entry.uncovered for entry in edited.meetings[0].entries}
    assert uncovered["C-2"] == ("urology",)
    with pytest.raises(Conflict) as refused:
        publish_draft(centre, setup, draft_id=view.row.public_id, by=OPERATOR, now=NOW)
    assert refused.value.code == "plan-broken"


def test_a_closed_draft_cannot_be_edited(centre: Session, setup: Setup) -> None:
    view = _propose(centre, setup)
    discard_draft(centre, draft_id=view.row.public_id, by=OPERATOR, now=NOW)

    with pytest.raises(Conflict) as refused:
        edit_draft(centre, setup, draft_id=view.row.public_id, reference="C-1", meeting_id=None, position=None,
                   by=OPERATOR, now=NOW)  # fmt: skip

    assert refused.value.code == "draft-closed"


@pytest.mark.parametrize("weeks", [0, 27])
def test_weeks_out_of_range_are_refused(centre: Session, setup: Setup, weeks: int) -> None:
    with pytest.raises(BadInput):
        propose(centre, setup, board=BOARD, weeks=weeks, by=OPERATOR, now=NOW)


def test_an_unknown_board_is_answered_with_the_known_ones(centre: Session, setup: Setup) -> None:
    with pytest.raises(NotFound, match=BOARD):
        propose(centre, setup, board="none", weeks=4, by=OPERATOR, now=NOW)


def test_reading_a_draft_takes_the_same_queries_for_one_case_and_for_many(centre: Session, setup: Setup) -> None:
    few = _count_reading(centre, _propose(centre, setup))
    rows = [a_case_row(f"D-{number}", on=TODAY) for number in range(12)]
    import_list(centre, setup, now=NOW, content=a_case_csv(rows))

    assert _count_reading(centre, _propose(centre, setup)) == few


def _count_reading(session: Session, view: DraftView) -> int:
    session.rollback()
    session.expire_all()
    statements: list[str] = []
    engine = session.get_bind()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    read_draft(session, draft_id=view.row.public_id, by=OPERATOR)
    event.remove(engine, "before_cursor_execute", note)
    return len(statements)


def test_a_draft_counts_the_people_in_the_room_at_once(centre: Session, setup: Setup) -> None:
    """Four core members for the whole meeting, genetics for both cases, urology for one of them."""
    view = _propose(centre, setup)

    assert [meeting.people_at_once for meeting in view.meetings] == [6, 0, 0, 0]

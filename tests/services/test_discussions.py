"""A meeting happens: cases begin and end, texts are kept, outcomes decide what becomes of a case."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR, case_id, member_id
from tests.services.conftest import NOW
from tests.services.held_meeting import (
    BEGINS,
    NOTHING,
    TEXT,
    decide,
    later,
    meeting_id,
    order,
    refusal,
    room,
    save,
    start,
    states,
    status_of,
)
from tumorboard.domain.discussions import stamp_of
from tumorboard.domain.errors import BadInput, Conflict, NotAllowed, NotFound
from tumorboard.services.access import Role, actor_with
from tumorboard.services.checks import check_database
from tumorboard.services.discussions import Written, record_outcome, start_discussion
from tumorboard.services.planning import propose
from tumorboard.services.publishing import cancel_meeting, publish_draft
from tumorboard.services.setup import Setup
from tumorboard.services.worklist import read_case
from tumorboard.store.cases import Case
from tumorboard.store.discussions import Discussion
from tumorboard.store.meetings import Meeting, MeetingInvitation, SeatHolder
from tumorboard.store.people import Member
from tumorboard.store.post import AuditEvent


def test_case_begins_and_the_one_before_ends(board: Session, setup: Setup) -> None:
    first, second = order(board)
    start(board, first)

    start(board, second, minute=7)

    rows = {case.item.case.reference: case.discussion for case in room(board, setup).cases}
    times = {name: (row.started_at, row.ended_at) for name, row in rows.items() if row is not None}
    assert times == {first: (later(0), later(7)), second: (later(7), None)}


def test_case_that_was_left_at_once_was_not_begun(small: Session, setup: Setup) -> None:
    first, second = order(small)
    start(small, first)

    start(small, second, minute=0.5)

    assert states(small, setup) == {first: "open", second: "running"}


def test_case_that_goes_on_keeps_its_beginning(small: Session, setup: Setup) -> None:
    first, second = order(small)
    start(small, first)
    start(small, second, minute=5)

    written = start(small, first, minute=6)

    assert (written.discussion.started_at, written.discussion.ended_at) == (later(0), None)


def test_text_and_go_on_records_the_outcome_and_begins_the_next_case(board: Session, setup: Setup) -> None:
    first, second = order(board)
    start(board, first)

    written = decide(board, first, go_on=True)

    assert (written.next_case, states(board, setup)) == (case_id(board, second), {first: "settled", second: "running"})
    assert (status_of(board, first), status_of(board, second)) == ("done", "scheduled")
    assert room(board, setup).cases[0].discussion.ended_at == later(5)  # type: ignore[union-attr]
    assert check_database(board, setup, now=later(10)) == ()


def test_outcome_that_arrives_twice_counts_once(small: Session, setup: Setup) -> None:
    first, second = order(small)
    start(small, first)
    decide(small, first, go_on=True)
    before = len(small.scalars(select(AuditEvent)).all())

    again = decide(small, first, minute=9, go_on=True)

    assert (again.discussion.ended_at, states(small, setup)[second]) == (later(5), "running")
    assert len(small.scalars(select(AuditEvent)).all()) == before


def test_outcome_brought_late_counts_from_when_it_was_decided(small: Session, setup: Setup) -> None:
    first, second = order(small)
    start(small, first)

    decide(small, first, minute=9, at=later(6), go_on=True)

    cases = {case.item.case.reference: case.discussion for case in room(small, setup).cases}
    assert cases[first].ended_at == later(6)  # type: ignore[union-attr]
    assert cases[second].started_at == later(6)  # type: ignore[union-attr]


def test_last_outcome_begins_nothing(small: Session, setup: Setup) -> None:
    first, second = order(small)
    start(small, first)
    decide(small, first, go_on=True)

    written = decide(small, second, minute=9, go_on=True)

    assert (written.next_case, set(states(small, setup).values())) == (None, {"settled"})


def test_case_entered_afterwards_needs_its_times_and_begins_nothing(small: Session, setup: Setup) -> None:
    first, second = order(small)

    without = refusal(lambda: decide(small, first, minute=200))
    decide(small, first, minute=200, started_at=later(2), ended_at=later(9), go_on=True)

    assert (without.code, states(small, setup)) == ("times-missing", {first: "settled", second: "open"})


def test_deferred_case_waits_again_with_its_clock(board: Session, setup: Setup) -> None:
    first, _ = order(board)
    referred_at = board.scalars(select(Case.referred_at).where(Case.reference == first)).one()

    decide(board, first, "deferred", text="", reason="report-missing")

    detail = read_case(board, setup, case_id=case_id(board, first), by=OPERATOR, now=later(20))
    assert (detail.view.state, detail.view.row.referred_at, detail.view.item) == ("ready", referred_at, None)
    assert check_database(board, setup, now=later(20)) == ()


def test_deferred_case_stands_on_the_next_proposal_and_cannot_become_done_then(small: Session, setup: Setup) -> None:
    first, _ = order(small)
    decide(small, first, "deferred", text="", reason="out-of-time")
    draft = propose(small, setup, board=BOARD, weeks=4, by=OPERATOR, now=later(30))
    publish_draft(small, setup, draft_id=draft.public_id, by=OPERATOR, now=later(30))

    meetings = [row.public_id for row in small.scalars(select(Meeting).where(Meeting.status == "published"))]
    past = small.scalars(select(Meeting.public_id).where(Meeting.starts_at == BEGINS)).one()

    def change(outcome: str, reason: str = "") -> Written:
        return record_outcome(
            small, setup, meeting_id=past, case_id=case_id(small, first), outcome=outcome, text=TEXT, stamp=NOTHING,
            reason=reason, started_at=later(1), ended_at=later(9), by=OPERATOR, now=later(40),
        )  # fmt: skip

    refused = refusal(lambda: change("discussed", "presence-not-noted"))
    change("deferred", "report-missing")
    item = read_case(small, setup, case_id=case_id(small, first), by=OPERATOR, now=later(40)).view.item
    assert (len(meetings), refused.code, status_of(small, first)) == (2, "case-planned-again", "scheduled")
    assert item is not None
    assert item.meeting.starts_at > later(60)
    assert check_database(small, setup, now=later(40)) == ()


@pytest.mark.parametrize(
    ("outcome", "reason", "status"), [("withdrawn", "superseded", "withdrawn"), ("not_quorate", "", "waiting")]
)
def test_outcome_decides_what_becomes_of_the_case(
    small: Session, setup: Setup, outcome: str, reason: str, status: str
) -> None:
    first, _ = order(small)

    decide(small, first, outcome, text="", reason=reason)

    assert status_of(small, first) == status
    assert check_database(small, setup, now=later(20)) == ()


def test_changed_outcome_changes_the_case(small: Session, setup: Setup) -> None:
    first, _ = order(small)
    start(small, first)
    decide(small, first)

    decide(small, first, "deferred", reason="report-missing", stamp="", minute=8)

    assert status_of(small, first) == "waiting"
    assert check_database(small, setup, now=later(20)) == ()


def test_incomplete_outcome_is_refused(small: Session) -> None:
    first, _ = order(small)
    start(small, first)

    codes = [
        refusal(lambda: decide(small, first, text="")).code,
        refusal(lambda: decide(small, first, "deferred", text="")).code,
        refusal(lambda: decide(small, first, "deferred", text="", reason="other")).code,
        refusal(lambda: decide(small, first, "postponed")).code,
        refusal(lambda: decide(small, first, text="800101-1234567")).code,
        refusal(lambda: decide(small, first, text="x" * 4001)).code,
    ]

    assert codes == [
        "recommendation-missing", "reason-missing", "other-needs-words", "unknown-outcome",
        "resident-registration-number", "too-long",
    ]  # fmt: skip


def test_text_is_kept_while_it_is_typed(board: Session, setup: Setup) -> None:
    first, _ = order(board)
    one = save(board, first, "Interval")

    two = save(board, first, "Interval debulking\r\n\r\nby whom?", stamp=one.stamp, minute=2)

    assert (two.discussion.recommendation, two.discussion.outcome) == ("Interval debulking\n\nby whom?", "")


def test_same_text_may_arrive_again(small: Session) -> None:
    first, _ = order(small)
    one = save(small, first, "Interval")

    again = save(small, first, "Interval ", minute=2)

    assert (again.stamp, again.discussion.version) == (one.stamp, one.discussion.version)


def test_second_writer_gets_both_texts(board: Session) -> None:
    first, _ = order(board)
    save(board, first, "Hers", by=actor_with("her", frozenset({Role.CHAIR})))

    refused = refusal(lambda: save(board, first, "Mine"))

    values = refused.values
    assert (refused.code, values["theirs"], values["yours"], values["theirs_by"]) == (
        "text-changed-meanwhile", "Hers", "Mine", "her",
    )  # fmt: skip
    assert save(board, first, "Hers and mine", stamp=str(values["stamp"])).discussion.recommendation == "Hers and mine"


def test_audit_names_no_word_of_the_text(small: Session) -> None:
    first, _ = order(small)
    start(small, first)
    save(small, first, "Interval")
    decide(small, first, stamp=stamp_of("Interval"))

    events = [
        (event.action, event.detail) for event in small.scalars(select(AuditEvent)) if event.subject_kind == "case"
    ]
    written = [(action, detail) for action, detail in events if "meeting" in detail]
    assert [action for action, _ in written] == ["discussion:started", "recommendation:written", "outcome:recorded"]
    assert "nterval" not in str(events)


def test_room_opens_an_hour_before(small: Session) -> None:
    first, _ = order(small)

    early = refusal(lambda: start(small, first, minute=-61))
    written = start(small, first, minute=-10)

    assert (early.code, written.discussion.started_at) == ("meeting-ahead", later(-10))


def test_settled_case_is_not_begun_again(small: Session) -> None:
    first, _ = order(small)
    start(small, first)
    decide(small, first)

    assert refusal(lambda: start(small, first, minute=8)).code == "case-settled"


def test_case_of_another_meeting_is_not_there(small: Session) -> None:
    with pytest.raises(NotFound):
        start(small, "C-3")


def test_agenda_of_a_meeting_that_began_early_stays(board: Session, setup: Setup) -> None:
    """Planning replaces agendas as a whole, and what was written would go with them."""
    first, second = order(board)
    draft = propose(board, setup, board=BOARD, weeks=4, by=OPERATOR, now=later(-50))
    start(board, first, minute=-20)
    save(board, first, "Interval", minute=-19)

    stale = refusal(lambda: publish_draft(board, setup, draft_id=draft.public_id, by=OPERATOR, now=later(-18)))
    cancelled = refusal(lambda: cancel_meeting(board, setup, meeting_id=meeting_id(board), by=OPERATOR, now=later(-18)))

    rows = board.scalars(select(Discussion)).all()
    assert (stale.code, cancelled.code, [row.recommendation for row in rows]) == (
        "board-changed", "meeting-begun", ["Interval"],
    )  # fmt: skip


def test_physician_writes_on_her_own_board_only(small: Session) -> None:
    first, _ = order(small)
    physician = frozenset({Role.PHYSICIAN})
    hers = actor_with("doctor", physician, member_id=member_id(small, "kim.gynecology@hospital.example"))
    other = actor_with("other", physician)

    save(small, first, "Interval", by=hers)

    with pytest.raises(NotAllowed):
        save(small, first, "Later", stamp=stamp_of("Interval"), by=other)
    with pytest.raises(NotAllowed):
        save(small, first, "Later", stamp=stamp_of("Interval"), by=actor_with("s", frozenset({Role.SURGEON})))


def test_who_may_not_write_hears_nothing_of_the_state(small: Session) -> None:
    first, _ = order(small)
    stranger = actor_with("s", frozenset({Role.SURGEON}))

    with pytest.raises(NotAllowed):
        save(small, first, "Early", by=stranger, now=NOW - timedelta(days=1))


def test_who_is_no_longer_invited_writes_nothing(small: Session) -> None:
    first, _ = order(small)
    who = member_id(small, "kim.gynecology@hospital.example")
    for holder in small.scalars(select(SeatHolder).join(Member).where(Member.public_id == who)):
        small.delete(holder)
    for row in small.scalars(select(MeetingInvitation).join(Member).where(Member.public_id == who)):
        row.status = "cancelled"
    small.commit()
    hers = actor_with("doctor", frozenset({Role.PHYSICIAN}), member_id=who)

    with pytest.raises(NotAllowed):
        save(small, first, "Interval", by=hers)


def test_empty_text_of_an_untouched_case_leaves_no_trace(small: Session) -> None:
    first, _ = order(small)

    written = save(small, first, "")

    assert (written.discussion.recommendation, written.stamp) == ("", stamp_of(""))
    assert small.scalars(select(Discussion)).all() == []


def test_case_cannot_begin_before_its_room_was_open(small: Session) -> None:
    first, _ = order(small)

    with pytest.raises(BadInput) as refused:
        start_discussion(
            small, meeting_id=meeting_id(small), case_id=case_id(small, first), by=OPERATOR, now=later(5), at=later(-61)
        )

    assert refused.value.code == "bad-times"


def test_times_of_long_ago_are_refused(small: Session) -> None:
    first, _ = order(small)
    start(small, first)

    with pytest.raises(BadInput):
        decide(small, first, minute=13 * 60, at=later(1))


def test_nothing_happens_in_a_meeting_without_cases(small: Session) -> None:
    empty = small.scalars(select(Meeting.public_id).where(Meeting.status == "planned")).first()

    with pytest.raises(Conflict):
        start_discussion(
            small, meeting_id=str(empty), case_id=case_id(small, "C-1"), by=OPERATOR, now=NOW + timedelta(days=60)
        )

"""Who was there for which case, and a record that does not change once it is signed. Two writers at once."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import CORE, OPERATOR, member_id
from tests.services.held_meeting import (
    TEXT,
    UROLOGY,
    come,
    decide,
    go,
    hold,
    later,
    meeting_id,
    order,
    refusal,
    room,
    save,
    sign,
    start,
)
from tumorboard.domain.discussions import stamp_of
from tumorboard.domain.errors import BadInput, NotAllowed, NotFound
from tumorboard.services.access import Role, actor_with
from tumorboard.services.attendance import correct_presence
from tumorboard.services.case_history import list_case_events
from tumorboard.services.meeting_records import read_record, reopen_record, sign_off
from tumorboard.services.setup import Setup
from tumorboard.store.discussions import Discussion, Presence
from tumorboard.store.meetings import Meeting
from tumorboard.store.post import AuditEvent


def test_record_proves_who_was_there_for_which_case(board: Session, setup: Setup) -> None:
    first, second = hold(board)

    record = read_record(board, setup, meeting_id=meeting_id(board), by=OPERATOR, now=later(30))

    names = {member_id(board, email): email for email in (*CORE.values(), UROLOGY)}
    there = {
        case.item.case.reference: {names[part.member]: (part.minutes, part.throughout) for part in case.attended}
        for case in record.room.cases
    }
    throughout = dict.fromkeys(CORE.values(), (10, True))
    assert there == {first: {**throughout, UROLOGY: (5, False)}, second: {**throughout, UROLOGY: (10, True)}}


def test_quorum_counts_who_was_really_there(small: Session, setup: Setup) -> None:
    hold(small)

    cases = room(small, setup, minute=30).cases

    lost = {case.item.case.reference: [need.specialty for need in case.coverage.lost] for case in cases}
    wanted = {case.item.case.reference for case in cases for need in case.needs if need.specialty == "urology"}
    assert wanted == {"C-2"}
    assert lost["C-1"] == []
    assert lost["C-2"] == (["urology"] if order(small)[0] == "C-2" else [])


def test_before_a_case_is_over_those_who_are_here_count(small: Session, setup: Setup) -> None:
    first, _ = order(small)
    come(small, *CORE.values())
    start(small, first)
    complete = room(small, setup, minute=3).current
    go(small, CORE["radiology"], minute=4)
    without = room(small, setup, minute=5).current

    assert complete is not None
    assert without is not None
    assert "radiology" not in {need.specialty for need in complete.coverage.lost}
    assert "radiology" in {need.specialty for need in without.coverage.lost}


def test_coming_twice_and_leaving_twice_counts_once(board: Session) -> None:
    changed = [
        come(board, UROLOGY), come(board, UROLOGY, minute=1), go(board, UROLOGY, minute=5),
        go(board, UROLOGY, minute=6), come(board, UROLOGY, minute=7),
    ]  # fmt: skip

    stays = [(row.since, row.until) for row in board.scalars(select(Presence).order_by(Presence.id))]
    assert (changed, stays) == ([1, 0, 1, 0, 1], [(later(-1), later(5)), (later(7), None)])


def test_member_notes_herself_and_nobody_else(small: Session) -> None:
    hers = member_id(small, UROLOGY)
    surgeon = actor_with("s", frozenset({Role.SURGEON}), member_id=hers)

    come(small, by=surgeon, member_ids=None)

    assert [row.noted_by for row in small.scalars(select(Presence))] == ["s"]
    with pytest.raises(NotAllowed):
        come(small, CORE["pathology"], by=surgeon)
    with pytest.raises(BadInput):
        come(small, by=actor_with("c", frozenset({Role.COORDINATOR})), member_ids=None)
    with pytest.raises(NotFound):
        come(small, member_ids=["nobody"])
    with pytest.raises(NotAllowed):
        come(small, by=actor_with("a", frozenset({Role.AUDITOR}), member_id=hers), member_ids=None)


def test_attendance_is_corrected_afterwards(small: Session) -> None:
    hers = member_id(small, UROLOGY)
    come(small, UROLOGY)

    def correct(since: float | None, until: float | None) -> None:
        correct_presence(
            small, meeting_id=meeting_id(small), member_id=hers, by=OPERATOR, now=later(100),
            since=None if since is None else later(since), until=None if until is None else later(until),
        )  # fmt: skip

    correct(3, 17)
    corrected = [(row.since, row.until) for row in small.scalars(select(Presence))]
    codes = [refusal(lambda: correct(3, None)).code, refusal(lambda: correct(17, 3)).code,
             refusal(lambda: correct(3, 101)).code, refusal(lambda: correct(-61, 3)).code]  # fmt: skip
    correct(None, None)

    assert (corrected, small.scalars(select(Presence)).all()) == ([(later(3), later(17))], [])
    assert codes == ["times-missing", "bad-times", "bad-times", "bad-times"]


def test_record_is_signed_when_every_case_has_an_outcome_and_somebody_was_there(board: Session, setup: Setup) -> None:
    first, second = order(board)
    start(board, first)
    decide(board, first, go_on=True)

    still_open = refusal(lambda: sign(board, setup))
    decide(board, second, minute=9)
    nobody = refusal(lambda: sign(board, setup))
    come(board, *CORE.values(), minute=10)
    fingerprint = sign(board, setup)

    meeting = board.scalars(select(Meeting).where(Meeting.status == "published")).one()
    event = board.scalars(select(AuditEvent).where(AuditEvent.action == "record:signed")).one()
    assert (still_open.code, still_open.values["references"], nobody.code) == (
        "record-open",
        [second],
        "nobody-present",
    )
    assert (meeting.signed_at, meeting.signed_by) == (later(100), OPERATOR.name)
    assert event.detail["fingerprint"] == fingerprint
    assert [entry["outcome"] for entry in event.detail["cases"]] == ["discussed", "discussed"]
    assert TEXT not in str(event.detail)


def test_who_is_still_noted_leaves_with_the_end(small: Session, setup: Setup) -> None:
    hold(small)

    sign(small, setup, minute=200)

    assert {row.until for row in small.scalars(select(Presence))} == {later(90)}


def test_signed_record_does_not_change_until_it_is_opened_again(small: Session, setup: Setup) -> None:
    first, _ = hold(small)
    signed = sign(small, setup)

    codes = {
        refusal(action).code
        for action in (
            lambda: save(small, first, "Other", stamp=stamp_of(TEXT), minute=110),
            lambda: decide(small, first, "not_quorate", stamp=stamp_of(TEXT), minute=110),
            lambda: start(small, first, minute=110),
            lambda: come(small, UROLOGY, minute=110),
            lambda: go(small, UROLOGY, minute=110),
            lambda: sign(small, setup, minute=110),
        )
    }
    with pytest.raises(BadInput):
        reopen_record(small, meeting_id=meeting_id(small), reason="because", by=OPERATOR, now=later(110))
    reopen_record(small, meeting_id=meeting_id(small), reason="typing-error", by=OPERATOR, now=later(110))
    save(small, first, "Other", stamp=stamp_of(TEXT), minute=111)
    again = sign(small, setup, minute=112)

    assert codes == {"record-signed"}
    assert again != signed
    assert refusal(
        lambda: reopen_record(small, meeting_id=str(small.scalars(select(Meeting.public_id).where(
            Meeting.status == "planned")).first()), reason="typing-error", by=OPERATOR, now=later(113))
    ).code == "record-unsigned"  # fmt: skip


def test_record_that_was_changed_behind_our_back_says_so(small: Session, setup: Setup) -> None:
    hold(small)
    sign(small, setup)

    def unchanged() -> bool | None:
        return read_record(small, setup, meeting_id=meeting_id(small), by=OPERATOR, now=later(120)).is_unchanged

    before = unchanged()
    row = small.scalars(select(Discussion)).first()
    assert row is not None
    row.recommendation = "Something else."
    small.commit()

    assert (before, unchanged()) == (True, False)


def test_reading_a_record_with_texts_is_recorded_and_others_get_none(small: Session, setup: Setup) -> None:
    hold(small)
    surgeon = actor_with("s", frozenset({Role.SURGEON}))

    hers = read_record(small, setup, meeting_id=meeting_id(small), by=surgeon, now=later(30))
    ours = read_record(small, setup, meeting_id=meeting_id(small), by=OPERATOR, now=later(30))

    readers = [e.actor for e in small.scalars(select(AuditEvent).where(AuditEvent.action == "record:read"))]
    assert (hers.shows_texts, ours.shows_texts, readers) == (False, True, [OPERATOR.name])


def test_only_coordinators_and_chairs_sign(small: Session, setup: Setup) -> None:
    hold(small)
    physician = actor_with("p", frozenset({Role.PHYSICIAN}), member_id=member_id(small, CORE["radiology"]))

    with pytest.raises(NotAllowed):
        sign_off(small, setup, meeting_id=meeting_id(small), by=physician, now=later(100))


def test_timeline_of_a_case_tells_everything_newest_first(board: Session, setup: Setup) -> None:
    first, _ = hold(board)
    sign(board, setup)
    case = next(one.item.case.public_id for one in room(board, setup).cases if one.item.case.reference == first)

    events = list_case_events(board, case_id=case, by=OPERATOR)

    assert [event.code for event in events] == [
        "record:signed", "outcome:recorded", "recommendation:written", "discussion:started", "case:placed",
        "case:imported",
    ]  # fmt: skip
    assert {event.meeting.starts_at for event in events if event.meeting} == {later(0)}
    assert "debulking" not in str([event.detail for event in events])
    with pytest.raises(NotAllowed):
        list_case_events(board, case_id=case, by=actor_with("s", frozenset({Role.SURGEON})))

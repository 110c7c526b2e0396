"""What a coordinator decides: times that were proposed, deputies, answers from elsewhere."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, ON_DEMAND, OPERATOR, SURGEON, member_id
from tests.replies import a_reply, invitation, last_letter, letters, messages, publish
from tests.services.conftest import NOW
from tumorboard.domain.errors import Conflict, NotAllowed, NotFound
from tumorboard.services import transaction
from tumorboard.services.access import Role, actor_with
from tumorboard.services.answers import receive_message
from tumorboard.services.boards import read_board
from tumorboard.services.checks import check_database
from tumorboard.services.meetings import add_meeting, hold_series
from tumorboard.services.moving import move_meeting
from tumorboard.services.people import add_absence
from tumorboard.services.proposals import (
    accept_message,
    believe_message,
    count_open,
    decline_message,
    dismiss_message,
    list_messages,
)
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting, MeetingInvitation

LATER = NOW + timedelta(minutes=10)
LAST = NOW + timedelta(minutes=20)
DAY = timedelta(days=1)
ONCOLOGIST = CORE["medical_oncology"]


def counter(
    session: Session, setup: Setup, email: str, shift: timedelta = DAY, *, now: datetime = LATER, **changes: object
) -> str:
    """A member proposes her window later by so much; the id of the message."""
    row = invitation(session, email)
    span = (row.starts_at + shift, row.ends_at + shift)
    content = a_reply(row, "TENTATIVE", method="COUNTER", span=span, **changes)  # type: ignore[arg-type]
    return receive_message(session, setup, content=content, by=OPERATOR, now=now).id


def accept(session: Session, setup: Setup, message: str) -> None:
    accept_message(session, setup, message_id=message, by=OPERATOR, now=LAST)


def refusal(session: Session, setup: Setup, message: str) -> Conflict:
    with pytest.raises(Conflict) as refused:
        accept(session, setup, message)
    return refused.value


def test_meeting_moves_as_a_whole_so_that_her_window_begins_when_she_proposed(
    any_centre: Session, setup: Setup
) -> None:
    meeting = publish(any_centre, setup, now=NOW)
    before = {row.member.email: (row.starts_at, row.ends_at) for row in meeting.invitations}
    agenda = {item.case.reference: (item.starts_at, item.ends_at) for item in meeting.agenda}
    changes, span = meeting.agenda_changes, (meeting.starts_at, meeting.ends_at)

    accept(any_centre, setup, counter(any_centre, setup, SURGEON))

    any_centre.expire_all()
    assert (meeting.starts_at, meeting.ends_at) == (span[0] + DAY, span[1] + DAY)
    assert {row.member.email: (row.starts_at - DAY, row.ends_at - DAY) for row in meeting.invitations} == before
    assert {item.case.reference: (item.starts_at - DAY, item.ends_at - DAY) for item in meeting.agenda} == agenda
    assert meeting.agenda_changes > changes
    assert check_database(any_centre, setup, now=NOW) == ()


def test_series_does_not_hold_a_moved_meeting_at_its_old_time_again(centre: Session, setup: Setup) -> None:
    meeting = publish(centre, setup, now=NOW)
    start = meeting.starts_at
    accept(centre, setup, counter(centre, setup, SURGEON))

    hold_series(centre, setup, until=setup.today(NOW) + timedelta(weeks=2), by=OPERATOR, now=LAST)

    there = centre.scalars(select(Meeting).where(Meeting.starts_at == start)).all()
    assert [row.status for row in there] == ["cancelled"]


def test_meeting_may_move_back_to_where_it_was(centre: Session, setup: Setup) -> None:
    meeting = publish(centre, setup, now=NOW)
    start = meeting.starts_at
    accept(centre, setup, counter(centre, setup, SURGEON))

    accept(centre, setup, counter(centre, setup, ONCOLOGIST, -DAY, now=LAST))

    centre.expire_all()
    assert meeting.starts_at == start
    assert {row.sequence for row in meeting.invitations} == {2}
    assert check_database(centre, setup, now=NOW) == ()


def test_refusal_names_everybody_and_everything_in_the_way(any_centre: Session, setup: Setup) -> None:
    meeting = publish(any_centre, setup, now=NOW)
    add_absence(any_centre, member_id=member_id(any_centre, ONCOLOGIST), starts_at=meeting.starts_at + DAY,
                ends_at=meeting.ends_at + DAY, kind="busy", by=OPERATOR, now=NOW)  # fmt: skip
    local = meeting.starts_at + DAY + timedelta(hours=9, minutes=10)
    add_meeting(any_centre, setup, board="ovarian-weekly", on=local.date(), local_time=local.time(),
                minutes=30, room="room-a", by=OPERATOR, now=NOW)  # fmt: skip
    before = last_letter(any_centre)
    message = counter(any_centre, setup, SURGEON)

    refused = refusal(any_centre, setup, message)

    assert refused.code == "cannot-move"
    assert [(one.code, one.values.get("name", "")) for one in refused.values["reasons"]] == [  # type: ignore[attr-defined]
        ("move-room-taken", ""), ("move-member-busy", "Lee")
    ]  # fmt: skip
    assert letters(any_centre, after=before) == []
    assert messages(any_centre)[0].state == "open"
    assert check_database(any_centre, setup, now=NOW) == ()


def test_board_meets_once_at_a_time(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)

    refused = refusal(centre, setup, counter(centre, setup, ONCOLOGIST, 7 * DAY))

    assert refused.code in ("meeting-exists", "cannot-move")


def test_time_within_the_same_meeting_is_for_the_agenda(centre: Session, setup: Setup) -> None:
    meeting = publish(centre, setup, now=NOW)
    row = invitation(centre, SURGEON)
    shift = meeting.ends_at - row.ends_at

    message = counter(centre, setup, SURGEON, shift)

    assert refusal(centre, setup, message).code == "within-meeting"


def test_time_that_is_over_is_refused(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    shift = NOW - DAY / 2 - invitation(centre, SURGEON).starts_at

    assert refusal(centre, setup, counter(centre, setup, SURGEON, shift)).code == "meeting-past"


def test_proposal_made_before_she_was_asked_anew_is_outdated_and_declining_it_writes_nothing(
    centre: Session, setup: Setup
) -> None:
    publish(centre, setup, now=NOW)
    hers = counter(centre, setup, SURGEON, 2 * DAY)
    accept(centre, setup, counter(centre, setup, ONCOLOGIST))
    before = last_letter(centre)

    refused = refusal(centre, setup, hers)
    told = decline_message(centre, setup, message_id=hers, by=OPERATOR, now=LAST)

    assert (refused.code, told, letters(centre, after=before)) == ("proposal-outdated", False, [])


def test_later_proposal_replaces_an_earlier_one(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)

    counter(centre, setup, SURGEON)
    counter(centre, setup, SURGEON, 2 * DAY, stamp=LATER)

    assert [(one.state, one.reason) for one in messages(centre)] == [("dismissed", "superseded"), ("open", "")]


def test_message_is_decided_once(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    message = counter(centre, setup, SURGEON)
    decline_message(centre, setup, message_id=message, by=OPERATOR, now=LAST)

    for act in (accept_message, decline_message, believe_message):
        with pytest.raises(Conflict, match="decided"):
            act(centre, setup, message_id=message, by=OPERATOR, now=LAST)
    with pytest.raises(Conflict, match="decided"):
        dismiss_message(centre, message_id=message, by=OPERATOR, now=LAST)
    with pytest.raises(NotFound, match="no such message"):
        accept(centre, setup, "a" * 16)


def delegate(session: Session, setup: Setup, to: str) -> str:
    reply = a_reply(invitation(session, SURGEON), "DELEGATED", parameters=f';DELEGATED-TO="mailto:{to}"')
    return receive_message(session, setup, content=reply, by=OPERATOR, now=LATER).id


def test_deputy_nobody_knows_is_refused_clearly(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    message = delegate(centre, setup, "somebody@elsewhere.example")

    with pytest.raises(NotFound) as refused:
        accept(centre, setup, message)

    assert refused.value.code == "unknown-deputy"
    assert (messages(centre)[0].state, invitation(centre, SURGEON).answer) == ("open", "needs-action")


def test_deputy_of_another_specialty_is_refused(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)

    refused = refusal(centre, setup, delegate(centre, setup, ON_DEMAND["hpb_surgery"]))

    assert (refused.code, "urology" in str(refused)) == ("deputy-unfit", True)


def test_declined_deputy_changes_nothing_and_writes_nothing(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    before = last_letter(centre)
    message = delegate(centre, setup, "somebody@elsewhere.example")

    told = decline_message(centre, setup, message_id=message, by=OPERATOR, now=LAST)

    assert (told, letters(centre, after=before), invitation(centre, SURGEON).answer) == (False, [], "needs-action")


def test_answer_from_another_address_counts_on_the_coordinators_word(any_centre: Session, setup: Setup) -> None:
    publish(any_centre, setup, now=NOW)
    reply = a_reply(invitation(any_centre, SURGEON), "DECLINED", sender="jung@home.example", comment="on a train")
    message = receive_message(any_centre, setup, content=reply, by=OPERATOR, now=LATER).id

    believe_message(any_centre, setup, message_id=message, by=OPERATOR, now=LAST)

    row = invitation(any_centre, SURGEON)
    assert (row.answer, row.answer_by, row.comment) == ("declined", "coordinator", "on a train")
    assert messages(any_centre)[0].state == "accepted"


def test_proposal_is_no_answer_to_believe(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    message = counter(centre, setup, SURGEON)

    with pytest.raises(Conflict) as refused:
        believe_message(centre, setup, message_id=message, by=OPERATOR, now=LAST)

    assert refused.value.code == "nothing-to-believe"


def test_list_is_newest_first_and_only_for_coordinators(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    receive_message(centre, setup, content=a_reply(invitation(centre, ONCOLOGIST)), by=OPERATOR, now=LATER)
    counter(centre, setup, SURGEON, now=LAST)

    everything = list_messages(centre, by=OPERATOR)
    waiting = list_messages(centre, by=OPERATOR, state="open")

    assert [row.effect for row in everything.rows] == ["proposal", "partstat"]
    assert (everything.total, waiting.total, count_open(centre, by=OPERATOR)) == (2, 1, 1)
    with pytest.raises(NotAllowed):
        list_messages(centre, by=actor_with("Surgeon", frozenset({Role.SURGEON})))


def test_mails_that_have_nothing_to_do_with_us_are_not_listed(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    receive_message(centre, setup, content=b"From: a@b.example\r\n\r\nBuy now\r\n", by=OPERATOR, now=LATER)

    assert list_messages(centre, by=OPERATOR).total == 0
    assert centre.scalars(select(MeetingInvitation.answer).distinct()).all() == ["needs-action"]


def test_meeting_moved_within_its_day_stands_once_on_the_board(centre: Session, setup: Setup) -> None:
    meeting = publish(centre, setup, now=NOW)
    before = len(read_board(centre, board=BOARD, by=OPERATOR, now=NOW).meetings)

    with transaction(centre):
        move_meeting(centre, setup, meeting, shift=timedelta(hours=3), by=OPERATOR, now=NOW)
    hold_series(centre, setup, until=meeting.starts_at.date() + 7 * DAY, by=OPERATOR, now=NOW)

    shown = read_board(centre, board=BOARD, by=OPERATOR, now=NOW).meetings
    assert ([row.status for row in shown if row.starts_at < NOW + 7 * DAY], len(shown)) == (["published"], before)


def test_meeting_moved_twice_leaves_one_mark_where_the_series_meets(centre: Session, setup: Setup) -> None:
    meeting = publish(centre, setup, now=NOW)
    planned = meeting.starts_at

    for hours in (3, 24, 24):
        with transaction(centre):
            move_meeting(centre, setup, meeting, shift=timedelta(hours=hours), by=OPERATOR, now=NOW)
    hold_series(centre, setup, until=planned.date() + 3 * DAY, by=OPERATOR, now=NOW)

    marks = centre.scalars(select(Meeting.starts_at).where(Meeting.status == "cancelled")).all()
    assert list(marks) == [planned]
    shown = read_board(centre, board=BOARD, by=OPERATOR, now=NOW).meetings
    assert [row.status for row in shown if row.starts_at < planned + 7 * DAY] == ["published"]

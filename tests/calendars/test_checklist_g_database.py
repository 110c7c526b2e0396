"""What leaves about answers (checklist G17 to G19): who sees whom, the declined proposal, the letter that came back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from ical.calendar_stream import IcsCalendarStream
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, OPERATOR, SURGEON, furnish, import_list
from tests.replies import (
    ORGANIZER,
    a_bounce,
    a_reply,
    deliver,
    invitation,
    last_letter,
    letters,
    messages,
    publish,
    publish_series,
)
from tests.services.conftest import NOW, a_setup
from tumorboard.services.answers import receive_message
from tumorboard.services.checks import check_database
from tumorboard.services.planning import propose
from tumorboard.services.proposals import decline_message
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import StandingInvitation
from tumorboard.store.meetings import Board, MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.post import OutboxMessage

LATER = NOW + timedelta(minutes=10)
DAY = timedelta(days=1)


@pytest.fixture
def setup() -> Setup:
    return a_setup()


@pytest.fixture
def board(session: Session, setup: Setup) -> Session:
    furnish(session, setup, now=NOW)
    import_list(session, setup, now=NOW)
    return session


def lines_of(letter: OutboxMessage) -> list[str]:
    """The unfolded lines of a letter's calendar part."""
    for part in message_from_bytes(letter.content, policy=default).walk():
        if part.get_content_type() == "text/calendar":
            text = part.get_content().replace("\r\n", "\n").replace("\n ", "")
            return [line for line in text.split("\n") if line]
    raise AssertionError("no calendar part")


def values_of(letter: OutboxMessage, name: str) -> list[str]:
    """The values of a property, parameters cut off; addresses in small letters."""
    found = [line for line in lines_of(letter) if line.split(":")[0].split(";")[0] == name]
    return [line.rpartition("mailto:")[2].lower() if "mailto:" in line else line.partition(":")[2] for line in found]


def decline_one(session: Session, setup: Setup, row: MeetingInvitation, **changes: object) -> OutboxMessage:
    """She proposes another day; a coordinator declines. The letter to her."""
    before = last_letter(session)
    span = (row.starts_at + DAY, row.ends_at + DAY)
    counter = a_reply(row, "TENTATIVE", method="COUNTER", span=span, comment="private words", **changes)  # type: ignore[arg-type]
    done = receive_message(session, setup, content=counter, by=OPERATOR, now=LATER)
    assert (done.effect, done.reason) == ("proposal", "")
    decline_message(session, setup, message_id=done.id, by=OPERATOR, now=LATER + timedelta(minutes=1))
    (letter,) = letters(session, after=before)
    return letter


def test_g17_each_copy_names_the_organizer_and_its_reader_only(board: Session, setup: Setup) -> None:
    publish(board, setup, now=NOW)
    found = letters(board)

    people = {one.recipient: (values_of(one, "ORGANIZER"), values_of(one, "ATTENDEE")) for one in found}

    assert len(people) == 6
    assert people == {one.recipient: ([ORGANIZER], [one.recipient]) for one in found}
    for one in found:
        others = {other.recipient for other in found} - {one.recipient}
        texts = [
            part.get_content()
            for part in message_from_bytes(one.content, policy=default).walk()
            if part.get_content_maintype() == "text"
        ]
        assert not [other for other in others if any(other in text for text in texts)]


def test_g18_decline_counter_names_the_proposal_to_the_proposer_only(board: Session, setup: Setup) -> None:
    publish(board, setup, now=NOW)
    row = invitation(board, SURGEON)

    letter = decline_one(board, setup, row)

    assert (letter.recipient, letter.uid, letter.sequence) == (SURGEON, row.uid, 0)
    assert [values_of(letter, name) for name in ("METHOD", "UID", "SEQUENCE", "RECURRENCE-ID", "ATTENDEE")] == [
        ["DECLINECOUNTER"], [row.uid], ["0"], [], [SURGEON]
    ]  # fmt: skip
    calendar = IcsCalendarStream.calendar_from_ics("\r\n".join(lines_of(letter)) + "\r\n")
    assert [event.uid for event in calendar.events] == [row.uid]
    assert "private words" not in "".join(
        str(part.get_content())
        for part in message_from_bytes(letter.content, policy=default).walk()
        if not part.is_multipart()
    )
    assert check_database(board, setup, now=NOW) == ()


def test_g18_board_that_forbids_proposals_declines_at_once(board: Session, setup: Setup) -> None:
    publish(board, setup, now=NOW)
    settings = board.scalars(select(Board).where(Board.key == BOARD)).one()
    settings.settings = {**settings.settings, "allow_proposals": False}
    board.commit()
    row, before = invitation(board, SURGEON), last_letter(board)
    counter = a_reply(row, "TENTATIVE", method="COUNTER", span=(row.starts_at + DAY, row.ends_at + DAY))

    done = receive_message(board, setup, content=counter, by=OPERATOR, now=LATER)

    assert (done.state, done.reason) == ("declined", "proposals-forbidden")
    assert [(one.recipient, values_of(one, "METHOD")) for one in letters(board, after=before)] == [
        (SURGEON, ["DECLINECOUNTER"])
    ]
    assert invitation(board, SURGEON).starts_at == row.starts_at


def test_g18_i12_one_meeting_of_a_series_is_proposed_for_declined_and_answered_alone(
    board: Session, setup: Setup
) -> None:
    publish_series(board)
    draft = propose(board, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)
    publish_draft(board, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)
    deliver(board, now=NOW)
    email = CORE["radiology"]
    standing = board.scalars(select(StandingInvitation).join(Member).where(Member.email == email)).first()
    assert standing is not None
    row, start = standing.places[0].invitation, standing.places[0].recurrence_at
    next_week = start + timedelta(days=7)

    uid = standing.uid
    letter = decline_one(board, setup, row, uid=uid, lines=[f"RECURRENCE-ID:{_utc(start)}"])
    one, other, strange = (
        a_reply(
            row, "DECLINED", uid=uid, lines=[f"RECURRENCE-ID:{_utc(each)}"], stamp=LATER + timedelta(minutes=2 + place)
        )
        for place, each in enumerate((start, next_week, start + DAY))
    )
    whole = a_reply(row, "ACCEPTED", uid=uid, stamp=LATER + timedelta(minutes=5))
    done = [
        receive_message(board, setup, content=each, by=OPERATOR, now=LATER + timedelta(minutes=10))
        for each in (one, other, strange, whole)
    ]

    assert values_of(letter, "UID") == [standing.uid]
    assert len(values_of(letter, "RECURRENCE-ID")) == 1
    assert [each.reason for each in done] == ["", "kept-for-week", "unknown-instance", ""]
    board.expire_all()
    assert (row.answer, standing.answer) == ("declined", "accepted")


def test_g19_returned_letter_marks_the_address_and_tells_the_coordinator(board: Session, setup: Setup) -> None:
    publish(board, setup, now=NOW)
    letter = next(one for one in letters(board) if one.recipient == SURGEON)

    done = receive_message(board, setup, content=a_bounce(letter), by=OPERATOR, now=LATER)

    marked = board.scalars(select(Member).where(Member.bounced_at.is_not(None))).all()
    assert [member.email for member in marked] == [SURGEON]
    assert (done.state, messages(board)[0].address, messages(board)[0].meeting_id) == ("open", SURGEON, None)


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")

"""A weekly board as one entry in its core members' calendars: what they are told, and what their calendars show."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from email import message_from_bytes

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tests.builders import (
    BOARD,
    CORE,
    ON_DEMAND,
    OPERATOR,
    a_case_csv,
    a_case_row,
    a_centre,
    a_member_entry,
    furnish,
    import_list,
    member_id,
)
from tests.calendars.clients import Client
from tests.calendars.objects import events_of
from tests.services.conftest import NOW
from tumorboard.services import transaction
from tumorboard.services.boards import read_draft
from tumorboard.services.checks import check_database
from tumorboard.services.deadlines import chase_answers
from tumorboard.services.delegation import delegate
from tumorboard.services.feeds import rotate_feed
from tumorboard.services.invitations import post_letters, sync_invitations
from tumorboard.services.meetings import hold_series
from tumorboard.services.moving import move_meeting
from tumorboard.services.people import add_absence
from tumorboard.services.planning import propose
from tumorboard.services.publishing import cancel_meeting, publish_draft
from tumorboard.services.setup import Setup
from tumorboard.services.standing_upkeep import keep_standing
from tumorboard.store.calendars import StandingInvitation, StandingPlace
from tumorboard.store.meetings import Board, Meeting, MeetingInvitation, Room, SeatHolder
from tumorboard.store.people import Member
from tumorboard.store.post import FeedDocument, OutboxMessage

KIM = CORE["gynecologic_oncology"]
SECOND_HOLDER = "shin.pathology@hospital.example"
WEEK = timedelta(days=7)


def keep_series(session: Session) -> Session:
    """The board keeps its core members' calendars as series."""
    session.scalars(select(Board)).one().settings = {"standing_invitations": True}
    session.commit()
    return session


@pytest.fixture
def weekly_centre(centre: Session) -> Session:
    """The small centre with such a board."""
    return keep_series(centre)


@pytest.fixture
def any_weekly_centre(any_centre: Session) -> Session:
    """The same on each engine."""
    return keep_series(any_centre)


def publish(session: Session, setup: Setup, *, now: datetime, weeks: int = 1) -> None:
    draft = propose(session, setup, board=BOARD, weeks=weeks, by=OPERATOR, now=now)
    publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=now)


def more_cases(session: Session, setup: Setup, *references: str, now: datetime) -> None:
    rows = [a_case_row(reference, on=setup.today(now)) for reference in references]
    import_list(session, setup, now=now, content=a_case_csv(rows))


def letters_to(session: Session, address: str) -> list[OutboxMessage]:
    """What left for her since the last time, in order."""
    query = select(OutboxMessage).where(OutboxMessage.recipient == address, OutboxMessage.state == "waiting")
    found = list(session.scalars(query.order_by(OutboxMessage.id)))
    for row in found:
        row.state, row.tries, row.sent_at = "sent", 1, NOW
    session.commit()
    return found


def told(client: Client, letters: list[OutboxMessage]) -> list[str]:
    for letter in letters:
        client.receive(letter.content)
    return [f"{letter.method} {letter.sequence} {letter.subject.split(':')[0]}" for letter in letters]


def held(session: Session) -> list[datetime]:
    """The starts of all meetings that take place."""
    query = select(Meeting.starts_at).where(Meeting.status != "cancelled").order_by(Meeting.starts_at)
    return list(session.scalars(query))


def starts(client: Client) -> list[datetime]:
    return sorted(span[0] for span in client.shown())


def test_first_publication_invites_core_members_to_the_whole_series(any_weekly_centre: Session, setup: Setup) -> None:
    client = Client(KIM)

    publish(any_weekly_centre, setup, now=NOW)

    letters = letters_to(any_weekly_centre, KIM)
    assert told(client, letters) == ["REQUEST 0 Invitation"]
    assert "weekly until" in letters[0].subject
    assert starts(client) == held(any_weekly_centre)
    assert len(starts(client)) > 6


def test_a_further_week_tells_a_core_member_nothing(any_weekly_centre: Session, setup: Setup) -> None:
    publish(any_weekly_centre, setup, now=NOW)
    letters_to(any_weekly_centre, KIM)
    later = NOW + WEEK

    more_cases(any_weekly_centre, setup, "D-1", now=later)
    publish(any_weekly_centre, setup, now=later)

    assert letters_to(any_weekly_centre, KIM) == []
    rows = any_weekly_centre.scalars(select(MeetingInvitation).join(Member).where(Member.email == KIM)).all()
    places = any_weekly_centre.scalars(
        select(StandingPlace).join(MeetingInvitation).join(Member).where(Member.email == KIM)
    )
    assert len(rows) == 2
    assert sorted(place.recurrence_at for place in places) == sorted(row.starts_at for row in rows)


def test_an_answer_to_the_series_holds_for_weeks_published_later(any_weekly_centre: Session, setup: Setup) -> None:
    publish(any_weekly_centre, setup, now=NOW)
    series = any_weekly_centre.scalars(select(StandingInvitation).join(Member).where(Member.email == KIM)).one()
    series.answer, series.answered_at = "accepted", NOW
    any_weekly_centre.commit()

    more_cases(any_weekly_centre, setup, "D-1", now=NOW + WEEK)
    publish(any_weekly_centre, setup, now=NOW + WEEK)

    rows = any_weekly_centre.scalars(select(MeetingInvitation).join(Member).where(Member.email == KIM)).all()
    assert rows[-1].answer == "accepted"


def test_a_holiday_is_left_out(any_weekly_centre: Session, setup: Setup) -> None:
    client = Client(KIM)
    meeting = any_weekly_centre.scalars(select(Meeting).order_by(Meeting.starts_at)).all()[3]
    cancel_meeting(any_weekly_centre, setup, meeting_id=meeting.public_id, by=OPERATOR, now=NOW)

    publish(any_weekly_centre, setup, now=NOW)

    told(client, letters_to(any_weekly_centre, KIM))
    assert meeting.starts_at not in starts(client)
    assert starts(client) == held(any_weekly_centre)


@pytest.mark.parametrize("index", [0, 4])
def test_a_cancelled_meeting_is_one_instance_less(any_weekly_centre: Session, setup: Setup, index: int) -> None:
    client = Client(KIM)
    publish(any_weekly_centre, setup, now=NOW)
    told(client, letters_to(any_weekly_centre, KIM))
    meeting = any_weekly_centre.scalars(select(Meeting).order_by(Meeting.starts_at)).all()[index]

    cancel_meeting(any_weekly_centre, setup, meeting_id=meeting.public_id, by=OPERATOR, now=NOW)

    letters = letters_to(any_weekly_centre, KIM)
    assert told(client, letters) == ["CANCEL 1 Meeting cancelled"]
    ics = letters[0].content
    assert starts(client) == held(any_weekly_centre)
    assert b"RECURRENCE-ID" in _calendar(ics)
    assert b"STATUS:CANCELLED" in _calendar(ics)


def _calendar(content: bytes) -> bytes:
    parts = [part for part in message_from_bytes(content).walk() if part.get_content_type() == "text/calendar"]
    payload = parts[0].get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


def test_a_moved_meeting_moves_one_instance_and_asks_again(any_weekly_centre: Session, setup: Setup) -> None:
    client = Client(KIM)
    publish(any_weekly_centre, setup, now=NOW)
    told(client, letters_to(any_weekly_centre, KIM))
    meeting = any_weekly_centre.scalars(select(Meeting).where(Meeting.status == "published")).one()

    move_meeting(any_weekly_centre, setup, meeting, shift=timedelta(hours=5), by=OPERATOR, now=NOW)
    any_weekly_centre.commit()

    assert told(client, letters_to(any_weekly_centre, KIM)) == ["REQUEST 1 New time"]
    assert starts(client) == held(any_weekly_centre)
    row = any_weekly_centre.scalars(select(MeetingInvitation).join(Member).where(Member.email == KIM)).one()
    assert (row.sequence, row.answer) == (1, "needs-action")


def test_a_meeting_moved_past_its_neighbour_becomes_an_entry_of_its_own(
    any_weekly_centre: Session, setup: Setup
) -> None:
    client = Client(KIM)
    publish(any_weekly_centre, setup, now=NOW)
    told(client, letters_to(any_weekly_centre, KIM))
    meeting = any_weekly_centre.scalars(select(Meeting).where(Meeting.status == "published")).one()

    move_meeting(any_weekly_centre, setup, meeting, shift=timedelta(days=9), by=OPERATOR, now=NOW)
    any_weekly_centre.commit()

    letters = letters_to(any_weekly_centre, KIM)
    assert told(client, letters) == ["CANCEL 1 Meeting cancelled", "REQUEST 1 New time"]
    assert starts(client) == held(any_weekly_centre)
    assert b"RELATED-TO" in _calendar(letters[1].content)
    assert len({letter.uid for letter in letters}) == 2


def test_another_room_tells_the_instance_and_keeps_the_answer(any_weekly_centre: Session, setup: Setup) -> None:
    client = Client(KIM)
    publish(any_weekly_centre, setup, now=NOW)
    told(client, letters_to(any_weekly_centre, KIM))
    later = NOW + WEEK
    second = any_weekly_centre.scalars(select(Meeting).order_by(Meeting.starts_at)).all()[1]
    second.room = any_weekly_centre.scalars(select(Room).where(Room.key == "room-b")).one()
    any_weekly_centre.commit()

    more_cases(any_weekly_centre, setup, "D-1", now=later)
    publish(any_weekly_centre, setup, now=later)

    assert told(client, letters_to(any_weekly_centre, KIM)) == ["REQUEST 0 Changed"]
    assert starts(client) == held(any_weekly_centre)
    assert client.shown()[(second.starts_at, second.ends_at)] == "Room B"


def test_who_is_away_for_a_week_is_told_that_she_is_not_needed(any_weekly_centre: Session, setup: Setup) -> None:
    client = Client(KIM)
    publish(any_weekly_centre, setup, now=NOW)
    told(client, letters_to(any_weekly_centre, KIM))
    later = NOW + WEEK
    second = any_weekly_centre.scalars(select(Meeting).order_by(Meeting.starts_at)).all()[1]
    changes = sync_invitations(any_weekly_centre, setup, second, [], {}, now=later)
    post_letters(any_weekly_centre, setup, second, changes, now=later)
    any_weekly_centre.commit()

    assert told(client, letters_to(any_weekly_centre, KIM)) == ["CANCEL 1 Invitation withdrawn"]
    assert second.starts_at not in starts(client)


def test_series_is_extended_with_one_message_when_four_weeks_are_left(any_weekly_centre: Session, setup: Setup) -> None:
    client = Client(KIM)
    publish(any_weekly_centre, setup, now=NOW)
    told(client, letters_to(any_weekly_centre, KIM))
    later = NOW + 5 * WEEK
    before = keep_standing(any_weekly_centre, setup, by=OPERATOR, now=NOW + WEEK)
    letters_to(any_weekly_centre, KIM)
    hold_series(any_weekly_centre, setup, until=date(2027, 5, 25), by=OPERATOR, now=later)

    done = keep_standing(any_weekly_centre, setup, by=OPERATOR, now=later)

    again = keep_standing(any_weekly_centre, setup, by=OPERATOR, now=later + timedelta(days=1))
    assert (before["extended"], done["extended"], again["extended"]) == (0, 4, 0)
    letters = [letter for letter in letters_to(any_weekly_centre, KIM) if letter.method == "REQUEST"]
    assert len(letters) == 1
    told(client, letters)
    assert max(starts(client)) == max(held(any_weekly_centre))


def test_week_whose_list_closed_without_a_case_is_cancelled(any_weekly_centre: Session, setup: Setup) -> None:
    client = Client(KIM)
    publish(any_weekly_centre, setup, now=NOW)
    told(client, letters_to(any_weekly_centre, KIM))
    second = any_weekly_centre.scalars(select(Meeting).order_by(Meeting.starts_at)).all()[1]

    done = keep_standing(any_weekly_centre, setup, by=OPERATOR, now=second.starts_at - timedelta(hours=1))

    assert done["weeks"] == 1
    assert told(client, letters_to(any_weekly_centre, KIM)) == ["CANCEL 1 Meeting cancelled"]
    assert second.starts_at not in starts(client)


def test_who_leaves_her_seat_keeps_what_was_and_what_she_is_invited_to(
    any_weekly_centre: Session, setup: Setup
) -> None:
    client = Client(KIM)
    publish(any_weekly_centre, setup, now=NOW)
    told(client, letters_to(any_weekly_centre, KIM))
    any_weekly_centre.execute(
        delete(SeatHolder).where(SeatHolder.member_id.in_(select(Member.id).where(Member.email == KIM)))
    )
    any_weekly_centre.commit()

    done = keep_standing(any_weekly_centre, setup, by=OPERATOR, now=NOW)

    assert done["ended"] == 1
    assert told(client, letters_to(any_weekly_centre, KIM)) == ["REQUEST 1 Changed"]
    assert starts(client) == held(any_weekly_centre)[:1]


def test_series_with_nothing_left_to_cut_ends_without_a_word(any_weekly_centre: Session, setup: Setup) -> None:
    publish(any_weekly_centre, setup, now=NOW)
    letters_to(any_weekly_centre, KIM)
    query = select(StandingInvitation).join(Member).where(Member.email == KIM)
    standing = any_weekly_centre.scalars(query).one()
    sequence = standing.sequence
    standing.until = held(any_weekly_centre)[0]
    any_weekly_centre.execute(delete(SeatHolder).where(SeatHolder.member_id == standing.member_id))
    any_weekly_centre.commit()

    keep_standing(any_weekly_centre, setup, by=OPERATOR, now=NOW)

    ended = any_weekly_centre.scalars(query).one()
    assert (ended.status, ended.sequence, letters_to(any_weekly_centre, KIM)) == ("withdrawn", sequence, [])


def test_switch_sends_the_whole_series_for_a_changed_instance(any_weekly_centre: Session, setup: Setup) -> None:
    client = Client(KIM)
    any_weekly_centre.scalars(select(Member).where(Member.email == KIM)).one().preferences = {"whole_series": True}
    any_weekly_centre.commit()
    publish(any_weekly_centre, setup, now=NOW)
    told(client, letters_to(any_weekly_centre, KIM))
    first, _, third, *_ = any_weekly_centre.scalars(select(Meeting).order_by(Meeting.starts_at)).all()

    move_meeting(any_weekly_centre, setup, first, shift=timedelta(hours=5), by=OPERATOR, now=NOW)
    any_weekly_centre.commit()
    cancel_meeting(any_weekly_centre, setup, meeting_id=third.public_id, by=OPERATOR, now=NOW)

    letters = letters_to(any_weekly_centre, KIM)
    assert [(letter.method, letter.sequence, letter.state) for letter in letters] == [("REQUEST", 2, "sent")]
    told(client, letters)
    assert starts(client) == held(any_weekly_centre)


def test_series_of_a_stand_in_is_ended(any_weekly_centre: Session, setup: Setup) -> None:
    """As earlier versions left it: somebody has the series who does not come before the seat's holder."""
    publish(any_weekly_centre, setup, now=NOW)
    letters_to(any_weekly_centre, KIM)
    holders = any_weekly_centre.scalars(select(SeatHolder).join(Member).where(Member.email == KIM)).all()
    other = any_weekly_centre.scalars(select(Member).where(Member.email == CORE["pathology"])).one()
    for holder in holders:
        any_weekly_centre.add(SeatHolder(seat_id=holder.seat_id, member_id=other.id, rank=holder.rank - 1))
    any_weekly_centre.commit()
    any_weekly_centre.expire_all()

    done = keep_standing(any_weekly_centre, setup, by=OPERATOR, now=NOW)

    series = any_weekly_centre.scalars(select(StandingInvitation).join(Member).where(Member.email == KIM)).one()
    assert (done["ended"], series.status) == (1, "withdrawn")
    assert len(letters_to(any_weekly_centre, KIM)) == 1
    assert check_database(any_weekly_centre, setup, now=NOW) == ()


def test_reminder_as_whole_series_keeps_its_sequence_and_agrees_with_the_feed(
    any_weekly_centre: Session, setup: Setup
) -> None:
    client = Client(KIM)
    member = any_weekly_centre.scalars(select(Member).where(Member.email == KIM)).one()
    member.preferences = {"whole_series": True}
    any_weekly_centre.commit()
    publish(any_weekly_centre, setup, now=NOW)
    told(client, letters_to(any_weekly_centre, KIM))
    rotate_feed(
        any_weekly_centre, setup, scope="member", subject=member_id(any_weekly_centre, KIM), by=OPERATOR, now=NOW
    )
    asked = client.asked
    start = held(any_weekly_centre)[0]

    chase_answers(any_weekly_centre, setup, by=OPERATOR, now=start - timedelta(hours=18))

    letters = letters_to(any_weekly_centre, KIM)
    assert [(letter.method, letter.sequence) for letter in letters] == [("REQUEST", 0)]
    told(client, letters)
    assert (client.asked, starts(client)) == (asked, held(any_weekly_centre))
    series = any_weekly_centre.scalars(select(StandingInvitation).join(Member).where(Member.email == KIM)).one()
    feed = any_weekly_centre.scalars(select(FeedDocument).where(FeedDocument.scope == "member")).one()
    (event,) = events_of(feed.content)
    assert event["DTSTAMP"] == [f"DTSTAMP:{series.stamp:%Y%m%dT%H%M%SZ}"]


def test_delegated_week_is_an_override_of_the_series(any_weekly_centre: Session, setup: Setup) -> None:
    publish(any_weekly_centre, setup, now=NOW)
    rotate_feed(
        any_weekly_centre, setup, scope="member", subject=member_id(any_weekly_centre, KIM), by=OPERATOR, now=NOW
    )
    letters_to(any_weekly_centre, KIM)
    row = any_weekly_centre.scalars(select(MeetingInvitation).join(Member).where(Member.email == KIM)).one()
    deputy = any_weekly_centre.scalars(select(Member).where(Member.email == ON_DEMAND["urology"])).one()

    with transaction(any_weekly_centre):
        delegate(any_weekly_centre, setup, row, deputy, comment="", stamp=NOW, by=OPERATOR, now=NOW)

    (letter,) = letters_to(any_weekly_centre, KIM)
    ics = next(part for part in message_from_bytes(letter.content).walk() if part.get_content_type() == "text/calendar")
    content = ics.get_payload(decode=True)
    assert isinstance(content, bytes)
    (event,) = events_of(content)
    assert (letter.method, letter.sequence, len(event["RECURRENCE-ID"]), len(event["ATTENDEE"])) == ("REQUEST", 0, 1, 2)
    feed = any_weekly_centre.scalars(select(FeedDocument).where(FeedDocument.scope == "member")).one()
    assert [each["TRANSP"] for each in events_of(feed.content)] == [["TRANSP:OPAQUE"], ["TRANSP:TRANSPARENT"]]
    assert check_database(any_weekly_centre, setup, now=NOW) == ()


def test_database_is_sound_after_everything_that_happens_to_a_series(any_weekly_centre: Session, setup: Setup) -> None:
    publish(any_weekly_centre, setup, now=NOW)
    first, _, third, *_ = any_weekly_centre.scalars(select(Meeting).order_by(Meeting.starts_at)).all()
    move_meeting(any_weekly_centre, setup, first, shift=timedelta(hours=5), by=OPERATOR, now=NOW)
    any_weekly_centre.commit()
    cancel_meeting(any_weekly_centre, setup, meeting_id=third.public_id, by=OPERATOR, now=NOW)
    more_cases(any_weekly_centre, setup, "D-1", now=NOW + WEEK)
    publish(any_weekly_centre, setup, now=NOW + WEEK)
    keep_standing(any_weekly_centre, setup, by=OPERATOR, now=NOW + 2 * WEEK)

    assert check_database(any_weekly_centre, setup, now=NOW + 2 * WEEK) == ()


def test_board_without_the_habit_sends_single_invitations(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)

    assert centre.scalars(select(StandingInvitation)).all() == []
    assert len(letters_to(centre, KIM)) == 1


@pytest.fixture
def two_weeks(any_session: Session, setup: Setup) -> Session:
    """Cases for two meetings; pathology has a second holder, and the first is away in the second week."""
    people = a_centre()
    people["members"].append(a_member_entry(SECOND_HOLDER, "pathology"))
    people["boards"][0]["holders"] = {"pathology": [CORE["pathology"], SECOND_HOLDER]}
    people["boards"][0]["series"][0]["minutes"] = 30
    people["boards"][0]["settings"] = {"standing_invitations": True}
    furnish(any_session, setup, now=NOW, centre=people)
    more_cases(any_session, setup, *(f"C-{number}" for number in range(10)), now=NOW)
    add_absence(any_session, member_id=member_id(any_session, CORE["pathology"]), starts_at=NOW + WEEK,
                ends_at=NOW + 2 * WEEK, kind="absence", by=OPERATOR, now=NOW)  # fmt: skip
    return any_session


def test_stand_in_of_one_week_is_invited_to_that_week_alone(two_weeks: Session, setup: Setup) -> None:
    publish(two_weeks, setup, now=NOW, weeks=2)

    first, second, *later = held(two_weeks)
    holder, stand_in = Client(CORE["pathology"]), Client(SECOND_HOLDER)
    assert told(stand_in, letters_to(two_weeks, SECOND_HOLDER)) == ["REQUEST 0 Invitation"]
    assert told(holder, letters_to(two_weeks, CORE["pathology"])) == ["REQUEST 0 Invitation"]
    assert (starts(stand_in), starts(holder)) == ([second], [first, *later])
    assert check_database(two_weeks, setup, now=NOW) == ()


@pytest.mark.parametrize("is_standing", [True, False])
def test_draft_counts_the_letters_that_publishing_writes(two_weeks: Session, setup: Setup, is_standing: bool) -> None:
    two_weeks.scalars(select(Board)).one().settings = {"standing_invitations": is_standing}
    two_weeks.commit()
    draft = propose(two_weeks, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW)
    view = read_draft(two_weeks, draft_id=draft.public_id, by=OPERATOR)

    done = publish_draft(two_weeks, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)

    assert len(done.meetings) == 2
    assert (view.letters, done.letters) == ((7, 7) if is_standing else (10, 10))

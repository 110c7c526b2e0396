"""A weekly series in a member's feed: one recurring event, which shows what her invitations say, read by others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import vobject
from ical.calendar_stream import IcsCalendarStream
from ical.event import EventStatus
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR, member_id
from tests.calendars.clients import Client
from tests.services.conftest import NOW
from tests.services.test_standing import (
    KIM,
    WEEK,
    _calendar,
    held,
    letters_to,
    more_cases,
    publish,
    starts,
    told,
    weekly_centre,
)
from tumorboard.domain.timeline import Interval
from tumorboard.formats.busy import read_busy
from tumorboard.formats.feed_objects import expand_object, list_parts, split_feed
from tumorboard.services.accounts import account_actor
from tumorboard.services.answer_taking import take_series_answer
from tumorboard.services.answers import take_answer
from tumorboard.services.boards import read_draft
from tumorboard.services.checks import check_database
from tumorboard.services.feeds import find_feed, read_feed, render_all_feeds, rotate_feed, write_own_event
from tumorboard.services.meetings import hold_series
from tumorboard.services.moving import move_meeting
from tumorboard.services.planning import proposal_of, propose
from tumorboard.services.publishing import cancel_meeting, write_plans
from tumorboard.services.setup import Setup
from tumorboard.services.standing_upkeep import keep_standing
from tumorboard.store.calendars import StandingInvitation
from tumorboard.store.cases import Case
from tumorboard.store.facts import encode_proposal
from tumorboard.store.meetings import Meeting, MeetingInvitation, Room
from tumorboard.store.people import Account, Member

__all__ = ["weekly_centre"]

WINDOW = Interval(NOW - timedelta(days=700), NOW + timedelta(days=700))
Change = Callable[[Session, Setup], None]


def subscribe(session: Session, setup: Setup, detail: str = "full", scope: str = "member") -> str:
    subject = BOARD if scope == "deadlines" else member_id(session, KIM)
    level = None if scope != "member" else detail
    return rotate_feed(session, setup, scope=scope, subject=subject, detail=level, by=OPERATOR, now=NOW)


def feed(session: Session, token: str) -> bytes:
    return read_feed(session, find_feed(session, token=token))


def lines(content: bytes, *names: str) -> list[str]:
    text = content.decode().replace("\r\n ", "").split("\r\n")
    return [line for line in text if line.startswith(tuple(f"{name}{mark}" for name in names for mark in ":;"))]


def read_with_ical(content: bytes) -> list[datetime]:
    """What takes place, by the timeline of a parser that is not ours."""
    calendar = IcsCalendarStream.calendar_from_ics(content.decode())
    found = calendar.timeline_tz(ZoneInfo("Asia/Seoul")).overlapping(WINDOW.start, WINDOW.end)
    shown = (event.dtstart for event in found if event.status is not EventStatus.CANCELLED)
    return sorted(start.astimezone(UTC) for start in shown if isinstance(start, datetime))


def read_with_vobject(content: bytes) -> list[datetime]:
    """The same, with the rule expanded by dateutil."""
    events = vobject.readOne(content.decode()).contents.get("vevent", [])
    apart = {event.recurrence_id.value.astimezone(UTC) for event in events if hasattr(event, "recurrence_id")}
    found: list[datetime] = []
    for event in events:
        if hasattr(event, "rrule"):
            found += [start.astimezone(UTC) for start in event.getrruleset() if start.astimezone(UTC) not in apart]
        elif event.status.value != "CANCELLED":
            found.append(event.dtstart.value.astimezone(UTC))
    return sorted(found)


def read_as_objects(content: bytes) -> list[datetime]:
    """The same, as the CalDAV door takes the feed apart; cancelled instances count there."""
    return sorted(span.start for each in split_feed(content) for span in each.spans)


def read_as_busy(content: bytes) -> list[datetime]:
    """The same, by the service's own reader of calendars."""
    return [span.start for span in read_busy(content, window=WINDOW, zone=ZoneInfo("UTC")).busy]


def free_busy(content: bytes) -> list[datetime]:
    """The starts of a free/busy object."""
    spans = [span for line in lines(content, "FREEBUSY") for span in line.partition(":")[2].split(",")]
    return [datetime.strptime(span.split("/")[0], "%Y%m%dT%H%M%S%z") for span in spans]


def kim(session: Session) -> MeetingInvitation:
    query = select(MeetingInvitation).join(Member).where(Member.email == KIM).order_by(MeetingInvitation.id)
    row = session.scalars(query.execution_options(populate_existing=True)).first()
    assert row is not None
    return row


def meetings(session: Session) -> list[Meeting]:
    return list(session.scalars(select(Meeting).order_by(Meeting.starts_at)))


def nothing(session: Session, setup: Setup) -> None:
    pass


def cancel(index: int) -> Change:
    def change(session: Session, setup: Setup) -> None:
        cancel_meeting(session, setup, meeting_id=meetings(session)[index].public_id, by=OPERATOR, now=NOW)

    return change


def move(shift: timedelta) -> Change:
    def change(session: Session, setup: Setup) -> None:
        move_meeting(session, setup, meetings(session)[0], shift=shift, by=OPERATOR, now=NOW)
        session.commit()

    return change


def further_week(session: Session, setup: Setup) -> None:
    meetings(session)[1].room = session.scalars(select(Room).where(Room.key == "room-b")).one()
    session.commit()
    more_cases(session, setup, "D-1", now=NOW + WEEK)
    publish(session, setup, now=NOW + WEEK)


def empty_week(session: Session, setup: Setup) -> None:
    keep_standing(session, setup, by=OPERATOR, now=meetings(session)[1].starts_at - timedelta(hours=1))


def longer(session: Session, setup: Setup) -> None:
    hold_series(session, setup, until=(NOW + timedelta(days=180)).date(), by=OPERATOR, now=NOW + 5 * WEEK)
    keep_standing(session, setup, by=OPERATOR, now=NOW + 5 * WEEK)


def master(content: bytes) -> tuple[str, ...]:
    """The lines of the series itself in a feed."""
    return next(said for said in list_parts(content).values() if any(line.startswith("RRULE:") for line in said))


def pass_days(days: int) -> Change:
    def change(session: Session, setup: Setup) -> None:
        render_all_feeds(session, setup, now=NOW + timedelta(days=days))

    return change


CHANGES: dict[str, Iterable[Change]] = {
    "published": [nothing],
    "first cancelled": [cancel(0)],
    "later cancelled": [cancel(4)],
    "hours later": [move(timedelta(hours=5))],
    "days later": [move(timedelta(days=2))],
    "past the next": [move(timedelta(days=9))],
    "another room": [further_week],
    "week without cases": [empty_week],
    "extended": [longer],
    "all": [move(timedelta(hours=5)), cancel(4), further_week, longer],
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("detail", ["full", "busy"])
def test_e_feed_shows_what_the_invitations_say(weekly_centre: Session, setup: Setup, name: str, detail: str) -> None:
    client, token = Client(KIM), subscribe(weekly_centre, setup, detail)
    publish(weekly_centre, setup, now=NOW)

    for change in CHANGES[name]:
        change(weekly_centre, setup)

    content = feed(weekly_centre, token)
    told(client, letters_to(weekly_centre, KIM))
    wanted = starts(client)
    assert {reader.__name__: reader(content) == wanted for reader in (read_with_ical, read_with_vobject)} == {
        "read_with_ical": True,
        "read_with_vobject": True,
    }
    assert read_as_busy(content) == wanted
    assert set(wanted) <= set(read_as_objects(content))
    assert len(lines(content, "RRULE")) == 1
    assert [v for v in check_database(weekly_centre, setup, now=NOW) if v.code == "feed-stale"] == []


def test_e_series_is_one_event_with_the_names_of_the_invitation(weekly_centre: Session, setup: Setup) -> None:
    token = subscribe(weekly_centre, setup)
    publish(weekly_centre, setup, now=NOW)
    standing = weekly_centre.scalars(select(StandingInvitation).join(Member).where(Member.email == KIM)).one()

    content = feed(weekly_centre, token)

    assert lines(content, "UID", "SEQUENCE", "DTSTAMP") == [
        f"UID:{standing.uid}", f"SEQUENCE:{standing.sequence}", f"DTSTAMP:{standing.stamp:%Y%m%dT%H%M%SZ}",
    ]  # fmt: skip
    assert lines(content, "RRULE") == [f"RRULE:FREQ=WEEKLY;UNTIL={max(held(weekly_centre)):%Y%m%dT%H%M%SZ}"]
    assert read_with_ical(content) == held(weekly_centre)
    assert len(held(weekly_centre)) > len([m for m in meetings(weekly_centre) if m.status == "published"]) == 1


def test_f9_cancelled_week_is_seen_for_thirty_days_and_left_out_then(weekly_centre: Session, setup: Setup) -> None:
    token = subscribe(weekly_centre, setup)
    publish(weekly_centre, setup, now=NOW)
    cancel(4)(weekly_centre, setup)

    seen = []
    for days in (0, 29, 31):
        render_all_feeds(weekly_centre, setup, now=NOW + timedelta(days=days))
        content = feed(weekly_centre, token)
        states = [line for line in lines(content, "STATUS") if line.endswith("CANCELLED")]
        seen.append((len(states), len(lines(content, "RECURRENCE-ID")), len(lines(content, "EXDATE"))))

    assert seen == [(1, 1, 0), (1, 1, 0), (0, 0, 1)]
    assert read_with_ical(feed(weekly_centre, token)) == held(weekly_centre)


def test_f10_series_that_loses_a_week_is_newer_and_begins_where_it_began(weekly_centre: Session, setup: Setup) -> None:
    token = subscribe(weekly_centre, setup)
    publish(weekly_centre, setup, now=NOW)
    told = [master(feed(weekly_centre, token))]

    for change in (move(timedelta(days=9)), cancel(4), pass_days(29), pass_days(31), pass_days(110)):
        change(weekly_centre, setup)
        told.append(master(feed(weekly_centre, token)))

    stamps = [next(line for line in said if line.startswith("DTSTAMP")) for said in told]
    sequences = [int(line.partition(":")[2]) for said in told for line in said if line.startswith("SEQUENCE")]
    begins = [next(line for line in said if line.startswith("DTSTART")) for said in told]
    assert [now != then for then, now in pairwise(told)] == [True, True, False, True, True]
    assert [now > then for then, now in pairwise(stamps)] == [True, True, False, True, True]
    assert [now > then for then, now in pairwise(sequences)] == [True, True, False, True, True]
    assert (len(set(begins[:-1])), begins[-1] > begins[0]) == (1, True)


def test_f13_busy_level_of_a_series_says_nothing_but_busy(weekly_centre: Session, setup: Setup) -> None:
    token = subscribe(weekly_centre, setup, "busy")
    publish(weekly_centre, setup, now=NOW)
    further_week(weekly_centre, setup)
    move(timedelta(hours=5))(weekly_centre, setup)

    content = feed(weekly_centre, token)

    assert set(lines(content, "SUMMARY")) == {"SUMMARY:Busy"}
    assert lines(content[content.index(b"BEGIN:VEVENT") :], "LOCATION", "DESCRIPTION", "URL", "CONFERENCE") == []
    assert b"varian" not in content
    assert len(lines(content, "RECURRENCE-ID")) == 1


def test_series_is_expanded_to_the_instances_that_others_find(weekly_centre: Session, setup: Setup) -> None:
    token = subscribe(weekly_centre, setup)
    publish(weekly_centre, setup, now=NOW)
    move(timedelta(hours=5))(weekly_centre, setup)
    cancel(4)(weekly_centre, setup)
    content = feed(weekly_centre, token)
    (one,) = split_feed(content)

    expanded = expand_object(one, Interval(WINDOW.start, held(weekly_centre)[-1]))

    events = vobject.readOne(expanded.decode()).contents["vevent"]
    confirmed = [event.dtstart.value for event in events if event.status.value == "CONFIRMED"]
    assert sorted(confirmed) == read_with_ical(content)[:-1]
    assert len({event.recurrence_id.value for event in events}) == len(events)
    assert lines(expanded, "RRULE", "EXDATE", "TZID") == []


def test_e10_series_is_cut_to_the_window_of_the_feed(weekly_centre: Session, setup: Setup) -> None:
    token = subscribe(weekly_centre, setup)
    publish(weekly_centre, setup, now=NOW)
    all_of_it = held(weekly_centre)
    now = all_of_it[2] + timedelta(days=90, hours=3)

    render_all_feeds(weekly_centre, setup, now=now)
    cut = read_with_ical(feed(weekly_centre, token))
    render_all_feeds(weekly_centre, setup, now=all_of_it[2] - timedelta(days=400))
    early = read_with_ical(feed(weekly_centre, token))

    assert cut == all_of_it[3:]
    assert early == all_of_it[:2]


@pytest.mark.parametrize("whole", [True, False])
def test_declined_instance_or_series_takes_no_time_at_the_next_fetch(
    weekly_centre: Session, setup: Setup, *, whole: bool
) -> None:
    token, taken = subscribe(weekly_centre, setup), subscribe(weekly_centre, setup, scope="free_busy")
    publish(weekly_centre, setup, now=NOW)
    before = read_as_busy(feed(weekly_centre, token))
    row, later = kim(weekly_centre), NOW + timedelta(hours=1)
    standing = weekly_centre.scalars(select(StandingInvitation).join(Member).where(Member.email == KIM)).one()
    said = {"answer": "declined", "comment": "", "channel": "page", "stamp": None, "by": OPERATOR, "now": later}

    if whole:
        take_series_answer(weekly_centre, setup, standing, [row], **said)  # type: ignore[arg-type]
    else:
        take_answer(weekly_centre, setup, row, **said)  # type: ignore[arg-type]
    weekly_centre.commit()

    content = feed(weekly_centre, token)
    assert read_as_busy(content) == ([] if whole else before[1:])
    assert lines(content, "TRANSP").count("TRANSP:TRANSPARENT") == 1
    assert (len(read_with_ical(content)), len(before)) == (len(before), len(before))
    assert free_busy(feed(weekly_centre, taken)) == ([] if whole else before[1:])


def test_clock_that_is_fast_does_not_make_later_answers_old(weekly_centre: Session, setup: Setup) -> None:
    publish(weekly_centre, setup, now=NOW)
    row = kim(weekly_centre)

    for stamp in (NOW + timedelta(days=3), NOW - timedelta(hours=1)):
        take_answer(
            weekly_centre, setup, row, answer="accepted", comment="", channel="mail", stamp=stamp, by=OPERATOR, now=NOW
        )
        kept = row.answer_stamp
        weekly_centre.commit()

        assert kept == min(stamp, NOW)


def test_feed_unchanged_by_time_keeps_its_bytes(weekly_centre: Session, setup: Setup) -> None:
    token = subscribe(weekly_centre, setup)
    publish(weekly_centre, setup, now=NOW)
    before = find_feed(weekly_centre, token=token)

    render_all_feeds(weekly_centre, setup, now=NOW + timedelta(days=60))

    assert find_feed(weekly_centre, token=token) == before


def test_free_busy_holds_the_weeks_that_the_feed_holds(weekly_centre: Session, setup: Setup) -> None:
    token = subscribe(weekly_centre, setup, scope="free_busy")
    publish(weekly_centre, setup, now=NOW)

    assert free_busy(feed(weekly_centre, token)) == held(weekly_centre)


def test_own_event_of_a_series_is_the_series(weekly_centre: Session, setup: Setup) -> None:
    publish(weekly_centre, setup, now=NOW)
    cancel(4)(weekly_centre, setup)
    account = weekly_centre.scalars(select(Account).where(Account.member_id == kim(weekly_centre).member_id)).one()

    content = write_own_event(
        weekly_centre, setup, meeting_id=kim(weekly_centre).meeting.public_id, by=account_actor(account)
    )

    assert read_with_ical(content) == held(weekly_centre)
    assert lines(content, "METHOD", "ATTENDEE") == []


def test_entry_that_left_its_series_says_so_in_feed_and_later_letters(weekly_centre: Session, setup: Setup) -> None:
    token = subscribe(weekly_centre, setup)
    publish(weekly_centre, setup, now=NOW)
    letters_to(weekly_centre, KIM)
    meeting = meetings(weekly_centre)[0]
    standing = weekly_centre.scalars(select(StandingInvitation).join(Member).where(Member.email == KIM)).one()
    for shift in (timedelta(days=9), timedelta(hours=1)):
        move_meeting(weekly_centre, setup, meeting, shift=shift, by=OPERATOR, now=NOW)
        weekly_centre.commit()

        newest = letters_to(weekly_centre, KIM)[-1]
        related = f"RELATED-TO;RELTYPE=SIBLING:{standing.uid}"
        text = _calendar(newest.content).decode().replace("\r\n ", "")
        assert (newest.uid == standing.uid, text.count(related)) == (False, 1)
        assert lines(feed(weekly_centre, token), "RELATED-TO") == [related]


def test_next_fetch_shows_meetings_that_are_held(weekly_centre: Session, setup: Setup) -> None:
    token = subscribe(weekly_centre, setup, scope="deadlines")
    before = len(lines(feed(weekly_centre, token), "UID"))

    created, _ = hold_series(weekly_centre, setup, until=(NOW + timedelta(days=180)).date(), by=OPERATOR, now=NOW)

    assert len(lines(feed(weekly_centre, token), "UID")) == before + created > before


@pytest.mark.parametrize(
    ("week", "what", "letters"), [(0, "", 1), (1, "", 0), (1, "another room", 1), (1, "without her", 1)]
)
def test_draft_counts_the_letters_that_publishing_sends(
    weekly_centre: Session, setup: Setup, week: int, what: str, letters: int
) -> None:
    now = NOW + week * WEEK
    if week:
        publish(weekly_centre, setup, now=NOW)
        letters_to(weekly_centre, KIM)
        more_cases(weekly_centre, setup, "D-1", now=now)
    further = meetings(weekly_centre)[week]
    if what == "another room":
        further.room = weekly_centre.scalars(select(Room).where(Room.key == "room-b")).one()
        weekly_centre.commit()
    draft = propose(weekly_centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=now)
    proposal = proposal_of(draft)
    if what == "without her":
        kim_id = member_id(weekly_centre, KIM)
        plans = tuple(
            replace(plan, attendances=tuple(part for part in plan.attendances if part.member != kim_id))
            for plan in proposal.meetings
        )
        proposal = replace(proposal, meetings=plans)
        draft.plan = {**draft.plan, "proposal": encode_proposal(proposal)}
        weekly_centre.commit()

    said = read_draft(weekly_centre, draft_id=draft.public_id, by=OPERATOR).letters
    cases = {row.reference: row for row in weekly_centre.scalars(select(Case))}
    rows = {row.public_id: row for row in meetings(weekly_centre)}
    held_plans = [plan for plan in proposal.meetings if plan.agenda]
    sent, _ = write_plans(weekly_centre, setup, held_plans, rows, cases, now=now)
    weekly_centre.commit()

    assert said == sent
    assert len(letters_to(weekly_centre, KIM)) == letters

"""D of the conformance checklist: the VEVENT, as it is written and as the service keeps it."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, OPERATOR
from tests.calendars.mails import calendar_part
from tests.calendars.objects import emitted, events_of, letters, properties, value
from tests.letters.samples import STAMP, a_feed_event, an_invitation
from tests.services.conftest import NOW
from tumorboard.domain.model import Attendance, SeatKind
from tumorboard.domain.timeline import Interval
from tumorboard.formats.feed_lines import MOST_WITH_TWINS, write_feed_lines
from tumorboard.formats.ical import FeedStatus, Partstat, write_cancel, write_feed, write_request
from tumorboard.services.invitations import next_stamp, resend_invitation, sync_invitations
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Board, Meeting, Room
from tumorboard.store.people import Member
from tumorboard.store.post import OutboxMessage

OBJECTS = {**emitted(), **letters()}
EACH = pytest.mark.parametrize("ics", OBJECTS.values(), ids=OBJECTS.keys())
ONCE = (
    *("DTSTAMP", "UID", "DTSTART", "DTEND", "CLASS", "CREATED", "DESCRIPTION", "GEO", "LAST-MODIFIED", "LOCATION"),
    *("ORGANIZER", "PRIORITY", "SEQUENCE", "STATUS", "SUMMARY", "TRANSP", "URL", "RECURRENCE-ID", "RRULE", "DURATION"),
)


def published(session: Session, setup: Setup) -> Meeting:
    draft = propose(session, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)
    publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)
    return session.scalars(select(Meeting).where(Meeting.status == "published")).one()


@EACH
def test_d1_uid_and_recurrence_id_are_unique(ics: bytes) -> None:
    names = [(event["UID"][0], *event.get("RECURRENCE-ID", [])) for event in events_of(ics)]

    assert max(Counter(names).values()) == 1


@EACH
def test_d2_properties_stand_as_often_as_they_may(ics: bytes) -> None:
    for event in events_of(ics):
        assert len(event["UID"]) == len(event["DTSTAMP"]) == 1
        assert {name: len(event[name]) for name in ONCE if name in event and len(event[name]) > 1} == {}


@EACH
def test_d3_stamps_are_utc(ics: bytes) -> None:
    for event in events_of(ics):
        for name in ("DTSTAMP", "CREATED", "LAST-MODIFIED"):
            assert all(re.fullmatch(rf"{name}:\d{{8}}T\d{{6}}Z", line) for line in event.get(name, []))


@EACH
def test_d4_start_and_end_are_of_one_type_and_in_order(ics: bytes) -> None:
    for event in events_of(ics):
        assert "DURATION" not in event
        if "DTSTART" not in event:
            assert properties(ics, "METHOD") == ["METHOD:DECLINECOUNTER"]
            continue
        (start,), (end,) = event["DTSTART"], event["DTEND"]
        assert start.replace("DTSTART", "").split(":")[0] == end.replace("DTEND", "").split(":")[0]
        assert value(start) < value(end)


@EACH
def test_d5_a_zone_or_utc_and_never_both(ics: bytes) -> None:
    for event in events_of(ics):
        for name in ("DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE"):
            for line in event.get(name, []):
                assert (";TZID=" in line) != value(line).endswith("Z")


def test_d6_uid_is_random_and_says_nothing(centre: Session, setup: Setup) -> None:
    meeting = published(centre, setup)

    rows = meeting.invitations

    for row in rows:
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}@hospital\.example", row.uid)
        name = row.uid.split("@")[0]
        assert row.member.public_id not in name
        assert meeting.public_id not in name
        assert row.member.email.split("@")[0] not in name
    assert len({row.uid for row in rows}) == len(rows)


def test_d6_uid_stays_for_room_window_and_withdrawal(centre: Session, setup: Setup) -> None:
    meeting = published(centre, setup)
    row = next(row for row in meeting.invitations if row.kind == "core")
    before = row.uid
    later = Interval(meeting.starts_at + timedelta(minutes=30), meeting.ends_at)

    meeting.room = centre.scalars(select(Room).where(Room.key == "room-b")).one()
    part = Attendance(member=row.member.public_id, kind=SeatKind.CORE, span=later, specialties=(), required=True)
    sync_invitations(centre, setup, meeting, [part], {}, now=NOW)
    sync_invitations(centre, setup, meeting, [], {}, now=NOW)
    sync_invitations(centre, setup, meeting, [part], {}, now=NOW)

    assert (row.uid, row.sequence, row.status) == (before, 3, "invited")


def test_d7_stamp_is_when_the_message_was_made_and_never_falls(centre: Session, setup: Setup) -> None:
    row = published(centre, setup).invitations[0]
    stamps = [row.stamp]

    for now in (NOW, NOW, NOW + timedelta(hours=1), NOW - timedelta(days=1)):
        resend_invitation(centre, setup, row, now=now)
        stamps.append(row.stamp)

    assert stamps == [
        NOW, NOW + timedelta(seconds=1), NOW + timedelta(seconds=2), NOW + timedelta(hours=1),
        NOW + timedelta(hours=1, seconds=1),
    ]  # fmt: skip
    sent = centre.scalars(select(OutboxMessage).where(OutboxMessage.uid == row.uid).order_by(OutboxMessage.id))
    written = [properties(calendar_part(message.content), "DTSTAMP")[0] for message in sent]
    assert written == [f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}" for stamp in stamps]


def test_d7_two_messages_of_one_second_differ() -> None:
    half = NOW.replace(microsecond=500_000)

    assert next_stamp(half, half + timedelta(milliseconds=400)) == NOW + timedelta(seconds=1)


def test_d7_feed_says_when_the_event_last_changed() -> None:
    ics = write_feed("x", [a_feed_event()])

    stamp = f"{STAMP:%Y%m%dT%H%M%SZ}"
    assert properties(ics, "DTSTAMP") == [f"DTSTAMP:{stamp}"]
    assert properties(ics, "LAST-MODIFIED") == [f"LAST-MODIFIED:{stamp}"]


@pytest.mark.parametrize(
    ("ics", "transp", "status"),
    [
        (write_request(an_invitation()), "OPAQUE", "BUSY"),
        (write_request(an_invitation(required=False)), "OPAQUE", "BUSY"),
        (write_request(an_invitation(partstat=Partstat.TENTATIVE)), "OPAQUE", "BUSY"),
        (write_cancel(an_invitation(), whole_meeting=True), "TRANSPARENT", "FREE"),
        (write_feed("x", [a_feed_event()]), "OPAQUE", "BUSY"),
        (write_feed("x", [a_feed_event(is_busy=False)]), "TRANSPARENT", "FREE"),
        (write_feed("x", [a_feed_event(status=FeedStatus.CANCELLED)]), "TRANSPARENT", "FREE"),
        (write_feed_lines("x", [a_feed_event()]), "OPAQUE", "BUSY"),
        (write_feed_lines("x", [a_feed_event(is_busy=False)]), "TRANSPARENT", "FREE"),
        (write_feed_lines("x", [a_feed_event(status=FeedStatus.CANCELLED)]), "TRANSPARENT", "FREE"),
    ],
)
def test_d8_who_is_expected_is_busy_and_who_is_informed_is_not(ics: bytes, transp: str, status: str) -> None:
    assert properties(ics, "TRANSP") == [f"TRANSP:{transp}"]
    assert properties(ics, "X-MICROSOFT-CDO-BUSYSTATUS") == [f"X-MICROSOFT-CDO-BUSYSTATUS:{status}"]
    assert properties(ics, "X-MICROSOFT-CDO-INTENDEDSTATUS") == [f"X-MICROSOFT-CDO-INTENDEDSTATUS:{status}"]


def test_d8_f12_feed_of_more_than_a_thousand_events_says_it_by_transp_alone() -> None:
    events = [a_feed_event(uid=f"{number}@x", is_busy=number % 2 == 0) for number in range(MOST_WITH_TWINS + 2)]

    some, all_of_them = write_feed_lines("x", events[:MOST_WITH_TWINS]), write_feed_lines("x", events)

    assert len(properties(some, "X-MICROSOFT-CDO-BUSYSTATUS")) == MOST_WITH_TWINS
    assert properties(all_of_them, "X-MICROSOFT-CDO-BUSYSTATUS") == []
    assert Counter(properties(all_of_them, "TRANSP")) == {
        "TRANSP:OPAQUE": len(events) / 2, "TRANSP:TRANSPARENT": len(events) / 2,
    }  # fmt: skip


@EACH
def test_d9_every_event_is_private(ics: bytes) -> None:
    for event in events_of(ics):
        if properties(ics, "METHOD") != ["METHOD:DECLINECOUNTER"]:
            assert event["CLASS"] == ["CLASS:PRIVATE"]


@pytest.mark.parametrize("allowed", [True, False])
def test_d10_counter_is_forbidden_exactly_where_the_board_says_so(
    centre: Session, setup: Setup, *, allowed: bool
) -> None:
    centre.scalars(select(Board)).one().settings = {"allow_proposals": allowed}
    centre.commit()

    row = published(centre, setup).invitations[0]

    message = centre.scalars(select(OutboxMessage).where(OutboxMessage.uid == row.uid)).one()
    forbidden = properties(calendar_part(message.content), "X-MICROSOFT-DISALLOW-COUNTER")
    assert forbidden == ([] if allowed else ["X-MICROSOFT-DISALLOW-COUNTER:TRUE"])


@pytest.mark.parametrize(("minutes", "trigger"), [(None, []), (0, ["TRIGGER:PT0S"]), (15, ["TRIGGER:-PT15M"])])
def test_d2_alarm_only_for_who_asked_and_only_in_her_invitation(
    centre: Session, setup: Setup, minutes: int | None, trigger: list[str]
) -> None:
    kim = centre.scalars(select(Member).where(Member.email == CORE["gynecologic_oncology"])).one()
    kim.preferences = {"alarm_minutes": minutes}
    centre.commit()

    meeting = published(centre, setup)

    for message in centre.scalars(select(OutboxMessage).where(OutboxMessage.meeting_id == meeting.id)):
        ics = calendar_part(message.content)
        mine = message.recipient == kim.email
        assert [line.replace("-PT0S", "PT0S") for line in properties(ics, "TRIGGER")] == (trigger if mine else [])
        assert properties(ics, "ACTION") == (["ACTION:DISPLAY"] if mine and trigger else [])

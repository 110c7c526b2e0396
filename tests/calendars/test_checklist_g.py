"""G of the conformance checklist: what is sent to whom, and what stays as it is."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import CORE, ON_DEMAND, OPERATOR, member_id
from tests.calendars.clients import Client
from tests.calendars.mails import calendar_part, text_of
from tests.calendars.objects import ORACLES, content_lines, events_of, messages, properties, value
from tests.letters.samples import an_invitation
from tests.services.conftest import NOW
from tests.services.test_standing import KIM, letters_to, publish, told, weekly_centre
from tumorboard.domain.model import Attendance, SeatKind
from tumorboard.domain.timeline import Interval
from tumorboard.formats.ical import Partstat, write_cancel, write_decline_counter, write_request
from tumorboard.mail.letters import LetterKind
from tumorboard.services.checks import check_database
from tumorboard.services.invitations import (
    Change,
    cancel_invitations,
    post_letters,
    resend_invitation,
    sync_invitations,
)
from tumorboard.services.moving import move_meeting
from tumorboard.services.outbox import deliver_post
from tumorboard.services.publishing import cancel_meeting
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting, MeetingInvitation, Room
from tumorboard.store.people import Member
from tumorboard.store.post import OutboxMessage

__all__ = ["weekly_centre"]

MESSAGES = messages()
EACH = pytest.mark.parametrize("ics", MESSAGES.values(), ids=MESSAGES.keys())
LEE = CORE["medical_oncology"]
ANY_NUMBER, ONE, AT_MOST_ONE, NONE = (0, 99), (1, 1), (0, 1), (0, 0)
OPTIONAL = {
    **dict.fromkeys(("CLASS", "CREATED", "DESCRIPTION", "DTEND", "DURATION", "GEO", "LAST-MODIFIED"), AT_MOST_ONE),
    **dict.fromkeys(("LOCATION", "PRIORITY", "RECURRENCE-ID", "RRULE", "STATUS", "TRANSP", "URL"), AT_MOST_ONE),
    **dict.fromkeys(("ATTACH", "CATEGORIES", "COMMENT", "CONFERENCE", "CONTACT", "EXDATE", "RDATE"), ANY_NUMBER),
    "RELATED-TO": ANY_NUMBER, "RESOURCES": ANY_NUMBER, "UID": ONE, "DTSTAMP": ONE, "ORGANIZER": ONE,
}  # fmt: skip
TABLES = {
    "REQUEST": {**OPTIONAL, "ATTENDEE": (1, 99), "DTSTART": ONE, "SUMMARY": ONE, "SEQUENCE": AT_MOST_ONE,
                "REQUEST-STATUS": NONE},
    "CANCEL": {**OPTIONAL, "ATTENDEE": ANY_NUMBER, "DTSTART": AT_MOST_ONE, "SUMMARY": AT_MOST_ONE, "SEQUENCE": ONE,
               "REQUEST-STATUS": NONE},
    "DECLINECOUNTER": {**OPTIONAL, "ATTENDEE": ANY_NUMBER, "DTSTART": AT_MOST_ONE, "SUMMARY": AT_MOST_ONE,
                       "SEQUENCE": AT_MOST_ONE, "REQUEST-STATUS": ANY_NUMBER},
}  # fmt: skip
"""RFC 5546, sections 3.2.2, 3.2.5 and 3.2.8: how often a property of a VEVENT stands there."""


def a_published(session: Session, setup: Setup) -> Meeting:
    publish(session, setup, now=NOW)
    return session.scalars(select(Meeting).where(Meeting.status == "published")).one()


def parts(meeting: Meeting, *, without: str = "", shift: timedelta = timedelta(0)) -> list[Attendance]:
    """Who is wanted at the meeting: those invited, at their times."""
    return [
        Attendance(
            member=row.member.public_id, kind=SeatKind(row.kind),
            span=Interval(row.starts_at + shift, row.ends_at + shift),
            specialties=tuple(row.details["specialties"]), cases=(), rules=tuple(row.details["rules"]),
            required=row.details["required"],
        )
        for row in meeting.invitations
        if row.status == "invited" and row.member.email != without
    ]  # fmt: skip


def tell(
    session: Session, setup: Setup, meeting: Meeting, wanted: list[Attendance], *, now: datetime
) -> list[OutboxMessage]:
    """Change who is wanted; gives the letters that are written."""
    last = max(session.scalars(select(OutboxMessage.id)), default=0)
    changes = sync_invitations(session, setup, meeting, wanted, {}, now=now)
    post_letters(session, setup, meeting, changes, now=now)
    return list(session.scalars(select(OutboxMessage).where(OutboxMessage.id > last).order_by(OutboxMessage.id)))


def all_left(session: Session) -> None:
    for letter in session.scalars(select(OutboxMessage).where(OutboxMessage.state == "waiting")):
        letter.state, letter.tries, letter.sent_at = "sent", 1, NOW
    session.flush()


def core_only(session: Session, setup: Setup) -> Meeting:
    """A published meeting of core members whose first letters have left; all of them have accepted."""
    meeting = a_published(session, setup)
    all_left(session)
    wanted = [part for part in parts(meeting) if part.kind == SeatKind.CORE]
    tell(session, setup, meeting, wanted, now=NOW)
    all_left(session)
    for row in meeting.invitations:
        row.answer, row.answered_at = "accepted", NOW
    session.commit()
    return meeting


@EACH
def test_g1_organizer_and_attendee_and_a_title(ics: bytes) -> None:
    for event in events_of(ics):
        assert len(event["ORGANIZER"]) == 1
        assert len(event["ATTENDEE"]) == 1
        if "METHOD:REQUEST" in content_lines(ics):
            assert len(event["SUMMARY"]) == 1


@EACH
def test_g2_addresses_are_mailto_and_each_stands_once(ics: bytes) -> None:
    for event in events_of(ics):
        addresses = [value(line) for line in event["ATTENDEE"]]
        assert len({address.casefold() for address in addresses}) == len(addresses)
        for address in (*addresses, value(event["ORGANIZER"][0])):
            assert address.startswith("mailto:")
            assert address.count("@") == 1


@EACH
def test_g3_sequence_is_always_there(ics: bytes) -> None:
    assert all(len(event["SEQUENCE"]) == 1 for event in events_of(ics))


@EACH
def test_g4_status_fits_the_method(ics: bytes) -> None:
    allowed = {
        "METHOD:REQUEST": [["STATUS:CONFIRMED"], ["STATUS:TENTATIVE"]],
        "METHOD:CANCEL": [["STATUS:CANCELLED"], []],
        "METHOD:DECLINECOUNTER": [[]],
    }[properties(ics, "METHOD")[0]]

    assert all(event.get("STATUS", []) in allowed for event in events_of(ics))


@pytest.mark.parametrize("partstat", Partstat)
@pytest.mark.parametrize(("required", "role"), [(True, "REQ-PARTICIPANT"), (False, "OPT-PARTICIPANT")])
def test_g5_people_carry_type_role_answer_and_whether_one_is_asked(
    partstat: Partstat, required: bool, role: str
) -> None:
    rsvp = "TRUE" if partstat == "NEEDS-ACTION" else "FALSE"

    ics = write_request(an_invitation(partstat=partstat, required=required, attendee_name="Lee"))

    assert properties(ics, "ATTENDEE") == [
        f"ATTENDEE;CN=Lee;CUTYPE=INDIVIDUAL;ROLE={role};PARTSTAT={partstat};RSVP={rsvp}:mailto:seojun.park@hospital.example"
    ]


@EACH
def test_g6_each_property_stands_as_often_as_rfc_5546_allows(ics: bytes) -> None:
    table = TABLES[value(properties(ics, "METHOD")[0])]
    for event in events_of(ics):
        for name, (fewest, most) in table.items():
            assert fewest <= len(event.get(name, [])) <= most, name
        assert [name for name in event if name not in table and not name.startswith("X-")] == []
    if value(properties(ics, "METHOD")[0]) != "REQUEST":
        assert b"BEGIN:VALARM" not in ics


def test_g6_libical_finds_nothing(tmp_path: Path) -> None:
    checker = shutil.which("o_libical") or str(ORACLES / "c" / "o_libical")
    if not Path(checker).is_file():
        pytest.skip("needs libical's restriction check of ../shared/ical/oracles, built by its setup.sh")
    file = tmp_path / "message.ics"
    span = ["20260101T000000Z", "20280101T000000Z", "Asia/Seoul"]

    for name, ics in MESSAGES.items():
        file.write_bytes(ics)
        answer = subprocess.run([checker, str(file), *span], capture_output=True, check=True)
        assert (name, json.loads(answer.stdout)["errors"]) == (name, [])


def test_g7_time_raises_sequence_and_a_room_does_not(centre: Session, setup: Setup) -> None:
    meeting = core_only(centre, setup)
    row = meeting.invitations[0]
    before = (row.sequence, row.stamp)

    meeting.room = centre.scalars(select(Room).where(Room.key == "room-b")).one()
    (*_, by_room) = tell(centre, setup, meeting, parts(meeting), now=NOW + timedelta(minutes=1))
    after_room = (row.sequence, row.stamp, row.answer)
    (*_, by_time) = tell(
        centre, setup, meeting, parts(meeting, shift=timedelta(hours=1)), now=NOW + timedelta(minutes=2)
    )

    assert after_room == (before[0], NOW + timedelta(minutes=1), "accepted")
    assert "PARTSTAT=ACCEPTED;RSVP=FALSE" in properties(calendar_part(by_room.content), "ATTENDEE")[0]
    assert (row.sequence, row.answer) == (before[0] + 1, "needs-action")
    assert "PARTSTAT=NEEDS-ACTION;RSVP=TRUE" in properties(calendar_part(by_time.content), "ATTENDEE")[0]


def test_g8_sequence_never_falls_and_a_cancellation_is_above_all(centre: Session, setup: Setup) -> None:
    meeting = core_only(centre, setup)
    row = next(row for row in meeting.invitations if row.member.email == KIM)
    wanted = parts(meeting)
    sequences: list[tuple[str, int]] = []

    for minute, step in enumerate([parts(meeting, shift=timedelta(hours=1)), wanted, [], wanted, [], wanted], start=1):
        for letter in tell(centre, setup, meeting, step, now=NOW + timedelta(minutes=minute)):
            if letter.recipient == KIM:
                sequences.append((letter.method, letter.sequence))
        all_left(centre)
    changes = cancel_invitations(centre, meeting, now=NOW)
    post_letters(centre, setup, meeting, changes, now=NOW)

    numbers = [sequence for _, sequence in sequences]
    assert numbers == sorted(set(numbers))
    assert row.sequence > max(numbers)
    assert [method for method, _ in sequences] == ["REQUEST", "REQUEST", "CANCEL", "REQUEST", "CANCEL", "REQUEST"]


def test_g9_a_raised_sequence_asks_everybody_again(centre: Session, setup: Setup) -> None:
    meeting = core_only(centre, setup)
    for row in meeting.invitations:
        row.reminded_at = row.escalated_at = NOW
    later = NOW + timedelta(minutes=5)

    tell(centre, setup, meeting, parts(meeting, shift=timedelta(minutes=30)), now=later)

    invited = [row for row in meeting.invitations if row.status == "invited"]
    assert {(row.answer, row.answered_at, row.asked_at, row.reminded_at, row.escalated_at) for row in invited} == {
        ("needs-action", None, later, None, None)
    }


def test_g9_first_invitation_is_a_question(centre: Session, setup: Setup) -> None:
    rows = a_published(centre, setup).invitations

    assert {(row.answer, row.asked_at, row.reminded_at) for row in rows} == {("needs-action", NOW, None)}


def test_g10_who_is_added_is_asked_and_others_hear_nothing(centre: Session, setup: Setup) -> None:
    meeting = core_only(centre, setup)
    added = Attendance(
        member=member_id(centre, ON_DEMAND["hpb_surgery"]), kind=SeatKind.ON_DEMAND,
        span=Interval(meeting.starts_at, meeting.starts_at + timedelta(minutes=10)), specialties=("hpb_surgery",),
    )  # fmt: skip

    letters = tell(centre, setup, meeting, [*parts(meeting), added], now=NOW + timedelta(minutes=1))

    assert [(letter.recipient, letter.method, letter.sequence) for letter in letters] == [
        (ON_DEMAND["hpb_surgery"], "REQUEST", 0)
    ]


def test_g11_who_is_removed_gets_one_cancellation_without_status(centre: Session, setup: Setup) -> None:
    meeting = core_only(centre, setup)

    letters = tell(centre, setup, meeting, parts(meeting, without=LEE), now=NOW + timedelta(minutes=1))

    (letter,) = letters
    ics = calendar_part(letter.content)
    assert (letter.recipient, letter.method, letter.sequence) == (LEE, "CANCEL", 1)
    assert properties(ics, "STATUS") == []
    assert [value(line) for line in properties(ics, "ATTENDEE")] == [f"mailto:{LEE}"]
    assert letter.subject.startswith("Invitation withdrawn")
    assert "The meeting itself takes place." in text_of(letter.content)


@pytest.mark.parametrize("whole_series", [False, True])
def test_g12_one_instance_moved_is_told_alone_or_with_the_series(
    weekly_centre: Session, setup: Setup, *, whole_series: bool
) -> None:
    client = _subscribed(weekly_centre, setup, whole_series=whole_series)
    meeting = weekly_centre.scalars(select(Meeting).where(Meeting.status == "published")).one()

    move_meeting(weekly_centre, setup, meeting, shift=timedelta(hours=5), by=OPERATOR, now=NOW)
    weekly_centre.commit()

    (letter,) = letters_to(weekly_centre, KIM)
    events = events_of(calendar_part(letter.content))
    assert letter.method == "REQUEST"
    assert ["RECURRENCE-ID" in event for event in events] == ([False, True] if whole_series else [True])
    told(client, [letter])
    assert (meeting.starts_at, meeting.ends_at) in client.shown()


@pytest.mark.parametrize("whole_series", [False, True])
def test_g13_one_instance_cancelled_is_told_alone_or_with_the_series(
    weekly_centre: Session, setup: Setup, *, whole_series: bool
) -> None:
    client = _subscribed(weekly_centre, setup, whole_series=whole_series)
    meeting = weekly_centre.scalars(select(Meeting).where(Meeting.status == "published")).one()
    start = f"{meeting.starts_at + timedelta(hours=9):%Y%m%dT%H%M%S}"
    span = (meeting.starts_at, meeting.ends_at)

    cancel_meeting(weekly_centre, setup, meeting_id=meeting.public_id, by=OPERATOR, now=NOW)

    (letter,) = letters_to(weekly_centre, KIM)
    ics = calendar_part(letter.content)
    if whole_series:
        assert properties(ics, "EXDATE") == [f"EXDATE;TZID=Asia/Seoul:{start}"]
        assert properties(ics, "METHOD") == ["METHOD:REQUEST"]
    else:
        assert properties(ics, "RECURRENCE-ID") == [f"RECURRENCE-ID;TZID=Asia/Seoul:{start}"]
        assert properties(ics, "STATUS") == ["STATUS:CANCELLED"]
    told(client, [letter])
    assert span not in client.shown()
    assert len(client.shown()) > 5


def _subscribed(session: Session, setup: Setup, *, whole_series: bool) -> Client:
    """Kim, whose calendar has the series."""
    session.scalars(select(Member).where(Member.email == KIM)).one().preferences = {"whole_series": whole_series}
    session.commit()
    client = Client(KIM)
    publish(session, setup, now=NOW)
    told(client, letters_to(session, KIM))
    return client


def test_g14_cancelled_meeting_tells_each_once(centre: Session, setup: Setup) -> None:
    meeting = core_only(centre, setup)
    last = max(centre.scalars(select(OutboxMessage.id)))

    cancel_meeting(centre, setup, meeting_id=meeting.public_id, by=OPERATOR, now=NOW)

    letters = list(centre.scalars(select(OutboxMessage).where(OutboxMessage.id > last)))
    assert sorted(letter.recipient for letter in letters) == sorted(CORE.values())
    for letter in letters:
        ics = calendar_part(letter.content)
        assert properties(ics, "STATUS") == ["STATUS:CANCELLED"]
        assert properties(ics, "RECURRENCE-ID") == []
    assert check_database(centre, setup, now=NOW) == ()


def test_g15_core_members_have_one_entry_and_no_case_in_it(centre: Session, setup: Setup) -> None:
    meeting = a_published(centre, setup)

    for row in meeting.invitations:
        letters = list(centre.scalars(select(OutboxMessage).where(OutboxMessage.uid == row.uid)))
        assert len(letters) == 1
        text = "\n".join(content_lines(calendar_part(letters[0].content)))
        told_of = [reference for reference in ("C-1", "C-2", "C-3") if reference in text]
        assert told_of == (row.details["cases"] if row.kind == "on_demand" else [])


def test_g15_moving_a_case_tells_only_those_whose_time_changed(centre: Session, setup: Setup) -> None:
    meeting = core_only(centre, setup)
    hers = Attendance(
        member=member_id(centre, ON_DEMAND["hpb_surgery"]), kind=SeatKind.ON_DEMAND, specialties=("hpb_surgery",),
        span=Interval(meeting.starts_at, meeting.starts_at + timedelta(minutes=10)),
    )  # fmt: skip
    core = parts(meeting)
    tell(centre, setup, meeting, [*core, hers], now=NOW)
    all_left(centre)
    later = replace(hers, span=Interval(hers.span.end, hers.span.end + timedelta(minutes=10)))

    letters = tell(centre, setup, meeting, [*core, later], now=NOW + timedelta(minutes=1))

    assert [(letter.recipient, letter.method, letter.sequence) for letter in letters] == [
        (ON_DEMAND["hpb_surgery"], "REQUEST", 1)
    ]


def test_g16_nobody_is_told_of_what_is_past(centre: Session, setup: Setup) -> None:
    meeting = core_only(centre, setup)
    row = meeting.invitations[0]
    after = meeting.ends_at + timedelta(hours=1)

    assert resend_invitation(centre, setup, row, now=after) == 0
    assert post_letters(centre, setup, meeting, [Change(row, LetterKind.CHANGED)], now=after) == 0


def test_g16_edits_before_a_letter_leaves_become_one_with_the_last_state(centre: Session, setup: Setup) -> None:
    meeting = core_only(centre, setup)
    for minute in (1, 2, 3):
        tell(centre, setup, meeting, parts(meeting, shift=timedelta(minutes=5)), now=NOW + timedelta(minutes=minute))

    for row in (row for row in meeting.invitations if row.status == "invited"):
        waiting = [letter for letter in centre.scalars(select(OutboxMessage).where(OutboxMessage.uid == row.uid))
                   if letter.state == "waiting"]  # fmt: skip
        assert [letter.sequence for letter in waiting] == [row.sequence]
        start = f"{row.starts_at + timedelta(hours=9):%Y%m%dT%H%M%S}"
        assert value(properties(calendar_part(waiting[0].content), "DTSTART")[-1]) == start


def test_g16_letters_wait_for_the_quiet_period_after_the_last_edit(centre: Session, setup: Setup) -> None:
    quiet = replace(setup, quiet_seconds=120)
    meeting = core_only(centre, quiet)
    sent: list[str] = []

    class Listener:
        def send(self, content: bytes, *, sender: str, recipient: str) -> None:
            sent.append(recipient)

    def tick(seconds: int) -> int:
        deliver_post(
            centre, mailer=Listener(), sender=setup.mail_from, clock=lambda: NOW + timedelta(seconds=seconds)
        )  # fmt: skip
        return len(sent)

    for seconds in (0, 60):
        wanted = parts(meeting, shift=timedelta(minutes=5))
        tell(centre, quiet, meeting, wanted, now=NOW + timedelta(seconds=seconds))
        centre.commit()

    assert [tick(seconds) for seconds in (90, 179, 180)] == [0, 0, len(CORE)]
    assert sorted(sent) == sorted(CORE.values())


def test_g16_urgent_meetings_do_not_wait(centre: Session, setup: Setup) -> None:
    quiet = replace(setup, quiet_seconds=120)
    meeting = core_only(centre, quiet)
    row = meeting.invitations[0]
    row.details, row.stamp = {**row.details, "urgent": True}, NOW + timedelta(seconds=1)

    post_letters(centre, quiet, meeting, [Change(row, LetterKind.CHANGED)], now=NOW)

    letter = centre.scalars(select(OutboxMessage).where(OutboxMessage.state == "waiting")).one()
    assert letter.due_at == NOW


def test_g17_a_copy_names_the_organizer_and_its_reader_alone(centre: Session, setup: Setup) -> None:
    a_published(centre, setup)

    for letter in centre.scalars(select(OutboxMessage)):
        ics = calendar_part(letter.content)
        assert [value(line) for line in properties(ics, "ATTENDEE")] == [f"mailto:{letter.recipient}"]
        others = {*CORE.values(), *ON_DEMAND.values()} - {letter.recipient}
        assert [address for address in others if address.encode() in letter.content] == []


def test_g18_declined_proposal_echoes_uid_instance_and_sequence() -> None:
    invitation = an_invitation(sequence=4)

    ics = write_decline_counter(invitation, recurrence_at=invitation.starts_at)

    (event,) = events_of(ics)
    assert properties(ics, "METHOD") == ["METHOD:DECLINECOUNTER"]
    assert event["UID"] == [f"UID:{invitation.uid}"]
    assert event["SEQUENCE"] == ["SEQUENCE:4"]
    assert event["RECURRENCE-ID"] == ["RECURRENCE-ID;TZID=Asia/Seoul:20261124T074500"]
    assert set(event) == {"UID", "SEQUENCE", "RECURRENCE-ID", "DTSTAMP", "LAST-MODIFIED", "ORGANIZER", "ATTENDEE"}


def test_g19_letter_is_kept_before_it_leaves_and_a_second_try_sends_the_same_bytes(
    centre: Session, setup: Setup
) -> None:
    a_published(centre, setup)
    kept = {letter.message_id: letter.content for letter in centre.scalars(select(OutboxMessage))}
    sent: list[bytes] = []

    class Forgetful:
        """Takes each letter and then breaks the connection, the first time."""

        def send(self, content: bytes, *, sender: str, recipient: str) -> None:
            from tumorboard.mail.send import TemporaryFailure

            sent.append(content)
            if len(sent) <= len(kept):
                raise TemporaryFailure("451 lost")

    for hours in (0, 2):
        clock = NOW + timedelta(hours=hours)
        deliver_post(centre, mailer=Forgetful(), sender=setup.mail_from, clock=lambda clock=clock: clock)  # type: ignore[misc]

    assert sorted(sent) == sorted([*kept.values(), *kept.values()])
    assert {letter.state for letter in centre.scalars(select(OutboxMessage))} == {"sent"}


def test_g11_g14_the_two_cancellations_differ_by_status_alone() -> None:
    removed, cancelled = (write_cancel(an_invitation(), whole_meeting=whole) for whole in (False, True))

    assert [line for line in content_lines(cancelled) if line not in content_lines(removed)] == ["STATUS:CANCELLED"]


def test_g3_rows_of_a_meeting_begin_at_zero(centre: Session, setup: Setup) -> None:
    rows = a_published(centre, setup).invitations

    assert {row.sequence for row in rows} == {0}
    assert all(isinstance(row, MeetingInvitation) for row in rows)

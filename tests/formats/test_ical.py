"""The bytes and properties of invitations, cancellations and feeds; numbers as in the conformance checklist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.letters.samples import STAMP, WINDOW, a_feed_event, an_invitation
from tumorboard.domain.errors import BadInput
from tumorboard.formats.ical import FeedEvent, FeedStatus, Invitation, Partstat, write_cancel, write_feed, write_request

REPOSITORY = Path(__file__).resolve().parents[2]
HOSTILE = 'A\r\nATTENDEE:mailto:x@evil.example\\n;,:"\x07\x0b\x0c\x85\u2028\u2029\ud800 \\N ^n 😀 \u1100\u1161'


def content_lines(ics: bytes) -> list[str]:
    return re.sub("\r\n[ \t]", "", ics.decode()).split("\r\n")[:-1]


def properties(ics: bytes, name: str) -> list[str]:
    return [line for line in content_lines(ics) if re.match(rf"{name}[;:]", line)]


def property_names(ics: bytes) -> list[str]:
    return [re.split("[;:]", line, maxsplit=1)[0] for line in content_lines(ics)]


@pytest.fixture(params=["request", "cancel", "feed"])
def hostile_ics(request: pytest.FixtureRequest) -> bytes:
    words = {"title": HOSTILE * 3, "description": HOSTILE * 9, "location": HOSTILE}
    if request.param == "feed":
        return write_feed(HOSTILE, [a_feed_event(**words)])
    invitation = an_invitation(**words, organizer_name=HOSTILE, attendee_name=HOSTILE)
    return write_request(invitation) if request.param == "request" else write_cancel(invitation, whole_meeting=True)


def test_lines_end_with_crlf_within_75_octets_of_whole_characters_a1_a2_a3(hostile_ics: bytes) -> None:
    lines = hostile_ics.split(b"\r\n")

    assert lines.pop() == b""
    assert [line for line in lines if b"\r" in line or b"\n" in line or not line] == []
    assert max(len(line) for line in lines) <= 75
    assert b"".join(line for line in lines).decode()


def test_lines_hold_no_control_character_and_no_separator_a4(hostile_ics: bytes) -> None:
    text = hostile_ics.decode()

    assert not text.startswith("\ufeff")
    assert re.findall("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]", text) == []


@pytest.mark.parametrize("padding", range(80))
def test_fold_never_splits_an_escape_a5(padding: int) -> None:
    ics = write_request(an_invitation(title="x" * padding + "\\" * 60, description="x" * padding + "\n;," * 60))

    odd = [line for line in ics.split(b"\r\n") if len(re.search(rb"\\*$", line).group()) % 2]  # type: ignore[union-attr]

    assert odd == []


def test_text_is_escaped_as_the_standard_says_a6() -> None:
    ics = write_request(an_invitation(title="a\\Nb; c, d", description="one\r\ntwo"))

    assert properties(ics, "SUMMARY") == ["SUMMARY;LANGUAGE=en:a\\\\Nb\\; c\\, d"]
    assert properties(ics, "DESCRIPTION") == ["DESCRIPTION;LANGUAGE=en:one\\ntwo"]


def test_names_are_quoted_a8() -> None:
    ics = write_request(an_invitation(organizer_name='Board "A": one, two; three'))

    assert properties(ics, "ORGANIZER") == [
        "ORGANIZER;CN=\"Board ^'A^': one, two; three\":mailto:board@hospital.example"
    ]


def test_hostile_words_add_no_property_a9(hostile_ics: bytes) -> None:
    harmless = {
        b"METHOD:REQUEST": write_request(an_invitation()),
        b"METHOD:CANCEL": write_cancel(an_invitation(), whole_meeting=True),
    }
    expected = next(
        (ics for method, ics in harmless.items() if method in hostile_ics), write_feed("x", [a_feed_event()])
    )

    assert property_names(hostile_ics) == property_names(expected)


def test_equal_input_gives_equal_bytes_in_any_process_a11() -> None:
    code = (
        "import sys; from tests.letters.samples import *; from tumorboard.formats.ical import write_feed;"
        "sys.stdout.buffer.write(ics_of(sample_facts('moved', 'ko')) + write_feed('x', [a_feed_event()]))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in [("1", "Asia/Seoul"), ("2", "America/New_York")]
    ]

    assert runs[0] == runs[1]
    assert runs[0].startswith(b"BEGIN:VCALENDAR")


def test_object_has_one_version_and_one_producer_b1(hostile_ics: bytes) -> None:
    assert properties(hostile_ics, "VERSION") == ["VERSION:2.0"]
    assert properties(hostile_ics, "PRODID") == ["PRODID:-//tumorboard//tumorboard 1//EN"]


def test_message_has_one_method_one_uid_and_no_feed_property_b2_b3_b4() -> None:
    requested, cancelled = write_request(an_invitation()), write_cancel(an_invitation(), whole_meeting=False)

    assert properties(requested, "METHOD") == ["METHOD:REQUEST"]
    assert properties(cancelled, "METHOD") == ["METHOD:CANCEL"]
    for ics in (requested, cancelled):
        assert len(properties(ics, "UID")) == 1
        assert not {"NAME", "X-WR-CALNAME", "REFRESH-INTERVAL", "X-PUBLISHED-TTL"} & set(property_names(ics))


def test_event_of_a_request_reads_as_reviewed_d2_d3_d5_d8_d9() -> None:
    lines = content_lines(write_request(an_invitation(sequence=3)))

    assert lines[lines.index("BEGIN:VEVENT") :] == [
        "BEGIN:VEVENT",
        "UID:1f0c9a7e5b3d4826a1c2e4f608b9d7e3@board.hospital.example",
        "SEQUENCE:3",
        "DTSTAMP:20261118T010000Z",
        "LAST-MODIFIED:20261118T010000Z",
        "DTSTART;TZID=Asia/Seoul:20261124T074500",
        "DTEND;TZID=Asia/Seoul:20261124T080500",
        "SUMMARY;LANGUAGE=en:Gynecologic tumor board",
        "DESCRIPTION;LANGUAGE=en:You are needed.\\nDetails: https://board.hospital.example/meetings/7f3a",
        "LOCATION:Room 301",
        "URL:https://board.hospital.example/meetings/7f3a",
        "CONFERENCE;FEATURE=VIDEO;VALUE=URI:https://video.hospital.example/gyn?room=301",
        "CLASS:PRIVATE",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
        "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY",
        'ORGANIZER;CN="Gynecologic tumor board":mailto:board@hospital.example',
        'ATTENDEE;CN="Seojun Park";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE'
        ":mailto:seojun.park@hospital.example",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_answered_invitation_asks_no_more_g5() -> None:
    ics = write_request(an_invitation(partstat=Partstat.ACCEPTED, required=False, attendee_name="Lee"))

    assert properties(ics, "ATTENDEE") == [
        "ATTENDEE;CN=Lee;CUTYPE=INDIVIDUAL;ROLE=OPT-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE"
        ":mailto:seojun.park@hospital.example"
    ]


def test_withdrawn_invitation_has_no_status_and_one_attendee_g1_g3_g4_g11() -> None:
    ics = write_cancel(an_invitation(sequence=2, attendee_name="Lee"), whole_meeting=False)

    assert properties(ics, "STATUS") == []
    assert properties(ics, "SEQUENCE") == ["SEQUENCE:2"]
    assert properties(ics, "TRANSP") == ["TRANSP:TRANSPARENT"]
    assert properties(ics, "X-MICROSOFT-CDO-BUSYSTATUS") == ["X-MICROSOFT-CDO-BUSYSTATUS:FREE"]
    assert properties(ics, "ATTENDEE") == [
        "ATTENDEE;CN=Lee;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT:mailto:seojun.park@hospital.example"
    ]


def test_cancelled_meeting_says_so_g14() -> None:
    ics = write_cancel(an_invitation(sequence=2), whole_meeting=True)

    assert properties(ics, "STATUS") == ["STATUS:CANCELLED"]


def test_feed_carries_name_and_refresh_twice_and_no_people_f1_f2_f3() -> None:
    ics = write_feed("부인암, 다학제", [a_feed_event()], refresh_hours=2, color="teal")

    lines = content_lines(ics)
    assert lines[: lines.index("BEGIN:VTIMEZONE")] == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//tumorboard//tumorboard 1//EN",
        "CALSCALE:GREGORIAN",
        "NAME:부인암\\, 다학제",
        "X-WR-CALNAME:부인암\\, 다학제",
        "REFRESH-INTERVAL;VALUE=DURATION:PT2H",
        "X-PUBLISHED-TTL:PT2H",
        "COLOR:teal",
    ]
    assert not {"METHOD", "ATTENDEE", "ORGANIZER", "VALARM", "SOURCE", "ATTACH", "IMAGE", "X-ALT-DESC"} & set(
        property_names(ics)
    )


def test_feed_may_name_its_source_f1() -> None:
    ics = write_feed("x", [], source_url="https://board.hospital.example/feed")

    assert properties(ics, "SOURCE") == ["SOURCE;VALUE=URI:https://board.hospital.example/feed"]


def test_feed_order_depends_on_start_and_uid_alone_a11() -> None:
    first = a_feed_event(uid="b@x", starts_at=datetime(2026, 11, 1, tzinfo=UTC))
    second, third = a_feed_event(uid="a@x"), a_feed_event(uid="c@x")

    ics = write_feed("x", [third, first, second])

    assert ics == write_feed("x", [second, third, first])
    assert properties(ics, "UID") == ["UID:b@x", "UID:a@x", "UID:c@x"]


def test_feed_event_that_is_cancelled_blocks_no_time_f9() -> None:
    ics = write_feed("x", [a_feed_event(status=FeedStatus.CANCELLED, sequence=1)])

    assert properties(ics, "STATUS") == ["STATUS:CANCELLED"]
    assert properties(ics, "TRANSP") == ["TRANSP:TRANSPARENT"]
    assert properties(ics, "DTSTAMP") == ["DTSTAMP:20261118T010000Z"]


def test_empty_feed_is_a_calendar_without_components() -> None:
    assert write_feed("x", []).count(b"BEGIN:") == 1


def test_no_value_has_a_field_for_a_patient_p1() -> None:
    names = {field.name for kind in (Invitation, FeedEvent) for field in fields(kind)}

    assert names == {
        *("uid", "sequence", "stamp", "starts_at", "ends_at", "time_zone", "title", "description", "location"),
        *("video_url", "url", "status", "organizer_email", "organizer_name", "attendee_email", "attendee_name"),
        *(
            "language",
            "partstat",
            "required",
            "alarm_minutes",
            "allow_proposals",
            "related_uid",
            "is_busy",
            "delegated_to",
            "delegated_from",
        ),
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"attendee_email": "nobody"}, "bad-address"),
        ({"attendee_email": "a@b.example\r\nX:1"}, "bad-address"),
        ({"organizer_email": "a b@c.example"}, "bad-address"),
        ({"url": "javascript:alert(1)"}, "bad-link"),
        ({"video_url": "file:///etc/passwd"}, "bad-link"),
        ({"ends_at": WINDOW.start}, "bad-span"),
        ({"time_zone": "Seoul"}, "unknown-time-zone"),
    ],
)
def test_impossible_invitation_is_refused_by_code(changes: dict[str, object], code: str) -> None:
    with pytest.raises(BadInput) as refusal:
        write_request(an_invitation(**changes))

    assert refusal.value.code == code


def test_instants_without_a_zone_are_refused_c9() -> None:
    with pytest.raises(ValueError, match="aware"):
        write_request(an_invitation(stamp=STAMP.replace(tzinfo=None)))


def test_links_are_written_in_ascii_without_spaces() -> None:
    ics = write_request(an_invitation(video_url="https://video.example/방 1?a=1,2;b"))

    assert properties(ics, "CONFERENCE") == [
        "CONFERENCE;FEATURE=VIDEO;VALUE=URI:https://video.example/%EB%B0%A9%201?a=1,2;b"
    ]

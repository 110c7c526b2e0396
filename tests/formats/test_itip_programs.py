"""Answers as Outlook, Exchange, Google, Apple and Thunderbird write them; all people and places are made up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.formats.mails import (
    KIM,
    LEE,
    PARK,
    PLAIN,
    START,
    UID,
    a_mail,
    a_multipart,
    a_part,
    a_state,
    judge,
)
from tumorboard.domain.answers import Verdict

WEEK = timedelta(weeks=1)
EXCHANGE_ZONE = """BEGIN:VTIMEZONE
TZID:Korea Standard Time
BEGIN:STANDARD
DTSTART:16010101T000000
TZOFFSETFROM:+0900
TZOFFSETTO:+0900
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T000000
TZOFFSETFROM:+0900
TZOFFSETTO:+0900
END:DAYLIGHT
END:VTIMEZONE
"""
EXCHANGE = (
    """BEGIN:VCALENDAR
METHOD:REPLY
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
"""
    + EXCHANGE_ZONE
    + f"""BEGIN:VEVENT
ATTENDEE;PARTSTAT=DECLINED;CN=김하늘:mailto:Kim@Clinic.example
COMMENT;LANGUAGE=ko-KR:그날은 수술이 있습니다.\\n 다음 주는 됩니다.\\n
UID:{UID}
RECURRENCE-ID;TZID=Korea Standard Time:20270311T073000
SUMMARY;LANGUAGE=ko-KR:거절됨: 부인암 다학제
DTSTART;TZID=Korea Standard Time:20270311T073000
DTEND;TZID=Korea Standard Time:20270311T083000
CLASS:PUBLIC
PRIORITY:5
DTSTAMP:20270202T010000Z
TRANSP:OPAQUE
STATUS:CONFIRMED
SEQUENCE:2
LOCATION;LANGUAGE=ko-KR:본관 3층
X-MICROSOFT-CDO-APPT-SEQUENCE:2
X-MICROSOFT-CDO-OWNERAPPTID:2115432198
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY
X-MICROSOFT-CDO-ALLDAYEVENT:FALSE
X-MICROSOFT-CDO-IMPORTANCE:1
X-MICROSOFT-CDO-INSTTYPE:3
X-MICROSOFT-DISALLOW-COUNTER:FALSE
END:VEVENT
END:VCALENDAR
"""
)
OUTLOOK_COUNTER = f"""BEGIN:VCALENDAR
PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN
VERSION:2.0
METHOD:COUNTER
X-MS-OLK-FORCEINSPECTOROPEN:TRUE
BEGIN:VEVENT
ATTENDEE;PARTSTAT=TENTATIVE;CN="Kim, Hana":MAILTO:{KIM}
CLASS:PUBLIC
COMMENT:New Time Proposed: can we start at nine?
DTEND:20270304T010000Z
DTSTAMP:20270202T010000Z
DTSTART:20270304T000000Z
ORGANIZER;CN=Board:MAILTO:board@clinic.example
SEQUENCE:2
UID:{UID}
X-MS-OLK-ORIGINALEND:20270303T233000Z
X-MS-OLK-ORIGINALSTART:20270303T223000Z
END:VEVENT
END:VCALENDAR
"""
GOOGLE = f"""BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:REPLY
BEGIN:VEVENT
DTSTART:20270303T223000Z
DTEND:20270303T233000Z
DTSTAMP:20270202T010000Z
ORGANIZER;CN=Board:mailto:board@clinic.example
UID:{UID}
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=kim@cl
 inic.example;X-NUM-GUESTS=0;X-RESPONSE-COMMENT="on my way":mailto:kim@clini
 c.example
X-GOOGLE-CONFERENCE:https://meet.example/abc
CREATED:20270201T000000Z
LAST-MODIFIED:20270202T010000Z
LOCATION:
SEQUENCE:2
STATUS:CONFIRMED
SUMMARY:부인암 다학제
TRANSP:OPAQUE
END:VEVENT
END:VCALENDAR
"""
APPLE = f"""BEGIN:VCALENDAR
CALSCALE:GREGORIAN
METHOD:REPLY
PRODID:-//Apple Inc.//macOS 15.1//EN
VERSION:2.0
BEGIN:VEVENT
CREATED:20270201T000000Z
UID:{UID}
DTEND;TZID=Asia/Seoul:20270304T083000
ATTENDEE;CN="김하늘";CUTYPE=INDIVIDUAL;EMAIL="{KIM}";PARTSTAT=TENTATIVE:mailto:{KIM}
SUMMARY:부인암 다학제
DTSTART;TZID=Asia/Seoul:20270304T073000
DTSTAMP:20270202T010000Z
ORGANIZER;CN="Board":mailto:board@clinic.example
SEQUENCE:2
END:VEVENT
END:VCALENDAR
"""
THUNDERBIRD = f"""BEGIN:VCALENDAR
PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN
VERSION:2.0
METHOD:REPLY
BEGIN:VEVENT
LAST-MODIFIED:20270202T010000Z
DTSTAMP:20270202T010000Z
UID:{UID}
STATUS:CONFIRMED
ORGANIZER;CN=Board:mailto:board@clinic.example
ATTENDEE;CN=Kim;PARTSTAT=ACCEPTED;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT:mailto:{KIM}
RRULE:FREQ=WEEKLY;COUNT=4
DTSTART;TZID=Asia/Seoul:20270304T073000
DTEND;TZID=Asia/Seoul:20270304T083000
SEQUENCE:2
END:VEVENT
BEGIN:VEVENT
LAST-MODIFIED:20270202T010000Z
DTSTAMP:20270202T010000Z
UID:{UID}
RECURRENCE-ID;TZID=Asia/Seoul:20270311T073000
ORGANIZER;CN=Board:mailto:board@clinic.example
ATTENDEE;RSVP=TRUE;CN=Kim;PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT:mailto:{KIM}
ATTENDEE;RSVP=TRUE;CN=Lee;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT:mailto:{LEE}
DTSTART;TZID=Asia/Seoul:20270312T160000
DTEND;TZID=Asia/Seoul:20270312T170000
SEQUENCE:2
END:VEVENT
END:VCALENDAR
"""


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def quoted(text: str) -> bytes:
    """Quoted-printable as Exchange writes it, with soft line ends within characters."""
    lines = []
    for line in text.encode().split(b"\n"):
        letters = [f"={byte:02X}" if byte > 126 or byte == 61 else chr(byte) for byte in line]
        pieces = ["".join(letters[at : at + 20]) for at in range(0, len(letters), 20)]
        lines.append("=\r\n".join(pieces))
    return "\r\n".join(lines).encode()


def said(verdict: Verdict) -> tuple[str, str, str, str]:
    return str(verdict.effect), verdict.attendee, verdict.partstat, verdict.comment


def test_exchange_reply_to_an_instance() -> None:
    """No ORGANIZER, Windows time zone, quoted-printable, Microsoft's own properties, marked as a machine's."""
    inside = a_multipart(
        a_part(
            "그날은 수술이 있습니다.".encode("euc-kr"), kind='text/plain; charset="ks_c_5601-1987"', encoding="8bit"
        ),
        a_part(quoted(EXCHANGE), kind='text/calendar; charset="utf-8"; method=REPLY', encoding="quoted-printable"),
    )
    fields = ("X-MS-Exchange-Organization-AuthAs: Internal", "X-Auto-Response-Suppress: DR, OOF, AutoReply")

    verdict = judge(a_mail(inside, sender=f'"김하늘" <{KIM}>', fields=fields), a_state(weeks=4))

    assert said(verdict) == ("partstat", KIM, "DECLINED", "그날은 수술이 있습니다.\n 다음 주는 됩니다.")
    assert verdict.instance == START + WEEK


@pytest.mark.parametrize("with_zone", [True, False])
def test_exchange_reply_in_a_korean_encoding_without_its_time_zone(with_zone: bool) -> None:
    text = EXCHANGE if with_zone else EXCHANGE.replace(EXCHANGE_ZONE, "")
    inside = a_part(crlf(text).encode("cp949"), kind="text/calendar; charset=us-ascii; method=REPLY")

    verdict = judge(a_mail(inside), a_state(weeks=4))

    assert (verdict.instance, verdict.comment[:8]) == (START + WEEK, "그날은 수술이 ")


def test_outlook_proposal() -> None:
    inside = a_part(crlf(OUTLOOK_COUNTER), kind="text/calendar; method=COUNTER; name=meeting.ics", encoding="7bit")

    verdict = judge(a_mail(inside))

    assert said(verdict) == ("proposal", KIM, "TENTATIVE", "New Time Proposed: can we start at nine?")
    assert verdict.proposed is not None
    assert (verdict.proposed.start, verdict.proposed.minutes) == (START + timedelta(minutes=90), 60)


def test_google_reply_with_its_copy() -> None:
    inside = a_multipart(
        a_multipart(PLAIN, a_part(crlf(GOOGLE), kind='text/calendar; charset="UTF-8"; method=REPLY'), boundary="b2"),
        a_part(
            crlf(GOOGLE),
            kind='application/ics; name="invite.ics"',
            extra=('Content-Disposition: attachment; filename="invite.ics"',),
        ),
        kind="mixed",
    )
    fields = (
        f"Reply-To: Kim Hana <{KIM}>",
        "Sender: Google Calendar <calendar-notification@google.example>",
        "Auto-Submitted: auto-generated",
    )

    assert said(judge(a_mail(inside, sender=f"Kim Hana <{KIM}>", fields=fields)))[:3] == ("partstat", KIM, "ACCEPTED")


@pytest.mark.parametrize("disposition", ["inline", "attachment"])
def test_apple_reply(disposition: str) -> None:
    part = a_part(
        crlf(APPLE),
        kind="text/calendar; charset=utf-8; method=REPLY; name=iCal-20270202-100000.ics",
        extra=(f"Content-Disposition: {disposition}; filename=iCal-20270202-100000.ics",),
    )

    assert said(judge(a_mail(a_multipart(PLAIN, part, kind="mixed"))))[:3] == ("partstat", KIM, "TENTATIVE")


def test_thunderbird_reply_with_an_override_of_others() -> None:
    inside = a_multipart(
        a_multipart(PLAIN, a_part(crlf(THUNDERBIRD), encoding="8bit"), boundary="b2"),
        a_part(crlf(THUNDERBIRD), kind="application/ics; name=invite.ics", encoding="8bit"),
        kind="mixed",
    )

    verdict = judge(a_mail(inside), a_state(weeks=4))

    assert (said(verdict)[:3], verdict.instance, verdict.also) == (("partstat", KIM, "ACCEPTED"), None, ())


def test_answer_of_a_delegate_of_exchange_is_that_of_the_person() -> None:
    """Sent on behalf: From is the person, Sender the assistant."""
    fields = (f"Sender: Office <{PARK}>",)

    assert judge(a_mail(a_part(crlf(APPLE)), fields=fields)).effect == "partstat"

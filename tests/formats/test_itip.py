"""What of a mail counts for an invitation: MIME, characters, senders, machines, bounces and limits."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.formats.mails import (
    HTML,
    KIM,
    LEE,
    PARK,
    PLAIN,
    START,
    STRANGER,
    UID,
    a_mail,
    a_multipart,
    a_part,
    a_report,
    an_object,
    calendar_of,
    read,
)
from tumorboard.domain.answers import InboundAttendee, InboundEvent, Reason
from tumorboard.formats.inbound_parts import LARGEST_MAIL
from tumorboard.formats.itip import read_mail, read_mail_apart
from tumorboard.formats.itip_object import read_object
from tumorboard.words.answers import REASONS

EVENT = InboundEvent(
    uid=UID,
    sequence=2,
    stamp=datetime(2027, 2, 2, 1, 0, tzinfo=UTC),
    attendees=(InboundAttendee(KIM, "ACCEPTED"),),
)
SAME = an_object()
OTHER = an_object(attendee=f"ATTENDEE;PARTSTAT=DECLINED:mailto:{KIM}")


def only(content: bytes) -> InboundEvent:
    """The one event of a mail that must be readable."""
    (event,) = read(content).events
    return event


def an_ics(text: str, kind: str = "application/ics; name=invite.ics") -> bytes:
    return a_part(text, kind=kind, extra=("Content-Disposition: attachment; filename=invite.ics",))


@pytest.mark.parametrize(
    "inside",
    [
        a_part(SAME),
        a_part(SAME, encoding="8bit"),
        a_part(SAME.replace("=", "=3D"), encoding="quoted-printable"),
        a_multipart(PLAIN, HTML, a_part(SAME)),
        a_multipart(a_multipart(PLAIN, a_part(SAME), boundary="b2"), an_ics(SAME), kind="mixed"),
        a_multipart(PLAIN, an_ics(SAME), kind="mixed"),
        a_multipart(PLAIN, an_ics(SAME, "application/octet-stream"), kind="mixed"),
        a_multipart(PLAIN, an_ics(SAME, "text/calendar; method=REPLY; charset=utf-8"), kind="mixed"),
        a_multipart(PLAIN, a_part(SAME), a_part(SAME), kind="mixed"),
        a_multipart(a_part(""), an_ics(SAME), kind="mixed"),
        a_multipart(a_part(SAME), an_ics(OTHER), kind="mixed"),
        a_part(SAME.replace("\r\n", "\n"), encoding="8bit"),
        a_part(SAME.replace("\r\n", "\r\r\n")),
        a_part(b"\xef\xbb\xbf" + SAME.encode()),
        a_part(SAME.encode("utf-16")),
        a_part(SAME.encode("utf-16-le"), kind="text/calendar; charset=utf-16-le"),
        a_multipart(a_part(b"\xff", kind="text/plain; charset=\0\xff", encoding="8bit"), a_part(SAME)),
        a_multipart(a_part("x", kind="image/x; name*0*=\0'%00"), a_part(SAME, kind="text/calendar; charset*=\0''x")),
    ],
    ids=[
        "bare", "8bit", "quoted", "alternative", "mixed", "attached", "octets", "attached-calendar", "twice",
        "empty-inline", "inline-wins", "lf", "crcrlf", "mark", "utf-16", "utf-16-le", "bad-charset", "bad-name",
    ],
)  # fmt: skip
def test_calendar_object_is_found(inside: bytes) -> None:
    mail = read(a_mail(inside))

    assert (mail.sender, mail.method, mail.events) == (KIM, "REPLY", (EVENT,))


@pytest.mark.parametrize(
    ("inside", "problem"),
    [
        (PLAIN, "no-calendar"),
        (HTML, "html-only"),
        (a_multipart(PLAIN, HTML), "no-calendar"),
        (a_multipart(a_part(" ", kind="text/plain", encoding="7bit"), HTML), "html-only"),
        (a_multipart(PLAIN, a_part("x", kind="application/ms-tnef"), kind="mixed"), "winmail"),
        (a_multipart(PLAIN, a_part("x", kind="application/octet-stream; name=WINMAIL.DAT"), kind="mixed"), "winmail"),
        (a_part("<html>"), "not-a-calendar"),
        (a_part(""), "not-a-calendar"),
        (a_part("BEGIN:VCARD\r\nEND:VCARD\r\n"), "not-a-calendar"),
        (a_part(SAME + "BEGIN:VEVENT\r\nEND:VEVENT\r\n"), "not-a-calendar"),
        (a_part(SAME[:-20]), "incomplete-calendar"),
        (a_part(SAME.replace("END:VEVENT", "END:VALARM")), "incomplete-calendar"),
        (a_part(calendar_of()), "no-event"),
        (a_part(calendar_of(["BEGIN:VTODO", f"UID:{UID}", "END:VTODO"])), "no-event"),
        (a_part(an_object(method=None), kind="text/calendar"), "method-missing"),
        (a_part(SAME.replace("METHOD:REPLY", "METHOD:REPLY\r\nMETHOD:CANCEL")), "several-methods"),
        (a_part(calendar_of(["BEGIN:VEVENT", "UID:a", "END:VEVENT"], ["BEGIN:VEVENT", "UID:b", "END:VEVENT"])),
         "several-events"),
        (a_part(SAME.removesuffix("END:VCALENDAR\r\n") + OTHER.partition("METHOD:REPLY\r\n")[2]), "duplicate-event"),
        (a_multipart(a_part(SAME), a_part(OTHER)), "several-events"),
        (a_multipart(PLAIN, an_ics(SAME), an_ics(OTHER)), "several-events"),
        (a_multipart(*[a_part(SAME)] * 11), "too-large"),
    ],
)  # fmt: skip
def test_mail_without_a_readable_object_says_why(inside: bytes, problem: str) -> None:
    mail = read_mail(a_mail(inside))

    assert (mail.sender, mail.problem, mail.events) == (KIM, problem, ())


@pytest.mark.parametrize("kind", ["message/rfc822", "multipart/digest; boundary=d"])
def test_calendar_object_of_a_forwarded_mail_is_never_read(kind: str) -> None:
    forwarded = a_mail()
    if kind.startswith("multipart"):
        forwarded = b"--d\r\n\r\n" + forwarded + b"\r\n--d--\r\n"
    inside = a_multipart(PLAIN, f"Content-Type: {kind}\r\n\r\n".encode() + forwarded, kind="mixed", boundary="b9")

    assert read_mail(a_mail(inside)).problem == "no-calendar"


@pytest.mark.parametrize(
    ("body", "parameter", "method"),
    [("REPLY", "; method=CANCEL", "REPLY"), (None, "; method=REPLY", "REPLY"), ("reply", "", "REPLY"),
     ("CANCEL", "; method=REPLY", "CANCEL")],
)  # fmt: skip
def test_method_of_the_body_wins(body: str | None, parameter: str, method: str) -> None:
    assert read(a_mail(a_part(an_object(method=body), kind=f"text/calendar{parameter}"))).method == method


COMMENT = "수술 일정과 겹칩니다, 다음 주에 참석하겠습니다."


@pytest.mark.parametrize("charset", ["us-ascii", "utf-8", "iso-8859-1", "nonsense", "euc-kr", "zip", "unicode_escape"])
def test_korean_in_utf_8_is_read_whatever_the_mail_says(charset: str) -> None:
    text = an_object(f"COMMENT:{COMMENT}".replace(",", "\\,"))

    assert only(a_mail(a_part(text, kind=f"text/calendar; charset={charset}"))).comment == COMMENT


@pytest.mark.parametrize(
    ("codec", "charset"),
    [("cp949", "us-ascii"), ("cp949", "utf-8"), ("euc_kr", "euc-kr"), ("cp949", "ks_c_5601-1987"), ("cp949", ""),
     ("iso2022_kr", "iso-2022-kr"), ("iso2022_kr", "us-ascii"), ("utf-16", "utf-16")],
)  # fmt: skip
def test_korean_in_other_encodings_is_read(codec: str, charset: str) -> None:
    content = an_object(f"COMMENT:{COMMENT}".replace(",", "\\,")).encode(codec)

    assert only(a_mail(a_part(content, kind=f"text/calendar; charset={charset}"))).comment == COMMENT


def test_fold_inside_a_character_is_undone() -> None:
    plain = an_object("COMMENT:가나다").encode()
    folded = plain.replace("나".encode(), "나".encode()[:1] + b"\r\n " + "나".encode()[1:])

    assert only(a_mail(a_part(folded))).comment == "가나다"


def test_comments_are_joined_cleaned_and_cut() -> None:
    many = only(a_mail(an_object("COMMENT:one\\nline\\; two", "COMMENT;LANGUAGE=ko-KR: ", "COMMENT:\x07a\x1b\u202eb")))
    long = only(a_mail(an_object("COMMENT:" + "가" * 20_000)))

    assert many.comment == "one\nline; two\na b"
    assert long.comment == "가" * 2_000


@pytest.mark.parametrize(
    ("field", "sender"),
    [
        (f"Kim <{KIM.upper()}>", KIM),
        (KIM, KIM),
        (f"=?utf-8?b?6rmA7ZWY64qY?= <{KIM}>", KIM),
        (f"Kim, Hana [Prof.] <{KIM}>", KIM),
        (f'"{LEE}" <{KIM}>', KIM),
        (f"=?utf-8?q?lee=40clinic=2Eexample?= <{KIM}>", KIM),
        (f"{KIM} ({LEE})", KIM),
        (f"{KIM} <{KIM}>", KIM),
        (f"=?euc-kr?B?sei0w8fP?=<{KIM}>", KIM),
        (f"김하늘/교수/산부인과 <{KIM}>", KIM),
        (f"{LEE} <{KIM}>", ""),
        (f"{KIM}@elsewhere.example", ""),
        (f"{KIM}, {LEE}", ""),
        (f"Kim <{KIM}> <{LEE}>", ""),
        (f"{KIM}\r\nFrom: {LEE}", ""),
        ("undisclosed:;", ""),
        ("", ""),
        (None, ""),
        ("Kim", ""),
        ("\u212aim@clinic.example", "\u212aim@clinic.example"),
        ("(" * 5_000, ""),
    ],
)
def test_sender_is_the_one_address_of_from(field: str | None, sender: str) -> None:
    assert read_mail(a_mail(sender=field)).sender == sender


@pytest.mark.parametrize(
    ("line", "attendee"),
    [
        (f"ATTENDEE;PARTSTAT=accepted:MAILTO:{KIM.upper()}", InboundAttendee(KIM, "ACCEPTED")),
        (f"ATTENDEE;PARTSTAT=ACCEPTED:{KIM}", InboundAttendee(KIM, "ACCEPTED")),
        (f"ATTENDEE:mailto:{KIM.replace('@', '%40')}", InboundAttendee(KIM)),
        (f'ATTENDEE;CN="Kim: {LEE}; a";PARTSTAT=DECLINED:mailto:{KIM}', InboundAttendee(KIM, "DECLINED")),
        (f'ATTENDEE;CN=Kim "H;PARTSTAT=DECLINED:mailto:{KIM}', InboundAttendee(KIM, "DECLINED")),
        (f"ATTENDEE;X;PARTSTAT=DECLINED:mailto:{KIM}", InboundAttendee(KIM, "DECLINED")),
        (f"ATTENDEE;EMAIL={KIM};PARTSTAT=ACCEPTED:urn:uuid:1", InboundAttendee(KIM, "ACCEPTED")),
        (f'ATTENDEE;SENT-BY="mailto:{PARK}":mailto:{KIM}', InboundAttendee(KIM, sent_by=PARK)),
        (f'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:{PARK}","mailto:{LEE}":mailto:{KIM}',
         InboundAttendee(KIM, "DELEGATED", (PARK, LEE))),
    ],
)  # fmt: skip
def test_attendee_line_is_read(line: str, attendee: InboundAttendee) -> None:
    assert only(a_mail(an_object(attendee=line))).attendees == (attendee,)


def test_delegate_is_found_by_her_own_line_too() -> None:
    event = only(
        a_mail(
            an_object(
                f'ATTENDEE;DELEGATED-FROM="mailto:{KIM}":mailto:{PARK}',
                attendee=f"ATTENDEE;PARTSTAT=DELEGATED:mailto:{KIM}",
            )
        )
    )

    assert event.attendees == (InboundAttendee(KIM, "DELEGATED", (PARK,)), InboundAttendee(PARK))


WINDOWS_ZONE = (
    "BEGIN:VTIMEZONE", "TZID:Sitzungszeit", "BEGIN:STANDARD", "DTSTART:16010101T000000", "TZOFFSETFROM:+0900",
    "TZOFFSETTO:+0900", "END:STANDARD", "END:VTIMEZONE",
)  # fmt: skip
WALL = datetime(2027, 3, 4, 7, 30)  # noqa: DTZ001 - a wall clock


@pytest.mark.parametrize(
    ("line", "changes"),
    [
        ("RECURRENCE-ID:20270303T223000Z", {"recurrence_at": START}),
        ("RECURRENCE-ID;TZID=Asia/Seoul:20270304T073000", {"recurrence_at": START}),
        ("RECURRENCE-ID;TZID=Korea Standard Time:20270304T073000", {"recurrence_at": START}),
        ('RECURRENCE-ID;TZID="(UTC+09:00) Seoul":20270304T073000', {"recurrence_at": START}),
        ("RECURRENCE-ID;TZID=(UTC+09:00) Seoul:20270304T073000", {"recurrence_at": START}),
        ("RECURRENCE-ID;TZID=Sitzungszeit:20270304T073000", {"recurrence_at": START}),
        ("RECURRENCE-ID;TZID=America/New_York:20270303T173000", {"recurrence_at": START}),
        ("RECURRENCE-ID:20270304T073000", {"recurrence_wall": WALL}),
        ("RECURRENCE-ID;TZID=Customized Time Zone:20270304T073000", {"recurrence_wall": WALL}),
        ("RECURRENCE-ID;VALUE=DATE:20270304", {"recurrence_on": date(2027, 3, 4)}),
        ("RECURRENCE-ID;RANGE=THISANDFUTURE:20270303T223000Z", {"recurrence_at": START, "and_later": True}),
        ("RECURRENCE-ID;TZID=Mars/Olympus:20270304T073000", {}),
        ("RECURRENCE-ID:soon", {}),
        ("RECURRENCE-ID;TZID=Asia/Seoul:99999999T999999", {}),
    ],
)
def test_recurrence_id_is_read_as_an_instant(line: str, changes: dict[str, object]) -> None:
    event = only(a_mail(an_object(line, before=WINDOWS_ZONE)))

    assert event == replace(EVENT, has_recurrence=True, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lines", "ends_at"),
    [
        (("DTSTART:20270303T223000Z", "DTEND:20270304T003000Z"), START + timedelta(hours=2)),
        (("DTSTART;TZID=Asia/Seoul:20270304T073000", "DTEND;TZID=Asia/Seoul:20270304T083000"),
         START + timedelta(hours=1)),
        (("DTSTART:20270303T223000Z", "DURATION:P1DT30M"), START + timedelta(days=1, minutes=30)),
        (("DTSTART:20270303T223000Z", "DURATION:-PT1H"), None),
        (("DTSTART:20270303T223000Z",), None),
    ],
)  # fmt: skip
def test_proposed_time_is_read(lines: tuple[str, ...], ends_at: datetime | None) -> None:
    event = only(a_mail(an_object(*lines, method="COUNTER")))

    assert (event.starts_at, event.ends_at) == (START, ends_at)


@pytest.mark.parametrize(
    ("sequence", "lines", "expected"),
    [(0, (), 0), (None, (), None), (None, ("SEQUENCE:x",), None), (None, ("SEQUENCE:-1",), None),
     (None, ("X-MICROSOFT-CDO-APPT-SEQUENCE:3",), 3), (1, ("X-MICROSOFT-CDO-APPT-SEQUENCE:3",), 1)],
)  # fmt: skip
def test_sequence_is_read(sequence: int | None, lines: tuple[str, ...], expected: int | None) -> None:
    assert only(a_mail(an_object(*lines, sequence=sequence))).sequence == expected


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [("20270202T010000Z", EVENT.stamp), ("20270202T010000", EVENT.stamp), ("yesterday", None), (None, None)],
)
def test_stamp_is_read(stamp: str | None, expected: datetime | None) -> None:
    assert only(a_mail(an_object(stamp=stamp))).stamp == expected


def test_parts_of_an_event_are_not_the_event() -> None:
    inner = (
        "BEGIN:VALARM",
        f"ATTENDEE;PARTSTAT=DECLINED:mailto:{LEE}",
        "BEGIN:VEVENT",
        "UID:x",
        "END:VEVENT",
        "END:VALARM",
    )

    assert only(a_mail(an_object(*inner))) == EVENT


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (vacation); x=y",
        "Precedence: bulk",
        "X-Auto-Response-Suppress: All",
        "X-Autoreply: yes",
        "List-Id: <doctors.clinic.example>",
        "Return-Path: <>",
    ],
)
def test_automatic_mail_is_seen_and_a_real_answer_in_it_read(field: str) -> None:
    note, reply = read_mail(a_mail(PLAIN, fields=(field,))), read(a_mail(fields=(field,)))

    assert (note.is_automatic, note.problem) == (True, "no-calendar")
    assert (reply.is_automatic, reply.events) == (True, (EVENT,))


def test_broken_answer_is_no_automatic_note() -> None:
    """Exchange marks answers too."""
    winmail = a_multipart(PLAIN, a_part("x", kind="application/ms-tnef"), kind="mixed")

    mail = read_mail(a_mail(winmail, fields=("X-Auto-Response-Suppress: DR, OOF, AutoReply",)))

    assert (mail.is_automatic, mail.problem) == (False, "winmail")


@pytest.mark.parametrize("fields", [(), ("Auto-Submitted: no",), ("Precedence: normal",), (f"Return-Path: <{KIM}>",)])
def test_mail_of_a_person_is_not_automatic(fields: tuple[str, ...]) -> None:
    assert read_mail(a_mail(PLAIN, fields=fields)).is_automatic is False


FAILED = f"Final-Recipient: rfc822; {KIM}\r\nAction: failed\r\nStatus: 5.1.1"
LATE = f"Final-Recipient: rfc822; {LEE}\r\nAction: delayed\r\nStatus: 4.4.1"
FORWARDED = (
    "Original-Recipient: rfc822;Park+40clinic.example\r\nFinal-Recipient: rfc822; p@far.example\r\nAction: FAILED\r\n"
)


@pytest.mark.parametrize(
    ("blocks", "bounced"),
    [((FAILED,), (KIM,)), ((LATE,), ()), ((LATE, FAILED), (KIM,)), ((FORWARDED, FAILED), (KIM, PARK)),
     ((FAILED.replace("failed", "relayed"),), ())],
)  # fmt: skip
def test_delivery_report_gives_the_addresses_that_failed(blocks: tuple[str, ...], bounced: tuple[str, ...]) -> None:
    mail = read_mail(a_mail(a_report(*blocks, returned="<m1@tumorboard>"), sender="MAILER-DAEMON@clinic.example"))

    assert (mail.bounced, mail.returned_id, mail.is_automatic) == (bounced, "<m1@tumorboard>", True)


def test_read_receipt_is_no_bounce() -> None:
    mail = read_mail(a_mail(a_report(FAILED.replace("Action", "Disposition"), kind="disposition-notification")))

    assert (mail.bounced, mail.is_automatic, mail.problem) == ((), True, "no-calendar")


POSTFIX = (
    "This is the mail system at host mx.clinic.example.\r\n\r\n"
    f"<{KIM}>: host mx.far.example said: 550 5.1.1 unknown user\r\n\r\nReporting-MTA: dns; mx\r\n"
)
QMAIL = (
    "Hi. This is the qmail-send program at mx.clinic.example.\r\nI'm afraid I wasn't able to deliver your message to "
    f"the following addresses.\r\n\r\n<{KIM}>:\r\nSorry, no mailbox here by that name.\r\n\r\n"
    "--- Below this line is a copy of the message.\r\n\r\n"
)


@pytest.mark.parametrize(
    ("text", "fields", "bounced"),
    [
        (QMAIL, ("Return-Path: <>",), (KIM,)),
        ("Unrouteable address", (f"X-Failed-Recipients: {KIM}, {LEE}",), (KIM, LEE)),
        (QMAIL, (), ()),
        (POSTFIX, (), ()),
    ],
)
def test_bounces_of_other_forms_are_found_only_in_mail_of_a_mail_server(
    text: str, fields: tuple[str, ...], bounced: tuple[str, ...]
) -> None:
    inside = a_part(text, kind="text/plain; charset=us-ascii", encoding="7bit")

    assert read_mail(a_mail(inside, fields=fields)).bounced == bounced


def test_calendar_object_beside_a_delivery_report_is_not_read() -> None:
    report = a_report(FAILED).replace(b"--b1--", b"--b1\r\n" + a_part(SAME) + b"\r\n--b1--")

    mail = read_mail(a_mail(report))

    assert (mail.bounced, mail.method, mail.events, mail.problem) == ((KIM,), "", (), "")


def test_digest_is_that_of_what_counts() -> None:
    first = read(a_mail())
    by_another_way = read(a_mail(a_part(SAME), message_id="<x@y>", fields=("Received: from a by b",)))

    assert by_another_way.digest == first.digest
    assert read(a_mail(OTHER)).digest != first.digest
    assert read(a_mail(sender=STRANGER)).digest != first.digest
    assert read_mail(a_mail(PLAIN)).digest != read_mail(a_mail(PLAIN, message_id="<x@y>")).digest
    assert read_mail(a_mail(PLAIN)).digest == read_mail(a_mail(PLAIN, fields=("Received: x",))).digest


LARGE = [
    a_mail(an_object("DESCRIPTION:" + "x" * 1_000_000)),
    a_mail(an_object("COMMENT:" + "x" * 1_000_000, "CLASS:" + "\r\n y" * 200_000)),
    a_mail(an_object(*["BEGIN:X"] * 50_000)),
    a_mail(an_object(*[f"ATTENDEE:mailto:a{place}@b.example" for place in range(20_000)])),
    a_mail(calendar_of(*[["BEGIN:VEVENT", f"UID:{place}", "END:VEVENT"] for place in range(20_000)])),
    a_mail(a_part(b"a\r\n" * 400_000, kind="text/plain", encoding="7bit")),
    a_mail(b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(500))),
    a_mail(b"Content-Type: message/rfc822\r\n\r\n" * 5_000),
    a_mail(b"Content-Type: text/calendar;" + b' a="b";' * 100_000 + b"\r\n\r\n" + SAME.encode()),
    a_mail(sender="Kim " * 100_000 + f"<{KIM}>"),
    a_mail(fields=tuple(f"X-{place}: y" for place in range(100_000))),
    a_mail(an_object("DESCRIPTION:" + "x" * LARGEST_MAIL)),
    a_mail(an_object(*[f"RECURRENCE-ID;TZID=Bomb:202703{day:02}T073000" for day in range(1, 29)], before=(
        "BEGIN:VTIMEZONE", "TZID:Bomb", "BEGIN:STANDARD", "DTSTART:16010101T000000", "TZOFFSETFROM:+0900",
        "TZOFFSETTO:+0900", "RRULE:FREQ=DAILY;BYHOUR=1,2,3,4", "END:STANDARD", "END:VTIMEZONE"))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "problem"),
    list(zip(LARGE, ["", "", *["too-large"] * 10, ""], strict=True)),
    ids=["line", "folds", "nested", "attendees", "events", "lines", "multiparts", "messages", "parameters", "from",
         "fields", "mail", "zone"],
)  # fmt: skip
def test_large_mail_is_read_or_refused_at_once(content: bytes, problem: str) -> None:
    began = time.process_time()
    mail = read_mail(content)

    assert mail.problem == problem
    assert time.process_time() - began < 5


@pytest.mark.parametrize("content", [b"", b"\0" * 1_000, b"\xff\xfe" * 1_000, b"From", b"From: \r\n\r\n", b"\r\n" * 9])
def test_bytes_that_are_no_mail_are_no_problem(content: bytes) -> None:
    assert read_mail(content).events == ()


@pytest.mark.parametrize(
    "content",
    [
        a_mail(an_object("RECURRENCE-ID:20270303T223000Z", "DTSTART:20270303T223000Z", "COMMENT:가")),
        a_mail(an_object("RECURRENCE-ID:20270304T073000", attendee=f'ATTENDEE;DELEGATED-TO="mailto:{PARK}":{KIM}')),
        a_mail(an_object("RECURRENCE-ID;VALUE=DATE:20270304")),
        a_mail(a_report(FAILED), fields=("Return-Path: <>",)),
        a_mail(HTML),
        a_mail(an_object("DESCRIPTION:" + "x" * LARGEST_MAIL)),
    ],
)
def test_mail_is_the_same_when_read_in_its_own_process(content: bytes) -> None:
    assert read_mail_apart(content) == read_mail(content)


@pytest.mark.skipif(sys.platform == "win32", reason="a process starts slowly there")
def test_mail_that_takes_too_long_is_refused_with_its_sender() -> None:
    mail = read_mail_apart(a_mail(), seconds=0.001)

    assert (mail.sender, mail.problem, mail.message_id) == (KIM, "too-large", "<r1@clinic.example>")


def test_every_reason_and_problem_has_words() -> None:
    problems = {
        "no-calendar", "html-only", "winmail", "not-a-calendar", "incomplete-calendar", "no-event", "method-missing",
        "several-methods", "several-events", "duplicate-event", "too-large", "unreadable",
    }  # fmt: skip

    assert sorted(({str(reason) for reason in Reason} | problems) - set(REASONS)) == []


@pytest.mark.parametrize(
    "field",
    [
        "Eve <kim%40clinic.example?x@evil.example>",
        '<"kim@clinic.example?"@evil.example>',
        '<"mailto:kim@clinic.example?"@evil.example>',
        "kim%40clinic.example",
        "<kim@clinic.example?x=@evil.example>",
        "=?utf-8?q?kim=40clinic.example?= <eve%40evil.example>",
    ],
)
def test_address_of_from_is_not_decoded_into_another(field: str) -> None:
    assert read_mail(a_mail(sender=field)).sender == ""


@pytest.mark.parametrize("address", ["kim%40clinic.example?x@evil.example", '"kim@clinic.example?"@evil.example'])
def test_address_of_a_report_is_not_decoded_into_another(address: str) -> None:
    reports = [a_report(f"{name}: rfc822; {address}\r\nAction: failed") for name in RECIPIENT_FIELDS]
    mails = [a_mail(report, sender="MAILER-DAEMON@clinic.example") for report in reports]
    mails.append(a_mail(PLAIN, fields=(f"X-Failed-Recipients: {address}",), sender="MAILER-DAEMON@clinic.example"))

    assert [KIM in read_mail(mail).bounced for mail in mails] == [False, False, False]


@pytest.mark.parametrize("moment", ["00010101T000000Z", "19691231T235959Z", "22000101T000000Z", "99991231T235959Z"])
def test_instants_outside_of_the_years_of_meetings_are_not_read(moment: str) -> None:
    lines = [f"{name}:{moment}" for name in ("DTSTART", "DTEND", "DTSTAMP")]
    _, (event,) = _read_lines([*lines, f"RECURRENCE-ID:{moment}"])

    assert (event.starts_at, event.ends_at, event.stamp, event.recurrence_at) == (None, None, None, None)
    assert event.has_recurrence


@pytest.mark.parametrize(
    ("text", "sequence", "bad"),
    [
        ("7", 7, False),
        ("2147483647", 2147483647, False),
        ("2147483648", None, True),
        ("-1", None, True),
        ("", None, False),
    ],
)
def test_sequence_is_a_number_of_31_bits(text: str, sequence: int | None, bad: bool) -> None:
    _, (event,) = _read_lines([f"SEQUENCE:{text}"])

    assert (event.sequence, event.bad_sequence) == (sequence, bad)


RECIPIENT_FIELDS = ("Original-Recipient", "Final-Recipient")


def _read_lines(lines: list[str]) -> tuple[str, tuple[InboundEvent, ...]]:
    calendar = ["BEGIN:VCALENDAR", "METHOD:REPLY", "BEGIN:VEVENT", "UID:a", *lines, "END:VEVENT", "END:VCALENDAR", ""]
    return read_object("\r\n".join(calendar).encode(), charset="utf-8", parameter="")

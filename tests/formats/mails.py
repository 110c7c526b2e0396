"""Mails about one board, written by hand as real programs write them; all people are made up."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

from tumorboard.domain.answers import EventState, InboundMail, Verdict, interpret
from tumorboard.domain.timeline import Interval
from tumorboard.formats.itip import read_mail

UID = "m-71@tumorboard.clinic.example"
KIM, LEE, PARK = "kim@clinic.example", "lee@clinic.example", "park@clinic.example"
ASSISTANT, STRANGER, BOARD = "office@clinic.example", "mallory@elsewhere.example", "board@clinic.example"
START = datetime(2027, 3, 3, 22, 30, tzinfo=UTC)
"""07:30 in Seoul, on a Thursday."""
SENT = datetime(2027, 2, 1, 0, 0, tzinfo=UTC)
STAMP = "20270202T010000Z"


def a_state(
    *, sequence: int = 2, weeks: int = 0, processed: dict[str, datetime] | None = None, **changes: object
) -> EventState:
    """A meeting that Kim and Lee are invited to; with `weeks` a weekly series of so many."""
    values: dict[str, object] = {
        "uid": UID,
        "sequence": sequence,
        "last_sent": SENT,
        "organizer": BOARD,
        "span": Interval(START, START + timedelta(hours=1)),
        "attendees": {KIM: "NEEDS-ACTION", LEE: "ACCEPTED"},
        "processed": processed or {},
        "delegates": {KIM: frozenset({ASSISTANT})},
        "instances": frozenset(START + timedelta(weeks=week) for week in range(weeks)) if weeks else None,
        "time_zone": "Asia/Seoul",
    }
    return EventState(**{**values, **changes})  # type: ignore[arg-type]


def an_object(
    *lines: str,
    method: str | None = "REPLY",
    uid: str = UID,
    sequence: int | None = 2,
    stamp: str | None = STAMP,
    attendee: str | None = f"ATTENDEE;CN=Kim;PARTSTAT=ACCEPTED:mailto:{KIM}",
    before: tuple[str, ...] = (),
) -> str:
    """A calendar object with one event; further `lines` stand in the event, those of `before` in front of it."""
    event = [
        f"UID:{uid}",
        *([] if stamp is None else [f"DTSTAMP:{stamp}"]),
        *([] if sequence is None else [f"SEQUENCE:{sequence}"]),
        *([] if attendee is None else [attendee]),
        *lines,
    ]
    return calendar_of(["BEGIN:VEVENT", *event, "END:VEVENT"], method=method, before=before)


def calendar_of(*components: list[str], method: str | None = "REPLY", before: tuple[str, ...] = ()) -> str:
    """A VCALENDAR around components."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Somebody//EN"]
    head += [] if method is None else [f"METHOD:{method}"]
    body = [line for component in components for line in component]
    return "\r\n".join([*head, *before, *body, "END:VCALENDAR", ""])


def a_part(
    text: str | bytes,
    *,
    kind: str = "text/calendar; charset=UTF-8; method=REPLY",
    encoding: str = "base64",
    extra: tuple[str, ...] = (),
) -> bytes:
    """One MIME part with its header fields."""
    content = text.encode() if isinstance(text, str) else text
    body = base64.encodebytes(content).replace(b"\n", b"\r\n") if encoding == "base64" else content
    head = "\r\n".join([f"Content-Type: {kind}", f"Content-Transfer-Encoding: {encoding}", *extra])
    return head.encode() + b"\r\n\r\n" + body


PLAIN = a_part("see the calendar", kind="text/plain; charset=utf-8", encoding="7bit")
HTML = a_part("<p>see the calendar</p>", kind="text/html; charset=utf-8", encoding="7bit")


def a_multipart(*parts: bytes, kind: str = "alternative", boundary: str = "b1", parameters: str = "") -> bytes:
    """Parts in one, with its header field."""
    line = f"--{boundary}".encode()
    body = b"".join(line + b"\r\n" + part + b"\r\n" for part in parts)
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"{parameters}\r\n\r\n'.encode()
    return head + body + line + b"--\r\n"


def a_mail(
    inside: bytes | str | None = None,
    *,
    sender: str | None = f"Kim <{KIM}>",
    fields: tuple[str, ...] = (),
    message_id: str = "<r1@clinic.example>",
) -> bytes:
    """A mail around what begins with the header fields of its body; a text is a calendar object in an alternative."""
    if inside is None or isinstance(inside, str):
        inside = a_multipart(PLAIN, a_part(an_object() if inside is None else inside))
    head = [
        *([] if sender is None else [f"From: {sender}"]),
        f"To: Board <{BOARD}>",
        "Subject: Accepted: Gynaecological tumor board",
        "Date: Tue, 02 Feb 2027 10:00:00 +0900",
        f"Message-ID: {message_id}",
        "MIME-Version: 1.0",
        *fields,
    ]
    return "\r\n".join(head).encode() + b"\r\n" + inside


def a_report(*blocks: str, returned: str = "", kind: str = "delivery-status") -> bytes:
    """A delivery report (RFC 3464) with a block of fields per recipient, and the head of the letter it gives back."""
    status = "Reporting-MTA: dns; mx.clinic.example\r\n\r\n" + "\r\n\r\n".join(blocks) + "\r\n"
    return a_multipart(
        a_part("This is the mail system.", kind="text/plain", encoding="7bit"),
        a_part(status, kind=f"message/{kind}", encoding="7bit"),
        a_part(f"Message-ID: {returned}\r\n\r\n", kind="text/rfc822-headers", encoding="7bit"),
        kind="report",
        parameters=f"; report-type={kind}",
    )


def read(content: bytes) -> InboundMail:
    """What is read of a mail that must be readable."""
    mail = read_mail(content)
    assert mail.problem == "", mail.problem
    return mail


def judge(content: bytes, state: EventState | None = None) -> Verdict:
    """What a mail does to the meeting, or to another state."""
    known = a_state() if state is None else state
    return interpret(read_mail(content), {known.uid: known})

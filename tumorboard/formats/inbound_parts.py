"""The parts of a mail that count: who sent it, whether a machine did, and the calendar objects in it (RFC 6047)."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32, default
from typing import TypeAlias

from tumorboard.domain.errors import BadInput
from tumorboard.formats.itip_values import read_plain_address

LARGEST_MAIL = 10_000_000
_LARGEST_HEAD = 300_000
_LONGEST_FIELD = 2_000
_LONGEST_CONTENT_FIELD = 8_000
_MOST_LINES = 300_000
_MOST_CONTENT_FIELDS = 300
_MOST_NESTED = 30
_MOST_PARTS = 10
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n|\r\r")
_CONTENT_FIELD = re.compile(rb"^content-[a-z-]{1,40}:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*", re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(rb"boundary\*?\d*\*?\s*=", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_ANY_ADDRESS = re.compile(r"[^\s<>@,;:]+@[^\s<>@,;:]+")
_CALENDAR_TYPES = {"text/calendar", "text/x-vcalendar", "application/ics", "application/calendar"}
_TNEF_TYPES = {"application/ms-tnef", "application/vnd.ms-tnef"}
_OF_MACHINES = ("x-autoreply", "x-autorespond", "x-auto-response-suppress", "x-autoresponder", "list-id")
_PRECEDENCES = {"bulk", "junk", "list", "auto_reply"}
_SYSTEM_NAMES = {"mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon"}

MailMessage: TypeAlias = "Message[str, str]"


@dataclass(frozen=True, slots=True)
class CalendarPart:
    """A part that may be a calendar object, decoded from its transfer encoding; `method` is its MIME parameter."""

    content: bytes
    charset: str
    method: str
    is_inline: bool


@dataclass(frozen=True, slots=True)
class MailParts:
    """The calendar parts of a mail and what else is in it."""

    calendars: tuple[CalendarPart, ...]
    has_winmail: bool
    is_html_only: bool


def parse_head(content: bytes) -> MailMessage:
    """The header fields alone, of limited size."""
    end = _END_OF_HEAD.search(content, 0, _LARGEST_HEAD)
    head = content[: end.start() if end else _LARGEST_HEAD]
    return message_from_bytes(head + b"\n\n", policy=compat32)


def parse_mail(content: bytes) -> MailMessage:
    """The whole mail. Raises BadInput `too-large` for what would take the parser too long.

    The policy is the one that leaves header fields alone: the other reads each, in a time that grows with the square
    of its length, and stumbles over broken ones.
    """
    fields = [found.group() for found in _CONTENT_FIELD.finditer(content[:LARGEST_MAIL])]
    has_endless_head = len(content) > _LARGEST_HEAD and _END_OF_HEAD.search(content, 0, _LARGEST_HEAD) is None
    if (
        len(content) > LARGEST_MAIL
        or content.count(b"\n") + content.count(b"\r") > 2 * _MOST_LINES
        or has_endless_head
        or len(fields) > _MOST_CONTENT_FIELDS
        or any(len(text) > _LONGEST_CONTENT_FIELD for text in fields)
        or sum(_BOUNDARY.search(text) is not None for text in fields) > _MOST_NESTED
    ):
        raise BadInput("the mail is too large, or has too many parts", code="too-large")
    return message_from_bytes(content, policy=compat32)


def read_field(message: MailMessage, name: str) -> str:
    """The first field of that name as it stands, shortened; empty without one."""
    values = _raw_fields(message, name)
    return values[0][:_LONGEST_FIELD] if values else ""


def _raw_fields(message: MailMessage, name: str) -> list[str]:
    return [
        " ".join(_CONTROL.sub(" ", str(value).encode(errors="surrogateescape").decode(errors="replace")).split())
        for key, value in message.raw_items()
        if key.lower() == name
    ]


def read_sender(message: MailMessage) -> str:
    """The address of From in small letters; empty unless it is just one without any doubt."""
    fields = _raw_fields(message, "from")
    if len(fields) != 1 or len(fields[0]) > _LONGEST_FIELD:
        return ""
    with suppress(Exception):  # the parser of the standard library stumbles over some broken fields
        header = default.header_factory("From", fields[0])
        broken = any("invalid address" in str(defect) for defect in header.defects)
        addresses = [address.addr_spec for address in header.addresses]
        if len(addresses) == 1 and not broken:
            return _as_written(read_plain_address(addresses[0]), fields[0])
    bare = _QUOTED.sub(" ", fields[0])
    found = _ANY_ADDRESS.findall(bare)
    addresses = list(dict.fromkeys(read_plain_address(address) for address in found))
    return addresses[0] if len(addresses) == 1 and bare.count("@") == len(found) else ""


def _as_written(address: str, field: str) -> str:
    """The address if its letters stand in the field: what encoded words or comments make of it is in doubt."""
    return address if address.lower() in field.lower() else ""


def is_automatic(message: MailMessage) -> bool:
    """True for what a machine sent: RFC 3834, and the fields of programs that came before it."""
    submitted = read_field(message, "auto-submitted").partition(";")[0].strip().lower()
    if submitted not in ("", "no") or read_field(message, "precedence").strip().lower() in _PRECEDENCES:
        return True
    return any(read_field(message, name) for name in _OF_MACHINES) or is_from_system(message)


def is_from_system(message: MailMessage) -> bool:
    """True for mail of a mail server: an empty envelope sender, a report, or an address of the postmaster."""
    return (
        read_field(message, "return-path").replace(" ", "") == "<>"
        or message.get_content_type() == "multipart/report"
        or read_sender(message).partition("@")[0] in _SYSTEM_NAMES
        or bool(read_field(message, "x-failed-recipients"))
    )


def list_parts(message: MailMessage) -> MailParts:
    """The parts of the top message; a message inside it, forwarded or returned, is never opened.

    Raises BadInput `too-large` for too many calendar parts.
    """
    calendars: list[CalendarPart] = []
    has_winmail = has_html = has_text = False
    waiting = [message]
    while waiting:
        part = waiting.pop()
        kind = part.get_content_type()
        if part.get_content_maintype() == "message":
            continue
        if part.is_multipart():
            waiting.extend(reversed(list_inner(part)))
        elif kind in _TNEF_TYPES or _find_name(part).endswith("winmail.dat"):
            has_winmail = True
        elif kind in _CALENDAR_TYPES or _find_name(part).endswith((".ics", ".ifb", ".vcs")):
            calendars.append(_read_part(part, kind))
        elif kind == "text/html":
            has_html = True
        elif kind == "text/plain":
            has_text = has_text or bool(read_content(part).strip())
    if len(calendars) > _MOST_PARTS:
        raise BadInput(f"the mail has more than {_MOST_PARTS} calendar objects", code="too-large")
    return MailParts(tuple(calendars), has_winmail, has_html and not has_text)


def list_inner(part: MailMessage) -> list[MailMessage]:
    """The parts, or the message, inside a part."""
    payload = part.get_payload() if part.is_multipart() else []
    return [piece for piece in payload if isinstance(piece, Message)] if isinstance(payload, list) else []


def read_content(part: MailMessage) -> bytes:
    """The bytes of a part without its transfer encoding; whatever its charset says."""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _read_part(part: MailMessage, kind: str) -> CalendarPart:
    return CalendarPart(
        content=read_content(part),
        charset=_find_parameter(part, "charset"),
        method=_find_parameter(part, "method"),
        is_inline=kind == "text/calendar" and not read_field(part, "content-disposition").lower().startswith("attach"),
    )


def _find_parameter(part: MailMessage, name: str) -> str:
    text = ""
    with suppress(ValueError, LookupError, TypeError):  # RFC 2231 in the wrong hands
        value = part.get_param(name, "")
        text = str(value[2] if isinstance(value, tuple) else value)
    return text.strip().strip('"')[:100]


def _find_name(part: MailMessage) -> str:
    """The file name in small letters; some programs encode it as only header texts are."""
    name = ""
    with suppress(ValueError, LookupError, TypeError):  # as above
        name = str(part.get_filename() or "")[:500]
        name = str(make_header(decode_header(name))) if "=?" in name else name
    return name.strip().strip('"').casefold()

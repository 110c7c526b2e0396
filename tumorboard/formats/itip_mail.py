"""A mail → what of it counts for an invitation (RFC 6047), within limits of size, parts and work."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from tumorboard.domain.answers import InboundEvent, InboundMail
from tumorboard.domain.errors import BadInput
from tumorboard.formats.inbound_bounces import find_returned_id, list_bounced
from tumorboard.formats.inbound_parts import (
    CalendarPart,
    MailMessage,
    MailParts,
    is_automatic,
    list_parts,
    parse_head,
    parse_mail,
    read_field,
    read_sender,
)
from tumorboard.formats.itip_object import read_object

_FINAL = ("several-events", "several-methods", "duplicate-event", "too-large")
_NOTES = ("no-calendar", "html-only")
"""What a note of a machine is; a broken calendar object was meant as an answer, whoever sent it."""

_LONGEST_ID = 500


def read_mail(content: bytes) -> InboundMail:
    """What counts in a mail. Never raises: what cannot be read is a `problem`.

    The calendar object is the inline text/calendar of the top message, else an attached .ics; the same object twice
    counts once, and two that differ are a problem.
    """
    try:
        return _read(content)
    except BadInput as refused:
        return read_head(content, problem=refused.code)
    except Exception:  # strangers write these bytes, and the mailbox must go on being read
        return read_head(content, problem="unreadable")


def read_head(content: bytes, *, problem: str) -> InboundMail:
    """The sender and kind of a mail whose inside is not read."""
    digest = hashlib.sha256(content).hexdigest()
    try:
        head = parse_head(content)
        return InboundMail(
            sender=read_sender(head),
            digest=digest,
            message_id=read_field(head, "message-id")[:_LONGEST_ID],
            is_automatic=is_automatic(head),
            problem=problem,
        )
    except Exception:  # as above
        return InboundMail(sender="", digest=digest, problem=problem)


def _read(content: bytes) -> InboundMail:
    message = parse_mail(content)
    parts = list_parts(message)
    method, events, problem, parameter = "", tuple[InboundEvent, ...](), "", ""
    bounced = list_bounced(message, content, may_guess=not parts.calendars)
    if not bounced:
        try:
            method, events, parameter = _read_calendar(parts)
        except BadInput as refused:
            problem = refused.code
    found = InboundMail(
        sender=read_sender(message),
        digest="",
        message_id=read_field(message, "message-id")[:_LONGEST_ID],
        is_automatic=problem in ("", *_NOTES) and is_automatic(message),
        bounced=bounced,
        returned_id=find_returned_id(message)[:_LONGEST_ID],
        method=method,
        method_parameter=parameter,
        events=events,
        problem="" if bounced else problem,
    )
    return _with_digest(found, message, content)


def _read_calendar(parts: MailParts) -> tuple[str, tuple[InboundEvent, ...], str]:
    """METHOD, events and the MIME parameter. Raises BadInput with the code of the problem."""
    inline = [part for part in parts.calendars if part.is_inline]
    attached = [part for part in parts.calendars if not part.is_inline]
    refused = BadInput("the mail holds no calendar object", code=_name_problem(parts))
    for tier in (inline, attached):
        try:
            if tier:
                return _read_same(tier)
        except BadInput as error:
            if error.code in _FINAL:
                raise
            refused = error
    raise refused


def _read_same(parts: list[CalendarPart]) -> tuple[str, tuple[InboundEvent, ...], str]:
    """What parts say that all say the same; those that cannot be read are left out when another can."""
    found: dict[tuple[str, tuple[InboundEvent, ...]], str] = {}
    refused: BadInput | None = None
    for part in parts:
        try:
            found.setdefault(read_object(part.content, charset=part.charset, parameter=part.method), part.method)
        except BadInput as error:
            if error.code in _FINAL:
                raise
            refused = refused or error
    if len(found) > 1:
        raise BadInput("the mail holds several calendar objects", code="several-events")
    if not found and refused is not None:
        raise refused
    ((method, events), parameter), *_ = found.items()
    return method, events, parameter.upper()[:40]


def _name_problem(parts: MailParts) -> str:
    if parts.has_winmail:
        return "winmail"
    return "html-only" if parts.is_html_only else "no-calendar"


def _with_digest(mail: InboundMail, message: MailMessage, content: bytes) -> InboundMail:
    """Servers add and change header fields on the way, so a calendar object with a stamp is known by itself alone."""
    counts = [mail.sender, mail.method, repr(mail.events), repr(mail.bounced), mail.returned_id]
    if not mail.events or any(event.stamp is None for event in mail.events):
        named = [read_field(message, name) for name in ("message-id", "date", "subject")]
        counts += [mail.problem, *named, "" if named[0] else hashlib.sha256(content).hexdigest()]
    digest = hashlib.sha256("\n".join(counts).encode(errors="replace")).hexdigest()
    return replace(mail, digest=digest)

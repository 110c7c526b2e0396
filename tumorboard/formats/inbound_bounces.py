"""Which addresses a delivery report gives up on: RFC 3464, and the forms of mail servers that know no standard."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from email import message_from_bytes
from email.policy import compat32

from flufl.bounce import scan_message

from tumorboard.formats.inbound_parts import (
    MailMessage,
    is_from_system,
    list_inner,
    parse_head,
    read_content,
    read_field,
)
from tumorboard.formats.itip_values import read_plain_address

_LARGEST_SCAN = 200_000
_MOST_ADDRESSES = 50
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_FAILED = ("fail", "error")

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)
"""Its detectors log what they stumble over, and that is somebody's mail."""


def list_bounced(message: MailMessage, content: bytes, *, may_guess: bool) -> tuple[str, ...]:
    """The addresses in small letters, sorted; those to which delivery is only late or relayed are left out.

    With `may_guess` the text of a mail server's message without a report is searched too.
    """
    statuses = _list_statuses(message)
    if statuses:
        found = {_find_recipient(block) for block in statuses if _is_failed(block)}
    elif may_guess and is_from_system(message) and not _is_receipt(message):
        found = {read_plain_address(piece) for piece in read_field(message, "x-failed-recipients").split(",")}
        with suppress(Exception):  # the detectors read texts of any kind, and some stumble
            scanned = scan_message(message_from_bytes(content[:_LARGEST_SCAN], policy=compat32))
            found |= {read_plain_address(address.decode(errors="replace")) for address in scanned}
    else:
        return ()
    return tuple(sorted(found - {""}))[:_MOST_ADDRESSES]


def find_returned_id(message: MailMessage) -> str:
    """The Message-ID of the letter that a report gives back, whole or its header alone; empty without one."""
    for part in _list_pieces(message):
        kind = part.get_content_type()
        inner = list_inner(part)
        if kind in ("message/rfc822", "message/global") and inner:
            return read_field(inner[0], "message-id")
        if kind in ("text/rfc822-headers", "message/rfc822-headers"):
            return read_field(inner[0] if inner else parse_head(read_content(part)), "message-id")
    return ""


def _list_pieces(message: MailMessage) -> list[MailMessage]:
    """The parts of a report."""
    return list_inner(message) if message.get_content_type() == "multipart/report" else []


def _is_receipt(message: MailMessage) -> bool:
    """A receipt says what became of a letter that did arrive (RFC 8098)."""
    return any(part.get_content_type() == "message/disposition-notification" for part in _list_pieces(message))


def _list_statuses(message: MailMessage) -> list[MailMessage]:
    """The blocks of fields per recipient; the first block, about the message, has none of them."""
    blocks: list[MailMessage] = []
    for part in _list_pieces(message):
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            blocks += list_inner(part)
    return [block for block in blocks if read_field(block, "action")]


def _is_failed(block: MailMessage) -> bool:
    return read_field(block, "action").strip().lower().startswith(_FAILED)


def _find_recipient(block: MailMessage) -> str:
    """The address that was written to, as it was written (RFC 3464, 2.3.1), else where it went in the end."""
    for name in ("original-recipient", "final-recipient"):
        kind, _, address = read_field(block, name).rpartition(";")
        if "xtext" in kind or name == "original-recipient":
            address = _XTEXT.sub(lambda found: chr(int(found[1], 16)), address) if "@" not in address else address
        found = read_plain_address(address.strip().removeprefix("<").removesuffix(">"))
        if found:
            return found
    return ""

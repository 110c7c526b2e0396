"""What a mail reader finds in a letter."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


def open_mail(content: bytes) -> EmailMessage:
    """The letter as a tree of parts."""
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def parts_of(content: bytes, content_type: str) -> list[EmailMessage]:
    """The parts of a type that are shown and not attached."""
    parts = [part for part in open_mail(content).walk() if part.get_content_type() == content_type]
    return [part for part in parts if isinstance(part, EmailMessage) and not part.is_attachment()]


def calendar_part(content: bytes) -> bytes:
    """The bytes of the one inline calendar object."""
    (part,) = parts_of(content, "text/calendar")
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


def text_of(content: bytes, content_type: str = "text/plain") -> str:
    """The words of the one part of this type."""
    (part,) = parts_of(content, content_type)
    return str(part.get_content())

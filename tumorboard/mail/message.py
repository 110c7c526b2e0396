"""A letter and its calendar object as one e-mail (RFC 6047): equal input gives equal bytes."""

from __future__ import annotations

import re
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from uuid import UUID

from tumorboard.domain.addresses import is_address
from tumorboard.domain.errors import BadInput
from tumorboard.mail.headers import write_address, write_link, write_text
from tumorboard.mail.letters import Letter, Mailbox

_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9.-]+>")
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ATTACHMENT_NAME = "invite.ics"


def build_message(
    letter: Letter,
    ics: bytes,
    method: str,
    *,
    mail_from: str,
    organizer: Mailbox,
    to: Mailbox,
    message_id: str,
    date: datetime,
    unsubscribe_url: str | None = None,
) -> bytes:
    """The whole e-mail in ASCII with CRLF, ready for `Mailer.send`.

    The author is the organizer, so that answers reach her; `mail_from` is named as the sender where it differs.
    `message_id` stands in angle brackets. At `unsubscribe_url` mail programs switch letters of the kind off (RFC 2369),
    by https with one click (RFC 8058). Raises BadInput (`bad-header`) for a line break or a control character in
    anything that becomes a header, and for an address or Message-ID that is none.
    """
    message = _begin(message_id, date)
    message.make_mixed(boundary=_boundary("mixed", message_id))
    message.attach(_alternatives(letter, ics, method, message_id))
    message.attach(_attachment(ics))
    return _write_head(letter, mail_from, organizer, to, unsubscribe_url) + message.as_bytes()


def build_plain_message(
    letter: Letter,
    *,
    mail_from: str,
    organizer: Mailbox,
    to: Mailbox,
    message_id: str,
    date: datetime,
    unsubscribe_url: str | None = None,
) -> bytes:
    """The same without a calendar object: text and HTML only."""
    message = _begin(message_id, date)
    message.make_alternative(boundary=_boundary("alternative", message_id))
    for part in _texts(letter):
        message.attach(_without_version(part))
    return _write_head(letter, mail_from, organizer, to, unsubscribe_url) + message.as_bytes()


def _write_head(letter: Letter, mail_from: str, organizer: Mailbox, to: Mailbox, unsubscribe_url: str | None) -> bytes:
    """The headers that hold people's words. `EmailMessage` writes some of them so that readers see other words."""
    lines = [write_address("From", _check(organizer.name, "organizer"), check_address(organizer.email, "organizer"))]
    if mail_from.casefold() != organizer.email.casefold():
        lines.append(write_address("Sender", "", check_address(mail_from, "sender")))
    lines.append(write_address("To", _check(to.name, "recipient"), check_address(to.email, "recipient")))
    lines.append(write_text("Subject", _check(letter.subject, "subject")))
    if unsubscribe_url:
        lines.append(write_link("List-Unsubscribe", unsubscribe_url))
        if unsubscribe_url.startswith("https://"):
            lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _begin(message_id: str, date: datetime) -> EmailMessage:
    """The message with the headers that `_write_head` leaves."""
    message = EmailMessage(policy=SMTP)
    message["Date"] = _check_aware(date)
    if not _MESSAGE_ID.fullmatch(message_id):
        raise BadInput("the Message-ID is not of the form <id@example.org>", code="bad-header")
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message["MIME-Version"] = "1.0"
    return message


def check_address(email: str, what: str) -> str:
    """The address itself. Raises BadInput (`bad-header`) when it is not of the form name@example.org, in ASCII."""
    if not is_address(email):
        raise BadInput(f"the address of the {what} is not of the form name@example.org; correct it", code="bad-header")
    return email


def _alternatives(letter: Letter, ics: bytes, method: str, message_id: str) -> EmailMessage:
    """Text, HTML and the calendar object last: the first one a client understands from the end is shown."""
    calendar = EmailMessage(policy=SMTP)
    parameters = {"method": _check(method, "method"), "charset": "UTF-8"}
    calendar.set_content(ics, maintype="text", subtype="calendar", cte="base64", params=parameters)
    alternatives = EmailMessage(policy=SMTP)
    alternatives.make_alternative(boundary=_boundary("alternative", message_id))
    for part in (*_texts(letter), calendar):
        alternatives.attach(_without_version(part))
    return _without_version(alternatives)


def _texts(letter: Letter) -> tuple[EmailMessage, EmailMessage]:
    text, html = EmailMessage(policy=SMTP), EmailMessage(policy=SMTP)
    text.set_content(letter.text, cte="base64")
    html.set_content(letter.html, subtype="html", cte="base64")
    return text, html


def _attachment(ics: bytes) -> EmailMessage:
    """The same bytes as a file without `method`, so that no client acts on them twice."""
    attachment = EmailMessage(policy=SMTP)
    attachment.set_content(
        ics,
        maintype="application",
        subtype="ics",
        cte="base64",
        disposition="attachment",
        filename=_ATTACHMENT_NAME,
        params={"name": _ATTACHMENT_NAME},
    )
    return _without_version(attachment)


def _without_version(part: EmailMessage) -> EmailMessage:
    """MIME-Version belongs to the whole message only (RFC 2045, 4)."""
    del part["MIME-Version"]
    return part


def _boundary(role: str, message_id: str) -> str:
    """The same for the same letter; its hyphens keep digits apart that could look like a registration number."""
    return f"=_{role}_{UUID(bytes=sha256(message_id.encode()).digest()[:16])}"


def _check(text: str, what: str) -> str:
    if _UNSAFE.search(text):
        raise BadInput(f"the {what} of the letter contains a line break or a control character", code="bad-header")
    return text


def _check_aware(date: datetime) -> datetime:
    if date.tzinfo is None:
        raise ValueError("a letter needs an aware date")
    return date

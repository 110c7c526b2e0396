"""Carries finished letters to a mail server, or shows them on the console."""

from __future__ import annotations

import re
import smtplib
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import SMTP as MAIL_POLICY
from typing import Protocol
from urllib.parse import unquote, urlsplit

from tumorboard.domain.errors import BadInput, DomainError
from tumorboard.mail.message import check_address

TIMEOUT_SECONDS = 10
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_FORMS = "use console:, smtp://host:25, smtp+starttls://user:password@host:587 or smtps://user:password@host:465"
_REASON_LENGTH = 300


class DeliveryFailure(DomainError):
    """A letter did not leave. `reason` is for the operator's page; it holds no password."""

    code = "delivery-failure"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TemporaryFailure(DeliveryFailure):
    """Worth another try later: a 4xx answer, or no answer."""

    code = "delivery-temporary"


class ServerUnreachable(TemporaryFailure):
    """The mail server cannot be used at all now, so that the next letter need not be tried either."""

    code = "mail-server-unreachable"


class PermanentFailure(DeliveryFailure):
    """The server refuses this letter or this recipient for good (5xx)."""

    code = "delivery-permanent"


class Mailer(Protocol):
    """What carries letters."""

    def send(self, message: bytes, *, sender: str, recipient: str) -> None:
        """Hand over one finished e-mail; raises TemporaryFailure or PermanentFailure."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where letters go. `scheme` is `console`, `smtp`, `smtp+starttls` or `smtps`."""

    scheme: str
    host: str = ""
    port: int = 0
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def parse_mail_url(mail_url: str) -> MailServer:
    """The server a mail address such as `smtp://host:25` stands for.

    Characters of user and password with a meaning in URLs are percent-encoded. Raises BadInput (`bad-mail-url`), whose
    message never repeats user or password.
    """
    if mail_url.strip() == "console:":
        return MailServer("console")
    try:
        parts = urlsplit(mail_url.strip())
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise _bad_url("its host or port cannot be read") from error
    if parts.scheme not in _PORTS:
        raise _bad_url("its scheme is unknown")
    if not host or re.search(r"\s", parts.netloc):
        raise _bad_url("it names no host")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise _bad_url("something follows the host; percent-encode /, ? and # in user and password")
    if (parts.username is None) != (parts.password is None):
        raise _bad_url("user and password belong together")
    user = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    return MailServer(parts.scheme, host, port or _PORTS[parts.scheme], user, password)


@contextmanager
def open_mailer(mail_url: str) -> Iterator[Mailer]:
    """A mailer for a run of letters; it connects at the first letter and again after a lost connection."""
    server = parse_mail_url(mail_url)
    if server.scheme == "console":
        yield ConsoleMailer()
        return
    mailer = SmtpMailer(server)
    try:
        yield mailer
    finally:
        mailer.close()


class SmtpMailer:
    """Letters over one SMTP connection."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._connection: smtplib.SMTP | None = None

    def send(self, message: bytes, *, sender: str, recipient: str) -> None:
        """See Mailer. A connection lost half-way is a temporary failure even if the letter may have arrived."""
        check_address(sender, "sender")
        check_address(recipient, "recipient")
        connection = self._connect()
        try:
            connection.sendmail(sender, [recipient], message)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            self._fail(code, text, error)
        except smtplib.SMTPResponseException as error:
            self._fail(error.smtp_code, error.smtp_error, error)
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise TemporaryFailure(f"the connection to the mail server was lost: {_say(error)}") from error

    def close(self) -> None:
        """Take leave of the server, quietly: what was sent is sent."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.quit()
        except (smtplib.SMTPException, OSError):
            connection.close()

    def _fail(self, code: int, text: bytes | str, error: Exception) -> None:
        if code == 421:  # the server is closing the connection (RFC 5321, 3.8)
            self.close()
        reason = f"{code} {_shorten(text)}"
        raise (PermanentFailure if 500 <= code < 600 else TemporaryFailure)(reason) from error

    def _connect(self) -> smtplib.SMTP:
        if self._connection is None:
            try:
                self._connection = _open_connection(self._server)
            except (smtplib.SMTPException, OSError, UnicodeError) as error:
                where = f"{self._server.host}:{self._server.port}"
                raise ServerUnreachable(f"the mail server {where} cannot be used: {_say(error)}") from error
        return self._connection


class ConsoleMailer:
    """Letters on standard error, for a first look without a mail server."""

    def send(self, message: bytes, *, sender: str, recipient: str) -> None:
        """Print the headers and the plain text."""
        parsed = message_from_bytes(message, policy=MAIL_POLICY)
        text = parsed.get_body(preferencelist=("plain",))
        headers = "\n".join(f"{name}: {value}" for name, value in parsed.items())
        body = text.get_content().replace("\r\n", "\n") if text is not None else ""
        print(f"--- letter from {sender} to {recipient}\n{headers}\n\n{body}---", file=sys.stderr)


@dataclass(frozen=True, slots=True)
class SentLetter:
    """What a FakeMailer was given."""

    message: bytes
    sender: str
    recipient: str


@dataclass(slots=True)
class FakeMailer:
    """A mailer for tests: it keeps what it is given, and fails for the recipients told to."""

    sent: list[SentLetter] = field(default_factory=list)
    failures: dict[str, DeliveryFailure] = field(default_factory=dict)

    def send(self, message: bytes, *, sender: str, recipient: str) -> None:
        """See Mailer."""
        if recipient in self.failures:
            raise self.failures[recipient]
        self.sent.append(SentLetter(message, sender, recipient))


def _open_connection(server: MailServer) -> smtplib.SMTP:
    """A connection ready for letters; it is closed again when anything about it fails."""
    context = ssl.create_default_context()
    connection: smtplib.SMTP
    if server.scheme == "smtps":
        connection = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    try:
        if server.scheme == "smtp+starttls":
            connection.starttls(context=context)
        if server.user is not None and server.password is not None:
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection


def _bad_url(why: str) -> BadInput:
    return BadInput(f"the mail server's address (MAIL_URL) cannot be used: {why}; {_FORMS}", code="bad-mail-url")


def _say(error: Exception) -> str:
    if isinstance(error, UnicodeError):  # whose own words quote the password
        return "its host name, the user or the password holds characters that cannot be sent"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_shorten(error.smtp_error)}"
    return _shorten(str(error)) or type(error).__name__


def _shorten(text: bytes | str) -> str:
    """A server's words as one line."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join(words.split())[:_REASON_LENGTH]

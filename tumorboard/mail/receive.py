"""Reads a mailbox over IMAP: what is new, message by message. Nothing is ever deleted."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from imap_tools import BaseMailBox, MailBox, MailboxLoginError, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from tumorboard.domain.errors import BadInput, DomainError

TIMEOUT_SECONDS = 10
DONE_FOLDER = "tumorboard-done"
"""Read messages are moved here where this folder exists; else they are marked as read and stay."""

_PORTS = {"imap": 143, "imap+starttls": 143, "imaps": 993}
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_REASON_LENGTH = 200


class InboxFailure(DomainError):
    """The mailbox cannot be used now; the message holds no password."""

    code = "inbox-unreachable"


@dataclass(frozen=True, slots=True)
class InboxServer:
    """Where answers arrive. `scheme` is `imap`, `imap+starttls` or `imaps`."""

    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"


@dataclass(frozen=True, slots=True)
class NewMail:
    """A message nobody has read: its UID in the folder and its size in bytes."""

    uid: str
    size: int


def parse_inbox_url(url: str) -> InboxServer:
    """The mailbox an address such as `imaps://user:password@host/INBOX` stands for.

    Raises BadInput `bad-inbox-url`, whose message repeats neither user nor password.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise _bad_url("its host or port cannot be read") from None
    if parts.scheme not in _PORTS:
        raise _bad_url("its scheme is unknown")
    if not parts.hostname or not parts.username or not parts.password:
        raise _bad_url("it names no host, user or password")
    return InboxServer(
        parts.scheme,
        parts.hostname,
        port or _PORTS[parts.scheme],
        unquote(parts.username),
        unquote(parts.password),
        unquote(parts.path.strip("/")) or "INBOX",
    )


class Inbox:
    """One open folder."""

    def __init__(self, box: BaseMailBox) -> None:
        self._box = box
        known = b" ".join(part for part in box.client.capability()[1] if part)  # servers tell more after the log-in
        self._can_move = b"MOVE" in known.upper().split() and box.folder.exists(DONE_FOLDER)

    def list_new(self, *, limit: int) -> list[NewMail]:
        """Unread messages, oldest first, with their sizes."""
        with _failures():
            uids = self._box.uids("UNSEEN", charset=None)[:limit]
            return [NewMail(uid, self._size(uid)) for uid in uids]

    def read(self, uid: str) -> bytes:
        """The whole message; it stays unread. Empty when somebody has taken it away."""
        return self._fetch(uid, "(BODY.PEEK[])")

    def read_header(self, uid: str) -> bytes:
        """The lines that tell one message from another, at most the first 8 KiB."""
        return self._fetch(uid, "(BODY.PEEK[HEADER.FIELDS (FROM DATE MESSAGE-ID)]<0.8192>)")

    def finish(self, uid: str, *, is_for_people: bool = False) -> None:
        """Mark as read, and put away where there is a folder for it. What is for people gets a flag and stays."""
        with _failures():
            self._box.flag([uid], ["\\Seen", "\\Flagged"] if is_for_people else ["\\Seen"], True)
            if self._can_move and not is_for_people:
                self._box.client.uid("MOVE", uid, f'"{DONE_FOLDER}"')

    def _size(self, uid: str) -> int:
        found = self._box.client.uid("FETCH", uid, "(RFC822.SIZE)")[1]
        text = b" ".join(each if isinstance(each, bytes) else b" ".join(each) for each in found if each)
        size = _SIZE.search(text)
        return int(size[1]) if size else 0

    def _fetch(self, uid: str, what: str) -> bytes:
        with _failures():
            status, found = self._box.client.uid("FETCH", uid, what)
            if status != "OK":
                raise InboxFailure("the mailbox refused to give a message")
            return next((part[1] for part in found or () if isinstance(part, tuple)), b"")


@contextmanager
def open_inbox(url: str) -> Iterator[Inbox]:
    """The mailbox of an address, closed at the end. Raises InboxFailure, BadInput `bad-inbox-url`."""
    server = parse_inbox_url(url)
    with _failures(server):
        box = _connect(server)
    try:
        with _failures(server):
            _log_in(box, server)
            inbox = Inbox(box)
        yield inbox
    finally:
        with suppress(ImapToolsError, imaplib.IMAP4.error, OSError):
            box.logout()


class _StartTls(MailBoxStartTls):
    """On any port, and closed again when the server cannot or will not encrypt."""

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        client = imaplib.IMAP4(self._host, self._port, self._timeout)
        try:
            client.starttls(self._ssl_context)
        except BaseException:
            with suppress(OSError):
                client.shutdown()
            raise
        return client


def _connect(server: InboxServer) -> BaseMailBox:
    context = ssl.create_default_context()
    if server.scheme == "imaps":
        return MailBox(server.host, server.port, timeout=TIMEOUT_SECONDS, ssl_context=context)
    if server.scheme == "imap+starttls":
        return _StartTls(server.host, server.port, timeout=TIMEOUT_SECONDS, ssl_context=context)
    return MailBoxUnencrypted(server.host, server.port, timeout=TIMEOUT_SECONDS)


def _log_in(box: BaseMailBox, server: InboxServer) -> None:
    try:
        is_plain = server.user.isascii() and server.password.isascii()
        (box.login if is_plain else box.login_utf8)(server.user, server.password, server.folder)
    except (MailboxLoginError, imaplib.IMAP4.error):
        raise InboxFailure(
            f"the mailbox at {server.host}:{server.port} refuses the log-in or has no such folder"
        ) from None  # its own words may repeat the password


@contextmanager
def _failures(server: InboxServer | None = None) -> Iterator[None]:
    """Whatever a connection can suffer becomes an InboxFailure in one line."""
    try:
        yield
    except (ImapToolsError, imaplib.IMAP4.error, OSError, UnicodeError) as error:
        where = f" at {server.host}:{server.port}" if server else ""
        reason = type(error).__name__ if isinstance(error, UnicodeError) else " ".join(str(error).split())
        raise InboxFailure(f"the mailbox{where} cannot be used: {reason[:_REASON_LENGTH]}") from None


def _bad_url(why: str) -> BadInput:
    return BadInput(
        f"the mailbox's address (MAIL_INBOX_URL) cannot be used: {why}; use imaps://USER:PASSWORD@HOST:PORT/FOLDER",
        code="bad-inbox-url",
    )

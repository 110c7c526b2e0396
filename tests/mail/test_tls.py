"""Letters and answers over encrypted connections, with a certificate authority made in the test.

The authority is believed in by way of SSL_CERT_FILE, as an operator adds one of her own.
"""

from __future__ import annotations

import imaplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.letters.samples import message_of, some_facts
from tests.mail.certificates import Certified, make_authority
from tests.mail.imap_server import PASSWORD, USER, ImapServer, open_imap_server
from tests.mail.test_send import RECIPIENT, SENDER, Mailroom, free_port
from tumorboard.mail.receive import InboxFailure, open_inbox
from tumorboard.mail.send import ServerUnreachable, open_mailer

SECRET = "board:p%40ss"
SCHEMES = ["smtps", "smtp+starttls"]


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def believed(certified: Certified, monkeypatch: pytest.MonkeyPatch) -> Certified:
    """The authority is one of those this machine believes in."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certified.authority))
    return certified


@contextmanager
def mail_server(scheme: str, certified: Certified, mailroom: Mailroom) -> Iterator[int]:
    """A mail server that takes letters over TLS only, and from who logs in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certified.certificate, certified.key)

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"board", b"p@ss"), handled=False)

    settings: dict[str, Any] = {"authenticator": check}
    if scheme == "smtps":
        settings |= {"ssl_context": context, "auth_require_tls": False}
    else:
        settings |= {"tls_context": context, "require_starttls": True, "auth_required": True}
    controller = _Localhost(mailroom, hostname="127.0.0.1", port=free_port(), **settings)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


class _Localhost(Controller):
    """Started without the look at itself, which would ask for a certificate this process may not believe in."""

    def _trigger_server(self) -> None:
        with suppress(OSError), socket.create_connection((self.hostname, self.port), timeout=5):
            return


def refusal_of(url: str) -> str:
    """Why no letter can be sent there."""
    with open_mailer(url) as post, pytest.raises(ServerUnreachable) as refused:
        post.send(b"x\r\n", sender=SENDER, recipient=RECIPIENT)
    return refused.value.reason


@pytest.mark.parametrize("scheme", SCHEMES)
def test_letters_arrive_byte_for_byte_over_tls(scheme: str, believed: Certified) -> None:
    mailroom, message = Mailroom(), message_of(some_facts())

    with mail_server(scheme, believed, mailroom) as port, open_mailer(f"{scheme}://{SECRET}@localhost:{port}") as post:
        post.send(message, sender=SENDER, recipient=RECIPIENT)
        post.send(message, sender=SENDER, recipient="other@hospital.example")

    assert mailroom.arrived == [(SENDER, [RECIPIENT], message), (SENDER, ["other@hospital.example"], message)]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_mail_server_nobody_vouches_for_gets_no_letter_and_no_password(scheme: str, certified: Certified) -> None:
    mailroom = Mailroom()

    with mail_server(scheme, certified, mailroom) as port:
        refused = refusal_of(f"{scheme}://{SECRET}@localhost:{port}")

    assert (mailroom.arrived, "CERTIFICATE_VERIFY_FAILED" in refused) == ([], True)
    assert "p@ss" not in refused


@pytest.mark.parametrize("scheme", SCHEMES)
def test_mail_server_with_a_certificate_of_another_host_is_refused(scheme: str, believed: Certified) -> None:
    mailroom = Mailroom()

    with mail_server(scheme, believed, mailroom) as port:
        refused = refusal_of(f"{scheme}://{SECRET}@127.0.0.1:{port}")

    assert (mailroom.arrived, "IP address mismatch" in refused) == ([], True)


class _TlsPorter:
    """Stands before an IMAP server and speaks TLS to whoever comes (pymap itself knows STARTTLS only)."""

    def __init__(self, certified: Certified, behind: int) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certified.certificate, certified.key)
        self._behind = behind
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        threading.Thread(target=self._open, daemon=True).start()

    def close(self) -> None:
        self._door.close()

    def _open(self) -> None:
        with suppress(OSError):
            while True:
                visitor, _ = self._door.accept()
                threading.Thread(target=self._lead, args=(visitor,), daemon=True).start()

    def _lead(self, visitor: socket.socket) -> None:
        with (
            suppress(OSError),
            self._context.wrap_socket(visitor, server_side=True) as inside,
            socket.create_connection(("127.0.0.1", self._behind)) as house,
        ):
            threading.Thread(target=_carry, args=(house, inside), daemon=True).start()
            _carry(inside, house)


def _carry(giver: socket.socket, taker: socket.socket) -> None:
    with suppress(OSError):
        while content := giver.recv(65536):
            taker.sendall(content)
        taker.shutdown(socket.SHUT_RDWR)


@contextmanager
def imap_server(scheme: str, certified: Certified) -> Iterator[tuple[ImapServer, int]]:
    """A mailbox with one letter, and the port at which the scheme is spoken."""
    files = (certified.certificate, certified.key) if scheme == "imap+starttls" else None
    with open_imap_server(files) as server:
        if scheme == "imaps":
            server.put(b"Subject: one\r\n\r\nx\r\n")
            porter = _TlsPorter(certified, server.port)
            try:
                yield server, porter.port
            finally:
                porter.close()
            return
        client = imaplib.IMAP4("localhost", server.port, timeout=10)
        client.starttls(ssl.create_default_context(cafile=str(certified.authority)))
        client.login(USER, PASSWORD)
        client.append("INBOX", "", "", b"Subject: one\r\n\r\nx\r\n")  # type: ignore[arg-type]
        client.logout()
        yield server, server.port


def failure_of(url: str) -> str:
    """Why the mailbox cannot be opened."""
    with pytest.raises(InboxFailure) as refused, open_inbox(url):
        pass
    return str(refused.value)


def url_of(scheme: str, host: str, port: int) -> str:
    return f"{scheme}://{USER}:demo%3Apass%2Fword@{host}:{port}/INBOX"


@pytest.mark.parametrize("scheme", ["imaps", "imap+starttls"])
def test_mailbox_is_read_over_tls(scheme: str, believed: Certified) -> None:
    with imap_server(scheme, believed) as (_, port), open_inbox(url_of(scheme, "localhost", port)) as inbox:
        (new,) = inbox.list_new(limit=5)
        content = inbox.read(new.uid)
        inbox.finish(new.uid)
        left = inbox.list_new(limit=5)

    assert (content, left) == (b"Subject: one\r\n\r\nx\r\n", [])


@pytest.mark.parametrize("scheme", ["imaps", "imap+starttls"])
@pytest.mark.parametrize(("host", "is_believed"), [("localhost", False), ("127.0.0.1", True)])
def test_mailbox_nobody_vouches_for_or_of_another_host_is_not_opened(
    scheme: str, host: str, is_believed: bool, certified: Certified, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_believed:
        monkeypatch.setenv("SSL_CERT_FILE", str(certified.authority))

    with imap_server(scheme, certified) as (_, port):
        said = failure_of(url_of(scheme, host, port))

    assert ("certificate verify failed" in said.casefold(), "demo" in said) == (True, False)


def test_starttls_that_the_mailbox_lacks_is_never_left_out(believed: Certified) -> None:
    with open_imap_server() as server:
        said = failure_of(url_of("imap+starttls", "localhost", server.port))

    assert "TLS not supported by server" in said

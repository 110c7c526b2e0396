"""Letters over a real SMTP connection, and what each refusal means."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.letters.samples import message_of, some_facts
from tumorboard.domain.errors import BadInput
from tumorboard.mail.send import (
    FakeMailer,
    MailServer,
    PermanentFailure,
    SentLetter,
    ServerUnreachable,
    TemporaryFailure,
    open_mailer,
    parse_mail_url,
)

SENDER, RECIPIENT = "tumorboard@hospital.example", "seojun.park@hospital.example"


class Mailroom:
    """Keeps what arrives; answers the recipients `busy@…` and `gone@…` with an error."""

    def __init__(self) -> None:
        self.arrived: list[tuple[str, list[str], bytes]] = []
        self.answer_to_data = "250 OK"

    async def handle_RCPT(  # noqa: N802 - the name aiosmtpd calls
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address.startswith("busy@"):
            return "451 4.7.1 greylisted, try again"
        if address.startswith("gone@"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        if self.answer_to_data.startswith("250"):
            self.arrived.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return self.answer_to_data


@pytest.fixture
def mailroom() -> Mailroom:
    return Mailroom()


@pytest.fixture
def mail_url(mailroom: Mailroom) -> Iterator[str]:
    controller = Controller(mailroom, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield f"smtp://127.0.0.1:{controller.port}"
    controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_letter_arrives_byte_for_byte(mail_url: str, mailroom: Mailroom) -> None:
    message = message_of(some_facts())

    with open_mailer(mail_url) as mailer:
        mailer.send(message, sender=SENDER, recipient=RECIPIENT)
        mailer.send(message, sender=SENDER, recipient="other@hospital.example")

    assert mailroom.arrived == [(SENDER, [RECIPIENT], message), (SENDER, ["other@hospital.example"], message)]


def test_refused_recipient_fails_for_now_or_for_good_and_the_next_letter_leaves(
    mail_url: str, mailroom: Mailroom
) -> None:
    with open_mailer(mail_url) as mailer:
        with pytest.raises(TemporaryFailure) as busy:
            mailer.send(b"x\r\n", sender=SENDER, recipient="busy@hospital.example")
        with pytest.raises(PermanentFailure) as gone:
            mailer.send(b"x\r\n", sender=SENDER, recipient="gone@hospital.example")
        mailer.send(b"x\r\n", sender=SENDER, recipient=RECIPIENT)

    assert busy.value.reason == "451 4.7.1 greylisted, try again"
    assert gone.value.reason == "550 5.1.1 no such mailbox"
    assert len(mailroom.arrived) == 1


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ("451 4.3.0 disk full", TemporaryFailure),
        ("554 5.7.1 refused as spam", PermanentFailure),
        ("421 4.3.2 closing", TemporaryFailure),
    ],
)
def test_refused_letter_fails_by_its_code_and_the_next_one_leaves(
    answer: str, failure: type[Exception], mail_url: str, mailroom: Mailroom
) -> None:
    mailroom.answer_to_data = answer

    with open_mailer(mail_url) as mailer:
        with pytest.raises(failure) as caught:
            mailer.send(b"x\r\n", sender=SENDER, recipient=RECIPIENT)
        mailroom.answer_to_data = "250 OK"
        mailer.send(b"x\r\n", sender=SENDER, recipient=RECIPIENT)

    assert str(caught.value) == answer
    assert len(mailroom.arrived) == 1


def test_refused_connection_is_temporary_and_names_the_server() -> None:
    port = free_port()

    with open_mailer(f"smtp://127.0.0.1:{port}") as mailer, pytest.raises(ServerUnreachable) as caught:
        mailer.send(b"x\r\n", sender=SENDER, recipient=RECIPIENT)

    assert caught.value.reason.startswith(f"the mail server 127.0.0.1:{port} cannot be used: ")
    assert isinstance(caught.value, TemporaryFailure)


def test_connection_lost_after_the_letter_is_temporary() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        clerk = Thread(target=hang_up_after_data, args=(server,))
        clerk.start()

        url = f"smtp://127.0.0.1:{server.getsockname()[1]}"
        with open_mailer(url) as mailer, pytest.raises(TemporaryFailure) as caught:
            mailer.send(b"x\r\n", sender=SENDER, recipient=RECIPIENT)
        clerk.join()

    assert caught.value.reason.startswith("the connection to the mail server was lost: ")


def hang_up_after_data(server: socket.socket) -> None:
    """Take a letter, and go before the answer."""
    connection, _ = server.accept()
    with connection, connection.makefile("rwb") as wire:
        wire.write(b"220 ready\r\n")
        wire.flush()
        answers = [b"250 fine\r\n"] * 3 + [b"354 go on\r\n"]  # to EHLO, MAIL, RCPT and DATA
        for answer in answers:
            wire.readline()
            wire.write(answer)
            wire.flush()
        while wire.readline() != b".\r\n":
            continue


@pytest.mark.parametrize("url", ["smtp://mail..example", "smtp://user:s%C3%A9same@127.0.0.1:{port}"])
def test_characters_that_cannot_be_sent_are_named_without_the_secret(url: str, mail_url: str) -> None:
    port = mail_url.rpartition(":")[2]

    with open_mailer(url.format(port=port)) as mailer, pytest.raises(ServerUnreachable) as caught:
        mailer.send(b"x\r\n", sender=SENDER, recipient=RECIPIENT)

    assert "same" not in caught.value.reason
    assert "é" not in caught.value.reason


def test_server_restarted_between_two_letters_gets_the_second(mailroom: Mailroom) -> None:
    port = free_port()
    first = Controller(mailroom, hostname="127.0.0.1", port=port)
    second = Controller(mailroom, hostname="127.0.0.1", port=port)
    first.start()

    with open_mailer(f"smtp://127.0.0.1:{port}") as mailer:
        mailer.send(b"one\r\n", sender=SENDER, recipient=RECIPIENT)
        first.stop()
        second.start()
        with pytest.raises(TemporaryFailure):
            mailer.send(b"two\r\n", sender=SENDER, recipient=RECIPIENT)
        mailer.send(b"two\r\n", sender=SENDER, recipient=RECIPIENT)
    second.stop()

    assert [content for _, _, content in mailroom.arrived] == [b"one\r\n", b"two\r\n"]


def test_log_in_with_percent_encoded_password(mailroom: Mailroom) -> None:
    seen: list[tuple[bytes, bytes]] = []

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        seen.append((data.login, data.password))
        return AuthResult(success=data.password == b"p@ss/1", handled=False)

    controller = Controller(
        mailroom,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=check,
        auth_require_tls=False,
    )
    controller.start()

    with open_mailer(f"smtp://board:p%40ss%2F1@127.0.0.1:{controller.port}") as mailer:
        mailer.send(b"x\r\n", sender=SENDER, recipient=RECIPIENT)
    url = f"smtp://board:sesame@127.0.0.1:{controller.port}"
    with open_mailer(url) as mailer, pytest.raises(ServerUnreachable) as refused:
        mailer.send(b"x\r\n", sender=SENDER, recipient=RECIPIENT)
    controller.stop()

    assert seen[0] == (b"board", b"p@ss/1")
    assert len(mailroom.arrived) == 1
    assert "sesame" not in refused.value.reason


def test_starttls_that_the_server_lacks_is_never_left_out(mail_url: str, mailroom: Mailroom) -> None:
    with open_mailer(mail_url.replace("smtp:", "smtp+starttls:")) as mailer, pytest.raises(ServerUnreachable):
        mailer.send(b"x\r\n", sender=SENDER, recipient=RECIPIENT)

    assert mailroom.arrived == []


@pytest.mark.parametrize(
    ("sender", "recipient"), [(SENDER, "a@b.example>\r\nDATA"), ("a b@c.example", RECIPIENT), (SENDER, "")]
)
def test_address_with_a_command_in_it_is_refused(sender: str, recipient: str, mail_url: str) -> None:
    with open_mailer(mail_url) as mailer, pytest.raises(BadInput):
        mailer.send(b"x\r\n", sender=sender, recipient=recipient)


def test_console_shows_headers_and_text(capsys: pytest.CaptureFixture[str]) -> None:
    message = message_of(some_facts(language="en"))

    with open_mailer("console:") as mailer:
        mailer.send(message, sender=SENDER, recipient=RECIPIENT)

    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines()[:4] == [
        f"--- letter from {SENDER} to {RECIPIENT}",
        "From: Gynecologic tumor board <board@hospital.example>",
        "Sender: tumorboard@hospital.example",
        "To: Seojun Park <seojun.park@hospital.example>",
    ]
    assert "\nCases: C-0017, C-0021\n" in shown.err
    assert message_from_bytes(message, policy=default)["Subject"] in shown.err


def test_fake_mailer_keeps_letters_and_fails_as_told() -> None:
    mailer = FakeMailer(failures={"gone@x.example": PermanentFailure("550 gone")})

    mailer.send(b"x", sender=SENDER, recipient=RECIPIENT)
    with pytest.raises(PermanentFailure):
        mailer.send(b"x", sender=SENDER, recipient="gone@x.example")

    assert mailer.sent == [SentLetter(b"x", SENDER, RECIPIENT)]


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("console:", MailServer("console")),
        ("smtp://mail.example", MailServer("smtp", "mail.example", 25)),
        ("smtp://mail.example:2525/", MailServer("smtp", "mail.example", 2525)),
        ("smtp+starttls://a%40b:c%2Fd@mail.example", MailServer("smtp+starttls", "mail.example", 587, "a@b", "c/d")),
        ("smtps://a:b@[::1]:4465", MailServer("smtps", "::1", 4465, "a", "b")),
    ],
)
def test_mail_url_is_read(url: str, server: MailServer) -> None:
    assert parse_mail_url(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example:25",
        "http://user:sesame@mail.example",
        "smtp://",
        "smtp://:25",
        "smtp://user:sesame@mail.example:port",
        "smtp://user:sesame@mail.example:99999",
        "smtp://user:sesame/1@mail.example",
        "smtp://user:sesame@mail.example/path",
        "smtp://user:sesame@mail.example?x=1",
        "smtp://user@mail.example",
        "smtp://user:sesame@mail example",
        "smtp://[user:sesame@mail.example",
    ],
)
def test_unusable_mail_url_is_refused_without_its_secret(url: str) -> None:
    with pytest.raises(BadInput) as refusal:
        parse_mail_url(url)

    assert refusal.value.code == "bad-mail-url"
    assert "MAIL_URL" in str(refusal.value)
    assert "sesame" not in str(refusal.value)


def test_password_is_not_shown() -> None:
    assert "sesame" not in repr(parse_mail_url("smtp://user:sesame@mail.example"))

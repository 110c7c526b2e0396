"""The mailbox is read over real IMAP: each message once, none stops the others, nothing is deleted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.builders import CORE, OPERATOR, SURGEON
from tests.mail.imap_server import ImapServer, open_imap_server
from tests.replies import a_note, a_reply, invitation, messages, publish
from tests.services.conftest import NOW
from tumorboard.domain.errors import BadInput
from tumorboard.mail.receive import DONE_FOLDER, InboxFailure, open_inbox, parse_inbox_url
from tumorboard.services.answer_inbox import LARGEST_BYTES, Round, read_inbox
from tumorboard.services.setup import Setup

ONCOLOGIST = CORE["medical_oncology"]


@pytest.fixture(scope="module")
def server() -> Iterator[ImapServer]:
    with open_imap_server() as server:
        yield server


@pytest.fixture
def box(server: ImapServer) -> ImapServer:
    """The same server with a folder of its own for each test."""
    return server.with_folder()


def read(session: Session, setup: Setup, box: ImapServer, *, limit: int = 50) -> Round:
    with open_inbox(box.url) as inbox:
        return read_inbox(
            session, setup, inbox=inbox, by=OPERATOR, clock=lambda: NOW + timedelta(minutes=10), limit=limit
        )  # fmt: skip


def test_answers_of_a_mailbox_take_effect_once(centre: Session, setup: Setup, box: ImapServer) -> None:
    publish(centre, setup, now=NOW)
    reply = a_reply(invitation(centre, SURGEON), "DECLINED")
    box.put(reply, a_reply(invitation(centre, ONCOLOGIST)), reply)

    first, second = read(centre, setup, box), read(centre, setup, box)

    assert (first.read, first.effects, second.read) == (3, {"partstat": 3}, 0)
    assert (invitation(centre, SURGEON).answer, invitation(centre, ONCOLOGIST).answer) == ("declined", "accepted")
    assert len(messages(centre)) == 2
    assert box.flags() == [{"Seen"}] * 3


def test_broken_mails_do_not_stop_the_mailbox(centre: Session, setup: Setup, box: ImapServer) -> None:
    publish(centre, setup, now=NOW)
    reply = a_reply(invitation(centre, SURGEON))
    nested = b"From: x@y.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 5000
    liar = reply.replace(b'charset="UTF-8"', b'charset="no-such"').replace(SURGEON.encode(), b"eve@elsewhere.example")
    box.put(b"\xff\xfe\x00broken", nested, liar, b"From: a@b.example\r\n\r\n" + b"A" * 900_000 + b"\r\n", reply)

    done = read(centre, setup, box)

    assert (done.read, done.unreadable, done.left) == (5, 0, 0)
    assert invitation(centre, SURGEON).answer == "accepted"


def test_too_large_mail_is_not_fetched_but_noted_and_flagged(centre: Session, setup: Setup, box: ImapServer) -> None:
    publish(centre, setup, now=NOW)
    box.put(b"From: a@b.example\r\n\r\n" + b"A\r\n" * (LARGEST_BYTES // 3 + 100), a_reply(invitation(centre, SURGEON)))

    done = read(centre, setup, box)

    assert (done.read, done.unreadable) == (1, 1)
    assert [(one.reason, one.state) for one in messages(centre)] == [("too-large", "open"), ("", "done")]
    assert box.flags() == [{"Seen", "Flagged"}, {"Seen"}]


def test_words_of_a_member_are_flagged_for_people(centre: Session, setup: Setup, box: ImapServer) -> None:
    publish(centre, setup, now=NOW)
    box.put(a_note(SURGEON))

    done = read(centre, setup, box)

    assert (done.open, box.flags()) == (1, [{"Seen", "Flagged"}])


def test_round_is_bounded_and_the_next_goes_on(centre: Session, setup: Setup, box: ImapServer) -> None:
    publish(centre, setup, now=NOW)
    row = invitation(centre, SURGEON)
    said = ["ACCEPTED", "TENTATIVE", "DECLINED"]
    box.put(*(a_reply(row, each, stamp=row.stamp + timedelta(minutes=place + 1)) for place, each in enumerate(said)))

    rounds = [read(centre, setup, box, limit=2).read for _ in range(3)]

    assert (rounds, invitation(centre, SURGEON).answer) == ([2, 1, 0], "declined")


def test_read_messages_are_put_away_where_there_is_a_folder(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    with open_imap_server() as box:
        box.make_folder(DONE_FOLDER)
        box.put(a_reply(invitation(centre, SURGEON)), a_note(SURGEON))

        read(centre, setup, box)

        assert (box.flags(DONE_FOLDER), box.flags()) == ([{"Seen"}], [{"Seen", "Flagged"}])


def test_refused_log_in_says_so_without_the_password(box: ImapServer) -> None:
    with pytest.raises(InboxFailure) as refused, open_inbox(box.url.replace("demo%3A", "secret-")):
        pass

    assert "refuses the log-in" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_server_that_is_away_says_so_without_the_password() -> None:
    with pytest.raises(InboxFailure) as refused, open_inbox("imap://user:secret@127.0.0.1:9/INBOX"):
        pass

    assert "127.0.0.1:9" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["", "pop3://u:p@h", "imaps://h/INBOX", "imaps://u@h", "imaps://u:secret@h:port", "imaps://u:secret@[h"]
)
def test_wrong_address_of_a_mailbox_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_inbox_url(url)

    assert refused.value.code == "bad-inbox-url"
    assert "secret" not in str(refused.value)


def test_address_of_a_mailbox_is_read_with_its_escapes() -> None:
    server = parse_inbox_url("imap+starttls://board%40h.example:p%2Fw@mail.h.example/Board%20mail")

    assert (server.scheme, server.host, server.port, server.user, server.password, server.folder) == (
        "imap+starttls", "mail.h.example", 143, "board@h.example", "p/w", "Board mail"
    )  # fmt: skip
    assert "p/w" not in repr(server)

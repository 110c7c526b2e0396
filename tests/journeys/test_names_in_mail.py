"""Names in the header as Dovecot, a program in C with a reader of its own, understands them."""

from __future__ import annotations

import imaplib
import re
from collections.abc import Iterator
from email.header import decode_header, make_header

import pytest

from tests.journeys.posthouse import PASSWORD, PostHouse, open_posthouse
from tests.letters.samples import STAMP, some_facts
from tests.mail.test_headers import NAMES
from tumorboard.mail.compose import compose
from tumorboard.mail.letters import Mailbox
from tumorboard.mail.message import build_plain_message

READER = "reader@hospital.example"
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"|\{(\d+)\}|NIL|[()]')


@pytest.fixture(scope="module")
def posthouse() -> Iterator[PostHouse]:
    with open_posthouse() as house:
        yield house


def test_dovecot_reads_the_names_and_addresses_that_were_written(posthouse: PostHouse) -> None:
    for name in NAMES:
        content = build_plain_message(
            compose(some_facts(language="en")), mail_from="board@hospital.example",
            organizer=Mailbox(name, "board@hospital.example"), to=Mailbox(name, READER),
            message_id=f"<{NAMES.index(name)}@hospital.example>", date=STAMP,
        )  # fmt: skip
        posthouse.send(content, sender="board@hospital.example", recipient=READER)

    envelopes = [read_envelope(each) for each in fetch_envelopes(posthouse)]

    expected = [[(name, "board@hospital.example"), (name, READER)] for name in NAMES]
    assert envelopes == expected


def fetch_envelopes(house: PostHouse) -> list[list[object]]:
    """What the server says of each mail (RFC 9051 section 7.5.2), as lists within lists."""
    with imaplib.IMAP4("127.0.0.1", house.imap_port) as box:
        box.login(READER, PASSWORD)
        box.select("INBOX", readonly=True)
        count = len(box.search(None, "ALL")[1][0].split())
        return [parse(box.fetch(str(number), "(ENVELOPE)")[1]) for number in range(1, count + 1)]


def parse(answer: list[object]) -> list[object]:
    """Strings stand in quotes or, with their length before them, in a part of their own."""
    stack: list[list[object]] = [[]]
    for part in answer:
        lines, literal = part if isinstance(part, tuple) else (part, None)
        for found in _STRING.finditer(lines.decode("ascii")):
            if found[0] == "(":
                stack.append([])
            elif found[0] == ")":
                stack[-2].append(stack.pop())
            elif found[2]:
                stack[-1].append(literal.decode("ascii"))
            else:
                stack[-1].append(None if found[1] is None else re.sub(r"\\(.)", r"\1", found[1]))
    return stack[0]


def read_envelope(answer: list[object]) -> list[tuple[str, str]]:
    """Name and address of sender and reader."""
    fields = answer[0][0]  # type: ignore[index]
    return [
        (str(make_header(decode_header(name or ""))), f"{box}@{host}")
        for ((name, _, box, host),) in (fields[2], fields[5])
    ]

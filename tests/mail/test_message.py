"""The e-mail on the wire; numbers as in the conformance checklist, section H."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from typing import Any, cast

import pytest

from tests.letters.samples import STAMP, ics_of, message_of, sample_facts, some_facts
from tumorboard.domain.errors import BadInput
from tumorboard.mail.compose import compose
from tumorboard.mail.letters import Letter, Mailbox
from tumorboard.mail.message import build_message


def parse(message: bytes) -> EmailMessage:
    return cast(EmailMessage, message_from_bytes(message, policy=default))


def build(**changes: Any) -> bytes:
    facts = some_facts()
    arguments: dict[str, Any] = {
        "mail_from": "tumorboard@hospital.example",
        "organizer": facts.organizer,
        "to": facts.recipient,
        "message_id": "<5e1d@board.hospital.example>",
        "date": STAMP,
    }
    letter = changes.pop("letter", compose(facts))
    method = changes.pop("method", "REQUEST")
    return build_message(letter, ics_of(facts), method, **(arguments | changes))


def test_parts_stand_in_the_order_clients_need_h1_h2_h3() -> None:
    types = [part.get_content_type() for part in parse(build()).walk()]

    assert types == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]


@pytest.mark.parametrize(("name", "method"), [("on-demand", "REQUEST"), ("withdrawn", "CANCEL")])
def test_calendar_part_names_its_method_and_charset_h4_h5_h6(name: str, method: str) -> None:
    facts = sample_facts(name, "ko")

    message = message_of(facts)

    part = next(part for part in parse(message).walk() if part.get_content_type() == "text/calendar")
    assert dict(part["Content-Type"].params) == {"method": method, "charset": "UTF-8"}
    assert part["Content-Transfer-Encoding"] == "base64"
    assert part.get_payload(decode=True) == ics_of(facts)
    assert max(len(line) for line in message.split(b"\r\n")) <= 998
    assert message.isascii()


def test_attachment_is_the_same_object_without_method_h7() -> None:
    attachment = next(iter(parse(build()).iter_attachments()))

    assert attachment.get_filename() == "invite.ics"
    assert "method" not in attachment["Content-Type"].params
    assert attachment.get_payload(decode=True) == ics_of(some_facts())


def test_headers_name_organizer_one_recipient_and_what_was_given_h8_to_h12() -> None:
    parsed = parse(build())

    assert {name: str(value) for name, value in parsed.items() if name != "Content-Type"} == {
        "From": "부인암 다학제 <board@hospital.example>",
        "Sender": "tumorboard@hospital.example",
        "To": "박서준 <seojun.park@hospital.example>",
        "Subject": "초대: 부인암 다학제, 2026-11-24 (화) 07:45–08:05 (Asia/Seoul)",
        "Date": "Wed, 18 Nov 2026 01:00:00 +0000",
        "Message-ID": "<5e1d@board.hospital.example>",
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
    }


def test_sender_is_named_only_where_it_is_not_the_organizer_h8() -> None:
    assert parse(build(mail_from="Board@hospital.example"))["Sender"] is None


def test_equal_input_gives_equal_bytes_and_another_id_other_boundaries_a11() -> None:
    assert build() == build()
    assert parse(build()).get_boundary() != parse(build(message_id="<other@x>")).get_boundary()


def test_nothing_on_the_wire_looks_like_a_registration_number_p2() -> None:
    messages = [build(message_id=f"<{number}@board.hospital.example>") for number in range(200)]

    assert [found for message in messages for found in re.findall(rb"(?<!\d)\d{6}-?[1-8]\d{6}(?!\d)", message)] == []


def test_line_ends_are_crlf() -> None:
    message = build()

    assert message.count(b"\n") == message.count(b"\r\n") == message.count(b"\r")


@pytest.mark.parametrize(
    "name", ["김, 철수", 'Kim "Chul" Soo', "Kim (GYN); <x>", "가" * 60, ("한글 and, long " * 9).strip()]
)
def test_difficult_names_come_back_whole(name: str) -> None:
    message = build(to=Mailbox(name, "kim@hospital.example"), organizer=Mailbox(name, "board@hospital.example"))

    # the lenient old reader: the new one puts spaces between the encoded words of one name
    old = message_from_bytes(message)
    people = {header: parseaddr("".join(old[header].splitlines())) for header in ("To", "From")}
    assert {header: email for header, (_, email) in people.items()} == {
        "To": "kim@hospital.example",
        "From": "board@hospital.example",
    }
    assert [" ".join(str(make_header(decode_header(shown))).split()) for shown, _ in people.values()] == [name, name]


@pytest.mark.parametrize("name", ["subject-goes-here", "Subject: subject-goes-here", f"{'x' * 68} subject-goes-here"])
def test_name_like_the_place_of_the_subject_stays_whole(name: str) -> None:
    usual = parse(build())

    parsed = parse(build(to=Mailbox(name, "kim@hospital.example"), organizer=Mailbox(name, "board@hospital.example")))

    assert parsed["Subject"] == usual["Subject"]
    assert [parsed[header].addresses[0].display_name for header in ("From", "To")] == [name, name]


def test_long_message_id_stays_whole() -> None:
    message_id = f"<{'a' * 90}@{'b' * 60}.example>"

    assert message_id.encode() in build(message_id=message_id)


@pytest.mark.parametrize(
    "changes",
    [
        {"letter": Letter("Hello\r\nBcc: x@evil.example", "", "")},
        {"letter": Letter("Hello\u2028x", "", "")},
        {"to": Mailbox("Kim\nBcc: x@evil.example", "kim@hospital.example")},
        {"to": Mailbox("Kim", "kim@hospital.example\r\nBcc: x@evil.example")},
        {"to": Mailbox("Kim", "kim@hospital.example, x@evil.example")},
        {"organizer": Mailbox("Board", "")},
        {"mail_from": "tumorboard@hospital.example\n"},
        {"message_id": "<a@b>\r\nBcc: x@evil.example"},
        {"message_id": "a@b"},
        {"method": "REQUEST\r\nX: 1"},
    ],
)
def test_header_injection_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as refusal:
        build(**changes)

    assert refusal.value.code == "bad-header"


def test_date_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        build(date=STAMP.replace(tzinfo=None))


def test_korean_subject_keeps_its_blanks_across_folded_words() -> None:
    """RFC 2047 section 6.2: readers drop white space between two encoded words."""
    subject = "초대: 난소암 다학제팀 여성암센터, 2026-11-24 (화) 07:30–08:10 (Asia/Seoul)"

    content = build(letter=Letter(subject=subject, text="x", html="<p>x</p>"))

    assert parse(content)["Subject"] == subject
    assert max(len(line) for line in content.split(b"\r\n\r\n")[0].split(b"\r\n")) <= 78

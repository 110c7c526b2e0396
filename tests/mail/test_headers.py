"""Names, subjects and links in the header: what readers of different makes see is what was written."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default
from email.utils import getaddresses

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.letters.samples import LETTER_LINK, STAMP, message_of, sample_facts, some_facts
from tumorboard.domain.errors import BadInput
from tumorboard.mail.compose import compose
from tumorboard.mail.headers import write_address, write_link, write_text
from tumorboard.mail.letters import Mailbox
from tumorboard.mail.message import build_plain_message

EMAIL = "seojun.park@hospital.example"
LONG = "Gynecologic Oncology: tumor board, coordination; Hangang Women's Cancer Center (building B, 3rd floor), desk 4"
NAMES = [
    "Kim", "Kim, Minji", "Board: gynecology", "Kim; Park", 'Kim "Chul" Soo', "back\\slash", "Kim (GYN)", "a@b.example",
    "<Kim>", "=?utf-8?q?Kim?=", LONG, f'{LONG} "and" {LONG}', "x" * 190, f"{'x' * 90}, {'y' * 90}", "O'Brien-Smith Jr.",
    "박서준", "박서준, 교수", "부인암: 다학제; 3층", "가" * 60, "한글 and, long: " * 8 + "끝", "김 " * 60 + "김",
    "Ünal, Ömer",
]  # fmt: skip
"""Long ones, Korean ones, and every mark with a meaning in an address."""
ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=190).map(str.strip)
ANY = st.text(
    st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp", "Zs"), max_codepoint=0xFFFF), min_size=1, max_size=60
)
WORDS = st.lists(ANY, min_size=1, max_size=6).map(" ".join)


def parse_old(line: str) -> list[tuple[str, str]]:
    """Name and address of each, as the reader of old Python programs sees them: first the address, then the words."""
    _, _, value = line.partition(":")
    return [(str(make_header(decode_header(name))), email) for name, email in getaddresses([value.replace("\r\n", "")])]


def parse_by_hand(line: str) -> tuple[str, str]:
    """RFC 5322 and RFC 2047 read from their text: unfold, one phrase, one address between angle brackets."""
    value = line.partition(":")[2].replace("\r\n", "").strip()
    found = re.fullmatch(r'(?P<quoted>"(?:[^"\\]|\\.)*")?(?P<bare>[^"<>]*?) ?<(?P<email>[^<>]+)>', value)
    assert found, value
    if found["quoted"]:
        assert not found["bare"].strip(), value
        return re.sub(r"\\(.)", r"\1", found["quoted"][1:-1]), found["email"]
    assert not re.search(r'[(),.:;<>@\[\]\\"]', found["bare"]) or "=?" in found["bare"], value
    return str(make_header(decode_header(found["bare"]))), found["email"]


@pytest.mark.parametrize("name", NAMES)
def test_name_and_address_come_back_from_three_readers(name: str) -> None:
    line = write_address("From", name, EMAIL)

    new = message_from_bytes(f"{line}\r\n\r\n".encode(), policy=default)["From"].addresses
    assert parse_old(line) == [(name, EMAIL)]
    assert parse_by_hand(line) == (name, EMAIL)
    assert [one.addr_spec for one in new] == [EMAIL]
    if name.isascii() and "=?" not in name:
        assert new[0].display_name == name


@settings(max_examples=400, deadline=None)
@given(ASCII.filter(bool))
@example(LONG)
def test_any_name_in_ascii_comes_back(name: str) -> None:
    line = write_address("To", name, EMAIL)

    assert parse_by_hand(line) == (name, EMAIL)
    assert [email for _, email in parse_old(line)] == [EMAIL]
    assert all(len(part) <= 998 for part in line.split("\r\n"))


@settings(max_examples=300, deadline=None)
@given(WORDS)
def test_any_name_comes_back(name: str) -> None:
    line = write_address("To", name, EMAIL)

    assert (line.isascii(), parse_by_hand(line)) == (True, (name, EMAIL))


@pytest.mark.parametrize("name", NAMES)
def test_lines_are_short_where_words_allow_it(name: str) -> None:
    longest = max((len(word) for word in name.split()), default=0) if name.isascii() else 0

    lines = write_address("From", name, EMAIL).split("\r\n")

    assert max(map(len, lines)) <= max(78, longest + len('From: "",'))
    assert all(line.startswith(" ") and line.strip() for line in lines[1:])


@pytest.mark.parametrize("text", ["plain", "=?utf-8?q?not_encoded?=", LONG, "초대: 부인암 다학제, " * 6])
def test_subject_comes_back(text: str) -> None:
    line = write_text("Subject", text.strip())

    assert message_from_bytes(f"{line}\r\n\r\n".encode(), policy=default)["Subject"] == text.strip()


def test_reminder_can_be_switched_off_with_one_click() -> None:
    message = message_from_bytes(message_of(sample_facts("reminder", "ko")), policy=default)

    assert message["List-Unsubscribe"] == f"<{LETTER_LINK}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("name", ["core", "on-demand", "moved", "changed", "withdrawn", "cancelled", "urgent"])
def test_invitations_cannot_be_switched_off(name: str) -> None:
    message = message_from_bytes(message_of(sample_facts(name, "en")), policy=default)

    assert [header for header in message if header.startswith("List-")] == []


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("https://b.example/letters/x", ["List-Unsubscribe", "List-Unsubscribe-Post"]),
        ("http://b.example/letters/x", ["List-Unsubscribe"]),
        (None, []),
    ],
)
def test_one_click_is_offered_by_https_only(url: str | None, headers: list[str]) -> None:
    facts = some_facts(language="en")

    content = build_plain_message(
        compose(facts), mail_from="b@b.example", organizer=facts.organizer, to=Mailbox("Kim", EMAIL),
        message_id="<1@b.example>", date=STAMP, unsubscribe_url=url,
    )  # fmt: skip

    assert [name for name in message_from_bytes(content, policy=default) if name.startswith("List-")] == headers


def test_long_link_stays_on_its_line() -> None:
    url = f"https://board.hospital.example/letters/{'a' * 300}"

    assert f"\r\n{write_link('List-Unsubscribe', url)}\r\n" == f"\r\nList-Unsubscribe: <{url}>\r\n"


@pytest.mark.parametrize(
    "url", ["https://b.example/x\r\nBcc: x@y.example", "https://b.example/>,<mailto:x@y.example", "mailto:x@y.example",
            "https://b.example/가", f"https://b.example/{'a' * 1000}"],
)  # fmt: skip
def test_link_that_would_break_the_header_is_refused(url: str) -> None:
    with pytest.raises(BadInput) as refusal:
        write_link("List-Unsubscribe", url)

    assert refusal.value.code == "bad-header"

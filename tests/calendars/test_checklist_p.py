"""P of the conformance checklist: nothing of a patient leaves, in any byte."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, OPERATOR, a_case_csv, a_case_row, import_list, member_id
from tests.calendars.centre import *  # noqa: F403 - fixtures
from tests.calendars.mails import calendar_part, open_mail, text_of
from tests.calendars.objects import content_lines, emitted, letters, properties
from tests.letters.samples import SAMPLE_NAMES, message_of, sample_facts
from tests.services.conftest import NOW
from tests.services.test_standing import KIM, publish
from tumorboard.domain.errors import NotFound
from tumorboard.services.feeds import find_feed, rotate_feed
from tumorboard.services.invitations import hide_identifiers
from tumorboard.services.publishing import cancel_meeting
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Board, Meeting, Room
from tumorboard.store.people import Member
from tumorboard.store.post import AuditEvent, FeedDocument, OutboxMessage

NAMES = ("Younghee Canary", "김영희카나리아", "Canary-Kim Young Hee")
NUMBERS = ("H-00471123", "471123 0099")
DIAGNOSES = ("serous canarycarcinoma", "C56.9-canary")
BIRTH_DATES = ("1961-04-17", "17.04.1961")
PLANTED = (*NAMES, *NUMBERS, *DIAGNOSES, *BIRTH_DATES)
RESIDENT_NUMBER = re.compile(r"(?<!\d)\d{6}-[0-9]\d{6}(?!\d)")


def variants(text: str) -> Iterator[str]:
    """The text as it may hide: decomposed, full-width, without blanks, in small letters."""
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    for one in (text, wide, text.replace(" ", ""), text.replace("-", ""), text.lower()):
        yield one
        yield unicodedata.normalize("NFD", one)


SEARCHED = tuple({form for text in PLANTED for form in variants(text)})


def everything_of(content: bytes) -> str:
    """All that a letter says: its bytes, its headers as read, and each part decoded."""
    message = open_mail(content)
    words = [content.decode("ascii"), *(f"{name}: {text}" for name, text in message.items())]
    for part in message.walk():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            words.append(payload.decode())
            words.append("\n".join(re.split("\r\n", re.sub("\r\n[ \t]", "", payload.decode()))))
    return "\n".join(words)


@pytest.fixture
def left(centre: Session, setup: Setup) -> list[str]:
    """Everything that left a centre whose case texts are full of identifiers."""
    rows = [
        a_case_row(
            f"C-{number}", on=setup.today(NOW), question=f"{text}: which operation?", referrer=f"Dr {text}",
            planned_procedures="hysterectomy_bso;ureter_resection_reimplant",
        )
        for number, text in enumerate(PLANTED, start=1)
    ]  # fmt: skip
    import_list(centre, setup, now=NOW, content=a_case_csv(rows))
    publish(centre, setup, now=NOW, weeks=4)
    rotate_feed(centre, setup, scope="board", subject=BOARD, by=OPERATOR, now=NOW)
    rotate_feed(centre, setup, scope="member", subject=member_id(centre, KIM), by=OPERATOR, now=NOW)
    meeting = centre.scalars(select(Meeting).where(Meeting.status == "published")).first()
    assert meeting is not None
    cancel_meeting(centre, setup, meeting_id=meeting.public_id, by=OPERATOR, now=NOW + timedelta(hours=1))
    sent = [everything_of(letter.content) for letter in centre.scalars(select(OutboxMessage))]
    sent += [f"{letter.subject} {letter.uid} {letter.dedupe_key}" for letter in centre.scalars(select(OutboxMessage))]
    feeds = [re.sub("\r\n[ \t]", "", feed.content.decode()) for feed in centre.scalars(select(FeedDocument))]
    audit = [f"{event.action} {event.subject_id} {event.detail}" for event in centre.scalars(select(AuditEvent))]
    assert len(sent) > 10
    assert len(feeds) > 1
    return [*sent, *feeds, *audit]


def test_p1_no_planted_identifier_leaves_in_any_form(left: list[str]) -> None:
    whole = "\n".join(left)
    folded = unicodedata.normalize("NFKC", whole).casefold()

    assert [text for text in SEARCHED if text in whole] == []
    assert [text for text in PLANTED if unicodedata.normalize("NFKC", text).casefold() in folded] == []


def test_p2_nothing_looks_like_a_resident_registration_number(left: list[str]) -> None:
    assert [match for text in left for match in RESIDENT_NUMBER.findall(text)] == []


def test_p3_titles_are_the_board_and_nothing_else(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)

    board = centre.scalars(select(Board)).one().name_en
    titles = {
        line.split(":", 1)[1]
        for letter in centre.scalars(select(OutboxMessage))
        for line in properties(calendar_part(letter.content), "SUMMARY")
    }
    assert titles == {board, f"{board} (your part)"}


def test_p4_links_show_nothing_without_a_login(client: FlaskClient, centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    letter = centre.scalars(select(OutboxMessage)).first()
    assert letter is not None
    (link,) = properties(calendar_part(letter.content), "URL")

    answer = client.get(link.removeprefix("URL:https://board.hospital.example"))

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/log-in")
    assert centre.scalars(select(Board)).one().name_en not in answer.get_data(as_text=True)


class Sources(HTMLParser):
    """What a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("img", "script", "link", "iframe", "object", "embed", "video", "audio", "source"):
            self.loaded.append(tag)
        self.loaded += [name for name in ("src", "srcset", "background", "poster") if name in given]
        self.loaded += [name for name in ("style",) if "url(" in (given.get(name) or "")]


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_p5_html_loads_nothing(name: str, language: str) -> None:
    page = Sources()

    page.feed(text_of(message_of(sample_facts(name, language)), "text/html"))

    assert page.loaded == []


@pytest.mark.parametrize("ics", {**emitted(), **letters()}.values(), ids={**emitted(), **letters()}.keys())
def test_p6_no_html_description_attachment_or_image(ics: bytes) -> None:
    for name in ("X-ALT-DESC", "ATTACH", "IMAGE", "X-MS-OLK-ALTDESC"):
        assert properties(ics, name) == []


def test_p7_links_of_a_removed_member_stop_at_once(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    token = rotate_feed(centre, setup, scope="member", subject=member_id(centre, KIM), by=OPERATOR, now=NOW)
    before: Any = find_feed(centre, token=token)

    centre.scalars(select(Member).where(Member.email == KIM)).one().active = False
    centre.commit()

    assert before is not None
    with pytest.raises(NotFound):
        find_feed(centre, token=token)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Room A", "Room A"),
        ("Room A (C-17)", "Room A (…)"),
        ("c-17 Seminar", "… Seminar"),
        ("C-170", "C-170"),
        ("Ｃ－17", "…"),
        ("900101-1234567", "…"),
    ],
)
def test_p8_room_that_names_a_case_is_written_without_it(name: str, shown: str) -> None:
    assert hide_identifiers(name, ["C-1", "C-17"]) == shown


def test_p8_room_in_letters_hides_the_reference(centre: Session, setup: Setup) -> None:
    centre.scalars(select(Room).where(Room.key == "room-a")).one().name = "Room A for C-1"
    centre.commit()

    publish(centre, setup, now=NOW)

    places = {
        line
        for letter in centre.scalars(select(OutboxMessage))
        for line in content_lines(calendar_part(letter.content))
        if line.startswith("LOCATION")
    }
    assert places == {"LOCATION:Room A for …"}
    assert len(CORE) == 4

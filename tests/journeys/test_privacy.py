"""No words about a patient leave the pages: everything the demo shows, writes, feeds, exports and logs is searched.

A word that could only come from a case is planted wherever the service keeps free text, so that a leak shows.
"""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from html import unescape
from urllib.parse import unquote, urlsplit

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.browser.stage import DEMO_PASSWORDS
from tests.builders import OPERATOR
from tests.cli.conftest import Terminal
from tests.journeys.test_demo import FEED
from tumorboard.services.publishing import publish_draft
from tumorboard.store.calendars import InboundMessage
from tumorboard.store.cases import Case, CaseWaiver
from tumorboard.store.db import db
from tumorboard.store.discussions import Discussion
from tumorboard.store.meetings import MeetingInvitation
from tumorboard.store.plans import Draft
from tumorboard.store.post import AuditEvent, FeedDocument, OutboxMessage

PLANTED = "Quaxolithiasis"
RESIDENT_NUMBER = re.compile(r"\d{6}-[1-8]\d{6}")
LINK = re.compile(r'(?:href|action)="(/[^"#]*)')
HREF = re.compile(r'href="(/[^"#]*)')
ID = re.compile(r"[a-z2-7]{16}|\d+|[\w-]{43}")
MOST_OF_A_KIND = 3
"""Pages that differ only by an id are alike; so many of each are looked at."""
ASKED_IN_PRIVATE = ("/cases/", "/answers", "/drafts/", "/meetings/", "/exports", "/mine", "/open-needs")
"""Where somebody who is logged in and allowed may read what a case is about."""

RECORD = "/exports/record/"
"""The one file that says what was recommended; its purpose is asked and recorded."""
PDF, CSV, ICS = "application/pdf", "text/csv", "text/calendar"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILES = {
    "coordinator@demo.example": {PDF, CSV, XLSX},
    "seoyeon.kim@demo.example": {PDF, CSV, ICS},
    "sungjin.moon@demo.example": {PDF, ICS},
    "admin@demo.example": {CSV},
}
"""The kinds of files that each of them finds, so that none is passed over unread."""


@pytest.fixture
def planted(demo_terminal: Terminal) -> Terminal:
    """The demo with the word in every free text, published again after that, so that new letters and feeds exist."""
    with demo_terminal.app.app_context():
        session = db.session()
        for case in session.scalars(select(Case)):
            case.facts = {**case.facts, "question": f"{PLANTED}: which operation?"}
            case.sources = {**case.sources, "remark": PLANTED}
        for table, column in ((CaseWaiver, "because"), (Discussion, "recommendation"), (InboundMessage, "comment"),
                              (MeetingInvitation, "comment")):  # fmt: skip
            for row in session.scalars(select(table)):
                setattr(row, column, PLANTED)
        session.commit()
        draft = session.scalars(select(Draft.public_id).where(Draft.status == "open")).first()
        assert draft is not None
        setup = demo_terminal.app.extensions["tumorboard"]
        assert publish_draft(session, setup, draft_id=draft, by=OPERATOR, now=datetime.now(UTC)).letters > 0
    return demo_terminal


def crawl(client: FlaskClient) -> Iterator[tuple[str, TestResponse]]:
    """Every page that links lead to from the first, with its answer."""
    waiting, seen, kinds = ["/"], set(), Counter[str]()
    while waiting:
        address = waiting.pop()
        kind = ID.sub("*", address.partition("?")[0])
        if address in seen or kinds[kind] >= MOST_OF_A_KIND:
            continue
        seen.add(address)
        kinds[kind] += 1
        answer = client.get(address, buffered=True)
        if answer.status_code == 405:  # the address of a form
            continue
        yield address, answer
        if answer.status_code in (301, 302, 303):
            waiting.append(answer.headers["Location"])
        elif answer.mimetype == "text/html":
            waiting += [unescape(found) for found in LINK.findall(answer.get_data(as_text=True))]


def words_of(answer: TestResponse) -> str:
    """All that a person can read of an answer, whatever its kind, with its headers."""
    head = f"{answer.headers} "
    if answer.mimetype == "application/pdf":
        return head + " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    if answer.data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
            return head + " ".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    return head + unfold(answer.get_data().decode("utf-8", "replace"))


def unfold(text: str) -> str:
    """Calendars and letters break long lines; what is broken in two would not be found."""
    return text.replace("\r\n ", "").replace("\r\n\t", "")


def log_in(client: FlaskClient, email: str) -> str:
    """Gives the token with which forms of the session are sent."""
    token = client.get("/api/v1/session").get_json()["csrf_token"]
    body = {"email": email, "password": DEMO_PASSWORDS[email]}
    assert client.post("/api/v1/session", json=body, headers={"X-CSRFToken": token}).status_code < 300
    return str(client.get("/api/v1/session").get_json()["csrf_token"])


@pytest.mark.parametrize("email", sorted(DEMO_PASSWORDS))
def test_no_page_or_file_has_a_resident_number_and_cases_are_read_only_where_they_may_be(
    planted: Terminal, caplog: pytest.LogCaptureFixture, email: str
) -> None:
    caplog.set_level(logging.INFO)
    client = planted.app.test_client()
    token = log_in(client, email)
    client.post("/exports", data={"csrf_token": token, "purpose": "meeting"})
    logging.getLogger("tumorboard").info("the crawl of %s begins", email)

    answers = dict(crawl(client))
    read = {address: words_of(answer) for address, answer in answers.items()}

    assert len(read) > 10
    links = {unescape(found) for words in read.values() for found in HREF.findall(words)}
    assert {address: answers[address].status for address in links & answers.keys()
            if answers[address].status_code >= 400} == {}  # fmt: skip
    taken = {answer.mimetype for answer in answers.values() if answer.status_code == 200}
    assert taken & {PDF, CSV, XLSX, ICS} == FILES[email]
    assert [address for address, words in read.items() if RESIDENT_NUMBER.search(words)] == []
    assert [address for address in read if PLANTED in unquote(address)] == []
    told = {address for address, words in read.items() if PLANTED in words}
    assert [address for address in told if not address.startswith(ASKED_IN_PRIVATE)] == []
    files = {address for address in told if urlsplit(address).path.endswith((".ics", ".pdf", ".csv", ".xlsx"))}
    assert [address for address in files if not address.startswith(RECORD)] == []
    assert f"the crawl of {email} begins" in caplog.messages, "the log was not kept, so nothing was looked for"
    assert (PLANTED in caplog.text, RESIDENT_NUMBER.search(caplog.text)) == (False, None)
    if email == "coordinator@demo.example":
        assert any(address.startswith("/cases/") for address in told), "nothing was planted, so nothing was looked for"
        assert any(address.startswith(RECORD) for address in files), "no file was opened, so none was looked into"
        assert answers["/exports/cases.csv"].status_code == 200


def test_letters_feeds_and_the_record_say_nothing_of_a_patient(planted: Terminal, shown: tuple[object, str]) -> None:
    with planted.app.app_context():
        session = db.session()
        letters = [text_of(content) for content in session.scalars(select(OutboxMessage.content))]
        feeds = [unfold(content.decode()) for content in session.scalars(select(FeedDocument.content))]
        record = [f"{event.action} {event.subject_id} {event.detail}" for event in session.scalars(select(AuditEvent))]
    match = FEED.search(shown[1])
    assert match is not None
    feed = words_of(planted.app.test_client().get(f"/feeds/{match[1]}.ics"))

    written = {"letters": letters, "feeds": [*feeds, feed], "record": record}
    assert {name: len(texts) > 1 for name, texts in written.items()} == dict.fromkeys(written, True)
    found = {name: [text for text in texts if PLANTED in text or RESIDENT_NUMBER.search(text)]
             for name, texts in written.items()}  # fmt: skip
    assert found == dict.fromkeys(written, [])


def text_of(content: bytes) -> str:
    """A letter's headers and all its parts, decoded and unfolded."""
    letter = message_from_bytes(content, policy=policy.default)
    parts = [part.get_payload(decode=True).decode() for part in letter.walk() if not part.is_multipart()]
    return " ".join([*map(str, letter.values()), *map(unfold, parts)])

"""The digest of the nightly check, word by word; see `test_letters.py` for how the files are written anew."""

from __future__ import annotations

from dataclasses import fields
from email import message_from_bytes, policy

import pytest

from tests.letters.samples import BOARD_NAMES, MEETING, STAMP
from tests.letters.test_letters import assert_reviewed
from tumorboard.domain.errors import BadInput
from tumorboard.domain.review import FINDING_CODES
from tumorboard.mail.digest import DigestFacts, DigestLine, DigestMeeting, compose_digest
from tumorboard.mail.letters import Mailbox
from tumorboard.mail.message import build_plain_message


def a_digest(language: str = "en", **changes: object) -> DigestFacts:
    """A meeting with one line of each common kind."""
    who = ("박서준",) if language == "ko" else ("Seojun Park",)
    lines = (
        DigestLine("case-not-ready", ("C-0017", "C-0021")),
        DigestLine("member-absent", ("C-0030",), who),
        DigestLine("seat-lost"),
        DigestLine("room-too-small"),
    )
    values: dict[str, object] = {
        "recipient": Mailbox("코디네이터" if language == "ko" else "Coordinator", "coordinator@hospital.example"),
        "organizer": Mailbox(BOARD_NAMES[language], "board@hospital.example"),
        "language": language,
        "count": 5,
        "meetings": (
            DigestMeeting(
                BOARD_NAMES[language], MEETING, "Asia/Seoul", "https://board.hospital.example/meetings/7f3a", lines
            ),
        ),
    }
    return DigestFacts(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_digest_equals_the_one_reviewed(language: str) -> None:
    letter = compose_digest(a_digest(language))

    assert_reviewed(f"digest.{language}.txt", f"Subject: {letter.subject}\n\n{letter.text}".encode())
    assert_reviewed(f"digest.{language}.html", letter.html.encode())


@pytest.mark.parametrize("code", sorted({*FINDING_CODES, "room-lost", "room-too-small"}))
def test_every_kind_of_trouble_has_words_in_both_languages(code: str) -> None:
    meeting = a_digest().meetings[0]
    line = DigestLine(code, ("C-1",), ("Park",))
    only = DigestMeeting(meeting.board_name, meeting.span, meeting.time_zone, meeting.page_url, (line,))

    english, korean = (compose_digest(a_digest(language, meetings=(only,))).text for language in ("en", "ko"))

    assert ("Something changed" in english, "바뀐 것이 있음" in korean) == (False, False)
    assert "%(" not in english + korean


def test_digest_has_no_field_for_a_fact_of_a_case() -> None:
    assert [field.name for field in fields(DigestLine)] == ["code", "case_references", "members"]


def test_line_breaks_and_controls_stay_out_of_the_letter() -> None:
    meeting = a_digest().meetings[0]
    line = DigestLine("member-absent", ("C-1\r\nBcc: x",), ("Park\x07\nSubject: y",))
    only = DigestMeeting("Board\r\nX: y", meeting.span, meeting.time_zone, meeting.page_url, (line,))

    letter = compose_digest(a_digest(meetings=(only,)))

    assert letter.subject == "To mend: Board X: y"
    assert "Cannot come any more: Park Subject: y (Cases: C-1 Bcc: x)" in letter.text


def test_link_that_is_none_is_refused() -> None:
    meeting = a_digest().meetings[0]
    wrong = DigestMeeting(meeting.board_name, meeting.span, meeting.time_zone, "javascript:alert(1)", ())

    with pytest.raises(BadInput, match="a link of the letter"):
        a_digest(meetings=(wrong,))


def test_plain_message_has_text_and_html_and_nothing_to_act_on() -> None:
    facts = a_digest("ko")

    content = build_plain_message(
        compose_digest(facts), mail_from="tumorboard@hospital.example", organizer=facts.organizer, to=facts.recipient,
        message_id="<5e1d@board.hospital.example>", date=STAMP,
    )  # fmt: skip

    message = message_from_bytes(content, policy=policy.default)
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert (message["Subject"], message["Auto-Submitted"]) == ("조치 필요: 부인암 다학제", "auto-generated")
    assert (content.isascii(), b"\r\n" in content, content.count(b"MIME-Version")) == (True, True, 1)

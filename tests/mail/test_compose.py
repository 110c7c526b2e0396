"""What the letters say, to whom, and what they never say (H13, P1, P3, P5)."""

from __future__ import annotations

import re
from dataclasses import fields, replace

import pytest

from tests.letters.samples import EARLIER, LETTER_LINK, LINKS, MEETING, sample_facts, some_facts
from tumorboard.domain.errors import BadInput
from tumorboard.domain.model import SeatKind, Text
from tumorboard.mail.compose import compose, compose_event
from tumorboard.mail.letters import InvitationFacts, LetterKind, Previous, Why


def test_on_demand_letter_says_window_reason_cases_and_questions() -> None:
    letter = compose(some_facts(language="en"))

    assert letter.subject == "Invitation: Gynecologic tumor board, 2026-11-24 (Tue) 07:45–08:05 (Asia/Seoul)"
    assert letter.text.split("\n\n")[2].splitlines() == [
        "When: 2026-11-24 (Tue) 07:45–08:05 (Asia/Seoul)",
        "Whole meeting: 2026-11-24 (Tue) 07:30–08:30 (Asia/Seoul)",
        "Where: Main building, room 301",
        "Video call: https://video.hospital.example/gyn?room=301",
        "Why you are needed:",
        "- Disease in the upper abdomen (R10)",
        "- Liver metastases; resection is asked for (R14)",
        "Cases: C-0017, C-0021",
        "Questions on these cases: 2 questions",
        "Details, after log-in: https://board.hospital.example/meetings/7f3a",
    ]


def test_one_question_is_counted_in_the_singular() -> None:
    assert "Questions on these cases: 1 question\n" in compose(some_facts(language="en", question_count=1)).text


def test_core_letter_has_no_case_list_even_when_there_are_cases() -> None:
    facts = some_facts(language="en", seat=SeatKind.CORE, window=MEETING)

    letter = compose(facts)

    assert letter.text.split("\n\n")[1:3] == [
        "Gynecologic tumor board: you are invited to the whole meeting.",
        "When: 2026-11-24 (Tue) 07:30–08:30 (Asia/Seoul)\n"
        "Where: Main building, room 301\n"
        "Video call: https://video.hospital.example/gyn?room=301\n"
        "Details, after log-in: https://board.hospital.example/meetings/7f3a",
    ]
    assert "C-0017" not in letter.html + compose_event(facts).description


def test_board_zone_is_shown_only_where_its_clock_differs_h13() -> None:
    away = compose(some_facts(language="en", time_zone="America/New_York")).text
    near = compose(some_facts(language="en", time_zone="Asia/Tokyo")).text

    assert away.split("\n\n")[2].splitlines()[:3] == [
        "When:",
        "- 2026-11-23 (Mon) 17:45–18:05 (America/New_York)",
        "- 2026-11-24 (Tue) 07:45–08:05 (Asia/Seoul)",
    ]
    assert near.split("\n\n")[2].splitlines()[0] == "When: 2026-11-24 (Tue) 07:45–08:05 (Asia/Tokyo)"


def test_update_says_what_changed_h13() -> None:
    previous = Previous(window=EARLIER, room=None, video_url="https://old.example", case_references=("C-0017",))

    letter = compose(some_facts(language="en", kind=LetterKind.MOVED, previous=previous))

    assert letter.text.split("\n\n")[2].splitlines()[:5] == [
        "What changed:",
        "- Time: 2026-11-24 (Tue) 07:30–07:50 (Asia/Seoul) → 2026-11-24 (Tue) 07:45–08:05 (Asia/Seoul)",
        "- Room: none → Main building, room 301",
        "- Video call: https://old.example → https://video.hospital.example/gyn?room=301",
        "- Cases: +C-0021",
    ]


def test_swapped_case_is_named_and_not_the_whole_list() -> None:
    facts = some_facts(language="en", kind=LetterKind.CHANGED, case_references=("C-0017", "C-0021"))
    previous = Previous(
        window=facts.window, room=facts.room, video_url=facts.video_url, case_references=("C-0017", "C-0019")
    )

    letter = compose(replace(facts, previous=previous))

    assert "What changed: Cases: +C-0021, −C-0019\n" in letter.text


@pytest.mark.parametrize(
    ("has_answered", "closing"),
    [
        (True, "Your answer stays as it is: the attached calendar message updates the entry."),
        (False, "The attached calendar message updates the entry. Your answer is still missing: please give it."),
        (None, "The attached calendar message updates the entry."),
    ],
)
def test_only_an_answer_that_was_given_stays(has_answered: bool | None, closing: str) -> None:
    letter = compose(some_facts(language="en", kind=LetterKind.CHANGED, has_answered=has_answered))

    assert closing in letter.text.splitlines()


@pytest.mark.parametrize(("language", "beginning"), [("en", "Reminder: "), ("ko", "[알림] 회신 요청: ")])
def test_reminder_looks_like_one_and_can_be_switched_off(language: str, beginning: str) -> None:
    facts = sample_facts("reminder", language)

    letter, late = compose(facts), compose(replace(facts, answer_until=None))

    assert letter.subject.startswith(beginning)
    assert "(Asia/Seoul)" in letter.text.split("\n\n")[1]
    assert "2026-11-21" not in late.text
    assert LETTER_LINK in letter.text
    assert compose_event(facts) == compose_event(replace(facts, kind=LetterKind.INVITATION))


def test_letter_addresses_with_name_and_title() -> None:
    named, plain = some_facts(recipient_title="교수"), some_facts()

    assert (compose(named).text.splitlines()[0], compose(plain).text.splitlines()[0]) == ("박서준 교수님,", "박서준님,")


def test_update_without_a_difference_has_no_such_line() -> None:
    facts = some_facts(language="en", kind=LetterKind.CHANGED)
    same = Previous(
        window=facts.window, room=facts.room, video_url=facts.video_url, case_references=facts.case_references
    )

    assert "What changed" not in compose(replace(facts, previous=same)).text


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("withdrawn", "부인암 다학제: 이 회의에 참석하지 않으셔도 됩니다. 회의는 예정대로 열립니다."),
        ("cancelled", "부인암 다학제: 이 회의는 열리지 않습니다."),
    ],
)
def test_withdrawn_invitation_is_not_worded_as_a_cancelled_meeting_g11(name: str, line: str) -> None:
    facts = sample_facts(name, "ko")

    assert compose(facts).text.split("\n\n")[1] == line
    assert compose_event(facts).description.splitlines()[0] == line


def test_who_declined_reads_that_it_is_noted() -> None:
    letter = compose(some_facts(language="en", kind=LetterKind.WITHDRAWN, has_declined=True))

    assert "it is noted that you cannot come, and your invitation is withdrawn." in letter.text
    assert "no longer needed" not in letter.text


def test_recommended_member_is_asked_not_told() -> None:
    text = compose(some_facts(language="en", required=False)).text

    assert "your advice would help" in text
    assert "Why you are asked:" in text


@pytest.mark.parametrize("name", ["on-demand", "core"])
def test_title_of_the_entry_is_made_of_the_board_alone_p3(name: str) -> None:
    facts = replace(sample_facts(name, "ko"), why=(Why("R1", Text("secret", "비밀")),), case_references=("C-1",))

    assert compose_event(facts).title in ("부인암 다학제", "부인암 다학제 (참석 시간)")


def test_place_of_the_entry_is_the_room_or_the_video_call() -> None:
    assert compose_event(some_facts(language="en")).location == "Main building, room 301"
    assert compose_event(some_facts(language="en", room=None)).location == "Video call"
    assert compose_event(some_facts(language="en", room=None, video_url=None)).location == ""


def test_html_escapes_words_and_loads_nothing_p5() -> None:
    facts = some_facts(
        board_name="<script>alert(1)</script>",
        room='<img src="https://evil.example/x.png">',
        page_url='https://board.example/?"onmouseover="alert(1)',
    )

    html = compose(facts).html

    assert re.findall(r"<(script|img|link|iframe|object|style)\b", html) == []
    assert re.findall(r"\b(?:src|background)=", html.replace("&lt;img src=", "")) == []
    assert "url(" not in html
    assert '"onmouseover=' not in html


def test_html_and_text_carry_the_same_words() -> None:
    letter = compose(sample_facts("moved", "ko"))

    from_html = re.sub(r"<title>.*</title>|<[^>]+>", " ", letter.html)
    assert words_of(from_html) == words_of(re.sub(r"https://\S+/answer/\S+", "", letter.text))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_answers_can_be_given_by_links_of_both_bodies(language: str) -> None:
    letter = compose(some_facts(language=language))

    links = [LINKS.accept, LINKS.tentative, LINKS.decline]
    assert re.findall(r"https://\S+/answer/\S+", letter.text) == links
    assert re.findall(r'href="(https://\S+/answer/[^"]+)"', letter.html) == links


def test_letter_without_a_question_has_no_links_to_answer() -> None:
    for facts in (some_facts(answer_links=None), some_facts(kind=LetterKind.WITHDRAWN)):
        letter = compose(facts)

        assert "/answer/" not in letter.text + letter.html


def words_of(text: str) -> list[str]:
    """The words without the marks that stand for the table's lines."""
    return [word.rstrip(":") for word in text.split() if word not in ("-", "--")]


def test_line_breaks_and_turning_marks_in_words_are_taken_out() -> None:
    facts = some_facts(language="en", board_name="Board\r\nBcc: x\u202e\x07\u2028end", room="a\nWhen: never")

    letter = compose(facts)

    assert letter.subject == "Invitation: Board Bcc: x end, 2026-11-24 (Tue) 07:45–08:05 (Asia/Seoul)"
    assert "Where: a When: never\n" in letter.text


@pytest.mark.parametrize("link", ["javascript:alert(1)", "//board.example", "board.example/x", "data:text/html,x"])
def test_link_that_is_no_web_address_is_refused(link: str) -> None:
    with pytest.raises(BadInput) as refusal:
        some_facts(page_url=link)

    assert refusal.value.code == "bad-link"


def test_facts_have_no_field_for_a_patient_p1() -> None:
    assert {field.name for field in fields(InvitationFacts)} == {
        *("kind", "recipient", "organizer", "language", "time_zone", "board_name", "board_time_zone", "meeting"),
        *("window", "seat", "room", "video_url", "page_url", "required", "why", "case_references", "question_count"),
        *("is_urgent", "previous", "has_declined", "has_answered", "answer_links", "answer_until", "preferences_url"),
        *("recipient_title", "unsubscribe_url", "in_place_of", "hour_changes"),
    }


def test_equal_facts_give_the_equal_letter_a11() -> None:
    assert compose(some_facts()) == compose(some_facts())

"""Every code has words in both languages, and no page mixes them."""

from __future__ import annotations

import re
from datetime import date

import pytest
from flask import Flask

from tests.builders import BOARD
from tests.web.visitor import Visitor
from tumorboard.domain.cells import read_choice
from tumorboard.domain.errors import BadInput
from tumorboard.domain.fields import Field, FieldKind
from tumorboard.domain.model import Finding, Level, ReadinessRecord, ReadinessState, Reason, Text
from tumorboard.domain.planning import REASON_CODES, VIOLATION_CODES
from tumorboard.domain.planning_again import AGAIN_CODES
from tumorboard.domain.planning_today import TODAY_CODES
from tumorboard.web.pages.picture import STEPS
from tumorboard.web.pages.whole import keep_whole, list_people
from tumorboard.words import Words
from tumorboard.words.phrases import Names, say_finding, say_reason
from tumorboard.words.refusals import REFUSALS, say_error, say_refusal

NAMES = Names(
    meetings={"m1": "2026-11-24 (화) 07:30"}, members={"p1": "홍길동 교수"}, specialties={"urology": "비뇨의학과"},
    certificates={"c1": "자격"}, items={"ct": "흉부 CT"},
)  # fmt: skip
VALUES: dict[str, str | int] = {
    "meeting": "m1", "member": "p1", "specialty": "urology", "certificate": "c1", "items": "ct", "cases": 2, "days": 3,
    "meetings": 2, "minutes": 8, "ready_on": "2026-11-23", "rule": "meeting-full", "reference": "C-1", "by": "kim@x",
    "points": 12, "mostly": "calls", "references": "C-1,C-2", "to": "m1", "starts_on": "2026-11-24",
    "at": "2026-11-24T09:00:00+09:00",
}  # fmt: skip
CODES = {**REASON_CODES, **VIOLATION_CODES, **AGAIN_CODES, **TODAY_CODES}


@pytest.mark.parametrize("code", sorted(CODES))
def test_reason_has_words_in_both_languages(code: str) -> None:
    reason = Reason(code, {name: VALUES[name] for name in CODES[code]})

    english, korean = (say_reason(reason, Words(language), NAMES) for language in ("en", "ko"))

    assert (english == code.replace("-", " "), english == korean) == (False, False)
    assert re.search("[가-힣]", korean)
    assert "%(" not in english + korean


@pytest.mark.parametrize("code", sorted(CODES))
def test_reason_survives_values_that_nobody_knows(code: str) -> None:
    said = say_reason(Reason(code), Words("ko"), Names())

    assert said


def test_reason_names_the_first_meeting_and_counts_the_others() -> None:
    reason = Reason("no-member-free", {"specialty": "urology", "meeting": "m1", "meetings": 3})

    said = [say_reason(reason, Words(language), NAMES) for language in ("en", "ko")]

    assert said == [
        "2026-11-24 (화) 07:30 and 2 more: nobody free, 비뇨의학과",
        "2026-11-24 (화) 07:30 외 2회: 가능한 사람 없음, 비뇨의학과",
    ]


@pytest.mark.parametrize(
    ("state", "record", "age_days", "said"),
    [
        (ReadinessState.MISSING, None, None, "CT: missing · ask Radiology"),
        (ReadinessState.STALE, ReadinessRecord("ct"), 70, "CT: 70 days old, 56 allowed · ask Radiology"),
        (ReadinessState.CURRENT, ReadinessRecord("ct", reported_on=date(2026, 11, 20)), 2, "CT: there"),
        (
            ReadinessState.MISSING,
            ReadinessRecord("ct", expected_on=date(2026, 11, 25), owed_by="ward 7", owed_since=date(2026, 11, 19)),
            None,
            "CT: missing · ask ward 7 · asked since 2026-11-19 (Thu) · expected on 2026-11-25 (Wed)",
        ),
    ],
)
def test_finding_says_what_whom_and_when(
    state: ReadinessState, record: ReadinessRecord | None, age_days: int | None, said: str
) -> None:
    finding = Finding("ct", Text("CT", "CT"), state, Level.BLOCKS, record, age_days, 56)

    assert say_finding(finding, Words("en"), owed_by="Radiology") == said


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_refusal_has_korean_words(code: str) -> None:
    said = say_refusal(code, "an English message", Words("ko"))

    assert re.search("[가-힣]", said)


def test_refusal_in_english_keeps_the_message_with_its_value() -> None:
    assert say_refusal("not-a-date", "'soon' is no date", Words("en")) == "'soon' is no date"
    assert say_refusal("csrf", "", Words("en")) == REFUSALS["csrf"]


def test_steps_of_the_axis_grow() -> None:
    assert list(STEPS) == sorted(STEPS)


PAGES = ("/cases", "/cases/new", "/cases/import", "/boards/" + BOARD, "/people", "/mine", "/outbox")


@pytest.mark.parametrize("address", PAGES)
def test_korean_page_has_no_english_sentence(app: Flask, address: str) -> None:
    visitor = Visitor(app, language="ko")
    visitor.log_in("coordinator@hospital.example")

    page = visitor.see(address)

    sentences = [text for text in page.words if re.search(r"\b[a-z]{3,} [a-z]{2,} [a-z]{2,}\b", text)]
    assert sentences == []


def test_names_and_dates_in_a_sentence_stay_whole_and_names_are_escaped() -> None:
    said = keep_whole("<i>홍 길동 교수: 2026-11-24 (화) 07:30, 김서연", ("<i>홍 길동 교수", "홍 길동", "박민수"))

    assert said == (
        '<span class="nowrap">&lt;i&gt;홍 길동 교수</span>: <span class="nowrap">2026-11-24 (화) 07:30</span>, 김서연'
    )
    assert list_people(["<b>", "김서연 교수"]) == (
        '<span class="nowrap">&lt;b&gt;</span>, <span class="nowrap">김서연 교수</span>'
    )


def test_a_korean_refusal_names_the_choices_in_words() -> None:
    field = Field(
        "ascites",
        FieldKind.CHOICE,
        Text("Ascites", "복수"),
        "g",
        ("none", "large"),
        labels={"none": Text("none", "없음")},
    )
    with pytest.raises(BadInput) as refused:
        read_choice("some", field.choices, field.labels)

    assert refused.value.values["choices"] == ("none", "large")
    said = say_error(refused.value, Words("ko"), field.labels)
    assert "없음 (none), large" in said

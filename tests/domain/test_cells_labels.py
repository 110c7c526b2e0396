"""Cells: the words that pages show are read, and what is wrong is named for every language."""

from __future__ import annotations

from datetime import date

import pytest

from tumorboard.domain import cells
from tumorboard.domain.errors import BadInput
from tumorboard.domain.intake import read_case
from tumorboard.domain.model import Text
from tumorboard.domain.program import load_programs
from tumorboard.words import Words
from tumorboard.words.refusals import say_refusal

TODAY = date(2026, 11, 22)
LABELS = {"urgent": Text("urgent", "긴급"), "routine": Text("as usual", "일반")}


@pytest.mark.parametrize(("text", "meant"), [("긴급", "urgent"), ("As usual", "routine"), ("routine", "routine")])
def test_label_of_a_choice_is_read_as_its_id(text: str, meant: str) -> None:
    assert cells.read_choice(text, ("urgent", "routine"), LABELS) == meant


def test_label_of_two_choices_is_refused() -> None:
    with pytest.raises(BadInput) as caught:
        cells.read_choice("일반", ("a", "b"), {"a": Text("x", "일반"), "b": Text("y", "일반")})

    assert caught.value.code == "unknown-value"


def test_case_is_read_in_the_words_of_the_pages() -> None:
    program = load_programs(None)["ovarian"]
    given = {"reference": "C-1", "urgency": "긴급", "planned_procedures": "간 절제; splenectomy"}

    draft = read_case(program, given, on=TODAY)

    assert (draft.problems, draft.values["urgency"]) == ((), "urgent")
    assert draft.values["planned_procedures"] == frozenset({"liver_resection", "splenectomy"})


@pytest.mark.parametrize(
    ("column", "text", "said"),
    [
        ("urgency", "sometimes",
         "입력값 'sometimes': 여기서 알 수 없는 값입니다. "
         "쓸 수 있는 값: 일반 (routine), 우선 (expedited), 긴급 (urgent)"),
        ("histology", "high_grade_serious",
         "입력값 'high_grade_serious': 여기서 알 수 없는 값입니다. 혹시 고등급 장액성 암종 (high_grade_serous), "
         "저등급 장액성 암종 (low_grade_serous)입니까? "
         "이 열에 쓸 수 있는 값 23가지는 '명단 가져오기' 화면에 있습니다."),
        ("histology", "hgs?",
         "입력값 'hgs?': 여기서 알 수 없는 값입니다. "
         "'명단 가져오기' 화면에 있는 값 23가지 중에서 적어 주십시오."),
        ("ecog", "9", "입력값 '9': 가능하지 않은 수입니다. 0 이상 4 이하로 쓰십시오."),
        ("referred_on", "soon", "입력값 'soon': 날짜가 아닙니다. 2026-11-22처럼 쓰십시오."),
    ],
)  # fmt: skip
def test_korean_names_the_value_and_what_is_allowed(column: str, text: str, said: str) -> None:
    program = load_programs(None)["ovarian"]

    draft = read_case(program, {"reference": "C-1", column: text}, on=TODAY)

    (problem,) = draft.problems
    labels = program.fields[column].labels
    assert say_refusal(problem.code, problem.message, Words("ko"), problem.values, labels) == said

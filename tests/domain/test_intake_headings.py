"""Headings of a case list in the words of the pages, in both languages, that never hide what a column means."""

from __future__ import annotations

from datetime import date

import pytest

from tumorboard.domain.intake import list_columns, read_cases
from tumorboard.domain.intake_headings import as_heading, find_column, read_headings
from tumorboard.domain.intake_rules import as_column
from tumorboard.domain.model import ReadinessRecord
from tumorboard.domain.program import Program, load_programs

TODAY = date(2026, 11, 22)
PROGRAMS = load_programs()
OVARIAN = PROGRAMS["ovarian"]


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=lambda program: program.id)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_column_of_our_own_layout_is_understood_in_both_languages(program: Program, language: str) -> None:
    days = {"en": ("reported on", "expected on"), "ko": ("보고일", "예정일")}[language]
    labels = {
        name: program.fields[name].label.in_language(language)
        for name in list_columns(program)
        if name in program.fields
    }
    for item in program.readiness:
        for day, said in zip(("reported", "expected"), days, strict=True):
            labels[f"{item.id}_{day}_on"] = f"{item.label.in_language(language)}: {said}"

    assert {name: find_column(program, label) for name, label in labels.items()} == {name: name for name in labels}


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("증례번호", "reference"), ("Local Reference", "reference"), ("나이", "age_years"), ("ca 125", "ca125_u_ml"),
        ("figo 병기", "figo_stage"), ("PET-CT 보고일", "pet_ct_reported_on"), ("Free remarks", "free_remarks"),
    ],
)  # fmt: skip
def test_heading_is_compared_by_its_letters_and_digits(heading: str, column: str) -> None:
    assert find_column(OVARIAN, heading) == column


def test_no_heading_is_the_name_of_another_column() -> None:
    clashes = {
        (program.id, heading)
        for program in PROGRAMS.values()
        for heading, column in read_headings(program).items()
        for name in list_columns(program)
        if as_heading(name) == heading and as_column(name) != column
    }

    assert clashes == set()


def test_list_with_korean_headings_is_read() -> None:
    columns = ("증례 번호", "의뢰일", "논의 안건", "FIGO 병기", "등급", "흉부·복부·골반 CT: 보고일", "비고")
    cells = dict(zip(columns, ("C-1", "2026-11-20", "수술?", "IIIC", "3", "2026-11-19", "-"), strict=True))

    intake = read_cases(OVARIAN, [(2, cells)], columns=columns, on=TODAY)

    (row,) = intake.rows
    assert (row.draft.reference, row.draft.problems) == ("C-1", ())
    assert dict(row.draft.values) == {
        "referred_on": date(2026, 11, 20), "question": "수술?", "figo_stage": "IIIC",
        "figo_edition": "unknown", "grade": 3,
    }  # fmt: skip
    assert row.draft.readiness == (ReadinessRecord("ct_chest_abdomen_pelvis", reported_on=date(2026, 11, 19)),)
    assert [(problem.column, problem.code) for problem in intake.column_problems] == [("비고", "unknown-column")]


def test_wrong_cell_is_told_by_the_heading_of_the_file() -> None:
    cells = {"증례 번호": "C-1", "FIGO 병기": "IX"}

    (row,) = read_cases(OVARIAN, [(2, cells)], columns=tuple(cells), on=TODAY).rows

    assert [(problem.column, problem.code) for problem in row.draft.problems] == [("FIGO 병기", "impossible-stage")]


def test_column_named_by_its_id_comes_before_one_named_by_its_label() -> None:
    cells = {"FIGO 병기": "I", "figo_stage": "IIIC", "reference": "C-1"}

    intake = read_cases(OVARIAN, [(2, cells)], columns=tuple(cells), on=TODAY)

    assert intake.rows[0].draft.values["figo_stage"] == "IIIC"
    assert [problem.column for problem in intake.column_problems] == ["FIGO 병기"]


def test_words_of_a_curated_table_stay_the_authors_words() -> None:
    cells = {"uncurated_author_metadata": "x", "unique_patient_ID": "P-1", "나이": "58"}

    intake = read_cases(OVARIAN, [(2, cells)], columns=tuple(cells), on=TODAY)

    assert [problem.column for problem in intake.column_problems] == ["나이"]

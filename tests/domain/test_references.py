"""What a case reference looks like: masks, and what looks like a name."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.services.by_the_clock import TODAY
from tumorboard.domain.errors import BadInput
from tumorboard.domain.identity import has_resident_number
from tumorboard.domain.intake import read_case, read_cases
from tumorboard.domain.program import load_programs
from tumorboard.domain.references import (
    LONGEST_PATTERN,
    ReferencePattern,
    looks_converted,
    looks_like_name,
    read_pattern,
)

OVARIAN = load_programs(None)["ovarian"]


def pattern(text: str) -> ReferencePattern:
    found = read_pattern(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "fits", "not_fits"),
    [
        (
            "C-####",
            ["C-0017", "C-9999"],
            ["C-17", "C-00170", "c-0017", "C-001a", "C_0017", "C-００１７", "C-0017\n"],
        ),
        ("@@-##/??", ["GO-26/a1", "xy-00/99"], ["가-26/a1", "GO-26/a", "G1-26/a1", "GO-26/é1"]),
        ("C-#### | G##.####", ["C-0017", "G26.0001"], ["G26-0001", "C-0017 | G26.0001"]),
        ("부인-###", ["부인-001"], ["부과-001", "부인-1"]),
    ],
)
def test_reference_keeps_to_one_of_the_masks(text: str, fits: list[str], not_fits: list[str]) -> None:
    found = pattern(text)

    assert [each for each in fits if not found.fits(each)] == []
    assert [each for each in not_fits if found.fits(each)] == []


@pytest.mark.parametrize("text", ["", "  "])
def test_empty_pattern_allows_anything(text: str) -> None:
    assert read_pattern(text) is None


def test_pattern_is_kept_as_people_read_it() -> None:
    assert pattern(" C-####|G-## | C-#### ").text == "C-#### | G-##"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("C-####|", "nothing before or after"),
        ("C-(####)", "holds '('"),
        ("C ####", "holds ' '"),
        ("[0-9]+", "holds '['"),
        ("(a+)+#", "holds '('"),
        ("C-*#", "holds '*'"),
        ("@@@ @@@", "holds ' '"),
        ("@@@", "without #"),
        ("????", "without #"),
        ("Kim", "without #"),
        ("######-#######", "resident registration number"),
        ("#############", "resident registration number"),
        ("??????-?######", "resident registration number"),
        ("#" * 65, "longer than 64"),
        ("#|##|###|####|#####|A#|B#|C#|D#", "more than 8 masks"),
        ("#" * (LONGEST_PATTERN + 1), "longer than 200"),
    ],
)
def test_pattern_that_helps_nobody_is_refused(text: str, words: str) -> None:
    with pytest.raises(BadInput, match="C-####") as refusal:
        read_pattern(text)

    assert (refusal.value.code, words in str(refusal.value)) == ("bad-reference-pattern", True)


MASKS = st.text("#@?ABCxyz-_./가1", min_size=1, max_size=20)


@given(MASKS)
def test_example_of_a_pattern_fits_it_and_is_no_resident_number(mask: str) -> None:
    try:
        found = pattern(mask)
    except BadInput:
        return

    assert found.fits(found.example)
    assert not has_resident_number(found.example) or has_resident_number(mask.replace("#", "1"))


@given(MASKS, st.text(max_size=200))
def test_no_text_takes_long_or_fits_a_mask_of_another_length(mask: str, text: str) -> None:
    try:
        found = pattern(mask)
    except BadInput:
        return

    assert not found.fits(text) or len(text) == len(mask)


def test_longest_pattern_on_a_long_text_is_quick() -> None:
    found = pattern("|".join(["#" * 12 + each for each in "abcdefgh"]))

    began = time.process_time()
    for _ in range(1000):
        found.fits("1" * 100_000)

    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "reference",
    ["김민지", "남궁민수", "이산", "김 민지", "Kim Minji", "KIM MINJI", "kim minji", "Kim, Minji", "Kim Min-ji",
     "O'Brien Mary", "Dr. Kim", "Anna Maria Lee", "Müller Änne"],
)  # fmt: skip
def test_name_is_seen_as_one(reference: str) -> None:
    assert looks_like_name(reference)


@pytest.mark.parametrize(
    "reference",
    [
        "C-0017",
        "TCGA-04-1331",
        "GO26001",
        "부인-001",
        "김",
        "서울대학교병원",
        "case 7",
        "Minji",
        "A",
        "2026-0123",
        "P1 P2",
        "",
    ],
)
def test_number_is_no_name(reference: str) -> None:
    assert not looks_like_name(reference)


@pytest.mark.parametrize("reference", ["2026-03-01", "2026-03-01 00:00:00", "1E+15", "1.2E+16", "TRUE", "false"])
def test_what_a_spreadsheet_made_of_a_reference_is_refused_unless_the_pattern_has_it(reference: str) -> None:
    (row,) = read_cases(OVARIAN, [(2, {"reference": reference})], columns=["reference"], on=TODAY).rows
    dated = pattern("####-##-##")
    (own,) = read_cases(
        OVARIAN, [(2, {"reference": "2026-03-01"})], columns=["reference"], on=TODAY, references=dated
    ).rows  # fmt: skip

    assert looks_converted(reference)
    assert ([problem.code for problem in row.draft.problems], own.draft.is_refused) == (["reference-converted"], False)


@pytest.mark.parametrize("reference", ["E-15", "2026-031", "C-2026-03-01", "15", "1.5", "true-1"])
def test_other_references_are_not_taken_for_what_a_spreadsheet_makes(reference: str) -> None:
    assert not looks_converted(reference)


def test_row_with_another_reference_is_refused_without_repeating_it() -> None:
    rows = [(2, {"reference": "C-0001"}), (3, {"reference": "Kim Minji"}), (4, {"reference": "0002"})]

    intake = read_cases(OVARIAN, rows, columns=["reference"], on=TODAY, references=pattern("C-####"))

    assert [row.draft.is_refused for row in intake.rows] == [False, True, True]
    (problem,) = intake.rows[1].draft.problems
    assert (problem.code, dict(problem.values)) == ("reference-pattern", {"pattern": "C-####", "example": "C-1234"})
    assert problem.message == (
        "row 3, column 'reference': the reference does not keep to the centre's pattern C-#### "
        "(# a digit, @ a letter, ? either), for example C-1234"
    )


def test_reference_like_a_name_is_refused_without_repeating_it() -> None:
    draft = read_case(OVARIAN, {"reference": "김민지"}, on=TODAY)

    assert [(problem.code, problem.refuses) for problem in draft.problems] == [("reference-like-a-name", True)]
    assert (draft.is_refused, "김민지" in draft.problems[0].message) == (True, False)

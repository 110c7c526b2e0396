"""The data rules D1 to D8 on single rows, and whole lists with their duplicates and unknown columns."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tumorboard.domain.cells import NO_RESULT, clean_text
from tumorboard.domain.errors import BadProgram, BadTable
from tumorboard.domain.fields import Field, FieldKind
from tumorboard.domain.identity import has_resident_number
from tumorboard.domain.intake import Draft, case_facts, normalise, read_case, read_cases
from tumorboard.domain.intake_rules_reader import read_rules
from tumorboard.domain.model import CaseFacts, ReadinessRecord, Text, Value
from tumorboard.domain.program import Program, load_programs

TODAY = date(2026, 11, 22)
OVARIAN = load_programs()["ovarian"]

# What a row without stage, grade and performance status always says.
NOTHING_GIVEN = {"stage-missing", "grade-missing", "ps-missing"}


def a_draft(**cells: str) -> Draft:
    return read_case(OVARIAN, {"reference": "C-1", **cells}, on=TODAY)


def value(field: str, **cells: str) -> Value | None:
    return a_draft(**cells).values.get(field)


def flags(**cells: str) -> set[str]:
    """The flags beyond those of fields that the row does not give."""
    return set(a_draft(**cells).flags) - NOTHING_GIVEN


def problems(**cells: str) -> list[tuple[str, str, bool]]:
    return [(problem.column, problem.code, problem.refuses) for problem in a_draft(**cells).problems]


def message(**cells: str) -> str:
    (problem,) = a_draft(**cells).problems
    return problem.message


def a_program(*fields: Field, **intake: Any) -> Program:
    name = Text("Small", "작은")
    return Program("small", name, fields={field.id: field for field in fields}, intake=intake)


def a_field(kind: FieldKind, field_id: str = "item", **more: Any) -> Field:
    return Field(field_id, kind, Text("Item", "항목"), "group", **more)


def test_case_reads_columns_named_by_field_ids() -> None:
    draft = a_draft(
        age_years="58",
        ecog="1",
        histology="clear_cell",
        grade="3",
        figo_stage="IIIC",
        figo_edition="2014",
        residual="none",
        planned_procedures="omentectomy; hipec",
        fertility_wish="no",
        ca125_u_ml="1584.5",
        referred_on="2026-11-20",
        question="Operate?",
    )

    assert draft == Draft(
        reference="C-1",
        values={
            "referred_on": date(2026, 11, 20),
            "question": "Operate?",
            "age_years": 58,
            "ecog": 1,
            "fertility_wish": False,
            "histology": "clear_cell",
            "grade": 3,
            "figo_stage": "IIIC",
            "figo_edition": "2014",
            "residual": "none",
            "ca125_u_ml": 1584.5,
            "planned_procedures": frozenset({"omentectomy", "hipec"}),
        },
        kept={},
        flags=frozenset(),
        readiness=(),
        problems=(),
    )
    assert list(draft.values) == [name for name in OVARIAN.fields if name in draft.values]


@pytest.mark.parametrize(
    ("cells", "reference"),
    [
        ({"reference": "C-1", "bcr_patient_barcode": "T-1"}, "C-1"),
        ({"reference": "", "bcr_patient_barcode": "T-1", "patient_id": "1331"}, "T-1"),
        ({"PATIENT_ID": "T-2", "SAMPLE_ID": "T-2-01"}, "T-2"),
        ({"sample_id": "GSM1", "unique_patient_ID": ""}, "GSM1"),
        ({"sample_id": "GSM1", "unique_patient_ID": "P-1"}, "P-1"),
        ({" Reference ": "  C-9 "}, "C-9"),
    ],
)
def test_reference_comes_from_the_first_column_that_has_one(cells: dict[str, str], reference: str) -> None:
    assert read_case(OVARIAN, cells, on=TODAY).reference == reference


@pytest.mark.parametrize("reference", ["", "  ", "NA", "[Not Available]"])
def test_case_without_reference_is_refused(reference: str) -> None:
    assert problems(reference=reference) == [("reference", "missing-reference", True)]


def test_long_reference_is_refused() -> None:
    assert problems(reference="x" * 65) == [("reference", "too-long", True)]


@pytest.mark.parametrize(
    "word",
    [
        "",
        " ",
        "NA",
        "na",
        "[Not Available]",
        "[not applicable]",
        "[Unknown]",
        "[Not Evaluated]",
        "[Discrepancy]",
        "N/A",
    ],
)
def test_d1_missing_words_give_no_value(word: str) -> None:
    assert a_draft(age_years=word, figo_stage=word, residual=word, question=word, jewish_origin=word) == a_draft()


@pytest.mark.parametrize("column", ["person_neoplasm_cancer_status", "tumor_status"])
def test_d1_discrepancy_in_the_cancer_status_is_flagged(column: str) -> None:
    assert flags(**{column: "[Discrepancy]"}) == {"source-discrepancy"}
    assert flags(**{column: "WITH TUMOR"}) == set()


@pytest.mark.parametrize("column", ["figo_stage", "clinical_stage", "FIGO_GRADE", "stage"])
@pytest.mark.parametrize(
    ("text", "stage", "remark"),
    [
        ("Stage IIIC", "IIIC", set()),
        ("iiic", "IIIC", set()),
        ("3C", "IIIC", set()),
        ("FIGO 1c2", "IC2", set()),
        ("IIIA1(i)", "IIIA1i", set()),
        ("IIIA1II", "IIIA1ii", set()),
        ("Ⅲ C", "IIIC", set()),
        ("Stage IIC", "IIC", {"stage-legacy-not-in-figo2014"}),
        ("Stage IV", "IV", {"stage-no-substage"}),
        ("4", "IV", {"stage-no-substage"}),
        ("3", "III", {"stage-no-substage"}),
        ("II", "II", {"stage-no-substage"}),
        ("I", "I", {"stage-no-substage"}),
        ("IIIA", "IIIA", set()),
        ("IVB", "IVB", set()),
    ],
)
def test_d2_stage_is_kept_as_it_was_given(column: str, text: str, stage: str, remark: set[str]) -> None:
    assert value("figo_stage", **{column: text}) == stage
    assert flags(**{column: text}) == remark


def test_d2_ambiguous_stage_gives_no_value_and_only_that_flag() -> None:
    draft = a_draft(stage="IIIC/IA", grade="3", ecog="0")

    assert "figo_stage" not in draft.values
    assert draft.flags == {"stage-ambiguous"}
    assert draft.problems == ()


@pytest.mark.parametrize("text", ["", "[Not Available]", "unknown"])
def test_d2_missing_stage_is_flagged(text: str) -> None:
    assert a_draft(clinical_stage=text, grade="1", ecog="0").flags == {"stage-missing"}


@pytest.mark.parametrize("column", ["figo_stage", "clinical_stage", "stage"])
@pytest.mark.parametrize("text", ["Stage V", "IIIE", "0", "5", "IIIC/IIIE", "late", "III C D", "/"])
def test_d2_impossible_stage_is_refused(column: str, text: str) -> None:
    assert problems(**{column: text}) == [(column, "impossible-stage", True)]
    assert "IA, IB, IC, IC1" in message(**{column: text})


@pytest.mark.parametrize(
    ("cells", "stage"),
    [
        ({"tumorstage": "3", "substage": "c"}, "IIIC"),
        ({"tumorstage": "4", "substage": ""}, "IV"),
        ({"figo_stage": "1", "figo_substage": "b"}, "IB"),
        ({"figo_stage": "IIIC", "figo_substage": "c"}, "IIIC"),
        ({"stage": "IIIC/IA", "tumorstage": "3", "substage": "c"}, None),
    ],
)
def test_d2_stage_and_substage_are_joined(cells: dict[str, str], stage: str | None) -> None:
    assert value("figo_stage", **cells) == stage


@pytest.mark.parametrize(
    ("cells", "edition"),
    [
        ({"YEAR_OF_DIAGNOSIS": "2013"}, "pre2014"),
        ({"year_of_initial_pathologic_diagnosis": "2014"}, "2014"),
        ({"initial_pathologic_dx_year": "2020.0"}, "2014"),
        ({"YEAR_OF_DIAGNOSIS": "2013-12-31"}, "pre2014"),
        ({"YEAR_OF_DIAGNOSIS": "some day"}, "unknown"),
        ({"YEAR_OF_DIAGNOSIS": "13"}, "unknown"),
        ({}, "unknown"),
        ({"YEAR_OF_DIAGNOSIS": "2013", "figo_edition": "2014"}, "2014"),
    ],
)
def test_d2_edition_follows_from_the_year(cells: dict[str, str], edition: str) -> None:
    draft = a_draft(**cells)

    assert (draft.values["figo_edition"], draft.problems) == (edition, ())


@pytest.mark.parametrize("column", ["grade", "neoplasm_histologic_grade", "tumor_grade"])
@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("G1", 1),
        ("g2", 2),
        ("G3", 3),
        ("G4", 4),
        ("1", 1),
        ("4", 4),
        ("3.0", 3),
        ("High Grade G3", 3),
        ("GB", "borderline"),
        ("0", "borderline"),
        ("Borderline", "borderline"),
    ],
)
def test_d3_grade_words_are_understood(column: str, text: str, grade: int | str) -> None:
    assert value("grade", **{column: text}) == grade
    assert "grade-missing" not in a_draft(**{column: text}).flags


@pytest.mark.parametrize("text", ["GX", "unknown", "[Not Available]", ""])
def test_d3_unknown_grade_is_missing(text: str) -> None:
    draft = a_draft(grade=text, figo_stage="IA", ecog="0")

    assert (draft.flags, draft.problems) == ({"grade-missing"}, ())


def test_d3_unknown_word_is_refused_only_in_the_own_column() -> None:
    assert problems(grade="tall") == [("grade", "unknown-value", True)]
    assert problems(tumor_grade="tall") == [("tumor_grade", "unknown-value", False)]
    assert "grade-missing" in a_draft(tumor_grade="tall").flags


@pytest.mark.parametrize("column", ["age_years", "AGE", "age_at_initial_pathologic_diagnosis", "age_at_surgery"])
@pytest.mark.parametrize(("text", "age"), [("45", 45), ("45.99", 45), ("0", 0), ("120", 120), ("90+", 90), (">89", 90)])
def test_d4_age_is_cut_to_whole_years(column: str, text: str, age: int) -> None:
    assert value("age_years", **{column: text}) == age


@pytest.mark.parametrize("column", ["age_years", "AGE"])
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("-1", "impossible-value"),
        ("121", "impossible-value"),
        ("45 years", "not-a-number"),
        ("45세", "not-a-number"),
        ("forty", "not-a-number"),
        ("4 5", "not-a-number"),
        ("nan", "not-a-number"),
        ("inf", "not-a-number"),
        ("1e1", "not-a-number"),
        ("45,5", "not-a-number"),
    ],
)
def test_d4_impossible_age_is_refused(column: str, text: str, code: str) -> None:
    assert problems(**{column: text}) == [(column, code, True)]


@pytest.mark.parametrize(
    ("karnofsky", "ecog"),
    [("100", 0), ("90", 0), ("80", 1), ("70", 1), ("60", 2), ("50", 2), ("40", 3), ("30", 3), ("20", 4), ("10", 4)],
)
def test_d5_karnofsky_stands_in_by_bands(karnofsky: str, ecog: int) -> None:
    assert value("ecog", karnofsky_score=karnofsky) == ecog
    assert value("ecog", karnofsky_performance_score=karnofsky, eastern_cancer_oncology_group="1") == 1
    assert value("ecog", karnofsky_score=karnofsky, ecog_score="[Not Available]") == ecog


def test_d5_karnofsky_below_all_bands_is_no_usable_value() -> None:
    assert "ps-missing" in a_draft(karnofsky_score="0").flags


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"ecog": "5"}, "impossible-value"),
        ({"ecog_score": "7", "karnofsky_score": "80"}, "impossible-value"),
        ({"ecog": "-1"}, "impossible-value"),
        ({"ecog": "1.5"}, "not-a-number"),
        ({"ecog": "1-2"}, "not-a-number"),
        ({"karnofsky_score": "110"}, "impossible-value"),
    ],
)
def test_d5_impossible_performance_status_is_refused(cells: dict[str, str], code: str) -> None:
    assert problems(**cells) == [(next(iter(cells)), code, True)]


@pytest.mark.parametrize("timing_column", ["performance_status_scale_timing", "performance_status_timing"])
@pytest.mark.parametrize(
    ("process_stage", "ecog", "expected"),
    [
        ("", None, {"ps-timing-mismatch", "ps-missing"}),
        ("pre_treatment", None, {"ps-timing-mismatch", "ps-missing"}),
        ("interval", None, {"ps-timing-mismatch", "ps-missing"}),
        ("post_op", 2, set()),
        ("recurrence", 2, set()),
    ],
)
def test_d5_status_after_adjuvant_therapy_is_not_used_before_it(
    timing_column: str, process_stage: str, ecog: int | None, expected: set[str]
) -> None:
    cells = {timing_column: "Post-Adjuvant Therapy", "process_stage": process_stage, "ecog_score": "2"}

    draft = a_draft(**cells, figo_stage="IA", grade="1")

    assert (draft.values.get("ecog"), draft.flags) == (ecog, expected)


def test_d5_timing_without_a_value_is_only_missing() -> None:
    draft = a_draft(performance_status_scale_timing="Post-Adjuvant Therapy", figo_stage="IA", grade="1")

    assert draft.flags == {"ps-missing"}


@pytest.mark.parametrize(
    ("text", "residual"),
    [
        ("No Macroscopic disease", "none"),
        ("1-10 mm", "le_10mm"),
        ("1–10 mm", "le_10mm"),
        ("11-20 mm", "gt_10mm"),
        (">20 mm", "gt_10mm"),
    ],
)
def test_d6_residual_words_are_understood(text: str, residual: str) -> None:
    assert value("residual", tumor_residual_disease=text) == residual
    assert value("residual", residual_disease_largest_nodule=text) == residual
    assert value("residual", residual=text) == residual


@pytest.mark.parametrize("residual", ["none", "le_10mm", "gt_10mm"])
def test_d6_own_residual_passes_through(residual: str) -> None:
    assert value("residual", residual=residual, tumor_residual_disease="11-20 mm") == residual


@pytest.mark.parametrize(
    ("margin", "residual", "expected"),
    [
        ("R0", "1-10 mm", {"residual-conflict"}),
        ("R0", ">20 mm", {"residual-conflict"}),
        ("R0", "No Macroscopic disease", set()),
        ("R0", "", set()),
        ("R1", "1-10 mm", set()),
    ],
)
def test_d6_r0_with_visible_residual_is_a_conflict(margin: str, residual: str, expected: set[str]) -> None:
    assert flags(residual_tumor=margin, tumor_residual_disease=residual) == expected


@pytest.mark.parametrize(
    ("cells", "histology"),
    [
        ({"histological_type": "Serous Cystadenocarcinoma", "tumor_grade": "G1"}, "low_grade_serous"),
        ({"histological_type": "Serous Cystadenocarcinoma", "tumor_grade": "G2"}, "high_grade_serous"),
        ({"histological_type": "ser", "grade": "4"}, "high_grade_serous"),
        ({"histotype": "serous"}, "serous_grade_unknown"),
        ({"histology": "Serous", "grade": "3"}, "high_grade_serous"),
        ({"DISEASE_TYPE": "Serous Cystadenocarcinoma"}, "serous_grade_unknown"),
        ({"histology": "MMMT", "grade": "3"}, "carcinosarcoma"),
        ({"histology": "Adenocarcinoma"}, "adenocarcinoma_nos"),
        ({"histology": "Mucinous", "grade": "2"}, "mucinous"),
        ({"histology": "Clear Cell"}, "clear_cell"),
        ({"histotype": "clear cells"}, "clear_cell"),
        ({"histological_type": "clearcell"}, "clear_cell"),
        ({"histological_type": "endo"}, "endometrioid"),
        ({"histology": "Transitional Cell"}, "transitional_cell"),
        ({"histology": "Serous", "disease_state": "Borderline ovarian", "grade": "1"}, "borderline_serous"),
        ({"histotype": "mucinous", "grade": "Borderline"}, "borderline_mucinous"),
        ({"histological_type": "ser", "grade": "0"}, "borderline_serous"),
        ({"histology": "Serous", "disease_state": "Benign ovarian"}, "benign"),
        ({"disease_state": "Normal ovarian"}, "benign"),
        ({"histotype": "Normal"}, "normal"),
        ({"histology": "high_grade_serous", "grade": "1"}, "high_grade_serous"),
        ({"histology": "mucinous", "grade": "borderline"}, "borderline_mucinous"),
        ({"histology": "clear_cell", "grade": "borderline"}, "clear_cell"),
        ({"histology": "high_grade_serous", "grade": "GB", "icd_o_3_histology": "8441/3"}, "high_grade_serous"),
        ({"histology": "clear_cell", "histological_type": "ser", "disease_state": "Benign ovarian"}, "benign"),
    ],
)
def test_d7_histology_follows_from_word_grade_and_behaviour(cells: dict[str, str], histology: str) -> None:
    assert value("histology", **cells) == histology
    assert problems(**cells) == []


def test_d7_behaviour_beats_grade() -> None:
    invasive = {"histological_type": "Serous Cystadenocarcinoma", "tumor_grade": "GB", "icd_o_3_histology": "8441/3"}

    assert value("histology", **invasive) == "serous_grade_unknown"
    assert flags(**invasive) == {"grade-behaviour-conflict"}
    assert flags(**{**invasive, "icd_o_3_histology": "8442/1"}) == set()
    assert value("histology", **{**invasive, "icd_o_3_histology": "8442/1"}) == "borderline_serous"
    assert value("histology", **{**invasive, "histological_type": "mucinous"}) == "mucinous"


@pytest.mark.parametrize("column", ["icd_o_3_histology", "MORPHOLOGY"])
@pytest.mark.parametrize(("code", "expected"), [("8460/3", True), ("8461/3", True), ("8441/3", False)])
def test_d7_codes_that_changed_their_meaning_are_flagged(column: str, code: str, expected: bool) -> None:
    assert (flags(**{column: code}) == {"icdo-edition-matters"}) is expected


@pytest.mark.parametrize(
    "cells",
    [
        {"histotype": "other"},
        {"histotype": "undifferentiated"},
        {"histotype": "endometrioid", "grade": "Borderline"},
        {"histotype": "clear cells", "disease_state": "Borderline ovarian"},
    ],
)
def test_d7_histology_the_programme_does_not_have_is_left_empty(cells: dict[str, str]) -> None:
    assert value("histology", **cells) is None
    assert problems(**cells) == [("histotype", "unknown-value", False)]


def test_d7_unknown_histology_is_refused_in_the_own_column() -> None:
    assert problems(histology="high_grade_serious") == [("histology", "unknown-value", True)]
    assert message(histology="high_grade_serious").endswith("Did you mean 'high_grade_serous' or 'low_grade_serous'?")


@pytest.mark.parametrize(
    "text",
    [
        "900101-1234567",
        "9001011234567",
        "id 900101-2234567 of Kim",
        "900101 - 1234567",
        "900101 1234567",
        "900101–1234567",
        "900101‑8234567",
        "900101ㅡ1234567",
        "900101/1234567",
        "900101-\n1234567",
        "９００１０１－１２３４５６７",
        "9\u200b00101\u00ad-1234567",
        "٩٠٠١٠١-١٢٣٤٥٦٧",
        "9.001011234567E+12",
        "19900101-1234567",
        "주민번호900101-1234567",
    ],
)
@pytest.mark.parametrize("column", ["question", "ecog", "nobody knows", "gender", "reference"])
def test_d8_resident_number_anywhere_refuses_the_row(column: str, text: str) -> None:
    draft = read_case(OVARIAN, {"reference": "C-1", "figo_stage": "IIIC", column: text}, on=TODAY)

    (problem,) = draft.problems
    assert (problem.column, problem.code, problem.refuses) == (column, "resident-registration-number", True)
    assert "234567" not in repr(draft)
    assert (draft.reference, draft.values, draft.kept, draft.flags) == (None, {}, {}, frozenset())


@pytest.mark.parametrize(
    "text",
    [
        "-28848",
        "17.7084188911704",
        "65.47306176084099",
        "12345678901234",
        "900101-0234567",
        "900101-9234567",
        "251209750932_S01",
        "010-1234-5678",
        "2026-11-22",
        "6d10d4ee-6331-4bba-93bc-a7b64cc0b22a",
    ],
)
def test_d8_other_numbers_are_none(text: str) -> None:
    assert not has_resident_number(text)


def test_d8_every_cell_that_holds_a_number_is_named() -> None:
    columns = [column for column, _, _ in problems(question="900101-1234567", protocol="9001011234567")]

    assert columns == ["question", "protocol"]


def test_field_column_wins_when_it_has_a_value() -> None:
    assert value("figo_stage", figo_stage="IVB", clinical_stage="Stage IIIC") == "IVB"
    assert value("figo_stage", figo_stage="", clinical_stage="Stage IIIC") == "IIIC"
    assert value("ecog", ECOG=" 2 ", ecog_score="0") == 2


def test_author_is_heard_before_the_curator() -> None:
    curated = {"uncurated_author_metadata": "…", "age_at_initial_pathologic_diagnosis": "76"}

    assert value("age_years", age_at_surgery="75.69", **curated) == 75
    assert value("age_years", age_at_surgery="old", **curated) == 76
    assert value("histology", histology="serous, transitional", histological_type="ser", **curated) == (
        "serous_grade_unknown"
    )
    assert problems(age_at_surgery="old", uncurated_author_metadata="…") == [("age_at_surgery", "not-a-number", True)]


def test_kept_columns_stay_as_they_came() -> None:
    draft = a_draft(
        history_other_malignancy="Yes, History of Synchronous/Bilateral Malignancy",
        jewish_religion_heritage_indicator="ASHKENAZI",
        residual_tumor="[Not Available]",
    )

    assert draft.kept == {
        "jewish_origin": "ASHKENAZI",
        "prior_dx": "Yes, History of Synchronous/Bilateral Malignancy",
    }
    assert a_draft(PRIOR_MALIGNANCY="True").kept == {"prior_dx": "Yes"}
    assert a_draft(PRIOR_MALIGNANCY="False").kept == {"prior_dx": "No"}


def test_case_facts_join_values_and_kept_columns() -> None:
    draft = a_draft(prior_dx="No", ecog="1", figo_stage="IA", grade="2", figo_edition="2014")

    facts = case_facts(OVARIAN, draft)

    values = {"prior_dx": "No", "ecog": 1, "grade": 2, "figo_stage": "IA", "figo_edition": "2014"}
    assert facts == CaseFacts("C-1", "ovarian", values, frozenset())


def test_readiness_columns_become_records() -> None:
    draft = a_draft(
        ct_chest_abdomen_pelvis_reported_on="2026.11.20",
        pathology_report_expected_on="2026/11/25",
        CA125_Reported_On="20261101",
        ca125_expected_on="2026. 12. 1.",
        cea_reported_on="",
    )

    assert draft.readiness == (
        ReadinessRecord("ca125", reported_on=date(2026, 11, 1), expected_on=date(2026, 12, 1)),
        ReadinessRecord("ct_chest_abdomen_pelvis", reported_on=date(2026, 11, 20)),
        ReadinessRecord("pathology_report", expected_on=date(2026, 11, 25)),
    )


@pytest.mark.parametrize("text", ["2026-02-30", "22.11.2026", "tomorrow", "2026-13-01", "11/22/26"])
def test_impossible_date_is_refused(text: str) -> None:
    assert problems(cea_reported_on=text) == [("cea_reported_on", "not-a-date", True)]
    assert problems(referred_on=text) == [("referred_on", "not-a-date", True)]


def test_set_names_the_unknown_member() -> None:
    assert problems(planned_procedures="omentectomy|splenectomi") == [("planned_procedures", "unknown-value", True)]
    assert message(planned_procedures="omentectomy|splenectomi").startswith(
        "field 'planned_procedures': 'splenectomi' is no value here"
    )
    assert "Did you mean 'splenectomy'" in message(planned_procedures="splenectomi")
    assert message(planned_procedures="omentectomy, hipec").endswith("Separate several values with ';'.")
    assert value("planned_procedures", planned_procedures=" Omentectomy ;; HIPEC|") == frozenset(
        {"omentectomy", "hipec"}
    )


@pytest.mark.parametrize(
    ("text", "meaning"), [("예", True), ("Y", True), ("1", True), ("아니오", False), ("FALSE", False)]
)
def test_yes_and_no_are_understood_in_two_languages(text: str, meaning: bool) -> None:
    assert value("fertility_wish", fertility_wish=text) is meaning


def test_neither_yes_nor_no_is_refused() -> None:
    assert problems(fertility_wish="perhaps") == [("fertility_wish", "unknown-value", True)]


@pytest.mark.parametrize("text", ["35 g/L", "<30", "1,584", "3,5"])
def test_number_with_unit_is_refused(text: str) -> None:
    assert problems(albumin_g_l=text) == [("albumin_g_l", "not-a-number", True)]
    assert "no unit" in message(albumin_g_l=text)


def test_text_loses_control_characters_and_keeps_its_words() -> None:
    assert clean_text(" a\x00b\u2028c\x85d\x1be\u202e\ud800 ") == "ab c de"
    assert clean_text("OV\xad-21\u200b21\u2060") == "OV-2121"
    assert value("question", question="two\nlines\x07") == "two lines"


def test_long_text_is_refused() -> None:
    assert value("question", question="x" * 2000) == "x" * 2000
    assert problems(question="x" * 2001) == [("question", "too-long", True)]
    assert problems(prior_dx="x" * 2001) == [("prior_dx", "too-long", True)]


def test_normalised_shows_chosen_fields_and_none() -> None:
    draft = a_draft(age_years="58.9", clinical_stage="Stage IIIC", tumor_grade="G3", question="x")

    assert normalise(OVARIAN, draft.values) == {
        "age_years": 58,
        "figo_stage": "IIIC",
        "figo_edition": "unknown",
        "histology": None,
        "grade": 3,
        "ecog": None,
        "residual": None,
    }


def test_gestational_age_is_dated_on_the_day_of_the_import() -> None:
    program = a_program(a_field(FieldKind.GESTATION, "age"))

    def read(text: str) -> tuple[Value | None, list[str]]:
        draft = read_case(program, {"reference": "C-1", "age": text}, on=TODAY)
        return draft.values.get("age"), [problem.code for problem in draft.problems]

    assert read("24+3") == ("24+3@2026-11-22", [])
    assert read("24w3d") == ("24+3@2026-11-22", [])
    assert read("24주 3일") == ("24+3@2026-11-22", [])
    assert read("24") == ("24+0@2026-11-22", [])
    assert read("24+3@2026-11-01") == ("24+3@2026-11-01", [])
    assert read("24+7") == (None, ["not-a-gestation"])
    assert read("60+1") == (None, ["not-a-gestation"])


def test_list_counts_the_first_row_of_a_reference() -> None:
    rows = [(2, {"reference": "C-1"}), (3, {"reference": "C-2"}), (7, {"reference": " C-1"}), (8, {"reference": "C-1"})]

    intake = read_cases(OVARIAN, rows, columns=("reference",), on=TODAY)

    assert [row.number for row in intake.accepted] == [2, 3]
    assert [(row.number, row.draft.problems[0].message) for row in intake.refused] == [
        (7, "row 7, column 'reference': row 2 has the same reference; keep one of the two"),
        (8, "row 8, column 'reference': row 2 has the same reference; keep one of the two"),
    ]
    assert {problem.code for row in intake.refused for problem in row.draft.problems} == {"duplicate-reference"}


def test_list_knows_a_reference_by_any_way_of_writing_it() -> None:
    rows = [(2, {"reference": "Ur-1"}), (3, {"reference": "UR-1"}), (4, {"reference": "ｕr‐1"})]

    intake = read_cases(OVARIAN, rows, columns=("reference",), on=TODAY)

    assert [row.draft.reference for row in intake.accepted] == ["Ur-1"]


def test_list_names_unknown_columns_once() -> None:
    columns = ("reference", "ecgo", "somebody", "ca125_reportd_on", "gender")
    rows = [(number, dict.fromkeys(columns, "1") | {"reference": f"C-{number}"}) for number in (2, 3)]

    intake = read_cases(OVARIAN, rows, columns=columns, on=TODAY, header_row=1)

    assert len(intake.accepted) == 2
    assert [problem.message for problem in intake.column_problems] == [
        "row 1, column 'ecgo': is no column of this programme and is not imported. Did you mean 'ecog'?",
        "row 1, column 'somebody': is no column of this programme and is not imported.",
        "row 1, column 'ca125_reportd_on': is no column of this programme and is not imported."
        " Did you mean 'ca125_reported_on' or 'cea_reported_on' or 'ca125_expected_on'?",
    ]
    assert {(problem.code, problem.refuses) for problem in intake.column_problems} == {("unknown-column", False)}


def test_list_names_row_and_column_of_a_problem() -> None:
    rows = [(5, {"reference": "C-1", "ecog": "9", "question": "ok"}), (6, {"reference": "900101-1234567"})]

    intake = read_cases(OVARIAN, rows, columns=("reference", "ecog", "question"), on=TODAY)

    assert [row.draft.problems[0].message for row in intake.rows] == [
        "row 5, column 'ecog': '9' is impossible here; it must be at least 0 and at most 4",
        "row 6, column 'reference': holds what looks like a resident registration number; such a number must not be "
        "entered anywhere, remove it from the file",
    ]


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        (("PATIENT_ID", "START_DATE", "STOP_DATE", "EVENT_TYPE"), "not-a-case-list"),
        (("refrence", "ecog"), "no-reference-column"),
        (("name",), "no-reference-column"),
        (("reference", "900101-1234567"), "resident-registration-number"),
    ],
)
def test_list_of_something_else_is_refused(columns: tuple[str, ...], code: str) -> None:
    with pytest.raises(BadTable) as caught:
        read_cases(OVARIAN, [], columns=columns, on=TODAY)

    assert caught.value.code == code
    assert "234567" not in str(caught.value)


def test_list_without_reference_suggests_the_column() -> None:
    with pytest.raises(BadTable, match="Did you mean 'reference'") as caught:
        read_cases(OVARIAN, [], columns=("refrence", "ecog"), on=TODAY)

    assert str(caught.value).startswith("row 1: ")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_cell_makes_the_reader_fail(data: st.DataObject) -> None:
    words = st.sampled_from(
        ["3C", "IV/", "2026-11-2", "24+3@", "omentectomy;", "-", "[", "9" * 400, "1e999", "½", "٣", "Ⅳ"]
    )
    texts = st.text(max_size=12) | words
    columns = st.sampled_from([*OVARIAN.fields, "stage", "karnofsky_score", "histotype", "YEAR_OF_DIAGNOSIS", "AGE"])
    cells = data.draw(st.dictionaries(columns, texts, max_size=8))

    draft = read_case(OVARIAN, cells, on=TODAY)

    assert {problem.column for problem in draft.problems} <= {*cells, "reference"}


def test_programme_without_intake_file_reads_its_own_columns() -> None:
    program = a_program(a_field(FieldKind.CHOICE, choices=("one", "two words")))

    assert read_case(program, {"reference": "C-1", "item": "Two words"}, on=TODAY).values == {"item": "two words"}
    assert normalise(program, {}) == {}


@pytest.mark.parametrize("program", load_programs().values(), ids=lambda program: program.id)
def test_built_in_intake_files_are_right(program: Program) -> None:
    rules = read_rules(program)

    assert rules.reference[0] == "reference"
    assert rules.normalised
    assert rules.ignored.isdisjoint(program.fields)


@pytest.mark.parametrize(
    ("intake", "complaint"),
    [
        ({"mising": ["NA"]}, "small.intake.toml, file: unknown key 'mising'"),
        ({"missing": "NA"}, "small.intake.toml, file, missing: must be a list of texts"),
        ({"normalised": ["nothing"]}, "small.intake.toml, normalised: 'nothing' is no field"),
        ({"fields": {"nothing": {}}}, "small.intake.toml, fields: 'nothing' is no field"),
        ({"fields": {"item": {"reader": "magic"}}}, "small.intake.toml, fields.item: unknown reader 'magic'"),
        ({"fields": {"item": {"words": [{"value": "x", "words": ["y"]}]}}}, "fields.item: 'x' is no value"),
        (
            {"fields": {"item": {"words": [{"value": "a", "words": ["y"]}, {"value": "b", "words": ["Y"]}]}}},
            "fields.item.words: 'Y' has two meanings",
        ),
        ({"fields": {"item": {"decide": [{"value": "x"}]}}}, "fields.item.decide: 'x' is no value"),
        ({"fields": {"item": {"decide": [{"when": {"z": ["a"]}}]}}}, "when.z: is neither a field nor a kept column"),
        ({"fields": {"item": {"decide": [{"when": {"word": {"holds": ["a"]}}}]}}}, "unknown key 'holds'"),
        ({"kept": {"source": {"column": []}}}, "small.intake.toml, kept.source: unknown key 'column'"),
        ({"fields": {"item": {"sources": [{"columns": ["c"], "bands": [{"form": 1}]}]}}}, "unknown key 'form'"),
        ({"fields": {"item": {"steps": [{"from": 1}]}}}, "fields.item.steps: needs 'value'"),
        (
            {"not_a_case_list": [{"columns": "x"}]},
            "small.intake.toml, not_a_case_list, columns: must be a list of texts",
        ),
        ({"fields": {"item": {"steps": [{"from": "1", "value": "a"}]}}}, "fields.item.steps, from: must be a number"),
        ({"remarks": "x"}, "small.intake.toml, file, remarks: must be a list of tables"),
    ],
)
def test_wrong_intake_file_is_reported_with_its_place(intake: dict[str, Any], complaint: str) -> None:
    program = a_program(a_field(FieldKind.CHOICE, choices=("a", "b")), **intake)

    with pytest.raises(BadProgram) as caught:
        read_rules(program)

    assert complaint in str(caught.value)


def test_centre_may_change_the_words() -> None:
    fields = {**OVARIAN.intake["fields"], "residual": {"words": [{"value": "none", "words": ["R0, 육안 잔류 없음"]}]}}
    program = replace(OVARIAN, intake={**OVARIAN.intake, "fields": fields})

    draft = read_case(program, {"reference": "C-1", "residual": "r0, 육안 잔류 없음"}, on=TODAY)

    assert draft.values["residual"] == "none"


@pytest.mark.parametrize("text", ["Stage", "Stage unknown", "FIGO", "병기 unknown"])
def test_d2_a_word_without_a_stage_is_a_missing_stage(text: str) -> None:
    draft = a_draft(clinical_stage=text, grade="1", ecog="0")

    assert (draft.is_refused, draft.flags) == (False, {"stage-missing"})


@pytest.mark.parametrize("name", ["mucinous", "Mucinous", "MUCINOUS"])
def test_d7_does_not_depend_on_capital_letters(name: str) -> None:
    assert value("histology", histology=name, grade="GB") == "borderline_mucinous"


def test_d7_a_stated_histology_still_shows_the_conflict_of_grade_and_behaviour() -> None:
    stated = {"histology": "high_grade_serous", "grade": "GB", "icd_o_3_histology": "8441/3"}

    assert "grade-behaviour-conflict" in flags(**stated)


@pytest.mark.parametrize("column", ["figo stage", "FIGO_Stage", " Figo  stage "])
def test_columns_are_known_with_blanks_and_capitals(column: str) -> None:
    assert value("figo_stage", **{column: "IIIC"}) == "IIIC"


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"reference": "C-1", "question": "#REF!"}, "question", "cell-error"),
        ({"reference": "C-1", "ecog": "#div/0!"}, "ecog", "cell-error"),
        ({"reference": "C-1", "ecog": NO_RESULT}, "ecog", "cell-without-result"),
        ({"reference": "C-1", "program": "perinatal"}, "program", "other-program"),
    ],
)
def test_row_that_was_not_worked_out_or_is_of_another_programme_is_refused(
    cells: dict[str, str], column: str, code: str
) -> None:
    draft = read_case(OVARIAN, cells, on=TODAY)

    assert (column, code, True) in [(one.column, one.code, one.refuses) for one in draft.problems]


@pytest.mark.parametrize("said", ["ovarian", "Ovarian, tubal and peritoneal cancer", "난소·난관·복막암", ""])
def test_row_of_this_programme_is_read(said: str) -> None:
    draft = read_case(OVARIAN, {"reference": "C-1", "program": said, "question": "#1 at once"}, on=TODAY)

    assert not draft.is_refused

"""The public files of ../shared/data, read in full; what they hold was counted by hand once."""

from __future__ import annotations

import csv
import io
import re
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from tumorboard.domain.errors import BadTable
from tumorboard.domain.identity import has_resident_number
from tumorboard.domain.intake import Intake, read_cases
from tumorboard.domain.model import Value
from tumorboard.domain.program import load_programs
from tumorboard.formats.tables import read_table

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
BIOTAB = "tcga_ov_biotab/nationwidechildrens.org_clinical_patient_ov.txt"
CBIOPORTAL = "cbioportal_hgsoc_tcga_gdc/data_clinical_patient.txt"
SAMPLES = "cbioportal_hgsoc_tcga_gdc/data_clinical_sample.txt"
GEO = tuple(f"curatedOvarianData/{series}_pheno.tsv" for series in ("GSE30009", "GSE51088", "GSE8842"))

OVARIAN = load_programs()["ovarian"]
TODAY = date(2026, 11, 22)


def content_of(name: str) -> bytes:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"needs ../shared/data/{name}")
    return path.read_bytes()


def intake_of(content: bytes, *, limit_bytes: int = 20_000_000) -> Intake:
    table = read_table(content, filename="cases.txt", limit_bytes=limit_bytes)
    return read_cases(OVARIAN, table.rows, columns=table.columns, on=TODAY, header_row=table.header_row)


def count(intake: Intake, field: str) -> Counter[Value | None]:
    return Counter(row.draft.values.get(field) for row in intake.rows)


def count_flags(intake: Intake) -> Counter[str]:
    return Counter(flag for row in intake.rows for flag in row.draft.flags)


def problem_codes(intake: Intake) -> Counter[tuple[str, str, bool]]:
    return Counter((p.column, p.code, p.refuses) for row in intake.rows for p in row.draft.problems)


def as_delimited(content: bytes, delimiter: str, newline: str = "\n") -> str:
    """The tab-separated text with another delimiter, quoted where that is needed."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=newline)
    writer.writerows(csv.reader(io.StringIO(content.decode(), newline=""), delimiter="\t"))
    return stream.getvalue()


def test_biotab_imports_all_patients() -> None:
    intake = intake_of(content_of(BIOTAB))

    assert (len(intake.rows), intake.refused, intake.column_problems) == (587, (), ())
    assert (intake.rows[0].number, intake.rows[-1].number) == (4, 590)
    assert problem_codes(intake) == Counter()
    assert count_flags(intake) == {
        "ps-missing": 434,
        "stage-no-substage": 89,
        "ps-timing-mismatch": 49,
        "stage-legacy-not-in-figo2014": 21,
        "grade-missing": 14,
        "icdo-edition-matters": 6,
        "stage-missing": 5,
        "residual-conflict": 3,
        "grade-behaviour-conflict": 2,
        "source-discrepancy": 1,
    }


def test_biotab_gives_the_counted_values() -> None:
    intake = intake_of(content_of(BIOTAB))

    assert count(intake, "figo_stage") == {
        "IIIC": 413,
        "IV": 89,
        "IIIB": 25,
        "IIC": 21,
        "IC": 11,
        "IIIA": 8,
        None: 5,
        "IIB": 5,
        "IIA": 4,
        "IB": 3,
        "IA": 3,
    }
    assert count(intake, "figo_edition") == {"pre2014": 587}
    assert count(intake, "grade") == {3: 495, 2: 69, None: 14, 1: 6, "borderline": 2, 4: 1}
    assert count(intake, "histology") == {"high_grade_serous": 565, "serous_grade_unknown": 16, "low_grade_serous": 6}
    assert count(intake, "ecog") == {None: 434, 1: 81, 0: 39, 2: 26, 3: 5, 4: 2}
    assert count(intake, "residual") == {"le_10mm": 256, "gt_10mm": 144, "none": 120, None: 67}
    assert Counter(row.draft.kept.get("jewish_origin") for row in intake.rows) == {None: 563, "ASHKENAZI": 24}
    assert max(age for age in count(intake, "age_years") if isinstance(age, int)) == 89


def test_biotab_reads_the_first_patient_as_a_person_would() -> None:
    draft = intake_of(content_of(BIOTAB)).rows[0].draft

    assert draft.reference == "TCGA-04-1331"
    assert draft.values == {
        "age_years": 78,
        "histology": "high_grade_serous",
        "grade": 3,
        "figo_stage": "IIIC",
        "figo_edition": "pre2014",
        "residual": "le_10mm",
    }
    assert draft.flags == {"ps-missing"}


def test_cbioportal_patients_import_with_the_stages_of_biotab() -> None:
    intake = intake_of(content_of(CBIOPORTAL))
    biotab = intake_of(content_of(BIOTAB))

    assert (len(intake.rows), intake.refused, intake.column_problems, intake.rows[0].number) == (608, (), (), 6)
    stages = {row.draft.reference: row.draft.values.get("figo_stage") for row in intake.rows}
    assert {row.draft.reference: row.draft.values.get("figo_stage") for row in biotab.rows}.items() <= stages.items()
    assert count(intake, "histology") == {"serous_grade_unknown": 587, None: 21}
    assert count(intake, "figo_edition") == {"pre2014": 587, "unknown": 21}
    assert Counter(row.draft.kept.get("prior_dx") for row in intake.rows) == {None: 600, "No": 8}


def test_cbioportal_samples_of_one_patient_are_duplicates() -> None:
    intake = intake_of(content_of(SAMPLES))

    assert (len(intake.accepted), len(intake.refused)) == (588, 16)
    assert problem_codes(intake) == {("PATIENT_ID", "duplicate-reference", True): 16}


@pytest.mark.parametrize("name", ["data_timeline_treatment.txt", "data_timeline_diagnosis.txt"])
def test_cbioportal_timeline_is_no_case_list(name: str) -> None:
    content = content_of(f"cbioportal_hgsoc_tcga_gdc/{name}")

    with pytest.raises(BadTable, match=r"give the patient file.*data_clinical_patient\.txt") as caught:
        intake_of(content)

    assert caught.value.code == "not-a-case-list"


def test_gse30009_imports_all_patients() -> None:
    intake = intake_of(content_of(GEO[0]))

    assert (len(intake.rows), intake.refused, intake.column_problems) == (103, (), ())
    assert count_flags(intake) == {"ps-missing": 103, "stage-no-substage": 41, "grade-missing": 2}
    assert count(intake, "figo_stage") == {"IIIC": 60, "IV": 21, "III": 20, "IIIB": 2}
    assert count(intake, "histology") == {
        "high_grade_serous": 96,
        "low_grade_serous": 4,
        "serous_grade_unknown": 2,
        "clear_cell": 1,
    }
    assert problem_codes(intake) == {("tumor_grade", "unknown-value", False): 1}


def test_gse51088_imports_all_patients() -> None:
    intake = intake_of(content_of(GEO[1]))

    assert (len(intake.rows), intake.refused, intake.column_problems) == (172, (), ())
    assert count_flags(intake) == {
        "ps-missing": 172,
        "grade-missing": 23,
        "stage-missing": 21,
        "stage-no-substage": 18,
        "stage-legacy-not-in-figo2014": 4,
        "stage-ambiguous": 2,
    }
    assert count(intake, "histology") == {
        "high_grade_serous": 109,
        "benign": 20,
        "borderline_serous": 8,
        "carcinosarcoma": 7,
        "endometrioid": 7,
        "mucinous": 5,
        "low_grade_serous": 4,
        "borderline_mucinous": 4,
        "clear_cell": 3,
        "adenocarcinoma_nos": 2,
        "transitional_cell": 2,
        "serous_grade_unknown": 1,
    }
    assert count(intake, "grade") == {3: 119, None: 23, 2: 14, 1: 8, "borderline": 8}
    assert count(intake, "age_years")[90] == 1
    assert problem_codes(intake) == Counter()


def test_gse8842_imports_all_patients() -> None:
    intake = intake_of(content_of(GEO[2]))

    assert (len(intake.rows), intake.refused, intake.column_problems) == (83, (), ())
    assert count_flags(intake) == {"ps-missing": 83}
    assert count(intake, "figo_stage") == {"IC": 53, "IA": 25, "IB": 5}
    assert count(intake, "histology") == {
        "high_grade_serous": 18,
        "endometrioid": 17,
        "clear_cell": 16,
        "mucinous": 10,
        "borderline_mucinous": 7,
        "borderline_serous": 7,
        "low_grade_serous": 6,
        None: 2,
    }
    assert problem_codes(intake) == {("histotype", "unknown-value", False): 2}


@pytest.mark.parametrize("name", GEO)
def test_author_ages_are_cut_where_the_curator_rounded(name: str) -> None:
    table = read_table(content_of(name), filename=name)
    intake = intake_of(content_of(name))

    ages = [row.draft.values.get("age_years") for row in intake.rows]
    authors = [
        re.search(r": age[^:]*:\s*([\d.>]+)", row.cells["uncurated_author_metadata"], re.I) for row in table.rows
    ]
    assert ages == [90 if author and author[1] == ">89" else int(float(author[1])) for author in authors if author]


@pytest.mark.parametrize("name", [BIOTAB, CBIOPORTAL, *GEO])
@pytest.mark.parametrize("variant", ["utf-16", "utf-16-le", "cp949", "semicolon", "comma", "crlf", "cr"])
def test_file_saved_differently_gives_the_same_cases(name: str, variant: str) -> None:
    content = content_of(name)
    text = content.decode()
    variants = {
        "utf-16": text.encode("utf-16"),
        "utf-16-le": text.encode("utf-16-le"),
        "cp949": text.encode("cp949"),
        "semicolon": as_delimited(content, ";").encode(),
        "comma": as_delimited(content, ",").encode("utf-8-sig"),
        "crlf": as_delimited(content, "\t", "\r\n").encode(),
        "cr": text.replace("\n", "\r").encode(),
    }

    assert intake_of(variants[variant]) == intake_of(content)


@pytest.mark.parametrize("kept", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)])
def test_biotab_with_fewer_header_rows_gives_the_same_drafts(kept: tuple[int, ...]) -> None:
    content = content_of(BIOTAB)
    lines = content.decode().splitlines()

    intake = intake_of("\n".join([*(lines[place] for place in kept), *lines[3:]]).encode())

    drafts = [row.draft for row in intake.rows]
    assert drafts == [row.draft for row in intake_of(content).rows]
    assert [row.number for row in intake.rows][:2] == [len(kept) + 1, len(kept) + 2]


def test_biotab_without_any_header_row_is_refused() -> None:
    lines = content_of(BIOTAB).decode().splitlines()

    with pytest.raises(BadTable) as caught:
        read_table("\n".join(lines[3:]).encode(), filename="cases.txt")

    assert caught.value.code == "no-header"


def test_own_columns_beside_biotab_win() -> None:
    lines = content_of(BIOTAB).decode().splitlines()
    added = ["reference\tecog\tplanned_procedures"] * 2 + ["CDE_ID:\tCDE_ID:\tCDE_ID:"]
    cases = [f"C-{number}\t0\tomentectomy; hipec" for number in range(3, len(lines))]
    content = "\n".join(f"{line}\t{more}" for line, more in zip(lines, added + cases, strict=True)).encode()

    intake = intake_of(content)

    assert (len(intake.accepted), intake.column_problems) == (587, ())
    assert intake.rows[0].draft.reference == "C-3"
    # The 49 statuses after adjuvant therapy stay unusable, whoever typed them.
    assert (count(intake, "ecog"), count_flags(intake)["ps-missing"]) == ({0: 538, None: 49}, 49)
    assert count(intake, "planned_procedures") == {frozenset({"omentectomy", "hipec"}): 587}


def test_no_public_cell_looks_like_a_resident_number() -> None:
    for name in (BIOTAB, CBIOPORTAL, SAMPLES, *GEO):
        assert not has_resident_number(content_of(name).decode())


def test_twenty_thousand_rows_are_read_in_seconds() -> None:
    lines = content_of(BIOTAB).decode().splitlines()
    rows = (lines[3 + number % 587].split("\t") for number in range(20_000))
    content = "\n".join(
        [*lines[:3], *("\t".join([row[0], f"T-{number}", *row[2:]]) for number, row in enumerate(rows))]
    ).encode()

    start = time.perf_counter()
    intake = intake_of(content, limit_bytes=len(content))
    seconds = time.perf_counter() - start

    assert (len(intake.accepted), len(intake.refused)) == (20_000, 0)
    assert seconds < 20

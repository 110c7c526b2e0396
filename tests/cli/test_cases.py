"""`flask cases …`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from tests.builders import a_case_csv, a_case_row
from tests.cli.conftest import Terminal

ON = datetime.now(UTC).date()
NUMBER = "900101-2345678"
"""Looks like a resident registration number; belongs to nobody."""


@pytest.fixture
def list_file(tmp_path: Path) -> Path:
    path = tmp_path / "cases.csv"
    path.write_bytes(a_case_csv(on=ON))
    return path


def test_import_says_what_it_did(terminal: Terminal, list_file: Path) -> None:
    report = terminal.json("cases", "import", list_file, "--program", "ovarian")

    assert report == {"created": 3, "updated": 0, "unchanged": 0, "refused": 0, "problems": []}


def test_import_again_changes_nothing(terminal: Terminal, list_file: Path) -> None:
    terminal.json("cases", "import", list_file, "--program", "ovarian")

    report = terminal.json("cases", "import", list_file, "--program", "ovarian")

    assert report == {"created": 0, "updated": 0, "unchanged": 3, "refused": 0, "problems": []}


def test_dry_run_writes_nothing(terminal: Terminal, list_file: Path) -> None:
    report = terminal.json("cases", "import", list_file, "--program", "ovarian", "--dry-run")

    assert report["created"] == 3
    assert terminal.json("cases", "list")["total"] == 0


def test_import_reads_standard_input(terminal: Terminal) -> None:
    report = terminal.json("cases", "import", "-", "--program", "ovarian", typed=a_case_csv(on=ON))

    assert report["created"] == 3


def test_import_in_words(terminal: Terminal, list_file: Path) -> None:
    said = terminal.text("cases", "import", list_file, "--program", "ovarian")

    assert said == "3 created, 0 updated, 0 unchanged, 0 refused\n"


def test_last_import_is_taken_back(terminal: Terminal, list_file: Path) -> None:
    terminal.json("cases", "import", list_file, "--program", "ovarian")

    undone = terminal.json("cases", "undo-import")

    assert undone == {"removed": 3, "restored": 0}
    assert terminal.json("cases", "list")["total"] == 0
    assert terminal.refusal("cases", "undo-import").startswith("unknown-import: ")


def test_refused_row_leaves_the_others(terminal: Terminal, tmp_path: Path) -> None:
    rows = [a_case_row("C-1", on=ON), a_case_row("C-2", on=ON, ecog="7")]
    (tmp_path / "mixed.csv").write_bytes(a_case_csv(rows))

    report = terminal.json("cases", "import", tmp_path / "mixed.csv", "--program", "ovarian")

    assert (report["created"], report["refused"]) == (1, 1)
    assert [(problem["row"], problem["column"]) for problem in report["problems"]] == [(3, "ecog")]


def test_file_with_refused_rows_only_is_reported_and_ends_with_two(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_bytes(a_case_csv([a_case_row("C-1", on=ON, ecog="7")]))

    result = terminal.run("cases", "import", tmp_path / "bad.csv", "--program", "ovarian", "--json")

    assert (result.exit_code, result.stderr) == (2, "nothing-accepted: 1 rows refused, none accepted\n")
    assert '"refused": 1' in result.stdout


@pytest.mark.parametrize("command", ["import", "needs"])
def test_resident_registration_number_is_never_repeated(terminal: Terminal, tmp_path: Path, command: str) -> None:
    rows = [a_case_row("C-1", on=ON), a_case_row("C-2", on=ON, question=f"see {NUMBER}")]
    (tmp_path / "list.csv").write_bytes(a_case_csv(rows))

    result = terminal.run("cases", command, tmp_path / "list.csv", "--program", "ovarian", "--json")

    assert "resident-registration-number" in result.output
    assert "2345678" not in result.output


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty-file"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 90, "not-a-table"),
        ("reference\n\ud55c".encode("utf-8", "surrogatepass") + b"\xff\xfe\xfa\x81", "wrong-encoding"),
        (b"question,ecog\nwhy,1\n", "no-reference-column"),
        (b"[{", "broken-json"),
    ],
    ids=["empty", "image", "encoding", "reference", "json"],
)
@pytest.mark.parametrize("command", ["import", "needs"])
def test_file_that_is_no_case_list_is_one_line(
    terminal: Terminal, tmp_path: Path, command: str, content: bytes, code: str
) -> None:
    (tmp_path / "list.csv").write_bytes(content)

    line = terminal.refusal("cases", command, tmp_path / "list.csv", "--program", "ovarian", "--json")

    assert line.startswith(f"{code}: ")


def test_huge_file_is_refused_before_it_is_read(terminal: Terminal, tmp_path: Path) -> None:
    with (tmp_path / "huge.csv").open("wb") as file:
        file.truncate(100_000_000)

    line = terminal.refusal("cases", "import", tmp_path / "huge.csv", "--program", "ovarian")

    assert line == "too-large: huge.csv has 100.0 MB, the limit is 21.0 MB; split the list"


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_file_that_cannot_be_read_is_one_line(terminal: Terminal, tmp_path: Path, name: str) -> None:
    line = terminal.refusal("cases", "needs", tmp_path / name, "--program", "ovarian")

    assert line.startswith(f"unreadable-file: {tmp_path / name} cannot be read: ")


@pytest.mark.parametrize("command", ["import", "needs"])
def test_header_without_rows_is_refused(terminal: Terminal, tmp_path: Path, command: str) -> None:
    (tmp_path / "list.csv").write_text("reference,ecog\n")

    result = terminal.run("cases", command, tmp_path / "list.csv", "--program", "ovarian")

    assert (result.exit_code, result.stderr.partition(":")[0]) == (2, "no-rows")


def test_unknown_programme_names_the_known_ones(terminal: Terminal, list_file: Path) -> None:
    line = terminal.refusal("cases", "import", list_file, "--program", "nope")

    assert line == "unknown-program: there is no programme 'nope'; known: cerclage, ovarian, perinatal"


def test_needs_of_a_case(new_terminal: Terminal, tmp_path: Path) -> None:
    row = a_case_row(
        "C-9", on=ON, age_years="74.9", planned_procedures="hysterectomy_bso; rectosigmoid_resection_anastomosis"
    )
    (tmp_path / "list.csv").write_bytes(a_case_csv([row]))

    found = new_terminal.json("cases", "needs", tmp_path / "list.csv", "--program", "ovarian")

    assert found == [
        {
            "reference": "C-9",
            "eligible": True,
            "required": ["colorectal_surgery", "gynecologic_oncology", "medical_oncology", "pathology", "radiology"],
            "recommended": ["clinical_genetics", "geriatrics"],
            "rules": ["R01", "R10", "R32", "R35"],
            "urgency": "routine",
            "minutes": 6,
            "aletti_score": 4,
            "aletti_group": "intermediate",
            "flags": ["grade-missing"],
            "normalised": {
                "age_years": 74,
                "figo_stage": "IIIC",
                "figo_edition": "unknown",
                "histology": "high_grade_serous",
                "grade": None,
                "ecog": 1,
                "residual": None,
            },
        }
    ]


def test_needs_opens_no_database(new_terminal: Terminal, list_file: Path, tmp_path: Path) -> None:
    new_terminal.json("cases", "needs", list_file, "--program", "ovarian")

    assert not (tmp_path / "new.sqlite").exists()


def test_needs_are_in_the_order_of_the_file(new_terminal: Terminal, tmp_path: Path) -> None:
    rows = [a_case_row(reference, on=ON) for reference in ("Z-1", "A-1", "M-1")]
    (tmp_path / "list.csv").write_bytes(a_case_csv(rows))

    found = new_terminal.json("cases", "needs", tmp_path / "list.csv", "--program", "ovarian")

    assert [case["reference"] for case in found] == ["Z-1", "A-1", "M-1"]


def test_needs_shows_accepted_rows_and_names_the_first_refused_one(new_terminal: Terminal, tmp_path: Path) -> None:
    rows = [a_case_row("C-1", on=ON), a_case_row("C-2", on=ON, ecog="7"), a_case_row("C-3", on=ON, asa="9")]
    (tmp_path / "list.csv").write_bytes(a_case_csv(rows))

    result = new_terminal.run("cases", "needs", tmp_path / "list.csv", "--program", "ovarian", "--json")

    assert result.exit_code == 2
    assert result.stdout.count('"reference"') == 1
    assert result.stderr.startswith("impossible-value: row 3, column 'ecog': ")
    assert result.stderr.endswith("(rows refused: 2 of 3)\n")


def test_needs_of_a_workbook(new_terminal: Terminal, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    row = a_case_row("C-1", on=ON)
    book.active.append(list(row))  # type: ignore[union-attr]
    book.active.append(list(row.values()))  # type: ignore[union-attr]
    book.save(tmp_path / "list.xlsx")

    found = new_terminal.json("cases", "needs", tmp_path / "list.xlsx", "--program", "ovarian")

    assert [case["reference"] for case in found] == ["C-1"]


def test_needs_of_a_json_list_in_another_programme(new_terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text(
        '[{"reference": "P-1", "gestational_age": "24+3", "anomaly_groups": ["thoracic"], "findings": ["hydrops"]}]'
    )

    (found,) = new_terminal.json("cases", "needs", tmp_path / "list.json", "--program", "perinatal")

    assert (found["reference"], found["urgency"]) == ("P-1", "urgent")
    assert "pediatric_thoracic_surgery" in found["required"]
    assert not any(key.endswith(("_score", "_group")) for key in found)


def test_needs_on_another_day(new_terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text('[{"reference": "P-1", "gestational_age": "21+6@2026-11-20"}]')
    command = ("cases", "needs", tmp_path / "list.json", "--program", "cerclage")

    before = new_terminal.json(*command, "--on", "2026-11-20")
    after = new_terminal.json(*command, "--on", "2026-11-21")

    assert ("neonatology" in before[0]["required"], "neonatology" in after[0]["required"]) == (False, True)


def test_needs_in_words(new_terminal: Terminal, list_file: Path) -> None:
    lines = new_terminal.text("cases", "needs", list_file, "--program", "ovarian").splitlines()

    assert lines[0].split()[:4] == ["reference", "eligible", "urgency", "minutes"]
    assert [line.split()[0] for line in lines[1:]] == ["C-1", "C-2", "C-3"]


def test_list_says_what_is_missing(terminal: Terminal, list_file: Path) -> None:
    terminal.json("cases", "import", list_file, "--program", "ovarian")

    found = terminal.json("cases", "list")

    assert found["total"] == 3
    assert {case["reference"]: case["missing"] for case in found["cases"]} == {
        "C-1": [], "C-2": [], "C-3": ["ct_chest_abdomen_pelvis"],
    }  # fmt: skip


def test_list_of_one_state(terminal: Terminal, list_file: Path) -> None:
    terminal.json("cases", "import", list_file, "--program", "ovarian")

    found = terminal.json("cases", "list", "--state", "not_ready")

    assert [case["reference"] for case in found["cases"]] == ["C-3"]


def test_noted_report_makes_a_case_ready(terminal: Terminal, list_file: Path) -> None:
    terminal.json("cases", "import", list_file, "--program", "ovarian")

    terminal.text("cases", "note", "ct_chest_abdomen_pelvis", "C-3", "--program", "ovarian", "--reported-on", ON)

    assert terminal.json("cases", "list")["counts"]["ready"] == 3


def test_report_of_tomorrow_is_refused(terminal: Terminal, list_file: Path) -> None:
    terminal.json("cases", "import", list_file, "--program", "ovarian")
    later = ON + timedelta(days=3)

    line = terminal.refusal(
        "cases", "note", "ct_chest_abdomen_pelvis", "--all", "--program", "ovarian", "--reported-on", later
    )

    assert line.startswith("report-in-future: ")


@pytest.mark.parametrize("words", [(), ("C-1", "--all")], ids=["neither", "both"])
def test_note_needs_either_references_or_all(terminal: Terminal, words: tuple[str, ...]) -> None:
    line = terminal.refusal("cases", "note", "ca125", *words, "--program", "ovarian")

    assert line.startswith("no-cases-named: ")


def test_withdrawn_case_leaves_the_list(terminal: Terminal, list_file: Path) -> None:
    terminal.json("cases", "import", list_file, "--program", "ovarian")

    terminal.text("cases", "withdraw", "C-2", "--program", "ovarian")

    assert {case["reference"] for case in terminal.json("cases", "list")["cases"]} == {"C-1", "C-3"}


def test_withdrawn_case_is_reopened(terminal: Terminal, list_file: Path) -> None:
    terminal.json("cases", "import", list_file, "--program", "ovarian")
    terminal.text("cases", "withdraw", "C-2", "--program", "ovarian")

    terminal.text("cases", "reopen", "C-2", "--program", "ovarian")

    assert {case["reference"] for case in terminal.json("cases", "list")["cases"]} == {"C-1", "C-2", "C-3"}


def test_case_is_taken_off_its_meeting_and_put_back(terminal: Terminal, list_file: Path) -> None:
    terminal.json("cases", "import", list_file, "--program", "ovarian")
    terminal.json("plan", "propose", "--board", "ovarian-weekly", "--weeks", "4")
    terminal.json("plan", "publish")

    off = terminal.text("cases", "take-off", "C-2", "--program", "ovarian")
    back = terminal.text("cases", "put-back", "C-2", "--program", "ovarian")
    refused = terminal.refusal("cases", "put-back", "C-2", "--program", "ovarian")

    assert off.startswith("C-2 is off its meeting and withdrawn; letters: ")
    assert back.startswith("C-2 is on its meeting again; letters: ")
    assert refused.startswith("nothing-to-undo: ")


def test_unknown_reference_is_one_line(terminal: Terminal) -> None:
    line = terminal.refusal("cases", "withdraw", "C-404", "--program", "ovarian")

    assert line == "unknown-case: there is no case 'C-404' in the programme ovarian"


def test_show_names_rule_kind_source_and_what_is_missing(terminal: Terminal, list_file: Path) -> None:
    terminal.json("cases", "import", list_file, "--program", "ovarian")

    shown = terminal.json("cases", "show", "C-3", "--program", "ovarian")
    table = terminal.text("cases", "show", "C-3", "--program", "ovarian")

    needs = {need["specialty"]: need for need in shown["needs"]}
    (blocking,) = [each for each in shown["readiness"] if (each["level"], each["state"]) == ("blocks", "missing")]
    assert (needs["hpb_surgery"]["rule"], needs["hpb_surgery"]["kind"]) == ("R11", "X")
    assert (needs["radiology"]["rule"], needs["radiology"]["kind"]) == ("R01", "G")
    assert "Querleu 2016" in needs["radiology"]["source"]
    assert (shown["state"], blocking["item"]) == ("not_ready", "ct_chest_abdomen_pelvis")
    assert "Querleu 2016" in table


def test_a_need_is_waived_with_name_and_reason_and_restored(terminal: Terminal, list_file: Path) -> None:
    terminal.json("cases", "import", list_file, "--program", "ovarian")
    refused = terminal.refusal("cases", "waive", "C-2", "urology", "--program", "ovarian", "--physician", "Dr Kim")

    terminal.text(
        "cases", "waive", "C-2", "urology", "--program", "ovarian",
        "--physician", "Dr Kim", "--because", "stent in place",
    )  # fmt: skip
    shown = {need["specialty"]: need for need in terminal.json("cases", "show", "C-2", "--program", "ovarian")["needs"]}
    said = terminal.text("cases", "waive", "C-2", "urology", "--program", "ovarian", "--end")

    assert refused.startswith("waiver-incomplete: ")
    assert (shown["urology"]["waived_by"], shown["urology"]["waived_because"]) == ("Dr Kim", "stent in place")
    assert said == "C-2: urology is needed again\n"

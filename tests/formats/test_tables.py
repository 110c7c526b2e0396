"""Case lists as people and registries send them: encodings, delimiters, header rows, workbooks, JSON."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tumorboard.domain.cells import NO_RESULT
from tumorboard.domain.errors import BadTable
from tumorboard.formats.tables import Table, read_table

PLAIN = "reference,question,ecog\nC-1,수술 가능?,1\nC-2,,2\n"

BIOTAB = (
    "bcr_patient_barcode\ttumor_grade\tecog_score\tgender\n"
    "bcr_patient_barcode\tneoplasm_histologic_grade\teastern_cancer_oncology_group\tgender\n"
    "CDE_ID:2673794\tCDE_ID:2785839\tCDE_ID:88\tCDE_ID:\n"
    "T-1\tG3\t1\tFEMALE\n"
)
FIRST, SECOND, ELEMENTS, DATA = BIOTAB.splitlines(keepends=True)
CANONICAL = ("bcr_patient_barcode", "neoplasm_histologic_grade", "eastern_cancer_oncology_group", "gender")

CBIOPORTAL = (
    "#Patient Identifier\tDiagnosis Age\n#An id, or not\tYears\n#STRING\tNUMBER\n#1\t1\nPATIENT_ID\tAGE\nT-1\t58\nT-2\n"
)


def read(text: str | bytes, filename: str = "cases.csv") -> Table:
    return read_table(text if isinstance(text, bytes) else text.encode(), filename=filename)


def texts(table: Table) -> list[tuple[str, ...]]:
    return [tuple(row.cells[column] for column in table.columns) for row in table.rows]


def refusal(content: bytes, filename: str = "cases.csv", limit_bytes: int = 1_000_000) -> str:
    with pytest.raises(BadTable) as caught:
        read_table(content, filename=filename, limit_bytes=limit_bytes)
    return caught.value.code


def problem(content: bytes, filename: str) -> str | None:
    """The code of the refusal, None for a table whose cells are all text; any other error is one of the test."""
    try:
        table = read_table(content, filename=filename)
    except BadTable as error:
        return error.code
    return None if all(isinstance(text, str) for row in table.rows for text in row.cells.values()) else "no text"


def a_workbook(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def with_part(workbook: bytes, name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        PLAIN.encode("cp949"),
        PLAIN.encode("euc-kr"),
    ],
)
def test_table_reads_every_encoding_alike(content: bytes) -> None:
    table = read(content)

    assert table.columns == ("reference", "question", "ecog")
    assert texts(table) == [("C-1", "수술 가능?", "1"), ("C-2", "", "2")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp949"])
def test_table_of_korean_words_is_read(encoding: str) -> None:
    table = read("증례번호,질문\n가,수술 가능 여부\n".encode(encoding))

    assert (table.columns, texts(table)) == (("증례번호", "질문"), [("가", "수술 가능 여부")])


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_table_reads_every_delimiter_and_line_end(delimiter: str, newline: str) -> None:
    table = read(PLAIN.replace(",", delimiter).replace("\n", newline))

    assert texts(table) == [("C-1", "수술 가능?", "1"), ("C-2", "", "2")]


def test_table_numbers_rows_as_a_spreadsheet() -> None:
    table = read('\nreference,question\n\nC-1,"two\nlines; and, more"\n,\nC-2,"say ""yes"""\n')

    assert table.header_row == 2
    assert [row.number for row in table.rows] == [4, 6]
    assert texts(table) == [("C-1", "two\nlines; and, more"), ("C-2", 'say "yes"')]


def test_table_believes_the_delimiter_excel_names() -> None:
    table = read("sep=;\nreference;question\nC-1;a, b, c\n")

    assert (table.layout, table.header_row) == ("plain", 2)
    assert texts(table) == [("C-1", "a, b, c")]


def test_table_sniffs_the_delimiter_outside_quotes() -> None:
    table = read('reference;"a, b, c, d"\nC-1;x\n')

    assert table.columns == ("reference", "a, b, c, d")


@pytest.mark.parametrize("content", ["reference\nC-1\nC-2\n", '"reference"\n"C-1"\n"C-2"'])
def test_table_of_one_column_is_read(content: str) -> None:
    assert texts(read(content)) == [("C-1",), ("C-2",)]


def test_table_of_one_quoted_name_is_a_header() -> None:
    assert read('"reference"').columns == ("reference",)


def test_table_drops_nameless_empty_columns_and_names_the_others() -> None:
    table = read("reference,,ecog,,\nC-1,x,1,,\n")

    assert table.columns == ("reference", "column_2", "ecog")
    assert texts(table) == [("C-1", "x", "1")]


def test_table_fills_short_rows() -> None:
    assert texts(read("reference,ecog,asa\nC-1\nC-2,1,\n")) == [("C-1", "", ""), ("C-2", "1", "")]


def test_table_without_rows_is_empty() -> None:
    assert read("reference,ecog\n").rows == ()


@pytest.mark.parametrize(
    ("header", "columns", "first_row"),
    [
        (FIRST + SECOND + ELEMENTS, CANONICAL, 4),
        (FIRST + SECOND, CANONICAL, 3),
        (FIRST + ELEMENTS, ("bcr_patient_barcode", "tumor_grade", "ecog_score", "gender"), 3),
        (SECOND + ELEMENTS, CANONICAL, 3),
        (ELEMENTS, ("CDE_ID:2673794", "CDE_ID:2785839", "CDE_ID:88", "column_4"), 2),
        (SECOND, CANONICAL, 2),
    ],
)
def test_biotab_is_read_with_any_of_its_header_rows(header: str, columns: tuple[str, ...], first_row: int) -> None:
    table = read(header + DATA)

    assert table.columns == columns
    assert [row.number for row in table.rows] == [first_row]
    assert texts(table) == [("T-1", "G3", "1", "FEMALE")]


def test_biotab_names_its_layout() -> None:
    assert (read(BIOTAB).layout, read(BIOTAB).header_row, read(SECOND + DATA).layout) == ("biotab", 2, "plain")


def test_data_that_repeats_a_header_word_is_no_header() -> None:
    table = read("reference,gender\nC-1,gender\n")

    assert texts(table) == [("C-1", "gender")]


def test_cbioportal_skips_comment_lines() -> None:
    table = read(CBIOPORTAL)

    assert (table.layout, table.header_row) == ("cbioportal", 5)
    assert [(row.number, row.cells["AGE"]) for row in table.rows] == [(6, "58"), (7, "")]


def test_author_metadata_becomes_columns() -> None:
    packed = (
        "title: x///characteristics_ch1: tissue: pool///characteristics_ch2.3: age at surgery: 50.45"
        "///characteristics_ch2.4: Grade: 3///characteristics_ch2.5: Age(years):45.6///characteristics_ch2.6: "
        "///characteristics_ch2.7: tissue: ovarian///description: grade: 1"
    )
    table = read(f"sample_id\tgrade\tuncurated_author_metadata\nGSM1\t2\t{packed}\nGSM2\t\t\n")

    assert table.layout == "curated"
    assert table.columns[3:] == ("tissue", "age_at_surgery", "author_grade", "age_years")
    assert texts(table)[0][3:] == ("pool", "50.45", "3", "45.6")
    assert texts(table)[1] == ("GSM2", "", "", "", "", "", "")


def test_workbook_reads_typed_cells_as_typed_by_a_person() -> None:
    content = a_workbook(
        ("reference", "day", "moment", "number", "decimal", "agreed", None),
        ("C-1", date(2026, 11, 22), datetime(2026, 11, 22, 7, 30), 3.0, 45.6, True, None),  # noqa: DTZ001 - Excel
        (None, None, None, None, None, None, None),
        (17, "#N/A", None, 0.1 + 0.2, -1, False, None),
    )

    table = read(content, "cases.xlsx")

    assert table.columns == ("reference", "day", "moment", "number", "decimal", "agreed")
    assert [row.number for row in table.rows] == [2, 4]
    assert texts(table) == [
        ("C-1", "2026-11-22", "2026-11-22 07:30", "3", "45.6", "yes"),
        ("17", "NA", "", "0.3", "-1", "no"),
    ]


def test_workbook_reads_the_first_visible_sheet() -> None:
    book = openpyxl.Workbook()
    book.active.append(["secret"])
    book.active.sheet_state = "hidden"
    book.create_sheet("cases").append(["reference", "ecog"])

    assert read(saved(book), "cases.xlsx").columns == ("reference", "ecog")


def test_workbook_reads_header_rows_and_comments_like_text() -> None:
    rows = [tuple(line.split("\t")) for line in BIOTAB.splitlines()]

    assert read(a_workbook(*rows), "cases.xlsx") == read(BIOTAB)


def test_json_reads_a_list_of_objects() -> None:
    table = read(
        json.dumps([{"reference": "C-1", "ecog": 1, "sites": ["omentum", "pelvis"]}, {"reference": "C-2", "ok": True}])
    )

    assert (table.columns, table.header_row) == (("reference", "ecog", "sites", "ok"), 0)
    assert [row.number for row in table.rows] == [1, 2]
    assert texts(table) == [("C-1", "1", "omentum; pelvis", ""), ("C-2", "", "", "yes")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty-file"),
        (b" \r\n\t ", "empty-file"),
        (b"[]", "empty-file"),
        (b"x" * 1_000_001, "too-large"),
        (b"%PDF-1.7 reference,ecog", "not-a-table"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not-a-table"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "not-a-table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "not-a-table"),
        (b"<html><table></table></html>", "not-a-table"),
        (b"Dear colleagues\nplease discuss the lady of room 7 on Tuesday.\n", "not-a-table"),
        (b"The patient has been operated on last week by us\nand so on\n", "not-a-table"),
        (bytes(range(256)), "not-a-table"),
        ("référence;âge\n".encode("latin-1"), "wrong-encoding"),
        (b"\xff\xfereference\xd8", "wrong-encoding"),
        (b"# only\n# comments\n", "no-header"),
        (b"C-1,IIIC,1\nC-2,IV,2\n", "no-header"),
        (b"T-1\t[Not Available]\tG3\nT-2\tx\tG2\n", "no-header"),
        (b"reference,2026-11-22\nC-1,1\n", "no-header"),
        (b"reference,ecog,ECOG \nC-1,1,1\n", "duplicate-column"),
        (b'[{"reference": "C-1", "reference": "C-2"}]', "duplicate-column"),
        (b'reference,question\nC-1,"never closed\nC-2,x\n', "broken-quoting"),
        (b'reference,question\nC-1,"a "b" c"\n', "broken-quoting"),
        (b"reference,question\nC-1,one, two\n", "too-many-cells"),
        (b'{"reference": "C-1"}', "broken-json"),
        (b'[{"reference": "C-1"},]', "broken-json"),
        (b'[{"reference": {"system": "x"}}]', "broken-json"),
        (b'[{"age_years": NaN}]', "broken-json"),
        (b'[{"reference": 1e999}]', "broken-json"),
        (b"[" * 100_000, "broken-json"),
        (b"PK\x03\x04 and then nothing", "broken-xlsx"),
    ],
)
def test_bad_table_is_refused_with_its_code(content: bytes, code: str) -> None:
    assert refusal(content) == code


def test_workbook_only_by_name_is_refused() -> None:
    assert refusal(b"\x00\x01\x02\x03", "cases.xlsx") == "broken-xlsx"


def test_archive_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("cases.csv", PLAIN)

    assert refusal(stream.getvalue()) == "not-a-table"


def test_truncated_workbook_is_refused() -> None:
    content = a_workbook(("reference",), ("C-1",))

    assert refusal(content[: len(content) // 2]) == "broken-xlsx"


def test_workbook_with_broken_sheet_is_refused() -> None:
    content = a_workbook(("reference",), ("C-1",))

    assert refusal(with_part(content, "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row")) == "broken-xlsx"


def test_workbook_with_macros_is_refused() -> None:
    assert refusal(with_part(a_workbook(("reference",)), "xl/vbaProject.bin", b"macro")) == "broken-xlsx"


def test_workbook_with_document_type_is_refused() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'

    assert refusal(with_part(a_workbook(("reference",)), "xl/sharedStrings.xml", bomb)) == "broken-xlsx"


def test_workbook_that_unpacks_to_too_much_is_refused() -> None:
    content = with_part(a_workbook(("reference",)), "xl/media/image1.png", bytes(6_000_000))

    assert len(content) < 100_000
    assert refusal(content) == "too-large"


def test_workbook_with_a_row_far_away_is_refused() -> None:
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="99999999999"><c r="A99999999999"><v>1</v></c></row>'
        b"</sheetData></worksheet>"
    )

    assert refusal(with_part(a_workbook(("reference",)), "xl/worksheets/sheet1.xml", sheet)) == "too-large"


def test_table_of_too_many_cells_is_refused() -> None:
    header = ",".join(f"c{number}x" for number in range(1_000))

    assert refusal((header + "\n" + "a\n" * 6_000).encode()) == "too-large"
    assert refusal(json.dumps([{f"c{number}x": 1} for number in range(3_000)]).encode()) == "too-large"


def test_large_file_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(BadTable, match=r"100\.0 MB.*21\.0 MB") as caught:
        read_table(b"[" * 100_000_000, filename="cases.json")

    assert caught.value.code == "too-large"


def test_resident_number_in_the_header_is_refused_without_repeating_it() -> None:
    with pytest.raises(BadTable) as caught:
        read("Kim,900101-1234567,IIIC\nLee,910101-2234567,IV\n")

    assert caught.value.code == "resident-registration-number"
    assert "1234567" not in str(caught.value)
    assert str(caught.value).startswith("row 1, column 2: ")


def test_bad_table_names_the_row() -> None:
    with pytest.raises(BadTable, match="^row 3: ") as quoting:
        read('reference,question\nC-1,x\nC-2,"y\n')
    with pytest.raises(BadTable, match="^row 3: "):
        read("reference,question\nC-1,x\nC-2,y,z\n")

    assert quoting.value.code == "broken-quoting"


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_give_a_table_or_a_bad_table(content: bytes) -> None:
    starts = (b"", b"PK\x03\x04", b"\xff\xfe", b"reference,ecog\n", b'[{"a": "', b"#x\n", b'"', b"sep=")

    problems = {problem(start + content, "x.csv") for start in starts}

    assert problems.isdisjoint({"bad-table", "no text"})


@settings(max_examples=60, deadline=None)
@given(damage=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6))
def test_damaged_workbooks_give_a_table_or_a_bad_table(damage: list[tuple[float, int]]) -> None:
    content = bytearray(a_workbook(("reference", "ecog"), ("C-1", 1)))
    for place, byte in damage:
        content[4 + int(place * (len(content) - 4))] = byte

    assert problem(bytes(content), "x.xlsx") not in ("bad-table", "no text")


def test_formula_without_a_result_is_no_empty_cell() -> None:
    content = a_workbook(("reference", "question"), ("C-1", "=1+1"), ("C-2", None))

    rows = read_table(content, filename="list.xlsx").rows

    assert [row.cells["question"] for row in rows] == [NO_RESULT, ""]


def test_formula_that_gave_an_empty_text_is_an_empty_cell() -> None:
    content = a_workbook(("reference", "question"), ("C-1", "=1+1"))
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml")
    before, _, after = sheet.partition(b'<c r="B2"')
    worked_out = before + b'<c r="B2" t="str"><f>""</f><v></v></c>' + after.partition(b"</c>")[2]

    [row] = read_table(with_part(content, "xl/worksheets/sheet1.xml", worked_out), filename="list.xlsx").rows

    assert (b"<f>" in sheet, row.cells["question"]) == (True, "")

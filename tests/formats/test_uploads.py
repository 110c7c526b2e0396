"""What is kept of an upload: every cell that is read, on its row, and nothing of what is not read."""

from __future__ import annotations

import io
from datetime import date, time

import openpyxl
import pytest
from openpyxl.comments import Comment

from tests.formats.test_tables import a_workbook, saved
from tumorboard.domain.errors import BadTable
from tumorboard.formats.tables import read_table
from tumorboard.formats.uploads import keep_what_is_read

NUMBER = "900101-2234567"


def a_full_workbook() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(())
    book.active.append(("reference", "age_years", "referred_on", "question", "is_new"))
    book.active.append(("C-1", 55, date(2026, 11, 20), "'=1+1", True))
    book.active.append(())
    book.active.append(("C-2", 61.5, time(7, 30), None, False))
    book.active["A3"].comment = Comment(f"her number: {NUMBER}", "clerk")
    book.create_sheet("Patients").append(("Kim", NUMBER))
    book.properties.title = NUMBER
    return saved(book)


def test_workbook_keeps_the_rows_that_are_read_and_nothing_else() -> None:
    whole = a_full_workbook()

    kept = keep_what_is_read(whole)

    before, after = (read_table(each, filename="list.xlsx") for each in (whole, kept))
    assert after == before
    assert [row.number for row in after.rows] == [3, 5]
    book = openpyxl.load_workbook(io.BytesIO(kept))
    cells = [str(cell.value) + str(cell.comment) for sheet in book.worksheets for row in sheet.rows for cell in row]
    assert NUMBER not in f"{cells} {book.properties}"
    assert len(book.worksheets) == 1


def test_text_that_begins_like_a_formula_stays_a_text() -> None:
    book = openpyxl.Workbook()
    book.active.append(("reference", "question"))
    book.active.append(("C-1", "x"))
    book.active["B2"].value = "=SUM(A1)"
    book.active["B2"].data_type = "s"

    kept = keep_what_is_read(saved(book))

    assert read_table(kept, filename="list.xlsx").rows[0].cells["question"] == "=SUM(A1)"


@pytest.mark.parametrize(
    ("content", "row"),
    [
        (a_workbook((f"List of {NUMBER}",), ("reference",), ("C-1",)), 1),
        (a_workbook(("reference",), ("C-1", NUMBER)), 2),
        (f"# {NUMBER}\nreference\nC-1\n".encode(), 1),
        (f"reference,age\nC-1,5\n,{NUMBER}\n".encode("cp949"), 3),
    ],
)
def test_resident_number_outside_the_list_is_refused_with_its_row(content: bytes, row: int) -> None:
    with pytest.raises(BadTable, match=f"^row {row}: holds what looks like a resident") as refused:
        keep_what_is_read(content)

    assert (refused.value.code, NUMBER in str(refused.value)) == ("resident-registration-number", False)


@pytest.mark.parametrize(
    "content", [b"reference,a,b\nC-1,900101,2234567\n", b"reference\ta\tb\nC-1\t900101\t2234567\n"]
)
def test_two_numbers_side_by_side_are_no_resident_number(content: bytes) -> None:
    assert keep_what_is_read(content) == content


def test_row_numbers_stay_across_many_empty_rows() -> None:
    book = openpyxl.Workbook()
    book.active.append(("reference",))
    book.active["A30000"] = "C-1"
    for row in range(2, 25_000):
        book.active.cell(row, 1).number_format = "0.00"

    kept = keep_what_is_read(saved(book))

    assert [row.number for row in read_table(kept, filename="list.xlsx").rows] == [30_000]

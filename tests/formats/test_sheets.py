"""A cell never becomes a formula, and Excel reads Korean rightly."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tumorboard.formats.sheets import Table, guard_cell, write_csv, write_xlsx

TABLE = Table("Cases / 증례", ("Case", "Days"), (("C-1", -3), ("=1+1", 2.5), ("증례", 0)))


def read_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", " =", "\n@"])
def test_what_a_spreadsheet_would_calculate_stays_text(start: str) -> None:
    assert str(guard_cell(f"{start}cmd|' /C calc'!A1")).startswith("'")


@pytest.mark.parametrize("cell", ["C-17", "2026-11-24", "a=b", "홍길동 교수", "", 7, -3, 2.5])
def test_plain_cells_stay_as_they_are(cell: str | float) -> None:
    assert guard_cell(cell) == cell


def test_registration_number_never_leaves() -> None:
    assert guard_cell("called 900101-2345678 back") == "called ******-******* back"


@given(st.text(max_size=40))
def test_no_text_leaves_as_a_formula(text: str) -> None:
    guarded = str(guard_cell(text))

    assert guarded.lstrip()[:1] not in tuple("=+-@＝＋－＠\t\r")


def test_csv_begins_with_a_byte_order_mark_and_is_read_back() -> None:
    content = write_csv(TABLE)

    assert content.startswith(b"\xef\xbb\xbf")
    assert read_csv(content) == [["Case", "Days"], ["C-1", "-3"], ["'=1+1", "2.5"], ["증례", "0"]]


def test_workbook_is_read_back_without_formulas() -> None:
    book = openpyxl.load_workbook(io.BytesIO(write_xlsx([TABLE, Table("", ("A",), ())])))

    sheet = book.worksheets[0]
    assert (book.sheetnames, sheet.freeze_panes) == (["Cases   증례", "2"], "A2")
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["Case", "Days"], ["C-1", -3], ["'=1+1", 2.5], ["증례", 0],
    ]  # fmt: skip
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s", "n"}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=20), st.integers()), max_size=5))
def test_any_text_can_be_written(rows: list[tuple[str, int]]) -> None:
    table = Table("t", ("a", "b"), tuple(rows))

    book = openpyxl.load_workbook(io.BytesIO(write_xlsx([table])))

    assert book.worksheets[0].max_row == len(rows) + 1
    assert len(write_csv(table)) > 0

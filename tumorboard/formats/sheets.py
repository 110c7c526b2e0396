"""Writes tables as CSV that Excel opens rightly, and as XLSX. A cell never becomes a formula."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Cell = str | int | float

_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
"""What a spreadsheet takes for the beginning of a formula, wide forms included."""
_REGISTRATION = re.compile(r"(?<!\d)(\d{6})-?([1-8])\d{6}(?!\d)")
_SHEET_NAME = re.compile(r"[\[\]:*?/\\']")
LONGEST_CELL = 32_000
WIDEST = 60


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the names of its columns. Texts are data; numbers stay numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def write_csv(table: Table) -> bytes:
    """UTF-8 with a byte order mark, for Excel, and CRLF (RFC 4180)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([guard_cell(name) for name in table.columns])
    writer.writerows([guard_cell(cell) for cell in row] for row in table.rows)
    return text.getvalue().encode("utf-8-sig")


def write_xlsx(tables: Sequence[Table]) -> bytes:
    """A workbook with a sheet for each table: fixed heads, filters, and A4 across when printed."""
    import openpyxl  # noqa: PLC0415 - slow to load, and only workbooks need it

    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, table in enumerate(tables, start=1):
        name = _SHEET_NAME.sub(" ", table.title)[:28].strip() or str(number)
        _fill_sheet(book.create_sheet(name), table)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def guard_cell(cell: Cell) -> Cell:
    """The cell as it may stand in a spreadsheet: no formula, no control characters, no registration number."""
    if not isinstance(cell, str):
        return cell
    text = "".join(letter for letter in cell if letter in "\t\n" or unicodedata.category(letter) not in ("Cc", "Cs"))
    text = _REGISTRATION.sub("******-*******", text)[:LONGEST_CELL]
    starts = cell[:1] in _FORMULA or text.lstrip()[:1] in _FORMULA
    return f"'{text}" if starts else text


def drop_guard(text: str) -> str:
    """A text as it was before `guard_cell` kept it from being a formula."""
    return text[1:] if text[:1] == "'" and text[1:2] in _FORMULA else text


def _fill_sheet(sheet: Any, table: Table) -> None:
    from openpyxl.styles import Alignment, Font  # noqa: PLC0415 - slow to load, and only workbooks need it
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    for place, row in enumerate((table.columns, *table.rows), start=1):
        for column, cell in enumerate(row, start=1):
            target = sheet.cell(place, column, guard_cell(cell))
            if isinstance(cell, str):
                target.data_type = "s"
            target.alignment = Alignment(vertical="top", wrap_text=True)
            if place == 1:
                target.font = Font(bold=True)
    for column in range(1, len(table.columns) + 1):
        widest = max(_width(row[column - 1]) for row in (table.columns, *table.rows))
        sheet.column_dimensions[get_column_letter(column)].width = min(WIDEST, widest + 2)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(table.columns))}{len(table.rows) + 1}"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.paperSize, sheet.page_setup.orientation = 9, "landscape"
    sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.fitToHeight = True, 0
    sheet.oddFooter.right.text = "&P / &N"


def _width(cell: Cell) -> int:
    """How wide a cell is in letters of the Latin alphabet; Hangul takes two."""
    lines = str(cell).splitlines() or [""]
    return max(sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line) for line in lines)

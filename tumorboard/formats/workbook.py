"""Reads the first visible sheet of an XLSX workbook as rows of text, and refuses workbooks that bite."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator

from tumorboard.domain.errors import BadTable
from tumorboard.formats.layouts import MOST_CELLS, MOST_ROWS, CellText, Record

MOST_EMPTY_ROWS = 1000
"""Rows without a cell that may stand between others; a sheet of nothing else is no list."""


def read_workbook(content: bytes, *, limit_bytes: int) -> Iterator[Record]:
    """The rows of the first visible sheet, numbered from 1 as the spreadsheet shows them.

    Raises BadTable `broken-xlsx`, `too-large` for what unpacks to more than the limit, and `not-a-table`
    for other ZIP archives.
    """
    _check_archive(content, limit_bytes=limit_bytes)
    try:
        yield from _read_sheet(content)
    except BadTable:
        raise
    except Exception as error:  # openpyxl promises no exceptions of its own for what is broken inside
        raise _broken() from error


def _broken() -> BadTable:
    return BadTable("the workbook is damaged; open it and save it again as XLSX, or as CSV", code="broken-xlsx")


def _check_archive(content: bytes, *, limit_bytes: int) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            names = {entry.filename.casefold() for entry in entries}
            if sum(entry.file_size for entry in entries) > limit_bytes:
                raise BadTable("the workbook unpacks to far more than a case list needs", code="too-large")
            if "[content_types].xml" not in names or "xl/workbook.xml" not in names:
                raise BadTable("the file is an archive, no workbook; give the list as XLSX or CSV", code="not-a-table")
            if any(name.endswith("vbaproject.bin") for name in names):
                raise BadTable("the workbook holds macros; save it as XLSX without macros", code="broken-xlsx")
            for entry in entries:
                with archive.open(entry) as part:
                    # Office writes no document types; somebody who does wants entities that grow.
                    if b"<!DOCTYPE" in part.read(1000):
                        raise _broken()
    except BadTable:
        raise
    except Exception as error:  # zipfile answers hostile bytes with errors of many kinds
        raise _broken() from error


def _read_sheet(content: bytes) -> Iterator[Record]:
    import openpyxl  # noqa: PLC0415 - slow to load, and only workbooks need it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and extensions that say nothing on cases
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            sheet = next(sheet for sheet in book.worksheets if sheet.sheet_state == "visible")
            sheet.reset_dimensions()  # a sheet may declare a million columns that it does not have
            budget = MOST_CELLS
            for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
                budget -= len(values)
                if budget < 0 or number > MOST_ROWS + MOST_EMPTY_ROWS:
                    raise BadTable(f"the sheet has more than {MOST_ROWS} rows; split the list", code="too-large")
                yield Record(number, [_cell_text(value) for value in values])
        finally:
            book.close()


def _cell_text(value: object) -> str:
    text = CellText.of(value)
    return "NA" if text == "#N/A" else text

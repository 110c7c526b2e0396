"""Reads the first visible sheet of an XLSX workbook as rows of text, and refuses workbooks that bite."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, repeat
from typing import Any

from tumorboard.domain.cells import NO_RESULT
from tumorboard.domain.errors import BadTable
from tumorboard.formats.layouts import MOST_CELLS, MOST_ROWS, CellText, Record

LAST_ROW = 1_048_576
"""That of the programs that write workbooks; a file may name a row far beyond."""
_FORMULA = b"<f"
_RESULT = re.compile(rb'</f>\s*<v>[^<]|<f[^>]*/>\s*<v>[^<]|t="str"')
"""What stands behind a formula that was worked out; an empty text has a type of its own."""


def read_workbook(content: bytes, *, limit_bytes: int) -> Iterator[Record]:
    """The rows of the first visible sheet that hold anything, numbered from 1 as the spreadsheet shows them.

    Where no formula of the file has a result, as programs write it, its text is `cells.NO_RESULT`.
    Raises BadTable `broken-xlsx`, `too-large` for what unpacks to more than the limit, and `not-a-table`
    for other ZIP archives.
    """
    is_unsolved = _check_archive(content, limit_bytes=limit_bytes)
    try:
        yield from _read_sheet(content, is_unsolved=is_unsolved)
    except BadTable:
        raise
    except Exception as error:  # openpyxl promises no exceptions of its own for what is broken inside
        raise _broken() from error


def _broken() -> BadTable:
    return BadTable("the workbook is damaged; open it and save it again as XLSX, or as CSV", code="broken-xlsx")


def _check_archive(content: bytes, *, limit_bytes: int) -> bool:
    """Refuses what is no workbook; true when it has formulas and none was ever worked out."""
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
            sheets = [archive.read(entry) for entry in entries if entry.filename.startswith("xl/worksheets/sheet")]
            return any(_FORMULA in sheet for sheet in sheets) and not any(_RESULT.search(sheet) for sheet in sheets)
    except BadTable:
        raise
    except Exception as error:  # zipfile answers hostile bytes with errors of many kinds
        raise _broken() from error


def _read_sheet(content: bytes, *, is_unsolved: bool) -> Iterator[Record]:
    with _sheet(content, data_only=True) as sheet, _formulas(content, is_unsolved=is_unsolved) as formulas:
        budget, found = MOST_CELLS, 0
        for number, (values, written) in enumerate(zip(sheet, formulas, strict=False), start=1):
            budget -= len(values)
            texts = [
                _cell_text(value, formula) for value, formula in zip(values, chain(written, repeat(None)), strict=False)
            ]
            found += any(texts)
            if budget < 0 or found > MOST_ROWS + 1 or number > LAST_ROW:
                raise BadTable(f"the sheet has more than {MOST_ROWS} rows; split the list", code="too-large")
            if any(texts):
                yield Record(number, texts)


@contextmanager
def _sheet(content: bytes, *, data_only: bool) -> Iterator[Iterator[tuple[Any, ...]]]:
    """The values of the first visible sheet, or its formulas."""
    import openpyxl  # noqa: PLC0415 - slow to load, and only workbooks need it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and extensions that say nothing on cases
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=data_only, keep_links=False)
        try:
            sheet = next(sheet for sheet in book.worksheets if sheet.sheet_state == "visible")
            sheet.reset_dimensions()  # a sheet may declare a million columns that it does not have
            yield sheet.iter_rows(values_only=True)
        finally:
            book.close()


@contextmanager
def _formulas(content: bytes, *, is_unsolved: bool) -> Iterator[Iterator[tuple[Any, ...]]]:
    if not is_unsolved:
        yield repeat(())
        return
    with _sheet(content, data_only=False) as sheet:
        yield sheet


def _cell_text(value: object, formula: object) -> str:
    if value is None and formula is not None:
        return NO_RESULT
    text = CellText.of(value)
    return "NA" if text == "#N/A" else text

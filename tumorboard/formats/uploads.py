"""What is kept of an uploaded case list until it is imported: only what is read of it, and no resident number."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable

from tumorboard.domain.errors import BadTable
from tumorboard.domain.identity import HOLDS_RESIDENT_NUMBER, RESIDENT_NUMBER, has_resident_number
from tumorboard.formats.layouts import Record
from tumorboard.formats.tables import LIMIT_BYTES, decode
from tumorboard.formats.workbook import read_workbook

_BETWEEN_CELLS = re.compile(r"[\t,;|]")


def keep_what_is_read(content: bytes, *, limit_bytes: int = LIMIT_BYTES) -> bytes:
    """The upload without the parts of a workbook that no list is read from: other sheets, comments, properties.

    The rows keep their numbers. Raises BadTable `resident-registration-number` where such a number stands outside the
    cells that are read, in a title or a comment line, and what `read_workbook` and `decode` raise.
    """
    if content.startswith(b"PK"):
        records = list(read_workbook(content, limit_bytes=limit_bytes))
        _refuse_resident_numbers((record.number, record.cells) for record in records)
        return _write(records)
    lines = enumerate(decode(content).splitlines(), start=1)
    _refuse_resident_numbers((number, _BETWEEN_CELLS.split(line)) for number, line in lines)
    return content


def _refuse_resident_numbers(rows: Iterable[tuple[int, Iterable[str]]]) -> None:
    for number, cells in rows:
        if any(has_resident_number(cell) for cell in cells):
            message = f"row {number}: {HOLDS_RESIDENT_NUMBER} from the file and choose it again; nothing of it was kept"
            raise BadTable(message, code=RESIDENT_NUMBER, places=((number, ""),))


def _write(records: Iterable[Record]) -> bytes:
    import openpyxl  # noqa: PLC0415 - slow to load, and only workbooks need it
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    rows = 0
    for record in records:
        for _ in range(rows + 1, record.number):
            sheet.append(())  # the others keep their numbers
        rows = record.number
        row = [WriteOnlyCell(sheet, text or None) for text in record.cells]
        for cell in row:
            if cell.data_type == "f":  # a text that begins like a formula is a text
                cell.data_type = "s"
        sheet.append(row)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()

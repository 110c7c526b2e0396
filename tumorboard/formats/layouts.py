"""Finds the header of a table and brings known layouts into one shape: named columns, numbered rows of text.

Known are the three header rows of TCGA biotab, the comment lines of cBioPortal and the packed author's column of
curated GEO series.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from itertools import chain, islice
from typing import NamedTuple

from tumorboard.domain.cells import clean_text
from tumorboard.domain.errors import BadTable
from tumorboard.domain.identity import RESIDENT_NUMBER, has_resident_number

MOST_COLUMNS = 2000
MOST_ROWS = 20_000
MOST_CELLS = 5_000_000
_PACKED_COLUMN = "uncurated_author_metadata"
_PACKED_PIECE = re.compile(r"characteristics_ch\d+(?:\.\d+)?:\s*([^:]{1,80}?)\s*:\s*(.*)", re.DOTALL)
_NAME_LIKE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_DATA_LIKE = re.compile(r"[+-]?\d+([.,]\d+)?|\d{4}[-./]\d{1,2}[-./]\d{1,2}|\[.*\]")


class Record(NamedTuple):
    """The cells of one row and its number in the file."""

    number: int
    cells: Sequence[str]


class TableRow(NamedTuple):
    """One case's row: its number as a spreadsheet shows it, and its texts by column name."""

    number: int
    cells: Mapping[str, str]


class Arranged(NamedTuple):
    """What `arrange` found, in the order of the fields of `Table`."""

    layout: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    header_row: int


class CellText:
    """Typed values of workbooks and JSON as a person would type them."""

    @staticmethod
    def of(value: object) -> str:
        """ISO dates, whole numbers without a point, yes and no, nothing for None."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, float):
            return f"{int(value)}" if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
        if isinstance(value, datetime):
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
        return value.isoformat() if isinstance(value, date | time) else str(value)


def arrange(records: Iterable[Record], *, has_comments: bool = False) -> Arranged:
    """The table in the records; comment lines (`#`) and empty rows before the header are passed over.

    Raises BadTable `no-header`, `duplicate-column`, `too-many-cells`, `too-large` or `resident-registration-number`.
    """
    stream = (record for record in records if any(cell and not cell.isspace() for cell in record.cells))
    head: list[Record] = []
    for record in stream:
        if not head and record.cells[0].lstrip().startswith("#"):
            has_comments = True
            continue
        head.append(record)
        if len(head) == 3:
            break
    if not head:
        raise BadTable("the file holds no row that names the columns", code="no-header")
    header, body, is_biotab = _split_header(head)
    columns = _name_columns(header)
    rows = tuple(_read_rows(columns, chain(body, stream)))
    layout = "biotab" if is_biotab else "cbioportal" if has_comments else "plain"
    used = _drop_empty_columns(columns, header, rows)
    if _PACKED_COLUMN in used:
        used, rows = _unpack(used, rows)
        layout = "curated"
    return Arranged(layout, used, rows, header.number)


def _split_header(head: list[Record]) -> tuple[Record, list[Record], bool]:
    """The row that names the columns, the rows after it, and whether they are the header rows of biotab.

    Of biotab's three rows the second has the canonical names and the third the ids of its data elements; a file that
    kept only some of them is understood as well.
    """
    for place, record in enumerate(head):
        if _is_element_row(record.cells):
            return head[max(place - 1, 0)], head[place + 1 :], True
    if len(head) > 1 and _is_second_header(head[0].cells, head[1].cells):
        return head[1], head[2:], True
    return head[0], head[1:], False


def _is_element_row(cells: Sequence[str]) -> bool:
    return all(cell.strip().startswith("CDE_ID:") for cell in cells if cell.strip())


def _is_second_header(first: Sequence[str], second: Sequence[str]) -> bool:
    """Two rows of names one above the other, a third of them the same."""
    same = sum(1 for one, two in zip(first, second, strict=False) if one and one == two)
    return all(map(_NAME_LIKE.fullmatch, second)) and len(first) == len(second) and 3 * same >= len(first)


def _name_columns(header: Record) -> tuple[str, ...]:
    if len(header.cells) > MOST_COLUMNS:
        raise BadTable(f"the header names more than {MOST_COLUMNS} columns", code="too-large")
    names: list[str] = []
    places: dict[str, int] = {}
    for place, cell in enumerate(header.cells, start=1):
        name = " ".join(clean_text(cell).split())
        where = f"row {header.number}, column {place}"
        if has_resident_number(name):
            raise BadTable(
                f"{where}: holds what looks like a resident registration number; remove these numbers from the file "
                "and name the columns in its first row",
                code=RESIDENT_NUMBER,
                places=((header.number, str(place)),),
            )
        if _DATA_LIKE.fullmatch(name):
            raise BadTable(f"{where}: holds a value, no name; the first row must name the columns", code="no-header")
        name = f"column_{place}" if name in ("", "CDE_ID:") else name
        first = places.setdefault(name.casefold(), place)
        if first != place:
            raise BadTable(f"{where}: has the same name as column {first}; rename one", code="duplicate-column")
        names.append(name)
    return tuple(names)


def _read_rows(columns: tuple[str, ...], records: Iterable[Record]) -> Iterator[TableRow]:
    width = len(columns)
    budget = MOST_CELLS
    for count, (number, cells) in enumerate(records, start=1):
        if count > MOST_ROWS:
            raise BadTable(f"the list has more than {MOST_ROWS} rows; split it", code="too-large")
        if len(cells) > width and any(cell.strip() for cell in islice(cells, width, None)):
            raise BadTable(
                f"row {number}: has more cells than the header has names; "
                "put texts that hold the delimiter in quotation marks",
                code="too-many-cells",
            )
        budget -= width
        if budget < 0:
            raise BadTable(f"the list has more than {MOST_CELLS} cells; split it", code="too-large")
        texts = dict.fromkeys(columns, "")
        texts.update(zip(columns, map(str.strip, cells), strict=False))
        yield TableRow(number, texts)


def _drop_empty_columns(columns: tuple[str, ...], header: Record, rows: Sequence[TableRow]) -> tuple[str, ...]:
    """The columns without those that have neither a name nor a value; spreadsheets leave such at the edge."""
    nameless = {name for name, cell in zip(columns, header.cells, strict=False) if not clean_text(cell)}
    empty = {name for name in nameless if not any(row.cells[name] for row in rows)}
    return tuple(name for name in columns if name not in empty)


def _unpack(columns: tuple[str, ...], rows: Sequence[TableRow]) -> tuple[tuple[str, ...], tuple[TableRow, ...]]:
    """The table with the author's characteristics as columns of their own; `author_` marks names already taken."""
    taken = {column.casefold() for column in columns}
    unpacked = [_unpack_pieces(row.cells[_PACKED_COLUMN], taken) for row in rows]
    added = tuple(dict.fromkeys(name for pieces in unpacked for name in pieces))
    blank = dict.fromkeys(added, "")
    joined = (
        TableRow(row.number, {**row.cells, **blank, **pieces}) for row, pieces in zip(rows, unpacked, strict=True)
    )
    return (*columns, *added), tuple(joined)


def _unpack_pieces(packed: str, taken: set[str]) -> dict[str, str]:
    """`characteristics_ch2.3: age at surgery: 50.45` is `age_at_surgery`; the first channel keeps a name."""
    pieces: dict[str, str] = {}
    for piece in packed.split("///"):
        match = _PACKED_PIECE.fullmatch(piece.strip())
        name = re.sub(r"[^a-z0-9]+", "_", match[1].casefold()).strip("_") if match else ""
        if match and name:
            pieces.setdefault(f"author_{name}" if name in taken else name, match[2].strip())
    return pieces

"""Reads a case list from the bytes a person uploads: delimited text, a workbook, or JSON, whatever its encoding.

What comes out has named columns and numbered rows of text. What the columns mean is the programme's business, in
`domain.intake`; a file that cannot be a table is refused here with the reason and what to do about it.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple, cast

from tumorboard.domain.errors import BadTable
from tumorboard.formats.layouts import CellText, Record, TableRow, arrange
from tumorboard.formats.workbook import read_workbook

LIMIT_BYTES = 20 * 1024 * 1024
MOST_COMMENT_LINES = 1000
_DELIMITERS = ("\t", ",", ";", "|")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_MOST_WORDS_OF_A_REFERENCE = 4
_SAVE_AS = "save the list as CSV (UTF-8) or XLSX and give that file"
_FOREIGN = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"II*\x00": "an image",
    b"MM\x00*": "an image",
    b"\xd0\xcf\x11\xe0": "an old or encrypted Office document",
    b"\x1f\x8b": "a compressed file",
    b"7z\xbc\xaf": "a compressed file",
    b"Rar!": "a compressed file",
    b"SQLite format 3": "a database",
    b"{\\rtf": "a text document",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A case list as text. `layout` is `plain`, `biotab`, `cbioportal` or `curated`; `header_row` counts from 1."""

    layout: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    header_row: int = 1


def read_table(content: bytes, *, filename: str, limit_bytes: int = LIMIT_BYTES) -> Table:
    """The table in a file. The content decides what it is; the file name only makes a message clearer.

    Raises BadTable: `too-large`, `empty-file`, `not-a-table`, `wrong-encoding`, `no-header`, `duplicate-column`,
    `broken-quoting`, `too-many-cells`, `broken-xlsx`, `broken-json`, `resident-registration-number`.
    """
    if len(content) > limit_bytes:
        raise BadTable(
            f"the file has {len(content) / 1e6:.1f} MB, the limit is {limit_bytes / 1e6:.1f} MB; split the list",
            code="too-large",
        )
    if not content.strip():
        raise BadTable("the file is empty; give a list with one row for each case", code="empty-file")
    if content.startswith(b"PK"):
        return Table(*arrange(read_workbook(content, limit_bytes=limit_bytes)))
    _refuse_foreign(content, filename=filename)
    text = decode(content)
    start = text.lstrip()[:1]
    if start in ("[", "{"):
        return _read_objects(text)
    if start == "<":
        raise BadTable(f"the file is a web page or XML; {_SAVE_AS}", code="not-a-table")
    return _read_delimited(text)


def _refuse_foreign(content: bytes, *, filename: str) -> None:
    for magic, kind in _FOREIGN.items():
        if content.startswith(magic):
            raise BadTable(f"the file is {kind}, no table; {_SAVE_AS}", code="not-a-table")
    if filename.casefold().endswith((".xlsx", ".xlsm")) and b"\x00" in content[:64]:
        raise BadTable("the file is named like a workbook but is none; save it again as XLSX", code="broken-xlsx")


def decode(content: bytes) -> str:
    """The text in UTF-8, UTF-16 (also without a byte order mark) or CP949, the encoding of older Korean systems."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return _printable(_decode_as(content, (encoding,)))
    guess = _guess_utf16(content[:4000])
    return _printable(_decode_as(content, (guess,) if guess else ("utf-8", "cp949")))


def _guess_utf16(sample: bytes) -> str | None:
    """The byte order that gives more of what every list has (digits, commas, line ends), if there are zeros at all."""
    if b"\x00" not in sample:
        return None
    texts = {order: sample.decode(order, errors="replace") for order in ("utf-16-le", "utf-16-be")}
    plain = {
        order: sum(character in string.printable for character in text) if "\x00" not in text else 0
        for order, text in texts.items()
    }
    best = max(plain, key=lambda order: plain[order])
    return best if plain[best] > 0 else None


def _decode_as(content: bytes, encodings: tuple[str, ...]) -> str:
    if b"\x00" in content and encodings == ("utf-8", "cp949"):
        raise BadTable(f"the file is binary, no table; {_SAVE_AS}", code="not-a-table")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadTable(
        "the characters of the file are in an unknown encoding; save the list as CSV UTF-8 or XLSX",
        code="wrong-encoding",
    )


def _printable(text: str) -> str:
    sample = text[:4000]
    odd = sum(1 for character in sample if ord(character) < 32 and character not in "\t\n\v\f\r\x1c\x1d\x1e\x1f")
    if "\x00" in text or odd > len(sample) // 20:
        raise BadTable(f"the file is binary, no table; {_SAVE_AS}", code="not-a-table")
    return text


def _read_delimited(text: str) -> Table:
    preamble = _read_preamble(text)
    body = text[preamble.length :]
    delimiter = preamble.delimiter or _sniff_delimiter(body)
    records = _read_records(body, delimiter=delimiter, first=preamble.lines + 1)
    return Table(*arrange(records, has_comments=preamble.has_comments))


class _Preamble(NamedTuple):
    """The lines before the header: comments, empty ones, and `sep=;` by which Excel names the delimiter."""

    lines: int
    length: int
    has_comments: bool
    delimiter: str | None


def _read_preamble(text: str) -> _Preamble:
    lines, length, has_comments, delimiter = 0, 0, False, None
    for match in re.finditer(r"([^\r\n]*)(?:\r\n|\r|\n|\Z)", text):
        line = match[1].strip()
        declared = re.fullmatch(r"sep=([,;|:\t])", match[1].strip("\ufeff \r\n"), re.IGNORECASE)
        if declared and lines == 0:
            delimiter = declared[1]
        elif line.startswith("#"):
            has_comments = True
        elif line or length >= len(text):
            break
        lines, length = lines + 1, match.end()
        if lines > MOST_COMMENT_LINES:
            raise BadTable(f"more than {MOST_COMMENT_LINES} lines stand before the header", code="no-header")
    if not text[length:].strip():
        raise BadTable("the file holds only comments; its first plain row must name the columns", code="no-header")
    return _Preamble(lines, length, has_comments, delimiter)


def _sniff_delimiter(body: str) -> str:
    """The delimiter that stands most often in the header; quoted text does not count."""
    header = re.split(r"[\r\n]", _QUOTED.sub("", body[:100_000]), maxsplit=1)[0]
    best = max(_DELIMITERS, key=header.count)
    prose = any(len(line.split()) > _MOST_WORDS_OF_A_REFERENCE for line in body[:2000].splitlines())
    if best not in header and prose:
        raise BadTable(f"the file is text without columns; {_SAVE_AS}", code="not-a-table")
    return best


def _read_records(body: str, *, delimiter: str, first: int) -> Iterator[Record]:
    """Numbered records; a quoted cell may span lines, as in a spreadsheet it is still one row."""
    number = first - 1
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        for cells in reader:
            number += 1
            yield Record(number, cells)
    except csv.Error:
        raise BadTable(
            f"row {number + 1}: a quotation mark opens a cell and does not close it, or stands inside one; "
            "double the marks inside a quoted cell or save the list as XLSX",
            code="broken-quoting",
        ) from None


def _read_objects(text: str) -> Table:
    """JSON: a list of objects; the first object is row 1, and the header is row 0."""
    try:
        objects = json.loads(
            text, object_pairs_hook=_unique_pairs, parse_constant=_refuse_constant, parse_float=_read_float
        )
    except (ValueError, RecursionError) as error:
        where = f"line {error.lineno}: " if isinstance(error, json.JSONDecodeError) else ""
        raise BadTable(f"{where}the file is no valid JSON; give a list of objects", code="broken-json") from None
    if not isinstance(objects, list) or not all(isinstance(entry, dict) for entry in objects):
        raise BadTable("the JSON is no list of objects; give one object for each case", code="broken-json")
    if not objects:
        raise BadTable("the list is empty; give one object for each case", code="empty-file")
    columns = list(dict.fromkeys(name for entry in objects for name in entry))
    records = (
        Record(number, [_as_text(entry.get(name), number) for name in columns])
        for number, entry in enumerate(objects, start=1)
    )
    return Table(*arrange(chain([Record(0, columns)], records)))


def _unique_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = dict(pairs)
    if len(names) < len(pairs):
        raise BadTable("an object has the same key twice; keep one of the two", code="duplicate-column")
    return names


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


def _read_float(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else cast("float", _refuse_constant(text))


def _as_text(value: object, number: int) -> str:
    if isinstance(value, list) and not any(isinstance(item, list | dict) for item in value):
        return "; ".join(CellText.of(item) for item in value)
    if isinstance(value, list | dict):
        raise BadTable(f"object {number}: values must be texts, numbers or lists of them", code="broken-json")
    return CellText.of(value)

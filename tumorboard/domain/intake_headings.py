"""Headings of a case list in the words of the pages, in either language, beside the ids of the programme."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

from tumorboard.domain.intake_rules import as_column
from tumorboard.domain.model import Text
from tumorboard.domain.program import Program

_DAYS: Final[Mapping[str, tuple[str, str]]] = {
    "reported": ("reported on", "보고일"),
    "expected": ("expected on", "예정일"),
}
_UNIT = re.compile(r"\([^()]*\)\s*$")


def read_headings(program: Program) -> dict[str, str]:
    """The column of our own layout by the heading that means it, both as `as_heading` and `as_column` have them.

    Fields are known by their label, with and without the unit behind it, reports by `PET/CT: reported on`. A heading
    of two columns means neither.
    """
    meant: dict[str, set[str]] = {}
    for column, words in _headings(program):
        meant.setdefault(as_heading(words), set()).add(as_column(column))
    return {heading: next(iter(columns)) for heading, columns in meant.items() if heading and len(columns) == 1}


def as_heading(name: str) -> str:
    """A heading as it is compared: its letters and digits only, no case."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold()))


def find_column(program: Program, name: str) -> str:
    """The column that a heading means; the name itself, as columns are compared, when the programme knows it already,
    or not at all."""
    column = as_column(name)
    return column if column in program.fields else read_headings(program).get(as_heading(name), column)


def _headings(program: Program) -> Iterator[tuple[str, str]]:
    for field in program.fields.values():
        if field.group != "source":
            for words in _languages(field.label):
                yield field.id, words
                yield field.id, _UNIT.sub("", words)
    for item in program.readiness:
        for day, said in _DAYS.items():
            for words, on in zip(_languages(item.label), said, strict=True):
                yield f"{item.id}_{day}_on", f"{words} {on}"


def _languages(text: Text) -> tuple[str, str]:
    return text.en, text.ko

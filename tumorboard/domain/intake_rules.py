"""What a programme says about imports, as frozen values: columns and words, the fields they become, the flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tumorboard.domain.cells import as_word
from tumorboard.domain.fields import Field

WORD: Final = "word"
"""In a test: what the columns of the field itself say, before the decision."""


def as_column(name: str) -> str:
    """A column name as it is compared: no case, no outer space; a blank is an underscore."""
    return "_".join(name.casefold().replace("_", " ").split())


@dataclass(frozen=True, slots=True)
class Test:
    """One fact of a row is among some words, or starts or ends with one of them."""

    name: str
    operator: str
    words: tuple[str, ...]

    def holds(self, value: object) -> bool:
        """True when the value is given and passes."""
        if value is None:
            return False
        word = as_word(str(value))
        if self.operator == "starts_with":
            return word.startswith(self.words)
        if self.operator == "ends_with":
            return word.endswith(self.words)
        return word in self.words


@dataclass(frozen=True, slots=True)
class Source:
    """Columns, the most exact first, that hold a field's value in a registry's or an author's words."""

    columns: tuple[str, ...]
    bands: Mapping[float, int]
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a field becomes when all tests hold. Without a value it keeps its word; `undecided` means no value."""

    tests: tuple[Test, ...]
    value: str | None
    undecided: bool
    flag: str | None


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How one field is read. `words` maps a word to a value; `companions` a column to the one that completes it."""

    field: Field
    reader: str
    sources: tuple[Source, ...]
    words: Mapping[str, str | int]
    missing: frozenset[str]
    missing_flag: str | None
    ambiguous_flag: str | None
    remarks: Mapping[str, str]
    companions: Mapping[str, str]
    drop: tuple[str, ...]
    cut: bool
    otherwise: str | None
    steps: Mapping[float, str]
    unusable: tuple[Test, ...]
    unusable_flag: str | None
    decisions: tuple[Decision, ...]

    @property
    def flags(self) -> frozenset[str]:
        """The remarks that this field can bring."""
        own = {self.missing_flag, self.ambiguous_flag, self.unusable_flag, *(each.flag for each in self.decisions)}
        return frozenset({*self.remarks.values(), *(flag for flag in own if flag)})

    @property
    def speaks_without_columns(self) -> bool:
        """True when something is to be said of the field even in a file that has no column for it."""
        return bool(self.missing_flag or self.otherwise or self.decisions)


@dataclass(frozen=True, slots=True)
class KeptColumn:
    """A source column that rules read as it came. `words` translates another registry's words, `flags` marks some."""

    name: str
    columns: tuple[str, ...]
    words: Mapping[str, str]
    flags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NoCaseList:
    """Columns that give away a file with several rows for one patient, and what to give instead."""

    columns: frozenset[str]
    instead: str


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """The whole of a programme's intake; column names and words are in the form in which they are compared."""

    missing: frozenset[str]
    reference: tuple[str, ...]
    normalised: tuple[str, ...]
    ignored: frozenset[str]
    source_markers: frozenset[str]
    no_case_lists: tuple[NoCaseList, ...]
    fields: tuple[FieldRule, ...]
    kept: tuple[KeptColumn, ...]
    remarks: tuple[Decision, ...]
    readiness: tuple[str, ...]

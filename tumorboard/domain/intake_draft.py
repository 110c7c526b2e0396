"""A case as one row of a list gives it, and what is wrong with the row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from tumorboard.domain.cells import check_worked_out, quote
from tumorboard.domain.errors import BadInput
from tumorboard.domain.identity import HOLDS_RESIDENT_NUMBER, RESIDENT_NUMBER, has_resident_number
from tumorboard.domain.model import CaseFacts, ReadinessRecord, Value


@dataclass(frozen=True, slots=True)
class CellProblem:
    """What is wrong with one cell, or with a whole column. Only a problem that `refuses` keeps the row out.

    `values` are what its sentence in another language needs, as the message has it.
    """

    column: str
    code: str
    message: str
    refuses: bool
    values: Mapping[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """A case as one row gives it, in the programme's own terms.

    `values` has the field ids as keys, in the order of the programme; a field without a value is absent. `kept` has the
    source columns that rules read, as they came.
    """

    reference: str | None
    values: Mapping[str, Value]
    kept: Mapping[str, str]
    flags: frozenset[str]
    readiness: tuple[ReadinessRecord, ...]
    problems: tuple[CellProblem, ...]

    @property
    def is_refused(self) -> bool:
        """True when a person must correct the row before it can be imported."""
        return any(problem.refuses for problem in self.problems)


class Reading:
    """What has been read of one row so far; `row` is its number in the file, None when there is no file.

    `known` is the case as it is known already: an empty cell leaves that as it is.
    """

    __slots__ = ("cells", "flags", "kept", "known", "on", "problems", "row", "values")

    def __init__(self, cells: Mapping[str, str], *, on: date, row: int | None) -> None:
        self.cells = cells
        self.known: CaseFacts | None = None
        self.on = on
        self.row = row
        self.values: dict[str, Value] = {}
        self.kept: dict[str, str] = {}
        self.flags: set[str] = set()
        self.problems: list[CellProblem] = []

    def note(self, column: str, code: str, message: str, *, refuses: bool, **values: object) -> None:
        """Adds a problem, with row and column in front of its sentence."""
        said = f"{say_where(self.row, column)}: {message}"
        self.problems.append(CellProblem(column, code, said, refuses, values=values))

    def refuse_cell(self, column: str, error: BadInput) -> None:
        """Adds what a reader of cells says, with its values."""
        self.refuse(column, error.code, str(error), **error.values)

    def refuse(self, column: str, code: str, message: str, **values: object) -> None:
        """Adds a problem that keeps the row out."""
        said = f"{say_where(self.row, column)}: {message}"
        self.problems.append(CellProblem(column, code, said, refuses=True, values=values))

    def refuse_not_worked_out(self, columns: Iterable[str]) -> None:
        """Refuses the row for each of these cells that holds an error of a spreadsheet, or a formula alone."""
        for column in columns:
            try:
                check_worked_out(self.cells.get(column, "").strip())
            except BadInput as error:
                self.refuse(column, error.code, str(error))

    def refuse_resident_numbers(self) -> Draft:
        """The draft of a row that may not be read at all (rule D8): nothing of it is kept, no value is repeated."""
        where = " from the file" if self.row is not None else ""
        for column, text in self.cells.items():
            if has_resident_number(text):
                self.refuse(column, RESIDENT_NUMBER, f"{HOLDS_RESIDENT_NUMBER}{where}")
        return Draft(None, {}, {}, frozenset(), (), tuple(self.problems))


def say_where(row: int | None, column: str) -> str:
    """`row 7, column 'ecog'`, the start of every message on a cell; `field 'ecog'` where there is no file."""
    return f"field {quote(column)}" if row is None else f"row {row}, column {quote(column)}"

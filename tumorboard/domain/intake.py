"""Turns the rows of a case list into drafts of cases, under the data rules of the programme.

A row is refused when a person must look at it; what is only doubtful is remarked by a flag and imported. The file
itself is read elsewhere: rows come here as numbers and texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from tumorboard.domain.errors import BadInput
from tumorboard.domain.intake_draft import CellProblem, Draft, say_where
from tumorboard.domain.intake_reader import CaseReader, Known
from tumorboard.domain.model import CaseFacts, Value
from tumorboard.domain.program import Program
from tumorboard.domain.references import ReferencePattern, reference_key

__all__ = [
    "CellProblem",
    "Draft",
    "DraftRow",
    "Intake",
    "case_facts",
    "list_columns",
    "normalise",
    "read_case",
    "read_cases",
]


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft and the row of the file it comes from, counted as a spreadsheet counts."""

    number: int
    draft: Draft


@dataclass(frozen=True, slots=True)
class Intake:
    """All rows of a case list in their order, and the columns of its header row that are not imported."""

    rows: tuple[DraftRow, ...]
    header_row: int
    column_problems: tuple[CellProblem, ...]

    @property
    def accepted(self) -> tuple[DraftRow, ...]:
        """The rows that can become cases."""
        return tuple(row for row in self.rows if not row.draft.is_refused)

    @property
    def refused(self) -> tuple[DraftRow, ...]:
        """The rows that a person must correct first."""
        return tuple(row for row in self.rows if row.draft.is_refused)


def read_case(
    program: Program, cells: Mapping[str, str], *, on: date, references: ReferencePattern | None = None
) -> Draft:
    """The draft of one case from texts by column name. `on` dates a gestational age that comes without a day.

    A reference that does not fit `references` is refused.

    Raises BadProgram when the intake part of the programme is wrong, never anything for what the cells hold.
    """
    return CaseReader(program, tuple(cells), references).read(cells, on=on)


def read_cases(
    program: Program,
    rows: Iterable[tuple[int, Mapping[str, str]]],
    *,
    columns: Sequence[str],
    on: date,
    header_row: int = 1,
    references: ReferencePattern | None = None,
    known: Known | None = None,
) -> Intake:
    """The drafts of all rows. A reference counts at its first good row; later rows with the same one are refused, and
    those that do not fit `references`. A row of a case that is `known` speaks only of what its cells hold.

    Raises BadTable `not-a-case-list`, `no-reference-column` or `resident-registration-number` (in the header).
    """
    reader = CaseReader(program, columns, references, known)
    reader.columns.refuse_other_files(header_row)
    first_rows: dict[str, int] = {}
    drafts: list[DraftRow] = []
    for number, cells in rows:
        draft = reader.read(cells, on=on, row=number)
        key = reference_key(draft.reference or "")
        first = first_rows.get(key, number)
        if first != number:
            draft = _refuse_duplicate(draft, column=reader.reference_column(cells), row=number, first=first)
        if draft.reference is not None and not draft.is_refused:
            first_rows[key] = number
        drafts.append(DraftRow(number, draft))
    return Intake(tuple(drafts), header_row, reader.columns.unknown_columns(header_row))


def _refuse_duplicate(draft: Draft, *, column: str, row: int, first: int) -> Draft:
    message = f"{say_where(row, column)}: row {first} has the same reference; keep one of the two"
    problem = CellProblem(column, "duplicate-reference", message, refuses=True)
    return replace(draft, problems=(*draft.problems, problem))


def case_facts(program: Program, draft: Draft) -> CaseFacts:
    """The case as the rules see it: values and kept source columns. Raises BadInput `missing-reference`."""
    if draft.reference is None:
        raise BadInput("the case has no reference; give it a local one", code="missing-reference")
    return CaseFacts(draft.reference, program.id, {**draft.kept, **draft.values}, draft.flags)


def list_columns(program: Program) -> tuple[str, ...]:
    """The columns of our own layout: `reference`, the other fields, then two days for each report."""
    fields = [name for name, field in program.fields.items() if name != "reference" and field.group != "source"]
    reports = [item.id for item in program.readiness if not item.fields]
    days = [f"{report}_{day}_on" for report in reports for day in ("reported", "expected")]
    return ("reference", *fields, *days)


def normalise(program: Program, values: Mapping[str, Value]) -> dict[str, object]:
    """The programme's chosen fields, None where there is no value; sets as sorted lists, dates in ISO form."""
    return {name: _as_plain(values.get(name)) for name in program.intake.get("normalised", ())}


def _as_plain(value: Value | None) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    return value.isoformat() if isinstance(value, date) else value

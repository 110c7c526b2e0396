"""The worklist that was taken out as a file, recognised when it comes back as a case list, in either language."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from tumorboard.domain.identity import has_resident_number
from tumorboard.domain.intake import CellProblem, Draft, DraftRow
from tumorboard.domain.intake_draft import say_where
from tumorboard.domain.intake_headings import find_column
from tumorboard.domain.intake_rules import as_column
from tumorboard.domain.program import Program
from tumorboard.formats.layouts import TableRow
from tumorboard.formats.sheets import drop_guard
from tumorboard.formats.tables import Table
from tumorboard.words import LANGUAGES, Words
from tumorboard.words.labels import say_code
from tumorboard.words.reports import COLUMNS

CASE_COLUMNS: Final = (
    "case", "programme", "state", "urgency", "missing", "required", "recommended", "due", "days-left", "minutes",
    "meeting",
)  # fmt: skip
"""The columns of the worklist as it leaves; only the first is a fact of the case, the others are worked out."""
_TELLING = frozenset({"state", "missing", "required", "days-left"})
"""With these columns a list is the worklist; a few of the others stand in lists that people make themselves too."""
_REFERENCE = "reference"


class Recognised(NamedTuple):
    """A list as the programme reads it: worked-out columns are gone, and rows of other programmes are refused."""

    table: Table
    notes: tuple[CellProblem, ...] = ()
    refused: tuple[DraftRow, ...] = ()


def recognise_export(table: Table, program: Program) -> Recognised:
    """The same table for any other list; its head of the reference is known in both languages all the same."""
    at = {as_column(column): column for column in table.columns}
    for language in LANGUAGES:
        words = Words(language)
        names = {code: at.get(as_column(say_code(code, words, COLUMNS)), "") for code in CASE_COLUMNS}
        if not names["case"]:
            continue
        if not all(names[code] for code in _TELLING):
            return Recognised(_with_reference(table, program, names["case"]))
        return _without_derived(table, program, names)
    return Recognised(table)


def _with_reference(table: Table, program: Program, column: str) -> Table:
    """The table whose column of cases is called `reference`, unless it has one already, in whatever words."""
    if any(find_column(program, each) == _REFERENCE for each in table.columns):
        return table
    rows = [
        TableRow(row.number, {_REFERENCE if name == column else name: text for name, text in row.cells.items()})
        for row in table.rows
    ]
    columns = tuple(_REFERENCE if name == column else name for name in table.columns)
    return replace(table, columns=columns, rows=tuple(rows))


def _without_derived(table: Table, program: Program, names: dict[str, str]) -> Recognised:
    derived = {column for code, column in names.items() if column and code != "case"}
    kept: list[TableRow] = []
    refused: list[DraftRow] = []
    for row in table.rows:
        if has_resident_number("\x00".join(row.cells.values())):
            kept.append(row)  # whole: the reader refuses it, wherever the number stands
            continue
        reference = drop_guard(row.cells.get(names["case"], "").strip())
        named = row.cells.get(names["programme"], "").strip()
        if named and named not in (program.name.en, program.name.ko):
            refused.append(_refuse(row.number, names["programme"], reference))
            continue
        cells = {name: text for name, text in row.cells.items() if name not in derived}
        kept.append(TableRow(row.number, {**cells, names["case"]: reference}))
    columns = tuple(column for column in table.columns if column not in derived)
    note = CellProblem(
        ", ".join(column for column in table.columns if column in derived),
        "derived-columns",
        "this list was taken from this service; what it worked out itself (state, urgency, deadline, needs, days) is "
        "not read; change the facts of a case instead",
        refuses=False,
    )
    short = replace(table, columns=columns, rows=tuple(kept))
    return Recognised(_with_reference(short, program, names["case"]), (note,), tuple(refused))


def _refuse(number: int, column: str, reference: str) -> DraftRow:
    message = f"{say_where(number, column)}: the case belongs to another programme; import it there"
    problem = CellProblem(column, "other-programme", message, refuses=True)
    return DraftRow(number, Draft(reference or None, {}, {}, frozenset(), (), (problem,)))

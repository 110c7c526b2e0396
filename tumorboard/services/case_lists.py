"""Case lists: read, compared with the cases there are, previewed and imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tumorboard.domain.intake import Draft, Intake, read_cases
from tumorboard.domain.program import Program
from tumorboard.domain.references import ReferencePattern
from tumorboard.formats.tables import Table, read_table
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.cases import new_case, write_draft
from tumorboard.services.centre_settings import centre_settings
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.facts import decode_values


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong in a file: the row as a spreadsheet counts it, the column, a stable code and a sentence."""

    row: int
    column: str
    code: str
    message: str
    values: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class ImportRow:
    """What happens to one row: `created`, `updated`, `unchanged` or `refused`; `changed` names the fields."""

    row: int
    reference: str
    action: str
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import does, or would do."""

    rows: tuple[ImportRow, ...]
    problems: tuple[RowProblem, ...]

    def count(self, action: str) -> int:
        """How many rows have this action."""
        return sum(row.action == action for row in self.rows)

    def summary(self) -> dict[str, object]:
        """The report as the API and the command line print it."""
        counts = {action: self.count(action) for action in ("created", "updated", "unchanged", "refused")}
        problems = [{"row": p.row, "column": p.column, "code": p.code, "message": p.message} for p in self.problems]
        return {**counts, "problems": problems}


def read_case_list(
    program: Program, content: bytes, *, filename: str, on: date, watch: Callable[[int, int], None] | None = None,
    references: ReferencePattern | None = None,
) -> Intake:  # fmt: skip
    """A file's cases by the data rules of the programme, without a database. Raises BadTable.

    `watch` is told before each row how many are done, of how many; what it raises ends the reading.
    """
    table = read_table(content, filename=filename)
    rows = _watched(table, watch or _watch_nothing)
    return read_cases(program, rows, columns=table.columns, on=on, header_row=table.header_row, references=references)


def _watched(table: Table, watch: Callable[[int, int], None]) -> Iterator[tuple[int, Mapping[str, str]]]:
    for done, row in enumerate(table.rows):
        watch(done, len(table.rows))
        yield row.number, row.cells
    watch(len(table.rows), len(table.rows))


def _watch_nothing(_done: int, _all: int) -> None:
    """Nobody waits for so short a list."""


def preview_import(
    session: Session, setup: Setup, *, program: str, content: bytes, filename: str, by: Actor, now: datetime
) -> ImportReport:
    """What importing this file would do; nothing is written. Raises BadTable when it is no case list."""
    require(by, Permission.CASE_IMPORT)
    rules = setup.program(program)
    references = centre_settings(session).references
    intake = read_case_list(rules, content, filename=filename, on=setup.today(now), references=references)
    known = _known_cases(session, rules, intake)
    return _report(intake, {ref: _compare(known.get(ref), draft) for ref, draft in _accepted(intake)})


def import_cases(
    session: Session, setup: Setup, *, program: str, content: bytes, filename: str, by: Actor, now: datetime,
    watch: Callable[[int, int], None] | None = None,
) -> ImportReport:  # fmt: skip
    """Import a case list in one transaction; refused rows are left out and named. Raises BadTable.

    Importing the same file again changes nothing. Fields that the file does not speak of stay as they are. `watch` is
    told how many rows are read, of how many, before the transaction begins; what it raises ends the import.
    """
    require(by, Permission.CASE_IMPORT)
    rules = setup.program(program)
    references, today = centre_settings(session).references, setup.today(now)
    intake = read_case_list(rules, content, filename=filename, on=today, watch=watch, references=references)
    with transaction(session):
        known = _known_cases(session, rules, intake)
        actions = {}
        for reference, draft in _accepted(intake):
            row = known.get(reference)
            action = actions[reference] = _compare(row, draft)
            if row is None:
                row = new_case(setup, rules, reference, draft, now)
                session.add(row)
            if action[0] != "unchanged":
                write_draft(setup, rules, row, draft, now)
        report = _report(intake, actions)
        record(
            session, by=by, now=now, action="cases:imported", subject=("program", rules.id),
            created=report.count("created"), updated=report.count("updated"), refused=report.count("refused"),
        )  # fmt: skip
    return report


def _accepted(intake: Intake) -> list[tuple[str, Draft]]:
    return [(row.draft.reference, row.draft) for row in intake.accepted if row.draft.reference]


def _known_cases(session: Session, program: Program, intake: Intake) -> dict[str, Case]:
    query = select(Case).where(Case.program == program.id).options(selectinload(Case.readiness))
    wanted = {reference for reference, _ in _accepted(intake)}
    return {row.reference: row for row in session.scalars(query) if row.reference in wanted}


def _compare(row: Case | None, draft: Draft) -> tuple[str, tuple[str, ...]]:
    if row is None:
        return "created", ()
    old = decode_values(row.facts)
    changed = [key for key, value in draft.values.items() if old.get(key) != value]
    changed += [key for key, value in draft.kept.items() if row.sources.get(key) != value]
    if frozenset(row.flags.get("flags", [])) != draft.flags:
        changed.append("flags")
    noted = {item.item: item for item in row.readiness}
    for entry in draft.readiness:
        have = noted.get(entry.item)
        if have is None or (entry.reported_on or have.reported_on, entry.expected_on or have.expected_on) != (
            have.reported_on, have.expected_on,
        ):  # fmt: skip
            changed.append(entry.item)
    return ("updated" if changed else "unchanged"), tuple(dict.fromkeys(changed))


def _report(intake: Intake, actions: Mapping[str, tuple[str, tuple[str, ...]]]) -> ImportReport:
    rows = []
    problems = [RowProblem(intake.header_row, p.column, p.code, p.message) for p in intake.column_problems]
    for row in intake.rows:
        problems += [RowProblem(row.number, p.column, p.code, p.message, p.values) for p in row.draft.problems]
        reference = row.draft.reference or ""
        action, changed = ("refused", ()) if row.draft.is_refused else actions[reference]
        rows.append(ImportRow(row.number, reference, action, changed))
    problems.sort(key=lambda problem: problem.row)
    return ImportReport(rows=tuple(rows), problems=tuple(problems))

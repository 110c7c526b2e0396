"""Case lists: read, compared with the cases there are, previewed and imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import PurePath

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tumorboard.domain.intake import Draft, DraftRow, Intake, read_cases
from tumorboard.domain.intake_draft import say_where
from tumorboard.domain.intake_people import NAMED_MEMBERS, People, named_in, recognise_people
from tumorboard.domain.intake_reader import Known
from tumorboard.domain.model import CaseFacts
from tumorboard.domain.program import Program
from tumorboard.domain.references import ReferencePattern, reference_key
from tumorboard.formats.tables import Table, read_table
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.case_changes import Change, find_changes, list_names
from tumorboard.services.cases import new_case, write_draft
from tumorboard.services.centre_settings import centre_settings
from tumorboard.services.import_undo import keep_before, remember_import
from tumorboard.services.named_members import load_people
from tumorboard.services.own_exports import recognise_export
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.facts import make_case_facts

ACTIONS = ("created", "updated", "unchanged", "refused")


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong in a file: the row as a spreadsheet counts it, the column, a stable code and a sentence."""

    row: int
    column: str
    code: str
    message: str
    values: Mapping[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class ImportRow:
    """What happens to one row: `created`, `updated`, `unchanged` or `refused`.

    `changes` say what becomes of a case that is known already, whose public id is `case_id`.
    """

    row: int
    reference: str
    action: str
    changes: tuple[Change, ...] = ()
    case_id: str = ""

    @property
    def changed(self) -> tuple[str, ...]:
        """The names of what changes."""
        return list_names(self.changes)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import does, or would do. `import_id` is that by which it can be taken back, empty where it cannot."""

    rows: tuple[ImportRow, ...]
    problems: tuple[RowProblem, ...]
    import_id: str = ""

    def count(self, action: str) -> int:
        """How many rows have this action."""
        return sum(row.action == action for row in self.rows)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have each action."""
        return {action: self.count(action) for action in ACTIONS}

    def summary(self) -> dict[str, object]:
        """The report as the API and the command line print it."""
        problems = [{"row": p.row, "column": p.column, "code": p.code, "message": p.message} for p in self.problems]
        return {**self.counts, "problems": problems}


def read_case_list(
    program: Program, content: bytes, *, filename: str, on: date, watch: Callable[[int, int], None] | None = None,
    references: ReferencePattern | None = None, known: Known | None = None, people: People | None = None,
) -> Intake:  # fmt: skip
    """A file's cases by the data rules of the programme, without a database. Raises BadTable.

    A cell that is empty leaves what is `known` of its case as it is. The worklist as it was taken out is a case list
    too; only what was worked out is not read. `watch` is told before each row how many are done, of how many; what it
    raises ends the reading.
    """
    table, notes, refused = recognise_export(read_table(content, filename=filename), program)
    rows = _watched(table, watch or _watch_nothing)
    intake = read_cases(
        program, rows, columns=table.columns, on=on, header_row=table.header_row, references=references, known=known
    )
    rows_read = intake.rows if people is None else [_with_people(row, people, known) for row in intake.rows]
    every = tuple(sorted((*rows_read, *refused), key=lambda row: row.number))
    return replace(intake, rows=every, column_problems=(*notes, *intake.column_problems))


def _with_people(row: DraftRow, people: People, known: Known | None) -> DraftRow:
    """The row with the members it asks for; what is known of its case already stays."""
    if not named_in(row.draft):
        return row
    case = known(row.draft.reference) if known is not None and row.draft.reference else None
    before = case.values.get(NAMED_MEMBERS) if case is not None else None
    return replace(
        row,
        draft=recognise_people(
            row.draft, people, row=row.number, known=before if isinstance(before, frozenset) else frozenset()
        ),
    )


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
    intake = read_case_list(
        rules,
        content,
        filename=filename,
        on=setup.today(now),
        references=references,
        known=_facts(session, rules),
        people=load_people(session),
    )
    known = _known_cases(session, rules, intake)
    changes = {ref: find_changes(known[ref], draft) for ref, draft in _accepted(intake) if ref in known}
    return _report(intake, known, changes)


def import_cases(
    session: Session, setup: Setup, *, program: str, content: bytes, filename: str, by: Actor, now: datetime,
    watch: Callable[[int, int], None] | None = None,
) -> ImportReport:  # fmt: skip
    """Import a case list in one transaction; refused rows are left out and named. Raises BadTable.

    Importing the same file again changes nothing. Fields that the file does not speak of, and those whose cells are
    empty, stay as they are. Each case that is new or changed keeps a line of it in its history, and
    `services/import_undo.py` takes the whole back. `watch` is told how
    many rows are read, of how many, before the transaction begins; what it raises ends the import.
    """
    require(by, Permission.CASE_IMPORT)
    rules = setup.program(program)
    references, today = centre_settings(session).references, setup.today(now)
    intake = read_case_list(
        rules,
        content,
        filename=filename,
        on=today,
        watch=watch,
        references=references,
        known=_facts(session, rules),
        people=load_people(session),
    )
    with transaction(session):
        known = _known_cases(session, rules, intake)
        changes = {ref: find_changes(known[ref], draft) for ref, draft in _accepted(intake) if ref in known}
        report = _report(intake, known, changes)
        before = keep_before(row for reference, row in known.items() if changes.get(reference))
        written = dict(known)
        for reference, draft in _accepted(intake):
            if reference not in known:
                written[reference] = new_case(setup, rules, reference, draft, now)
                session.add(written[reference])
            if changes.get(reference, True):
                write_draft(setup, rules, written[reference], draft, now)
        session.flush()
        touched = {row.public_id: row for reference, row in written.items() if changes.get(reference, True)}
        import_id = remember_import(session, program=rules.id, touched=touched, before=before, by=by, now=now)
        _note_rows(session, rules, report, written, kind=PurePath(filename).suffix, by=by, now=now)
        record(
            session, by=by, now=now, action="cases:imported", subject=("program", rules.id),
            created=report.count("created"), updated=report.count("updated"), refused=report.count("refused"),
            import_id=import_id,
        )  # fmt: skip
    return replace(report, import_id=import_id)


def _accepted(intake: Intake) -> list[tuple[str, Draft]]:
    return [(row.draft.reference, row.draft) for row in intake.accepted if row.draft.reference]


def _known_cases(session: Session, program: Program, intake: Intake) -> dict[str, Case]:
    query = select(Case).where(Case.program == program.id).options(selectinload(Case.readiness))
    wanted = {reference for reference, _ in _accepted(intake)}
    return {row.reference: row for row in session.scalars(query) if row.reference in wanted}


def _facts(session: Session, program: Program) -> Known:
    """What is known of the cases of a programme, by reference, however it is written."""
    query = select(Case.reference, Case.facts, Case.sources, Case.flags).where(Case.program == program.id)
    rows = {row.reference: row for row in session.execute(query)}
    alike = {reference_key(reference): row for reference, row in rows.items()}

    def look_up(reference: str) -> CaseFacts | None:
        row = rows.get(reference) or alike.get(reference_key(reference))
        if row is None:
            return None
        return make_case_facts(program.id, row.reference, facts=row.facts, sources=row.sources, flags=row.flags)

    return look_up


def _note_rows(
    session: Session, program: Program, report: ImportReport, cases: Mapping[str, Case], *, kind: str, by: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """A line for each case that is new or changed: the row and the kind of the file, not its name, and what changed."""
    for row in report.rows:
        if row.action in ("created", "updated"):
            fields = [name for name in program.fields if name in row.changed]
            items = [item.id for item in program.readiness if item.id in row.changed]
            record(
                session, by=by, now=now, action="case:imported", subject=("case", cases[row.reference].public_id),
                row=row.row, kind=kind.lstrip(".").lower()[:9], fields=fields, items=items,
            )  # fmt: skip


def _report(intake: Intake, known: Mapping[str, Case], changes: Mapping[str, tuple[Change, ...]]) -> ImportReport:
    rows = []
    problems = [RowProblem(intake.header_row, p.column, p.code, p.message) for p in intake.column_problems]
    for row in intake.rows:
        problems += [RowProblem(row.number, p.column, p.code, p.message, p.values) for p in row.draft.problems]
        reference = row.draft.reference or ""
        case = known.get(reference)
        if row.draft.is_refused:
            rows.append(ImportRow(row.number, reference, "refused"))
        elif case is None:
            rows.append(ImportRow(row.number, reference, "created"))
        else:
            action = "updated" if changes[reference] else "unchanged"
            rows.append(ImportRow(row.number, reference, action, changes[reference], case.public_id))
            problems += [_withdrawn(row.number)] if case.status == "withdrawn" else []
    problems.sort(key=lambda problem: problem.row)
    return ImportReport(rows=tuple(rows), problems=tuple(problems))


def _withdrawn(row: int) -> RowProblem:
    message = f"{say_where(row, 'reference')}: the case is withdrawn and stays off the list; reopen it"
    return RowProblem(row, "reference", "case-withdrawn", message)

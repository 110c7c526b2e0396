"""Cases: import with a preview, referral, changes, withdrawal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.domain.intake import Draft, Intake, read_case, read_cases
from tumorboard.domain.intake_reader import NAME_LIKE
from tumorboard.domain.model import Value
from tumorboard.domain.program import Program
from tumorboard.domain.references import ReferencePattern
from tumorboard.domain.requirements import assess
from tumorboard.formats.tables import Table, read_table
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.centre_settings import centre_settings
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case, ReadinessItem
from tumorboard.store.facts import case_facts, decode_values, encode_values


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
                row = _new_case(setup, rules, reference, draft, now)
                session.add(row)
            if action[0] != "unchanged":
                _apply(setup, rules, row, draft, now)
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


def _new_case(setup: Setup, program: Program, reference: str, draft: Draft, now: datetime) -> Case:
    return Case(
        program=program.id, reference=reference, facts={}, sources={}, flags={"flags": []},
        urgency="routine", referred_at=_referred_at(setup, draft.values, now), created_at=now, updated_at=now,
    )  # fmt: skip


def _referred_at(setup: Setup, values: Mapping[str, Value], now: datetime) -> datetime:
    on = values.get("referred_on")
    return setup.morning_of(on) if isinstance(on, date) else now


def _apply(setup: Setup, program: Program, row: Case, draft: Draft, now: datetime) -> None:
    row.facts = encode_values({**decode_values(row.facts), **draft.values})
    row.sources = {**row.sources, **dict(draft.kept)}
    row.flags = {"flags": sorted(draft.flags)}
    row.referred_at = _referred_at(setup, decode_values(row.facts), row.referred_at)
    row.updated_at = now
    for entry in draft.readiness:
        item = note_item(row, entry.item)
        item.reported_on = entry.reported_on or item.reported_on
        item.expected_on = entry.expected_on or item.expected_on
    row.urgency = assess(program, case_facts(row), on=setup.today(now)).urgency.value


def note_item(row: Case, item: str) -> ReadinessItem:
    """The row for a readiness item of a case, made when nothing is noted yet."""
    for noted in row.readiness:
        if noted.item == item:
            return noted
    added = ReadinessItem(item=item)
    row.readiness.append(added)
    return added


def refer_case(
    session: Session, setup: Setup, *, program: str, cells: Mapping[str, str], by: Actor, now: datetime
) -> Case:
    """Add one case by hand, from the same words a file would hold. BadInput names the field that is wrong."""
    require(by, Permission.CASE_EDIT)
    rules = setup.program(program)
    draft = read_case(rules, cells, on=setup.today(now), references=centre_settings(session).references)
    if any(problem.code != NAME_LIKE for problem in draft.problems) or draft.reference is None:
        raise _refusal(draft)
    with transaction(session):
        taken = select(Case.id).where(Case.program == rules.id, Case.reference == draft.reference)
        if session.scalar(taken) is not None:
            raise Conflict(f"there is already a case {draft.reference}", code="case-exists", field="reference")
        row = _new_case(setup, rules, draft.reference, draft, now)
        session.add(row)
        _apply(setup, rules, row, draft, now)
        session.flush()
        record(session, by=by, now=now, action="case:referred", subject=("case", row.public_id))
    return row


def _refusal(draft: Draft) -> BadInput:
    worst = next(problem for problem in draft.problems if problem.code != NAME_LIKE)
    return BadInput(worst.message, code=worst.code, field=worst.column, **worst.values)


def _cells(values: Mapping[str, Value]) -> dict[str, str]:
    """Field values in the words a file would hold."""
    return {name: _cell(value) for name, value in values.items()}


def _cell(value: Value) -> str:
    if isinstance(value, frozenset):
        return ";".join(sorted(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else str(value)


def change_case(
    session: Session, setup: Setup, *, case_id: str, cells: Mapping[str, str], by: Actor, now: datetime
) -> Case:
    """Change fields of a case, in the words a file would hold; an empty cell clears its field."""
    require(by, Permission.CASE_EDIT)
    with transaction(session):
        row = find_case(session, case_id)
        rules = setup.program(row.program)
        unknown = [name for name in cells if name not in rules.fields or name == "reference"]
        if unknown:
            raise BadInput(f"{unknown[0]}: the programme has no such field", code="unknown-field", field=unknown[0])
        today = setup.today(now)
        before = {**row.sources, **_cells(decode_values(row.facts)), "reference": row.reference}
        old, draft = read_case(rules, before, on=today), read_case(rules, {**before, **cells}, on=today)
        if draft.is_refused:
            raise _refusal(draft)
        row.facts = encode_values(draft.values)
        row.flags = {"flags": sorted(set(row.flags.get("flags", [])) - (old.flags - draft.flags) | draft.flags)}
        row.referred_at = _referred_at(setup, decode_values(row.facts), row.referred_at)
        row.urgency = assess(rules, case_facts(row), on=setup.today(now)).urgency.value
        row.updated_at = now
        record(session, by=by, now=now, action="case:changed", subject=("case", row.public_id), fields=sorted(cells))
    return row


def find_case(session: Session, case_id: str) -> Case:
    """The case with this public id, with readiness and waivers loaded."""
    query = select(Case).where(Case.public_id == case_id)
    row = session.scalar(query.options(selectinload(Case.readiness), selectinload(Case.waivers)))
    if row is None:
        raise NotFound("there is no such case", code="unknown-case")
    return row


def withdraw_cases(session: Session, *, case_ids: Sequence[str], by: Actor, now: datetime) -> int:
    """Take cases off the list, all or none; gives how many.

    One that stands on a published meeting must be taken off there first: Conflict `case-scheduled` names it.
    """
    require(by, Permission.CASE_EDIT)
    if not case_ids:
        raise BadInput("tick at least one case first", code="nothing-ticked", field="case")
    with transaction(session):
        for case_id in dict.fromkeys(case_ids):
            row = find_case(session, case_id)
            if row.status == "scheduled":
                raise Conflict(
                    f"{row.reference} stands on a published meeting; take it off the board first",
                    code="case-scheduled",
                    case=row.reference,
                )
            row.status = "withdrawn"
            row.updated_at = now
            record(session, by=by, now=now, action="case:withdrawn", subject=("case", row.public_id))
    return len(set(case_ids))

"""Cases: referral, changes, withdrawal and what takes it back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, selectinload

from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.domain.intake import Draft, read_case
from tumorboard.domain.intake_people import NAMED_MEMBERS, named_in, recognise_people
from tumorboard.domain.model import Value
from tumorboard.domain.program import Program
from tumorboard.domain.requirements import assess
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.centre_settings import centre_settings
from tumorboard.services.named_members import load_people
from tumorboard.services.publications import forget_taken_off
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case, ReadinessItem
from tumorboard.store.facts import case_facts, decode_values, encode_values


def new_case(setup: Setup, program: Program, reference: str, draft: Draft, now: datetime) -> Case:
    """The row of a case that is read for the first time; `write_draft` fills it."""
    return Case(
        program=program.id, reference=reference, facts={}, sources={}, flags={"flags": []},
        urgency="routine", referred_at=_referred_at(setup, draft.values, now), created_at=now, updated_at=now,
    )  # fmt: skip


def _referred_at(setup: Setup, values: Mapping[str, Value], now: datetime) -> datetime:
    on = values.get("referred_on")
    return setup.morning_of(on) if isinstance(on, date) else now


def write_draft(setup: Setup, program: Program, row: Case, draft: Draft, now: datetime) -> None:
    """Write what was read of a case; fields it does not speak of stay as they are."""
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
    draft = recognise_people(draft, load_people(session)) if named_in(draft) else draft
    if draft.problems or draft.reference is None:
        raise _refusal(draft)
    with transaction(session):
        taken = select(Case).where(Case.program == rules.id, _is_written(draft.reference))
        if (known := session.scalar(taken.limit(1))) is not None:
            raise _taken(known)
        row = new_case(setup, rules, draft.reference, draft, now)
        session.add(row)
        write_draft(setup, rules, row, draft, now)
        session.flush()
        record(session, by=by, now=now, action="case:referred", subject=("case", row.public_id))
    return row


def _is_written(reference: str) -> ColumnElement[bool]:
    """The reference in capitals or not; databases know those of ASCII only."""
    return or_(Case.reference == reference, func.lower(Case.reference) == reference.lower())


def _taken(row: Case) -> Conflict:
    if row.status == "withdrawn":
        message, code = f"the case {row.reference} is withdrawn; reopen it", "case-withdrawn"
    else:
        message, code = f"there is already a case {row.reference}", "case-exists"
    return Conflict(message, code=code, field="reference", case_id=row.public_id)


def _refusal(draft: Draft) -> BadInput:
    worst = next((problem for problem in draft.problems if problem.refuses), draft.problems[0])
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
        if cells.get(NAMED_MEMBERS):
            draft = recognise_people(draft, load_people(session), known=named_in(old))
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


def find_case_ids(session: Session, references: Collection[str]) -> dict[tuple[str, str], str]:
    """Programme and reference → public id of the cases with these references."""
    query = select(Case.program, Case.reference, Case.public_id).where(Case.reference.in_(references))
    return {(row.program, row.reference): row.public_id for row in session.execute(query)} if references else {}


def withdraw_cases(session: Session, *, case_ids: Sequence[str], by: Actor, now: datetime) -> dict[str, str]:
    """Take cases off the list, all or none; gives public id and reference of those that were on it.

    `reopen_cases` undoes it. One that stands on a published meeting must be taken off there first, one that is done
    stays so: Conflict `case-scheduled` and `case-done` name it.
    """
    return _close(session, case_ids, {"waiting": "withdrawn"}, "case:withdrawn", by=by, now=now)


def reopen_cases(session: Session, *, case_ids: Sequence[str], by: Actor, now: datetime) -> dict[str, str]:
    """Put withdrawn cases back on the list, all or none; gives public id and reference of those that were withdrawn.

    They wait as they did: what was noted of them is kept, and whether they are ready is judged anew. Raises Conflict
    `case-done` for one that was discussed.
    """
    return _close(session, case_ids, {"withdrawn": "waiting"}, "case:reopened", by=by, now=now)


def _close(
    session: Session, case_ids: Sequence[str], become: Mapping[str, str], action: str, *, by: Actor, now: datetime
) -> dict[str, str]:
    """Give cases another status; one that has it already stays as it is, without a word in its history."""
    require(by, Permission.CASE_EDIT)
    if not case_ids:
        raise BadInput("tick at least one case first", code="nothing-ticked", field="case")
    changed = {}
    with transaction(session):
        for case_id in dict.fromkeys(case_ids):
            row = find_case(session, case_id)
            if row.status == "done" or (row.status == "scheduled" and action == "case:withdrawn"):
                raise _cannot(row)
            if row.status in become:
                forget_taken_off(session, row)
                row.status, row.updated_at = become[row.status], now
                record(session, by=by, now=now, action=action, subject=("case", row.public_id))
                changed[case_id] = row.reference
    return changed


def _cannot(row: Case) -> Conflict:
    if row.status == "done":
        return Conflict(f"{row.reference} is done; its record says why", code="case-done", case=row.reference)
    return Conflict(
        f"{row.reference} stands on a published meeting; withdraw it on its own page",
        code="case-scheduled",
        case=row.reference,
    )

"""What an import did is taken back as a whole, for a day, as long as nobody has touched its cases since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session, selectinload

from tumorboard.domain.errors import Conflict, NotFound
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.cases import note_item
from tumorboard.store.cases import Case, DoneImport

KEPT_FOR = timedelta(days=1)
MOST_CASES = 2000
"""A larger import is not kept: it is put right by another list."""
_NAMED = 5


def keep_before(rows: Iterable[Case]) -> dict[str, dict[str, Any]]:
    """What cases are before an import, by public id."""
    return {
        row.public_id: {
            "version": row.version, "facts": row.facts, "sources": row.sources, "flags": row.flags,
            "urgency": row.urgency, "referred_at": row.referred_at.isoformat(),
            "reports": {
                each.item: [day and day.isoformat() for day in (each.reported_on, each.expected_on)]
                for each in row.readiness
            },
        }
        for row in rows
    }  # fmt: skip


def remember_import(
    session: Session, *, program: str, touched: Mapping[str, Case], before: Mapping[str, Mapping[str, Any]], by: Actor,
    now: datetime,
) -> str:  # fmt: skip
    """Keep in the running transaction what an import changed; gives its id, empty where there is nothing to take back.

    `touched` are the rows by public id, flushed; those that are not in `before` are new.
    """
    forget_imports(session, now=now)
    if not touched or len(touched) > MOST_CASES:
        return ""
    cases = {key: {"version": row.version, "before": before.get(key)} for key, row in touched.items()}
    row = DoneImport(program=program, imported_by=by.name, imported_at=now, cases=cases)
    session.add(row)
    session.flush()
    return row.public_id


def forget_imports(session: Session, *, now: datetime) -> None:
    """Remove in the running transaction what was kept for longer than a day."""
    session.execute(delete(DoneImport).where(DoneImport.imported_at < now - KEPT_FOR))


def last_import(session: Session, *, by: Actor, now: datetime) -> tuple[str, datetime, int] | None:
    """Id, time and number of cases of the actor's last import, while it can be taken back."""
    require(by, Permission.CASE_IMPORT)
    done = session.scalar(_imports_of(by, now).limit(1))
    return None if done is None else (done.public_id, done.imported_at, len(done.cases))


def take_back_import(
    session: Session, *, by: Actor, now: datetime, import_id: str | None = None
) -> dict[str, int]:  # fmt: skip
    """Remove the cases that an import brought and give the others what they held before; counts `removed`, `restored`.

    Without `import_id` it is the actor's last import. Raises NotFound `unknown-import` for one of somebody else, of
    more than a day ago, or taken back already, and Conflict `import-outdated` with the references of cases
    that changed since: nothing is taken back then.
    """
    require(by, Permission.CASE_IMPORT)
    with transaction(session):
        done = _find(session, import_id, by, now)
        query = select(Case).where(Case.public_id.in_(done.cases)).options(selectinload(Case.readiness))
        rows = {row.public_id: row for row in session.scalars(query.with_for_update(of=Case))}
        _refuse_changed(done, rows)
        counts = {"removed": 0, "restored": 0}
        for key, row in rows.items():
            before = done.cases[key]["before"]
            record(session, by=by, now=now, action="case:import-taken-back", subject=("case", key))
            if before is None:
                session.delete(row)
            else:
                _restore(row, before, now)
            counts["removed" if before is None else "restored"] += 1
        session.delete(done)
        session.flush()
        _pass_on(session, done, rows)
        subject = ("program", done.program)
        record(
            session,
            by=by,
            now=now,
            action="cases:import-taken-back",
            subject=subject,
            import_id=done.public_id,
            **counts,
        )
    return counts


def _pass_on(session: Session, done: DoneImport, rows: Mapping[str, Case]) -> None:
    """An import before this one finds its cases as it left them, so that it can be taken back as well."""
    restored = {key: entry["before"] for key, entry in done.cases.items() if entry["before"] is not None}
    for other in session.scalars(select(DoneImport).where(DoneImport.program == done.program, DoneImport.id < done.id)):
        other.cases = {
            key: {**entry, "version": rows[key].version}
            if key in restored and entry["version"] == restored[key]["version"]
            else entry
            for key, entry in other.cases.items()
        }


def _find(session: Session, import_id: str | None, by: Actor, now: datetime) -> DoneImport:
    query = _imports_of(by, now)
    if import_id is not None:
        query = query.where(DoneImport.public_id == import_id)
    done = session.scalar(query.limit(1).with_for_update())
    if done is None:
        raise NotFound("this import can no longer be taken back", code="unknown-import")
    return done


def _imports_of(by: Actor, now: datetime) -> Select[DoneImport]:
    """What the actor may still take back, the last one first."""
    query = select(DoneImport).where(DoneImport.imported_by == by.name, DoneImport.imported_at >= now - KEPT_FOR)
    return query.order_by(DoneImport.id.desc())


def _refuse_changed(done: DoneImport, rows: Mapping[str, Case]) -> None:
    """A case that is gone, or whose row was written since, belongs to whoever did that."""
    changed = sorted(row.reference for key, row in rows.items() if row.version != done.cases[key]["version"])
    if changed or len(rows) < len(done.cases):
        named = ", ".join(changed[:_NAMED]) + (f" (+{len(changed) - _NAMED})" if len(changed) > _NAMED else "")
        raise Conflict(
            f"cases of this import were changed since, so that it stays: {named or '–'}",
            code="import-outdated",
            cases=named or "–",
        )


def _restore(row: Case, before: Mapping[str, Any], now: datetime) -> None:
    row.facts, row.sources, row.flags = before["facts"], before["sources"], before["flags"]
    row.urgency, row.referred_at = before["urgency"], datetime.fromisoformat(before["referred_at"])
    row.updated_at = now
    reports = before["reports"]
    row.readiness = [each for each in row.readiness if each.item in reports]
    for item, days in reports.items():
        noted = note_item(row, item)
        noted.reported_on, noted.expected_on = (date.fromisoformat(day) if day else None for day in days)

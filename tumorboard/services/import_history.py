"""The last imports of a centre: who brought which list and when, and what became of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.services.access import Actor, Permission, require
from tumorboard.store.post import AuditEvent

MOST_IMPORTS = 100


@dataclass(frozen=True, slots=True)
class PastImport:
    """One import as the record holds it. `import_id` is empty where nothing can be taken back."""

    import_id: str
    program: str
    at: datetime
    by: str
    created: int
    updated: int
    refused: int
    is_taken_back: bool


def list_imports(session: Session, *, by: Actor, limit: int = 5) -> tuple[PastImport, ...]:
    """The last imports of everybody, newest first; two queries."""
    require(by, Permission.CASE_IMPORT)
    of_programs = select(AuditEvent).where(AuditEvent.subject_kind == "program").order_by(AuditEvent.id.desc())
    done = of_programs.where(AuditEvent.action == "cases:imported").limit(min(limit, MOST_IMPORTS))
    rows = list(session.scalars(done))
    ids = {str(row.detail.get("import_id", "")) for row in rows} - {""}
    undone = of_programs.where(
        AuditEvent.action == "cases:import-taken-back", AuditEvent.detail["import_id"].as_string().in_(ids)
    )
    taken_back = {row.detail["import_id"] for row in session.scalars(undone)}
    return tuple(
        PastImport(
            import_id=str(row.detail.get("import_id", "")), program=row.subject_id, at=row.at, by=row.actor,
            created=row.detail["created"], updated=row.detail["updated"], refused=row.detail["refused"],
            is_taken_back=row.detail.get("import_id") in taken_back,
        )
        for row in rows
    )  # fmt: skip

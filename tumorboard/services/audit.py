"""One line in the record of what happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from tumorboard.services.access import Actor
from tumorboard.store.post import AuditEvent


def record(session: Session, *, by: Actor, now: datetime, action: str, subject: tuple[str, str], **detail: Any) -> None:
    """Add an event to the running transaction. `detail` takes ids, codes and counts, never facts of a case."""
    kind, subject_id = subject
    session.add(
        AuditEvent(at=now, actor=by.name, action=action, subject_kind=kind, subject_id=subject_id, detail=detail)
    )

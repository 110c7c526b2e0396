"""What the operator and the auditor look at: letters, the record of what happened, the check."""

from __future__ import annotations

from typing import Any

from tumorboard.services import checks, lists, outbox
from tumorboard.services.access import Permission, require
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.schemas.base import page_of
from tumorboard.web.schemas.operation import (
    AuditAsk,
    AuditPageAnswer,
    CheckAnswer,
    LetterListAsk,
    LetterPageAnswer,
    present_event,
    present_letter,
)

door = Door("operation", description="Letters, audit and check")


@door.get("/outbox")
@door.arguments(LetterListAsk, location="query")
@door.response(200, LetterPageAnswer)
def list_letters(asked: dict[str, Any]) -> dict[str, Any]:
    """List letters, newest first, with how many there are by state"""
    part = lists.list_letters(database(), by=current_actor(), state=asked.pop("state", None), **asked)
    meetings = lists.meeting_ids(database(), part.rows)
    items = [present_letter(row, meetings.get(row.meeting_id, "")) for row in part.rows]
    return {**page_of(items, total=part.total, **asked), "counts": outbox.count_post(database())}


@door.post("/outbox/<public_id:letter_id>/retry")
@door.response(204)
def retry_letter(letter_id: str) -> None:
    """Send a dead letter again"""
    outbox.retry_letter(database(), letter_id=letter_id, by=current_actor(), now=utc_now())


@door.get("/audit")
@door.arguments(AuditAsk, location="query")
@door.response(200, AuditPageAnswer)
def list_events(asked: dict[str, Any]) -> dict[str, Any]:
    """List what happened, newest first"""
    given = {name: asked.get(name) for name in ("subject_kind", "subject_id", "actor", "action")}
    offset, limit = asked["offset"], asked["limit"]
    part = lists.list_events(database(), by=current_actor(), offset=offset, limit=limit, **given)
    return page_of([present_event(row) for row in part.rows], total=part.total, offset=offset, limit=limit)


@door.get("/check")
@door.response(200, CheckAnswer)
def check_database() -> dict[str, Any]:
    """Check the invariants of the whole database

    For administrators and auditors.
    """
    by = current_actor()
    if not by.may(Permission.CENTRE_EDIT):
        require(by, Permission.AUDIT_READ)
    found = checks.check_database(database(), setup(), now=utc_now())
    violations = [{"code": each.code, "subject": each.subject, "message": each.message} for each in found]
    return {"ok": not violations, "violations": violations}

"""What the operator and the auditor look at: letters, the record of what happened, the check."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tumorboard.services import checks, lists, outbox
from tumorboard.services.access import Permission, require
from tumorboard.services.post_rounds import read_post_state
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.schemas.base import page_of
from tumorboard.web.schemas.operation import (
    AuditAsk,
    AuditPageAnswer,
    BatchAnswer,
    BatchListAnswer,
    CheckAnswer,
    LetterListAsk,
    LetterPageAnswer,
    present_batch,
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
    post = read_post_state(database(), by=current_actor(), now=utc_now())
    return {**page_of(items, total=part.total, **asked), "counts": outbox.count_post(database()), "post": asdict(post)}


@door.post("/outbox/<public_id:letter_id>/retry")
@door.response(204)
def retry_letter(letter_id: str) -> None:
    """Send a dead letter again"""
    outbox.retry_letter(database(), letter_id=letter_id, by=current_actor(), now=utc_now())


@door.get("/outbox/batches")
@door.response(200, BatchListAnswer)
def list_batches() -> dict[str, Any]:
    """List letters that were sent together, newest first, with how far they have come"""
    items = [present_batch(each) for each in outbox.list_batches(database(), by=current_actor())]
    return {"items": items, "total": len(items)}


@door.get("/outbox/batches/<public_id:batch_id>")
@door.response(200, BatchAnswer)
def read_batch(batch_id: str) -> dict[str, Any]:
    """Read how far letters sent together have come

    `batch_id` is that of the draft that was published, or of the meeting that was changed by itself. All counts are 0
    when nobody was written to.
    """
    return present_batch(outbox.batch_progress(database(), batch_id, by=current_actor()))


@door.post("/outbox/batches/<public_id:batch_id>/hold")
@door.response(200, BatchAnswer)
def hold_batch(batch_id: str) -> dict[str, Any]:
    """Keep back what has not left yet"""
    return present_batch(outbox.hold_batch(database(), batch=batch_id, by=current_actor(), now=utc_now()))


@door.post("/outbox/batches/<public_id:batch_id>/release")
@door.response(200, BatchAnswer)
def release_batch(batch_id: str) -> dict[str, Any]:
    """Let go what was held"""
    return present_batch(outbox.release_batch(database(), batch=batch_id, by=current_actor(), now=utc_now()))


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
    if not by.may(Permission.ACCOUNT_EDIT):
        require(by, Permission.AUDIT_READ)
    found = checks.check_database(database(), setup(), now=utc_now())
    violations = [{"code": each.code, "subject": each.subject, "message": each.message} for each in found]
    return {"ok": not violations, "violations": violations}

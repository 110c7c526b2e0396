"""Steps of a draft that can be taken back and done again, one after the other, each with who did it and when.

A step keeps what restores the state on the other side of it: while it stands what was before it, once it is taken back
what was after it. Taking back and doing again is therefore the same exchange.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, defer

from tumorboard.domain.errors import Conflict, NotFound
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.store.cases import Case
from tumorboard.store.plans import Draft, PlanChange

MOST_STEPS = 100
"""How many steps of a draft are kept; the oldest are forgotten."""

State = dict[str, Any]


class StepKind(StrEnum):
    """What a step did. `published`, `cancelled` and `taken-off` are of a board, the others are of its draft."""

    ORDERED = "ordered"
    MOVED = "moved"
    PLACED = "placed"
    LEFT_OUT = "left-out"
    PROPOSED = "proposed-again"
    RESTORED = "restored"
    PUBLISHED = "published"
    CANCELLED = "cancelled"
    TAKEN_OFF = "taken-off"


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of a draft, newest first; the one that is taken back next, and the one that is done again next.

    `references` are those of the cases the steps are about, by public id.
    """

    rows: tuple[PlanChange, ...]
    undo: PlanChange | None
    redo: PlanChange | None
    references: Mapping[str, str]


def list_steps(session: Session, *, draft_id: str, by: Actor) -> Steps:
    """What was done to a draft, and what can be taken back. Raises NotFound `unknown-draft`."""
    require(by, Permission.PLAN_EDIT)
    draft = session.execute(select(Draft.id, Draft.status).where(Draft.public_id == draft_id)).one_or_none()
    if draft is None:
        raise _unknown_draft()
    query = select(PlanChange).where(PlanChange.draft_id == draft.id).order_by(PlanChange.number.desc())
    rows = tuple(session.scalars(query.options(defer(PlanChange.before))))
    cases = {str(row.detail.get("case", "")) for row in rows}
    known = session.execute(select(Case.public_id, Case.reference).where(Case.public_id.in_(cases)))
    is_open = draft.status == "open"
    return Steps(
        rows=rows,
        undo=next((row for row in rows if row.undone_at is None), None) if is_open else None,
        redo=_next(session, draft.id) if is_open and any(row.undone_at for row in rows) else None,
        references={row[0]: row[1] for row in known},
    )


def undo_step(session: Session, *, draft_id: str, by: Actor, now: datetime, step_id: str | None = None) -> PlanChange:
    """Take back the last step of an open draft that stands, or the named one if it is the last.

    Raises Conflict `nothing-to-undo`, `draft-closed`, and `changed-meanwhile` when another step came after the named
    one: whoever presses twice takes back one step.
    """
    require(by, Permission.PLAN_EDIT)
    with transaction(session):
        draft = _lock(session, draft_id)
        step = _last(session, draft)
        if step is None:
            raise Conflict("there is no step to take back", code="nothing-to-undo")
        _refuse_other(step, step_id)
        _exchange(draft, step)
        step.undone_by, step.undone_at = by.name, now
        _note(session, draft, step, "draft:undone", by=by, now=now)
    return step


def redo_step(session: Session, *, draft_id: str, by: Actor, now: datetime, step_id: str | None = None) -> PlanChange:
    """Do again what was taken back last, unless something else was done since. Raises as `undo_step`."""
    require(by, Permission.PLAN_EDIT)
    with transaction(session):
        draft = _lock(session, draft_id)
        step = _next(session, draft.id)
        if step is None:
            raise Conflict("there is no step to do again", code="nothing-to-redo")
        _refuse_other(step, step_id)
        _exchange(draft, step)
        step.undone_by, step.undone_at = "", None
        _note(session, draft, step, "draft:redone", by=by, now=now)
    return step


def record_step(
    session: Session, draft: Draft, before: State, *, kind: StepKind, by: Actor, now: datetime, **detail: Any
) -> PlanChange:
    """Add a step to the running transaction; `before` is `state_of` the draft before its change.

    What was taken back before can then no longer be done again.
    """
    number = (session.scalar(select(func.max(PlanChange.number)).where(PlanChange.draft_id == draft.id)) or 0) + 1
    undone = update(PlanChange).where(PlanChange.draft_id == draft.id, PlanChange.undone_at.is_not(None))
    session.execute(undone.values(before={}).execution_options(synchronize_session=False))
    old = delete(PlanChange).where(PlanChange.draft_id == draft.id, PlanChange.number <= number - MOST_STEPS)
    session.execute(old.execution_options(synchronize_session=False))
    step = PlanChange(
        board_id=draft.board_id, draft_id=draft.id, number=number, kind=kind.value, detail=detail,
        before=find_difference(before, state_of(draft)), made_by=by.name, at=now,
    )  # fmt: skip
    session.add(step)
    session.flush()
    return step


def replace_draft(session: Session, old: Draft | None, new: Draft, *, kind: StepKind, by: Actor, now: datetime) -> None:
    """A new draft takes the place of an open one, in the running transaction: one more step of the same work."""
    session.add(new)
    session.flush()
    if old is None:
        return
    old.status = "discarded"
    carried = update(PlanChange).where(PlanChange.draft_id == old.id).values(draft_id=new.id)
    session.execute(carried.execution_options(synchronize_session=False))
    record_step(session, new, state_of(old), kind=kind, by=by, now=now)


def refuse_closed(draft: Draft, now: datetime | None = None) -> None:
    """Raise Conflict `draft-closed` for a draft that is published or thrown away; with `now`, also when its weeks are
    over."""
    if draft.status != "open" or (now is not None and draft.until <= now):
        raise Conflict("this draft is closed already; propose again", code="draft-closed")


def state_of(draft: Draft) -> State:
    """All that a step may change, as a document of its own: a copy that later edits do not reach."""
    plan = dict(draft.plan)
    proposal = dict(plan.pop("proposal"))
    return {"until": draft.until.isoformat(), "meetings": list(proposal.pop("meetings")), "proposal": proposal, **plan}


def restore_state(draft: Draft, state: State) -> None:
    """The inverse of `state_of`."""
    plan = dict(state)
    draft.until = datetime.fromisoformat(plan.pop("until"))
    draft.plan = {"proposal": {"meetings": plan.pop("meetings"), **plan.pop("proposal")}, **plan}


def find_difference(wanted: State, present: State) -> dict[str, Any]:
    """What `apply_difference` turns the present state into the wanted one with: parts by name, and only those meetings
    that differ where both states have the same ones. What is not there is listed in `without`."""
    parts = {
        name: value for name, value in wanted.items() if name != "meetings" and present.get(name, _NOTHING) != value
    }
    ids = [plan["meeting"] for plan in wanted["meetings"]]
    if ids != [plan["meeting"] for plan in present["meetings"]]:
        parts["meetings"] = wanted["meetings"]
    pairs = zip(wanted["meetings"], present["meetings"], strict=False)
    some = [] if "meetings" in parts else [plan for plan, other in pairs if plan != other]
    return {"parts": parts, "some": some, "without": sorted(set(present) - set(wanted))}


_NOTHING = object()


def apply_difference(present: State, difference: Mapping[str, Any]) -> State:
    """The state that the difference leads to."""
    some = {plan["meeting"]: plan for plan in difference["some"]}
    state = {name: value for name, value in present.items() if name not in difference["without"]}
    state["meetings"] = [some.get(plan["meeting"], plan) for plan in present["meetings"]]
    return {**state, **difference["parts"]}


def _exchange(draft: Draft, step: PlanChange) -> None:
    present = state_of(draft)
    wanted = apply_difference(present, step.before)
    restore_state(draft, wanted)
    step.before = find_difference(present, wanted)


def _note(session: Session, draft: Draft, step: PlanChange, action: str, *, by: Actor, now: datetime) -> None:
    session.flush()
    record(
        session, by=by, now=now, action=action, subject=("draft", draft.public_id), step=step.kind, number=step.number
    )


def _refuse_other(step: PlanChange, step_id: str | None) -> None:
    if step_id and step.public_id != step_id:
        raise Conflict("something else was done to this draft since; load it again", code="changed-meanwhile")


def _last(session: Session, draft: Draft) -> PlanChange | None:
    query = select(PlanChange).where(PlanChange.draft_id == draft.id, PlanChange.undone_at.is_(None))
    return session.scalar(query.order_by(PlanChange.number.desc()).limit(1))


def _next(session: Session, draft_id: int) -> PlanChange | None:
    """The earliest step that is taken back and that nothing was done after."""
    query = select(PlanChange).where(PlanChange.draft_id == draft_id, PlanChange.undone_at.is_not(None))
    rows = session.scalars(query.order_by(PlanChange.number))
    return next((row for row in rows if row.before), None)


def _find(session: Session, draft_id: str) -> Draft:
    draft = session.scalar(select(Draft).where(Draft.public_id == draft_id))
    if draft is None:
        raise _unknown_draft()
    return draft


def _unknown_draft() -> NotFound:
    return NotFound("there is no such draft", code="unknown-draft")


def _lock(session: Session, draft_id: str) -> Draft:
    """The open draft as it is now; two who change it meet in its version."""
    draft = _find(session, draft_id)
    refuse_closed(draft)
    return draft

"""The last publication of a board, with what it replaced: kept so that it can be taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from tumorboard.services.access import Actor
from tumorboard.services.plan_changes import StepKind
from tumorboard.store.meetings import Board, Meeting
from tumorboard.store.plans import Draft, PlanChange

Agendas = Mapping[str, Sequence[str]]
"""The references in order, per public id of a meeting."""


def record_publication(
    session: Session, draft: Draft, before: Agendas, *, letters: int, by: Actor, now: datetime
) -> PlanChange:
    """Keep the agendas that a publication replaces, in its transaction. Of a board the last one is kept."""
    of_board = (PlanChange.board_id == draft.board_id, PlanChange.draft_id.is_(None))
    number = (session.scalar(select(func.max(PlanChange.number)).where(*of_board)) or 0) + 1
    change = PlanChange(
        board_id=draft.board_id, draft_id=None, number=number, kind=StepKind.PUBLISHED.value,
        detail={"draft": draft.public_id, "meetings": sorted(before), "letters": letters},
        before={"agendas": {name: list(order) for name, order in before.items()}, "until": draft.until.isoformat()},
        made_by=by.name, at=now,
    )  # fmt: skip
    older = delete(PlanChange).where(*of_board, PlanChange.kind == StepKind.PUBLISHED.value)
    session.execute(older.execution_options(synchronize_session=False))
    session.add(change)
    session.flush()
    return change


def last_publication(session: Session, board: Board, *, now: datetime) -> PlanChange | None:
    """The last publication of a board, if one of its meetings is still ahead."""
    query = select(PlanChange).where(PlanChange.board_id == board.id, PlanChange.kind == StepKind.PUBLISHED.value)
    change = session.scalar(query.order_by(PlanChange.number.desc()).limit(1))
    if change is None:
        return None
    ahead = select(Meeting.id).where(Meeting.public_id.in_(change.detail["meetings"]), Meeting.starts_at > now)
    return change if session.scalar(ahead.limit(1)) is not None else None

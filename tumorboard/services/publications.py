"""The last publication of a board, its cancelled meetings, and cases that were taken off, with what was before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from tumorboard.services.access import Actor
from tumorboard.services.plan_changes import StepKind
from tumorboard.store.cases import Case
from tumorboard.store.meetings import Board, Meeting
from tumorboard.store.plans import Draft, PlanChange

Document = Mapping[str, Any]
Agendas = Mapping[str, Sequence[str]]
"""The references in order, per public id of a meeting."""


def record_publication(
    session: Session, draft: Draft, before: Agendas, *, letters: int, by: Actor, now: datetime
) -> PlanChange:
    """Keep the agendas that a publication replaces, in its transaction. Of a board the last one is kept."""
    of_board = (PlanChange.board_id == draft.board_id, PlanChange.draft_id.is_(None))
    change = PlanChange(
        board_id=draft.board_id, draft_id=None, number=_next_number(session, draft.board_id),
        kind=StepKind.PUBLISHED.value,
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


def record_cancellation(session: Session, meeting: Meeting, agenda: Sequence[str], *, by: Actor, now: datetime) -> None:
    """Keep the agenda that a cancelled meeting had, in the transaction that cancels it; of a meeting the last one.

    `counter` are its agenda changes: where they have grown since, somebody did something else with the meeting.
    """
    change = PlanChange(
        board_id=meeting.board_id, draft_id=None, number=_next_number(session, meeting.board_id),
        kind=StepKind.CANCELLED.value, detail={"meeting": meeting.public_id, "counter": meeting.agenda_changes},
        before={"agenda": list(agenda)}, made_by=by.name, at=now,
    )  # fmt: skip
    older = delete(PlanChange).where(*_cancellations(meeting))
    session.execute(older.execution_options(synchronize_session=False))
    session.add(change)
    session.flush()


def find_cancellation(session: Session, meeting: Meeting, *, now: datetime) -> PlanChange | None:
    """What a cancelled meeting was, while it is ahead and nothing else was done with it."""
    if meeting.status != "cancelled" or meeting.starts_at <= now:
        return None
    change = session.scalar(select(PlanChange).where(*_cancellations(meeting)).limit(1))
    return change if change is not None and change.detail["counter"] == meeting.agenda_changes else None


def record_taken_off(
    session: Session, meeting: Meeting, case: Case, place: Document, *, by: Actor, now: datetime
) -> None:
    """Keep the place of a case that is taken off a published meeting, in that transaction; of a case the last one.

    `place` is a proposal with the one meeting, the one case, and the parts of members that the case was a reason for.
    """
    forget_taken_off(session, case)
    change = PlanChange(
        board_id=meeting.board_id, draft_id=None, number=_next_number(session, meeting.board_id),
        kind=StepKind.TAKEN_OFF.value, detail={"meeting": meeting.public_id, "case": case.public_id},
        before=dict(place), made_by=by.name, at=now,
    )  # fmt: skip
    session.add(change)
    session.flush()


def find_taken_off(session: Session, case: Case, *, now: datetime) -> PlanChange | None:
    """The place that a case was taken off, while its meeting is ahead and held."""
    change = session.scalar(select(PlanChange).where(*_taken_off(case)).limit(1))
    if change is None:
        return None
    held = select(Meeting.id).where(
        Meeting.public_id == change.detail["meeting"], Meeting.status != "cancelled", Meeting.starts_at > now
    )
    return change if session.scalar(held) is not None else None


def forget_taken_off(session: Session, case: Case) -> None:
    """The case was reopened: it has no place to come back to."""
    session.execute(delete(PlanChange).where(*_taken_off(case)).execution_options(synchronize_session=False))


def _taken_off(case: Case) -> tuple[ColumnElement[bool], ...]:
    return (
        PlanChange.draft_id.is_(None), PlanChange.kind == StepKind.TAKEN_OFF.value,
        PlanChange.detail["case"].as_string() == case.public_id,
    )  # fmt: skip


def _cancellations(meeting: Meeting) -> tuple[ColumnElement[bool], ...]:
    return (
        PlanChange.board_id == meeting.board_id, PlanChange.draft_id.is_(None),
        PlanChange.kind == StepKind.CANCELLED.value, PlanChange.detail["meeting"].as_string() == meeting.public_id,
    )  # fmt: skip


def _next_number(session: Session, board_id: int) -> int:
    of_board = (PlanChange.board_id == board_id, PlanChange.draft_id.is_(None))
    return (session.scalar(select(func.max(PlanChange.number)).where(*of_board)) or 0) + 1

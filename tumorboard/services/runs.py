"""Runs: proposals that a process of its own makes. What the web asks for, and what the process writes, in the database.

One run per board is active; the schema says so. A run lives as long as its process beats. Whoever finds it silent ends
it, so that a killed process never blocks a board.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.domain.model import Proposal
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.meetings import find_board
from tumorboard.services.planning import PlanTask, add_draft, check_weeks
from tumorboard.store.meetings import Board
from tumorboard.store.plans import Draft, PlanRun

LONGEST_SECONDS = 300
DEAD_AFTER = timedelta(seconds=20)
"""Forty beats; a busy machine may lose some."""
ACTIVE = ("waiting", "running")


class Order(StrEnum):
    """What the process of a run is told at each beat."""

    GO_ON = "go-on"
    FINISH = "finish"
    DROP = "drop"


def request_run(session: Session, *, board: str, weeks: int, seconds: int, by: Actor, now: datetime) -> PlanRun:
    """A waiting run for a board; `services/run_process.py` starts its process.

    Raises BadInput for weeks out of 1–26 or seconds out of 1–300, NotFound for the board, and Conflict `plan-running`
    with the id of the active run (`run`) when the board has one.
    """
    require(by, Permission.PLAN_EDIT)
    check_weeks(weeks)
    if not 1 <= seconds <= LONGEST_SECONDS:
        raise BadInput(f"plan for 1 to {LONGEST_SECONDS} seconds", code="bad-seconds", field="seconds")
    end_dead_runs(session, now=now)
    row = find_board(session, board)
    board_id = row.id
    try:
        with transaction(session):
            _refuse_second(session, board_id)
            run = PlanRun(
                board_id=board_id, weeks=weeks, seconds=seconds, progress={"stage": "waiting"}, requested_by=by.name,
                requested_at=now, beat_at=now,
            )  # fmt: skip
            session.add(run)
            session.flush()
            record(session, by=by, now=now, action="run:requested", subject=("run", run.public_id), board=board)
    except Conflict as error:
        if error.code == "already-exists":  # somebody else was first between our look and our insert
            _refuse_second(session, board_id)
        raise
    return run


def _refuse_second(session: Session, board_id: int) -> None:
    active = select(PlanRun.public_id).where(PlanRun.board_id == board_id, PlanRun.status.in_(ACTIVE))
    run_id = session.scalar(active)
    if run_id is not None:
        raise Conflict(
            "a proposal for this board is being made already; wait for it or stop it", code="plan-running", run=run_id
        )


def read_run(session: Session, *, run_id: str, by: Actor, now: datetime) -> PlanRun:
    """A run as it stands, with its board and its draft. One that fell silent is ended here."""
    require(by, Permission.PLAN_EDIT)
    run = _find_run(session, run_id)
    if _is_dead(run, now):
        end_dead_runs(session, now=now)
        run = _find_run(session, run_id)
    return run


def find_active_run(session: Session, board: Board, *, now: datetime) -> PlanRun | None:
    """The run that makes a proposal for the board right now, if there is one."""
    query = select(PlanRun).where(PlanRun.board_id == board.id, PlanRun.status.in_(ACTIVE))
    run = session.scalar(query)
    return None if run is None or _is_dead(run, now) else run


def _find_run(session: Session, run_id: str) -> PlanRun:
    query = select(PlanRun).where(PlanRun.public_id == run_id).execution_options(populate_existing=True)
    run = session.scalar(query.options(joinedload(PlanRun.board), joinedload(PlanRun.draft)))
    if run is None:
        raise NotFound("there is no such run", code="unknown-run")
    return run


def _is_dead(run: PlanRun, now: datetime) -> bool:
    return run.status in ACTIVE and now - run.beat_at > DEAD_AFTER


def cancel_run(session: Session, *, run_id: str, keep: bool, by: Actor, now: datetime) -> PlanRun:
    """Stop a run: `keep` makes a draft of the best plan so far within moments, else everything stays as it was.

    A run that is over stays as it is: both ways of stopping may come too late.
    """
    require(by, Permission.PLAN_EDIT)
    with transaction(session):
        run = _lock_run(session, run_id)
        if run.status in ACTIVE:
            if keep:
                run.is_cancel_requested = True
            else:
                run.status, run.ended_at = "cancelled", now
            record(session, by=by, now=now, action="run:stopped", subject=("run", run_id), keep=keep)
    return run


def _lock_run(session: Session, run_id: str) -> PlanRun:
    """The run, and nobody else writes it until the transaction ends."""
    query = select(PlanRun).where(PlanRun.public_id == run_id).with_for_update()
    run = session.scalar(query.execution_options(populate_existing=True))
    if run is None:
        raise NotFound("there is no such run", code="unknown-run")
    return run


def end_dead_runs(session: Session, *, now: datetime) -> int:
    """Runs that fell silent fail, and their boards are free again; gives how many."""
    query = select(PlanRun).where(PlanRun.status.in_(ACTIVE), PlanRun.beat_at < now - DEAD_AFTER)
    if session.scalar(query.limit(1)) is None:
        return 0
    with transaction(session):
        found = list(session.scalars(query.with_for_update().execution_options(populate_existing=True)))
        for run in found:
            run.status, run.ended_at, run.problem = "failed", now, "run-died"
    return len(found)


def take_run(session: Session, *, run_id: str, most_runs: int, now: datetime) -> PlanRun | None:
    """The run, now running and owned by the caller's process; None while `most_runs` others are.

    It beats while it waits. Somebody who stops it early need not wait for her turn. Raises Conflict `run-over` for a
    run that is over or belongs to another process.
    """
    with transaction(session):
        run = _lock_run(session, run_id)
        if run.status != "waiting":
            raise Conflict("this run is over, or another process has taken it", code="run-over")
        before = (PlanRun.status == "running") | ((PlanRun.status == "waiting") & (PlanRun.id < run.id))
        alive = PlanRun.beat_at >= now - DEAD_AFTER
        others = session.scalar(select(func.count()).select_from(PlanRun).where(before, alive)) or 0
        run.beat_at = now
        if others >= most_runs and not run.is_cancel_requested:
            return None
        run.status = "running"
    return run


def beat(session: Session, *, run_id: str, progress: Mapping[str, Any], now: datetime) -> Order:
    """Say that the process lives and how far it is; gives what it shall do."""
    with transaction(session):
        run = _lock_run(session, run_id)
        if run.status != "running":
            return Order.DROP
        run.beat_at, run.progress = now, dict(progress)
        return Order.FINISH if run.is_cancel_requested else Order.GO_ON


def finish_run(
    session: Session, task: PlanTask, proposal: Proposal, *, run_id: str, progress: Mapping[str, Any], by: Actor,
    now: datetime,
) -> Draft | None:  # fmt: skip
    """Make the draft and end the run, in one transaction; None when the run was dropped meanwhile."""
    with transaction(session):
        run = _lock_run(session, run_id)
        if run.status != "running":
            return None
        draft = add_draft(session, task, proposal, by=by, now=now)
        run.status, run.ended_at, run.draft_id, run.progress = "done", now, draft.id, dict(progress)
    return draft


def fail_run(session: Session, *, run_id: str, problem: str, now: datetime) -> None:
    """End an active run without a draft; `problem` is the code of the reason."""
    with transaction(session):
        run = _lock_run(session, run_id)
        if run.status in ACTIVE:
            run.status, run.ended_at, run.problem = "failed", now, problem

"""Proposals: made, edited and thrown away. Nothing here invites anybody; publishing does."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.domain.model import Proposal
from tumorboard.domain.planning import Progress
from tumorboard.domain.planning_again import HandWork, propose_again, read_hand_work
from tumorboard.domain.planning_edit import Effect, Move, move_case, preview_moves
from tumorboard.domain.planning_problem import Problem
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.meetings import find_board, hold_series
from tumorboard.services.plan_changes import StepKind, record_step, refuse_closed, replace_draft, state_of
from tumorboard.services.planning_facts import load_problem
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.facts import decode_proposal, encode_proposal
from tumorboard.store.meetings import Board
from tumorboard.store.plans import Draft

R = TypeVar("R")

LONGEST_WEEKS = 26
EDIT_SECONDS = 10
_BEYOND = timedelta(weeks=8)
"""How far after the planned weeks a meeting is looked for that would have a case which is left out."""


class Caller(Protocol):
    """Runs a pure function within a time limit: here, or in a process of its own."""

    def __call__(self, function: Callable[..., R], /, *args: object, seconds: float) -> R:
        """What the function gives."""


def call_here(function: Callable[..., R], /, *args: object, seconds: float) -> R:
    """A call without a process: for commands and jobs, which may take their time."""
    return function(*args)


@dataclass(frozen=True, slots=True)
class PlanTask:
    """What there is to plan for a board, and the agenda counters (`base`) that its draft will be checked against.

    `by_hand` is what a person decided in the open draft, and is kept as far as it is possible.
    """

    board: str
    board_id: int
    until: datetime
    problem: Problem
    base: Mapping[str, int]
    by_hand: HandWork = field(default_factory=HandWork)


def read_task(
    session: Session, setup: Setup, *, board: str, weeks: int, by: Actor, now: datetime, from_scratch: bool = False
) -> PlanTask:
    """The open cases and the meetings of the next weeks; the meetings of every series are made first.

    With `from_scratch` nothing is kept of what a person decided in the open draft. Leaves no transaction open, so that
    planning may take its time. Raises BadInput for weeks out of 1–26, NotFound for the board.
    """
    require(by, Permission.PLAN_EDIT)
    check_weeks(weeks)
    until = now + timedelta(weeks=weeks)
    find_board(session, board)
    hold_series(session, setup, until=setup.today(until), by=by, now=now)
    row = find_board(session, board)
    problem, base = load_problem(session, setup, row, until=until, now=now, beyond=_BEYOND)
    board_id, known = row.id, None if from_scratch else open_draft(session, row)
    by_hand = HandWork() if known is None else read_hand_work(proposal_of(known))
    session.rollback()
    return PlanTask(board=board, board_id=board_id, until=until, problem=problem, base=base, by_hand=by_hand)


def check_weeks(weeks: int) -> None:
    """Raise BadInput `bad-weeks` for weeks out of 1–26."""
    if not 1 <= weeks <= LONGEST_WEEKS:
        raise BadInput(f"plan 1 to {LONGEST_WEEKS} weeks", code="bad-weeks", field="weeks")


def add_draft(session: Session, task: PlanTask, proposal: Proposal, *, by: Actor, now: datetime) -> Draft:
    """Write the draft of a proposal into the running transaction. It takes the place of an older open draft, as a step
    that can be taken back."""
    query = select(Draft).where(Draft.board_id == task.board_id, Draft.status == "open").order_by(Draft.id.desc())
    draft = Draft(
        board_id=task.board_id, made_by=by.name, made_at=now, until=task.until,
        plan={"proposal": encode_proposal(proposal), "base": dict(task.base)},
    )  # fmt: skip
    replace_draft(session, session.scalar(query.limit(1)), draft, kind=StepKind.PROPOSED, by=by, now=now)
    record(session, by=by, now=now, action="draft:proposed", subject=("draft", draft.public_id), board=task.board)
    return draft


def plan_task(
    task: PlanTask, *, seconds: float, seed: int = 1, on_progress: Callable[[Progress], None] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> Proposal:  # fmt: skip
    """The planner's answer, without a database. `seconds` are those of a quiet machine and of the clock."""
    until = time.monotonic() + seconds
    return propose_again(
        task.problem, task.by_hand, seconds=seconds, seed=seed, on_progress=on_progress,
        is_cancelled=lambda: time.monotonic() > until or (is_cancelled is not None and is_cancelled()),
    )  # fmt: skip


def propose(
    session: Session, setup: Setup, *, board: str, weeks: int, by: Actor, now: datetime, seconds: float | None = None,
    seed: int = 1, on_progress: Callable[[Progress], None] | None = None,
    is_cancelled: Callable[[], bool] | None = None, from_scratch: bool = False,
) -> Draft:  # fmt: skip
    """Plan the board's open cases onto its meetings of the next weeks and keep the result as a draft, here and now.

    What a person decided in the open draft stays as far as it is possible, unless `from_scratch`. For whoever may wait;
    a web worker asks for a run (`services/runs.py`) instead. Raises BadInput for weeks out of 1–26, NotFound for the
    board.
    """
    task = read_task(session, setup, board=board, weeks=weeks, by=by, now=now, from_scratch=from_scratch)
    proposal = plan_task(
        task, seconds=setup.plan_seconds if seconds is None else seconds, seed=seed, on_progress=on_progress,
        is_cancelled=is_cancelled,
    )  # fmt: skip
    with transaction(session):
        return add_draft(session, task, proposal, by=by, now=now)


def find_draft(session: Session, draft_id: str) -> Draft:
    """The draft with this public id."""
    draft = session.scalar(select(Draft).where(Draft.public_id == draft_id).options(selectinload(Draft.board)))
    if draft is None:
        raise NotFound("there is no such draft", code="unknown-draft")
    return draft


def open_draft(session: Session, board: Board) -> Draft | None:
    """The open draft of a board, if there is one."""
    query = select(Draft).where(Draft.board_id == board.id, Draft.status == "open").order_by(Draft.id.desc())
    return session.scalar(query.limit(1))


def last_discarded(session: Session, board: Board, *, now: datetime) -> Draft | None:
    """The draft of a board that was thrown away last, if none was made since and its time is not over."""
    query = select(Draft).where(Draft.board_id == board.id).order_by(Draft.id.desc()).limit(1)
    draft = session.scalar(query)
    return draft if draft is not None and draft.status == "discarded" and draft.until > now else None


def proposal_of(draft: Draft) -> Proposal:
    """The plan a draft holds."""
    return decode_proposal(draft.plan["proposal"])


def discard_draft(session: Session, *, draft_id: str, by: Actor, now: datetime) -> None:
    """Throw a draft away; nothing published changes."""
    require(by, Permission.PLAN_EDIT)
    with transaction(session):
        draft = find_draft(session, draft_id)
        refuse_closed(draft)
        draft.status = "discarded"
        record(session, by=by, now=now, action="draft:discarded", subject=("draft", draft_id))


def reopen_draft(session: Session, *, draft_id: str, by: Actor, now: datetime) -> Draft:
    """Take back that a draft was thrown away; publishing checks as always whether it is still right.

    Raises Conflict `draft-not-discarded`, `draft-open` when the board has another open draft by now.
    """
    require(by, Permission.PLAN_EDIT)
    with transaction(session):
        draft = find_draft(session, draft_id)
        if draft.status != "discarded":
            raise Conflict("this draft was not thrown away", code="draft-not-discarded")
        if open_draft(session, draft.board) is not None:
            raise Conflict("the board has another open draft", code="draft-open")
        draft.status = "open"
        record(session, by=by, now=now, action="draft:reopened", subject=("draft", draft_id))
    return draft


def edit_draft(
    session: Session, setup: Setup, *, draft_id: str, reference: str, meeting_id: str | None, position: int | None,
    by: Actor, now: datetime, call: Caller = call_here, version: int | None = None,
) -> Draft:  # fmt: skip
    """Put a case of a draft on another meeting or place, or leave it out (`meeting_id` None): one step to take back.

    `position` counts from 0; None lets the agenda choose the best order. Members and windows of the touched meetings
    are chosen anew; needs that nobody can cover are noted in the draft, and stop its publication. `version` is the
    draft's that was looked at. `call` runs the laying out: a web worker gives `solver_process.run_apart`, and holds a
    `solver_process.place` from the beginning. Raises Conflict `draft-closed`, `changed-meanwhile`.
    """
    require(by, Permission.PLAN_EDIT)
    draft = find_draft(session, draft_id)
    refuse_closed(draft, now)
    problem, counters = load_problem(session, setup, draft.board, until=draft.until, now=now)
    version = draft.version if version is None else version
    proposal = proposal_of(draft)
    session.rollback()
    move = Move(reference, meeting_id, position)
    changed, _ = call(move_case, problem, proposal, move, by.name, seconds=EDIT_SECONDS)
    with transaction(session):
        draft = find_draft(session, draft_id)
        refuse_closed(draft)
        if draft.version != version:
            message = "somebody else edited this draft; look at it as it is now and repeat the step"
            raise Conflict(message, code="changed-meanwhile")
        before = state_of(draft)
        draft.plan = {
            **draft.plan, "proposal": encode_proposal(changed), "base": {**counters, **draft.plan["base"]},
        }  # fmt: skip
        kind, detail = _describe(session, draft, proposal, move)
        record_step(session, draft, before, kind=kind, by=by, now=now, **detail)
        record(
            session, by=by, now=now, action="draft:edited", subject=("draft", draft_id), position=position,
            step=kind.value, **detail,
        )  # fmt: skip
    return draft


def _describe(session: Session, draft: Draft, before: Proposal, move: Move) -> tuple[StepKind, dict[str, str | None]]:
    """What kind of step a move is, and the ids to say it with."""
    query = select(Case.public_id).where(Case.program == draft.board.program, Case.reference == move.reference)
    places = (plan.meeting for plan in before.meetings for entry in plan.agenda if entry.reference == move.reference)
    was = next(places, None)
    if move.meeting is None:
        kind = StepKind.LEFT_OUT
    elif was is None:
        kind = StepKind.PLACED
    else:
        kind = StepKind.ORDERED if was == move.meeting else StepKind.MOVED
    return kind, {"case": session.scalar(query), "meeting": move.meeting, "from": was}


def preview_edit(
    session: Session, setup: Setup, *, draft_id: str, moves: Sequence[Move], by: Actor, now: datetime,
    call: Caller = call_here,
) -> tuple[Effect, ...]:  # fmt: skip
    """What each of these moves would change in a draft; nothing is kept. `call` as for `edit_draft`."""
    require(by, Permission.PLAN_EDIT)
    draft = find_draft(session, draft_id)
    refuse_closed(draft, now)
    problem, _ = load_problem(session, setup, draft.board, until=draft.until, now=now)
    proposal = proposal_of(draft)
    session.rollback()
    return call(preview_moves, problem, proposal, tuple(moves), seconds=EDIT_SECONDS)

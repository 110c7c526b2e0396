"""Proposals: made, edited and thrown away. Nothing here invites anybody; publishing does."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tumorboard.domain import planning
from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.domain.model import MeetingPlan, Proposal, Reason
from tumorboard.domain.planning import Progress
from tumorboard.domain.planning_problem import Problem
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.meetings import find_board, hold_series
from tumorboard.services.planning_facts import load_problem
from tumorboard.services.setup import Setup
from tumorboard.store.facts import decode_proposal, decode_reasons, encode_proposal, encode_reasons
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
    """What there is to plan for a board, and the agenda counters (`base`) that its draft will be checked against."""

    board: str
    board_id: int
    until: datetime
    problem: Problem
    base: Mapping[str, int]


def read_task(session: Session, setup: Setup, *, board: str, weeks: int, by: Actor, now: datetime) -> PlanTask:
    """The open cases and the meetings of the next weeks; the meetings of every series are made first.

    Leaves no transaction open, so that planning may take its time. Raises BadInput for weeks out of 1–26, NotFound for
    the board.
    """
    require(by, Permission.PLAN_EDIT)
    check_weeks(weeks)
    until = now + timedelta(weeks=weeks)
    find_board(session, board)
    hold_series(session, setup, until=setup.today(until), by=by, now=now)
    row = find_board(session, board)
    problem, base = load_problem(session, setup, row, until=until, now=now, beyond=_BEYOND)
    board_id = row.id
    session.rollback()
    return PlanTask(board=board, board_id=board_id, until=until, problem=problem, base=base)


def check_weeks(weeks: int) -> None:
    """Raise BadInput `bad-weeks` for weeks out of 1–26."""
    if not 1 <= weeks <= LONGEST_WEEKS:
        raise BadInput(f"plan 1 to {LONGEST_WEEKS} weeks", code="bad-weeks", field="weeks")


def add_draft(session: Session, task: PlanTask, proposal: Proposal, *, by: Actor, now: datetime) -> Draft:
    """Write the draft of a proposal into the running transaction. Only now an older open draft is thrown away."""
    for old in session.scalars(select(Draft).where(Draft.board_id == task.board_id, Draft.status == "open")):
        old.status = "discarded"
    draft = Draft(
        board_id=task.board_id, made_by=by.name, made_at=now, until=task.until,
        plan={"proposal": encode_proposal(proposal), "base": dict(task.base)},
    )  # fmt: skip
    session.add(draft)
    session.flush()
    record(session, by=by, now=now, action="draft:proposed", subject=("draft", draft.public_id), board=task.board)
    return draft


def plan_task(
    task: PlanTask, *, seconds: float, seed: int = 1, on_progress: Callable[[Progress], None] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> Proposal:  # fmt: skip
    """The planner's answer, without a database. `seconds` are those of a quiet machine and of the clock."""
    until = time.monotonic() + seconds
    return planning.propose(
        task.problem, seconds=seconds, seed=seed, on_progress=on_progress,
        is_cancelled=lambda: time.monotonic() > until or (is_cancelled is not None and is_cancelled()),
    )  # fmt: skip


def propose(
    session: Session, setup: Setup, *, board: str, weeks: int, by: Actor, now: datetime, seconds: float | None = None,
    seed: int = 1, on_progress: Callable[[Progress], None] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> Draft:  # fmt: skip
    """Plan the board's open cases onto its meetings of the next weeks and keep the result as a draft, here and now.

    For whoever may wait; a web worker asks for a run (`services/runs.py`) instead. Raises BadInput for weeks out of
    1–26, NotFound for the board.
    """
    task = read_task(session, setup, board=board, weeks=weeks, by=by, now=now)
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


def proposal_of(draft: Draft) -> Proposal:
    """The plan a draft holds."""
    return decode_proposal(draft.plan["proposal"])


def broken_rules(draft: Draft) -> tuple[Reason, ...]:
    """What a person's edits broke; empty when the draft could be published as it was last saved."""
    return decode_reasons(draft.plan.get("broken", []))


def discard_draft(session: Session, *, draft_id: str, by: Actor, now: datetime) -> None:
    """Throw a draft away; nothing published changes."""
    require(by, Permission.PLAN_EDIT)
    with transaction(session):
        draft = find_draft(session, draft_id)
        if draft.status != "open":
            raise Conflict("this draft is closed already", code="draft-closed")
        draft.status = "discarded"
        record(session, by=by, now=now, action="draft:discarded", subject=("draft", draft_id))


def edit_draft(
    session: Session, setup: Setup, *, draft_id: str, reference: str, meeting_id: str | None, position: int | None,
    by: Actor, now: datetime, call: Caller = call_here,
) -> Draft:  # fmt: skip
    """Put a case of a draft on another meeting or place, or leave it out (`meeting_id` None).

    `position` counts from 0; None lets the agenda choose the best order. Members and windows of the touched meetings
    are chosen anew; needs that nobody can cover are noted in the draft, and stop its publication. `call` runs the
    laying out: a web worker gives `solver_process.run_apart`, and holds a `solver_process.place` from the beginning.
    """
    require(by, Permission.PLAN_EDIT)
    draft = find_draft(session, draft_id)
    problem, _ = load_problem(session, setup, draft.board, until=draft.until, now=now)
    version = draft.version
    proposal = proposal_of(draft)
    session.rollback()
    changed, broken = call(move_case, problem, proposal, reference, meeting_id, position, by.name, seconds=EDIT_SECONDS)
    with transaction(session):
        draft = find_draft(session, draft_id)
        if draft.status != "open":
            raise Conflict("this draft is closed already; propose again", code="draft-closed")
        if draft.version != version:
            raise Conflict("somebody else edited this draft; load it again", code="changed-meanwhile")
        draft.plan = {**draft.plan, "proposal": encode_proposal(changed), "broken": encode_reasons(broken)}
        record(
            session, by=by, now=now, action="draft:edited", subject=("draft", draft_id), meeting=meeting_id,
            position=position,
        )  # fmt: skip
    return draft


def move_case(
    problem: Problem, proposal: Proposal, reference: str, meeting_id: str | None, position: int | None, by_name: str
) -> tuple[Proposal, tuple[Reason, ...]]:
    """The proposal with a case on another meeting, another place or left out, and the rules it then breaks."""
    changed = _moved(problem, proposal, reference, meeting_id, position, by_name)
    return changed, tuple(planning.check_plan(problem, changed))


def _moved(
    problem: Problem, proposal: Proposal, reference: str, meeting_id: str | None, position: int | None, by_name: str
) -> Proposal:
    plans = {plan.meeting: plan for plan in proposal.meetings}
    orders = {plan.meeting: [entry.reference for entry in plan.agenda] for plan in proposal.meetings}
    if reference not in {case.reference for case in problem.cases}:
        raise NotFound(f"the case {reference} is not open on this board", code="unknown-case")
    if meeting_id is not None and meeting_id not in orders:
        raise NotFound("this meeting is not part of the draft", code="unknown-meeting")
    left_out = dict(proposal.left_out)
    left_out.pop(reference, None)
    touched = {name for name, order in orders.items() if reference in order}
    for name in touched:
        orders[name].remove(reference)
    if meeting_id is None:
        left_out[reference] = (Reason("left-out-by-hand", {"by": by_name}),)
    else:
        touched.add(meeting_id)
        order = orders[meeting_id]
        order.insert(len(order) if position is None else max(0, min(position, len(order))), reference)
    for plan in planning.lay_out(problem, orders, keep_order=position is not None):
        if plan.meeting in touched:
            plans[plan.meeting] = _with_reasons(plan, proposal, reference, by_name)
    return Proposal(
        meetings=tuple(plans[plan.meeting] for plan in proposal.meetings),
        left_out=left_out,
        solver=proposal.solver,
        cost=proposal.cost,
        greedy_cost=proposal.greedy_cost,
    )


def _with_reasons(plan: MeetingPlan, before: Proposal, reference: str, by_name: str) -> MeetingPlan:
    """The meeting with the reasons it had, and for the moved case who put it there."""
    known = {ref: reasons for old in before.meetings for ref, reasons in old.reasons.items()}
    reasons = {entry.reference: known.get(entry.reference, ()) for entry in plan.agenda}
    if reference in reasons:
        reasons[reference] = (Reason("placed-by-hand", {"by": by_name}),)
    return replace(plan, reasons=reasons)

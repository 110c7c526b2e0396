"""A cancelled meeting is held after all: its room is booked again, and its agenda comes back as a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from tumorboard.domain.errors import Conflict
from tumorboard.domain.model import Proposal
from tumorboard.domain.planning_problem import Problem
from tumorboard.domain.planning_restore import Orders, restore_agendas
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.feeds import render_board_feeds
from tumorboard.services.meetings import find_meeting, hold_again, lock_meeting
from tumorboard.services.plan_changes import StepKind, replace_draft
from tumorboard.services.planning import EDIT_SECONDS, Caller, call_here, open_draft, proposal_of
from tumorboard.services.planning_facts import load_problem, meetings_ahead
from tumorboard.services.publications import find_cancellation
from tumorboard.services.setup import Setup
from tumorboard.store.facts import encode_proposal
from tumorboard.store.meetings import Meeting
from tumorboard.store.plans import Draft, PlanChange


@dataclass(frozen=True, slots=True)
class HeldAgain:
    """The meeting that is held after all, the draft with its agenda (None where nothing of it came back), and how many
    of its cases stay where they are by now: on another meeting, or closed."""

    meeting: Meeting
    draft: Draft | None
    stayed: int


@dataclass(frozen=True, slots=True)
class _Return:
    """What the agenda of a meeting that is held again is made of."""

    problem: Problem
    base: Mapping[str, int]
    until: datetime
    agendas: Orders
    known: Proposal | None
    version: int | None


def undo_cancellation(
    session: Session, setup: Setup, *, meeting_id: str, by: Actor, now: datetime, call: Caller = call_here
) -> HeldAgain:
    """Take back that a meeting was cancelled: the same time and room, and what was on its agenda as a draft.

    Nobody hears of it before the draft is published; then everybody is invited again, with the calendar entry of
    before. An open draft is carried on, as a step that can be taken back. Cases that were placed elsewhere or closed
    since stay where they are. Raises Conflict `meeting-held`, `meeting-past`, `room-taken`, and `nothing-to-undo` for a
    meeting that was not cancelled by hand, was urgent, or was changed since. `call` as for `edit_draft`.
    """
    require(by, Permission.MEETING_EDIT)
    meeting = find_meeting(session, meeting_id)
    found = _read_return(session, setup, meeting, _find_step(session, meeting, now), now)
    session.rollback()
    proposal = call(restore_agendas, found.problem, found.agendas, found.known, seconds=EDIT_SECONDS)
    count = next(len(plan.agenda) for plan in proposal.meetings if plan.meeting == meeting_id)
    with transaction(session):
        meeting = lock_meeting(session, meeting_id)
        step = _find_step(session, meeting, now)
        stayed = len({*step.before["agenda"], *found.agendas[meeting_id]}) - count
        session.delete(step)
        hold_again(session, setup, meeting, meeting.ends_at, meeting.room)
        rebuilt = count or found.known is not None
        draft = _keep_draft(session, meeting, found, proposal, by=by, now=now) if rebuilt else None
        render_board_feeds(session, setup, {meeting.board_id}, now=now)
        record(session, by=by, now=now, action="meeting:held-again", subject=("meeting", meeting_id))
    return HeldAgain(meeting, draft if count else None, stayed)


def _find_step(session: Session, meeting: Meeting, now: datetime) -> PlanChange:
    """What a meeting was that was cancelled by hand."""
    if meeting.status != "cancelled":
        raise Conflict("this meeting is not cancelled; there is nothing to take back", code="meeting-held")
    if meeting.starts_at <= now:
        raise Conflict("this meeting would have begun by now; it cannot be held any more", code="meeting-past")
    step = find_cancellation(session, meeting, now=now)
    if step is None:
        raise Conflict("there is no cancellation to take back", code="nothing-to-undo")
    return step


def _read_return(session: Session, setup: Setup, meeting: Meeting, step: PlanChange, now: datetime) -> _Return:
    """The facts of now, and the agendas: those of an open draft that is still right, else those that are published."""
    draft = open_draft(session, meeting.board)
    until = meeting.starts_at if draft is None else max(meeting.starts_at, draft.until)
    held = session.scalars(meetings_ahead(meeting.board, now).where(Meeting.starts_at <= until))
    ahead = sorted([*held, meeting], key=lambda each: each.starts_at)
    problem, base = load_problem(session, setup, meeting.board, until=until, now=now, ahead=ahead)
    orders = {each.id: list(each.published) for each in problem.meetings}
    agenda, known = list(step.before["agenda"]), None
    if draft is not None and _is_fresh(draft, problem, base, meeting):
        known = proposal_of(draft)
        planned = {plan.meeting: [entry.reference for entry in plan.agenda] for plan in known.meetings}
        if draft.plan["base"].get(meeting.public_id) == step.detail["counter"] - 1:  # made before the cancellation
            agenda = planned.get(meeting.public_id, agenda)
        orders |= {name: order for name, order in planned.items() if name in orders}
    taken = {reference for name, order in orders.items() if name != meeting.public_id for reference in order}
    agendas = {**orders, meeting.public_id: [name for name in agenda if name not in taken]}
    base = {**base, meeting.public_id: base[meeting.public_id] + 1}  # as it is held again
    return _Return(problem, base, until, agendas, known, None if draft is None else draft.version)


def _is_fresh(draft: Draft, problem: Problem, base: Mapping[str, int], meeting: Meeting) -> bool:
    """True when no other agenda changed since the draft was made."""
    known = draft.plan["base"]
    others = (each for each in problem.meetings if each.id != meeting.public_id)
    return all(known[each.id] == base[each.id] if each.id in known else not each.published for each in others)


def _keep_draft(
    session: Session, meeting: Meeting, found: _Return, proposal: Proposal, *, by: Actor, now: datetime
) -> Draft:
    known = open_draft(session, meeting.board)
    if (None if known is None else known.version) != found.version:
        raise Conflict("somebody else edited the open draft; try again", code="changed-meanwhile")
    plan = {"proposal": encode_proposal(proposal), "base": dict(found.base)}
    draft = Draft(board_id=meeting.board_id, made_by=by.name, made_at=now, until=found.until, plan=plan)
    replace_draft(session, known, draft, kind=StepKind.RESTORED, by=by, now=now)
    record(
        session, by=by, now=now, action="draft:restored", subject=("draft", draft.public_id), board=meeting.board.key
    )
    return draft

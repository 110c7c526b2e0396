"""What was published before, as a draft again: publishing is taken back by publishing, never in secret."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from tumorboard.domain.errors import Conflict
from tumorboard.domain.planning_restore import restore_agendas
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.meetings import find_board
from tumorboard.services.plan_changes import StepKind, replace_draft
from tumorboard.services.planning import EDIT_SECONDS, Caller, call_here, open_draft
from tumorboard.services.planning_facts import load_problem
from tumorboard.services.publications import last_publication
from tumorboard.services.setup import Setup
from tumorboard.store.facts import encode_proposal
from tumorboard.store.plans import Draft


def restore_published(
    session: Session, setup: Setup, *, board: str, by: Actor, now: datetime, call: Caller = call_here
) -> Draft:
    """A draft with the agendas as they were before the last publication; all else stays as it is published now.

    Cases that are closed or no longer eligible stay away; an order that breaks a rule by now is mended. Nobody hears of
    it before the draft is published. It takes the place of an open draft, as a step that can be taken back. Raises
    Conflict `nothing-to-restore`.
    """
    require(by, Permission.PLAN_EDIT)
    row = find_board(session, board)
    change = last_publication(session, row, now=now)
    if change is None:
        raise Conflict("nothing was published here that could be taken back", code="nothing-to-restore")
    until = datetime.fromisoformat(change.before["until"])
    problem, base = load_problem(session, setup, row, until=until, now=now)
    agendas, board_id = change.before["agendas"], row.id
    session.rollback()
    proposal = call(restore_agendas, problem, agendas, seconds=EDIT_SECONDS)
    plan: dict[str, Any] = {"proposal": encode_proposal(proposal), "base": dict(base)}
    with transaction(session):
        known = open_draft(session, find_board(session, board))
        draft = Draft(board_id=board_id, made_by=by.name, made_at=now, until=until, plan=plan)
        replace_draft(session, known, draft, kind=StepKind.RESTORED, by=by, now=now)
        record(session, by=by, now=now, action="draft:restored", subject=("draft", draft.public_id), board=board)
    return draft

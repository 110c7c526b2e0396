"""A publication is taken back by a draft that restores what was published before."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR
from tests.services.conftest import NOW
from tests.services.test_plan_changes import move
from tumorboard.domain.errors import Conflict
from tumorboard.services.plan_changes import list_steps, undo_step
from tumorboard.services.planning import proposal_of, propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.restoring import restore_published
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting
from tumorboard.store.plans import PlanChange


def publish(session: Session, setup: Setup, draft_id: str) -> None:
    publish_draft(session, setup, draft_id=draft_id, by=OPERATOR, now=NOW)


def published(session: Session) -> list[list[str]]:
    """The references per meeting that has cases, in order."""
    rows = session.scalars(select(Meeting).order_by(Meeting.starts_at))
    agendas = [[item.case.reference for item in row.agenda] for row in rows]
    return [agenda for agenda in agendas if agenda]


def test_draft_restores_the_agendas_before_the_last_publication(centre: Session, setup: Setup) -> None:
    publish(centre, setup, propose(centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW).public_id)
    before = published(centre)
    second = propose(centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW).public_id
    move(centre, setup, second, "C-1", 1)
    publish(centre, setup, second)
    after = published(centre)

    draft = restore_published(centre, setup, board=BOARD, by=OPERATOR, now=NOW)
    planned = [[e.reference for e in plan.agenda] for plan in proposal_of(draft).meetings if plan.agenda]
    publish(centre, setup, draft.public_id)

    assert (planned, published(centre), before != after) == (before, before, True)


def test_first_publication_is_restored_to_an_empty_board(centre: Session, setup: Setup) -> None:
    publish(centre, setup, propose(centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW).public_id)

    draft = restore_published(centre, setup, board=BOARD, by=OPERATOR, now=NOW)

    proposal = proposal_of(draft)
    assert [plan.agenda for plan in proposal.meetings if plan.agenda] == []
    assert set(proposal.left_out) == {"C-1", "C-2", "C-3"}


def test_open_draft_comes_back_by_taking_the_step_back(centre: Session, setup: Setup) -> None:
    publish(centre, setup, propose(centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW).public_id)
    work = propose(centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW).public_id
    by_hand = move(centre, setup, work, "C-1", 1).plan["proposal"]
    draft = restore_published(centre, setup, board=BOARD, by=OPERATOR, now=NOW)

    undo_step(centre, draft_id=draft.public_id, by=OPERATOR, now=NOW)

    assert draft.plan["proposal"] == by_hand
    kinds = [row.kind for row in list_steps(centre, draft_id=draft.public_id, by=OPERATOR).rows]
    assert kinds == ["restored", "moved"]


def test_nothing_is_restored_where_nothing_was_published(centre: Session, setup: Setup) -> None:
    with pytest.raises(Conflict) as refused:
        restore_published(centre, setup, board=BOARD, by=OPERATOR, now=NOW)

    assert refused.value.code == "nothing-to-restore"


def test_of_a_board_only_the_last_publication_is_kept(centre: Session, setup: Setup) -> None:
    for _ in range(3):
        publish(centre, setup, propose(centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW).public_id)

    kept = centre.scalars(select(PlanChange).where(PlanChange.kind == "published")).all()

    assert [row.number for row in kept] == [3]

"""Steps of a draft: each can be taken back and done again, by whoever looks at the draft as it is."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR
from tests.services.conftest import NOW
from tumorboard.domain.errors import Conflict, NotFound
from tumorboard.services.access import Actor, Permission
from tumorboard.services.board_events import list_board_events
from tumorboard.services.plan_changes import (
    MOST_STEPS,
    StepKind,
    apply_difference,
    find_difference,
    list_steps,
    record_step,
    redo_step,
    restore_state,
    state_of,
    undo_step,
)
from tumorboard.services.planning import (
    discard_draft,
    edit_draft,
    find_draft,
    last_discarded,
    open_draft,
    propose,
    reopen_draft,
)
from tumorboard.services.setup import Setup
from tumorboard.store.plans import Draft, PlanChange


@pytest.fixture
def draft_id(centre: Session, setup: Setup) -> str:
    return propose(centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW).public_id


def move(session: Session, setup: Setup, draft_id: str, reference: str, meeting: int | None, **more: Any) -> Draft:
    """Put a case on the meeting with this number, or leave it out."""
    ids = [plan["meeting"] for plan in find_draft(session, draft_id).plan["proposal"]["meetings"]]
    target = None if meeting is None else ids[meeting]
    return edit_draft(
        session, setup, draft_id=draft_id, reference=reference, meeting_id=target, by=OPERATOR, now=NOW,
        **{"position": None, **more},
    )  # fmt: skip


def plan_of(session: Session, draft_id: str) -> dict[str, Any]:
    return deepcopy(find_draft(session, draft_id).plan)


def test_every_step_is_taken_back_and_done_again(centre: Session, setup: Setup, draft_id: str) -> None:
    plans = [plan_of(centre, draft_id)]
    for reference, meeting in (("C-1", 1), ("C-2", 1), ("C-1", None), ("C-1", 0), ("C-2", 0)):
        move(centre, setup, draft_id, reference, meeting)
        plans.append(plan_of(centre, draft_id))

    for plan in reversed(plans[:-1]):
        undo_step(centre, draft_id=draft_id, by=OPERATOR, now=NOW)
        assert plan_of(centre, draft_id)["proposal"] == plan["proposal"]
    for plan in plans[1:]:
        redo_step(centre, draft_id=draft_id, by=OPERATOR, now=NOW)
        assert plan_of(centre, draft_id)["proposal"] == plan["proposal"]


def test_steps_say_what_was_done_newest_first(centre: Session, setup: Setup, draft_id: str) -> None:
    move(centre, setup, draft_id, "C-1", 1)
    move(centre, setup, draft_id, "C-1", 1, position=0)
    move(centre, setup, draft_id, "C-1", None)
    move(centre, setup, draft_id, "C-1", 0)

    steps = list_steps(centre, draft_id=draft_id, by=OPERATOR)

    assert [row.kind for row in steps.rows] == ["placed", "left-out", "ordered", "moved"]
    assert {steps.references[str(row.detail["case"])] for row in steps.rows} == {"C-1"}
    assert (steps.undo, steps.redo) == (steps.rows[0], None)


def test_a_new_step_ends_what_was_taken_back(centre: Session, setup: Setup, draft_id: str) -> None:
    move(centre, setup, draft_id, "C-1", 1)
    undo_step(centre, draft_id=draft_id, by=OPERATOR, now=NOW)
    move(centre, setup, draft_id, "C-2", 1)
    undo_step(centre, draft_id=draft_id, by=OPERATOR, now=NOW)

    redone = redo_step(centre, draft_id=draft_id, by=OPERATOR, now=NOW)

    with pytest.raises(Conflict) as refused:
        redo_step(centre, draft_id=draft_id, by=OPERATOR, now=NOW)
    assert (redone.number, refused.value.code) == (2, "nothing-to-redo")


def test_pressing_twice_takes_back_one_step(centre: Session, setup: Setup, draft_id: str) -> None:
    move(centre, setup, draft_id, "C-1", 1)
    move(centre, setup, draft_id, "C-2", 1)
    seen = list_steps(centre, draft_id=draft_id, by=OPERATOR).undo
    assert seen is not None
    undo_step(centre, draft_id=draft_id, step_id=seen.public_id, by=OPERATOR, now=NOW)

    with pytest.raises(Conflict) as refused:
        undo_step(centre, draft_id=draft_id, step_id=seen.public_id, by=OPERATOR, now=NOW)

    assert refused.value.code == "changed-meanwhile"


def test_whoever_looks_at_an_older_draft_edits_nothing(centre: Session, setup: Setup, draft_id: str) -> None:
    seen = find_draft(centre, draft_id).version
    move(centre, setup, draft_id, "C-1", 1)

    with pytest.raises(Conflict) as refused:
        move(centre, setup, draft_id, "C-2", 1, version=seen)

    assert refused.value.code == "changed-meanwhile"


def test_proposing_again_is_a_step_of_the_same_work(centre: Session, setup: Setup, draft_id: str) -> None:
    move(centre, setup, draft_id, "C-1", 1)
    by_hand = plan_of(centre, draft_id)
    again = propose(centre, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW).public_id

    undo_step(centre, draft_id=again, by=OPERATOR, now=NOW)
    restored = plan_of(centre, again)
    undo_step(centre, draft_id=again, by=OPERATOR, now=NOW)

    assert restored == by_hand
    assert [row.kind for row in list_steps(centre, draft_id=again, by=OPERATOR).rows] == ["proposed-again", "moved"]
    assert list_steps(centre, draft_id=draft_id, by=OPERATOR).rows == ()


def test_only_the_last_hundred_steps_are_kept(centre: Session, setup: Setup, draft_id: str) -> None:
    draft = find_draft(centre, draft_id)
    for _ in range(MOST_STEPS + 5):
        record_step(centre, draft, state_of(draft), kind=StepKind.ORDERED, by=OPERATOR, now=NOW)
    centre.commit()

    numbers = centre.scalars(select(PlanChange.number).order_by(PlanChange.number)).all()

    assert (len(numbers), numbers[0], numbers[-1]) == (MOST_STEPS, 6, MOST_STEPS + 5)


def test_nothing_is_taken_back_where_nothing_was_done(centre: Session, draft_id: str) -> None:
    with pytest.raises(Conflict) as refused:
        undo_step(centre, draft_id=draft_id, by=OPERATOR, now=NOW)

    assert refused.value.code == "nothing-to-undo"


def test_a_closed_draft_is_left_alone(centre: Session, setup: Setup, draft_id: str) -> None:
    move(centre, setup, draft_id, "C-1", 1)
    discard_draft(centre, draft_id=draft_id, by=OPERATOR, now=NOW)

    with pytest.raises(Conflict) as refused:
        undo_step(centre, draft_id=draft_id, by=OPERATOR, now=NOW)

    assert refused.value.code == "draft-closed"
    assert list_steps(centre, draft_id=draft_id, by=OPERATOR).undo is None


def test_steps_of_an_unknown_draft_are_not_found(centre: Session) -> None:
    with pytest.raises(NotFound):
        list_steps(centre, draft_id="a" * 16, by=OPERATOR)


def test_thrown_away_draft_is_opened_again_with_its_steps(centre: Session, setup: Setup, draft_id: str) -> None:
    move(centre, setup, draft_id, "C-1", 1)
    discard_draft(centre, draft_id=draft_id, by=OPERATOR, now=NOW)
    board = find_draft(centre, draft_id).board
    found = last_discarded(centre, board, now=NOW)

    reopen_draft(centre, draft_id=draft_id, by=OPERATOR, now=NOW)

    assert found is not None
    assert (found.public_id, list_steps(centre, draft_id=draft_id, by=OPERATOR).undo is not None) == (draft_id, True)
    with pytest.raises(Conflict) as refused:
        reopen_draft(centre, draft_id=draft_id, by=OPERATOR, now=NOW)
    assert refused.value.code == "draft-not-discarded"


def test_draft_that_was_replaced_is_not_opened_beside_the_new_one(centre: Session, setup: Setup, draft_id: str) -> None:
    again = propose(centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW)

    with pytest.raises(Conflict) as refused:
        reopen_draft(centre, draft_id=draft_id, by=OPERATOR, now=NOW)

    assert refused.value.code == "draft-open"
    known = open_draft(centre, again.board)
    assert known is not None
    assert known.public_id == again.public_id


def test_timeline_of_the_board_says_who_did_what(centre: Session, setup: Setup, draft_id: str) -> None:
    move(centre, setup, draft_id, "C-1", 1)
    coordinator = Actor("coordinator", frozenset(Permission))
    undo_step(centre, draft_id=draft_id, by=coordinator, now=NOW)

    events = list_board_events(centre, board=BOARD, by=OPERATOR)

    assert [(row.action, row.actor) for row in events.rows] == [
        ("draft:undone", "coordinator"), ("draft:edited", OPERATOR.name), ("draft:proposed", OPERATOR.name),
    ]  # fmt: skip
    assert set(events.references.values()) == {"C-1"}


def _states(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    plans = [st.fixed_dictionaries({"meeting": st.just(name), "agenda": st.integers(0, 3)}) for name in names]
    return st.fixed_dictionaries(
        {
            "until": st.just("2026-12-01T00:00:00+00:00"),
            "meetings": st.tuples(*plans).map(list),
            "proposal": st.dictionaries(st.sampled_from(["cost", "bound"]), st.none() | st.integers(0, 2)),
        },
        optional={"base": st.dictionaries(st.sampled_from("xy"), st.integers(0, 2)), "broken": st.just([])},
    )


STATES = st.lists(st.sampled_from("abc"), unique=True).map(sorted).flatmap(_states)


@given(wanted=STATES, present=STATES)
def test_difference_leads_from_any_state_to_any_other(wanted: dict[str, Any], present: dict[str, Any]) -> None:
    assert apply_difference(present, find_difference(wanted, present)) == wanted


def test_state_of_a_draft_is_restored_whole(centre: Session, draft_id: str) -> None:
    draft = find_draft(centre, draft_id)
    plan, until = deepcopy(draft.plan), draft.until

    restore_state(draft, state_of(draft))

    assert (draft.plan, draft.until) == (plan, until)

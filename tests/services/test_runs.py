"""Runs in the database: one per board, a beat, two ways to stop, and an end whatever happens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR
from tests.services.conftest import NOW
from tumorboard.domain.errors import BadInput, Conflict, NotAllowed, NotFound
from tumorboard.services.access import Role, actor_with
from tumorboard.services.planning import plan_task, propose, read_task
from tumorboard.services.runs import (
    DEAD_AFTER,
    Order,
    beat,
    cancel_run,
    end_dead_runs,
    fail_run,
    find_active_run,
    finish_run,
    read_run,
    request_run,
    take_run,
)
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Board
from tumorboard.store.plans import Draft, PlanRun

SECOND = timedelta(seconds=1)


def a_run(session: Session) -> str:
    """The id of a waiting run."""
    return request_run(session, board=BOARD, weeks=2, seconds=1, by=OPERATOR, now=NOW).public_id


def a_running_run(session: Session) -> str:
    run_id = a_run(session)
    take_run(session, run_id=run_id, most_runs=2, now=NOW)
    return run_id


def read(session: Session, run_id: str) -> PlanRun:
    return read_run(session, run_id=run_id, by=OPERATOR, now=NOW)


def finish(session: Session, setup: Setup, run_id: str) -> Draft | None:
    task = read_task(session, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW)
    proposal = plan_task(task, seconds=1)
    return finish_run(session, task, proposal, run_id=run_id, progress={"stage": "done"}, by=OPERATOR, now=NOW + SECOND)


def test_run_is_waiting_until_a_process_takes_it(centre: Session) -> None:
    run_id = a_run(centre)
    before = read(centre, run_id).status

    take_run(centre, run_id=run_id, most_runs=2, now=NOW)

    assert (before, read(centre, run_id).status) == ("waiting", "running")


def test_second_run_of_a_board_is_refused_with_the_first_one(any_centre: Session) -> None:
    first = a_run(any_centre)

    with pytest.raises(Conflict) as refused:
        a_run(any_centre)

    assert (refused.value.code, refused.value.values["run"]) == ("plan-running", first)


def test_run_is_taken_by_one_process(centre: Session) -> None:
    run_id = a_running_run(centre)

    with pytest.raises(Conflict) as refused:
        take_run(centre, run_id=run_id, most_runs=2, now=NOW)

    assert refused.value.code == "run-over"


def test_run_waits_for_its_turn_unless_it_is_stopped(any_centre: Session) -> None:
    run_id = a_run(any_centre)

    waits = take_run(any_centre, run_id=run_id, most_runs=0, now=NOW)
    cancel_run(any_centre, run_id=run_id, keep=True, by=OPERATOR, now=NOW)
    taken = take_run(any_centre, run_id=run_id, most_runs=0, now=NOW)

    assert (waits, taken is not None) == (None, True)


def test_beat_is_shown(centre: Session) -> None:
    run_id = a_running_run(centre)

    order = beat(centre, run_id=run_id, progress={"stage": "search", "cost": 7}, now=NOW + SECOND)

    run = read(centre, run_id)
    assert (order, run.progress, run.beat_at) == (Order.GO_ON, {"stage": "search", "cost": 7}, NOW + SECOND)


def test_stopped_run_is_told_to_finish(centre: Session) -> None:
    run_id = a_running_run(centre)

    cancel_run(centre, run_id=run_id, keep=True, by=OPERATOR, now=NOW)

    assert beat(centre, run_id=run_id, progress={}, now=NOW) is Order.FINISH
    assert read(centre, run_id).status == "running"


def test_run_thrown_away_is_over_at_once_and_writes_no_draft(any_centre: Session, setup: Setup) -> None:
    old = propose(any_centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW).public_id
    run_id = a_running_run(any_centre)

    cancel_run(any_centre, run_id=run_id, keep=False, by=OPERATOR, now=NOW)

    assert read(any_centre, run_id).status == "cancelled"
    assert beat(any_centre, run_id=run_id, progress={}, now=NOW) is Order.DROP
    assert finish(any_centre, setup, run_id) is None
    assert {row.public_id: row.status for row in any_centre.scalars(select(Draft))} == {old: "open"}


def test_finished_run_replaces_the_open_draft_only_then(any_centre: Session, setup: Setup) -> None:
    old = propose(any_centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW).public_id
    run_id = a_running_run(any_centre)
    during = {row.public_id: row.status for row in any_centre.scalars(select(Draft))}

    draft = finish(any_centre, setup, run_id)

    assert draft is not None
    run = read(any_centre, run_id)
    assert (run.status, run.draft_id, run.ended_at) == ("done", draft.id, NOW + SECOND)
    assert during == {old: "open"}
    assert {row.public_id: row.status for row in any_centre.scalars(select(Draft))} == {
        old: "discarded", draft.public_id: "open",
    }  # fmt: skip


def test_stopping_a_run_that_is_over_changes_nothing(centre: Session, setup: Setup) -> None:
    run_id = a_running_run(centre)
    finish(centre, setup, run_id)

    run = cancel_run(centre, run_id=run_id, keep=False, by=OPERATOR, now=NOW)

    assert run.status == "done"


@pytest.mark.parametrize("silent", [DEAD_AFTER - SECOND, DEAD_AFTER + SECOND])
def test_silent_run_fails_and_its_board_is_free(centre: Session, silent: timedelta) -> None:
    run_id = a_running_run(centre)
    is_dead = silent > DEAD_AFTER

    ended = end_dead_runs(centre, now=NOW + silent)

    run = read(centre, run_id)
    assert ended == int(is_dead)
    assert (run.status, run.problem) == (("failed", "run-died") if is_dead else ("running", None))


def test_reading_a_silent_run_ends_it(any_centre: Session) -> None:
    run_id = a_running_run(any_centre)

    run = read_run(any_centre, run_id=run_id, by=OPERATOR, now=NOW + DEAD_AFTER + SECOND)

    assert (run.status, run.problem) == ("failed", "run-died")


def test_silent_run_gives_way_to_a_new_one(centre: Session) -> None:
    old = a_running_run(centre)

    new = request_run(centre, board=BOARD, weeks=2, seconds=1, by=OPERATOR, now=NOW + DEAD_AFTER + SECOND)

    assert (read(centre, old).status, new.status) == ("failed", "waiting")


def test_failed_run_says_why(centre: Session) -> None:
    run_id = a_running_run(centre)

    fail_run(centre, run_id=run_id, problem="planner-out-of-memory", now=NOW + SECOND)

    run = read(centre, run_id)
    assert (run.status, run.problem, run.ended_at) == ("failed", "planner-out-of-memory", NOW + SECOND)


def test_active_run_of_a_board_is_found(centre: Session) -> None:
    board = centre.scalars(select(Board)).one()
    before = find_active_run(centre, board, now=NOW)
    run_id = a_run(centre)

    found = find_active_run(centre, board, now=NOW)

    assert (before, found.public_id if found else None) == (None, run_id)


@pytest.mark.parametrize(("weeks", "seconds", "code"), [(0, 5, "bad-weeks"), (27, 5, "bad-weeks"),
                                                        (4, 0, "bad-seconds"), (4, 301, "bad-seconds")])  # fmt: skip
def test_impossible_run_is_refused(centre: Session, weeks: int, seconds: int, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        request_run(centre, board=BOARD, weeks=weeks, seconds=seconds, by=OPERATOR, now=NOW)

    assert refused.value.code == code


def test_run_of_nothing_is_not_found(centre: Session) -> None:
    with pytest.raises(NotFound):
        request_run(centre, board="none", weeks=2, seconds=1, by=OPERATOR, now=NOW)
    with pytest.raises(NotFound):
        read(centre, "a" * 16)
    with pytest.raises(NotFound):
        cancel_run(centre, run_id="a" * 16, keep=True, by=OPERATOR, now=NOW)


@pytest.mark.parametrize("role", [Role.SURGEON, Role.PHYSICIAN, Role.AUDITOR, Role.ADMINISTRATOR])
def test_who_may_not_plan_may_not_run(centre: Session, role: Role) -> None:
    run_id = a_run(centre)
    by = actor_with("somebody", frozenset({role}))

    with pytest.raises(NotAllowed):
        request_run(centre, board=BOARD, weeks=2, seconds=1, by=by, now=NOW)
    with pytest.raises(NotAllowed):
        read_run(centre, run_id=run_id, by=by, now=NOW)
    with pytest.raises(NotAllowed):
        cancel_run(centre, run_id=run_id, keep=False, by=by, now=NOW)

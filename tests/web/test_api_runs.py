"""Runs over the API: begun, looked at, stopped; and what a program hears when the machine is busy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.builders import BOARD, OPERATOR
from tests.web.conftest import Program
from tumorboard.services.access import Role
from tumorboard.services.runs import beat, request_run, take_run
from tumorboard.services.solver_process import PlannerRefusal
from tumorboard.store.db import db
from tumorboard.store.plans import PlanRun

NUMBERS = {"cases": None, "placed": None, "left_out": None, "late_days": None, "bound": None, "gap": None}


def make_silent(app: Flask) -> None:
    """The only run has not beaten for a minute."""
    with app.app_context():
        db.session().scalars(select(PlanRun)).one().beat_at -= timedelta(minutes=1)
        db.session().commit()


def find_all(app: Flask, what: Any) -> list[Any]:
    """Every value of a column."""
    with app.app_context():
        return list(db.session().scalars(select(what)))


@pytest.fixture
def run_id(app: Flask) -> str:
    """A run that a process seems to have taken and that found a plan."""
    now = datetime.now(UTC)
    with app.app_context():
        run = request_run(db.session(), board=BOARD, weeks=2, seconds=60, by=OPERATOR, now=now).public_id
        take_run(db.session(), run_id=run, most_runs=2, now=now)
        progress = {"stage": "search", "seconds": 1.5, "cost": 250}
        beat(db.session(), run_id=run, progress=progress, now=now)
    return run


def test_proposal_begins_a_run(coordinator: Program) -> None:
    response = coordinator.post(f"/boards/{BOARD}/drafts", {"weeks": 2, "seconds": 3})

    run = response.get_json()
    assert response.status_code == 202
    assert response.headers["Location"] == f"/api/v1/runs/{run['id']}"
    assert (run["board"], run["weeks"], run["seconds"]) == (BOARD, 2, 3)
    assert run["status"] in ("waiting", "running", "done")


def test_caller_who_prefers_to_wait_gets_the_draft(coordinator: Program) -> None:
    coordinator.propose(BOARD)  # loads the solver

    response = coordinator.post(f"/boards/{BOARD}/drafts", {"weeks": 2}, headers={"Prefer": "wait=60"})

    assert response.status_code in (201, 202)  # a busy machine may need more than three seconds
    if response.status_code == 201:
        draft = response.get_json()
        assert response.headers["Preference-Applied"] == "wait=3"
        assert response.headers["Location"] == f"/api/v1/drafts/{draft['id']}"
        assert [each["case"]["reference"] for each in draft["left_out"]] == ["C-3"]


def test_run_is_read(coordinator: Program, run_id: str) -> None:
    run = coordinator.get(f"/runs/{run_id}").get_json()

    assert (run["status"], run["draft"], run["problem"], run["ended_at"]) == ("running", None, None, None)
    assert run["progress"] == {**NUMBERS, "stage": "search", "seconds": 1.5, "cost": 250}


def test_second_run_of_a_board_names_the_first(coordinator: Program, run_id: str) -> None:
    response = coordinator.post(f"/boards/{BOARD}/drafts", {})

    problem = response.get_json()
    assert (response.status_code, problem["code"], problem["run"]) == (409, "plan-running", run_id)


def test_run_is_stopped_with_its_best_plan(app: Flask, coordinator: Program, run_id: str) -> None:
    response = coordinator.post(f"/runs/{run_id}/stop", {})

    assert (response.status_code, response.get_json()["status"]) == (202, "running")
    assert find_all(app, PlanRun.is_cancel_requested) == [True]


def test_run_is_stopped_and_thrown_away(coordinator: Program, run_id: str) -> None:
    response = coordinator.delete(f"/runs/{run_id}")

    assert (response.status_code, response.get_data()) == (204, b"")
    assert coordinator.get(f"/runs/{run_id}").get_json()["status"] == "cancelled"


def test_silent_run_has_failed(app: Flask, coordinator: Program, run_id: str) -> None:
    make_silent(app)

    found = coordinator.get(f"/runs/{run_id}").get_json()

    assert (found["status"], found["problem"]) == ("failed", "run-died")


def test_run_of_nothing_is_not_found(coordinator: Program) -> None:
    statuses = [
        coordinator.get(f"/runs/{'a' * 16}").status_code,
        coordinator.post(f"/runs/{'a' * 16}/stop", {}).status_code,
        coordinator.delete(f"/runs/{'a' * 16}").status_code,
    ]

    assert statuses == [404, 404, 404]


@pytest.mark.parametrize("role", [Role.SURGEON, Role.PHYSICIAN, Role.AUDITOR])
def test_who_may_not_plan_sees_no_run(app: Flask, run_id: str, role: Role) -> None:
    caller = Program(app, role)

    statuses = [
        caller.get(f"/runs/{run_id}").status_code,
        caller.post(f"/runs/{run_id}/stop", {}).status_code,
        caller.delete(f"/runs/{run_id}").status_code,
    ]

    assert statuses == [403, 403, 403]


def test_busy_planner_says_when_to_come_again(app: Flask, coordinator: Program) -> None:
    def refuse() -> str:
        raise PlannerRefusal("too many plans are being made; try again in a moment")

    app.add_url_rule("/api/v1/busy", view_func=refuse)

    response = coordinator.get("/busy")

    assert (response.status_code, response.get_json()["code"]) == (503, "planner-busy")
    assert response.headers["Retry-After"] == "2"

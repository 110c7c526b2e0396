"""The page of a proposal being made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.builders import BOARD, OPERATOR
from tests.web.visitor import Visitor
from tumorboard.services.access import Role
from tumorboard.services.runs import beat, fail_run, request_run, take_run
from tumorboard.store.db import db
from tumorboard.store.plans import Draft, PlanRun


@pytest.fixture
def coordinator(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.log_in("coordinator@hospital.example")
    return visitor


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
        progress = {"stage": "search", "seconds": 12.4, "cases": 3, "cost": 250, "gap": 0.031}
        beat(db.session(), run_id=run, progress=progress, now=now)
    return run


def test_proposal_ends_at_its_draft(coordinator: Visitor) -> None:
    coordinator.see(f"/boards/{BOARD}")

    page = coordinator.propose(BOARD, weeks=2)

    assert (page.status, coordinator.address.startswith("/drafts/")) == (200, True)
    assert "As proposed, compared with the best possible nothing is better" in page.text


def test_run_shows_how_far_it_is(coordinator: Visitor, run_id: str) -> None:
    page = coordinator.see(f"/runs/{run_id}")

    assert page.status == 200
    assert "2 weeks ahead" in page.text
    assert "Looks for a better plan" in page.text
    assert "12 of at most 60 seconds" in page.text
    assert "Compared with the best possible within 4 %" in page.text
    assert '<progress max="60" value="12" aria-label="Time for planning">' in page.html
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in page.html


def test_run_is_shown_in_korean_alone(app: Flask, run_id: str) -> None:
    visitor = Visitor(app, language="ko")
    visitor.log_in("coordinator@hospital.example")

    page = visitor.see(f"/runs/{run_id}")

    assert "최대 60초 중 12초" in page.text
    assert "중지하고 버리기" in page.text


def test_board_leads_to_its_run(coordinator: Visitor, run_id: str) -> None:
    page = coordinator.see(f"/boards/{BOARD}")

    assert page.links["A proposal is being made"] == f"/runs/{run_id}"
    assert f"/boards/{BOARD}/propose" not in page.actions


def test_second_proposal_leads_to_the_run(coordinator: Visitor, run_id: str) -> None:
    coordinator.see("/cases")

    coordinator.send(f"/boards/{BOARD}/propose")

    assert coordinator.address == f"/runs/{run_id}"


def test_stopped_run_is_thrown_away(app: Flask, coordinator: Visitor, run_id: str) -> None:
    coordinator.see(f"/runs/{run_id}")

    page = coordinator.send(f"/runs/{run_id}/stop", keep="no")

    assert coordinator.address == f"/boards/{BOARD}"
    assert "The proposal is stopped; nothing has changed." in page.text
    assert find_all(app, Draft.id) == []
    assert "The proposal is stopped" in coordinator.see(f"/runs/{run_id}").text


def test_stopped_run_says_that_it_takes_the_best(coordinator: Visitor, run_id: str) -> None:
    coordinator.see(f"/runs/{run_id}")

    page = coordinator.send(f"/runs/{run_id}/stop", keep="yes")

    assert coordinator.address == f"/runs/{run_id}"
    assert "Stopping; the best plan so far becomes the draft" in page.text


def test_killed_run_says_so_and_offers_another(app: Flask, coordinator: Visitor, run_id: str) -> None:
    make_silent(app)

    page = coordinator.see(f"/runs/{run_id}")

    assert "The planning process ended without an answer; propose again." in page.text
    assert page.action("/propose") == f"/boards/{BOARD}/propose"
    assert "http-equiv" not in page.html
    assert coordinator.propose(BOARD, weeks=2).status == 200
    assert coordinator.address.startswith("/drafts/")


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ("planner-out-of-memory", "Planning needs more memory than allowed; plan fewer weeks, or ask the operator."),
        ("planner-too-slow", "No answer in the time allowed; try again, or plan fewer weeks."),
        ("busy", "The database is busy; try again in a moment."),
        ("a-code-nobody-knows", "Planning failed; tell the operator, who finds why in the log."),
    ],
)
def test_failed_run_says_why(app: Flask, coordinator: Visitor, run_id: str, problem: str, words: str) -> None:
    with app.app_context():
        fail_run(db.session(), run_id=run_id, problem=problem, now=datetime.now(UTC))

    page = coordinator.see(f"/runs/{run_id}")

    assert (page.status, f"No proposal was made {words}" in page.text) == (200, True)


@pytest.mark.parametrize("role", [Role.SURGEON, Role.PHYSICIAN, Role.ADMINISTRATOR])
def test_who_may_not_plan_sees_no_run(app: Flask, run_id: str, role: Role) -> None:
    visitor = Visitor(app)
    visitor.log_in(f"{role}@hospital.example")

    statuses = [visitor.see(f"/runs/{run_id}").status, visitor.send(f"/runs/{run_id}/stop", keep="no").status]

    assert statuses == [403, 403]
    assert find_all(app, PlanRun.status) == ["running"]

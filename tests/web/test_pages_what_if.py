"""What if, on the page and over the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.builders import BOARD, ON_DEMAND, OPERATOR, member_id
from tests.web.conftest import Program
from tests.web.visitor import Page, Visitor
from tumorboard.services.planning import propose
from tumorboard.store.db import db
from tumorboard.store.plans import Draft
from tumorboard.store.post import AuditEvent

TODAY = datetime.now(UTC).date()


@pytest.fixture
def draft_id(app: Flask) -> str:
    """An open draft of C-1 and C-2, over four weeks."""
    with app.app_context():
        settings = app.extensions["tumorboard"]
        draft = propose(db.session(), settings, board=BOARD, weeks=4, by=OPERATOR, now=datetime.now(UTC))
        return str(draft.public_id)


@pytest.fixture
def urologist(app: Flask) -> str:
    with app.app_context():
        return member_id(db.session(), ON_DEMAND["urology"])


def open_form(app: Flask, draft_id: str, language: str = "en") -> tuple[Visitor, Page]:
    visitor = Visitor(app, language)
    visitor.log_in("coordinator@hospital.example")
    return visitor, visitor.see(f"/drafts/{draft_id}/what-if")


def test_draft_leads_to_the_question(app: Flask, draft_id: str) -> None:
    visitor, _ = open_form(app, draft_id)

    page = visitor.see(f"/drafts/{draft_id}")

    assert page.links["What if…"] == f"/drafts/{draft_id}/what-if"


def test_absent_specialist_shows_the_case_that_moves_and_the_next_step(
    app: Flask, draft_id: str, urologist: str
) -> None:
    visitor, form = open_form(app, draft_id)

    page = visitor.send(
        form.action("/what-if"), absent=urologist, absent_from=TODAY.isoformat(),
        absent_until=(TODAY + timedelta(days=7)).isoformat(),
    )  # fmt: skip

    assert page.status == 200
    (row,) = [row for row in page.rows if row[0] == "C-2"]
    assert row[1] == "Moved"
    target = page.links["Enter the absence: Jung"]
    days = f"first={TODAY.isoformat()}&last={(TODAY + timedelta(days=7)).isoformat()}"
    assert target == f"/people/{urologist}?{days}#absences"
    assert f'value="{TODAY.isoformat()}"' in visitor.see(target.partition("#")[0]).html
    assert "No longer needed" in page.text


def test_case_that_stays_out_is_not_said_to_be_nothing(app: Flask, draft_id: str) -> None:
    visitor, form = open_form(app, draft_id)

    page = visitor.send(form.action("/what-if"), urgent="C-3")

    assert "The case would still be left out" in page.text
    assert "Nothing would change" not in page.text


def test_question_stores_nothing(app: Flask, draft_id: str, urologist: str) -> None:
    visitor, form = open_form(app, draft_id)
    with app.app_context():
        before = (db.session.scalar(select(func.count()).select_from(AuditEvent)), db.session.scalars(
            select(Draft)).one().plan)  # fmt: skip

    visitor.send(form.action("/what-if"), absent=urologist, urgent="C-1", withdrawn="C-2")

    with app.app_context():
        after = (db.session.scalar(select(func.count()).select_from(AuditEvent)), db.session.scalars(
            select(Draft)).one().plan)  # fmt: skip
    assert after == before


def test_added_meeting_is_called_by_its_time(app: Flask, draft_id: str) -> None:
    visitor, form = open_form(app, draft_id)
    on = TODAY + timedelta(days=1)

    page = visitor.send(
        form.action("/what-if"), added_on=on.isoformat(), added_time="23:00", added_minutes="60", added_room="room-b",
        ready="C-3",
    )  # fmt: skip

    assert page.status == 200
    assert "Add the meeting on the board's page" in page.links


def test_empty_question_says_what_to_do_and_keeps_the_form(app: Flask, draft_id: str) -> None:
    visitor, form = open_form(app, draft_id)

    page = visitor.send(form.action("/what-if"))

    assert page.status == 400
    assert "Say what would change" in page.words
    assert form.action("/what-if") == page.action("/what-if")


def test_korean_page_has_no_english_sentence(app: Flask, draft_id: str, urologist: str) -> None:
    visitor, form = open_form(app, draft_id, "ko")

    page = visitor.send(form.action("/what-if"), absent=urologist)

    assert "가정해 보기" in page.text
    assert "Show what would change" not in page.text + form.text


def test_surgeon_may_not_ask(app: Flask, draft_id: str, surgeon: Program) -> None:
    response = surgeon.post(f"/drafts/{draft_id}/what-if", {"urgent": ["C-1"]})

    assert (response.status_code, response.get_json()["code"]) == (403, "not-allowed")


def test_busy_planner_is_said_before_anything_is_read(
    coordinator: Program, draft_id: str, taken_places: None, count_queries: Callable[[], Any]
) -> None:
    asks: list[Callable[[], TestResponse]] = [
        lambda: coordinator.post(f"/drafts/{draft_id}/what-if", {"urgent": ["C-1"]}),
        lambda: coordinator.patch(f"/drafts/{draft_id}", {"case": "C-1", "meeting": None}),
        lambda: coordinator.post(f"/boards/{BOARD}/repair"),
    ]

    for ask in asks:
        with count_queries() as statements:
            response = ask()

        assert (response.status_code, response.get_json()["code"]) == (503, "planner-busy")
        assert response.headers["Retry-After"] == "2"
        assert [text for text in statements if "agenda_item" in text or "booking" in text or '"case"' in text] == []


def test_page_says_that_the_planner_is_busy(app: Flask, draft_id: str, taken_places: None) -> None:
    visitor, form = open_form(app, draft_id)

    page = visitor.send(form.action("/what-if"), urgent="C-1")

    assert "Too many plans are being made; try again in a moment" in page.text


def test_api_gives_the_difference(coordinator: Program, draft_id: str, urologist: str) -> None:
    end = TODAY + timedelta(days=8)
    absent = {"member": urologist, "starts_at": f"{TODAY}T00:00:00+09:00", "ends_at": f"{end}T00:00:00+09:00"}

    response = coordinator.post(f"/drafts/{draft_id}/what-if", {"absent": [absent]})

    answer = response.get_json()
    assert response.status_code == 200
    assert [(one["case"]["reference"], one["change"]) for one in answer["cases"]] == [("C-2", "moved")]
    assert answer["draft"] == draft_id
    assert {one["change"] for one in answer["members"]} >= {"called", "released"}


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({}, 422, "no-change"),
        ({"urgent": ["C-99"]}, 404, "unknown-case"),
        ({"cancelled": ["nothing"]}, 404, "unknown-meeting"),
        ({"absent": [{"member": "nobody"}]}, 404, "unknown-member"),
        ({"everything": True}, 422, "invalid-fields"),
    ],
)
def test_api_refuses_what_is_not_there(
    coordinator: Program, draft_id: str, asked: dict[str, object], status: int, code: str
) -> None:
    response = coordinator.post(f"/drafts/{draft_id}/what-if", asked)

    assert (response.status_code, response.get_json()["code"]) == (status, code)

"""Minutes specialists are held: on the pages and in the API, with numbers beside every bar."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests.builders import BOARD, OPERATOR, a_case_csv, a_case_row, import_list
from tests.web.conftest import Program
from tests.web.visitor import Visitor
from tumorboard.services.access import Role
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.store.cases import Case
from tumorboard.store.db import db
from tumorboard.store.meetings import Meeting

UROLOGY = {"planned_procedures": "hysterectomy_bso;ureter_resection_reimplant"}


@pytest.fixture
def app_with_draft(app: Flask) -> tuple[Flask, str]:
    """Urology is needed first and last in the order of arrival; gives a draft that holds it less long."""
    with app.app_context():
        session, setup, now = db.session(), app.extensions["tumorboard"], datetime.now(UTC)
        day = setup.today(now)
        rows = [a_case_row("C-4", on=day, **UROLOGY), a_case_row("C-5", on=day), a_case_row("C-6", on=day, **UROLOGY)]
        import_list(session, setup, now=now, content=a_case_csv(rows))
        for number, reference in enumerate(("C-4", "C-5", "C-1", "C-6", "C-2")):
            row = session.scalars(select(Case).where(Case.reference == reference)).one()
            row.referred_at = now - timedelta(days=3) + timedelta(minutes=number)
        session.commit()
        draft_id = propose(session, setup, board=BOARD, weeks=2, by=OPERATOR, now=now).public_id
        db.session.remove()
    return app, draft_id


@pytest.fixture
def app_with_agenda(app_with_draft: tuple[Flask, str]) -> tuple[Flask, str, str]:
    """The same after its publication: a meeting and a draft, both with that order."""
    app, draft_id = app_with_draft
    with app.app_context():
        session, setup, now = db.session(), app.extensions["tumorboard"], datetime.now(UTC)
        publish_draft(session, setup, draft_id=draft_id, by=OPERATOR, now=now)
        meeting_id = session.scalars(select(Meeting.public_id).where(Meeting.status == "published")).one()
        db.session.remove()
    return app, f"/meetings/{meeting_id}", f"/drafts/{draft_id}"


def held_of(app: Flask, address: str) -> dict[str, tuple[int, int]]:
    """Per member id the minutes in the order of arrival and now, by the API."""
    answer = Program(app, Role.COORDINATOR).get(address).get_json()
    return {row["member"]: (row["arrival"], row["now"]) for row in answer["minutes_held"]["members"]}


def test_order_saves_minutes_against_the_order_of_arrival(app_with_agenda: tuple[Flask, str, str]) -> None:
    app, meeting, _ = app_with_agenda

    answer = Program(app, Role.COORDINATOR).get(meeting).get_json()

    windows = {w["member"]["id"]: (w["starts_at"], w["ends_at"]) for w in answer["windows"] if w["kind"] != "core"}
    minutes = {
        member: int((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() // 60)
        for member, (start, end) in windows.items()
    }
    held = answer["minutes_held"]
    assert {row["member"]: row["now"] for row in held["members"]} == minutes
    assert held["total"]["now"] == sum(minutes.values())
    assert held["total"]["arrival"] == sum(row["arrival"] for row in held["members"])
    urology = next(row for row in held["specialties"] if row["specialties"] == ["urology"])
    assert urology["arrival"] > urology["now"]


def test_draft_says_the_same_minutes_as_the_meeting_it_became(app_with_agenda: tuple[Flask, str, str]) -> None:
    app, meeting, draft = app_with_agenda

    answer = Program(app, Role.COORDINATOR).get(draft).get_json()

    of_draft = next(each["minutes_held"] for each in answer["meetings"] if each["entries"])
    now = {row["member"]: row["now"] for row in of_draft["members"]}
    assert now == {member: minutes for member, (_, minutes) in held_of(app, meeting).items()}


@pytest.mark.parametrize("is_draft", [False, True])
def test_pages_show_the_minutes_in_a_table(app_with_agenda: tuple[Flask, str, str], is_draft: bool) -> None:
    app, meeting, draft = app_with_agenda
    visitor = Visitor(app)
    visitor.log_in("coordinator@hospital.example")
    held = Program(app, Role.COORDINATOR).get(meeting).get_json()["minutes_held"]
    urology = next(row for row in held["specialties"] if row["specialties"] == ["urology"])

    page = visitor.see(draft if is_draft else meeting)

    numbers = [str(urology["arrival"]), str(urology["now"]), str(urology["arrival"] - urology["now"])]
    assert ["Jung", "Urology", *numbers] in page.rows
    assert ["Urology", *numbers] in page.rows
    assert f"{held['total']['now']} instead of {held['total']['arrival']}" in page.text


def test_meeting_without_called_in_members_has_no_table(app: Flask) -> None:
    with app.app_context():
        empty = db.session().scalars(select(Meeting.public_id)).first()
    visitor = Visitor(app)
    visitor.log_in("surgeon@hospital.example")

    page = visitor.see(f"/meetings/{empty}")

    assert (page.status, "Minutes specialists are held" in page.text) == (200, False)


def test_draft_shows_the_order_of_arrival_above_the_proposal_with_the_minutes_saved(
    app_with_draft: tuple[Flask, str],
) -> None:
    app, draft_id = app_with_draft
    drafted = Program(app, Role.COORDINATOR).get(f"/drafts/{draft_id}").get_json()["meetings"]
    total = next(each["minutes_held"] for each in drafted if each["entries"])["total"]
    visitor = Visitor(app)
    visitor.log_in("coordinator@hospital.example")

    page = visitor.see(f"/drafts/{draft_id}")

    said = [
        f"In the order of arrival · {total['arrival']} minutes held",
        f"As proposed · {total['now']} minutes held, {total['arrival'] - total['now']} fewer",
    ]
    assert total["arrival"] > total["now"]
    assert re.findall(r"(?:In the order of|As proposed ·).*?(?:held(?!,)|fewer)", page.text) == said
    pictures = re.findall(r'<svg[^>]*class="timeline[^>]*aria-labelledby="(\S+)', page.html)
    assert len(pictures) == 2
    assert pictures[0] != pictures[1]

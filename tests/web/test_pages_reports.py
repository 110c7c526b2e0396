"""Reports on the page, as a file and over the API."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.builders import BOARD, CORE
from tests.services.past_meetings import note_there, publish_next, record_all
from tests.web.conftest import Program
from tests.web.visitor import a_visitor
from tumorboard.services.access import Role
from tumorboard.store.db import db
from tumorboard.store.meetings import Meeting

FILES = ("waits", "weeks", "attended", "held", "reasons")


@pytest.fixture
def held(app: Flask) -> str:
    """The public id of a meeting of last week, with its record: every case discussed, the core there."""
    with app.app_context():
        session, setup = db.session(), app.extensions["tumorboard"]
        meeting = publish_next(session, setup, now=datetime.now(UTC))
        back = meeting.starts_at - datetime.now(UTC) + timedelta(days=7)
        for row in (meeting, *meeting.agenda, *meeting.invitations):
            row.starts_at, row.ends_at = row.starts_at - back, row.ends_at - back
        for item in meeting.agenda:
            item.case.referred_at = item.starts_at - timedelta(days=4)
        record_all(session, meeting)
        note_there(session, meeting, *CORE.values())
        return meeting.public_id


def test_fresh_installation_says_what_to_do(app: Flask) -> None:
    page = a_visitor(app).see("/reports")

    assert page.status == 200
    assert "No meeting was held in this period" in page.text
    assert '<svg class="chart"' not in page.html


def test_charts_have_titles_and_tables_behind_them(app: Flask, held: str) -> None:
    page = a_visitor(app).see("/reports")

    assert (page.status, "1 meeting was held" in page.text) == (200, True)
    charts = re.findall(r'<svg class="chart" role="img" aria-labelledby="ct-(\w+) cd-\w+"', page.html)
    assert charts == ["waits", "attended", "weeks", "held"]
    for name in charts:
        assert f'<title id="ct-{name}">' in page.html
    assert page.text.count("The numbers as a table") == len(charts)
    assert "No case was put off in this period." in page.text


def test_filters_stand_in_the_address(app: Flask, held: str) -> None:
    visitor = a_visitor(app)
    day = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()

    one = visitor.see(f"/reports?board={BOARD}")
    none = visitor.see(f"/reports?from={day}&to={day}")

    assert ("1 meeting was held" in one.text, f'value="{BOARD}" selected' in one.html) == (True, True)
    assert "0 meetings were held" in none.text


@pytest.mark.parametrize(
    ("query", "said"),
    [("from=2026-05-05&to=2020-01-01", "one day to one year"), ("from=soon", "no date"), ("to=1", "no date")],
)
def test_wrong_period_is_explained(app: Flask, query: str, said: str) -> None:
    page = a_visitor(app).see(f"/reports?{query}")

    assert (page.status, said in page.text) == (422, True)


def test_unknown_board_is_not_found(app: Flask) -> None:
    assert a_visitor(app).see("/reports?board=nowhere").status == 404


@pytest.mark.parametrize("name", FILES)
def test_every_table_can_be_taken_along(app: Flask, held: str, name: str) -> None:
    visitor = a_visitor(app, Role.AUDITOR)

    response = visitor.client.get(f"/reports/{name}.csv")

    assert (response.status_code, response.mimetype) == (200, "text/csv")
    assert response.data.startswith(b"\xef\xbb\xbf")
    assert re.fullmatch(rf"attachment; filename={name}-[\d-]+\.csv", response.headers["Content-Disposition"])


def test_unknown_table_is_not_found(app: Flask) -> None:
    assert a_visitor(app).see("/reports/nothing.csv").status == 404


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.COORDINATOR, 200), (Role.AUDITOR, 200), (Role.ADMINISTRATOR, 200), (Role.PHYSICIAN, 200),
     (Role.SURGEON, 403)],
)  # fmt: skip
def test_reports_open_for_those_who_may(app: Flask, role: Role, status: int) -> None:
    assert a_visitor(app, role).see("/reports").status == status


def test_late_cases_are_named_to_those_who_may_read_cases(app: Flask, held: str) -> None:
    with app.app_context():
        meeting = db.session().scalars(select(Meeting).where(Meeting.public_id == held)).one()
        case = meeting.agenda[0].case
        reference, case.referred_at = case.reference, case.referred_at - timedelta(days=100)
        db.session().commit()

    seen = {role: reference in a_visitor(app, role).see("/reports").text for role in (Role.COORDINATOR, Role.AUDITOR)}

    assert seen == {Role.COORDINATOR: True, Role.AUDITOR: False}


def test_korean_report_has_no_english_sentence(app: Flask, held: str) -> None:
    page = a_visitor(app, language="ko").see("/reports")

    sentences = [text for text in page.words if re.search(r"\b[a-z]{3,} [a-z]{2,} [a-z]{2,}\b", text)]
    assert sentences == []


def test_page_takes_few_queries_with_many_meetings(app: Flask, held: str, count_queries: Any) -> None:
    visitor = a_visitor(app)
    with app.app_context():
        db.session().execute(update(Meeting).where(Meeting.public_id != held).values(status="published"))
        db.session().commit()

    with count_queries() as statements:
        visitor.see("/reports")

    assert len(statements) <= 30, "\n".join(statements)


def test_api_gives_the_same_numbers(coordinator: Program, held: str) -> None:
    report = coordinator.get("/reports").get_json()

    assert (report["meetings"], report["unrecorded"], report["unattended"]) == (1, 0, 0)
    assert report["waits"][0]["median_days"] == 4
    assert sum(week["counts"]["discussed"] for week in report["weeks"]) == len(report["waits"][0]["days"])
    assert {one["specialty"]: one["there"] for one in report["attendance"]}["pathology"] == 1
    assert report["board"] is None


def test_api_refuses_an_impossible_period(coordinator: Program) -> None:
    response = coordinator.get("/reports?from=2026-05-05&to=2020-01-01")

    assert (response.status_code, response.get_json()["code"]) == (422, "bad-period")

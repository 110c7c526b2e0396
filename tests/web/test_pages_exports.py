"""The purpose of a file is asked once in a log-in; then files come at a click."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from tests.services.past_meetings import publish_next
from tests.web.visitor import a_visitor
from tumorboard.services.access import Role
from tumorboard.store.db import db
from tumorboard.store.post import AuditEvent


@pytest.fixture
def meeting(app: Flask) -> str:
    """The public id of a published meeting."""
    with app.app_context():
        return publish_next(db.session(), app.extensions["tumorboard"], now=datetime.now(UTC)).public_id


def purposes(app: Flask) -> list[str]:
    with app.app_context():
        events = select(AuditEvent).where(AuditEvent.action == "export:made").order_by(AuditEvent.id)
        return [row.detail["purpose"] for row in db.session().scalars(events)]


def test_purpose_is_asked_once_and_the_file_follows(app: Flask, meeting: str) -> None:
    visitor = a_visitor(app)
    asked = visitor.see(f"/exports/agenda/{meeting}.pdf")
    form = {"purpose": "care", "note": "", "next": f"/exports/agenda/{meeting}.pdf", "csrf_token": visitor.token}

    file = visitor.client.post("/exports", data=form, follow_redirects=True)
    second = visitor.client.get("/exports/cases.xlsx")

    assert "What are the files for?" in asked.text
    assert visitor.address.startswith("/exports?next=")
    assert (file.status_code, file.mimetype, file.data[:5]) == (200, "application/pdf", b"%PDF-")
    assert (second.status_code, second.data[:2]) == (200, b"PK")
    assert purposes(app) == ["care", "care"]


def test_next_log_in_is_asked_again(app: Flask, meeting: str) -> None:
    visitor = a_visitor(app)
    visitor.see("/exports")
    visitor.send("/exports", purpose="meeting", note="")
    visitor.send("/log-out")

    visitor.log_in("coordinator@hospital.example")
    page = visitor.see("/exports/cases.csv")

    assert "What are the files for?" in page.text


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("agenda/{}.pdf", "application/pdf", r"attachment; filename=agenda-ovarian-weekly-[\d-]+\.pdf"),
        ("agenda/{}.csv", "text/csv", r"attachment; filename=agenda-ovarian-weekly-[\d-]+\.csv"),
        ("record/{}.csv", "text/csv", r"attachment; filename=record-ovarian-weekly-[\d-]+\.csv"),
        ("record/{}.pdf", "application/pdf", r"attachment; filename=record-ovarian-weekly-[\d-]+\.pdf"),
        (
            "cases.csv?program=%22;x=%0d%0aSet-Cookie:a&state=../../x",
            "text/csv",
            r"attachment; filename=cases-[\d-]+\.csv",
        ),
        ("cases.csv?state=ready&search=C", "text/csv", r"attachment; filename=cases-ready-[\d-]+\.csv"),
    ],
)
def test_file_has_its_kind_and_a_name_without_a_case(app: Flask, meeting: str, path: str, kind: str, name: str) -> None:
    visitor = a_visitor(app)
    visitor.see("/exports")
    visitor.send("/exports", purpose="meeting", note="")

    response = visitor.client.get(f"/exports/{path.format(meeting)}")

    assert (response.status_code, response.mimetype) == (200, kind)
    assert re.fullmatch(name, response.headers["Content-Disposition"])
    assert response.headers["Cache-Control"] == "no-store"
    assert not re.search(rb"\d{6}-[1-8]\d{6}", response.data)


def test_wrong_purpose_is_explained_at_the_field(app: Flask) -> None:
    visitor = a_visitor(app)
    visitor.see("/exports")

    page = visitor.send("/exports", purpose="research", note="")

    assert (page.status, "Say in a few words what it is for" in page.text) == (422, True)
    assert 'value="research" selected' in page.html
    assert 'aria-invalid="true"' in page.html


def test_purpose_leads_to_no_other_place(app: Flask) -> None:
    visitor = a_visitor(app)
    visitor.see("/exports")

    visitor.send("/exports", purpose="meeting", note="", next="//evil.example/exports/x")

    assert visitor.address == "/exports"


def test_invited_surgeon_opens_her_agenda_at_once(app: Flask, meeting: str) -> None:
    visitor = a_visitor(app, Role.SURGEON)

    response = visitor.client.get(f"/exports/agenda/{meeting}.pdf")

    assert (response.status_code, response.mimetype, purposes(app)) == (200, "application/pdf", ["own-meeting"])


@pytest.mark.parametrize("path", ["exports", "exports/cases.xlsx", "exports/agenda/{}.xlsx", "exports/record/{}.pdf"])
def test_surgeon_takes_nothing_else(app: Flask, meeting: str, path: str) -> None:
    visitor = a_visitor(app, Role.SURGEON)

    assert visitor.see(f"/{path.format(meeting)}").status == 403
    assert purposes(app) == []


@pytest.mark.parametrize("path", ["agenda/{}.docx", "cases.pdf", "agenda/zzz.pdf"])
def test_unknown_file_is_not_found(app: Flask, meeting: str, path: str) -> None:
    visitor = a_visitor(app)
    visitor.see("/exports")
    visitor.send("/exports", purpose="meeting", note="")

    assert visitor.see(f"/exports/{path.format(meeting)}").status == 404


def test_korean_page_has_no_english_sentence(app: Flask, meeting: str) -> None:
    page = a_visitor(app, language="ko").see("/exports")

    sentences = [text for text in page.words if re.search(r"\b[a-z]{3,} [a-z]{2,} [a-z]{2,}\b", text)]
    assert (page.status, sentences) == (200, [])

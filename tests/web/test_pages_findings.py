"""What is to be mended, where the coordinator sees it, and the repair one click away."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests.builders import BOARD, ON_DEMAND, OPERATOR, case_id, member_id
from tests.web.conftest import Program
from tests.web.visitor import a_visitor
from tumorboard.services.access import Role
from tumorboard.services.nightly import check_published
from tumorboard.services.people import add_absence
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.store.cases import Case, ReadinessItem
from tumorboard.store.db import db
from tumorboard.store.meetings import Meeting

UROLOGY = ON_DEMAND["urology"]


@pytest.fixture
def broken(app: Flask) -> Flask:
    """C-1 and C-2 are published; then urology goes on leave and the report of C-1 is withdrawn."""
    with app.app_context():
        session, setup, now = db.session(), app.extensions["tumorboard"], datetime.now(UTC)
        draft = propose(session, setup, board=BOARD, weeks=4, by=OPERATOR, now=now)
        publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=now)
        meeting = session.scalars(select(Meeting).where(Meeting.status == "published")).one()
        start = meeting.starts_at - timedelta(hours=5)
        add_absence(session, member_id=member_id(session, UROLOGY), starts_at=start, ends_at=start + timedelta(days=1),
                    kind="absence", by=OPERATOR, now=now)  # fmt: skip
        query = (
            select(ReadinessItem).join(Case).where(Case.reference == "C-1", ReadinessItem.item == "pathology_report")
        )
        session.delete(session.scalars(query).one())
        session.commit()
        check_published(session, setup, by=OPERATOR, now=now)
        db.session.remove()
    return app


def meeting_address(app: Flask) -> str:
    with app.app_context():
        found = db.session().scalars(select(Meeting.public_id).where(Meeting.status == "published")).one()
    return f"/meetings/{found}"


@pytest.mark.parametrize("address", ["board", "meeting"])
def test_findings_stand_on_the_board_and_on_the_meeting_with_what_to_do(broken: Flask, address: str) -> None:
    page = a_visitor(broken).see(f"/boards/{BOARD}" if address == "board" else meeting_address(broken))

    assert "To mend" in page.text
    assert "Jung cannot come any more: nobody for Urology at C-2" in page.text
    assert "C-1: no longer ready: " in page.text
    assert "Note the report at the case; else the repair moves the case." in page.text
    with broken.app_context():
        assert page.links["Open the case"] == f"/cases/{case_id(db.session(), 'C-1')}"


def test_first_page_of_the_coordinator_says_how_much_is_to_be_mended(broken: Flask) -> None:
    page = a_visitor(broken).see("/")

    assert page.links["Ovarian board: 2 things to mend on published meetings"] == f"/boards/{BOARD}#to-mend"


@pytest.mark.parametrize("role", [Role.PHYSICIAN, Role.SURGEON, Role.ADMINISTRATOR, Role.AUDITOR])
def test_findings_are_not_shown_to_who_does_not_plan(broken: Flask, role: Role) -> None:
    page = a_visitor(broken, role).see(f"/boards/{BOARD}")

    assert ("To mend" in page.text, "no longer ready" in page.text) == (False, False)


def test_repair_opens_a_draft_that_leaves_the_rest_alone(broken: Flask) -> None:
    visitor = a_visitor(broken)
    board = visitor.see(f"/boards/{BOARD}")

    page = visitor.send(board.action("/repair"))

    assert re.fullmatch(r"/drafts/\w+", visitor.address)
    assert "This repair moves 2 cases; all else stays as it is." in page.text


def test_board_shows_the_repair_that_waits(broken: Flask) -> None:
    visitor = a_visitor(broken)
    visitor.send(visitor.see(f"/boards/{BOARD}").action("/repair"))

    page = visitor.see(f"/boards/{BOARD}")

    assert "A repair is ready: cases moved" in page.text
    assert page.links["Look at the repair"].startswith("/drafts/")


def test_open_draft_of_a_person_is_said_and_stays(broken: Flask) -> None:
    with broken.app_context():
        now = datetime.now(UTC)
        mine = propose(db.session(), broken.extensions["tumorboard"], board=BOARD, weeks=4, by=OPERATOR, now=now)
        address = f"/drafts/{mine.public_id}"
        db.session.remove()
    visitor = a_visitor(broken)
    visitor.see(f"/boards/{BOARD}")

    page = visitor.send(f"/boards/{BOARD}/repair")

    assert (visitor.address, "The draft of test is open and stays as it is." in page.text) == (address, True)


def test_check_can_be_made_at_once(broken: Flask) -> None:
    visitor = a_visitor(broken)
    visitor.see(f"/boards/{BOARD}")

    page = visitor.send(f"/boards/{BOARD}/check")

    assert "Looked at 1 published meetings: 2 things are to be mended." in page.text


def test_korean_pages_have_no_english_sentence(broken: Flask) -> None:
    visitor = a_visitor(broken, language="ko")

    pages = [visitor.see(address) for address in ("/", f"/boards/{BOARD}", meeting_address(broken))]

    words = [text for page in pages for text in page.words]
    assert "조치할 사항" in words
    assert [text for text in words if re.search(r"\b[a-z]{3,} [a-z]{2,} [a-z]{2,}\b", text)] == []


def test_findings_over_the_api(broken: Flask) -> None:
    coordinator = Program(broken, Role.COORDINATOR)

    answer = coordinator.get(f"/boards/{BOARD}/findings").get_json()

    found = [(each["code"], each["blocks"], each["step"], each["values"]) for each in answer["items"]]
    with broken.app_context():
        who = member_id(db.session(), UROLOGY)
    assert found == [
        ("case-not-ready", True, "note_report", {"reference": "C-1", "items": "pathology_report"}),
        ("member-absent", True, "repair", {"member": who, "references": "C-2", "specialties": "urology"}),
    ]
    assert answer["items"][1]["message"] == "Jung cannot come any more: nobody for Urology at C-2"


def test_repair_over_the_api(broken: Flask) -> None:
    coordinator = Program(broken, Role.COORDINATOR)

    first, second = (coordinator.post(f"/boards/{BOARD}/repair").get_json() for _ in range(2))

    assert (first["outcome"], first["moved"] + first["taken_off"]) == ("made", 2)
    assert (second["outcome"], second["draft"]) == ("kept", first["draft"])


def test_findings_over_the_api_are_for_who_plans(broken: Flask) -> None:
    statuses = {
        role: Program(broken, role).get(f"/boards/{BOARD}/findings").status_code for role in (Role.CHAIR, Role.SURGEON)
    }

    assert statuses == {Role.CHAIR: 200, Role.SURGEON: 403}

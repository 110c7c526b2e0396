"""What programs do in a meeting: presence, texts, outcomes, the record, and the timeline of a case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.builders import BOARD, CORE, OPERATOR, case_id, member_id
from tests.rooms import bring_forward
from tests.web.conftest import Program
from tumorboard.services.access import Role
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.store.db import db

TEXT = "Interval debulking."


@pytest.fixture
def meeting(app: Flask) -> str:
    """The address of a meeting that began five minutes ago, with C-1 and C-2."""
    with app.app_context():
        session, setup, now = db.session(), app.extensions["tumorboard"], datetime.now(UTC)
        draft = propose(session, setup, board=BOARD, weeks=4, by=OPERATOR, now=now)
        publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=now)
        return f"/meetings/{bring_forward(session, starts_at=now - timedelta(minutes=5))}"


def cases_of(program: Program, meeting: str) -> list[dict[str, Any]]:
    return list(program.get(f"{meeting}/room").get_json()["cases"])


def test_meeting_is_held_over_the_api(app: Flask, coordinator: Program, meeting: str) -> None:
    with app.app_context():
        core = [member_id(db.session(), email) for email in CORE.values()]
    first, second = cases_of(coordinator, meeting)
    one, other = (f"{meeting}/cases/{case['case']}" for case in (first, second))

    came = coordinator.post(f"{meeting}/presence", {"here": True, "members": core}).get_json()
    coordinator.post(f"{one}/start", {})
    draft = coordinator._send(
        "PUT", f"{one}/recommendation", json={"text": "Inter", "stamp": first["stamp"]}
    ).get_json()
    said = {"outcome": "discussed", "text": TEXT, "stamp": draft["stamp"], "go_on": True}
    asked = coordinator.post(f"{one}/outcome", said)
    done = coordinator.post(f"{one}/outcome", {**said, "reason": "opinion-known"}).get_json()
    coordinator.post(
        f"{other}/outcome", {"outcome": "deferred", "reason": "out-of-time", "text": "", "stamp": second["stamp"]}
    )
    signed = coordinator.post(f"{meeting}/record/sign").get_json()
    record = coordinator.get(f"{meeting}/record").get_json()

    assert (asked.status_code, asked.get_json()["code"]) == (422, "quorum-missing")
    assert (came, done["outcome"], done["next_case"]) == ({"changed": 4}, "discussed", second["case"])
    assert [(case["outcome"], case["reason"], case["recommendation"]) for case in record["cases"]] == [
        ("discussed", "opinion-known", TEXT), ("deferred", "out-of-time", ""),
    ]  # fmt: skip
    assert (record["fingerprint"], record["is_unchanged"]) == (signed["fingerprint"], True)
    refused = coordinator.post(f"{one}/start", {})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "record-signed")
    opened = coordinator.post(f"{meeting}/record/reopen", {"reason": "outcome-wrong"}).get_json()
    assert opened["signed_at"] is None


def test_second_writer_gets_the_text_of_the_first(
    program: Callable[[Role], Program], coordinator: Program, meeting: str
) -> None:
    first = cases_of(coordinator, meeting)[0]
    place, body = f"{meeting}/cases/{first['case']}/recommendation", {"text": "Mine", "stamp": first["stamp"]}
    program(Role.CHAIR)._send("PUT", place, json={"text": "Hers", "stamp": first["stamp"]})

    refused = coordinator._send("PUT", place, json=body)

    problem = refused.get_json()
    assert (refused.status_code, problem["code"]) == (409, "text-changed-meanwhile")
    assert (problem["theirs"], problem["theirs_by"]) == ("Hers", "chair@hospital.example")
    assert coordinator._send("PUT", place, json={**body, "stamp": problem["stamp"]}).status_code == 200


def test_surgeon_comes_and_sees_neither_ids_nor_texts(
    app: Flask, surgeon: Program, coordinator: Program, meeting: str
) -> None:
    first = cases_of(coordinator, meeting)[0]
    coordinator._send(
        "PUT", f"{meeting}/cases/{first['case']}/recommendation", json={"text": TEXT, "stamp": first["stamp"]}
    )

    came = surgeon.post(f"{meeting}/presence", {"here": True})
    room, record = surgeon.get(f"{meeting}/room"), surgeon.get(f"{meeting}/record")

    assert came.get_json() == {"changed": 1}
    assert {(case["case"], case["recommendation"]) for case in room.get_json()["cases"]} == {(None, None)}
    assert (TEXT in room.text, TEXT in record.text) == (False, False)
    with app.app_context():
        case = case_id(db.session(), "C-1")
    assert surgeon.post(f"{meeting}/cases/{case}/start", {}).status_code == 403
    assert surgeon.get(f"/cases/{case}/timeline").status_code == 403


def test_attendance_is_corrected(app: Flask, coordinator: Program, meeting: str) -> None:
    with app.app_context():
        hers = member_id(db.session(), CORE["radiology"])
    now = datetime.now(UTC)
    since, until = (now - timedelta(minutes=4)).isoformat(), (now - timedelta(minutes=1)).isoformat()

    people = coordinator._send("PUT", f"{meeting}/presence/{hers}", json={"since": since, "until": until}).get_json()
    wrong = coordinator._send("PUT", f"{meeting}/presence/{hers}", json={"since": until, "until": since})

    stays = {person["member"]["id"]: person["stays"] for person in people["people"]}
    assert len(stays[hers]) == 1
    assert (wrong.status_code, wrong.get_json()["code"]) == (422, "bad-times")


def test_timeline_of_a_case(coordinator: Program, meeting: str) -> None:
    case = cases_of(coordinator, meeting)[0]["case"]
    coordinator.post(f"{meeting}/cases/{case}/start", {})

    items = coordinator.get(f"/cases/{case}/timeline").get_json()["items"]

    assert [item["code"] for item in items] == ["discussion:started", "case:placed", "case:imported"]
    assert items[0]["meeting"] == meeting.removeprefix("/meetings/")
    assert items[0]["by"] == "Coordinator"

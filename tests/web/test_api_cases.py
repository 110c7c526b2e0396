from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import PROGRAM, a_case_csv, a_case_row, case_id, import_list
from tests.web.conftest import Program
from tumorboard.services.access import Role
from tumorboard.store.db import db
from tumorboard.store.post import AuditEvent

NUMBER = "900101-" + "1234567"
"""What looks like a resident registration number; written in two parts so that no search finds it here."""


def id_of(app: Flask, reference: str) -> str:
    with app.app_context():
        return case_id(db.session(), reference)


def today(app: Flask) -> date:
    return app.extensions["tumorboard"].today(datetime.now(UTC))  # type: ignore[no-any-return]


def by_reference(response: Any) -> dict[str, Any]:
    return {row["reference"]: row for row in response.get_json()["items"]}


def test_list_shows_open_cases_with_their_states(coordinator: Program) -> None:
    response = coordinator.get("/cases")

    body = response.get_json()
    assert {name: row["state"] for name, row in by_reference(response).items()} == {
        "C-1": "ready",
        "C-2": "ready",
        "C-3": "not_ready",
    }
    assert body["counts"] == {"not_ready": 1, "ready": 2, "scheduled": 0, "done": 0, "withdrawn": 0}
    assert {name: body[name] for name in ("total", "offset", "limit")} == {"total": 3, "offset": 0, "limit": 50}


@pytest.mark.parametrize(
    ("query", "references"),
    [
        ("state=ready", {"C-1", "C-2"}),
        ("state=scheduled", set()),
        ("q=c-3", {"C-3"}),
        ("q=%25", set()),
        ("program=ovarian", {"C-1", "C-2", "C-3"}),
        ("program=perinatal", set()),
        ("limit=1&offset=2", {"C-3"}),
    ],
)
def test_list_is_narrowed(coordinator: Program, query: str, references: set[str]) -> None:
    assert set(by_reference(coordinator.get(f"/cases?{query}"))) == references


def test_need_says_which_rule_why_and_whose_word(coordinator: Program) -> None:
    case = by_reference(coordinator.get("/cases"))["C-2"]

    urology = next(need for need in case["needs"] if need["specialty"] == "urology")
    assert {name: urology[name] for name in ("required", "rule", "kind", "member", "waiver")} == {
        "required": True,
        "rule": "R13",
        "kind": "X",
        "member": None,
        "waiver": None,
    }
    assert urology["because"].isascii()
    assert urology["source"]


def test_need_is_said_in_the_language_of_the_caller(coordinator: Program) -> None:
    english, korean = (
        by_reference(coordinator.get("/cases", headers={"Accept-Language": language}))["C-2"]["needs"][0]["because"]
        for language in ("en", "ko")
    )

    assert english != korean
    assert not korean.isascii()


def test_finding_says_what_blocks_and_who_owes_it(coordinator: Program) -> None:
    case = by_reference(coordinator.get("/cases"))["C-3"]

    finding = next(each for each in case["readiness"] if each["item"] == "ct_chest_abdomen_pelvis")
    assert case["blocked_by"] == ["ct_chest_abdomen_pelvis"]
    assert case["ready_on"] is None
    assert {name: finding[name] for name in ("state", "level", "is_blocking", "reported_on", "owed_by")} == {
        "state": "missing",
        "level": "blocks",
        "is_blocking": True,
        "reported_on": None,
        "owed_by": "radiology",
    }


def test_case_has_normalised_fields_and_scores(app: Flask, coordinator: Program) -> None:
    case = coordinator.get(f"/cases/{id_of(app, 'C-1')}").get_json()

    assert case["normalised"] == {
        "age_years": 55,
        "figo_stage": "IIIC",
        "figo_edition": "unknown",
        "histology": "high_grade_serous",
        "grade": None,
        "ecog": 1,
        "residual": None,
    }
    assert case["scores"] == {"aletti": {"points": 2, "group": "low"}}
    assert case["fields"]["planned_procedures"] == ["hysterectomy_bso", "omentectomy"]
    assert (case["minutes"], case["urgency"], case["eligible"]) == (4, "routine", True)


def test_reading_a_case_is_recorded(app: Flask, coordinator: Program) -> None:
    wanted = id_of(app, "C-1")

    coordinator.get(f"/cases/{wanted}")

    with app.app_context():
        row = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "case:read")).one()
        assert (row.actor, row.subject_id, row.detail) == ("coordinator@hospital.example", wanted, {})


def test_unknown_case_is_404(coordinator: Program) -> None:
    response = coordinator.get(f"/cases/{'a' * 16}")

    assert (response.status_code, response.get_json()["code"]) == (404, "unknown-case")


@pytest.mark.parametrize("role", [Role.SURGEON, Role.ADMINISTRATOR, Role.AUDITOR])
def test_facts_of_cases_are_for_those_who_may_read_cases(
    app: Flask, program: Callable[[Role], Program], role: Role
) -> None:
    caller = program(role)

    statuses = [caller.get(path).status_code for path in ("/cases", f"/cases/{id_of(app, 'C-1')}")]

    assert statuses == [403, 403]


def test_referral_takes_json_values(coordinator: Program) -> None:
    fields = {"reference": "C-9", "age_years": 61, "planned_procedures": ["hipec", "omentectomy"], "question": "Now?"}

    response = coordinator.post("/cases", {"program": PROGRAM, "fields": fields})

    body = response.get_json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"/api/v1/cases/{body['id']}"
    assert {name: body["fields"][name] for name in ("age_years", "planned_procedures", "question")} == {
        "age_years": 61,
        "planned_procedures": ["hipec", "omentectomy"],
        "question": "Now?",
    }


def test_same_reference_twice_is_a_conflict(coordinator: Program) -> None:
    response = coordinator.post("/cases", {"program": PROGRAM, "fields": {"reference": "C-1"}})

    assert (response.status_code, response.get_json()["code"]) == (409, "case-exists")


def test_resident_registration_number_is_refused_and_not_repeated(coordinator: Program) -> None:
    body = {"program": PROGRAM, "fields": {"reference": "C-9", "question": f"as for {NUMBER}"}}

    response = coordinator.post("/cases", body)

    assert (response.status_code, response.get_json()["code"]) == (422, "resident-registration-number")
    assert NUMBER not in response.get_data(as_text=True)


@pytest.mark.parametrize("value", [{"a": 1}, ["a;b"], [1], "nul\x00", "\ud800", "x" * 4001])
def test_value_no_field_can_hold_is_refused(coordinator: Program, value: object) -> None:
    response = coordinator.post("/cases", {"program": PROGRAM, "fields": {"reference": "C-9", "question": value}})

    assert (response.status_code, response.get_json()["code"]) == (422, "invalid-fields")
    assert [error["field"] for error in response.get_json()["errors"]] == ["fields.question"]


def test_change_touches_the_named_fields_only(app: Flask, coordinator: Program) -> None:
    path = f"/cases/{id_of(app, 'C-1')}"
    before = coordinator.get(path).get_json()["fields"]

    changed = coordinator.patch(path, {"fields": {"ecog": 3, "question": None}})

    after = changed.get_json()["fields"]
    assert changed.status_code == 200
    assert after == {**{key: value for key, value in before.items() if key != "question"}, "ecog": 3}


def test_change_of_an_unknown_field_names_it(app: Flask, coordinator: Program) -> None:
    response = coordinator.patch(f"/cases/{id_of(app, 'C-1')}", {"fields": {"shoe_size": 38}})

    assert (response.status_code, response.get_json()["code"]) == (422, "unknown-field")
    assert [error["field"] for error in response.get_json()["errors"]] == ["shoe_size"]


def test_noted_report_makes_the_case_ready(app: Flask, coordinator: Program) -> None:
    note = {"item": "ct_chest_abdomen_pelvis", "reported_on": today(app).isoformat()}

    response = coordinator.post(f"/cases/{id_of(app, 'C-3')}/readiness", note)

    assert (response.status_code, response.get_json()["state"]) == (200, "ready")


def test_expected_report_says_from_when_the_case_is_ready(app: Flask, coordinator: Program) -> None:
    expected_on = (today(app) + timedelta(days=4)).isoformat()
    note = {"item": "ct_chest_abdomen_pelvis", "expected_on": expected_on, "owed_by": "Radiology desk"}

    body = coordinator.post(f"/cases/{id_of(app, 'C-3')}/readiness", note).get_json()

    finding = next(each for each in body["readiness"] if each["item"] == "ct_chest_abdomen_pelvis")
    assert body["ready_on"] == expected_on
    assert (finding["expected_on"], finding["owed_by"]) == (expected_on, "Radiology desk")


def test_note_for_many_is_all_or_nothing(app: Flask, coordinator: Program) -> None:
    ids = [id_of(app, "C-1"), "a" * 16]
    note = {"item": "ca125", "reported_on": today(app).isoformat(), "cases": ids}

    refused = coordinator.post("/cases/readiness", note)
    done = coordinator.post("/cases/readiness", {**note, "cases": [ids[0], ids[0], id_of(app, "C-2")]})

    assert refused.status_code == 404
    assert (done.status_code, done.get_json()) == (200, {"noted": 2})


def test_waiver_stands_beside_the_need_and_can_be_withdrawn(app: Flask, program: Callable[[Role], Program]) -> None:
    physician, path = program(Role.PHYSICIAN), f"/cases/{id_of(app, 'C-2')}"

    waived = physician.post(f"{path}/waivers", {"specialty": "urology", "because": "seen yesterday"}).get_json()
    ended = physician.delete(f"{path}/waivers/urology")
    again = physician.delete(f"{path}/waivers/urology")

    need = next(each for each in waived["needs"] if each["specialty"] == "urology")
    assert need["waiver"] == {"by": "Physician", "because": "seen yesterday"}
    assert (ended.status_code, ended.data) == (204, b"")
    assert (again.status_code, again.get_json()["code"]) == (404, "not-waived")


def test_coordinator_waives_nothing(app: Flask, coordinator: Program) -> None:
    body = {"specialty": "urology", "because": "no reason"}

    response = coordinator.post(f"/cases/{id_of(app, 'C-2')}/waivers", body)

    assert response.status_code == 403


def test_withdrawn_case_leaves_the_list(app: Flask, coordinator: Program) -> None:
    response = coordinator.post(f"/cases/{id_of(app, 'C-1')}/withdraw")

    assert (response.status_code, response.get_json()["state"]) == (200, "withdrawn")
    assert set(by_reference(coordinator.get("/cases"))) == {"C-2", "C-3"}


def test_withdrawn_case_is_reopened(app: Flask, coordinator: Program) -> None:
    coordinator.post(f"/cases/{id_of(app, 'C-1')}/withdraw")

    response = coordinator.post(f"/cases/{id_of(app, 'C-1')}/reopen")

    assert (response.status_code, response.get_json()["state"]) == (200, "ready")
    assert set(by_reference(coordinator.get("/cases"))) == {"C-1", "C-2", "C-3"}


def test_case_taken_off_its_meeting_is_put_back(app: Flask, published: Session, coordinator: Program) -> None:
    address = f"/cases/{id_of(app, 'C-2')}"
    before = coordinator.get(address).get_json()["meeting"]
    off = coordinator.post(f"{address}/withdraw-scheduled").get_json()

    back = coordinator.post(f"{address}/put-back").get_json()
    again = coordinator.post(f"{address}/put-back")

    assert (off["state"], back["state"]) == ("withdrawn", "scheduled")
    assert (back["meeting"], back["letters"], back["kept_off"]) == (before, 2, [])
    assert (again.status_code, again.get_json()["code"]) == (409, "nothing-to-undo")


def test_list_costs_the_same_with_many_cases(app: Flask, coordinator: Program, count_queries: Any) -> None:
    with count_queries() as few:
        coordinator.get("/cases?q=C-1")
    with app.app_context():
        rows = [a_case_row(f"D-{number}", on=today(app)) for number in range(20)]
        import_list(db.session(), app.extensions["tumorboard"], now=datetime.now(UTC), content=a_case_csv(rows))

    with count_queries() as many:
        response = coordinator.get("/cases")

    assert response.get_json()["total"] == 23
    assert len(many) == len(few) <= 8

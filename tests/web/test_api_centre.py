from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.builders import BOARD, CORE, ON_DEMAND, OPERATOR, PHYSICIAN, SURGEON, a_centre, a_member_entry, member_id
from tests.web.conftest import Program
from tumorboard.services.access import Role
from tumorboard.services.centre import load_centre
from tumorboard.store.db import db

SPECIALTIES = sorted([*CORE, *ON_DEMAND])


def id_of(app: Flask, email: str) -> str:
    with app.app_context():
        return member_id(db.session(), email)


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def test_people_are_listed_without_their_addresses(coordinator: Program) -> None:
    body = coordinator.get("/people").get_json()

    oncologist = next(row for row in body["items"] if row["specialties"] == ["medical_oncology"])
    assert body["total"] == 7
    assert oncologist == {
        "id": oncologist["id"],
        "name": "Lee",
        "title": "",
        "department": {"key": "medical_oncology", "name": "medical oncology"},
        "specialties": ["medical_oncology"],
        "certificates": ["chemotherapy_certified"],
        "time_zone": "Asia/Seoul",
        "absences": [],
    }


def test_people_are_narrowed_and_paged(coordinator: Program) -> None:
    urologists = coordinator.get("/people?specialty=urology").get_json()
    page = coordinator.get("/people?limit=2&offset=6").get_json()

    assert [row["specialties"] for row in urologists["items"]] == [["urology"]]
    assert (page["total"], len(page["items"])) == (7, 1)


def test_member_is_read_by_id(app: Flask, surgeon: Program) -> None:
    member = id_of(app, SURGEON)

    assert surgeon.get(f"/people/{member}").get_json()["name"] == "Jung"
    assert surgeon.get(f"/people/{'a' * 16}").get_json()["code"] == "unknown-member"


def test_own_absence_is_noted_and_taken_back(app: Flask, surgeon: Program) -> None:
    member = id_of(app, SURGEON)
    body = {"starts_at": in_days(20), "ends_at": in_days(21)}

    made = surgeon.post(f"/people/{member}/absences", body)
    noted = surgeon.get(f"/people/{member}").get_json()["absences"]
    gone = surgeon.delete(f"/absences/{made.get_json()['id']}")

    assert made.status_code == 201
    assert made.get_json()["meetings"] == []
    assert [absence["id"] for absence in noted] == [made.get_json()["id"]]
    assert gone.status_code == 204
    assert surgeon.get(f"/people/{member}").get_json()["absences"] == []


def test_absence_names_the_published_meetings_it_touches(app: Flask, coordinator: Program) -> None:
    draft = coordinator.propose(BOARD)
    coordinator.post(f"/drafts/{draft['id']}/publish")
    meeting = draft["meetings"][0]
    body = {"starts_at": meeting["starts_at"], "ends_at": meeting["ends_at"]}

    made = coordinator.post(f"/people/{id_of(app, SURGEON)}/absences", body)

    assert made.get_json()["meetings"] == [meeting["meeting"]]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"starts_at": in_days(2), "ends_at": in_days(1)}, "ends-before-start"),
        ({"starts_at": in_days(-2), "ends_at": in_days(-1)}, "absence-past"),
        ({"starts_at": in_days(1), "ends_at": in_days(1000)}, "absence-too-long"),
        ({"starts_at": "2026-12-01T08:00:00", "ends_at": in_days(2)}, "invalid-fields"),
        ({"starts_at": "0001-01-01T00:00:00+14:00", "ends_at": in_days(2)}, "invalid-fields"),
    ],
)
def test_impossible_absence_is_refused(app: Flask, coordinator: Program, body: dict[str, str], code: str) -> None:
    response = coordinator.post(f"/people/{id_of(app, SURGEON)}/absences", body)

    assert (response.status_code, response.get_json()["code"]) == (422, code)


def test_absence_of_another_is_for_coordinators(app: Flask, surgeon: Program, coordinator: Program) -> None:
    path = f"/people/{id_of(app, PHYSICIAN)}/absences"
    body = {"starts_at": in_days(20), "ends_at": in_days(21), "kind": "busy"}

    refused, made = surgeon.post(path, body), coordinator.post(path, body)
    kept = surgeon.delete(f"/absences/{made.get_json()['id']}")

    assert [response.status_code for response in (refused, made, kept)] == [403, 201, 403]


def test_departments_specialties_and_rooms_are_listed(coordinator: Program) -> None:
    departments = coordinator.get("/departments").get_json()
    specialties = coordinator.get("/specialties").get_json()
    rooms = coordinator.get("/rooms").get_json()

    assert [(row["key"], row["specialties"]) for row in departments["items"]] == [(key, [key]) for key in SPECIALTIES]
    assert [(row["key"], row["department"]) for row in specialties["items"]] == [(key, key) for key in SPECIALTIES]
    assert rooms["items"] == [
        {"key": "room-a", "name": "Room A", "capacity": 20, "video_url": "https://video.example/a"},
        {"key": "room-b", "name": "Room B", "capacity": 8, "video_url": None},
    ]


def test_programs_are_listed_with_their_parts(coordinator: Program) -> None:
    rows = coordinator.get("/programs").get_json()["items"]
    program = coordinator.get("/programs/ovarian").get_json()
    rules = coordinator.get("/programs/ovarian/rules").get_json()

    assert [row["id"] for row in rows] == ["cerclage", "ovarian", "perinatal"]
    assert program["rules"] == rules["items"]
    assert {name: value for name, value in rules["items"][0].items() if name in ("id", "kind", "requires")} == {
        "id": "R01",
        "kind": "G",
        "requires": ["gynecologic_oncology", "medical_oncology", "pathology", "radiology"],
    }
    assert program["clocks"]["days"] == {"routine": 14, "expedited": 7, "urgent": 1}
    assert [each["limit_days"] for each in program["readiness"] if each["id"] == "ct_chest_abdomen_pelvis"] == [56]
    assert next(each for each in program["fields"] if each["id"] == "ecog")["maximum"] == 4


def test_rule_counts_name_every_rule(coordinator: Program) -> None:
    rules = coordinator.get("/programs/ovarian/rules").get_json()["items"]
    counts = coordinator.get("/programs/ovarian/rule-counts").get_json()

    assert [row["id"] for row in counts["items"]] == [rule["id"] for rule in rules]
    assert max(row["open"] for row in counts["items"]) <= counts["open_cases"]


def test_unknown_program_is_404(coordinator: Program) -> None:
    response = coordinator.get("/programs/lung")

    assert (response.status_code, response.get_json()["code"]) == (404, "unknown-program")


def test_lists_cost_the_same_with_more_people(app: Flask, coordinator: Program, count_queries: Any) -> None:
    paths = ["/people", "/departments", "/specialties", "/rooms", "/boards", f"/boards/{BOARD}"]

    def costs() -> list[int]:
        counted = []
        for path in paths:
            with count_queries() as statements:
                assert coordinator.get(path).status_code == 200
            counted.append(len(statements))
        return counted

    before = costs()
    more = [a_member_entry(f"more{number}@hospital.example", "urology") for number in range(9)]
    with app.app_context():
        load_centre(
            db.session(),
            app.extensions["tumorboard"],
            a_centre(members=[*a_centre()["members"], *more]),
            filename="centre.toml",
            by=OPERATOR,
            now=datetime.now(UTC),
        )

    assert costs() == before
    assert max(before) <= 14


def test_letters_are_listed_without_their_text(coordinator: Program) -> None:
    draft = coordinator.propose(BOARD)
    coordinator.post(f"/drafts/{draft['id']}/publish")

    body = coordinator.get("/outbox?state=waiting&limit=2").get_json()

    assert (body["total"], len(body["items"])) == (6, 2)
    assert body["counts"] == {"waiting": 6, "sent": 0, "superseded": 0, "dead": 0, "held": 0, "failing": 0}
    assert set(body["items"][0]) == {
        "id", "recipient", "meeting", "method", "subject", "state", "batch", "tries", "last_error", "created_at",
        "due_at", "sent_at",
    }  # fmt: skip
    assert body["items"][0]["meeting"] == draft["meetings"][0]["meeting"]


def test_only_a_dead_letter_is_sent_again(coordinator: Program) -> None:
    draft = coordinator.propose(BOARD)
    coordinator.post(f"/drafts/{draft['id']}/publish")
    letter = coordinator.get("/outbox").get_json()["items"][0]["id"]

    response = coordinator.post(f"/outbox/{letter}/retry")

    assert (response.status_code, response.get_json()["code"]) == (409, "letter-not-dead")


def test_record_of_what_happened_is_for_auditors(program: Callable[[Role], Program], coordinator: Program) -> None:
    case = coordinator.get("/cases").get_json()["items"][0]["id"]
    coordinator.get(f"/cases/{case}")
    auditor = program(Role.AUDITOR)

    found = auditor.get(f"/audit?subject_kind=case&subject_id={case}&limit=1").get_json()

    assert coordinator.get("/audit").status_code == 403
    assert found["total"] == 2  # read, and imported before
    assert {name: value for name, value in found["items"][0].items() if name != "at"} == {
        "actor": "coordinator@hospital.example",
        "action": "case:read",
        "subject_kind": "case",
        "subject_id": case,
        "detail": {},
    }


def test_check_is_for_administrators_and_auditors(program: Callable[[Role], Program]) -> None:
    statuses = {role: program(role).get("/check").status_code for role in Role}

    assert {role for role, status in statuses.items() if status == 200} == {Role.ADMINISTRATOR, Role.AUDITOR}
    assert program(Role.AUDITOR).get("/check").get_json() == {"ok": True, "violations": []}


def test_letters_of_a_publication_are_held_and_let_go(coordinator: Program, program: Callable[[Role], Program]) -> None:
    draft = coordinator.propose(BOARD)["id"]
    coordinator.post(f"/drafts/{draft}/publish")
    place = f"/outbox/batches/{draft}"

    held = coordinator.post(f"{place}/hold").get_json()
    listed = coordinator.get("/outbox/batches").get_json()
    letters = coordinator.get("/outbox?state=held").get_json()
    released = coordinator.post(f"{place}/release").get_json()

    assert (held["held"], held["waiting"], held["total"]) == (held["total"], 0, letters["total"])
    assert (listed["items"], {each["batch"] for each in letters["items"]}) == ([held], {draft})
    assert (released["held"], released["waiting"]) == (0, held["total"])
    assert coordinator.get(place).get_json() == released
    assert program(Role.AUDITOR).get(place).status_code == 200
    assert program(Role.AUDITOR).post(f"{place}/hold").status_code == 403
    assert coordinator.post(f"/outbox/batches/{'a' * 16}/hold").get_json()["code"] == "unknown-batch"

"""Availability, weekly hours and substitutes for programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from tests.stand_ins import UROLOGY, UROLOGY_DEPUTY, coming
from tests.web.conftest import Program
from tests.web.needs import id_of, publish_staffed_centre
from tumorboard.services.access import Role
from tumorboard.store.db import db

SEOUL = ZoneInfo("Asia/Seoul")
HOURS: dict[str, Any] = {"weekdays": [1, 3], "starts": "09:00", "ends": "12:30", "first_on": "2026-01-01"}


@pytest.fixture
def meeting(app: Flask) -> tuple[str, datetime]:
    """The id and start of the published meeting of the staffed centre."""
    row = publish_staffed_centre(app)
    return row.public_id, row.starts_at


def an_absence(app: Flask, coordinator: Program, start: datetime) -> str:
    body = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=3)).isoformat()}
    made = coordinator.post(f"/people/{id_of(app, UROLOGY)}/absences", body).get_json()
    return str(made["id"])


def test_substitutes_of_an_absence_are_read_asked_and_taken_back(
    app: Flask, coordinator: Program, meeting: tuple[str, datetime]
) -> None:
    absence = an_absence(app, coordinator, meeting[1])

    cover = coordinator.get(f"/absences/{absence}/substitutes").get_json()
    done = coordinator.post(f"/absences/{absence}/substitutes", {}).get_json()
    again = coordinator.get(f"/absences/{absence}/substitutes").get_json()
    undone = coordinator.post(f"/substitutions/{done['change']}/undo").get_json()

    deputy = id_of(app, UROLOGY_DEPUTY)
    assert [(need["meeting"], need["need"], need["chosen"]) for need in cover["needs"]] == [
        (meeting[0], "urology", deputy)
    ]
    assert done == {
        "change": done["change"], "asked": [{"meeting": meeting[0], "member": deputy}], "open": [], "letters": 2,
    }  # fmt: skip
    assert (again["needs"], again["change"]) == ([], done["change"])
    assert undone == {"meetings": [meeting[0]], "left": [], "letters": 0}
    with app.app_context():
        assert UROLOGY in coming(db.session())


def test_choice_by_hand_is_taken_or_refused_with_its_reason(
    app: Flask, coordinator: Program, meeting: tuple[str, datetime]
) -> None:
    absence = an_absence(app, coordinator, meeting[1])
    choice = {"meeting": meeting[0], "need": "urology"}

    nobody = coordinator.post(f"/absences/{absence}/substitutes", {"choices": [choice]})
    wrong = coordinator.post(
        f"/absences/{absence}/substitutes",
        {"choices": [{**choice, "instead": id_of(app, "choi.pathology@hospital.example")}]},
    )

    assert (nobody.status_code, nobody.get_json()["code"]) == (409, "nobody-chosen")
    assert (wrong.status_code, wrong.get_json()["code"]) == (409, "not-suited")
    assert [reason["code"] for reason in wrong.get_json()["reasons"]] == ["specialty-missing"]


def test_absence_gets_other_times(app: Flask, coordinator: Program, meeting: tuple[str, datetime]) -> None:
    absence = an_absence(app, coordinator, meeting[1])
    later = meeting[1] + timedelta(days=2)
    body = {"starts_at": later.isoformat(), "ends_at": (later + timedelta(hours=1)).isoformat()}

    changed = coordinator.put(f"/absences/{absence}", body).get_json()

    assert (changed["id"], changed["meetings"]) == (absence, [])
    assert coordinator.get(f"/absences/{absence}/substitutes").get_json()["needs"] == []


def test_weekly_hours_are_kept_and_seen(app: Flask, surgeon: Program, coordinator: Program) -> None:
    member = id_of(app, UROLOGY)
    made = surgeon.post(f"/people/{member}/hours", HOURS).get_json()
    first = made["items"][0]
    changed = surgeon.put(f"/hours/{first['id']}", {**HOURS, "weekdays": [4], "kind": "available"}).get_json()
    table = coordinator.get("/availability?department=urology&first=2027-02-01").get_json()
    gone = [surgeon.delete(f"/hours/{row['id']}").status_code for row in made["items"]]

    assert [(row["weekday"], row["starts"], row["ends"], row["time_zone"]) for row in made["items"]] == [
        (1, "09:00", "12:30", "Asia/Seoul"), (3, "09:00", "12:30", "Asia/Seoul"),
    ]  # fmt: skip
    assert (changed["items"][0]["kind"], changed["items"][0]["weekday"]) == ("available", 4)
    days = table["groups"][0]["members"][0]["days"]
    assert {day["on"]: day["state"] for day in days}["2027-02-04"] == "partly"
    assert {day["on"]: day["state"] for day in days}["2027-02-02"] == "free"
    assert (gone, surgeon.get(f"/people/{member}/hours").get_json()["items"]) == ([204, 204], [])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ends": "09:00"}, "ends-before-start"),
        ({"last_on": "2025-12-01"}, "ends-before-start"),
        ({"last_on": "2026-01-02", "first_on": "2026-01-01"}, "absence-past"),
        ({"first_on": "2150-01-01"}, "too-far"),
        ({"time_zone": "Mars/Base"}, "unknown-zone"),
        ({"weekdays": []}, "invalid-fields"),
        ({"weekdays": [7]}, "invalid-fields"),
        ({"kind": "perhaps"}, "invalid-fields"),
        ({"starts": "25:00"}, "invalid-fields"),
    ],
)
def test_impossible_hours_are_refused(app: Flask, surgeon: Program, changes: dict[str, Any], code: str) -> None:
    response = surgeon.post(f"/people/{id_of(app, UROLOGY)}/hours", {**HOURS, **changes})

    assert (response.status_code, response.get_json()["code"]) == (422, code)


def test_one_weekday_is_changed_at_a_time_and_a_week_has_an_end(app: Flask, surgeon: Program) -> None:
    member = id_of(app, UROLOGY)
    made = surgeon.post(f"/people/{member}/hours", {**HOURS, "weekdays": [0]}).get_json()["items"][0]
    two = surgeon.put(f"/hours/{made['id']}", HOURS)
    for _ in range(8):
        surgeon.post(f"/people/{member}/hours", {**HOURS, "weekdays": list(range(7))})

    full = surgeon.post(f"/people/{member}/hours", {**HOURS, "weekdays": list(range(7))})

    assert (two.status_code, two.get_json()["code"]) == (422, "one-weekday")
    assert (full.status_code, full.get_json()["code"]) == (409, "too-many-hours")


def test_hours_of_others_are_for_coordinators(
    app: Flask, program: Callable[[Role], Program], coordinator: Program
) -> None:
    other = id_of(app, "kim.gynecology@hospital.example")
    made = coordinator.post(f"/people/{other}/hours", HOURS).get_json()["items"][0]["id"]
    surgeon = program(Role.SURGEON)

    assert surgeon.post(f"/people/{other}/hours", HOURS).status_code == 403
    assert [surgeon.delete(f"/hours/{each}").status_code for each in (made, "a" * 16)] == [403, 403]
    assert surgeon.put(f"/hours/{made}", HOURS).status_code == 403
    assert surgeon.get("/availability").status_code == 403


def test_people_are_searched(coordinator: Program) -> None:
    found = coordinator.get("/people?search=jun&department=urology").get_json()["items"]
    away = coordinator.get("/people?away_days=30").get_json()["items"]

    assert ([row["name"] for row in found], away) == (["Jung"], [])

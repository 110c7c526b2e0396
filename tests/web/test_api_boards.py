from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from tests.builders import BOARD, CORE, a_case_csv, a_case_row, import_list
from tests.web.conftest import Program
from tumorboard.services.access import Role
from tumorboard.services.centre import WEEKDAYS
from tumorboard.store.db import db

SEOUL = ZoneInfo("Asia/Seoul")


def publish(coordinator: Program) -> dict[str, Any]:
    """Propose and publish; gives the first meeting."""
    draft = coordinator.propose(BOARD, weeks=2)
    done = coordinator.post(f"/drafts/{draft['id']}/publish").get_json()
    return dict(coordinator.get(f"/meetings/{done['meetings'][0]}").get_json())


def meetings_of(caller: Program) -> list[dict[str, Any]]:
    return list(caller.get(f"/boards/{BOARD}/meetings").get_json()["items"])


def test_boards_are_listed_in_the_language_of_the_caller(coordinator: Program) -> None:
    response = coordinator.get("/boards")

    row = {"key": BOARD, "name": "Ovarian board", "program": "ovarian", "time_zone": "Asia/Seoul"}
    assert response.get_json() == {"items": [row], "total": 1}
    assert coordinator.get("/boards", headers={"Accept-Language": "ko"}).get_json()["items"][0]["name"] != row["name"]


def test_board_has_seats_meetings_and_no_draft(coordinator: Program) -> None:
    board = coordinator.get(f"/boards/{BOARD}").get_json()

    assert [seat["specialty"] for seat in board["seats"] if seat["kind"] == "core"] == list(CORE)
    assert [len(seat["holders"]) for seat in board["seats"]] == [1] * 7
    assert board["draft"] is None
    assert {meeting["status"] for meeting in board["meetings"]} == {"planned"}


def test_meetings_of_the_series_are_half_past_seven_of_their_weekday(coordinator: Program) -> None:
    series = coordinator.get("/centre/series").get_json()["items"][0]
    starts = [datetime.fromisoformat(row["starts_at"]).astimezone(SEOUL) for row in meetings_of(coordinator)]

    assert {(start.weekday(), start.time()) for start in starts} == {(WEEKDAYS.index(series["weekday"]), time(7, 30))}


def test_unknown_board_names_the_known_ones(coordinator: Program) -> None:
    response = coordinator.get("/boards/lung")

    assert (response.status_code, response.get_json()["code"]) == (404, "unknown-board")
    assert response.get_json()["detail"] == f"there is no board 'lung'; known: {BOARD}"


def extra(**changes: Any) -> dict[str, Any]:
    on = datetime.now(SEOUL).date() + timedelta(days=3)
    return {"on": on.isoformat(), "local_time": "16:00", "minutes": 60, "room": "room-b", **changes}


def test_extra_meeting_is_in_the_zone_of_the_board(coordinator: Program) -> None:
    response = coordinator.post(f"/boards/{BOARD}/meetings", extra())

    body = response.get_json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"/api/v1/meetings/{body['id']}"
    assert datetime.fromisoformat(body["starts_at"]).astimezone(SEOUL).time() == time(16)
    assert (body["minutes"], body["room"], body["agenda"], body["windows"]) == (60, "Room B", [], [])
    assert body["quorum"] == {"is_met": False, "filled": [], "vacant": list(CORE)}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"on": "2020-01-07"}, 422, "meeting-past"),
        ({"room": "room-z"}, 404, "unknown-room"),
        ({"minutes": 5}, 422, "invalid-fields"),
        ({"local_time": "25:00"}, 422, "invalid-fields"),
    ],
)
def test_impossible_meeting_is_refused(coordinator: Program, changes: dict[str, Any], status: int, code: str) -> None:
    response = coordinator.post(f"/boards/{BOARD}/meetings", extra(**changes))

    assert (response.status_code, response.get_json()["code"]) == (status, code)


def test_two_meetings_in_one_room_are_a_conflict(coordinator: Program) -> None:
    coordinator.post(f"/boards/{BOARD}/meetings", extra())

    response = coordinator.post(f"/boards/{BOARD}/meetings", extra(local_time="16:30"))

    assert (response.status_code, response.get_json()["code"]) == (409, "room-taken")


def test_proposal_is_a_difference_with_reasons(coordinator: Program) -> None:
    draft = coordinator.propose(BOARD, weeks=2)

    first = draft["meetings"][0]
    assert (draft["board"], draft["status"], draft["letters"]) == (BOARD, "open", 6)
    assert {entry["case"]["reference"]: entry["change"] for entry in first["entries"]} == {"C-1": "new", "C-2": "new"}
    assert {attendance["change"] for attendance in first["attendances"]} == {"invited"}
    assert [(each["case"]["reference"], each["reasons"][0]["code"]) for each in draft["left_out"]] == [
        ("C-3", "not-ready")
    ]
    assert draft["left_out"][0]["reasons"][0]["message"].startswith("Not ready: CT")


def test_proposal_shows_on_the_board_and_on_the_case(coordinator: Program) -> None:
    draft = coordinator.propose(BOARD)

    entry = draft["meetings"][0]["entries"][0]
    proposed = coordinator.get(f"/cases/{entry['case']['id']}").get_json()["proposed"]
    assert coordinator.get(f"/boards/{BOARD}").get_json()["draft"] == draft["id"]
    assert proposed == {"meeting": draft["meetings"][0]["meeting"], "reasons": entry["reasons"]}


def test_case_is_moved_to_another_meeting_and_out(coordinator: Program) -> None:
    draft = coordinator.propose(BOARD, weeks=3)
    path, target = f"/drafts/{draft['id']}", draft["meetings"][1]["meeting"]

    moved = coordinator.patch(path, {"case": "C-1", "meeting": target}).get_json()
    out = coordinator.patch(path, {"case": "C-1", "meeting": None}).get_json()

    assert [entry["case"]["reference"] for entry in moved["meetings"][1]["entries"]] == ["C-1"]
    assert moved["meetings"][1]["entries"][0]["reasons"][0]["code"] == "placed-by-hand"
    assert [each["case"]["reference"] for each in out["left_out"]] == ["C-1", "C-3"]


def test_unknown_case_cannot_be_moved(coordinator: Program) -> None:
    draft = coordinator.propose(BOARD)

    response = coordinator.patch(f"/drafts/{draft['id']}", {"case": "C-99", "meeting": None})

    assert (response.status_code, response.get_json()["code"]) == (404, "unknown-case")


def test_discarded_draft_cannot_be_published(coordinator: Program) -> None:
    draft = coordinator.propose(BOARD)

    gone = coordinator.delete(f"/drafts/{draft['id']}")
    response = coordinator.post(f"/drafts/{draft['id']}/publish")

    assert gone.status_code == 204
    assert (response.status_code, response.get_json()["code"]) == (409, "draft-closed")


def test_draft_that_is_no_longer_right_says_why(app: Flask, coordinator: Program) -> None:
    draft = coordinator.propose(BOARD)
    meeting = draft["meetings"][0]
    member = meeting["attendances"][0]["member"]["id"]
    absence = {"starts_at": meeting["starts_at"], "ends_at": meeting["ends_at"]}
    coordinator.post(f"/people/{member}/absences", absence)

    response = coordinator.post(f"/drafts/{draft['id']}/publish")

    body = response.get_json()
    assert (response.status_code, body["code"]) == (409, "plan-broken")
    assert {reason["code"] for reason in body["reasons"]} >= {"member-busy"}


def test_publication_writes_to_everybody_once(coordinator: Program) -> None:
    draft = coordinator.propose(BOARD, weeks=2)

    done = coordinator.post(f"/drafts/{draft['id']}/publish")
    again = coordinator.propose(BOARD, weeks=2)

    assert done.status_code == 200
    assert done.get_json() == {"letters": 6, "meetings": [draft["meetings"][0]["meeting"]]}
    assert (again["letters"], again["meetings"][0]["is_changed"]) == (0, False)


def test_published_meeting_has_agenda_windows_and_quorum(coordinator: Program) -> None:
    meeting = publish(coordinator)

    on_demand = {row["specialties"][0]: row for row in meeting["windows"] if row["kind"] == "on_demand"}
    assert (meeting["status"], meeting["case_count"], meeting["minutes_used"]) == ("published", 2, 10)
    assert [(item["reference"], item["position"]) for item in meeting["agenda"]] == [("C-2", 0), ("C-1", 1)]
    assert on_demand["urology"]["cases"] == ["C-2"]
    assert on_demand["urology"]["rules"] == ["R13"]
    assert meeting["quorum"]["is_met"] is True
    assert [seat["specialty"] for seat in meeting["quorum"]["filled"]] == list(CORE)


def test_surgeon_sees_references_but_no_fact(coordinator: Program, surgeon: Program) -> None:
    meeting = publish(coordinator)

    seen = surgeon.get(f"/meetings/{meeting['id']}").get_json()

    own = {row["specialties"][0]: row["rules"] for row in seen["windows"]}
    assert [(item["reference"], item["case"]) for item in seen["agenda"]] == [("C-2", None), ("C-1", None)]
    assert own["urology"] == ["R13"]
    assert own["clinical_genetics"] == []


def test_own_windows_say_when_and_where(coordinator: Program, surgeon: Program) -> None:
    meeting = publish(coordinator)

    body = surgeon.get("/me/windows").get_json()

    assert body["total"] == 1
    assert body["items"][0]["meeting"]["id"] == meeting["id"]
    assert (body["items"][0]["room"], body["items"][0]["video_url"]) == ("Room A", "https://video.example/a")
    assert body["items"][0]["window"]["cases"] == ["C-2"]


def test_account_without_member_has_no_windows(coordinator: Program) -> None:
    publish(coordinator)

    assert coordinator.get("/me/windows").get_json() == {"items": [], "total": 0}


def test_cancelled_meeting_frees_its_cases_and_tells_nobody_who_never_heard_of_it(coordinator: Program) -> None:
    meeting = publish(coordinator)

    first = coordinator.post(f"/meetings/{meeting['id']}/cancel")
    second = coordinator.post(f"/meetings/{meeting['id']}/cancel")

    assert (first.status_code, first.get_json()) == (200, {"letters": 0})
    assert (second.status_code, second.get_json()["code"]) == (409, "meeting-cancelled")
    assert coordinator.get("/cases").get_json()["counts"]["scheduled"] == 0


def test_cancellation_is_taken_back_with_its_agenda_as_a_draft(coordinator: Program, surgeon: Program) -> None:
    meeting = publish(coordinator)
    address = f"/meetings/{meeting['id']}/hold-again"
    early = coordinator.post(address)
    coordinator.post(f"/meetings/{meeting['id']}/cancel")

    statuses = [surgeon.post(address).status_code, (done := coordinator.post(address)).status_code]

    body = done.get_json()
    draft = coordinator.get(f"/drafts/{body['draft']}").get_json()
    assert (early.status_code, early.get_json()["code"], statuses) == (409, "meeting-held", [403, 200])
    assert (body["meeting"], body["stayed"], draft["status"]) == (meeting["id"], 0, "open")
    assert coordinator.get(f"/meetings/{meeting['id']}").get_json()["status"] == "planned"


@pytest.mark.parametrize("role", [Role.SURGEON, Role.PHYSICIAN, Role.AUDITOR])
def test_planning_is_for_coordinators(program: Callable[[Role], Program], coordinator: Program, role: Role) -> None:
    draft = coordinator.propose(BOARD)["id"]
    caller = program(role)

    statuses = [
        caller.post(f"/boards/{BOARD}/drafts", {}).status_code,
        caller.get(f"/drafts/{draft}").status_code,
        caller.patch(f"/drafts/{draft}", {"case": "C-1", "meeting": None}).status_code,
        caller.delete(f"/drafts/{draft}").status_code,
        caller.post(f"/drafts/{draft}/publish").status_code,
        caller.post(f"/boards/{BOARD}/meetings", extra()).status_code,
    ]

    assert statuses == [403] * 6


def test_reads_cost_the_same_with_many_cases(app: Flask, coordinator: Program, count_queries: Any) -> None:
    paths = [f"/boards/{BOARD}", f"/boards/{BOARD}/meetings", "/me/windows", f"/boards/{BOARD}/drafts", "/meetings"]
    costs = []
    for prefix in ("few", "many"):
        if prefix == "many":
            on = app.extensions["tumorboard"].today(datetime.now(UTC))
            rows = [a_case_row(f"D-{number}", on=on) for number in range(10)]
            with app.app_context():
                import_list(db.session(), app.extensions["tumorboard"], now=datetime.now(UTC), content=a_case_csv(rows))
        meeting = publish(coordinator)["id"]
        draft = coordinator.propose(BOARD)["id"]
        counted = []
        for path in (*paths[:3], f"/drafts/{draft}", f"/meetings/{meeting}"):
            with count_queries() as statements:
                assert coordinator.get(path).status_code == 200
            counted.append(len(statements))
        costs.append(counted)

    assert costs[0] == costs[1]
    draft = costs[0].pop(3)  # beside the facts of today: as many as planning reads
    assert (max(costs[0]) <= 18, draft <= 38) == (True, True)

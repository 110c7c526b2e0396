"""Edits of the centre and of log-ins over the API, and who may call them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import BOARD, PASSWORD, PROGRAM, SURGEON
from tests.web.conftest import Program
from tumorboard.services.access import Role
from tumorboard.services.centre import WEEKDAYS

MEMBER = {"name": "나", "email": "na@hospital.example", "department": "urology", "specialties": ["urology"]}
SERIES = {"weekday": "wednesday", "local_time": "08:00", "minutes": 60, "room": "room-b"}
NOBODY = "a" * 16
CALLS: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("get", "/centre", None),
    ("put", "/centre", {"name_ko": "센터"}),
    ("post", "/centre/departments", {"name_ko": "과"}),
    ("put", "/centre/departments/urology", {"name_ko": "과"}),
    ("delete", "/centre/departments/urology", None),
    ("put", "/centre/specialties/neurosurgery", {"department": "urology"}),
    ("delete", "/centre/specialties/urology", None),
    ("get", "/centre/members", None),
    ("post", "/centre/members", MEMBER),
    ("put", f"/centre/members/{NOBODY}", MEMBER),
    ("post", f"/centre/members/{NOBODY}/leave", None),
    ("post", f"/centre/members/{NOBODY}/return", None),
    ("post", "/centre/rooms", {"name": "R", "capacity": 5}),
    ("put", "/centre/rooms/room-a", {"name": "R", "capacity": 5}),
    ("delete", "/centre/rooms/room-a", None),
    ("post", "/centre/boards", {"program": PROGRAM, "name_ko": "둘"}),
    ("put", f"/centre/boards/{BOARD}", {"name_ko": "둘"}),
    ("delete", f"/centre/boards/{BOARD}", None),
    ("put", f"/centre/boards/{BOARD}/seats/urology", {"kind": "core"}),
    ("delete", f"/centre/boards/{BOARD}/seats/urology", None),
    ("get", "/centre/series", None),
    ("post", "/centre/series", {**SERIES, "board": BOARD}),
    ("put", "/centre/series/1", SERIES),
    ("delete", "/centre/series/1", None),
    ("get", "/centre/days", None),
    ("post", "/centre/days", {"on": "2031-05-04", "name": "휴무"}),
    ("delete", "/centre/days/2031-05-04", None),
)
ACCOUNT_CALLS: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("get", "/centre/accounts", None),
    ("post", "/centre/accounts", {"name": "N", "email": "n@h.example", "roles": ["chair"]}),
    ("post", "/centre/accounts/several", {"member_ids": [NOBODY], "roles": ["chair"]}),
    ("put", f"/centre/accounts/{NOBODY}", {"name": "N", "roles": ["chair"]}),
    ("post", f"/centre/accounts/{NOBODY}/link", {}),
    ("post", f"/centre/accounts/{NOBODY}/close", None),
)


def call(program: Program, method: str, path: str, body: dict[str, Any] | None) -> Any:
    return program._send(method.upper(), path, **({} if body is None else {"json": body}))


@pytest.mark.parametrize("role", list(Role))
def test_only_who_may_edit_gets_further_than_403(program: Callable[[Role], Program], role: Role) -> None:
    caller = program(role)

    refused = {path for method, path, body in CALLS if call(caller, method, path, body).status_code == 403}
    accounts = {path for method, path, body in ACCOUNT_CALLS if call(caller, method, path, body).status_code == 403}

    may_edit = role in (Role.ADMINISTRATOR, Role.COORDINATOR)
    assert refused == (set() if may_edit else {path for _, path, _ in CALLS})
    assert accounts == (set() if role is Role.ADMINISTRATOR else {path for _, path, _ in ACCOUNT_CALLS})


def test_member_room_board_seat_and_series_are_made_over_the_api(coordinator: Program) -> None:
    member = coordinator.post("/centre/members", {**MEMBER, "title": "교수"}).get_json()
    room = coordinator.post("/centre/rooms", {"name": "Room C", "capacity": 9}).get_json()
    board = coordinator.post("/centre/boards", {"program": PROGRAM, "name_en": "Second", "key": "second"}).get_json()
    seat = coordinator._send(
        "PUT", "/centre/boards/second/seats/urology", json={"kind": "core", "holders": [member["id"]]}
    ).get_json()
    series = coordinator.post("/centre/series", {**SERIES, "board": "second", "room": room["key"]})

    assert (member["specialties"], room, board["key"]) == (["urology"], {"key": "room-c"}, "second")
    assert (seat["kind"], [each["id"] for each in seat["holders"]]) == ("core", [member["id"]])
    assert (series.status_code, series.get_json()["created"] > 20) == (201, True)
    assert "no-core-seat" in {gap["code"] for gap in coordinator.get("/centre").get_json()["missing"]}


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/centre/members", {**MEMBER, "email": SURGEON}, 409, "address-taken"),
        ("/centre/members", {**MEMBER, "department": "x"}, 422, "unknown-department"),
        ("/centre/rooms", {"name": "R", "capacity": 5, "key": "room-a"}, 409, "key-taken"),
        ("/centre/series", {**SERIES, "board": BOARD, "room": "x"}, 404, "unknown-room"),
        ("/centre/series", {**SERIES, "board": BOARD, "local_time": "25:00"}, 422, "invalid-fields"),
    ],
)
def test_refusals_have_their_code(
    coordinator: Program, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    response = coordinator.post(path, body)

    assert (response.status_code, response.get_json()["code"]) == (status, code)


def test_series_is_listed_changed_and_ended(coordinator: Program) -> None:
    row = coordinator.get("/centre/series").get_json()["items"][0]

    changed = coordinator._send("PUT", f"/centre/series/{row['id']}", json=SERIES).get_json()
    ended = coordinator.delete(f"/centre/series/{changed['series']}")

    assert (row["weekday"] in WEEKDAYS, row["local_time"], changed["kept"]) == (True, "07:30", [])
    assert (ended.status_code, coordinator.get("/centre/series").get_json()["total"]) == (200, 0)
    assert coordinator.delete("/centre/series/x").status_code == 404


def test_days_are_closed_and_opened(coordinator: Program) -> None:
    day = coordinator.get("/centre/days").get_json()["items"][-1]["on"]
    coordinator.post("/centre/days", {"on": day, "name": "휴무"})
    own = coordinator.get("/centre/days?own_only=true").get_json()["items"]

    opened = coordinator.delete(f"/centre/days/{day}")

    assert own == [{"on": day, "name": "휴무", "is_public": False}]
    assert (opened.status_code, coordinator.delete("/centre/days/x").get_json()["code"]) == (200, "unknown-day")


def test_log_in_is_made_with_a_link_and_closed(program: Callable[[Role], Program]) -> None:
    administrator = program(Role.ADMINISTRATOR)
    given = {"name": "N", "email": "n@h.example", "roles": ["chair"]}

    made = administrator.post("/centre/accounts", given).get_json()
    mailed = administrator.post(f"/centre/accounts/{made['account']['id']}/link", {"by_mail": True}).get_json()
    closed = administrator.post(f"/centre/accounts/{made['account']['id']}/close")

    assert ("/password/" in made["link"], mailed["link"], closed.status_code) == (True, None, 204)
    assert "password" not in str(administrator.get("/centre/accounts").get_json())


def test_own_log_in_is_read_and_changed(program: Callable[[Role], Program]) -> None:
    surgeon = program(Role.SURGEON)

    changed = surgeon._send("PUT", "/account", json={"language": "en", "time_zone": "Asia/Tokyo"}).get_json()
    wrong = surgeon.post("/account/password", {"current": "wrong", "password": "long enough one"})
    right = surgeon.post("/account/password", {"current": PASSWORD, "password": "long enough one"})

    assert (changed["language"], changed["time_zone"]) == ("en", "Asia/Tokyo")
    assert (wrong.status_code, wrong.get_json()["code"], right.status_code) == (422, "wrong-password", 204)

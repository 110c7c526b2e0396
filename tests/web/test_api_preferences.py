"""My preferences over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from tests.web.conftest import Program
from tumorboard.services.access import Role
from tumorboard.store.db import db
from tumorboard.store.people import Account
from tumorboard.store.post import OutboxMessage

DEFAULTS: dict[str, Any] = {
    "of_member": True, "alarm_minutes": None, "whole_series": False, "agenda": True, "preparation": True,
    "changes": True, "reminders": True, "language": "en", "time_zone": "Asia/Seoul", "morning": None,
}  # fmt: skip
NOBODY = dict.fromkeys(DEFAULTS) | {"of_member": False}


def test_own_preferences_are_read_and_changed(surgeon: Program) -> None:
    before = surgeon.get("/preferences").get_json()

    changed = surgeon.patch("/preferences", {"alarm_minutes": 60, "changes": False, "time_zone": "America/New_York"})
    off = surgeon.patch("/preferences", {"alarm_minutes": None})

    expected = {**DEFAULTS, "alarm_minutes": 60, "changes": False, "time_zone": "America/New_York"}
    assert (before, changed.get_json()) == (DEFAULTS, expected)
    assert off.get_json() == {**expected, "alarm_minutes": None}
    assert surgeon.get("/preferences").get_json() == off.get_json()


def test_coordinator_and_auditor_have_what_they_have(coordinator: Program, program: Callable[[Role], Program]) -> None:
    assert coordinator.get("/preferences").get_json() == {**NOBODY, "morning": True}
    assert coordinator.patch("/preferences", {"morning": False}).get_json() == {**NOBODY, "morning": False}
    assert program(Role.AUDITOR).get("/preferences").get_json() == NOBODY


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"alarm_minutes": 10081}, "invalid-fields"),
        ({"alarm_minutes": "10"}, "invalid-fields"),
        ({"language": "de"}, "invalid-fields"),
        ({"volume": 11}, "invalid-fields"),
        ({"time_zone": "Mars/Olympus"}, "bad-preference"),
        ({"morning": True}, "bad-preference"),
    ],
)
def test_wrong_preference_is_refused(surgeon: Program, body: dict[str, Any], code: str) -> None:
    response = surgeon.patch("/preferences", body)

    assert (response.status_code, response.get_json()["code"]) == (422, code)
    assert surgeon.get("/preferences").get_json() == DEFAULTS


def test_letters_about_no_meeting_are_listed(coordinator: Program, in_app: object) -> None:
    session = db.session()
    at = session.scalars(select(Account.created_at)).first()
    session.add(
        OutboxMessage(
            dedupe_key="morning:x", message_id="<1@x>", subject="This morning: 2 things", due_at=at, created_at=at,
            recipient="coordinator@hospital.example", uid="u", sequence=0, method="NOTE", content=b"",
        )
    )  # fmt: skip
    session.commit()

    (letter,) = coordinator.get("/outbox").get_json()["items"]

    assert (letter["method"], letter["meeting"]) == ("NOTE", "")


def test_coordinator_reads_and_changes_what_a_member_receives(
    coordinator: Program, surgeon: Program, program: Callable[[Role], Program]
) -> None:
    member = surgeon.get("/session").get_json()["account"]["member"]
    place = f"/people/{member}/preferences"

    before = coordinator.get(place).get_json()
    changed = coordinator.patch(place, {"agenda": False, "language": "ko"}).get_json()

    assert (before, changed) == (DEFAULTS, {**DEFAULTS, "agenda": False, "language": "ko"})
    assert surgeon.get("/preferences").get_json() == surgeon.get(place).get_json() == changed
    assert coordinator.patch(place, {"morning": False}).get_json()["code"] == "bad-preference"
    assert program(Role.PHYSICIAN).get(place).status_code == 403
    assert coordinator.get(f"/people/{'a' * 16}/preferences").status_code == 404

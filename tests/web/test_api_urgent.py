"""Urgent meetings and free slots over the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests.builders import BOARD, CORE, ON_DEMAND, case_id, member_id
from tests.web.conftest import Program
from tumorboard.services.access import Role
from tumorboard.store.db import db
from tumorboard.store.people import Absence, Member
from tumorboard.store.post import OutboxMessage


@pytest.fixture
def case(app: Flask) -> str:
    with app.app_context():
        return case_id(db.session(), "C-2")


@pytest.fixture
def ids(app: Flask) -> dict[str, str]:
    with app.app_context():
        return {name: member_id(db.session(), email) for name, email in {**CORE, **ON_DEMAND}.items()}


def test_moment_names_who_covers_what(coordinator: Program, case: str, ids: dict[str, str]) -> None:
    answer = coordinator.get(f"/cases/{case}/urgent").get_json()

    first = answer["moments"][0]
    covers = {cover["specialty"]: (cover["member"]["id"], cover["standing"]) for cover in first["covers"]}
    assert covers["urology"] == (ids["urology"], "holder")
    assert (answer["board"], answer["is_called"], answer["nearest"]) == (BOARD, False, None)
    assert set(CORE) < set(covers)


def test_call_move_and_decline(app: Flask, coordinator: Program, case: str, ids: dict[str, str]) -> None:
    first = coordinator.get(f"/cases/{case}/urgent").get_json()["moments"][0]

    called = coordinator.post(f"/cases/{case}/urgent", {"at": first["starts_at"]})
    meeting = called.get_json()["meeting"]
    later = (datetime.fromisoformat(first["starts_at"]) + timedelta(minutes=30)).isoformat()
    moved = coordinator.post(f"/meetings/{meeting}/move", {"at": later})
    declined = coordinator.post(f"/meetings/{meeting}/declines", {"member": ids["urology"]})

    assert (called.status_code, called.headers["Location"]) == (201, f"/api/v1/meetings/{meeting}")
    assert (moved.status_code, moved.get_json()["meeting"]) == (200, meeting)
    assert datetime.fromisoformat(moved.get_json()["starts_at"]) == datetime.fromisoformat(later)
    assert declined.get_json()["missing"] == ["urology"]
    assert coordinator.get(f"/cases/{case}/urgent").get_json()["is_called"] is True
    with app.app_context():
        invitations = select(OutboxMessage.subject).where(OutboxMessage.method != "NOTE")
        subjects = db.session().scalars(invitations).all()
    assert {subject.startswith("URGENT") for subject in subjects} == {True}


def test_gone_moment_is_a_conflict_with_the_next_one(
    app: Flask, coordinator: Program, case: str, ids: dict[str, str]
) -> None:
    first = coordinator.get(f"/cases/{case}/urgent").get_json()["moments"][0]
    members = [cover["member"]["id"] for cover in first["covers"]]
    now = datetime.now(UTC)
    with app.app_context():
        session = db.session()
        row = session.scalars(select(Member).where(Member.public_id == ids["urology"])).one()
        session.add(Absence(member_id=row.id, starts_at=now, ends_at=now + timedelta(hours=2), kind="busy"))
        session.commit()

    refused = coordinator.post(f"/cases/{case}/urgent", {"at": first["starts_at"], "members": members})

    problem = refused.get_json()
    assert (refused.status_code, problem["code"]) == (409, "moment-gone")
    reason = problem["reasons"][0]
    assert reason["code"] == "next-moment"
    assert datetime.fromisoformat(reason["values"]["at"]) >= now + timedelta(hours=2)


def test_roles_without_the_permission_are_refused(program: Callable[[Role], Program], case: str) -> None:
    at = (datetime.now(UTC) + timedelta(minutes=30)).isoformat()

    statuses = {
        role: (
            program(role).get(f"/cases/{case}/urgent").status_code,
            program(role).post(f"/cases/{case}/urgent", {"at": at}).status_code,
            program(role).get(f"/boards/{BOARD}/slots").status_code,
        )
        for role in (Role.SURGEON, Role.AUDITOR)
    }

    assert set(statuses.values()) == {(403, 403, 403)}


@pytest.mark.parametrize(("days", "code"), [(-1, "meeting-past"), (800, "meeting-too-far")])
def test_slot_out_of_reach_names_its_field(coordinator: Program, days: int, code: str) -> None:
    at = (datetime.now(UTC) + timedelta(days=days)).isoformat()

    refused = coordinator.post(f"/boards/{BOARD}/slots", {"at": at, "minutes": 60, "room": "room-b"})

    problem = refused.get_json()
    assert (refused.status_code, problem["code"]) == (422, code)
    assert [error["field"] for error in problem["errors"]] == ["at"]


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_instant_beyond_the_calendar_is_refused(coordinator: Program, case: str, at: str) -> None:
    refused = [
        coordinator.post(f"/boards/{BOARD}/slots", {"at": at, "minutes": 60, "room": "room-b"}),
        coordinator.post(f"/cases/{case}/urgent", {"at": at}),
    ]

    assert [response.status_code for response in refused] == [422, 422]


def test_slots_are_listed_with_reasons_and_held(coordinator: Program) -> None:
    found = coordinator.get(f"/boards/{BOARD}/slots?specialty=urology&specialty=radiology&weeks=2").get_json()

    best = found["slots"][0]
    held = coordinator.post(f"/boards/{BOARD}/slots", {"at": best["starts_at"], "minutes": 60, "room": best["room"]})
    again = coordinator.post(f"/boards/{BOARD}/slots", {"at": best["starts_at"], "minutes": 60, "room": best["room"]})

    assert [each["specialty"] for each in best["attendees"]] == ["urology", "radiology"]
    assert {reason["code"] for each in found["rejected"] for reason in each["reasons"]} >= {"slot-outside-hours"}
    assert found["groups"] == [["hpb_surgery"], ["urology"]]
    assert (held.status_code, again.status_code) == (201, 409)

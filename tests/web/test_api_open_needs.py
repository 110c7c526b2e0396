"""Open needs and substitutes over the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.builders import BOARD, member_id
from tests.stand_ins import UROLOGY, UROLOGY_DEPUTY
from tests.web.conftest import Program
from tests.web.needs import decline_urology
from tumorboard.services.access import Role
from tumorboard.store.db import db


def ids(app: Flask, *emails: str) -> list[str]:
    with app.app_context():
        return [member_id(db.session(), email) for email in emails]


def test_open_needs_are_listed_with_their_substitutes(app: Flask) -> None:
    meeting = decline_urology(app)
    coordinator = Program(app, Role.COORDINATOR)

    answer = coordinator.get("/open-needs").get_json()

    (need,) = answer["items"]
    jung, baek = ids(app, UROLOGY, UROLOGY_DEPUTY)
    assert (need["meeting"], need["board"], need["member"], need["why"]) == (meeting, BOARD, jung, "declined")
    assert (need["specialty"], need["references"], need["seat"], need["named"]) == ("urology", ["C-2"], False, None)
    assert need["message"] == "Urology: Jung declined"
    first = need["substitutes"][0]
    assert (first["member"], first["place"], first["message"], first["asked"]) == (baek, "deputy", "deputy", 0)
    assert (first["starts_at"], first["ends_at"]) == (need["starts_at"], need["ends_at"])
    assert coordinator.get(f"/meetings/{meeting}/substitutes").get_json() == answer


def test_substitute_is_asked_and_a_second_time_refused(app: Flask) -> None:
    meeting = decline_urology(app)
    coordinator = Program(app, Role.COORDINATOR)
    jung, baek = ids(app, UROLOGY, UROLOGY_DEPUTY)

    asked = coordinator.post(f"/meetings/{meeting}/substitutes", {"member": jung, "instead": baek})
    again = coordinator.post(f"/meetings/{meeting}/substitutes", {"member": jung, "instead": baek})

    assert asked.get_json() == {
        "meeting": meeting, "member": baek, "instead_of": jung, "specialties": ["urology"], "letters": 2,
    }  # fmt: skip
    assert (again.status_code, again.get_json()["code"]) == (409, "not-invited")
    assert coordinator.get("/open-needs").get_json() == {"items": [], "total": 0}


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 422), ({"instead": ""}, 422), ({"instead": "x", "nope": 1}, 422), ({"instead": "x"}, 404)],
)
def test_wrong_requests_are_refused(app: Flask, body: object, status: int) -> None:
    meeting = decline_urology(app)

    assert Program(app, Role.COORDINATOR).post(f"/meetings/{meeting}/substitutes", body).status_code == status


def test_who_is_not_suited_is_refused_with_the_reason(app: Flask) -> None:
    meeting = decline_urology(app)
    jung, park = ids(app, UROLOGY, "park.radiology@hospital.example")

    answer = Program(app, Role.COORDINATOR).post(f"/meetings/{meeting}/substitutes", {"member": jung, "instead": park})

    assert (answer.status_code, answer.get_json()["code"]) == (409, "not-suited")
    assert [reason["code"] for reason in answer.get_json()["reasons"]] == ["specialty-missing"]


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.COORDINATOR, 200), (Role.CHAIR, 200), (Role.PHYSICIAN, 403), (Role.SURGEON, 403), (Role.AUDITOR, 403),
        (Role.ADMINISTRATOR, 403),
    ],
)  # fmt: skip
def test_open_needs_are_for_who_plans(app: Flask, role: Role, status: int) -> None:
    assert Program(app, role).get("/open-needs").status_code == status


def test_listing_takes_a_fixed_number_of_queries(app: Flask, count_queries: Callable[[], object]) -> None:
    coordinator = Program(app, Role.COORDINATOR)
    coordinator.get("/open-needs")
    decline_urology(app)

    with count_queries() as one:  # type: ignore[attr-defined]
        coordinator.get("/open-needs")

    assert len(one) <= 45

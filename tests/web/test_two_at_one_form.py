"""Two people have one form open: what each of them changes is kept, what both change is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.builders import BOARD, ON_DEMAND, member_id
from tests.web.filled import filled
from tests.web.visitor import Page, Visitor
from tumorboard.services.access import Role
from tumorboard.store.db import db
from tumorboard.web.auth import limiter

FORMS = {
    "centre": ("/centre", "/centre", {"name_ko": "새 센터"}, {"name_en": "New centre"}),
    "department": ("/centre", r"/centre/departments/[^/]+", {"name_ko": "새 과"}, {"name_en": "New department"}),
    "room": ("/centre/rooms", r"/centre/rooms/[^/]+", {"capacity": "12"}, {"name": "Room 12"}),
    "series": ("/centre/series", r"/centre/series/\d+", {"minutes": "75"}, {"last_on": "2031-01-31"}),
    "board": (f"/centre/boards/{BOARD}", f"/centre/boards/{BOARD}", {"name_ko": "새 보드"}, {"name_en": "New board"}),
    "seat": (
        f"/centre/boards/{BOARD}", f"/centre/boards/{BOARD}/seats/urology", {"kind": "core"}, {},
    ),
    "member": ("MEMBER", r"/centre/members/[^/]+", {"title": "Professor"}, {"most_calls_per_week": "3"}),
    "account": ("/centre/accounts", r"/centre/accounts/[a-z2-7]{16}", {"roles": ["auditor"]}, {"name": "Another name"}),
    "settings": (
        f"/boards/{BOARD}/settings", f"/boards/{BOARD}/settings", {"weights.call": "31"}, {"weights.rank": "4"},
    ),
    "preferences": ("PREFERENCES", "PREFERENCES", {"alarm_minutes": "30"}, {"time_zone": "Europe/Berlin"}),
}  # fmt: skip
"""Per form its page, its address, what one person changes, and what the other one does."""


@pytest.fixture(autouse=True)
def no_limit() -> Iterator[None]:
    was, limiter.enabled = limiter.enabled, False
    yield
    limiter.enabled = was


class Desk:
    """Two people at one form."""

    def __init__(self, app: Flask, name: str) -> None:
        with app.app_context():
            member = member_id(db.session(), ON_DEMAND["urology"])
        places = {"MEMBER": f"/centre/members/{member}", "PREFERENCES": f"/people/{member}/preferences"}
        self.name = name
        place, address, self.one_changes, self.other_changes = FORMS[name]
        role = Role.ADMINISTRATOR if place.startswith(("/centre", "MEMBER")) else Role.COORDINATOR
        self.one, self.other = (Visitor(app) for _ in range(2))
        for visitor in (self.one, self.other):
            visitor.log_in(f"{role}@hospital.example")
        self.place, wanted = places.get(place, place), places.get(address, address)
        actions = self.open(self.one).actions
        self.action = [action for action in actions if re.fullmatch(wanted, action)][-1]

    def open(self, visitor: Visitor) -> Page:
        return visitor.see(self.place)

    def fields(self, page: Page) -> dict[str, list[str]]:
        return filled(page, self.action)

    def save(self, visitor: Visitor, opened: Page, changes: dict[str, str | list[str]]) -> Page:
        return visitor.send(self.action, **{**self.fields(opened), **changes})


@pytest.fixture(params=sorted(FORMS))
def desk(request: pytest.FixtureRequest, app: Flask) -> Desk:
    return Desk(app, request.param)


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_changes_of_both_are_kept(desk: Desk) -> None:
    opened = [desk.open(visitor) for visitor in (desk.one, desk.other)]

    first = desk.save(desk.one, opened[0], desk.one_changes)
    second = desk.save(desk.other, opened[1], desk.other_changes)

    now = desk.fields(desk.open(desk.one))
    wanted = {**desk.one_changes, **desk.other_changes}
    assert (first.status, second.status) == (200, 200), second.text
    assert {name: [each for each in now.get(name, []) if each] for name in wanted} == {
        name: as_list(value) for name, value in wanted.items()
    }


@pytest.mark.parametrize("desk", sorted({*FORMS} - {"account", "seat"}), indirect=True)
def test_field_that_both_changed_shows_both_values_and_is_kept_when_sent_again(desk: Desk) -> None:
    ((name, theirs),) = desk.one_changes.items()
    mine = {"settings": "32", "preferences": "60"}.get(desk.name, {"capacity": "13", "minutes": "80"}.get(name, "Mine"))
    opened = [desk.open(visitor) for visitor in (desk.one, desk.other)]
    desk.save(desk.one, opened[0], {name: theirs})

    refused = desk.save(desk.other, opened[1], {name: mine})
    stands = desk.fields(desk.open(desk.one))[name]
    again = desk.save(desk.other, refused, {})

    assert refused.status in (409, 422)
    assert "Somebody changed this in the meantime" in refused.text
    assert desk.fields(refused)[name] == [mine]
    assert stands == [theirs]
    assert again.status == 200
    assert desk.fields(desk.open(desk.one))[name] == [mine]


def test_role_that_was_taken_away_does_not_come_back(app: Flask) -> None:
    desk = Desk(app, "account")
    stale = desk.open(desk.other)
    desk.save(desk.one, desk.open(desk.one), {"roles": ["auditor"]})

    desk.save(desk.other, stale, {"roles": [*desk.fields(stale)["roles"], "chair"]})

    assert sorted(desk.fields(desk.open(desk.one))["roles"]) == ["auditor", "chair"]


def test_form_without_its_beginning_is_taken_as_it_is(app: Flask) -> None:
    desk = Desk(app, "room")
    fields = desk.fields(desk.open(desk.one)) | {"name": ["Another"], "opened": ["no json"]}

    saved = [
        desk.one.send(desk.action, **each) for each in (fields, {k: v for k, v in fields.items() if k != "opened"})
    ]

    assert [page.status for page in saved] == [200, 200]
    assert desk.fields(desk.open(desk.one))["name"] == ["Another"]

"""The settings of a board: read, changed and put back, by page and API."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from tests.builders import BOARD
from tests.web.conftest import API, Program
from tests.web.visitor import Visitor
from tumorboard.services.access import Role
from tumorboard.services.board_settings import GROUPS
from tumorboard.store.db import db
from tumorboard.store.meetings import Board
from tumorboard.store.post import AuditEvent
from tumorboard.words import Words
from tumorboard.words.settings import SETTINGS, explain_setting, name_setting

ADDRESS = f"/boards/{BOARD}/settings"
NAMES = [name for names in GROUPS.values() for name in names]


@pytest.fixture
def coordinator_page(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.log_in("coordinator@hospital.example")
    visitor.see(ADDRESS)
    return visitor


def stored(app: Flask) -> dict[str, object]:
    with app.app_context():
        return dict(db.session().scalars(select(Board.settings).where(Board.key == BOARD)).one())


def test_every_setting_has_words_and_every_word_a_setting() -> None:
    assert sorted(SETTINGS) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_setting_is_explained_in_both_languages(name: str) -> None:
    korean = name_setting(name, Words("ko")) + explain_setting(name, Words("ko"))

    assert explain_setting(name, Words("en")).endswith(".")
    assert re.search("[가-힣]", korean)


def test_page_shows_every_setting_with_its_default(coordinator_page: Visitor) -> None:
    page = coordinator_page.see(ADDRESS)

    assert [name for name in NAMES if f'name="{name}"' not in page.html] == []
    assert "Paid for each day a case is discussed after its due date. Default 20, from 0 to 1000000." in page.text


def test_change_is_kept_with_a_record_and_only_what_differs(app: Flask, coordinator_page: Visitor) -> None:
    page = coordinator_page.send(
        ADDRESS, **{"weights.late_day": "40", "break_after_minutes": "60", "break_minutes": "10"}
    )

    assert "Kept. The next proposal plans with it" in page.text
    assert stored(app) == {"weights": {"late_day": 40}, "break_after_minutes": 60, "break_minutes": 10}
    with app.app_context():
        event = db.session().scalars(select(AuditEvent).where(AuditEvent.action == "board:settings")).one()
        changed = {"weights.late_day": 40, "break_after_minutes": 60, "break_minutes": 10}
        assert (event.subject_id, event.detail) == (BOARD, {"changed": changed})


def test_choices_are_kept_too(app: Flask, coordinator_page: Visitor) -> None:
    page = coordinator_page.send(ADDRESS, substitutes="invite", allow_proposals="false", answer_days="5")

    assert stored(app) == {"answer_days": 5, "substitutes": "invite", "allow_proposals": False}
    assert '<option value="invite" selected>' in page.html
    assert '<option value="false" selected>' in page.html


def test_unknown_choice_is_said(app: Flask, coordinator_page: Visitor) -> None:
    page = coordinator_page.send(ADDRESS, substitutes="always")

    assert (page.status, "When a need is lost: choose one of the list." in page.text, stored(app)) == (422, True, {})


def test_defaults_come_back_at_once(app: Flask, coordinator_page: Visitor) -> None:
    coordinator_page.send(ADDRESS, **{"weights.late_day": "40"})

    page = coordinator_page.send(ADDRESS, reset="all", **{"weights.late_day": "40"})

    assert (stored(app), "Put all defaults back" in page.text) == ({}, False)


def test_same_again_changes_nothing(coordinator_page: Visitor) -> None:
    page = coordinator_page.send(ADDRESS, **{"weights.late_day": "20"})

    assert "Nothing was changed." in page.text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"weights.late_day": "much"}, "A day late: give a whole number from 0 to 1000000."),
        ({"weights.late_day": "-5"}, "A day late: give a whole number from 0 to 1000000."),
        ({"weights.urgent": "0"}, "Factor: urgent: give a whole number from 1 to 1000."),
        ({"break_after_minutes": "60"}, "Minutes of a break is missing: a break needs both its numbers."),
    ],
)
def test_wrong_setting_is_said_and_the_form_keeps_what_was_typed(
    app: Flask, coordinator_page: Visitor, values: dict[str, str], said: str
) -> None:
    page = coordinator_page.send(ADDRESS, **values)

    (typed,) = values.values()
    assert (page.status, said in page.text, f'value="{typed}"' in page.html) == (422, True, True)
    assert 'aria-invalid="true"' in page.html
    assert stored(app) == {}


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.ADMINISTRATOR, 200), (Role.COORDINATOR, 200), (Role.CHAIR, 200),
        (Role.PHYSICIAN, 403), (Role.SURGEON, 403), (Role.AUDITOR, 403),
    ],
)  # fmt: skip
def test_settings_are_for_who_holds_meetings(app: Flask, role: Role, status: int) -> None:
    visitor = Visitor(app)
    visitor.log_in(f"{role}@hospital.example")

    seen, sent = visitor.see(ADDRESS).status, visitor.send(ADDRESS, **{"weights.late_day": "40"}).status

    assert (seen, sent) == (status, status)


def test_board_page_leads_to_the_settings(coordinator_page: Visitor) -> None:
    assert coordinator_page.see(f"/boards/{BOARD}").links["Settings of this board"] == ADDRESS


def test_korean_page_has_no_english_sentence(app: Flask) -> None:
    visitor = Visitor(app, language="ko")
    visitor.log_in("administrator@hospital.example")

    page = visitor.see(ADDRESS)

    assert [text for text in page.words if re.search(r"\b[a-z]{3,} [a-z]{2,} [a-z]{2,}\b", text)] == []


def put(program: Program, body: object) -> tuple[int, dict[str, object]]:
    answer = program._send("PUT", ADDRESS, json=body)
    return answer.status_code, answer.get_json()


def test_settings_are_put_as_a_whole_over_the_api(app: Flask, coordinator: Program) -> None:
    put(coordinator, {"weights": {"late_day": 40}, "complex_minutes": 12})

    status, answer = put(coordinator, {"agenda": {"held_minute": 3}})

    values = {each["name"]: each["value"] for each in answer["items"]}  # type: ignore[attr-defined]
    assert (status, answer["total"], list(values)) == (200, len(NAMES), NAMES)
    assert (values["agenda.held_minute"], values["weights.late_day"], values["complex_minutes"]) == (3, 20, 0)
    assert stored(app) == {"agenda": {"held_minute": 3}}
    assert coordinator.get(ADDRESS).get_json() == answer


@pytest.mark.parametrize(
    "body",
    [
        {"weights": {"nope": 1}},
        {"weights": {"late_day": -1}},
        {"break_minutes": 10},
        {"nope": 1},
        {"weights": 3},
        {"substitutes": "always"},
        {"substitutes": 1},
        {"allow_proposals": "true"},
        {"allow_proposals": 0},
    ],
)
def test_wrong_settings_are_refused_over_the_api(app: Flask, coordinator: Program, body: object) -> None:
    status, _ = put(coordinator, body)

    assert (status, stored(app)) == (422, {})


def test_choices_are_put_over_the_api(app: Flask, coordinator: Program) -> None:
    status, answer = put(coordinator, {"substitutes": "invite", "allow_proposals": False})

    found = {each["name"]: (each["value"], each["choices"]) for each in answer["items"]}  # type: ignore[attr-defined]
    assert (status, stored(app)) == (200, {"substitutes": "invite", "allow_proposals": False})
    assert found["substitutes"] == ("invite", ["offer", "invite"])
    assert found["allow_proposals"] == (False, ["true", "false"])
    assert found["answer_days"] == (3, [])


def test_settings_over_the_api_are_read_by_all_and_put_by_who_holds_meetings(app: Flask) -> None:
    surgeon = Program(app, Role.SURGEON)

    assert (surgeon.get(ADDRESS).status_code, put(surgeon, {})[0]) == (200, 403)
    assert app.test_client().get(f"{API}{ADDRESS}").status_code == 401

"""Steps of a draft, previews, groups and restored agendas through both doors."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.builders import BOARD, case_id
from tests.web.conftest import Program
from tests.web.visitor import Page, Visitor
from tumorboard.services.access import Role
from tumorboard.store.db import db
from tumorboard.store.plans import PlanChange


@pytest.fixture
def desk(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.log_in("coordinator@hospital.example")
    visitor.see("/cases")
    return visitor


def id_of(app: Flask, reference: str) -> str:
    with app.app_context():
        return case_id(db.session(), reference)


def order(page: Page) -> list[str]:
    return re.findall(r'<tr id="case-\w+" data-case="(\w+)"', page.html)


def test_order_is_changed_and_taken_back_on_the_page(desk: Visitor) -> None:
    draft = desk.propose(BOARD)
    before = order(draft)
    meeting = re.search(r'name="meeting" value="(\w+)"', draft.html)[1]  # type: ignore[index]

    moved = desk.send(draft.action("/order"), meeting=meeting, to=f"{before[0]}.1")
    step = re.search(r'name="step" value="(\w+)"', moved.html)[1]  # type: ignore[index]
    undone = desk.send(moved.action("/undo"), step=step)
    again = desk.send(undone.action("/redo"))

    assert order(moved) == [before[1], before[0]]
    assert (order(undone), order(again)) == (before, order(moved))
    assert "Taken back: C-" in undone.text
    assert "1 step so far" in undone.text


def test_page_of_a_move_tells_what_each_place_would_change(app: Flask, desk: Visitor) -> None:
    draft = desk.propose(BOARD)
    address = draft.action("/discard").replace("/discard", f"/cases/{id_of(app, 'C-2')}")

    page = desk.see(address)
    part = desk.see(f"{address}/effect?meeting={re.search(r'mv-(.{16})', draft.html)[1]}&position=0")  # type: ignore[index]

    assert page.text.count("Minutes held") >= 3
    assert "Jung" in page.text
    assert ("C-2" in part.text, "no conflict" in part.text, "<html" in part.html) == (True, True, False)


@pytest.mark.parametrize("query", ["", "position=x", "position=9999", "position=-1"])
def test_effect_of_no_place_is_refused(app: Flask, desk: Visitor, query: str) -> None:
    draft = desk.propose(BOARD)
    address = draft.action("/discard").replace("/discard", f"/cases/{id_of(app, 'C-2')}")

    assert desk.see(f"{address}/effect?{query}").status == 422


def test_thrown_away_draft_comes_back_from_the_board(desk: Visitor) -> None:
    draft = desk.propose(BOARD)
    board = desk.send(draft.action("/discard"))

    page = desk.send(board.action("/reopen"))

    assert "The draft is open again." in page.text
    assert desk.address.startswith("/drafts/")


def test_publication_is_restored_from_the_board(desk: Visitor) -> None:
    board = desk.send(desk.propose(BOARD).action("/publish"))

    page = desk.send(board.action("/restore"))

    assert "This draft restores what was published before." in page.text
    assert "Taken off" in page.text


def test_timeline_of_the_board_is_for_those_who_plan(app: Flask, desk: Visitor) -> None:
    desk.send(desk.propose(BOARD).action("/publish"))
    surgeon = Visitor(app)
    surgeon.log_in("surgeon@hospital.example")

    mine, hers = desk.see(f"/boards/{BOARD}"), surgeon.see(f"/boards/{BOARD}")

    assert ("The draft was published" in mine.text, "The draft was published" in hers.text) == (True, False)


def test_group_is_saved_chosen_renamed_and_removed_on_the_page(app: Flask, desk: Visitor) -> None:
    slots = f"/boards/{BOARD}/slots"
    desk.see(slots)
    saved = desk.send(f"/boards/{BOARD}/groups", name="Liver", specialty=["hpb_surgery", "urology"])
    renamed = desk.send(saved.action(r"/groups/\w+"), act="rename", name="Upper abdomen")
    removed = desk.send(renamed.action(r"/groups/\w+"), act="remove", name="Upper abdomen")

    assert saved.links["Liver"] == f"{slots}?specialty=hpb_surgery&specialty=urology"
    assert ("Upper abdomen" in renamed.links, "Upper abdomen" in removed.links) == (True, False)


def test_steps_are_listed_taken_back_and_done_again_over_the_api(coordinator: Program) -> None:
    draft = coordinator.propose(BOARD, weeks=2)
    path, target = f"/drafts/{draft['id']}", draft["meetings"][1]["meeting"]
    asked = {"case": "C-1", "meeting": target}
    effect = coordinator.post(f"{path}/preview", asked).get_json()
    coordinator.patch(path, asked)

    steps = coordinator.get(f"{path}/steps").get_json()
    undone = coordinator.post(f"{path}/undo", {"step": steps["undo"]})
    twice = coordinator.post(f"{path}/undo", {"step": steps["undo"]})
    redone = coordinator.post(f"{path}/redo", {})

    assert effect["window"]["starts_at"].startswith(draft["meetings"][1]["starts_at"][:10])
    (step,) = steps["items"]
    assert (step["kind"], step["case"], step["meeting"]) == ("moved", "C-1", target)
    assert (undone.get_json()["undo"], undone.get_json()["redo"]) == (None, steps["undo"])
    assert (twice.status_code, twice.get_json()["code"]) == (409, "nothing-to-undo")
    assert redone.get_json()["undo"] == steps["undo"]


def test_groups_are_kept_over_the_api(coordinator: Program) -> None:
    path = f"/boards/{BOARD}/groups"
    made = coordinator._send("PUT", path, json={"name": "Liver", "specialties": ["urology"]}).get_json()

    renamed = coordinator.patch(f"/groups/{made['id']}", {"name": "Kidney"}).get_json()
    listed = coordinator.get(path).get_json()
    removed = coordinator.delete(f"/groups/{made['id']}")

    assert listed == {"items": [renamed], "total": 1}
    assert (renamed["name"], removed.status_code) == ("Kidney", 204)


def test_restored_and_reopened_drafts_over_the_api(coordinator: Program) -> None:
    draft = coordinator.propose(BOARD, weeks=2)
    coordinator.post(f"/drafts/{draft['id']}/publish")

    restored = coordinator.post(f"/boards/{BOARD}/restore")
    discarded = coordinator.delete(f"/drafts/{restored.get_json()['id']}")
    reopened = coordinator.post(f"/drafts/{restored.get_json()['id']}/reopen")

    assert (restored.status_code, discarded.status_code, reopened.get_json()["status"]) == (201, 204, "open")


@pytest.mark.parametrize("role", [Role.SURGEON, Role.PHYSICIAN, Role.AUDITOR])
def test_who_plans_nothing_takes_nothing_back(app: Flask, coordinator: Program, role: Role) -> None:
    draft = coordinator.propose(BOARD, weeks=2)["id"]
    program = Program(app, role)
    asked: list[tuple[str, str, Any]] = [
        ("GET", f"/drafts/{draft}/steps", None), ("POST", f"/drafts/{draft}/undo", {}),
        ("POST", f"/drafts/{draft}/redo", {}), ("POST", f"/drafts/{draft}/preview", {"case": "C-1", "meeting": None}),
        ("POST", f"/drafts/{draft}/reopen", None), ("POST", f"/boards/{BOARD}/restore", None),
        ("GET", f"/boards/{BOARD}/groups", None),
        ("PUT", f"/boards/{BOARD}/groups", {"name": "x", "specialties": ["urology"]}),
    ]  # fmt: skip

    answers = [program._send(method, path, json=body).status_code for method, path, body in asked]

    assert answers == [403] * len(asked)


def test_draft_page_takes_the_same_queries_for_one_step_and_for_many(
    app: Flask, desk: Visitor, count_queries: Any
) -> None:
    draft = desk.propose(BOARD)
    before = order(draft)
    meeting = re.search(r'name="meeting" value="(\w+)"', draft.html)[1]  # type: ignore[index]
    address = desk.address
    sent = 0

    def queries(moves: int) -> int:
        nonlocal sent
        page = draft
        for _ in range(moves):
            page = desk.see(address)
            desk.send(page.action("/order"), meeting=meeting, to=f"{before[0]}.{(sent + 1) % 2}",
                      version=re.search(r'name="version" value="(\d+)"', page.html)[1])  # type: ignore[index]  # fmt: skip
            sent += 1
        with count_queries() as statements:
            desk.see(address)
        return len(statements)

    one, three = queries(1), queries(2)

    with app.app_context():
        assert len(db.session().scalars(select(PlanChange)).all()) == 3
    assert one == three

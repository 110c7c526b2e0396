"""A meeting by keyboard, without network for a minute, by two writers at once, and without JavaScript."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.browser.conftest import Window
from tests.browser.counting import begin_counting, record, spent
from tests.browser.stage import DEMO_PASSWORDS, log_in, press, served
from tests.builders import OPERATOR
from tests.rooms import bring_forward, there, written
from tumorboard.services.attendance import check_in
from tumorboard.store.db import db
from tumorboard.store.meetings import Meeting

pytestmark = pytest.mark.browser

COORDINATOR = "coordinator@demo.example"
PHYSICIAN = "seoyeon.kim@demo.example"
"""Holds a core seat, so that she is expected in every meeting."""
TEXTS = ("Interval debulking after three cycles.", "Primary surgery; urology reimplants the ureter.", "Chemotherapy.")
NO_NETWORK = ("net::ERR_INTERNET_DISCONNECTED", "net::ERR_FAILED")
"""How the browser tells of requests that a test has cut."""
NOTHING_KEPT = "Object.keys(localStorage).filter((key) => key.startsWith('room:')).length === 0"


class Room:
    """A meeting that began some minutes ago on a served copy of the demo."""

    def __init__(self, app: Flask, address: str) -> None:
        self.app = app
        self.address = address
        now = datetime.now(UTC)
        with app.app_context():
            meeting_id = bring_forward(db.session(), starts_at=now - timedelta(minutes=5), at=now, cases=4)
            query = select(Meeting).where(Meeting.public_id == meeting_id)
            agenda = db.session().scalars(query).one().agenda
            self.references = [item.case.reference for item in agenda]
            db.session.remove()
        self.meeting_id = meeting_id
        self.path = f"/meetings/{meeting_id}/room"

    def fill(self, *kinds: str) -> None:
        """Everybody who is expected, or those of these kinds, is here, so that every case is quorate."""
        with self.app.app_context():
            session = db.session()
            rows = session.scalars(select(Meeting).where(Meeting.public_id == self.meeting_id)).one().invitations
            asked = [row for row in rows if row.status == "invited" and (not kinds or row.kind in kinds)]
            people = [row.member.public_id for row in asked]
            check_in(session, meeting_id=self.meeting_id, member_ids=people, by=OPERATOR, now=datetime.now(UTC))
            db.session.remove()

    def written(self) -> dict[str, tuple[str, str, str]]:
        with self.app.app_context():
            found = written(db.session(), self.meeting_id)
            db.session.remove()
        return found

    def there(self) -> dict[str, bool]:
        with self.app.app_context():
            found = there(db.session(), self.meeting_id)
            db.session.remove()
        return found

    def enter(self, window: Window, email: str = COORDINATOR, language: str = "en") -> Any:
        log_in(window.page, email, DEMO_PASSWORDS[email], language)
        begin_counting(window.page)
        window.page.goto(self.path)
        return window.page


@pytest.fixture
def room(chromium: Any, demo_template: Path, tmp_path: Path) -> Iterator[Room]:
    shutil.copy(demo_template, tmp_path / "room.sqlite")
    with served(f"sqlite:///{tmp_path / 'room.sqlite'}", tmp_path) as (app, address):
        yield Room(app, address)


def until(page: Any, expression: str, seconds: int = 15) -> None:
    """Wait until the expression is true. The page's own rules forbid the tool to put a waiting script into it."""
    for _ in range(10 * seconds):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never true: {expression}")


def settled(page: Any, count: int) -> None:
    until(page, f"document.querySelectorAll('.tag.outcome-discussed').length === {count}")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_recommendation_is_its_text_and_one_chord(
    room: Room, open_window: Callable[..., Window], language: str
) -> None:
    room.fill()
    window = open_window(room.address, language=language)
    page = room.enter(window, language=language)
    page.click("#begin")
    page.wait_for_selector('[data-state="running"] textarea:focus')
    before = spent(page)

    for number, text in enumerate(TEXTS, 1):
        page.keyboard.type(text)
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(f"#text-{number + 1}:focus")
    settled(page, len(TEXTS))
    until(page, NOTHING_KEPT)

    after = spent(page)
    typed = sum(len(text) for text in TEXTS)
    clicks, keys = after.clicks - before.clicks, after.keys - before.keys - typed
    assert (clicks, keys) == (0, len(TEXTS))
    record(7, clicks, keys // len(TEXTS), f"script-{language}")
    record(7, clicks, keys // len(TEXTS), f"keyboard-{language}")
    expected = {reference: ("discussed", "", text) for reference, text in zip(room.references, TEXTS, strict=False)}
    assert {name: row for name, row in room.written().items() if row[0]} == expected
    assert page.locator('[data-state="running"] .reference').inner_text() == room.references[len(TEXTS)]
    assert (window.problems, window.outside) == ([], [])


def test_text_is_saved_within_two_seconds_of_typing_while_the_timer_counts_up(
    room: Room, open_window: Callable[..., Window]
) -> None:
    page = room.enter(open_window(room.address))
    page.click("#begin")
    page.wait_for_selector("#text-1:focus")

    with page.expect_response(re.compile("/recommendation$"), timeout=2_000):
        page.keyboard.type("Ope")

    until(page, NOTHING_KEPT)
    assert room.written()[room.references[0]] == ("", "", "Ope")
    timer = page.locator('[data-state="running"] [role=timer]')
    read = [timer.inner_text()]
    while len(read) < 30 and len(set(read)) < 3:
        page.wait_for_timeout(200)
        read.append(timer.inner_text())
    assert (len(set(read)), read) == (3, sorted(read))


def test_minute_without_network_loses_nothing_and_sends_nothing_twice(
    room: Room, open_window: Callable[..., Window]
) -> None:
    room.fill()
    window = open_window(room.address)
    window.excused = NO_NETWORK
    window.page.clock.install()
    page = room.enter(window)
    page.click("#begin")
    page.wait_for_selector("#text-1:focus")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/outcome") else None)

    page.context.set_offline(True)
    for number in (1, 2):
        page.keyboard.type(TEXTS[number - 1])
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(f"#text-{number + 1}:focus")
    page.keyboard.type(TEXTS[2])
    for _ in range(12):
        page.clock.run_for(5_000)
    until(page, "document.querySelector('#state-1').textContent.includes('No network')")
    state = page.locator("#state-1").text_content()
    during = room.written()
    page.context.set_offline(False)
    settled(page, 2)
    until(page, NOTHING_KEPT)

    assert "No network" in state
    assert [row for row in during.values() if row[2]] == []
    first, second, third = room.references[:3]
    assert {name: row for name, row in room.written().items() if row[2]} == {
        first: ("discussed", "", TEXTS[0]), second: ("discussed", "", TEXTS[1]), third: ("", "", TEXTS[2]),
    }  # fmt: skip
    assert page.input_value("#text-3") == TEXTS[2]


def test_answer_that_was_lost_is_asked_for_again_and_counts_once(
    room: Room, open_window: Callable[..., Window]
) -> None:
    room.fill()
    window = open_window(room.address)
    window.excused = NO_NETWORK
    page = room.enter(window)
    page.click("#begin")
    page.wait_for_selector("#text-1:focus")
    lost = 0

    def lose(route: Any) -> None:
        nonlocal lost
        lost += 1
        if lost == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/outcome", lose)
    page.keyboard.type(TEXTS[0])
    page.keyboard.press("Control+Enter")
    settled(page, 1)
    until(page, NOTHING_KEPT)

    rows = room.written()
    assert (lost, rows[room.references[0]]) == (2, ("discussed", "", TEXTS[0]))
    assert page.locator('[data-state="running"] .reference').inner_text() == room.references[1]


def test_typed_text_is_there_again_after_the_browser_was_closed(room: Room, open_window: Callable[..., Window]) -> None:
    window = open_window(room.address)
    window.excused = NO_NETWORK
    page = room.enter(window)
    page.click("#begin")
    page.wait_for_selector("#text-1:focus")
    page.route("**/recommendation", lambda route: route.abort())
    page.keyboard.type("Half a sent")
    page.wait_for_timeout(1_500)

    page.unroute("**/recommendation")
    page.goto("/rules")
    page.goto(room.path)
    until(page, NOTHING_KEPT)

    assert (page.input_value("#text-1"), room.written()[room.references[0]][2]) == ("Half a sent", "Half a sent")


def test_two_writers_keep_both_texts(room: Room, open_window: Callable[..., Window]) -> None:
    windows = [open_window(room.address) for _ in range(2)]
    windows[1].excused = ("status of 409",)
    one, other = map(room.enter, windows)
    for page in (one, other):
        page.locator("#case-1 summary").click()
    other.locator("#text-1").focus()
    one.fill("#text-1", "Hers")
    until(one, NOTHING_KEPT)

    other.keyboard.type("Mine")
    other.wait_for_selector(".theirs")
    shown = other.locator(".theirs blockquote").inner_text()
    other.click("[data-join]")
    until(other, NOTHING_KEPT)

    assert (shown, room.written()[room.references[0]][2]) == ("Hers", "Hers\nMine")


def test_one_tap_says_who_is_here_and_keeps_the_focus(room: Room, open_window: Callable[..., Window]) -> None:
    coordinator = room.enter(open_window(room.address))
    phone = room.enter(open_window(room.address, "phone"), PHYSICIAN)
    hers = phone.locator("button.tap", has_text="김서연")
    name = hers.get_attribute("id")

    hers.tap()
    phone.wait_for_selector(f"#{name}.here")
    coordinator.wait_for_selector(f"#{name}.here", timeout=8_000)

    assert room.there() == {PHYSICIAN: True}
    assert phone.evaluate("document.activeElement.id") == name
    assert hers.bounding_box()["height"] >= 44


def test_meeting_is_held_without_javascript(room: Room, open_window: Callable[..., Window]) -> None:
    room.fill("on_demand")
    window = open_window(room.address, "phone", java_script_enabled=False)
    log_in(window.page, COORDINATOR, DEMO_PASSWORDS[COORDINATOR], "en")
    page = window.page
    page.goto(room.path)

    press(page, "#p-all")
    press(page, "#begin")
    page.fill("#text-1", TEXTS[0])
    press(page, '#case-1 button[value="outcome"]')
    record(7, 1, 0, "no-script")
    press(page, "button.tap.here >> nth=0")

    assert room.written()[room.references[0]] == ("discussed", "", TEXTS[0])
    assert page.locator('[data-state="running"] .reference').inner_text() == room.references[1]
    assert sorted(set(room.there().values())) == [False, True]
    assert (window.problems, window.outside) == ([], [])


@pytest.mark.parametrize("look", [("desktop", "dark", "ko"), ("smallest", "light", "en")], ids="-".join)
def test_room_wall_and_record_keep_the_gates(
    room: Room,
    open_window: Callable[..., Window],
    find_barriers: Callable[..., list[str]],
    look: tuple[str, str, str],
) -> None:
    view, scheme, language = look
    window = open_window(room.address, view, language, color_scheme=scheme)
    page = room.enter(window, language=language)
    press_begin(page)

    for place in (room.path, f"{room.path}/wall", room.path.replace("/room", "/record")):
        page.goto(place)
        assert find_barriers(page) == [], place
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place
        assert page.evaluate("performance.getEntriesByType('resource').length") <= 5, place
    assert (window.problems, window.outside) == ([], [])


def press_begin(page: Any) -> None:
    page.click("#begin")
    page.wait_for_selector('[data-state="running"] textarea:focus')

"""What comes out of the printer, and reports of a centre that has met."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PageObject, PdfReader
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from tests.browser.conftest import Stage, Window
from tests.browser.stage import addresses, choose_language, press, served
from tests.services.past_meetings import note_there, record_all
from tumorboard.store.meetings import Meeting

pytestmark = pytest.mark.browser

COORDINATOR = "coordinator@demo.example"
OUTCOMES = (("discussed", ""), ("deferred", "report-missing"), ("not_quorate", ""))
DAYS = {"ko": "[월화수목금토일]", "en": "[A-Z][a-z]{2}"}
LOG_OUT = {"ko": "로그아웃", "en": "Logout"}
A4 = {(595, 842), (596, 842), (595, 841)}
"""In points, as Chromium rounds 210 and 297 millimetres."""
COLOUR = re.compile(r"([\d.]+) ([\d.]+) ([\d.]+) (?:rg|RG|scn?|SCN?)\b")
SIZES = ((1366, 860, "light"), (320, 640, "light"), (360, 780, "dark"))


@pytest.fixture(scope="module")
def past(chromium: Any, demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The demo with its boards of the last weeks held and recorded; the last published one is still ahead."""
    directory = tmp_path_factory.mktemp("past")
    path = directory / "demo.sqlite"
    shutil.copy(demo_template, path)
    engine = create_engine(f"sqlite:///{path}")
    with Session(engine) as session:
        _hold_most(session)
    engine.dispose()
    with served(f"sqlite:///{path}", directory) as (app, address):
        yield Stage(chromium, address, addresses(app))


def _hold_most(session: Session) -> None:
    """Every published meeting but the last lies back by weeks; what became of its cases is noted."""
    query = select(Meeting).where(Meeting.status == "published", Meeting.ends_at > datetime.now(UTC))
    meetings = [meeting for meeting in session.scalars(query.order_by(Meeting.starts_at)) if meeting.agenda][:-1]
    for number, meeting in enumerate(meetings):
        back = timedelta(weeks=30)  # before what the demo itself has held
        for row in (meeting, *meeting.agenda, *meeting.invitations):
            row.starts_at, row.ends_at = row.starts_at - back, row.ends_at - back
        for item in meeting.agenda:
            item.case.referred_at -= back + timedelta(days=number * 5)
        note_there(session, meeting, *[row.member.email for row in meeting.invitations][number % 3 :])
        record_all(session, meeting, *OUTCOMES[number % len(OUTCOMES)])


def visit(stage: Stage, open_window: Callable[..., Window], name: str, language: str, **more: Any) -> Window:
    window = open_window(stage.address, "desktop", language, storage_state=stage.session_of(COORDINATOR), **more)
    window.page.goto("/rules")
    choose_language(window.page, language)
    window.page.goto(stage.places[name])
    return window


@pytest.mark.parametrize(("language", "has_script"), [("ko", True), ("en", False)], ids=["ko", "en-no-script"])
def test_printed_meeting_names_itself_and_its_pages_on_a4_in_greys(
    past: Stage, open_window: Callable[..., Window], language: str, has_script: bool
) -> None:
    window = visit(past, open_window, "meeting", language, java_script_enabled=has_script)

    title = window.page.title()
    pages = PdfReader(io.BytesIO(window.page.pdf(prefer_css_page_size=True))).pages

    assert re.search(rf"\d{{4}}-\d{{2}}-\d{{2}} \({DAYS[language]}\) \d{{2}}:\d{{2}}", title)
    texts = [page.extract_text() for page in pages]
    said = "".join("".join(texts).split())
    for number, text in enumerate(texts, 1):
        head = "".join(text.split())[: len(title) + 10]
        assert ("".join(title.split()) in head, f"{number} / {len(pages)}" in text) == (True, True), text[:200]
    assert (LOG_OUT[language] in said, re.search(r"\d{6}-[1-8]\d{6}", said)) == (False, None)
    assert {tuple(round(float(side)) for side in page.mediabox[2:]) for page in pages} <= A4
    colours = [colour for page in pages for colour in colours_of(page)]
    assert (len(colours) > 2, [colour for colour in colours if len(set(colour)) > 1]) == (True, [])


def colours_of(page: PageObject) -> set[tuple[str, ...]]:
    """Red, green and blue of everything that is drawn on the page and in the forms it shows."""
    forms = page.get("/Resources", {}).get("/XObject", {}).values()
    streams = [page.get_contents(), *(form.get_object() for form in forms)]
    drawn = [stream.get_data() for stream in streams if stream is not None and stream.get("/Subtype") != "/Image"]
    return {tuple(found) for each in drawn for found in COLOUR.findall(each.decode("latin-1"))}


@pytest.mark.parametrize("language", ["ko", "en"])
def test_reports_of_a_centre_that_has_met_keep_the_gates(
    past: Stage, open_window: Callable[..., Window], find_barriers: Callable[..., list[str]], language: str
) -> None:
    window = visit(past, open_window, "reports", language)
    charts = window.page.locator("svg.chart[role=img]").count()

    for width, height, scheme in SIZES:
        window.page.set_viewport_size({"width": width, "height": height})
        window.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        window.page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")
        assert find_barriers(window.page) == []
        assert window.page.evaluate("document.documentElement.scrollWidth > innerWidth") is False, width

    assert (charts, window.problems, window.outside) == (5, [], [])


def test_agenda_is_taken_after_the_purpose_is_noted_once(past: Stage, open_window: Callable[..., Window]) -> None:
    window = visit(past, open_window, "exports", "en")
    link = window.page.locator("a.button", has_text="XLSX Agenda").first

    press(window.page, link)
    with window.page.expect_download() as first:
        window.page.locator("main form button.primary").click()
    window.page.goto("/exports")
    with window.page.expect_download() as second:
        link.click()

    names = [found.value.suggested_filename for found in (first, second)]
    assert re.fullmatch(r"agenda-[\w-]+-\d{4}-\d{2}-\d{2}-\d{4}\.xlsx", names[0])
    assert names[0] == names[1]

"""The whole line: a case list becomes a published board, and everybody hears exactly what concerns her."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_case_csv, a_case_row
from tests.cli.conftest import Terminal
from tests.journeys.line import Line
from tests.journeys.mailroom import Mailroom, free_port, open_mailroom
from tumorboard.mail.send import open_mailer
from tumorboard.services.outbox import deliver_post
from tumorboard.store.db import db

TODAY = datetime.now(UTC).date()
YESTERDAY = (TODAY - timedelta(days=1)).isoformat()
SHARED = Path(__file__).resolve().parents[2].parent / "shared"
TCGA = SHARED / "data" / "tcga_ov_biotab" / "nationwidechildrens.org_clinical_patient_ov.txt"
CANARY = "KANARIENVOGEL"
"""Stands in the free texts of every case; must never leave the house."""
PROCEDURES = {
    "L-01": "hysterectomy_bso;omentectomy",
    "L-02": "hysterectomy_bso;rectosigmoid_resection_anastomosis",
    "L-03": "liver_resection;omentectomy",
    "L-04": "hysterectomy_bso;ureter_resection_reimplant",
    "L-05": "diaphragm_full_thickness;omentectomy",
    "L-06": "distal_pancreatectomy;splenectomy",
    "L-07": "hysterectomy_bso;pelvic_exenteration",
    "L-08": "image_guided_biopsy",
    "L-09": "hysterectomy_bso;hipec",
    "L-10": "gastrectomy_partial;large_bowel_resection",
    "L-11": "",
    "L-12": "bladder_resection",
}


def our_cases() -> bytes:
    """A dozen fictional cases with different needs; none has its CT yet."""
    texts = ("question", "question_radiology", "question_pathology", "referrer", "presenter", "patient_view")
    told = {name: f"{CANARY} {name}" for name in texts}
    missing = {"ct_chest_abdomen_pelvis_reported_on": ""}
    rows = [a_case_row(ref, on=TODAY, planned_procedures=procedures, **told, **missing)
            for ref, procedures in PROCEDURES.items()]  # fmt: skip
    return a_case_csv(rows)


def tcga_cases() -> bytes:
    """The 587 patients of TCGA's ovarian study."""
    if not TCGA.exists():
        pytest.skip("needs ../shared/data/tcga_ov_biotab")
    return TCGA.read_bytes()


@pytest.fixture
def line(terminal_on: Callable[..., Terminal], database_url: str, mailroom: Mailroom) -> Line:
    return Line(terminal_on(database_url, MAIL_URL=mailroom.url, PLAN_SECONDS="3"), mailroom)


def move_one_case(line: Line, draft: dict[str, Any]) -> dict[str, Any]:
    """The draft with a case of its first meeting with cases on the next one: one that somebody is called in for.

    When that one is full, a case as long is taken off it first. A meeting whose list is closed has no cases.
    """
    place = next(place for place, meeting in enumerate(draft["meetings"]) if meeting["cases"])
    first, second = draft["meetings"][place : place + 2]
    called = next(window for window in first["windows"] if window["kind"] == "on_demand" and window["cases"])
    case = next(case for case in first["cases"] if case["reference"] == called["cases"][0])
    move = ("plan", "move", "--draft", draft["draft"])
    if sum(each["minutes"] for each in second["cases"]) + case["minutes"] > 90:
        longest = max(second["cases"], key=lambda each: each["minutes"])
        line.terminal.json(*move, longest["reference"], "--out")
    moved: dict[str, Any] = line.terminal.json(*move, case["reference"], "--to", second["meeting"])
    return moved


@pytest.mark.parametrize("case_list", [our_cases, tcga_cases])
def test_line_from_a_case_list_to_everybodys_calendar(line: Line, case_list: Callable[[], bytes]) -> None:
    count = line.furnish(case_list(), day=YESTERDAY)

    invited = line.publish(line.propose(3))

    assert count in (12, 587)
    assert {letter.method for letter in invited} == {"REQUEST"}
    assert {letter.sequence for letter in invited} == {0}
    line.check_feeds()

    assert line.publish(line.propose(3)) == []

    told = line.publish(move_one_case(line, line.propose(3)))

    assert 0 < len(told) < len(invited) + 20
    line.check_feeds()

    first = min(line.windows, key=lambda key: line.windows[key].starts_at)[0]
    cancelled = line.cancel(first)

    assert {letter.method for letter in cancelled} == {"CANCEL"}
    line.check_feeds()


def test_nothing_of_a_patient_leaves_the_house(line: Line) -> None:
    line.furnish(our_cases(), day=YESTERDAY)
    line.publish(line.propose(3))
    line.publish(move_one_case(line, line.propose(3)))

    sent = [text for letter in line.heard for text in letter.texts]
    feeds = [line.read_feed(address)[0] for address in {key[1] for key in line.windows}]

    assert [text for text in (*sent, *feeds) if CANARY.lower() in text.lower()] == []
    assert any("L-03" in text for text in sent), "references are what a letter may name"


def test_letters_survive_a_mail_server_that_is_down(
    terminal_on: Callable[..., Terminal], database_url: str, mailroom: Mailroom
) -> None:
    port = free_port()
    line = Line(terminal_on(database_url, MAIL_URL=f"smtp://127.0.0.1:{port}"), mailroom)
    line.furnish(our_cases(), day=YESTERDAY)
    line.propose(3)
    letters = line.terminal.json("plan", "publish")["letters"]

    down = line.terminal.run("jobs", "once", "deliver-post", "--json")

    assert down.exit_code == 2
    assert f"{letters} letters wait" in down.stderr
    shown = line.terminal.json("outbox")
    assert (shown["counts"]["waiting"], shown["counts"]["failing"]) == (letters, 1)
    assert [letter["tries"] for letter in shown["letters"] if letter["last_error"]] == [0]
    with open_mailroom(port) as room, line.terminal.app.app_context(), open_mailer(room.url) as mailer:
        later = datetime.now(UTC) + timedelta(minutes=5)
        done = deliver_post(db.session(), mailer=mailer, sender="tumorboard@localhost", clock=lambda: later)
        arrived = room.take()
    assert (done.sent, len(arrived), len({letter.entry.uid for letter in arrived})) == (letters, letters, letters)
    assert line.terminal.json("outbox")["counts"]["waiting"] == 0


def test_letters_of_a_second_publication_overtake_unsent_ones(
    terminal_on: Callable[..., Terminal], database_url: str, mailroom: Mailroom
) -> None:
    line = Line(terminal_on(database_url, MAIL_URL=mailroom.url), mailroom)
    line.furnish(our_cases(), day=YESTERDAY)
    line.propose(3)
    line.terminal.json("plan", "publish")
    moved = move_one_case(line, line.propose(3))
    line.terminal.json("plan", "publish", "--draft", moved["draft"])

    line.terminal.json("jobs", "once", "deliver-post")

    arrived = mailroom.take()
    uids = [letter.entry.uid for letter in arrived]
    assert len(uids) == len(set(uids))
    now_told = {(letter.recipient, letter.entry.starts_at, letter.entry.ends_at) for letter in arrived
                if letter.method == "REQUEST"}  # fmt: skip
    assert now_told == {(key[1], *span) for key, span in line.published_windows().items()}

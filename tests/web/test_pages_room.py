"""The room of a meeting without JavaScript: who is here, texts and outcomes, the wall, the record."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from tests.builders import BOARD, CORE, OPERATOR, SURGEON, case_id, member_id
from tests.rooms import bring_forward, there, written
from tests.web.visitor import Page, Visitor, a_visitor
from tumorboard.domain.discussions import stamp_of
from tumorboard.services.access import Role
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.store.db import db

TEXT = "Interval debulking."
NOTHING = stamp_of("")


@pytest.fixture
def meeting(app: Flask) -> str:
    """The address of a meeting that began five minutes ago, with C-1 and C-2."""
    with app.app_context():
        session, setup, now = db.session(), app.extensions["tumorboard"], datetime.now(UTC)
        draft = propose(session, setup, board=BOARD, weeks=4, by=OPERATOR, now=now)
        publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=now)
        return f"/meetings/{bring_forward(session, starts_at=now - timedelta(minutes=5))}"


def id_of(app: Flask, reference: str) -> str:
    with app.app_context():
        return case_id(db.session(), reference)


def written_in(app: Flask) -> dict[str, tuple[str, str, str]]:
    with app.app_context():
        return written(db.session())


def order(page: Page) -> list[str]:
    return list(dict.fromkeys(re.findall(r"\bC-\d\b", page.text)))


def decide(visitor: Visitor, app: Flask, meeting: str, reference: str, **fields: str) -> Page:
    asked = {"case": id_of(app, reference), "stamp": NOTHING, "text": TEXT, "outcome": "discussed", "reason": "",
             "what": "outcome", **fields}  # fmt: skip
    return visitor.send(f"{meeting}/room/outcome", **asked)


def test_whole_meeting_is_held_without_javascript(app: Flask, meeting: str) -> None:
    visitor = a_visitor(app)
    page = visitor.see(f"{meeting}/room")
    first, second = order(page)[:2]
    with app.app_context():
        core = [member_id(db.session(), email) for email in CORE.values()]

    page = visitor.send(f"{meeting}/room/presence", **{"in": " ".join(core)})
    assert "4 people here" in page.text
    visitor.send(f"{meeting}/room/outcome", case=id_of(app, first), what="begin")
    asked = decide(visitor, app, meeting, first)
    assert (asked.status, "A required seat is empty" in asked.text) == (422, True)
    assert f"{TEXT}</textarea>" in asked.html
    assert 'value="not_quorate" checked' in visitor.see(f"{meeting}/room").html
    page = decide(visitor, app, meeting, first, reason="opinion-known")
    assert "Saved." in page.text
    assert "1 of 2 cases have an outcome" in page.text
    page = decide(visitor, app, meeting, second, outcome="deferred", reason="specialist-absent", text="")
    assert "Every case has an outcome." in page.text
    visitor.see(f"{meeting}/record")
    page = visitor.send(f"{meeting}/record/sign")

    assert "The record is signed" in page.text
    assert "Signed by Coordinator" in page.text
    assert "4 people were here" in visitor.see(f"{meeting}/room/wall").text
    assert written_in(app) == {
        first: ("discussed", "opinion-known", TEXT),
        second: ("deferred", "specialist-absent", ""),
    }
    refused = decide(visitor, app, meeting, second, outcome="not_quorate", text="")
    assert (refused.status, "This record is signed; open it again first" in refused.text) == (409, True)
    page = visitor.send(f"{meeting}/record/reopen", reason="outcome-wrong")
    assert "The record is open again." in page.text


@pytest.mark.parametrize(("language", "words"), [("ko", "정족수 충족"), ("en", "Quorate")])
def test_quorum_of_each_case_is_said_with_icon_and_word(app: Flask, meeting: str, language: str, words: str) -> None:
    visitor = a_visitor(app, language=language)
    before = visitor.see(f"{meeting}/room")
    with app.app_context():
        core = [member_id(db.session(), email) for email in CORE.values()]

    after = visitor.send(f"{meeting}/room/presence", **{"in": " ".join(core)})

    assert (words in before.text, words in after.text) == (False, True)
    assert (before.html.count("quorum-expected"), after.html.count("quorum-met")) == (1, 1)


def test_refused_outcome_keeps_what_was_typed(app: Flask, meeting: str) -> None:
    visitor = a_visitor(app)
    first = order(visitor.see(f"{meeting}/room"))[0]

    page = decide(visitor, app, meeting, first, outcome="withdrawn", text="She decided against it.")

    assert (page.status, "Give a reason" in page.text) == (422, True)
    assert "She decided against it.</textarea>" in page.html
    assert written_in(app)[first] == ("", "", "She decided against it.")


def test_text_that_cannot_be_saved_is_still_on_the_page(app: Flask, meeting: str) -> None:
    visitor = a_visitor(app)
    first = order(visitor.see(f"{meeting}/room"))[0]

    page = decide(visitor, app, meeting, first, text="800101-1234567 operate", what="draft")

    assert (page.status, "800101-1234567 operate</textarea>" in page.html) == (422, True)
    assert written_in(app) == {}


def test_second_writer_sees_both_texts(app: Flask, meeting: str) -> None:
    chair, visitor = a_visitor(app, Role.CHAIR), a_visitor(app)
    first = order(visitor.see(f"{meeting}/room"))[0]
    decide(chair, app, meeting, first, text="Hers", what="draft")

    page = decide(visitor, app, meeting, first, text="Mine", what="draft")

    assert page.status == 409
    assert "<blockquote>Hers</blockquote>" in page.html
    assert "Mine</textarea>" in page.html
    stamp = re.search(r'name="stamp" value="(\w+)"', page.html.split("Mine</textarea>")[0].rsplit("<form", 1)[1])
    assert stamp is not None
    decide(visitor, app, meeting, first, text="Hers\nMine", what="draft", stamp=stamp[1])
    assert written_in(app)[first][2] == "Hers\nMine"


def test_case_of_an_earlier_meeting_takes_its_times(app: Flask, meeting: str) -> None:
    visitor = a_visitor(app)
    first = order(visitor.see(f"{meeting}/room"))[0]

    page = decide(visitor, app, meeting, first)

    assert (page.status, "Say when the case was discussed" in page.text) == (422, True)


def test_surgeon_notes_herself_and_sees_no_text(app: Flask, meeting: str) -> None:
    coordinator = a_visitor(app)
    first = order(coordinator.see(f"{meeting}/room"))[0]
    decide(coordinator, app, meeting, first, what="draft")
    surgeon = a_visitor(app, Role.SURGEON)
    page = surgeon.see(f"{meeting}/room")
    with app.app_context():
        hers, other = member_id(db.session(), SURGEON), member_id(db.session(), CORE["pathology"])

    after = surgeon.send(f"{meeting}/room/presence", **{"in": hers})
    refused = surgeon.send(f"{meeting}/room/presence", **{"in": other})

    assert (page.html.count("data-tap"), "<textarea" in page.html, "?" in page.text) == (1, False, False)
    assert ("1 person here" in after.text, refused.status) == (True, 403)
    assert TEXT not in page.text
    assert TEXT not in surgeon.see(f"{meeting}/record").text
    assert surgeon.send(f"{meeting}/room/outcome", case=id_of(app, first), what="begin").status == 403
    with app.app_context():
        assert there(db.session()) == {SURGEON: True}


def test_wall_shows_no_text_unless_it_is_opened(app: Flask, meeting: str) -> None:
    visitor = a_visitor(app)
    first, second = order(visitor.see(f"{meeting}/room"))[:2]
    visitor.send(f"{meeting}/room/outcome", case=id_of(app, first), what="begin")
    decide(visitor, app, meeting, first, what="draft")

    wall, opened = visitor.see(f"{meeting}/room/wall"), visitor.see(f"{meeting}/room/wall?text=1")
    hers = a_visitor(app, Role.SURGEON).see(f"{meeting}/room/wall?text=1")

    assert (first in wall.text, f"Next: {second}" in wall.text, "Which operation?" in wall.text) == (True, True, True)
    assert (TEXT in wall.text, TEXT in opened.text) == (False, True)
    assert (TEXT in hers.text, "Which operation?" in hers.text) == (False, False)


def test_meeting_page_leads_to_the_room_and_shows_outcomes(app: Flask, meeting: str) -> None:
    visitor = a_visitor(app)
    first = order(visitor.see(f"{meeting}/room"))[0]
    decide(visitor, app, meeting, first, outcome="deferred", reason="report-missing", text="")

    page = visitor.see(meeting)

    assert (page.links["Meeting room"], page.links["Record"]) == (f"{meeting}/room", f"{meeting}/record")
    assert "Deferred A report was missing" in page.text


@pytest.mark.parametrize(
    ("language", "words"),
    [("ko", ["결과 기록 · 연기, 보고서 없음", "회의에 배정되어 공개됨", "등록"]),
     ("en", ["Outcome recorded · Deferred, A report was missing", "Published on a meeting", "On the list"])],
)  # fmt: skip
def test_case_page_tells_all_that_happened(app: Flask, meeting: str, language: str, words: list[str]) -> None:
    visitor = a_visitor(app, language=language)
    first = order(visitor.see(f"{meeting}/room"))[0]
    decide(visitor, app, meeting, first, outcome="deferred", reason="report-missing", text="")

    told = visitor.see(f"/cases/{id_of(app, first)}").text

    assert [word in told for word in words[:2]] == [True, True]
    assert told.index(words[0]) < told.index(words[1])


def test_attendance_is_corrected_afterwards(app: Flask, meeting: str) -> None:
    visitor = a_visitor(app)
    visitor.see(f"{meeting}/record")
    with app.app_context():
        hers = member_id(db.session(), SURGEON)
    now = datetime.now(ZoneInfo("Asia/Seoul"))
    start, end = (now - timedelta(minutes=4)).strftime("%H:%M"), (now - timedelta(minutes=2)).strftime("%H:%M")

    wrong = visitor.send(f"{meeting}/record/presence", member=hers, **{"from": "25:00", "until": end})
    half = visitor.send(f"{meeting}/record/presence", member=hers, **{"from": "", "until": end})

    assert "Give a time, as 07:40" in wrong.text
    assert "Give both, from and until" in half.text
    if start < end:
        page = visitor.send(f"{meeting}/record/presence", member=hers, **{"from": start, "until": end})
        assert f"{start} – {end}" in page.text


@pytest.mark.parametrize("place", ["room", "room/wall", "record"])
@pytest.mark.parametrize("role", list(Role))
def test_everybody_who_sees_boards_sees_the_room(app: Flask, meeting: str, place: str, role: Role) -> None:
    assert a_visitor(app, role).see(f"{meeting}/{place}").status == 200


@pytest.mark.parametrize("place", ["room", "room/wall", "record"])
def test_unknown_meeting_is_not_found(app: Flask, place: str) -> None:
    assert a_visitor(app).see(f"/meetings/zzz/{place}").status == 404

"""From the case to the urgent meeting, who cannot come, and a time found for a board, without JavaScript."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests.builders import BOARD, CORE, ON_DEMAND, case_id
from tests.web.conftest import Program
from tests.web.visitor import Page, Visitor
from tumorboard.services.access import Role
from tumorboard.store.cases import Case
from tumorboard.store.db import db
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Absence, Member
from tumorboard.store.post import OutboxMessage
from tumorboard.web.pages.slots import SHOWN_REJECTED


def visit(app: Flask, role: str, language: str = "en") -> Visitor:
    visitor = Visitor(app, language=language)
    visitor.log_in(f"{role}@hospital.example")
    return visitor


@pytest.fixture
def coordinator(app: Flask) -> Visitor:
    return visit(app, "coordinator")


def address_of(app: Flask, reference: str) -> str:
    with app.app_context():
        return f"/cases/{case_id(db.session(), reference)}"


def send_away(app: Flask, email: str, *, hours: int) -> None:
    with app.app_context():
        session = db.session()
        member = session.scalars(select(Member).where(Member.email == email)).one()
        now = datetime.now(UTC)
        session.add(Absence(member_id=member.id, starts_at=now - timedelta(hours=1),
                            ends_at=now + timedelta(hours=hours), kind="busy"))  # fmt: skip
        session.commit()


def fields_of(page: Page) -> dict[str, object]:
    """The hidden fields of the first form that calls or moves a meeting."""
    form = re.search(r'<form method="post" action="[^"]*/(?:urgent|move)".*?</form>', page.html, re.DOTALL)
    assert form is not None
    pairs = re.findall(r'name="(at|board|member)" value="([^"]+)"', form[0])
    return {
        "at": next(value for name, value in pairs if name == "at"),
        "board": next(value for name, value in pairs if name == "board"),
        "member": [value for name, value in pairs if name == "member"],
    }


def call(app: Flask, visitor: Visitor, reference: str = "C-2") -> Page:
    page = visitor.see(f"{address_of(app, reference)}/urgent")
    return visitor.send(page.action("/urgent"), **fields_of(page))


def count_letters(app: Flask) -> int:
    with app.app_context():
        return len(db.session().scalars(select(OutboxMessage.id)).all())


def test_case_leads_to_the_moments_and_one_click_calls(app: Flask, coordinator: Visitor) -> None:
    case = coordinator.see(address_of(app, "C-2"))
    page = coordinator.see(case.links["Urgent meeting now"])

    called = coordinator.send(page.action("/urgent"), **fields_of(page))

    rows = {row[0]: row for row in page.rows}
    assert ("Urology" in rows["Jung"], "holds the seat" in rows["Jung"]) == (True, True)
    assert re.fullmatch(r"/meetings/\w+", coordinator.address)
    assert f"The urgent meeting is called; {count_letters(app)} letters leave." in called.text
    assert {"Kim", "Lee", "Park", "Choi", "Jung"} <= {row[0] for row in called.rows}


def test_case_page_says_where_it_stands_then(app: Flask, coordinator: Visitor) -> None:
    call(app, coordinator)

    case = coordinator.see(address_of(app, "C-2"))
    moments = coordinator.see(f"{address_of(app, 'C-2')}/urgent")

    assert "Urgent meeting called" in case.text
    assert "Choosing another moment moves it." in moments.text


def test_who_cannot_come_leaves_a_gap_and_another_moment(app: Flask, coordinator: Visitor) -> None:
    meeting = call(app, coordinator)
    with app.app_context():
        jung = db.session().scalars(select(Member.public_id).where(Member.email == ON_DEMAND["urology"])).one()

    page = coordinator.send(meeting.action("/declines"), member=jung)

    assert "Nobody covers Urology: the meeting cannot decide." in page.text
    assert "Jung" not in {row[0] for row in page.rows}
    assert 'class="note problem"' in page.html
    assert "nobody covers Urology at this urgent meeting" in coordinator.see(f"/boards/{BOARD}").text
    other = coordinator.see(page.links["Choose another moment"])
    assert "Jung" in {row[0] for row in other.rows}


def test_call_is_moved_to_another_moment(app: Flask, coordinator: Visitor) -> None:
    call(app, coordinator)
    send_away(app, CORE["pathology"], hours=3)
    page = coordinator.see(f"{address_of(app, 'C-2')}/urgent")
    fields = fields_of(page)

    moved = coordinator.send(page.action("/move"), **fields)

    with app.app_context():
        meeting = db.session().scalars(select(Meeting).where(Meeting.status == "published")).one()
        assert meeting.starts_at.isoformat() == fields["at"]
    assert "The urgent meeting is called" in moved.text


def test_moment_that_has_gone_leads_back_with_the_next_one(app: Flask, coordinator: Visitor) -> None:
    page = coordinator.see(f"{address_of(app, 'C-2')}/urgent")
    send_away(app, ON_DEMAND["urology"], hours=2)

    again = coordinator.send(page.action("/urgent"), **fields_of(page))

    assert coordinator.address == f"{address_of(app, 'C-2')}/urgent?board={BOARD}"
    assert "Somebody needed is not free at this time any more; choose another of the moments" in again.text
    assert count_letters(app) == 0


def test_missing_specialty_says_whom_to_phone_and_she_may_be_called_all_the_same(
    app: Flask, coordinator: Visitor
) -> None:
    send_away(app, ON_DEMAND["urology"], hours=100)
    page = coordinator.see(f"{address_of(app, 'C-2')}/urgent")
    jung = re.search(r'<option value="(\w{16})">Jung', page.html)
    assert jung is not None

    called = coordinator.send(page.action("/urgent"), promised=jung[1], **fields_of(page))

    assert "Urology: nobody is free" in page.text
    assert "Jung" in {row[0] for row in called.rows}


def test_member_says_herself_that_she_cannot_come(app: Flask, coordinator: Visitor) -> None:
    call(app, coordinator)
    surgeon = visit(app, "surgeon")
    page = surgeon.see(coordinator.address)
    with app.app_context():
        rows = {row.member.email: row.member.public_id for row in db.session().scalars(select(MeetingInvitation))}

    refused = surgeon.send(page.action("/declines"), member=rows[CORE["radiology"]])
    surgeon.see(coordinator.address)
    noted = surgeon.send(page.action("/declines"), member=rows[ON_DEMAND["urology"]])

    assert len(re.findall(r'action="[^"]*/declines"', page.html)) == 1
    assert (refused.status, noted.status, "Noted." in noted.text) == (403, 200, True)


@pytest.mark.parametrize(
    ("role", "status"), [("coordinator", 200), ("physician", 200), ("surgeon", 403), ("auditor", 403)]
)
def test_only_some_roles_see_the_moments(app: Flask, role: str, status: int) -> None:
    assert visit(app, role).see(f"{address_of(app, 'C-2')}/urgent").status == status


IMPOSSIBLE = [
    {"at": "soon"}, {"at": "2031-01-01T10:00"}, {"at": "2020-01-01T10:00+00:00"}, {},
    {"at": "0001-01-01T00:00:00+14:00"}, {"at": "9999-12-31T23:59:59-12:00"}, {"at": "0001-01-01T00:00:00+00:00"},
]  # fmt: skip


@pytest.mark.parametrize("fields", IMPOSSIBLE)
def test_impossible_instant_is_refused(app: Flask, coordinator: Visitor, fields: dict[str, str]) -> None:
    page = coordinator.see(f"{address_of(app, 'C-2')}/urgent")

    again = coordinator.send(page.action("/urgent"), **fields)

    assert again.status == 200
    assert 'class="note problem"' in again.html
    assert count_letters(app) == 0


def test_board_finds_a_time_and_holds_it(app: Flask, coordinator: Visitor) -> None:
    page = coordinator.see(coordinator.see(f"/boards/{BOARD}").links["Find a time"])
    slot = re.search(r'name="at" value="([^"]+)".*?name="room" value="([^"]+)"', page.html, re.DOTALL)
    assert slot is not None

    held = coordinator.send(page.action("/slots"), at=slot[1], minutes="60", room=slot[2])

    assert "The meeting is added: " in held.text
    with app.app_context():
        starts = db.session().scalars(select(Meeting.starts_at).where(Meeting.series_id.is_(None))).all()
    assert [start.isoformat() for start in starts] == [slot[1]]

    undone = coordinator.send(held.action("/take-back"))

    assert "The meeting is taken back." in undone.text
    with app.app_context():
        assert db.session().scalars(select(Meeting).where(Meeting.series_id.is_(None))).all() == []


def test_slots_say_how_many_of_how_many_and_lead_on(coordinator: Visitor) -> None:
    page = coordinator.see(f"/boards/{BOARD}/slots")

    more = coordinator.see(page.links["Show more days"])

    assert (page.text.count("Hold a meeting :"), more.text.count("Hold a meeting :")) == (12, 24)
    assert re.search(r"12 of \d+: the soonest days", page.text)


def test_times_that_are_not_offered_say_why(app: Flask, coordinator: Visitor) -> None:
    address = f"/boards/{BOARD}/slots?specialty=urology&specialty=radiology&weeks=2"
    rejected = Program(app, Role.COORDINATOR).get(address).get_json()["rejected"]

    page = coordinator.see(address)

    told = page.rows[page.rows.index(["When", "Because"]) + 1 :]
    assert len(told) == min(len(rejected), SHOWN_REJECTED)
    assert [row for row in told if len(row) < 2 or not re.search("[a-z]{3}", row[-1])] == []


def naive_time_ahead() -> str:
    return (datetime.now(UTC) + timedelta(days=2)).replace(tzinfo=None).isoformat(timespec="minutes")


@pytest.mark.parametrize("fields", [*IMPOSSIBLE, {"at": naive_time_ahead()}])
def test_impossible_slot_is_not_held(app: Flask, coordinator: Visitor, fields: dict[str, str]) -> None:
    page = coordinator.see(f"/boards/{BOARD}/slots")

    again = coordinator.send(page.action("/slots"), minutes="60", room="room-b", **fields)

    assert again.status == 200
    assert 'class="note problem"' in again.html
    with app.app_context():
        assert db.session().scalars(select(Meeting).where(Meeting.series_id.is_(None))).all() == []


@pytest.mark.parametrize("fields", IMPOSSIBLE)
def test_meeting_is_not_moved_to_an_impossible_instant(
    app: Flask, coordinator: Visitor, fields: dict[str, str]
) -> None:
    call(app, coordinator)
    letters = count_letters(app)
    page = coordinator.see(f"{address_of(app, 'C-2')}/urgent")

    again = coordinator.send(page.action("/move"), **fields)

    assert 'class="note problem"' in again.html
    assert count_letters(app) == letters


def test_group_of_an_open_case_is_one_click_away(app: Flask, coordinator: Visitor) -> None:
    send_away(app, ON_DEMAND["urology"], hours=24 * 60)
    page = coordinator.see(f"/boards/{BOARD}/slots")

    group = coordinator.see(page.links["Core team and Urology"])

    assert "Core team and Hepatobiliary and pancreatic surgery" in page.text
    assert "Nobody free: Urology" in group.text
    assert "No slot is possible." in group.text


@pytest.mark.parametrize(
    "query",
    ["weeks=99", "minutes=0", "specialty=dentistry", "room=cellar", "specialty=radiology:" + "9" * 5000],
    ids=lambda query: query[:24],
)
def test_impossible_search_is_said_in_words(coordinator: Visitor, query: str) -> None:
    page = coordinator.see(f"/boards/{BOARD}/slots?{query}")

    assert page.status in (404, 422)


@pytest.mark.parametrize("away", [0, 100])
def test_korean_pages_have_no_english_sentence(app: Flask, away: int) -> None:
    visitor = visit(app, "coordinator", "ko")
    if away:
        send_away(app, ON_DEMAND["urology"], hours=away)

    pages = [visitor.see(f"{address_of(app, 'C-2')}/urgent"), visitor.see(f"/boards/{BOARD}/slots")]

    sentences = [text for page in pages for text in page.words if re.search(r"\b[a-z]{3,} [a-z]{2,} [a-z]{2,}\b", text)]
    assert [page.status for page in pages] == [200, 200]
    assert sentences == []


def test_pages_are_light(app: Flask, coordinator: Visitor) -> None:
    pages = [coordinator.see(f"{address_of(app, 'C-2')}/urgent"), coordinator.see(f"/boards/{BOARD}/slots?weeks=26")]

    assert max(len(page.html.encode()) for page in pages) < 100_000


def test_case_that_asks_for_somebody_who_left_says_so_and_leads_to_its_facts(app: Flask, coordinator: Visitor) -> None:
    with app.app_context():
        row = db.session().scalars(select(Case).where(Case.reference == "C-2")).one()
        row.facts = {**row.facts, "named_members": ["left@hospital.example"]}
        db.session().commit()

    case = coordinator.see(address_of(app, "C-2"))
    urgent = coordinator.see(f"{address_of(app, 'C-2')}/urgent")
    draft = coordinator.propose(BOARD)

    assert "asks for somebody who is not a member any more" in case.text
    assert "left@hospital.example: not a member any more" in urgent.text
    assert "Waive the need or change the facts of the case" in urgent.links
    assert "Call this meeting" not in urgent.text
    assert "Asks for somebody who is not a member any more" in draft.text

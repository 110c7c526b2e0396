"""From the proposal to the published meeting, and what each person then sees."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.builders import BOARD, case_id
from tests.web.visitor import Page, Visitor
from tumorboard.store.db import db
from tumorboard.store.meetings import Meeting
from tumorboard.store.people import Absence, Member
from tumorboard.store.post import FeedToken, OutboxMessage


@pytest.fixture
def coordinator(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.log_in("coordinator@hospital.example")
    return visitor


@pytest.fixture
def surgeon(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.log_in("surgeon@hospital.example")
    return visitor


def propose(visitor: Visitor) -> Page:
    visitor.see("/cases")
    return visitor.propose(BOARD)


def publish(visitor: Visitor) -> Page:
    draft = propose(visitor)
    return visitor.send(draft.action("/publish"))


def first_meeting(app: Flask) -> str:
    with app.app_context():
        query = select(Meeting.public_id).where(Meeting.status == "published").order_by(Meeting.starts_at)
        return f"/meetings/{db.session().scalars(query).first()}"


def id_of(app: Flask, reference: str) -> str:
    with app.app_context():
        return case_id(db.session(), reference)


def move_address(app: Flask, draft: Page, reference: str) -> str:
    return draft.action("/discard").replace("/discard", f"/cases/{id_of(app, reference)}")


def test_proposal_opens_the_draft_with_reasons(coordinator: Visitor) -> None:
    page = propose(coordinator)

    assert re.fullmatch(r"/drafts/\w+", coordinator.address)
    assert "Earliest meeting possible" in next(row for row in page.rows if "C-1" in row)
    assert "Not ready: CT of chest, abdomen and pelvis" in next(row for row in page.rows if "C-3" in row)
    assert "Publishing sends 6 letters." in page.text


def test_draft_says_who_hears_of_it(coordinator: Visitor) -> None:
    page = propose(coordinator)

    rows = {row[0]: row[-1] for row in page.rows if row[-1] == "Invited"}
    assert sorted(rows) == ["Cho", "Choi", "Jung", "Kim", "Lee", "Park"]


def test_publishing_takes_two_steps_and_shows_the_picture(coordinator: Visitor) -> None:
    page = publish(coordinator)

    assert "Published; 6 letters leave." in page.text
    assert ('role="img"' in page.html, "Core team: 4 members for the whole meeting" in page.text) == (True, True)
    assert "2 cases, 2 specialists with separate windows" in page.text


def test_second_publication_of_a_draft_is_refused(coordinator: Visitor) -> None:
    draft = propose(coordinator)
    coordinator.send(draft.action("/publish"))

    page = coordinator.send(draft.action("/publish"))

    assert "This draft is closed already" in page.text


def test_thrown_away_draft_changes_nothing(app: Flask, coordinator: Visitor) -> None:
    draft = propose(coordinator)

    page = coordinator.send(draft.action("/discard"))

    assert "The draft is thrown away; what is published stays." in page.text
    with app.app_context():
        assert db.session().scalars(select(OutboxMessage)).all() == []


def test_case_is_moved_to_another_meeting(app: Flask, coordinator: Visitor) -> None:
    draft = propose(coordinator)
    address = move_address(app, draft, "C-1")
    choice = coordinator.see(address)
    meetings = re.findall(r'name="meeting" value="(\w+)" class="option">', choice.html)

    page = coordinator.send(address, meeting=meetings[0])

    assert "Moved: C-1" in page.text
    assert "Placed by hand (Coordinator)" in next(row for row in page.rows if "C-1" in row)


def test_case_is_moved_down_within_its_meeting(app: Flask, coordinator: Visitor) -> None:
    draft = propose(coordinator)
    before = [row for row in draft.rows if "C-1" in row or "C-2" in row]
    first = "C-1" if "C-1" in before[0] else "C-2"
    meeting = re.search(r'name="meeting" value="(\w+)"', draft.html)[1]  # type: ignore[index]

    page = coordinator.send(move_address(app, draft, first), meeting=meeting, position="1")

    after = [row for row in page.rows if "C-1" in row or "C-2" in row]
    assert first not in after[0]


def test_case_is_left_out_by_hand(app: Flask, coordinator: Visitor) -> None:
    draft = propose(coordinator)

    page = coordinator.send(move_address(app, draft, "C-1"), meeting="leave-out")

    assert "Left out: C-1" in page.text
    assert "Left out by hand (Coordinator)" in next(row for row in page.rows if "C-1" in row)


def test_draft_that_is_no_longer_right_says_why(app: Flask, coordinator: Visitor) -> None:
    draft = propose(coordinator)
    with app.app_context():
        session = db.session()
        member = session.scalars(select(Member).where(Member.email.startswith("jung"))).one()
        now = datetime.now(UTC)
        session.add(Absence(member_id=member.id, starts_at=now, ends_at=now + timedelta(weeks=8), kind="absence"))
        session.commit()

    page = coordinator.send(draft.action("/publish"))

    assert page.status == 409
    assert "no longer free, Jung" in page.text


def test_meeting_shows_windows_reasons_and_letters(app: Flask, coordinator: Visitor) -> None:
    publish(coordinator)

    page = coordinator.see(first_meeting(app))

    row = next(row for row in page.rows if "Jung" in row)
    assert ("Urology" in row, "C-2" in row, "Waiting to leave" in row) == (True, True, True)
    assert "Own window" in row


def test_surgeon_sees_references_without_links_to_cases(app: Flask, coordinator: Visitor, surgeon: Visitor) -> None:
    publish(coordinator)

    page = surgeon.see(first_meeting(app))

    assert "C-2" in page.text
    assert [address for address in page.links.values() if address.startswith("/cases/")] == []
    assert "Waiting to leave" not in page.text


def test_surgeon_sees_her_window_with_its_reason(app: Flask, coordinator: Visitor, surgeon: Visitor) -> None:
    publish(coordinator)

    page = surgeon.see("/mine")

    assert "1 invitation waits for your answer." in page.text
    assert ("You are needed for:" in page.text, "C-2" in page.text) == (True, True)


def test_cancelled_meeting_leaves_the_windows(app: Flask, coordinator: Visitor, surgeon: Visitor) -> None:
    publish(coordinator)
    meeting = first_meeting(app)
    coordinator.see(meeting)

    page = coordinator.send(f"{meeting}/cancel")

    assert "The meeting is cancelled; 0 letters leave." in page.text
    assert "Nobody expects you at a meeting ahead." in surgeon.see("/mine").text


def test_cancellation_is_taken_back_at_one_click(app: Flask, coordinator: Visitor) -> None:
    publish(coordinator)
    meeting = first_meeting(app)
    coordinator.see(meeting)
    cancelled = coordinator.send(f"{meeting}/cancel")

    draft = coordinator.send(f"{meeting}/hold-again")

    address = coordinator.address
    assert f'action="{meeting}/hold-again"' in re.search(r'<div class="note done".*?</div>', cancelled.html, re.S)[0]  # type: ignore[index]
    assert '<div class="note done" tabindex="-1" role="status">' in cancelled.html
    assert "Hold it after all" in cancelled.text
    assert "Its agenda is a draft again; nobody hears of it before you publish that." in draft.text
    assert address.startswith("/drafts/")
    again = coordinator.send(f"{meeting}/hold-again")
    assert "This meeting is not cancelled; there is nothing to take back" in again.text
    assert "Hold it after all" not in again.text
    assert "Cancellation taken back: " in coordinator.see(f"/boards/{BOARD}").text


def test_administrator_takes_it_back_without_seeing_the_draft(app: Flask, coordinator: Visitor) -> None:
    publish(coordinator)
    meeting = first_meeting(app)
    coordinator.see(meeting)
    coordinator.send(f"{meeting}/cancel")
    administrator = Visitor(app)
    administrator.log_in("administrator@hospital.example")

    administrator.see(meeting)
    page = administrator.send(f"{meeting}/hold-again")

    assert (administrator.address, "The meeting is held after all: " in page.text) == (meeting, True)


def test_extra_meeting_is_added(app: Flask, coordinator: Visitor) -> None:
    day = app.extensions["tumorboard"].today(datetime.now(UTC)) + timedelta(days=3)
    coordinator.see(f"/boards/{BOARD}")

    page = coordinator.send(
        f"/boards/{BOARD}/meetings", on=day.isoformat(), local_time="16:05", minutes="60", room="room-b"
    )

    assert "The meeting is added: " in page.text
    assert f"{day.isoformat()}" in page.text
    assert "16:05" in page.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"on": "", "local_time": "07:30"}, "날짜가 아닙니다"),
        ({"on": "2020-01-01", "local_time": "07:30"}, "지난 시각입니다"),
        ({"on": "2031-01-01", "local_time": "07:30", "minutes": "5"}, "10분에서 480분"),
        ({"on": "2031-01-01", "local_time": "half past"}, "이해할 수 없는"),
        ({"on": "2031-01-01", "local_time": "07:30", "minutes": "many"}, "숫자가 아닙니다"),
    ],
)
def test_impossible_extra_meeting_is_refused_in_words(app: Flask, fields: dict[str, str], words: str) -> None:
    visitor = Visitor(app, language="ko")
    visitor.log_in("coordinator@hospital.example")
    visitor.see(f"/boards/{BOARD}")

    page = visitor.send(f"/boards/{BOARD}/meetings", room="room-a", **fields)

    assert words in page.text


@pytest.mark.parametrize("weeks", ["0", "27", "many"])
def test_impossible_number_of_weeks_is_refused(coordinator: Visitor, weeks: str) -> None:
    coordinator.see(f"/boards/{BOARD}")

    coordinator.send(f"/boards/{BOARD}/propose", weeks=weeks)

    assert coordinator.address == f"/boards/{BOARD}"


def link_form(page: Page) -> dict[str, str]:
    return {
        "scope": re.search(r'name="scope" value="(\w+)"', page.html)[1],  # type: ignore[index]
        "subject": re.search(r'name="subject" value="([\w-]+)"', page.html)[1],  # type: ignore[index]
    }


def test_calendar_link_is_shown_once_and_works(app: Flask, coordinator: Visitor, surgeon: Visitor) -> None:
    publish(coordinator)
    form = link_form(surgeon.see("/mine"))

    page = surgeon.send("/calendar-links", **form)
    link = re.search(r'value="http://[^/]+(/feeds/[\w-]+\.ics)"', page.html)[1]  # type: ignore[index]
    feed = app.test_client().get(link)
    later = surgeon.see("/mine")

    assert (feed.status_code, feed.get_data().count(b"BEGIN:VEVENT")) == (200, 1)
    assert 'href="webcal://' in page.html
    assert "<svg" in page.html[page.html.index("qr-frame") :]
    assert link.removesuffix(".ics").rpartition("/")[2] not in later.html


def test_new_calendar_link_ends_the_old_one(app: Flask, surgeon: Visitor) -> None:
    form = link_form(surgeon.see("/mine"))
    first = re.search(r"/feeds/[\w-]+\.ics", surgeon.send("/calendar-links", **form).html)[0]  # type: ignore[index]

    second = re.search(r"/feeds/[\w-]+\.ics", surgeon.send("/calendar-links", **form).html)[0]  # type: ignore[index]

    client = app.test_client()
    assert [client.get(link).status_code for link in (first, second)] == [404, 200]


def test_calendar_link_is_ended(app: Flask, surgeon: Visitor) -> None:
    form = link_form(surgeon.see("/mine"))
    link = re.search(r"/feeds/[\w-]+\.ics", surgeon.send("/calendar-links", **form).html)[0]  # type: ignore[index]

    page = surgeon.send("/calendar-links/end", **form)

    assert "The link is ended" in page.text
    assert app.test_client().get(link).status_code == 404


def test_calendar_link_of_somebody_else_is_refused(app: Flask, surgeon: Visitor) -> None:
    surgeon.see("/mine")
    with app.app_context():
        other = db.session().scalars(select(Member.public_id).where(Member.email.startswith("kang"))).one()

    page = surgeon.send("/calendar-links", scope="member", subject=other)

    assert page.status == 403
    with app.app_context():
        assert db.session().scalars(select(FeedToken)).all() == []


def test_people_stand_under_their_departments(coordinator: Visitor) -> None:
    page = coordinator.see("/people")

    assert "7 members" in page.text
    assert "Urology" in next(row for row in page.rows if "Jung" in row)


def test_people_of_one_specialty(coordinator: Visitor) -> None:
    page = coordinator.see("/people?specialty=urology")

    assert "1 member" in page.text


def test_absence_warns_of_a_published_meeting(app: Flask, coordinator: Visitor, surgeon: Visitor) -> None:
    publish(coordinator)
    page = surgeon.see("/mine")
    today = app.extensions["tumorboard"].today(datetime.now(UTC))

    page = surgeon.send(
        page.action("/absences"), first=today.isoformat(), last=(today + timedelta(days=40)).isoformat(), next="/mine"
    )

    assert "Already invited on" in page.text
    assert "The absence is noted" in page.text


def test_absence_is_removed_again(app: Flask, surgeon: Visitor) -> None:
    page = surgeon.see("/mine")
    first = app.extensions["tumorboard"].today(datetime.now(UTC)) + timedelta(days=50)
    page = surgeon.send(page.action("/absences"), first=first.isoformat(), next="/mine")
    said = page.text

    page = surgeon.send(page.action("/remove"), next="/mine")

    assert first.isoformat() in said
    assert "No absence ahead." in page.text


def test_absence_of_a_colleague_is_the_coordinators_business(
    app: Flask, coordinator: Visitor, surgeon: Visitor
) -> None:
    address = coordinator.see("/people").links["Kang"]
    surgeon.see(address)

    refused = surgeon.send(f"{address}/absences", first="2031-01-01")
    coordinator.see(address)
    accepted = coordinator.send(f"{address}/absences", first="2031-01-01")

    assert (refused.status, "The absence is noted" in accepted.text) == (403, True)


def test_rules_show_reason_source_and_kind(coordinator: Visitor) -> None:
    page = coordinator.see("/rules")

    row = next(row for row in page.rows if row and row[0].startswith("R01"))
    assert ("[G]" in row, "Pathology" in row) == (True, True)


def test_rules_show_how_often_they_fire_to_those_who_read_figures(coordinator: Visitor, surgeon: Visitor) -> None:
    pages = [each.see("/rules") for each in (coordinator, surgeon)]

    rows = [next(row for row in page.rows if row and row[0].startswith("R01")) for page in pages]
    assert ["in a year: " in " ".join(row) for row in rows] == [True, False]


def test_outbox_shows_a_dead_letter_and_sends_it_again(app: Flask, coordinator: Visitor) -> None:
    publish(coordinator)
    with app.app_context():
        letter = db.session().scalars(select(OutboxMessage).limit(1)).one()
        change: dict[str, Any] = {"state": "dead", "last_error": "550 no such mailbox", "tries": 10}
        db.session().execute(update(OutboxMessage).where(OutboxMessage.id == letter.id).values(**change))
        db.session().commit()
    page = coordinator.see("/outbox")

    again = coordinator.send(page.action("/retry"))

    assert ("1 letter needs a look." in page.text, "550 no such mailbox" in page.text) == (True, True)
    assert "The letter will be sent again." in again.text


def test_letters_of_a_publication_are_held_and_let_go_on_the_page(coordinator: Visitor) -> None:
    publish(coordinator)
    place = coordinator.see("/outbox").action("/outbox/batches/[a-z2-7]+")

    held = coordinator.send(place, letters="hold")
    released = coordinator.send(place, letters="release")

    number = re.search(r"(\d+) letters? (?:is|are) held\.", held.text)
    assert number is not None
    assert (f"{number[1]} are held" in held.text, "Let them go" in held.text) == (True, True)
    assert "The letters are on their way." in released.text
    assert ("Hold the rest" in released.text, "Let them go" in released.text) == (True, False)

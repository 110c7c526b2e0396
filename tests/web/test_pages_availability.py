"""The table of days, one press that says somebody is away, and one more that asks all substitutes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from tests.builders import OPERATOR, a_member_entry
from tests.clinic import letters
from tests.stand_ins import PATHOLOGY, PATHOLOGY_OTHER, UROLOGY, UROLOGY_DEPUTY, a_staffed_centre, coming, invitation
from tests.web.needs import id_of, publish_staffed_centre
from tests.web.visitor import Page, Visitor, a_visitor
from tumorboard.services.access import Role
from tumorboard.services.centre import load_centre
from tumorboard.store.db import db
from tumorboard.store.meetings import Meeting
from tumorboard.store.people import Absence, Member

SEOUL = ZoneInfo("Asia/Seoul")


@pytest.fixture
def published(app: Flask) -> Meeting:
    """The staffed centre with one published meeting whose letters have left."""
    return publish_staffed_centre(app)


def day_of(meeting: Meeting) -> str:
    return meeting.starts_at.astimezone(SEOUL).date().isoformat()


def cell(page: Page, member: str, day: str) -> str:
    """The words of a cell that can be pressed."""
    found = re.search(
        rf'<button type="submit" class="cell" name="absent" value="{member} {day}".*?</button>', page.html, re.DOTALL
    )
    return " ".join(re.sub("<[^>]+>", " ", found[0]).split()) if found else ""


def open_week(visitor: Visitor, meeting: Meeting, **more: str) -> Page:
    return visitor.see("&".join([f"/availability?first={day_of(meeting)}", *(f"{k}={v}" for k, v in more.items())]))


def press(app: Flask, visitor: Visitor, email: str, meeting: Meeting) -> Page:
    where = f"/availability?first={day_of(meeting)}"
    return visitor.send("/availability/absences", absent=f"{id_of(app, email)} {day_of(meeting)}", next=where)


def test_table_says_who_is_on_a_board_and_who_is_free(app: Flask, published: Meeting) -> None:
    page = open_week(a_visitor(app), published)

    assert cell(page, id_of(app, UROLOGY_DEPUTY), day_of(published)) == "free"
    assert re.fullmatch(r"board \d\d:\d\d", cell(page, id_of(app, UROLOGY), day_of(published)))
    assert "4 of 4" in page.text


def test_who_declined_is_not_free_at_that_time(app: Flask, published: Meeting) -> None:
    with app.app_context():
        row = invitation(db.session(), UROLOGY)
        row.answer = "declined"
        db.session.commit()

    page = open_week(a_visitor(app), published)

    said = cell(page, id_of(app, UROLOGY), day_of(published))
    assert re.fullmatch(r"not coming \d\d:\d\d–\d\d:\d\d", said), said


def test_two_presses_replace_somebody_and_a_third_takes_it_back(app: Flask, published: Meeting) -> None:
    visitor = a_visitor(app)
    open_week(visitor, published)

    page = press(app, visitor, UROLOGY, published)
    shown = visitor.address
    chosen = re.findall(r'<option value="(\w+)" selected>', page.html)
    done = visitor.send(page.action("/substitutes"))
    with app.app_context():
        after = coming(db.session())
    undone = visitor.send(done.action("/undo"), next=shown)

    assert (shown.startswith("/absences/"), chosen) == (True, [id_of(app, UROLOGY_DEPUTY)])
    assert "Ask 1 substitute" in page.text
    assert "1 substitute is asked. 2 letters leave." in done.text
    assert (UROLOGY in after, after[UROLOGY_DEPUTY]) == (False, ("needs-action", "urology"))
    assert "1 meeting is as it was. 0 letters leave." in undone.text
    with app.app_context():
        assert (UROLOGY in coming(db.session()), UROLOGY_DEPUTY in coming(db.session())) == (True, False)
        assert [each[:2] for each in letters(db.session())] != []


def test_day_of_an_expected_member_who_is_away_leads_to_the_substitutes(app: Flask, published: Meeting) -> None:
    visitor = a_visitor(app)
    press(app, visitor, PATHOLOGY, published)
    page = open_week(visitor, published)

    links = re.findall(r'<a class="cell" href="(/absences/\w+)">(.*?)</a>', page.html, re.DOTALL)

    assert [" ".join(re.sub("<[^>]+>", " ", words).split())[:19] for _, words in links] == ["away, but expected "]


def test_specialty_with_nobody_on_a_meeting_day_is_marked(app: Flask, published: Meeting) -> None:
    visitor = a_visitor(app)
    for email in (PATHOLOGY, PATHOLOGY_OTHER):
        page = press(app, visitor, email, published)
    last = visitor.see(visitor.address)

    page = open_week(visitor, published)

    assert "Nobody can be asked." not in last.text
    assert "1 seat that nobody can take" in page.text
    assert "nobody: Pathology" in page.text


def test_nobody_left_says_why_each_one_is_not_asked(app: Flask, published: Meeting) -> None:
    visitor = a_visitor(app)
    press(app, visitor, PATHOLOGY_OTHER, published)

    page = press(app, visitor, PATHOLOGY, published)

    assert "Nobody can be asked." in page.text
    assert "Shin : not free at that time" in page.text.replace("Shin:", "Shin :")


def test_absence_form_of_a_member_leads_to_the_substitutes_too(app: Flask, published: Meeting) -> None:
    visitor, member = a_visitor(app), id_of(app, UROLOGY)
    visitor.see(f"/people/{member}")

    page = visitor.send(f"/people/{member}/absences", first=day_of(published), kind="absence")

    assert visitor.address.startswith("/absences/")
    assert "Who comes instead of Jung" in page.text


def test_absence_without_a_meeting_stays_on_the_page(app: Flask, published: Meeting) -> None:
    visitor = a_visitor(app)
    later = (published.starts_at + timedelta(days=1)).astimezone(SEOUL).date().isoformat()

    page = visitor.send("/availability/absences", absent=f"{id_of(app, UROLOGY)} {later}", next="/availability")

    assert (visitor.address, "The absence is noted" in page.text) == ("/availability", True)

    undone = visitor.send(page.action("/remove"), next="/availability")

    assert (visitor.address, "The absence is removed." in undone.text) == ("/availability", True)


def test_other_days_of_an_absence_find_other_meetings(app: Flask, published: Meeting) -> None:
    visitor = a_visitor(app)
    page = press(app, visitor, UROLOGY, published)
    later = (published.starts_at + timedelta(days=2)).astimezone(SEOUL).date().isoformat()

    moved = visitor.send(page.action("/times"), first=later, last=later)

    assert "The absence is changed." in moved.text
    assert "No published meeting loses anything by this absence." in moved.text


def test_removed_absence_offers_to_restore(app: Flask, published: Meeting) -> None:
    visitor, member = a_visitor(app), id_of(app, UROLOGY)
    page = press(app, visitor, UROLOGY, published)
    done = visitor.send(page.action("/substitutes"))

    gone = visitor.send(done.action("/remove"))
    back = visitor.send(gone.action("/undo"), next=f"/people/{member}")

    assert "Others are asked to come instead" in gone.text
    assert ("Others are asked to come instead" in back.text, UROLOGY in _coming(app)) == (False, True)


def _coming(app: Flask) -> dict[str, tuple[str, str]]:
    with app.app_context():
        return coming(db.session())


def test_member_enters_her_own_absence_and_sees_no_substitutes(app: Flask, published: Meeting) -> None:
    visitor = Visitor(app)
    visitor.log_in("surgeon@hospital.example")

    page = visitor.send(f"/people/{id_of(app, UROLOGY)}/absences", first=day_of(published), next="/mine")
    with app.app_context():
        absence = db.session().scalars(select(Absence.public_id)).one()

    assert (visitor.address, "Already invited on" in page.text) == ("/mine", True)
    assert visitor.see(f"/absences/{absence}").status == 403
    assert visitor.send(f"/absences/{absence}/substitutes").status == 403


@pytest.mark.parametrize("role", [Role.PHYSICIAN, Role.SURGEON, Role.AUDITOR])
def test_table_is_for_who_may_enter_absences_of_all(app: Flask, role: Role) -> None:
    visitor = a_visitor(app, role)

    assert visitor.see("/availability").status == 403
    assert visitor.send("/availability/absences", absent="x 2026-12-01").status == 403


@pytest.mark.parametrize("address", ["?first=zzz", "?weeks=99", "?weeks=x", "?first=2026-13-01", "?department=&board="])
def test_impossible_addresses_show_this_week(app: Flask, address: str) -> None:
    assert a_visitor(app).see(f"/availability{address}").status == 200


@pytest.mark.parametrize("address", ["?board=zzz", "?department=zzz"])
def test_unknown_board_or_department_is_not_found(app: Flask, address: str) -> None:
    assert a_visitor(app).see(f"/availability{address}").status == 404


@pytest.mark.parametrize("absent", ["", "x", "x zzz"])
def test_impossible_press_is_refused(app: Flask, absent: str) -> None:
    visitor = a_visitor(app)
    visitor.see("/availability")

    page = visitor.send("/availability/absences", absent=absent)

    assert page.status in (200, 404)
    assert "The absence is noted" not in page.text


@pytest.mark.parametrize("language", ["ko", "en"])
def test_pages_have_one_language(app: Flask, published: Meeting, language: str) -> None:
    visitor = a_visitor(app, language=language)
    pages = [open_week(visitor, published), press(app, visitor, UROLOGY, published)]
    pages.append(visitor.send(pages[1].action("/substitutes")))
    pages.append(visitor.see(f"/people/{id_of(app, UROLOGY)}"))

    for page in pages:
        if language == "ko":
            assert [text for text in page.words if re.search(r"\b[a-z]{3,} [a-z]{2,} [a-z]{2,}\b", text)] == []
        else:
            assert [text for text in page.words if re.search("[가-힣]", text.replace("한국어", ""))] == []


def test_table_costs_the_same_with_more_people_and_weeks(app: Flask, published: Meeting, count_queries: Any) -> None:
    visitor = a_visitor(app)
    open_week(visitor, published)

    def cost(weeks: str) -> int:
        with count_queries() as statements:
            assert open_week(visitor, published, weeks=weeks).status == 200
        return len(statements)

    before = cost("1")
    with app.app_context():
        centre = a_staffed_centre()
        centre["members"] += [a_member_entry(f"more{number}@hospital.example", "urology") for number in range(30)]
        session, setup = db.session(), app.extensions["tumorboard"]
        load_centre(session, setup, centre, filename="centre.toml", by=OPERATOR, now=datetime.now(UTC))
        for row in session.scalars(select(Member)):
            start = published.starts_at + timedelta(hours=row.id)
            session.add(Absence(member_id=row.id, starts_at=start, ends_at=start + timedelta(days=1), kind="absence"))
        session.commit()
        db.session.remove()

    assert (cost("1"), cost("4")) == (before, before)
    assert before <= 22

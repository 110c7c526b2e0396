"""The pages of the centre and of log-ins: what is typed is kept, what is wrong stands at its field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.builders import BOARD, PASSWORD, SURGEON, member_id
from tests.web.visitor import Page, Visitor
from tumorboard.services.access import Role
from tumorboard.store.db import db
from tumorboard.store.meetings import Board, HospitalDay, Room, Series
from tumorboard.store.people import Account, Department, Member
from tumorboard.web.auth import limiter
from tumorboard.web.pages.own_account import on_own_clock

PLACES = ("", "/members", "/rooms", "/boards", f"/boards/{BOARD}", "/series", "/days")
LOG_INS = ("/accounts", "/tokens")
SEEN = {Role.ADMINISTRATOR: {*PLACES, *LOG_INS}, Role.COORDINATOR: set(PLACES)}


@pytest.fixture(autouse=True)
def no_limit() -> Iterator[None]:
    """These tests log in more often in a minute than a person does."""
    was, limiter.enabled = limiter.enabled, False
    yield
    limiter.enabled = was


@pytest.fixture
def administrator(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.log_in("administrator@hospital.example")
    return visitor


def found(app: Flask, query: Any) -> list[Any]:
    with app.app_context():
        return list(db.session().scalars(query))


def value_of(page: Page, name: str) -> str:
    """What stands in the field of the form that is open."""
    part = re.search(r"<details[^>]* open>.*?</details>", page.html, re.DOTALL)
    text = part[0] if part else page.html
    given = re.search(rf'name="{name}"[^>]*value="([^"]*)"', text)
    return unescape(given[1]) if given else ""


@pytest.mark.parametrize("role", list(Role))
def test_pages_open_for_who_edits_the_centre(app: Flask, role: Role) -> None:
    visitor = Visitor(app)
    visitor.log_in(f"{role}@hospital.example")

    seen = {place for place in (*PLACES, *LOG_INS) if visitor.see(f"/centre{place}").status == 200}

    assert seen == SEEN.get(role, set())


@pytest.mark.parametrize("role", list(Role))
def test_everybody_has_the_page_of_her_own_log_in(app: Flask, role: Role) -> None:
    visitor = Visitor(app)
    visitor.log_in(f"{role}@hospital.example")

    assert visitor.see("/account").status == 200


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("place", [*PLACES, *LOG_INS])
def test_pages_speak_one_language(app: Flask, place: str, language: str) -> None:
    visitor = Visitor(app, language=language)
    visitor.log_in("administrator@hospital.example")

    page = visitor.see(f"/centre{place}")

    assert (page.status, f'<html lang="{language}"' in page.html) == (200, True)
    assert ("Still missing" in page.text) is (place == "" and language == "en")


def test_room_is_added_changed_and_removed(app: Flask, administrator: Visitor) -> None:
    administrator.see("/centre/rooms")
    administrator.send("/centre/rooms", name="Room C", capacity="12", video_url="")
    administrator.send("/centre/rooms/room-c", name="소회의실", capacity="7", video_url="https://video.example/c")
    rooms = found(app, select(Room.name).where(Room.key == "room-c"))
    page = administrator.send("/centre/rooms/room-c", do="remove")

    assert (rooms, "The room is removed." in page.text) == (["소회의실"], True)
    assert found(app, select(Room).where(Room.key == "room-c")) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"capacity": "many"}, "Give a whole number"),
        ({"video_url": "http://x"}, "The address begins with https:// and names a host"),
        ({"name": ""}, "Give a name"),
    ],
)
def test_refused_room_keeps_what_was_typed(
    app: Flask, administrator: Visitor, given: dict[str, str], said: str
) -> None:
    typed = {"name": "Room <C>", "capacity": "12", "video_url": "https://video.example/c", **given}
    administrator.see("/centre/rooms")

    page = administrator.send("/centre/rooms", **typed)

    assert (page.status, said in page.text) == (422, True)
    assert {name: value_of(page, name) for name in typed} == typed
    assert page.html.count('aria-invalid="true"') == 1
    assert found(app, select(Room).where(Room.name == "Room <C>")) == []


def test_korean_reader_gets_the_refusal_in_korean(app: Flask) -> None:
    visitor = Visitor(app, language="ko")
    visitor.log_in("administrator@hospital.example")

    page = visitor.send("/centre/rooms", name="방", capacity="0", video_url="")

    assert "좌석 수는 1에서 1000까지의 정수입니다." in page.text


def test_used_room_says_what_to_do(administrator: Visitor) -> None:
    page = administrator.send("/centre/rooms/room-a", do="remove")

    assert (page.status, "give its series another room" in page.text) == (409, True)


def test_member_is_added_with_specialties_and_deputies(app: Flask, administrator: Visitor) -> None:
    with app.app_context():
        deputy = member_id(db.session(), SURGEON)
    administrator.see("/centre/members")

    page = administrator.send(
        "/centre/members", name="나하나", title="교수", email="na@hospital.example", department="urology",
        specialties=["urology"], deputies=[deputy, ""], language="ko", time_zone="", most_calls_per_week="",
    )  # fmt: skip

    with app.app_context():
        row = db.session().scalars(select(Member).where(Member.email == "na@hospital.example")).one()
        assert [each.deputy.public_id for each in row.deputies] == [deputy]
        assert [held.specialty for held in row.specialties] == ["urology"]
    assert "나하나 교수 is added." in page.text


def test_member_page_keeps_ticks_of_a_refused_form(app: Flask, administrator: Visitor) -> None:
    with app.app_context():
        public_id = member_id(db.session(), SURGEON)
    typed = {"name": "X", "email": "broken", "department": "urology", "language": "en"}

    page = administrator.send(f"/centre/members/{public_id}", **typed, specialties=["urology", "pathology"])

    assert (page.status, "no e-mail address" in page.text) == (422, True)
    assert len(re.findall(r'name="specialties" value="\w+" checked', page.html)) == 2
    assert found(app, select(Member.name).where(Member.public_id == public_id)) == ["Jung"]


def test_seat_is_changed_and_taken_away(app: Flask, administrator: Visitor) -> None:
    with app.app_context():
        surgeon = member_id(db.session(), SURGEON)
    seat = f"/centre/boards/{BOARD}/seats/urology"

    administrator.send(seat, **{"kind": "core_without_quorum", "holders": [surgeon, ""], "holders-all": "yes"})
    kinds = administrator.see(f"/centre/boards/{BOARD}").text
    administrator.send(seat, kind="")

    with app.app_context():
        board = db.session().scalars(select(Board)).one()
        assert "urology" not in {each.specialty for each in board.seats}
    assert "Whole meeting, not needed for the quorum" in kinds


def test_board_is_added_with_its_seats(app: Flask, administrator: Visitor) -> None:
    administrator.see("/centre/boards")
    administrator.send("/centre/boards", program="ovarian", name_ko="둘째", name_en="Second")

    assert administrator.address == "/centre/boards/second"
    assert len(found(app, select(Board))) == 2


def test_series_moves_and_says_what_it_did(app: Flask, administrator: Visitor) -> None:
    number = found(app, select(Series.id))[0]
    given = {"weekday": "2", "local_time": "08:00", "minutes": "60", "room": "room-b", "time_zone": "Asia/Seoul"}

    page = administrator.send(f"/centre/series/{number}", **given)
    bad = administrator.send(f"/centre/series/{number}", **{**given, "local_time": "late"})

    assert re.search(r"Kept. Meetings made: \d+, taken away: \d+.", page.text)
    assert (bad.status, "No time; write it as 07:30" in bad.text) == (422, True)
    assert found(app, select(Series.weekday).where(Series.last_on.is_(None))) == [2]


def test_day_is_closed_and_opened(app: Flask, administrator: Visitor) -> None:
    administrator.see("/centre/days")
    shown = administrator.send("/centre/days", on="2031-05-04", name="개원기념일")
    again = administrator.send("/centre/days", on="2031-05-04", name="개원기념일")
    closed = found(app, select(HospitalDay.name))
    administrator.send("/centre/days/remove", on="2031-05-04")

    assert (shown.status, again.status, closed, found(app, select(HospitalDay))) == (200, 409, ["개원기념일"], [])


def test_department_and_specialty_are_edited(app: Flask, administrator: Visitor) -> None:
    administrator.see("/centre")
    administrator.send("/centre/departments", name_ko="신경외과", name_en="Neurosurgery")
    administrator.send("/centre/specialties", specialty="neurosurgery", department="neurosurgery", is_new="yes")
    refused = administrator.send("/centre/departments/neurosurgery", do="remove")
    administrator.send("/centre/departments/neurosurgery", name_ko="뇌신경외과", name_en="")

    assert (refused.status, "give them another one first" in refused.text) == (409, True)
    assert found(app, select(Department.name_en).where(Department.key == "neurosurgery")) == ["뇌신경외과"]


def test_link_of_a_new_log_in_is_shown_once_and_works_once(app: Flask, administrator: Visitor) -> None:
    given = {"email": "na@hospital.example", "name": "나", "roles": ["coordinator"], "by_mail": "no"}

    page = administrator.send("/centre/accounts", **given)
    link = re.search(r"http://[^/]+(/password/[\w.-]+)", page.html)
    assert link is not None
    visitor = Visitor(app)
    visitor.see(link[1])
    differ = visitor.send(link[1], password=PASSWORD, again="other")
    home = visitor.send(link[1], password=PASSWORD, again=PASSWORD)

    assert ("/password/" in administrator.see("/centre/accounts").html, differ.status) == (False, 422)
    assert (visitor.address, home.status) == ("/cases", 200)
    assert Visitor(app).see(link[1]).status == 404


def test_log_in_of_a_member_takes_her_address_and_name(app: Flask, administrator: Visitor) -> None:
    free = select(Member).where(Member.id.not_in(select(Account.member_id).where(Account.member_id.is_not(None))))
    member = found(app, free)[0]
    given = {"email": "", "name": "", "member_id": member.public_id, "by_mail": "no"}

    refused = administrator.send("/centre/accounts", **given)
    page = administrator.send("/centre/accounts", **given, roles=["physician"])
    link = re.search(r"/password/[\w.-]+", page.html)
    assert link is not None
    visitor = Visitor(app)
    visitor.see(link[0])
    visitor.send(link[0], password=PASSWORD, again=PASSWORD)

    account = found(app, select(Account).where(Account.member_id == member.id))[0]
    assert (refused.status, "Choose at least one role" in refused.text) == (422, True)
    assert (account.email, account.name) == (member.email.lower(), member.name)
    assert account.last_login_at is not None


def test_several_members_get_log_ins_at_once_or_none_of_them_does(app: Flask, administrator: Visitor) -> None:
    free = select(Member).where(Member.id.not_in(select(Account.member_id).where(Account.member_id.is_not(None))))
    first, second = found(app, free)[:2]
    taken = found(app, select(Member).where(Member.email == SURGEON))[0]
    given = {"roles": ["physician"], "by_mail": "no"}
    accounts = len(found(app, select(Account)))

    nobody = administrator.send("/centre/accounts/several", **given)
    refused = administrator.send("/centre/accounts/several", **given, member_ids=[first.public_id, taken.public_id])
    after = len(found(app, select(Account)))
    page = administrator.send("/centre/accounts/several", **given, member_ids=[first.public_id, second.public_id])

    assert (nobody.status, "Tick the members who get a log-in" in nobody.text) == (422, True)
    assert (taken.name in refused.text, "has a log-in already" in refused.text, after) == (True, True, accounts)
    assert len(set(re.findall(r"/password/[\w.-]+", page.html))) == 2
    made = found(app, select(Account).where(Account.member_id.in_([first.id, second.id])))
    assert {account.email for account in made} == {first.email.lower(), second.email.lower()}


def test_password_page_keeps_its_secret(app: Flask, administrator: Visitor) -> None:
    page = administrator.send("/centre/accounts", email="na@hospital.example", name="나", roles=["chair"], by_mail="no")
    link = re.search(r"/password/[\w.-]+", page.html)
    assert link is not None

    response = app.test_client().get(link[0])

    assert (response.headers["Referrer-Policy"], response.headers["Cache-Control"]) == ("strict-origin", "no-store")


def test_administrator_cannot_lock_everybody_out(app: Flask, administrator: Visitor) -> None:
    public_id = found(app, select(Account.public_id).where(Account.email == "administrator@hospital.example"))[0]

    page = administrator.send(f"/centre/accounts/{public_id}", do="close")

    assert (page.status, "last administrator" in page.text) == (409, True)


def test_own_account_keeps_language_zone_and_keys(app: Flask) -> None:
    visitor = Visitor(app, language="en")
    visitor.log_in("surgeon@hospital.example")
    visitor.see("/account")

    visitor.send("/account", language="ko", time_zone="Europe/Berlin")
    korean = visitor.see("/account")
    cookie = visitor.client.get_cookie("shortcuts")
    wrong = visitor.send("/account", language="ko", time_zone="Mars/Base", shortcuts="yes")

    assert ("내 로그인 계정" in korean.text, cookie and cookie.value, "data-shortcuts" in korean.html) == (
        True, "off", False
    )  # fmt: skip
    assert (wrong.status, value_of(wrong, "time_zone")) == (422, "Mars/Base")


def test_own_password_changes_and_other_sessions_end(app: Flask) -> None:
    here, elsewhere = Visitor(app), Visitor(app)
    for visitor in (here, elsewhere):
        visitor.log_in("surgeon@hospital.example")
    here.see("/account")

    page = here.send("/account/password", current=PASSWORD, password="a longer one", again="a longer one")
    elsewhere.see("/mine")

    assert ("The password is changed." in page.text, elsewhere.address) == (True, "/log-in?next=/mine")
    assert here.see("/mine").status == 200


def test_lists_take_a_fixed_number_of_queries(
    app: Flask, administrator: Visitor, count_queries: Callable[[], Any]
) -> None:
    counts = []
    for more in range(2):
        with count_queries() as statements:
            for place in ("", "/members", "/rooms", "/boards", f"/boards/{BOARD}", "/series", *LOG_INS):
                administrator.see(f"/centre{place}")
        counts.append(len(statements))
        for number in range(3 * (1 - more)):
            administrator.send("/centre/departments", name_ko=f"과 {number}", name_en="")
            administrator.send("/centre/rooms", name=f"R {number}", capacity="5", video_url="")
            administrator.send("/centre/members", name=f"M{number}", email=f"m{number}@h.example", language="ko",
                               department="urology", specialties=["urology"])  # fmt: skip

    assert counts[0] == counts[1]


def test_windows_show_the_readers_clock_where_it_differs(app: Flask) -> None:
    start = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
    with app.app_context():
        account = db.session().scalars(select(Account).where(Account.email == "surgeon@hospital.example")).one()
        account.time_zone = "Europe/Berlin"
        db.session().commit()
    visitor = Visitor(app)
    visitor.log_in("surgeon@hospital.example")

    with visitor.client:
        visitor.see("/account")
        shown = on_own_clock(start, start + timedelta(minutes=90), "Asia/Seoul")
        same = on_own_clock(start, start + timedelta(minutes=90), "Europe/Madrid")

    assert (shown and "23:30" in shown, shown and "(Europe/Berlin)" in shown, same) == (True, True, None)


def test_token_is_shown_once_and_ends_at_once(app: Flask, administrator: Visitor) -> None:
    given = {"email": "coordinator@hospital.example", "label": "Ward list"}

    made = administrator.send("/centre/tokens", **given)
    secret = re.findall(r"tb_[\w-]{40}", made.html)
    asked = [app.test_client().get("/api/v1/cases", headers={"Authorization": f"Bearer {secret[0]}"}).status_code]
    again = administrator.see("/centre/tokens")
    ended = administrator.send(again.action(r"/centre/tokens/\w+/end"))
    asked.append(app.test_client().get("/api/v1/cases", headers={"Authorization": f"Bearer {secret[0]}"}).status_code)

    assert (len(secret), "tb_" in again.html, asked) == (1, False, [200, 401])
    assert ("Ended at once: Ward list" in ended.text, ended.actions.count("/centre/tokens")) == (True, 1)

"""The first start: the code, who may begin, and each step through the services."""

from __future__ import annotations

import threading
from datetime import time, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from tests.builders import OPERATOR, PASSWORD, PROGRAM
from tests.services.conftest import NOW, a_setup
from tumorboard.domain.errors import BadInput, Conflict, DomainError, NotAllowed
from tumorboard.services.account_links import choose_password
from tumorboard.services.accounts import account_actor, log_in
from tumorboard.services.centre_boards import BoardValues
from tumorboard.services.centre_overview import read_overview, read_progress
from tumorboard.services.centre_series import SeriesValues
from tumorboard.services.checks import check_database
from tumorboard.services.first_start import (
    CODE_HOURS,
    FirstPeople,
    FirstRoom,
    StaffRow,
    begin_installation,
    check_setup_code,
    is_fresh,
    make_setup_code,
    open_first_board,
    staff_centre,
)
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting, Seat
from tumorboard.store.people import Account, Department, Member

WHO: dict[str, Any] = {"by": OPERATOR, "now": NOW}


@pytest.fixture
def setup() -> Setup:
    return a_setup(link_key="k" * 32)


def people(**changes: Any) -> FirstPeople:
    given = {"name": "김", "email": "kim@hospital.example", "password": PASSWORD, "is_coordinator": True}
    return FirstPeople(**{**given, **changes})


def begin(session: Session, setup: Setup, **changes: Any) -> tuple[Account, str]:
    code = make_setup_code(setup, now=NOW)
    begun = begin_installation(session, setup, code=code, name_ko="센터", name_en="", people=people(**changes), now=NOW)
    return begun.account, begun.link


def test_code_is_long_changes_with_key_and_hours_and_forgives_typing(session: Session, setup: Setup) -> None:
    code = make_setup_code(setup, now=NOW)

    check_setup_code(session, setup, code=f" {code.lower().replace('-', ' ')} ", now=NOW + timedelta(hours=CODE_HOURS))

    assert (len(code.replace("-", "")), code == make_setup_code(a_setup(link_key="z" * 32), now=NOW)) == (16, False)


@pytest.mark.parametrize("given", ["", "AAAA-BBBB-CCCC-DDDD", "코드", "late", "without key"])
def test_wrong_or_old_code_is_refused(session: Session, setup: Setup, given: str) -> None:
    code = make_setup_code(setup, now=NOW) if given in ("late", "without key") else given
    now = NOW + timedelta(hours=2 * CODE_HOURS) if given == "late" else NOW
    here = a_setup(link_key="") if given == "without key" else setup
    if given == "without key":
        code = make_setup_code(here, now=NOW)

    with pytest.raises(BadInput) as refused:
        check_setup_code(session, here, code=code, now=now)

    assert (refused.value.code, is_fresh(session)) == ("wrong-setup-code", True)


def test_code_never_works_again_once_there_is_an_account(session: Session, setup: Setup) -> None:
    account, link = begin(session, setup)

    with pytest.raises(NotAllowed) as refused:
        begin(session, setup, email="second@hospital.example")

    assert (refused.value.code, link, is_fresh(session)) == ("setup-over", "", False)
    assert [held.role for held in account.roles] == ["administrator", "coordinator"]
    assert log_in(session, email="kim@hospital.example", password=PASSWORD, now=NOW) is account


def test_coordinator_gets_a_link_of_her_own(session: Session, setup: Setup) -> None:
    other = {"is_coordinator": False, "coordinator_name": "이", "coordinator_email": "lee@hospital.example"}
    account, link = begin(session, setup, **other)

    chosen = choose_password(session, setup, token=link.rpartition("/")[2], password=PASSWORD, now=NOW)

    assert ([held.role for held in account.roles], [held.role for held in chosen.roles]) == (
        ["administrator"], ["coordinator"]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"email": "kim"}, "email"),
        ({"password": "short"}, "password"),
        ({"is_coordinator": False, "coordinator_email": "lee"}, "coordinator_email"),
        ({"is_coordinator": False, "coordinator_email": "lee@h.example"}, "coordinator_name"),
        ({"is_coordinator": False, "coordinator_name": "L", "coordinator_email": "kim@hospital.example"},
         "coordinator_email"),
    ],
)  # fmt: skip
def test_bad_beginning_names_the_field_and_leaves_nothing(
    session: Session, setup: Setup, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        begin(session, setup, **changes)

    assert (refused.value.values["field"], is_fresh(session)) == (field, True)


def rows(setup: Setup, **changes: dict[str, Any]) -> list[StaffRow]:
    core = [seat.specialty for seat in setup.program(PROGRAM).seats]
    given: dict[str, dict[str, Any]] = {key: {"name": key, "email": f"{key}@hospital.example"} for key in core}
    return [StaffRow(specialty=key, **{**given.get(key, {}), **changes.get(key, {})}) for key in {**given, **changes}]


def board(session: Session, setup: Setup, room: FirstRoom | str) -> int:
    values = BoardValues(name_ko="난소암", name_en="Ovarian")
    series = SeriesValues(weekday=1, local_time=time(7, 30), minutes=90, room="")
    return open_first_board(session, setup, program=PROGRAM, values=values, room=room, series=series, **WHO)[1].created


def gaps(session: Session, setup: Setup) -> set[tuple[str, str, str]]:
    return {(gap.code, gap.specialty, gap.certificate) for gap in read_overview(session, setup, **WHO).gaps}


def test_four_steps_lead_to_a_board_that_can_be_planned(session: Session, setup: Setup) -> None:
    steps = [read_progress(session).next_step]
    account, _ = begin(session, setup)
    steps.append(read_progress(session).next_step)
    count = staff_centre(session, setup, program=PROGRAM, rows=rows(setup), by=account_actor(account), now=NOW)
    steps.append(read_progress(session).next_step)

    created = board(session, setup, FirstRoom(name="회의실", capacity=20))

    core = {seat.specialty for seat in setup.program(PROGRAM).seats}
    assert steps == ["centre", "people", "board"]
    assert (read_progress(session).next_step, read_progress(session).is_usable) == ("import", True)
    assert (count, created) == (len(core), session.scalars(select(func.count()).select_from(Meeting)).one())
    assert set(session.scalars(select(Seat.specialty))) == core
    assert check_database(session, setup, now=NOW) == ()


def test_address_given_twice_is_one_member_with_both(session: Session, setup: Setup) -> None:
    begin(session, setup)
    same = {"name": "김", "email": "both@hospital.example"}

    staff_centre(session, setup, program=PROGRAM, rows=rows(setup, radiology=same, nuclear_medicine=same), **WHO)

    member = session.scalars(select(Member).where(Member.email == "both@hospital.example")).one()
    assert sorted(held.specialty for held in member.specialties) == ["nuclear_medicine", "radiology"]


@pytest.mark.parametrize("address", ["both@hospital.example", "BOTH@Hospital.example"])
def test_one_address_has_one_name(session: Session, setup: Setup, address: str) -> None:
    begin(session, setup)
    first = {"name": "김  하나", "email": "both@hospital.example"}
    given = rows(setup, radiology=first, nuclear_medicine={"name": "이둘", "email": address})

    with pytest.raises(Conflict) as refused:
        staff_centre(session, setup, program=PROGRAM, rows=given, **WHO)

    assert (refused.value.code, refused.value.values["field"]) == ("two-names", "email-nuclear_medicine")
    assert list(session.scalars(select(Member))) == []


def test_certificates_are_given_with_the_specialty_and_missing_ones_named(session: Session, setup: Setup) -> None:
    begin(session, setup)
    staff_centre(session, setup, program=PROGRAM, rows=rows(setup), **WHO)
    board(session, setup, FirstRoom(name="회의실", capacity=20))
    before = gaps(session, setup)
    again = StaffRow(specialty="medical_oncology", name="", email="medical_oncology@hospital.example",
                     certificates=("chemotherapy_certified",))  # fmt: skip

    staff_centre(session, setup, program=PROGRAM, rows=[again], **WHO)

    assert before - gaps(session, setup) == {("nobody-certified", "medical_oncology", "chemotherapy_certified")}
    assert {code for code, *_ in gaps(session, setup)} == {"no-case"}


def test_certificate_that_no_rule_asks_for_is_refused(session: Session, setup: Setup) -> None:
    begin(session, setup)
    asked = {"certificates": ("chemotherapy_certified",)}

    with pytest.raises(BadInput) as refused:
        staff_centre(session, setup, program=PROGRAM, rows=rows(setup, pathology=asked), **WHO)

    assert refused.value.values["field"] == "certificates-pathology"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "no"}, "email-pathology"),
        ({"name": ""}, "name-pathology"),
        ({"department": "x"}, "department-pathology"),
    ],
)
def test_one_bad_line_writes_none_and_is_named(
    session: Session, setup: Setup, changes: dict[str, str], field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        staff_centre(session, setup, program=PROGRAM, rows=rows(setup, pathology=changes), **WHO)

    assert (refused.value.values["field"], list(session.scalars(select(Department)))) == (field, [])


def test_board_without_core_members_or_with_a_bad_room_is_refused(session: Session, setup: Setup) -> None:
    with pytest.raises(BadInput) as room:
        board(session, setup, FirstRoom(name="", capacity=20))
    with pytest.raises(Conflict) as nobody:
        board(session, setup, FirstRoom(name="R", capacity=20))

    assert (room.value.values["field"], nobody.value.code) == ("room_name", "no-core-seat")


def test_two_browsers_with_the_code_begin_one_installation(database_url: str, setup: Setup) -> None:
    engine = create_engine(database_url)
    start, results = threading.Barrier(3), []

    def first(number: int) -> None:
        with Session(engine) as session:
            start.wait()
            try:
                begin(session, setup, email=f"admin{number}@hospital.example")
                results.append("done")
            except DomainError as error:
                results.append(error.code)

    threads = [threading.Thread(target=first, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Session(engine) as session:
        emails = list(session.scalars(select(Account.email)))
    engine.dispose()
    assert (results.count("done"), len(emails)) == (1, 1)
    assert set(results) <= {"done", "setup-over", "busy"}

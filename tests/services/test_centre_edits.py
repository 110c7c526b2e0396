"""Single edits of the centre: what is kept, what is refused, and what a race leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, ON_DEMAND, OPERATOR, PHYSICIAN, SURGEON, furnish, member_id
from tests.services.conftest import NOW
from tumorboard.domain.errors import BadInput, Conflict, DomainError, NotAllowed
from tumorboard.services import centre_boards, centre_edits, centre_members, centre_overview, centre_rooms
from tumorboard.services.access import GRANTS, Permission, Role, actor_with
from tumorboard.services.centre_boards import BoardValues
from tumorboard.services.centre_members import MemberValues
from tumorboard.services.checks import check_database
from tumorboard.services.feeds import rotate_feed
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Board, Resource, Room
from tumorboard.store.people import Account, Centre, Department, Member, Specialty
from tumorboard.store.post import AuditEvent, FeedToken

EDITORS = {Role.ADMINISTRATOR, Role.COORDINATOR}
WHO: dict[str, Any] = {"by": OPERATOR, "now": NOW}


def values(**changes: Any) -> MemberValues:
    given = {"name": "Na", "email": "na@hospital.example", "department": "pathology", "specialties": ("pathology",)}
    return MemberValues(**{**given, **changes})


def holders(session: Session, specialty: str) -> list[str]:
    board = session.scalars(select(Board)).one()
    seat = next(seat for seat in board.seats if seat.specialty == specialty)
    return [holder.member.email for holder in seat.holders]


def test_administrators_and_coordinators_edit_the_centre_and_nobody_else() -> None:
    assert {role for role in Role if Permission.CENTRE_EDIT in GRANTS[role]} == EDITORS
    assert {role for role in Role if Permission.ACCOUNT_EDIT in GRANTS[role]} == {Role.ADMINISTRATOR}


@pytest.mark.parametrize("role", sorted(set(Role) - EDITORS))
def test_others_are_refused_before_anything_is_read(session: Session, setup: Setup, role: Role) -> None:
    who: dict[str, Any] = {"by": actor_with("x", frozenset({role})), "now": NOW}
    steps: list[Callable[[], object]] = [
        lambda: centre_edits.rename_centre(session, name_ko="", name_en="", **who),
        lambda: centre_edits.add_department(session, name_ko="", name_en="", **who),
        lambda: centre_edits.change_department(session, key="x", name_ko="", name_en="", **who),
        lambda: centre_edits.remove_department(session, key="x", **who),
        lambda: centre_edits.place_specialty(session, setup, specialty="x", department="x", **who),
        lambda: centre_edits.remove_specialty(session, specialty="x", **who),
        lambda: centre_members.list_members(session, by=who["by"]),
        lambda: centre_members.add_member(session, setup, values=values(), **who),
        lambda: centre_members.change_member(session, setup, member_id="x", values=values(), **who),
        lambda: centre_members.retire_member(session, member_id="x", **who),
        lambda: centre_members.readmit_member(session, member_id="x", **who),
        lambda: centre_rooms.add_room(session, name="", capacity=0, **who),
        lambda: centre_rooms.change_room(session, setup, key="x", name="", capacity=0, **who),
        lambda: centre_rooms.remove_room(session, key="x", **who),
        lambda: centre_boards.add_board(session, setup, program="x", values=BoardValues(name_ko="", name_en=""), **who),
        lambda: centre_boards.remove_board(session, board="x", **who),
        lambda: centre_boards.set_seat(session, setup, board="x", specialty="x", kind="x", **who),
        lambda: centre_boards.remove_seat(session, board="x", specialty="x", **who),
        lambda: centre_overview.read_overview(session, setup, **who),
    ]

    for step in steps:
        with pytest.raises(NotAllowed):
            step()


def test_one_name_stands_for_both_languages(centre: Session) -> None:
    centre_edits.rename_centre(centre, name_ko=" 한강 센터 ", name_en="", **WHO)

    row = centre.scalars(select(Centre)).one()
    assert (row.name_ko, row.name_en) == ("한강 센터", "한강 센터")


def test_key_is_made_of_the_english_name_and_numbered_where_it_is_taken(centre: Session) -> None:
    keys = [centre_edits.add_department(centre, name_ko="", name_en="Breast  Surgery!", **WHO).key for _ in range(3)]
    korean = centre_edits.add_department(centre, name_ko="유방외과", name_en="", **WHO).key

    assert (keys, korean) == (["breast-surgery", "breast-surgery-2", "breast-surgery-3"], "department")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"key": "pathology"}, "key-taken"),
        ({"key": "Not a key"}, "bad-key"),
        ({"name_ko": "", "name_en": " "}, "name-missing"),
        ({"name_ko": "x" * 201}, "too-long"),
        ({"name_ko": "800101-1234567"}, "resident-registration-number"),
    ],
)
def test_bad_department_is_refused_and_nothing_is_written(centre: Session, given: dict[str, str], code: str) -> None:
    before = len(centre.scalars(select(Department)).all())

    with pytest.raises((BadInput, Conflict)) as refused:
        centre_edits.add_department(centre, **{"name_ko": "과", "name_en": "Dept", **given}, **WHO)

    assert (refused.value.code, len(centre.scalars(select(Department)).all())) == (code, before)


def test_used_department_and_specialty_stay_and_unused_ones_go(centre: Session, setup: Setup) -> None:
    centre_edits.place_specialty(centre, setup, specialty="neurosurgery", department="urology", **WHO)
    codes = []
    for step in (
        lambda: centre_edits.remove_department(centre, key="urology", **WHO),
        lambda: centre_edits.remove_specialty(centre, specialty="urology", **WHO),
        lambda: centre_edits.place_specialty(centre, setup, specialty="magic", department="urology", **WHO),
    ):
        with pytest.raises((BadInput, Conflict)) as refused:
            step()
        codes.append(refused.value.code)

    centre_edits.remove_specialty(centre, specialty="neurosurgery", **WHO)

    assert codes == ["department-used", "specialty-used", "unknown-specialty"]
    assert centre.scalar(select(Specialty).where(Specialty.key == "neurosurgery")) is None


def test_calendar_links_of_a_removed_department_end_with_it(centre: Session, setup: Setup) -> None:
    key = centre_edits.add_department(centre, name_ko="과", name_en="New", **WHO).key
    rotate_feed(centre, setup, scope="department", subject=key, by=OPERATOR, now=NOW)

    centre_edits.remove_department(centre, key=key, **WHO)

    assert centre.scalars(select(FeedToken.revoked_at).where(FeedToken.scope == "department")).one() == NOW


def test_new_member_can_be_booked_and_sits_where_she_is_put(centre: Session, setup: Setup) -> None:
    row = centre_members.add_member(centre, setup, values=values(title="교수", time_zone="Asia/Tokyo"), **WHO)
    first = member_id(centre, CORE["pathology"])

    centre_boards.set_seat(
        centre, setup, board=BOARD, specialty="pathology", kind="core", holders=(row.public_id, first), **WHO
    )

    assert holders(centre, "pathology") == ["na@hospital.example", CORE["pathology"]]
    assert centre.scalar(select(Resource.id).where(Resource.member_id == row.id)) is not None
    assert (row.time_zone, check_database(centre, setup, now=NOW)) == ("Asia/Tokyo", ())


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"name": " "}, "name-missing", "name"),
        ({"email": "nobody"}, "bad-email", "email"),
        ({"email": SURGEON.upper()}, "address-taken", "email"),
        ({"department": "magic"}, "unknown-department", "department"),
        ({"language": "de"}, "unknown-language", "language"),
        ({"time_zone": "Mars/Base"}, "unknown-zone", "time_zone"),
        ({"most_calls_per_week": 0}, "bad-calls", "most_calls_per_week"),
        ({"specialties": ("magic",)}, "unknown-specialty", "specialties"),
        ({"certificates": ("magic",)}, "unknown-certificate", "certificates"),
        ({"deputies": ("nobody",)}, "unknown-member", "deputies"),
    ],
)
def test_bad_member_is_refused_with_the_field(
    centre: Session, setup: Setup, changes: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        centre_members.add_member(centre, setup, values=values(**changes), **WHO)

    assert (refused.value.code, refused.value.values.get("field")) == (code, field)
    assert centre.scalar(select(Member).where(Member.name == "Na")) is None


def test_member_is_changed_as_a_whole_and_nobody_is_her_own_deputy(centre: Session, setup: Setup) -> None:
    public_id, deputy = member_id(centre, SURGEON), member_id(centre, PHYSICIAN)
    changed = values(name="정하늘", email=SURGEON, department="urology", specialties=("urology", "pathology"),
                     deputies=(deputy,), most_calls_per_week=2)  # fmt: skip

    row = centre_members.change_member(centre, setup, member_id=public_id, values=changed, **WHO)
    with pytest.raises(BadInput) as own:
        centre_members.change_member(
            centre, setup, member_id=public_id,
            values=values(email=SURGEON, specialties=("urology",), deputies=(public_id,)), **WHO,
        )  # fmt: skip

    assert (row.name, [held.specialty for held in row.specialties]) == ("정하늘", ["pathology", "urology"])
    assert ([each.deputy.public_id for each in row.deputies], own.value.code) == ([deputy], "own-deputy")


def test_specialty_of_a_seat_cannot_be_taken_from_its_holder(centre: Session, setup: Setup) -> None:
    given = values(email=SURGEON, department="urology", specialties=())

    with pytest.raises(Conflict) as refused:
        centre_members.change_member(centre, setup, member_id=member_id(centre, SURGEON), values=given, **WHO)

    assert (refused.value.code, BOARD in str(refused.value)) == ("specialty-held", True)


def test_member_leaves_and_returns_with_her_seats(centre: Session, setup: Setup) -> None:
    public_id = member_id(centre, SURGEON)

    meetings = centre_members.retire_member(centre, member_id=public_id, **WHO)
    account = centre.scalars(select(Account).join(Member).where(Member.public_id == public_id)).one()
    was_closed = not account.active
    centre_members.readmit_member(centre, member_id=public_id, **WHO)

    row = centre.scalars(select(Member).where(Member.public_id == public_id)).one()
    assert (meetings, was_closed, row.active, account.active) == ((), True, True, False)
    assert holders(centre, "urology") == [SURGEON]


def test_last_administrator_is_not_locked_out_by_leaving(centre: Session) -> None:
    account = centre.scalars(select(Account).where(Account.email == "administrator@hospital.example")).one()
    account.member_id = centre.scalars(select(Member.id).where(Member.email == ON_DEMAND["hpb_surgery"])).one()
    centre.commit()
    public_id = member_id(centre, ON_DEMAND["hpb_surgery"])
    coordinator = actor_with("c", frozenset({Role.COORDINATOR}))

    with pytest.raises(NotAllowed):
        centre_members.retire_member(centre, member_id=public_id, by=coordinator, now=NOW)
    with pytest.raises(Conflict) as refused:
        centre_members.retire_member(centre, member_id=public_id, **WHO)

    assert refused.value.code == "last-administrator"


def test_room_in_use_stays_and_an_unused_one_goes(centre: Session, setup: Setup) -> None:
    with pytest.raises(Conflict) as refused:
        centre_rooms.remove_room(centre, key="room-a", **WHO)
    key = centre_rooms.add_room(centre, name="소회의실", capacity=6, **WHO).key
    centre_rooms.change_room(
        centre, setup, key="room-a", name="Hall", capacity=30, video_url="https://video.example/x", **WHO
    )
    centre_rooms.remove_room(centre, key=key, **WHO)

    rooms = {row.key: (row.name, row.capacity) for row in centre.scalars(select(Room))}
    assert (refused.value.code, BOARD in str(refused.value)) == ("room-used", True)
    assert rooms == {"room-a": ("Hall", 30), "room-b": ("Room B", 8)}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"capacity": 0}, "bad-capacity"),
        ({"video_url": "http://video.example"}, "bad-video-url"),
        ({"name": ""}, "name-missing"),
    ],
)
def test_bad_room_is_refused(centre: Session, given: dict[str, Any], code: str) -> None:
    with pytest.raises(BadInput) as refused:
        centre_rooms.add_room(centre, **{"name": "R", "capacity": 5, **given}, **WHO)

    assert refused.value.code == code


def test_new_board_has_the_seats_of_its_programme_that_the_centre_can_fill(centre: Session, setup: Setup) -> None:
    given = BoardValues(name_ko="둘째", name_en="Second")

    board = centre_boards.add_board(centre, setup, program="ovarian", values=given, **WHO)

    kinds = {seat.specialty: seat.kind for seat in board.seats}
    assert kinds == {**dict.fromkeys(CORE, "core"), **dict.fromkeys(ON_DEMAND, "on_demand")}
    assert (board.key, board.organizer_email, board.organizer_name) == ("second", setup.mail_from, "둘째")


def test_board_that_was_planned_for_stays_and_a_new_one_goes(centre: Session, setup: Setup) -> None:
    publish_draft(
        centre, setup, draft_id=propose(centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW).public_id, **WHO
    )
    second = centre_boards.add_board(
        centre, setup, program="ovarian", values=BoardValues(name_ko="둘", name_en="Two"), **WHO
    ).key
    with pytest.raises(Conflict) as refused:
        centre_boards.remove_board(centre, board=BOARD, **WHO)

    centre_boards.remove_board(centre, board=second, **WHO)

    assert (refused.value.code, list(centre.scalars(select(Board.key)))) == ("board-used", [BOARD])


def test_seat_wants_a_fit_holder_and_a_board_its_core(centre: Session, setup: Setup) -> None:
    surgeon = member_id(centre, SURGEON)
    codes = []
    for given in (
        {"specialty": "pathology", "kind": "core", "holders": (surgeon,)},
        {"specialty": "urology", "kind": "sofa"},
        {"specialty": "neurosurgery", "kind": "on_demand"},
    ):
        with pytest.raises(BadInput) as refused:
            centre_boards.set_seat(centre, setup, board=BOARD, **given, **WHO)  # type: ignore[arg-type]
        codes.append(refused.value.code)
    for specialty in list(CORE)[:-1]:
        centre_boards.remove_seat(centre, board=BOARD, specialty=specialty, **WHO)
    with pytest.raises(Conflict) as last:
        centre_boards.remove_seat(centre, board=BOARD, specialty=list(CORE)[-1], **WHO)

    assert (codes, last.value.code) == (["holder-unfit", "seat-kind", "unknown-specialty"], "no-core-seat")


def test_overview_names_what_is_missing(centre: Session, setup: Setup) -> None:
    centre_members.retire_member(centre, member_id=member_id(centre, CORE["pathology"]), **WHO)

    view = centre_overview.read_overview(centre, setup, **WHO)

    seats = {gap.specialty for gap in view.gaps if gap.code == "no-core-seat"}
    program = setup.program("ovarian")
    assert seats == {seat.specialty for seat in program.seats} - set(CORE)
    assert [(gap.board, gap.specialty) for gap in view.gaps if gap.code == "nobody-on-seat"] == [(BOARD, "pathology")]


def test_every_edit_leaves_a_line_in_the_record(centre: Session, setup: Setup) -> None:
    centre_edits.rename_centre(centre, name_ko="가", name_en="A", **WHO)
    centre_rooms.add_room(centre, name="R", capacity=3, **WHO)
    centre_members.add_member(centre, setup, values=values(), **WHO)

    actions = list(centre.scalars(select(AuditEvent.action).order_by(AuditEvent.id.desc()).limit(3)))
    assert actions == ["member:added", "room:added", "centre:renamed"]


def test_one_address_taken_by_two_browsers_is_one_member(database_url: str, setup: Setup) -> None:
    engine = create_engine(database_url)
    with Session(engine) as session:
        furnish(session, setup, now=NOW)
    start, results = threading.Barrier(4), []

    def add() -> None:
        with Session(engine) as session:
            start.wait()
            try:
                centre_members.add_member(session, setup, values=values(), **WHO)
                results.append("done")
            except Conflict as conflict:
                results.append(conflict.code)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    assert results.count("done") == 1
    assert set(results) <= {"done", "address-taken", "already-exists", "busy"}

"""The nightly check: what it finds, what it keeps, whom it tells, and the repair it proposes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, ON_DEMAND, OPERATOR, a_case_csv, a_case_row, an_account, import_list, member_id
from tests.services.conftest import NOW, publish
from tumorboard.domain.errors import NotAllowed
from tumorboard.services.access import Role, actor_with, operator
from tumorboard.services.findings import Step, count_findings, list_findings
from tumorboard.services.nightly import JOB, Checked, check_published, propose_repair
from tumorboard.services.people import add_absence, remove_member
from tumorboard.services.publishing import cancel_meeting
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case, ReadinessItem
from tumorboard.store.meetings import Booking, Meeting, MeetingInvitation, Resource, Room
from tumorboard.store.people import Member, MemberCertificate, MemberSpecialty
from tumorboard.store.plans import MeetingFinding

TODAY = date(2026, 11, 22)
NIGHT = NOW + timedelta(hours=14)
"""Two in the morning of Monday in Seoul."""
CLOCK = operator(JOB)
UROLOGY = ON_DEMAND["urology"]


def check(session: Session, setup: Setup, *, minutes: int = 0) -> Checked:
    return check_published(session, setup, by=CLOCK, now=NIGHT + timedelta(minutes=minutes))


def _found(session: Session) -> list[tuple[str, dict[str, object]]]:
    rows = list_findings(session, by=OPERATOR, now=NIGHT)
    return [(row.reason.code, {n: v for n, v in row.reason.values.items() if n != "meeting"}) for row in rows]


def away(session: Session, email: str, *, days: int = 1) -> str:
    """The member is absent on the day of the first meeting."""
    found = member_id(session, email)
    start = NOW + timedelta(days=1)
    add_absence(session, member_id=found, starts_at=start, ends_at=start + timedelta(days=days), kind="absence",
                by=OPERATOR, now=NOW)  # fmt: skip
    return found


def published_meeting(session: Session) -> Meeting:
    return session.scalars(select(Meeting).where(Meeting.status == "published")).one()


def test_what_is_right_has_no_finding(board: Session, setup: Setup) -> None:
    checked = check(board, setup)

    assert checked == Checked(meetings=1, new=0, standing=0, mended=0, letters=0, boards=())
    assert _found(board) == []


def test_absent_specialist_is_found_with_what_the_meeting_loses(board: Session, setup: Setup) -> None:
    who = away(board, UROLOGY)

    check(board, setup)

    assert _found(board) == [("member-absent", {"member": who, "references": "C-2", "specialties": "urology"})]


def test_absent_core_member_leaves_her_seat_empty(board: Session, setup: Setup) -> None:
    who = away(board, CORE["pathology"])

    check(board, setup)

    assert _found(board) == [
        ("member-absent", {"member": who, "references": "C-2,C-1", "specialties": "pathology"}),
        ("seat-lost", {"specialty": "pathology"}),
    ]


def test_member_who_left_is_found_with_her_cases(board: Session, setup: Setup) -> None:
    who = member_id(board, UROLOGY)
    remove_member(board, member_id=who, by=OPERATOR, now=NOW)

    check(board, setup)

    assert _found(board) == [("member-left", {"member": who, "references": "C-2", "specialties": "urology"})]


def _lose_specialty(session: Session) -> None:
    row = session.scalars(select(MemberSpecialty).join(Member).where(Member.email == UROLOGY)).one()
    session.delete(row)


def _lose_certificate(session: Session) -> None:
    session.delete(session.scalars(select(MemberCertificate)).one())


def lose_report(session: Session) -> None:
    query = select(ReadinessItem).join(Case).where(Case.reference == "C-1", ReadinessItem.item == "pathology_report")
    session.delete(session.scalars(query).one())


def _let_report_age(session: Session) -> None:
    query = select(ReadinessItem).join(Case).where(Case.reference == "C-2")
    for row in session.scalars(query):
        row.reported_on = TODAY - timedelta(days=400)


def _close_case(session: Session) -> None:
    session.execute(update(Case).where(Case.reference == "C-1").values(status="withdrawn"))


def _decline(session: Session) -> None:
    row = session.scalars(select(MeetingInvitation).join(Member).where(Member.email == UROLOGY)).one()
    row.answer = "declined"


def _shrink_room(session: Session) -> None:
    session.execute(update(Room).where(Room.key == "room-a").values(capacity=3))


def release_room(session: Session) -> None:
    rooms = select(Resource.id).where(Resource.room_id.is_not(None))
    session.execute(update(Booking).where(Booking.resource_id.in_(rooms)).values(status="released"))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (_lose_specialty, [("need-uncovered", {"reference": "C-2", "specialty": "urology"})]),
        (
            _lose_certificate,
            [
                ("need-uncovered", {"reference": "C-1", "specialty": "medical_oncology"}),
                ("need-uncovered", {"reference": "C-2", "specialty": "medical_oncology"}),
            ],
        ),
        (lose_report, [("case-not-ready", {"reference": "C-1", "items": "pathology_report"})]),
        (_close_case, [("case-closed", {"reference": "C-1"})]),
        (_shrink_room, [("room-too-small", {"room": "room-a", "people": 6, "seats": 3})]),
        (release_room, [("room-lost", {"room": "room-a"})]),
    ],
)
def test_change_since_the_publication_is_found(
    board: Session, setup: Setup, change: Callable[[Session], None], found: list[tuple[str, dict[str, object]]]
) -> None:
    change(board)
    board.commit()

    check(board, setup)

    assert _found(board) == found


def test_report_that_became_too_old_is_found(board: Session, setup: Setup) -> None:
    _let_report_age(board)
    board.commit()

    check(board, setup)

    assert [(code, values["reference"]) for code, values in _found(board)] == [("case-not-ready", "C-2")]


def test_declined_invitation_is_found(board: Session, setup: Setup) -> None:
    _decline(board)
    board.commit()

    check(board, setup)

    who = member_id(board, UROLOGY)
    assert _found(board) == [("member-declined", {"member": who, "references": "C-2", "specialties": "urology"})]


def test_new_facts_that_need_somebody_more_are_found(board: Session, setup: Setup) -> None:
    import_list(board, setup, now=NOW, content=a_case_csv(
        [a_case_row("C-1", on=TODAY, planned_procedures="hysterectomy_bso;liver_resection")]))  # fmt: skip

    check(board, setup)

    assert ("need-uncovered", {"reference": "C-1", "specialty": "hpb_surgery"}) in _found(board)


def test_second_check_finds_the_same_and_writes_nothing(board: Session, setup: Setup) -> None:
    with_coordinator(board)
    away(board, UROLOGY)

    first, second = check(board, setup), check(board, setup, minutes=60)

    row = board.scalars(select(MeetingFinding)).one()
    assert (first.new, first.letters, second.new, second.letters) == (1, 2, 0, 0)
    assert (row.found_at, row.seen_at, row.mended_at) == (NIGHT, NIGHT + timedelta(minutes=60), None)


def test_finding_is_mended_when_its_reason_is_gone(board: Session, setup: Setup) -> None:
    release_room(board)
    board.commit()
    check(board, setup)
    board.execute(update(Booking).values(status="confirmed"))
    board.commit()

    checked = check(board, setup, minutes=60)

    row = board.scalars(select(MeetingFinding)).one()
    assert (checked.standing, checked.mended, row.mended_at) == (0, 1, NIGHT + timedelta(minutes=60))
    assert count_findings(board, by=OPERATOR, now=NIGHT) == {}


def test_finding_of_a_cancelled_meeting_is_over(board: Session, setup: Setup) -> None:
    away(board, UROLOGY)
    check(board, setup)
    cancel_meeting(board, setup, meeting_id=published_meeting(board).public_id, by=OPERATOR, now=NIGHT)

    checked = check(board, setup, minutes=60)

    assert (checked.meetings, checked.mended, _found(board)) == (0, 1, [])


def test_finding_says_whether_it_blocks_and_what_to_do(board: Session, setup: Setup) -> None:
    away(board, UROLOGY)
    lose_report(board)
    _shrink_room(board)
    board.commit()
    check(board, setup)

    rows = list_findings(board, by=OPERATOR, now=NIGHT, board=BOARD)

    assert [(row.reason.code, row.is_blocking, row.step) for row in rows] == [
        ("case-not-ready", True, Step.NOTE_REPORT),
        ("member-absent", True, Step.REPAIR),
        ("room-too-small", False, Step.CHANGE_ROOM),
    ]
    assert count_findings(board, by=OPERATOR, now=NIGHT) == {BOARD: 3}


def test_findings_are_for_who_plans(board: Session, setup: Setup) -> None:
    surgeon = actor_with("surgeon", frozenset({Role.SURGEON}))

    with pytest.raises(NotAllowed):
        list_findings(board, by=surgeon, now=NIGHT)
    with pytest.raises(NotAllowed):
        check_published(board, setup, by=surgeon, now=NIGHT)
    with pytest.raises(NotAllowed):
        propose_repair(board, setup, board=BOARD, by=surgeon, now=NIGHT)


def with_coordinator(session: Session) -> str:
    """A coordinator who is a member, beside the one who is not."""
    row = an_account(session, Role.COORDINATOR, now=NOW, email="second@hospital.example")
    row.member_id = session.scalars(select(Member.id).where(Member.email == CORE["radiology"])).one()
    row.language = "en"
    session.commit()
    return row.email


def test_check_takes_a_fixed_number_of_queries(board: Session, setup: Setup) -> None:
    counts = []
    for _ in range(2):
        counts.append(_count_queries(board, lambda: check(board, setup)))
        references = [f"D-{number}" for number in range(4)]
        import_list(board, setup, now=NOW, content=a_case_csv([a_case_row(name, on=TODAY) for name in references]))
        publish(board, setup)

    assert counts[1] <= counts[0]


def _count_queries(session: Session, act: Callable[[], object]) -> int:
    from sqlalchemy import event

    statements: list[str] = []
    engine = session.get_bind()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(statements)

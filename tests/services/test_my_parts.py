"""What a member is asked for at the meetings ahead, and a deputy whom she names herself."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from tests.builders import CORE, member_id
from tests.services.conftest import NOW
from tests.stand_ins import (
    PATHOLOGY_OTHER,
    UROLOGY,
    UROLOGY_DEPUTY,
    UROLOGY_OTHER,
    UROLOGY_SECOND,
    answer,
    be_away,
    furnish_staffed,
    invitation,
)
from tumorboard.domain.errors import BadInput, Conflict, NotAllowed
from tumorboard.services.access import Actor, Permission, Role, actor_with
from tumorboard.services.my_parts import MyPart, delegate_own, list_my_parts
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import AgendaItem, Meeting, MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.post import AuditEvent

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def board(session: Session, setup: Setup) -> Session:
    furnish_staffed(session, setup, now=NOW)
    return session


def actor(session: Session, email: str, role: Role = Role.SURGEON) -> Actor:
    return actor_with("test", frozenset({role}), member_id=member_id(session, email))


def part_of(session: Session, setup: Setup, email: str = UROLOGY, role: Role = Role.SURGEON) -> MyPart:
    (part,) = list_my_parts(session, setup, by=actor(session, email, role), now=LATER)
    return part


def test_called_in_member_sees_her_cases_with_their_times_and_what_is_planned(board: Session, setup: Setup) -> None:
    part = part_of(board, setup)

    items = {item.case.reference: item for item in board.scalars(select(AgendaItem))}
    assert [case.reference for case in part.cases] == part.row.details["cases"]
    for case in part.cases:
        assert (case.span.start, case.span.end) == (items[case.reference].starts_at, items[case.reference].ends_at)
        assert case.question_count >= 0
        planned = items[case.reference].case.facts.get("planned_procedures", [])
        assert (len(case.procedures), all(text.ko for text in case.procedures)) == (len(planned), True)


@pytest.mark.parametrize(("role", "is_linked"), [(Role.SURGEON, False), (Role.PHYSICIAN, True)])
def test_only_who_may_read_cases_is_led_to_them(board: Session, setup: Setup, role: Role, *, is_linked: bool) -> None:
    cases = part_of(board, setup, role=role).cases

    assert [case.case_id is not None for case in cases] == [is_linked] * len(cases)
    assert cases


def test_who_comes_reads_what_is_asked_and_that_is_recorded_once_a_day(board: Session, setup: Setup) -> None:
    case = next(iter(board.scalars(select(AgendaItem)))).case
    case.facts = {**case.facts, "question": "Which operation?", "question_radiology": "Is it the ureter?"}
    board.commit()
    core = CORE["radiology"]

    days = [LATER, LATER + timedelta(minutes=5), LATER + timedelta(days=1)]
    shown = [list_my_parts(board, setup, by=actor(board, core), now=now) for now in days]

    asked = {one.reference: one.questions for one in shown[0][0].cases}
    assert [said for _, said in asked[case.reference]] == ["Which operation?", "Is it the ureter?"]
    read = board.execute(select(AuditEvent.actor, AuditEvent.at).where(
        AuditEvent.action == "case:read", AuditEvent.subject_id == case.public_id
    )).all()  # fmt: skip
    assert [(who, at) for who, at in read] == [("test", days[0]), ("test", days[2])]


def test_who_does_not_come_sees_only_how_many_questions_there_are(board: Session, setup: Setup) -> None:
    row = invitation(board, UROLOGY)
    for item in board.scalars(select(AgendaItem)):
        item.case.facts = {**item.case.facts, "question": "Which operation?"}
    row.answer = "declined"
    board.commit()

    cases = part_of(board, setup).cases

    assert [(case.question_count, case.questions) for case in cases] == [(1, ())] * len(cases)
    assert board.scalars(select(AuditEvent).where(AuditEvent.action == "case:read")).all() == []


def test_one_meeting_alone_has_only_her_part_in_it(board: Session, setup: Setup) -> None:
    by, meeting_id = actor(board, UROLOGY), invitation(board, UROLOGY).meeting.public_id

    found = [
        list_my_parts(board, setup, by=by, now=LATER, meeting_id=one) for one in (meeting_id, "another")
    ]  # fmt: skip

    assert [[part.row.meeting.public_id for part in parts] for parts in found] == [[meeting_id], []]


def test_core_member_sees_every_case_and_only_what_she_owes(board: Session, setup: Setup) -> None:
    core = board.scalars(select(MeetingInvitation).where(MeetingInvitation.kind == "core")).first()
    assert core is not None

    part = part_of(board, setup, core.member.email)

    assert len(part.cases) == len(board.scalars(select(AgendaItem)).all())
    assert all(item.is_hers for case in part.cases for item in case.open_items)


def test_deputies_have_her_specialty(board: Session, setup: Setup) -> None:
    emails = [member.email for member in part_of(board, setup).deputies]

    assert emails == [UROLOGY_DEPUTY, UROLOGY_SECOND, UROLOGY_OTHER]
    assert {UROLOGY, PATHOLOGY_OTHER}.isdisjoint(emails)


def test_who_could_not_come_is_shown_apart_with_why(board: Session, setup: Setup) -> None:
    meeting = invitation(board, UROLOGY).meeting
    be_away(board, UROLOGY_SECOND, meeting, now=LATER)

    part = part_of(board, setup)

    assert [one.email for one in part.deputies] == [UROLOGY_DEPUTY, UROLOGY_OTHER]
    assert [(one.email, why) for one, why in part.unfit] == [(UROLOGY_SECOND, "not-free")]
    with pytest.raises(Conflict) as refused:  # the check of saving says the same
        delegate_own(
            board, setup, invitation_id=part.row.public_id, deputy=member_id(board, UROLOGY_SECOND),
            by=actor(board, UROLOGY), now=LATER,
        )  # fmt: skip
    assert refused.value.code == "not-suited"


def test_number_of_queries_does_not_depend_on_the_windows(board: Session, setup: Setup) -> None:
    by, counts = actor(board, CORE["radiology"]), []
    list_my_parts(board, setup, by=by, now=LATER)  # what it records, it records here
    for shift in (0, 30):  # the second time with a window more
        if shift:
            one_more_meeting(board, CORE["radiology"], timedelta(days=shift))
        board.expunge_all()
        statements: list[str] = []
        note = partial(note_statement, statements)
        event.listen(board.get_bind(), "before_cursor_execute", note)
        counts.append((len(list_my_parts(board, setup, by=by, now=LATER)), len(statements)))
        event.remove(board.get_bind(), "before_cursor_execute", note)

    (first, few), (second, many) = counts
    assert (first, second, few == many) == (1, 2, True)
    assert few <= 9


def note_statement(statements: list[str], _connection: object, _cursor: object, statement: str, *_: object) -> None:
    if not statement.startswith("BEGIN"):
        statements.append(statement)


def one_more_meeting(session: Session, email: str, shift: timedelta) -> None:
    """The same meeting again, later, with the same case."""
    row = invitation(session, email)
    meeting = row.meeting
    later = Meeting(
        board_id=meeting.board_id, room_id=meeting.room_id, starts_at=meeting.starts_at + shift,
        ends_at=meeting.ends_at + shift, closes_at=meeting.closes_at + shift, time_zone=meeting.time_zone,
        status="published", published_at=NOW,
    )  # fmt: skip
    item = meeting.agenda[0]
    later.agenda.append(
        AgendaItem(case=item.case, position=0, starts_at=item.starts_at + shift, ends_at=item.ends_at + shift)
    )
    later.invitations.append(
        MeetingInvitation(
            member=row.member,
            kind=row.kind,
            starts_at=row.starts_at + shift,
            ends_at=row.ends_at + shift,
            uid="more@x",
            stamp=NOW,
            details=row.details,
        )  # fmt: skip
    )
    session.add(later)
    session.commit()


def test_member_sends_her_deputy_and_sees_who_comes(board: Session, setup: Setup) -> None:
    deputy = delegate_own(
        board, setup, invitation_id=invitation(board, UROLOGY).public_id, deputy=member_id(board, UROLOGY_OTHER),
        comment="away", by=actor(board, UROLOGY), now=LATER,
    )  # fmt: skip

    part = part_of(board, setup)
    assert (deputy.email, part.stand_in, part.row.answer) == (UROLOGY_OTHER, deputy, "delegated")
    assert (part.row.answer_by, part.row.comment) == ("page", "away")
    assert part_of(board, setup, UROLOGY_OTHER).row.delegated_from == part.row.public_id


def test_deputy_who_says_no_leaves_the_question_open(board: Session, setup: Setup) -> None:
    delegate_own(
        board, setup, invitation_id=invitation(board, UROLOGY).public_id, deputy=member_id(board, UROLOGY_OTHER),
        by=actor(board, UROLOGY), now=LATER,
    )  # fmt: skip

    answer(board, setup, UROLOGY_OTHER, "declined", now=LATER + timedelta(hours=1))

    assert part_of(board, setup).stand_in is None


@pytest.mark.parametrize(
    ("by", "deputy", "error"),
    [(UROLOGY, PATHOLOGY_OTHER, BadInput), (UROLOGY, UROLOGY, BadInput), (UROLOGY_OTHER, UROLOGY_OTHER, NotAllowed)],
)
def test_somebody_else_cannot_be_sent(
    board: Session, setup: Setup, by: str, deputy: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        delegate_own(
            board, setup, invitation_id=invitation(board, UROLOGY).public_id, deputy=member_id(board, deputy),
            by=actor(board, by), now=LATER,
        )  # fmt: skip

    assert part_of(board, setup).row.answer == "needs-action"


def test_deputy_is_not_sent_after_the_meeting(board: Session, setup: Setup) -> None:
    row = invitation(board, UROLOGY)

    with pytest.raises(Conflict) as refused:
        delegate_own(
            board, setup, invitation_id=row.public_id, deputy=member_id(board, UROLOGY_OTHER), by=actor(board, UROLOGY),
            now=row.starts_at,
        )  # fmt: skip

    assert refused.value.code == "meeting-past"


def test_who_is_no_member_has_no_windows(board: Session, setup: Setup) -> None:
    stranger = Actor(name="x", permissions=frozenset({Permission.BOARD_READ}))

    assert list_my_parts(board, setup, by=stranger, now=LATER) == []
    assert board.scalars(select(Member).where(Member.email == UROLOGY)).one().active

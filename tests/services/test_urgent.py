"""Urgent meetings: found, called, asked again, moved; and nothing called twice or for nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, ON_DEMAND, OPERATOR, an_account, case_id, member_id
from tests.clinic import (
    ANESTHESIA,
    CLINIC,
    DEPUTY,
    NEONATOLOGY,
    OPERATOR_EMAIL,
    SECOND,
    a_pregnancy,
    deliver,
    email_of,
    furnish_clinic,
    invited,
    last_letter,
    letters,
    make_busy,
)
from tests.services.conftest import NOW
from tumorboard.domain.errors import BadInput, Conflict, DomainError, NotAllowed
from tumorboard.services.access import Role, actor_with
from tumorboard.services.cases import withdraw_cases
from tumorboard.services.checks import check_database
from tumorboard.services.feeds import render_feed
from tumorboard.services.findings import Step, list_findings
from tumorboard.services.meetings import add_meeting
from tumorboard.services.nightly import check_published
from tumorboard.services.planning import propose
from tumorboard.services.publishing import cancel_meeting, publish_draft
from tumorboard.services.setup import Setup
from tumorboard.services.urgent import UrgentView, call_urgent, decline_call, find_urgent, move_call
from tumorboard.store.cases import Case
from tumorboard.store.meetings import AgendaItem, Meeting, MeetingInvitation, Room
from tumorboard.store.post import AuditEvent, OutboxMessage


def after(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.fixture
def clinic(session: Session, setup: Setup) -> Session:
    furnish_clinic(session, setup, now=NOW)
    return session


@pytest.fixture
def any_clinic(any_session: Session, setup: Setup) -> Session:
    furnish_clinic(any_session, setup, now=NOW)
    return any_session


def find(session: Session, setup: Setup, case: str, *, at: int = 0, hours: int | None = None) -> UrgentView:
    return find_urgent(session, setup, case_id=case, within_hours=hours, by=OPERATOR, now=after(at))


def call(session: Session, setup: Setup, case: str, minutes: int, *, at: int = 0, **more: object) -> Meeting:
    called = call_urgent(session, setup, case_id=case, at=after(minutes), by=OPERATOR, now=after(at), **more)  # type: ignore[arg-type]
    return called.meeting


def team(session: Session, view: UrgentView, place: int = 0) -> list[str]:
    return [email_of(session, member) for member in view.answer.moments[place].team]


def publish(session: Session, setup: Setup) -> Meeting:
    draft = propose(session, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)
    publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)
    return session.scalars(select(Meeting).where(Meeting.status == "published")).one()


def test_team_can_meet_within_the_clock_of_two_hours(any_clinic: Session, setup: Setup) -> None:
    case = a_pregnancy(any_clinic, setup, now=NOW)

    view = find(any_clinic, setup, case)

    assert (view.case.board.key, view.case.until) == (CLINIC, after(120))
    assert [moment.span.start for moment in view.answer.moments] == [after(10)]
    assert team(any_clinic, view) == [OPERATOR_EMAIL, ANESTHESIA, NEONATOLOGY]


def test_calling_invites_everybody_at_once(any_clinic: Session, setup: Setup) -> None:
    case = a_pregnancy(any_clinic, setup, now=NOW)

    meeting = call(any_clinic, setup, case, 10)

    assert invited(any_clinic, meeting.id) == {
        OPERATOR_EMAIL: ("fetal_medicine",),
        ANESTHESIA: ("anesthesiology",),
        NEONATOLOGY: ("neonatology",),
    }
    assert letters(any_clinic) == [(email, "REQUEST", 0) for email in sorted((OPERATOR_EMAIL, ANESTHESIA, NEONATOLOGY))]
    assert (meeting.starts_at, meeting.ends_at, meeting.status) == (after(10), after(25), "published")
    row = any_clinic.scalars(select(Case).where(Case.public_id == case)).one()
    assert (row.status, [item.case_id for item in meeting.agenda]) == ("scheduled", [row.id])
    assert check_database(any_clinic, setup, now=NOW) == ()


@pytest.mark.parametrize(
    ("email", "subject", "sentence"),
    [
        (OPERATOR_EMAIL, "URGENT – Invitation:", "an urgent meeting has been called, and you are needed"),
        (ANESTHESIA, "긴급 – ", "긴급 회의가 소집되었습니다."),
        (NEONATOLOGY, "URGENT – Invitation:", "an urgent meeting has been called, and your advice would help"),
    ],
)
def test_letter_says_that_it_is_urgent(clinic: Session, setup: Setup, email: str, subject: str, sentence: str) -> None:
    call(clinic, setup, a_pregnancy(clinic, setup, now=NOW), 10)

    letter = clinic.scalars(select(OutboxMessage).where(OutboxMessage.recipient == email)).one()
    message = message_from_bytes(letter.content, policy=policy.default)
    body = message.get_body(("plain",))

    assert str(message["Subject"]).startswith(subject)
    assert body is not None
    assert sentence in body.get_content()
    assert "EC-1" in body.get_content()


def test_urgent_meeting_stands_in_the_feeds_of_those_who_come(clinic: Session, setup: Setup) -> None:
    call(clinic, setup, a_pregnancy(clinic, setup, now=NOW), 10)

    member = clinic.scalars(select(MeetingInvitation)).first()
    assert member is not None
    feed = render_feed(clinic, setup, scope="member", subject_id=member.member_id, now=NOW)

    assert "SUMMARY:URGENT" in feed.content.decode()
    assert "EC-1" in feed.content.decode()


def test_deputy_is_called_when_the_operator_is_in_the_theatre(any_clinic: Session, setup: Setup) -> None:
    make_busy(any_clinic, OPERATOR_EMAIL, now=NOW, start=-30, end=60)
    case = a_pregnancy(any_clinic, setup, now=NOW)

    view = find(any_clinic, setup, case)

    assert [moment.span.start for moment in view.answer.moments] == [after(10), after(60)]
    assert (team(any_clinic, view)[0], team(any_clinic, view, 1)[0]) == (DEPUTY, OPERATOR_EMAIL)


def test_missing_specialty_says_from_when(clinic: Session, setup: Setup) -> None:
    for email, end in ((ANESTHESIA, 300), (SECOND, 180)):
        make_busy(clinic, email, now=NOW, start=-30, end=end)
    case = a_pregnancy(clinic, setup, now=NOW)

    answer = find(clinic, setup, case).answer

    assert answer.moments == ()
    assert answer.nearest is not None
    assert [(gap.key.specialty, gap.free_from) for gap in answer.nearest.missing] == [("anesthesiology", after(180))]
    assert [email_of(clinic, one.member) for one in answer.nearest.missing[0].askable] == [SECOND, ANESTHESIA]
    assert answer.first_late is not None
    assert answer.first_late.span.start == after(180)


def test_who_promised_on_the_phone_comes_although_she_is_busy(any_clinic: Session, setup: Setup) -> None:
    for email in (ANESTHESIA, SECOND):
        make_busy(any_clinic, email, now=NOW, start=-30, end=300)
    case = a_pregnancy(any_clinic, setup, now=NOW)

    meeting = call(any_clinic, setup, case, 10, promised=[member_id(any_clinic, SECOND)])

    assert set(invited(any_clinic, meeting.id)) == {OPERATOR_EMAIL, SECOND, NEONATOLOGY}
    assert check_database(any_clinic, setup, now=NOW) == ()


def test_members_chosen_by_the_caller_are_called(clinic: Session, setup: Setup) -> None:
    case = a_pregnancy(clinic, setup, now=NOW)
    chosen = [member_id(clinic, email) for email in (DEPUTY, SECOND)]

    meeting = call(clinic, setup, case, 10, members=chosen)

    assert set(invited(clinic, meeting.id)) == {DEPUTY, SECOND, NEONATOLOGY}


def test_somebody_booked_meanwhile_gives_the_next_moment(any_clinic: Session, setup: Setup) -> None:
    case = a_pregnancy(any_clinic, setup, now=NOW)
    view = find(any_clinic, setup, case)
    for email in (OPERATOR_EMAIL, DEPUTY):
        make_busy(any_clinic, email, now=NOW, start=5, end=40)

    with pytest.raises(Conflict) as refused:
        call(any_clinic, setup, case, 10, at=1, members=view.answer.moments[0].team)

    assert (refused.value.code, refused.value.values["next_at"]) == ("moment-gone", after(40))
    assert any_clinic.scalars(select(OutboxMessage)).all() == []


def test_member_of_another_urgent_meeting_is_not_free(any_clinic: Session, setup: Setup) -> None:
    first, second = (a_pregnancy(any_clinic, setup, now=NOW, reference=name) for name in ("EC-1", "EC-2"))
    call(any_clinic, setup, first, 10)

    view = find(any_clinic, setup, second)

    assert [moment.span.start for moment in view.answer.moments] == [after(15), after(25)]
    assert [team(any_clinic, view, place)[:2] for place in (0, 1)] == [[DEPUTY, SECOND], [OPERATOR_EMAIL, ANESTHESIA]]


def test_decline_asks_the_next_one_for_the_same_moment(any_clinic: Session, setup: Setup) -> None:
    meeting = call(any_clinic, setup, a_pregnancy(any_clinic, setup, now=NOW), 30)
    deliver(any_clinic, now=NOW)
    before = last_letter(any_clinic)

    declined = decline_call(
        any_clinic, setup, meeting_id=meeting.public_id, member_id=member_id(any_clinic, OPERATOR_EMAIL), by=OPERATOR,
        now=after(3),
    )  # fmt: skip

    assert ([row.email for row in declined.asked], declined.missing) == ([DEPUTY], ())
    assert letters(any_clinic, after=before) == [(OPERATOR_EMAIL, "CANCEL", 1), (DEPUTY, "REQUEST", 0)]
    assert set(invited(any_clinic, meeting.id)) == {DEPUTY, ANESTHESIA, NEONATOLOGY}
    row = next(row for row in meeting.invitations if row.member.email == OPERATOR_EMAIL)
    assert (row.answer, row.answered_at, row.status) == ("declined", after(3), "withdrawn")
    assert check_database(any_clinic, setup, now=NOW) == ()


def test_decline_of_advice_stops_nothing(clinic: Session, setup: Setup) -> None:
    meeting = call(clinic, setup, a_pregnancy(clinic, setup, now=NOW), 30)

    declined = decline_call(
        clinic, setup, meeting_id=meeting.public_id, member_id=member_id(clinic, NEONATOLOGY), by=OPERATOR, now=after(3)
    )

    assert (declined.asked, declined.missing) == ((), ())
    assert set(invited(clinic, meeting.id)) == {OPERATOR_EMAIL, ANESTHESIA}


def test_decline_by_the_last_one_leaves_a_gap_and_other_moments(any_clinic: Session, setup: Setup) -> None:
    make_busy(any_clinic, SECOND, now=NOW, start=-30, end=70)
    case = a_pregnancy(any_clinic, setup, now=NOW)
    meeting = call(any_clinic, setup, case, 30)

    declined = decline_call(
        any_clinic, setup, meeting_id=meeting.public_id, member_id=member_id(any_clinic, ANESTHESIA), by=OPERATOR,
        now=after(3),
    )  # fmt: skip
    view = find(any_clinic, setup, case, at=4)

    assert [(gap.key.specialty, gap.code) for gap in declined.missing] == [("anesthesiology", "no-member-free")]
    assert view.case.call is not None
    assert [moment.span.start for moment in view.answer.moments] == [after(15), after(45)]
    assert team(any_clinic, view) == [OPERATOR_EMAIL, ANESTHESIA, NEONATOLOGY]
    assert check_database(any_clinic, setup, now=NOW) == ()


def test_need_lost_by_a_decline_is_a_finding_until_the_meeting_moves(any_clinic: Session, setup: Setup) -> None:
    make_busy(any_clinic, SECOND, now=NOW, start=-30, end=70)
    an_account(any_clinic, Role.COORDINATOR, now=NOW)
    case = a_pregnancy(any_clinic, setup, now=NOW)
    meeting = call(any_clinic, setup, case, 30)
    decline_call(any_clinic, setup, meeting_id=meeting.public_id, member_id=member_id(any_clinic, ANESTHESIA),
                 by=OPERATOR, now=after(3))  # fmt: skip

    checked = check_published(any_clinic, setup, by=OPERATOR, now=after(4))
    found = list_findings(any_clinic, by=OPERATOR, now=after(4))
    told = any_clinic.scalars(select(OutboxMessage.due_at).where(OutboxMessage.method == "NOTE")).all()
    move_call(any_clinic, setup, meeting_id=meeting.public_id, at=after(70), by=OPERATOR, now=after(5))

    assert [(one.reason.code, one.reason.values["specialty"], one.is_blocking, one.step) for one in found] == [
        ("call-uncovered", "anesthesiology", True, Step.CHOOSE_MOMENT)
    ]
    assert (checked.new, checked.standing, told) == (0, 1, [after(3)])
    assert list_findings(any_clinic, by=OPERATOR, now=after(6)) == ()


def test_moved_call_tells_those_who_stay_the_new_time(any_clinic: Session, setup: Setup) -> None:
    make_busy(any_clinic, SECOND, now=NOW, start=-30, end=70)
    case = a_pregnancy(any_clinic, setup, now=NOW)
    meeting = call(any_clinic, setup, case, 30)
    deliver(any_clinic, now=NOW)
    decline_call(any_clinic, setup, meeting_id=meeting.public_id, member_id=member_id(any_clinic, ANESTHESIA),
                 by=OPERATOR, now=after(3))  # fmt: skip
    before = last_letter(any_clinic)

    called = move_call(any_clinic, setup, meeting_id=meeting.public_id, at=after(70), by=OPERATOR, now=after(5))

    assert called.letters == 3
    assert letters(any_clinic, after=before) == [
        (OPERATOR_EMAIL, "REQUEST", 1),
        (NEONATOLOGY, "REQUEST", 1),
        (ANESTHESIA, "REQUEST", 2),
    ]
    assert (called.meeting.public_id, called.meeting.starts_at) == (meeting.public_id, after(70))
    assert [item.starts_at for item in called.meeting.agenda] == [after(70)]
    assert check_database(any_clinic, setup, now=NOW) == ()


def test_member_may_decline_herself_and_nobody_else_for_her(clinic: Session, setup: Setup) -> None:
    meeting = call(clinic, setup, a_pregnancy(clinic, setup, now=NOW), 30)
    her, other = member_id(clinic, OPERATOR_EMAIL), member_id(clinic, ANESTHESIA)
    herself = actor_with("han", frozenset({Role.SURGEON}), member_id=her)

    with pytest.raises(NotAllowed):
        decline_call(clinic, setup, meeting_id=meeting.public_id, member_id=other, by=herself, now=after(3))
    decline_call(clinic, setup, meeting_id=meeting.public_id, member_id=her, by=herself, now=after(3))

    assert DEPUTY in invited(clinic, meeting.id)


def test_published_case_leaves_its_meeting_and_only_its_members_hear(any_clinic: Session, setup: Setup) -> None:
    tuesday = publish(any_clinic, setup)
    deliver(any_clinic, now=NOW)
    before = last_letter(any_clinic)
    case = case_id(any_clinic, "C-2")

    called = call_urgent(any_clinic, setup, case_id=case, at=after(30), by=OPERATOR, now=after(1))

    told = letters(any_clinic, after=before)
    assert called.left_meeting == tuesday.public_id
    assert [item.case.reference for item in tuesday.agenda] == ["C-1"]
    assert (ON_DEMAND["urology"], "CANCEL", 1) in told
    assert (ON_DEMAND["urology"], "REQUEST", 0) in told
    assert [entry for entry in told if entry[0] == CORE["radiology"]] == [(CORE["radiology"], "REQUEST", 0)]
    row = any_clinic.scalars(select(Case).where(Case.public_id == case)).one()
    ahead = any_clinic.scalars(select(AgendaItem).where(AgendaItem.case_id == row.id)).all()
    assert ([item.meeting_id for item in ahead], row.status) == ([called.meeting.id], "scheduled")
    assert check_database(any_clinic, setup, now=NOW) == ()


def test_meeting_that_loses_its_last_case_invites_nobody(clinic: Session, setup: Setup) -> None:
    withdraw_cases(clinic, case_ids=[case_id(clinic, "C-1")], by=OPERATOR, now=NOW)
    tuesday = publish(clinic, setup)

    call(clinic, setup, case_id(clinic, "C-2"), 30)

    assert (tuesday.status, invited(clinic, tuesday.id)) == ("planned", {})
    assert check_database(clinic, setup, now=NOW) == ()


def test_member_with_another_case_keeps_its_window(clinic: Session, setup: Setup) -> None:
    tuesday = publish(clinic, setup)
    genetics = next(row for row in tuesday.invitations if row.member.email == ON_DEMAND["clinical_genetics"])
    spans = {item.case.reference: (item.starts_at, item.ends_at) for item in tuesday.agenda}
    both = genetics.details["cases"]

    call(clinic, setup, case_id(clinic, "C-2"), 30)

    assert both == ["C-1", "C-2"]
    assert ((genetics.starts_at, genetics.ends_at), genetics.details["cases"]) == (spans["C-1"], ["C-1"])


def test_next_proposal_leaves_the_urgent_meeting_alone(clinic: Session, setup: Setup) -> None:
    publish(clinic, setup)
    meeting = call(clinic, setup, case_id(clinic, "C-2"), 30)
    before = (invited(clinic, meeting.id), last_letter(clinic))

    draft = propose(clinic, setup, board=BOARD, weeks=4, by=OPERATOR, now=after(5))
    publish_draft(clinic, setup, draft_id=draft.public_id, by=OPERATOR, now=after(6))

    assert meeting.public_id not in {plan["meeting"] for plan in draft.plan["proposal"]["meetings"]}
    assert invited(clinic, meeting.id) == before[0]


def test_excluded_case_still_alerts_the_team_with_the_exclusion_first(clinic: Session, setup: Setup) -> None:
    case = a_pregnancy(clinic, setup, now=NOW, temperature_c="38.6")

    view = find(clinic, setup, case)
    meeting = call(clinic, setup, case, 10)

    assert view.case.until == after(60)
    assert "infection" in view.case.judgement.assessment.notices[0].en
    operator = next(row for row in meeting.invitations if row.member.email == OPERATOR_EMAIL)
    assert operator.details["rules"] == ["C10", "C01"]


def test_rooms_taken_means_by_phone(any_clinic: Session, setup: Setup) -> None:
    local = after(0).astimezone(UTC) + timedelta(hours=9)
    for room in ("room-a", "room-b"):
        add_meeting(any_clinic, setup, board=BOARD, on=local.date(), local_time=(local + timedelta(minutes=5 if room ==
                    "room-a" else 6)).time(), minutes=120, room=room, by=OPERATOR, now=NOW)  # fmt: skip
    first, second = (a_pregnancy(any_clinic, setup, now=NOW, reference=name) for name in ("EC-1", "EC-2"))

    meeting = call(any_clinic, setup, first, 10)
    later = call(any_clinic, setup, second, 30)

    assert (meeting.room.name, meeting.room.key) == ("전화 또는 화상", "phone-1")
    assert later.room_id == meeting.room_id
    assert len(any_clinic.scalars(select(Room).where(Room.key.startswith("phone-"))).all()) == 1
    assert check_database(any_clinic, setup, now=NOW) == ()


def test_cancelled_call_frees_everybody_and_may_be_called_again(any_clinic: Session, setup: Setup) -> None:
    case = a_pregnancy(any_clinic, setup, now=NOW)
    meeting = call(any_clinic, setup, case, 30)
    deliver(any_clinic, now=NOW)
    cancel_meeting(any_clinic, setup, meeting_id=meeting.public_id, by=OPERATOR, now=after(2))
    before = last_letter(any_clinic)

    again = call(any_clinic, setup, case, 30, at=4)

    assert again.public_id == meeting.public_id
    assert letters(any_clinic, after=before) == sorted(
        (email, "REQUEST", 2) for email in (OPERATOR_EMAIL, ANESTHESIA, NEONATOLOGY)
    )
    assert check_database(any_clinic, setup, now=NOW) == ()


def test_what_happened_is_recorded_without_facts(clinic: Session, setup: Setup) -> None:
    case = a_pregnancy(clinic, setup, now=NOW)
    meeting = call(clinic, setup, case, 30)
    operator = member_id(clinic, OPERATOR_EMAIL)
    decline_call(clinic, setup, meeting_id=meeting.public_id, member_id=operator, by=OPERATOR, now=after(3))

    events = clinic.scalars(select(AuditEvent).where(AuditEvent.action.in_(("meeting:called", "call:declined")))).all()

    assert [(event.action, event.subject_id) for event in events] == [
        ("meeting:called", meeting.public_id),
        ("call:declined", meeting.public_id),
    ]
    assert (events[1].detail["member"], events[1].detail["asked"]) == (operator, [member_id(clinic, DEPUTY)])


@pytest.mark.parametrize(
    ("minutes", "code"), [(-5, "meeting-past"), (0, "meeting-past"), (8 * 24 * 60, "moment-too-far")]
)
def test_impossible_moment_is_refused(clinic: Session, setup: Setup, minutes: int, code: str) -> None:
    case = a_pregnancy(clinic, setup, now=NOW)

    with pytest.raises(BadInput) as refused:
        call(clinic, setup, case, minutes)

    assert refused.value.code == code


def test_second_call_for_a_case_is_refused(clinic: Session, setup: Setup) -> None:
    case = a_pregnancy(clinic, setup, now=NOW)
    call(clinic, setup, case, 30)

    with pytest.raises(Conflict) as refused:
        call(clinic, setup, case, 60)

    assert refused.value.code == "already-called"


def test_case_is_not_called_after_its_own_meeting(clinic: Session, setup: Setup) -> None:
    tuesday = publish(clinic, setup)
    minutes = int((tuesday.starts_at - NOW) / timedelta(minutes=1))

    with pytest.raises(Conflict) as refused:
        call(clinic, setup, case_id(clinic, "C-2"), minutes + 60)

    assert refused.value.code == "planned-sooner"


def test_time_at_which_the_board_meets_is_refused(clinic: Session, setup: Setup) -> None:
    first, second = (a_pregnancy(clinic, setup, now=NOW, reference=name) for name in ("EC-1", "EC-2"))
    call(clinic, setup, first, 30)

    with pytest.raises(Conflict) as refused:
        call(clinic, setup, second, 30)

    assert refused.value.code == "meeting-exists"


def test_closed_case_and_regular_meeting_and_stranger_are_refused(clinic: Session, setup: Setup) -> None:
    tuesday = publish(clinic, setup)
    case = a_pregnancy(clinic, setup, now=NOW)
    meeting = call(clinic, setup, case, 30)
    closed = case_id(clinic, "C-3")
    withdraw_cases(clinic, case_ids=[closed], by=OPERATOR, now=NOW)
    urology = member_id(clinic, ON_DEMAND["urology"])

    codes = []
    for act in (
        lambda: find(clinic, setup, closed),
        lambda: decline_call(clinic, setup, meeting_id=tuesday.public_id, member_id=urology, by=OPERATOR, now=NOW),
        lambda: decline_call(clinic, setup, meeting_id=meeting.public_id, member_id=urology, by=OPERATOR, now=NOW),
        lambda: decline_call(
            clinic, setup, meeting_id=meeting.public_id, member_id=urology, by=OPERATOR, now=after(31)
        ),
        lambda: find_urgent(clinic, setup, case_id=case, board=BOARD, by=OPERATOR, now=NOW),
        lambda: find_urgent(clinic, setup, case_id=case, within_hours=0, by=OPERATOR, now=NOW),
        lambda: call(clinic, setup, a_pregnancy(clinic, setup, now=NOW, reference="EC-9"), 50, members=["nobody"]),
    ):
        with pytest.raises(DomainError) as refused:
            act()
        codes.append(refused.value.code)

    assert codes == [
        "case-closed", "not-urgent", "not-invited", "meeting-past", "unknown-board", "bad-hours", "unknown-member",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("role", "may"),
    [(Role.COORDINATOR, True), (Role.CHAIR, True), (Role.PHYSICIAN, True), (Role.SURGEON, False), (Role.AUDITOR, False),
     (Role.ADMINISTRATOR, False)],
)  # fmt: skip
def test_only_some_roles_may_call(clinic: Session, setup: Setup, role: Role, may: bool) -> None:
    case = a_pregnancy(clinic, setup, now=NOW)
    actor = actor_with(role, frozenset({role}))

    def act() -> None:
        find_urgent(clinic, setup, case_id=case, by=actor, now=NOW)
        call_urgent(clinic, setup, case_id=case, at=after(30), by=actor, now=NOW)

    if may:
        act()
    else:
        with pytest.raises(NotAllowed):
            act()

    assert bool(clinic.scalars(select(OutboxMessage)).all()) is may

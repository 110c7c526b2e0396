"""What follows from an answer: quorum and needs at once, findings kept and closed, substitutes offered or invited."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import OPERATOR, case_id, member_id
from tests.clinic import ANESTHESIA, NEONATOLOGY, SECOND, a_pregnancy, furnish_clinic, invited, last_letter, letters
from tests.services.conftest import NOW
from tests.stand_ins import (
    PATHOLOGY,
    PATHOLOGY_OTHER,
    UROLOGY,
    UROLOGY_DEPUTY,
    UROLOGY_OTHER,
    UROLOGY_SECOND,
    answer,
    be_away,
    coming,
    furnish_staffed,
    invitation,
)
from tumorboard.domain.model import SeatKind
from tumorboard.services.checks import check_database
from tumorboard.services.findings import list_findings
from tumorboard.services.nightly import check_published
from tumorboard.services.setup import Setup
from tumorboard.services.urgent import call_urgent
from tumorboard.store.cases import CaseWaiver
from tumorboard.store.meetings import Meeting
from tumorboard.store.people import Member
from tumorboard.store.plans import MeetingFinding
from tumorboard.store.post import AuditEvent, OutboxMessage

LATER = NOW + timedelta(hours=1)


def found(session: Session) -> list[tuple[str, dict[str, object]]]:
    rows = list_findings(session, by=OPERATOR, now=LATER)
    return [(row.reason.code, {n: v for n, v in row.reason.values.items() if n != "meeting"}) for row in rows]


def email_by_id(session: Session) -> dict[str, str]:
    return {row[0]: row[1] for row in session.execute(select(Member.public_id, Member.email))}


@pytest.fixture
def offering(any_session: Session, setup: Setup) -> Session:
    furnish_staffed(any_session, setup, now=NOW)
    return any_session


@pytest.fixture
def inviting(any_session: Session, setup: Setup) -> Session:
    furnish_staffed(any_session, setup, now=NOW, substitutes="invite")
    return any_session


def test_decline_is_found_at_once_with_the_case_it_costs(offering: Session, setup: Setup) -> None:
    before = last_letter(offering)

    followed = answer(offering, setup, UROLOGY, "declined", now=LATER)

    who = member_id(offering, UROLOGY)
    assert found(offering) == [("member-declined", {"member": who, "references": "C-2", "specialties": "urology"})]
    assert (followed.asked, followed.letters) == ((), 0)
    assert letters(offering, after=before) == [("coordinator@hospital.example", "NOTE", 0)]


def test_decline_offers_substitutes_in_order(offering: Session, setup: Setup) -> None:
    followed = answer(offering, setup, UROLOGY, "declined", now=LATER)

    emails = email_by_id(offering)
    (need,) = followed.open_needs
    assert (need.lost.key.specialty, need.lost.references, need.lost.kind) == ("urology", ("C-2",), SeatKind.ON_DEMAND)
    assert [(emails[one.member], one.place.name) for one in need.ranking.candidates] == [
        (UROLOGY_DEPUTY, "DEPUTY"), (UROLOGY_SECOND, "HOLDER"), (UROLOGY_OTHER, "COLLEAGUE"),
    ]  # fmt: skip
    assert need.ranking.rejected == ()


def test_decline_of_the_core_costs_the_seat_and_every_case(offering: Session, setup: Setup) -> None:
    followed = answer(offering, setup, PATHOLOGY, "declined", now=LATER)

    (need,) = followed.open_needs
    assert (need.lost.is_seat, sorted(need.lost.references), need.lost.kind) == (True, ["C-1", "C-2"], SeatKind.CORE)
    assert [code for code, _ in found(offering)] == ["member-declined", "seat-lost"]


@pytest.mark.parametrize("word", ["accepted", "tentative"])
def test_yes_after_a_no_closes_the_finding(offering: Session, setup: Setup, word: str) -> None:
    answer(offering, setup, UROLOGY, "declined", now=LATER)

    answer(offering, setup, UROLOGY, word, now=LATER + timedelta(minutes=5))

    assert (found(offering), coming(offering)[UROLOGY]) == ([], (word, "urology"))


def test_yes_taken_back_is_a_decline(offering: Session, setup: Setup) -> None:
    answer(offering, setup, UROLOGY, "accepted", now=LATER)

    answer(offering, setup, UROLOGY, "declined", now=LATER + timedelta(minutes=5))

    assert [code for code, _ in found(offering)] == ["member-declined"]


def test_answers_that_change_to_and_fro_make_one_letter_an_hour(offering: Session, setup: Setup) -> None:
    before = last_letter(offering)

    for minute in range(0, 70, 5):
        answer(offering, setup, UROLOGY, "declined", now=LATER + timedelta(minutes=minute))
        answer(offering, setup, UROLOGY, "accepted", now=LATER + timedelta(minutes=minute + 1))

    rows = offering.scalars(select(MeetingFinding)).all()
    assert letters(offering, after=before) == [("coordinator@hospital.example", "NOTE", 0)] * 2
    assert [row.found_at for row in rows] == [LATER, LATER + timedelta(hours=1)]
    assert found(offering) == []


def test_no_that_comes_back_within_the_hour_stands_again(offering: Session, setup: Setup) -> None:
    answer(offering, setup, UROLOGY, "declined", now=LATER)
    answer(offering, setup, UROLOGY, "accepted", now=LATER)

    answer(offering, setup, UROLOGY, "declined", now=LATER + timedelta(minutes=1))

    assert [code for code, _ in found(offering)] == ["member-declined"]
    assert len(offering.scalars(select(MeetingFinding)).all()) == 1


def test_yes_changes_nothing_else(offering: Session, setup: Setup) -> None:
    before = last_letter(offering)

    followed = answer(offering, setup, UROLOGY, "accepted", now=LATER)

    assert (followed.asked, followed.open_needs, letters(offering, after=before), found(offering)) == ((), (), [], [])


def test_decline_of_a_need_that_was_waived_costs_nothing(offering: Session, setup: Setup) -> None:
    with offering.begin_nested():
        row = invitation(offering, UROLOGY).meeting.agenda
        case = next(item.case for item in row if item.case.reference == "C-2")
        case.waivers.append(CaseWaiver(specialty="urology", by_name="Kim", because="seen before", at=NOW))
    offering.commit()

    followed = answer(offering, setup, UROLOGY, "declined", now=LATER)

    who = member_id(offering, UROLOGY)
    assert followed.open_needs == ()
    assert found(offering) == [("member-declined", {"member": who, "references": "", "specialties": ""})]


def test_the_night_finds_what_the_answer_found(offering: Session, setup: Setup) -> None:
    answer(offering, setup, UROLOGY, "declined", now=LATER)
    answer(offering, setup, PATHOLOGY, "declined", now=LATER)
    known = found(offering)

    checked = check_published(offering, setup, by=OPERATOR, now=LATER)

    assert (checked.new, checked.mended, found(offering)) == (0, 0, known)


def test_best_substitute_is_invited_at_once_where_the_board_says_so(inviting: Session, setup: Setup) -> None:
    before = last_letter(inviting)
    window = invitation(inviting, UROLOGY)
    span = (window.starts_at, window.ends_at)

    followed = answer(inviting, setup, UROLOGY, "declined", now=LATER)

    deputy = invitation(inviting, UROLOGY_DEPUTY)
    assert ([member.email for member in followed.asked], followed.letters) == ([UROLOGY_DEPUTY], 2)
    assert (deputy.starts_at, deputy.ends_at) == span
    assert (deputy.details["cases"], deputy.details["required"]) == (["C-2"], True)
    assert letters(inviting, after=before) == [(UROLOGY_DEPUTY, "REQUEST", 0), (UROLOGY, "CANCEL", 1)]
    assert found(inviting) == []
    assert check_database(inviting, setup, now=LATER) == ()


def test_next_one_is_invited_when_the_substitute_declines_too(inviting: Session, setup: Setup) -> None:
    answer(inviting, setup, UROLOGY, "declined", now=LATER)

    asked = [
        [member.email for member in answer(inviting, setup, email, "declined", now=LATER + timedelta(hours=1)).asked]
        for email in (UROLOGY_DEPUTY, UROLOGY_SECOND, UROLOGY_OTHER)
    ]

    assert asked == [[UROLOGY_SECOND], [UROLOGY_OTHER], []]
    assert [code for code, _ in found(inviting)] == ["member-declined"]
    events = inviting.scalars(select(AuditEvent).where(AuditEvent.action == "substitute:asked").order_by(AuditEvent.id))
    emails = email_by_id(inviting)
    assert [(emails[e.detail["member"]], emails[e.detail["instead"]], e.detail["automatic"]) for e in events] == [
        (UROLOGY, UROLOGY_DEPUTY, True), (UROLOGY_DEPUTY, UROLOGY_SECOND, True), (UROLOGY_SECOND, UROLOGY_OTHER, True),
    ]  # fmt: skip
    assert check_database(inviting, setup, now=LATER) == ()


def test_core_seat_is_taken_by_a_colleague_and_stays_hers_at_the_next_check(inviting: Session, setup: Setup) -> None:
    answer(inviting, setup, PATHOLOGY, "declined", now=LATER)

    assert coming(inviting)[PATHOLOGY_OTHER] == ("needs-action", "pathology")
    assert PATHOLOGY not in coming(inviting)
    assert found(inviting) == []
    assert check_published(inviting, setup, by=OPERATOR, now=LATER).standing == 0


def test_nobody_is_invited_who_is_away(inviting: Session, setup: Setup) -> None:
    meeting = inviting.scalars(select(Meeting).where(Meeting.status == "published")).one()
    be_away(inviting, UROLOGY_DEPUTY, meeting, now=NOW)

    followed = answer(inviting, setup, UROLOGY, "declined", now=LATER)

    assert [member.email for member in followed.asked] == [UROLOGY_SECOND]


def test_answer_to_a_meeting_that_has_begun_has_no_consequence(inviting: Session, setup: Setup) -> None:
    meeting = inviting.scalars(select(Meeting).where(Meeting.status == "published")).one()

    followed = answer(inviting, setup, UROLOGY, "declined", now=meeting.starts_at)

    assert (followed.asked, followed.open_needs, UROLOGY in coming(inviting)) == ((), (), True)


def test_decline_of_an_urgent_call_by_mail_asks_the_next_one_at_once(any_session: Session, setup: Setup) -> None:
    furnish_clinic(any_session, setup, now=NOW)
    case = a_pregnancy(any_session, setup, now=NOW)
    at = NOW + timedelta(minutes=30)
    meeting = call_urgent(any_session, setup, case_id=case, at=at, by=OPERATOR, now=NOW).meeting

    followed = answer(any_session, setup, ANESTHESIA, "declined", now=NOW + timedelta(minutes=2))

    assert [member.email for member in followed.asked] == [SECOND]
    assert (SECOND in invited(any_session, meeting.id), ANESTHESIA in invited(any_session, meeting.id)) == (True, False)
    assert NEONATOLOGY in invited(any_session, meeting.id)


def test_decline_of_an_urgent_call_for_a_closed_case_asks_nobody(any_session: Session, setup: Setup) -> None:
    furnish_clinic(any_session, setup, now=NOW)
    case = a_pregnancy(any_session, setup, now=NOW)
    at = NOW + timedelta(minutes=30)
    meeting = call_urgent(any_session, setup, case_id=case, at=at, by=OPERATOR, now=NOW).meeting
    meeting.agenda[0].case.status = "done"
    any_session.commit()

    followed = answer(any_session, setup, ANESTHESIA, "declined", now=NOW + timedelta(minutes=2))

    assert (followed.asked, followed.letters) == ((), 0)
    assert case_id(any_session, "EC-1") == case


def test_letter_to_who_declined_notes_that_she_cannot_come(inviting: Session, setup: Setup) -> None:
    before = last_letter(inviting)

    answer(inviting, setup, UROLOGY, "declined", now=LATER)

    query = select(OutboxMessage).where(OutboxMessage.id > before, OutboxMessage.recipient == UROLOGY)
    letter = message_from_bytes(inviting.scalars(query).one().content, policy=policy.default)
    text = letter.get_body(("plain",))
    assert text is not None
    assert "you cannot come" in " ".join(text.get_content().split())

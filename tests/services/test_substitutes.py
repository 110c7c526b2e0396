"""One click asks a substitute for exactly the window that is lost; nothing else of the meeting moves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, OPERATOR, member_id
from tests.clinic import OPERATOR_EMAIL, a_pregnancy, furnish_clinic, last_letter, letters
from tests.services.conftest import NOW
from tests.stand_ins import (
    PATHOLOGY,
    PATHOLOGY_OTHER,
    UROLOGY,
    UROLOGY_DEPUTY,
    UROLOGY_SECOND,
    a_staffed_centre,
    answer,
    be_away,
    coming,
    furnish_staffed,
    invitation,
)
from tumorboard.domain.errors import Conflict, DomainError, NotAllowed, NotFound
from tumorboard.services.access import Role, actor_with
from tumorboard.services.checks import check_database
from tumorboard.services.findings import list_findings
from tumorboard.services.people import remove_member
from tumorboard.services.planning import propose
from tumorboard.services.publishing import cancel_meeting, publish_draft
from tumorboard.services.setup import Setup
from tumorboard.services.substitutes import Asked, ask_instead, list_substitutes
from tumorboard.services.urgent import call_urgent
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.post import AuditEvent

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def board(any_session: Session, setup: Setup) -> Session:
    furnish_staffed(any_session, setup, now=NOW)
    return any_session


def the_meeting(session: Session) -> Meeting:
    return session.scalars(select(Meeting).where(Meeting.status == "published")).one()


def ask(session: Session, setup: Setup, email: str, instead: str, *, minutes: int = 0) -> Asked:
    return ask_instead(
        session, setup, meeting_id=the_meeting(session).public_id, member_id=member_id(session, email) if email else "",
        instead_id=member_id(session, instead), by=OPERATOR, now=LATER + timedelta(minutes=minutes),
    )  # fmt: skip


def refusal(session: Session, setup: Setup, email: str, instead: str) -> DomainError:
    with pytest.raises(Conflict) as refused:
        ask(session, setup, email, instead)
    return refused.value


def others(session: Session) -> list[tuple[object, ...]]:
    """Everything about the meeting but urology."""
    rows = session.scalars(select(MeetingInvitation).order_by(MeetingInvitation.id))
    kept = [row for row in rows if "urology" not in row.details["specialties"]]
    agenda = [(item.case_id, item.position, item.starts_at, item.ends_at) for item in the_meeting(session).agenda]
    return [*agenda, *((row.uid, row.sequence, row.stamp, row.answer, row.starts_at, row.details) for row in kept)]


def test_substitute_gets_the_window_and_the_decliner_a_cancel(board: Session, setup: Setup) -> None:
    answer(board, setup, UROLOGY, "declined", now=LATER)
    window, before, rest = invitation(board, UROLOGY), last_letter(board), others(board)
    span = (window.starts_at, window.ends_at)

    asked = ask(board, setup, UROLOGY, UROLOGY_SECOND)

    row = invitation(board, UROLOGY_SECOND)
    assert (asked.member.email, asked.instead_of and asked.instead_of.email, asked.letters) == (
        UROLOGY_SECOND, UROLOGY, 2,
    )  # fmt: skip
    assert (row.starts_at, row.ends_at, row.status, row.answer, row.asked_at) == (
        *span, "invited", "needs-action", LATER,
    )  # fmt: skip
    assert (invitation(board, UROLOGY).status, invitation(board, UROLOGY).answer) == ("withdrawn", "declined")
    assert letters(board, after=before) == [(UROLOGY, "CANCEL", 1), (UROLOGY_SECOND, "REQUEST", 0)]
    assert others(board) == rest
    assert list_findings(board, by=OPERATOR, now=LATER) == ()
    assert check_database(board, setup, now=LATER) == ()


def test_asking_is_recorded(board: Session, setup: Setup) -> None:
    answer(board, setup, UROLOGY, "declined", now=LATER)

    ask(board, setup, UROLOGY, UROLOGY_SECOND)

    event = board.scalars(select(AuditEvent).where(AuditEvent.action == "substitute:asked")).one()
    assert event.detail == {
        "member": member_id(board, UROLOGY), "instead": member_id(board, UROLOGY_SECOND), "automatic": False,
        "needs": ["urology"], "letters": 2,
    }  # fmt: skip


def test_core_substitute_holds_the_whole_meeting(board: Session, setup: Setup) -> None:
    answer(board, setup, PATHOLOGY, "declined", now=LATER)

    ask(board, setup, PATHOLOGY, PATHOLOGY_OTHER)

    row, meeting = invitation(board, PATHOLOGY_OTHER), the_meeting(board)
    assert (row.kind, row.starts_at, row.ends_at) == ("core", meeting.starts_at, meeting.ends_at)
    assert list_findings(board, by=OPERATOR, now=LATER) == ()
    assert check_database(board, setup, now=LATER) == ()


def test_next_proposal_leaves_the_substitute_where_she_is(board: Session, setup: Setup) -> None:
    answer(board, setup, PATHOLOGY, "declined", now=LATER)
    ask(board, setup, PATHOLOGY, PATHOLOGY_OTHER)
    answer(board, setup, UROLOGY, "declined", now=LATER)
    ask(board, setup, UROLOGY, UROLOGY_SECOND)
    before = last_letter(board)

    draft = propose(board, setup, board=BOARD, weeks=4, by=OPERATOR, now=LATER)
    publish_draft(board, setup, draft_id=draft.public_id, by=OPERATOR, now=LATER)

    assert letters(board, after=before) == []
    assert {PATHOLOGY_OTHER, UROLOGY_SECOND} <= coming(board).keys()


def test_draft_made_before_is_refused(board: Session, setup: Setup) -> None:
    draft = propose(board, setup, board=BOARD, weeks=4, by=OPERATOR, now=LATER).public_id
    answer(board, setup, UROLOGY, "declined", now=LATER)
    ask(board, setup, UROLOGY, UROLOGY_SECOND)

    with pytest.raises(Conflict) as refused:
        publish_draft(board, setup, draft_id=draft, by=OPERATOR, now=LATER)

    assert refused.value.code == "board-changed"


def test_who_did_not_answer_may_be_replaced_and_who_accepted_may_not(board: Session, setup: Setup) -> None:
    answer(board, setup, UROLOGY, "accepted", now=LATER)
    code = refusal(board, setup, UROLOGY, UROLOGY_DEPUTY).code
    invitation(board, UROLOGY).answer = "needs-action"
    board.commit()

    asked = ask(board, setup, UROLOGY, UROLOGY_DEPUTY)

    assert (code, asked.member.email, UROLOGY in coming(board)) == ("member-comes", UROLOGY_DEPUTY, False)


def test_who_accepted_and_is_away_may_be_replaced(board: Session, setup: Setup) -> None:
    answer(board, setup, UROLOGY, "accepted", now=LATER)
    be_away(board, UROLOGY, the_meeting(board), now=LATER)

    asked = ask(board, setup, UROLOGY, UROLOGY_DEPUTY)

    assert [need.key.specialty for need in asked.needs] == ["urology"]


def test_who_left_the_centre_is_replaced(board: Session, setup: Setup) -> None:
    remove_member(board, member_id=member_id(board, UROLOGY), by=OPERATOR, now=LATER)

    needs = list_substitutes(board, setup, meeting_id=the_meeting(board).public_id, by=OPERATOR, now=LATER)
    asked = ask(board, setup, UROLOGY, UROLOGY_SECOND)

    assert ([(need.why, need.lost.references) for need in needs], asked.letters) == ([("left", ("C-2",))], 2)


@pytest.mark.parametrize(
    ("instead", "reason"), [(CORE["radiology"], "specialty-missing"), (UROLOGY_DEPUTY, "not-free")]
)
def test_who_is_not_suited_is_refused_with_the_reason(
    board: Session, setup: Setup, instead: str, reason: str
) -> None:  # fmt: skip
    be_away(board, UROLOGY_DEPUTY, the_meeting(board), now=NOW)
    answer(board, setup, UROLOGY, "declined", now=LATER)

    error = refusal(board, setup, UROLOGY, instead)

    assert (error.code, [one.code for one in error.values["reasons"]]) == ("not-suited", [reason])  # type: ignore[attr-defined]
    assert UROLOGY in coming(board)


def test_who_declined_is_not_asked_again(board: Session, setup: Setup) -> None:
    answer(board, setup, UROLOGY, "declined", now=LATER)
    ask(board, setup, UROLOGY, UROLOGY_DEPUTY)
    answer(board, setup, UROLOGY_DEPUTY, "declined", now=LATER)

    error = refusal(board, setup, UROLOGY_DEPUTY, UROLOGY)

    assert [one.code for one in error.values["reasons"]] == ["has-declined"]  # type: ignore[attr-defined]


def test_second_click_is_refused(board: Session, setup: Setup) -> None:
    answer(board, setup, UROLOGY, "declined", now=LATER)
    ask(board, setup, UROLOGY, UROLOGY_DEPUTY)
    before = last_letter(board)

    error = refusal(board, setup, UROLOGY, UROLOGY_SECOND)

    assert (error.code, letters(board, after=before)) == ("not-invited", [])


def test_meeting_that_is_cancelled_or_past_or_urgent_asks_nobody(board: Session, setup: Setup) -> None:
    meeting = the_meeting(board)
    ids = {"member_id": member_id(board, UROLOGY), "instead_id": member_id(board, UROLOGY_DEPUTY)}
    codes = []
    with pytest.raises(Conflict) as past:
        ask_instead(board, setup, meeting_id=meeting.public_id, by=OPERATOR, now=meeting.starts_at, **ids)
    codes.append(past.value.code)
    cancel_meeting(board, setup, meeting_id=meeting.public_id, by=OPERATOR, now=LATER)
    with pytest.raises(Conflict) as cancelled:
        ask_instead(board, setup, meeting_id=meeting.public_id, by=OPERATOR, now=LATER, **ids)
    codes.append(cancelled.value.code)

    assert codes == ["meeting-past", "meeting-cancelled"]


def test_urgent_call_asks_by_itself(session: Session, setup: Setup) -> None:
    furnish_clinic(session, setup, now=NOW)
    case = a_pregnancy(session, setup, now=NOW)
    meeting = call_urgent(session, setup, case_id=case, at=LATER, by=OPERATOR, now=NOW).meeting

    with pytest.raises(Conflict) as refused:
        ask_instead(
            session, setup, meeting_id=meeting.public_id, member_id=member_id(session, OPERATOR_EMAIL),
            instead_id=member_id(session, UROLOGY), by=OPERATOR, now=NOW,
        )  # fmt: skip

    assert refused.value.code == "urgent-call"


@pytest.mark.parametrize(("meeting", "instead"), [("nope", UROLOGY_DEPUTY), ("", "nobody")])
def test_what_is_not_there_is_said(board: Session, setup: Setup, meeting: str, instead: str) -> None:
    known = the_meeting(board).public_id

    with pytest.raises(NotFound):
        ask_instead(
            board, setup, meeting_id=meeting or known, member_id=member_id(board, UROLOGY),
            instead_id=instead if instead == "nobody" else member_id(board, instead), by=OPERATOR, now=LATER,
        )  # fmt: skip


@pytest.mark.parametrize("role", [Role.PHYSICIAN, Role.SURGEON, Role.AUDITOR, Role.ADMINISTRATOR])
def test_substitutes_are_for_who_publishes(session: Session, setup: Setup, role: Role) -> None:
    meeting = furnish_staffed(session, setup, now=NOW).public_id
    by = actor_with("x", frozenset({role}))

    with pytest.raises(NotAllowed):
        list_substitutes(session, setup, meeting_id=meeting, by=by, now=LATER)
    with pytest.raises(NotAllowed):
        ask_instead(session, setup, meeting_id=meeting, member_id="", instead_id="", by=by, now=LATER)


def test_need_that_nobody_was_invited_for_can_be_covered(board: Session, setup: Setup) -> None:
    """C-1 turns out to need urology too, after it was published beside C-2: her window does not reach it."""
    meeting = the_meeting(board)
    case = next(item.case for item in meeting.agenda if item.case.reference == "C-1")
    case.facts = {**case.facts, "planned_procedures": ["hysterectomy_bso", "ureter_resection_reimplant"]}
    board.commit()
    (need,) = list_substitutes(board, setup, meeting_id=meeting.public_id, by=OPERATOR, now=LATER)

    asked = ask(board, setup, "", UROLOGY)

    row = invitation(board, UROLOGY)
    assert (need.why, need.lost.references, need.lost.member) == ("uncovered", ("C-1",), "")
    assert need.ranking.candidates[0].member == member_id(board, UROLOGY)
    assert (asked.instead_of, sorted(row.details["cases"]), row.sequence) == (None, ["C-1", "C-2"], 1)
    assert list_substitutes(board, setup, meeting_id=meeting.public_id, by=OPERATOR, now=LATER) == ()
    assert check_database(board, setup, now=LATER) == ()


@pytest.fixture(params=["offer", "invite"])
def two_seats(request: pytest.FixtureRequest, session: Session, setup: Setup) -> Session:
    """One member sits for pathology and for radiology; each has a colleague of its own."""
    content = a_staffed_centre(substitutes=request.param)
    for entry in content["members"]:
        if entry["email"] == PATHOLOGY:
            entry["specialties"] = ["pathology", "radiology"]
    content["boards"][0]["holders"]["radiology"] = [PATHOLOGY]
    furnish_staffed(session, setup, now=NOW, centre=content)
    return session


def test_two_people_come_for_one_who_had_two_seats(two_seats: Session, setup: Setup) -> None:
    radiology = CORE["radiology"]

    followed = answer(two_seats, setup, PATHOLOGY, "declined", now=LATER)
    if not followed.asked:
        assert sorted(need.lost.key.specialty for need in followed.open_needs) == ["pathology", "radiology"]
        ask(two_seats, setup, PATHOLOGY, PATHOLOGY_OTHER)
        assert (PATHOLOGY in coming(two_seats), list_findings(two_seats, by=OPERATOR, now=LATER) != ()) == (True, True)
        ask(two_seats, setup, PATHOLOGY, radiology)

    there = coming(two_seats)
    assert (PATHOLOGY in there, there[PATHOLOGY_OTHER][1], there[radiology][1]) == (False, "pathology", "radiology")
    assert list_findings(two_seats, by=OPERATOR, now=LATER) == ()
    assert check_database(two_seats, setup, now=LATER) == ()

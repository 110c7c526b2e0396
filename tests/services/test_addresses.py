"""Members whose letters come back: who has to do what, and what follows when an address is right again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import CORE, OPERATOR, member_id
from tests.clinic import deliver, last_letter, letters
from tests.replies import a_bounce
from tests.services.conftest import NOW
from tests.stand_ins import UROLOGY, UROLOGY_DEPUTY, UROLOGY_SECOND, answer, furnish_staffed, invitation
from tumorboard.domain.errors import BadInput, Conflict, NotAllowed
from tumorboard.services.access import Role, actor_with
from tumorboard.services.addresses import confirm_address, correct_address, list_unreached
from tumorboard.services.answers import receive_message
from tumorboard.services.checks import check_database
from tumorboard.services.open_needs import list_open_needs
from tumorboard.services.proposals import count_open
from tumorboard.services.setup import Setup
from tumorboard.store.people import Member
from tumorboard.store.post import OutboxMessage

LATER = NOW + timedelta(hours=1)
NEW = "jung.right@hospital.example"


@pytest.fixture
def board(any_session: Session, setup: Setup) -> Session:
    furnish_staffed(any_session, setup, now=NOW)
    return any_session


def bounce(session: Session, setup: Setup, email: str = UROLOGY) -> str:
    """A letter to her comes back; her public id."""
    letter = session.scalars(select(OutboxMessage).where(OutboxMessage.recipient == email)).first()
    assert letter is not None
    receive_message(session, setup, content=a_bounce(letter), by=OPERATOR, now=LATER)
    return member_id(session, email)


def mark(session: Session, *emails: str) -> None:
    for row in session.scalars(select(Member).where(Member.email.in_(emails))):
        row.bounced_at = NOW
    session.commit()


def test_corrected_address_is_reached_and_gets_the_invitations_again(board: Session, setup: Setup) -> None:
    who = bounce(board, setup)
    before = last_letter(board)
    unreached = [row.email for row in list_unreached(board, by=OPERATOR)]

    count = correct_address(board, setup, member_id=who, email=f" {NEW.upper()} ", by=OPERATOR, now=LATER)

    assert (unreached, list_unreached(board, by=OPERATOR), count_open(board, by=OPERATOR)) == ([UROLOGY], [], 0)
    assert (count, letters(board, after=before)) == (1, [(NEW, "REQUEST", 0)])
    assert check_database(board, setup, now=LATER) == ()


def test_address_that_works_again_gets_the_invitations_again(board: Session, setup: Setup) -> None:
    who = bounce(board, setup)
    before = last_letter(board)

    count = confirm_address(board, setup, member_id=who, by=OPERATOR, now=LATER)

    assert (count, letters(board, after=before)) == (1, [(UROLOGY, "REQUEST", 0)])
    with pytest.raises(Conflict) as refused:
        confirm_address(board, setup, member_id=who, by=OPERATOR, now=LATER)
    assert refused.value.code == "address-works"


@pytest.mark.parametrize(("email", "code"), [("nobody", "bad-email"), (CORE["pathology"], "address-taken")])
def test_wrong_address_is_refused(board: Session, setup: Setup, email: str, code: str) -> None:
    who = bounce(board, setup)

    with pytest.raises((BadInput, Conflict)) as refused:
        correct_address(board, setup, member_id=who, email=email, by=OPERATOR, now=LATER)

    assert (refused.value.code, len(list_unreached(board, by=OPERATOR))) == (code, 1)


def test_addresses_are_for_coordinators(board: Session, setup: Setup) -> None:
    by = actor_with("x", frozenset({Role.SURGEON}))

    with pytest.raises(NotAllowed):
        list_unreached(board, by=by)
    with pytest.raises(NotAllowed):
        confirm_address(board, setup, member_id="x", by=by, now=NOW)
    with pytest.raises(NotAllowed):
        correct_address(board, setup, member_id="x", email=NEW, by=by, now=NOW)


def test_whoever_is_not_reached_comes_last_among_the_substitutes(board: Session, setup: Setup) -> None:
    mark(board, UROLOGY_DEPUTY)
    answer(board, setup, UROLOGY, "declined", now=LATER)

    (need,) = list_open_needs(board, setup, by=OPERATOR, now=LATER)

    people = [(one.member, one.is_reached) for one in need.ranking.candidates]
    assert people[0] == (member_id(board, UROLOGY_SECOND), True)
    assert people[-1] == (member_id(board, UROLOGY_DEPUTY), False)


def test_nobody_is_invited_automatically_at_an_address_that_fails(any_session: Session, setup: Setup) -> None:
    furnish_staffed(any_session, setup, now=NOW, substitutes="invite")
    deliver(any_session, now=NOW)
    others = [row.email for row in any_session.scalars(select(Member)) if "urology" in row.email]
    mark(any_session, *(email for email in others if email != UROLOGY))

    followed = answer(any_session, setup, UROLOGY, "declined", now=LATER)

    assert (followed.asked, len(followed.open_needs)) == ((), 1)
    assert invitation(any_session, UROLOGY).status == "invited"

"""The link in a letter by the clock: hers, for her address, and for the kind of letter it came with."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import CORE, OPERATOR, PHYSICIAN, an_account
from tests.services.by_the_clock import EVERYBODY, UROLOGY, english_coordinator, letters, recipients, set_member, tick
from tests.services.conftest import NOW, a_setup
from tests.services.test_nightly import away, check
from tumorboard.domain.errors import BadInput, NotAllowed, NotFound
from tumorboard.domain.preferences import AccountPreferences, MemberPreferences
from tumorboard.services.access import Role, actor_with
from tumorboard.services.letter_links import change_by_letter_link, read_letter_link, switch_off_by_letter_link
from tumorboard.services.letter_tokens import write_letter_link
from tumorboard.services.member_preferences import change_of_member, read_of_member
from tumorboard.services.preferences import OwnPreferences, preferences_of
from tumorboard.services.setup import Setup
from tumorboard.store.people import Account, Member
from tumorboard.store.post import AuditEvent, OutboxMessage


@pytest.fixture
def setup() -> Setup:
    return a_setup(link_key="k" * 32)


def member(session: Session, email: str = PHYSICIAN) -> Member:
    return session.scalars(select(Member).where(Member.email == email)).one()


def token_of(setup: Setup, row: Member | Account, kind: str = "agenda") -> str:
    link = write_letter_link(setup, row, kind)
    assert link is not None
    return link.removeprefix(f"{setup.base_url}/letters/")


def link_in(letter: OutboxMessage) -> tuple[str, str]:
    """The address in the header and at the end of the text."""
    message = message_from_bytes(letter.content, policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    return str(message["List-Unsubscribe"]).strip("<>"), body.get_content().rstrip().rpartition(" ")[2]


@pytest.mark.parametrize(("when", "kind"), [("23 07:30", "preparation"), ("23 16:00", "agenda")])
def test_letters_by_the_clock_carry_the_link_of_their_kind(small: Session, setup: Setup, when: str, kind: str) -> None:
    tick(small, setup, when)

    found = letters(small, kind)

    assert found
    for letter in found:
        in_header, in_text = link_in(letter)
        choice = read_letter_link(small, setup, token=in_header.rpartition("/")[2])
        assert (in_header, choice.kind, choice.name) == (in_text, kind, member(small, letter.recipient).name)


def test_morning_letter_carries_the_link_of_the_account(small: Session, setup: Setup) -> None:
    english_coordinator(small)
    away(small, UROLOGY)
    check(small, setup)
    tick(small, setup, "23 07:00")
    (letter,) = letters(small, "morning")

    in_header, in_text = link_in(letter)
    switch_off_by_letter_link(small, setup, token=in_header.rpartition("/")[2], now=NOW)
    tick(small, setup, "24 07:00")

    assert (in_header, len(letters(small, "morning"))) == (in_text, 1)
    account = small.scalars(select(Account).where(Account.email == "coordinator@hospital.example")).one()
    assert account.preferences == {"morning": False}


def test_switched_off_agenda_is_written_to_the_others_only(small: Session, setup: Setup) -> None:
    token = token_of(setup, member(small, UROLOGY))

    first, again = (switch_off_by_letter_link(small, setup, token=token, now=NOW) for _ in range(2))
    tick(small, setup, "23 16:00")

    assert (first, again) == (("agenda",), ())
    assert recipients(small, "agenda") == [each for each in EVERYBODY if each != UROLOGY]
    event = small.scalars(select(AuditEvent).where(AuditEvent.action == "preferences:changed")).one()
    public_id = member(small, UROLOGY).public_id
    assert (event.actor, event.subject_kind, event.subject_id, event.detail) == (
        f"letter:agenda:{public_id}", "member", public_id, {"changed": ["agenda"]},
    )  # fmt: skip


def test_holder_of_the_link_chooses_everything_of_the_member(centre: Session, setup: Setup) -> None:
    token = token_of(setup, member(centre))

    changed = change_by_letter_link(
        centre, setup, token=token, values={"language": "ko", "changes": False, "alarm_minutes": 10}, now=NOW
    )

    choice = read_letter_link(centre, setup, token=token)
    assert changed == ("alarm_minutes", "changes", "language")
    assert (choice.language, choice.is_on) == ("ko", True)
    assert choice.chosen == OwnPreferences(MemberPreferences(alarm_minutes=10, changes=False), None, "ko", "Asia/Seoul")
    with pytest.raises(BadInput):
        change_by_letter_link(centre, setup, token=token, values={"morning": False}, now=NOW)


def test_account_link_is_for_the_morning_letter_alone(centre: Session, setup: Setup) -> None:
    row = an_account(centre, Role.COORDINATOR, now=NOW, email="second@hospital.example")
    row.member_id = member(centre, CORE["radiology"]).id
    centre.commit()

    choice = read_letter_link(centre, setup, token=token_of(setup, row, "morning"))

    assert choice.chosen == OwnPreferences(None, AccountPreferences(), None, None)


@pytest.mark.parametrize("values", [{"email": "new@hospital.example"}, {"active": False}])
def test_link_ends_when_the_address_or_the_member_goes(
    centre: Session, setup: Setup, values: dict[str, object]
) -> None:
    token = token_of(setup, member(centre))
    set_member(centre, PHYSICIAN, **values)
    centre.expire_all()

    for use in (read_letter_link,):
        with pytest.raises(NotFound, match="newest letter"):
            use(centre, setup, token=token)
    with pytest.raises(NotFound):
        switch_off_by_letter_link(centre, setup, token=token, now=NOW)


def test_link_of_a_coordinator_ends_with_the_role(centre: Session, setup: Setup) -> None:
    account = centre.scalars(select(Account).where(Account.email == "coordinator@hospital.example")).one()
    token = token_of(setup, account, "morning")
    account.roles.clear()
    centre.commit()

    with pytest.raises(NotFound):
        read_letter_link(centre, setup, token=token)


def test_forged_links_open_nothing(centre: Session, setup: Setup) -> None:
    row = member(centre)
    other = a_setup(link_key="x" * 32)
    forged = [
        "", "x", "WyJtZW1iZXIiXQ", "a" * 400, token_of(setup, row).rpartition(".")[0] + "." + "A" * 27,
        token_of(other, row),
        token_of(setup, row, "morning"), token_of(setup, row, "alarm"), token_of(setup, row).split(".")[0],
    ]  # fmt: skip

    for token in forged:
        with pytest.raises(NotFound) as refusal:
            read_letter_link(centre, setup, token=token)
        assert refusal.value.code == "unknown-link"
    with pytest.raises(NotFound):
        read_letter_link(centre, a_setup(), token=token_of(setup, row))


def test_link_does_not_answer_invitations_and_names_nobody(centre: Session, setup: Setup) -> None:
    link = write_letter_link(setup, member(centre), "agenda")

    assert write_letter_link(setup, member(centre), "agenda") == link
    assert link is not None
    assert PHYSICIAN.partition("@")[0] not in link
    assert write_letter_link(a_setup(), member(centre), "agenda") is None


def test_coordinator_chooses_for_a_member(centre: Session, setup: Setup) -> None:
    coordinator = actor_with("coordinator", frozenset({Role.COORDINATOR}))
    public_id = member(centre, UROLOGY).public_id

    changed = change_of_member(centre, setup, member_id=public_id, values={"agenda": False}, by=coordinator, now=NOW)

    assert changed == ("agenda",)
    assert preferences_of(member(centre, UROLOGY)).agenda is False
    assert read_of_member(centre, member_id=public_id, by=coordinator).member == MemberPreferences(agenda=False)
    event = centre.scalars(select(AuditEvent).where(AuditEvent.action == "preferences:changed")).one()
    assert (event.actor, event.subject_kind) == ("coordinator", "member")


def test_nobody_else_chooses_for_a_member(centre: Session, setup: Setup) -> None:
    urologist, physician = member(centre, UROLOGY).public_id, member(centre).public_id
    herself = actor_with("physician", frozenset({Role.PHYSICIAN}), member_id=physician)

    assert read_of_member(centre, member_id=physician, by=herself).member == MemberPreferences()
    for role in (Role.PHYSICIAN, Role.SURGEON, Role.AUDITOR):
        by = actor_with("somebody", frozenset({role}), member_id=physician)
        with pytest.raises(NotAllowed):
            read_of_member(centre, member_id=urologist, by=by)
        with pytest.raises(NotAllowed):
            change_of_member(centre, setup, member_id=urologist, values={"agenda": False}, by=by, now=NOW)
    with pytest.raises(NotFound):
        read_of_member(centre, member_id="nobody", by=OPERATOR)

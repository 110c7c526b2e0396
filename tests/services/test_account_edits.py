"""Log-ins with one-time links: who gets in, how often, and until when."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import OPERATOR, PASSWORD, SURGEON, member_id
from tests.services.conftest import NOW, a_setup
from tumorboard.domain.errors import BadInput, Conflict, DomainError, NotAllowed, NotFound
from tumorboard.services.access import Role, actor_with
from tumorboard.services.account_edits import (
    change_account,
    invite_account,
    list_accounts,
    renew_link,
    shut_account,
)
from tumorboard.services.account_links import LINK_DAYS, choose_password, read_link
from tumorboard.services.accounts import account_actor, create_token, find_account, log_in
from tumorboard.services.outbox import deliver_post
from tumorboard.services.own_account import change_own_account, change_own_password
from tumorboard.services.setup import Setup
from tumorboard.store.people import Account
from tumorboard.store.post import AuditEvent, OutboxMessage

WHO: dict[str, Any] = {"by": OPERATOR, "now": NOW}
EMAIL = "na@hospital.example"


@pytest.fixture
def setup() -> Setup:
    return a_setup(link_key="k" * 32)


def invite(session: Session, setup: Setup, **changes: Any) -> tuple[Account, str]:
    given = {"email": EMAIL, "name": "나", "roles": ["coordinator"], "by_mail": False}
    found = invite_account(session, setup, **{**given, **changes}, **WHO)
    return found.account, found.link.rpartition("/")[2]


def an_account_of(session: Session, email: str) -> Account:
    return session.scalars(select(Account).where(Account.email == email)).one()


def test_link_opens_the_account_once(centre: Session, setup: Setup) -> None:
    account, token = invite(centre, setup)

    chosen = choose_password(centre, setup, token=token, password=PASSWORD, now=NOW + timedelta(days=LINK_DAYS - 1))

    assert chosen.public_id == account.public_id
    assert log_in(centre, email=EMAIL, password=PASSWORD, now=NOW).public_id == account.public_id
    with pytest.raises(NotFound) as again:
        choose_password(centre, setup, token=token, password="another password", now=NOW)
    assert again.value.code == "password-link-over"


def test_nobody_logs_in_before_a_password_is_chosen(centre: Session, setup: Setup) -> None:
    invite(centre, setup)

    for password in ("", "None", PASSWORD):
        with pytest.raises(NotAllowed):
            log_in(centre, email=EMAIL, password=password, now=NOW)


@pytest.mark.parametrize("spoil", ["late", "tampered", "other key", "newer link", "closed", "empty", "long"])
def test_link_that_does_not_count_is_refused_in_the_same_words(centre: Session, setup: Setup, spoil: str) -> None:
    account, token = invite(centre, setup)
    now = NOW + timedelta(days=LINK_DAYS) if spoil == "late" else NOW
    if spoil == "newer link":
        renew_link(centre, setup, account_id=account.public_id, by_mail=False, **WHO)
    if spoil == "closed":
        shut_account(centre, account_id=account.public_id, **WHO)
    head, _, signature = token.rpartition(".")
    given = {"tampered": f"{head}.{signature[::-1]}", "empty": "", "long": "x" * 9999}
    reader = a_setup(link_key="z" * 32) if spoil == "other key" else setup

    with pytest.raises(NotFound) as refused:
        read_link(centre, reader, token=given.get(spoil, token), now=now)

    assert (refused.value.code, "ask an administrator" in str(refused.value)) == ("password-link-over", True)


def test_short_password_uses_nothing_up(centre: Session, setup: Setup) -> None:
    _, token = invite(centre, setup)

    with pytest.raises(BadInput) as refused:
        choose_password(centre, setup, token=token, password="short", now=NOW)

    assert refused.value.values["field"] == "password"
    assert read_link(centre, setup, token=token, now=NOW).email == EMAIL


def test_link_by_mail_stands_in_one_letter_and_nowhere_else(centre: Session, setup: Setup) -> None:
    found = invite_account(centre, setup, email=EMAIL, name="나", roles=["physician"], by_mail=True, **WHO)

    letter = centre.scalars(select(OutboxMessage).where(OutboxMessage.recipient == EMAIL)).one()
    parts = message_from_bytes(letter.content).walk()
    text = next(part for part in parts if part.get_content_type() == "text/plain").get_payload(decode=True)
    assert isinstance(text, bytes)
    token = re.search(r"/password/([\w.-]+)", text.decode())
    record = " ".join(str(event.detail) for event in centre.scalars(select(AuditEvent)))
    assert token is not None
    assert (found.link, token[1] in letter.subject, token[1] in record) == ("", False, False)
    assert read_link(centre, setup, token=token[1], now=NOW).email == EMAIL


def test_new_link_ends_password_and_sessions_and_opens_a_closed_account(centre: Session, setup: Setup) -> None:
    account = an_account_of(centre, "coordinator@hospital.example")
    key = account.session_key
    shut_account(centre, account_id=account.public_id, **WHO)

    link = renew_link(centre, setup, account_id=account.public_id, by_mail=False, **WHO).link

    assert (account.active, find_account(centre, public_id=account.public_id, session_key=key)) == (True, None)
    with pytest.raises(NotAllowed):
        log_in(centre, email=account.email, password=PASSWORD, now=NOW)
    assert read_link(centre, setup, token=link.rpartition("/")[2], now=NOW).email == account.email


def test_new_link_ends_the_tokens_of_programs(centre: Session, setup: Setup) -> None:
    email = "coordinator@hospital.example"
    create_token(centre, email=email, label="script", **WHO)

    renew_link(centre, setup, account_id=an_account_of(centre, email).public_id, by_mail=False, **WHO)

    assert [token.revoked_at for token in an_account_of(centre, email).tokens] == [NOW]


def test_last_administrator_who_can_log_in_stays_one(centre: Session, setup: Setup) -> None:
    last = an_account_of(centre, "administrator@hospital.example")
    _, token = invite(centre, setup, roles=["administrator"])
    steps = [
        lambda: change_account(centre, account_id=last.public_id, name="a", roles=["coordinator"], **WHO),
        lambda: shut_account(centre, account_id=last.public_id, **WHO),
        lambda: renew_link(centre, setup, account_id=last.public_id, by_mail=True, **WHO),
    ]

    for step in steps:
        with pytest.raises(Conflict) as refused:
            step()
        assert refused.value.code == "last-administrator"
    choose_password(centre, setup, token=token, password=PASSWORD, now=NOW)
    steps[0]()

    assert [held.role for held in an_account_of(centre, last.email).roles] == ["coordinator"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"email": "coordinator@hospital.example"}, "account-exists"),
        ({"email": "nobody"}, "bad-email"),
        ({"name": ""}, "name-missing"),
        ({"roles": []}, "unknown-role"),
        ({"roles": ["king"]}, "unknown-role"),
        ({"member_id": "nobody"}, "unknown-member"),
    ],
)
def test_bad_log_in_is_refused(centre: Session, setup: Setup, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(DomainError) as refused:
        invite(centre, setup, **changes)

    assert refused.value.code == code


def test_member_has_one_log_in(centre: Session, setup: Setup) -> None:
    with pytest.raises(Conflict) as refused:
        invite(centre, setup, member_id=member_id(centre, SURGEON))

    assert (refused.value.code, refused.value.values["field"]) == ("member-taken", "member_id")


def test_roles_change_and_the_last_administrator_stays_one(centre: Session) -> None:
    surgeon = an_account_of(centre, "surgeon@hospital.example")
    administrator = an_account_of(centre, "administrator@hospital.example")

    change_account(centre, account_id=surgeon.public_id, name="외과", roles=["physician", "chair"], **WHO)
    for step in (
        lambda: change_account(centre, account_id=administrator.public_id, name="A", roles=["auditor"], **WHO),
        lambda: shut_account(centre, account_id=administrator.public_id, **WHO),
    ):
        with pytest.raises(Conflict) as refused:
            step()
        assert refused.value.code == "last-administrator"

    assert (surgeon.name, [held.role for held in surgeon.roles], surgeon.member) == (
        "외과",
        ["chair", "physician"],
        None,
    )
    assert [held.role for held in administrator.roles] == ["administrator"]


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
def test_only_administrators_edit_log_ins(centre: Session, setup: Setup, role: Role) -> None:
    who: dict[str, Any] = {"by": actor_with("x", frozenset({role})), "now": NOW}
    steps: list[Callable[[], object]] = [
        lambda: list_accounts(centre, by=who["by"]),
        lambda: invite_account(centre, setup, email=EMAIL, name="N", roles=["chair"], by_mail=False, **who),
        lambda: change_account(centre, account_id="x", name="N", roles=["chair"], **who),
        lambda: renew_link(centre, setup, account_id="x", by_mail=False, **who),
        lambda: shut_account(centre, account_id="x", **who),
    ]

    for step in steps:
        with pytest.raises(NotAllowed):
            step()


def test_own_password_needs_the_current_one_and_ends_every_session(centre: Session) -> None:
    account = an_account_of(centre, "physician@hospital.example")
    by, key = account_actor(account), account.session_key

    for current, password, code in ((PASSWORD, "short", "short-password"), ("wrong", "long enough", "wrong-password")):
        with pytest.raises(BadInput) as refused:
            change_own_password(centre, current=current, password=password, by=by, now=NOW)
        assert refused.value.code == code
    change_own_password(centre, current=PASSWORD, password="a longer password", by=by, now=NOW)

    assert find_account(centre, public_id=account.public_id, session_key=key) is None
    assert log_in(centre, email=account.email, password="a longer password", now=NOW) is account


def test_own_language_and_zone_are_kept_and_checked(centre: Session) -> None:
    account = an_account_of(centre, "surgeon@hospital.example")
    by = account_actor(account)

    change_own_account(centre, language="ko", time_zone="Europe/Berlin", by=by, now=NOW)
    kept = (account.language, account.time_zone)
    change_own_account(centre, language="", time_zone="", by=by, now=NOW)
    for language, zone in (("de", ""), ("ko", "Mars/Base"), ("ko", "UTC+9")):
        with pytest.raises(BadInput):
            change_own_account(centre, language=language, time_zone=zone, by=by, now=NOW)

    assert (kept, (account.language, account.time_zone)) == (("ko", "Europe/Berlin"), ("", ""))


class Server:
    """A mail server that takes everything."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    def send(self, message: bytes, *, sender: str, recipient: str) -> None:
        self.received.append(message)


def test_letter_with_a_link_is_not_kept_once_it_has_left(centre: Session, setup: Setup) -> None:
    invite(centre, setup, by_mail=True)
    server = Server()
    before = centre.scalars(select(OutboxMessage.content)).one()

    deliver_post(centre, mailer=server, sender="board@hospital.example", clock=lambda: NOW)

    row = centre.scalars(select(OutboxMessage)).one()
    assert (server.received, row.state, row.content) == ([before], "sent", b"")

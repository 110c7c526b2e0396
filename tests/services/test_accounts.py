"""Log-in, tokens and the permission map."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import OPERATOR, PASSWORD, an_account
from tests.services.conftest import NOW
from tumorboard.domain.errors import BadInput, Conflict, NotAllowed
from tumorboard.services.access import GRANTS, Permission, Role, actor_with, require
from tumorboard.services.accounts import (
    account_actor,
    create_account,
    create_token,
    end_sessions,
    find_account,
    find_token,
    log_in,
)
from tumorboard.store.people import Account, ApiToken
from tumorboard.store.post import AuditEvent

EMAIL = "coordinator@hospital.example"


@pytest.fixture
def account(session: Session) -> Account:
    return an_account(session, Role.COORDINATOR, now=NOW)


def test_the_right_password_logs_in(session: Session, account: Account) -> None:
    found = log_in(session, email=" Coordinator@Hospital.Example ", password=PASSWORD, now=NOW)

    assert (found.public_id, found.last_login_at) == (account.public_id, NOW)


def test_a_wrong_pair_is_refused_in_the_same_words(session: Session, account: Account) -> None:
    messages = set()
    for email, password in ((EMAIL, "wrong password"), ("nobody@hospital.example", PASSWORD)):
        with pytest.raises(NotAllowed) as refused:
            log_in(session, email=email, password=password, now=NOW)
        messages.add((refused.value.code, str(refused.value)))

    assert len(messages) == 1
    refusals = select(AuditEvent).where(AuditEvent.action == "account:log-in-refused")
    assert len(session.scalars(refusals).all()) == 2


def test_a_closed_account_cannot_log_in_and_its_sessions_end(session: Session, account: Account) -> None:
    key, public_id = account.session_key, account.public_id
    account.active = False
    session.commit()

    with pytest.raises(NotAllowed):
        log_in(session, email=EMAIL, password=PASSWORD, now=NOW)
    assert find_account(session, public_id=public_id, session_key=key) is None


def test_logging_out_ends_every_session(session: Session, account: Account) -> None:
    key, public_id = account.session_key, account.public_id

    end_sessions(session, by=account_actor(account), now=NOW)

    assert find_account(session, public_id=public_id, session_key=key) is None


def test_passwords_and_tokens_are_stored_as_hashes(session: Session, account: Account) -> None:
    token = create_token(session, email=EMAIL, label="export", by=OPERATOR, now=NOW)

    assert session.scalars(select(Account.password_hash)).one().startswith("$argon2id$")
    assert session.scalars(select(ApiToken.token_hash)).one() != token


def test_a_token_speaks_for_its_account_until_it_ends(session: Session, account: Account) -> None:
    token = create_token(session, email=EMAIL, label="export", by=OPERATOR, now=NOW)

    now = find_token(session, token=token, now=NOW)
    later = find_token(session, token=token, now=NOW + timedelta(days=366))

    assert (now and now.public_id, later) == (account.public_id, None)
    assert find_token(session, token="tb_wrong", now=NOW) is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"password": "short"}, "short-password"),
        ({"email": "nobody"}, "bad-email"),
        ({"roles": ["king"]}, "unknown-role"),
        ({"roles": []}, "unknown-role"),
    ],
)
def test_a_bad_account_is_refused(session: Session, changes: dict[str, object], code: str) -> None:
    values: dict[str, object] = {"email": "a@b.example", "name": "A", "password": PASSWORD, "roles": ["coordinator"]}

    with pytest.raises(BadInput) as refused:
        create_account(session, **{**values, **changes}, by=OPERATOR, now=NOW)  # type: ignore[arg-type]

    assert refused.value.code == code


def test_one_account_for_an_address(session: Session, account: Account) -> None:
    with pytest.raises(Conflict):
        an_account(session, Role.COORDINATOR, now=NOW)


def test_every_role_is_granted_something_and_nothing_by_default() -> None:
    assert set(GRANTS) == set(Role)
    assert all(GRANTS.values())
    nobody = actor_with("nobody", frozenset())
    for permission in Permission:
        with pytest.raises(NotAllowed):
            require(nobody, permission)


def test_surgeons_and_auditors_see_no_case() -> None:
    clinical = {Permission.CASE_READ, Permission.CASE_EDIT, Permission.CASE_IMPORT}

    assert not clinical & GRANTS[Role.SURGEON]
    assert not clinical & GRANTS[Role.AUDITOR]
    assert not clinical & GRANTS[Role.ADMINISTRATOR]

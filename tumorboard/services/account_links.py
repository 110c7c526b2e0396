"""One-time links with which somebody chooses her password: signed, over after days, and void once a password is set."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta
from hashlib import sha256

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import NotAllowed, NotFound
from tumorboard.mail.letters import Mailbox
from tumorboard.mail.message import build_plain_message
from tumorboard.mail.password_link import compose_password_link
from tumorboard.services import transaction
from tumorboard.services.access import Actor
from tumorboard.services.accounts import hash_password, no_password
from tumorboard.services.audit import record
from tumorboard.services.digest import METHOD
from tumorboard.services.outbox import OPENS_A_LOG_IN
from tumorboard.services.setup import Setup
from tumorboard.store.people import Account, Centre
from tumorboard.store.post import OutboxMessage

LINK_DAYS = 7
LONGEST_TOKEN = 300
PAGE = "/password"
_SALT = "password-link"


def issue_link(session: Session, setup: Setup, account: Account, *, now: datetime) -> str:
    """The address at which the account's owner chooses a password, inside the running transaction.

    The password she had ends at once, every session, every token of programs and every earlier link too.
    """
    if not setup.link_key:
        raise NotAllowed("this installation has no key to sign links with", code="no-link-key")
    account.password_hash, account.session_key = no_password(), secrets.token_hex(16)
    for api_token in account.tokens:
        api_token.revoked_at = api_token.revoked_at or now
    session.flush()
    ends_at = int((now + timedelta(days=LINK_DAYS)).timestamp())
    token = _serializer(setup).dumps([account.public_id, ends_at, _mark(account)])
    return f"{setup.base_url}{PAGE}/{token if isinstance(token, str) else token.decode()}"


def read_link(session: Session, setup: Setup, *, token: str, now: datetime) -> Account:
    """The account a link is for. Raises NotFound `password-link-over`, the same for every link that does not count."""
    try:
        if setup.link_key and len(token) <= LONGEST_TOKEN:
            public_id, ends_at, mark = _serializer(setup).loads(token)
            account = session.scalar(select(Account).where(Account.public_id == str(public_id)))
            is_in_time = now.timestamp() < int(ends_at)
            if account and account.active and is_in_time and secrets.compare_digest(_mark(account), str(mark)):
                return account
    except (BadData, ValueError, TypeError):
        pass
    raise NotFound(
        "this link is over or was used already; ask an administrator for a new one", code="password-link-over"
    )


def choose_password(session: Session, setup: Setup, *, token: str, password: str, now: datetime) -> Account:
    """Set the password of the link's account; the link is void from then on. Raises BadInput `short-password`."""
    hashed = hash_password(password)
    with transaction(session):
        account = read_link(session, setup, token=token, now=now)
        session.refresh(account, with_for_update=True)
        account = read_link(session, setup, token=token, now=now)
        account.password_hash, account.session_key = hashed, secrets.token_hex(16)
        account.last_login_at = now  # whoever chose it is logged in with it
        by = Actor(name=account.email, permissions=frozenset(), account_id=account.id)
        record(session, by=by, now=now, action="account:password-chosen", subject=("account", account.public_id))
    return account


def post_link(session: Session, setup: Setup, account: Account, link: str, *, now: datetime) -> None:
    """Write the letter with the link into the outbox of the running transaction; it is not kept once it has left."""
    language = account.language or (account.member.language if account.member else setup.language)
    centre = session.scalar(select(Centre))
    name = (centre.name_ko if language == "ko" else centre.name_en) if centre else ""
    letter = compose_password_link(name=account.name, centre=name, link=link, days=LINK_DAYS, language=language)
    uid = f"{uuid.uuid4()}@{setup.mail_domain}"
    message_id = f"<{uid}>"
    content = build_plain_message(
        letter, mail_from=setup.mail_from, organizer=Mailbox(name, setup.mail_from),
        to=Mailbox(account.name, account.email), message_id=message_id, date=now,
    )  # fmt: skip
    session.add(
        OutboxMessage(
            dedupe_key=f"{OPENS_A_LOG_IN}{uid}", message_id=message_id, recipient=account.email,
            member_id=account.member_id, meeting_id=None, uid=uid, sequence=0, method=METHOD, subject=letter.subject,
            content=content, due_at=now, created_at=now,
        )
    )  # fmt: skip
    session.flush()


def _mark(account: Account) -> str:
    """Changes with the password, so that a link works once."""
    return sha256(account.password_hash.encode()).hexdigest()[:24]


def _serializer(setup: Setup) -> URLSafeSerializer:
    """Whatever else the key signs cannot be used as a link: the salt is its own."""
    options = {"key_derivation": "hmac", "digest_method": sha256}
    return URLSafeSerializer(setup.link_key, salt=_SALT, signer_kwargs=options)

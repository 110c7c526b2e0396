"""The link in a letter by the clock: who holds it chooses what she gets, or switches that kind off with one click."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.services import transaction
from tumorboard.services.access import Actor, Role
from tumorboard.services.letter_tokens import open_letter_token, print_address, unknown_letter_link
from tumorboard.services.preferences import (
    OwnPreferences,
    Person,
    apply_preferences,
    flatten,
    read_person,
)
from tumorboard.services.setup import Setup
from tumorboard.store.people import Account, Member


@dataclass(frozen=True, slots=True)
class LetterChoice:
    """What the holder of a link may choose; `kind` is the kind of the letter it came with.

    `name` is what she is called, `language` that of her letters.
    """

    name: str
    language: str
    kind: str
    chosen: OwnPreferences

    @property
    def is_on(self) -> bool:
        """True while letters of this kind are written to her."""
        return bool(flatten(self.chosen).get(self.kind))


def read_letter_link(session: Session, setup: Setup, *, token: str) -> LetterChoice:
    """What a link offers; changes nothing.

    Raises NotFound `unknown-link` for one that we did not write, or that went to an address which is no longer hers.
    """
    kind, person = _open(session, setup, token)
    row = person.member or person.account
    name, language = (row.name, row.language) if row else ("", "")
    return LetterChoice(name=name, language=language or setup.language, kind=kind, chosen=read_person(person))


def change_by_letter_link(
    session: Session, setup: Setup, *, token: str, values: Mapping[str, object], now: datetime
) -> tuple[str, ...]:
    """Change what is named; gives the names of those that are new. Raises NotFound as above, BadInput as on her page.

    An account's link is for the letters to the account alone.
    """
    with transaction(session):
        kind, person = _open(session, setup, token)
        return apply_preferences(session, setup, person, values, by=_holder(person, kind), now=now)


def switch_off_by_letter_link(session: Session, setup: Setup, *, token: str, now: datetime) -> tuple[str, ...]:
    """Letters of the kind that the link came with are written no more; once or often, the same."""
    with transaction(session):
        kind, person = _open(session, setup, token)
        return apply_preferences(session, setup, person, {kind: False}, by=_holder(person, kind), now=now)


def _open(session: Session, setup: Setup, token: str) -> tuple[str, Person]:
    """The kind and the person of a link, while it is hers to use."""
    link = open_letter_token(setup, token)
    if link.who == "member":
        member = session.scalar(select(Member).where(Member.public_id == link.public_id))
        row: Member | Account | None = member
        person = Person(member, None)
    else:
        account = session.scalar(select(Account).where(Account.public_id == link.public_id))
        row = account
        is_coordinator = account is not None and any(held.role == Role.COORDINATOR for held in account.roles)
        person = Person(None, account if is_coordinator else None)
    if row is None or not row.active or print_address(row.email) != link.address:
        raise unknown_letter_link()
    if link.kind not in flatten(read_person(person)):
        raise unknown_letter_link()
    return link.kind, person


def _holder(person: Person, kind: str) -> Actor:
    """Whoever holds the letter; the audit trail names the kind of the letter and no person but her."""
    row = person.member or person.account
    return Actor(name=f"letter:{kind}:{row.public_id if row else ''}", permissions=frozenset())

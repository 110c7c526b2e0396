"""What a person wants to receive, and how: her own choice; a coordinator changes it for her where she asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy.orm import Session

from tumorboard.domain.errors import BadInput, NotAllowed
from tumorboard.domain.preferences import (
    AccountPreferences,
    MemberPreferences,
    read_account_preferences,
    read_member_preferences,
    write_preferences,
)
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Role
from tumorboard.services.audit import record
from tumorboard.services.feeds import render_member_feeds
from tumorboard.services.setup import Setup
from tumorboard.store.people import Account, Member
from tumorboard.words import LANGUAGES

PAGE = "/mine/preferences"
"""Where letters say that they can be switched off."""

ALARMS: tuple[int | None, ...] = (None, 0, 5, 10, 15, 30, 60, 120, 1440)
"""The minutes that the page offers; the API takes every whole number up to a week."""

SHOWN_IN_FEEDS = frozenset({"alarm_minutes", "language", "time_zone"})


@dataclass(frozen=True, slots=True)
class OwnPreferences:
    """Of one person: `member` is None without a member row, `account` without the coordinator role.

    `language` and `time_zone` are those of letters and calendar entries to the member.
    """

    member: MemberPreferences | None
    account: AccountPreferences | None
    language: str | None
    time_zone: str | None


def preferences_of(member: Member) -> MemberPreferences:
    """A member's preferences, defaults for what she never chose."""
    return read_member_preferences(member.preferences or {})


def account_preferences_of(account: Account) -> AccountPreferences:
    """An account's preferences, defaults for what was never chosen."""
    return read_account_preferences(account.preferences or {})


def preferences_url(setup: Setup) -> str:
    """The page's address, as letters name it."""
    return f"{setup.base_url}{PAGE}"


def read_own(session: Session, *, by: Actor) -> OwnPreferences:
    """The actor's own preferences. Raises NotAllowed for a job or an operator, who have none."""
    return read_person(_person_of(_account(session, by)))


def change_own(
    session: Session, setup: Setup, *, values: Mapping[str, object], by: Actor, now: datetime
) -> tuple[str, ...]:
    """Change the actor's own preferences; what is not named stays. Gives the names of those that are new.

    Her feeds show what she chose at the next fetch.

    Names are those of `MemberPreferences`, `AccountPreferences`, `language` and `time_zone`. Raises BadInput
    `bad-preference` with the name as `field`, also for one that the actor's account does not have.
    """
    with transaction(session):
        account = _account(session, by)
        subject = ("account", account.public_id)
        return apply_preferences(session, setup, _person_of(account), values, by=by, now=now, subject=subject)


@dataclass(frozen=True, slots=True)
class Person:
    """Whose preferences: a member's, an account's that gets the morning letter, or both."""

    member: Member | None
    account: Account | None


def read_person(person: Person) -> OwnPreferences:
    """What is chosen now."""
    member, account = person.member, person.account
    return OwnPreferences(
        member=preferences_of(member) if member else None,
        account=account_preferences_of(account) if account else None,
        language=member.language if member else None,
        time_zone=member.time_zone if member else None,
    )


def apply_preferences(
    session: Session, setup: Setup, person: Person, values: Mapping[str, object], *, by: Actor, now: datetime,
    subject: tuple[str, str] | None = None,
) -> tuple[str, ...]:  # fmt: skip
    """Change what is named in the running transaction, record it, and render her feeds where they show it."""
    own = read_person(person)
    before = flatten(own)
    for name in values:
        if name not in before:
            known = ", ".join(before) or "none for this account"
            raise BadInput(f"'{name}' is no preference here; known: {known}", code="bad-preference", field=name)
    after = {**before, **values}
    changed = tuple(name for name in before if before[name] != after[name])
    if changed:
        _write(person, own, after)
        record(
            session, by=by, now=now, action="preferences:changed", subject=subject or _subject_of(person),
            changed=list(changed),
        )  # fmt: skip
    if person.member is not None and SHOWN_IN_FEEDS.intersection(changed):
        session.flush()
        render_member_feeds(session, setup, person.member, now=now)
    return changed


def _subject_of(person: Person) -> tuple[str, str]:
    if person.member is not None:
        return ("member", person.member.public_id)
    return ("account", person.account.public_id if person.account is not None else "")


def flatten(own: OwnPreferences) -> dict[str, object]:
    """All preferences by name; without those that the account does not have."""
    found: dict[str, object] = {}
    if own.member is not None:
        found |= {**asdict(own.member), "language": own.language, "time_zone": own.time_zone}
    if own.account is not None:
        found |= asdict(own.account)
    return found


@cache
def list_zones() -> tuple[str, ...]:
    """The IANA zones of places, sorted; without abbreviations and fixed offsets."""
    return tuple(sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")))


def _account(session: Session, by: Actor) -> Account:
    account = session.get(Account, by.account_id) if by.account_id is not None else None
    if account is None:
        raise NotAllowed("only who is logged in has preferences", permission="own account")
    return account


def _person_of(account: Account) -> Person:
    """Only coordinators get the morning letter."""
    has_mornings = any(held.role == Role.COORDINATOR for held in account.roles)
    return Person(account.member, account if has_mornings else None)


def _write(person: Person, own: OwnPreferences, values: Mapping[str, object]) -> None:
    if own.member is not None and person.member is not None:
        person.member.language = _read_language(values["language"])
        person.member.time_zone = _read_zone(values["time_zone"])
        chosen = read_member_preferences({name: values[name] for name in asdict(own.member)})
        person.member.preferences = write_preferences(chosen)
    if own.account is not None and person.account is not None:
        morning = read_account_preferences({name: values[name] for name in asdict(own.account)})
        person.account.preferences = write_preferences(morning)


def _read_language(value: object) -> str:
    if value not in LANGUAGES:
        raise BadInput("'language' is ko or en", code="bad-preference", field="language")
    return str(value)


def _read_zone(value: object) -> str:
    """An IANA name that this machine knows."""
    try:
        return ZoneInfo(str(value)).key
    except (ValueError, OSError, KeyError):
        raise BadInput(
            "'time_zone' is the name of an IANA zone, such as Asia/Seoul", code="bad-preference", field="time_zone"
        ) from None

"""A coordinator chooses for a member who has no log-in, or who asked her to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.people import find_member
from tumorboard.services.preferences import OwnPreferences, Person, apply_preferences, read_person
from tumorboard.services.setup import Setup


def read_of_member(session: Session, *, member_id: str, by: Actor) -> OwnPreferences:
    """A member's preferences, for a coordinator or for herself. Raises NotFound `unknown-member`."""
    _require(by, member_id)
    return read_person(Person(find_member(session, member_id), None))


def change_of_member(
    session: Session, setup: Setup, *, member_id: str, values: Mapping[str, object], by: Actor, now: datetime
) -> tuple[str, ...]:
    """Change what is named, as `preferences.change_own` does; gives the names of those that are new."""
    _require(by, member_id)
    with transaction(session):
        person = Person(find_member(session, member_id), None)
        return apply_preferences(session, setup, person, values, by=by, now=now)


def _require(by: Actor, member_id: str) -> None:
    if by.member_id != member_id:
        require(by, Permission.PREFERENCES_EDIT_ANY)

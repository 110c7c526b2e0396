"""What a person wants to receive: defaults, changes, refusals, and nobody else's."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, OPERATOR, PHYSICIAN, an_account
from tests.services.conftest import NOW
from tumorboard.domain.errors import BadInput, NotAllowed
from tumorboard.domain.preferences import AccountPreferences, MemberPreferences
from tumorboard.services.access import Actor, Role
from tumorboard.services.accounts import account_actor
from tumorboard.services.feeds import find_feed, read_feed, rotate_feed
from tumorboard.services.planning import propose
from tumorboard.services.preferences import (
    OwnPreferences,
    change_own,
    list_zones,
    preferences_of,
    read_own,
)
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.people import Account, Member
from tumorboard.store.post import AuditEvent


def actor(session: Session, role: Role) -> Actor:
    return account_actor(session.scalars(select(Account).where(Account.email == f"{role}@hospital.example")).one())


def member(session: Session) -> Member:
    return session.scalars(select(Member).where(Member.email == PHYSICIAN)).one()


def test_member_begins_with_defaults(centre: Session) -> None:
    own = read_own(centre, by=actor(centre, Role.PHYSICIAN))

    assert own == OwnPreferences(MemberPreferences(), None, "en", "Asia/Seoul")
    assert preferences_of(member(centre)) == MemberPreferences()


def test_coordinator_without_a_member_has_mornings_only(centre: Session) -> None:
    own = read_own(centre, by=actor(centre, Role.COORDINATOR))

    assert own == OwnPreferences(None, AccountPreferences(morning=True), None, None)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR, Role.CHAIR])
def test_account_without_letters_has_nothing_to_choose(centre: Session, role: Role) -> None:
    assert read_own(centre, by=actor(centre, role)) == OwnPreferences(None, None, None, None)


def test_change_is_kept_recorded_and_leaves_the_rest(centre: Session, setup: Setup) -> None:
    by = actor(centre, Role.PHYSICIAN)
    change_own(centre, setup, values={"agenda": False}, by=by, now=NOW)

    changed = change_own(
        centre, setup, values={"alarm_minutes": 30, "agenda": False, "language": "ko", "time_zone": "Europe/Berlin"},
        by=by, now=NOW,
    )  # fmt: skip

    assert changed == ("alarm_minutes", "language", "time_zone")
    assert preferences_of(member(centre)) == MemberPreferences(alarm_minutes=30, agenda=False)
    assert (member(centre).language, member(centre).time_zone) == ("ko", "Europe/Berlin")
    events = centre.scalars(select(AuditEvent).where(AuditEvent.action == "preferences:changed")).all()
    assert [event.detail for event in events] == [{"changed": ["agenda"]}, {"changed": list(changed)}]


def test_same_again_changes_and_records_nothing(centre: Session, setup: Setup) -> None:
    by = actor(centre, Role.PHYSICIAN)

    assert change_own(centre, setup, values={"agenda": True, "alarm_minutes": None}, by=by, now=NOW) == ()
    assert centre.scalars(select(AuditEvent).where(AuditEvent.action == "preferences:changed")).all() == []


def test_feed_has_the_alarm_at_the_next_fetch(centre: Session, setup: Setup) -> None:
    by = actor(centre, Role.SURGEON)
    draft = propose(centre, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)
    publish_draft(centre, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)
    token = rotate_feed(centre, setup, scope="member", subject=str(by.member_id), by=by, now=NOW)

    alarms = []
    for minutes in (30, None):
        change_own(centre, setup, values={"alarm_minutes": minutes}, by=by, now=NOW)
        alarms.append(read_feed(centre, find_feed(centre, token=token)).count(b"TRIGGER:-PT30M"))

    assert alarms == [1, 0]


def test_alarm_is_taken_off_again(centre: Session, setup: Setup) -> None:
    by = actor(centre, Role.PHYSICIAN)
    change_own(centre, setup, values={"alarm_minutes": 0}, by=by, now=NOW)
    before = preferences_of(member(centre)).alarm_minutes

    change_own(centre, setup, values={"alarm_minutes": None}, by=by, now=NOW)

    assert (before, preferences_of(member(centre)).alarm_minutes) == (0, None)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"alarm_minutes": -1}, "alarm_minutes"),
        ({"alarm_minutes": 10081}, "alarm_minutes"),
        ({"alarm_minutes": True}, "alarm_minutes"),
        ({"alarm_minutes": "ten"}, "alarm_minutes"),
        ({"agenda": "no"}, "agenda"),
        ({"language": "de"}, "language"),
        ({"time_zone": "Korea Standard Time"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"time_zone": ""}, "time_zone"),
        ({"time_zone": "Asia"}, "time_zone"),
        ({"time_zone": None}, "time_zone"),
        ({"morning": False}, "morning"),
        ({"volume": 11}, "volume"),
    ],
)
def test_wrong_preference_is_refused_by_name_and_changes_nothing(
    centre: Session, setup: Setup, values: dict[str, object], field: str
) -> None:
    by = actor(centre, Role.PHYSICIAN)

    with pytest.raises(BadInput) as refusal:
        change_own(centre, setup, values={"whole_series": True, **values}, by=by, now=NOW)

    assert (refusal.value.code, refusal.value.values["field"]) == ("bad-preference", field)
    assert preferences_of(member(centre)) == MemberPreferences()


def test_coordinator_who_is_a_member_has_both(centre: Session, setup: Setup) -> None:
    row = an_account(centre, Role.COORDINATOR, now=NOW, email="second@hospital.example")
    row.member_id = centre.scalars(select(Member.id).where(Member.email == CORE["radiology"])).one()
    centre.commit()

    change_own(centre, setup, values={"morning": False, "changes": False}, by=account_actor(row), now=NOW)

    own = read_own(centre, by=account_actor(row))
    assert (own.account, own.member) == (AccountPreferences(morning=False), MemberPreferences(changes=False))


def test_operator_has_no_preferences(centre: Session, setup: Setup) -> None:
    with pytest.raises(NotAllowed):
        read_own(centre, by=OPERATOR)
    with pytest.raises(NotAllowed):
        change_own(centre, setup, values={}, by=OPERATOR, now=NOW)


def test_zones_are_places() -> None:
    zones = list_zones()

    assert ("Asia/Seoul" in zones, "UTC" in zones, "Etc/GMT+9" in zones) == (True, False, False)
    assert list(zones) == sorted(zones)

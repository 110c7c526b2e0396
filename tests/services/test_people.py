"""Members who cannot come, and members who leave."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, OPERATOR, PASSWORD, PHYSICIAN, SURGEON, member_id
from tests.services.conftest import NOW
from tumorboard.domain.errors import Conflict, NotAllowed, NotFound
from tumorboard.services import transaction
from tumorboard.services.access import Role, actor_with
from tumorboard.services.accounts import close_account, create_token, find_token, log_in, set_password
from tumorboard.services.boards import list_absent
from tumorboard.services.feeds import find_feed, rotate_feed
from tumorboard.services.people import add_absence, remove_absence, remove_member
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting

ADMINISTRATOR = "administrator@hospital.example"


def _publish(session: Session, setup: Setup) -> str:
    draft = propose(session, setup, board=BOARD, weeks=1, by=OPERATOR, now=NOW)
    publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)
    return session.scalars(select(Meeting.public_id).where(Meeting.status == "published")).one()


def test_an_absence_shows_on_the_published_meeting_it_touches(centre: Session, setup: Setup) -> None:
    meeting = _publish(centre, setup)
    before = list_absent(centre, by=OPERATOR, now=NOW)

    _, touched = add_absence(centre, member_id=member_id(centre, CORE["pathology"]), starts_at=NOW,
                             ends_at=NOW + timedelta(days=5), kind="absence", by=OPERATOR, now=NOW)  # fmt: skip

    assert before == {}
    assert touched == (meeting,)
    assert list_absent(centre, by=OPERATOR, now=NOW) == {meeting: ("Choi",)}


def test_who_leaves_loses_log_in_and_feed_at_once_and_is_planned_no_more(centre: Session, setup: Setup) -> None:
    meeting = _publish(centre, setup)
    member = member_id(centre, PHYSICIAN)
    feed = rotate_feed(centre, setup, scope="member", subject=member, by=OPERATOR, now=NOW)

    meetings = remove_member(centre, member_id=member, by=OPERATOR, now=NOW)

    assert meetings == (meeting,)
    with pytest.raises(NotFound):
        find_feed(centre, token=feed)
    with pytest.raises(NotAllowed):
        log_in(centre, email="physician@hospital.example", password=PASSWORD, now=NOW)
    draft = propose(centre, setup, board=BOARD, weeks=1, by=OPERATOR, now=NOW)
    assert member not in str(draft.plan["proposal"])


def test_a_closed_account_is_shut_out_until_it_gets_a_new_password(centre: Session) -> None:
    token = create_token(centre, email=ADMINISTRATOR, label="x", by=OPERATOR, now=NOW)
    with pytest.raises(Conflict) as last:
        close_account(centre, email=ADMINISTRATOR, by=OPERATOR, now=NOW)
    close_account(centre, email="coordinator@hospital.example", by=OPERATOR, now=NOW)

    with pytest.raises(NotAllowed):
        log_in(centre, email="coordinator@hospital.example", password=PASSWORD, now=NOW)
    set_password(centre, email="coordinator@hospital.example", password="another long one", by=OPERATOR, now=NOW)

    assert last.value.code == "last-administrator"
    assert find_token(centre, token=token, now=NOW) is not None
    assert log_in(centre, email="coordinator@hospital.example", password="another long one", now=NOW).active


def test_absences_of_others_and_missing_ones_are_refused_alike(centre: Session) -> None:
    hers, mine = member_id(centre, PHYSICIAN), member_id(centre, SURGEON)
    row, _ = add_absence(
        centre, member_id=hers, starts_at=NOW, ends_at=NOW + timedelta(days=1), kind="absence", by=OPERATOR, now=NOW
    )
    surgeon = actor_with("Surgeon", frozenset({Role.SURGEON}), member_id=mine)

    said = []
    for absence in (row.public_id, "a" * 16):
        with pytest.raises(NotAllowed) as refused:
            remove_absence(centre, absence_id=absence, by=surgeon, now=NOW)
        said.append(str(refused.value))

    assert said[0] == said[1]


def test_a_database_locked_for_long_is_a_conflict_and_not_an_accident(session: Session) -> None:
    with (
        Session(session.get_bind()) as other,
        transaction(other),
        pytest.raises(Conflict) as refused,
        transaction(session),
    ):
        pass

    assert refused.value.code == "busy"

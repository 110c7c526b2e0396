"""Stored feeds: the same windows as the letters, opened by a secret that can be changed and ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
import vobject
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, ON_DEMAND, OPERATOR, an_account, member_id
from tests.services.conftest import NOW
from tumorboard.domain.errors import NotAllowed, NotFound
from tumorboard.services.access import Actor, Role
from tumorboard.services.accounts import account_actor
from tumorboard.services.feeds import find_feed, list_feeds, note_use, read_feed, revoke_feed, rotate_feed
from tumorboard.services.planning import propose
from tumorboard.services.publishing import cancel_meeting, publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.post import FeedDocument, FeedToken

UROLOGIST = ON_DEMAND["urology"]


def _publish(session: Session, setup: Setup) -> None:
    draft = propose(session, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)
    publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)


def _events(content: bytes) -> list[tuple[object, object]]:
    calendar = vobject.readOne(content.decode())
    return [(event.dtstart.value, event.dtend.value) for event in calendar.contents.get("vevent", [])]


def _rotate(session: Session, setup: Setup, scope: str, subject: str, by: Actor = OPERATOR) -> str:
    return rotate_feed(session, setup, scope=scope, subject=subject, by=by, now=NOW)


def test_a_members_feed_has_her_window_and_nothing_else(any_centre: Session, setup: Setup) -> None:
    token = _rotate(any_centre, setup, "member", member_id(any_centre, UROLOGIST))
    _publish(any_centre, setup)

    content = read_feed(any_centre, find_feed(any_centre, token=token))

    rows = any_centre.scalars(select(MeetingInvitation)).all()
    own = [(row.starts_at, row.ends_at) for row in rows if row.member.email == UROLOGIST]
    assert _events(content) == own
    assert b"ATTENDEE" not in content
    assert b"METHOD" not in content


@pytest.mark.parametrize(("scope", "subject", "count"), [("board", BOARD, 1), ("department", "pathology", 1)])
def test_board_and_department_have_feeds(centre: Session, setup: Setup, scope: str, subject: str, count: int) -> None:
    _publish(centre, setup)

    content = read_feed(centre, find_feed(centre, token=_rotate(centre, setup, scope, subject)))

    assert len(_events(content)) == count
    assert b"C-2" not in content


def test_an_unchanged_feed_keeps_its_etag_and_a_change_gives_a_new_one(centre: Session, setup: Setup) -> None:
    token = _rotate(centre, setup, "member", member_id(centre, UROLOGIST))
    empty = find_feed(centre, token=token).etag
    _publish(centre, setup)
    full = find_feed(centre, token=token).etag
    _publish(centre, setup)

    again = find_feed(centre, token=token).etag

    assert empty != full
    assert again == full


def test_publishing_renders_only_the_feeds_it_concerns(centre: Session, setup: Setup) -> None:
    _rotate(centre, setup, "member", member_id(centre, ON_DEMAND["hpb_surgery"]))
    before = {(row.scope, row.subject_id): row.etag for row in centre.scalars(select(FeedDocument))}

    _publish(centre, setup)

    after = {(row.scope, row.subject_id): row.etag for row in centre.scalars(select(FeedDocument))}
    assert {key: after[key] for key in before} == before
    assert len(after) == 1 + 6 + 6 + 1  # the one above, six members, their six departments, the board


def test_a_cancelled_meeting_stays_as_cancelled_for_a_while(centre: Session, setup: Setup) -> None:
    token = _rotate(centre, setup, "member", member_id(centre, UROLOGIST))
    _publish(centre, setup)
    meeting = centre.scalars(select(Meeting).where(Meeting.status == "published")).one()

    cancel_meeting(centre, setup, meeting_id=meeting.public_id, by=OPERATOR, now=NOW)

    assert b"STATUS:CANCELLED" in read_feed(centre, find_feed(centre, token=token))


def test_rotating_ends_the_old_address_at_once(centre: Session, setup: Setup) -> None:
    old = _rotate(centre, setup, "board", BOARD)
    new = _rotate(centre, setup, "board", BOARD)

    with pytest.raises(NotFound):
        find_feed(centre, token=old)
    assert find_feed(centre, token=new).etag


def test_a_revoked_a_wrong_and_a_removed_members_address_answer_alike(centre: Session, setup: Setup) -> None:
    member = member_id(centre, UROLOGIST)
    revoked = _rotate(centre, setup, "member", member)
    revoke_feed(centre, scope="member", subject=member, by=OPERATOR, now=NOW)
    removed = _rotate(centre, setup, "member", member_id(centre, CORE["pathology"]))
    centre.scalars(select(Member).where(Member.email == CORE["pathology"])).one().active = False
    centre.commit()

    messages = set()
    for token in (revoked, removed, "wrong"):
        with pytest.raises(NotFound) as refused:
            find_feed(centre, token=token)
        messages.add((refused.value.code, str(refused.value)))

    assert len(messages) == 1


def test_the_secret_is_not_stored(centre: Session, setup: Setup) -> None:
    token = _rotate(centre, setup, "board", BOARD)

    row = centre.scalars(select(FeedToken)).one()

    assert token not in (row.token_hash, row.hint)
    assert (len(token) >= 43, row.hint) == (True, token[-4:])


def test_a_member_opens_her_own_feed_only(centre: Session, setup: Setup) -> None:
    surgeon = account_actor(an_account(centre, Role.PHYSICIAN, now=NOW, email="second@hospital.example"))

    with pytest.raises(NotAllowed):
        _rotate(centre, setup, "member", member_id(centre, UROLOGIST), by=surgeon)


def test_use_is_noted_once_an_hour(centre: Session, setup: Setup) -> None:
    token = _rotate(centre, setup, "board", BOARD)
    note_use(centre, find_feed(centre, token=token), now=NOW)
    note_use(centre, find_feed(centre, token=token), now=NOW + timedelta(minutes=10))
    first = find_feed(centre, token=token).last_used_at

    note_use(centre, find_feed(centre, token=token), now=NOW + timedelta(minutes=61))

    assert first == NOW
    assert find_feed(centre, token=token).last_used_at == NOW + timedelta(minutes=61)
    assert list_feeds(centre, by=OPERATOR) == [centre.scalars(select(FeedToken)).one()]

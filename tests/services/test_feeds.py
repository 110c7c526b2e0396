"""Stored feeds: the same windows as the letters, opened by a secret that can be changed and ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
import vobject
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, ON_DEMAND, OPERATOR, an_account, member_id
from tests.services.conftest import NOW
from tumorboard.domain.errors import BadInput, NotAllowed, NotFound
from tumorboard.services.access import Actor, Role
from tumorboard.services.accounts import account_actor
from tumorboard.services.feed_quick import QuickFeeds
from tumorboard.services.feeds import (
    find_feed,
    list_feeds,
    note_use,
    read_feed,
    revoke_feed,
    rotate_feed,
    write_own_event,
)
from tumorboard.services.planning import propose
from tumorboard.services.publishing import cancel_meeting, publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Account, Member
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
    _rotate(centre, setup, "board", BOARD)
    _rotate(centre, setup, "department", "pathology")
    _rotate(centre, setup, "department", "hpb_surgery")
    before = {(row.scope, row.subject_id): row.etag for row in centre.scalars(select(FeedDocument))}

    _publish(centre, setup)

    after = {(row.scope, row.subject_id): row.etag for row in centre.scalars(select(FeedDocument))}
    changed = {key[0] for key in before if after[key] != before[key]}
    same = [key[0] for key in before if after[key] == before[key]]
    assert (changed, sorted(same)) == ({"board", "department"}, ["department", "member"])
    assert set(after) == set(before)


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


def test_quick_questions_give_what_the_slow_ones_give(any_centre: Session, setup: Setup) -> None:
    _publish(any_centre, setup)
    token = _rotate(any_centre, setup, "member", member_id(any_centre, UROLOGIST))
    note_use(any_centre, find_feed(any_centre, token=token), now=NOW)
    head = find_feed(any_centre, token=token)
    connection = any_centre.connection().connection
    quick = QuickFeeds(any_centre.connection().dialect)

    assert quick.find(connection, token=token) == head
    assert quick.find(connection, token="wrong") is None
    for compressed in (False, True):
        assert quick.read(connection, head, compressed=compressed) == read_feed(any_centre, head, compressed=compressed)


@pytest.mark.parametrize("role", [Role.SURGEON, Role.AUDITOR])
def test_quick_questions_ask_for_the_rights_too(any_centre: Session, setup: Setup, role: Role) -> None:
    account = an_account(any_centre, Role.SURGEON, now=NOW, email="second@hospital.example")
    token = _rotate(any_centre, setup, "board", BOARD, by=account_actor(account))
    account.active = role is Role.SURGEON
    any_centre.commit()

    connection = any_centre.connection()
    found = QuickFeeds(connection.dialect).find(connection.connection, token=token)

    assert (found is not None) is (role is Role.SURGEON)


def test_levels_nobody_reads_are_not_kept(centre: Session, setup: Setup) -> None:
    account = account_actor(an_account(centre, Role.COORDINATOR, now=NOW, email="second@hospital.example"))
    for detail, by in (("full", OPERATOR), ("busy", account), ("board", OPERATOR)):
        rotate_feed(centre, setup, scope="board", subject=BOARD, detail=detail, by=by, now=NOW)

    kept = sorted(centre.scalars(select(FeedDocument.detail)))
    revoke_feed(centre, scope="board", subject=BOARD, by=account, now=NOW)

    assert kept == ["board", "busy"]
    assert list(centre.scalars(select(FeedDocument.detail))) == ["board"]


@pytest.mark.parametrize(
    ("scope", "detail", "code"), [("board", "names", "unknown-detail"), ("room", None, "unknown-scope")]
)
def test_unknown_levels_and_scopes_are_refused(
    centre: Session, setup: Setup, scope: str, detail: str | None, code: str
) -> None:
    with pytest.raises(BadInput) as refused:
        rotate_feed(centre, setup, scope=scope, subject=BOARD, detail=detail, by=OPERATOR, now=NOW)

    assert refused.value.code == code


def test_deadlines_stand_in_the_feed_of_coordinators(centre: Session, setup: Setup) -> None:
    physician = account_actor(an_account(centre, Role.PHYSICIAN, now=NOW, email="second@hospital.example"))

    content = read_feed(centre, find_feed(centre, token=_rotate(centre, setup, "deadlines", BOARD)))

    closes = list(centre.scalars(select(Meeting.closes_at).order_by(Meeting.closes_at)))
    assert [start for start, _ in _events(content)] == closes
    assert content.count(b"TRANSP:TRANSPARENT") == len(closes) > 0
    with pytest.raises(NotAllowed):
        _rotate(centre, setup, "deadlines", BOARD, by=physician)


def test_own_event_is_the_one_of_the_letters(centre: Session, setup: Setup) -> None:
    _publish(centre, setup)
    row = centre.scalars(select(MeetingInvitation).join(Member).where(Member.email == UROLOGIST)).one()
    surgeon = account_actor(centre.scalars(select(Account).where(Account.member_id == row.member_id)).one())
    coordinator = account_actor(an_account(centre, Role.COORDINATOR, now=NOW, email="second@hospital.example"))

    event = vobject.readOne(
        write_own_event(centre, setup, meeting_id=row.meeting.public_id, by=surgeon).decode()
    ).vevent

    assert (event.uid.value, event.sequence.value, event.dtstart.value) == (row.uid, str(row.sequence), row.starts_at)
    with pytest.raises(NotFound):
        write_own_event(centre, setup, meeting_id=row.meeting.public_id, by=coordinator)

"""Calendar feeds: secret tokens that open stored bytes, and never more than their holder may see now."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select, update
from sqlalchemy.orm import Session, joinedload

from tumorboard.domain.errors import BadInput, NotAllowed, NotFound
from tumorboard.domain.timeline import Interval
from tumorboard.domain.uids import derive_uid
from tumorboard.formats.busy import read_busy
from tumorboard.formats.feed_lines import write_event_lines, write_series_lines
from tumorboard.formats.free_busy import FreeBusy, write_free_busy
from tumorboard.services import transaction
from tumorboard.services.access import GRANTS, Actor, Permission, require
from tumorboard.services.accounts import hash_token
from tumorboard.services.audit import record
from tumorboard.services.feed_parts import Detail, event_of_invitation
from tumorboard.services.feed_rendering import (
    drop_unread_feeds,
    render_all_feeds,
    render_board_feeds,
    render_feed,
    render_feeds_of,
    render_member_feeds,
)
from tumorboard.services.feed_series import whole_series
from tumorboard.services.setup import Setup
from tumorboard.services.standing import find_instances
from tumorboard.store.meetings import Board, Meeting, MeetingInvitation
from tumorboard.store.people import Account, AccountRole, Department, Member
from tumorboard.store.post import FeedDocument, FeedToken

__all__ = [
    "LEVELS", "OF_MEMBERS", "SCOPES", "Detail", "FeedHead", "answer_free_busy", "change_detail", "find_feed",
    "list_feeds", "note_use", "read_feed", "render_all_feeds", "render_board_feeds", "render_feed", "render_feeds_of",
    "render_member_feeds", "revoke_feed", "rotate_feed", "write_own_event",
]  # fmt: skip

LEVELS: Mapping[str, tuple[Detail, ...]] = {
    "member": (Detail.FULL, Detail.PLACE, Detail.BOARD, Detail.BUSY),
    "board": (Detail.FULL, Detail.PLACE, Detail.BOARD, Detail.BUSY),
    "department": (Detail.FULL, Detail.PLACE, Detail.BOARD, Detail.BUSY),
    "free_busy": (Detail.BUSY,),
    "deadlines": (Detail.BOARD,),
}
"""The levels of detail of each scope, the usual one first."""
SCOPES = tuple(LEVELS)
OF_MEMBERS = ("member", "free_busy")
USE_IS_NOTED_EVERY = timedelta(hours=1)
LONGEST_FREE_BUSY = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class FeedHead:
    """What a conditional request needs: no event and no body is read for it."""

    token_id: int
    document_id: int
    scope: str
    etag: str
    modified_at: datetime
    last_used_at: datetime | None


def _subject(session: Session, scope: str, subject: str) -> Member | Board | Department:
    query = {
        "member": select(Member).where(Member.public_id == subject),
        "board": select(Board).where(Board.key == subject),
        "department": select(Department).where(Department.key == subject),
    }
    kind = _kind_of(scope)
    row = session.scalar(query[kind])
    if not isinstance(row, Member | Board | Department):
        raise NotFound(f"there is no such {kind}", code=f"unknown-{kind}")
    return row


def _kind_of(scope: str) -> str:
    """What the subject of a scope is. Raises BadInput `unknown-scope`."""
    if scope not in LEVELS:
        raise BadInput(f"a feed is of the kind {', '.join(SCOPES)}", code="unknown-scope", field="scope")
    return {"free_busy": "member", "deadlines": "board"}.get(scope, scope)


def _choose_detail(scope: str, detail: str | None) -> Detail:
    """The level asked for, else the scope's usual one. Raises BadInput `unknown-detail`."""
    levels = LEVELS[scope]
    if not detail:
        return levels[0]
    if detail not in levels:
        known = ", ".join(levels)
        raise BadInput(f"a {scope} feed shows one of: {known}", code="unknown-detail", field="detail")
    return Detail(detail)


def _require_scope(by: Actor, scope: str, subject: str) -> None:
    if scope in OF_MEMBERS and by.member_id != subject:
        if not by.may(Permission.FEED_SHARED):
            raise NotAllowed("you may open your own feed only", permission=str(Permission.FEED_SHARED))
    elif scope == "deadlines":
        require(by, Permission.FEED_SHARED)
    else:
        require(by, Permission.FEED_OWN if scope in OF_MEMBERS else Permission.BOARD_READ)


def rotate_feed(
    session: Session, setup: Setup, *, scope: str, subject: str, detail: str | None = None, by: Actor, now: datetime
) -> str:
    """A new secret token for a feed, shown once; the actor's older ones for the same feed end at once.

    `subject` is the member's public id (`member`, `free_busy`), or the key of the board (`board`, `deadlines`) or
    department. `detail` is one of the scope's `LEVELS`, else the first. 256 random bits.
    """
    _kind_of(scope)
    _require_scope(by, scope, subject)
    level = _choose_detail(scope, detail)
    token = secrets.token_urlsafe(32)
    with transaction(session):
        row = _subject(session, scope, subject)
        _revoke(session, by, scope, row.id, now)
        session.add(
            FeedToken(scope=scope, subject_id=row.id, account_id=by.account_id, token_hash=hash_token(token),
                      hint=token[-4:], detail=str(level), created_at=now)
        )  # fmt: skip
        session.flush()
        drop_unread_feeds(session, {(scope, row.id)})
        render_feed(session, setup, scope=scope, subject_id=row.id, detail=level, now=now)
        record(session, by=by, now=now, action="feed:rotated", subject=(scope, subject), detail=str(level))
    return token


def change_detail(
    session: Session, setup: Setup, *, scope: str, subject: str, detail: str, by: Actor, now: datetime
) -> None:
    """Another level of detail behind the same secret address of the actor's. Raises NotFound `no-feed` without one."""
    _kind_of(scope)
    _require_scope(by, scope, subject)
    level = _choose_detail(scope, detail)
    with transaction(session):
        row = _subject(session, scope, subject)
        hers = [one for one in list_feeds(session, by=by) if (one.scope, one.subject_id) == (scope, row.id)]
        if not hers:
            raise NotFound("there is no such link; make one first", code="no-feed")
        hers[-1].detail = str(level)
        session.flush()
        drop_unread_feeds(session, {(scope, row.id)})
        render_feed(session, setup, scope=scope, subject_id=row.id, detail=level, now=now)
        record(session, by=by, now=now, action="feed:detail-changed", subject=(scope, subject), detail=str(level))


def revoke_feed(session: Session, *, scope: str, subject: str, by: Actor, now: datetime) -> int:
    """End the actor's tokens for a feed at once; gives how many ended."""
    _kind_of(scope)
    _require_scope(by, scope, subject)
    with transaction(session):
        row = _subject(session, scope, subject)
        count = _revoke(session, by, scope, row.id, now)
        session.flush()
        drop_unread_feeds(session, {(scope, row.id)})
        record(session, by=by, now=now, action="feed:revoked", subject=(scope, subject))
    return count


def _revoke(session: Session, by: Actor, scope: str, subject_id: int, now: datetime) -> int:
    query = select(FeedToken).where(FeedToken.scope == scope, FeedToken.subject_id == subject_id)
    query = query.where(FeedToken.revoked_at.is_(None))
    query = query.where(
        FeedToken.account_id.is_(None) if by.account_id is None else FeedToken.account_id == by.account_id
    )
    rows = list(session.scalars(query))
    for row in rows:
        row.revoked_at = now
    return len(rows)


def list_feeds(session: Session, *, by: Actor) -> list[FeedToken]:
    """The actor's living feed tokens, oldest first."""
    query = select(FeedToken).where(FeedToken.revoked_at.is_(None), FeedToken.account_id == by.account_id)
    return list(session.scalars(query.order_by(FeedToken.id)))


def _has_role(permission: Permission) -> ColumnElement[bool]:
    """The token's account has a role that grants the permission now."""
    roles = [role for role, granted in GRANTS.items() if permission in granted]
    return (
        select(AccountRole.id)
        .where(AccountRole.account_id == FeedToken.account_id, AccountRole.role.in_(roles))
        .exists()
    )


def _may_still() -> ColumnElement[bool]:
    """The rights of `_require_scope`, as the token's holder has them now; an operator keeps hers."""
    is_own = and_(Account.member_id == FeedToken.subject_id, _has_role(Permission.FEED_OWN))
    of_member = and_(FeedToken.scope.in_(OF_MEMBERS), is_own)
    shared = and_(FeedToken.scope.in_(("board", "department")), _has_role(Permission.BOARD_READ))
    for_coordinators = and_(FeedToken.scope.in_((*OF_MEMBERS, "deadlines")), _has_role(Permission.FEED_SHARED))
    return or_(FeedToken.account_id.is_(None), and_(Account.active, or_(of_member, shared, for_coordinators)))


def _select_head() -> Select[int, int, str, str, datetime, datetime | None]:
    return (
        select(
            FeedToken.id, FeedDocument.id, FeedToken.scope, FeedDocument.etag, FeedDocument.modified_at,
            FeedToken.last_used_at,
        )
        .join(
            FeedDocument,
            and_(
                FeedDocument.scope == FeedToken.scope,
                FeedDocument.subject_id == FeedToken.subject_id,
                FeedDocument.detail == FeedToken.detail,
            ),
        )
        .outerjoin(Account, Account.id == FeedToken.account_id)
        .outerjoin(Member, and_(FeedToken.scope.in_(OF_MEMBERS), Member.id == FeedToken.subject_id))
        .where(
            FeedToken.token_hash == bindparam("token_hash"),
            FeedToken.revoked_at.is_(None),
            or_(FeedToken.scope.not_in(OF_MEMBERS), Member.active),
            _may_still(),
        )
    )  # fmt: skip


HEAD = _select_head()
BODIES = {
    is_compressed: select(column, FeedDocument.etag).where(FeedDocument.id == bindparam("document_id"))
    for is_compressed, column in ((False, FeedDocument.content), (True, FeedDocument.compressed))
}


def find_feed(session: Session, *, token: str) -> FeedHead:
    """The head of the feed a token opens, in one query.

    NotFound for a wrong, revoked or orphaned token alike, and when its holder may not see the feed any more: her
    account or the member is no longer active, or the role is gone.
    """
    row = session.execute(HEAD, {"token_hash": hash_token(token)}).first()
    if row is None:
        raise NotFound("there is no such feed", code="unknown-feed")
    return FeedHead(row[0], row[1], row[2], row[3], row[4], row[5])


def read_feed(session: Session, head: FeedHead, *, compressed: bool = False) -> bytes:
    """The stored bytes of a feed, or the same compressed with gzip."""
    content: bytes = session.execute(BODIES[compressed], {"document_id": head.document_id}).one()[0]  # type: ignore[assignment]
    return content


def note_use(session: Session, head: FeedHead, *, now: datetime) -> None:
    """Keep when a feed was last fetched, to the hour: polling must not write at every request."""
    if head.last_used_at is None or now - head.last_used_at > USE_IS_NOTED_EVERY:
        with transaction(session):
            session.execute(update(FeedToken).where(FeedToken.id == head.token_id).values(last_used_at=now))


def answer_free_busy(session: Session, head: FeedHead, *, start: datetime, end: datetime) -> bytes:
    """When the holder of a feed is taken between two instants, read from the feed's own bytes (RFC 4791, 7.10).

    Raises BadInput `bad-window` for a period that is too long or not of our times.
    """
    if end - start > LONGEST_FREE_BUSY:
        raise BadInput("the period is longer than two years; ask for a shorter one", code="bad-window")
    window = Interval(start, end)
    times = read_busy(read_feed(session, head), window=window, zone=ZoneInfo("UTC"))
    uid = derive_uid(f"free-busy {head.document_id} {start} {end}")
    return write_free_busy(FreeBusy(uid=uid, stamp=head.modified_at, window=window, busy=times.busy), method=None)


def write_own_event(session: Session, setup: Setup, *, meeting_id: str, by: Actor) -> bytes:
    """The actor's part in a meeting as a file to take into a calendar by hand; with its series where it is one entry.

    Raises NotFound where she is not invited, as for a meeting that does not exist.
    """
    require(by, Permission.FEED_OWN)
    query = (
        select(MeetingInvitation)
        .join(Meeting, Meeting.id == MeetingInvitation.meeting_id)
        .join(Member, Member.id == MeetingInvitation.member_id)
        .where(Meeting.public_id == meeting_id, Member.public_id == by.member_id)
        .where(MeetingInvitation.status.in_(("invited", "cancelled")))
        .options(joinedload(MeetingInvitation.meeting).joinedload(Meeting.board), joinedload(MeetingInvitation.member))
    )
    row = session.scalar(query)
    if row is None:
        raise NotFound("there is no such meeting, or you are not invited to it", code="unknown-meeting")
    instance = find_instances(session, [row]).get(row.id)
    series = None if instance is None else whole_series(setup, instance.standing)
    if series is not None:
        return write_series_lines(series)
    return write_event_lines(event_of_invitation(setup, row))

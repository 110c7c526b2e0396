"""Calendar feeds: rendered when something changes, served as stored bytes, opened by a secret token."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.errors import BadInput, NotAllowed, NotFound
from tumorboard.formats.ical import FeedEvent, FeedStatus, write_feed
from tumorboard.mail.compose import compose_event
from tumorboard.mail.letters import LetterKind
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.accounts import hash_token
from tumorboard.services.audit import record
from tumorboard.services.invitations import letter_facts
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Board, Meeting, MeetingInvitation
from tumorboard.store.people import Account, Department, Member
from tumorboard.store.post import FeedDocument, FeedToken
from tumorboard.words import Words

SCOPES = ("member", "board", "department")
PAST = timedelta(days=90)
CANCELLED_STAYS = timedelta(days=30)
USE_IS_NOTED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class FeedHead:
    """What a conditional request needs: no event and no body is read for it."""

    token_id: int
    document_id: int
    etag: str
    modified_at: datetime
    last_used_at: datetime | None


def render_feeds_of(session: Session, setup: Setup, meetings: Iterable[Meeting], *, now: datetime) -> int:
    """Render the feeds that the meetings touch, and no other; gives how many."""
    wanted: dict[tuple[str, int], None] = {}
    for meeting in meetings:
        wanted[("board", meeting.board_id)] = None
        for row in meeting.invitations:
            wanted[("member", row.member_id)] = None
            wanted[("department", row.member.department_id)] = None
    for scope, subject_id in wanted:
        render_feed(session, setup, scope=scope, subject_id=subject_id, now=now)
    return len(wanted)


def render_feed(session: Session, setup: Setup, *, scope: str, subject_id: int, now: datetime) -> FeedDocument:
    """Write the bytes of one feed into its row; the row stays untouched when nothing changed."""
    name, events = {"member": _member_feed, "board": _board_feed, "department": _department_feed}[scope](
        session, setup, subject_id, now
    )
    content = write_feed(name, sorted(events, key=lambda event: (event.starts_at, event.uid)))
    etag = hashlib.sha256(content).hexdigest()[:32]
    row = session.scalar(select(FeedDocument).where(FeedDocument.scope == scope, FeedDocument.subject_id == subject_id))
    if row is None:
        row = FeedDocument(scope=scope, subject_id=subject_id, content=content, etag=etag, modified_at=now)
        session.add(row)
    elif row.etag != etag:
        row.content, row.etag, row.modified_at = content, etag, now
    session.flush()
    return row


def _invitations(session: Session, now: datetime, *conditions: object) -> list[MeetingInvitation]:
    query = (
        select(MeetingInvitation)
        .where(MeetingInvitation.status.in_(("invited", "cancelled")), MeetingInvitation.ends_at > now - PAST)
        .where(*conditions)  # type: ignore[arg-type]
        .order_by(MeetingInvitation.starts_at, MeetingInvitation.id)
        .options(joinedload(MeetingInvitation.meeting).joinedload(Meeting.board), joinedload(MeetingInvitation.member))
    )
    return [row for row in session.scalars(query) if row.status == "invited" or row.stamp > now - CANCELLED_STAYS]


def _status(row: MeetingInvitation) -> FeedStatus:
    return FeedStatus.CANCELLED if row.status == "cancelled" else FeedStatus.CONFIRMED


def _member_feed(session: Session, setup: Setup, subject_id: int, now: datetime) -> tuple[str, list[FeedEvent]]:
    member = session.get_one(Member, subject_id)
    events = []
    for row in _invitations(session, now, MeetingInvitation.member_id == subject_id):
        facts = letter_facts(setup, row.meeting, row, LetterKind.INVITATION)
        words = compose_event(facts)
        events.append(
            FeedEvent(
                uid=row.uid, sequence=row.sequence, stamp=row.stamp, starts_at=row.starts_at, ends_at=row.ends_at,
                time_zone=row.meeting.time_zone, title=words.title, description=words.description,
                location=words.location, video_url=facts.video_url, url=facts.page_url, status=_status(row),
            )
        )  # fmt: skip
    name = Words(member.language).gettext("Tumor board")
    return f"{name} – {member.name}", events


def _department_feed(session: Session, setup: Setup, subject_id: int, now: datetime) -> tuple[str, list[FeedEvent]]:
    department = session.get_one(Department, subject_id)
    in_korean = setup.language == "ko"
    here = MeetingInvitation.member_id.in_(select(Member.id).where(Member.department_id == subject_id))
    events = [
        FeedEvent(
            uid=f"d-{row.uid}", sequence=row.sequence, stamp=row.stamp, starts_at=row.starts_at, ends_at=row.ends_at,
            time_zone=row.meeting.time_zone, title=f"{row.member.name} – {_board_name(row.meeting.board, in_korean)}",
            description="", location=row.details["room"], video_url=row.details["video"] or None,
            url=f"{setup.base_url}/meetings/{row.meeting.public_id}", status=_status(row),
        )
        for row in _invitations(session, now, here)
    ]  # fmt: skip
    return department.name_ko if in_korean else department.name_en, events


def _board_feed(session: Session, setup: Setup, subject_id: int, now: datetime) -> tuple[str, list[FeedEvent]]:
    board = session.get_one(Board, subject_id)
    name = _board_name(board, setup.language == "ko")
    query = select(Meeting).where(Meeting.board_id == subject_id, Meeting.published_at.is_not(None))
    query = query.where(Meeting.ends_at > now - PAST).order_by(Meeting.starts_at)
    query = query.options(joinedload(Meeting.room), selectinload(Meeting.invitations))
    events = [
        FeedEvent(
            uid=f"{row.public_id}@{setup.mail_domain}", sequence=1 if row.status == "cancelled" else 0,
            stamp=_last_change(row), starts_at=row.starts_at, ends_at=row.ends_at, time_zone=row.time_zone,
            title=name, description="", location=row.room.name, video_url=row.room.video_url or None,
            url=f"{setup.base_url}/meetings/{row.public_id}",
            status=FeedStatus.CANCELLED if row.status == "cancelled" else FeedStatus.CONFIRMED,
        )
        for row in session.scalars(query)
    ]  # fmt: skip
    return name, events


def _last_change(row: Meeting) -> datetime:
    """When the board's entry of a meeting last changed: at its publication, or at its cancellation."""
    ends = [entry.stamp for entry in row.invitations] if row.status == "cancelled" else []
    assert row.published_at is not None  # the query says so
    return max([row.published_at, *ends])


def _board_name(board: Board, in_korean: bool) -> str:
    return board.name_ko if in_korean else board.name_en


def _subject(session: Session, scope: str, subject: str) -> Member | Board | Department:
    query = {
        "member": select(Member).where(Member.public_id == subject),
        "board": select(Board).where(Board.key == subject),
        "department": select(Department).where(Department.key == subject),
    }
    if scope not in query:
        raise BadInput(f"a feed is for a {', '.join(SCOPES)}", code="unknown-scope", field="scope")
    row = session.scalar(query[scope])
    if not isinstance(row, Member | Board | Department):
        raise NotFound(f"there is no such {scope}", code=f"unknown-{scope}")
    return row


def _require_scope(by: Actor, scope: str, subject: str) -> None:
    if scope == "member" and by.member_id != subject:
        if not by.may(Permission.FEED_SHARED):
            raise NotAllowed("you may open your own feed only", permission=str(Permission.FEED_SHARED))
    else:
        require(by, Permission.FEED_OWN if scope == "member" else Permission.BOARD_READ)


def rotate_feed(session: Session, setup: Setup, *, scope: str, subject: str, by: Actor, now: datetime) -> str:
    """A new secret token for a feed, shown once; the actor's older ones for the same feed end at once.

    `subject` is the member's public id, or the key of the board or department. 256 random bits.
    """
    _require_scope(by, scope, subject)
    token = secrets.token_urlsafe(32)
    with transaction(session):
        row = _subject(session, scope, subject)
        _revoke(session, by, scope, row.id, now)
        session.add(
            FeedToken(scope=scope, subject_id=row.id, account_id=by.account_id, token_hash=hash_token(token),
                      hint=token[-4:], created_at=now)
        )  # fmt: skip
        render_feed(session, setup, scope=scope, subject_id=row.id, now=now)
        record(session, by=by, now=now, action="feed:rotated", subject=(scope, subject))
    return token


def revoke_feed(session: Session, *, scope: str, subject: str, by: Actor, now: datetime) -> int:
    """End the actor's tokens for a feed at once; gives how many ended."""
    _require_scope(by, scope, subject)
    with transaction(session):
        count = _revoke(session, by, scope, _subject(session, scope, subject).id, now)
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


def find_feed(session: Session, *, token: str) -> FeedHead:
    """The head of the feed a token opens, in one query. NotFound for a wrong, revoked or orphaned token alike."""
    row = session.execute(
        select(FeedToken, FeedDocument.id, FeedDocument.etag, FeedDocument.modified_at, Account.active, Member.active)
        .join(
            FeedDocument,
            (FeedDocument.scope == FeedToken.scope) & (FeedDocument.subject_id == FeedToken.subject_id),
        )
        .outerjoin(Account, Account.id == FeedToken.account_id)
        .outerjoin(Member, (FeedToken.scope == "member") & (Member.id == FeedToken.subject_id))
        .where(FeedToken.token_hash == hash_token(token), FeedToken.revoked_at.is_(None))
    ).first()
    if row is None or row[4] is False or row[5] is False:
        raise NotFound("there is no such feed", code="unknown-feed")
    return FeedHead(row[0].id, row[1], row[2], row[3], row[0].last_used_at)


def read_feed(session: Session, head: FeedHead) -> bytes:
    """The stored bytes of a feed."""
    return session.scalars(select(FeedDocument.content).where(FeedDocument.id == head.document_id)).one()


def note_use(session: Session, head: FeedHead, *, now: datetime) -> None:
    """Keep when a feed was last fetched, to the hour: polling must not write at every request."""
    if head.last_used_at is None or now - head.last_used_at > USE_IS_NOTED_EVERY:
        with transaction(session):
            session.execute(update(FeedToken).where(FeedToken.id == head.token_id).values(last_used_at=now))

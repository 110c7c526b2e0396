"""Feeds become bytes when something changes, in the transaction of the change: reading one costs nothing then.

Only what a living token opens is written: a feed and level nobody reads has no row.
"""

from __future__ import annotations

import calendar
import gzip
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session, defer

from tumorboard.domain.series import FUTURE, PAST
from tumorboard.domain.timeline import Interval
from tumorboard.domain.uids import derive_uid
from tumorboard.formats.feed_lines import write_feed_lines
from tumorboard.formats.free_busy import FreeBusy, write_free_busy
from tumorboard.services import transaction
from tumorboard.services.feed_events import (
    list_busy_times,
    list_feed_events,
)
from tumorboard.services.feed_parts import Detail
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting
from tumorboard.store.people import Member
from tumorboard.store.post import FeedDocument, FeedToken
from tumorboard.words import Words

AT_ONCE = 50
"""How many feeds the nightly job writes in one transaction, so that others may write in between."""

COMPRESSION = 6
"""The highest level takes three times the work for a twentieth of the bytes."""

Subject = tuple[str, int]


def render_feeds_of(session: Session, setup: Setup, meetings: Iterable[Meeting], *, now: datetime) -> int:
    """Render the feeds that the meetings touch, at the levels somebody reads, and no other; gives how many."""
    touched: set[Subject] = set()
    for meeting in meetings:
        touched |= {("board", meeting.board_id), ("deadlines", meeting.board_id)}
        for row in meeting.invitations:
            member = row.member
            touched |= {("member", member.id), ("free_busy", member.id), ("department", member.department_id)}
    return _render(session, setup, _living(session, touched), now=now)


def render_member_feeds(session: Session, setup: Setup, member: Member, *, now: datetime) -> int:
    """Render what shows a member after she answered or her language, name or preferences changed.

    Inside the running transaction.
    """
    touched = {("member", member.id), ("free_busy", member.id), ("department", member.department_id)}
    return _render(session, setup, _living(session, touched), now=now)


def render_board_feeds(session: Session, setup: Setup, board_ids: Iterable[int], *, now: datetime) -> int:
    """Render the feeds of boards after meetings were held by which nobody is invited yet."""
    touched = {(scope, board_id) for scope in ("board", "deadlines") for board_id in board_ids}
    return _render(session, setup, _living(session, touched), now=now)


def render_all_feeds(session: Session, setup: Setup, *, now: datetime) -> int:
    """Let time pass in every feed: old events leave, new ones come into the window. Its own transactions."""
    living = _living(session, None)
    for first in range(0, len(living), AT_ONCE):
        with transaction(session):
            _render(session, setup, living[first : first + AT_ONCE], now=now)
    with transaction(session):
        drop_unread_feeds(session)
    return len(living)


def _living(session: Session, subjects: set[Subject] | None) -> list[tuple[str, int, Detail]]:
    """Scope, subject and level of every feed that a living token opens, in order."""
    query = select(FeedToken.scope, FeedToken.subject_id, FeedToken.detail).where(FeedToken.revoked_at.is_(None))
    if subjects is not None:
        query = query.where(FeedToken.subject_id.in_({subject_id for _, subject_id in subjects}))
    rows = session.execute(query.distinct())
    return sorted((row[0], row[1], Detail(row[2])) for row in rows if subjects is None or (row[0], row[1]) in subjects)


def _render(session: Session, setup: Setup, feeds: list[tuple[str, int, Detail]], *, now: datetime) -> int:
    for scope, subject_id, detail in feeds:
        render_feed(session, setup, scope=scope, subject_id=subject_id, detail=detail, now=now)
    return len(feeds)


def render_feed(
    session: Session, setup: Setup, *, scope: str, subject_id: int, detail: str = Detail.FULL, now: datetime
) -> FeedDocument:
    """Write the bytes of one feed into its row; the row stays untouched when nothing changed.

    `modified_at` grows by a second at least, because that is all a Last-Modified can tell apart.
    """
    if scope == "free_busy":
        content = _write_free_busy(session, setup, subject_id, now)
    else:
        content = _write_feed(session, setup, scope, subject_id, Detail(detail), now)
    etag = hashlib.sha256(content).hexdigest()[:32]
    query = select(FeedDocument).where(FeedDocument.scope == scope, FeedDocument.subject_id == subject_id)
    row = session.scalar(query.where(FeedDocument.detail == detail).options(defer(FeedDocument.content)))
    if row is None:
        row = FeedDocument(scope=scope, subject_id=subject_id, detail=str(detail), etag="", modified_at=now)
        session.add(row)
    elif row.etag != etag:
        row.modified_at = max(now, row.modified_at + timedelta(seconds=1))
    if row.etag != etag or row.compressed is None:
        row.content, row.etag = content, etag
        row.compressed = gzip.compress(content, COMPRESSION, mtime=0)
    session.flush()
    return row


def _write_feed(session: Session, setup: Setup, scope: str, subject_id: int, detail: Detail, now: datetime) -> bytes:
    feed = list_feed_events(session, setup, scope=scope, subject_id=subject_id, detail=detail, now=now)
    words = Words(feed.language)
    covers = words.gettext("The last %(past)d days and the next %(future)d.")
    return write_feed_lines(
        feed.name,
        feed.events,
        series=feed.series,
        description=covers % {"past": PAST.days, "future": FUTURE.days},
        url="" if detail is Detail.BUSY else feed.page,
        color=feed.color,
    )


def _write_free_busy(session: Session, setup: Setup, member_id: int, now: datetime) -> bytes:
    """The window is of whole months, so that the object does not change with each day."""
    member = session.get_one(Member, member_id)
    window = Interval(_begin_of_month(now - PAST), _end_of_month(now + FUTURE))
    times = list_busy_times(session, member_id, window=window)
    uid = derive_uid(f"free-busy {member.public_id}")
    return write_free_busy(
        FreeBusy(
            uid=f"{uid}@{setup.mail_domain}",
            stamp=times.stamp,
            window=window,
            busy=times.spans,
            organizer_email=member.email,
        )
    )


def _begin_of_month(instant: datetime) -> datetime:
    utc = instant.astimezone(UTC)
    return datetime(utc.year, utc.month, 1, tzinfo=UTC)


def _end_of_month(instant: datetime) -> datetime:
    first = _begin_of_month(instant)
    return first + timedelta(days=calendar.monthrange(first.year, first.month)[1])


def drop_unread_feeds(session: Session, subjects: set[Subject] | None = None) -> int:
    """Remove what no living token opens, of the subjects or of all; inside the running transaction."""
    living = {(scope, subject_id, str(detail)) for scope, subject_id, detail in _living(session, subjects)}
    query = select(FeedDocument.id, FeedDocument.scope, FeedDocument.subject_id, FeedDocument.detail)
    if subjects is not None:
        query = query.where(tuple_(FeedDocument.scope, FeedDocument.subject_id).in_(subjects))
    unread = [row.id for row in session.execute(query) if (row.scope, row.subject_id, row.detail) not in living]
    if unread:
        session.execute(delete(FeedDocument).where(FeedDocument.id.in_(unread)))
    return len(unread)

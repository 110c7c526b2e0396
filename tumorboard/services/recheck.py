"""Published meetings looked at again at once, by the rules of the nightly check; what is new is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.deadlines import SOON
from tumorboard.services.digest import post_digests
from tumorboard.services.findings import Kept, keep_findings
from tumorboard.services.nightly import find_wrong
from tumorboard.services.published import PublishedBoard, load_published
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting
from tumorboard.store.people import Member
from tumorboard.store.plans import MeetingFinding


def recheck_meeting(
    session: Session, setup: Setup, meeting: Meeting, *, now: datetime, tells: bool = True,
    published: PublishedBoard | None = None,
) -> Kept:  # fmt: skip
    """Bring the findings of a meeting to the facts of now, in the caller's transaction.

    With `tells` a new finding that stops a case is written to the coordinators: at once when the meeting is near.
    Whoever has read what is `published` since the last change gives it.
    """
    session.flush()
    if meeting.status != "published" or meeting.starts_at <= now:
        return Kept((), (), 0)
    published = published or load_published(session, setup, meeting.board, now=now)
    wrong = find_wrong(session, setup, published, now=now) if published is not None else ()
    here = [reason for reason in wrong if reason.values["meeting"] == meeting.public_id]
    kept = keep_findings(session, [meeting], here, now=now)
    news = [each for each in kept.new if each.is_blocking]
    if tells and news:
        is_near = meeting.starts_at - now <= SOON
        post_digests(session, setup, [(meeting.board, news)], now=now, at_once=is_near)
    return kept


def recheck_call(session: Session, setup: Setup, meeting: Meeting, *, now: datetime) -> Kept:
    """The same for an urgent meeting, in the caller's transaction: whatever is new is told at once."""
    kept = recheck_meeting(session, setup, meeting, now=now, tells=False)
    if kept.new:
        post_digests(session, setup, [(meeting.board, kept.new)], now=now, at_once=True)
    return kept


def recheck_meetings(session: Session, setup: Setup, meetings: Iterable[Meeting], *, now: datetime) -> None:
    """The same for several meetings, each board read once; nobody is written to.

    A meeting that is not published any more has nothing to mend.
    """
    session.flush()
    by_board: dict[int, list[Meeting]] = {}
    for meeting in meetings:
        by_board.setdefault(meeting.board_id, []).append(meeting)
    for rows in by_board.values():
        ahead = [row for row in rows if row.status == "published" and row.starts_at > now]
        keep_findings(session, [row for row in rows if row not in ahead], (), now=now)
        board = rows[0].board
        if not ahead or board.program not in setup.programs:
            continue
        published = load_published(session, setup, board, now=now)
        wrong = find_wrong(session, setup, published, now=now) if published is not None else ()
        ids = {row.public_id for row in ahead}
        keep_findings(session, ahead, [each for each in wrong if each.values["meeting"] in ids], now=now)


def recheck_member(session: Session, setup: Setup, member: Member, *, hit: Iterable[str], now: datetime) -> None:
    """Look again at the meetings with these public ids, and at those of which something is to be mended about her."""
    standing = select(MeetingFinding).where(MeetingFinding.mended_at.is_(None))
    about = (row for row in session.scalars(standing) if row.detail.get("member") == member.public_id)
    ids = {row.meeting_id for row in about}
    query = select(Meeting).where((Meeting.id.in_(ids)) | Meeting.public_id.in_(tuple(hit)))
    recheck_meetings(session, setup, session.scalars(query.order_by(Meeting.starts_at)).all(), now=now)

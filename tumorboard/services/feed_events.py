"""What stands in a feed: the events of a member, a board or a department, with as much as its level of detail shows.

A feed covers the last 90 days and the next 400; a cancelled event stays in it for 30 days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from tumorboard.domain.series import FUTURE, PAST
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.domain.timeline import Interval
from tumorboard.formats.ical_values import FeedEvent, FeedSeries, FeedStatus
from tumorboard.services.feed_board import list_board_events
from tumorboard.services.feed_parts import CANCELLED_STAYS, Detail, at_level, event_of_invitation, stamp_of
from tumorboard.services.feed_series import list_series, list_untold, load_standings
from tumorboard.services.feed_stamps import keep_stamps
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import StandingPlace
from tumorboard.store.meetings import Board, Meeting, MeetingInvitation
from tumorboard.store.people import Department, Member
from tumorboard.store.post import FeedDocument
from tumorboard.words import Words

DEADLINE_LASTS = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class FeedContent:
    """A feed before it is written. `page` is where people find more after log-in."""

    name: str
    events: list[FeedEvent]
    language: str
    page: str
    color: str
    series: list[FeedSeries] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BusyTimes:
    """When somebody is taken, sorted, and when that was last told to her."""

    spans: tuple[Interval, ...]
    stamp: datetime


def list_feed_events(
    session: Session, setup: Setup, *, scope: str, subject_id: int, detail: Detail, now: datetime
) -> FeedContent:
    """The events of a feed. `subject_id` is the row of the member, board or department."""
    collect = {"member": _of_member, "board": _of_board, "department": _of_department, "deadlines": _of_deadlines}
    return collect[scope](session, setup, subject_id, detail, now)


def list_busy_times(session: Session, member_id: int, *, window: Interval) -> BusyTimes:
    """When a member is taken in the window, as her feed says it: what she declined is left out."""
    query = select(MeetingInvitation).where(
        MeetingInvitation.member_id == member_id, MeetingInvitation.status == "invited",
        MeetingInvitation.answer.not_in(NOT_COMING),
        MeetingInvitation.ends_at > window.start, MeetingInvitation.starts_at < window.end,
    )  # fmt: skip
    rows = list(session.scalars(query.order_by(MeetingInvitation.starts_at, MeetingInvitation.id)))
    standings = load_standings(session, member_id, window)
    spans = [Interval(row.starts_at, row.ends_at) for row in rows]
    spans += [span for standing in standings for span in list_untold(standing, window)]
    stamps = [*(row.stamp for row in rows), *(standing.stamp for standing in standings)]
    return BusyTimes(tuple(sorted(spans)), max(stamps, default=window.start))


def _invitations(session: Session, now: datetime, *conditions: Any) -> list[MeetingInvitation]:
    query = (
        select(MeetingInvitation)
        .where(MeetingInvitation.status.in_(("invited", "cancelled")))
        .where(MeetingInvitation.ends_at > now - PAST, MeetingInvitation.starts_at < now + FUTURE)
        .where(*conditions)
        .order_by(MeetingInvitation.starts_at, MeetingInvitation.id)
        .options(joinedload(MeetingInvitation.meeting))
    )
    rows = [row for row in session.scalars(query) if row.status == "invited" or row.stamp > now - CANCELLED_STAYS]
    boards = {row.id: row for row in session.scalars(select(Board))}
    for row in rows:  # there are few boards: a join would read each of them again for every event
        set_committed_value(row.meeting, "board", boards[row.meeting.board_id])
    return rows


def _of_member(session: Session, setup: Setup, subject_id: int, detail: Detail, now: datetime) -> FeedContent:
    member = session.get_one(Member, subject_id)
    window = Interval(now - PAST, now + FUTURE)
    apart = MeetingInvitation.id.not_in(select(StandingPlace.invitation_id))
    rows = _invitations(session, now, MeetingInvitation.member_id == subject_id, apart)
    for row in rows:
        set_committed_value(row, "member", member)
    events = [event_of_invitation(setup, row, detail) for row in rows]
    standings = load_standings(session, subject_id, window)
    series = list_series(setup, standings, detail, now=now, window=window)
    words = Words(member.language)
    name = words.gettext("Busy") if detail is Detail.BUSY else words.gettext("Tumor board")
    page = f"{setup.base_url}/mine"
    return FeedContent(f"{name} – {member.name}", events, member.language, page, "teal", series)


def _of_department(session: Session, setup: Setup, subject_id: int, detail: Detail, now: datetime) -> FeedContent:
    """One event for each member's part: a meeting with two of them stands there twice, a clash too."""
    department = session.get_one(Department, subject_id)
    in_korean = setup.language == "ko"
    here = MeetingInvitation.member_id.in_(select(Member.id).where(Member.department_id == subject_id))
    events = []
    session.scalars(select(Member).where(Member.department_id == subject_id)).all()  # each row finds her member here
    for row in _invitations(session, now, here):
        is_cancelled = row.status == "cancelled"
        event = FeedEvent(
            uid=f"d-{row.uid}", sequence=row.sequence, stamp=stamp_of(row), starts_at=row.starts_at,
            ends_at=row.ends_at, time_zone=row.meeting.time_zone,
            title=f"{row.member.name} – {_own_name(row.meeting.board, in_korean)}",
            description="", location="", video_url=None, url="", is_busy=row.answer not in NOT_COMING,
            status=FeedStatus.CANCELLED if is_cancelled else FeedStatus.CONFIRMED,
        )  # fmt: skip
        page = f"{setup.base_url}/meetings/{row.meeting.public_id}"
        events.append(at_level(event, detail, setup.language, row.details["room"], row.details["video"], page))
    name = _own_name(department, in_korean)
    return FeedContent(name, events, setup.language, f"{setup.base_url}/people", "slategray")


def _of_board(session: Session, setup: Setup, subject_id: int, detail: Detail, now: datetime) -> FeedContent:
    board = session.get_one(Board, subject_id)
    name = _own_name(board, setup.language == "ko")
    events, series = list_board_events(session, setup, board, detail, now)
    events, series = keep_stamps(events, series, _stored(session, "board", subject_id, detail), now=now)
    shown = Words(setup.language).gettext("Busy") if detail is Detail.BUSY else name
    return FeedContent(shown, events, setup.language, f"{setup.base_url}/boards/{board.key}", "steelblue", series)


def _of_deadlines(session: Session, setup: Setup, subject_id: int, detail: Detail, now: datetime) -> FeedContent:
    """When the case list of each meeting closes: for information, so nobody is busy then."""
    board = session.get_one(Board, subject_id)
    name = _own_name(board, setup.language == "ko")
    title = Words(setup.language).gettext("Case list closes: %(board)s") % {"board": name}
    events = [
        FeedEvent(
            uid=f"{row.calendar_id}-closes@{setup.mail_domain}", sequence=row.revision - 1, stamp=now,
            starts_at=row.closes_at, ends_at=row.closes_at + DEADLINE_LASTS, time_zone=row.time_zone, title=title,
            description="", location="", video_url=None, url=f"{setup.base_url}/meetings/{row.public_id}",
            is_busy=False,
        )
        for row in _meetings(session, subject_id, now)
    ]  # fmt: skip
    events, _ = keep_stamps(events, (), _stored(session, "deadlines", subject_id, detail), now=now)
    shown = Words(setup.language).gettext("Case lists: %(board)s") % {"board": name}
    return FeedContent(shown, events, setup.language, f"{setup.base_url}/boards/{board.key}", "goldenrod")


def _stored(session: Session, scope: str, subject_id: int, detail: Detail) -> bytes | None:
    """The bytes that calendars have of the feed now."""
    query = select(FeedDocument.content).where(FeedDocument.scope == scope, FeedDocument.subject_id == subject_id)
    return session.scalar(query.where(FeedDocument.detail == str(detail)))


def _meetings(session: Session, board_id: int, now: datetime) -> Iterable[Meeting]:
    query = select(Meeting).where(Meeting.board_id == board_id, Meeting.status != "cancelled")
    query = query.where(Meeting.ends_at > now - PAST, Meeting.starts_at < now + FUTURE)
    return session.scalars(query.order_by(Meeting.starts_at, Meeting.id))


def _own_name(row: Board | Department, in_korean: bool) -> str:
    return row.name_ko if in_korean else row.name_en

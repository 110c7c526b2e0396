"""What stands in a feed: the events of a member, a board or a department, with as much as its level of detail shows.

A feed covers the last 90 days and the next 400; a cancelled event stays in it for 30 days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.series import FUTURE, PAST
from tumorboard.domain.timeline import Interval
from tumorboard.formats.ical_values import FeedEvent, FeedSeries, FeedStatus
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
        MeetingInvitation.answer != "declined",
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
        .options(joinedload(MeetingInvitation.meeting).joinedload(Meeting.board), joinedload(MeetingInvitation.member))
    )
    return [row for row in session.scalars(query) if row.status == "invited" or row.stamp > now - CANCELLED_STAYS]


def _of_member(session: Session, setup: Setup, subject_id: int, detail: Detail, now: datetime) -> FeedContent:
    member = session.get_one(Member, subject_id)
    window = Interval(now - PAST, now + FUTURE)
    apart = MeetingInvitation.id.not_in(select(StandingPlace.invitation_id))
    rows = _invitations(session, now, MeetingInvitation.member_id == subject_id, apart)
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
    for row in _invitations(session, now, here):
        is_cancelled = row.status == "cancelled"
        event = FeedEvent(
            uid=f"d-{row.uid}", sequence=row.sequence, stamp=stamp_of(row), starts_at=row.starts_at,
            ends_at=row.ends_at, time_zone=row.meeting.time_zone,
            title=f"{row.member.name} – {_own_name(row.meeting.board, in_korean)}",
            description="", location="", video_url=None, url="", is_busy=row.answer != "declined",
            status=FeedStatus.CANCELLED if is_cancelled else FeedStatus.CONFIRMED,
        )  # fmt: skip
        page = f"{setup.base_url}/meetings/{row.meeting.public_id}"
        events.append(at_level(event, detail, setup.language, row.details["room"], row.details["video"], page))
    name = _own_name(department, in_korean)
    return FeedContent(name, events, setup.language, f"{setup.base_url}/people", "slategray")


def _of_board(session: Session, setup: Setup, subject_id: int, detail: Detail, now: datetime) -> FeedContent:
    board = session.get_one(Board, subject_id)
    name = _own_name(board, setup.language == "ko")
    events = []
    for row in _meetings(session, subject_id, Meeting.published_at.is_not(None), now):
        is_cancelled = row.status == "cancelled"
        if is_cancelled and _last_change(row) <= now - CANCELLED_STAYS:
            continue
        event = FeedEvent(
            uid=f"{row.public_id}@{setup.mail_domain}", sequence=_sequence(row), stamp=_last_change(row),
            starts_at=row.starts_at, ends_at=row.ends_at, time_zone=row.time_zone, title=name, description="",
            location="", video_url=None, url="",
            status=FeedStatus.CANCELLED if is_cancelled else FeedStatus.CONFIRMED,
        )  # fmt: skip
        page = f"{setup.base_url}/meetings/{row.public_id}"
        events.append(at_level(event, detail, setup.language, row.room.name, row.room.video_url, page))
    shown = Words(setup.language).gettext("Busy") if detail is Detail.BUSY else name
    return FeedContent(shown, events, setup.language, f"{setup.base_url}/boards/{board.key}", "steelblue")


def _of_deadlines(session: Session, setup: Setup, subject_id: int, detail: Detail, now: datetime) -> FeedContent:
    """When the case list of each meeting closes: for information, so nobody is busy then."""
    board = session.get_one(Board, subject_id)
    name = _own_name(board, setup.language == "ko")
    title = Words(setup.language).gettext("Case list closes: %(board)s") % {"board": name}
    events = [
        FeedEvent(
            uid=f"closes-{row.public_id}@{setup.mail_domain}", sequence=row.revision - 1, stamp=now,
            starts_at=row.closes_at, ends_at=row.closes_at + DEADLINE_LASTS, time_zone=row.time_zone, title=title,
            description="", location="", video_url=None, url=f"{setup.base_url}/meetings/{row.public_id}",
            is_busy=False,
        )
        for row in _meetings(session, subject_id, Meeting.status != "cancelled", now)
    ]  # fmt: skip
    stored = select(FeedDocument.content).where(
        FeedDocument.scope == "deadlines", FeedDocument.subject_id == subject_id
    )
    events = keep_stamps(events, session.scalar(stored.where(FeedDocument.detail == str(detail))), now=now)
    shown = Words(setup.language).gettext("Case lists: %(board)s") % {"board": name}
    return FeedContent(shown, events, setup.language, f"{setup.base_url}/boards/{board.key}", "goldenrod")


def _meetings(session: Session, board_id: int, condition: Any, now: datetime) -> Iterable[Meeting]:
    query = select(Meeting).where(Meeting.board_id == board_id, condition)
    query = query.where(Meeting.ends_at > now - PAST, Meeting.starts_at < now + FUTURE)
    query = query.options(joinedload(Meeting.room), selectinload(Meeting.invitations))
    return session.scalars(query.order_by(Meeting.starts_at, Meeting.id))


def _last_change(row: Meeting) -> datetime:
    """When the board's entry of a meeting last changed: at its publication, or when those who hold all of it heard."""
    assert row.published_at is not None  # the query says so
    return max([row.published_at, *(entry.stamp for entry in row.invitations if entry.kind == "core")])


def _sequence(row: Meeting) -> int:
    """Grows when the meeting moves or is cancelled, as the entries of those do who hold the whole of it."""
    whole = max((entry.sequence for entry in row.invitations if entry.kind == "core"), default=0)
    return max(whole, 1) if row.status == "cancelled" else whole


def _own_name(row: Board | Department, in_korean: bool) -> str:
    return row.name_ko if in_korean else row.name_en

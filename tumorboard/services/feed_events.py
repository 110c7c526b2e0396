"""What stands in a feed: the events of a member, a board or a department, with as much as its level of detail shows.

A feed covers the last 90 days and the next 400; a cancelled event stays in it for 30 days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from tumorboard.domain.series import FUTURE, PAST
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.domain.timeline import Interval
from tumorboard.formats.ical_values import FeedEvent, FeedSeries, FeedStatus
from tumorboard.services.feed_board import list_board_events
from tumorboard.services.feed_parts import CANCELLED_STAYS, PART, Detail, MemberEvents, Part, at_level
from tumorboard.services.feed_series import list_series, list_untold, load_standings
from tumorboard.services.feed_stamps import keep_stamps
from tumorboard.services.parts import DELEGATED
from tumorboard.services.setup import Setup
from tumorboard.services.standing import last_exclusion
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
    stamps = [*(row.stamp for row in rows), *(last_exclusion(standing)[1] for standing in standings)]
    return BusyTimes(tuple(sorted(spans)), max(stamps, default=window.start))


def _list_parts(session: Session, now: datetime, *conditions: ColumnElement[bool]) -> list[Part]:
    """The parts in the window, in order. Columns are read and no rows: those would take longer than the rest of it."""
    query = (
        select(*PART)
        .join(Meeting, Meeting.id == MeetingInvitation.meeting_id)
        .where(MeetingInvitation.status.in_(("invited", "cancelled")))
        .where(MeetingInvitation.ends_at > now - PAST, MeetingInvitation.starts_at < now + FUTURE)
        .where(*conditions)
        .order_by(MeetingInvitation.starts_at, MeetingInvitation.id)
    )
    parts = map(Part._make, session.execute(query))
    return [part for part in parts if part.status == "invited" or part.stamp > now - CANCELLED_STAYS]


def _list_boards(session: Session) -> dict[int, Board]:
    """All of them, for there are few."""
    return {row.id: row for row in session.scalars(select(Board))}


def _list_principals(session: Session, parts: Iterable[Part]) -> dict[str, str]:
    """The names of those who delegated these parts, by their invitations, as `parts.delegator_of` finds them."""
    wanted = {part.delegated_from for part in parts if part.delegated_from}
    if not wanted:
        return {}
    query = (
        select(MeetingInvitation.public_id, Member.name)
        .join(Member, Member.id == MeetingInvitation.member_id)
        .where(MeetingInvitation.public_id.in_(wanted))
        .where(MeetingInvitation.status == "invited", MeetingInvitation.answer == DELEGATED)
    )
    return dict(session.execute(query).tuples().all())


def _of_member(session: Session, setup: Setup, subject_id: int, detail: Detail, now: datetime) -> FeedContent:
    member = session.get_one(Member, subject_id)
    window = Interval(now - PAST, now + FUTURE)
    apart = MeetingInvitation.id.not_in(select(StandingPlace.invitation_id))
    parts = _list_parts(session, now, MeetingInvitation.member_id == subject_id, apart)
    writer = MemberEvents(setup, member, _list_boards(session), _list_principals(session, parts), detail)
    events = [writer.event_of(part) for part in parts]
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
    names = {row.id: row.name for row in session.scalars(select(Member).where(Member.department_id == subject_id))}
    boards = _list_boards(session)
    here = MeetingInvitation.member_id.in_(select(Member.id).where(Member.department_id == subject_id))
    events = []
    for part in _list_parts(session, now, here):
        event = FeedEvent(
            uid=f"d-{part.uid}", sequence=part.sequence, stamp=part.changed_at, starts_at=part.starts_at,
            ends_at=part.ends_at, time_zone=part.time_zone,
            title=f"{names[part.member_id]} – {_own_name(boards[part.board_id], in_korean)}",
            description="", location="", video_url=None, url="", is_busy=part.answer not in NOT_COMING,
            status=FeedStatus.CANCELLED if part.status == "cancelled" else FeedStatus.CONFIRMED,
        )  # fmt: skip
        page = f"{setup.base_url}/meetings/{part.meeting_id}"
        events.append(at_level(event, detail, setup.language, part.details["room"], part.details["video"], page))
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

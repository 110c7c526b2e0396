"""The meetings of a board as its feed shows them: a weekly series is one recurring event, with what differs in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.series import FUTURE, PAST, Occurrence, SeriesPlan, plan_calendar
from tumorboard.domain.timeline import Interval
from tumorboard.domain.uids import derive_uid
from tumorboard.formats.ical import can_repeat
from tumorboard.formats.ical_values import FeedEvent, FeedSeries, FeedStatus, Weekly
from tumorboard.services.feed_parts import CANCELLED_STAYS, Detail, at_level, differs
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Board, Meeting, Series

WEEK = timedelta(days=7)
Clock = tuple[int, time]
"""Weekday and wall clock."""


def list_board_events(
    session: Session, setup: Setup, board: Board, detail: Detail, now: datetime
) -> tuple[list[FeedEvent], list[FeedSeries]]:
    """The published meetings in the window of a feed: those that stand by themselves, and the weekly series.

    A cancelled meeting stays a while; then its week is left out.
    """
    writer = _Writer(setup, board, detail)
    rows, left, seeds = (
        _list_published(session, board, now),
        _list_left(session, board, now),
        _find_seeds(session, board),
    )
    events = [writer.event_of(row) for row in rows if row.series_id is None]
    series: list[FeedSeries] = []
    for weekly in board.series:
        members = {row.public_id: row for row in rows if row.series_id == weekly.id}
        if members:
            laid = _Laid(writer, weekly, members, seeds[weekly.id])
            plan = plan_calendar(
                _list_occurrences(members, left.get(weekly.id, []), weekly), zone=laid.zone, now=now
            )  # fmt: skip
            series += laid.list_series(plan.series)
            events += laid.list_events([*plan.apart, *laid.unsaid])
    return events, series


def _list_published(session: Session, board: Board, now: datetime) -> list[Meeting]:
    query = (
        select(Meeting)
        .where(Meeting.board_id == board.id, Meeting.published_at.is_not(None))
        .where(Meeting.ends_at > now - PAST, Meeting.starts_at < now + FUTURE)
        .order_by(Meeting.starts_at, Meeting.id)
        .options(joinedload(Meeting.room), selectinload(Meeting.invitations))
    )
    rows = session.scalars(query)
    return [row for row in rows if row.status != "cancelled" or _last_change(row) > now - CANCELLED_STAYS]


def _list_left(session: Session, board: Board, now: datetime) -> dict[int, list[datetime]]:
    """By series, the starts that meetings left when they moved: a mark stands at each."""
    query = select(Meeting.series_id, Meeting.starts_at).where(
        Meeting.board_id == board.id, Meeting.status == "cancelled", Meeting.published_at.is_(None),
        Meeting.starts_at > now - PAST - WEEK, Meeting.starts_at < now + FUTURE + WEEK,
    )  # fmt: skip
    found: dict[int, list[datetime]] = {}
    for series_id, starts_at in session.execute(query.order_by(Meeting.starts_at)):
        if series_id is not None:
            found.setdefault(series_id, []).append(starts_at)
    return found


def _find_seeds(session: Session, board: Board) -> dict[int, str]:
    """The random name of each series: that of the first meeting held by it."""
    first = select(func.min(Meeting.id)).where(Meeting.board_id == board.id).group_by(Meeting.series_id)
    query = select(Meeting.series_id, Meeting.calendar_id).where(Meeting.id.in_(first))
    return {series_id: seed for series_id, seed in session.execute(query) if series_id is not None}


def _list_occurrences(members: Mapping[str, Meeting], left: Iterable[datetime], weekly: Series) -> Iterator[Occurrence]:
    """Each meeting with the start that its series gives it: its own, or the nearest that one left within a week."""
    zone, usual = ZoneInfo(weekly.time_zone), (weekly.weekday, weekly.local_time)
    free = [start for start in left if _clock(start, zone) == usual]
    for key, row in members.items():
        planned_at = row.starts_at
        if _clock(planned_at, zone) != usual and free:
            nearest = min(free, key=lambda start: abs(start - row.starts_at))
            if abs(nearest - row.starts_at) < WEEK:
                planned_at = nearest
                free.remove(nearest)
        yield Occurrence(planned_at, Interval(row.starts_at, row.ends_at), key)


def _clock(instant: datetime, zone: ZoneInfo) -> Clock:
    local = instant.astimezone(zone)
    return local.weekday(), local.time()


class _Laid:
    """The meetings of one series of a board on their way into a feed."""

    def __init__(self, writer: _Writer, weekly: Series, members: Mapping[str, Meeting], seed: str) -> None:
        self.zone = ZoneInfo(weekly.time_zone)
        self.unsaid: list[Occurrence] = []
        """What no calendar can say as a series, after `list_series`."""
        self._writer, self._weekly, self._members, self._seed = writer, weekly, members, seed
        self._said: set[Clock] = set()

    def list_series(self, plans: Iterable[SeriesPlan]) -> list[FeedSeries]:
        """Each weekly entry that calendars can say."""
        found = []
        for plan in plans:
            instants = (plan.first.start, plan.first.end, plan.until, *plan.excluded)
            if can_repeat(self._weekly.time_zone, instants):
                self._said.add(_clock(plan.first.start, self.zone))
                found.append(self._write(plan))
            else:
                self.unsaid += plan.kept
        return found

    def list_events(self, apart: list[Occurrence]) -> list[FeedEvent]:
        """The others. One alone that is the beginning or the rest of its series has its name already."""
        usual = (self._weekly.weekday, self._weekly.local_time)
        alone = Counter(_clock(one.planned_at, self.zone) for one in apart)
        found = []
        for one in apart:
            event, clock = self._writer.event_of(self._members[one.key]), _clock(one.planned_at, self.zone)
            if usual in self._said:
                event = replace(event, related_uid=self._writer.related(self._name(usual)))
            elif clock == usual and alone[usual] == 1:
                event = replace(event, uid=self._name(usual))
            found.append(event)
        return found

    def _name(self, clock: Clock) -> str:
        """The UID of the entry with this clock: random, and always the same (RFC 7986, 5.3)."""
        weekday, at = clock
        return self._writer.address(derive_uid(f"{self._seed} {weekday} {at.isoformat()}"))

    def _write(self, plan: SeriesPlan) -> FeedSeries:
        rows = {one.planned_at: self._members[one.key] for one in plan.kept}
        uid, zone = self._name(_clock(plan.first.start, self.zone)), self._weekly.time_zone
        first = replace(self._writer.usual_of(list(rows.values())), uid=uid, time_zone=zone)
        first = replace(first, starts_at=plan.first.start, ends_at=plan.first.end)
        events = ((start, replace(self._writer.event_of(row), uid=uid, time_zone=zone)) for start, row in rows.items())
        return FeedSeries(
            first=first,
            weekly=Weekly(until=plan.until, excluded=plan.excluded),
            overrides=tuple((start, event) for start, event in events if differs(event, first, start)),
        )


@dataclass(frozen=True, slots=True)
class _Writer:
    """How the meetings of a board look at a level of detail."""

    setup: Setup
    board: Board
    detail: Detail

    def address(self, name: str) -> str:
        """The name as UID at our own domain."""
        return f"{name}@{self.setup.mail_domain}"

    def related(self, uid: str) -> str | None:
        """The UID of the entry that an event left; who sees only that somebody is busy is not told."""
        return None if self.detail is Detail.BUSY else uid

    def event_of(self, row: Meeting) -> FeedEvent:
        """One meeting."""
        return self._write(row, f"{self.setup.base_url}/meetings/{row.public_id}")

    def usual_of(self, rows: list[Meeting]) -> FeedEvent:
        """What holds for most of them, as new as the newest; its link is that of the board."""
        held = [row for row in rows if row.status != "cancelled"] or rows
        ((room, _),) = Counter(row.room_id for row in held).most_common(1)
        usual = next(row for row in held if row.room_id == room)
        event = self._write(usual, f"{self.setup.base_url}/boards/{self.board.key}")
        return replace(
            event, status=FeedStatus.CONFIRMED, stamp=max(map(_last_change, rows)), sequence=max(map(_sequence, rows))
        )

    def _write(self, row: Meeting, page: str) -> FeedEvent:
        is_cancelled = row.status == "cancelled"
        event = FeedEvent(
            uid=self.address(row.calendar_id), sequence=_sequence(row), stamp=_last_change(row),
            starts_at=row.starts_at, ends_at=row.ends_at, time_zone=row.time_zone,
            title=self.board.name_ko if self.setup.language == "ko" else self.board.name_en, description="",
            location="", video_url=None, url="",
            status=FeedStatus.CANCELLED if is_cancelled else FeedStatus.CONFIRMED,
        )  # fmt: skip
        return at_level(event, self.detail, self.setup.language, row.room.name, row.room.video_url, page)


def _last_change(row: Meeting) -> datetime:
    """When the board's entry of a meeting last changed: at its publication, or when those who hold all of it heard."""
    assert row.published_at is not None  # the query says so
    return max([row.published_at, *(entry.stamp for entry in row.invitations if entry.kind == "core")])


def _sequence(row: Meeting) -> int:
    """Grows when the meeting moves or is cancelled, as the entries of those do who hold the whole of it."""
    whole = max((entry.sequence for entry in row.invitations if entry.kind == "core"), default=0)
    return max(whole, 1) if row.status == "cancelled" else whole

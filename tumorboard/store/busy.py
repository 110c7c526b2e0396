"""When members cannot come, as planning, checks and pages read it: the one place that puts the sources together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from tumorboard.domain.timeline import Interval, merge
from tumorboard.domain.weekly_hours import HoursKind, Taken, WeeklyPattern, combine
from tumorboard.store.calendars import BusyInterval, BusySource
from tumorboard.store.meetings import Booking, Resource
from tumorboard.store.people import Absence, WeeklyHours

_DAY = timedelta(days=1)


def taken_times(
    session: Session, *, start: datetime, end: datetime, members: Iterable[int] | None = None
) -> dict[int, Taken]:
    """Per member row id, when she cannot come between two instants and why: absences, busy times, her weekly hours, and
    what her own calendar says where it is sure. Bookings are not in it. Three queries, whatever they find.

    Without `members` those of all. Who has nothing is not there.
    """
    own = None if members is None else list(members)
    absent: dict[int, list[Interval]] = {}
    entered: dict[int, list[Interval]] = {}
    absences = select(Absence.member_id, Absence.starts_at, Absence.ends_at, Absence.kind)
    absences = absences.where(Absence.starts_at < end, Absence.ends_at > start)
    for member_id, starts_at, ends_at, kind in session.execute(absences.where(_is_one_of(Absence.member_id, own))):
        (absent if kind == "absence" else entered).setdefault(member_id, []).append(Interval(starts_at, ends_at))
    read: dict[int, list[Interval]] = {}
    sources = select(BusySource.member_id, BusyInterval.starts_at, BusyInterval.ends_at)
    sources = sources.join(BusySource, BusySource.id == BusyInterval.source_id)
    sources = sources.where(BusyInterval.is_tentative.is_(False))
    sources = sources.where(BusyInterval.starts_at < end, BusyInterval.ends_at > start)
    for member_id, starts_at, ends_at in session.execute(sources.where(_is_one_of(BusySource.member_id, own))):
        read.setdefault(member_id, []).append(Interval(starts_at, ends_at))
    patterns = _patterns(session, start, end, own)
    window = Interval(start, end)
    return {
        member_id: combine(
            absent=absent.get(member_id, ()), entered=entered.get(member_id, ()), read=read.get(member_id, ()),
            patterns=patterns.get(member_id, ()), window=window,
        )
        for member_id in {*absent, *entered, *read, *patterns}
    }  # fmt: skip


def taken_during(session: Session, windows: Iterable[tuple[int, Interval]]) -> dict[int, Taken]:
    """The same for the members of these windows (row id and span), as far as their times reach; for none no query."""
    found = list(windows)
    if not found:
        return {}
    start, end = min(span.start for _, span in found), max(span.end for _, span in found)
    return taken_times(session, start=start, end=end, members={member_id for member_id, _ in found})


def _patterns(
    session: Session, start: datetime, end: datetime, members: list[int] | None
) -> dict[int, list[WeeklyPattern]]:
    """Per member row id, the weekly hours that hold on one of the days; a day more on each side, for their zones."""
    query = select(WeeklyHours).where(WeeklyHours.first_on <= end.date() + _DAY)
    query = query.where(or_(WeeklyHours.last_on.is_(None), WeeklyHours.last_on >= start.date() - _DAY))
    found: dict[int, list[WeeklyPattern]] = {}
    for row in session.scalars(query.where(_is_one_of(WeeklyHours.member_id, members)).order_by(WeeklyHours.id)):
        found.setdefault(row.member_id, []).append(pattern_of(row))
    return found


def _is_one_of(column: InstrumentedAttribute[int], members: list[int] | None) -> ColumnElement[bool]:
    return true() if members is None else column.in_(members)


def pattern_of(row: WeeklyHours) -> WeeklyPattern:
    """A row of weekly hours as a value."""
    return WeeklyPattern(
        kind=HoursKind(row.kind), weekday=row.weekday, starts=row.starts_local, ends=row.ends_local,
        zone=row.time_zone, first_on=row.first_on, last_on=row.last_on,
    )  # fmt: skip


def busy_times(
    session: Session, *, start: datetime, end: datetime, without_meetings: Iterable[int] = ()
) -> dict[int, tuple[Interval, ...]]:
    """Per member row id, when she cannot come between two instants: what `taken_times` gives, and confirmed bookings.

    Bookings of `without_meetings` do not count: they are what is being planned again. Sorted, non-overlapping.
    """
    found = {member_id: [*taken.all] for member_id, taken in taken_times(session, start=start, end=end).items()}
    bookings = (
        select(Resource.member_id, Booking.starts_at, Booking.ends_at)
        .join(Resource, Resource.id == Booking.resource_id)
        .where(Resource.member_id.is_not(None), Booking.status == "confirmed")
        .where(Booking.starts_at < end, Booking.ends_at > start, Booking.meeting_id.not_in(list(without_meetings)))
    )
    for member_id, starts_at, ends_at in session.execute(bookings):
        found.setdefault(cast("int", member_id), []).append(Interval(starts_at, ends_at))
    return {member_id: merge(intervals) for member_id, intervals in found.items()}

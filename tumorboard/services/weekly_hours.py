"""A member's week: the clinics that repeat, and the hours at which she is available although a calendar says busy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.domain.timeline import Interval, is_free
from tumorboard.domain.weekly_hours import HoursKind, expand_pattern
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.people import find_member, require_own
from tumorboard.services.preferences import list_zones
from tumorboard.services.recheck import recheck_member
from tumorboard.services.setup import Setup
from tumorboard.store.busy import pattern_of
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Member, WeeklyHours

MOST_PATTERNS = 60
"""Of one member; more is no week of a person."""
FARTHEST = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Hours:
    """What is said of a week: on these weekdays (Monday = 0) from one local time to another, `busy` or `available`.

    Both days are included; without `last_on` until further notice. An empty `time_zone` is the member's.
    """

    kind: str
    weekdays: frozenset[int]
    starts: time
    ends: time
    first_on: date
    last_on: date | None = None
    time_zone: str = ""


def may_read_hours(by: Actor, member_id: str) -> bool:
    """True for the member herself, and for who plans meetings or enters absences."""
    return by.member_id == member_id or by.may(Permission.MEETING_EDIT) or by.may(Permission.ABSENCE_EDIT_ANY)


def list_hours(session: Session, *, member_id: str, by: Actor, now: datetime) -> tuple[WeeklyHours, ...]:
    """The weekly hours that are not over, by weekday and time. Raises NotFound."""
    require(by, Permission.PEOPLE_READ)
    if not may_read_hours(by, member_id):
        require(by, Permission.ABSENCE_EDIT_ANY)
    member = find_member(session, member_id)
    query = select(WeeklyHours).where(WeeklyHours.member_id == member.id)
    query = query.where(WeeklyHours.last_on.is_(None) | (WeeklyHours.last_on >= now.date() - timedelta(days=1)))
    return tuple(session.scalars(query.order_by(WeeklyHours.weekday, WeeklyHours.starts_local, WeeklyHours.id)))


def add_hours(
    session: Session, setup: Setup, *, member_id: str, hours: Hours, by: Actor, now: datetime
) -> tuple[tuple[WeeklyHours, ...], tuple[str, ...]]:
    """Note what repeats in a member's week; gives the rows, one for each weekday, and the meetings they hit.

    Those are the public ids of published meetings ahead at which she is expected. What they lose is found at once.
    """
    require_own(by, member_id)
    _refuse_impossible(hours, now)
    with transaction(session):
        member = find_member(session, member_id)
        count = session.scalar(select(func.count()).where(WeeklyHours.member_id == member.id)) or 0
        if count + len(hours.weekdays) > MOST_PATTERNS:
            raise Conflict("remove some weekly hours first: these are too many", code="too-many-hours")
        rows = tuple(
            _write(WeeklyHours(member_id=member.id, member=member), day, hours) for day in sorted(hours.weekdays)
        )
        session.add_all(rows)
        session.flush()
        hit = _recheck(session, setup, member, rows, now)
        _note(session, "hours:added", member, by, now, weekdays=sorted(hours.weekdays), meetings=list(hit))
    return rows, hit


def change_hours(
    session: Session, setup: Setup, *, hours_id: str, hours: Hours, by: Actor, now: datetime
) -> tuple[WeeklyHours, tuple[str, ...]]:
    """Put other hours in place of some; on one weekday. Raises as `add_hours`, and NotFound."""
    with transaction(session):
        row = _find(session, hours_id, by)
        _refuse_impossible(hours, now)
        if len(hours.weekdays) != 1:
            raise BadInput("choose one weekday", code="one-weekday", field="weekdays")
        (weekday,) = hours.weekdays
        before = _meetings_hit(session, row.member, [row], now)
        _write(row, weekday, hours)
        session.flush()
        hit = _recheck(session, setup, row.member, [row], now, before=before)
        _note(session, "hours:changed", row.member, by, now, weekdays=[weekday], meetings=list(hit))
    return row, hit


def remove_hours(session: Session, setup: Setup, *, hours_id: str, by: Actor, now: datetime) -> None:
    """Take weekly hours back; what they cost is looked at again at once."""
    with transaction(session):
        row = _find(session, hours_id, by)
        member, weekday = row.member, row.weekday
        hit = _meetings_hit(session, member, [row], now)
        session.delete(row)
        session.flush()
        recheck_member(session, setup, member, hit=hit, now=now)
        _note(session, "hours:removed", member, by, now, weekdays=[weekday])


def _refuse_impossible(hours: Hours, now: datetime) -> None:
    if hours.kind not in set(HoursKind):
        raise BadInput("the kind is busy or available", code="unknown-kind", field="kind")
    if not hours.weekdays or not hours.weekdays <= frozenset(range(7)):
        raise BadInput("choose at least one weekday", code="no-weekday", field="weekdays")
    if hours.starts.tzinfo or hours.ends.tzinfo or hours.starts >= hours.ends:
        raise BadInput("the end is not after the start", code="ends-before-start", field="ends")
    last = hours.last_on
    if last is not None and last < hours.first_on:
        raise BadInput("the last day is before the first", code="ends-before-start", field="last_on")
    if last is not None and last < now.date() - timedelta(days=1):
        raise BadInput("these hours are over already", code="absence-past", field="last_on")
    if not now.date() - FARTHEST <= hours.first_on <= now.date() + FARTHEST:
        raise BadInput("the first day is too far from today", code="too-far", field="first_on")
    if hours.time_zone and hours.time_zone not in list_zones():
        raise BadInput("name an IANA zone, such as Asia/Seoul", code="unknown-zone", field="time_zone")


def _write(row: WeeklyHours, weekday: int, hours: Hours) -> WeeklyHours:
    row.kind, row.weekday = hours.kind, weekday
    row.starts_local, row.ends_local = hours.starts, hours.ends
    row.first_on, row.last_on = hours.first_on, hours.last_on
    row.time_zone = hours.time_zone or row.member.time_zone
    return row


def _find(session: Session, hours_id: str, by: Actor) -> WeeklyHours:
    row = session.scalar(select(WeeklyHours).where(WeeklyHours.public_id == hours_id))
    if row is None:
        require_own(by, "")  # who may not touch another's is told the same of one that is not there
        raise NotFound("there are no such weekly hours", code="unknown-hours")
    require_own(by, row.member.public_id)
    return row


def _recheck(
    session: Session, setup: Setup, member: Member, rows: Sequence[WeeklyHours], now: datetime,
    before: tuple[str, ...] = (),
) -> tuple[str, ...]:  # fmt: skip
    """Look again at the meetings these hours touch, or touched before; gives those at which she is busy by them."""
    hit = _meetings_hit(session, member, rows, now)
    recheck_member(session, setup, member, hit=(*before, *hit), now=now)
    return _meetings_hit(session, member, [row for row in rows if row.kind == HoursKind.BUSY], now)


def _meetings_hit(session: Session, member: Member, rows: Iterable[WeeklyHours], now: datetime) -> tuple[str, ...]:
    """Published meetings ahead at which she is expected during these hours, soonest first."""
    patterns = [pattern_of(row) for row in rows]
    query = select(Meeting.public_id, MeetingInvitation.starts_at, MeetingInvitation.ends_at)
    query = query.join(MeetingInvitation, MeetingInvitation.meeting_id == Meeting.id)
    query = query.where(MeetingInvitation.member_id == member.id, MeetingInvitation.status == "invited")
    query = query.where(Meeting.status == "published", Meeting.starts_at > now).order_by(Meeting.starts_at)
    found = []
    for meeting, starts_at, ends_at in session.execute(query):
        span = Interval(starts_at, ends_at)
        spans = (each for pattern in patterns for each in expand_pattern(pattern, span))
        if not is_free(span, spans):
            found.append(meeting)
    return tuple(found)


def _note(session: Session, action: str, member: Member, by: Actor, now: datetime, **detail: object) -> None:
    record(session, by=by, now=now, action=action, subject=("member", member.public_id), **detail)


def hours_of(row: WeeklyHours) -> Hours:
    """A row as what it says."""
    kind, days = row.kind, frozenset({row.weekday})
    said = Hours(kind, days, row.starts_local, row.ends_local, row.first_on, row.last_on)
    return replace(said, time_zone=row.time_zone)

"""When a letter to many is due: the day it is for, and whether somebody has done it already."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.timeline import at_wall_clock
from tumorboard.services.access import Actor
from tumorboard.services.audit import record
from tumorboard.services.meetings import public_holidays
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import HospitalDay
from tumorboard.store.post import AuditEvent

SUBJECT = "notices"
_SATURDAY = 5


def last_slot(setup: Setup, local: time, *, now: datetime) -> date:
    """The last day in the centre's calendar on which this time of day has come."""
    today = setup.today(now)
    has_come = slot_at(setup, today, local) <= now
    return today if has_come else today - timedelta(days=1)


def slot_at(setup: Setup, day: date, local: time) -> datetime:
    """The UTC instant of a time of day at the centre."""
    return at_wall_clock(day, local, ZoneInfo(setup.time_zone))


def is_done(session: Session, action: str, day: date) -> bool:
    """True when the letters of this day were looked at, whether there were any or not."""
    query = select(AuditEvent.id).where(AuditEvent.subject_kind == SUBJECT, AuditEvent.subject_id == day.isoformat())
    return session.scalar(query.where(AuditEvent.action == action).limit(1)) is not None


def mark_done(session: Session, action: str, day: date, *, letters: int, by: Actor, now: datetime) -> None:
    """The letters of this day are written: whoever comes later finds it here."""
    record(session, by=by, now=now, action=action, subject=(SUBJECT, day.isoformat()), letters=letters)


def is_workday(session: Session, setup: Setup, day: date) -> bool:
    """True for Monday to Friday without public holidays and the hospital's own days."""
    if day.weekday() >= _SATURDAY or day in public_holidays(setup.holidays, day, day):
        return False
    return session.scalar(select(HospitalDay.id).where(HospitalDay.on == day)) is None


def next_workday(session: Session, setup: Setup, day: date) -> date:
    """The first workday after a day."""
    following = day + timedelta(days=1)
    while not is_workday(session, setup, following):
        following += timedelta(days=1)
    return following

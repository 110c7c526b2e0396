"""Days on which no series meets: public holidays of the country, and the days a hospital closes by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.centre_edits import read_name
from tumorboard.services.centre_meetings import withdraw_meetings
from tumorboard.services.centre_series import WEEKS_AHEAD, SeriesResult
from tumorboard.services.feeds import render_board_feeds
from tumorboard.services.meetings import lay_meetings, public_holidays
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import HospitalDay, Series

DAYS_SHOWN = 366


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day without series. `is_public` is a holiday of the country, which nobody here can remove."""

    on: date
    name: str
    is_public: bool


def list_days(session: Session, setup: Setup, *, by: Actor, now: datetime, language: str) -> tuple[ClosedDay, ...]:
    """The closed days of the year ahead, soonest first; a day may be both public and the hospital's own."""
    require(by, Permission.CENTRE_EDIT)
    first = setup.today(now)
    last = first + timedelta(days=DAYS_SHOWN)
    public = public_holidays(setup.holidays, first, last, language=language)
    own = session.scalars(select(HospitalDay).where(HospitalDay.on >= first).order_by(HospitalDay.on))
    days = [ClosedDay(on, name, is_public=True) for on, name in public.items()]
    days += [ClosedDay(row.on, row.name, is_public=False) for row in own]
    return tuple(sorted(days, key=lambda day: (day.on, not day.is_public)))


def add_day(session: Session, setup: Setup, *, on: date, name: str, by: Actor, now: datetime) -> SeriesResult:
    """Close a day: its meetings that are not published go, published ones stay and are given back.

    Raises BadInput `day-past`, Conflict `day-exists`.
    """
    require(by, Permission.CENTRE_EDIT)
    if on < setup.today(now):
        raise BadInput("this day is over", code="day-past", field="on")
    with transaction(session):
        if session.scalar(select(HospitalDay.id).where(HospitalDay.on == on)) is not None:
            raise Conflict("this day is closed already", code="day-exists", field="on")
        session.add(HospitalDay(on=on, name=read_name(name)))
        session.flush()
        removed, kept = withdraw_meetings(session, setup, on=on, now=now)
        boards = set(session.scalars(select(Series.board_id)))
        render_board_feeds(session, setup, boards, now=now)
        result = SeriesResult(None, removed=removed, kept=kept)
        detail = {"removed": removed, "kept": [meeting.public_id for meeting in kept]}
        record(session, by=by, now=now, action="day:closed", subject=("day", on.isoformat()), **detail)
    return result


def remove_day(session: Session, setup: Setup, *, on: date, by: Actor, now: datetime) -> SeriesResult:
    """Open a day again: the series meet on it. Raises NotFound `unknown-day`."""
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        row = session.scalar(select(HospitalDay).where(HospitalDay.on == on))
        if row is None:
            raise NotFound("the hospital has not closed this day itself", code="unknown-day")
        session.delete(row)
        session.flush()
        until = setup.today(now) + timedelta(weeks=WEEKS_AHEAD)
        rows = list(session.scalars(select(Series).order_by(Series.id)))
        created, problems, boards = lay_meetings(session, setup, rows, until=until, now=now)
        render_board_feeds(session, setup, boards, now=now)
        record(session, by=by, now=now, action="day:opened", subject=("day", on.isoformat()), meetings=created)
    return SeriesResult(None, created=created, problems=problems)

"""Series entries in members' calendars, night by night: ended, extended, and without the weeks that do not meet.

A series is extended with one message when few weeks are left, up to the last meeting held: two a year for a board whose
meetings are held 26 weeks ahead. A week whose list closed without a case is cancelled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.series import list_starts
from tumorboard.formats.ical import can_repeat
from tumorboard.mail.letters import LetterKind
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.feeds import render_feeds_of, render_member_feeds
from tumorboard.services.invitation_post import post_letters, post_series
from tumorboard.services.setup import Setup
from tumorboard.services.standing import (
    exclude,
    has_standing_habit,
    leave_out_untold,
    list_excluded,
    starts_of,
    zone_of,
)
from tumorboard.services.standing_opening import is_usual_holder
from tumorboard.store.calendars import StandingInvitation
from tumorboard.store.meetings import Meeting, MeetingInvitation, Series

RENEWED_BEFORE = timedelta(weeks=4)
"""When less than this is left of a series, it is extended."""


def keep_standing(session: Session, setup: Setup, *, by: Actor, now: datetime) -> dict[str, int]:
    """Bring every series entry to what its board holds; gives how many were `ended`, `extended`, `mended`, and `weeks`
    cancelled.
    """
    require(by, Permission.MEETING_EDIT)
    counts: Counter[str] = Counter()
    with transaction(session):
        query = select(StandingInvitation).where(StandingInvitation.status == "invited").order_by(StandingInvitation.id)
        for standing in session.scalars(query).all():
            done = _keep(session, setup, standing, now)
            counts[done] += 1
            if done:
                render_member_feeds(session, setup, standing.member, now=now)
                subject = ("standing", standing.public_id)
                record(session, by=by, now=now, action=f"standing:{done}", subject=subject)
        counts["weeks"] = _cancel_empty_weeks(session, setup, now)
    return {name: counts[name] for name in ("ended", "extended", "mended", "weeks")}


def _keep(session: Session, setup: Setup, standing: StandingInvitation, now: datetime) -> str:
    row = max((place.invitation for place in standing.places), key=lambda row: row.starts_at, default=None)
    if row is None:
        return ""
    if not _is_wanted(setup, standing, now):
        return _end(session, setup, standing, row, now)
    held = _held(session, standing)
    planned = {place.recurrence_at for place in standing.places}
    gone = [
        start
        for start in starts_of(standing)
        if start > now and start not in held and start not in planned and start not in list_excluded(standing)
    ]
    extends = standing.until < now + RENEWED_BEFORE and _extend(standing, held)
    if not gone and not extends:
        return ""
    for start in gone:
        exclude(standing, start)
    _raise(standing)
    if extends:
        standing.answer, standing.answered_at = "needs-action", None
    kind = LetterKind.INVITATION if extends else LetterKind.CHANGED
    post_series(session, setup, standing, row, kind, now=now)
    return "extended" if extends else "mended"


def _is_wanted(setup: Setup, standing: StandingInvitation, now: datetime) -> bool:
    """True while the board has this habit, the series goes on, and a core seat is hers: stand-ins have no series."""
    series: Series = standing.series
    goes_on = series.last_on is None or series.last_on >= setup.today(now)
    return has_standing_habit(series.board) and goes_on and is_usual_holder(series.board, standing.member)


def _end(session: Session, setup: Setup, standing: StandingInvitation, row: MeetingInvitation, now: datetime) -> str:
    """The series ends after the last meeting she is invited to; one that never began goes altogether.

    Where nothing is left to cut her calendar is right as it is: it is told nothing, and no number rises.
    """
    invited = [place.recurrence_at for place in standing.places if place.invitation.status == "invited"]
    kept = [start for start in starts_of(standing) if start <= max([now, *invited])]
    standing.status = "withdrawn"
    if not kept:
        _raise(standing)
        post_series(session, setup, standing, row, LetterKind.WITHDRAWN, now=now)
    elif kept[-1] < standing.until:
        _raise(standing)
        _cut(standing, kept[-1])
        post_series(session, setup, standing, row, LetterKind.CHANGED, now=now)
    return "ended"


def _cut(standing: StandingInvitation, until: datetime) -> None:
    for start in list_excluded(standing):
        if start > until:
            exclude(standing, start, is_out=False)
    standing.until = until


def _extend(standing: StandingInvitation, held: Iterable[datetime]) -> bool:
    """Let the series go on to the last meeting held by its rule; False when there is no further one."""
    last = max(held, default=standing.until)
    rule = [start for start in list_starts(standing.starts_at, last, zone_of(standing)) if start > standing.until]
    further = [start for start in rule if start in set(held)]
    clock = standing.starts_at.astimezone(zone_of(standing)).time()
    if not further or not can_repeat(standing.time_zone, rule):
        return False
    if any(start.astimezone(zone_of(standing)).time() != clock for start in rule):
        return False
    for start in rule:
        if start < further[-1] and start not in further:
            exclude(standing, start)
    standing.until = further[-1]
    return True


def _raise(standing: StandingInvitation) -> None:
    """Above every message about the series and its instances."""
    standing.sequence = max([standing.sequence, *(place.invitation.sequence for place in standing.places)]) + 1


def _held(session: Session, standing: StandingInvitation) -> frozenset[datetime]:
    """The starts at which the board meets and for which she has no entry of her own."""
    query = select(Meeting).where(Meeting.series_id == standing.series_id, Meeting.status != "cancelled")
    length = standing.ends_at - standing.starts_at
    mine = {place.invitation_id for place in standing.places}
    return frozenset(
        meeting.starts_at
        for meeting in session.scalars(query.where(Meeting.starts_at >= standing.starts_at))
        if meeting.ends_at - meeting.starts_at == length
        and not any(
            row.member_id == standing.member_id and row.status == "invited" and row.id not in mine
            for row in meeting.invitations
        )
    )


def _cancel_empty_weeks(session: Session, setup: Setup, now: datetime) -> int:
    """A week whose list closed without a case does not take place for those who have it by their series."""
    query = (
        select(Meeting)
        .where(Meeting.series_id.is_not(None), Meeting.status == "planned")
        .where(Meeting.closes_at <= now, Meeting.starts_at > now)
        .order_by(Meeting.starts_at, Meeting.id)
    )
    count = 0
    for meeting in session.scalars(query).all():
        changes = leave_out_untold(session, setup, meeting, LetterKind.CANCELLED, now=now)
        post_letters(session, setup, meeting, changes, now=now)
        if changes:
            render_feeds_of(session, setup, [meeting], now=now)
        count += bool(changes)
    return count

"""One calendar of one member: read apart, kept as starts and ends, and the published meetings it collides with."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.domain.timeline import Interval, is_free
from tumorboard.domain.weekly_hours import Taken
from tumorboard.formats.busy import BusyTimes
from tumorboard.formats.busy_process import read_busy_apart
from tumorboard.services.setup import Setup
from tumorboard.store.busy import taken_during
from tumorboard.store.calendars import BusyInterval, BusySource
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Member

DAYS_BACK = 1
DAYS_AHEAD = 400
"""How far a calendar is read: beyond the farthest plan."""
MOST_INTERVALS = 20_000
"""Of one calendar; more is no calendar of a person."""
MOST_AT_ONCE = 2
"""Calendars that one process of the service reads at a time; each takes memory and a processor."""
PATIENCE_SECONDS = 15.0
"""How long a calendar waits for its turn."""
RETRY_AFTER_SECONDS = 5

_places = threading.BoundedSemaphore(MOST_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose calendar it is. `own` is when she is at our own meetings, which are no reason that she cannot come."""

    row_id: int
    email: str
    zone: str
    own: tuple[Interval, ...]


def busy_window(setup: Setup, now: datetime) -> Interval:
    """What is read of a calendar: from yesterday on, whole days of the centre."""
    today = setup.today(now)
    first, last = today - timedelta(days=DAYS_BACK), today + timedelta(days=DAYS_AHEAD)
    return Interval(setup.morning_of(first), setup.morning_of(last))


def load_owner(session: Session, member: Member, window: Interval) -> Owner:
    """The member as a reading needs her, so that it needs no database."""
    query = select(MeetingInvitation.starts_at, MeetingInvitation.ends_at).where(
        MeetingInvitation.member_id == member.id, MeetingInvitation.status == "invited",
        MeetingInvitation.answer.not_in(NOT_COMING),
        MeetingInvitation.starts_at < window.end, MeetingInvitation.ends_at > window.start,
    )  # fmt: skip
    own = tuple(Interval(starts_at, ends_at) for starts_at, ends_at in session.execute(query))
    return Owner(member.id, member.email, member.time_zone, own)


def digest_of(setup: Setup, owner: Owner, content: bytes) -> str:
    """SHA-256 of all that decides what a calendar means beside the window."""
    found = hashlib.sha256("\n".join((owner.email, owner.zone, setup.mail_domain, "")).encode())
    found.update(content)
    return found.hexdigest()


def read_calendar(
    setup: Setup, owner: Owner, content: bytes, window: Interval, *, patience_seconds: float = PATIENCE_SECONDS
) -> BusyTimes:
    """When the calendar says she is busy, without our own meetings; in a process of its own.

    Raises BadInput as `read_busy`, `calendar-not-read`, and Conflict `readers-busy` when too many are being read.
    """
    with reading_place(patience_seconds):
        try:
            times = read_busy_apart(
                content, window=window, zone=ZoneInfo(owner.zone), owner=owner.email,
                without_domain=setup.mail_domain, without_periods=owner.own,
            )  # fmt: skip
        except OSError as error:
            raise BadInput("the calendar could not be read here; try again later", code="calendar-not-read") from error
    if len(times.busy) + len(times.tentative) > MOST_INTERVALS:
        raise BadInput(
            f"the calendar has more than {MOST_INTERVALS} busy times; export a shorter period", code="too-large"
        )
    return times


@contextmanager
def reading_place(patience_seconds: float) -> Iterator[None]:
    """One of the places for readings in this process. Raises Conflict `readers-busy` when none gets free in time."""
    if not _places.acquire(timeout=patience_seconds):
        raise Conflict(
            "too many calendars are being read; try again in a moment", code="readers-busy",
            retry_after_seconds=RETRY_AFTER_SECONDS,
        )  # fmt: skip
    try:
        yield
    finally:
        _places.release()


def keep_reading(
    session: Session, source: BusySource, times: BusyTimes, *, window: Interval, digest: str, now: datetime
) -> bool:
    """Put what was read in place of what the source said before; True when it differs. In the caller's transaction."""
    session.flush()
    session.refresh(source, with_for_update=True)  # two readings at once would keep the times of both
    wanted = [(span, False) for span in times.busy] + [(span, True) for span in times.tentative]
    query = select(BusyInterval.starts_at, BusyInterval.ends_at, BusyInterval.is_tentative)
    known = {
        (Interval(starts_at, ends_at), is_tentative)
        for starts_at, ends_at, is_tentative in session.execute(query.where(BusyInterval.source_id == source.id))
    }
    if known != set(wanted):
        session.execute(delete(BusyInterval).where(BusyInterval.source_id == source.id))
        session.expire(source, ["intervals"])
        rows = [
            {"source_id": source.id, "starts_at": span.start, "ends_at": span.end, "is_tentative": is_tentative}
            for span, is_tentative in wanted
        ]
        if rows:
            session.execute(insert(BusyInterval), rows)
    source.warnings = {"warnings": [[warning.code, warning.line] for warning in times.warnings]}
    source.digest, source.read_from, source.read_until = digest, window.start, window.end
    note_same(source, now=now)
    return known != set(wanted)


def note_same(source: BusySource, *, now: datetime) -> None:
    """A good reading that found nothing new."""
    source.read_at = source.tried_at = now
    source.problem = ""


def note_failure(source: BusySource, code: str, *, now: datetime) -> bool:
    """A try that failed: what was read before stays. True when nobody knew of this problem."""
    is_new = source.problem != code
    source.tried_at, source.problem = now, code
    return is_new


def meetings_hit(session: Session, *, member_row: int, now: datetime) -> tuple[str, ...]:
    """Public ids of the published meetings ahead at which a member is expected and busy now, soonest first.

    Busy by her calendar or by her weekly hours, where she did not say that she is available all the same.
    """
    query = _expected().where(Member.id == member_row, MeetingInvitation.ends_at > now)
    return tuple(one.meeting for one in _collisions(session, query.order_by(Meeting.starts_at)) if one.is_busy)


def find_busy_now(session: Session, meetings: Iterable[int]) -> frozenset[tuple[str, str]]:
    """(meeting, member) ids of who is expected at one of these and is busy like that, without being absent."""
    query = _expected().where(Meeting.id.in_(list(meetings)))
    found = _collisions(session, query)
    return frozenset((one.meeting, one.member) for one in found if one.is_busy and not one.is_away)


class _Collision(NamedTuple):
    """Somebody who is expected at a meeting and what speaks against it during her own window."""

    meeting: str
    member: str
    is_busy: bool
    is_away: bool


def _expected() -> Select[str, str, int, datetime, datetime]:
    """Meeting, member and window of whoever is expected at a published meeting and did not decline."""
    return (
        select(
            Meeting.public_id, Member.public_id, Member.id, MeetingInvitation.starts_at, MeetingInvitation.ends_at
        )
        .join(MeetingInvitation, MeetingInvitation.meeting_id == Meeting.id)
        .join(Member, Member.id == MeetingInvitation.member_id)
        .where(Meeting.status == "published", MeetingInvitation.status == "invited")
        .where(MeetingInvitation.answer.not_in(NOT_COMING))
    )  # fmt: skip


def _collisions(session: Session, query: Select[str, str, int, datetime, datetime]) -> list[_Collision]:
    """What the query finds beside what its members have said about these times; four queries in all."""
    rows = [(*row[:3], Interval(row[3], row[4])) for row in session.execute(query)]
    taken = taken_during(session, (row[2:] for row in rows))
    found = []
    for meeting, member, row_id, span in rows:
        hers = taken.get(row_id, Taken())
        is_busy = not is_free(span, (*hers.usual, *hers.read))
        found.append(_Collision(meeting, member, is_busy, not is_free(span, (*hers.absent, *hers.entered))))
    return found

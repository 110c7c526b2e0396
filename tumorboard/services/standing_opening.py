"""Whose series begins with a meeting, and which weeks it holds: the same for a publication and for its draft."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.model import SeatKind
from tumorboard.domain.series import FEWEST_INSTANCES, list_starts
from tumorboard.formats.ical import can_repeat
from tumorboard.store.calendars import StandingInvitation
from tumorboard.store.meetings import Board, Booking, Meeting, Resource
from tumorboard.store.people import Member


def is_usual_holder(board: Board, member: Member) -> bool:
    """True for who sits on a core seat of the board as long as she can: the first of its holders who has not left.

    Whoever comes instead of her on one day is invited to that day alone.
    """
    core = (seat for seat in board.seats if seat.kind == SeatKind.CORE)
    return member.id in [next((one.member_id for one in seat.holders if one.member.active), None) for seat in core]


def lay_series(
    meeting: Meeting, member: Member, said: Mapping[str, Any], others: Iterable[Meeting], *,
    is_expected: Callable[[Meeting], bool],
) -> StandingInvitation | None:  # fmt: skip
    """A series entry from this meeting to the last of the `others` that she is expected at; None without repetition.

    It belongs to no session and has neither UID nor stamp. Whatever stands in her calendar by itself is left out.
    """
    zone = ZoneInfo(meeting.time_zone)
    length = meeting.ends_at - meeting.starts_at
    held = {
        other.starts_at
        for other in others
        if other.ends_at - other.starts_at == length and not _has_own_entry(other, member.id) and is_expected(other)
    }
    rule = list_starts(meeting.starts_at, max(held | {meeting.starts_at}), zone)
    instances = [start for start in rule if start in held or start == meeting.starts_at]
    kept_clock = all(start.astimezone(zone).time() == rule[0].astimezone(zone).time() for start in rule)
    if len(instances) < FEWEST_INSTANCES or not kept_clock or not can_repeat(meeting.time_zone, rule):
        return None
    left_out = [start for start in rule if start <= instances[-1] and start not in instances]
    return StandingInvitation(
        series_id=meeting.series_id, member=member, starts_at=meeting.starts_at, ends_at=meeting.ends_at,
        until=instances[-1], time_zone=meeting.time_zone, excluded=_say_excluded(left_out, said), status="invited",
    )  # fmt: skip


def _say_excluded(starts: Iterable[datetime], said: Mapping[str, Any]) -> dict[str, Any]:
    return {"starts": [start.isoformat() for start in starts], "said": dict(said)}


def _has_own_entry(meeting: Meeting, member_id: int) -> bool:
    return any(row.member_id == member_id and row.status == "invited" for row in meeting.invitations)


def list_ahead(session: Session, meeting: Meeting) -> list[Meeting]:
    """The later meetings of the series that take place, soonest first."""
    query = select(Meeting).where(Meeting.series_id == meeting.series_id, Meeting.starts_at > meeting.starts_at)
    return list(session.scalars(query.where(Meeting.status != "cancelled").order_by(Meeting.starts_at)))


def is_booked(session: Session, meeting: Meeting, member_id: int) -> bool:
    """True when she is needed at a published meeting: bookings are written before the first invitation."""
    query = select(Booking.id).join(Resource, Resource.id == Booking.resource_id)
    query = query.where(Booking.meeting_id == meeting.id, Resource.member_id == member_id)
    return session.scalar(query.where(Booking.status == "confirmed").limit(1)) is not None

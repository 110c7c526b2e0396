"""What members' series have told them of a meeting already: for a draft that says how many letters leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.model import Attendance, MeetingPlan, SeatKind
from tumorboard.domain.timeline import Interval
from tumorboard.services.invitations import hide_identifiers
from tumorboard.services.standing import covers, exclude, has_standing_habit, what_is_said
from tumorboard.services.standing_opening import is_booked, is_usual_holder, lay_series
from tumorboard.store.calendars import StandingInvitation
from tumorboard.store.meetings import Meeting
from tumorboard.store.people import Member


def load_living(session: Session, meetings: Iterable[Meeting]) -> list[StandingInvitation]:
    """The living series entries in which the meetings may be instances."""
    ids = {meeting.series_id for meeting in meetings if meeting.series_id is not None}
    query = select(StandingInvitation).where(StandingInvitation.series_id.in_(ids))
    query = query.where(StandingInvitation.status == "invited").order_by(StandingInvitation.id)
    query = query.options(selectinload(StandingInvitation.places), joinedload(StandingInvitation.member))
    return list(session.scalars(query))


def list_covering(standings: Iterable[StandingInvitation], meeting: Meeting) -> list[StandingInvitation]:
    """Those that hold the meeting, and of which nothing was told apart."""
    return [one for one in standings if one.series_id == meeting.series_id and covers(one, meeting)]


def has_said(standing: StandingInvitation, attendance: Attendance, meeting: Meeting, references: Iterable[str]) -> bool:
    """True when the series says of the meeting what her invitation would; `references` are its cases."""
    return _is_whole(attendance, meeting) and what_is_said(standing) == _say(attendance, meeting, references)


def _is_whole(attendance: Attendance, meeting: Meeting) -> bool:
    return attendance.span == Interval(meeting.starts_at, meeting.ends_at) and attendance.kind is SeatKind.CORE


def _say(attendance: Attendance, meeting: Meeting, references: Iterable[str]) -> dict[str, Any]:
    return {
        "room": hide_identifiers(meeting.room.name, references),
        "video": meeting.room.video_url,
        "required": attendance.required,
    }


def list_opening(
    session: Session, plans: Iterable[MeetingPlan], meetings: Mapping[str, Meeting], living: list[StandingInvitation]
) -> list[StandingInvitation]:
    """The series entries that publishing these plans would begin, beside those that are `living`; reads only.

    Each leaves out the meeting it begins with, because that one tells her of it.
    """
    wanted = {plan.meeting: plan for plan in plans if plan.meeting in meetings}
    rows = [row for row in meetings.values() if row.series_id is not None and has_standing_habit(row.board)]
    if not rows:
        return []
    query = select(Meeting).where(Meeting.series_id.in_({row.series_id for row in rows}), Meeting.status != "cancelled")
    query = query.where(Meeting.starts_at > min(row.starts_at for row in rows)).order_by(Meeting.starts_at)
    ahead = list(session.scalars(query.options(selectinload(Meeting.invitations))))
    members = {row.public_id: row for row in session.scalars(select(Member))}
    opened: list[StandingInvitation] = []
    for meeting in sorted((row for row in rows if row.public_id in wanted), key=lambda row: row.starts_at):
        later = [row for row in ahead if row.series_id == meeting.series_id and row.starts_at > meeting.starts_at]
        for attendance in wanted[meeting.public_id].attendances:
            member = members[attendance.member]
            if not _may_open(meeting, member, attendance, [*living, *opened]):
                continue
            said = _say(attendance, meeting, [entry.reference for entry in wanted[meeting.public_id].agenda])

            def is_expected(other: Meeting, member: Member = member) -> bool:
                plan = wanted.get(other.public_id)
                if plan is None:
                    return other.status != "published" or is_booked(session, other, member.id)
                return not plan.agenda or any(one.member == member.public_id for one in plan.attendances)

            standing = lay_series(meeting, member, said, later, is_expected=is_expected)
            if standing is not None:
                exclude(standing, meeting.starts_at)
                opened.append(standing)
    return opened


def _may_open(meeting: Meeting, member: Member, attendance: Attendance, known: list[StandingInvitation]) -> bool:
    """As `standing.settle` decides: a first invitation of the seat's holder to the whole of a meeting."""
    row = next((row for row in meeting.invitations if row.member_id == member.id), None)
    told_apart = {place.invitation_id for one in known for place in one.places}
    if row is not None and (row.status == "invited" or row.id in told_apart):
        return False
    hers = [one for one in known if one.member is member and one.series_id == meeting.series_id]
    goes_on = any(one.until >= meeting.starts_at for one in hers)
    return _is_whole(attendance, meeting) and is_usual_holder(meeting.board, member) and not goes_on

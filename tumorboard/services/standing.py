"""A weekly board as one entry in the calendars of those who always come: opened, joined, left, kept going.

The first publication invites a core member to the series up to the last meeting held; a further week then tells her
nothing. Weeks without a meeting are left out, and a week in which she is not needed after all is cancelled by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.board_settings import read_settings
from tumorboard.domain.model import SeatKind
from tumorboard.domain.series import fits_between, list_starts
from tumorboard.mail.letters import LetterKind
from tumorboard.services.invitation_letters import Change, Instance, new_uid, next_stamp
from tumorboard.services.setup import Setup
from tumorboard.services.standing_answers import take_kept
from tumorboard.services.standing_opening import is_booked, is_usual_holder, lay_series, list_ahead
from tumorboard.store.calendars import StandingInvitation, StandingPlace
from tumorboard.store.meetings import Board, Meeting, MeetingInvitation
from tumorboard.store.people import Member

SAID = ("room", "video", "required")
"""What the entry of a series says beside its times; kept with the starts that it leaves out."""


def catch_up(session: Session, meeting: Meeting) -> dict[int, Instance]:
    """The meeting's invitations that are instances, by row; none falls behind its series in SEQUENCE and DTSTAMP."""
    if meeting.series_id is None:
        return {}
    found = find_instances(session, meeting.invitations)
    for row in meeting.invitations:
        if row.id in found:
            standing = found[row.id].standing
            row.sequence, row.stamp = max(row.sequence, standing.sequence), max(row.stamp, standing.stamp)
    return found


def settle(
    session: Session, setup: Setup, meeting: Meeting, changes: Iterable[Change], instances: dict[int, Instance], *,
    now: datetime,
) -> list[Change]:  # fmt: skip
    """What the changes of a meeting mean where members have it as an instance of a series; gives what is to be told."""
    if meeting.series_id is None:
        return list(changes)
    told: list[Change] = []
    opens = has_standing_habit(meeting.board)
    for change in changes:
        instance = instances.get(change.row.id)
        if instance is not None:
            told += _settle_instance(session, change, instance)
        elif change.kind is LetterKind.INVITATION:
            may_open = opens and _is_whole(meeting, change.row) and is_usual_holder(meeting.board, change.row.member)
            told += _join(session, setup, meeting, change, may_open=may_open, now=now)
        else:
            told.append(change)
    told += leave_out_untold(session, setup, meeting, LetterKind.WITHDRAWN, now=now)
    session.flush()
    return told


def end_instances(changes: list[Change], instances: Mapping[int, Instance]) -> list[Change]:
    """The series leave out the meetings of these changes, all of which cancel."""
    for change in changes:
        instance = instances.get(change.row.id)
        if instance is not None:
            exclude(instance.standing, instance.recurrence_at, at=change.row.stamp)
    return changes


def leave_out_untold(
    session: Session, setup: Setup, meeting: Meeting, kind: LetterKind, *, now: datetime
) -> list[Change]:
    """Whoever has this meeting by her series alone, and is not invited to it, is told that it is nothing for her."""
    if meeting.series_id is None:
        return []
    here = {row.member_id for row in meeting.invitations if row.status == "invited"}
    return [
        _leave_out(session, setup, standing, meeting, kind, now)
        for standing in _covering(session, meeting)
        if standing.member_id not in here
    ]


def find_instances(session: Session, rows: Iterable[MeetingInvitation]) -> dict[int, Instance]:
    """The invitations that are instances of a standing one, by row."""
    ids = [row.id for row in rows]
    query = select(StandingPlace).where(StandingPlace.invitation_id.in_(ids))
    return {place.invitation_id: Instance(place.standing, place.recurrence_at) for place in session.scalars(query)}


def has_standing_habit(board: Board) -> bool:
    """True where the board wants its core members to have the series as one entry."""
    return read_settings(board.settings).standing_invitations


def list_excluded(standing: StandingInvitation) -> tuple[datetime, ...]:
    """The starts at which nothing takes place for her."""
    return tuple(sorted(datetime.fromisoformat(text) for text in standing.excluded.get("starts", ())))


def exclude(standing: StandingInvitation, start: datetime, *, is_out: bool = True, at: datetime | None = None) -> None:
    """Leave one start out of the series, or take it in again; `at` is when the member was told of that week alone.

    How often that happened is counted, for feeds show the series as one object. A week that comes back counts twice:
    a feed may have counted that its cancellation went.
    """
    known = set(list_excluded(standing))
    starts = known | {start} if is_out else known - {start}
    kept = {**standing.excluded, "starts": [each.isoformat() for each in sorted(starts)]}
    if starts != known and at is not None:
        count, changed_at = last_exclusion(standing)
        kept["changes"] = count + (1 if is_out else 2)
        kept["changed_at"] = next_stamp(changed_at, at).isoformat()
    standing.excluded = kept


def last_exclusion(standing: StandingInvitation) -> tuple[int, datetime]:
    """How often single weeks left the series or came back, and when the series or its answer last changed."""
    latest = max(standing.stamp, standing.answered_at or standing.stamp)
    text = standing.excluded.get("changed_at")
    changed_at = latest if text is None else max(latest, datetime.fromisoformat(text))
    return standing.excluded.get("changes", 0), changed_at


def starts_of(standing: StandingInvitation) -> tuple[datetime, ...]:
    """Every start by the rule, the excluded ones too."""
    return list_starts(standing.starts_at, standing.until, zone_of(standing))


def zone_of(standing: StandingInvitation) -> ZoneInfo:
    """Whose wall clock the series keeps."""
    return ZoneInfo(standing.time_zone)


def _is_whole(meeting: Meeting, row: MeetingInvitation) -> bool:
    whole = (row.starts_at, row.ends_at) == (meeting.starts_at, meeting.ends_at)
    return whole and row.kind == SeatKind.CORE and not row.details.get("urgent")


def _join(
    session: Session, setup: Setup, meeting: Meeting, change: Change, *, may_open: bool, now: datetime
) -> list[Change]:
    """She knows of this meeting already by her series, or the series begins with it."""
    row = change.row
    standing = next((one for one in _covering(session, meeting) if one.member_id == row.member_id), None)
    if standing is None:
        standing = _open(session, setup, meeting, row) if may_open and not _has_series(session, meeting, row) else None
        if standing is None:
            return [change]
        opened = [Change(row, LetterKind.INVITATION, opens=standing)]
    else:
        opened = _take_place(session, standing, meeting, row, now)
    session.add(StandingPlace(standing=standing, invitation=row, recurrence_at=meeting.starts_at))
    session.flush()
    return opened


def _take_place(
    session: Session, standing: StandingInvitation, meeting: Meeting, row: MeetingInvitation, now: datetime
) -> list[Change]:
    """She is told only what differs from her series, and asked again only for another time."""
    row.sequence = max(row.sequence, standing.sequence)
    is_whole = _is_whole(meeting, row)
    if is_whole:
        if not take_kept(standing, meeting.starts_at, row):
            row.answer, row.answered_at, row.answer_stamp = standing.answer, standing.answered_at, standing.answer_stamp
        if what_is_said(standing) == _say(row):
            return []
    row.sequence += not is_whole
    row.stamp = next_stamp(standing.stamp, now)
    return [Change(row, LetterKind.CHANGED if is_whole else LetterKind.INVITATION)]


def _covering(session: Session, meeting: Meeting) -> list[StandingInvitation]:
    """The living series entries that have an instance at the meeting's start, and at no other place of it."""
    query = (
        select(StandingInvitation)
        .where(StandingInvitation.series_id == meeting.series_id, StandingInvitation.status == "invited")
        .where(StandingInvitation.starts_at <= meeting.starts_at, StandingInvitation.until >= meeting.starts_at)
        .order_by(StandingInvitation.id)
    )
    return [standing for standing in session.scalars(query) if covers(standing, meeting)]


def covers(standing: StandingInvitation, meeting: Meeting) -> bool:
    """True when a living series entry has an instance at the meeting's start of which nothing was told apart."""
    return (
        meeting.starts_at in starts_of(standing)
        and meeting.starts_at not in list_excluded(standing)
        and standing.ends_at - standing.starts_at == meeting.ends_at - meeting.starts_at
        and all(place.recurrence_at != meeting.starts_at for place in standing.places)
    )


def what_is_said(standing: StandingInvitation) -> dict[str, Any]:
    """The room, the video link and whether she is required, as the entry of the series says it of every instance."""
    return dict(standing.excluded["said"])


def _say(row: MeetingInvitation) -> dict[str, Any]:
    return {name: row.details[name] for name in SAID}


def _open(session: Session, setup: Setup, meeting: Meeting, row: MeetingInvitation) -> StandingInvitation | None:
    """A series entry from this meeting to the last one held; None when there is nothing to repeat.

    It leaves out published weeks in which somebody else sits on her seat.
    """
    standing = lay_series(
        meeting, row.member, _say(row), list_ahead(session, meeting),
        is_expected=lambda other: other.status != "published" or is_booked(session, other, row.member_id),
    )  # fmt: skip
    if standing is None:
        return None
    standing.uid, standing.sequence, standing.stamp = new_uid(setup), row.sequence, row.stamp
    session.add(standing)
    session.flush()
    return standing


def _has_series(session: Session, meeting: Meeting, row: MeetingInvitation) -> bool:
    """True while an entry of hers goes on past this meeting without it: one at a time is enough."""
    query = select(StandingInvitation.id).where(
        StandingInvitation.series_id == meeting.series_id, StandingInvitation.member_id == row.member_id
    )
    query = query.where(StandingInvitation.status == "invited", StandingInvitation.until >= meeting.starts_at)
    return session.scalar(query.limit(1)) is not None


def _settle_instance(session: Session, change: Change, instance: Instance) -> list[Change]:
    """Keep the series in step with one of its instances; one that moved past its neighbours leaves it."""
    standing, row = instance.standing, change.row
    if change.kind.is_cancellation:
        exclude(standing, instance.recurrence_at, at=row.stamp)
        return [change]
    exclude(standing, instance.recurrence_at, is_out=False, at=row.stamp)
    if _fits(standing, row, instance.recurrence_at):
        return [change]
    exclude(standing, instance.recurrence_at, at=row.stamp)
    place = next(place for place in standing.places if place.invitation_id == row.id)
    standing.places.remove(place)
    session.flush()
    gone = Change(row, LetterKind.CANCELLED, instance=instance)
    row.details = {**row.details, "related": standing.uid}
    return [gone, Change(row, change.kind, change.previous)]


def _fits(standing: StandingInvitation, row: MeetingInvitation, recurrence_at: datetime) -> bool:
    moved = {place.recurrence_at: place.invitation.starts_at for place in standing.places}
    excluded = set(list_excluded(standing))
    starts = [start for start in starts_of(standing) if start not in excluded]
    before = max((start for start in starts if start < recurrence_at), default=None)
    after = min((start for start in starts if start > recurrence_at), default=None)
    return fits_between(
        row.starts_at,
        before=None if before is None else max(before, moved.get(before, before)),
        after=None if after is None else min(after, moved.get(after, after)),
        zone=zone_of(standing),
    )


def _leave_out(
    session: Session, setup: Setup, standing: StandingInvitation, meeting: Meeting, kind: LetterKind, now: datetime
) -> Change:
    """Take a meeting out of a series that has never been told apart: a row that says so, and the change to be told."""
    member = session.get_one(Member, standing.member_id)
    row = next((row for row in meeting.invitations if row.member_id == member.id), None)
    status = "cancelled" if kind is LetterKind.CANCELLED else "withdrawn"
    if row is None:
        details = {
            "room": meeting.room.name, "video": meeting.room.video_url, "required": True, "specialties": [],
            "rules": [], "cases": [], "questions": 0,
        }  # fmt: skip
        row = MeetingInvitation(
            member=member, kind=SeatKind.CORE.value, starts_at=meeting.starts_at, ends_at=meeting.ends_at,
            uid=new_uid(setup), sequence=0, stamp=now, details=details, status=status,
        )  # fmt: skip
        meeting.invitations.append(row)
    row.status, row.sequence = status, max(row.sequence, standing.sequence) + 1
    row.stamp = next_stamp(max(row.stamp, standing.stamp), now)
    take_kept(standing, meeting.starts_at, row)
    exclude(standing, meeting.starts_at, at=row.stamp)
    session.flush()
    session.add(StandingPlace(standing=standing, invitation=row, recurrence_at=meeting.starts_at))
    session.flush()
    return Change(row, kind)

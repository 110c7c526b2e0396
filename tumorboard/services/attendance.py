"""Who is in the room: noted by herself, or by who keeps the record, for anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import BadInput, NotFound
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission
from tumorboard.services.audit import record
from tumorboard.services.room_entry import EARLY, enter_room, is_on_board, require_recorder
from tumorboard.store.discussions import Presence
from tumorboard.store.meetings import Meeting
from tumorboard.store.people import Member

LATEST = timedelta(hours=12)
"""How long after the end of a meeting somebody may still have been in it."""


def check_in(
    session: Session, *, meeting_id: str, by: Actor, now: datetime, member_ids: Iterable[str] | None = None
) -> int:
    """Members are in the room from now on; without ids the actor herself. Gives how many were not noted before."""
    with transaction(session):
        wanted = _wanted(member_ids, by)
        meeting = enter_room(session, meeting_id, now=now, allow=_note_of(session, wanted, by))
        members = _find(session, wanted)
        here = {row.member_id for row in _open_stays(session, meeting)}
        arrived = [member for member in members if member.id not in here]
        for member in arrived:
            session.add(Presence(meeting_id=meeting.id, member_id=member.id, since=now, until=None, noted_by=by.name))
        _note(session, "presence:noted", meeting, arrived, by=by, now=now)
    return len(arrived)


def check_out(
    session: Session, *, meeting_id: str, by: Actor, now: datetime, member_ids: Iterable[str] | None = None
) -> int:
    """Members leave the room; without ids the actor herself. Gives how many were there."""
    with transaction(session):
        wanted = _wanted(member_ids, by)
        meeting = enter_room(session, meeting_id, now=now, allow=_note_of(session, wanted, by))
        members = {member.id: member for member in _find(session, wanted)}
        left = [row for row in _open_stays(session, meeting) if row.member_id in members]
        for row in left:
            row.until = max(now, row.since)
        gone = dict.fromkeys(members[row.member_id] for row in left)
        _note(session, "presence:ended", meeting, list(gone), by=by, now=now)
    return len(gone)


def correct_presence(
    session: Session, *, meeting_id: str, member_id: str, since: datetime | None, until: datetime | None, by: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Write down afterwards when somebody was there; neither time says that she was not. For who keeps the record.

    Raises BadInput `times-missing` for half of it, `bad-times` for what lies ahead, ends before it begins or is far
    from the meeting.
    """
    with transaction(session):
        meeting = enter_room(session, meeting_id, now=now, allow=lambda meeting: require_recorder(session, meeting, by))
        member = _find(session, [member_id])[0]
        for row in session.scalars(
            select(Presence).where(Presence.meeting_id == meeting.id, Presence.member_id == member.id)
        ):
            session.delete(row)
        if since is not None or until is not None:
            start, end = _checked(meeting, since, until, now)
            session.add(Presence(meeting_id=meeting.id, member_id=member.id, since=start, until=end, noted_by=by.name))
        _note(session, "presence:corrected", meeting, [member], by=by, now=now)


def _checked(
    meeting: Meeting, since: datetime | None, until: datetime | None, now: datetime
) -> tuple[datetime, datetime]:
    if since is None or until is None:
        raise BadInput("give both, from and until", code="times-missing", field="since")
    if not since < until <= now or since < meeting.starts_at - EARLY or until > meeting.ends_at + LATEST:
        raise BadInput("this time is impossible: it is over, and near the meeting", code="bad-times", field="since")
    return since, until


def _wanted(member_ids: Iterable[str] | None, by: Actor) -> list[str]:
    """The ids meant. Raises BadInput `no-member`."""
    wanted = list(dict.fromkeys([by.member_id or ""] if member_ids is None else member_ids))
    if wanted == [""]:
        raise BadInput("this account belongs to no member; say who is there", code="no-member", field="member")
    return wanted


def _note_of(session: Session, wanted: list[str], by: Actor) -> Callable[[Meeting], None]:
    """Raises NotAllowed for who may not note these: oneself on one's own board, anybody for who keeps the record."""

    def allow(meeting: Meeting) -> None:
        is_own = wanted == [by.member_id] and by.may(Permission.PRESENCE_OWN)
        if not (is_own and is_on_board(session, meeting, by)):
            require_recorder(session, meeting, by)

    return allow


def _find(session: Session, wanted: list[str]) -> list[Member]:
    """Active members by their ids. Raises NotFound `unknown-member`."""
    query = select(Member).where(Member.public_id.in_(wanted), Member.active.is_(True)).order_by(Member.id)
    found = list(session.scalars(query))
    if len(found) < len(wanted) or not found:
        raise NotFound("there is no such member", code="unknown-member")
    return found


def _open_stays(session: Session, meeting: Meeting) -> list[Presence]:
    return list(session.scalars(select(Presence).where(Presence.meeting_id == meeting.id, Presence.until.is_(None))))


def _note(
    session: Session, action: str, meeting: Meeting, members: Iterable[Member], *, by: Actor, now: datetime
) -> None:
    ids = [member.public_id for member in members]
    if ids:
        record(session, by=by, now=now, action=action, subject=("meeting", meeting.public_id), members=ids)

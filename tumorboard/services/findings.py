"""What the nightly check found wrong with published meetings: kept until it is mended, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from tumorboard.domain.model import Reason
from tumorboard.domain.review import is_blocking
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.meetings import find_board
from tumorboard.store.meetings import Board, Meeting
from tumorboard.store.plans import MeetingFinding


class Step(StrEnum):
    """What mends a finding."""

    REPAIR = "repair"
    NOTE_REPORT = "note_report"
    CHANGE_ROOM = "change_room"
    CHOOSE_MOMENT = "choose_moment"
    ASK_AGAIN = "ask_again"


_STEPS: Mapping[str, Step] = {
    "case-not-ready": Step.NOTE_REPORT,
    "call-uncovered": Step.CHOOSE_MOMENT,
    "no-answer": Step.ASK_AGAIN,
    "room-in-use": Step.CHANGE_ROOM,
    "room-lost": Step.CHANGE_ROOM,
    "room-too-small": Step.CHANGE_ROOM,
}

FLAPS_WITHIN = timedelta(hours=1)
"""What is gone and comes again so soon after it was found is the same finding: it is not told twice."""

_SAME_THING = ("member", "reference", "specialty", "room")
"""The values that say what a finding is about; with the others it stays the same finding."""


_Rows = dict[tuple[object, ...], MeetingFinding]
"""By what they are about."""


@dataclass(frozen=True, slots=True)
class StandingFinding:
    """A finding that is not mended. `reason.values` are ids; `is_new` says that nobody was told of it before."""

    row: MeetingFinding
    reason: Reason
    meeting: Meeting

    @property
    def is_blocking(self) -> bool:
        """True when the meeting or a case of it cannot be held like this."""
        return is_blocking(self.reason.code, self.reason.values)

    @property
    def step(self) -> Step:
        """What to do next. No repair changes an urgent meeting."""
        if self.reason.values.get("urgent"):
            return Step.CHOOSE_MOMENT
        return _STEPS.get(self.reason.code, Step.REPAIR)


@dataclass(frozen=True, slots=True)
class Kept:
    """What one check changed: findings that are new, those that stand, and how many are mended."""

    new: tuple[StandingFinding, ...]
    standing: tuple[StandingFinding, ...]
    mended: int


def keep_findings(session: Session, meetings: Sequence[Meeting], found: Iterable[Reason], *, now: datetime) -> Kept:
    """Bring the rows of these meetings to what was found, inside the caller's transaction.

    What is new gets a row, what is still there is seen again, what is gone is mended; repeating it changes no more
    than `seen_at`. What was found within the last hour, mended and is there again gets its row back and is not new.
    """
    by_id = {row.public_id: row for row in meetings}
    open_rows, recent = _load_rows(session, meetings, now)
    new, standing = [], []
    for reason in found:
        meeting = by_id[str(reason.values["meeting"])]
        detail = {name: value for name, value in reason.values.items() if name != "meeting"}
        identity = _identity(meeting.id, reason.code, detail)
        row = open_rows.pop(identity, None) or recent.pop(identity, None)
        if row is None:
            row = MeetingFinding(meeting=meeting, code=reason.code, detail=detail, found_at=now, seen_at=now)
            session.add(row)
            new.append(StandingFinding(row, reason, meeting))
        row.detail, row.seen_at, row.mended_at = detail, now, None
        standing.append(StandingFinding(row, reason, meeting))
    for row in open_rows.values():
        row.mended_at = now
    session.flush()
    return Kept(tuple(new), tuple(standing), len(open_rows))


def _load_rows(session: Session, meetings: Sequence[Meeting], now: datetime) -> tuple[_Rows, _Rows]:
    """The findings of the meetings that stand, and those that were found and mended within the last hour."""
    query = select(MeetingFinding).where(MeetingFinding.meeting_id.in_([row.id for row in meetings]))
    is_recent = MeetingFinding.found_at > now - FLAPS_WITHIN
    standing: _Rows = {}
    recent: _Rows = {}
    for row in session.scalars(query.where(MeetingFinding.mended_at.is_(None) | is_recent).order_by(MeetingFinding.id)):
        rows = standing if row.mended_at is None else recent
        rows[_identity(row.meeting_id, row.code, row.detail)] = row
    return standing, recent


def _identity(meeting_id: int, code: str, detail: Mapping[str, object]) -> tuple[object, ...]:
    return (meeting_id, code, *(detail.get(name) for name in _SAME_THING))


def close_past_findings(session: Session, *, now: datetime) -> int:
    """Findings of meetings that have begun, were cancelled or hold no case any more are over; gives how many."""
    query = select(MeetingFinding).join(Meeting, Meeting.id == MeetingFinding.meeting_id)
    over = (Meeting.starts_at <= now) | (Meeting.status != "published")
    rows = list(session.scalars(query.where(MeetingFinding.mended_at.is_(None), over)))
    for row in rows:
        row.mended_at = now
    session.flush()
    return len(rows)


def list_findings(
    session: Session, *, by: Actor, now: datetime, board: str | None = None, meeting_id: str | None = None
) -> tuple[StandingFinding, ...]:
    """What is to be mended ahead of `now`, soonest meeting first, blocking ones first; a fixed number of queries."""
    require(by, Permission.PLAN_EDIT)
    query = _open_ahead(now).options(joinedload(MeetingFinding.meeting).joinedload(Meeting.board))
    if board is not None:
        query = query.where(Meeting.board_id == find_board(session, board).id)
    if meeting_id is not None:
        query = query.where(Meeting.public_id == meeting_id)
    found = [_standing(row) for row in session.scalars(query)]
    found.sort(key=lambda each: (each.meeting.starts_at, not each.is_blocking, each.reason.code, each.row.id))
    return tuple(found)


def count_findings(session: Session, *, by: Actor, now: datetime) -> dict[str, int]:
    """Board key → how many findings are to be mended; boards without one are left out."""
    require(by, Permission.PLAN_EDIT)
    ids = _open_ahead(now).with_only_columns(MeetingFinding.id)
    query = select(Board.key, func.count()).join(Meeting, Meeting.board_id == Board.id)
    query = query.join(MeetingFinding, MeetingFinding.meeting_id == Meeting.id)
    query = query.where(MeetingFinding.id.in_(ids)).group_by(Board.key).order_by(Board.key)
    return {row[0]: row[1] for row in session.execute(query)}


def _open_ahead(now: datetime) -> Select[MeetingFinding]:
    query = select(MeetingFinding).join(Meeting, Meeting.id == MeetingFinding.meeting_id)
    return query.where(MeetingFinding.mended_at.is_(None), Meeting.starts_at > now, Meeting.status == "published")


def _standing(row: MeetingFinding) -> StandingFinding:
    return StandingFinding(row, Reason(row.code, {**row.detail, "meeting": row.meeting.public_id}), row.meeting)

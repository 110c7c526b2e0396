"""A meeting that was added by hand: what the open draft knows of it, and the meeting taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from tumorboard.domain.errors import Conflict
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.centre_meetings import withdraw
from tumorboard.services.draft_today import is_outdated
from tumorboard.services.feeds import render_board_feeds
from tumorboard.services.meetings import lock_meeting
from tumorboard.services.planning import open_draft
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Board
from tumorboard.store.plans import Draft


@dataclass(frozen=True, slots=True)
class DraftBeside:
    """The open draft of a board whose meetings have just changed; an outdated one cannot be published any more."""

    draft: Draft
    is_outdated: bool


def find_draft_beside(session: Session, board: Board) -> DraftBeside | None:
    """The open draft of a board, and whether what changed makes it void; None when nothing is open."""
    draft = open_draft(session, board)
    return DraftBeside(draft, is_outdated(session, draft)) if draft is not None else None


def take_back_meeting(session: Session, setup: Setup, *, meeting_id: str, by: Actor, now: datetime) -> Board:
    """Undo an added meeting to which nobody is invited yet; gives its board.

    One that somebody knows of from before stays as cancelled. Raises Conflict `meeting-in-use` for one that is
    published or of a series (cancel those), `meeting-past`, `meeting-cancelled`.
    """
    require(by, Permission.MEETING_EDIT)
    with transaction(session):
        meeting = lock_meeting(session, meeting_id)
        board = meeting.board
        if meeting.status == "cancelled":
            raise Conflict("this meeting is cancelled already", code="meeting-cancelled")
        if meeting.starts_at <= now:
            raise Conflict("this meeting has begun; it cannot be cancelled any more", code="meeting-past")
        if meeting.status != "planned" or meeting.agenda or meeting.series_id is not None:
            raise Conflict("this meeting is published, or of a series; cancel it instead", code="meeting-in-use")
        meeting.agenda_changes += 1
        withdraw(session, setup, [meeting], now=now)
        render_board_feeds(session, setup, {board.id}, now=now)
        record(session, by=by, now=now, action="meeting:taken-back", subject=("meeting", meeting_id))
    return board

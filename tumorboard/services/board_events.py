"""What happened to the plans of a board: who proposed, moved, took back and published what, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.meetings import find_board
from tumorboard.store.cases import Case
from tumorboard.store.meetings import Meeting
from tumorboard.store.plans import Draft
from tumorboard.store.post import AuditEvent

ACTIONS = (
    "draft:proposed", "draft:repaired", "draft:edited", "draft:undone", "draft:redone", "draft:published",
    "draft:discarded", "draft:reopened", "draft:restored", "meeting:added", "meeting:moved", "meeting:cancelled",
)  # fmt: skip
MOST_EVENTS = 200


@dataclass(frozen=True, slots=True)
class BoardEvents:
    """Newest first. `references` are those of the cases named, `meetings` the meetings, by public id."""

    rows: tuple[AuditEvent, ...]
    references: Mapping[str, str]
    meetings: Mapping[str, Meeting]


def list_board_events(session: Session, *, board: str, by: Actor, limit: int = 30) -> BoardEvents:
    """The last events of a board's drafts and meetings; a fixed number of queries. Raises NotFound for the board."""
    require(by, Permission.PLAN_EDIT)
    row = find_board(session, board)
    drafts = select(Draft.public_id).where(Draft.board_id == row.id)
    held = select(Meeting.public_id).where(Meeting.board_id == row.id)
    query = select(AuditEvent).where(
        AuditEvent.action.in_(ACTIONS),
        or_(
            and_(AuditEvent.subject_kind == "draft", AuditEvent.subject_id.in_(drafts)),
            and_(AuditEvent.subject_kind == "meeting", AuditEvent.subject_id.in_(held)),
        ),
    )
    rows = tuple(session.scalars(query.order_by(AuditEvent.id.desc()).limit(min(limit, MOST_EVENTS))))
    cases = {str(each.detail.get("case", "")) for each in rows}
    known = session.execute(select(Case.public_id, Case.reference).where(Case.public_id.in_(cases)))
    wanted = {each.subject_id for each in rows if each.subject_kind == "meeting"}
    wanted |= {str(each.detail.get(name, "")) for each in rows for name in ("meeting", "from")}
    meetings = session.scalars(select(Meeting).where(Meeting.public_id.in_(wanted)))
    return BoardEvents(
        rows=rows,
        references={found[0]: found[1] for found in known},
        meetings={meeting.public_id: meeting for meeting in meetings},
    )

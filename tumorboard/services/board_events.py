"""What happened to the plans of a board: who proposed, moved, took back and published what, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.cover_steps import SUBSTITUTES
from tumorboard.services.meetings import find_board
from tumorboard.store.cases import Case
from tumorboard.store.meetings import Meeting
from tumorboard.store.people import Member
from tumorboard.store.plans import Draft, PlanChange
from tumorboard.store.post import AuditEvent

ACTIONS = (
    "draft:proposed", "draft:repaired", "draft:edited", "draft:undone", "draft:redone", "draft:published",
    "draft:discarded", "draft:reopened", "draft:restored", "meeting:added", "meeting:moved", "meeting:cancelled",
    "meeting:held-again",
)  # fmt: skip
OF_MEMBERS = ("substitutes:asked", "substitutes:undone")
"""Events about a member that belong to each board at whose meetings somebody comes instead of her."""
OF_INVITATIONS = ("invitation:delegated", "invitation:taken-back")
"""Events about a member's part in a meeting of the board."""
MOST_EVENTS = 200


@dataclass(frozen=True, slots=True)
class BoardEvents:
    """Newest first. `references` are those of the cases named, `meetings` and `members` those named, by public id."""

    rows: tuple[AuditEvent, ...]
    references: Mapping[str, str]
    meetings: Mapping[str, Meeting]
    members: Mapping[str, Member]


def list_board_events(session: Session, *, board: str, by: Actor, limit: int = 30) -> BoardEvents:
    """The last events of a board's drafts and meetings; a fixed number of queries. Raises NotFound for the board."""
    require(by, Permission.PLAN_EDIT)
    row = find_board(session, board)
    drafts = select(Draft.public_id).where(Draft.board_id == row.id)
    held = select(Meeting.public_id).where(Meeting.board_id == row.id)
    steps = select(PlanChange.detail["step"].as_string())
    steps = steps.where(PlanChange.board_id == row.id, PlanChange.kind == SUBSTITUTES)
    of_board = or_(
        and_(AuditEvent.subject_kind == "draft", AuditEvent.subject_id.in_(drafts)),
        and_(AuditEvent.subject_kind == "meeting", AuditEvent.subject_id.in_(held)),
    )
    query = select(AuditEvent).where(
        or_(
            and_(AuditEvent.action.in_(ACTIONS), of_board),
            and_(AuditEvent.action.in_(OF_INVITATIONS), AuditEvent.detail["meeting"].as_string().in_(held)),
            and_(AuditEvent.action.in_(OF_MEMBERS), AuditEvent.detail["step"].as_string().in_(steps)),
        )
    )
    rows = tuple(session.scalars(query.order_by(AuditEvent.id.desc()).limit(min(limit, MOST_EVENTS))))
    cases = {str(each.detail.get("case", "")) for each in rows}
    known = session.execute(select(Case.public_id, Case.reference).where(Case.public_id.in_(cases)))
    wanted = {each.subject_id for each in rows if each.subject_kind == "meeting"}
    wanted |= {str(each.detail.get(name, "")) for each in rows for name in ("meeting", "from")}
    meetings = session.scalars(select(Meeting).where(Meeting.public_id.in_(wanted)))
    names = {each.subject_id for each in rows if each.subject_kind == "member"}
    names |= {str(each.detail[name]) for each in rows for name in ("member", "deputy") if name in each.detail}
    members = session.scalars(select(Member).where(Member.public_id.in_(names)))
    return BoardEvents(
        rows=rows,
        references={found[0]: found[1] for found in known},
        meetings={meeting.public_id: meeting for meeting in meetings},
        members={member.public_id: member for member in members},
    )

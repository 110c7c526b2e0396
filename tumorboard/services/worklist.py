"""What a coordinator looks at: open cases with what is missing, and one case with all that is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.model import Reason
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.cases import find_case
from tumorboard.services.judging import Judgement, judge
from tumorboard.services.planning import proposal_of
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.meetings import AgendaItem, Board, Meeting
from tumorboard.store.plans import Draft
from tumorboard.store.post import AuditEvent


class CaseState(StrEnum):
    """The four states a list shows, and withdrawn."""

    NOT_READY = "not_ready"
    READY = "ready"
    SCHEDULED = "scheduled"
    DONE = "done"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case with its judgement and, when it is scheduled, the agenda item it stands on."""

    row: Case
    judgement: Judgement
    item: AgendaItem | None

    @property
    def state(self) -> CaseState:
        """What a list shows of it."""
        if self.row.status in ("done", "withdrawn", "scheduled"):
            return CaseState(self.row.status)
        return CaseState.READY if self.judgement.is_ready else CaseState.NOT_READY


@dataclass(frozen=True, slots=True)
class Worklist:
    """A page of cases, most urgent and longest waiting first, with how many there are by state."""

    cases: Sequence[CaseView]
    counts: dict[str, int]
    total: int


def list_cases(
    session: Session, setup: Setup, *, by: Actor, now: datetime, program: str | None = None, state: str | None = None,
    search: str = "", offset: int = 0, limit: int = 50,
) -> Worklist:  # fmt: skip
    """Open cases (or those of one state) whose reference contains `search`; a fixed number of queries."""
    require(by, Permission.CASE_READ)
    query = select(Case).options(selectinload(Case.readiness), selectinload(Case.waivers))
    if state not in (CaseState.DONE, CaseState.WITHDRAWN):
        query = query.where(Case.status.in_(("waiting", "scheduled")))
    if program:
        query = query.where(Case.program == program)
    if search:
        query = query.where(func.lower(Case.reference).contains(search.lower(), autoescape=True))
    found = session.scalars(query.order_by(Case.referred_at, Case.reference))
    rows = [row for row in found if row.program in setup.programs]
    items = _items(session, rows)
    views = [CaseView(row, judge(setup, row, on=setup.today(now)), items.get(row.id)) for row in rows]
    counts = {name.value: sum(view.state is name for view in views) for name in CaseState}
    if state:
        views = [view for view in views if view.state == state]
    order = {"urgent": 0, "expedited": 1, "routine": 2}
    views.sort(key=lambda view: (order[view.judgement.assessment.urgency], view.judgement.due_at, view.row.reference))
    return Worklist(cases=views[offset : offset + limit], counts=counts, total=len(views))


def _items(session: Session, rows: Sequence[Case]) -> dict[int, AgendaItem]:
    scheduled = [row.id for row in rows if row.status == "scheduled"]
    if not scheduled:
        return {}
    query = select(AgendaItem).options(joinedload(AgendaItem.meeting).joinedload(Meeting.board))
    return {item.case_id: item for item in session.scalars(query) if item.case_id in set(scheduled)}


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """One case: its view, what an open draft proposes for it and why, and what happened to it, newest first.

    `meetings` are those the reasons name, with the one proposed.
    """

    view: CaseView
    proposed_meeting: Meeting | None
    proposed_because: tuple[Reason, ...]
    meetings: tuple[Meeting, ...]
    events: tuple[AuditEvent, ...]


def read_case(session: Session, setup: Setup, *, case_id: str, by: Actor, now: datetime) -> CaseDetail:
    """One case with all that is known of it. Reading it is recorded."""
    require(by, Permission.CASE_READ)
    find_case(session, case_id)
    with transaction(session):
        record(session, by=by, now=now, action="case:read", subject=("case", case_id))
    row = find_case(session, case_id)
    view = CaseView(row, judge(setup, row, on=setup.today(now)), _items(session, [row]).get(row.id))
    proposed, because = _proposed(session, row)
    meetings = _named(session, proposed, because)
    meeting = next((known for known in meetings if known.public_id == proposed), None)
    events = select(AuditEvent).where(AuditEvent.subject_kind == "case", AuditEvent.subject_id == case_id)
    shown = events.where(AuditEvent.action != "case:read").order_by(AuditEvent.id.desc()).limit(50)
    return CaseDetail(view, meeting, because, meetings, tuple(session.scalars(shown)))


def _proposed(session: Session, row: Case) -> tuple[str | None, tuple[Reason, ...]]:
    """The id of the meeting an open draft has for the case, and why."""
    query = select(Draft).join(Board, Board.id == Draft.board_id)
    query = query.where(Draft.status == "open", Board.program == row.program).order_by(Draft.id.desc())
    for draft in session.scalars(query):
        proposal = proposal_of(draft)
        for plan in proposal.meetings:
            if row.reference in plan.reasons:
                return plan.meeting, tuple(plan.reasons[row.reference])
        if row.reference in proposal.left_out:
            return None, tuple(proposal.left_out[row.reference])
    return None, ()


def _named(session: Session, proposed: str | None, because: Sequence[Reason]) -> tuple[Meeting, ...]:
    """The proposed meeting and those that the reasons name; one query."""
    ids = {str(reason.values[name]) for reason in because for name in ("meeting", "to") if name in reason.values}
    wanted = sorted(ids | {proposed} if proposed else ids)
    return tuple(session.scalars(select(Meeting).where(Meeting.public_id.in_(wanted)))) if wanted else ()

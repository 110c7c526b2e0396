"""What a coordinator looks at: open cases with what is missing, and one case with all that is known of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.model import Reason
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.case_sheets import load_lines
from tumorboard.services.cases import find_case
from tumorboard.services.judging import Judgement, judge, judge_sheet
from tumorboard.services.planning import proposal_of
from tumorboard.services.setup import Setup
from tumorboard.services.texts import LONGEST_SEARCH
from tumorboard.store.cases import Case
from tumorboard.store.discussions import Discussion
from tumorboard.store.meetings import AgendaItem, Board, Meeting
from tumorboard.store.plans import Draft
from tumorboard.store.post import AuditEvent

OPEN = ("waiting", "scheduled")
"""The statuses of cases that a list shows unless it is asked for others."""
_AT_ONCE = 500
"""Cases whose rows are loaded by one query: databases bound the number of its parameters."""


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
        return state_of(self.row.status, self.judgement)


def state_of(status: str, judgement: Judgement) -> CaseState:
    """The state of a case by its status in the database and what is judged of it."""
    if status in ("done", "withdrawn", "scheduled"):
        return CaseState(status)
    return CaseState.READY if judgement.is_ready else CaseState.NOT_READY


@dataclass(frozen=True, slots=True)
class Worklist:
    """A page of cases, most urgent and longest waiting first, with how many there are by state.

    `late` counts the open ones that are past their limit.
    """

    cases: Sequence[CaseView]
    counts: dict[str, int]
    total: int
    late: int = 0


class Due(StrEnum):
    """How near the end of a case's clock is: past it, or within seven days."""

    LATE = "late"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases a list shows; an empty field leaves nothing out.

    `search` is a part of the reference, `needs` a specialty that is required or recommended, `owed_by` the specialty
    that owes a report without which the case cannot be planned.
    """

    program: str = ""
    state: str = ""
    search: str = ""
    urgency: str = ""
    needs: str = ""
    owed_by: str = ""
    due: str = ""

    def has(self, judgement: Judgement, setup: Setup, now: datetime) -> bool:
        """True for a case that the list shows, as far as its judgement decides; `state` is left to the caller."""
        assessment = judgement.assessment
        due_at = judgement.due_at
        return (
            self.urgency in ("", assessment.urgency)
            and (not self.needs or self.needs in (*assessment.required, *assessment.recommended))
            and (not self.owed_by or self.owed_by in debtors(judgement, setup))
            and (self.due != Due.LATE or due_at < now)
            and (self.due != Due.WEEK or now <= due_at < now + timedelta(days=7))
        )


def debtors(judgement: Judgement, setup: Setup) -> set[str]:
    """The specialties that owe the case a report which keeps it from being planned today."""
    awaited = {finding.item for finding in judgement.findings if finding.is_blocking}
    return {item.owed_by for item in setup.program(judgement.case.program).readiness if item.id in awaited}


def list_cases(
    session: Session, setup: Setup, *, by: Actor, now: datetime, only: CaseFilter | None = None, offset: int = 0,
    limit: int = 50,
) -> Worklist:  # fmt: skip
    """Open cases, or those that a filter shows; a fixed number of queries, and rows only for those of the page.

    `counts` are of the states of all that the rest of the filter shows, so that a person sees where the others are.
    """
    require(by, Permission.CASE_READ)
    only, today = only or CaseFilter(), setup.today(now)
    lines = [
        (line, judge_sheet(setup, line.sheet, on=today))
        for line in load_lines(session, *_conditions(only))
        if line.sheet.program in setup.programs
    ]
    lines = [(line, judgement) for line, judgement in lines if only.has(judgement, setup, now)]
    states = Counter(state_of(line.status, judgement) for line, judgement in lines)
    if only.state:
        lines = [(line, judgement) for line, judgement in lines if state_of(line.status, judgement) == only.state]
    order = {"urgent": 0, "expedited": 1, "routine": 2}
    lines.sort(key=lambda pair: (order[pair[1].assessment.urgency], pair[1].due_at, pair[0].sheet.reference))
    shown = lines[offset : offset + limit]
    rows = _load_rows(session, [line.id for line, _ in shown])
    items = _items(session, list(rows.values()))
    return Worklist(
        cases=[CaseView(rows[line.id], judgement, items.get(line.id)) for line, judgement in shown if line.id in rows],
        counts={name.value: states[name] for name in CaseState},
        total=len(lines),
        late=sum(line.status in OPEN and judgement.due_at < now for line, judgement in lines),
    )


def _conditions(only: CaseFilter) -> list[ColumnElement[bool]]:
    """What the database can decide of a filter."""
    found: list[ColumnElement[bool]] = []
    if only.state not in (CaseState.DONE, CaseState.WITHDRAWN):
        found.append(Case.status.in_(OPEN))
    if only.program:
        found.append(Case.program == only.program)
    if only.search:
        found.append(func.lower(Case.reference).contains(only.search[:LONGEST_SEARCH].lower(), autoescape=True))
    return found


def _load_rows(session: Session, ids: Sequence[int]) -> dict[int, Case]:
    query = select(Case).options(selectinload(Case.readiness), selectinload(Case.waivers))
    return {
        row.id: row
        for first in range(0, len(ids), _AT_ONCE)
        for row in session.scalars(query.where(Case.id.in_(ids[first : first + _AT_ONCE])))
    }


def count_waiting(session: Session, program: str) -> int:
    """How many open cases of a programme are on no meeting, those that need none included."""
    query = select(func.count(Case.id)).where(Case.program == program, Case.status == "waiting")
    return session.scalars(query).one()


def count_open(session: Session, setup: Setup) -> int:
    """How many cases are open, whatever a list shows of them."""
    query = select(func.count(Case.id)).where(Case.status.in_(OPEN))
    return session.scalars(query.where(Case.program.in_(list(setup.programs)))).one()


def count_closed(session: Session, setup: Setup, *, by: Actor, only: CaseFilter) -> dict[str, int]:
    """How many done and withdrawn cases have the reference that a filter searches; states without one are absent."""
    require(by, Permission.CASE_READ)
    if not only.search or only.state in (CaseState.DONE, CaseState.WITHDRAWN):
        return {}
    asked = CaseFilter(program=only.program, search=only.search, state=CaseState.DONE)
    query = select(Case.status, func.count(Case.id)).where(*_conditions(asked))
    query = query.where(Case.status.in_(("done", "withdrawn")), Case.program.in_(list(setup.programs)))
    rows = session.execute(query.group_by(Case.status).order_by(Case.status))
    return {row[0]: row[1] for row in rows}


def _items(session: Session, rows: Sequence[Case]) -> dict[int, AgendaItem]:
    scheduled = [row.id for row in rows if row.status == "scheduled"]
    if not scheduled:
        return {}
    query = select(AgendaItem).options(joinedload(AgendaItem.meeting).joinedload(Meeting.board))
    query = query.outerjoin(Discussion, Discussion.item_id == AgendaItem.id)
    query = query.where(or_(Discussion.id.is_(None), Discussion.outcome == ""))
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

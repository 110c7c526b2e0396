"""An open draft beside the database of now: what came after it, and what would make it wrong if it were published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.model import MeetingPlan, Proposal, Reason
from tumorboard.domain.planning_again import read_hand_work
from tumorboard.domain.planning_today import see_today
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.boards import DraftView
from tumorboard.services.planning import proposal_of
from tumorboard.services.planning_facts import list_open, load_problem
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.meetings import Meeting
from tumorboard.store.plans import Draft


@dataclass(frozen=True, slots=True)
class DraftToday:
    """What a draft is worth now.

    `plans` are those that publishing would write. `changed` are meetings that are gone, or whose agenda is another one
    than when the draft was made; `broken` the rules it breaks. `came_after` are references of open cases that wait for
    the next proposal, `closed` those of cases left out that are no longer open, `late` the days by which placed cases
    come after their limit (`late_urgent`: the urgent ones), `by_hand` how many cases a person placed or left out.
    `case_ids` are those of `came_after`.
    """

    plans: tuple[MeetingPlan, ...]
    changed: tuple[Reason, ...]
    broken: tuple[Reason, ...]
    came_after: tuple[str, ...]
    closed: tuple[str, ...]
    late: Mapping[str, int]
    by_hand: int
    case_ids: Mapping[str, str] = field(default_factory=dict)
    late_urgent: tuple[str, ...] = ()

    @property
    def wrong(self) -> tuple[Reason, ...]:
        """All that stops the publication, each once."""
        return tuple({(one.code, *sorted(one.values.items())): one for one in (*self.changed, *self.broken)}.values())


def read_today(session: Session, setup: Setup, view: DraftView, *, by: Actor, now: datetime) -> DraftToday:
    """An open draft, as it was read, beside the facts of now. A fixed number of queries."""
    require(by, Permission.PLAN_EDIT)
    ahead = [meeting for meeting in view.ahead if meeting.starts_at > now]
    today = compare_today(session, setup, view.row, view.proposal, now=now, ahead=ahead)
    query = select(Case.reference, Case.public_id).where(Case.program == view.row.board.program)
    known = session.execute(query.where(Case.reference.in_(today.came_after))) if today.came_after else ()
    return replace(today, case_ids={row[0]: row[1] for row in known})


def compare_today(
    session: Session, setup: Setup, draft: Draft, proposal: Proposal, *, now: datetime,
    ahead: Sequence[Meeting] | None = None,
) -> DraftToday:  # fmt: skip
    """The same for a draft at hand; `ahead` are the meetings of its board and time, where they are loaded."""
    waiting = list_open(session, draft.board.program)
    wanted = [row.id for row in waiting if row.reference not in proposal.left_out]
    problem, counters = load_problem(session, setup, draft.board, until=draft.until, now=now, only=wanted, ahead=ahead)
    today = see_today(problem, proposal, waiting={row.reference for row in waiting})
    own = {plan.meeting for plan in proposal.meetings}
    base = draft.plan["base"]
    other = [
        plan.meeting
        for plan, meeting in zip(today.proposal.meetings, problem.meetings, strict=True)
        if (base.get(plan.meeting) != counters[plan.meeting] if plan.meeting in own else meeting.published)
    ]
    return DraftToday(
        plans=tuple(plan for plan in today.proposal.meetings if plan.meeting in own),
        changed=(*today.gone, *(Reason("meeting-changed", {"meeting": name}) for name in other)),
        broken=today.broken,
        came_after=today.came_after,
        closed=today.closed,
        late=today.late,
        late_urgent=today.late_urgent,
        by_hand=len(read_hand_work(proposal).places),
    )


def is_outdated(session: Session, draft: Draft) -> bool:
    """True when meetings with cases of the draft are gone, or agendas changed since it was made: a quick look."""
    base = draft.plan["base"]
    plans = {plan.meeting: plan for plan in proposal_of(draft).meetings}
    query = select(Meeting.public_id, Meeting.agenda_changes)
    held = query.where(Meeting.public_id.in_(plans), Meeting.status != "cancelled")
    counters = {row.public_id: row.agenda_changes for row in session.execute(held)}
    return any(
        counters[name] != base.get(name) if name in counters else bool(plan.agenda) for name, plan in plans.items()
    )

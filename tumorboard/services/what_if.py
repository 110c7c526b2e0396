"""What would happen if: the open draft of a board, or what is published, beside the plan that changes would lead to.

Nothing is stored and nobody hears of it. To make a change real, enter the fact where it belongs (the absence, the case,
the meeting) and propose again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from tumorboard.domain.errors import BadInput, NotFound
from tumorboard.domain.model import MeetingFacts, Proposal, Urgency
from tumorboard.domain.planning_problem import Problem
from tumorboard.domain.planning_repair import LEFT_FOR_LATER
from tumorboard.domain.timeline import Interval
from tumorboard.domain.what_if import answer_what_if, present_plans, published_plans
from tumorboard.domain.what_if_changes import Absent, Added, Cancelled, Change, Rated, Ready, Withdrawn
from tumorboard.domain.what_if_difference import Difference
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.meetings import closes_at, find_board, find_room
from tumorboard.services.plan_changes import refuse_closed
from tumorboard.services.planning import Caller, call_here, find_draft, open_draft, proposal_of
from tumorboard.services.planning_facts import load_problem
from tumorboard.services.setup import Setup
from tumorboard.services.solver_process import PlannerRefusal
from tumorboard.store.cases import Case
from tumorboard.store.meetings import Board, Meeting
from tumorboard.store.people import Member
from tumorboard.store.plans import Draft

LIMIT_SECONDS = 6
"""When the process is ended; the answer is made for 2 s, which a busy machine may stretch."""

USUAL_WEEKS = 8
MOST_CHANGES = 20
SHORTEST_MINUTES, LONGEST_MINUTES = 10, 480


@dataclass(frozen=True, slots=True)
class WhatIfAsked:
    """The changes in the words of the doors.

    `absent` are (public id or e-mail, from, until), where None stands for now and the end of the plan. `urgent`,
    `ready` and `withdrawn` are references, `cancelled` ids of meetings, `added` (start, minutes, key of the room).
    """

    absent: tuple[tuple[str, datetime | None, datetime | None], ...] = ()
    urgent: tuple[str, ...] = ()
    ready: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    added: tuple[tuple[datetime, int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class WhatIfView:
    """The answer with the rows its ids stand for; `added` are the meetings that do not exist."""

    board: Board
    draft: Draft | None
    changes: tuple[Change, ...]
    difference: Difference
    meetings: Mapping[str, Meeting]
    added: Mapping[str, MeetingFacts]
    members: Mapping[str, Member]
    case_ids: Mapping[str, str]


def ask_what_if(
    session: Session, setup: Setup, *, asked: WhatIfAsked, by: Actor, now: datetime, draft_id: str | None = None,
    board: str = "", call: Caller = call_here,
) -> WhatIfView:  # fmt: skip
    """The difference to a draft, or to the open draft of the board, or to what is published when there is none.

    Raises NotFound for what is named and not there, BadInput (`no-change`, `too-many-changes`, `bad-minutes`,
    `bad-span`, `meeting-past`, `meeting-exists`, `room-taken`, `meeting-outside-plan`), PlannerRefusal
    (`what-if-too-slow`, and what the process of the call refuses).
    """
    require(by, Permission.PLAN_EDIT)
    draft = find_draft(session, draft_id) if draft_id else open_draft(session, find_board(session, board))
    row = draft.board if draft else find_board(session, board)
    if draft is not None:
        refuse_closed(draft, now)
    until = draft.until if draft else now + timedelta(weeks=USUAL_WEEKS)
    problem, _ = load_problem(session, setup, row, until=until, now=now)
    changes = tuple(_read_changes(session, setup, row, problem, asked, until))
    if not changes:
        raise BadInput("say what would change", code="no-change")
    if len(changes) > MOST_CHANGES:
        raise BadInput(f"{MOST_CHANGES} changes at most", code="too-many-changes")
    proposal = proposal_of(draft) if draft else None
    key, shown = row.key, draft.public_id if draft else None
    session.rollback()
    try:
        difference = call(find_difference, problem, proposal, changes, seconds=LIMIT_SECONDS)
    except PlannerRefusal as error:
        if error.code != "planner-too-slow":
            raise
        said = "no answer in the time allowed; try again, or fewer changes at once"
        raise PlannerRefusal(said, code="what-if-too-slow") from error
    return _view(session, key, shown, changes, difference)


def find_difference(problem: Problem, proposal: Proposal | None, changes: tuple[Change, ...]) -> Difference:
    """The answer, without a database."""
    plans = published_plans(problem) if proposal is None else present_plans(problem, proposal.meetings)
    return answer_what_if(problem, plans, changes, stay_out=_stay_out(problem, proposal))


def _stay_out(problem: Problem, proposal: Proposal | None) -> frozenset[str]:
    """The cases the draft did not try to place: left out by hand or for later, or referred after it was made."""
    if proposal is None:
        return frozenset()
    placed = {entry.reference for plan in proposal.meetings for entry in plan.agenda}
    tried = {
        reference
        for reference, reasons in proposal.left_out.items()
        if not {reason.code for reason in reasons} & {LEFT_FOR_LATER, "left-out-by-hand", "not-restored"}
    }
    return frozenset(case.reference for case in problem.cases) - placed - tried


def _read_changes(
    session: Session, setup: Setup, board: Board, problem: Problem, asked: WhatIfAsked, until: datetime
) -> Iterator[Change]:
    for who, first, last in asked.absent:
        start, end = first or problem.now, last or until
        if start >= end:
            raise BadInput("an absence ends after it begins", code="bad-span")
        yield Absent(_member_id(session, who), Interval(start, end))
    for reference in asked.urgent:
        yield Rated(reference, Urgency.URGENT)
    for reference in asked.ready:
        yield Ready(reference)
    for reference in asked.withdrawn:
        yield Withdrawn(reference)
    for meeting in asked.cancelled:
        yield Cancelled(meeting)
    for number, (start, minutes, room) in enumerate(asked.added, start=1):
        _refuse_meeting_then(session, board, start, asked.cancelled)
        yield _added(session, setup, board, f"added-{number}", start, minutes, room, until)


def _refuse_meeting_then(session: Session, board: Board, start: datetime, cancelled: Sequence[str]) -> None:
    """Urgent meetings are no part of the plan, and a board holds no second meeting at their time either."""
    query = select(Meeting.id).where(Meeting.board_id == board.id, Meeting.starts_at == start)
    query = query.where(Meeting.status != "cancelled", Meeting.public_id.not_in(cancelled))
    if session.scalar(query.limit(1)) is not None:
        raise BadInput("the board already meets at this time", code="meeting-exists", field="added")


def _added(
    session: Session, setup: Setup, board: Board, name: str, start: datetime, minutes: int, room: str, until: datetime
) -> Added:
    if not SHORTEST_MINUTES <= minutes <= LONGEST_MINUTES:
        raise BadInput(
            f"a meeting takes {SHORTEST_MINUTES} to {LONGEST_MINUTES} minutes", code="bad-minutes", field="minutes"
        )
    if start > until:
        raise BadInput("the plan does not reach so far; plan more weeks first", code="meeting-outside-plan")
    find_room(session, room)
    meeting = MeetingFacts(
        id=name,
        span=Interval(start, start + timedelta(minutes=minutes)),
        closes_at=closes_at(setup, board, start),
        time_zone=board.time_zone,
    )
    return Added(meeting, room)


def _member_id(session: Session, who: str) -> str:
    query = select(Member.public_id).where((Member.public_id == who) | (func.lower(Member.email) == who.lower()))
    found = session.scalar(query)
    if found is None:
        raise NotFound("there is no such member", code="unknown-member")
    return found


def _view(
    session: Session, board: str, draft_id: str | None, changes: tuple[Change, ...], difference: Difference
) -> WhatIfView:
    added = {change.meeting.id: change.meeting for change in changes if isinstance(change, Added)}
    wanted = {plan.meeting for plan in difference.plans} | set(_meetings_of(difference, changes))
    meetings = session.scalars(
        select(Meeting).where(Meeting.public_id.in_(sorted(wanted))).options(joinedload(Meeting.room))
    )
    row = find_board(session, board)
    references = {one.reference for one in difference.cases} | {
        change.reference for change in changes if isinstance(change, Rated | Ready | Withdrawn)
    }
    ids = select(Case.reference, Case.public_id).where(Case.program == row.program, Case.reference.in_(references))
    return WhatIfView(
        board=row,
        draft=find_draft(session, draft_id) if draft_id else None,
        changes=changes,
        difference=difference,
        meetings={meeting.public_id: meeting for meeting in meetings},
        added=added,
        members={member.public_id: member for member in session.scalars(select(Member))},
        case_ids={found[0]: found[1] for found in session.execute(ids)},
    )


def _meetings_of(difference: Difference, changes: Sequence[Change]) -> Iterator[str]:
    for one in difference.cases:
        yield from (name for name in (one.before, one.after) if name is not None)
    yield from (one.meeting for one in difference.members)
    yield from (change.meeting for change in changes if isinstance(change, Cancelled))

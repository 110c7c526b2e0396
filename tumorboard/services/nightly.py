"""Published meetings looked at again: what is no longer right is kept as findings, told, and mended in a draft."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.model import MeetingPlan, Proposal, Reason
from tumorboard.domain.planning import Problem
from tumorboard.domain.planning_repair import Moves, measure_moves, repair_plan
from tumorboard.domain.review import review_meetings
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.busy_reading import find_busy_now
from tumorboard.services.digest import post_digests
from tumorboard.services.findings import Kept, close_past_findings, keep_findings
from tumorboard.services.invitations import is_urgent_call
from tumorboard.services.meetings import find_board
from tumorboard.services.planning import Caller, call_here, open_draft
from tumorboard.services.published import PublishedBoard, load_published
from tumorboard.services.setup import Setup
from tumorboard.services.urgent_findings import find_missing
from tumorboard.store.facts import encode_proposal
from tumorboard.store.meetings import Board, Booking, Resource
from tumorboard.store.plans import Draft

JOB = "job:check-meetings"
"""The actor of the nightly run; a draft that it made, and nobody edited, it may replace."""

MOST_SECONDS = 2.0
"""For the solver: a repair is small, and a page waits for it."""

PATIENCE_SECONDS = 8.0
"""For what comes before and after the solver."""

ROOM_TO_MOVE = timedelta(weeks=4)
"""How long after the last published meeting a case may be put by a repair."""

UNMENDED = ("room-", "call-", "no-answer")
"""How the codes begin that a repair does not mend; neither does it mend what is `urgent`."""

MOVES = ("moved", "taken_off", "invited", "withdrawn", "retimed")
"""What is counted of a repair: the fields of `Moves`."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What one check did. `boards` have something to mend; `letters` are the digests written."""

    meetings: int
    new: int
    standing: int
    mended: int
    letters: int
    boards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repair:
    """What became of a repair: `made`, `same` (the draft of an earlier run still stands), `kept` (a person's draft is
    open and stays as it is) or `nothing` (all is right). `draft_id` is the open draft then; `moves` is its difference.
    """

    outcome: str
    draft_id: str | None = None
    made_by: str = ""
    moves: Moves = Moves()
    unmended: tuple[Reason, ...] = ()


def check_published(session: Session, setup: Setup, *, by: Actor, now: datetime) -> Checked:
    """Look at every published meeting ahead with the facts of now, keep what is wrong, and tell the coordinators.

    A letter leaves only when something is new. A second run finds the same and writes nothing.
    """
    require(by, Permission.PLAN_EDIT)
    looked_at, kept = 0, []
    with transaction(session):
        closed = close_past_findings(session, now=now)
        for board in _boards(session, setup):
            published = load_published(session, setup, board, now=now)
            if published is None:
                continue
            rows = [row for row in published.meetings.values() if row.status == "published"]
            looked_at += len(rows)
            kept.append((board, keep_findings(session, rows, find_wrong(session, setup, published, now=now), now=now)))
        news = [(board, each.new) for board, each in kept if each.new]
        letters = post_digests(session, setup, news, now=now) if news else 0
        checked = _sum_up(looked_at, kept, closed, letters)
        if checked.new or checked.mended:
            record(
                session, by=by, now=now, action="meetings:checked", subject=("centre", "1"), new=checked.new,
                standing=checked.standing, mended=checked.mended, letters=letters,
            )  # fmt: skip
    return checked


def _sum_up(looked_at: int, kept: Sequence[tuple[Board, Kept]], closed: int, letters: int) -> Checked:
    return Checked(
        meetings=looked_at,
        new=sum(len(each.new) for _, each in kept),
        standing=sum(len(each.standing) for _, each in kept),
        mended=closed + sum(each.mended for _, each in kept),
        letters=letters,
        boards=tuple(board.key for board, each in kept if each.standing),
    )


def _boards(session: Session, setup: Setup) -> list[Board]:
    rows = session.scalars(select(Board).order_by(Board.key))
    return [row for row in rows if row.program in setup.programs]


def find_wrong(session: Session, setup: Setup, published: PublishedBoard, *, now: datetime) -> tuple[Reason, ...]:
    """All that is no longer right about the published meetings of a board; reads only."""
    busy = find_busy_now(session, [row.id for row in published.meetings.values()])
    people = review_meetings(published.problem, published.plans, declined=published.declined, busy=busy)
    calls = (*_review_calls(setup, published, now), *_review_busy_calls(published, busy))
    return (*people, *_review_rooms(session, published), *calls)


def _review_calls(setup: Setup, published: PublishedBoard, now: datetime) -> Iterator[Reason]:
    """What nobody covers at an urgent meeting: it is no part of the plan, so the review does not see it."""
    for row in published.meetings.values():
        yield from find_missing(setup, row, now=now)


def _review_busy_calls(published: PublishedBoard, busy: Set[tuple[str, str]]) -> Iterator[Reason]:
    """Who has something else in her calendar at an urgent meeting, with what is lost if she was required."""
    for row in published.meetings.values():
        if row.status != "published" or not is_urgent_call(row):
            continue
        for entry in row.invitations:
            if (row.public_id, entry.member.public_id) not in busy:
                continue
            references = ",".join(item.case.reference for item in row.agenda) if entry.details["required"] else ""
            specialties = ",".join(entry.details["specialties"])
            values = {"member": entry.member.public_id, "references": references, "specialties": specialties}
            yield Reason("member-busy-now", {**values, "urgent": 1, "meeting": row.public_id})


def _review_rooms(session: Session, published: PublishedBoard) -> Iterator[Reason]:
    """A room that is no longer booked for the meeting, and one with fewer seats than people at one moment."""
    query = select(Booking.meeting_id, Resource.room_id, Booking.starts_at, Booking.ends_at)
    query = query.join(Resource, Resource.id == Booking.resource_id).where(Resource.room_id.is_not(None))
    ids = [row.id for row in published.meetings.values()]
    held = {
        tuple(row) for row in session.execute(query.where(Booking.status == "confirmed", Booking.meeting_id.in_(ids)))
    }
    for plan in published.plans:
        row = published.meetings[plan.meeting]
        if not plan.agenda:
            continue
        if (row.id, row.room_id, row.starts_at, row.ends_at) not in held:
            yield Reason("room-lost", {"meeting": plan.meeting, "room": row.room.key})
        people = most_at_once(plan)
        if people > row.room.capacity:
            values: dict[str, str | int] = {"people": people, "seats": row.room.capacity}
            yield Reason("room-too-small", {"meeting": plan.meeting, "room": row.room.key, **values})


def most_at_once(plan: MeetingPlan) -> int:
    """The most members who are there at one moment."""
    spans = [one.span for one in plan.attendances]
    return max((sum(one.start <= span.start < one.end for one in spans) for span in spans), default=0)


def propose_repair(
    session: Session, setup: Setup, *, board: str, by: Actor, now: datetime, call: Caller | None = None
) -> Repair:
    """Mend what is wrong with a board's published meetings in a draft, with the fewest moves. Publishes nothing.

    A draft that a person made or edited is left alone. `call` runs the planner, here if there is none: a web worker
    gives `solver_process.run_apart`, and holds a place from the beginning. Raises NotFound for the board.
    """
    require(by, Permission.PLAN_EDIT)
    row = find_board(session, board)
    board_id, known = row.id, open_draft(session, row)
    published = load_published(session, setup, row, now=now, beyond=ROOM_TO_MOVE, with_waiting=True)
    wrong = find_wrong(session, setup, published, now=now) if published is not None else ()
    unmended = tuple(each for each in wrong if each.code.startswith(UNMENDED) or each.values.get("urgent"))
    if published is None or len(unmended) == len(wrong):
        return _nothing(session, board_id, unmended, by=by, now=now)
    if known is not None and not is_automatic(known):
        return Repair("kept", known.public_id, known.made_by, unmended=unmended)
    session.rollback()
    seconds = min(MOST_SECONDS, setup.plan_seconds)
    run = call or call_here
    proposal = run(solve_repair, published.problem, published.plans, seconds, seconds=seconds + PATIENCE_SECONDS)
    moves = measure_moves(published.plans, proposal.meetings)
    plan = {
        "proposal": encode_proposal(proposal), "base": dict(published.base),
        "repair": {name: len(getattr(moves, name)) for name in MOVES},
    }  # fmt: skip
    return _keep(session, board_id, board, published.until, plan, moves, unmended, by=by, now=now)


def solve_repair(problem: Problem, plans: tuple[MeetingPlan, ...], seconds: float) -> Proposal:
    """The repair as a pure call that a process of its own can make."""
    return repair_plan(problem, plans, seconds=seconds)


def is_automatic(draft: Draft) -> bool:
    """True for a draft that the nightly run made and nobody edited since."""
    return draft.made_by == JOB and draft.version == 1


def _keep(
    session: Session, board_id: int, board: str, until: datetime, plan: dict[str, Any], moves: Moves,
    unmended: tuple[Reason, ...], *, by: Actor, now: datetime,
) -> Repair:  # fmt: skip
    """The repair as the open draft of the board, unless a person opened one meanwhile or the same one stands."""
    with transaction(session):
        for known in _open_drafts(session, board_id):
            if not is_automatic(known):
                return Repair("kept", known.public_id, known.made_by, unmended=unmended)
            if (known.plan["base"], known.plan["proposal"]) == (plan["base"], plan["proposal"]):
                return Repair("same", known.public_id, known.made_by, moves, unmended)
            known.status = "discarded"
        draft = Draft(board_id=board_id, made_by=by.name, made_at=now, until=until, plan=plan)
        session.add(draft)
        session.flush()
        record(
            session, by=by, now=now, action="draft:repaired", subject=("draft", draft.public_id), board=board,
            **plan["repair"],
        )  # fmt: skip
        return Repair("made", draft.public_id, by.name, moves, unmended)


def _nothing(session: Session, board_id: int, unmended: tuple[Reason, ...], *, by: Actor, now: datetime) -> Repair:
    """All is right again: a repair that nobody touched is thrown away."""
    with transaction(session):
        for known in _open_drafts(session, board_id):
            if is_automatic(known) and "repair" in known.plan:
                known.status = "discarded"
                record(session, by=by, now=now, action="draft:discarded", subject=("draft", known.public_id))
    return Repair("nothing", unmended=unmended)


def _open_drafts(session: Session, board_id: int) -> list[Draft]:
    return list(session.scalars(select(Draft).where(Draft.board_id == board_id, Draft.status == "open")))

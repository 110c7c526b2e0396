"""What is published on a board, as plans beside the facts of today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from tumorboard.domain.model import AgendaEntry, MeetingPlan
from tumorboard.domain.planning_problem import Problem
from tumorboard.domain.review import as_published
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.domain.timeline import Interval
from tumorboard.services.minutes import minutes_of_meeting
from tumorboard.services.parts import holds_place, part_of
from tumorboard.services.planning_facts import load_problem, meetings_ahead
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Board, Meeting


@dataclass(frozen=True, slots=True)
class PublishedBoard:
    """The meetings of a board ahead, at least up to its last published one.

    `plans` has one for each meeting of the problem, an empty one where nothing is published. `base` are the agenda
    counters. `declined` holds (meeting, member) of the invitations that were declined. Who delegated is no part of it.
    """

    problem: Problem
    base: Mapping[str, int]
    plans: tuple[MeetingPlan, ...]
    meetings: Mapping[str, Meeting]
    declined: frozenset[tuple[str, str]]
    until: datetime


def load_published(
    session: Session, setup: Setup, board: Board, *, now: datetime, beyond: timedelta = timedelta(0),
    with_waiting: bool = False,
) -> PublishedBoard | None:  # fmt: skip
    """What is published on the board ahead of `now`; None when nothing is. A fixed number of queries.

    With `beyond` the meetings that follow the last published one are there too, without a case. The problem has only
    the cases that are on an agenda, unless `with_waiting`.
    """
    rows = session.scalars(meetings_ahead(board, now).execution_options(populate_existing=True)).all()
    published = [row for row in rows if row.status == "published"]
    if not published:
        return None
    until = published[-1].starts_at + beyond
    problem, base = load_problem(session, setup, board, until=until, now=now, with_waiting=with_waiting, ahead=rows)
    meetings = {row.public_id: row for row in rows if row.starts_at <= until}
    requires = required_specialties(problem)
    plans = (plan_of(meetings[meeting.id], requires) for meeting in problem.meetings)
    return PublishedBoard(
        problem=problem,
        base=base,
        plans=tuple(as_published(problem, plan) for plan in plans),
        meetings=meetings,
        declined=frozenset(
            (row.public_id, entry.member.public_id)
            for row in meetings.values()
            for entry in row.invitations
            if holds_place(entry) and entry.answer in NOT_COMING
        ),
        until=until,
    )


def required_specialties(problem: Problem) -> dict[str, tuple[str, ...]]:
    """The specialties that each case of the problem requires, by reference."""
    return {
        case.reference: tuple(sorted({need.specialty for need in case.needs if need.required and not need.waived_by}))
        for case in problem.cases
    }


def plan_of(row: Meeting, requires: Mapping[str, tuple[str, ...]]) -> MeetingPlan:
    """What is published of a meeting; `requires` are the specialties that each of its cases requires."""
    place = {item.case.reference: item.position for item in row.agenda}
    held = minutes_of_meeting(row)
    return MeetingPlan(
        meeting=row.public_id,
        agenda=tuple(
            AgendaEntry(
                item.case.reference, Interval(item.starts_at, item.ends_at), requires.get(item.case.reference, ())
            )
            for item in row.agenda
        ),
        attendances=tuple(part_of(entry, place) for entry in row.invitations if holds_place(entry)),
        reasons={},
        held_minutes=held.total.now,
        held_minutes_arrival=held.total.arrival,
        held_by_member={one.member: (one.held.arrival, one.held.now) for one in held.members},
    )

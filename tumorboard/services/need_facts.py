"""What published meetings lack, from the facts of now: who does not come, what is lost by it, who could come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tumorboard.domain.board_settings import read_settings
from tumorboard.domain.deadlines import answer_due_at
from tumorboard.domain.model import MeetingPlan, MemberFacts, SeatKind, Urgency
from tumorboard.domain.planning_problem import NeedKey, Week, answers
from tumorboard.domain.substitutes import (
    NOT_COMING,
    LostNeed,
    Ranking,
    SubstituteQuestion,
    find_lost,
    rank_substitutes,
)
from tumorboard.domain.timeline import Interval, is_free
from tumorboard.services.published import PublishedBoard, load_published
from tumorboard.services.setup import Setup
from tumorboard.store.facts import busy_times, calls_by_week
from tumorboard.store.meetings import Board, Meeting, MeetingInvitation
from tumorboard.store.people import Member

LATELY = timedelta(weeks=8)
"""How far back questions to a member count when others are asked first."""

_WEEK = timedelta(days=8)
_DAY = timedelta(days=1)

WHYS = ("declined", "left", "absent", "bounced", "unanswered", "uncovered", "urgent-call")
"""Why a need is open: what became of the member who covered it; `uncovered` where nobody did. Letters to who has
`bounced` come back, so that nobody knows whether she comes. Whoever is free was asked for an `urgent-call`: another
moment has to be chosen."""


@dataclass(frozen=True, slots=True)
class OpenNeed:
    """A need of a published meeting that nobody covers, or that hangs on an answer which is overdue.

    `why` is one of `WHYS`, `urgency` that of the most urgent case it is about.
    """

    meeting: Meeting
    lost: LostNeed
    why: str
    ranking: Ranking
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class BoardFacts:
    """The published meetings of a board with everybody who could be asked. `members[].busy` holds all bookings."""

    board: Board
    published: PublishedBoard
    members: tuple[MemberFacts, ...]
    calls: Mapping[str, Mapping[Week, int]]
    asked: Mapping[str, int]
    unreached: frozenset[str]
    now: datetime

    @property
    def plans(self) -> tuple[MeetingPlan, ...]:
        """What is published, without the meetings that hold no case."""
        return tuple(plan for plan in self.published.plans if plan.agenda)


def load_board(session: Session, setup: Setup, board: Board, *, now: datetime) -> BoardFacts | None:
    """The facts of a board's published meetings ahead; None when there is none. A fixed number of queries."""
    published = load_published(session, setup, board, now=now)
    if published is None:
        return None
    end = published.until + _DAY
    busy = busy_times(session, start=now, end=end)
    known = session.execute(select(Member.public_id, Member.id, Member.bounced_at)).all()
    ids = {row[0]: row[1] for row in known}
    return BoardFacts(
        board=board,
        published=published,
        members=tuple(replace(each, busy=busy.get(ids[each.id], ())) for each in published.problem.members),
        calls=calls_by_week(session, start=now - _WEEK, end=end + _WEEK),
        asked=_asked_lately(session, now),
        unreached=frozenset(row[0] for row in known if row[2] is not None),
        now=now,
    )


def _asked_lately(session: Session, now: datetime) -> dict[str, int]:
    """How often each member was asked in the last weeks; what was taken back again does not count."""
    asked_at = func.coalesce(MeetingInvitation.asked_at, MeetingInvitation.stamp)
    query = select(Member.public_id, func.count()).join(MeetingInvitation, MeetingInvitation.member_id == Member.id)
    query = query.where(asked_at > now - LATELY, MeetingInvitation.status == "invited").group_by(Member.public_id)
    return {row[0]: row[1] for row in session.execute(query)}


def find_needs(facts: BoardFacts, *, meeting: Meeting | None = None) -> Iterator[OpenNeed]:
    """What the published meetings lack, or one of them, in the order of the meetings."""
    for plan in facts.plans:
        row = facts.published.meetings[plan.meeting]
        if meeting is not None and row is not meeting:
            continue
        gone = who_is_gone(facts, plan)
        for lost in lost_needs(facts, plan, gone):
            yield as_open(facts, row, lost, gone.get(lost.member, "uncovered"))
        for entry, why in _unsure(facts, row):
            if entry.member.public_id not in gone:
                hers = needs_of_member(facts, plan, entry)
                yield from (as_open(facts, row, lost, why) for lost in hers)


def who_is_gone(facts: BoardFacts, plan: MeetingPlan) -> dict[str, str]:
    """The invited members who do not come, with the reason: what they answered, or what is known of them."""
    rows = {row.member.public_id: row for row in facts.published.meetings[plan.meeting].invitations}
    members = {member.id: member for member in facts.published.problem.members}
    gone = {}
    for one in plan.attendances:
        answer = rows[one.member].answer
        if answer in NOT_COMING:
            gone[one.member] = answer
        elif one.member not in members:
            gone[one.member] = "left"
        elif not is_free(one.span, members[one.member].busy):
            gone[one.member] = "absent"
    return gone


def lost_needs(facts: BoardFacts, plan: MeetingPlan, gone: Mapping[str, str]) -> tuple[LostNeed, ...]:
    """What the meeting lacks without these members."""
    problem, row = facts.published.problem, facts.published.meetings[plan.meeting]
    return find_lost(
        plan,
        span=Interval(row.starts_at, row.ends_at),
        seats=problem.seats,
        cases={case.reference: case for case in problem.cases},
        members={member.id: member for member in problem.members},
        gone=gone.keys(),
    )


def needs_of_member(facts: BoardFacts, plan: MeetingPlan, row: MeetingInvitation) -> tuple[LostNeed, ...]:
    """What the meeting would lack without one invited member; where that is nothing, the specialties she comes for."""
    name = row.member.public_id
    found = lost_needs(facts, plan, {**who_is_gone(facts, plan), name: "unanswered"})
    span, details = Interval(row.starts_at, row.ends_at), row.details
    return tuple(lost for lost in found if lost.member == name) or tuple(
        LostNeed(
            NeedKey(each), span, SeatKind(row.kind), tuple(details["cases"]), tuple(details["rules"]), member=name
        )  # fmt: skip
        for each in details["specialties"]
    )


def as_open(facts: BoardFacts, meeting: Meeting, lost: LostNeed, why: str) -> OpenNeed:
    """The need with its urgency and everybody who could cover it."""
    urgencies = list(Urgency)
    found = [case.urgency for case in facts.published.problem.cases if case.reference in lost.references]
    urgency = max(found, key=urgencies.index, default=Urgency.ROUTINE)
    return OpenNeed(meeting, lost, why, rank_substitutes(question_of(facts, meeting, lost)), urgency)


def question_of(facts: BoardFacts, meeting: Meeting, lost: LostNeed) -> SubstituteQuestion:
    """The question for the domain. Deputies of those who said no to the same question follow those of `lost.member`."""
    plan = next(plan for plan in facts.plans if plan.meeting == meeting.public_id)
    gone = who_is_gone(facts, plan)
    declined = [row for row in meeting.invitations if row.answer in NOT_COMING]
    members = {member.id: member for member in facts.members}
    earlier = [row.member.public_id for row in declined]
    asked = [
        name for name in (lost.member, *earlier)
        if name in members and (name == lost.member or answers(members[name], lost.key))
    ]  # fmt: skip
    week = meeting.starts_at.astimezone(ZoneInfo(meeting.time_zone)).isocalendar()[:2]
    return SubstituteQuestion(
        lost=lost,
        members=facts.members,
        seats=facts.published.problem.seats,
        coming={one.member: one.span for one in plan.attendances if one.member not in gone},
        declined=frozenset(earlier),
        deputies=tuple(dict.fromkeys(deputy for name in asked for deputy in members[name].deputies)),
        calls={name: weeks.get(week, 0) for name, weeks in facts.calls.items()},
        asked=facts.asked,
        unreached=facts.unreached,
    )


def _unsure(facts: BoardFacts, meeting: Meeting) -> Iterator[tuple[MeetingInvitation, str]]:
    """Invitations to required members without an answer: those that came back, and those whose answer is due."""
    days = read_settings(facts.board.settings).answer_days
    for row in meeting.invitations:
        if row.status != "invited" or row.answer != "needs-action" or not row.details["required"]:
            continue
        if row.member.public_id in facts.unreached:
            yield row, "bounced"
        elif row.asked_at and answer_due_at(row.asked_at, meeting.starts_at, answer_days=days) <= facts.now:
            yield row, "unanswered"

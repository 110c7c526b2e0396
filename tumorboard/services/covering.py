"""A member is away: every published meeting that loses her gets its substitute in one step, which can be taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.covering import Gap, choose_for_all, find_conflicts
from tumorboard.domain.errors import Conflict, NotFound
from tumorboard.domain.model import SeatKind
from tumorboard.domain.substitutes import LostNeed
from tumorboard.domain.timeline import Interval
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.cover_steps import after_of, standing_steps, state_of, write_step
from tumorboard.services.invitations import is_urgent_call
from tumorboard.services.meetings import lock_meetings
from tumorboard.services.need_facts import BoardFacts, OpenNeed, find_needs, load_board
from tumorboard.services.parts import holds_place
from tumorboard.services.planning import proposal_of
from tumorboard.services.recheck import recheck_meetings
from tumorboard.services.setup import Setup
from tumorboard.services.substitutes import ask, find_member, not_suited
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Absence, Member
from tumorboard.store.plans import Draft, PlanChange

Choices = Mapping[tuple[str, str], str]
"""Who is asked, by meeting and `need_name`; an empty name for nobody."""


@dataclass(frozen=True, slots=True)
class Affected:
    """A published meeting at which the member was expected.

    `chosen` has the best substitute for each of the `needs` that are lost, None where nobody can be asked. Without
    needs the meeting has all it needs without her, or `is_urgent`: whoever is free was called already.
    """

    meeting: Meeting
    row: MeetingInvitation
    needs: tuple[OpenNeed, ...]
    chosen: tuple[str | None, ...]
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Cover:
    """An absence with what it costs. `drafts` are open drafts that still count on her; `done` was asked already."""

    absence: Absence
    meetings: tuple[Affected, ...]
    drafts: tuple[Draft, ...]
    done: PlanChange | None

    @property
    def open(self) -> tuple[Affected, ...]:
        """The meetings that lose something."""
        return tuple(one for one in self.meetings if one.needs)

    @property
    def number(self) -> int:
        """How many needs somebody can be asked for."""
        return sum(name is not None for one in self.meetings for name in one.chosen)


@dataclass(frozen=True, slots=True)
class Covered:
    """What was done: who was asked where, in how many letters, and what nobody was asked for."""

    change: PlanChange
    asked: tuple[tuple[Meeting, Member], ...]
    letters: int
    open: tuple[tuple[Meeting, LostNeed], ...]


def need_name(lost: LostNeed) -> str:
    """A need among those of one meeting and one member, as forms and programs name it."""
    key = lost.key
    return ".".join(part for part in (key.specialty, key.certificate, key.member) if part)


def read_cover(session: Session, setup: Setup, *, absence_id: str, by: Actor, now: datetime) -> Cover:
    """The meetings that an absence costs somebody, each with the substitute who would be asked. Reads only.

    A fixed number of queries per board. Raises NotFound `unknown-absence`.
    """
    require(by, Permission.PLAN_PUBLISH)
    absence = find_absence(session, absence_id)
    done = standing_steps(session, absence_id)
    meetings = _affected(session, setup, absence, _rows(session, absence, now), now=now)
    return Cover(absence, meetings, list_drafts(session, absence), done[-1] if done else None)


def cover_absence(
    session: Session, setup: Setup, *, absence_id: str, by: Actor, now: datetime, choices: Choices | None = None
) -> Covered:
    """Ask a substitute for every meeting that an absence costs, in one transaction; without `choices` the best ones.

    Raises Conflict `nobody-chosen` and `not-suited` with the reason, and as `ask_instead`; NotFound.
    """
    require(by, Permission.PLAN_PUBLISH)
    with transaction(session):
        absence = find_absence(session, absence_id)
        rows = _rows(session, absence, now)
        lock_meetings(session, [row.meeting.public_id for row in rows])
        for row in rows:
            session.refresh(row.meeting)
        found = _affected(session, setup, absence, rows, now=now, choices=choices)
        asked, letters, left = [], 0, []
        before: dict[str, dict[str, Any]] = {}
        for one in found:
            names = dict.fromkeys(name for name in one.chosen if name)
            left += [(one.meeting, need.lost) for need, name in zip(one.needs, one.chosen, strict=True) if not name]
            if names:
                people = [find_member(session, name) for name in names]
                before[one.meeting.public_id] = state_of(one.meeting, [one.row.member, *people])
                letters += _ask_all(session, setup, one, people, by=by, now=now)
                asked += [(one.meeting, person) for person in people]
        if not asked:
            raise Conflict("nobody is chosen for any of these meetings", code="nobody-chosen")
        for meeting, _ in asked:
            before[meeting.public_id]["after"] = after_of(meeting, before[meeting.public_id]["parts"])
        recheck_meetings(session, setup, {meeting.id: meeting for meeting, _ in asked}.values(), now=now)
        change = write_step(session, absence, before, asked, by=by, now=now, letters=letters)
    return Covered(change, tuple(asked), letters, tuple(left))


def _ask_all(
    session: Session, setup: Setup, one: Affected, people: Sequence[Member], *, by: Actor, now: datetime
) -> int:
    """Ask the chosen people of one meeting; the member is withdrawn with the last of them if no need is left."""
    is_whole = all(one.chosen)
    letters = 0
    for person in people:
        needs = [
            need.lost for need, name in zip(one.needs, one.chosen, strict=True) if name == person.public_id
        ]  # fmt: skip
        is_last = person is people[-1]
        done = ask(
            session, setup, one.meeting, one.row, person, needs, by=by, now=now, is_all=is_whole and is_last
        )  # fmt: skip
        letters += done.letters
    return letters


def find_absence(session: Session, absence_id: str) -> Absence:
    """The absence with this public id. Raises NotFound."""
    row = session.scalar(select(Absence).where(Absence.public_id == absence_id))
    if row is None:
        raise NotFound("there is no such absence", code="unknown-absence")
    return row


def _rows(session: Session, absence: Absence, now: datetime) -> list[MeetingInvitation]:
    """Her places at published meetings ahead that fall into the absence, soonest first."""
    query = select(MeetingInvitation).join(Meeting, Meeting.id == MeetingInvitation.meeting_id)
    query = query.where(MeetingInvitation.member_id == absence.member_id, MeetingInvitation.status == "invited")
    query = query.where(MeetingInvitation.starts_at < absence.ends_at, MeetingInvitation.ends_at > absence.starts_at)
    query = query.where(Meeting.status == "published", Meeting.starts_at > now)
    return [row for row in session.scalars(query.order_by(Meeting.starts_at, Meeting.id)) if holds_place(row)]


def _affected(
    session: Session, setup: Setup, absence: Absence, rows: Sequence[MeetingInvitation], *, now: datetime,
    choices: Choices | None = None,
) -> tuple[Affected, ...]:  # fmt: skip
    """The meetings with their needs; with `choices` those are checked instead of made."""
    member = absence.member.public_id
    boards = {row.meeting.board_id: row.meeting.board for row in rows}
    facts = {
        key: load_board(session, setup, board, now=now) if board.program in setup.programs else None
        for key, board in boards.items()
    }
    needs = {row.id: _lost_at(facts[row.meeting.board_id], row, member) for row in rows}
    gaps = [_gap(facts[row.meeting.board_id], need) for row in rows for need in needs[row.id]]
    names = [(need.meeting.public_id, need_name(need.lost)) for row in rows for need in needs[row.id]]
    chosen = choose_for_all(gaps) if choices is None else tuple(choices.get(name) or None for name in names)
    wrong = find_conflicts(gaps, chosen)
    if wrong:
        raise not_suited(wrong[0][1])
    places = iter(chosen)
    return tuple(
        Affected(
            row.meeting, row, needs[row.id], tuple(next(places) for _ in needs[row.id]),
            is_urgent=is_urgent_call(row.meeting),
        )
        for row in rows
    )  # fmt: skip


def _lost_at(facts: BoardFacts | None, row: MeetingInvitation, member: str) -> tuple[OpenNeed, ...]:
    if facts is None or is_urgent_call(row.meeting):
        return ()
    return tuple(need for need in find_needs(facts, meeting=row.meeting) if need.lost.member == member)


def _gap(facts: BoardFacts | None, need: OpenNeed) -> Gap:
    assert facts is not None  # the need was found in them
    meeting = need.meeting
    week = meeting.starts_at.astimezone(ZoneInfo(meeting.time_zone)).isocalendar()[:2]
    left = {
        member.id: member.most_calls_per_week - facts.calls.get(member.id, {}).get(week, 0)
        for member in facts.members
        if member.most_calls_per_week is not None
    }
    return Gap(meeting.public_id, need.ranking, week, is_call=need.lost.kind is SeatKind.ON_DEMAND, calls_left=left)


def list_drafts(session: Session, absence: Absence) -> tuple[Draft, ...]:
    """Open drafts that count on the member during her absence."""
    away = Interval(absence.starts_at, absence.ends_at)
    name = absence.member.public_id
    drafts = session.scalars(select(Draft).where(Draft.status == "open").order_by(Draft.id))
    return tuple(
        draft
        for draft in drafts
        if any(
            one.member == name and one.span.overlaps(away)
            for plan in proposal_of(draft).meetings
            for one in plan.attendances
        )
    )

"""The room of a meeting: the cases with what is written of them, who is there, and what that covers right now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tumorboard.domain.discussions import Attended, Pace, Stay, cover_now, pace_of, record_of
from tumorboard.domain.model import MemberFacts, Need
from tumorboard.domain.quorum import Coverage, needs_with_named
from tumorboard.domain.timeline import Interval
from tumorboard.services.access import Actor, Permission
from tumorboard.services.boards import read_meeting
from tumorboard.services.judging import judge, waiting_case
from tumorboard.services.parts import holds_place
from tumorboard.services.room_entry import is_open_at, load_discussions, load_stays, may_record
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.discussions import Discussion
from tumorboard.store.facts import case_facts, member_facts
from tumorboard.store.meetings import AgendaItem, Meeting, MeetingInvitation, Seat, SeatHolder
from tumorboard.store.people import Deputy, Member

QUESTION = "question"


@dataclass(frozen=True, slots=True)
class RoomCase:
    """A case of the agenda with what is written of it, who was there, and which of its needs that covers.

    `coverage` is that of the discussion once it is over, else of those who are here now. `questions` are field id and
    text. `pace` is None until it was begun.
    """

    item: AgendaItem
    discussion: Discussion | None
    needs: tuple[Need, ...]
    coverage: Coverage
    attended: tuple[Attended, ...]
    questions: tuple[tuple[str, str], ...]
    pace: Pace | None

    @property
    def state(self) -> str:
        """`settled` with an outcome, `running` while it is discussed, `left` when it was begun and left, or `open`."""
        if self.discussion is None:
            return "open"
        if self.discussion.outcome:
            return "settled"
        if self.discussion.started_at is None:
            return "open"
        return "running" if self.discussion.ended_at is None else "left"


@dataclass(frozen=True, slots=True)
class RoomPerson:
    """Somebody expected, or there without being expected (`kind` is `other` then). `window` is when she is expected.

    `here_since` is None while she is not in the room; `stays` are all the times she was.
    """

    member: Member
    kind: str
    window: Interval | None
    answer: str
    specialties: tuple[str, ...]
    here_since: datetime | None
    stays: tuple[Stay, ...]


@dataclass(frozen=True, slots=True)
class Room:
    """A meeting as it happens. `others` are members who could be noted as there although nobody expects them."""

    meeting: Meeting
    cases: tuple[RoomCase, ...]
    people: tuple[RoomPerson, ...]
    others: tuple[Member, ...]
    members: Mapping[str, Member]
    now: datetime
    is_open: bool
    may_record: bool
    may_sign: bool

    @property
    def current(self) -> RoomCase | None:
        """The case that is being discussed."""
        return next((case for case in self.cases if case.state == "running"), None)

    @property
    def following(self) -> RoomCase | None:
        """The first case without an outcome that is not being discussed, from the current one on."""
        place = self.cases.index(self.current) if self.current else -1
        turned = (*self.cases[place + 1 :], *self.cases[: max(place, 0)])
        return next((case for case in turned if case.state != "settled" and case is not self.current), None)

    @property
    def settled(self) -> int:
        """How many cases have an outcome."""
        return sum(case.state == "settled" for case in self.cases)

    @property
    def here(self) -> int:
        """How many are in the room."""
        return sum(person.here_since is not None for person in self.people)

    @property
    def were_here(self) -> int:
        """How many were in the room at some time."""
        return sum(bool(person.stays) for person in self.people)


def read_room(session: Session, setup: Setup, *, meeting_id: str, by: Actor, now: datetime) -> Room:
    """A meeting as it happens; a fixed number of queries."""
    meeting = read_meeting(session, meeting_id=meeting_id, by=by)
    ids = [item.case_id for item in meeting.agenda]
    loaded = select(Case).where(Case.id.in_(ids)).options(selectinload(Case.readiness), selectinload(Case.waivers))
    session.scalars(loaded).all()
    discussions, stays = load_discussions(session, meeting), load_stays(session, meeting)
    rows = _load_members(session)
    members = {row.public_id: row for row in rows}
    facts = {row.public_id: member_facts(row, ()) for row in rows}
    emails = {row.email: row.public_id for row in rows}
    stays_of = [Stay(row.member.public_id, row.since, row.until) for row in stays]
    people = _people(meeting, stays_of, members, _seat_specialties(session, meeting))
    expected = {person.member.public_id for person in people}
    return Room(
        meeting=meeting,
        cases=tuple(
            _case(setup, item, discussions.get(item.id), stays_of, facts, emails, now) for item in meeting.agenda
        ),
        people=people,
        others=tuple(row for row in rows if row.active and row.public_id not in expected),
        members=members,
        now=now,
        is_open=meeting.status == "published" and is_open_at(meeting, now),
        may_record=may_record(session, meeting, by),
        may_sign=by.may(Permission.MEETING_SIGN),
    )


def _load_members(session: Session) -> list[Member]:
    query = (
        select(Member)
        .order_by(Member.name)
        .options(
            selectinload(Member.specialties),
            selectinload(Member.certificates),
            selectinload(Member.deputies).selectinload(Deputy.deputy),
        )
    )
    return list(session.scalars(query))


def _seat_specialties(session: Session, meeting: Meeting) -> dict[str, tuple[str, ...]]:
    """What each holder of a core seat sits for, by public id."""
    query = (
        select(Member.public_id, Seat.specialty)
        .join(SeatHolder, SeatHolder.member_id == Member.id)
        .join(Seat, Seat.id == SeatHolder.seat_id)
        .where(Seat.board_id == meeting.board_id, Seat.kind == "core")
        .order_by(Seat.position)
    )
    found: dict[str, tuple[str, ...]] = {}
    for member, specialty in session.execute(query):
        found[member] = (*found.get(member, ()), specialty)
    return found


def _people(
    meeting: Meeting, stays: Sequence[Stay], members: Mapping[str, Member], seats: Mapping[str, tuple[str, ...]]
) -> tuple[RoomPerson, ...]:
    """Those expected, core seats first, then those who came although nobody expected them."""
    invited = [row for row in meeting.invitations if holds_place(row)]
    invited.sort(key=lambda row: (row.kind != "core", row.starts_at, row.member.name))
    asked = {row.member.public_id: row for row in invited}
    names = dict.fromkeys((*asked, *(stay.member for stay in stays)))
    return tuple(_person(members[name], asked.get(name), stays, seats) for name in names if name in members)


def _person(
    member: Member, row: MeetingInvitation | None, stays: Iterable[Stay], seats: Mapping[str, tuple[str, ...]]
) -> RoomPerson:
    hers = tuple(stay for stay in stays if stay.member == member.public_id)
    asked_for = tuple(row.details["specialties"]) if row else seats.get(member.public_id, ())
    return RoomPerson(
        member=member,
        kind=row.kind if row else "other",
        window=Interval(row.starts_at, row.ends_at) if row else None,
        answer=row.answer if row else "",
        specialties=asked_for or tuple(held.specialty for held in member.specialties),
        here_since=next((stay.since for stay in hers if stay.until is None), None),
        stays=hers,
    )


def _case(
    setup: Setup, item: AgendaItem, row: Discussion | None, stays: Sequence[Stay],
    members: Mapping[str, MemberFacts], emails: Mapping[str, str], now: datetime,
) -> RoomCase:  # fmt: skip
    needs = needs_on(setup, item, emails, members, now=now)
    span = span_of(row)
    if span is not None:
        record = record_of(needs, span=span, stays=stays, members=members)
        attended, cover = record.attended, record.coverage
    else:
        here = [stay.member for stay in stays if stay.until is None]
        attended, cover = (), cover_now(needs, here=here, members=members, now=now)
    planned = Interval(item.starts_at, item.ends_at)
    begun = row.started_at if row is not None else None
    until = (row.ended_at if row is not None else None) or now
    values = case_facts(item.case).values
    return RoomCase(
        item=item,
        discussion=row,
        needs=needs,
        coverage=cover,
        attended=attended,
        questions=tuple(
            (name, str(values[name])) for name in setup.program(item.case.program).fields
            if name.startswith(QUESTION) and values.get(name)
        ),
        pace=pace_of(planned, started_at=begun, until=until) if begun is not None else None,
    )  # fmt: skip


def lost_needs(
    session: Session, setup: Setup, item: AgendaItem, *, span: Interval, now: datetime
) -> tuple[Need, ...]:  # fmt: skip
    """The required needs of a case that nobody noted as there covered while it was discussed."""
    rows = _load_members(session)
    members = {row.public_id: member_facts(row, ()) for row in rows}
    needs = needs_on(setup, item, {row.email: row.public_id for row in rows}, members, now=now)
    stays = [Stay(row.member.public_id, row.since, row.until) for row in load_stays(session, item.meeting)]
    return record_of(needs, span=span, stays=stays, members=members).coverage.lost


def span_of(row: Discussion | None) -> Interval | None:
    """When a case was discussed; None before its end, and for one that never began."""
    if row is None or row.started_at is None or row.ended_at is None or row.started_at >= row.ended_at:
        return None
    return Interval(row.started_at, row.ended_at)


def needs_on(
    setup: Setup, item: AgendaItem, emails: Mapping[str, str], members: Mapping[str, MemberFacts], *, now: datetime
) -> tuple[Need, ...]:
    """The unwaived needs of a case on the day of its meeting, named members by their public ids."""
    on = item.starts_at.astimezone(ZoneInfo(setup.time_zone)).date()
    case = item.case
    waiting = waiting_case(setup, judge(setup, case, on=on), (), fixed_at=case.fixed_at, now=now)
    named = {name: emails.get(name.strip().lower(), name) for name in waiting.named_members}
    needs = tuple(replace(need, member=named.get(need.member or "", need.member)) for need in waiting.needs)
    return needs_with_named(replace(waiting, needs=needs, named_members=tuple(sorted(named.values()))), members)

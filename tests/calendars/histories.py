"""Random histories of a board, told by mails that are doubled, late and out of order, to calendar programs in small."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import CORE, ON_DEMAND
from tests.calendars.clients import Client, Span
from tests.services.conftest import NOW
from tumorboard.domain.model import Attendance, SeatKind
from tumorboard.domain.timeline import Interval
from tumorboard.mail.letters import LetterKind
from tumorboard.services.invitations import cancel_invitations, post_letters, resend_invitation, sync_invitations
from tumorboard.services.setup import Setup
from tumorboard.services.standing import leave_out_untold, list_excluded, starts_of
from tumorboard.store.calendars import StandingInvitation, StandingPlace
from tumorboard.store.meetings import Meeting, MeetingInvitation, Room
from tumorboard.store.people import Member
from tumorboard.store.post import OutboxMessage

PEOPLE = (*CORE.values(), ON_DEMAND["urology"])
STEPS = 14


@dataclass(slots=True)
class History:
    """A board, its members' calendars, and the mails on their way."""

    session: Session
    setup: Setup
    dice: random.Random
    now: datetime = NOW
    clients: dict[str, Client] = field(default_factory=lambda: {address: Client(address) for address in PEOPLE})
    on_the_way: list[tuple[str, bytes]] = field(default_factory=list)
    meetings: list[Meeting] = field(default_factory=list)
    wanted: dict[int, dict[str, Attendance]] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def run(self) -> list[str]:
        """Play the history to its end; gives what is wrong then, with what had happened."""
        query = select(Meeting).order_by(Meeting.starts_at)
        self.meetings = list(self.session.scalars(query))[1:6]
        self.members = {row.email: row.public_id for row in self.session.scalars(select(Member))}
        for member in self.session.scalars(select(Member).where(Member.email.in_(PEOPLE))):
            member.preferences = {"whole_series": self.dice.random() < 0.3}
        for _ in range(STEPS):
            self._step()
        self._post()
        self._arrive(len(self.on_the_way))
        self._compare()
        return [f"{problem} after {'; '.join(self.log)}" for problem in self.problems]

    def _step(self) -> None:
        self.now += timedelta(seconds=self.dice.choice((0, 0.2, 5, 3600)))
        meeting = self.dice.choice(self.meetings)
        step = self.dice.choice((
            self._create, self._create, self._move, self._change_room, self._add, self._remove, self._cancel,
            self._undo, self._resend,
        ))  # fmt: skip
        self.log.append(f"{step.__name__} {self.meetings.index(meeting)}")
        step(meeting)
        self.session.flush()
        if self.dice.random() < 0.6:
            self._post()
        self._arrive(self.dice.randint(0, 6))
        if self.dice.random() < 0.4:
            self._answer(self.dice.choice(PEOPLE))
        self._check_accepted()

    def _create(self, meeting: Meeting) -> None:
        if meeting.status != "planned":
            return
        meeting.status, meeting.published_at = "published", self.now
        people = dict.fromkeys(CORE.values(), SeatKind.CORE)
        if self.dice.random() < 0.5:
            people[ON_DEMAND["urology"]] = SeatKind.ON_DEMAND
        self.wanted[meeting.id] = {address: self._part(meeting, address, kind) for address, kind in people.items()}
        self._sync(meeting)

    def _part(self, meeting: Meeting, address: str, kind: SeatKind) -> Attendance:
        whole = Interval(meeting.starts_at, meeting.ends_at)
        span = whole if kind is SeatKind.CORE else Interval(whole.start, whole.start + timedelta(minutes=20))
        return Attendance(member=self.members[address], kind=kind, span=span, specialties=())

    def _move(self, meeting: Meeting) -> None:
        if meeting.status != "published":
            return
        shift = timedelta(minutes=7 * self.dice.choice((1, 9, 200, -300, 1500, -1600, 2100)))
        length = meeting.ends_at - meeting.starts_at
        start = meeting.starts_at + shift
        taken = {other.starts_at for other in self.session.scalars(select(Meeting))}
        if start in taken or start <= self.now + timedelta(days=1):
            return
        meeting.starts_at, meeting.ends_at = start, start + length
        people = self.wanted[meeting.id]
        self.wanted[meeting.id] = {who: self._part(meeting, who, part.kind) for who, part in people.items()}
        self._sync(meeting)

    def _change_room(self, meeting: Meeting) -> None:
        meeting.room = self.dice.choice(list(self.session.scalars(select(Room).order_by(Room.id))))
        if meeting.status == "published":
            self._sync(meeting)

    def _add(self, meeting: Meeting) -> None:
        if meeting.status == "published":
            who = self.dice.choice(PEOPLE)
            kind = SeatKind.CORE if who in CORE.values() else SeatKind.ON_DEMAND
            self.wanted[meeting.id][who] = self._part(meeting, who, kind)
            self._sync(meeting)

    def _remove(self, meeting: Meeting) -> None:
        if meeting.status == "published":
            self.wanted[meeting.id].pop(self.dice.choice(PEOPLE), None)
            self._sync(meeting)

    def _cancel(self, meeting: Meeting) -> None:
        if meeting.status == "cancelled":
            return
        meeting.status = "cancelled"
        changes = cancel_invitations(self.session, meeting, now=self.now)
        changes += leave_out_untold(self.session, self.setup, meeting, LetterKind.CANCELLED, now=self.now)
        post_letters(self.session, self.setup, meeting, changes, now=self.now)

    def _undo(self, meeting: Meeting) -> None:
        """The meeting takes place after all, with whom it had."""
        if meeting.status == "cancelled":
            meeting.status = "planned"
            self._create(meeting)

    def _resend(self, meeting: Meeting) -> None:
        rows = [row for row in meeting.invitations if row.status == "invited"]
        if rows:
            resend_invitation(self.session, self.setup, self.dice.choice(rows), now=self.now)

    def _sync(self, meeting: Meeting) -> None:
        self.session.flush()
        parts = self.wanted[meeting.id].values()
        changes = sync_invitations(self.session, self.setup, meeting, parts, {}, now=self.now)
        post_letters(self.session, self.setup, meeting, changes, now=self.now)

    def _post(self) -> None:
        """The outbox is emptied, in order."""
        query = select(OutboxMessage).where(OutboxMessage.state == "waiting").order_by(OutboxMessage.id)
        for letter in self.session.scalars(query):
            letter.state, letter.tries, letter.sent_at = "sent", 1, self.now
            self.on_the_way += [(letter.recipient, letter.content)] * self.dice.choice((1, 1, 1, 2))
        self.session.flush()

    def _arrive(self, count: int) -> None:
        for _ in range(min(count, len(self.on_the_way))):
            recipient, content = self.on_the_way.pop(self.dice.randrange(len(self.on_the_way)))
            self.clients[recipient].receive(content)

    def _answer(self, address: str) -> None:
        """She accepts all she sees; the service takes what is about the present SEQUENCE, as it does with mails."""
        client = self.clients[address]
        for uid, sequence, recurrence_at in list(client.accept()):
            for row in self._rows_of(uid, recurrence_at):
                if row.status == "invited" and sequence >= row.sequence:
                    row.answer, row.answered_at = "accepted", self.now
        for standing in self._standing_of(address):
            if client.version_of(standing.uid) == standing.sequence and self._sees_all(client, standing):
                standing.answer, standing.answered_at = "accepted", self.now

    def _sees_all(self, client: Client, standing: StandingInvitation) -> bool:
        return set(self._left_of(standing)) <= client.accepted

    def _rows_of(self, uid: str, recurrence_at: datetime | None) -> Iterable[MeetingInvitation]:
        rows = list(self.session.scalars(select(MeetingInvitation).where(MeetingInvitation.uid == uid)))
        query = select(StandingPlace).join(StandingInvitation).where(StandingInvitation.uid == uid)
        places = self.session.scalars(query.where(StandingPlace.recurrence_at == recurrence_at))
        return [*rows, *(place.invitation for place in places)]

    def _standing_of(self, address: str) -> list[StandingInvitation]:
        query = select(StandingInvitation).join(Member).where(Member.email == address)
        return list(self.session.scalars(query.where(StandingInvitation.status == "invited")))

    def _left_of(self, standing: StandingInvitation) -> list[Span]:
        """The instances of her series that no meeting has taken the place of."""
        told = {place.recurrence_at for place in standing.places} | set(list_excluded(standing))
        length = standing.ends_at - standing.starts_at
        return [(start, start + length) for start in starts_of(standing) if start not in told]

    def _check_accepted(self) -> None:
        query = select(MeetingInvitation).where(MeetingInvitation.answer == "accepted")
        for row in self.session.scalars(query.where(MeetingInvitation.status == "invited")):
            if (row.starts_at, row.ends_at) not in self.clients[row.member.email].accepted:
                self.problems.append(f"{row.member.email} accepts a time that she has not seen")

    def _compare(self) -> None:
        for address, client in self.clients.items():
            query = select(MeetingInvitation).join(Member).where(Member.email == address)
            rows = list(self.session.scalars(query.where(MeetingInvitation.status == "invited")))
            expected = {(row.starts_at, row.ends_at): str(row.details["room"]) for row in rows}
            shown = client.shown()
            for standing in self._standing_of(address):
                expected |= {span: shown.get(span, "") for span in self._left_of(standing)}
            if shown != expected:
                missing = sorted(f"{start:%m-%d %H:%M}" for start, _ in expected.keys() - shown.keys())
                extra = sorted(f"{start:%m-%d %H:%M}" for start, _ in shown.keys() - expected.keys())
                self.problems.append(f"{address}: missing {missing}, too much {extra}, {shown} for {expected}")


def play(session: Session, setup: Setup, seed: int) -> list[str]:
    """One history from a seed; the database is as before afterwards."""
    history = History(session, setup, random.Random(seed))
    problems = history.run()
    session.rollback()
    return problems

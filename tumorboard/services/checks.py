"""The invariants of the whole database: what must be true whatever happened, checked without the guards' help."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.meetings import AgendaItem, Booking, Meeting, MeetingInvitation, Resource
from tumorboard.store.people import Member
from tumorboard.store.post import FeedDocument, OutboxMessage


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must never be: a stable code, what it is about (ids only) and a sentence."""

    code: str
    subject: str
    message: str


def check_database(session: Session, setup: Setup, *, now: datetime) -> tuple[Violation, ...]:
    """Every violated invariant; empty when all is well. Reads only."""
    found = [*_check_bookings(session), *_check_meetings(session), *_check_cases(session, setup)]
    found += [*_check_post(session), *_check_feeds(session)]
    return tuple(found)


def _check_bookings(session: Session) -> Iterator[Violation]:
    taken = defaultdict(list)
    query = select(Booking).where(Booking.status == "confirmed").order_by(Booking.starts_at, Booking.id)
    for booking in session.scalars(query):
        taken[booking.resource_id].append(booking)
    for resource_id, bookings in taken.items():
        for earlier, later in pairwise(bookings):
            if later.starts_at < earlier.ends_at:
                yield Violation(
                    "booking-overlap", f"resource {resource_id}", "a member or room is booked twice at one time"
                )


def _check_meetings(session: Session) -> Iterator[Violation]:
    booked = defaultdict(set)
    query = select(Booking, Resource).join(Resource, Resource.id == Booking.resource_id)
    for booking, resource in session.execute(query.where(Booking.status == "confirmed")):
        booked[booking.meeting_id].add((resource.member_id, resource.room_id, booking.starts_at, booking.ends_at))
    meetings = select(Meeting).options(selectinload(Meeting.agenda), selectinload(Meeting.invitations))
    for meeting in session.scalars(meetings):
        subject = f"meeting {meeting.public_id}"
        yield from _check_agenda(meeting, subject)
        invited = [row for row in meeting.invitations if row.status == "invited"]
        if meeting.status == "cancelled":
            if booked[meeting.id] or invited or meeting.agenda:
                yield Violation("cancelled-but-held", subject, "a cancelled meeting still holds people or a room")
            continue
        wanted: set[tuple[int | None, int | None, datetime, datetime]] = {
            (row.member_id, None, row.starts_at, row.ends_at) for row in invited
        }
        wanted.add((None, meeting.room_id, meeting.starts_at, meeting.ends_at))
        if wanted != booked[meeting.id]:
            yield Violation("booking-mismatch", subject, "bookings do not match the invitations and the room")
        for row in invited:
            if row.starts_at < meeting.starts_at or row.ends_at > meeting.ends_at:
                yield Violation("window-outside", subject, "a window lies outside the meeting")


def _check_agenda(meeting: Meeting, subject: str) -> Iterator[Violation]:
    times = [(item.starts_at, item.ends_at) for item in meeting.agenda]
    if [item.position for item in meeting.agenda] != list(range(len(meeting.agenda))):
        yield Violation("agenda-gap", subject, "the positions of the agenda are not 0, 1, 2 …")
    if any(later[0] < earlier[1] for earlier, later in pairwise(times)):
        yield Violation("agenda-overlap", subject, "two cases are discussed at one time")
    if times and (times[0][0] < meeting.starts_at or times[-1][1] > meeting.ends_at):
        yield Violation("agenda-outside", subject, "a case lies outside the meeting")
    if bool(times) != (meeting.status == "published"):
        yield Violation("status-mismatch", subject, "a meeting is published when it has cases, and only then")


def _check_cases(session: Session, setup: Setup) -> Iterator[Violation]:
    on_agenda = set(session.scalars(select(AgendaItem.case_id)))
    for case in session.scalars(select(Case)):
        subject = f"case {case.public_id}"
        if case.program not in setup.programs:
            yield Violation("unknown-program", subject, f"its programme '{case.program}' is not installed")
        if (case.status == "scheduled") != (case.id in on_agenda) and case.status != "done":
            yield Violation("case-status", subject, "a case is scheduled when it is on an agenda, and only then")


def _check_post(session: Session) -> Iterator[Violation]:
    last: dict[tuple[str, str], int] = {}
    query = select(OutboxMessage.recipient, OutboxMessage.uid, OutboxMessage.sequence, OutboxMessage.public_id)
    for recipient, uid, sequence, public_id in session.execute(query.order_by(OutboxMessage.id)):
        if sequence < last.get((recipient, uid), 0):
            yield Violation("sequence-falls", f"letter {public_id}", "SEQUENCE went back for one person's entry")
        last[(recipient, uid)] = sequence
    rows = select(MeetingInvitation).options(joinedload(MeetingInvitation.member))
    for row in session.scalars(rows):
        if last.get((row.member.email, row.uid), -1) != row.sequence:
            yield Violation("letter-missing", f"invitation {row.public_id}", "its last state was never written to her")


def _check_feeds(session: Session) -> Iterator[Violation]:
    documents = {(row.scope, row.subject_id): row.content.decode() for row in session.scalars(select(FeedDocument))}
    query = select(MeetingInvitation.uid, Member.id).join(Member, Member.id == MeetingInvitation.member_id)
    for uid, member_id in session.execute(query.where(MeetingInvitation.status == "invited")):
        content = documents.get(("member", member_id))
        if content is not None and uid not in content.replace("\r\n ", ""):
            yield Violation("feed-stale", f"member {member_id}", "her stored feed lacks an invitation")

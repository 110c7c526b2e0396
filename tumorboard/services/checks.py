"""The invariants of the whole database: what must be true whatever happened, checked without the guards' help."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.series import FUTURE, PAST
from tumorboard.domain.timeline import Interval
from tumorboard.formats.feed_objects import split_feed
from tumorboard.services.parts import holds_place
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import StandingPlace
from tumorboard.store.cases import Case
from tumorboard.store.discussions import Discussion
from tumorboard.store.meetings import AgendaItem, Booking, Meeting, MeetingInvitation, Resource
from tumorboard.store.post import FeedDocument, FeedToken, OutboxMessage

ENTERS_WITHIN = timedelta(days=2)
"""What comes into a feed's window is written there by the nightly job."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must never be: a stable code, what it is about (ids only) and a sentence."""

    code: str
    subject: str
    message: str


def check_database(session: Session, setup: Setup, *, now: datetime) -> tuple[Violation, ...]:
    """Every violated invariant; empty when all is well. Reads only."""
    found = [*_check_bookings(session), *_check_meetings(session), *_check_cases(session, setup)]
    found += [*_check_post(session), *_check_feeds(session, now)]
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
            (row.member_id, None, row.starts_at, row.ends_at) for row in invited if holds_place(row)
        }
        wanted.add((None, meeting.room_id, meeting.starts_at, meeting.ends_at))
        free = {(row.member_id, None, row.starts_at, row.ends_at) for row in invited if row.answer == "declined"}
        if wanted - free - booked[meeting.id] or booked[meeting.id] - wanted:
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
    undecided = or_(Discussion.id.is_(None), Discussion.outcome == "")
    items = select(AgendaItem.case_id).outerjoin(Discussion, Discussion.item_id == AgendaItem.id).where(undecided)
    on_agenda = set(session.scalars(items))
    for case in session.scalars(select(Case)):
        subject = f"case {case.public_id}"
        if case.program not in setup.programs:
            yield Violation("unknown-program", subject, f"its programme '{case.program}' is not installed")
        if (case.status == "scheduled") != (case.id in on_agenda) and case.status != "done":
            yield Violation("case-status", subject, "a case is scheduled while an agenda has it open")


def _check_post(session: Session) -> Iterator[Violation]:
    """An instance of a series has a SEQUENCE of its own under the UID of the series."""
    last: dict[tuple[str, str, int | None], int] = {}
    query = select(
        OutboxMessage.recipient, OutboxMessage.uid, OutboxMessage.meeting_id, OutboxMessage.sequence,
        OutboxMessage.public_id,
    ).where(OutboxMessage.method.in_(("REQUEST", "CANCEL")))  # fmt: skip
    for recipient, uid, meeting_id, sequence, public_id in session.execute(query.order_by(OutboxMessage.id)):
        entry = (recipient, uid, meeting_id)
        if sequence < last.get(entry, 0):
            yield Violation("sequence-falls", f"letter {public_id}", "SEQUENCE went back for one person's entry")
        last[entry] = sequence
    places = session.scalars(select(StandingPlace).options(joinedload(StandingPlace.standing)))
    series = {place.invitation_id: place.standing.uid for place in places}
    rows = select(MeetingInvitation).options(joinedload(MeetingInvitation.member))
    for row in session.scalars(rows):
        own = last.get((row.member.email, row.uid, row.meeting_id), -1) == row.sequence
        by_series = (row.member.email, series.get(row.id, ""), None) in last
        if not own and not by_series:
            yield Violation(
                "letter-missing", f"invitation {row.public_id}", "its last state was never written to the member"
            )


def _check_feeds(session: Session, now: datetime) -> Iterator[Violation]:
    """Every feed that somebody may read is there, and a member's own ones show each window where it is."""
    columns = (FeedDocument.scope, FeedDocument.subject_id, FeedDocument.detail)
    written = {(row[0], row[1], row[2]) for row in session.execute(select(*columns))}
    tokens = select(FeedToken.scope, FeedToken.subject_id, FeedToken.detail).where(FeedToken.revoked_at.is_(None))
    for scope, subject_id, detail in session.execute(tokens.distinct()):
        if (scope, subject_id, detail) not in written:
            yield Violation("feed-stale", f"{scope} {subject_id}", "a feed that somebody reads was never written")
    places = session.scalars(select(StandingPlace).options(joinedload(StandingPlace.standing)))
    series = {place.invitation_id: place.standing.uid for place in places}
    rows = defaultdict(list)
    ahead = select(MeetingInvitation).where(
        MeetingInvitation.status == "invited", MeetingInvitation.ends_at > now - PAST,
        MeetingInvitation.starts_at < now + FUTURE - ENTERS_WITHIN,
    )  # fmt: skip
    for row in session.scalars(ahead):
        rows[row.member_id].append(row)
    for document in session.scalars(select(FeedDocument).where(FeedDocument.scope == "member")):
        spans = _spans_of(document.content)
        for row in rows[document.subject_id]:
            if Interval(row.starts_at, row.ends_at) not in spans.get(series.get(row.id, row.uid), ()):
                subject = f"member {document.subject_id}"
                yield Violation("feed-stale", subject, "the stored feed lacks an invitation, or shows an older one")
                break


def _spans_of(content: bytes) -> dict[str, tuple[Interval, ...]]:
    """When the events of a stored feed take place, by UID; nothing when it is no feed of ours."""
    try:
        return {each.uid: each.spans for each in split_feed(content)}
    except (ValueError, StopIteration, AssertionError):
        return {}

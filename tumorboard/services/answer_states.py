"""What the service knows of the events a mail names, as the rules of `domain/answers.py` want it, and their rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.answers import EventState, InboundMail
from tumorboard.domain.timeline import Interval
from tumorboard.services.standing import list_excluded, starts_of
from tumorboard.services.standing_answers import list_kept
from tumorboard.store.calendars import StandingInvitation, StandingPlace
from tumorboard.store.meetings import Board, Meeting, MeetingInvitation, Series
from tumorboard.store.people import Member

MOST_EVENTS = 50
"""Calendar entries of one mail that are looked up."""


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """An entry we sent to one member. `rows` are her invitations by original start; a single one stands under None."""

    state: EventState
    member: Member
    rows: Mapping[datetime | None, MeetingInvitation]
    standing: StandingInvitation | None = None

    def rows_for(self, instance: datetime | None) -> list[MeetingInvitation]:
        """The invitations that an answer is for: one, or all of a series in the order of time."""
        if instance is None and self.standing is not None:
            return sorted(self.rows.values(), key=lambda row: row.starts_at)
        row = self.rows.get(instance)
        return [] if row is None else [row]


def load_events(session: Session, mail: InboundMail) -> dict[str, KnownEvent]:
    """What we know of the entries that a mail names, by UID; what it names else is left out.

    Their meetings stay locked until the transaction ends, so that two answers go one after the other.
    """
    uids = list(dict.fromkeys(event.uid for event in mail.events if event.uid))[:MOST_EVENTS]
    lock_meetings(session, uids)
    return load_by_uid(session, uids)


def load_by_uid(session: Session, uids: Collection[str]) -> dict[str, KnownEvent]:
    """The entries with these UIDs. A series keeps the UID of the invitation it began with, and stands before it."""
    if not uids:
        return {}
    found = {row.uid: _single(row) for row in session.scalars(_singles(uids))}
    return found | {standing.uid: _standing(standing) for standing in session.scalars(_series(uids))}


def lock_meetings(session: Session, uids: Collection[str]) -> None:
    """Wait for whoever changes a meeting of these entries, in the order of the rows."""
    single = select(MeetingInvitation.meeting_id).where(MeetingInvitation.uid.in_(uids))
    instances = (
        select(MeetingInvitation.meeting_id)
        .join(StandingPlace, StandingPlace.invitation_id == MeetingInvitation.id)
        .join(StandingInvitation, StandingInvitation.id == StandingPlace.standing_id)
        .where(StandingInvitation.uid.in_(uids))
    )
    wanted = select(Meeting.id).where(Meeting.id.in_(single) | Meeting.id.in_(instances))
    session.execute(wanted.order_by(Meeting.id).with_for_update())


def _singles(uids: Collection[str]) -> Select[MeetingInvitation]:
    return (
        select(MeetingInvitation)
        .where(MeetingInvitation.uid.in_(uids))
        .options(
            joinedload(MeetingInvitation.member),
            joinedload(MeetingInvitation.meeting).joinedload(Meeting.board),
        )
        .execution_options(populate_existing=True)
    )


def _series(uids: Collection[str]) -> Select[StandingInvitation]:
    place = selectinload(StandingInvitation.places).joinedload(StandingPlace.invitation)
    return (
        select(StandingInvitation)
        .where(StandingInvitation.uid.in_(uids))
        .options(
            joinedload(StandingInvitation.member),
            joinedload(StandingInvitation.series).joinedload(Series.board),
            place.joinedload(MeetingInvitation.member),
            place.joinedload(MeetingInvitation.meeting).joinedload(Meeting.board),
        )
        .execution_options(populate_existing=True)
    )


def _single(row: MeetingInvitation) -> KnownEvent:
    address = row.member.email.lower()
    state = EventState(
        uid=row.uid,
        sequence=row.sequence,
        last_sent=row.stamp,
        organizer=row.meeting.board.organizer_email.lower(),
        span=Interval(row.starts_at, row.ends_at),
        attendees={address: row.answer.upper()},
        processed=_processed(address, row.answer_stamp),
        time_zone=row.meeting.time_zone,
    )
    return KnownEvent(state, row.member, {None: row})


def _standing(standing: StandingInvitation) -> KnownEvent:
    """The series, with the SEQUENCE and the last answer of each meeting that has a row of its own."""
    board: Board = standing.series.board
    address = standing.member.email.lower()
    rows: dict[datetime | None, MeetingInvitation] = {
        place.recurrence_at: place.invitation for place in standing.places if place.invitation.status == "invited"
    }
    told = [(start, row) for start, row in rows.items() if start is not None]
    state = EventState(
        uid=standing.uid,
        sequence=standing.sequence,
        last_sent=standing.stamp,
        organizer=board.organizer_email.lower(),
        span=Interval(standing.starts_at, standing.ends_at),
        attendees={address: standing.answer.upper()} if standing.status == "invited" else {},
        processed=_processed(address, standing.answer_stamp),
        instances=frozenset(starts_of(standing)) - set(list_excluded(standing)) | {start for start, _ in told},
        time_zone=standing.time_zone,
        instance_sequences={start: max(row.sequence, standing.sequence) for start, row in told},
        processed_instances={(address, start): said.stamp for start, said in list_kept(standing).items()}
        | {(address, start): row.answer_stamp for start, row in told if row.answer_stamp},
    )
    return KnownEvent(state, standing.member, rows, standing)


def _processed(address: str, stamp: datetime | None) -> dict[str, datetime]:
    return {} if stamp is None else {address: stamp}

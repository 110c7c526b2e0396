"""Letters by the clock: looked at every few minutes, each written once. The truth is in the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.notices_agenda import due_agendas
from tumorboard.services.notices_changes import note_known, post_changes, read_known
from tumorboard.services.notices_morning import post_morning
from tumorboard.services.notices_post import Posted, drop_stale, post_notices
from tumorboard.services.notices_preparation import due_preparations
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import AgendaItem, Meeting, MeetingInvitation
from tumorboard.store.people import Centre

JOB = "job:send-notices"
"""The actor of the clock."""


@dataclass(frozen=True, slots=True)
class Sent:
    """How many letters one look wrote, by kind; how many unsent ones it took back, and which could not be written."""

    agenda: int = 0
    preparation: int = 0
    changes: int = 0
    morning: int = 0
    dropped: int = 0
    left_out: tuple[str, ...] = ()


def send_notices(session: Session, setup: Setup, *, by: Actor, now: datetime) -> Sent:
    """Write every letter that is due and not written yet into the outbox, in one transaction.

    What was missed is written late while it is of use, never after the meeting. Two processes that look at the same
    time wait for each other.
    """
    require(by, Permission.PLAN_EDIT)
    with transaction(session):
        session.scalars(select(Centre.id).with_for_update()).all()
        dropped = drop_stale(session, now=now)
        meetings = _load_meetings(session, now)
        agenda = _post_agendas(session, setup, meetings, by=by, now=now)
        preparation = post_notices(session, setup, due_preparations(session, setup, meetings, now=now), now=now)
        changes = post_changes(session, setup, meetings, by=by, now=now)
        morning = post_morning(session, setup, meetings, by=by, now=now)
        return Sent(
            agenda=len(agenda.keys),
            preparation=len(preparation.keys),
            changes=len(changes.keys),
            morning=len(morning.keys),
            dropped=dropped,
            left_out=(*agenda.left_out, *preparation.left_out, *changes.left_out, *morning.left_out),
        )


def _load_meetings(session: Session, now: datetime) -> list[Meeting]:
    """Every published meeting that is not over, with all that its letters say."""
    query = select(Meeting).where(Meeting.status == "published", Meeting.ends_at > now).order_by(Meeting.starts_at)
    query = query.options(
        selectinload(Meeting.agenda).joinedload(AgendaItem.case),
        selectinload(Meeting.invitations).joinedload(MeetingInvitation.member),
        joinedload(Meeting.board),
        joinedload(Meeting.room),
    )
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _post_agendas(session: Session, setup: Setup, meetings: Sequence[Meeting], *, by: Actor, now: datetime) -> Posted:
    """The agenda letters, and the note of who knows which agenda by them."""
    notices = due_agendas(session, setup, meetings, now=now)
    posted = post_notices(session, setup, notices, now=now)
    told: dict[str, set[str]] = {}
    for key in posted.keys:
        _, meeting, member, *_ = key.split(":")
        told.setdefault(meeting, set()).add(member)
    changed = [meeting for meeting in meetings if meeting.public_id in told]
    only = {key: frozenset(members) for key, members in told.items()}
    note_known(session, changed, read_known(session, changed) if changed else {}, by=by, now=now, only=only)
    return posted

"""Members: absences and busy times."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import BadInput, NotAllowed, NotFound
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.boards import list_people
from tumorboard.services.parts import DELEGATED
from tumorboard.services.recheck import recheck_member
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import BusySource
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Absence, Account, Member

LONGEST_ABSENCE = timedelta(days=730)


def find_member(session: Session, member_id: str) -> Member:
    """The member with this public id."""
    member = session.scalar(select(Member).where(Member.public_id == member_id))
    if member is None:
        raise NotFound("there is no such member", code="unknown-member")
    return member


def load_members(session: Session) -> list[Member]:
    """Every member, those who left too: for the names of those who are spoken of."""
    return list(session.scalars(select(Member)))


def remove_member(session: Session, *, member_id: str, by: Actor, now: datetime) -> tuple[str, ...]:
    """A member leaves: her log-in, calendar links and seats end at once, and she is planned for no more.

    Gives the public ids of the published meetings she is still invited to: propose and publish again, and she gets her
    cancellations. Only her busy times are deleted, and where they came from; meetings and letters refer to her.
    """
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        member = find_member(session, member_id)
        member.active = False
        for account in session.scalars(select(Account).where(Account.member_id == member.id)):
            account.active = False
        session.execute(delete(BusySource).where(BusySource.member_id == member.id))
        ahead = (
            select(Meeting.public_id)
            .join(MeetingInvitation, MeetingInvitation.meeting_id == Meeting.id)
            .where(MeetingInvitation.member_id == member.id, MeetingInvitation.status == "invited")
            .where(Meeting.starts_at > now)
            .order_by(Meeting.starts_at)
        )
        meetings = tuple(session.scalars(ahead))
        record(session, by=by, now=now, action="member:removed", subject=("member", member_id), meetings=list(meetings))
    return meetings


def search_people(
    session: Session, *, by: Actor, now: datetime, text: str = "", department: str = "", specialty: str = "",
    away_days: int = 0,
) -> list[Member]:  # fmt: skip
    """Active members by department and name, narrowed: part of a name, a department, a specialty, who is away soon.

    With `away_days` those with an absence or busy time in so many days. A fixed number of queries.
    """
    wanted, until = text.casefold().split(), now + timedelta(days=away_days)
    return [
        member
        for member in list_people(session, by=by, now=now, specialty=specialty or None)
        if all(word in f"{member.name} {member.title}".casefold() for word in wanted)
        and department in ("", member.department.key)
        and (not away_days or any(absence.starts_at < until for absence in member.absences))
    ]


def require_own(by: Actor, member_id: str) -> None:
    """Raise NotAllowed unless the actor may say when this member cannot come: herself, or who may for anybody."""
    if by.may(Permission.ABSENCE_EDIT_ANY):
        return
    require(by, Permission.ABSENCE_EDIT_OWN)
    if by.member_id != member_id:
        raise NotAllowed("you may enter your own absences only", permission=str(Permission.ABSENCE_EDIT_ANY))


def add_absence(
    session: Session, *, member_id: str, starts_at: datetime, ends_at: datetime, kind: str, by: Actor, now: datetime,
    setup: Setup | None = None,
) -> tuple[Absence, tuple[str, ...]]:  # fmt: skip
    """Note when a member cannot come; gives the public ids of the published meetings this touches.

    `kind` is `absence` or `busy`. The meetings stay as they are until somebody proposes and publishes again. With
    `setup` what they lose now is found at once, else by the night.
    """
    require_own(by, member_id)
    if kind not in ("absence", "busy"):
        raise BadInput("the kind is absence or busy", code="unknown-kind", field="kind")
    _refuse_times(starts_at, ends_at, now)
    with transaction(session):
        member = find_member(session, member_id)
        row = Absence(member_id=member.id, starts_at=starts_at, ends_at=ends_at, kind=kind)
        session.add(row)
        session.flush()
        meetings = _touched(session, row)
        if setup is not None:
            recheck_member(session, setup, member, hit=meetings, now=now)
        record(session, by=by, now=now, action="absence:added", subject=("member", member_id), meetings=list(meetings))
    return row, meetings


def change_absence(
    session: Session, setup: Setup, *, absence_id: str, starts_at: datetime, ends_at: datetime, by: Actor, now: datetime
) -> tuple[Absence, tuple[str, ...]]:
    """Other times for an absence; gives it with the published meetings it touches now. Raises as `add_absence`."""
    with transaction(session):
        row = find_absence(session, absence_id, by)
        _refuse_times(starts_at, ends_at, now)
        before = _touched(session, row)
        row.starts_at, row.ends_at = starts_at, ends_at
        session.flush()
        meetings = _touched(session, row)
        recheck_member(session, setup, row.member, hit=(*before, *meetings), now=now)
        subject = ("member", row.member.public_id)
        record(session, by=by, now=now, action="absence:changed", subject=subject, meetings=list(meetings))
    return row, meetings


def _refuse_times(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if ends_at <= starts_at:
        raise BadInput("the end is not after the start", code="ends-before-start", field="ends_at")
    if ends_at <= now:
        raise BadInput("this absence is over already", code="absence-past", field="ends_at")
    if ends_at - starts_at > LONGEST_ABSENCE:
        raise BadInput("an absence lasts two years at most", code="absence-too-long", field="ends_at")


def _touched(session: Session, row: Absence) -> tuple[str, ...]:
    """Public ids of the meetings at which the member is expected during the absence, soonest first."""
    query = select(Meeting.public_id).join(MeetingInvitation, MeetingInvitation.meeting_id == Meeting.id)
    query = query.where(MeetingInvitation.member_id == row.member_id, MeetingInvitation.status == "invited")
    query = query.where(MeetingInvitation.answer != DELEGATED)
    query = query.where(MeetingInvitation.starts_at < row.ends_at, MeetingInvitation.ends_at > row.starts_at)
    return tuple(session.scalars(query.order_by(Meeting.starts_at)))


def list_absences_ahead(session: Session, member: Member, *, now: datetime) -> list[Absence]:
    """Absences and busy times of a member that are not over, soonest first."""
    query = select(Absence).where(Absence.member_id == member.id, Absence.ends_at > now)
    return list(session.scalars(query.order_by(Absence.starts_at)))


def find_absence(session: Session, absence_id: str, by: Actor) -> Absence:
    """An absence that the actor may edit. Raises NotFound, and NotAllowed as `require_own`."""
    row = session.scalar(select(Absence).where(Absence.public_id == absence_id))
    if row is None:
        require_own(by, "")  # who may not touch another's is told the same of one that is not there
        raise NotFound("there is no such absence", code="unknown-absence")
    require_own(by, row.member.public_id)
    return row


def remove_absence(session: Session, *, absence_id: str, by: Actor, now: datetime, setup: Setup | None = None) -> None:
    """Take an absence back. With `setup` what it cost is looked at again at once, else by the night."""
    with transaction(session):
        row = find_absence(session, absence_id, by)
        member = row.member
        record(session, by=by, now=now, action="absence:removed", subject=("member", member.public_id))
        session.delete(row)
        session.flush()
        if setup is not None:
            recheck_member(session, setup, member, hit=(), now=now)

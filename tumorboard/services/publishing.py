"""Publishing: the only thing that invites. One transaction writes agenda, bookings, letters, feeds and audit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.errors import Conflict
from tumorboard.domain.model import MeetingPlan
from tumorboard.mail.letters import LetterKind
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.draft_today import DraftToday, compare_today
from tumorboard.services.feeds import render_feeds_of
from tumorboard.services.invitations import (
    Change,
    cancel_invitations,
    is_urgent_call,
    post_letters,
    sync_invitations,
)
from tumorboard.services.meetings import lock_meeting, lock_meetings
from tumorboard.services.parts import holds_place
from tumorboard.services.plan_changes import refuse_closed
from tumorboard.services.planning import find_draft, proposal_of
from tumorboard.services.publications import record_cancellation, record_publication
from tumorboard.services.recheck import recheck_meetings
from tumorboard.services.room_entry import refuse_begun
from tumorboard.services.setup import Setup
from tumorboard.services.standing import leave_out_untold
from tumorboard.store.cases import Case
from tumorboard.store.facts import case_facts
from tumorboard.store.meetings import AgendaItem, Booking, Meeting, MeetingInvitation, Resource
from tumorboard.store.people import Member


@dataclass(frozen=True, slots=True)
class Published:
    """What a publication did: letters written, and meetings whose agenda or windows changed."""

    letters: int
    meetings: tuple[str, ...]


def publish_draft(
    session: Session, setup: Setup, *, draft_id: str, by: Actor, now: datetime, version: int | None = None
) -> Published:
    """Make a draft what everybody sees, and write to those whom it concerns.

    A case that came after the draft goes on waiting, as one that is left out. `version` is that of the draft which was
    looked at: Conflict `changed-meanwhile` where somebody has edited it since. Raises Conflict `draft-closed`,
    `board-changed` (a meeting is gone, or has another agenda by now), `plan-broken` (somebody is no longer free, a case
    lost a need, a report is missing …), both with `reasons`, and `double-booked` from the schema's guard. Nothing is
    written then.
    """
    require(by, Permission.PLAN_PUBLISH)
    with transaction(session):
        draft = find_draft(session, draft_id)
        lock_meetings(session, [plan.meeting for plan in proposal_of(draft).meetings])
        session.expire_all()  # as whoever was before us left it
        refuse_closed(draft)
        if version is not None and draft.version != version:
            raise Conflict("somebody else edited this draft; look at it again", code="changed-meanwhile")
        proposal = proposal_of(draft)
        today = compare_today(session, setup, draft, proposal, now=now)
        _refuse_wrong(today)
        meetings = _load_meetings(session, today.plans)
        cases = _load_cases(session, draft.board.program, today.plans, meetings)
        changed = [plan for plan in today.plans if _differs(meetings[plan.meeting], plan)]
        before = {plan.meeting: agenda_of(meetings[plan.meeting]) for plan in changed}
        letters, told = write_plans(session, setup, changed, meetings, cases, now=now, batch=draft_id)
        draft.status = "published"
        record_publication(session, draft, before, letters=letters, by=by, now=now)
        recheck_meetings(session, setup, meetings.values(), now=now)
        published = tuple(plan.meeting for plan in changed)
        record(
            session, by=by, now=now, action="draft:published", subject=("draft", draft_id), meetings=list(published),
            letters=letters, members=_codes(told),
        )  # fmt: skip
    return Published(letters=letters, meetings=published)


def write_plans(
    session: Session, setup: Setup, plans: list[MeetingPlan], meetings: Mapping[str, Meeting],
    cases: Mapping[str, Case], *, now: datetime, batch: str = "", urgent: frozenset[str] = frozenset(),
) -> tuple[int, list[Change]]:  # fmt: skip
    """Make plans what is published, inside the running transaction: agendas, bookings, invitations, letters, feeds.

    Gives the number of letters and what changed for whom. The letters of the meetings in `urgent` say that they are.
    All have the same `batch`: the public id of the draft, or of the meeting that was changed by itself.
    """
    refuse_begun(session, [meetings[plan.meeting] for plan in plans])
    facts = {reference: case_facts(row) for reference, row in cases.items()}
    _write_agendas(session, plans, meetings, cases, now)
    _write_bookings(session, plans, meetings)
    letters, told = 0, []
    for plan in sorted(plans, key=lambda plan: meetings[plan.meeting].starts_at):
        meeting, is_urgent = meetings[plan.meeting], plan.meeting in urgent
        changes = sync_invitations(session, setup, meeting, plan.attendances, facts, now=now, is_urgent=is_urgent)
        letters += post_letters(session, setup, meeting, changes, now=now, batch=batch)
        told += changes
    render_feeds_of(session, setup, [meetings[plan.meeting] for plan in plans], now=now)
    return letters, told


def keep_who_stood(meeting: Meeting, stay: Collection[str] = ()) -> None:
    """Remember which cases leave the agenda: they may come back after the list is closed."""
    meeting.stood = sorted({*meeting.stood, *agenda_of(meeting)} - set(stay))


def agenda_of(meeting: Meeting) -> list[str]:
    """The references of what is published for a meeting, in order."""
    return [item.case.reference for item in meeting.agenda]


def _codes(changes: list[Change]) -> list[dict[str, str]]:
    return [{"member": change.row.member.public_id, "letter": change.kind.value} for change in changes]


def _refuse_wrong(today: DraftToday) -> None:
    """What came after the draft goes on waiting; what would make the published plan wrong stops all of it."""
    if today.changed:
        raise Conflict(
            "the board changed since this proposal was made; propose again", code="board-changed", reasons=today.wrong
        )
    if today.broken:
        raise Conflict(
            f"the draft is no longer right ({', '.join(sorted({reason.code for reason in today.broken}))}); "
            "edit it or propose again",
            code="plan-broken",
            reasons=today.wrong,
        )


def _load_meetings(session: Session, plans: Sequence[MeetingPlan]) -> dict[str, Meeting]:
    ids = [plan.meeting for plan in plans]
    query = (
        select(Meeting)
        .where(Meeting.public_id.in_(ids))
        .options(
            selectinload(Meeting.agenda).joinedload(AgendaItem.case),
            selectinload(Meeting.invitations).joinedload(MeetingInvitation.member),
            joinedload(Meeting.board),
            joinedload(Meeting.room),
        )
    )
    return {row.public_id: row for row in session.scalars(query)}


def _load_cases(
    session: Session, program: str, plans: Sequence[MeetingPlan], meetings: Mapping[str, Meeting]
) -> dict[str, Case]:
    wanted = {entry.reference for plan in plans for entry in plan.agenda}
    wanted |= {item.case.reference for meeting in meetings.values() for item in meeting.agenda}
    query = select(Case).where(Case.program == program, Case.reference.in_(wanted))
    return {row.reference: row for row in session.scalars(query)}


def _differs(meeting: Meeting, plan: MeetingPlan) -> bool:
    agenda = [(item.case.reference, item.starts_at, item.ends_at) for item in meeting.agenda]
    wanted = [(entry.reference, entry.span.start, entry.span.end) for entry in plan.agenda]
    invited = {
        (row.member.public_id, row.kind, row.starts_at, row.ends_at): row.details["cases"]
        for row in meeting.invitations
        if holds_place(row)
    }
    attending = {
        (a.member, a.kind.value, a.span.start, a.span.end): sorted(a.cases) if a.kind == "on_demand" else []
        for a in plan.attendances
    }
    return agenda != wanted or invited != attending


def _write_agendas(
    session: Session, plans: list[MeetingPlan], meetings: Mapping[str, Meeting], cases: Mapping[str, Case],
    now: datetime,
) -> None:  # fmt: skip
    """Take every changed agenda down before the new ones go up: a case may move between two of them."""
    left = set()
    for plan in plans:
        meeting = meetings[plan.meeting]
        left |= set(agenda_of(meeting))
        keep_who_stood(meeting, {entry.reference for entry in plan.agenda})
        meeting.agenda.clear()
        meeting.agenda_changes += 1
    session.flush()
    for plan in plans:
        meeting = meetings[plan.meeting]
        for position, entry in enumerate(plan.agenda):
            case = cases[entry.reference]
            case.status = "scheduled"
            left.discard(entry.reference)
            meeting.agenda.append(
                AgendaItem(case=case, position=position, starts_at=entry.span.start, ends_at=entry.span.end)
            )
        meeting.status = "published" if plan.agenda else "planned"
        meeting.published_at = (meeting.published_at or now) if plan.agenda else None
    for reference in left:
        cases[reference].status = "waiting"
    session.flush()


def _write_bookings(session: Session, plans: list[MeetingPlan], meetings: Mapping[str, Meeting]) -> None:
    """Members' bookings of the changed meetings: released first, then confirmed in the order of the resources.

    The order keeps two publications on PostgreSQL from waiting for each other in a circle.
    """
    ids = [meetings[plan.meeting].id for plan in plans]
    of_members = select(Resource.id).where(Resource.member_id.is_not(None))
    session.execute(
        delete(Booking).where(Booking.meeting_id.in_(ids), Booking.resource_id.in_(of_members))
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    query = select(Member.public_id, Resource.id).join(Resource, Resource.member_id == Member.id)
    resources = {row[0]: row[1] for row in session.execute(query)}
    wanted = [
        (resources[attendance.member], meetings[plan.meeting].id, attendance.span)
        for plan in plans
        for attendance in plan.attendances
    ]
    for resource_id, meeting_id, span in sorted(wanted, key=lambda booking: (booking[0], booking[2])):
        session.add(Booking(resource_id=resource_id, meeting_id=meeting_id, starts_at=span.start, ends_at=span.end))
        session.flush()


def cancel_meeting(session: Session, setup: Setup, *, meeting_id: str, by: Actor, now: datetime) -> int:
    """A meeting does not take place: cases wait again, bookings end, everybody invited hears of it.

    `cancellation_undo.undo_cancellation` takes it back, except for an urgent meeting, which is called anew. Gives the
    number of letters. Raises Conflict for a meeting that is past or cancelled already.
    """
    require(by, Permission.MEETING_EDIT)
    with transaction(session):
        meeting = lock_meeting(session, meeting_id)
        if meeting.status == "cancelled":
            raise Conflict("this meeting is cancelled already", code="meeting-cancelled")
        if meeting.starts_at <= now:
            raise Conflict("this meeting has begun; it cannot be cancelled any more", code="meeting-past")
        refuse_begun(session, [meeting])
        agenda = agenda_of(meeting)
        for item in list(meeting.agenda):
            item.case.status = "waiting"
        keep_who_stood(meeting)
        meeting.agenda.clear()
        meeting.agenda_changes += 1
        meeting.status = "cancelled"
        for booking in session.scalars(select(Booking).where(Booking.meeting_id == meeting.id)):
            booking.status = "released"
        session.flush()
        if not is_urgent_call(meeting):
            record_cancellation(session, meeting, agenda, by=by, now=now)
        changes = cancel_invitations(session, meeting, now=now)
        changes += leave_out_untold(session, setup, meeting, LetterKind.CANCELLED, now=now)
        letters = post_letters(session, setup, meeting, changes, now=now, batch=meeting_id)
        render_feeds_of(session, setup, [meeting], now=now)
        record(session, by=by, now=now, action="meeting:cancelled", subject=("meeting", meeting_id), letters=letters)
    return letters

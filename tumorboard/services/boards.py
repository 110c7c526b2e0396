"""What boards show: meetings ahead, one meeting with its agenda and windows, and a draft beside what is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, not_, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.errors import NotFound
from tumorboard.domain.model import AgendaEntry, Attendance, MeetingPlan, Proposal, Reason
from tumorboard.domain.timeline import Interval, is_free
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.meetings import find_board
from tumorboard.services.parts import DELEGATED, holds_place
from tumorboard.services.planning import find_draft, open_draft, proposal_of
from tumorboard.services.standing_preview import has_said, list_covering, list_opening, load_living
from tumorboard.store.busy import taken_during
from tumorboard.store.calendars import StandingInvitation
from tumorboard.store.cases import Case
from tumorboard.store.meetings import AgendaItem, Board, Meeting, MeetingInvitation, with_agenda
from tumorboard.store.people import Absence, Member, MemberSpecialty
from tumorboard.store.plans import Draft
from tumorboard.store.post import OutboxMessage


@dataclass(frozen=True, slots=True)
class BoardView:
    """A board with its meetings from today on (agenda, invitations and room loaded) and its open draft."""

    row: Board
    meetings: tuple[Meeting, ...]
    draft: Draft | None


def list_boards(session: Session, *, by: Actor) -> list[Board]:
    """Every board, by key."""
    require(by, Permission.BOARD_READ)
    return list(session.scalars(select(Board).order_by(Board.key)))


def read_board(session: Session, *, board: str, by: Actor, now: datetime, limit: int = 12) -> BoardView:
    """A board with its next meetings, the running one included."""
    require(by, Permission.BOARD_READ)
    row = find_board(session, board)
    query = select(Meeting).where(Meeting.board_id == row.id, Meeting.ends_at > now).order_by(Meeting.starts_at)
    query = query.where(not_(is_left_behind()))
    query = query.limit(limit).options(
        with_agenda(),
        selectinload(Meeting.invitations).joinedload(MeetingInvitation.member),
        joinedload(Meeting.room),
    )
    return BoardView(row, tuple(session.scalars(query)), open_draft(session, row))


def is_left_behind() -> ColumnElement[bool]:
    """What a meeting of a series leaves where it was before it moved (`services/moving.py`): it keeps the series from
    being held there again, and is nothing that anybody should see."""
    is_mark = (Meeting.status == "cancelled") & (Meeting.closes_at == Meeting.starts_at)
    return is_mark & ~Meeting.invitations.any() & ~Meeting.agenda.any()


def read_meeting(session: Session, *, meeting_id: str, by: Actor) -> Meeting:
    """One meeting with agenda, cases, invitations, members, board and room loaded."""
    require(by, Permission.BOARD_READ)
    query = (
        select(Meeting)
        .where(Meeting.public_id == meeting_id)
        .options(
            selectinload(Meeting.agenda).joinedload(AgendaItem.case),
            selectinload(Meeting.invitations).joinedload(MeetingInvitation.member).selectinload(Member.specialties),
            joinedload(Meeting.board),
            joinedload(Meeting.room),
        )
        .execution_options(populate_existing=True)
    )
    meeting = session.scalar(query)
    if meeting is None:
        raise NotFound("there is no such meeting", code="unknown-meeting")
    return meeting


@dataclass(frozen=True, slots=True)
class EntryChange:
    """One case of a draft's meeting. `change` is `new`, `moved` (from another meeting), `retimed` or `same`."""

    entry: AgendaEntry
    change: str
    case_id: str
    reasons: tuple[Reason, ...]
    uncovered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AttendanceChange:
    """One member of a draft's meeting. `change` is `invited`, `moved`, `changed`, `withdrawn` or `same`.

    `attendance` is None for a withdrawn member, whose published window is `row`; without one she has the meeting by her
    series alone. `by_series` is True where her series has told her of this meeting, as it is.
    """

    member: Member
    change: str
    attendance: Attendance | None
    row: MeetingInvitation | None
    by_series: bool = False


@dataclass(frozen=True, slots=True)
class MeetingChange:
    """A meeting of a draft beside what is published for it."""

    meeting: Meeting
    plan: MeetingPlan
    entries: tuple[EntryChange, ...]
    removed: tuple[AgendaItem, ...]
    attendances: tuple[AttendanceChange, ...]

    @property
    def is_changed(self) -> bool:
        """True when publishing would change something here."""
        changes = [entry.change for entry in self.entries] + [attendance.change for attendance in self.attendances]
        return bool(self.removed) or any(change != "same" for change in changes)

    @property
    def people_at_once(self) -> int:
        """The most members who are there at one moment."""
        spans = [attendance.span for attendance in self.plan.attendances]
        return max((sum(one.start <= span.start < one.end for one in spans) for span in spans), default=0)


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft as a difference, per meeting; `case_ids` maps references to public ids, `members` all ids to members.

    `heard` are the UIDs of entries of which at least one letter has left. `ahead` are the board's meetings in the time
    of an open draft, also those that came after it. `referred_at` is when the cases that are placed were referred.
    """

    row: Draft
    proposal: Proposal
    meetings: tuple[MeetingChange, ...]
    case_ids: Mapping[str, str]
    members: Mapping[str, Member]
    heard: frozenset[str] = frozenset()
    ahead: tuple[Meeting, ...] = ()
    referred_at: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def letters(self) -> int:
        """How many letters publishing would send; who never heard of an entry does not hear of its end.

        Nor does a member hear of a week that her series has told her of already.
        """
        return sum(self.is_told(change) for meeting in self.meetings for change in meeting.attendances)

    def is_told(self, change: AttendanceChange) -> bool:
        """True when publishing sends a letter to this member."""
        if change.change == "invited":
            return not change.by_series
        never_heard = change.row is not None and change.row.uid not in self.heard and not change.by_series
        return change.change != "same" and not (change.change == "withdrawn" and never_heard)


def read_draft(session: Session, *, draft_id: str, by: Actor) -> DraftView:
    """A draft beside what is published; a fixed number of queries."""
    require(by, Permission.PLAN_EDIT)
    draft = find_draft(session, draft_id)
    proposal = proposal_of(draft)
    members = {row.public_id: row for row in session.scalars(select(Member))}  # invitations then find theirs loaded
    own = {plan.meeting for plan in proposal.meetings}
    query = select(Meeting).where(Meeting.public_id.in_(own) | _is_ahead(draft)).order_by(Meeting.starts_at)
    query = query.options(with_agenda(), selectinload(Meeting.invitations), joinedload(Meeting.room))
    rows = session.scalars(query).all()
    meetings = {row.public_id: row for row in rows if row.public_id in own}
    ahead = tuple(row for row in rows if row.board_id == draft.board_id and row.status != "cancelled")
    wanted = {entry.reference for plan in proposal.meetings for entry in plan.agenda} | set(proposal.left_out)
    ids = select(Case.reference, Case.public_id, Case.referred_at).where(Case.program == draft.board.program)
    cases = session.execute(ids.where(Case.reference.in_(wanted))).all()
    case_ids = {row[0]: row[1] for row in cases}
    published = {item.case.reference: meeting for meeting in meetings.values() for item in meeting.agenda}
    standings = load_living(session, meetings.values())
    standings += list_opening(session, proposal.meetings, meetings, standings)
    changes = tuple(
        _compare(plan, meetings[plan.meeting], members, published, case_ids, standings)
        for plan in proposal.meetings
        if plan.meeting in meetings
    )
    tried = or_(OutboxMessage.tries > 0, OutboxMessage.sent_at.is_not(None))
    entries = {row.uid for change in changes for row in change.meeting.invitations}
    heard = session.scalars(select(OutboxMessage.uid).where(tried, OutboxMessage.uid.in_(entries)).distinct())
    placed = wanted - set(proposal.left_out)
    referred_at = {row[0]: row[2] for row in cases if row[0] in placed}
    return DraftView(draft, proposal, changes, case_ids, members, frozenset(heard), ahead, referred_at)


def _is_ahead(draft: Draft) -> ColumnElement[bool]:
    """What an open draft is compared with beside its own meetings."""
    if draft.status != "open":
        return false()
    during = and_(Meeting.starts_at > draft.made_at, Meeting.starts_at <= draft.until)
    return and_(Meeting.board_id == draft.board_id, Meeting.status != "cancelled", during)


def _compare(
    plan: MeetingPlan, meeting: Meeting, members: Mapping[str, Member], published: Mapping[str, Meeting],
    case_ids: Mapping[str, str], standings: Sequence[StandingInvitation],
) -> MeetingChange:  # fmt: skip
    before = {item.case.reference: item for item in meeting.agenda}
    entries = tuple(
        EntryChange(
            entry, _entry_change(entry, before, published), case_ids.get(entry.reference, ""),
            tuple(plan.reasons.get(entry.reference, ())), tuple(plan.uncovered.get(entry.reference, ())),
        )
        for entry in plan.agenda
    )  # fmt: skip
    planned = {entry.reference for entry in plan.agenda}
    removed = tuple(item for item in meeting.agenda if item.case.reference not in planned)
    rows = {row.member.public_id: row for row in meeting.invitations if holds_place(row)}
    attending = {attendance.member for attendance in plan.attendances}
    series = {one.member.public_id: one for one in list_covering(standings, meeting)}
    instances = {place.invitation_id for one in standings for place in one.places}
    attendances = [
        AttendanceChange(
            members[a.member], _attendance_change(a, rows.get(a.member)), a, rows.get(a.member),
            by_series=a.member in series and has_said(series[a.member], a, meeting, planned),
        )
        for a in plan.attendances
        if a.member in members
    ]  # fmt: skip
    attendances += [
        AttendanceChange(row.member, "withdrawn", None, row, by_series=row.id in instances)
        for key, row in rows.items()
        if key not in attending
    ]
    change = MeetingChange(meeting, plan, entries, removed, tuple(attendances))
    if not change.is_changed:
        return change
    left_out = [series[key].member for key in sorted(series) if key not in attending and key not in rows]
    attendances += [AttendanceChange(member, "withdrawn", None, None, by_series=True) for member in left_out]
    return replace(change, attendances=tuple(attendances))


def _entry_change(entry: AgendaEntry, before: Mapping[str, AgendaItem], published: Mapping[str, Meeting]) -> str:
    item = before.get(entry.reference)
    if item is None:
        return "moved" if entry.reference in published else "new"
    return "same" if (item.starts_at, item.ends_at) == (entry.span.start, entry.span.end) else "retimed"


def _attendance_change(attendance: Attendance, row: MeetingInvitation | None) -> str:
    if row is None:
        return "invited"
    if (row.starts_at, row.ends_at) != (attendance.span.start, attendance.span.end):
        return "moved"
    same_cases = attendance.kind == "core" or row.details["cases"] == sorted(attendance.cases)
    return "same" if same_cases and row.kind == attendance.kind else "changed"


def list_absent(session: Session, *, by: Actor, now: datetime) -> dict[str, tuple[str, ...]]:
    """Public ids of meetings ahead → names of invited members who became absent or busy during their windows."""
    require(by, Permission.BOARD_READ)
    query = (
        select(Meeting.public_id, Member.name, Member.id, MeetingInvitation.starts_at, MeetingInvitation.ends_at)
        .join(MeetingInvitation, MeetingInvitation.meeting_id == Meeting.id)
        .join(Member, Member.id == MeetingInvitation.member_id)
        .where(MeetingInvitation.status == "invited", MeetingInvitation.ends_at > now)
        .where(MeetingInvitation.answer != DELEGATED)
        .order_by(Meeting.public_id, Member.name)
    )
    rows = [(*row[:3], Interval(max(row[3], now), row[4])) for row in session.execute(query)]
    taken, found = taken_during(session, (row[2:] for row in rows)), dict[str, tuple[str, ...]]()
    for meeting_id, name, member_row, span in rows:
        if member_row in taken and not is_free(span, taken[member_row].all):
            found[meeting_id] = (*found.get(meeting_id, ()), name)
    return found


def list_windows(session: Session, *, member_id: str, by: Actor, now: datetime) -> list[MeetingInvitation]:
    """A member's windows from today on, soonest first. Everybody who may read boards may see when somebody is due."""
    require(by, Permission.BOARD_READ)
    query = (
        select(MeetingInvitation)
        .join(Member, Member.id == MeetingInvitation.member_id)
        .where(Member.public_id == member_id, MeetingInvitation.ends_at > now)
        .where(MeetingInvitation.status == "invited")
        .order_by(MeetingInvitation.starts_at)
        .options(
            joinedload(MeetingInvitation.member),
            joinedload(MeetingInvitation.meeting).joinedload(Meeting.board),
            joinedload(MeetingInvitation.meeting).joinedload(Meeting.room),
        )
    )
    return list(session.scalars(query))


def list_people(session: Session, *, by: Actor, now: datetime, specialty: str | None = None) -> list[Member]:
    """Active members with department, specialties and the absences still ahead, by department and name."""
    require(by, Permission.PEOPLE_READ)
    query = select(Member).where(Member.active.is_(True)).order_by(Member.department_id, Member.name)
    if specialty:
        query = query.join(MemberSpecialty).where(MemberSpecialty.specialty == specialty)
    query = query.options(
        selectinload(Member.department),
        selectinload(Member.specialties),
        selectinload(Member.certificates),
        selectinload(Member.absences.and_(Absence.ends_at > now)),
    )
    return list(session.scalars(query.execution_options(populate_existing=True)))

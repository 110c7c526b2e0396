"""What a member is asked for at the meetings ahead: her windows with each case in them, and who could come for her.

A case stands here by its reference, with what she needs to prepare and no more: the planned procedures, what is still
missing, and what is asked of her, which is noted as read. The case itself is one step further on, for who may read
cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.errors import BadInput
from tumorboard.domain.model import CaseFacts, Finding, ReadinessState, SeatKind, Text
from tumorboard.domain.program import Program
from tumorboard.domain.readiness import judge_readiness
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.domain.timeline import Interval
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.answer_taking import read_comment, refuse_ended
from tumorboard.services.answers import find_own_invitation
from tumorboard.services.audit import record
from tumorboard.services.boards import list_windows
from tumorboard.services.delegation import delegate, take_back
from tumorboard.services.deputy_choice import reasons_against
from tumorboard.services.invitations import question_fields
from tumorboard.services.parts import DELEGATED, is_asked_again, stand_in_of
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.facts import case_facts, readiness_record
from tumorboard.store.meetings import AgendaItem, Meeting, MeetingInvitation, Seat, SeatHolder
from tumorboard.store.people import Deputy, Member, MemberSpecialty
from tumorboard.store.post import AuditEvent

PROCEDURES = "planned_procedures"
"""The field of a programme that says what is planned to be done."""


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What is not there yet for a case; `is_hers` where her specialty owes it."""

    label: Text
    state: ReadinessState
    expected_on: date | None
    is_hers: bool


@dataclass(frozen=True, slots=True)
class MyCase:
    """A case in her window. `case_id` is None for who may not read cases.

    `questions` are what the field is called and what is asked; empty for who does not come, who sees their number.
    """

    reference: str
    case_id: str | None
    span: Interval
    procedures: tuple[Text, ...]
    question_count: int
    questions: tuple[tuple[Text, str], ...]
    open_items: tuple[OpenItem, ...]


@dataclass(frozen=True, slots=True)
class MyPart:
    """Her part in a meeting ahead; `deputies` could come for her, and `stand_in` does after she delegated, or was asked
    to and has not answered yet. With `is_asked_again` nobody does after all, and `fallen` said so.

    `unfit` hold her specialties but cannot come, each with why: `has-declined` or `not-free`.
    """

    row: MeetingInvitation
    cases: tuple[MyCase, ...]
    deputies: tuple[Member, ...]
    stand_in: Member | None = None
    unfit: tuple[tuple[Member, str], ...] = ()
    stand_in_answer: str = ""
    is_asked_again: bool = False
    fallen: Member | None = None


def list_my_parts(session: Session, setup: Setup, *, by: Actor, now: datetime, meeting_id: str = "") -> list[MyPart]:
    """The actor's parts in the meetings ahead, or in one of them, soonest first; none for who is no member.

    A fixed number of queries. That she reads what is asked is recorded, once a day for each case.
    """
    if by.member_id is None:
        return []
    found = _read_parts(session, setup, meeting_id, by, now)
    if _note_reading(session, setup, found, by, now):
        found = _read_parts(session, setup, meeting_id, by, now)  # the commit made what was read stale
    return [part for _, part in found]


def _read_parts(
    session: Session, setup: Setup, meeting_id: str, by: Actor, now: datetime
) -> list[tuple[set[str], MyPart]]:
    """Her parts, each with the ids of the cases whose questions it holds."""
    rows = list_windows(session, member_id=by.member_id or "", by=by, now=now)
    rows = [row for row in rows if meeting_id in ("", row.meeting.public_id)]
    agendas = _load_agendas(session, {row.meeting_id for row in rows})
    deputies = _load_deputies(session, rows)
    _load_invited(session, rows)
    against = reasons_against(session, rows, deputies)
    found = []
    for row in rows:
        hers = list(_list_cases(setup, row, agendas.get(row.meeting_id, ()), by, now))
        judged = [(one, against.get((row.id, one.id))) for one in deputies[row.id]]
        instead, has_fallen = stand_in_of(row), is_asked_again(row)
        part = MyPart(
            row,
            tuple(case for _, case in hers),
            tuple(one for one, reason in judged if reason is None),
            None if instead is None or has_fallen else instead.member,
            tuple((one, reason) for one, reason in judged if reason is not None),
            "" if instead is None or has_fallen else instead.answer,
            has_fallen,
            instead.member if instead is not None and has_fallen else None,
        )
        found.append(({public_id for public_id, case in hers if case.questions}, part))
    return found


def _note_reading(
    session: Session, setup: Setup, found: Iterable[tuple[set[str], MyPart]], by: Actor, now: datetime
) -> bool:
    """Record of which cases the actor reads the questions, unless she did today; True when something was written."""
    shown = set[str]().union(*(ids for ids, _ in found))
    midnight = setup.morning_of(setup.today(now))
    query = select(AuditEvent.subject_id).where(
        AuditEvent.subject_kind == "case", AuditEvent.subject_id.in_(shown), AuditEvent.action == "case:read",
        AuditEvent.actor == by.name, AuditEvent.at >= midnight,
    )  # fmt: skip
    fresh = sorted(shown - set(session.scalars(query))) if shown else []
    if fresh:
        with transaction(session):
            for case_id in fresh:
                record(session, by=by, now=now, action="case:read", subject=("case", case_id), part="questions")
    return bool(fresh)


def delegate_own(
    session: Session, setup: Setup, *, invitation_id: str, deputy: str, comment: str = "", by: Actor, now: datetime
) -> Member:
    """Somebody of her specialty comes in the actor's place; both are written to at once. Gives the deputy.

    Raises NotAllowed for another's invitation; BadInput `not-a-deputy`; else as `delegation.delegate`.
    """
    require(by, Permission.ANSWER_OWN)
    said = read_comment(comment)
    with transaction(session):
        row = find_own_invitation(session, invitation_id, by=by)
        refuse_ended(row, now)
        known = _load_deputies(session, [row])[row.id]
        chosen = next((one for one in known if one.public_id == deputy), None)
        if chosen is None:
            raise BadInput("choose one of those who could come for you", code="not-a-deputy", field="deputy")
        delegate(session, setup, row, chosen, comment=said, stamp=now, by=by, now=now)
        row.answer_by = "page"
    return chosen


def take_back_own(session: Session, setup: Setup, *, invitation_id: str, by: Actor, now: datetime) -> Member:
    """The actor comes herself to what she had named a deputy for; both are written to. Gives who does not come.

    Raises NotAllowed for another's invitation; else as `delegation.take_back`.
    """
    require(by, Permission.ANSWER_OWN)
    with transaction(session):
        row = find_own_invitation(session, invitation_id, by=by)
        refuse_ended(row, now)
        return take_back(session, setup, row, channel="page", by=by, now=now)


def _load_agendas(session: Session, meeting_ids: Iterable[int]) -> dict[int, list[AgendaItem]]:
    query = (
        select(AgendaItem)
        .where(AgendaItem.meeting_id.in_(set(meeting_ids)))
        .order_by(AgendaItem.meeting_id, AgendaItem.position)
        .options(joinedload(AgendaItem.case).selectinload(Case.readiness))
    )
    found: dict[int, list[AgendaItem]] = {}
    for item in session.scalars(query):
        found.setdefault(item.meeting_id, []).append(item)
    return found


def _load_deputies(session: Session, rows: Sequence[MeetingInvitation]) -> dict[int, tuple[Member, ...]]:
    """By invitation, the active members with her specialties there: her deputies first, then who sits on the board."""
    wanted = {name for row in rows for name in row.details.get("specialties", ())}
    query = (
        select(Member)
        .where(Member.active.is_(True), Member.specialties.any(MemberSpecialty.specialty.in_(wanted)))
        .options(selectinload(Member.specialties))
    )
    members = list(session.scalars(query.order_by(Member.name, Member.id))) if wanted else []
    boards = {row.meeting.board_id for row in rows}
    holders = select(Seat.board_id, SeatHolder.member_id).join(SeatHolder, SeatHolder.seat_id == Seat.id)
    found = session.execute(holders.where(Seat.board_id.in_(boards)))
    seated = {(board_id, member_id) for board_id, member_id in found}
    hers = select(Deputy).where(Deputy.member_id.in_({row.member_id for row in rows}))
    ranks = {each.deputy_id: each.rank for each in session.scalars(hers)}
    return {row.id: _choose_deputies(row, members, seated, ranks) for row in rows}


def _load_invited(session: Session, rows: Iterable[MeetingInvitation]) -> None:
    """Load who else is invited where she delegated, for `parts.stand_in_of`, in a fixed number of queries."""
    delegated = {row.meeting_id for row in rows if row.answer == DELEGATED}
    if delegated:
        invited = selectinload(Meeting.invitations).joinedload(MeetingInvitation.member)
        session.scalars(select(Meeting).where(Meeting.id.in_(delegated)).options(invited)).all()


def _choose_deputies(
    row: MeetingInvitation, members: Iterable[Member], seated: Set[tuple[int, int]], ranks: Mapping[int, int]
) -> tuple[Member, ...]:
    asked = set(row.details.get("specialties", ()))
    able = [
        member
        for member in members
        if asked and member.id != row.member_id and asked <= {each.specialty for each in member.specialties}
    ]
    last = max(ranks.values(), default=0) + 1

    def place(member: Member) -> tuple[int, bool]:
        return ranks.get(member.id, last), (row.meeting.board_id, member.id) not in seated

    return tuple(sorted(able, key=place))


def _list_cases(
    setup: Setup, row: MeetingInvitation, agenda: Iterable[AgendaItem], by: Actor, now: datetime
) -> Iterable[tuple[str, MyCase]]:
    """Her cases with their ids, in the order of the agenda; a core member's are all of them."""
    program = setup.programs.get(row.meeting.board.program)
    is_core, hers = row.kind == SeatKind.CORE, set(row.details["cases"])
    for item in agenda:
        case = item.case
        if program is None or not (is_core or case.reference in hers):
            continue
        facts = case_facts(case)
        asked = tuple(_list_questions(program, facts, row))
        found = MyCase(
            reference=case.reference,
            case_id=case.public_id if by.may(Permission.CASE_READ) else None,
            span=Interval(item.starts_at, item.ends_at),
            procedures=tuple(_list_procedures(program, facts)),
            question_count=len(asked),
            questions=() if row.answer in NOT_COMING else asked,
            open_items=tuple(_list_open(setup, row, case, now)),
        )
        yield case.public_id, found


def _list_questions(program: Program, facts: CaseFacts, row: MeetingInvitation) -> Iterable[tuple[Text, str]]:
    """What the fields are called and say that ask the board, or her specialties there."""
    for name in question_fields(row.details.get("specialties", ())):
        if facts.values.get(name):
            field = program.fields.get(name)
            yield field.label if field else Text(name, name), str(facts.values[name])


def _list_procedures(program: Program, facts: CaseFacts) -> Iterable[Text]:
    """What is planned, in the order of the programme."""
    planned, field = facts.values.get(PROCEDURES), program.fields.get(PROCEDURES)
    if field is not None and isinstance(planned, frozenset):
        yield from (field.label_of(each) for each in field.choices if each in planned)


def _list_open(setup: Setup, row: MeetingInvitation, case: Case, now: datetime) -> Iterable[OpenItem]:
    """What will not be there on the day; of a core member's many cases, only what she owes."""
    program, meeting = setup.program(row.meeting.board.program), row.meeting
    meets_on = meeting.starts_at.astimezone(ZoneInfo(meeting.time_zone)).date()
    records = [readiness_record(record) for record in case.readiness]
    owed_by = {item.id: item.owed_by for item in program.readiness}
    specialties = set(row.details.get("specialties", ()))
    for found in judge_readiness(program, case_facts(case), records, on=meets_on, today=setup.today(now)):
        is_hers = owed_by[found.item] in specialties
        if _is_open(found) and (is_hers or row.kind != SeatKind.CORE):
            expected = found.record.expected_on if found.record is not None else None
            yield OpenItem(found.label, found.state, expected, is_hers)


def _is_open(found: Finding) -> bool:
    return found.state not in (ReadinessState.CURRENT, ReadinessState.NOT_APPLICABLE)

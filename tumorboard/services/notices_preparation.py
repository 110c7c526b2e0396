"""What radiology and pathology prepare for a meeting, written to them when its case list closes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tumorboard.domain.model import CaseFacts, Finding, ReadinessState, SeatKind
from tumorboard.domain.program import Program
from tumorboard.domain.readiness import judge_readiness
from tumorboard.domain.timeline import Interval
from tumorboard.mail.notices_facts import AgendaLine, Material, PreparationFacts, PreparedCase
from tumorboard.services.notices_post import (
    MOMENT,
    Earlier,
    Notice,
    addressee,
    comes,
    is_reached,
    read_earlier,
    sitting,
)
from tumorboard.services.preferences import preferences_of
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.facts import case_facts, readiness_record
from tumorboard.store.meetings import Meeting, Seat, SeatHolder
from tumorboard.store.people import Member

KIND = "preparation"
USUAL = ("radiology", "pathology")
"""Who prepares where the programme does not say."""

QUESTION = "question_"
"""How the fields of a programme begin that hold a question to a specialty."""

_Part = tuple[Member, frozenset[str], frozenset[str] | None]
"""A member, the specialties she prepares for, and the references of her cases; None for all."""


def preparing_specialties(program: Program) -> tuple[str, ...]:
    """The specialties that a programme has questions to, else radiology and pathology; in their order."""
    asked = tuple(
        name.removeprefix(QUESTION)
        for name in program.fields
        if name.startswith(QUESTION) and name.removeprefix(QUESTION) in program.specialties
    )
    return asked or tuple(name for name in USUAL if name in program.specialties)


def due_preparations(session: Session, setup: Setup, meetings: Sequence[Meeting], *, now: datetime) -> list[Notice]:
    """The preparation lists that are due and not written; another one when the meeting moved to another day."""
    closed = [meeting for meeting in meetings if meeting.closes_at <= now < meeting.starts_at]
    earlier = read_earlier(session, KIND, closed) if closed else {}
    open_parts = []
    for meeting, part in _parts_of(session, setup, closed):
        before = earlier.get((meeting.public_id, part[0].public_id), Earlier(0, None))
        if before.starts_at is None or not _is_same_day(meeting, before.starts_at):
            open_parts.append((meeting, part, before.count))
    cases = _load_cases(session, {meeting.id: meeting for meeting, _, _ in open_parts}.values())
    return [_notice(setup, meeting, part, count, cases, now) for meeting, part, count in open_parts]


def _is_same_day(meeting: Meeting, before: str) -> bool:
    """Moved by hours, the same list serves."""
    zone = ZoneInfo(meeting.time_zone)
    then = datetime.strptime(f"{before}+0000", f"{MOMENT}%z")
    return then.astimezone(zone).date() == meeting.starts_at.astimezone(zone).date()


def _notice(
    setup: Setup, meeting: Meeting, part: _Part, count: int, cases: Mapping[int, Case], now: datetime
) -> Notice:
    member = part[0]
    key = f"{KIND}:{meeting.public_id}:{member.public_id}:{meeting.starts_at:{MOMENT}}:{count}"
    return Notice(key, member.id, meeting.id, lambda: _facts(setup, meeting, part, cases, now))


def _parts_of(session: Session, setup: Setup, meetings: Sequence[Meeting]) -> Iterator[tuple[Meeting, _Part]]:
    holders = _load_holders(session, meetings)
    for meeting in meetings:
        if meeting.board.program not in setup.programs:
            continue
        program = setup.program(meeting.board.program)
        for part in _parts(meeting, program, holders.get(meeting.board_id, {})):
            member = part[0]
            if is_reached(member) and preferences_of(member).preparation:
                yield meeting, part


def _parts(meeting: Meeting, program: Program, holders: Mapping[str, Member]) -> list[_Part]:
    """Who is invited for a preparing specialty; for a core seat nobody comes for, its first holder, who can still
    prepare."""
    preparing = preparing_specialties(program)
    found: list[_Part] = []
    covered: set[str] = set()
    for row in meeting.invitations:
        specialties = frozenset(row.details.get("specialties", ())) & frozenset(preparing)
        if specialties and comes(row):
            covered |= specialties
            hers = None if row.kind == SeatKind.CORE else frozenset(row.details.get("cases", ()))
            if hers is None or hers:
                found.append((row.member, specialties, hers))
    known = {part[0].id for part in found}
    for specialty in preparing:
        holder = holders.get(specialty)
        if specialty not in covered and holder is not None and holder.id not in known:
            found.append((holder, frozenset({specialty}), None))
    return found


def _load_holders(session: Session, meetings: Sequence[Meeting]) -> dict[int, dict[str, Member]]:
    """By board and specialty of a core seat, its first holder who is still here."""
    boards = {meeting.board_id for meeting in meetings}
    if not boards:
        return {}
    query = select(Seat).where(Seat.board_id.in_(boards), Seat.kind == SeatKind.CORE.value)
    query = query.options(selectinload(Seat.holders).joinedload(SeatHolder.member))
    found: dict[int, dict[str, Member]] = {}
    for seat in session.scalars(query):
        holder = next((each.member for each in seat.holders if each.member.active), None)
        if holder is not None:
            found.setdefault(seat.board_id, {})[seat.specialty] = holder
    return found


def _load_cases(session: Session, meetings: Iterable[Meeting]) -> dict[int, Case]:
    ids = [item.case_id for meeting in meetings for item in meeting.agenda]
    if not ids:
        return {}
    query = select(Case).where(Case.id.in_(ids)).options(selectinload(Case.readiness))
    return {row.id: row for row in session.scalars(query.execution_options(populate_existing=True))}


def _facts(setup: Setup, meeting: Meeting, part: _Part, cases: Mapping[int, Case], now: datetime) -> PreparationFacts:
    member, specialties, hers = part
    program = setup.program(meeting.board.program)
    return PreparationFacts(
        to=addressee(setup, member, meeting.board, KIND),
        meeting=sitting(setup, meeting, member.language),
        specialties=tuple(program.specialties[name] for name in sorted(specialties)),
        cases=tuple(
            PreparedCase(
                AgendaLine(item.case.reference, Interval(item.starts_at, item.ends_at)),
                _count_questions(case_facts(cases[item.case_id]), specialties),
                tuple(_materials(setup, program, meeting, cases[item.case_id], specialties, now)),
            )
            for item in meeting.agenda
            if hers is None or item.case.reference in hers
        ),
    )


def _count_questions(case: CaseFacts, specialties: Iterable[str]) -> int:
    return sum(1 for name in specialties if case.values.get(f"{QUESTION}{name}"))


def _materials(
    setup: Setup, program: Program, meeting: Meeting, case: Case, specialties: frozenset[str], now: datetime
) -> Iterator[Material]:
    """What her specialties owe for a case; what is there comes last."""
    owed = {item.id for item in program.readiness if item.owed_by in specialties}
    found = [each for each in judge_for(setup, program, meeting, case, now) if each.item in owed]
    for each in sorted(found, key=lambda one: one.state is ReadinessState.CURRENT):
        if each.state is not ReadinessState.NOT_APPLICABLE:
            yield Material(each.label, each.state, _expected_on(each), each.is_blocking)


def _expected_on(finding: Finding) -> date | None:
    return finding.record.expected_on if finding.record is not None else None


def judge_for(
    setup: Setup, program: Program, meeting: Meeting, case: Case, now: datetime
) -> tuple[Finding, ...]:  # fmt: skip
    """The readiness items of a case as they will be on the day of its meeting."""
    meets_on = meeting.starts_at.astimezone(ZoneInfo(meeting.time_zone)).date()
    records = [readiness_record(row) for row in case.readiness]
    return judge_readiness(program, case_facts(case), records, on=meets_on, today=setup.today(now))

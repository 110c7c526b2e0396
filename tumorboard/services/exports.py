"""What leaves the service as a file: agenda and record of a meeting, the worklist; each with a purpose, recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from tumorboard.domain.errors import BadInput, NotAllowed
from tumorboard.domain.identity import HOLDS_RESIDENT_NUMBER, RESIDENT_NUMBER, has_resident_number
from tumorboard.formats.pdf import write_paper
from tumorboard.formats.pdf_fonts import choose_fonts
from tumorboard.formats.sheets import Table, write_csv, write_xlsx
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.boards import read_meeting
from tumorboard.services.export_tables import agenda_table, attendance_table, case_table, outcome_table, paper_of
from tumorboard.services.setup import Setup
from tumorboard.services.worklist import CaseFilter, list_cases
from tumorboard.store.discussions import Discussion, Presence
from tumorboard.store.meetings import AgendaItem, Meeting
from tumorboard.store.people import Member
from tumorboard.words import Words

MOST_CASES = 5000
LONGEST_NOTE = 200


class Purpose(StrEnum):
    """What somebody takes data out for."""

    MEETING = "meeting"
    CARE = "care"
    QUALITY = "quality"
    CLAIM = "claim"
    RESEARCH = "research"
    OTHER = "other"


class Kind(StrEnum):
    """The kind of file."""

    PDF = "pdf"
    XLSX = "xlsx"
    CSV = "csv"


MEDIA = {
    Kind.PDF: "application/pdf",
    Kind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Kind.CSV: "text/csv; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Stated:
    """The purpose somebody has stated, with a note such as the number of an approval."""

    purpose: Purpose
    note: str = ""


@dataclass(frozen=True, slots=True)
class Export:
    """A file as it leaves. Its name says the board and the day, and nothing of a case."""

    name: str
    kind: Kind
    content: bytes


def list_published(session: Session, *, past: bool, now: datetime, limit: int) -> list[Meeting]:
    """Published meetings ahead, soonest first; or those begun, newest first."""
    query = select(Meeting).where(Meeting.status == "published").options(joinedload(Meeting.board))
    if past:
        query = query.where(Meeting.starts_at <= now).order_by(Meeting.starts_at.desc())
    else:
        query = query.where(Meeting.ends_at > now).order_by(Meeting.starts_at)
    return list(session.scalars(query.limit(limit)))


def state_purpose(code: str, note: str) -> Stated:
    """A purpose of the closed list, checked.

    Raises BadInput `purpose-unknown`, `purpose-unsaid` where the list alone does not say enough (research, something
    else), `too-long`, and `resident-registration-number`.
    """
    if code not in set(Purpose):
        raise BadInput("choose a purpose of the list", code="purpose-unknown", field="purpose")
    purpose, note = Purpose(code), " ".join(note.split())
    if len(note) > LONGEST_NOTE:
        raise BadInput(f"say it in {LONGEST_NOTE} letters", code="too-long", field="note")
    if has_resident_number(note):
        raise BadInput(f"the note {HOLDS_RESIDENT_NUMBER}", code=RESIDENT_NUMBER, field="note")
    if purpose in (Purpose.RESEARCH, Purpose.OTHER) and len(note) < 3:
        raise BadInput("say in a few words what it is for", code="purpose-unsaid", field="note")
    return Stated(purpose, note)


def is_own_meeting(meeting: Meeting, by: Actor) -> bool:
    """True when the actor herself is invited."""
    invited = (row for row in meeting.invitations if row.status == "invited")
    return by.member_id is not None and any(row.member.public_id == by.member_id for row in invited)


def print_agenda(
    session: Session, setup: Setup, *, meeting_id: str, stated: Stated | None, language: str, by: Actor, now: datetime
) -> Export:
    """The agenda on A4. Who is invited gets that of her own meeting without being asked what for; it says no more than
    the page she may read. Raises BadInput `purpose-missing` for others who have stated none."""
    meeting = read_meeting(session, meeting_id=meeting_id, by=by)
    is_own = is_own_meeting(meeting, by)
    if not is_own:
        stated = _require_purpose(by, stated)
    paper = paper_of(setup, meeting, Words(language), as_of=now)
    name = _meeting_name("agenda", meeting, Kind.PDF)
    ids = [item.case.public_id for item in meeting.agenda]
    _record(session, by, now, "agenda", Kind.PDF, ("meeting", meeting_id), ids, None if is_own else stated)
    return Export(name, Kind.PDF, write_paper(paper, language=language, fonts=choose_fonts(setup.pdf_font)))


def export_agenda(
    session: Session, setup: Setup, *, meeting_id: str, kind: Kind, stated: Stated | None, language: str, by: Actor,
    now: datetime,
) -> Export:  # fmt: skip
    """The agenda as a table: number, time, case, who is called in."""
    stated = _require_purpose(by, stated)
    meeting = read_meeting(session, meeting_id=meeting_id, by=by)
    tables = [agenda_table(setup, meeting, Words(language))]
    name, ids = _meeting_name("agenda", meeting, kind), [item.case.public_id for item in meeting.agenda]
    _record(session, by, now, "agenda", kind, ("meeting", meeting_id), ids, stated)
    return _write(name, kind, tables)


def export_record(
    session: Session, setup: Setup, *, meeting_id: str, kind: Kind, stated: Stated | None, language: str, by: Actor,
    now: datetime,
) -> Export:  # fmt: skip
    """What happened in a meeting: outcomes, and who was there when. CSV holds the attendance alone."""
    stated = _require_purpose(by, stated)
    meeting = read_meeting(session, meeting_id=meeting_id, by=by)
    held, present = _load_record(session, meeting)
    words = Words(language)
    name, ids = _meeting_name("record", meeting, kind), [item.case.public_id for item in meeting.agenda]
    if kind is Kind.PDF:
        paper = paper_of(setup, meeting, words, as_of=now, held=held, present=present)
        _record(session, by, now, "record", kind, ("meeting", meeting_id), ids, stated)
        return Export(name, kind, write_paper(paper, language=language, fonts=choose_fonts(setup.pdf_font)))
    attendance = attendance_table(setup, meeting, present, words)
    outcomes = outcome_table(meeting, held, words)
    _record(session, by, now, "record", kind, ("meeting", meeting_id), ids, stated)
    return _write(name, kind, [attendance] if kind is Kind.CSV else [outcomes, attendance])


def export_cases(
    session: Session, setup: Setup, *, kind: Kind, stated: Stated | None, language: str, by: Actor, now: datetime,
    only: CaseFilter | None = None,
) -> Export:  # fmt: skip
    """The worklist as it is filtered, most urgent first."""
    stated = _require_purpose(by, stated)
    worklist = list_cases(session, setup, by=by, now=now, only=only, limit=MOST_CASES)
    table = case_table(setup, worklist.cases, Words(language), today=setup.today(now))
    ids = [view.row.public_id for view in worklist.cases]
    _record(session, by, now, "cases", kind, ("centre", "1"), ids, stated)
    only = only or CaseFilter()
    parts = ["cases", only.program, only.state, setup.today(now).isoformat()]
    return _write(f"{'-'.join(part for part in parts if part)}.{kind}", kind, [table])


def _require_purpose(by: Actor, stated: Stated | None) -> Stated:
    require(by, Permission.CASE_EXPORT)
    if stated is None:
        raise BadInput("say first what the file is for", code="purpose-missing", field="purpose")
    return stated


def _record(
    session: Session, by: Actor, now: datetime, what: str, kind: Kind, subject: tuple[str, str], ids: list[str],
    stated: Stated | None,
) -> None:  # fmt: skip
    """Note what leaves, for what, and whose cases it names."""
    given = {"purpose": "own-meeting"} if stated is None else {"purpose": str(stated.purpose), "note": stated.note}
    with transaction(session):
        record(session, by=by, now=now, action="export:made", subject=subject, what=what, format=str(kind),
               count=len(ids), cases=ids, **given)  # fmt: skip


def _meeting_name(what: str, meeting: Meeting, kind: Kind) -> str:
    local = meeting.starts_at.astimezone(ZoneInfo(meeting.time_zone))
    return f"{what}-{meeting.board.key}-{local:%Y-%m-%d-%H%M}.{kind}"


def _write(name: str, kind: Kind, tables: list[Table]) -> Export:
    if kind is Kind.PDF:
        raise NotAllowed("there is no PDF of this list; take XLSX or CSV", code="no-such-file")
    return Export(name, kind, write_csv(tables[0]) if kind is Kind.CSV else write_xlsx(tables))


def _load_record(session: Session, meeting: Meeting) -> tuple[dict[int, Discussion], list[Presence]]:
    """Discussions by agenda item, and who was there, in the order of coming."""
    held = select(Discussion).join(AgendaItem).where(AgendaItem.meeting_id == meeting.id)
    present = select(Presence).where(Presence.meeting_id == meeting.id).order_by(Presence.since, Presence.id)
    present = present.options(joinedload(Presence.member).selectinload(Member.specialties))
    return {row.item_id: row for row in session.scalars(held)}, list(session.scalars(present))

"""Rows of the database as the tables and papers that leave the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tumorboard.domain.discussions import clock_minutes
from tumorboard.domain.model import SeatKind
from tumorboard.formats.pdf import Held, Paper, Seated
from tumorboard.formats.sheets import Cell, Table
from tumorboard.services.own_exports import CASE_COLUMNS
from tumorboard.services.parts import holds_place
from tumorboard.services.pictures import picture_of_meeting
from tumorboard.services.setup import Setup
from tumorboard.services.worklist import CaseView
from tumorboard.store.discussions import Discussion, Presence
from tumorboard.store.meetings import Meeting
from tumorboard.store.people import Member
from tumorboard.words import Words, format_date
from tumorboard.words.labels import MEETINGS, STATES, URGENCIES, say_code
from tumorboard.words.phrases import say_finding
from tumorboard.words.reports import COLUMNS, DEFERRALS, OUTCOMES, TITLES


def specialty_names(setup: Setup, words: Words) -> dict[str, str]:
    """What the specialties of every programme are called."""
    programs = setup.programs.values()
    return {key: text.in_language(words.language) for one in programs for key, text in one.specialties.items()}


def paper_of(
    setup: Setup, meeting: Meeting, words: Words, *, as_of: datetime, held: Mapping[int, Discussion] | None = None,
    present: Sequence[Presence] = (),
) -> Paper:  # fmt: skip
    """A meeting with everything loaded as paper; with `held` (by agenda item) it is the record of what happened."""
    names = specialty_names(setup, words)
    core = [row for row in meeting.invitations if holds_place(row) and row.kind == SeatKind.CORE]
    is_record = held is not None
    return Paper(
        board=meeting.board.name_ko if words.language == "ko" else meeting.board.name_en,
        room=meeting.room.name,
        status=words.gettext("Record") if is_record else say_code(meeting.status, words, MEETINGS),
        picture=picture_of_meeting(meeting, specialties=names),
        core=tuple(Seated(_full_name(row.member), _join(row.details["specialties"], names)) for row in core),
        as_of=as_of,
        notice=_notice(meeting, words),
        outcomes=tuple((item.case.reference, _held(held.get(item.id), words)) for item in meeting.agenda)
        if held is not None
        else (),
        present=tuple(dict.fromkeys(_full_name(row.member) for row in present)),
        signed=_signed(meeting, words) if is_record else "",
    )


def _notice(meeting: Meeting, words: Words) -> str:
    if meeting.status == "cancelled":
        return words.gettext("This meeting does not take place.")
    return words.gettext("Nothing is published for this meeting yet.")


def _held(row: Discussion | None, words: Words) -> Held:
    if row is None:
        return Held(say_code("", words, OUTCOMES))
    return Held(say_code(row.outcome, words, OUTCOMES), say_code(row.reason, words, DEFERRALS) if row.reason else "")


def _signed(meeting: Meeting, words: Words) -> str:
    if meeting.signed_at is None:
        return words.gettext("Not signed yet")
    when = _moment(meeting.signed_at, meeting.time_zone, words)
    return words.gettext("Signed by %(name)s, %(moment)s") % {"name": meeting.signed_by, "moment": when}


def agenda_table(setup: Setup, meeting: Meeting, words: Words) -> Table:
    """The agenda: number, time, minutes, case, who is called in."""
    names, zone = specialty_names(setup, words), meeting.time_zone
    called = [row for row in meeting.invitations if holds_place(row) and row.kind == SeatKind.ON_DEMAND]
    rows: list[tuple[Cell, ...]] = []
    for number, item in enumerate(meeting.agenda, start=1):
        hers = [row for row in called if item.case.reference in row.details["cases"]]
        rows.append((
            number, _clock(item.starts_at, zone), _clock(item.ends_at, zone), _minutes(item.starts_at, item.ends_at),
            item.case.reference, ", ".join(_full_name(row.member) for row in hers),
            ", ".join(dict.fromkeys(_join(row.details["specialties"], names) for row in hers)),
        ))  # fmt: skip
    return make_table(words, "agenda", ("number", "from", "until", "minutes", "case", "called", "specialties"), rows)


def attendance_table(setup: Setup, meeting: Meeting, present: Sequence[Presence], words: Words) -> Table:
    """Who was there from when until when; who was invited and never came has empty times."""
    names, zone = specialty_names(setup, words), meeting.time_zone
    rows: list[tuple[Cell, ...]] = []
    for one in present:
        until = one.until or meeting.ends_at
        held = ", ".join(names.get(row.specialty, row.specialty) for row in one.member.specialties)
        rows.append((
            _full_name(one.member), held, _clock(one.since, zone), _clock(until, zone), _minutes(one.since, until),
        ))  # fmt: skip
    came = {one.member_id for one in present}
    missing = [row for row in meeting.invitations if holds_place(row) and row.member_id not in came]
    rows += [(_full_name(row.member), _join(row.details["specialties"], names), "", "", 0) for row in missing]
    return make_table(words, "attendance", ("member", "specialties", "from", "until", "minutes"), rows)


def outcome_table(meeting: Meeting, held: Mapping[int, Discussion], words: Words) -> Table:
    """What became of each case, with what the board advises in its own words."""
    rows: list[tuple[Cell, ...]] = []
    for number, item in enumerate(meeting.agenda, start=1):
        one = held.get(item.id)
        said = _held(one, words)
        rows.append((number, item.case.reference, said.outcome, said.reason, one.recommendation if one else ""))
    return make_table(words, "record", ("number", "case", "outcome", "reason", "recommendation"), rows)


def case_table(setup: Setup, views: Sequence[CaseView], words: Words, *, today: date) -> Table:
    """The worklist: where each case stands, why, who is needed, and until when. No facts of a case."""
    rows = [_case_row(setup, view, words, today) for view in views]
    return make_table(words, "cases", CASE_COLUMNS, rows)


def _case_row(setup: Setup, view: CaseView, words: Words, today: date) -> tuple[Cell, ...]:
    program = setup.program(view.row.program)
    assessment, language = view.judgement.assessment, words.language
    names = {key: text.in_language(language) for key, text in program.specialties.items()}
    owing = {item.id: names.get(item.owed_by, item.owed_by) for item in program.readiness}
    due_on = view.judgement.due_at.astimezone(ZoneInfo(setup.time_zone)).date()
    missing = [
        say_finding(finding, words, owed_by=owing.get(finding.item, ""))
        for finding in view.judgement.findings
        if finding.is_blocking
    ]
    item = view.item
    return (
        view.row.reference, program.name.in_language(language), say_code(view.state.value, words, STATES),
        say_code(assessment.urgency.value, words, URGENCIES), "\n".join(missing), _join(assessment.required, names),
        _join(assessment.recommended, names), due_on.isoformat(), (due_on - today).days, assessment.minutes,
        _moment(item.starts_at, item.meeting.time_zone, words) if item else "",
    )  # fmt: skip


def make_table(words: Words, title: str, columns: Sequence[str], rows: Sequence[tuple[Cell, ...]]) -> Table:
    """A table with its name and heads in the reader's language, by their codes in `words/reports.py`."""
    return Table(say_code(title, words, TITLES), tuple(say_code(name, words, COLUMNS) for name in columns), tuple(rows))


def _full_name(member: Member) -> str:
    return f"{member.name} {member.title}".strip()


def _join(keys: Sequence[str], names: Mapping[str, str]) -> str:
    return ", ".join(names.get(key, key) for key in keys)


def _clock(instant: datetime, zone: str) -> str:
    return f"{instant.astimezone(ZoneInfo(zone)):%H:%M}"


def _moment(instant: datetime, zone: str, words: Words) -> str:
    local = instant.astimezone(ZoneInfo(zone))
    return f"{format_date(local.date(), words.language)} {local:%H:%M}"


def _minutes(start: datetime, end: datetime) -> int:
    return clock_minutes(start, end)

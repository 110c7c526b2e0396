"""A case as a line of the worklist: first why it waits, then who is needed, until when, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tumorboard.domain.indicators import days_between
from tumorboard.domain.model import Finding, Level, ReadinessState
from tumorboard.domain.program import Program
from tumorboard.services.worklist import CaseView
from tumorboard.store.meetings import Meeting
from tumorboard.web.auth import setup
from tumorboard.web.pages.frame import words
from tumorboard.words.phrases import say_finding


@dataclass(frozen=True, slots=True)
class CaseRow:
    """What the worklist says of one case. `asked_for` counts the open items that do not block."""

    id: str
    reference: str
    program: str
    state: str
    urgency: str
    reasons: tuple[str, ...]
    asked_for: tuple[str, ...]
    core: tuple[str, ...]
    required: tuple[str, ...]
    recommended: tuple[str, ...]
    due_on: date
    days_left: int
    planned_late: int
    minutes: int
    meeting: Meeting | None
    starts_at: datetime | None


def make_row(view: CaseView, *, today: date) -> CaseRow:
    """The line of one case, as of a day."""
    program = setup().program(view.row.program)
    language = words().language
    assessment = view.judgement.assessment
    names = {key: text.in_language(language) for key, text in program.specialties.items()}
    due_on = view.judgement.due_at.astimezone(ZoneInfo(setup().time_zone)).date()
    item = view.item
    return CaseRow(
        id=view.row.public_id,
        reference=view.row.reference,
        program=program.name.in_language(language),
        state=view.state.value,
        urgency=assessment.urgency.value,
        reasons=_why(view, program),
        asked_for=_asked_for(view, program),
        core=tuple(names[key] for key in assessment.required if key in program.core),
        required=tuple(names.get(key, key) for key in assessment.required if key and key not in program.core),
        recommended=tuple(names.get(key, key) for key in assessment.recommended),
        due_on=due_on,
        days_left=(due_on - today).days,
        planned_late=days_between(view.judgement.due_at, item.meeting.starts_at) if item else 0,
        minutes=assessment.minutes,
        meeting=item.meeting if item else None,
        starts_at=item.starts_at if item else None,
    )


def describe(finding: Finding, program: Program) -> str:
    """What is known of a readiness item and whom to ask, in the reader's language."""
    language = words().language
    owing = next((item.owed_by for item in program.readiness if item.id == finding.item), "")
    specialty = program.specialties.get(owing)
    return say_finding(finding, words(), owed_by=specialty.in_language(language) if specialty else owing)


def _why(view: CaseView, program: Program) -> tuple[str, ...]:
    """What keeps the case from being planned."""
    assessment = view.judgement.assessment
    if not assessment.eligible:
        notices = tuple(notice.in_language(words().language) for notice in assessment.notices)
        return notices or (words().gettext("Not a case for this board"),)
    return tuple(describe(finding, program) for finding in view.judgement.findings if _is_awaited(finding))


def _is_awaited(finding: Finding) -> bool:
    """True for what blocks today: not there, too old, or announced for a later day."""
    return finding.is_blocking or (finding.level is Level.BLOCKS and finding.state is ReadinessState.EXPECTED)


def _asked_for(view: CaseView, program: Program) -> tuple[str, ...]:
    open_states = (ReadinessState.MISSING, ReadinessState.STALE)
    if not view.judgement.assessment.eligible:
        return ()
    return tuple(
        finding.label.in_language(words().language)
        for finding in view.judgement.findings
        if finding.state in open_states and finding.level is Level.WARNS
    )

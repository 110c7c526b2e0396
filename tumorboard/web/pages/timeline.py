"""Everything that happened to one case, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tumorboard.domain.program import Program
from tumorboard.services.case_history import CaseEvent, list_case_events
from tumorboard.store.meetings import Meeting
from tumorboard.web.auth import current_actor, database
from tumorboard.web.pages.frame import words
from tumorboard.words import labels
from tumorboard.words.labels import say_code


@dataclass(frozen=True, slots=True)
class EventLine:
    """One line of the timeline."""

    at: datetime
    what: str
    about: str
    by: str
    meeting: Meeting | None


def list_timeline(case_id: str, program: Program) -> list[EventLine]:
    """What happened to a case, newest first, in the reader's language."""
    return [_line(event, program) for event in list_case_events(database(), case_id=case_id, by=current_actor())]


def _line(event: CaseEvent, program: Program) -> EventLine:
    what = say_code(event.code, words(), labels.EVENTS)
    return EventLine(event.at, what, ", ".join(_about(event, program)), event.by, event.meeting)


def _about(event: CaseEvent, program: Program) -> list[str]:
    """The report, specialty, fields, outcome and reasons that an event names."""
    language, detail = words().language, event.detail
    items = {item.id: item.label.in_language(language) for item in program.readiness}
    specialties = {key: text.in_language(language) for key, text in program.specialties.items()}
    about = [_place(event)] if event.code == "case:imported" else []
    about += [items[detail["item"]]] if detail.get("item") in items else []
    if detail.get("specialty") in specialties:
        about.append(specialties[detail["specialty"]])
    about += [items[name] for name in detail.get("items", ()) if name in items]
    about += [program.fields[name].label.in_language(language) for name in _fields(detail) if name in program.fields]
    lists = (("outcome", labels.OUTCOMES), ("reason", {**labels.OUTCOME_REASONS, **labels.REOPENINGS}))
    for name, known in lists:
        if detail.get(name) in known:
            about.append(say_code(str(detail[name]), words(), known))
    return about


def _place(event: CaseEvent) -> str:
    """Where in which kind of file it stood; the name of a file is not kept, for it may speak of a patient."""
    kind, row = str(event.detail.get("kind", "")).upper(), event.detail.get("row", "")
    return words().gettext("%(kind)s row %(row)s") % {"kind": kind, "row": row}


def _fields(detail: object) -> list[str]:
    found = detail.get("fields", []) if isinstance(detail, dict) else []
    return [str(name) for name in found]

"""Everything that happened to one case: what was noted, where it was planned, when it was discussed and signed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.accounts import names_of_accounts
from tumorboard.services.cases import find_case
from tumorboard.store.cases import Case
from tumorboard.store.meetings import AgendaItem, Board, Meeting
from tumorboard.store.plans import Draft, PlanChange
from tumorboard.store.post import AuditEvent

MOST = 200
"""How many events are shown; the newest stay."""

_PUBLICATIONS = 40
_OF_MEETINGS = ("meeting:moved", "record:signed", "record:reopened")
PLACED, MOVED, TAKEN_OFF = "case:placed", "case:moved", "case:taken-off"
AGAIN = "case:published-again"
ON_THE_LIST = "case:received"
_ARRIVALS = frozenset({"case:referred", "case:imported"})


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """Something that happened to a case. `detail` holds ids and codes; `meeting` is the one it is about.

    `by` is the name of the account, or how the audit trail calls who did it.
    """

    at: datetime
    by: str
    code: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    meeting: Meeting | None = None


def list_case_events(session: Session, *, case_id: str, by: Actor, limit: int = MOST) -> tuple[CaseEvent, ...]:
    """All that happened to a case, newest first; that somebody read it is left out. A fixed number of queries."""
    require(by, Permission.CASE_READ)
    row = find_case(session, case_id)
    known = _of_case(session, case_id)
    if not any(event.code in _ARRIVALS and event.at <= row.created_at for event in known):
        known.insert(0, CaseEvent(row.created_at, "", ON_THE_LIST))
    known += [*_placements(session, row), *_steps(session, case_id)]
    known += _of_meetings(session, row)
    ids = {str(event.detail.get("meeting", "")) for event in known} - {""}
    query = select(Meeting).where(Meeting.public_id.in_(ids)).options(joinedload(Meeting.board))
    meetings = {meeting.public_id: meeting for meeting in session.scalars(query)}
    names = names_of_accounts(session)
    events = [
        CaseEvent(
            one.at, names.get(one.by, one.by), one.code, one.detail, meetings.get(str(one.detail.get("meeting", "")))
        )
        for one in known
    ]  # fmt: skip
    events.sort(key=lambda event: event.at)
    return tuple(reversed(events))[:limit]


def _of_case(session: Session, case_id: str) -> list[CaseEvent]:
    query = select(AuditEvent).where(AuditEvent.subject_kind == "case", AuditEvent.subject_id == case_id)
    query = query.where(AuditEvent.action != "case:read").order_by(AuditEvent.id.desc()).limit(MOST)
    return [
        CaseEvent(event.at, event.actor, event.action, event.detail) for event in reversed(list(session.scalars(query)))
    ]


def _placements(session: Session, row: Case) -> Iterator[CaseEvent]:
    """Where each publication had the case: told when it is placed, moved to another meeting, gets another
    time or team there, or is taken off."""
    query = (
        select(AuditEvent.at, AuditEvent.actor, Draft.plan)
        .join(Draft, Draft.public_id == AuditEvent.subject_id)
        .join(Board, Board.id == Draft.board_id)
        .where(AuditEvent.action == "draft:published", AuditEvent.at >= row.created_at, Board.program == row.program)
        .order_by(AuditEvent.id.desc())
        .limit(_PUBLICATIONS)
    )
    before, details = "", None
    for at, actor, plan in reversed(session.execute(query).all()):
        meetings = plan["proposal"]["meetings"]
        here, found = _place_of(meetings, row.reference)
        was_planned = before in {entry["meeting"] for entry in meetings}
        if here and here != before:
            yield CaseEvent(at, actor, MOVED if was_planned else PLACED, {"meeting": here})
        elif here and found != details:
            yield CaseEvent(at, actor, AGAIN, {"meeting": here})
        elif not here and was_planned:
            yield CaseEvent(at, actor, TAKEN_OFF, {"meeting": before})
        before, details = here or ("" if was_planned else before), found


def _place_of(meetings: Sequence[Mapping[str, Any]], reference: str) -> tuple[str, object]:
    """The meeting that has the case, with its time there and who is called in for it."""
    for entry in meetings:
        for line in entry["agenda"]:
            if line["reference"] == reference:
                called = sorted(one["member"] for one in entry["attendances"] if reference in one["cases"])
                return str(entry["meeting"]), (line["span"], called)
    return "", None


def _steps(session: Session, case_id: str) -> list[CaseEvent]:
    """What was done to the case by hand in drafts, with what was taken back."""
    query = select(PlanChange).where(PlanChange.draft_id.is_not(None), PlanChange.detail["case"].as_string() == case_id)
    found = []
    for step in session.scalars(query.order_by(PlanChange.at).limit(MOST)):
        detail = {name: value for name, value in step.detail.items() if name != "case"}
        found.append(CaseEvent(step.at, step.made_by, f"draft:{step.kind}", detail))
        if step.undone_at is not None:
            found.append(CaseEvent(step.undone_at, step.undone_by, "draft:undone", detail))
    return found


def _of_meetings(session: Session, row: Case) -> Iterator[CaseEvent]:
    """What happened to the meetings the case stands on, since it came."""
    stands_on = select(Meeting.public_id).join(AgendaItem, AgendaItem.meeting_id == Meeting.id)
    ids = stands_on.where(AgendaItem.case_id == row.id)
    query = select(AuditEvent).where(
        AuditEvent.subject_kind == "meeting", AuditEvent.subject_id.in_(ids), AuditEvent.action.in_(_OF_MEETINGS),
        AuditEvent.at >= row.created_at,
    )  # fmt: skip
    for event in session.scalars(query.order_by(AuditEvent.id)):
        detail = {"meeting": event.subject_id}
        if "reason" in event.detail:
            detail["reason"] = event.detail["reason"]
        yield CaseEvent(event.at, event.actor, event.action, detail)

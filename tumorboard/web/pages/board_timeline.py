"""What happened to a board, line by line: who proposed, moved, took back and published what, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from tumorboard.services.board_events import BoardEvents, list_board_events
from tumorboard.store.post import AuditEvent
from tumorboard.web.auth import current_actor, database
from tumorboard.web.pages.frame import words
from tumorboard.web.pages.names import full_name, say_when
from tumorboard.words.plan_steps import say_plan_event, say_plan_step, say_step_kind

SHOWN = 30


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event as the page says it, with the people it names; `address` is where it can be looked at."""

    said: str
    people: tuple[str, ...]
    by: str
    at: datetime
    address: str


def list_timeline(board: str) -> list[EventLine]:
    """The last events of a board, newest first."""
    found = list_board_events(database(), board=board, by=current_actor(), limit=SHOWN)
    people = tuple(full_name(member) for member in found.members.values())
    return [EventLine(_say(row, found), people, row.actor, row.at, _address(row)) for row in found.rows]


def _say(row: AuditEvent, found: BoardEvents) -> str:
    kind = str(row.detail.get("step", ""))
    case = found.references.get(str(row.detail.get("case", "")), "")
    step = (
        say_plan_step(
            kind, words(), case=case, meeting=_when(row.detail.get("meeting"), found),
            before=_when(row.detail.get("from"), found),
        )
        if case
        else say_step_kind(kind, words())
    )  # fmt: skip
    is_part = row.subject_kind == "invitation"
    return say_plan_event(
        row.action, words(), step=step, meeting=_when(row.detail.get("meeting") if is_part else row.subject_id, found),
        member=_name(row.detail.get("member") if is_part else row.subject_id, found),
        deputy=_name(row.detail.get("deputy"), found),
    )  # fmt: skip


def _name(member_id: object, found: BoardEvents) -> str:
    member = found.members.get(str(member_id))
    return full_name(member) if member else ""


def _when(meeting_id: object, found: BoardEvents) -> str:
    meeting = found.meetings.get(str(meeting_id))
    return say_when(meeting.starts_at, meeting.time_zone) if meeting else ""


def _address(row: AuditEvent) -> str:
    if row.subject_kind == "draft":
        return url_for("pages.show_draft", draft_id=row.subject_id)
    if row.subject_kind == "member":
        return url_for("pages.show_member", member_id=row.subject_id)
    is_part = row.subject_kind == "invitation"
    return url_for("pages.show_meeting", meeting_id=row.detail["meeting"] if is_part else row.subject_id)

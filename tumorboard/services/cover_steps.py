"""Substitutes put in for an absence, kept so that all of it can be taken back: places, windows, answers and letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import Conflict, NotFound
from tumorboard.domain.model import Attendance, SeatKind
from tumorboard.domain.timeline import Interval
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.feeds import render_feeds_of
from tumorboard.services.invitations import next_stamp, post_letters, sync_invitations
from tumorboard.services.meetings import lock_meetings
from tumorboard.services.parts import holds_place, part_of
from tumorboard.services.recheck import recheck_meetings
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import StandingInvitation
from tumorboard.store.db import new_id
from tumorboard.store.facts import case_facts
from tumorboard.store.meetings import Booking, Meeting, MeetingInvitation, Resource
from tumorboard.store.people import Absence, Member
from tumorboard.store.plans import PlanChange
from tumorboard.store.post import OutboxMessage

SUBSTITUTES = "substitutes"
"""The kind of a step that put substitutes in."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was taken back: the meetings that are as before, those that changed since or are over, and the letters."""

    member_id: str
    meetings: tuple[Meeting, ...]
    left: tuple[Meeting, ...]
    letters: int


def state_of(meeting: Meeting, members: Iterable[Member]) -> dict[str, Any]:
    """The parts of some members in a meeting as a document; None for who has no place there."""
    rows = {row.member_id: row for row in meeting.invitations if holds_place(row)}
    return {"parts": {member.public_id: part_document(rows.get(member.id)) for member in members}}


def part_document(row: MeetingInvitation | None) -> dict[str, Any] | None:
    """A place with its answer, as it stands."""
    if row is None:
        return None
    return {
        "kind": row.kind, "starts_at": row.starts_at.isoformat(), "ends_at": row.ends_at.isoformat(),
        "details": dict(row.details), "sequence": row.sequence, "answer": row.answer, "answer_by": row.answer_by,
        "answered_at": _text(row.answered_at), "asked_at": _text(row.asked_at), "reminded_at": _text(row.reminded_at),
        "escalated_at": _text(row.escalated_at), "comment": row.comment,
    }  # fmt: skip


def after_of(meeting: Meeting, members: Iterable[str]) -> dict[str, Any]:
    """What a step left behind: the agenda, and the window of each of the members; a later change is seen by it."""
    rows = {row.member.public_id: row for row in meeting.invitations if holds_place(row)}
    return {
        "agenda": [[item.case.reference, item.starts_at.isoformat()] for item in meeting.agenda],
        "starts_at": meeting.starts_at.isoformat(),
        "windows": {
            name: [rows[name].starts_at.isoformat(), rows[name].ends_at.isoformat()] if name in rows else None
            for name in members
        },
    }


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def write_step(
    session: Session, absence: Absence, before: Mapping[str, Any], asked: Sequence[tuple[Meeting, Member]], *,
    by: Actor, now: datetime, letters: int,
) -> PlanChange:  # fmt: skip
    """Keep what was before: one change for each board that was touched, one step that is taken back as a whole."""
    step, changes = new_id(), []
    for board_id in dict.fromkeys(meeting.board_id for meeting, _ in asked):
        ids = list(dict.fromkeys(meeting.public_id for meeting, _ in asked if meeting.board_id == board_id))
        of_board = (PlanChange.board_id == board_id, PlanChange.draft_id.is_(None))
        number = (session.scalar(select(func.max(PlanChange.number)).where(*of_board)) or 0) + 1
        detail = {
            "step": step, "absence": absence.public_id, "member": absence.member.public_id, "meetings": ids,
            "asked": [person.public_id for meeting, person in asked if meeting.board_id == board_id],
        }  # fmt: skip
        change = PlanChange(
            board_id=board_id, number=number, kind=SUBSTITUTES, detail=detail,
            before={"meetings": {name: before[name] for name in ids}}, made_by=by.name, at=now,
        )  # fmt: skip
        session.add(change)
        changes.append(change)
    session.flush()
    record(
        session, by=by, now=now, action="substitutes:asked", subject=("member", absence.member.public_id), step=step,
        meetings=[meeting.public_id for meeting, _ in asked], instead=[person.public_id for _, person in asked],
        letters=letters,
    )  # fmt: skip
    return changes[-1]


def standing_steps(session: Session, absence_id: str) -> list[PlanChange]:
    """The steps for an absence that were not taken back, oldest first."""
    query = select(PlanChange).where(PlanChange.kind == SUBSTITUTES, PlanChange.undone_at.is_(None))
    rows = session.scalars(query.order_by(PlanChange.id))
    return [row for row in rows if row.detail.get("absence") == absence_id]


def undo_cover(session: Session, setup: Setup, *, change_id: str, by: Actor, now: datetime) -> Restored:
    """Take substitutes back: at every meeting of the step everybody is expected who was expected before.

    Who has not heard of the change hears nothing and her answer counts again; the others get a cancellation or a new
    invitation. Meetings that began, were cancelled or changed since stay as they are. Raises NotFound `unknown-change`,
    Conflict `undone-already`, `changed-since` where no meeting can be restored.
    """
    require(by, Permission.PLAN_PUBLISH)
    with transaction(session):
        changes = _find_step(session, change_id)
        documents = {name: each for change in changes for name, each in change.before["meetings"].items()}
        lock_meetings(session, documents)
        query = select(Meeting).where(Meeting.public_id.in_(documents)).order_by(Meeting.starts_at, Meeting.id)
        meetings = list(session.scalars(query.execution_options(populate_existing=True)))
        ready = [meeting for meeting in meetings if _is_as_left(meeting, documents[meeting.public_id], now)]
        if not ready:
            raise Conflict("these meetings are over or changed since; edit them one by one", code="changed-since")
        _free_places(session, ready, documents)
        letters = sum(
            _restore(session, setup, meeting, documents[meeting.public_id], since=changes[0].at, now=now)
            for meeting in ready
        )
        recheck_meetings(session, setup, ready, now=now)
        for change in changes:
            change.undone_by, change.undone_at = by.name, now
        member_id = str(changes[0].detail["member"])
        record(
            session, by=by, now=now, action="substitutes:undone", subject=("member", member_id),
            step=changes[0].detail["step"], meetings=[meeting.public_id for meeting in ready], letters=letters,
        )  # fmt: skip
    return Restored(member_id, tuple(ready), tuple(each for each in meetings if each not in ready), letters)


def list_undoable(session: Session, *, member_id: str, by: Actor, now: datetime) -> tuple[PlanChange, ...]:
    """Steps that put substitutes in for a member and stand, with a meeting ahead; one row for each step, newest first.

    Nothing for who may not take them back.
    """
    if not by.may(Permission.PLAN_PUBLISH):
        return ()
    query = select(PlanChange).where(PlanChange.kind == SUBSTITUTES, PlanChange.undone_at.is_(None))
    rows = [row for row in session.scalars(query.order_by(PlanChange.id.desc())) if row.detail["member"] == member_id]
    ids = {name for row in rows for name in row.detail["meetings"]}
    ahead = set(session.scalars(select(Meeting.public_id).where(Meeting.public_id.in_(ids), Meeting.starts_at > now)))
    found = {str(row.detail["step"]): row for row in rows if ahead & set(row.detail["meetings"])}
    return tuple(found.values())


def _find_step(session: Session, change_id: str) -> list[PlanChange]:
    """All changes of the step that this one belongs to."""
    query = select(PlanChange).where(PlanChange.kind == SUBSTITUTES)
    named = session.scalar(query.where(PlanChange.public_id == change_id))
    if named is None:
        raise NotFound("there is no such change", code="unknown-change")
    if named.undone_at is not None:
        raise Conflict("this was taken back already", code="undone-already")
    rows = session.scalars(query.where(PlanChange.at == named.at).order_by(PlanChange.id))
    return [row for row in rows if row.detail["step"] == named.detail["step"]]


def _is_as_left(meeting: Meeting, document: Mapping[str, Any], now: datetime) -> bool:
    """True for a meeting ahead at which nothing changed that the step knew."""
    if meeting.status != "published" or meeting.starts_at <= now:
        return False
    return bool(after_of(meeting, document["parts"]) == document["after"])


def _free_places(session: Session, meetings: Sequence[Meeting], documents: Mapping[str, Any]) -> None:
    """End the bookings of everybody concerned, so that they can be made anew in any order."""
    for meeting in meetings:
        names = list(documents[meeting.public_id]["parts"])
        members = select(Member.id).where(Member.public_id.in_(names))
        resources = select(Resource.id).where(Resource.member_id.in_(members))
        session.execute(
            delete(Booking).where(Booking.meeting_id == meeting.id, Booking.resource_id.in_(resources))
            .execution_options(synchronize_session=False)
        )  # fmt: skip


def _restore(
    session: Session, setup: Setup, meeting: Meeting, document: Mapping[str, Any], *, since: datetime, now: datetime
) -> int:  # fmt: skip
    """Put the parts of one meeting back; gives the letters."""
    parts: Mapping[str, Any] = document["parts"]
    rows = {row.member.public_id: row for row in meeting.invitations}
    for name, part in parts.items():
        if part is not None:
            _recall(session, rows[name], part, since=since, now=now)
    wanted = [part_of(row) for name, row in rows.items() if holds_place(row) and name not in parts]
    wanted += [_attendance(name, part) for name, part in parts.items() if part is not None]
    resources = {
        row[0]: row[1]
        for row in session.execute(
            select(Member.public_id, Resource.id).join(Member, Member.id == Resource.member_id)
            .where(Member.public_id.in_(parts))
        )
    }  # fmt: skip
    for name, part in parts.items():
        if part is not None:
            span = _span(part)
            session.add(
                Booking(resource_id=resources[name], meeting_id=meeting.id, starts_at=span.start, ends_at=span.end)
            )
    cases = {item.case.reference: case_facts(item.case) for item in meeting.agenda}
    meeting.agenda_changes += 1
    session.flush()
    changes = sync_invitations(session, setup, meeting, wanted, cases, now=now)
    letters = post_letters(session, setup, meeting, changes, now=now, batch=meeting.public_id)
    render_feeds_of(session, setup, [meeting], now=now)
    return letters


def _recall(
    session: Session, row: MeetingInvitation, part: Mapping[str, Any], *, since: datetime, now: datetime
) -> None:
    """Whoever has not heard that she need not come has never been away: her sequence and her answer count again.

    The letter that waits never left and is taken away; SEQUENCE may go back because nobody has seen the later one.
    """
    if holds_place(row) or _has_series(session, row):
        return
    query = select(OutboxMessage).where(OutboxMessage.uid == row.uid, OutboxMessage.method == "CANCEL")
    letters = list(session.scalars(query.where(OutboxMessage.created_at >= since)))
    waiting = [each for each in letters if each.state in ("waiting", "held") and each.tries == 0]
    if not waiting or len(waiting) != len(letters):
        return
    for letter in waiting:
        session.delete(letter)
    row.status, row.kind, row.sequence, row.details = "invited", part["kind"], part["sequence"], dict(part["details"])
    row.answer, row.answer_by, row.comment = part["answer"], part["answer_by"], part["comment"]
    row.answered_at, row.asked_at = _instant(part["answered_at"]), _instant(part["asked_at"])
    row.reminded_at, row.escalated_at = _instant(part["reminded_at"]), _instant(part["escalated_at"])
    row.stamp = next_stamp(row.stamp, now)


def _has_series(session: Session, row: MeetingInvitation) -> bool:
    """True for a member whose calendar has the weekly meeting as one entry: that is told by its own rules."""
    if row.meeting.series_id is None:
        return False
    query = select(StandingInvitation.id).where(StandingInvitation.member_id == row.member_id)
    return session.scalar(query.where(StandingInvitation.series_id == row.meeting.series_id).limit(1)) is not None


def _attendance(name: str, part: Mapping[str, Any]) -> Attendance:
    details = part["details"]
    return Attendance(
        member=name, kind=SeatKind(part["kind"]), span=_span(part), specialties=tuple(details["specialties"]),
        cases=tuple(details["cases"]), rules=tuple(details["rules"]), required=details["required"],
    )  # fmt: skip


def _span(part: Mapping[str, Any]) -> Interval:
    return Interval(datetime.fromisoformat(part["starts_at"]), datetime.fromisoformat(part["ends_at"]))


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None

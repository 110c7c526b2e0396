"""A case is discussed: it begins, its recommendation is written down, it gets an outcome. Nothing written is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from tumorboard.domain.discussions import (
    LONGEST_RECOMMENDATION,
    Outcome,
    becomes,
    check_outcome,
    check_quorum,
    check_times,
    next_open,
    read_outcome,
    stamp_of,
    was_mistaken,
)
from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.domain.timeline import Interval
from tumorboard.services import transaction
from tumorboard.services.access import Actor
from tumorboard.services.audit import record
from tumorboard.services.meeting_room import lost_needs
from tumorboard.services.room_entry import EARLY, enter_room, load_discussions, require_recorder
from tumorboard.services.setup import Setup
from tumorboard.services.texts import read_text
from tumorboard.store.cases import Case
from tumorboard.store.discussions import Discussion
from tumorboard.store.meetings import AgendaItem, Meeting

LATEST = timedelta(hours=12)
"""How late a door may bring what was written without a network."""

_A_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Written:
    """What stands of a case after a change. `stamp` names its text: who changes it next says that she knows it.

    `next_case` is the public id of the case to discuss next, None when every other one has an outcome.
    """

    discussion: Discussion
    case: Case
    stamp: str
    next_case: str | None


def start_discussion(
    session: Session, *, meeting_id: str, case_id: str, by: Actor, now: datetime, at: datetime | None = None
) -> Written:
    """A case begins, and the one before ends. One that was left at once without a word counts as not begun.

    Raises Conflict `case-settled` for a case with an outcome, and those of `enter_room`.
    """
    with transaction(session):
        meeting, item = _enter(session, meeting_id, case_id, by=by, now=now)
        rows = load_discussions(session, meeting)
        row = rows.get(item.id)
        if row is not None and row.outcome:
            raise Conflict("this case has its outcome; change that instead", code="case-settled")
        is_new = row is None or row.started_at is None or row.ended_at is not None
        row = _begin(session, meeting, item, rows, by=by, at=_moment(at, meeting, now))
        if is_new:
            _note(session, "discussion:started", meeting, item, by=by, now=now)
        return _written(meeting, item, row, rows)


def save_recommendation(
    session: Session, *, meeting_id: str, case_id: str, text: str, stamp: str, by: Actor, now: datetime
) -> Written:
    """Keep what is written so far. `stamp` names the text that the writer began with.

    The same text twice changes nothing, so that a door may send it again. Raises Conflict `text-changed-meanwhile` when
    somebody else wrote in between; its values hold both texts (`theirs`, `yours`), who wrote (`theirs_by`) and the
    `stamp` with which hers can replace it.
    """
    with transaction(session):
        meeting, item = _enter(session, meeting_id, case_id, by=by, now=now)
        rows = load_discussions(session, meeting)
        if item.id not in rows and not text.strip():
            return _written(meeting, item, _new_row(item, by=by, now=now), rows)  # nothing to keep yet
        row = _row(session, item, rows, by=by, now=now)
        _write_text(session, meeting, item, row, text, stamp, by=by, now=now)
        return _written(meeting, item, row, rows)


def record_outcome(
    session: Session, setup: Setup, *, meeting_id: str, case_id: str, outcome: str, text: str, stamp: str, by: Actor,
    now: datetime, reason: str = "", at: datetime | None = None, started_at: datetime | None = None,
    ended_at: datetime | None = None, go_on: bool = False,
) -> Written:  # fmt: skip
    """What became of a case, with its recommendation; with `go_on` the next case begins, if this one was running.

    `at` is when that was decided, where a door brings it late. `started_at` and `ended_at` are given for a case whose
    time nobody noted. The same outcome twice changes nothing. A deferred case waits again and keeps its clocks.
    One that is discussed while nobody is noted as there for a required need wants a reason.

    Raises BadInput as `check_outcome`, `check_quorum` and `check_times`, Conflict `text-changed-meanwhile` as
    `save_recommendation`, and `case-planned-again` when a case that was deferred stands on another meeting by now.
    """
    what = read_outcome(outcome)
    with transaction(session):
        meeting, item = _enter(session, meeting_id, case_id, by=by, now=now)
        moment = _moment(at, meeting, now)
        rows = load_discussions(session, meeting)
        row = _row(session, item, rows, by=by, now=now)
        words = _write_text(session, meeting, item, row, text, stamp, by=by, now=now)
        given = check_times(started_at, ended_at, meeting=Interval(meeting.starts_at, meeting.ends_at), now=now)
        is_running = row.started_at is not None and row.ended_at is None
        span = given or _span(row, moment)
        check_outcome(what, reason=reason, text=words, span=span)
        if (row.outcome, row.reason) != (what, reason) or given is not None:
            if what is Outcome.DISCUSSED and span is not None:
                check_quorum(lost_needs(session, setup, item, span=span, now=now), reason=reason)
            row.outcome, row.reason, row.recorded_by, row.recorded_at = what.value, reason, by.name, now
            _settle_case(session, item, what, now)
            _note(session, "outcome:recorded", meeting, item, by=by, now=now, outcome=what.value, reason=reason)
        if span is not None:
            row.started_at, row.ended_at = span.start, span.end
        session.flush()
        written = _written(meeting, item, row, rows)
        if go_on and is_running and written.next_case is not None:
            following = next(one for one in meeting.agenda if one.case.public_id == written.next_case)
            _begin(session, meeting, following, rows, by=by, at=moment)
            _note(session, "discussion:started", meeting, following, by=by, now=now)
        return written


def _enter(session: Session, meeting_id: str, case_id: str, *, by: Actor, now: datetime) -> tuple[Meeting, AgendaItem]:
    meeting = enter_room(session, meeting_id, now=now, allow=lambda meeting: require_recorder(session, meeting, by))
    for item in meeting.agenda:
        if item.case.public_id == case_id:
            return meeting, item
    raise NotFound("this case is not on the agenda of this meeting", code="case-not-on-agenda")


def _moment(at: datetime | None, meeting: Meeting, now: datetime) -> datetime:
    """When something happened: what the door says, unless that lies ahead.

    Raises BadInput `bad-times` for long ago, and for before the room was open.
    """
    if at is not None and (at < now - LATEST or at < meeting.starts_at - EARLY):
        raise BadInput("this happened too long ago; give its times instead", code="bad-times", field="at")
    return min(at, now) if at is not None else now


def _row(
    session: Session, item: AgendaItem, rows: dict[int, Discussion], *, by: Actor, now: datetime
) -> Discussion:  # fmt: skip
    """The row of a case; the first of a meeting marks its agenda, so that no plan made before can replace it."""
    row = rows.get(item.id)
    if row is None:
        if not rows:
            item.meeting.agenda_changes += 1
        row = rows[item.id] = _new_row(item, by=by, now=now)
        session.add(row)
    return row


def _new_row(item: AgendaItem, *, by: Actor, now: datetime) -> Discussion:
    return Discussion(item_id=item.id, outcome="", reason="", recommendation="", recorded_by=by.name, recorded_at=now)


def _begin(
    session: Session, meeting: Meeting, item: AgendaItem, rows: dict[int, Discussion], *, by: Actor, at: datetime
) -> Discussion:
    for other in rows.values():
        if other.item_id != item.id and other.started_at is not None and other.ended_at is None:
            if was_mistaken(other.started_at, at, text=other.recommendation, outcome=other.outcome):
                other.started_at = None
            else:
                other.ended_at = max(at, other.started_at + _A_MOMENT)
    row = _row(session, item, rows, by=by, now=at)
    row.started_at, row.ended_at = row.started_at or at, None
    session.flush()
    return row


def _span(row: Discussion, moment: datetime) -> Interval | None:
    """The time of a discussion that ends now, or has ended; None when it was never begun."""
    if row.started_at is None:
        return None
    end = row.ended_at or moment
    return Interval(row.started_at, max(end, row.started_at + _A_MOMENT))


def _write_text(
    session: Session, meeting: Meeting, item: AgendaItem, row: Discussion, text: str, stamp: str, *, by: Actor,
    now: datetime,
) -> str:  # fmt: skip
    """Put the text in its place and give it as it is kept. A new writer is noted, each change of hers is not."""
    words = read_text(text, "text", longest=LONGEST_RECOMMENDATION)
    if words == row.recommendation:
        return words
    if row.recommendation and stamp != stamp_of(row.recommendation):
        raise Conflict(
            "somebody else wrote here in the meantime; both texts are kept: put them together",
            code="text-changed-meanwhile", theirs=row.recommendation, theirs_by=row.recorded_by, yours=words,
            stamp=stamp_of(row.recommendation),
        )  # fmt: skip
    if not row.recommendation or row.recorded_by != by.name:
        _note(session, "recommendation:written", meeting, item, by=by, now=now)
    row.recommendation, row.recorded_by, row.recorded_at = words, by.name, now
    return words


def _settle_case(session: Session, item: AgendaItem, outcome: Outcome, now: datetime) -> None:
    """The case is done, withdrawn, or waits again; a deferred one that is planned anew stays where it is planned."""
    case, status = item.case, becomes(outcome)
    if _is_planned_elsewhere(session, item):
        if status == "waiting":
            return
        raise Conflict(
            "this case stands on another meeting by now; take it off there first", code="case-planned-again"
        )  # fmt: skip
    if case.status != status:
        case.status, case.updated_at = status, now


def _is_planned_elsewhere(session: Session, item: AgendaItem) -> bool:
    query = (
        select(func.count())
        .select_from(AgendaItem)
        .outerjoin(Discussion, Discussion.item_id == AgendaItem.id)
        .where(AgendaItem.case_id == item.case_id, AgendaItem.id != item.id)
        .where(or_(Discussion.id.is_(None), Discussion.outcome == ""))
    )
    return bool(session.scalar(query))


def _written(meeting: Meeting, item: AgendaItem, row: Discussion, rows: Mapping[int, Discussion]) -> Written:
    places = [(one.case.public_id, bool(one.id in rows and rows[one.id].outcome)) for one in meeting.agenda]
    following = next_open(places, item.case.public_id)
    return Written(row, item.case, stamp_of(row.recommendation), following)


def _note(
    session: Session, action: str, meeting: Meeting, item: AgendaItem, *, by: Actor, now: datetime, **codes: str
) -> None:
    """One line about the case; never a word of what was written."""
    subject = ("case", item.case.public_id)
    record(session, by=by, now=now, action=action, subject=subject, meeting=meeting.public_id, **codes)

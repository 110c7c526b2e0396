"""The one place where an answer to an invitation is written, whichever way it came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from tumorboard.domain.cells import clean_text
from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.domain.identity import HOLDS_RESIDENT_NUMBER, RESIDENT_NUMBER, has_resident_number
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.services.access import Actor
from tumorboard.services.answer_tokens import ANSWERS
from tumorboard.services.audit import record
from tumorboard.services.consequences import Followed, follow_answer
from tumorboard.services.delegation import come_after_all, refuse_delegated, tell_delegator
from tumorboard.services.feeds import render_member_feeds
from tumorboard.services.parts import DELEGATED
from tumorboard.services.setup import Setup
from tumorboard.services.standing_answers import WeekAnswer, keep
from tumorboard.services.texts import LONGEST_TEXT
from tumorboard.store.calendars import StandingInvitation
from tumorboard.store.meetings import MeetingInvitation


def take_answer(
    session: Session, setup: Setup, row: MeetingInvitation, *, answer: str, comment: str, channel: str,
    stamp: datetime | None, by: Actor, now: datetime,
) -> Followed:  # fmt: skip
    """Write an answer inside the running transaction, and do what follows from it.

    `stamp` is the DTSTAMP of a mail; without one, nothing older than now counts any more, and one of a clock that is
    fast counts as now. The comment is kept for coordinators and stands in no letter. Her feeds show the answer.
    """
    followed = _take(
        session, setup, row, answer=answer, comment=comment, channel=channel, stamp=_read_stamp(stamp, now), by=by,
        now=now,
    )  # fmt: skip
    render_member_feeds(session, setup, row.member, now=now)
    return followed


def _read_stamp(stamp: datetime | None, now: datetime) -> datetime:
    """The DTSTAMP that later answers are measured by: never later than now, or they would be old for days."""
    return min(stamp or now, now).replace(microsecond=0)


def _take(
    session: Session, setup: Setup, row: MeetingInvitation, *, answer: str, comment: str, channel: str,
    stamp: datetime, by: Actor, now: datetime,
) -> Followed:  # fmt: skip
    refuse_delegated(row)
    was = row.answer
    row.answer, row.answered_at, row.answer_by = answer, now, channel
    row.answer_stamp = stamp
    if answer not in NOT_COMING and was in NOT_COMING:
        come_after_all(session, setup, row, was=was, now=now)
    row.comment = comment
    session.flush()
    record(
        session, by=by, now=now, action="invitation:answered", subject=("invitation", row.public_id), answer=answer,
        channel=channel, meeting=row.meeting.public_id, member=row.member.public_id,
    )  # fmt: skip
    followed = follow_answer(session, setup, row, by=by, now=now)
    tell_delegator(session, setup, row, was=was, now=now)
    return followed


@dataclass(frozen=True, slots=True)
class SeriesRows:
    """The meetings ahead of a series: those that an answer to the whole is for, those moved since, answered apart."""

    chosen: tuple[MeetingInvitation, ...]
    moved: tuple[MeetingInvitation, ...]
    apart: tuple[MeetingInvitation, ...]


def sort_series(
    standing: StandingInvitation, rows: Iterable[MeetingInvitation], *, sequence: int, stamp: datetime | None,
    now: datetime,
) -> SeriesRows:  # fmt: skip
    """What an answer to the series with this SEQUENCE and DTSTAMP is for: nobody accepts a time she has not seen."""
    last = standing.answer_stamp
    by_rule = {place.invitation_id: place.recurrence_at for place in standing.places}

    def is_unseen(row: MeetingInvitation) -> bool:
        is_elsewhere = row.starts_at != by_rule.get(row.id, row.starts_at)
        return row.sequence > sequence or (is_elsewhere and stamp is not None and stamp < row.stamp)

    ahead = [row for row in rows if row.status == "invited" and row.starts_at > now]
    moved = [row for row in ahead if row.answer == "needs-action" and is_unseen(row)]
    open_rows = [row for row in ahead if row not in moved and row.answer != DELEGATED]
    chosen = [row for row in open_rows if row.answer == "needs-action" or (last and row.answer_stamp == last)]
    chosen = [row for row in chosen if not is_unseen(row)]
    apart = [row for row in ahead if row not in moved and row not in chosen]
    return SeriesRows(tuple(chosen), tuple(moved), tuple(apart))


def take_series_answer(
    session: Session, setup: Setup, standing: StandingInvitation, rows: Iterable[MeetingInvitation], *, answer: str,
    comment: str, channel: str, stamp: datetime | None, by: Actor, now: datetime, sequence: int | None = None,
) -> SeriesRows:  # fmt: skip
    """Write an answer to a whole series: for its meetings ahead as the letter of that SEQUENCE, or the last, said them.

    Those that were moved since wait for an answer of their own, and those answered apart stay as they are. Meetings
    published later take it over.
    """
    known = standing.sequence if sequence is None else sequence
    found = sort_series(standing, rows, sequence=known, stamp=stamp, now=now)
    standing.answer, standing.answered_at = answer, now
    standing.answer_stamp = _read_stamp(stamp, now)
    session.flush()
    record(
        session, by=by, now=now, action="series:answered", subject=("invitation", standing.public_id), answer=answer,
        channel=channel, member=standing.member.public_id,
    )  # fmt: skip
    for row in found.chosen:
        _take(
            session, setup, row, answer=answer, comment=comment, channel=channel, stamp=standing.answer_stamp, by=by,
            now=now,
        )  # fmt: skip
    render_member_feeds(session, setup, standing.member, now=now)
    return found


def keep_week_answer(
    session: Session, setup: Setup, standing: StandingInvitation, start: datetime, *, answer: str, comment: str,
    channel: str, stamp: datetime | None, by: Actor, now: datetime,
) -> None:  # fmt: skip
    """Keep an answer to a week of a series that is not published yet: her part in it begins with that answer.

    Until then her feeds show it, and the planner does not count on who said no. Raises Conflict `meeting-past`.
    """
    if start <= now:
        raise Conflict("this meeting has begun; the answer comes too late", code="meeting-past")
    said = WeekAnswer(answer, _read_stamp(stamp, now), now.replace(microsecond=0), channel, comment)
    keep(standing, start, said)
    session.flush()
    record(
        session, by=by, now=now, action="series:week-answered", subject=("invitation", standing.public_id),
        answer=answer, channel=channel, start=start.isoformat(), member=standing.member.public_id,
    )  # fmt: skip
    render_member_feeds(session, setup, standing.member, now=now)


def refuse_ended(row: MeetingInvitation, now: datetime) -> None:
    """Raise Conflict `not-invited`, `meeting-cancelled` or `meeting-past` where no answer is asked for any more."""
    if row.meeting.status == "cancelled" or row.status == "cancelled":
        raise Conflict("this meeting is cancelled; no answer is needed", code="meeting-cancelled")
    if row.status != "invited":
        raise Conflict("this member is not asked to come to this meeting", code="not-invited")
    if row.starts_at <= now:
        raise Conflict("this meeting has begun; the answer comes too late", code="meeting-past")


def check_answer(answer: str) -> str:
    """The answer itself. Raises BadInput `no-answer` for none, `bad-answer` for a word that is none."""
    if not answer:
        raise BadInput("choose an answer, too; nothing is noted yet", code="no-answer", field="answer")
    if answer not in ANSWERS:
        raise BadInput("the answer is accepted, tentative or declined", code="bad-answer", field="answer")
    return answer


def read_comment(text: str) -> str:
    """A comment somebody types here, in one line. Raises BadInput `too-long`, `resident-registration-number`."""
    comment = " ".join(clean_text(text).split())
    if len(comment) > LONGEST_TEXT:
        raise BadInput(
            f"comment: longer than {LONGEST_TEXT} characters; shorten it", code="too-long", field="comment"
        )  # fmt: skip
    if has_resident_number(comment):
        raise BadInput(
            f"comment: {HOLDS_RESIDENT_NUMBER}",
            code=RESIDENT_NUMBER,
            field="comment",
        )
    return comment


def keep_comment(text: str) -> str:
    """A comment of a mail as it may be kept: one line, cut, and nothing of it where a registration number stands."""
    comment = " ".join(clean_text(text).split())[:LONGEST_TEXT]
    return "…" if has_resident_number(comment) else comment

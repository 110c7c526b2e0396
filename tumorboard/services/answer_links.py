"""One click in a letter and a confirmation answer an invitation or a whole series, without a log-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from tumorboard.domain.errors import Conflict
from tumorboard.domain.timeline import Interval
from tumorboard.services import transaction
from tumorboard.services.access import Actor
from tumorboard.services.answer_states import load_by_uid, lock_meetings
from tumorboard.services.answer_taking import (
    check_answer,
    read_comment,
    refuse_ended,
    sort_series,
    take_answer,
    take_series_answer,
)
from tumorboard.services.answer_tokens import LinkToken, open_token, unknown_link
from tumorboard.services.setup import Setup
from tumorboard.services.standing_answers import list_kept
from tumorboard.services.standing_hours import hour_changes_of
from tumorboard.store.calendars import StandingInvitation
from tumorboard.store.meetings import Board, Meeting, MeetingInvitation, Series
from tumorboard.store.people import Member


@dataclass(frozen=True, slots=True)
class LinkQuestion:
    """What a link asks of whom: a window of one meeting, or a weekly series from `span` to `until`.

    `answer` is the one the link carries, `answered` what she said so far, or empty; `ended` is why the link takes no
    answer any more, or empty. `apart` are the weeks of a series that its answer is not for: moved since its letter, or
    answered by themselves. `hour_changes` are the starts of a series from which on the member's clock shows another
    hour, while that of `board_zone` stays.
    """

    member: Member
    board: Board
    span: Interval
    time_zone: str
    room: str
    answer: str
    answered: str
    until: datetime | None = None
    ended: str = ""
    apart: tuple[Interval, ...] = ()
    board_zone: str = ""
    hour_changes: tuple[datetime, ...] = ()


def read_answer_link(session: Session, setup: Setup, *, token: str, now: datetime) -> LinkQuestion:
    """What a link is about; changes nothing. Raises NotFound `unknown-link` for one that we did not write."""
    link = open_token(setup, token)
    if link.is_series:
        standing = _find_series(session, link)
        board, room = standing.series.board, standing.series.room.name
        until: datetime | None = standing.until
        row: MeetingInvitation | StandingInvitation = standing
        apart = _list_apart(session, standing, link, now)
        changes, board_zone = hour_changes_of(standing), standing.time_zone
    else:
        row = single = _find_single(session, link)
        board, room, until, apart = single.meeting.board, single.details.get("room", ""), None, ()
        changes, board_zone = (), single.meeting.time_zone
    return LinkQuestion(
        member=row.member,
        board=board,
        span=Interval(row.starts_at, row.ends_at),
        time_zone=row.member.time_zone,
        room=room,
        answer=link.answer,
        answered="" if row.answer == "needs-action" else row.answer,
        until=until,
        ended=_why_ended(row, link, now),
        apart=apart,
        board_zone=board_zone,
        hour_changes=changes,
    )


def _list_apart(session: Session, standing: StandingInvitation, link: LinkToken, now: datetime) -> tuple[Interval, ...]:
    """The weeks ahead that the answer to the series is not for, in the order of time."""
    event = load_by_uid(session, [standing.uid])[standing.uid]
    found = sort_series(standing, event.rows_for(None), sequence=link.sequence, stamp=None, now=now)
    length = standing.ends_at - standing.starts_at
    spans = [Interval(row.starts_at, row.ends_at) for row in (*found.moved, *found.apart)]
    spans += [Interval(start, start + length) for start in list_kept(standing) if start > now]
    return tuple(sorted(spans))


def answer_by_link(
    session: Session, setup: Setup, *, token: str, answer: str | None = None, comment: str = "", now: datetime
) -> None:
    """Take the answer of a link, or another one she chose on its page.

    Raises NotFound `unknown-link`, Conflict `link-ended` (asked anew since, or the member left), `not-invited`,
    `meeting-cancelled`, `meeting-past`, BadInput `bad-answer` and those of the comment.
    """
    link = open_token(setup, token)
    chosen, said = check_answer(answer or link.answer), read_comment(comment)
    with transaction(session):
        row = _find_series(session, link) if link.is_series else _find_single(session, link)
        lock_meetings(session, [row.uid])
        session.expire_all()
        row = _find_series(session, link) if link.is_series else _find_single(session, link)
        ended = _why_ended(row, link, now)
        if isinstance(row, MeetingInvitation):
            refuse_ended(row, now)
        if ended:
            raise Conflict("this link is over; use the newest letter, or log in", code="link-ended")
        by = Actor(name=f"link:{row.member.public_id}", permissions=frozenset(), member_id=row.member.public_id)
        if isinstance(row, MeetingInvitation):
            take_answer(session, setup, row, answer=chosen, comment=said, channel="link", stamp=None, by=by, now=now)
            return
        rows = load_by_uid(session, [row.uid])[row.uid].rows_for(None)
        take_series_answer(
            session, setup, row, rows, answer=chosen, comment=said, channel="link", sequence=link.sequence, stamp=None,
            by=by, now=now,
        )  # fmt: skip


def _find_single(session: Session, link: LinkToken) -> MeetingInvitation:
    row = session.scalar(
        select(MeetingInvitation)
        .where(MeetingInvitation.public_id == link.public_id)
        .options(joinedload(MeetingInvitation.meeting).joinedload(Meeting.board), joinedload(MeetingInvitation.member))
    )
    if row is None:
        raise unknown_link()
    return row


def _find_series(session: Session, link: LinkToken) -> StandingInvitation:
    series = joinedload(StandingInvitation.series)
    row = session.scalar(
        select(StandingInvitation)
        .where(StandingInvitation.public_id == link.public_id)
        .options(series.joinedload(Series.board), series.joinedload(Series.room), joinedload(StandingInvitation.member))
    )
    if row is None:
        raise unknown_link()
    return row


def _why_ended(row: MeetingInvitation | StandingInvitation, link: LinkToken, now: datetime) -> str:
    if isinstance(row, MeetingInvitation):
        try:
            refuse_ended(row, now)
        except Conflict as conflict:
            return conflict.code
    elif row.status != "invited":
        return "not-invited"
    elif row.until <= now:
        return "meeting-past"
    return "" if row.member.active and row.sequence == link.sequence else "link-ended"

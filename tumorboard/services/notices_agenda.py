"""The agenda to everybody who comes, at four in the afternoon of the day before, or at once when published later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from tumorboard.domain.model import SeatKind
from tumorboard.domain.timeline import Interval, at_wall_clock
from tumorboard.mail.notices_facts import AgendaFacts, AgendaLine
from tumorboard.services.answer_tokens import write_answer_links
from tumorboard.services.invitations import is_urgent_call
from tumorboard.services.notices_post import (
    MOMENT,
    Earlier,
    Notice,
    addressee,
    comes,
    is_reached,
    read_earlier,
    sitting,
)
from tumorboard.services.preferences import preferences_of
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting, MeetingInvitation

KIND = "agenda"
WRITTEN_AT = time(16)
"""In the centre's zone."""


def agenda_due_at(setup: Setup, meeting: Meeting) -> datetime:
    """When the agenda is written: the day before in the centre's calendar."""
    day = setup.today(meeting.starts_at) - timedelta(days=1)
    return at_wall_clock(day, WRITTEN_AT, ZoneInfo(setup.time_zone))


def due_agendas(session: Session, setup: Setup, meetings: Sequence[Meeting], *, now: datetime) -> list[Notice]:
    """The agenda letters that are due and not written: one to each who comes, and another when the meeting moved.

    An urgent meeting called later than its agenda would be written has none: the call says all that it would say.
    """
    due = [meeting for meeting in meetings if agenda_due_at(setup, meeting) <= now and not _says_all(setup, meeting)]
    earlier = read_earlier(session, KIND, due) if due else {}
    return [
        notice
        for meeting in due
        for row in meeting.invitations
        if comes(row) and is_reached(row.member) and row.starts_at > now and preferences_of(row.member).agenda
        for notice in _due(setup, meeting, row, earlier.get((meeting.public_id, row.member.public_id)))
    ]


def _says_all(setup: Setup, meeting: Meeting) -> bool:
    called_at = meeting.published_at
    return is_urgent_call(meeting) and called_at is not None and called_at > agenda_due_at(setup, meeting)


def _due(setup: Setup, meeting: Meeting, row: MeetingInvitation, before: Earlier | None) -> Iterator[Notice]:
    start = f"{meeting.starts_at:{MOMENT}}"
    if before is not None and before.starts_at == start:
        return
    count = before.count if before is not None else 0
    is_new_time = before is not None and before.starts_at is not None
    key = f"{KIND}:{meeting.public_id}:{row.member.public_id}:{start}:{count}"
    yield Notice(key, row.member_id, meeting.id, lambda: _facts(setup, meeting, row, is_new_time=is_new_time))


def _facts(setup: Setup, meeting: Meeting, row: MeetingInvitation, *, is_new_time: bool) -> AgendaFacts:
    seat, hers = SeatKind(row.kind), frozenset(row.details.get("cases", ()))
    lines = tuple(
        AgendaLine(item.case.reference, Interval(item.starts_at, item.ends_at))
        for item in meeting.agenda
        if seat is SeatKind.CORE or item.case.reference in hers
    )
    return AgendaFacts(
        to=addressee(setup, row.member, meeting.board, KIND),
        meeting=sitting(setup, meeting, row.member.language),
        window=Interval(row.starts_at, row.ends_at),
        seat=seat,
        room=meeting.room.name,
        video_url=meeting.room.video_url,
        lines=lines,
        answer=row.answer,
        answer_links=write_answer_links(setup, row),
        is_new_time=is_new_time,
    )

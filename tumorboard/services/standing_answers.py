"""Answers to single weeks of a series for which nothing is published yet: kept with the series, taken when it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.domain.timeline import Interval
from tumorboard.store.calendars import StandingInvitation
from tumorboard.store.meetings import Meeting, MeetingInvitation

_KEPT = "answers"
"""Where they stand in the document `excluded` of a standing invitation, by start."""


@dataclass(frozen=True, slots=True)
class WeekAnswer:
    """What she said of one week, when she wrote it (`stamp`), and when (`at`) and which way it came."""

    answer: str
    stamp: datetime
    at: datetime
    channel: str
    comment: str = ""

    @property
    def is_coming(self) -> bool:
        """True unless she said no."""
        return self.answer not in NOT_COMING


def list_kept(standing: StandingInvitation) -> dict[datetime, WeekAnswer]:
    """The answers that wait for their week, by its start."""
    return {
        datetime.fromisoformat(start): WeekAnswer(
            **{**said, "stamp": datetime.fromisoformat(said["stamp"]), "at": datetime.fromisoformat(said["at"])}
        )
        for start, said in standing.excluded.get(_KEPT, {}).items()
    }


def keep(standing: StandingInvitation, start: datetime, said: WeekAnswer) -> None:
    """Keep an answer until its week is published; those of weeks that are over go."""
    kept = {at: one for at, one in list_kept(standing).items() if at > said.at} | {start: said}
    changed = datetime.fromisoformat(standing.excluded.get("changed_at", said.at.isoformat()))
    _write(standing, kept)
    standing.excluded = {**standing.excluded, "changed_at": max(changed, said.at).isoformat()}


def take_kept(standing: StandingInvitation, start: datetime, row: MeetingInvitation) -> bool:
    """Write the answer that waits for this week into the invitation to it; gives whether there was one."""
    kept = list_kept(standing)
    said = kept.pop(start, None)
    if said is None:
        return False
    row.answer, row.answered_at, row.answer_by, row.comment = said.answer, said.at, said.channel, said.comment
    row.answer_stamp = said.stamp
    _write(standing, kept)
    return True


def _write(standing: StandingInvitation, kept: dict[datetime, WeekAnswer]) -> None:
    said = {
        at.isoformat(): {**asdict(one), "stamp": one.stamp.isoformat(), "at": one.at.isoformat()}
        for at, one in sorted(kept.items())
    }
    standing.excluded = {**{name: value for name, value in standing.excluded.items() if name != _KEPT}, _KEPT: said}


def list_declined(session: Session, meetings: Iterable[Meeting]) -> list[tuple[int, Interval]]:
    """Who said no to which of these meetings before it was published: row ids of members, and the meetings' times."""
    by_series: dict[int, list[Meeting]] = {}
    for meeting in meetings:
        if meeting.series_id is not None:
            by_series.setdefault(meeting.series_id, []).append(meeting)
    query = select(StandingInvitation.series_id, StandingInvitation.member_id, StandingInvitation.excluded)
    query = query.where(StandingInvitation.series_id.in_(by_series), StandingInvitation.status == "invited")
    found = []
    for series_id, member_id, document in session.execute(query):
        no = {datetime.fromisoformat(at) for at, one in document.get(_KEPT, {}).items() if one["answer"] in NOT_COMING}
        found += [
            (member_id, Interval(meeting.starts_at, meeting.ends_at))
            for meeting in by_series[series_id]
            if meeting.starts_at in no
        ]
    return found


def declined_times(session: Session, meetings: Sequence[Meeting]) -> dict[int, list[Interval]]:
    """By row id of the member, the meetings to which she said no or sends somebody else, published or still to be."""
    spans = {meeting.id: Interval(meeting.starts_at, meeting.ends_at) for meeting in meetings}
    query = select(MeetingInvitation.member_id, MeetingInvitation.meeting_id)
    query = query.where(MeetingInvitation.meeting_id.in_(spans), MeetingInvitation.status == "invited")
    answered = session.execute(query.where(MeetingInvitation.answer.in_(NOT_COMING)))
    found: dict[int, list[Interval]] = {}
    for member_id, meeting_id in answered:
        found.setdefault(member_id, []).append(spans[meeting_id])
    for member_id, span in list_declined(session, meetings):
        found.setdefault(member_id, []).append(span)
    return found

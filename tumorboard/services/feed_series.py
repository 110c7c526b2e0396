"""The weekly series in a member's feed: her standing invitations, each one recurring event with what differs in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.timeline import Interval
from tumorboard.formats.ical_values import FeedEvent, FeedSeries, Weekly
from tumorboard.mail.compose import compose_event
from tumorboard.mail.letters import LetterKind
from tumorboard.services.feed_parts import CANCELLED_STAYS, Detail, alarm_of, at_level, differs, event_of_invitation
from tumorboard.services.invitation_post import series_facts
from tumorboard.services.setup import Setup
from tumorboard.services.standing import list_excluded, starts_of, what_is_said
from tumorboard.store.calendars import StandingInvitation, StandingPlace
from tumorboard.store.meetings import Meeting, MeetingInvitation

WEEK = timedelta(days=7)


def load_standings(session: Session, member_id: int, window: Interval) -> list[StandingInvitation]:
    """The series entries that a member's calendar holds in the window; one that ended before it began is none."""
    row = selectinload(StandingInvitation.places).joinedload(StandingPlace.invitation)
    query = (
        select(StandingInvitation)
        .where(StandingInvitation.member_id == member_id, StandingInvitation.status.in_(("invited", "withdrawn")))
        .where(StandingInvitation.until > window.start - WEEK, StandingInvitation.starts_at < window.end + WEEK)
        .order_by(StandingInvitation.starts_at, StandingInvitation.id)
        .options(
            joinedload(StandingInvitation.member),
            row.joinedload(MeetingInvitation.meeting).joinedload(Meeting.board),
            row.joinedload(MeetingInvitation.member),
        )
    )
    return [standing for standing in session.scalars(query) if not _never_was(standing)]


def list_series(
    setup: Setup, standings: Iterable[StandingInvitation], detail: Detail, *, now: datetime, window: Interval
) -> list[FeedSeries]:
    """The series as a feed shows them, cut to the window. A cancelled week stays as long as other cancelled events."""
    found = (_write(setup, standing, detail, now, window) for standing in standings)
    return [series for series in found if series is not None]


def whole_series(setup: Setup, standing: StandingInvitation) -> FeedSeries | None:
    """All of one series entry, cancelled weeks left out."""
    span = Interval(standing.starts_at - WEEK, standing.until + WEEK + (standing.ends_at - standing.starts_at))
    return _write(setup, standing, Detail.FULL, span.end + CANCELLED_STAYS, span)


def list_untold(standing: StandingInvitation, window: Interval) -> Iterator[Interval]:
    """When she is taken by the series alone: weeks of which no invitation of its own stands beside it."""
    if standing.answer == "declined":
        return
    length = standing.ends_at - standing.starts_at
    told = {*list_excluded(standing), *(place.recurrence_at for place in standing.places)}
    for start in starts_of(standing):
        if start not in told and start < window.end and start + length > window.start:
            yield Interval(start, start + length)


def _never_was(standing: StandingInvitation) -> bool:
    invited = any(place.invitation.status == "invited" for place in standing.places)
    return standing.status == "withdrawn" and not invited and standing.starts_at > standing.stamp


def _write(
    setup: Setup, standing: StandingInvitation, detail: Detail, now: datetime, window: Interval
) -> FeedSeries | None:
    length = standing.ends_at - standing.starts_at
    rows = {place.recurrence_at: place.invitation for place in standing.places}
    shown = {
        start: row
        for start, row in rows.items()
        if row.status == "invited" or (row.status == "cancelled" and row.stamp > now - CANCELLED_STAYS)
    }
    excluded = set(list_excluded(standing))
    starts = []
    rule = starts_of(standing)
    for start in rule:
        row = shown.get(start)
        is_held = row is not None if start in rows else start not in excluded
        span = Interval(start, start + length) if row is None else Interval(row.starts_at, row.ends_at)
        if is_held and span.end > window.start and span.start < window.end:
            starts.append(start)
    if not starts:
        return None
    left_out = tuple(start for start in rule if starts[0] < start < starts[-1] and start not in starts)
    first = _first_of(setup, standing, detail, left_out, rows)
    first = replace(first, starts_at=starts[0], ends_at=starts[0] + length)
    overrides = [(start, _override(setup, standing, shown[start], detail)) for start in starts if start in shown]
    return FeedSeries(
        first=first,
        weekly=Weekly(until=starts[-1], excluded=left_out),
        overrides=tuple((start, event) for start, event in overrides if differs(event, first, start)),
    )


def _first_of(
    setup: Setup, standing: StandingInvitation, detail: Detail, left_out: Iterable[datetime],
    rows: Mapping[datetime, MeetingInvitation],
) -> FeedEvent:  # fmt: skip
    """What holds for every instance; it changes with a letter, an answer, and with each week that is left out."""
    member, board, said = standing.member, standing.series.board, what_is_said(standing)
    is_busy = standing.answer != "declined"
    stamps = [standing.stamp, *(rows[start].stamp for start in left_out if start in rows)]
    event = FeedEvent(
        uid=standing.uid, sequence=standing.sequence, stamp=max([*stamps, standing.answered_at or standing.stamp]),
        starts_at=standing.starts_at, ends_at=standing.ends_at, time_zone=standing.time_zone,
        title=board.name_ko if member.language == "ko" else board.name_en, description="", location="", video_url=None,
        url="", is_busy=is_busy, alarm_minutes=alarm_of(member) if is_busy else None,
    )  # fmt: skip
    if detail is not Detail.FULL:
        return at_level(event, detail, member.language, said["room"], said["video"])
    facts = series_facts(setup, standing, LetterKind.INVITATION)
    words = compose_event(facts)
    return replace(
        event, title=words.title, description=words.description, location=words.location, video_url=facts.video_url,
        url=facts.page_url,
    )  # fmt: skip


def _override(setup: Setup, standing: StandingInvitation, row: MeetingInvitation, detail: Detail) -> FeedEvent:
    event = event_of_invitation(setup, row, detail)
    return replace(event, uid=standing.uid, sequence=max(row.sequence, standing.sequence), related_uid=None)

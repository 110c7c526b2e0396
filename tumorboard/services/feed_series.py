"""The weekly series in a member's feed: her standing invitations, each one recurring event with what differs in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.series import FUTURE, PAST
from tumorboard.domain.timeline import Interval
from tumorboard.formats.ical_values import FeedEvent, FeedSeries, Weekly
from tumorboard.mail.compose import compose_event
from tumorboard.mail.letters import LetterKind
from tumorboard.services.feed_parts import CANCELLED_STAYS, Detail, alarm_of, at_level, differs, event_of_invitation
from tumorboard.services.invitation_post import series_facts
from tumorboard.services.setup import Setup
from tumorboard.services.standing import last_exclusion, list_excluded, starts_of, what_is_said
from tumorboard.services.standing_answers import WeekAnswer, list_kept
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
    return _write(setup, standing, Detail.FULL, None, span)


def list_untold(standing: StandingInvitation, window: Interval) -> Iterator[Interval]:
    """When she is taken by the series alone: weeks of which no invitation of its own stands beside it."""
    length, kept = standing.ends_at - standing.starts_at, list_kept(standing)
    told = {*list_excluded(standing), *(place.recurrence_at for place in standing.places)}
    for start in starts_of(standing):
        is_coming = kept[start].is_coming if start in kept else standing.answer != "declined"
        if is_coming and start not in told and start < window.end and start + length > window.start:
            yield Interval(start, start + length)


def _never_was(standing: StandingInvitation) -> bool:
    invited = any(place.invitation.status == "invited" for place in standing.places)
    return standing.status == "withdrawn" and not invited and standing.starts_at > standing.stamp


def _write(
    setup: Setup, standing: StandingInvitation, detail: Detail, now: datetime | None, window: Interval
) -> FeedSeries | None:
    """The series begins and ends with the starts of its rule in the window, held or not. Without `now` nothing that is
    cancelled is shown.
    """
    length = standing.ends_at - standing.starts_at
    rows = {place.recurrence_at: place.invitation for place in standing.places}
    shown = {start: row for start, row in rows.items() if row.status == "invited" or _is_still_shown(row, now)}
    excluded = set(list_excluded(standing))
    starts, gone, entered, left = [], [], [], []
    for start in starts_of(standing):
        row = shown.get(start)
        span = Interval(start, start + length) if row is None else Interval(row.starts_at, row.ends_at)
        if span.end <= window.start:
            left.append(span.end + PAST)
        elif span.start < window.end:
            starts.append(start)
            if row is None and (start in rows or start in excluded):
                gone.append(start)
            if start > standing.starts_at + FUTURE - PAST:
                entered.append(start - FUTURE)
    if len(starts) == len(gone):
        return None
    first = _first_of(setup, standing, detail, [*left, *entered, *_list_faded(rows.values(), now)])
    first = replace(first, starts_at=starts[0], ends_at=starts[0] + length)
    overrides = [(start, _override(setup, standing, shown[start], detail)) for start in starts if start in shown]
    overrides += [
        (start, _override_kept(first, start, said, standing))
        for start, said in list_kept(standing).items()
        if start in starts and start not in rows and start not in gone
    ]
    overrides.sort(key=_start)
    return FeedSeries(
        first=first,
        weekly=Weekly(until=starts[-1], excluded=tuple(gone)),
        overrides=tuple((start, event) for start, event in overrides if differs(event, first, start)),
    )


def _list_faded(rows: Iterable[MeetingInvitation], now: datetime | None) -> list[datetime]:
    """When cancelled weeks went from the feed."""
    if now is None:
        return []
    cancelled = (row for row in rows if row.status == "cancelled" and not _is_still_shown(row, now))
    return [row.stamp + CANCELLED_STAYS for row in cancelled]


def _is_still_shown(row: MeetingInvitation, now: datetime | None) -> bool:
    return row.status == "cancelled" and now is not None and row.stamp > now - CANCELLED_STAYS


def _first_of(setup: Setup, standing: StandingInvitation, detail: Detail, passed: Sequence[datetime]) -> FeedEvent:
    """What holds for every instance; it changes with a letter, an answer, and with each week that is left out.

    `passed` is when weeks left the window or came into it, and when cancelled ones went: SEQUENCE counts them too.
    """
    member, board, said = standing.member, standing.series.board, what_is_said(standing)
    is_busy = standing.answer != "declined"
    changes, changed_at = last_exclusion(standing)
    event = FeedEvent(
        uid=standing.uid, sequence=standing.sequence + changes + len(passed), stamp=max([changed_at, *passed]),
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


def _override_kept(first: FeedEvent, start: datetime, said: WeekAnswer, standing: StandingInvitation) -> FeedEvent:
    """A week answered before it is published: as the series says it, and busy only if she comes."""
    return replace(
        first, starts_at=start, ends_at=start + (first.ends_at - first.starts_at), stamp=max(first.stamp, said.at),
        is_busy=said.is_coming, alarm_minutes=alarm_of(standing.member) if said.is_coming else None,
    )  # fmt: skip


def _start(override: tuple[datetime, FeedEvent]) -> datetime:
    return override[0]

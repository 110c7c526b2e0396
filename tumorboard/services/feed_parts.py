"""One event of a feed: a member's part in a meeting, with as much as a level of detail shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from tumorboard.domain.preferences import MemberPreferences, read_member_preferences
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.formats.ical_values import FeedEvent, FeedStatus
from tumorboard.mail.compose import compose_event
from tumorboard.mail.letters import EventWords, InvitationFacts, LetterKind
from tumorboard.services.invitations import letter_facts
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.words import Words

CANCELLED_STAYS = timedelta(days=30)


class Detail(StrEnum):
    """How much a feed shows; each level shows what the one before it does.

    `busy`: that somebody is busy. `board`: which board (and, of a department, who). `place`: room and video call.
    `full`: a link to the page after log-in, and to a member herself why she is needed, case references, questions.
    """

    BUSY = "busy"
    BOARD = "board"
    PLACE = "place"
    FULL = "full"


def event_of_invitation(setup: Setup, row: MeetingInvitation, detail: Detail = Detail.FULL) -> FeedEvent:
    """A member's part in a meeting, in her language; the UID and SEQUENCE are those of her letters."""
    is_cancelled = row.status == "cancelled"
    is_busy = not is_cancelled and row.answer not in NOT_COMING
    title, description, place, video, page = _say(setup, row, detail)
    return FeedEvent(
        uid=row.uid, sequence=row.sequence, stamp=stamp_of(row), starts_at=row.starts_at, ends_at=row.ends_at,
        time_zone=row.meeting.time_zone, title=title, description=description, location=place,
        video_url=video, url=page, is_busy=is_busy,
        alarm_minutes=alarm_of(row.member) if is_busy else None,
        status=FeedStatus.CANCELLED if is_cancelled else FeedStatus.CONFIRMED,
        related_uid=None if detail is Detail.BUSY else row.details.get("related"),
    )  # fmt: skip


def _say(setup: Setup, row: MeetingInvitation, detail: Detail) -> tuple[str, str, str, str | None, str]:
    """Title, description, place, video call and page: at the highest level what the letter says, else as `at_level`."""
    if detail is Detail.FULL:
        facts = letter_facts(setup, row.meeting, row, LetterKind.INVITATION)
        words = _compose(facts)
        return words.title, words.description, words.location, facts.video_url, facts.page_url
    language = row.member.language
    if detail is Detail.BUSY:
        return _say_busy(language), "", "", None, ""
    board = row.meeting.board
    title = board.name_ko if language == "ko" else board.name_en
    if detail is Detail.BOARD:
        return title, "", "", None, ""
    room, video = row.details["room"], row.details["video"]
    return title, "", _place(room, video, language), video or None, ""


@lru_cache(maxsize=4096)
def _compose(facts: InvitationFacts) -> EventWords:
    """As `compose_event`: when one event of a feed changes, the words of the others are there already."""
    return compose_event(facts)


@lru_cache(maxsize=8)
def _say_busy(language: str) -> str:
    return Words(language).gettext("Busy")


def _place(room: str, video: str, language: str) -> str:
    return room or (Words(language).gettext("Video call") if video else "")


_USUAL_ALARM = MemberPreferences().alarm_minutes


def alarm_of(member: Member) -> int | None:
    """The minutes before the start at which her calendar reminds her, if she wants it."""
    return read_member_preferences(member.preferences).alarm_minutes if member.preferences else _USUAL_ALARM


def stamp_of(row: MeetingInvitation) -> datetime:
    """When the entry last changed: with a letter, or with an answer, since who declined is not busy."""
    return row.stamp if row.answered_at is None else max(row.stamp, row.answered_at)


def at_level(event: FeedEvent, detail: Detail, language: str, room: str, video: str, page: str = "") -> FeedEvent:
    """The event with what the level shows of place and page."""
    if detail is Detail.BUSY:
        return replace(event, title=_say_busy(language), related_uid=None)
    if detail is Detail.BOARD:
        return event
    page = page if detail is Detail.FULL else ""
    return replace(event, location=_place(room, video, language), video_url=video or None, url=page)


def differs(event: FeedEvent, first: FeedEvent, start: datetime) -> bool:
    """True when the instance is not what the series says of it; the link to its own page does not count."""
    if (event.starts_at, event.ends_at) != (start, start + (first.ends_at - first.starts_at)):
        return True
    said = (event.title, event.location, event.video_url, event.is_busy)
    return event.status is not FeedStatus.CONFIRMED or said != (
        first.title, first.location, first.video_url, first.is_busy,
    )  # fmt: skip

"""One event of a feed: a member's part in a meeting, with as much as a level of detail shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from tumorboard.domain.preferences import MemberPreferences, read_member_preferences
from tumorboard.formats.ical_values import FeedEvent, FeedStatus
from tumorboard.mail.compose import compose_event
from tumorboard.mail.letters import LetterKind
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
    member, board = row.member, row.meeting.board
    is_cancelled = row.status == "cancelled"
    is_busy = not is_cancelled and row.answer != "declined"
    event = FeedEvent(
        uid=row.uid, sequence=row.sequence, stamp=stamp_of(row), starts_at=row.starts_at, ends_at=row.ends_at,
        time_zone=row.meeting.time_zone, title=board.name_ko if member.language == "ko" else board.name_en,
        description="", location="", video_url=None, url="", is_busy=is_busy,
        alarm_minutes=alarm_of(member) if is_busy else None,
        status=FeedStatus.CANCELLED if is_cancelled else FeedStatus.CONFIRMED,
        related_uid=row.details.get("related"),
    )  # fmt: skip
    if detail is Detail.FULL:
        facts = letter_facts(setup, row.meeting, row, LetterKind.INVITATION)
        words = compose_event(facts)
        return replace(
            event, title=words.title, description=words.description, location=words.location,
            video_url=facts.video_url, url=facts.page_url,
        )  # fmt: skip
    return at_level(event, detail, member.language, row.details["room"], row.details["video"])


def alarm_of(member: Member) -> int | None:
    """The minutes before the start at which her calendar reminds her, if she wants it."""
    wants = read_member_preferences(member.preferences) if member.preferences else MemberPreferences()
    return wants.alarm_minutes


def stamp_of(row: MeetingInvitation) -> datetime:
    """When the entry last changed: with a letter, or with an answer, since who declined is not busy."""
    return row.stamp if row.answered_at is None else max(row.stamp, row.answered_at)


def at_level(event: FeedEvent, detail: Detail, language: str, room: str, video: str, page: str = "") -> FeedEvent:
    """The event with what the level shows of place and page."""
    if detail is Detail.BUSY:
        return replace(event, title=Words(language).gettext("Busy"), related_uid=None)
    if detail is Detail.BOARD:
        return event
    place = room or (Words(language).gettext("Video call") if video else "")
    return replace(event, location=place, video_url=video or None, url=page if detail is Detail.FULL else "")

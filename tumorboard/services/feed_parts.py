"""One event of a feed: a member's part in a meeting, with as much as a level of detail shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from tumorboard.domain.preferences import MemberPreferences, read_member_preferences
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.domain.timeline import Interval
from tumorboard.formats.ical_values import FeedEvent, FeedStatus
from tumorboard.mail.compose import compose_entry
from tumorboard.services.invitation_letters import Reasons, entry_facts
from tumorboard.services.parts import delegator_of
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Board, Meeting, MeetingInvitation
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


class Part(NamedTuple):
    """A member's part in a meeting as her letters told it, read without the rows it stands in: feeds have thousands.

    `kind` to `answered_at` and the times are those of her invitation, `held_from` and `held_until` those of the
    meeting; `delegated_from` is the invitation of who delegated to her.
    """

    member_id: int
    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    kind: str
    status: str
    details: Mapping[str, Any]
    answer: str
    answered_at: datetime | None
    delegated_from: str
    board_id: int
    meeting_id: str
    held_from: datetime
    held_until: datetime
    time_zone: str

    @property
    def changed_at(self) -> datetime:
        """When the entry last changed: with a letter, or with an answer, since who declined is not busy."""
        return self.stamp if self.answered_at is None else max(self.stamp, self.answered_at)


PART = (
    MeetingInvitation.member_id, MeetingInvitation.uid, MeetingInvitation.sequence, MeetingInvitation.stamp,
    MeetingInvitation.starts_at, MeetingInvitation.ends_at, MeetingInvitation.kind, MeetingInvitation.status,
    MeetingInvitation.details, MeetingInvitation.answer, MeetingInvitation.answered_at,
    MeetingInvitation.delegated_from, Meeting.board_id, Meeting.public_id, Meeting.starts_at, Meeting.ends_at,
    Meeting.time_zone,
)  # fmt: skip
"""What a query selects for `Part._make`."""


def event_of_invitation(setup: Setup, row: MeetingInvitation, detail: Detail = Detail.FULL) -> FeedEvent:
    """A member's part in a meeting, in her language; the UID and SEQUENCE are those of her letters."""
    meeting, principal = row.meeting, delegator_of(row)
    part = Part(
        row.member_id, row.uid, row.sequence, row.stamp, row.starts_at, row.ends_at, row.kind, row.status, row.details,
        row.answer, row.answered_at, row.delegated_from, meeting.board_id, meeting.public_id, meeting.starts_at,
        meeting.ends_at, meeting.time_zone,
    )  # fmt: skip
    principals = {} if principal is None else {row.delegated_from: principal.member.name}
    return MemberEvents(setup, row.member, {meeting.board_id: meeting.board}, principals, detail).event_of(part)


class MemberEvents:
    """One member's parts in meetings as events of a feed: what is the same for all of them is found once.

    `principals` are the names of those who delegated to her, by their invitations.
    """

    def __init__(
        self, setup: Setup, member: Member, boards: Mapping[int, Board], principals: Mapping[str, str], detail: Detail
    ) -> None:
        self._setup, self._member, self._detail = setup, member, detail
        self._boards, self._principals = boards, principals
        self._language, self._alarm = member.language, alarm_of(member)
        self._reasons = Reasons(setup)

    def event_of(self, part: Part) -> FeedEvent:
        """One event."""
        is_cancelled = part.status == "cancelled"
        is_busy = not is_cancelled and part.answer not in NOT_COMING
        title, description, place, video, page = self._say(part)
        return FeedEvent(
            uid=part.uid, sequence=part.sequence, stamp=part.changed_at, starts_at=part.starts_at, ends_at=part.ends_at,
            time_zone=part.time_zone, title=title, description=description, location=place, video_url=video, url=page,
            is_busy=is_busy, alarm_minutes=self._alarm if is_busy else None,
            status=FeedStatus.CANCELLED if is_cancelled else FeedStatus.CONFIRMED,
            related_uid=None if self._detail is Detail.BUSY else part.details.get("related"),
        )  # fmt: skip

    def _say(self, part: Part) -> tuple[str, str, str, str | None, str]:
        """Title, description, place, video call and page: at the highest level what her letter says."""
        language, details = self._language, part.details
        if self._detail is Detail.BUSY:
            return _say_busy(language), "", "", None, ""
        board = self._boards[part.board_id]
        if self._detail is Detail.FULL:
            facts = entry_facts(
                self._setup, self._member, board, meeting_id=part.meeting_id,
                meeting=Interval(part.held_from, part.held_until), kind=part.kind, details=details,
                in_place_of=self._principals.get(part.delegated_from, ""), reasons=self._reasons,
            )  # fmt: skip
            words = compose_entry(facts)
            return words.title, words.description, words.location, facts.video_url, facts.page_url
        title = board.name_ko if language == "ko" else board.name_en
        if self._detail is Detail.BOARD:
            return title, "", "", None, ""
        return title, "", _place(details["room"], details["video"], language), details["video"] or None, ""


@lru_cache(maxsize=8)
def _say_busy(language: str) -> str:
    return Words(language).gettext("Busy")


def _place(room: str, video: str, language: str) -> str:
    return room or (Words(language).gettext("Video call") if video else "")


_USUAL_ALARM = MemberPreferences().alarm_minutes


def alarm_of(member: Member) -> int | None:
    """The minutes before the start at which her calendar reminds her, if she wants it."""
    return read_member_preferences(member.preferences).alarm_minutes if member.preferences else _USUAL_ALARM


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

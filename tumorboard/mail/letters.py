"""What a letter is made of. No value here has a field for a patient."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from tumorboard.domain.errors import BadInput
from tumorboard.domain.model import SeatKind, Text
from tumorboard.domain.timeline import Interval

_PLAIN_LINK = re.compile(r"https?://[A-Za-z0-9.:-]+(?=[/?#]|\Z)")
"""Links that need no closer look, for feeds have thousands of them."""


class LetterKind(StrEnum):
    """Why somebody is written to."""

    INVITATION = "invitation"
    REMINDER = "reminder"
    MOVED = "moved"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"

    @property
    def is_cancellation(self) -> bool:
        """True when the calendar entry goes: the letter carries METHOD:CANCEL."""
        return self in (LetterKind.WITHDRAWN, LetterKind.CANCELLED)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name and an e-mail address."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Why:
    """The rule that asks for the member, such as `R10`, and what it says; no rule when the referral asks for her."""

    rule: str
    label: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Previous:
    """What the last letter said, for the lines "what changed"."""

    window: Interval
    room: str | None
    video_url: str | None
    case_references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerLinks:
    """Addresses at which she answers with one click and a confirmation, without a log-in."""

    accept: str
    tentative: str
    decline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFacts:
    """What the calendar entry of one member's part in one meeting says beside its own times.

    Times are shown in `time_zone`, the member's. `question_count` counts the questions of these cases that she is
    asked. `page_url` shows nothing without a log-in. `is_urgent` is for meetings called within hours. `in_place_of` is
    the name of who delegated to her, empty for who was invited herself.

    Raises BadInput (`bad-link`) for a link that is not http or https.
    """

    language: str
    time_zone: str
    board_name: str
    meeting: Interval
    seat: SeatKind
    room: str | None
    video_url: str | None
    page_url: str
    required: bool = True
    is_urgent: bool = False
    in_place_of: str = ""
    why: tuple[Why, ...] = ()
    case_references: tuple[str, ...] = ()
    question_count: int = 0

    def __post_init__(self) -> None:
        _refuse_bad_links(self.page_url, self.video_url)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationFacts(EntryFacts):
    """One member's part in one meeting as a letter says it.

    `window` is the whole meeting for a core member. Times are shown in `board_time_zone` too where its clock differs.
    `previous` stands in letters of the kinds moved and changed; with `has_declined` she is withdrawn because she cannot
    come, and `has_answered` is None where one answer does not tell, as for a whole series. `answer_links` are there
    while an answer is asked for. A reminder asks for it until `answer_until`, at once where that is None; at
    `preferences_url` she can switch reminders off, and at `unsubscribe_url` her mail program with one click (RFC 8058).
    `recipient_title` goes with her name where she is spoken to. `hour_changes` are the starts of a series from which on
    her clock shows another hour while the board's stays: the letter then speaks of the board's hour first.

    Raises BadInput (`bad-link`) for a link that is not http or https.
    """

    kind: LetterKind
    recipient: Mailbox
    organizer: Mailbox
    board_time_zone: str
    window: Interval
    previous: Previous | None = None
    has_declined: bool = False
    has_answered: bool | None = None
    answer_links: AnswerLinks | None = None
    answer_until: datetime | None = None
    preferences_url: str | None = None
    unsubscribe_url: str | None = None
    recipient_title: str = ""
    hour_changes: tuple[datetime, ...] = ()

    def __post_init__(self) -> None:
        answers = self.answer_links
        links = (answers.accept, answers.tentative, answers.decline) if answers else ()
        _refuse_bad_links(self.page_url, self.video_url, self.preferences_url, self.unsubscribe_url, *links)


def _refuse_bad_links(*links: str | None) -> None:
    for link in links:
        if link is None or _PLAIN_LINK.match(link) is not None:
            continue
        if urlsplit(link).scheme not in ("http", "https") or not urlsplit(link).netloc:
            raise BadInput("a link of the letter does not begin with https:// or http://", code="bad-link")


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as words: the subject and the same body twice."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class EventWords:
    """The words of the calendar entry that goes with the letter."""

    title: str
    description: str
    location: str

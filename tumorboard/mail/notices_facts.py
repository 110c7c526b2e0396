"""What letters by the clock are made of: agenda, preparation list, changes, morning digest.

No value here has a field for a patient: cases are known by their local reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from tumorboard.domain.errors import BadInput
from tumorboard.domain.model import ReadinessState, SeatKind, Text
from tumorboard.domain.timeline import Interval
from tumorboard.mail.digest import DigestMeeting
from tumorboard.mail.letters import AnswerLinks, Mailbox


def check_link(link: str) -> None:
    """Raise BadInput (`bad-link`) for a link that is not http or https."""
    parts = urlsplit(link)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise BadInput("a link of the letter does not begin with https:// or http://", code="bad-link")


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Who is written to, in which language and zone; at `preferences_url` she switches such letters off.

    `unsubscribe_url` is where her mail program does so with one click (RFC 8058), None where that needs a log-in.
    `title` goes with her name.
    """

    recipient: Mailbox
    organizer: Mailbox
    language: str
    time_zone: str
    preferences_url: str
    unsubscribe_url: str | None = None
    title: str = ""

    def __post_init__(self) -> None:
        check_link(self.preferences_url)
        if self.unsubscribe_url is not None:
            check_link(self.unsubscribe_url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """A meeting as letters name it; its page shows nothing without a log-in. `time_zone` is the board's."""

    board_name: str
    span: Interval
    time_zone: str
    page_url: str

    def __post_init__(self) -> None:
        check_link(self.page_url)


@dataclass(frozen=True, slots=True)
class AgendaLine:
    """A case of an agenda."""

    reference: str
    span: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaFacts:
    """The day before: when and where she is expected, and for which cases.

    A core member's `window` is the whole meeting and `lines` the whole agenda; a called-in member's are hers.
    `answer` is her participation status, `answer_links` are there while none was given. With `is_new_time` the letter
    replaces an earlier one.
    """

    to: Addressee
    meeting: Sitting
    window: Interval
    seat: SeatKind
    room: str
    video_url: str
    lines: tuple[AgendaLine, ...]
    answer: str = "needs-action"
    answer_links: AnswerLinks | None = None
    is_new_time: bool = False

    def __post_init__(self) -> None:
        links = self.answer_links
        answers = (links.accept, links.tentative, links.decline) if links else ()
        for link in (self.video_url, *answers):
            if link:
                check_link(link)


@dataclass(frozen=True, slots=True)
class Material:
    """A readiness item that the member's specialty owes, and what is known of it."""

    label: Text
    state: ReadinessState
    expected_on: date | None = None
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class PreparedCase:
    """A case to prepare. `question_count` counts the questions to the member's specialties."""

    line: AgendaLine
    question_count: int
    materials: tuple[Material, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparationFacts:
    """The list is closed: what radiology and pathology prepare. `specialties` are the ones she prepares for."""

    to: Addressee
    meeting: Sitting
    specialties: tuple[Text, ...]
    cases: tuple[PreparedCase, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """How many invited members have answered what."""

    accepted: int
    tentative: int
    declined: int
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedMeeting:
    """What changed about the part of an agenda that concerns her. `order` are its references as they stand now.

    `answers` is None for who is called in for her cases only.
    """

    meeting: Sitting
    added: tuple[AgendaLine, ...]
    removed: tuple[str, ...]
    is_reordered: bool
    order: tuple[str, ...]
    answers: Answers | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesFacts:
    """The evening letter: what changed since the last one, soonest meeting first."""

    to: Addressee
    meetings: tuple[ChangedMeeting, ...]


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Members who have not answered in the time allowed."""

    meeting: Sitting
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unready:
    """References of the cases of a near meeting for which something is not there: it blocks, or is asked for."""

    meeting: Sitting
    blocked: tuple[str, ...]
    owed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MorningFacts:
    """All that waits for a coordinator in the morning. `new_count` of `finding_count` came since the last morning.

    `unreached` are members whose letters came back: none is sent to them any more.
    """

    to: Addressee
    finding_count: int
    new_count: int
    findings: tuple[DigestMeeting, ...]
    unanswered: tuple[Unanswered, ...]
    unready: tuple[Unready, ...]
    message_count: int
    messages_url: str
    dead_count: int
    unreached: tuple[str, ...]
    outbox_url: str

    def __post_init__(self) -> None:
        check_link(self.messages_url)
        check_link(self.outbox_url)

    @property
    def count(self) -> int:
        """How many things there are to look at; what is only asked for is named and not counted."""
        people = sum(len(each.members) for each in self.unanswered)
        cases = sum(len(each.blocked) for each in self.unready)
        return self.finding_count + people + cases + self.message_count + self.dead_count + len(self.unreached)


NoticeFacts = AgendaFacts | PreparationFacts | ChangesFacts | MorningFacts

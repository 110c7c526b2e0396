"""The digest of what is no longer right about published meetings: a plain letter to a coordinator.

It carries case references, as invitations do, and what kind of trouble each has; nothing of its facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from tumorboard.domain.errors import BadInput
from tumorboard.domain.timeline import Interval
from tumorboard.mail.frame import Row, one_line, render_letter
from tumorboard.mail.letters import Letter, Mailbox
from tumorboard.words import Words, format_span
from tumorboard.words import to_translate as _

__all__ = ["DigestFacts", "DigestLine", "DigestMeeting", "compose_digest", "list_rows"]

_LINES: Mapping[str, str] = {
    "member-absent": _("Cannot come any more: %(who)s"),
    "member-busy-now": _("Something else in the calendar at that time: %(who)s"),
    "member-left": _("No longer at the centre: %(who)s"),
    "member-declined": _("Declined: %(who)s"),
    "member-in-two-places": _("Booked twice at that time: %(who)s"),
    "named-member-missing": _("Asked for by name and not invited: %(who)s"),
    "seat-lost": _("A core seat is empty"),
    "need-uncovered": _("Somebody more is needed"),
    "call-uncovered": _("Urgent meeting: somebody more is needed"),
    "no-answer": _("Not answered in time: %(who)s"),
    "case-not-ready": _("No longer ready"),
    "case-closed": _("No longer open"),
    "case-longer": _("Needs more minutes than planned"),
    "agenda-blocks-wrong": _("The order no longer fits the urgency of the cases"),
    "meeting-too-long": _("The agenda is longer than the meeting"),
    "fixed-time-missed": _("No longer at its fixed time"),
    "member-called-too-often": _("Called in more often than agreed: %(who)s"),
    "room-in-use": _("The room is taken"),
    "room-lost": _("The room is no longer booked"),
    "room-too-small": _("The room is too small"),
}
_OTHER = _("Something changed since the meeting was published")


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One kind of trouble: its code, the references of the cases, and the names of the members it is about."""

    code: str
    case_references: tuple[str, ...] = ()
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DigestMeeting:
    """A meeting with what is new about it, and its page, which shows nothing without a log-in."""

    board_name: str
    span: Interval
    time_zone: str
    page_url: str
    lines: tuple[DigestLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFacts:
    """All that a digest says. `count` is how many findings are new. No value has a field for a patient.

    Raises BadInput (`bad-link`) for a link that is not http or https.
    """

    recipient: Mailbox
    organizer: Mailbox
    language: str
    count: int
    meetings: tuple[DigestMeeting, ...]
    recipient_title: str = ""

    def __post_init__(self) -> None:
        for meeting in self.meetings:
            link = urlsplit(meeting.page_url)
            if link.scheme not in ("http", "https") or not link.netloc:
                raise BadInput("a link of the letter does not begin with https:// or http://", code="bad-link")


def compose_digest(facts: DigestFacts) -> Letter:
    """The digest in `facts.language`."""
    words = Words(facts.language)
    counted = words.ngettext(
        "%(number)d thing is no longer right about published meetings.",
        "%(number)d things are no longer right about published meetings.",
        facts.count,
    )
    boards = ", ".join(dict.fromkeys(one_line(meeting.board_name) for meeting in facts.meetings))
    return render_letter(
        "letter",
        words,
        subject=words.gettext("To mend: %(boards)s") % {"boards": boards},
        name=facts.recipient.name,
        title=facts.recipient_title,
        organizer=facts.organizer.name,
        lead=counted % {"number": facts.count},
        rows=tuple(list_rows(facts.meetings, words)),
        closing=words.gettext("Nothing changes by itself. The board's page shows what to do, and the fewest moves."),
    )


def list_rows(meetings: Iterable[DigestMeeting], words: Words) -> Iterator[Row]:
    """Per meeting what is wrong about it, and the link to its page."""
    for meeting in meetings:
        when = format_span(meeting.span.start, meeting.span.end, meeting.time_zone, words.language)
        lines = tuple(_say_line(line, words) for line in meeting.lines)
        yield Row(f"{one_line(meeting.board_name)}, {when}", lines)
        yield Row(words.gettext("Details, after log-in"), (one_line(meeting.page_url),), is_link=True)


def _say_line(line: DigestLine, words: Words) -> str:
    who = ", ".join(one_line(name) for name in line.members) or "–"
    said = words.gettext(_LINES.get(line.code, _OTHER)) % {"who": who}
    cases = ", ".join(one_line(reference) for reference in line.case_references)
    label = words.gettext("Cases")
    return f"{said} ({label}: {cases})" if cases else said

"""The letter to a member in whose place somebody else is invited: that it is so, and every change of it."""

from __future__ import annotations

from collections.abc import Iterator

from tumorboard.domain.model import SeatKind
from tumorboard.mail.frame import Row, one_line, render_letter
from tumorboard.mail.letters import InvitationFacts, Letter, LetterKind
from tumorboard.words import Words, format_span, is_same_clock


def compose_delegated(facts: InvitationFacts, deputy: str) -> Letter:
    """In `facts.language`: she need do nothing, and hears what her deputy hears."""
    words = Words(facts.language)
    board, named = one_line(facts.board_name), one_line(deputy)
    subject = words.gettext("Your deputy: %(board)s, %(when)s")
    lead = words.gettext("%(board)s: %(deputy)s is invited in your place.")
    if facts.kind is LetterKind.MOVED:
        subject = words.gettext("New time: %(board)s, %(when)s")
        lead = words.gettext("%(board)s: the time has changed. %(deputy)s is asked again, in your place.")
    return render_letter(
        "letter",
        words,
        subject=subject % {"board": board, "when": _show(facts, facts.time_zone)},
        name=facts.recipient.name,
        title=facts.recipient_title,
        organizer=facts.organizer.name,
        lead=lead % {"board": board, "deputy": named},
        rows=tuple(_list_rows(facts, words)),
        closing=words.gettext("You need do nothing. Should your deputy not come either, you are asked once more."),
    )


def _list_rows(facts: InvitationFacts, words: Words) -> Iterator[Row]:
    times = [_show(facts, facts.time_zone)]
    if not is_same_clock(facts.window.start, facts.time_zone, facts.board_time_zone):
        times.append(_show(facts, facts.board_time_zone))
    yield Row(words.gettext("When"), tuple(times))
    if facts.seat is SeatKind.ON_DEMAND and facts.case_references:
        yield Row(words.gettext("Cases"), (", ".join(one_line(each) for each in facts.case_references),))
    if facts.room:
        yield Row(words.gettext("Where"), (one_line(facts.room),))
    if facts.video_url:
        yield Row(words.gettext("Video call"), (one_line(facts.video_url),), is_link=True)
    yield Row(words.gettext("Details, after log-in"), (one_line(facts.page_url),), is_link=True)


def _show(facts: InvitationFacts, zone: str) -> str:
    return format_span(facts.window.start, facts.window.end, zone, facts.language)

"""The letter that tells a member that the time she proposed is not taken."""

from __future__ import annotations

from tumorboard.domain.timeline import Interval
from tumorboard.mail.frame import Row, one_line, render_letter
from tumorboard.mail.letters import InvitationFacts, Letter
from tumorboard.words import Words, format_span


def compose_declined(facts: InvitationFacts, proposed: Interval | None) -> Letter:
    """In `facts.language`: her invitation stays as it is. Nothing of what she wrote is repeated."""
    words = Words(facts.language)
    board = one_line(facts.board_name)
    when = format_span(facts.window.start, facts.window.end, facts.time_zone, facts.language)
    lead = words.gettext("%(board)s: the time you proposed is not possible. Your invitation stays as it is.")
    rows = [Row(words.gettext("When"), (when,))]
    if proposed is not None:
        asked = format_span(proposed.start, proposed.end, facts.time_zone, facts.language)
        rows.append(Row(words.gettext("You proposed"), (asked,)))
    rows.append(Row(words.gettext("Details, after log-in"), (one_line(facts.page_url),), is_link=True))
    return render_letter(
        "letter",
        words,
        subject=words.gettext("Proposal declined: %(board)s, %(when)s") % {"board": board, "when": when},
        name=facts.recipient.name,
        title=facts.recipient_title,
        organizer=facts.organizer.name,
        lead=lead % {"board": board},
        rows=tuple(rows),
        closing=words.gettext("If you cannot come, please decline: then somebody else is asked."),
    )

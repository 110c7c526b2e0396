"""The letter that tells a member that the time she proposed is not taken."""

from __future__ import annotations

from tumorboard.domain.timeline import Interval
from tumorboard.mail.compose import Row, one_line, open_templates
from tumorboard.mail.letters import InvitationFacts, Letter
from tumorboard.words import Words, choose_language, format_span


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
    signature = words.gettext("Sent automatically for %(organizer)s. This letter contains no patient data.")
    values = {
        "language": choose_language(facts.language),
        "greeting": words.gettext("Dear %(name)s,") % {"name": one_line(facts.recipient.name)},
        "lead": lead % {"board": board},
        "rows": tuple(rows),
        "closing": words.gettext("If you cannot come, please decline: then somebody else is asked."),
        "signature": signature % {"organizer": one_line(facts.organizer.name)},
    }
    templates = open_templates()
    return Letter(
        subject=words.gettext("Proposal declined: %(board)s, %(when)s") % {"board": board, "when": when},
        text=templates.get_template("letter.txt").render(values),
        html=templates.get_template("letter.html").render(values),
    )

"""The letter with the one-time link at which somebody chooses her password."""

from __future__ import annotations

from tumorboard.mail.frame import one_line, open_templates
from tumorboard.mail.letters import Letter
from tumorboard.mail.notices_facts import check_link
from tumorboard.words import Words, choose_language


def compose_password_link(*, name: str, centre: str, link: str, days: int, language: str) -> Letter:
    """Text and HTML say the same. The subject names no account."""
    check_link(link)
    words = Words(language)
    service = one_line(centre) or words.gettext("Tumor board")
    lead = words.gettext("%(centre)s has made a log-in for you. Choose your password here:")
    ends = words.ngettext(
        "The link works once, within %(number)d day.", "The link works once, within %(number)d days.", days
    )
    signature = words.gettext(
        "Sent automatically for %(organizer)s. It names no patient and holds no patient's number."
    )
    values = {
        "language": choose_language(language),
        "greeting": words.gettext("Dear %(name)s,") % {"name": one_line(name)},
        "lead": lead % {"centre": service},
        "link": one_line(link),
        "ends": ends % {"number": days},
        "signature": signature % {"organizer": service},
        "closing": words.gettext("If you did not expect this letter, tell the centre and do nothing else."),
    }
    templates = open_templates()
    return Letter(
        subject=words.gettext("Your log-in: %(centre)s") % {"centre": service},
        text=templates.get_template("password.txt").render(values),
        html=templates.get_template("password.html").render(values),
    )

"""What each preference is called, and what it does."""

from __future__ import annotations

from collections.abc import Mapping

from tumorboard.words import Words
from tumorboard.words import to_translate as _

LETTERS = ("agenda", "preparation", "changes", "reminders", "morning")
"""The letters by the clock, in the order of the page."""

PREFERENCES: Mapping[str, tuple[str, str]] = {
    "agenda": (
        _("The agenda, the day before"),
        _("When and where you are expected and for which cases, at 16:00 of the day before."),
    ),
    "preparation": (
        _("The preparation list"),
        _("For radiology and pathology: the cases, what is owed and the number of questions, when the list closes."),
    ),
    "changes": (
        _("What changed on an agenda"),
        _("One letter in the evening, and only when something changed. Another time or room comes as an invitation."),
    ),
    "reminders": (
        _("Reminders of an invitation without an answer"),
        _("Without them the coordinator is told all the same when time runs out."),
    ),
    "morning": (
        _("The morning letter for coordinators"),
        _("At 07:00 on workdays, and only when there is something to look at."),
    ),
    "whole_series": (
        _("Changed dates come with the whole series"),
        _("For calendars that lose a series when one date of it changes (Nextcloud, ownCloud, Baïkal)."),
    ),
}
"""By name: what it is called, and what it does."""


def say_preference(name: str, words: Words) -> tuple[str, str]:
    """What a preference is called, and what it does."""
    label, meaning = PREFERENCES[name]
    return words.gettext(label), words.gettext(meaning)


def say_alarm(minutes: int | None, words: Words) -> str:
    """How long before the start a calendar reminds her."""
    if minutes is None:
        return words.gettext(_("no alarm"))
    if minutes == 0:
        return words.gettext(_("at the start"))
    if minutes % 1440 == 0:
        return words.ngettext("%(number)d day before", "%(number)d days before", minutes // 1440) % {
            "number": minutes // 1440
        }
    if minutes % 60 == 0:
        return words.ngettext("%(number)d hour before", "%(number)d hours before", minutes // 60) % {
            "number": minutes // 60
        }
    return words.ngettext("%(number)d minute before", "%(number)d minutes before", minutes) % {"number": minutes}

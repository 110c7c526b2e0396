"""What went wrong, in the reader's language, by the code of the error.

The message of an error is English and names the value; a Korean reader gets the sentence of its code instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from tumorboard.domain.errors import DomainError
from tumorboard.domain.model import Text
from tumorboard.words import Words, choose_language
from tumorboard.words import to_translate as _
from tumorboard.words.refusals_of_files import CALENDARS, CELLS, FILES
from tumorboard.words.refusals_of_work import ANSWERS, CENTRE, PAGES, ROOM

REFUSALS: Mapping[str, str] = {**ROOM, **CENTRE, **ANSWERS, **FILES, **CELLS, **PAGES, **CALENDARS}
"""The sentence of every code that a page can show."""


_WITH_VALUES: Mapping[str, tuple[str, ...]] = {
    "reference-pattern": (
        _(
            "The reference does not keep to the centre's pattern %(pattern)s (# a digit, @ a letter, ? either), "
            "for example %(example)s."
        ),
    ),
    "log-in-refused": (
        _("%(who)s: no log-in can be made; nothing was made. Look at the address and existing log-ins."),
    ),
    "unknown-value": (
        _("%(value)s is not known here; use %(choices)s."),
        _(
            "%(value)s is not known here; is %(close)s meant? The column has %(count)s values, listed on the import "
            "page."
        ),
        _("%(value)s is not known here; use one of the %(count)s values listed on the import page."),
        _("%(value)s is not known here."),
    ),
    "impossible-stage": (_("%(value)s is no stage; use %(choices)s."),),
    "impossible-value": (
        _("%(value)s is impossible here; from %(minimum)s to %(maximum)s."),
        _("%(value)s is impossible here; at least %(minimum)s."),
        _("%(value)s is impossible here; at most %(maximum)s."),
    ),
    "resident-registration-number": (
        _(
            "What looks like a resident registration number stands here: %(places)s, and in %(more)d more cells. "
            "Remove these numbers from the file and choose it again; nothing of it was kept."
        ),
        _(
            "What looks like a resident registration number stands here: %(places)s. Remove it from the file and "
            "choose it again; nothing of it was kept."
        ),
    ),
    "named-member-unknown": (
        _("No member is called %(value)s; give a name or an e-mail address as on the list of members."),
    ),
    "named-member-ambiguous": (_("More than one member is called %(value)s; give the e-mail address."),),
    "not-a-date": (_("%(value)s is no date; write it as YYYY-MM-DD (2026-11-22)."),),
    "not-a-number": (_("%(value)s is no plain number; write digits with a decimal point, without a unit."),),
    "not-a-gestation": (_("%(value)s is no gestational age; write weeks+days, as 24+3."),),
}
"""Sentences that name more than the code, the fullest first: the first whose values are all there is said."""


def say_refusal(
    code: str,
    message: str,
    words: Words,
    values: Mapping[str, object] | None = None,
    labels: Mapping[str, Text] | None = None,
) -> str:
    """The English message itself, which names the value; for Korean readers the sentence of the code.

    `labels` are the words for the choices of the field that the refusal is about.
    """
    if choose_language(words.language) == "ko" and code in REFUSALS:
        told = {**(values or {})}
        for name in ("choices", "close"):
            if isinstance(choices := told.get(name), tuple):
                told[name] = ", ".join(_name_choice(choice, labels or {}, words) for choice in choices)
        if isinstance(places := told.get("places"), tuple):
            told["places"] = ", ".join(_name_place(row, column, words) for row, column in places)
        for sentence in _WITH_VALUES.get(code, ()):
            with suppress(KeyError):
                return words.gettext(sentence) % told
        return words.gettext(REFUSALS[code])
    return (
        f"{message[:1].upper()}{message[1:]}" if message else words.gettext(REFUSALS.get(code, REFUSALS["bad-input"]))
    )


def _name_place(row: int, column: str, words: Words) -> str:
    """A cell as a spreadsheet's reader looks for it; without a column the row."""
    if not column:
        return words.gettext("row %(row)d") % {"row": row}
    return words.gettext("row %(row)d, column '%(column)s'") % {"row": row, "column": column}


def _name_choice(choice: str, labels: Mapping[str, Text], words: Words) -> str:
    """`의심 (suspected)`: the words for a choice, and its id as a file has it."""
    return f"{labels[choice].in_language(words.language)} ({choice})" if choice in labels else choice


def say_error(error: DomainError, words: Words, labels: Mapping[str, Text] | None = None) -> str:
    """What an error says to the person at the page."""
    return say_refusal(error.code, str(error), words, error.values, labels)

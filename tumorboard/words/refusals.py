"""What went wrong, in the reader's language, by the code of the error.

The message of an error is English and names the value; a Korean reader gets the sentence of its code instead.
"""

from __future__ import annotations

from collections.abc import Mapping

from tumorboard.domain.errors import DomainError
from tumorboard.words import Words, choose_language
from tumorboard.words import to_translate as _

_FILES: Mapping[str, str] = {
    "bad-table": _("This file is no case list."),
    "broken-json": _("The JSON is broken; give a list with one object for each case."),
    "broken-quoting": _("A quotation mark is never closed; save the file as CSV again."),
    "broken-xlsx": _("The workbook is broken; save it as XLSX again."),
    "duplicate-column": _("Two columns have the same name; rename one."),
    "empty-file": _("The file is empty; give a list with one row for each case."),
    "no-header": _("No row names the columns; the first row must name them."),
    "bad-header": _("The row that names the columns cannot be read."),
    "no-reference-column": _("No column holds the case reference; name one of the columns 'reference'."),
    "not-a-case-list": _("This file lists events, not cases; give the patient file of the same study."),
    "not-a-table": _("This file is no table; save it as CSV or XLSX."),
    "too-large": _("The file is too large; split it."),
    "too-many-cells": _("A row has more cells than there are columns."),
    "wrong-encoding": _("The characters cannot be read; save the file as UTF-8."),
    "no-file": _("Choose a file first."),
    "unknown-upload": _("This upload is gone; choose the file again."),
}

_CELLS: Mapping[str, str] = {
    "bad-gestation": _("No gestational age; write weeks+days, as 24+3."),
    "duplicate-reference": _("Another row has the same reference; keep one of the two."),
    "impossible-stage": _("There is no such stage."),
    "impossible-value": _("The number is impossible here."),
    "missing-reference": _("The case has no reference; give it a local one, no name."),
    "not-a-date": _("No date; write it as 2026-11-22."),
    "not-a-gestation": _("No gestational age; write weeks+days, as 24+3."),
    "not-a-number": _("No plain number; write digits with a decimal point, without a unit."),
    "resident-registration-number": _(
        "Holds what looks like a resident registration number; remove it. Nothing of this row is kept."
    ),
    "too-long": _("The text is too long; shorten it."),
    "unknown-column": _("No column of this programme; it is not imported."),
    "unknown-value": _("This word is not known here."),
    "wrong-value": _("This value does not fit the field."),
    "unknown-field": _("The programme has no such field."),
}

_PAGES: Mapping[str, str] = {
    "absence-past": _("This absence is over already."),
    "absence-too-long": _("An absence lasts two years at most."),
    "already-exists": _("This already exists, or something it refers to does not; load the page again."),
    "time-past": _("The fixed time is past; give one that is ahead."),
    "time-off-minute": _("Give a whole minute, as in 14:30."),
    "not-a-time": _("Give a day and a time, as in 14:30."),
    "already-waived": _("This need is already waived."),
    "bad-input": _("Something in the form cannot be understood."),
    "bad-length": _("A meeting lasts 10 to 480 minutes."),
    "bad-weeks": _("Plan 1 to 26 weeks."),
    "busy": _("The database is busy; try again in a moment."),
    "case-exists": _("There is already a case with this reference."),
    "case-scheduled": _("The case stands on a published meeting; take it off the board first."),
    "changed-meanwhile": _("Somebody changed this in the meantime; look at it again and repeat the change."),
    "conflict": _("Somebody or something else already holds this place, room or time."),
    "csrf": _("The form was too old; it is fresh now. Please send it again."),
    "double-booked": _("A member or room is already booked for part of this time; propose again."),
    "draft-closed": _("This draft is closed already; propose again."),
    "ends-before-start": _("The end is not after the start."),
    "letter-not-dead": _("Only a letter that was given up, and has no newer one, can be sent again."),
    "log-in-needed": _("Please log in first."),
    "meeting-cancelled": _("This meeting is cancelled already."),
    "meeting-exists": _("The board already meets at this time."),
    "meeting-past": _("This time is in the past."),
    "nothing-ticked": _("Tick at least one case first."),
    "not-allowed": _("Your account may not do this; ask an administrator."),
    "not-found": _("There is nothing at this address."),
    "not-needed": _("The case does not need this specialty."),
    "not-waived": _("This need is not waived."),
    "plan-broken": _("The draft is no longer right; the reasons stand below."),
    "report-in-future": _("A report cannot be dated in the future; note it as expected."),
    "room-taken": _("The room is taken for part of this time; choose another room or time."),
    "too-many-requests": _("Too many attempts; wait a minute and try again."),
    "unknown-absence": _("There is no such absence."),
    "unknown-board": _("There is no such board."),
    "unknown-case": _("There is no such case."),
    "unknown-draft": _("There is no such draft."),
    "unknown-item": _("This is no readiness item of the programme."),
    "unknown-letter": _("There is no such letter."),
    "unknown-meeting": _("There is no such meeting."),
    "unknown-member": _("There is no such member."),
    "unknown-program": _("There is no such programme."),
    "unknown-room": _("There is no such room."),
    "waiver-incomplete": _("A waiver needs the physician's name and a reason."),
    "wrong-log-in": _("The e-mail address or the password is wrong."),
}

REFUSALS: Mapping[str, str] = {**_FILES, **_CELLS, **_PAGES}
"""The sentence of every code that a page can show."""


def say_refusal(code: str, message: str, words: Words) -> str:
    """The English message itself, which names the value; for Korean readers the sentence of the code."""
    if choose_language(words.language) == "ko" and code in REFUSALS:
        return words.gettext(REFUSALS[code])
    return (
        f"{message[:1].upper()}{message[1:]}" if message else words.gettext(REFUSALS.get(code, REFUSALS["bad-input"]))
    )


def say_error(error: DomainError, words: Words) -> str:
    """What an error says to the person at the page."""
    return say_refusal(error.code, str(error), words)

"""What the nightly check found, in a sentence, and what mends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tumorboard.domain.model import Reason
from tumorboard.words import Words
from tumorboard.words import to_translate as _
from tumorboard.words.phrases import Names

FINDINGS: Mapping[str, str] = {
    "member-absent": _("%(member)s cannot come any more"),
    "member-busy-now": _("%(member)s has something else in the calendar at that time"),
    "member-left": _("%(member)s is no longer at the centre"),
    "member-declined": _("%(member)s declined"),
    "member-in-two-places": _("%(member)s is booked at another meeting at that time"),
    "member-called-too-often": _("%(member)s is called in more often in this week than agreed"),
    "named-member-missing": _("%(reference)s: %(member)s is asked for by name and not invited"),
    "seat-lost": _("Core seat empty: %(specialty)s"),
    "need-uncovered": _("%(reference)s: nobody attends, %(specialty)s"),
    "no-answer": _("%(member)s has not answered in time"),
    "call-uncovered": _("%(reference)s: nobody covers %(specialty)s at this urgent meeting"),
    "case-not-ready": _("%(reference)s: no longer ready: %(items)s"),
    "case-closed": _("%(reference)s: no longer open for this board"),
    "case-longer": _("%(reference)s: needs %(minutes)s minutes now, %(planned)s are planned"),
    "fixed-time-missed": _("%(reference)s: does not stand at its fixed time"),
    "agenda-blocks-wrong": _("The order no longer fits: urgent cases come first, listed ones last"),
    "meeting-too-long": _("The agenda takes %(minutes)s minutes, longer than the meeting"),
    "room-lost": _("The room is no longer booked for this meeting"),
    "room-in-use": _("The room is taken by another meeting"),
    "room-too-small": _("The room holds %(seats)s people, %(people)s are needed at once"),
}
"""The sentence of every code of `domain/review.py` and of the rooms."""

MOST_NAMED = 5
"""How many cases a sentence names."""

STEPS: Mapping[str, str] = {
    "repair": _("Propose a repair: it changes as little as possible."),
    "note_report": _("Note the report at the case; else the repair moves the case."),
    "choose_moment": _("Choose another moment, or ask somebody by phone."),
    "ask_again": _("Ask by phone, or ask somebody instead."),
    "change_room": _("Find another room, or let some join by video."),
}
"""What to do about a finding, by `services.findings.Step`."""


def say_found(reason: Reason, words: Words, names: Names) -> str:
    """What is wrong, with what the meeting loses by it; unknown codes as they are, with spaces."""
    values = {name: str(value) for name, value in reason.values.items()}
    items = [names.items.get(item, item) for item in values.get("items", "").split(",") if item]
    given = {
        **values,
        "member": names.members.get(values.get("member", ""), words.gettext(_("a member"))),
        "specialty": names.specialties.get(values.get("specialty", ""), values.get("specialty", "")),
        "items": ", ".join(items) or "–",
    }
    pattern = FINDINGS.get(reason.code)
    said = words.gettext(pattern) % given if pattern else reason.code.replace("-", " ")
    return f"{said}{_say_loss(values, words, names)}"


def _say_loss(values: Mapping[str, str], words: Words, names: Names) -> str:
    references = [reference for reference in values.get("references", "").split(",") if reference]
    if not references:
        return ""
    specialties = [names.specialties.get(key, key) for key in values.get("specialties", "").split(",") if key]
    loss = {"specialties": ", ".join(specialties) or "–", "cases": _say_cases(references, words)}
    return ": " + words.gettext("nobody for %(specialties)s at %(cases)s") % loss


def _say_cases(references: Sequence[str], words: Words) -> str:
    """A few cases by their references, many by their number."""
    if len(references) <= MOST_NAMED:
        return ", ".join(references)
    return words.ngettext("%(number)d case", "%(number)d cases", len(references)) % {"number": len(references)}


def say_step(step: str, words: Words) -> str:
    """What to do about it."""
    return words.gettext(STEPS[step])

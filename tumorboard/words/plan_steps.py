"""What was done to the plans of a board, in words: steps of a draft, and the events of a board's timeline."""

from __future__ import annotations

from collections.abc import Mapping

from tumorboard.words import Words
from tumorboard.words import to_translate as _

_STEPS: Mapping[str, str] = {
    "ordered": _("%(case)s: another place on %(meeting)s"),
    "moved": _("%(case)s: from %(before)s to %(meeting)s"),
    "placed": _("%(case)s: placed on %(meeting)s"),
    "left-out": _("%(case)s: left out"),
    "proposed-again": _("Proposed again"),
    "restored": _("Restored as it was published before"),
}
_EVENTS: Mapping[str, str] = {
    "draft:proposed": _("A draft was proposed"),
    "draft:repaired": _("A repair was proposed"),
    "draft:edited": _("Draft changed: %(step)s"),
    "draft:undone": _("Taken back: %(step)s"),
    "draft:redone": _("Done again: %(step)s"),
    "draft:published": _("The draft was published"),
    "draft:discarded": _("The draft was thrown away"),
    "draft:reopened": _("The draft was taken out of the bin"),
    "draft:restored": _("A draft was made that restores what was published before"),
    "meeting:added": _("Meeting added: %(meeting)s"),
    "meeting:moved": _("Meeting moved to %(meeting)s"),
    "meeting:cancelled": _("Meeting cancelled: %(meeting)s"),
    "meeting:held-again": _("Cancellation taken back: %(meeting)s"),
    "substitutes:asked": _("Substitutes for %(member)s invited"),
    "substitutes:undone": _("Taken back: substitutes for %(member)s"),
    "invitation:delegated": _("%(meeting)s: %(deputy)s comes in the place of %(member)s"),
    "invitation:taken-back": _("%(meeting)s: %(member)s comes again, not %(deputy)s"),
}
_SHORT: Mapping[str, str] = {
    "ordered": _("order within a meeting"),
    "moved": _("case moved"),
    "placed": _("case placed"),
    "left-out": _("case left out"),
    "proposed-again": _("proposed again"),
    "restored": _("restored as it was published before"),
}


def say_plan_step(kind: str, words: Words, *, case: str = "", meeting: str = "", before: str = "") -> str:
    """A step by its kind, with the reference of the case and the meetings in words."""
    gone = words.gettext(_("a meeting that is no longer ahead"))
    values = {"case": case or "–", "meeting": meeting or gone, "before": before or gone}
    return words.gettext(_STEPS[kind]) % values if kind in _STEPS else kind.replace("-", " ")


def say_plan_event(
    action: str, words: Words, *, step: str = "", meeting: str = "", member: str = "", deputy: str = ""
) -> str:
    """An event of a board's timeline; `step` in words."""
    pattern = _EVENTS.get(action)
    if pattern is None:
        return action.replace(":", " ")
    gone = words.gettext(_("a meeting that is no longer ahead"))
    values = {"step": step or "–", "meeting": meeting or gone, "member": member or "–", "deputy": deputy or "–"}
    return words.gettext(pattern) % values


def say_step_kind(kind: str, words: Words) -> str:
    """The kind of a step alone, where it is not known what it was about."""
    return words.gettext(_SHORT[kind]) if kind in _SHORT else kind.replace("-", " ")

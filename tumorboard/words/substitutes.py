"""Open needs in words: what is missing and why, how a substitute stands to it, and why somebody is not asked."""

from __future__ import annotations

from collections.abc import Mapping

from tumorboard.domain.substitutes import LostNeed, Place
from tumorboard.words import Words
from tumorboard.words import to_translate as _
from tumorboard.words.phrases import Names

WHYS: Mapping[str, str] = {
    "declined": _("%(member)s declined"),
    "left": _("%(member)s is no longer at the centre"),
    "absent": _("%(member)s is away at that time"),
    "bounced": _("letters to %(member)s come back; correct the address, or phone"),
    "unanswered": _("%(member)s has not answered in time"),
    "uncovered": _("nobody is invited for it"),
    "urgent-call": _("nobody free is left to ask"),
}
"""Why a need is open, by `services.need_facts.WHYS`."""

PLACES: Mapping[Place, str] = {
    Place.PRESENT: _("comes to this meeting anyway"),
    Place.DEPUTY: _("deputy"),
    Place.HOLDER: _("holds this seat too"),
    Place.COLLEAGUE: _("same specialty"),
}

REJECTIONS: Mapping[str, str] = {
    "need-for-another": _("somebody else is asked for by name"),
    "specialty-missing": _("does not hold the specialty"),
    "certificate-missing": _("lacks the certificate"),
    "has-declined": _("declined this meeting"),
    "not-free": _("not free at that time"),
    "call-limit-reached": _("has all calls of the week already"),
}
"""Why somebody is not asked, by `domain.substitutes.REJECTIONS`."""


def say_lost(lost: LostNeed, words: Words, names: Names) -> str:
    """What is missing: the specialty with its certificate, or the member asked for by name."""
    key = lost.key
    if key.member:
        return names.members.get(key.member, words.gettext(_("a member")))
    said = names.specialties.get(key.specialty, key.specialty)
    return f"{said} ({names.certificates.get(key.certificate, key.certificate)})" if key.certificate else said


def say_why(why: str, member: str, words: Words, names: Names) -> str:
    """Why it is missing."""
    return words.gettext(WHYS[why]) % {"member": names.members.get(member, words.gettext(_("a member")))}


def say_place(place: Place, words: Words, *, is_reached: bool = True) -> str:
    """How a candidate stands to the need, and whether letters reach her."""
    said = words.gettext(PLACES[place])
    if is_reached:
        return said
    warning = words.gettext(_("letters come back: phone"))
    return f"{said} · {warning}"


def say_rejection(code: str, words: Words) -> str:
    """Why somebody is not asked."""
    return words.gettext(REJECTIONS[code])

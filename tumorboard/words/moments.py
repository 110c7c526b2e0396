"""Urgent moments and free slots in words: who covers what and why she, who is missing, why a slot is none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tumorboard.domain.model import Reason
from tumorboard.domain.planning_problem import NeedKey
from tumorboard.domain.urgent_facts import Askable, Cover, Gap
from tumorboard.domain.urgent_team import Standing
from tumorboard.words import Words, format_date
from tumorboard.words import to_translate as _
from tumorboard.words.phrases import Names

_SLOTS: Mapping[str, str] = {
    "slot-past": _("This time is over"),
    "slot-too-soon": _("Too soon: people need %(hours)s hours to read of it and come"),
    "slot-holiday": _("Closed: %(name)s"),
    "slot-outside-hours": _("Outside the hours asked for"),
    "slot-board-meets": _("The board meets at this time"),
    "slot-nobody-free": _("Nobody free: %(specialty)s"),
    "slot-too-few-free": _("%(specialty)s: %(free)s of %(needed)s free"),
    "slot-member-busy": _("Cannot come: %(member)s"),
    "slot-room-taken": _("The room is taken: %(room)s"),
    "slot-no-room": _("Every room is taken"),
}

_GAPS: Mapping[str, str] = {
    "no-member-free": _("%(need)s: nobody is free"),
    "no-member-for-specialty": _("%(need)s: nobody at this centre"),
    "certificate-missing": _("%(need)s: nobody at this centre holds the certificate"),
    "named-member-absent": _("%(need)s: cannot come"),
    "named-member-gone": _("%(need)s: not a member any more; name somebody else in the facts of the case"),
}


def say_slot_reason(reason: Reason, words: Words, names: Names, rooms: Mapping[str, str]) -> str:
    """Why a slot is none, as one sentence without a full stop; when it is stands beside it."""
    given = {name: str(value) for name, value in reason.values.items()}
    if "specialty" in given:
        given["specialty"] = names.specialties.get(given["specialty"], given["specialty"])
    if "member" in given:
        given["member"] = names.members.get(given["member"], given["member"])
    if "room" in given:
        given["room"] = rooms.get(given["room"], given["room"])
    return words.gettext(_SLOTS[reason.code]) % given


def say_need(key: NeedKey, words: Words, names: Names) -> str:
    """The specialty, with its certificate, or the name of the member who is needed herself."""
    if key.member:
        return names.members.get(key.member, key.member)
    specialty = names.specialties.get(key.specialty, key.specialty)
    certificate = names.certificates.get(key.certificate, key.certificate)
    return f"{specialty} ({certificate})" if certificate else specialty


def say_cover(cover: Cover, words: Words, names: Names) -> str:
    """Why it is she who covers a need."""
    if cover.key.member:
        return words.gettext(_("asked for by name"))
    before = names.members.get(cover.instead_of or "", "")
    if cover.standing is Standing.HOLDER:
        pattern = _("next on the seat; cannot come: %(name)s") if before else _("holds the seat")
    elif cover.standing is Standing.DEPUTY:
        pattern = _("deputy; cannot come: %(name)s") if before else _("deputy")
    else:
        pattern = _("same specialty; cannot come: %(name)s") if before else _("same specialty")
    return words.gettext(pattern) % {"name": before} if before else words.gettext(pattern)


def say_gap(gap: Gap, words: Words, names: Names) -> str:
    """What is missing."""
    return words.gettext(_GAPS[gap.code]) % {"need": say_need(gap.key, words, names)}


def say_askable(one: Askable, words: Words, names: Names, zone: str, *, day: date) -> str:
    """Somebody to phone, and from when she is free; the day is named when it is another than `day`."""
    name = names.members.get(one.member, one.member)
    if one.has_declined:
        return words.gettext(_("%(name)s (declined)")) % {"name": name}
    if one.free_from is None:
        return words.gettext(_("%(name)s (not free in the days ahead)")) % {"name": name}
    when = _say_time(one.free_from, words, zone, day)
    return words.gettext(_("%(name)s (free from %(when)s)")) % {"name": name, "when": when}


def _say_time(instant: datetime, words: Words, zone: str, day: date) -> str:
    local = instant.astimezone(ZoneInfo(zone))
    return f"{local:%H:%M}" if local.date() == day else f"{format_date(local.date(), words.language)} {local:%H:%M}"

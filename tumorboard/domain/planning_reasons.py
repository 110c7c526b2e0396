"""The codes of all reasons of a plan, with the names of their values."""

from __future__ import annotations

from collections.abc import Mapping

REASON_CODES: Mapping[str, tuple[str, ...]] = {
    # why a case is on its meeting
    "earliest-possible": ("meeting",),
    "kept-as-published": ("meeting",),
    "moved-from": ("meeting",),
    "added-after-closing": ("meeting",),
    "bundled-with": ("specialty", "cases", "points"),
    "outweighed": ("meeting", "meetings", "points", "mostly"),
    "equally-good": ("meeting", "meetings"),
    "better-earlier": ("meeting", "points"),
    "late-by-days": ("days",),
    "overruled": ("rule", "meeting"),
    # why not on an earlier one, or on none
    "not-ready": ("items",),
    "not-ready-before": ("ready_on", "items"),
    "no-longer-ready": ("items", "meeting", "meetings"),
    "not-there-yet": ("items", "meeting", "meetings"),
    "list-closed": ("meeting",),
    "fixed-time": ("meeting", "meetings"),
    "room-taken": ("meeting", "meetings"),
    "call-limit-reached": ("specialty", "meeting", "meetings"),
    "meeting-full": ("meeting", "minutes", "meetings"),
    "no-member-free": ("specialty", "meeting", "meetings"),
    "certificate-missing": ("specialty", "certificate", "meeting", "meetings"),
    "named-member-absent": ("member", "meeting", "meetings"),
    "named-member-gone": (),
    "window-does-not-fit": ("specialty", "meeting", "meetings"),
    "no-member-for-specialty": ("specialty",),
    "nobody-certified": ("specialty", "certificate"),
    "no-capacity": ("minutes", "meetings"),
    "no-meeting": (),
    "not-examined": ("meeting", "meetings"),
    # who has the place instead
    "outweighed-by": ("references", "meeting", "points"),
    "better-instead-of": ("references", "meeting", "points"),
    "place-taken-by": ("references", "meeting"),
    # what would help
    "possible-at": ("meeting", "starts_on"),
    "helps-if-moved": ("member", "at", "meeting"),
    "helps-longer": ("minutes", "meeting"),
    "helps-moving": ("reference", "meeting", "to"),
}
"""Every code of a reason with the names of its values.

`meeting`, `to` and `member` are ids, for several meetings the first; `meetings` counts them. `items` are readiness
item ids and `references` cases, joined by commas. `ready_on` and `starts_on` are ISO dates in the zone of the meeting,
`at` an ISO instant in that zone at which an appointment of the member begins. `minutes` are those of the case, or those
to add; `points` is by how much the plan would become dearer (cheaper for `better-…`), `mostly` the part of them that
weighs most, one of `PRICE_PARTS`; `rule` is the code of the obstacle that a person set aside.
"""

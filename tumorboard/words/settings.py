"""What each setting of a board is called, and what it does, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping

from tumorboard.words import Words
from tumorboard.words import to_translate as _

SETTINGS: Mapping[str, tuple[str, str]] = {
    "weights.unscheduled": (_("A case without a place"), _("Paid for each case that no meeting takes.")),
    "weights.late_day": (_("A day late"), _("Paid for each day a case is discussed after its due date.")),
    "weights.waiting_day": (_("A day of waiting"), _("Paid for each day until the meeting; earlier is better.")),
    "weights.call": (_("A call"), _("Paid for each specialist called in: cases that need the same one come together.")),
    "weights.call_recommended": (_("A call for advice"), _("Paid for a call whose needs are all only recommended.")),
    "weights.uncovered_recommended": (
        _("Advice that is missing"), _("Paid for each recommended specialty that nobody attends for."),
    ),
    "weights.moved": (_("A moved case"), _("Paid for each published case that goes to another meeting.")),
    "weights.changed_invitation": (
        _("A changed invitation"), _("Paid for asking somebody else where invitations are out already."),
    ),
    "weights.repeated_call": (_("Calls to one member"), _("Grows with the calls of one member: it shares them out.")),
    "weights.rank": (_("Place in the order"), _("Paid for each place down the order in which holders are asked.")),
    "weights.open_meeting": (_("An extra meeting"), _("Paid for holding an extra meeting that has no case so far.")),
    "weights.continuity": (
        _("A new face"), _("Paid when nobody comes who was called in for the patient's earlier discussion."),
    ),
    "weights.routine": (_("Factor: routine"), _("How many routine cases a routine case counts for.")),
    "weights.expedited": (_("Factor: expedited"), _("How many routine cases an expedited case counts for.")),
    "weights.urgent": (_("Factor: urgent"), _("How many routine cases an urgent case counts for.")),
    "agenda.held_minute": (_("A held minute"), _("Paid for each minute a called-in specialist is held.")),
    "agenda.complex_late": (
        _("A complex case later"), _("Paid for each minute a complex case begins after the start or after the break."),
    ),
    "agenda.inversion": (_("A swapped pair"), _("Paid for each pair of cases that swaps its published order.")),
    "agenda.changed_window": (
        _("A changed window"), _("Paid for each beginning or end of a published window that changes."),
    ),
    "break_after_minutes": (
        _("Minutes until a break"), _("A meeting pauses whenever it has lasted so long; 0 means it never does."),
    ),
    "break_minutes": (_("Minutes of a break"), _("How long a break lasts; 0 where there is none.")),
    "complex_minutes": (
        _("Minutes of a complex case"), _("A case of so many minutes or more is discussed early; 0 means none is."),
    ),
    "answer_days": (
        _("Answer days"),
        _("An answer is expected so many days before the meeting, a day after the invitation at least."),
    ),
    "remind_days": (_("Days until a reminder"), _("Who has not answered after so many days is reminded once.")),
    "substitutes": (
        _("When a need is lost"), _("Substitutes are shown to the coordinator, or the best one is invited at once."),
    ),
    "allow_proposals": (_("Proposals of another time"), _("Members may answer an invitation with another time.")),
    "standing_invitations": (
        _("One entry for the series"),
        _("Core members get one calendar entry for the weekly series instead of one for each meeting."),
    ),
}  # fmt: skip
"""By the dotted name of `services.board_settings`."""

CHOICES: Mapping[str, str] = {
    "offer": _("Show substitutes"),
    "invite": _("Invite the best one at once"),
    "true": _("Yes"),
    "false": _("No"),
}
"""What the choices of a setting are called."""


def name_choice(choice: str, words: Words) -> str:
    """What a choice of a setting is called."""
    return words.gettext(CHOICES[choice])


def name_setting(name: str, words: Words) -> str:
    """What a setting is called; an unknown one by its name."""
    return words.gettext(SETTINGS[name][0]) if name in SETTINGS else name


def explain_setting(name: str, words: Words) -> str:
    """What a setting does."""
    return words.gettext(SETTINGS[name][1]) if name in SETTINGS else ""

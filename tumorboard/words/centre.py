"""What a centre lacks, in words for people."""

from __future__ import annotations

from collections.abc import Mapping

from tumorboard.words import to_translate as _

GAPS: Mapping[str, str] = {
    "no-coordinator": _("Nobody has the role of a coordinator: give somebody a log-in who plans the boards."),
    "no-member": _("There is no member yet: add who sits on the boards."),
    "no-room": _("There is no room yet: add where the boards meet."),
    "no-board": _("There is no board yet: add the first one."),
    "no-series": _("%(board)s meets on no day: give it a weekly meeting."),
    "no-core-seat": _("%(board)s has no seat for %(specialty)s, which its programme asks for in every meeting."),
    "nobody-on-seat": _("%(board)s: nobody sits on the seat of %(specialty)s."),
    "nobody-certified": _(
        "%(board)s: no member holds the certificate that its rules ask for, %(specialty)s (%(certificate)s): enter it "
        "at the members."
    ),
    "no-case": _("There is no case yet: import the first list."),
}
"""By the code of a `Gap`."""

WEEKDAYS = (
    _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
)  # fmt: skip

SEAT_KINDS: Mapping[str, str] = {
    "core": _("Whole meeting, counts for the quorum"),
    "core_without_quorum": _("Whole meeting, not needed for the quorum"),
    "on_demand": _("Own window, only when a case needs it"),
}

"""A member's part in a meeting as her invitation says it: who holds a place, and who only hears of it.

Who delegated keeps her invitation and holds no place: she is not booked, counts in no quorum and is not reminded. Her
deputy's invitation names hers in `delegated_from`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tumorboard.domain.model import Attendance, SeatKind
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.domain.timeline import Interval
from tumorboard.store.meetings import MeetingInvitation

DELEGATED = "delegated"
OWN = "own"
"""Under this name the details of a deputy keep what she was invited for before somebody named her."""


def holds_place(row: MeetingInvitation) -> bool:
    """True for an invitation that is one to come: neither ended nor delegated."""
    return row.status == "invited" and row.answer != DELEGATED


def part_of(row: MeetingInvitation, place: Mapping[str, int] | None = None) -> Attendance:
    """Her part in the meeting as it is; with the `place` of each case on the agenda her cases are in that order."""
    details = row.details
    cases = list(details["cases"])
    if place is not None:
        cases.sort(key=lambda reference: place.get(reference, len(place)))
    return Attendance(
        member=row.member.public_id, kind=SeatKind(row.kind), span=Interval(row.starts_at, row.ends_at),
        specialties=tuple(details["specialties"]), cases=tuple(cases), rules=tuple(details["rules"]),
        required=details["required"],
    )  # fmt: skip


def write_own(row: MeetingInvitation) -> dict[str, Any]:
    """Her part as the details of her invitation keep it while she comes for somebody else as well."""
    part = part_of(row)
    return {
        "kind": part.kind.value, "starts_at": part.span.start.isoformat(), "ends_at": part.span.end.isoformat(),
        "specialties": list(part.specialties), "cases": list(part.cases), "rules": list(part.rules),
        "required": part.required,
    }  # fmt: skip


def read_own(row: MeetingInvitation) -> Attendance | None:
    """What a deputy was invited for herself; None for who comes in somebody's place only."""
    own = row.details.get(OWN)
    if own is None:
        return None
    span = Interval(datetime.fromisoformat(own["starts_at"]), datetime.fromisoformat(own["ends_at"]))
    return Attendance(
        member=row.member.public_id, kind=SeatKind(own["kind"]), span=span, specialties=tuple(own["specialties"]),
        cases=tuple(own["cases"]), rules=tuple(own["rules"]), required=own["required"],
    )  # fmt: skip


def keep_own(row: MeetingInvitation, own: Mapping[str, Any] | None) -> None:
    """Let the details of a deputy keep what she was invited for herself, or forget it with None."""
    others = {name: value for name, value in row.details.items() if name != OWN}
    row.details = others if own is None else {**others, OWN: dict(own)}


def deputy_of(row: MeetingInvitation) -> MeetingInvitation | None:
    """The invitation of whom she delegated to; None when there is none, or it has ended."""
    if row.answer != DELEGATED or row.status != "invited":
        return None
    hers = (one for one in row.meeting.invitations if one.delegated_from == row.public_id and one.status == "invited")
    return next(hers, None)


def delegator_of(row: MeetingInvitation) -> MeetingInvitation | None:
    """The living invitation in whose place she comes; None for who was invited herself."""
    if not row.delegated_from:
        return None
    found = (one for one in row.meeting.invitations if one.public_id == row.delegated_from)
    return next((one for one in found if one.status == "invited" and one.answer == DELEGATED), None)


def stand_in_of(row: MeetingInvitation) -> MeetingInvitation | None:
    """Who holds the place of somebody who delegated, deputies of deputies followed to the end."""
    seen = set()
    deputy = deputy_of(row)
    while deputy is not None and deputy.answer == DELEGATED and deputy.public_id not in seen:
        seen.add(deputy.public_id)
        deputy = deputy_of(deputy)
    return deputy


def is_asked_again(row: MeetingInvitation) -> bool:
    """True for who delegated when nobody comes in her place after all: she may come herself (RFC 5546, 4.2.7)."""
    if row.answer != DELEGATED or row.status != "invited":
        return False
    deputy = stand_in_of(row)
    return deputy is None or deputy.answer in NOT_COMING

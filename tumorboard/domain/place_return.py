"""A case that was taken off a published meeting comes back to the minutes it had, where they are still free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tumorboard.domain.model import AgendaEntry, Attendance, MeetingPlan, Reason, SeatKind
from tumorboard.domain.timeline import Interval


@dataclass(frozen=True, slots=True)
class LostPlace:
    """What a meeting lost with a case: its minutes, and the parts in the meeting that ended or became shorter.

    The parts are as they were with the case, in agenda order.
    """

    entry: AgendaEntry
    parts: tuple[Attendance, ...]


def find_lost_place(before: MeetingPlan, after: MeetingPlan, reference: str) -> LostPlace:
    """What the meeting lost when the case left; `before` and `after` are what is published."""
    entry = next(entry for entry in before.agenda if entry.reference == reference)
    return LostPlace(entry, tuple(part for part in before.attendances if part not in after.attendances))


def put_back(plan: MeetingPlan, lost: LostPlace, meeting: Interval) -> MeetingPlan | Reason:
    """The published plan with the case in its old minutes and those who were there for it; nobody else's time changes.

    A Reason `place-taken` or `place-outside` where another case, or another time of the meeting, is in the way. Whether
    the members are free by now is not looked at.
    """
    entry = lost.entry
    if not meeting.contains(entry.span):
        return Reason("place-outside", {"reference": entry.reference})
    other = next((each for each in plan.agenda if each.span.overlaps(entry.span)), None)
    if other is not None:
        return Reason("place-taken", {"reference": entry.reference, "other": other.reference})
    agenda = tuple(sorted((*plan.agenda, entry), key=lambda each: each.span.start))
    parts = {part.member: part for part in plan.attendances}
    for part in lost.parts:
        parts[part.member] = _with_old_part(parts.get(part.member), part, agenda, meeting)
    return replace(plan, agenda=agenda, attendances=tuple(parts.values()))


def _with_old_part(
    now: Attendance | None, old: Attendance, agenda: Sequence[AgendaEntry], meeting: Interval
) -> Attendance:
    """Her part now and the old one together; a window reaches over the cases of both that are on the agenda."""
    if old.kind is SeatKind.CORE or (now is not None and now.kind is SeatKind.CORE):
        core = old if now is None or now.kind is not SeatKind.CORE else now
        return replace(core, span=meeting)
    known = () if now is None else now.cases
    hers = [entry for entry in agenda if entry.reference in {*known, *old.cases}]
    both = (old,) if now is None else (now, old)
    return replace(
        old,
        span=Interval(min(each.span.start for each in hers), max(each.span.end for each in hers)),
        specialties=tuple(dict.fromkeys(name for part in both for name in part.specialties)),
        cases=tuple(each.reference for each in hers),
        rules=tuple(dict.fromkeys(rule for part in both for rule in part.rules)),
        required=any(part.required for part in both),
    )

"""What a deputy still comes for when the member who named her takes her own part back."""

from __future__ import annotations

from collections.abc import Mapping

from tumorboard.domain.model import Attendance, SeatKind
from tumorboard.domain.timeline import Interval


def part_left(
    held: Attendance, taken: Attendance, own: Attendance | None, slots: Mapping[str, Interval], meeting: Interval
) -> Attendance | None:
    """The deputy's part `held` without the part `taken` back; None when she is not needed any more.

    `own` is what she was invited for before she was named, which stays hers; what a later plan gave her beside stays as
    well. `slots` are the cases on the agenda with their times.
    """
    kept = own or Attendance(held.member, SeatKind.ON_DEMAND, held.span, (), required=held.required)
    names = [*kept.specialties, *(name for name in held.specialties if name not in taken.specialties)]
    rules = [*kept.rules, *(rule for rule in held.rules if rule not in taken.rules)]
    hers = {*kept.cases, *(each for each in held.cases if each not in taken.cases)}
    cases = sorted((each for each in hers if each in slots), key=lambda each: slots[each].start)
    is_core = kept.kind is SeatKind.CORE or (held.kind is SeatKind.CORE and taken.kind is not SeatKind.CORE)
    if not is_core and not cases:
        return None
    return Attendance(
        member=held.member,
        kind=SeatKind.CORE if is_core else SeatKind.ON_DEMAND,
        span=meeting if is_core else _span_of(own, [slots[each] for each in cases]),
        specialties=tuple(sorted(set(names))),
        cases=tuple(cases),
        rules=tuple(dict.fromkeys(rules)),
        required=kept.required,
    )


def _span_of(own: Attendance | None, slots: list[Interval]) -> Interval:
    """The window she had, while her cases are still in it; else from her first case to her last."""
    needed = Interval(min(slot.start for slot in slots), max(slot.end for slot in slots))
    if own is not None and own.span.start <= needed.start and needed.end <= own.span.end:
        return own.span
    return needed

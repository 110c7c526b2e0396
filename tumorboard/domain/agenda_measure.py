"""When the cases of a given order begin, and for which minutes each called-in member is then held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tumorboard.domain.agenda_model import AgendaItem, Break, Stretch


def time_cases(
    items: Sequence[AgendaItem], *, fixed: Mapping[str, int] | None = None, breaks: Sequence[Break] = ()
) -> dict[str, int]:
    """The minute at which each case begins: at once, unless a break is near or its fixed time is later.

    A case that would run into a break begins after it. A case that is reached after its fixed time begins late; that
    is for the caller to see.
    """
    known = fixed or {}
    starts: dict[str, int] = {}
    minute = 0
    for item in items:
        start = begin_case(max(minute, known.get(item.reference, 0)), item.minutes, breaks)
        starts[item.reference] = start
        minute = start + item.minutes
    return starts


def begin_case(minute: int, minutes: int, breaks: Sequence[Break]) -> int:
    """The first minute from `minute` on at which a case of this length meets no break; `breaks` in time order."""
    for pause in breaks:
        if minute < pause.end and minute + minutes > pause.at:
            minute = pause.end
    return minute


def stays(
    items: Sequence[AgendaItem], *, fixed: Mapping[str, int] | None = None, breaks: Sequence[Break] = ()
) -> dict[str, Stretch]:
    """Per called-in member the minutes from the start of her first case to the end of her last, in this order."""
    starts = time_cases(items, fixed=fixed, breaks=breaks)
    found: dict[str, Stretch] = {}
    for item in items:
        start = starts[item.reference]
        for member in sorted(item.held):
            found[member] = (found.get(member, (start, start))[0], start + item.minutes)
    return found


def held_cost(
    items: Sequence[AgendaItem],
    *,
    weights: Mapping[str, int] | None = None,
    fixed: Mapping[str, int] | None = None,
    breaks: Sequence[Break] = (),
) -> int:
    """Σ weight × held minutes of this order; a break inside a stay counts, she waits through it."""
    prices = weights or {}
    held = measure_order(items, fixed=fixed, breaks=breaks)
    return sum(minutes * prices.get(member, 1) for member, minutes in held.items())


def measure_order(
    items: Sequence[AgendaItem],
    references: Sequence[str] | None = None,
    *,
    fixed: Mapping[str, int] | None = None,
    breaks: Sequence[Break] = (),
) -> dict[str, int]:
    """Minutes held per called-in member, for the order named by `references`, or the order given.

    Two calls, for the order of arrival and the order found, are what a page shows as before and after.
    """
    by_reference = {item.reference: item for item in items}
    ordered = items if references is None else [by_reference[reference] for reference in references]
    return {member: end - start for member, (start, end) in stays(ordered, fixed=fixed, breaks=breaks).items()}

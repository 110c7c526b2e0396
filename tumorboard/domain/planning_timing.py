"""The order in which cases came, with those whose time is fixed put in where it is their turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tumorboard.domain.agenda import AgendaItem, Break
from tumorboard.domain.agenda_measure import begin_case
from tumorboard.domain.model import MeetingFacts


def breaks_of(meeting: MeetingFacts) -> tuple[Break, ...]:
    """The breaks of a meeting, in time order."""
    return tuple(Break(at, minutes) for at, minutes in sorted(meeting.breaks))


def order_by_arrival(
    items: Sequence[AgendaItem], *, fixed: Mapping[str, int], breaks: Sequence[Break]
) -> list[AgendaItem]:
    """The items as given, except that each fixed one comes before the first that would run into its time."""
    waiting = [item for item in items if item.reference not in fixed]
    pinned = sorted((item for item in items if item.reference in fixed), key=lambda item: fixed[item.reference])
    order: list[AgendaItem] = []
    minute = 0
    while waiting or pinned:
        start = begin_case(minute, waiting[0].minutes, breaks) if waiting else minute
        if waiting and (not pinned or start + waiting[0].minutes <= fixed[pinned[0].reference]):
            item = waiting.pop(0)
        else:
            item = pinned.pop(0)
            start = max(minute, fixed[item.reference])
        order.append(item)
        minute = start + item.minutes
    return order

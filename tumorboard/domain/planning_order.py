"""The order of the cases of one meeting, with the board's breaks, fixed times and weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tumorboard.domain.agenda import MAX_STATES, AgendaItem, Block, Stretch, order_cases
from tumorboard.domain.agenda_measure import begin_case, time_cases
from tumorboard.domain.errors import BadInput
from tumorboard.domain.model import MeetingFacts
from tumorboard.domain.planning_draft import arrival_key
from tumorboard.domain.planning_options import Options
from tumorboard.domain.planning_problem import MINUTE
from tumorboard.domain.planning_timing import breaks_of, order_by_arrival

_END = ""
"""Stands for the meeting itself in a second attempt: held by every case, free until the end, costing nothing."""


def find_order(
    options: Options,
    meeting: MeetingFacts,
    items: Sequence[AgendaItem],
    *,
    free: Mapping[str, Sequence[Stretch]],
    fixed: Mapping[str, int],
    is_quick: bool,
) -> dict[str, int]:
    """The minute at which each case begins, in the order of the agenda; among equals the published order, then arrival.

    An agenda that would outlast the meeting is ordered again to fill the time before breaks and fixed times.
    """
    published = {reference: place for place, reference in enumerate(meeting.published)}
    listed = sorted(
        _place_fixed(items, fixed, meeting),
        key=lambda item: (
            published.get(item.reference, len(published)),
            -item.minutes,
            arrival_key(options.cases[item.reference]),
        ),
    )
    starts = _order(options, meeting, listed, free, fixed, is_quick=is_quick)
    minutes = {item.reference: item.minutes for item in listed}
    is_short = sum(minutes.values()) <= meeting.capacity
    if is_short and any(start + minutes[name] > meeting.span.minutes for name, start in starts.items()):
        pressed = [replace(item, held=item.held | {_END}) for item in listed]
        whole = {**free, _END: ((0, meeting.span.minutes),)}
        return _order(options, meeting, pressed, whole, fixed, is_quick=is_quick)
    return starts


def _order(
    options: Options,
    meeting: MeetingFacts,
    items: Sequence[AgendaItem],
    free: Mapping[str, Sequence[Stretch]],
    fixed: Mapping[str, int],
    *,
    is_quick: bool,
) -> dict[str, int]:
    begins, breaks = meeting.span.start, breaks_of(meeting)
    windows = {
        member: ((span.start - begins) // MINUTE, (span.end - begins) // MINUTE)
        for member, span in options.problem.windows.get(meeting.id, {}).items()
    }
    try:
        order = order_cases(
            items,
            weights={_END: 0},
            free=free,
            fixed=fixed,
            breaks=breaks,
            published=meeting.published,
            published_windows=windows,
            terms=options.problem.agenda,
            max_states=0 if is_quick else MAX_STATES,
        )
    except BadInput:
        # No order keeps all fixed times: the checker says which one is missed.
        return time_cases(order_by_arrival(items, fixed=fixed, breaks=breaks), fixed=fixed, breaks=breaks)
    return dict(order.starts)


def _place_fixed(items: Sequence[AgendaItem], fixed: Mapping[str, int], meeting: MeetingFacts) -> list[AgendaItem]:
    """Cases with a fixed time belong to the block that is discussed then, whatever they are themselves."""
    placed = [item for item in items if item.reference not in fixed]
    pinned = sorted((item for item in items if item.reference in fixed), key=lambda item: fixed[item.reference])
    at = 0
    for block in Block:
        for item in [item for item in placed if item.block == block]:
            at = begin_case(at, item.minutes, breaks_of(meeting)) + item.minutes
        while pinned and (fixed[pinned[0].reference] < at or block is Block.LAST):
            item = pinned.pop(0)
            placed.append(replace(item, block=block))
            at += item.minutes
    return placed

"""The order of the cases of one meeting: each called-in member is held for one short stay.

A called-in member is held from the start of her first case to the end of her last. The order that keeps the weighted
held time smallest is the talent scheduling problem (CSPLib prob039; de la Banda, Stuckey, Chu, INFORMS J. Comput.
2011). Eight cases are tried out here; more are proven in `agenda_exact`; a caller in a hurry gets a quick search.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tumorboard.domain.agenda_check import check_fixed_times, refuse_late_cases
from tumorboard.domain.agenda_measure import held_cost, measure_order, stays, time_cases
from tumorboard.domain.agenda_model import AgendaItem, AgendaOrder, AgendaWeights, Block, Break, Stretch
from tumorboard.domain.agenda_search import arrange_as_given, search_quickly, settle_ties, try_all_orders
from tumorboard.domain.agenda_task import Task, Wishes, price_path, price_wishes, read_task

__all__ = [
    "MAX_STATES", "AgendaItem", "AgendaOrder", "AgendaWeights", "Block", "Break", "Stretch",
    "held_cost", "measure_order", "order_cases", "stays",
]  # fmt: skip

MAX_STATES = 1_500_000
"""Bounds that are computed before the proof is given up; 25 cases with 12 members need up to a million."""

SMALL = 8
"""Up to this many different cases all orders are tried without loading numpy."""

SETTLED = 40
"""Above this many different cases ties are left as they fall."""


def order_cases(
    items: Sequence[AgendaItem],
    *,
    weights: Mapping[str, int] | None = None,
    free: Mapping[str, Sequence[Stretch]] | None = None,
    max_states: int = MAX_STATES,
    small: int = SMALL,
    fixed: Mapping[str, int] | None = None,
    breaks: Sequence[Break] = (),
    published: Sequence[str] = (),
    published_windows: Mapping[str, Stretch] | None = None,
    terms: AgendaWeights | None = None,
    left: Callable[[], float] | None = None,
) -> AgendaOrder:
    """The order with the least misfit, then the least cost in the terms of `AgendaWeights`.

    `weights` is the price of one held minute per member, 1 when absent. `free` holds the minutes in which a member can
    be there (sorted, non-overlapping); a member without an entry is always free. `fixed` (reference → start minute) is
    hard; before a fixed case and before one of the `breaks` the meeting may stand still, nowhere else. No case runs
    into a break; a member held across one is paid for. `published` (references in the order last sent out) and
    `published_windows` (member → stay last sent out) are what `terms.inversion` and `terms.changed_window` compare
    with. References that are no item are ignored.

    Among equal orders: the one given where it is one of them; else with up to `small` different cases the first in the
    order given, above that one in which no two neighbours can be put back. The proof is given up after `max_states`
    states, with 0 it is not tried; `left` tells the share of the caller's time that is left, 1 to 0, and ends the
    search at 0. Without it the answer is the same each time.

    Raises BadInput `fixed-times-clash`, which names the cases.
    """
    wishes = Wishes(
        weights=weights or {},
        free={member: tuple(stretches) for member, stretches in (free or {}).items()},
        fixed=fixed or {},
        breaks=tuple(sorted((pause for pause in breaks if pause.minutes > 0), key=lambda pause: pause.at)),
        published=tuple(published),
        published_windows=published_windows or {},
        terms=terms or AgendaWeights(),
    )
    check_fixed_times(items, wishes)
    task = read_task(items, wishes)
    return _write_order(items, wishes, task, _find_path(task, small, max_states, left))


def _write_order(
    items: Sequence[AgendaItem], wishes: Wishes, task: Task, found: tuple[tuple[int, ...], bool, int]
) -> AgendaOrder:
    path, proven, lower = found
    ordered = [items[place] for part in path for place in task.parts[part].members]
    if task.is_plain and _is_as_good(items, ordered, wishes.weights):
        ordered = list(items)
    starts = time_cases(ordered, fixed=wishes.fixed, breaks=wishes.breaks)
    refuse_late_cases(ordered, starts, wishes)
    held = held_cost(ordered, weights=wishes.weights, fixed=wishes.fixed, breaks=wishes.breaks)
    _, misfit, cost_of_parts = price_path(task, path)
    cost = held * wishes.terms.held_minute + price_wishes(task, path)
    return AgendaOrder(
        references=tuple(item.reference for item in ordered),
        held=held,
        misfit_minutes=misfit,
        proven=proven,
        cost=cost,
        lower_bound=cost - (cost_of_parts - lower),
        starts=starts,
        windows=stays(ordered, fixed=wishes.fixed, breaks=wishes.breaks),
    )


def _is_as_good(items: Sequence[AgendaItem], ordered: Sequence[AgendaItem], weights: Mapping[str, int]) -> bool:
    """Whether the order given is none to change, though equal cases may not stand side by side in it."""
    blocks = [item.block for item in items]
    return blocks == sorted(blocks) and held_cost(items, weights=weights) == held_cost(ordered, weights=weights)


def _find_path(
    task: Task, small: int, max_states: int, left: Callable[[], float] | None
) -> tuple[tuple[int, ...], bool, int]:
    """The order of the parts, whether it is proven, and a cost that no order with as little misfit is below."""
    if len(task.parts) <= small:
        path = try_all_orders(task)
        if path is None:
            return arrange_as_given(task), False, 0
        return path, True, price_path(task, path)[2]
    if not max_states:
        path = search_quickly(task)
        return path, price_path(task, path) == (0, 0, task.own_cost), task.own_cost
    from tumorboard.domain.agenda_exact import find_order  # noqa: PLC0415 - numpy is loaded for long lists only

    found = find_order(task, arrange_as_given(task), max_states=max_states, left=left)
    path = settle_ties(task, found.path) if len(task.parts) <= SETTLED else found.path
    return path, found.proven, found.lower_bound + task.own_cost

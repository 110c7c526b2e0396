"""The best order of many cases: a search first, then a proof, then a search again while time is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tumorboard.domain.agenda_exact_proof import LARGEST, Proof
from tumorboard.domain.agenda_exact_search import Pricer, improve_order
from tumorboard.domain.agenda_task import Task, price_of

LONG = 30
"""Above this many parts a proof is unlikely and most of the work goes into the search."""

LONG_STATES = 200_000
"""States bounded for them: enough for a lower bound and a beam from end to end."""

WORK = 30_000_000
"""Orders times cases that the search prices when no time limit is given; some seconds."""


@dataclass(frozen=True, slots=True)
class Found:
    """The best order of the parts and a price that no order is below; `proven` when both are the same."""

    path: tuple[int, ...]
    proven: bool
    lower_bound: int


def find_order(task: Task, path: Sequence[int], *, max_states: int, left: Callable[[], float] | None = None) -> Found:
    """The best order found from `path` on; the same each time when no time limit is given.

    `left` is the share of the time that is left. `lower_bound` is a cost as `price_path` counts it, without what is
    paid in any order.
    """
    pricer = Pricer(task)
    count = len(task.parts)

    def is_over(share: float) -> bool:
        return pricer.cells > WORK if left is None else left() <= share

    start = np.array(path, np.int64)
    is_long = count > LONG
    order, price = improve_order(
        pricer, start, rounds=40 if is_long else count // 3, is_over=lambda: is_over(0.7 if is_long else 0.1)
    )
    if count > LARGEST or len(task.prices) > LARGEST:
        order, price = improve_order(pricer, order, rounds=1000, is_over=lambda: is_over(0), seed=2)
        return Found(tuple(order.tolist()), proven=price == 0, lower_bound=0)
    allowance = min(max_states, LONG_STATES) if is_long else max_states
    proof = Proof(
        task, pricer, price, before=_halve_orders(task, order.tolist()), max_states=allowance, left=left or _always
    )
    better, proven, lower = proof.run()
    if better is not None:
        order = np.array(better, np.int64)
        price = int(pricer.price(order[None])[0])
        proven = proven and price == proof.best
    if not proven:
        order, price = improve_order(pricer, order, rounds=1000, is_over=lambda: is_over(0), seed=2)
    lower = price if proven else min(lower, price)
    misfit = price // pricer.misfit * pricer.misfit if task.free else 0
    if not pricer.is_exact:
        return Found(tuple(order.tolist()), proven=False, lower_bound=0)
    return Found(tuple(order.tolist()), proven=lower >= price, lower_bound=max(0, lower - misfit))


def _always() -> float:
    return 1.0


def _halve_orders(task: Task, path: Sequence[int]) -> list[int]:
    """What comes before each part, as bits. Read backwards an order costs the same when only waiting counts.

    Of each pair of such orders one will do: that in which a dear part from the beginning of the best order known comes
    before a dear one from its end.
    """
    before = list(task.before)
    if task.is_plain and len({part.block for part in task.parts}) == 1:
        quarter = max(1, len(path) // 4)
        dearness = [part.minutes * price_of(part.people, task.prices) for part in task.parts]
        first = max(path[:quarter], key=dearness.__getitem__)
        before[max(path[-quarter:], key=dearness.__getitem__)] |= 1 << first
    return before

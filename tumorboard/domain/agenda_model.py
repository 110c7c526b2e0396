"""The words of agenda ordering: cases, breaks, named weights and the order found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum

from tumorboard.domain.errors import BadInput

Stretch = tuple[int, int]
"""`[start, end)` in minutes from the start of the meeting."""

LARGEST_WEIGHT = 10_000
"""No weight is larger, so that sums stay far below the price of a minute for which somebody is not free."""


class Block(IntEnum):
    """The part of the agenda a case belongs to; a block is finished before the next begins."""

    FIRST = 0
    NORMAL = 1
    LAST = 2


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """A case to be ordered: its minutes and the called-in members who are held for it.

    A complex case is best discussed early or right after a break.
    """

    reference: str
    minutes: int
    held: frozenset[str] = frozenset()
    block: Block = Block.NORMAL
    is_complex: bool = False


@dataclass(frozen=True, slots=True)
class Break:
    """A pause of `minutes` that begins `at` minutes from the start; no case runs into it, who is held waits through."""

    at: int
    minutes: int

    @property
    def end(self) -> int:
        """The minute in which the meeting goes on."""
        return self.at + self.minutes


@dataclass(frozen=True, slots=True)
class AgendaWeights:
    """What makes an order worse, each as a whole number. A member's own weight multiplies `held_minute`.

    `held_minute` is paid per minute for which a called-in member is held; `complex_late` per minute that a complex case
    starts after the beginning or after the last break; `inversion` per pair of cases that swaps its published order;
    `changed_window` per published beginning or end of a member's window that changes.
    """

    held_minute: int = 10
    complex_late: int = 1
    inversion: int = 10
    changed_window: int = 50

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> AgendaWeights:
        """The weights that a board's settings name; the defaults for the others.

        Raises BadInput `unknown-weight` for a name that is none and `bad-weight` for anything but a whole number from
        0 to 10,000.
        """
        names = [known.name for known in fields(cls)]
        chosen: dict[str, int] = {}
        for name, value in values.items():
            if name not in names:
                raise BadInput(
                    f"agenda weight {name!r} is unknown; choose from {', '.join(names)}",
                    code="unknown-weight",
                    weight=name,
                )
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_WEIGHT:
                raise BadInput(
                    f"agenda weight {name} is {value!r}; give a whole number from 0 to {LARGEST_WEIGHT}",
                    code="bad-weight",
                    weight=name,
                )
            chosen[name] = value
        return cls(**chosen)


@dataclass(frozen=True, slots=True)
class AgendaOrder:
    """The order found; two are equal when order, held time, misfit and proof are.

    `held` is Σ weight × held minutes. `misfit_minutes` counts the minutes for which somebody is held outside her free
    time, 0 when the order is feasible. `proven`: no order has less misfit, or as little at a smaller `cost`. `cost` is
    the sum in the terms of `AgendaWeights`, `lower_bound` what it cannot fall below. `starts` gives the minute at
    which each case begins, `windows` the stay of each called-in member.
    """

    references: tuple[str, ...]
    held: int
    misfit_minutes: int
    proven: bool
    cost: int = field(default=0, compare=False)
    lower_bound: int = field(default=0, compare=False)
    starts: Mapping[str, int] = field(default_factory=dict, compare=False)
    windows: Mapping[str, Stretch] = field(default_factory=dict, compare=False)

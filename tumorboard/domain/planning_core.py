"""The planning problem bare of medicine: cases take places on meetings, places need people, nobody is in two places.

Both the service's own problem and the neutral instances of `flask plan solve` are written in these terms, so that
one engine plans them and one checker judges them. Cases, meetings, people and demands are known by their index.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CoreMeeting:
    """A meeting: `[start, end)` in minutes from the start of the horizon, and the minutes of cases it holds.

    `open_cost` is paid when a case is placed on it. `board` groups meetings for the search and means nothing else.
    """

    id: str
    board: str
    start: int
    end: int
    capacity: int
    open_cost: int = 0


@dataclass(frozen=True, slots=True)
class CoreCandidate:
    """Somebody who can answer a demand; `longest` is the most minutes of its cases she has time for, None for all."""

    person: int
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class CoreDemand:
    """What cases of one meeting ask for: one of the candidates, in the order they are asked, attends.

    `price` is paid per case that goes without anybody; None means that no case may.
    """

    meeting: int
    candidates: tuple[CoreCandidate, ...]
    price: int | None = None


@dataclass(frozen=True, slots=True)
class CorePlace:
    """A meeting a case may take, what that costs, and the demands it then makes (indexes, all of that meeting)."""

    meeting: int
    cost: int
    demands: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CoreCase:
    """A case with its possible places; `out_cost` is paid when it takes none."""

    id: str
    minutes: int
    out_cost: int
    places: tuple[CorePlace, ...]


@dataclass(frozen=True, slots=True)
class CoreLimit:
    """A person attends at most `most` of these meetings."""

    person: int
    meetings: tuple[int, ...]
    most: int


@dataclass(frozen=True, slots=True)
class Core:
    """Everything the engine knows. Costs are whole points, never negative except for a place.

    `call_costs` prices the attendance of a person at a meeting by (person, meeting), 0 when absent. `overlaps` are
    groups of meetings (maximal cliques) of which one person attends at most one; `clashes` are groups of which at most
    one may have a case (they share a room). `repeated_call` is paid n(n-1)/2 times by a person with n attendances.
    """

    meetings: tuple[CoreMeeting, ...]
    cases: tuple[CoreCase, ...]
    demands: tuple[CoreDemand, ...]
    people: tuple[str, ...]
    call_costs: Mapping[tuple[int, int], int] = field(default_factory=dict)
    overlaps: tuple[tuple[int, ...], ...] = ()
    clashes: tuple[tuple[int, ...], ...] = ()
    limits: tuple[CoreLimit, ...] = ()
    repeated_call: int = 0


@dataclass(frozen=True, slots=True)
class CorePlan:
    """An answer: the meeting per case (absent when left out), and who answers each demand that a placed case makes.

    `bound` is a proven lower bound of the cost of any plan, None when nothing was proven.
    """

    places: Mapping[int, int]
    covers: Mapping[int, int]
    cost: int
    bound: int | None = None

    @property
    def gap(self) -> float | None:
        """How far the cost may be above the best possible, as a share of the cost; 0.0 is proven optimal."""
        if self.bound is None:
            return None
        return 0.0 if self.cost <= self.bound else (self.cost - self.bound) / max(1, abs(self.cost))
